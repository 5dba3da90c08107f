#include "kustomize/smp.h"

#include <string.h>

#include "kustomize/scalar.h"

static const char *shape(const struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_MAP: return "a map";
	case GT_SEQ: return "a list";
	default: return "a scalar";
	}
}

static int check_shape(struct kz_build *b, const struct gt_node *dest, const struct gt_node *patch)
{
	if (kz_is_null(dest) || kz_is_null(patch) || strcmp(shape(dest), shape(patch)) == 0)
		return GT_OK;
	return kz_fail(b, "wrong node kind: expected %s but the patch has %s at its line %u",
		       shape(dest), shape(patch), patch->line);
}

int kz_smp_directive(struct kz_build *b, const struct gt_node *n, enum kz_directive *ret)
{
	struct gt_str text = kz_text(n);

	if (gt_str_is(text, "delete"))
		*ret = KZ_PATCH_DELETE;
	else if (gt_str_is(text, "replace"))
		*ret = KZ_PATCH_REPLACE;
	else if (gt_str_is(text, "merge"))
		*ret = KZ_PATCH_MERGE;
	else
		return kz_fail(b, "unknown patch strategy '%.*s' at line %u of the patch",
			       GT_STR_ARG(text), n ? n->line : 0);
	return GT_OK;
}

/*
 * Takes the directive out of the map.  Where nothing stood before, a word that is none is data like
 * any other.
 */
static int take_directive(struct kz_build *b, struct gt_node *patch, bool fresh,
			  enum kz_directive *ret)
{
	const struct gt_node *n = gt_node_get(patch, "$patch");
	struct gt_err *err = b->err, ignored;

	*ret = KZ_PATCH_MERGE;
	if (!n)
		return GT_OK;
	b->err = fresh ? &ignored : err;
	int rc = kz_smp_directive(b, n, ret);
	b->err = err;
	if (rc == GT_OK)
		gt_node_unset(patch, "$patch");
	return fresh ? GT_OK : rc;
}

static bool keeps_null(const struct gt_node *n)
{
	return n && !gt_node_is_null(n) && !kz_is_implicit_null(n);
}

/* A replaced scalar keeps the quotes that stood there, and with them its type. */
static void keep_style(struct gt_node *n, const struct gt_node *old)
{
	if (!gt_node_is(n, GT_STR) || !gt_node_is(old, GT_STR))
		return;
	if (n->flags == GT_RAW_NONE && n->style != GT_STYLE_PLAIN && n->style != GT_STYLE_ANY)
		n->flags = GT_RAW_STR;
	n->style = old->style;
}

/* *ret is NULL when nothing is left of the field. */
static int merge_value(struct kz_build *b, struct gt_str key, struct gt_node *old,
		       struct gt_node *patch, const struct kz_schema *schema, struct gt_node **ret)
{
	struct kz_schema sub = kz_schema_child(b->openapi, schema, key);
	int rc = kz_smp(b, old, patch, &sub, ret);

	if (rc < 0)
		return gt_wrap(b->err, "%.*s", GT_STR_ARG(key));
	if (*ret && *ret != old)
		keep_style(*ret, old);
	return GT_OK;
}

/* The fields that the object has: *ret_left are those that stay. */
struct kz_pairs {
	struct gt_pair *v;
	uint32_t n, cap;
};

static int merge_old(struct kz_build *b, const struct gt_node *dest, const struct gt_node *patch,
		     const struct kz_schema *schema, struct kz_pairs *ret_left)
{
	gt_map_each(dest, p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		struct gt_node *theirs = patch == dest ? p->value : gt_node_getn(patch, key);
		struct gt_pair pair = *p;
		int rc = merge_value(b, key, p->value, theirs, schema, &pair.value);

		if (rc < 0)
			return rc;
		if (pair.value)
			kz_push(b->a, ret_left, pair);
	}
	return GT_OK;
}

static int merge_new(struct kz_build *b, const struct gt_node *dest, const struct gt_node *patch,
		     const struct kz_schema *schema, struct kz_pairs *ret_left)
{
	gt_map_each(patch, p)
	{
		struct gt_pair pair = *p;

		if (gt_node_has(dest, p->key))
			continue;
		int rc = merge_value(b, gt_strn(p->key, p->len), NULL, p->value, schema,
				     &pair.value);
		if (rc < 0)
			return rc;
		if (pair.value)
			kz_push(b->a, ret_left, pair);
	}
	return GT_OK;
}

/* Fields are gathered first and put in at once: thousands may vanish from one map. */
static int merge_fields(struct kz_build *b, struct gt_node *dest, struct gt_node *patch,
			const struct kz_schema *schema)
{
	struct kz_pairs left = {0};
	size_t had = gt_node_count(dest);
	int rc = merge_old(b, dest, patch, schema, &left);
	bool all = left.n == had;

	if (rc == GT_OK && patch && patch != dest)
		rc = merge_new(b, dest, patch, schema, &left);
	if (rc == GT_OK)
		rc = kz_check(b);
	if (rc < 0)
		return rc;
	if (!all)
		gt_node_clear(dest);
	for (uint32_t i = 0; i < left.n; i++) {
		const struct gt_pair *p = gt_node_pair(dest, i);

		if (!all || i >= had || p->value != left.v[i].value)
			gt_node_setn(b->a, dest, gt_strn(left.v[i].key, left.v[i].len),
				     left.v[i].value);
	}
	return kz_check(b);
}

static int merge_map(struct kz_build *b, struct gt_node *dest, struct gt_node *patch,
		     const struct kz_schema *schema, struct gt_node **ret)
{
	enum kz_directive directive = KZ_PATCH_MERGE;
	int rc = patch ? take_directive(b, patch, kz_is_null(dest), &directive) : GT_OK;

	if (rc < 0)
		return rc;
	*ret = NULL;
	if (directive == KZ_PATCH_DELETE)
		return GT_OK;
	if (kz_is_null(dest))
		dest = patch;
	else if (directive == KZ_PATCH_REPLACE)
		dest = patch;
	rc = merge_fields(b, dest, patch, schema);
	*ret = dest;
	return rc < 0 ? rc : kz_check(b);
}

static int merge_plain_list(struct gt_node *dest, struct gt_node *patch, struct gt_node **ret)
{
	if (patch)
		*ret = kz_is_null(patch) ? NULL : patch;
	else
		*ret = dest;
	return GT_OK;
}

int kz_smp(struct kz_build *b, struct gt_node *dest, struct gt_node *patch,
	   const struct kz_schema *schema, struct gt_node **ret)
{
	const struct gt_node *first = kz_is_null(dest) ? patch : dest;
	int rc = check_shape(b, dest, patch);

	if (rc < 0)
		return rc;
	if (kz_is_null(first)) {
		/* A null that was written out stays, unless the patch says null again. */
		*ret = !patch && keeps_null(dest) ? dest : NULL;
		return GT_OK;
	}
	if (patch && kz_is_null(patch)) {
		*ret = NULL;
		return GT_OK;
	}
	switch (gt_node_kind(first)) {
	case GT_MAP: return merge_map(b, dest, patch, schema, ret);
	case GT_SEQ:
		if (schema->merge)
			return kz_smp_list(b, dest, patch, schema, ret);
		return merge_plain_list(dest, patch, ret);
	default: *ret = patch ? patch : dest; return GT_OK;
	}
}

int kz_smp_object(struct kz_build *b, struct gt_node *dest, struct gt_node *patch,
		  const struct kz_schema *schema, struct gt_node **ret)
{
	/* At the top, "replace" makes kustomize take the patch, which it then forgets. */
	if (gt_str_is(kz_text(gt_node_get(patch, "$patch")), "replace")) {
		*ret = dest;
		return GT_OK;
	}
	return kz_smp(b, dest, patch, schema, ret);
}
