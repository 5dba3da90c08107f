/* From a list of files to a chart: which file is what, and the charts in charts/. */
#include <string.h>

#include "archive/io.h"
#include "helm/chart_impl.h"
#include "helm/values.h"
#include "text/semver.h"

/* The files of each thing in charts/, by its name. */
struct group {
	struct group *next;
	struct gt_str name;
	struct gt_chart_files files;
};

static struct group *group_of(struct gt_arena *a, struct group **groups, struct gt_str name)
{
	struct group *g;

	for (g = *groups; g; g = g->next) {
		if (gt_str_eq(g->name, name))
			return g;
	}
	g = gt_arena_new(a, struct group);
	if (!g)
		return NULL;
	g->name = name;
	while (*groups)
		groups = &(*groups)->next;
	*groups = g;
	return g;
}

static int add_special(struct gt_arena *a, struct gt_chart *c, const struct gt_chart_file *f,
		       bool *ret_done, struct gt_err *err)
{
	bool v1 = gt_str_is(c->api_version, "v1");
	int rc = GT_OK;

	*ret_done = true;
	if (gt_str_is(f->name, "values.yaml")) {
		rc = gt_values_parse(a, f->data, &c->values, err);
		return rc < 0 ? gt_wrap(err, "cannot load values.yaml") : rc;
	}
	if (gt_str_is(f->name, "values.schema.json")) {
		c->schema = f->data;
	} else if (gt_str_is(f->name, "requirements.yaml") ||
		   gt_str_is(f->name, "requirements.lock")) {
		if (gt_str_ends(f->name, ".yaml"))
			rc = chart__read_meta(a, c, "requirements.yaml", f->data, err);
		if (v1)
			gt_chart_files_add(a, &c->files, f->name, f->data);
	} else if (!gt_str_is(f->name, "Chart.yaml") && !gt_str_is(f->name, "Chart.lock")) {
		*ret_done = false;
	}
	return rc;
}

static void add_sub_file(struct gt_arena *a, struct gt_chart *c, const struct gt_chart_file *f,
			 struct group **groups)
{
	struct gt_str name = gt_str_from(f->name, strlen("charts/"));
	size_t slash = gt_str_find(name, '/');
	struct group *g;

	if (gt_str_ends(f->name, ".prov")) {
		gt_chart_files_add(a, &c->files, f->name, f->data);
		return;
	}
	g = group_of(a, groups, gt_str_sub(name, 0, slash == SIZE_MAX ? name.n : slash));
	if (g)
		gt_chart_files_add(a, &g->files, name, f->data);
}

static int add_file(struct gt_arena *a, struct gt_chart *c, const struct gt_chart_file *f,
		    struct group **groups, struct gt_err *err)
{
	bool done;
	int rc = add_special(a, c, f, &done, err);

	if (rc < 0 || done)
		return rc;
	if (gt_str_starts(f->name, "templates/"))
		gt_chart_files_add(a, &c->templates, f->name, f->data);
	else if (gt_str_starts(f->name, "charts/"))
		add_sub_file(a, c, f, groups);
	else
		gt_chart_files_add(a, &c->files, f->name, f->data);
	return GT_OK;
}

static int sub_files(struct gt_arena *a, const struct gt_chart *c, struct group *g,
		     struct gt_chart_files *ret, struct gt_err *err)
{
	if (gt_str_ends(g->name, ".tgz")) {
		struct gt_str bytes = g->files.v[0].data;

		if (!gt_str_eq(g->files.v[0].name, g->name))
			return gt_fail(err, GT_E_INVALID,
				       "error unpacking subchart tar in %.*s: expected %.*s, got "
				       "%.*s",
				       GT_STR_ARG(c->name), GT_STR_ARG(g->name),
				       GT_STR_ARG(g->files.v[0].name));
		return chart__unpack(a, gt_source_mem(&bytes), ret, err);
	}
	for (size_t i = 0; i < g->files.n; i++) {
		size_t slash = gt_str_find(g->files.v[i].name, '/');

		if (slash != SIZE_MAX)
			gt_chart_files_add(a, ret, gt_str_from(g->files.v[i].name, slash + 1),
					   g->files.v[i].data);
	}
	return GT_OK;
}

static int add_charts(struct gt_arena *a, struct gt_chart *c, struct group *groups, unsigned depth,
		      struct gt_err *err)
{
	size_t n = 0;

	for (struct group *g = groups; g; g = g->next)
		n++;
	c->charts = gt_arena_calloc(a, n + 1, sizeof(struct gt_chart *));
	for (struct group *g = groups; g && c->charts; g = g->next) {
		struct gt_chart_files files = {0};
		struct gt_chart *sub = NULL;
		int rc;

		if (g->name.n && (g->name.p[0] == '_' || g->name.p[0] == '.'))
			continue;
		rc = sub_files(a, c, g, &files, err);
		if (rc == GT_OK)
			rc = chart__from_files(a, &files, depth + 1, &sub, err);
		if (rc < 0)
			return gt_wrap(err, "error unpacking subchart %.*s in %.*s",
				       GT_STR_ARG(g->name), GT_STR_ARG(c->name));
		sub->parent = c;
		c->charts[c->ncharts++] = sub;
	}
	return gt_arena_check(a, err);
}

int chart__from_files(struct gt_arena *a, const struct gt_chart_files *files, unsigned depth,
		      struct gt_chart **ret_chart, struct gt_err *err)
{
	struct gt_chart *c = gt_arena_new(a, struct gt_chart);
	struct group *groups = NULL;
	bool found = false;
	int rc = GT_OK;

	if (!c)
		return gt_arena_check(a, err);
	if (depth > GT_LIMIT_CHART_DEPTH)
		return gt_fail(err, GT_E_BUDGET, "charts are nested deeper than %d levels",
			       GT_LIMIT_CHART_DEPTH);
	c->values = gt_vmap_new(a, GT_V_MAP);
	for (size_t i = 0; rc == GT_OK && i < files->n; i++) {
		if (gt_str_is(files->v[i].name, "Chart.yaml")) {
			found = true;
			rc = chart__read_meta(a, c, "Chart.yaml", files->v[i].data, err);
		}
	}
	if (rc == GT_OK && found) {
		const struct gt_value *v = gt_vmap_find(c->meta.map, GT_STR_LIT("APIVersion"));
		c->api_version = v && v->s.n ? v->s : GT_STR_LIT("v1");
	}
	for (size_t i = 0; rc == GT_OK && i < files->n; i++)
		rc = add_file(a, c, &files->v[i], &groups, err);
	if (rc < 0)
		return rc;
	if (!found)
		return gt_fail(err, GT_E_INVALID, "Chart.yaml file is missing");
	rc = chart__check_meta(a, c, err);
	if (rc == GT_OK)
		rc = add_charts(a, c, groups, depth, err);
	*ret_chart = c;
	return rc;
}

struct gt_str gt_chart_path(struct gt_arena *a, const struct gt_chart *chart)
{
	if (!chart->parent)
		return chart->name;
	struct gt_str above = gt_chart_path(a, chart->parent);
	return gt_str(
		gt_arena_printf(a, "%.*s/charts/%.*s", GT_STR_ARG(above), GT_STR_ARG(chart->name)));
}

bool gt_chart_version_ok(struct gt_arena *a, struct gt_str constraint, struct gt_str version)
{
	struct gt_constraint *c;

	return gt_constraint_parse(a, constraint, &c, NULL) >= 0 &&
	       gt_constraint_match_text(c, version);
}
