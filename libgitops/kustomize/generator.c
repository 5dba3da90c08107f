/* configMapGenerator and secretGenerator. */
#include <string.h>

#include "base/enc.h"
#include "base/utf8.h"
#include "kustomize/kv.h"
#include "kustomize/layer.h"
#include "kustomize/read.h"
#include "kustomize/scalar.h"

/* Base64 in lines of 70, every line with its break, unless one short line is enough. */
static struct gt_node *base64_node(struct gt_arena *a, struct gt_str bytes)
{
	gt_auto_buf flat = {0}, lines = {0};
	const size_t width = 70;

	gt_base64_encode(&flat, bytes);
	if (flat.n < width)
		return kz_scalar(a, gt_buf_str(&flat), GT_RAW_STR);
	for (size_t i = 0; i < flat.n; i += width) {
		gt_buf_add_str(&lines, gt_str_sub(gt_buf_str(&flat), i, width));
		gt_buf_addc(&lines, '\n');
	}
	struct gt_node *n = kz_scalar(a, gt_buf_str(&lines), GT_RAW_STR);
	if (n)
		n->style = GT_STYLE_LITERAL;
	return n;
}

static struct gt_node *text_node(struct gt_arena *a, struct gt_str text)
{
	struct gt_node *n = kz_scalar(a, text, GT_RAW_STR);

	if (n && gt_str_find(text, '\n') != SIZE_MAX)
		n->style = GT_STYLE_LITERAL;
	return n;
}

static int set_data(struct kz_build *b, struct gt_node *root, const struct gt_node *pairs,
		    bool secret)
{
	if (secret)
		gt_node_need_map(b->a, root, "data");
	gt_map_each(pairs, p)
	{
		struct gt_str key = gt_strn(p->key, p->len), value = gt_node_text(p->value);
		bool text = gt_utf8_valid(value);
		const char *field = secret || text ? "data" : "binaryData";

		if (!kz_key_is_string(key))
			return kz_fail(b, "the key %s would not be read as a string", p->key);
		gt_node_setn(b->a, gt_node_need_map(b->a, root, field), key,
			     secret || !text ? base64_node(b->a, value) : text_node(b->a, value));
	}
	return kz_check(b);
}

/* Labels or annotations of the options: the entry's own win. */
static void set_meta(struct kz_build *b, struct gt_node *meta, const char *field,
		     const struct gt_node *global, const struct gt_node *own)
{
	const struct gt_node *sides[] = {gt_node_get(global, field), gt_node_get(own, field)};

	for (size_t i = 0; i < GT_COUNT(sides); i++) {
		gt_map_each(sides[i], p) gt_node_setn(
			b->a, gt_node_need_map(b->a, meta, field), gt_strn(p->key, p->len),
			kz_scalar(b->a, kz_text(p->value), GT_RAW_STR));
	}
}

static bool option(const struct gt_node *global, const struct gt_node *own, const char *name)
{
	return gt_node_truth(gt_node_get(global, name), false) ||
	       gt_node_truth(gt_node_get(own, name), false);
}

static struct gt_node *make_object(struct kz_build *b, const char *kind, const struct gt_node *args,
				   const struct gt_node *global)
{
	const struct gt_node *own = gt_node_get(args, "options");
	struct gt_str ns = gt_node_text(gt_node_get(args, "namespace"));
	struct gt_node *root = gt_node_map(b->a);
	struct gt_node *meta;

	gt_node_set(b->a, root, "apiVersion", kz_scalar(b->a, GT_STR_LIT("v1"), GT_RAW_STR));
	gt_node_set(b->a, root, "kind", kz_scalar(b->a, gt_str(kind), GT_RAW_STR));
	meta = gt_node_need_map(b->a, root, "metadata");
	gt_node_set(b->a, meta, "name",
		    kz_scalar(b->a, gt_node_text(gt_node_get(args, "name")), GT_RAW_STR));
	if (ns.n)
		gt_node_set(b->a, meta, "namespace", kz_scalar(b->a, ns, GT_RAW_STR));
	set_meta(b, meta, "labels", global, own);
	set_meta(b, meta, "annotations", global, own);
	if (option(global, own, "immutable"))
		gt_node_set(b->a, root, "immutable",
			    kz_scalar(b->a, GT_STR_LIT("true"), GT_RAW_BOOL));
	return root;
}

static enum kz_behavior behavior_of(const struct gt_node *args)
{
	const struct gt_node *n = gt_node_get(args, "behavior");

	if (gt_node_is_text(n, "merge"))
		return KZ_MERGE;
	return gt_node_is_text(n, "replace") ? KZ_REPLACE : KZ_CREATE;
}

int kz_generate(struct kz_layer *l, const char *kind, const struct gt_node *args,
		const struct gt_node *options, const struct kz_origin *origin)
{
	bool secret = strcmp(kind, "Secret") == 0;
	struct gt_node *pairs = NULL;

	if (!gt_node_text(gt_node_get(args, "name")).n)
		return kz_fail(l->b, "a %s must have a name", secret ? "secret" : "configmap");
	int rc = kz_load_pairs(l, args, &pairs);
	if (rc < 0)
		return rc;
	struct gt_node *root = make_object(l->b, kind, args, options);
	if (secret) {
		const char *type = gt_node_cstr_or(gt_node_get(args, "type"), "");

		gt_node_set(l->b->a, root, "type",
			    kz_scalar(l->b->a, gt_str(*type ? type : "Opaque"), GT_RAW_STR));
	}
	rc = set_data(l->b, root, pairs, secret);
	struct kz_res *r = rc == GT_OK ? kz_res_new(l->b, root, l->kust.show) : NULL;
	if (!r)
		return rc < 0 ? rc : kz_check(l->b);
	r->behavior = behavior_of(args);
	r->generated = true;
	r->needs_hash = !option(options, gt_node_get(args, "options"), "disableNameSuffixHash");
	r->origin = origin;
	return kz_absorb(l->b, l->acc, r);
}

/* --- absorbing -------------------------------------------------------------------------------- */
/* The union of a map field of both; the new object's entries win. */
static void unite(struct kz_build *b, struct gt_node *into, const struct gt_node *old,
		  const char *field)
{
	gt_map_each(gt_node_get(old, field), p)
	{
		struct gt_node *map = gt_node_need_map(b->a, into, field);
		struct gt_str key = gt_strn(p->key, p->len);

		if (!gt_node_getn(map, key))
			gt_node_setn(b->a, map, key, p->value);
	}
}

static void take_over(struct kz_build *b, struct kz_res *old, struct kz_res *new)
{
	struct gt_node *meta = gt_node_get(new->root, "metadata");
	const struct gt_node *old_meta = gt_node_get(old->root, "metadata");
	struct gt_node *name = gt_node_get(old_meta, "name");
	struct gt_node *ns = gt_node_get(old_meta, "namespace");

	unite(b, meta, old_meta, "labels");
	unite(b, meta, old_meta, "annotations");
	if (new->behavior == KZ_MERGE) {
		unite(b, new->root, old->root, "data");
		unite(b, new->root, old->root, "binaryData");
	}
	gt_node_set(b->a, meta, "name", name);
	if (ns)
		gt_node_set(b->a, meta, "namespace", ns);
	else
		gt_node_unset(meta, "namespace");
	old->root = new->root;
	if (new->behavior == KZ_REPLACE)
		old->origin = new->origin;
	old->needs_hash = old->needs_hash && new->needs_hash;
	kz_res_touch(old);
}

int kz_absorb(struct kz_build *b, struct kz_accum *acc, struct kz_res *r)
{
	static const char *const names[] = {"unspecified", "merge", "replace"};
	const struct kz_id *id = kz_res_id(b, r);
	const struct kz_index *ids = kz_accum_any_ids(b, acc);
	const struct kz_link *link = kz_index_find(ids, kz_id_key(b->a, id));

	if (!link) {
		if (r->behavior != KZ_CREATE)
			return kz_fail(b, "id %s does not exist; cannot merge or replace",
				       kz_id_text(b->a, id));
		return kz_accum_append(b, acc, r);
	}
	if (kz_index_next(ids, link))
		return kz_fail(b, "found multiple objects %s that could accept merge of it",
			       kz_id_text(b->a, id));
	if (r->behavior == KZ_CREATE)
		return kz_fail(b,
			       "id %s exists; can not use behavior: '%s', behavior must be merge "
			       "or replace",
			       kz_id_text(b->a, id), names[r->behavior]);
	take_over(b, acc->res.v[link->value], r);
	return kz_check(b);
}
