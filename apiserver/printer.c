#include "printer.h"

#include "base/time.h"
#include "cells.h"
#include "text/jsonpath.h"

static const struct as_cells plain_table = {"", "", {AS_CELLS_NAME, AS_CELLS_AGE}};

static const struct as_cells *table_of(const struct as_resource *r)
{
	static const struct as_cells *const areas[] = {as_cells_workload, as_cells_core,
						       as_cells_other};

	for (size_t i = 0; i < GT_COUNT(areas); i++) {
		for (const struct as_cells *t = areas[i]; t->plural; t++) {
			if (as_resource_is(r, t->group, t->plural))
				return t;
		}
	}
	return &plain_table;
}

static void add_column(struct gt_arena *a, struct gt_node *list, const char *column_name,
		       const char *type, const char *format, const char *description,
		       int64_t priority)
{
	struct gt_node *n = gt_node_map(a);

	gt_node_set_str(a, n, "name", column_name);
	gt_node_set_str(a, n, "type", type);
	gt_node_set_str(a, n, "format", format ? format : "");
	gt_node_set_str(a, n, "description", description ? description : "");
	gt_node_set_int(a, n, "priority", priority);
	gt_node_append(a, list, n);
}

struct gt_node *as_table_columns(struct gt_arena *a, const struct as_resource *r,
				 const struct as_version *v)
{
	struct gt_node *list = gt_node_seq(a);
	const struct as_cells *t = table_of(r);

	if (r->flags & AS_R_CUSTOM && v->n_columns > 0) {
		add_column(a, list, "Name", "string", "name", "", 0);
		for (size_t i = 0; i < v->n_columns; i++)
			add_column(a, list, v->columns[i].name, v->columns[i].type,
				   v->columns[i].format, v->columns[i].description,
				   v->columns[i].priority);
		return list;
	}
	for (size_t i = 0; t->columns[i].name; i++)
		add_column(a, list, t->columns[i].name, t->columns[i].type, i == 0 ? "name" : "",
			   "", t->columns[i].priority);
	return list;
}

/* --- custom columns ----------------------------------------------------------------------- */

static struct gt_node *custom_cell(struct as_cell *c, const struct as_column *col)
{
	struct gt_jsonpath *path = NULL;
	struct gt_node *values = NULL, *first;
	gt_auto_buf out = {0};

	if (gt_jsonpath_parse(c->a, gt_str(col->path), &path, NULL) < 0 ||
	    gt_jsonpath_find(c->a, path, c->obj, true, &values, NULL) < 0 ||
	    gt_node_count(values) == 0)
		return gt_node_null(c->a);
	first = gt_node_item(values, 0);
	if (gt_streq(col->type, "date"))
		return as_cell_since(c, first);
	if (!gt_streq(col->type, "string"))
		return first;
	if (gt_node_is(first, GT_STR) && gt_node_count(values) == 1)
		return first;
	if (gt_jsonpath_print(c->a, &out, path, c->obj, true, NULL) < 0)
		return gt_node_null(c->a);
	return as_cell_built(c, &out);
}

struct gt_node *as_table_cells(struct gt_arena *a, const struct as_resource *r,
			       const struct as_version *v, const struct gt_node *obj, int64_t now)
{
	struct as_cell c = {.a = a, .obj = obj, .now = now};
	struct gt_node *cells = gt_node_seq(a);
	const struct as_cells *t = table_of(r);

	if (r->flags & AS_R_CUSTOM && v->n_columns > 0) {
		gt_node_append(a, cells, as_cell_name(&c));
		for (size_t i = 0; i < v->n_columns; i++)
			gt_node_append(a, cells, custom_cell(&c, &v->columns[i]));
		return cells;
	}
	for (size_t i = 0; t->columns[i].name; i++)
		gt_node_append(a, cells, t->columns[i].fn(&c));
	return cells;
}
