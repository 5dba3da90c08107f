/* Reading, merging and coalescing of values. */
#include "helm/values.h"

#include <string.h>

#include "base/limits.h"
#include "text/template/format.h"
#include "text/yaml.h"

static bool is_table(struct gt_value v)
{
	return v.kind == GT_V_MAP && v.map;
}

/* --- reading ------------------------------------------------------------------------------ */

static const char *json_type(const struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_BOOL: return "bool";
	case GT_STR: return "string";
	case GT_SEQ: return "array";
	default: return "number";
	}
}

/* The next part up to a line that starts with "---", which is consumed. */
static bool next_document(struct gt_str *rest, struct gt_str *ret)
{
	size_t at = 0;

	if (!rest->p)
		return false;
	for (;;) {
		struct gt_str line = gt_str_from(*rest, at);
		size_t newline = gt_str_find(line, '\n');

		if (gt_str_starts(line, "---") && at > 0) {
			*ret = gt_str_sub(*rest, 0, at);
			struct gt_str after = gt_str_from(line, 3);
			/* What follows the dashes on their line belongs to the next document. */
			*rest = after;
			return true;
		}
		if (newline == SIZE_MAX)
			break;
		at += newline + 1;
	}
	*ret = *rest;
	*rest = (struct gt_str){0};
	return true;
}

static int parse_document(struct gt_arena *a, struct gt_str text, struct gt_value *ret,
			  struct gt_err *err)
{
	struct gt_yaml_opts opts = {.rules = GT_YAML_GO_V2, .dup_keys_ok = true};
	struct gt_node *docs;
	struct gt_err inner;
	int rc = gt_yaml_parse_all(a, text, &opts, &docs, &inner);

	if (rc < 0)
		return gt_fail(err, (enum gt_code)rc,
			       "cannot unmarshal yaml document: error converting YAML to JSON: "
			       "yaml: %s",
			       inner.text);
	const struct gt_node *n = gt_node_item(docs, 0);
	if (!gt_node_is_null(n) && !gt_node_is(n, GT_MAP))
		return gt_fail(err, GT_E_INVALID,
			       "cannot unmarshal yaml document: error unmarshaling JSON: while "
			       "decoding JSON: json: cannot unmarshal %s into Go value of type "
			       "map[string]interface {}",
			       json_type(n));
	*ret = n && n->kind == GT_MAP ? gt_value_of_node(a, n, false) : gt_vmap_new(a, GT_V_MAP);
	return gt_arena_check(a, err);
}

int gt_values_parse(struct gt_arena *a, struct gt_str text, struct gt_value *ret_values,
		    struct gt_err *err)
{
	struct gt_value values = gt_vmap_new(a, GT_V_MAP), one;
	struct gt_str rest = text.p ? text : GT_STR_LIT(""), doc;
	bool first = true;

	while (next_document(&rest, &doc)) {
		int rc = parse_document(a, doc, &one, err);

		if (rc < 0)
			return rc;
		values = first ? one : gt_values_merge(a, values, one);
		first = false;
	}
	*ret_values = values;
	return gt_arena_check(a, err);
}

/* --- merging ------------------------------------------------------------------------------ */

static struct gt_value copy_map(struct gt_arena *a, struct gt_value src)
{
	struct gt_value out = gt_vmap_new(a, GT_V_MAP);

	for (uint32_t i = 0; src.map && i < src.map->used; i++) {
		const struct gt_ventry *e = &src.map->e[i];

		if (e->key)
			gt_vmap_set(a, out.map, gt_strn(e->key, e->len), e->value);
	}
	return out;
}

static struct gt_value merge_at(struct gt_arena *a, struct gt_value dst, struct gt_value src,
				unsigned depth)
{
	struct gt_value out = copy_map(a, dst);

	for (uint32_t i = 0; src.map && i < src.map->used; i++) {
		const struct gt_ventry *e = &src.map->e[i];
		struct gt_str key = gt_strn(e->key, e->len);

		if (!e->key)
			continue;
		const struct gt_value *old = gt_vmap_find(out.map, key);
		if (old && is_table(*old) && is_table(e->value) && depth < GT_LIMIT_DEPTH)
			gt_vmap_set(a, out.map, key, merge_at(a, *old, e->value, depth + 1));
		else
			gt_vmap_set(a, out.map, key, e->value);
	}
	return out;
}

struct gt_value gt_values_merge(struct gt_arena *a, struct gt_value dst, struct gt_value src)
{
	return merge_at(a, dst, src, 0);
}

/* --- coalescing --------------------------------------------------------------------------- */

static void clean_nils(struct gt_value map)
{
	for (uint32_t i = 0; i < map.map->used; i++) {
		struct gt_ventry *e = &map.map->e[i];

		if (!e->key)
			continue;
		if (gt_value_is_nil(e->value))
			gt_vmap_del(map.map, gt_strn(e->key, e->len));
		else if (is_table(e->value))
			clean_nils(e->value);
	}
}

static void coalesce_tables(struct gt_arena *a, struct gt_vmap *dst, struct gt_vmap *src,
			    bool merge)
{
	for (uint32_t i = 0; i < src->used; i++) {
		struct gt_ventry e = src->e[i];
		struct gt_str key = gt_strn(e.key, e.len);

		if (!e.key)
			continue;
		struct gt_value *dv = gt_vmap_find(dst, key);
		if (!dv) {
			gt_vmap_set(a, dst, key, e.value);
		} else if (gt_value_is_nil(*dv)) {
			/* A null of the user removes a default, and stays where there is none. */
			if (!merge && !gt_value_is_nil(e.value))
				gt_vmap_del(dst, key);
			gt_vmap_set(a, src, key, GT_VALUE_NIL);
		} else if (is_table(e.value) && is_table(*dv)) {
			coalesce_tables(a, dv->map, e.value.map, merge);
		}
	}
}

struct gt_value gt_values_coalesce_tables(struct gt_arena *a, struct gt_value dst,
					  struct gt_value src, bool merge)
{
	if (!is_table(src))
		return dst;
	if (!is_table(dst))
		return src;
	coalesce_tables(a, dst.map, src.map, merge);
	return dst;
}

static bool is_child(const struct gt_chart *c, struct gt_str key)
{
	for (size_t i = 0; i < c->ncharts; i++) {
		if (gt_str_eq(c->charts[i]->name, key))
			return true;
	}
	return false;
}

static void coalesce_values(struct gt_arena *a, const struct gt_chart *c, struct gt_vmap *v,
			    bool merge)
{
	struct gt_value defaults = gt_value_dup(a, c->values);

	for (uint32_t i = 0; defaults.map && i < defaults.map->used; i++) {
		struct gt_ventry e = defaults.map->e[i];
		struct gt_str key = gt_strn(e.key, e.len);

		if (!e.key)
			continue;
		struct gt_value *own = gt_vmap_find(v, key);
		if (!own) {
			if (!merge && gt_value_is_nil(e.value))
				continue;
			if (!merge && is_table(e.value))
				clean_nils(e.value);
			gt_vmap_set(a, v, key, e.value);
		} else if (gt_value_is_nil(*own)) {
			if (!merge)
				gt_vmap_del(v, key);
		} else if (is_table(*own) && is_table(e.value)) {
			bool keep = merge || is_child(c, key);

			if (!keep)
				clean_nils(e.value);
			coalesce_tables(a, own->map, e.value.map, keep);
		}
	}
}

/* The globals of the parent reach the child, where they win. */
static void coalesce_globals(struct gt_arena *a, struct gt_value child, struct gt_value parent)
{
	struct gt_str global = GT_STR_LIT("global");
	struct gt_value *to = gt_vmap_find(child.map, global);
	struct gt_value *from = gt_vmap_find(parent.map, global);
	struct gt_value dst = to ? *to : gt_vmap_new(a, GT_V_MAP);

	if (!is_table(dst) || (from && !is_table(*from)))
		return;
	for (uint32_t i = 0; from && i < from->map->used; i++) {
		struct gt_ventry e = from->map->e[i];
		struct gt_str key = gt_strn(e.key, e.len);
		struct gt_value *own = e.key ? gt_vmap_find(dst.map, key) : NULL;

		if (!e.key)
			continue;
		if (!is_table(e.value)) {
			if (!own || !is_table(*own))
				gt_vmap_set(a, dst.map, key, e.value);
			continue;
		}
		struct gt_value copy = copy_map(a, e.value);
		if (own && !is_table(*own))
			continue;
		if (own)
			coalesce_tables(a, copy.map, own->map, true);
		gt_vmap_set(a, dst.map, key, copy);
	}
	gt_vmap_set(a, child.map, global, dst);
}

static int type_mismatch(const struct gt_chart *sub, struct gt_value v, struct gt_arena *a,
			 struct gt_err *err)
{
	gt_auto_buf text = {0};

	gt_fmt_printf(&text, a, GT_STR_LIT("%t"), &v, 1);
	return gt_fail(err, GT_E_INVALID, "type mismatch on %.*s: %.*s", GT_STR_ARG(sub->name),
		       GT_STR_ARG(gt_buf_str(&text)));
}

static int coalesce(struct gt_arena *a, const struct gt_chart *c, struct gt_value dest, bool merge,
		    struct gt_err *err)
{
	coalesce_values(a, c, dest.map, merge);
	for (size_t i = 0; i < c->ncharts; i++) {
		const struct gt_chart *sub = c->charts[i];
		struct gt_value *own = gt_vmap_find(dest.map, sub->name);
		struct gt_value table = own ? *own : gt_vmap_new(a, GT_V_MAP);

		if (!own)
			gt_vmap_set(a, dest.map, sub->name, table);
		if (!is_table(table))
			return type_mismatch(sub, table, a, err);
		coalesce_globals(a, table, dest);
		int rc = coalesce(a, sub, table, merge, err);
		if (rc < 0)
			return rc;
	}
	return gt_arena_check(a, err);
}

int gt_values_coalesce(struct gt_arena *a, const struct gt_chart *chart, struct gt_value user,
		       bool merge, struct gt_value *ret_values, struct gt_err *err)
{
	struct gt_value v = is_table(user) ? gt_value_dup(a, user) : gt_vmap_new(a, GT_V_MAP);

	if (!v.map)
		return gt_arena_check(a, err);
	*ret_values = v;
	return coalesce(a, chart, v, merge, err);
}

struct gt_value gt_values_table(struct gt_value values, struct gt_str path)
{
	struct gt_split parts = {.rest = path};
	struct gt_str part;

	while (gt_split_next(&parts, '.', &part)) {
		const struct gt_value *v = gt_vmap_find(values.map, part);

		if (!v || (v->kind != GT_V_MAP && v->kind != GT_V_VALUES) || !v->map)
			return GT_VALUE_INVALID;
		values = *v;
	}
	return values;
}
