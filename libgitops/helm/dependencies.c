/* What Chart.yaml's dependencies do: aliases, conditions, tags, imported values. */
#include <string.h>

#include "base/limits.h"
#include "helm/values.h"

/* A copy of a chart that has a name of its own; what is below is copied too, as it may change. */
static struct gt_chart *copy_chart(struct gt_arena *a, const struct gt_chart *c)
{
	struct gt_chart *copy = gt_arena_new(a, struct gt_chart);

	if (!copy)
		return NULL;
	*copy = *c;
	copy->meta = gt_value_dup(a, c->meta);
	copy->charts = gt_arena_calloc(a, c->ncharts + 1, sizeof(struct gt_chart *));
	copy->deps = gt_arena_calloc(a, c->ndeps + 1, sizeof *copy->deps);
	if (!copy->charts || !copy->deps)
		return NULL;
	if (c->ndeps)
		memcpy(copy->deps, c->deps, c->ndeps * sizeof *c->deps);
	for (size_t i = 0; i < c->ncharts; i++) {
		copy->charts[i] = copy_chart(a, c->charts[i]);
		if (!copy->charts[i])
			return NULL;
		copy->charts[i]->parent = copy;
	}
	return copy;
}

static bool satisfies(struct gt_arena *a, const struct gt_chart *c, const struct gt_chart_dep *dep)
{
	return gt_str_eq(c->name, dep->name) && gt_chart_version_ok(a, dep->version, c->version);
}

static bool is_listed(struct gt_arena *a, const struct gt_chart *parent, const struct gt_chart *c)
{
	for (size_t i = 0; i < parent->ndeps; i++) {
		if (satisfies(a, c, &parent->deps[i]))
			return true;
	}
	return false;
}

static void rename_chart(struct gt_arena *a, struct gt_chart *c, struct gt_str name)
{
	c->name = name;
	gt_vmap_put(a, c->meta, "Name", gt_vstr(name));
}

/* The charts that are there: those not listed, then one for each entry of the list. */
static int resolve(struct gt_arena *a, struct gt_chart *c, struct gt_err *err)
{
	struct gt_chart **charts =
		gt_arena_calloc(a, c->ncharts + c->ndeps + 1, sizeof(struct gt_chart *));
	size_t n = 0;

	for (size_t i = 0; charts && i < c->ncharts; i++) {
		if (!is_listed(a, c, c->charts[i]))
			charts[n++] = c->charts[i];
	}
	for (size_t i = 0; charts && i < c->ndeps; i++) {
		struct gt_chart_dep *dep = &c->deps[i];

		for (size_t j = 0; j < c->ncharts; j++) {
			if (!satisfies(a, c->charts[j], dep))
				continue;
			struct gt_chart *copy = copy_chart(a, c->charts[j]);
			if (!copy)
				return gt_arena_check(a, err);
			copy->parent = c;
			if (dep->alias.n)
				rename_chart(a, copy, dep->alias);
			charts[n++] = copy;
			break;
		}
		if (dep->alias.n)
			dep->name = dep->alias;
		dep->enabled = true;
	}
	c->charts = charts;
	c->ncharts = n;
	return gt_arena_check(a, err);
}

static void apply_tags(struct gt_chart *c, struct gt_value values)
{
	struct gt_value tags = gt_values_table(values, GT_STR_LIT("tags"));

	if (tags.kind == GT_V_INVALID)
		return;
	for (size_t i = 0; i < c->ndeps; i++) {
		bool yes = false, no = false;

		for (uint32_t j = 0; j < gt_vlist_n(c->deps[i].tags); j++) {
			const struct gt_value *v =
				gt_vmap_find(tags.map, c->deps[i].tags.list->v[j].s);

			if (v && v->kind == GT_V_BOOL) {
				yes |= v->b;
				no |= !v->b;
			}
		}
		c->deps[i].enabled = yes || !no;
	}
}

/* The value at a dotted path, which must not be a table. */
static const struct gt_value *path_value(struct gt_value values, struct gt_str path)
{
	size_t dot = gt_str_rfind(path, '.');
	const struct gt_value *v;

	if (dot != SIZE_MAX) {
		values = gt_values_table(values, gt_str_sub(path, 0, dot));
		path = gt_str_from(path, dot + 1);
	}
	v = values.kind == GT_V_INVALID ? NULL : gt_vmap_find(values.map, path);
	return v && v->kind != GT_V_MAP ? v : NULL;
}

static void apply_conditions(struct gt_arena *a, struct gt_chart *c, struct gt_value values,
			     const char *prefix)
{
	for (size_t i = 0; i < c->ndeps; i++) {
		struct gt_split paths = {.rest = gt_str_trim(c->deps[i].condition)};
		struct gt_str path;

		while (gt_split_next(&paths, ',', &path)) {
			char *full = gt_arena_printf(a, "%s%.*s", prefix, GT_STR_ARG(path));
			const struct gt_value *v =
				full && path.n ? path_value(values, gt_str(full)) : NULL;

			if (v && v->kind == GT_V_BOOL) {
				c->deps[i].enabled = v->b;
				break;
			}
		}
	}
}

static bool is_disabled(const struct gt_chart *c, struct gt_str name)
{
	for (size_t i = 0; i < c->ndeps; i++) {
		if (!c->deps[i].enabled && gt_str_eq(c->deps[i].name, name))
			return true;
	}
	return false;
}

static void prune(struct gt_chart *c)
{
	size_t charts = 0, deps = 0;

	for (size_t i = 0; i < c->ncharts; i++) {
		if (!is_disabled(c, c->charts[i]->name))
			c->charts[charts++] = c->charts[i];
	}
	c->ncharts = charts;
	/* Entries are looked up in the list itself, so names are collected before it shrinks. */
	bool *off = gt_xcalloc(c->ndeps + 1, sizeof *off);
	for (size_t i = 0; i < c->ndeps; i++)
		off[i] = is_disabled(c, c->deps[i].name);
	for (size_t i = 0; i < c->ndeps; i++) {
		if (!off[i])
			c->deps[deps++] = c->deps[i];
	}
	c->ndeps = deps;
	free(off);
}

static int enable(struct gt_arena *a, struct gt_chart *c, struct gt_value user, const char *path,
		  struct gt_err *err)
{
	struct gt_value values;
	int rc;

	if (!c->has_deps)
		return GT_OK;
	rc = resolve(a, c, err);
	if (rc == GT_OK)
		rc = gt_values_coalesce(a, c, user, false, &values, err);
	if (rc < 0)
		return rc;
	apply_tags(c, values);
	apply_conditions(a, c, values, path);
	prune(c);
	for (size_t i = 0; rc == GT_OK && i < c->ncharts; i++) {
		char *below = gt_arena_printf(a, "%s%.*s.", path, GT_STR_ARG(c->charts[i]->name));

		if (!below)
			return gt_arena_check(a, err);
		rc = enable(a, c->charts[i], values, below, err);
	}
	return rc;
}

/* --- import-values ------------------------------------------------------------------------ */

static struct gt_value nest(struct gt_arena *a, struct gt_str path, struct gt_value v)
{
	if (gt_str_is(path, "."))
		return v;
	for (size_t end = path.n;;) {
		size_t dot = gt_str_rfind(gt_str_sub(path, 0, end), '.');
		size_t from = dot == SIZE_MAX ? 0 : dot + 1;
		struct gt_value map = gt_vmap_new(a, GT_V_MAP);

		gt_vmap_set(a, map.map, gt_str_sub(path, from, end - from), v);
		v = map;
		if (dot == SIZE_MAX)
			return v;
		end = dot;
	}
}

static struct gt_str field_text(struct gt_arena *a, struct gt_value map, const char *name)
{
	const struct gt_value *v = gt_vmap_find(map.map, gt_str(name));

	return v ? gt_value_str(a, *v) : GT_STR_LIT("<nil>");
}

static void import_one(struct gt_arena *a, const struct gt_chart_dep *dep, struct gt_value item,
		       struct gt_value values, struct gt_value *imported, struct gt_value record)
{
	struct gt_str child, parent = GT_STR_LIT(".");
	struct gt_value entry = gt_vmap_new(a, GT_V_STRMAP), table;

	if (item.kind == GT_V_STR) {
		child = gt_str(gt_arena_printf(a, "exports.%.*s", GT_STR_ARG(item.s)));
	} else if (item.kind == GT_V_MAP) {
		child = field_text(a, item, "child");
		parent = field_text(a, item, "parent");
	} else {
		return;
	}
	gt_vmap_put(a, entry, "child", gt_vstr(child));
	gt_vmap_put(a, entry, "parent", gt_vstr(parent));
	gt_vlist_add(a, record, entry);
	char *path = gt_arena_printf(a, "%.*s.%.*s", GT_STR_ARG(dep->name), GT_STR_ARG(child));
	table = path ? gt_values_table(values, gt_str(path)) : GT_VALUE_INVALID;
	if (table.kind != GT_V_INVALID)
		*imported = gt_values_coalesce_tables(a, *imported, nest(a, parent, table), true);
}

static int import_values(struct gt_arena *a, struct gt_chart *c, struct gt_err *err)
{
	struct gt_value values, imported = gt_vmap_new(a, GT_V_MAP);
	int rc = GT_OK;

	for (size_t i = 0; rc == GT_OK && i < c->ncharts; i++)
		rc = import_values(a, c->charts[i], err);
	if (rc < 0 || !c->has_deps)
		return rc;
	rc = gt_values_coalesce(a, c, GT_VALUE_NIL, true, &values, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < c->ndeps; i++) {
		struct gt_value record = gt_vlist_new(a, GT_V_LIST, 0);

		for (uint32_t j = 0; j < gt_vlist_n(c->deps[i].import_values); j++)
			import_one(a, &c->deps[i], c->deps[i].import_values.list->v[j], values,
				   &imported, record);
		c->deps[i].import_values = record;
	}
	c->values = gt_values_coalesce_tables(a, gt_value_dup(a, values), imported, true);
	return gt_arena_check(a, err);
}

int gt_chart_process_dependencies(struct gt_arena *a, struct gt_chart *chart, struct gt_value user,
				  struct gt_err *err)
{
	int rc = enable(a, chart, user, "", err);

	return rc < 0 ? rc : import_values(a, chart, err);
}
