/* The metrics of a controller, with the names of controller-runtime and Flux. */
#include "runtime/manager_int.h"

static const char *const by_controller[] = {"controller", NULL};
static const char *const by_result[] = {"controller", "result", NULL};
static const char *const by_queue[] = {"name", "controller", NULL};
static const char *const by_object[] = {"kind", "name", "namespace", NULL};

static const double run_times[] = {.005, .01, .025, .05, .1,  .15, .2,  .25, .3,   .35,
				   .4,   .45, .5,   .6,  .7,  .8,  .9,  1,   1.25, 1.5,
				   1.75, 2,   2.5,  3,   3.5, 4,   4.5, 5,   6,    7,
				   8,    9,   10,   15,  20,  25,  30,  40,  50,   60};
/* prometheus.ExponentialBucketsRange(0.01, 1800, 10) */
static double durations[10];

#define COUNTER(n, h, l)                                                           \
	{                                                                          \
		.name = (n), .help = (h), .type = GT_METRIC_COUNTER, .labels = (l) \
	}
#define GAUGE(n, h, l)                                                           \
	{                                                                        \
		.name = (n), .help = (h), .type = GT_METRIC_GAUGE, .labels = (l) \
	}

static const struct gt_metric_opts total =
	COUNTER("controller_runtime_reconcile_total",
		"Total number of reconciliations per controller", by_result);
static const struct gt_metric_opts errors =
	COUNTER("controller_runtime_reconcile_errors_total",
		"Total number of reconciliation errors per controller", by_controller);
static const struct gt_metric_opts terminal =
	COUNTER("controller_runtime_terminal_reconcile_errors_total",
		"Total number of terminal reconciliation errors per controller", by_controller);
static const struct gt_metric_opts panics =
	COUNTER("controller_runtime_reconcile_panics_total",
		"Total number of reconciliation panics per controller", by_controller);
static const struct gt_metric_opts timeouts =
	COUNTER("controller_runtime_reconcile_timeouts_total",
		"Total number of reconciliation timeouts per controller", by_controller);
static const struct gt_metric_opts max_concurrent =
	GAUGE("controller_runtime_max_concurrent_reconciles",
	      "Maximum number of concurrent reconciles per controller", by_controller);
static const struct gt_metric_opts active =
	GAUGE("controller_runtime_active_workers",
	      "Number of currently used workers per controller", by_controller);
static const struct gt_metric_opts unfinished =
	GAUGE("workqueue_unfinished_work_seconds",
	      "How many seconds of work has been done that is in progress and hasn't been "
	      "observed by work_duration",
	      by_queue);
static const struct gt_metric_opts longest = GAUGE(
	"workqueue_longest_running_processor_seconds",
	"How many seconds has the longest running processor for workqueue been running", by_queue);
static const struct gt_metric_opts run_time = {
	.name = "controller_runtime_reconcile_time_seconds",
	.help = "Length of time per reconciliation per controller",
	.type = GT_METRIC_HISTOGRAM,
	.labels = by_controller,
	.buckets = run_times,
	.n_buckets = GT_COUNT(run_times),
};
static const struct gt_metric_opts duration = {
	.name = "gotk_reconcile_duration_seconds",
	.help = "The duration in seconds of a GitOps Toolkit resource reconciliation.",
	.type = GT_METRIC_HISTOGRAM,
	.labels = by_object,
	.buckets = durations,
	.n_buckets = GT_COUNT(durations),
};

void gt_controller__refresh_metrics(void *controller)
{
	struct gt_controller *c = controller;
	struct gt_metrics *m = c->manager->metrics;
	double all, slowest;

	gt_queue_longest(c->queue, &all, &slowest);
	gt_metric_set(gt_metrics_find(m, unfinished.name), all, c->opts.name, c->opts.name);
	gt_metric_set(gt_metrics_find(m, longest.name), slowest, c->opts.name, c->opts.name);
}

void gt_controller__metrics_init(struct gt_controller *c)
{
	static const char *const results[] = {"error", "requeue", "requeue_after", "success"};
	struct gt_metrics *m = c->manager->metrics;
	const char *name = c->opts.name;

	gt_metric_exponential(durations, GT_COUNT(durations), 0.01, 1800);
	c->metrics = (struct gt_controller_metrics){
		.total = gt_metrics_add(m, &total),
		.errors = gt_metrics_add(m, &errors),
		.terminal = gt_metrics_add(m, &terminal),
		.panics = gt_metrics_add(m, &panics),
		.timeouts = gt_metrics_add(m, &timeouts),
		.time = gt_metrics_add(m, &run_time),
		.max = gt_metrics_add(m, &max_concurrent),
		.active = gt_metrics_add(m, &active),
		.duration = gt_metrics_add(m, &duration),
	};
	gt_metrics_add(m, &unfinished);
	gt_metrics_add(m, &longest);
	for (size_t i = 0; i < GT_COUNT(results); i++)
		gt_metric_touch(c->metrics.total, name, results[i]);
	struct gt_metric *zero[] = {c->metrics.errors,   c->metrics.terminal, c->metrics.panics,
				    c->metrics.timeouts, c->metrics.time,     c->metrics.active};
	for (size_t i = 0; i < GT_COUNT(zero); i++)
		gt_metric_touch(zero[i], name);
	gt_metric_set(c->metrics.max, c->opts.concurrency, name);
	gt_metrics_collect(m, gt_controller__refresh_metrics, c);
}
