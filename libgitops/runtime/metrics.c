#include "runtime/metrics.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/vec.h"
#include "runtime/process_stats.h"

#define LABELS_MAX 8

struct series {
	double value; /* of a histogram: the sum */
	uint64_t count;
	uint64_t *buckets; /* HISTOGRAM: one a bound, not cumulative */
};

struct gt_metric {
	struct gt_metrics *registry;
	struct gt_metric_opts opts;
	size_t n_labels;
	struct gt_map series; /* label text without braces -> struct series */
};

struct collector {
	void (*fn)(void *arg);
	void *arg;
};

struct gt_metrics {
	pthread_mutex_t lock; /* guards every family and series */
	struct gt_map families;
	GT_VEC(struct collector) collectors;
};

static void series_free(void *p)
{
	struct series *s = p;

	free(s->buckets);
	free(s);
}

static void family_free(void *p)
{
	struct gt_metric *mt = p;

	gt_map_fini(&mt->series);
	free(mt);
}

struct gt_metrics *gt_metrics_new(void)
{
	struct gt_metrics *m = gt_new(struct gt_metrics);

	pthread_mutex_init(&m->lock, NULL);
	gt_map_init(&m->families, family_free);
	gt_process_stats_register(m);
	return m;
}

void gt_metrics_free(struct gt_metrics *m)
{
	if (!m)
		return;
	gt_map_fini(&m->families);
	gt_vec_fini(&m->collectors);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

struct gt_metric *gt_metrics_add(struct gt_metrics *m, const struct gt_metric_opts *opts)
{
	pthread_mutex_lock(&m->lock);
	struct gt_metric *mt = gt_map_find(&m->families, gt_str(opts->name));
	if (!mt) {
		mt = gt_new(struct gt_metric);
		mt->registry = m;
		mt->opts = *opts;
		while (opts->labels && opts->labels[mt->n_labels] && mt->n_labels < LABELS_MAX)
			mt->n_labels++;
		gt_map_init(&mt->series, series_free);
		gt_map_put(&m->families, gt_str(opts->name), mt);
	}
	pthread_mutex_unlock(&m->lock);
	return mt;
}

struct gt_metric *gt_metrics_find(struct gt_metrics *m, const char *name)
{
	if (!m)
		return NULL;
	pthread_mutex_lock(&m->lock);
	struct gt_metric *mt = gt_map_find(&m->families, gt_str(name));
	pthread_mutex_unlock(&m->lock);
	return mt;
}

void gt_metrics_collect(struct gt_metrics *m, void (*fn)(void *arg), void *arg)
{
	pthread_mutex_lock(&m->lock);
	gt_vec_push(&m->collectors, (struct collector){fn, arg});
	pthread_mutex_unlock(&m->lock);
}

/* --- series ---------------------------------------------------------------------------------- */

static void add_escaped(struct gt_buf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' || *s == '"')
			gt_buf_addc(out, '\\');
		if (*s == '\n')
			gt_buf_adds(out, "\\n");
		else
			gt_buf_addc(out, *s);
	}
}

/* `a="x",b="y"`, the identity of a series. */
static void label_text(struct gt_buf *out, const struct gt_metric *mt, const char *const *values)
{
	for (size_t i = 0; i < mt->n_labels; i++) {
		const char *v = *values ? *values++ : "";

		gt_buf_printf(out, "%s%s=\"", i ? "," : "", mt->opts.labels[i]);
		add_escaped(out, v);
		gt_buf_addc(out, '"');
	}
}

/* Called locked. */
static struct series *series_of(struct gt_metric *mt, const char *const *values, bool make)
{
	gt_auto_buf key = {0};

	label_text(&key, mt, values);
	struct series *s = gt_map_find(&mt->series, gt_buf_str(&key));
	if (s || !make)
		return s;
	s = gt_new(struct series);
	if (mt->opts.n_buckets)
		s->buckets = gt_xcalloc(mt->opts.n_buckets, sizeof *s->buckets);
	gt_map_put(&mt->series, gt_buf_str(&key), s);
	return s;
}

void gt_metric__add(struct gt_metric *mt, double v, const char *const *values)
{
	if (!mt)
		return;
	pthread_mutex_lock(&mt->registry->lock);
	series_of(mt, values, true)->value += v;
	pthread_mutex_unlock(&mt->registry->lock);
}

void gt_metric__set(struct gt_metric *mt, double v, const char *const *values)
{
	if (!mt)
		return;
	pthread_mutex_lock(&mt->registry->lock);
	series_of(mt, values, true)->value = v;
	pthread_mutex_unlock(&mt->registry->lock);
}

void gt_metric__observe(struct gt_metric *mt, double v, const char *const *values)
{
	if (!mt)
		return;
	pthread_mutex_lock(&mt->registry->lock);
	struct series *s = series_of(mt, values, true);
	s->value += v;
	s->count++;
	for (size_t i = 0; i < mt->opts.n_buckets; i++) {
		if (v <= mt->opts.buckets[i]) {
			s->buckets[i]++;
			break;
		}
	}
	pthread_mutex_unlock(&mt->registry->lock);
}

void gt_metric__remove(struct gt_metric *mt, const char *const *values)
{
	gt_auto_buf key = {0};

	if (!mt)
		return;
	pthread_mutex_lock(&mt->registry->lock);
	label_text(&key, mt, values);
	gt_map_del(&mt->series, gt_buf_str(&key));
	pthread_mutex_unlock(&mt->registry->lock);
}

double gt_metric__value(struct gt_metric *mt, const char *const *values)
{
	if (!mt)
		return 0;
	pthread_mutex_lock(&mt->registry->lock);
	const struct series *s = series_of(mt, values, false);
	double v = s ? s->value : 0;
	pthread_mutex_unlock(&mt->registry->lock);
	return v;
}

/* --- text ------------------------------------------------------------------------------------ */

/* The shortest text that reads back as the same number. */
static void add_number(struct gt_buf *out, double v)
{
	char text[40];

	if (isnan(v) || isinf(v)) {
		gt_buf_adds(out, isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
		return;
	}
	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	gt_buf_adds(out, text);
}

static void add_sample(struct gt_buf *out, const char *name, const char *suffix, const char *labels,
		       const char *le, double v)
{
	bool braces = *labels || le;

	gt_buf_printf(out, "%s%s", name, suffix);
	if (braces)
		gt_buf_printf(out, "{%s", labels);
	if (le)
		gt_buf_printf(out, "%sle=\"%s\"", *labels ? "," : "", le);
	if (braces)
		gt_buf_addc(out, '}');
	gt_buf_addc(out, ' ');
	add_number(out, v);
	gt_buf_addc(out, '\n');
}

static void add_histogram(struct gt_buf *out, const struct gt_metric *mt, const char *labels,
			  const struct series *s)
{
	uint64_t total = 0;

	for (size_t i = 0; i < mt->opts.n_buckets; i++) {
		gt_auto_buf bound = {0};

		total += s->buckets[i];
		add_number(&bound, mt->opts.buckets[i]);
		add_sample(out, mt->opts.name, "_bucket", labels, gt_buf_cstr(&bound),
			   (double)total);
	}
	add_sample(out, mt->opts.name, "_bucket", labels, "+Inf", (double)s->count);
	add_sample(out, mt->opts.name, "_sum", labels, NULL, s->value);
	add_sample(out, mt->opts.name, "_count", labels, NULL, (double)s->count);
}

static int cmp_entries(const void *x, const void *y)
{
	const struct gt_map_entry *const *a = x, *const *b = y;

	return strcmp((*a)->key, (*b)->key);
}

/* The live entries of a map, sorted by key; free() the array. */
static struct gt_map_entry **sorted(struct gt_map *map)
{
	struct gt_map_entry **v = gt_xcalloc(map->n + 1, sizeof *v);
	size_t n = 0;

	gt_map_for_each (map, e)
		v[n++] = e;
	qsort(v, n, sizeof *v, cmp_entries);
	return v;
}

static void add_family(struct gt_buf *out, struct gt_metric *mt)
{
	static const char *const types[] = {"counter", "gauge", "histogram"};
	gt_autofree struct gt_map_entry **series = sorted(&mt->series);

	if (mt->series.n == 0)
		return;
	gt_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", mt->opts.name, mt->opts.help,
		      mt->opts.name, types[mt->opts.type]);
	for (size_t i = 0; i < mt->series.n; i++) {
		const struct series *s = series[i]->value;

		if (mt->opts.type == GT_METRIC_HISTOGRAM)
			add_histogram(out, mt, series[i]->key, s);
		else
			add_sample(out, mt->opts.name, "", series[i]->key, NULL, s->value);
	}
}

void gt_metrics_write(struct gt_metrics *m, struct gt_buf *out)
{
	for (size_t i = 0;; i++) {
		pthread_mutex_lock(&m->lock);
		struct collector c =
			i < m->collectors.n ? m->collectors.v[i] : (struct collector){0};
		pthread_mutex_unlock(&m->lock);
		if (!c.fn)
			break;
		c.fn(c.arg);
	}
	pthread_mutex_lock(&m->lock);
	gt_autofree struct gt_map_entry **families = sorted(&m->families);
	for (size_t i = 0; i < m->families.n; i++)
		add_family(out, families[i]->value);
	pthread_mutex_unlock(&m->lock);
}

void gt_metric_exponential(double *bounds, size_t count, double min, double max)
{
	double factor = count > 1 ? pow(max / min, 1.0 / (double)(count - 1)) : 1;

	for (size_t i = 0; i < count; i++)
		bounds[i] = min * pow(factor, (double)i);
}
