#include "runtime/gotk_metrics.h"

#include <pthread.h>

#include "base/alloc.h"

static double bounds[10];

static void fill_bounds(void)
{
	gt_metric_exponential(bounds, GT_COUNT(bounds), 0.01, 1800);
}

struct gt_metric *gt_gotk_reconcile_duration(struct gt_metrics *m)
{
	static const char *const labels[] = {"kind", "name", "namespace", NULL};
	static const struct gt_metric_opts opts = {
		.name = "gotk_reconcile_duration_seconds",
		.help = "The duration in seconds of a GitOps Toolkit resource reconciliation.",
		.type = GT_METRIC_HISTOGRAM,
		.labels = labels,
		.buckets = bounds,
		.n_buckets = GT_COUNT(bounds),
	};
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fill_bounds);
	return gt_metrics_add(m, &opts);
}
