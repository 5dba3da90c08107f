/* The process_* metrics of Prometheus' process collector, read from /proc at each exposition. */
#ifndef GT_RUNTIME_PROCESS_STATS_H
#define GT_RUNTIME_PROCESS_STATS_H

#include "runtime/metrics.h"

void gt_process_stats_register(struct gt_metrics *m);

#endif
