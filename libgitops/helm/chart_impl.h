/* What the sources that load charts share. */
#ifndef GT_HELM_CHART_IMPL_H
#define GT_HELM_CHART_IMPL_H

#include "helm/chart.h"
#include "text/node.h"

/* Chart.yaml, or requirements.yaml on top of it. */
int chart__read_meta(struct gt_arena *a, struct gt_chart *c, const char *file, struct gt_str text,
		     struct gt_err *err);
int chart__check_meta(struct gt_arena *a, struct gt_chart *c, struct gt_err *err);

/* depth: charts above this one. */
int chart__from_files(struct gt_arena *a, const struct gt_chart_files *files, unsigned depth,
		      struct gt_chart **ret_chart, struct gt_err *err);
int chart__unpack(struct gt_arena *a, struct gt_source gzip, struct gt_chart_files *ret_files,
		  struct gt_err *err);

/* .helmignore */
struct chart__ignore;
int chart__ignore_new(struct gt_arena *a, struct gt_str text, struct chart__ignore **ret,
		      struct gt_err *err);
bool chart__ignored(const struct chart__ignore *rules, struct gt_str path, bool is_dir);

#endif
