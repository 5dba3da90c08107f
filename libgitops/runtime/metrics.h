/*
 * gt_metrics - a Prometheus registry: counters, gauges, histograms with labels, and their text.
 *
 * Families are declared once at start; series appear on first use (or at zero, when touched) and
 * can be removed.  Any thread; adding to a series takes one short lock.
 */
#ifndef GT_RUNTIME_METRICS_H
#define GT_RUNTIME_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct gt_metrics;
struct gt_metric;

enum gt_metric_type { GT_METRIC_COUNTER, GT_METRIC_GAUGE, GT_METRIC_HISTOGRAM };

struct gt_metric_opts {
	const char *name;
	const char *help;
	enum gt_metric_type type;
	const char *const *labels; /* NULL-terminated; NULL for none */
	const double *buckets;     /* HISTOGRAM: upper bounds without +Inf */
	size_t n_buckets;
};

/* With the process_* collector. */
struct gt_metrics *gt_metrics_new(void);
void gt_metrics_free(struct gt_metrics *m);

/* Strings and buckets are borrowed.  The same name again gives the same family. */
struct gt_metric *gt_metrics_add(struct gt_metrics *m, const struct gt_metric_opts *opts);
struct gt_metric *gt_metrics_find(struct gt_metrics *m, const char *name);

/* Label values in the order of the labels: gt_metric_add(mt, 1, "git", "success").  mt NULL does
 * nothing. */
void gt_metric__add(struct gt_metric *mt, double v, const char *const *values);
void gt_metric__set(struct gt_metric *mt, double v, const char *const *values);
void gt_metric__observe(struct gt_metric *mt, double v, const char *const *values);
void gt_metric__remove(struct gt_metric *mt, const char *const *values);
double gt_metric__value(struct gt_metric *mt, const char *const *values); /* tests; sum of a
									     histogram */
#define gt_metric_values(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define gt_metric_add(mt, v, ...) gt_metric__add((mt), (v), gt_metric_values(__VA_ARGS__))
#define gt_metric_set(mt, v, ...) gt_metric__set((mt), (v), gt_metric_values(__VA_ARGS__))
#define gt_metric_observe(mt, v, ...) gt_metric__observe((mt), (v), gt_metric_values(__VA_ARGS__))
#define gt_metric_remove(mt, ...) gt_metric__remove((mt), gt_metric_values(__VA_ARGS__))
#define gt_metric_value(mt, ...) gt_metric__value((mt), gt_metric_values(__VA_ARGS__))
/* Makes the series exist, at zero. */
#define gt_metric_touch(mt, ...) gt_metric__add((mt), 0, gt_metric_values(__VA_ARGS__))

/* Called before each exposition, to refresh gauges. */
void gt_metrics_collect(struct gt_metrics *m, void (*fn)(void *arg), void *arg);

/* The text format, version 0.0.4; families by name, series by label values. */
void gt_metrics_write(struct gt_metrics *m, struct gt_buf *out);

/* count bounds from min to max, each a constant factor above the one before. */
void gt_metric_exponential(double *bounds, size_t count, double min, double max);

#endif
