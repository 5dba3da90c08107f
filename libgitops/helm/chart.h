/*
 * A Helm chart in memory: its metadata, values, templates and files, and the charts below it.
 *
 * Charts come from a directory (with .helmignore) or a .tgz archive; both are hostile: sizes are
 * Helm's limits, links never leave the directory.  Everything lives in the arena that was given,
 * and belongs to its owner.
 */
#ifndef GT_HELM_CHART_H
#define GT_HELM_CHART_H

#include "archive/io.h"
#include "base/arena.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/str.h"
#include "text/template/value.h"

struct gt_chart_file {
	struct gt_str name; /* relative to the chart, NUL-terminated */
	struct gt_str data;
};

struct gt_chart_files {
	struct gt_chart_file *v;
	size_t n, cap;
};

/* An entry of Chart.yaml's dependencies. */
struct gt_chart_dep {
	struct gt_str name, version, repository, condition, alias;
	struct gt_value tags;          /* list of strings */
	struct gt_value import_values; /* list */
	bool enabled;
};

struct gt_chart {
	struct gt_str name, version, api_version, app_version, kube_version, type;
	bool deprecated;
	struct gt_value meta; /* what templates see as .Chart, but for Dependencies and IsRoot */
	bool has_deps;        /* Chart.yaml lists dependencies */
	struct gt_chart_dep *deps;
	size_t ndeps;
	struct gt_value values; /* of values.yaml, a map */
	struct gt_str schema;   /* of values.schema.json, p is NULL without one */
	struct gt_chart_files files, templates;
	struct gt_chart **charts; /* the charts below */
	size_t ncharts;
	struct gt_chart *parent;
};

/* A directory that is trusted to be named; what is in it is not.  GT_E_INVALID with Helm's words
 * for what is no chart. */
int gt_chart_load_dir(struct gt_arena *a, const char *path, struct gt_chart **ret_chart,
		      struct gt_err *err);
int gt_chart_load_archive(struct gt_arena *a, struct gt_source gzip, struct gt_chart **ret_chart,
			  struct gt_err *err);
/* A directory or an archive. */
int gt_chart_load(struct gt_arena *a, const char *path, struct gt_chart **ret_chart,
		  struct gt_err *err);
/* Files that were read by someone else; their names are relative to the chart. */
int gt_chart_load_files(struct gt_arena *a, const struct gt_chart_files *files,
			struct gt_chart **ret_chart, struct gt_err *err);

void gt_chart_files_add(struct gt_arena *a, struct gt_chart_files *files, struct gt_str name,
			struct gt_str data);

/* root/charts/sub */
struct gt_str gt_chart_path(struct gt_arena *a, const struct gt_chart *chart);

/* Whether the version satisfies the constraint; false when either is malformed. */
bool gt_chart_version_ok(struct gt_arena *a, struct gt_str constraint, struct gt_str version);

#endif
