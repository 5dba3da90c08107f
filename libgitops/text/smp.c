/*
 * Strategic merge of maps.  A merged map is built anew from the document's pairs and then what the
 * patch adds, so that a patch of any size takes linear time.
 */
#include "text/smp.h"

#include <stdarg.h>
#include <string.h>

#include "text/node_impl.h"
#include "text/smp_impl.h"

#define DIRECTIVE "$patch"
#define RETAIN_KEYS "$retainKeys"
#define DELETE_FROM "$deleteFromPrimitiveList"
#define ELEMENT_ORDER "$setElementOrder"

int gt_smp__fail(struct gt_smp *s, unsigned status, const char *fmt, ...)
{
	va_list ap;

	if (s->a->failed) /* what is missing is missing for that reason */
		return gt_arena_check(s->a, s->err);
	va_start(ap, fmt);
	gt_vfail(s->err, GT_E_INVALID, fmt, ap);
	va_end(ap);
	if (s->err)
		s->err->http_status = status;
	return GT_E_INVALID;
}

static bool is_directive_key(struct gt_str key)
{
	return gt_str_is(key, DIRECTIVE) || gt_str_is(key, RETAIN_KEYS) ||
	       gt_str_starts(key, DELETE_FROM "/") || gt_str_starts(key, ELEMENT_ORDER "/");
}

struct gt_node *gt_smp__clean(struct gt_smp *s, const struct gt_node *n)
{
	struct gt_node *out;

	if (gt_node_is(n, GT_SEQ)) {
		out = gt_node_seq(s->a);
		gt_seq_for_each (n, item)
			gt_node_append(s->a, out, gt_smp__clean(s, item));
		return out;
	}
	if (!gt_node_is(n, GT_MAP))
		return (struct gt_node *)(uintptr_t)n;
	if (gt_node_has(n, DIRECTIVE))
		return NULL;
	out = gt_node_map(s->a);
	gt_map_each(n, pair)
	{
		struct gt_pair kept = *pair;

		if (gt_node_is_null(pair->value) || is_directive_key(gt_strn(pair->key, pair->len)))
			continue;
		kept.value = gt_smp__clean(s, pair->value);
		if (kept.value)
			gt_node__add(s->a, out, &kept);
	}
	return out;
}

static struct gt_smp_field look_up(const struct gt_smp *s, const void *type, struct gt_str name)
{
	struct gt_smp_field field = {0};

	if (!type || !s->schema || !s->schema->field(s->schema, type, name, &field))
		return (struct gt_smp_field){0};
	return field;
}

/* $patch in a map: the patch replaces the map, or empties it. */
static int apply_directive(struct gt_smp *s, const struct gt_node *patch, struct gt_node **ret)
{
	const struct gt_node *directive = gt_node_get(patch, DIRECTIVE);

	if (gt_node_is_text(directive, "delete")) {
		*ret = gt_node_map(s->a);
	} else if (gt_node_is_text(directive, "replace")) {
		*ret = gt_node_copy(s->a, patch);
		gt_node_unset(*ret, DIRECTIVE);
	} else {
		return gt_smp__fail(s, 400, "unknown patch type '%s' found",
				    gt_node_cstr_or(directive, ""));
	}
	return gt_arena_check(s->a, s->err);
}

/* The keys to retain as a map, or NULL when the patch has no such directive. */
static int read_retain_keys(struct gt_smp *s, const struct gt_node *patch,
			    struct gt_node **ret_keys)
{
	const struct gt_node *list = gt_node_get(patch, RETAIN_KEYS);

	*ret_keys = NULL;
	if (!list)
		return GT_OK;
	if (!gt_node_is(list, GT_SEQ))
		return gt_smp__fail(s, 400, "invalid patch format of " RETAIN_KEYS);
	*ret_keys = gt_node_map(s->a);
	gt_seq_for_each (list, item)
		gt_node_setn(s->a, *ret_keys, gt_node_text(item), gt_node_null(s->a));
	gt_map_each(patch, pair)
	{
		struct gt_str key = gt_strn(pair->key, pair->len);

		if (!gt_node_is_null(pair->value) && !is_directive_key(key) &&
		    !gt_node_getn(*ret_keys, key))
			return gt_smp__fail(s, 400,
					    "invalid patch format of " RETAIN_KEYS
					    ": it does not list '%s'",
					    pair->key);
	}
	return gt_arena_check(s->a, s->err);
}

/* The value of a directive that names a field: "$setElementOrder/containers". */
static struct gt_node *directive_for(const struct gt_node *patch, const char *directive,
				     struct gt_str key)
{
	gt_auto_buf name = {0};

	gt_buf_printf(&name, "%s/", directive);
	gt_buf_add_str(&name, key);
	return gt_node_getn(patch, gt_buf_str(&name));
}

static int merge_value(struct gt_smp *s, const struct gt_smp_field *f, struct gt_node *old,
		       struct gt_node *change, struct gt_node **ret)
{
	if (gt_node_is(old, GT_MAP) && gt_node_is(change, GT_MAP)) {
		if (!(f->strategy & GT_SMP_REPLACE_MAP))
			return gt_smp__merge_map(s, f->type, old, change, ret);
		*ret = change;
		return GT_OK;
	}
	if (gt_node_is(old, GT_SEQ) && gt_node_is(change, GT_SEQ)) {
		if (f->strategy & GT_SMP_MERGE)
			return gt_smp__merge_list(s, f, old, change, ret);
		*ret = change;
		return GT_OK;
	}
	*ret = gt_smp__clean(s, change);
	return GT_OK;
}

static int merge_ordered(struct gt_smp *s, const struct gt_smp_field *f, struct gt_node *old,
			 struct gt_node *change, struct gt_node *order, struct gt_node **ret)
{
	struct gt_node *merged = old;

	if (!gt_node_is(order, GT_SEQ) || (old && !gt_node_is(old, GT_SEQ)) ||
	    (change && !gt_node_is(change, GT_SEQ)))
		return gt_smp__fail(s, 400, "invalid patch format of " ELEMENT_ORDER " list");
	int rc = gt_smp__check_order(s, change, order, f->merge_key);
	if (rc < 0)
		return rc;
	if (change && old)
		rc = merge_value(s, f, old, change, &merged);
	else if (change)
		merged = gt_smp__clean(s, change);
	if (rc < 0)
		return rc;
	return gt_smp__reorder(s, merged, order, old, f->merge_key, ret);
}

/* The merged value of one key; *ret is NULL when nothing stays.  old or change may be NULL. */
static int merge_key(struct gt_smp *s, const void *type, const struct gt_node *patch,
		     struct gt_str key, struct gt_node *old, struct gt_node **ret, bool directives)
{
	struct gt_node *change = gt_node_getn(patch, key);
	struct gt_node *order = directives ? directive_for(patch, ELEMENT_ORDER, key) : NULL;
	struct gt_node *del = directives ? directive_for(patch, DELETE_FROM, key) : NULL;
	struct gt_smp_field field;
	int rc = GT_OK;

	*ret = old;
	if (!change && !order && !del)
		return GT_OK;
	field = look_up(s, type, key);
	if (order && !gt_node_is_null(order) && (old || change) && !gt_node_is(change, GT_NULL))
		rc = merge_ordered(s, &field, old, change, order, ret);
	else if (gt_node_is(change, GT_NULL))
		*ret = NULL;
	else if (change && old)
		rc = merge_value(s, &field, old, change, ret);
	else if (change)
		*ret = gt_smp__clean(s, change);
	if (rc < 0)
		return rc;
	if (del && !gt_node_is(del, GT_SEQ))
		return gt_smp__fail(s, 400, "invalid patch format of primitive list");
	if (del && old && gt_node_is(*ret, GT_SEQ))
		*ret = gt_smp__delete_from(s, *ret, del);
	return GT_OK;
}

/* Whether any key names a field's list directive; most maps have none. */
static bool has_list_directives(const struct gt_node *patch)
{
	gt_map_each(patch, pair)
	{
		if (pair->len > 1 && pair->key[0] == '$' && strchr(pair->key, '/'))
			return true;
	}
	return false;
}

static int add_new_keys(struct gt_smp *s, const void *type, const struct gt_node *doc,
			const struct gt_node *patch, struct gt_node *out, bool directives)
{
	gt_map_each(patch, pair)
	{
		struct gt_str key = gt_strn(pair->key, pair->len);
		struct gt_pair added = *pair;

		if (is_directive_key(key) || gt_node_getn(doc, key))
			continue;
		int rc = merge_key(s, type, patch, key, NULL, &added.value, directives);
		if (rc < 0)
			return rc;
		if (added.value)
			gt_node__add(s->a, out, &added);
	}
	return GT_OK;
}

int gt_smp__merge_map(struct gt_smp *s, const void *type, const struct gt_node *doc,
		      const struct gt_node *patch, struct gt_node **ret)
{
	struct gt_node *retain;

	if (gt_node_has(patch, DIRECTIVE))
		return apply_directive(s, patch, ret);
	int rc = read_retain_keys(s, patch, &retain);
	if (rc < 0)
		return rc;
	bool directives = has_list_directives(patch);
	struct gt_node *out = gt_node_map(s->a);
	gt_map_each(doc, pair)
	{
		struct gt_str key = gt_strn(pair->key, pair->len);
		struct gt_pair kept = *pair;

		if (retain && !gt_node_getn(retain, key))
			continue;
		rc = merge_key(s, type, patch, key, pair->value, &kept.value, directives);
		if (rc < 0)
			return rc;
		if (kept.value)
			gt_node__add(s->a, out, &kept);
	}
	rc = add_new_keys(s, type, doc, patch, out, directives);
	if (rc >= 0)
		rc = gt_arena_check(s->a, s->err);
	if (rc >= 0)
		*ret = out;
	return rc;
}

int gt_smp_apply(struct gt_arena *a, const struct gt_smp_schema *schema, const void *type,
		 const struct gt_node *doc, const struct gt_node *patch, struct gt_node **ret_doc,
		 struct gt_err *err)
{
	struct gt_smp s = {a, schema, err};

	if (!gt_node_is(patch, GT_MAP))
		return gt_smp__fail(&s, 400, "a strategic merge patch must be an object, found %s",
				    gt_kind_name(gt_node_kind(patch)));
	return gt_smp__merge_map(&s, type, doc, patch, ret_doc);
}
