/* Removing what is not declared, and filling in defaults. */
#include "openapi/model.h"

struct pruning {
	void (*unknown)(void *arg, const char *path);
	void *arg;
	struct gt_buf path;
};

static size_t push_key(struct gt_buf *path, struct gt_str key)
{
	size_t was = path->n;

	if (was > 0)
		gt_buf_addc(path, '.');
	gt_buf_add_str(path, key);
	return was;
}

static size_t push_index(struct gt_buf *path, size_t i)
{
	size_t was = path->n;

	gt_buf_printf(path, "[%zu]", i);
	return was;
}

static void pop(struct gt_buf *path, size_t was)
{
	path->n = was;
	if (path->p)
		path->p[was] = '\0';
}

static void prune(struct pruning *p, const struct oa_schema *s, struct gt_node *n, bool root,
		  unsigned depth);

static bool is_type_meta(struct gt_str key)
{
	return gt_str_is(key, "apiVersion") || gt_str_is(key, "kind") || gt_str_is(key, "metadata");
}

/* What a key of an object is checked with; *ret_keep says whether it may stay at all. */
static const struct oa_schema *schema_of(const struct oa_schema *s, struct gt_str key, bool root,
					 bool *ret_keep)
{
	const struct oa_schema *prop = oa_prop(s, key);

	*ret_keep = true;
	if (root && is_type_meta(key))
		return NULL;
	if (prop)
		return prop;
	if (s->extra)
		return s->extra;
	*ret_keep = (s->flags & (OA_PRESERVE | OA_ANY_EXTRA)) != 0;
	return NULL;
}

static void prune_map(struct pruning *p, const struct oa_schema *s, struct gt_node *map, bool root,
		      unsigned depth)
{
	for (size_t i = 0; i < gt_node_count(map);) {
		const struct gt_pair *pair = gt_node_pair(map, i);
		struct gt_str key = gt_strn(pair->key, pair->len);
		bool keep;
		const struct oa_schema *below = schema_of(s, key, root, &keep);
		size_t was = push_key(&p->path, key);
		if (keep && below)
			prune(p, below, pair->value, false, depth + 1);
		if (!keep && p->unknown)
			p->unknown(p->arg, gt_buf_cstr(&p->path));
		pop(&p->path, was);
		if (keep)
			i++;
		else
			gt_node_unsetn(map, key);
	}
}

static void prune(struct pruning *p, const struct oa_schema *s, struct gt_node *n, bool root,
		  unsigned depth)
{
	if (depth > GT_LIMIT_DEPTH)
		return;
	if (gt_node_is(n, GT_MAP)) {
		prune_map(p, s, n, root || s->flags & OA_EMBEDDED, depth);
		return;
	}
	if (!gt_node_is(n, GT_SEQ) || !s->items)
		return;
	for (size_t i = 0; i < gt_node_count(n); i++) {
		size_t was = push_index(&p->path, i);
		prune(p, s->items, gt_node_item(n, i), false, depth + 1);
		pop(&p->path, was);
	}
}

void gt_openapi_prune(const struct gt_openapi *s, struct gt_node *value,
		      void (*unknown)(void *arg, const char *path), void *arg)
{
	struct pruning p = {.unknown = unknown, .arg = arg};

	if (s->root)
		prune(&p, s->root, value, true, 0);
	gt_buf_fini(&p.path);
}

/* --- defaults ----------------------------------------------------------------------------- */

static bool stray_null(const struct oa_schema *s, const struct gt_node *n)
{
	return n && n->kind == GT_NULL && !(s->flags & OA_NULLABLE);
}

static void drop_nulls(const struct oa_schema *s, struct gt_node *n, unsigned depth)
{
	if (!s || depth > GT_LIMIT_DEPTH)
		return;
	if (gt_node_is(n, GT_SEQ)) {
		gt_seq_for_each (n, item)
			drop_nulls(s->items, item, depth + 1);
		return;
	}
	for (size_t i = 0; gt_node_is(n, GT_MAP) && i < gt_node_count(n);) {
		const struct gt_pair *p = gt_node_pair(n, i);
		struct gt_str key = gt_strn(p->key, p->len);
		const struct oa_schema *below = oa_prop(s, key);
		if (below && stray_null(below, p->value) && !below->default_value) {
			gt_node_unsetn(n, key);
			continue;
		}
		drop_nulls(below ? below : s->extra, p->value, depth + 1);
		i++;
	}
}

static void apply_defaults(const struct oa_schema *s, struct gt_arena *a, struct gt_node *n,
			   unsigned depth);

static void default_map(const struct oa_schema *s, struct gt_arena *a, struct gt_node *map,
			unsigned depth)
{
	for (uint32_t i = 0; i < s->n_props; i++) {
		const struct oa_schema *below = s->props[i].schema;
		const struct gt_node *value = gt_node_getn(map, s->props[i].name);
		if (below->default_value && (!value || stray_null(below, value)))
			gt_node_setn(a, map, s->props[i].name,
				     gt_node_dup(a, below->default_value));
	}
	gt_map_each(map, p)
	{
		const struct oa_schema *below = oa_prop(s, gt_strn(p->key, p->len));
		if (!below)
			below = s->extra;
		if (below && stray_null(below, p->value) && below->default_value)
			gt_node_become(p->value, gt_node_dup(a, below->default_value));
		if (below)
			apply_defaults(below, a, p->value, depth + 1);
	}
}

static void apply_defaults(const struct oa_schema *s, struct gt_arena *a, struct gt_node *n,
			   unsigned depth)
{
	if (!(s->flags & OA_DEFAULTS) || depth > GT_LIMIT_DEPTH)
		return;
	if (gt_node_is(n, GT_MAP)) {
		default_map(s, a, n, depth);
		return;
	}
	if (!gt_node_is(n, GT_SEQ) || !s->items)
		return;
	gt_seq_for_each (n, item) {
		if (stray_null(s->items, item) && s->items->default_value)
			gt_node_become(item, gt_node_dup(a, s->items->default_value));
		apply_defaults(s->items, a, item, depth + 1);
	}
}

void gt_openapi_default(const struct gt_openapi *s, struct gt_arena *a, struct gt_node *value)
{
	if (!s->root)
		return;
	drop_nulls(s->root, value, 0);
	apply_defaults(s->root, a, value, 0);
}
