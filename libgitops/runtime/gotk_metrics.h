/* Metrics that every Flux controller has under the same name (upstream: fluxcd/pkg/runtime). */
#ifndef GT_RUNTIME_GOTK_METRICS_H
#define GT_RUNTIME_GOTK_METRICS_H

#include "runtime/metrics.h"

/* gotk_reconcile_duration_seconds, by kind, name and namespace; the same family at each call. */
struct gt_metric *gt_gotk_reconcile_duration(struct gt_metrics *m);

#endif
