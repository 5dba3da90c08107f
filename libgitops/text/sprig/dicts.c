/* Maps.  set, unset, merge and mergeOverwrite change the map they are given. */
#include <string.h>

#include "base/limits.h"
#include "text/sprig/sprig_impl.h"

static int fn_dict(struct gt_tmpl_call *c)
{
	c->ret = gt_vmap_new(c->a, GT_V_MAP);
	for (size_t i = 0; i < c->n; i += 2) {
		struct gt_value v = i + 1 < c->n ? c->arg[i + 1] : gt_vstr(GT_STR_LIT(""));

		gt_vmap_set(c->a, c->ret.map, gt_value_str(c->a, c->arg[i]), v);
	}
	return GT_OK;
}

static int fn_get(struct gt_tmpl_call *c)
{
	const struct gt_value *found = gt_vmap_find(c->arg[0].map, c->arg[1].s);

	c->ret = found ? *found : gt_vstr(GT_STR_LIT(""));
	return GT_OK;
}

static int fn_set(struct gt_tmpl_call *c)
{
	if (!c->arg[0].map)
		return gt_tmpl_throw(c, "assignment to entry in nil map");
	gt_vmap_set(c->a, c->arg[0].map, c->arg[1].s, c->arg[2]);
	c->ret = c->arg[0];
	c->ret.kind = GT_V_MAP;
	return GT_OK;
}

static int fn_unset(struct gt_tmpl_call *c)
{
	gt_vmap_del(c->arg[0].map, c->arg[1].s);
	c->ret = c->arg[0];
	c->ret.kind = GT_V_MAP;
	return GT_OK;
}

static int fn_has_key(struct gt_tmpl_call *c)
{
	return sprig__bool(c, gt_vmap_find(c->arg[0].map, c->arg[1].s) != NULL);
}

static int fn_keys(struct gt_tmpl_call *c)
{
	const struct gt_ventry *e;

	c->ret = gt_vlist_new(c->a, GT_V_STRS, 0);
	for (size_t i = 0; i < c->n; i++) {
		for (uint32_t j = 0; (e = gt_vmap_at(c->a, c->arg[i].map, j)) != NULL; j++)
			gt_vlist_add(c->a, c->ret, gt_vstr(gt_strn(e->key, e->len)));
	}
	return GT_OK;
}

static int fn_values(struct gt_tmpl_call *c)
{
	const struct gt_ventry *e;

	c->ret = gt_vlist_new(c->a, GT_V_LIST, 0);
	for (uint32_t j = 0; (e = gt_vmap_at(c->a, c->arg[0].map, j)) != NULL; j++)
		gt_vlist_add(c->a, c->ret, e->value);
	return GT_OK;
}

static int fn_pick(struct gt_tmpl_call *c)
{
	c->ret = gt_vmap_new(c->a, GT_V_MAP);
	for (size_t i = 1; i < c->n; i++) {
		const struct gt_value *v = gt_vmap_find(c->arg[0].map, c->arg[i].s);

		if (v)
			gt_vmap_set(c->a, c->ret.map, c->arg[i].s, *v);
	}
	return GT_OK;
}

static int fn_omit(struct gt_tmpl_call *c)
{
	const struct gt_ventry *e;

	c->ret = gt_vmap_new(c->a, GT_V_MAP);
	for (uint32_t j = 0; (e = gt_vmap_at(c->a, c->arg[0].map, j)) != NULL; j++)
		gt_vmap_set(c->a, c->ret.map, gt_strn(e->key, e->len), e->value);
	for (size_t i = 1; i < c->n; i++)
		gt_vmap_del(c->ret.map, c->arg[i].s);
	return GT_OK;
}

static int fn_pluck(struct gt_tmpl_call *c)
{
	c->ret = gt_vlist_new(c->a, GT_V_LIST, 0);
	for (size_t i = 1; i < c->n; i++) {
		const struct gt_value *v = gt_vmap_find(c->arg[i].map, c->arg[0].s);

		if (v)
			gt_vlist_add(c->a, c->ret, *v);
	}
	return GT_OK;
}

static int bad_assertion(struct gt_tmpl_call *c, struct gt_value v, const char *want)
{
	return gt_tmpl_throw(c, "interface conversion: interface {} is %s, not %s",
			     gt_value_is_nil(v) ? "nil" : gt_value_type(v), want);
}

static int fn_dig(struct gt_tmpl_call *c)
{
	struct gt_value at;

	if (c->n < 3)
		return gt_tmpl_throw(c, "dig needs at least three arguments");
	at = c->arg[c->n - 1];
	if (at.kind != GT_V_MAP)
		return bad_assertion(c, at, "map[string]interface {}");
	for (size_t i = 0; i + 2 < c->n; i++) {
		if (c->arg[i].kind != GT_V_STR)
			return bad_assertion(c, c->arg[i], "string");
	}
	for (size_t i = 0; i + 2 < c->n; i++) {
		if (at.kind != GT_V_MAP)
			return bad_assertion(c, at, "map[string]interface {}");
		const struct gt_value *v = gt_vmap_find(at.map, c->arg[i].s);
		if (!v) {
			c->ret = c->arg[c->n - 2];
			return GT_OK;
		}
		at = *v;
	}
	c->ret = at;
	return GT_OK;
}

/* --- merge -------------------------------------------------------------------------------- */

static bool is_plain_map(struct gt_value v)
{
	return (v.kind == GT_V_MAP || v.kind == GT_V_VALUES) && v.map;
}

static int merge(struct gt_tmpl_call *c, struct gt_vmap *dst, struct gt_vmap *src, bool overwrite,
		 unsigned depth)
{
	int rc = gt_tmpl_charge(c, src ? src->live : 0);
	uint32_t n = src ? src->used : 0;

	if (depth > GT_LIMIT_DEPTH)
		return gt_tmpl_throw_budget(c, "depth");
	for (uint32_t i = 0; rc == GT_OK && i < n; i++) {
		struct gt_ventry e = src->e[i];
		struct gt_str key = gt_strn(e.key, e.len);

		if (!e.key)
			continue;
		struct gt_value *old = gt_vmap_find(dst, key);
		if (old && is_plain_map(*old) && is_plain_map(e.value)) {
			if (old->map != e.value.map)
				rc = merge(c, old->map, e.value.map, overwrite, depth + 1);
		} else if (overwrite ||
			   ((!old || !gt_value_truth(*old)) && !gt_value_is_nil(e.value))) {
			gt_vmap_set(c->a, dst, key, e.value);
		}
	}
	return rc;
}

static int merge_all(struct gt_tmpl_call *c, bool overwrite)
{
	int rc = GT_OK;

	c->ret = c->arg[0].map ? c->arg[0] : gt_vmap_new(c->a, GT_V_MAP);
	c->ret.kind = GT_V_MAP;
	for (size_t i = 1; rc == GT_OK && i < c->n; i++) {
		if (c->arg[i].map != c->ret.map)
			rc = merge(c, c->ret.map, c->arg[i].map, overwrite, 0);
	}
	return rc;
}

static int fn_merge(struct gt_tmpl_call *c)
{
	return merge_all(c, false);
}

static int fn_merge_overwrite(struct gt_tmpl_call *c)
{
	return merge_all(c, true);
}

static int fn_deep_copy(struct gt_tmpl_call *c)
{
	if (gt_value_is_nil(c->arg[0]))
		return gt_tmpl_throw(c, "reflect: call of reflect.Value.Type on zero Value");
	c->ret = gt_value_dup(c->a, c->arg[0]);
	return GT_OK;
}

const struct gt_tmpl_func gt_sprig_dicts[] = {
	{"deepCopy", "a", fn_deep_copy},
	{"dict", "a*", fn_dict},
	{"dig", "a*", fn_dig},
	{"get", "ms", fn_get},
	{"hasKey", "ms", fn_has_key},
	{"keys", "m*", fn_keys},
	{"merge", "mm*", fn_merge},
	{"mergeOverwrite", "mm*", fn_merge_overwrite},
	{"mustDeepCopy", "a", fn_deep_copy},
	{"mustMerge", "mm*", fn_merge},
	{"mustMergeOverwrite", "mm*", fn_merge_overwrite},
	{"omit", "ms*", fn_omit},
	{"pick", "ms*", fn_pick},
	{"pluck", "sm*", fn_pluck},
	{"set", "msa", fn_set},
	{"unset", "ms", fn_unset},
	{"values", "m", fn_values},
	{0},
};
