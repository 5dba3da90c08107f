#include "runtime/queue_metrics.h"

#include <stdio.h>

#include "base/alloc.h"

static const char *const labels[] = {"name", "controller", NULL};
static const char *const depth_labels[] = {"name", "controller", "priority", NULL};
static const double times[] = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1000};

static const struct gt_metric_opts depth = {.name = "workqueue_depth",
					    .help = "Current depth of workqueue",
					    .type = GT_METRIC_GAUGE,
					    .labels = depth_labels};
static const struct gt_metric_opts adds = {.name = "workqueue_adds_total",
					   .help = "Total number of adds handled by workqueue",
					   .type = GT_METRIC_COUNTER,
					   .labels = labels};
static const struct gt_metric_opts retries = {.name = "workqueue_retries_total",
					      .help = "Total number of retries handled by "
						      "workqueue",
					      .type = GT_METRIC_COUNTER,
					      .labels = labels};
static const struct gt_metric_opts queue_time = {
	.name = "workqueue_queue_duration_seconds",
	.help = "How long in seconds an item stays in workqueue before being requested",
	.type = GT_METRIC_HISTOGRAM,
	.labels = labels,
	.buckets = times,
	.n_buckets = GT_COUNT(times)};
static const struct gt_metric_opts work_time = {
	.name = "workqueue_work_duration_seconds",
	.help = "How long in seconds processing an item from workqueue takes.",
	.type = GT_METRIC_HISTOGRAM,
	.labels = labels,
	.buckets = times,
	.n_buckets = GT_COUNT(times)};

void gt_queue_metrics_init(struct gt_queue_metrics *qm, struct gt_metrics *m, const char *name)
{
	if (!m || !name)
		return;
	*qm = (struct gt_queue_metrics){
		.name = name,
		.depth = gt_metrics_add(m, &depth),
		.adds = gt_metrics_add(m, &adds),
		.retries = gt_metrics_add(m, &retries),
		.queue_time = gt_metrics_add(m, &queue_time),
		.work_time = gt_metrics_add(m, &work_time),
	};
	gt_metric_touch(qm->adds, name, name);
	gt_metric_touch(qm->retries, name, name);
	gt_metric_touch(qm->queue_time, name, name);
	gt_metric_touch(qm->work_time, name, name);
	gt_queue_metrics_depth(qm, 0, 0);
}

void gt_queue_metrics_added(struct gt_queue_metrics *qm)
{
	gt_metric_add(qm->adds, 1, qm->name, qm->name);
}

void gt_queue_metrics_retried(struct gt_queue_metrics *qm)
{
	gt_metric_add(qm->retries, 1, qm->name, qm->name);
}

void gt_queue_metrics_depth(struct gt_queue_metrics *qm, int priority, int change)
{
	char text[24];
	unsigned i = 0;

	if (!qm->depth)
		return;
	while (i < qm->n_priorities && qm->priorities[i] != priority)
		i++;
	if (i == qm->n_priorities && i < GT_QUEUE_PRIORITIES)
		qm->priorities[qm->n_priorities++] = priority;
	snprintf(text, sizeof text, "%d", priority);
	gt_metric_add(qm->depth, change, qm->name, qm->name,
		      i < GT_QUEUE_PRIORITIES ? text : "exceeded_cardinality_limit");
}

void gt_queue_metrics_taken(struct gt_queue_metrics *qm, int64_t waited_ns)
{
	gt_metric_observe(qm->queue_time, (double)waited_ns / 1e9, qm->name, qm->name);
}

void gt_queue_metrics_done(struct gt_queue_metrics *qm, int64_t worked_ns)
{
	gt_metric_observe(qm->work_time, (double)worked_ns / 1e9, qm->name, qm->name);
}
