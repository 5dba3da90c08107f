/* The workqueue_* metrics of one queue.  Every call accepts a zeroed struct. */
#ifndef GT_RUNTIME_QUEUE_METRICS_H
#define GT_RUNTIME_QUEUE_METRICS_H

#include "runtime/metrics.h"

#define GT_QUEUE_PRIORITIES 25 /* distinct values with a series of their own */

struct gt_queue_metrics {
	const char *name;
	struct gt_metric *depth, *adds, *retries, *queue_time, *work_time;
	int priorities[GT_QUEUE_PRIORITIES];
	unsigned n_priorities;
};

/* Series start at zero. */
void gt_queue_metrics_init(struct gt_queue_metrics *qm, struct gt_metrics *m, const char *name);
void gt_queue_metrics_added(struct gt_queue_metrics *qm);
void gt_queue_metrics_retried(struct gt_queue_metrics *qm);
void gt_queue_metrics_depth(struct gt_queue_metrics *qm, int priority, int change);
void gt_queue_metrics_taken(struct gt_queue_metrics *qm, int64_t waited_ns);
void gt_queue_metrics_done(struct gt_queue_metrics *qm, int64_t worked_ns);

#endif
