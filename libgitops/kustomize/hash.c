#include "kustomize/hash.h"

#include <string.h>

#include "crypto/digest.h"
#include "kustomize/layer.h"
#include "kustomize/scalar.h"
#include "text/json.h"

/* Copies a field into what is hashed: "" when it is missing. */
static int add_field(struct kz_build *b, struct gt_node *into, const struct gt_node *root,
		     const char *key, bool only_maps)
{
	const struct gt_node *n = gt_node_get(root, key);

	if (only_maps && !gt_node_is(n, GT_MAP))
		return GT_OK;
	if (!n || kz_is_scalar(n)) {
		gt_node_set(b->a, into, key, gt_node_strn(b->a, kz_text(n)));
		return GT_OK;
	}
	struct gt_node *copy = gt_node_dup(b->a, n);
	gt_node_set(b->a, into, key, copy);
	return kz_to_values(b, copy, KZ_YAML_V3);
}

static int hashed_content(struct kz_build *b, const struct kz_res *r, struct gt_node **ret)
{
	struct gt_str kind = kz_text(gt_node_get(r->root, "kind"));
	struct gt_node *m = gt_node_map(b->a);
	int rc = GT_OK;

	if (gt_str_is(kind, "ConfigMap")) {
		rc = add_field(b, m, r->root, "binaryData", true);
		if (rc == GT_OK)
			rc = add_field(b, m, r->root, "data", false);
	} else if (gt_str_is(kind, "Secret")) {
		rc = add_field(b, m, r->root, "data", false);
		if (rc == GT_OK)
			rc = add_field(b, m, r->root, "stringData", true);
		if (rc == GT_OK)
			rc = add_field(b, m, r->root, "type", false);
	} else {
		m = gt_node_dup(b->a, r->root);
		*ret = m;
		return kz_to_values(b, m, KZ_YAML_V3);
	}
	gt_node_setn(b->a, m, GT_STR_LIT("kind"), gt_node_strn(b->a, kind));
	/* The name does not count. */
	gt_node_set_str(b->a, m, "name", "");
	*ret = m;
	return rc;
}

/* Digits that could spell words, or be mistaken, become letters. */
static char safe_digit(char c)
{
	switch (c) {
	case '0': return 'g';
	case '1': return 'h';
	case '3': return 'k';
	case 'a': return 'm';
	case 'e': return 't';
	default: return c;
	}
}

int kz_hash(struct kz_build *b, const struct kz_res *r, char ret[KZ_HASH_TEXT])
{
	gt_auto_buf json = {0};
	char hex[GT_DIGEST_TEXT];
	struct gt_node *content = NULL;
	int rc = hashed_content(b, r, &content);

	if (rc < 0)
		return rc;
	rc = kz_check(b);
	if (rc < 0)
		return rc;
	gt_json_write(&json, content, GT_JSON_SORTED | GT_JSON_HTML, 0);
	rc = gt_buf_check(&json, b->err);
	if (rc < 0)
		return rc;
	struct gt_digest digest = gt_digest_of(GT_SHA256, gt_buf_str(&json));
	gt_digest_hex(&digest, hex);
	for (int i = 0; i < KZ_HASH_TEXT - 1; i++)
		ret[i] = safe_digit(hex[i]);
	ret[KZ_HASH_TEXT - 1] = '\0';
	return GT_OK;
}

int kz_transform_hash(struct kz_build *b, struct kz_accum *acc)
{
	for (uint32_t i = 0; i < acc->res.n; i++) {
		struct kz_res *r = acc->res.v[i];
		char hash[KZ_HASH_TEXT];

		if (!r->needs_hash)
			continue;
		int rc = kz_hash(b, r, hash);
		if (rc < 0)
			return gt_wrap(b->err, "hash of %s", kz_id_text(b->a, kz_res_id(b, r)));
		struct gt_str name = kz_res_name(r);
		const char *text = gt_arena_printf(b->a, "%.*s-%s", GT_STR_ARG(name), hash);
		kz_res_remember_id(b, r);
		if (text)
			kz_res_set_name(b, r, gt_str(text), GT_RAW_STR);
	}
	kz_accum_touch(acc);
	return kz_check(b);
}
