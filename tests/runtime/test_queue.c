#include "support/check.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "runtime/metrics.h"
#include "runtime/queue.h"

static struct gt_key key(const char *name)
{
	return (struct gt_key){"ns", name};
}

/* A queue under a stopped clock. */
static struct gt_queue *frozen_queue(int64_t min, int64_t max)
{
	struct gt_queue_opts opts = {.name = "test", .min_delay_ns = min, .max_delay_ns = max};

	gt_time_freeze(GT_SECONDS(1000000));
	return gt_queue_new(&opts);
}

static void expect_next(struct gt_queue *q, const char *name)
{
	struct gt_work w;

	if (!gt_queue_try(q, &w))
		fail_msg("nothing is ready, expected %s", name);
	assert_string_equal(w.key.name, name);
	gt_queue_done(q, &w);
}

static void expect_none(struct gt_queue *q)
{
	struct gt_work w;

	if (gt_queue_try(q, &w))
		fail_msg("%s is ready", w.key.name);
}

static void test_order(void **state)
{
	struct gt_queue *q = frozen_queue(0, 0);

	(void)state;
	gt_queue_add(q, key("low"), GT_PRIORITY_LOW);
	gt_queue_add(q, key("a"), 0);
	gt_queue_add(q, key("b"), 0);
	gt_queue_add(q, key("a"), 0); /* once only, in its place */
	gt_queue_add(q, key("high"), 5);
	assert_int_equal(gt_queue_len(q), 4);
	expect_next(q, "high");
	expect_next(q, "a");
	expect_next(q, "b");
	gt_queue_add(q, key("low"), 0); /* raised */
	expect_next(q, "low");
	expect_none(q);
	gt_queue_free(q);
	gt_time_freeze(0);
}

/* A key at work is not given out again, and comes back when it was added meanwhile. */
static void test_dirty(void **state)
{
	struct gt_queue *q = frozen_queue(0, 0);
	struct gt_work w;

	(void)state;
	gt_queue_add(q, key("a"), 0);
	assert_true(gt_queue_try(q, &w));
	gt_queue_add(q, key("a"), GT_PRIORITY_LOW);
	gt_queue_add(q, key("a"), 0);
	expect_none(q);
	gt_queue_done(q, &w);
	assert_true(gt_queue_try(q, &w));
	assert_int_equal(w.priority, 0);
	assert_false(w.delayed);
	gt_queue_add_after(q, key("a"), 0, GT_SECONDS(5));
	gt_queue_done(q, &w);
	expect_none(q);
	gt_time_freeze(GT_SECONDS(1000006));
	assert_true(gt_queue_try(q, &w));
	assert_true(w.delayed);
	gt_queue_done(q, &w);
	expect_none(q);
	gt_queue_free(q);
	gt_time_freeze(0);
}

static void test_delay(void **state)
{
	struct gt_queue *q = frozen_queue(0, 0);

	(void)state;
	gt_queue_add_after(q, key("late"), 0, GT_SECONDS(10));
	gt_queue_add_after(q, key("soon"), 0, GT_SECONDS(5));
	gt_queue_add_after(q, key("soon"), 0, GT_SECONDS(50)); /* the earlier time holds */
	expect_none(q);
	gt_time_freeze(GT_SECONDS(1000005));
	expect_next(q, "soon");
	expect_none(q);
	gt_queue_add(q, key("late"), 0); /* no need to wait */
	expect_next(q, "late");
	gt_time_freeze(GT_SECONDS(1000100));
	expect_none(q);
	assert_true(gt_queue_next(q) == INT64_MAX);
	gt_queue_free(q);
	gt_time_freeze(0);
}

static void test_backoff(void **state)
{
	struct gt_queue *q = frozen_queue(GT_MILLIS(750), GT_SECONDS(5));
	static const int64_t want[] = {750, 1500, 3000, 5000, 5000};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(want); i++)
		assert_int_equal(gt_queue_add_backoff(q, key("a"), 0), GT_MILLIS(want[i]));
	gt_queue_forget(q, key("a"));
	assert_int_equal(gt_queue_add_backoff(q, key("a"), 0), GT_MILLIS(750));
	gt_queue_free(q);
	gt_time_freeze(0);
}

static void test_metrics(void **state)
{
	struct gt_metrics *m = gt_metrics_new();
	struct gt_queue_opts opts = {.name = "ks", .metrics = m};
	struct gt_queue *q = gt_queue_new(&opts);
	struct gt_work w;

	(void)state;
	struct gt_metric *depth = gt_metrics_find(m, "workqueue_depth");
	struct gt_metric *adds = gt_metrics_find(m, "workqueue_adds_total");
	gt_queue_add(q, key("a"), 0);
	gt_queue_add(q, key("a"), 0);
	gt_queue_add(q, key("b"), -100);
	assert_true(gt_metric_value(depth, "ks", "ks", "0") == 1);
	assert_true(gt_metric_value(depth, "ks", "ks", "-100") == 1);
	assert_true(gt_metric_value(adds, "ks", "ks") == 2);
	assert_true(gt_queue_try(q, &w));
	gt_queue_done(q, &w);
	assert_true(gt_metric_value(depth, "ks", "ks", "0") == 0);
	gt_queue_free(q);
	gt_metrics_free(m);
}

/* --- many threads ----------------------------------------------------------------------------- */

#define KEYS 16
#define ADDS 2000

struct shared {
	struct gt_queue *q;
	pthread_mutex_t lock;
	bool busy[KEYS];
	unsigned runs;
	bool twice;
};

static void *take_all(void *arg)
{
	struct shared *s = arg;
	struct gt_work w;

	while (gt_queue_take(s->q, &w)) {
		size_t i = (size_t)(w.key.name[0] - 'a');
		pthread_mutex_lock(&s->lock);
		s->twice |= s->busy[i];
		s->busy[i] = true;
		s->runs++;
		pthread_mutex_unlock(&s->lock);
		if (w.priority == 1)
			gt_queue_add_after(s->q, w.key, 0, 1000);
		pthread_mutex_lock(&s->lock);
		s->busy[i] = false;
		pthread_mutex_unlock(&s->lock);
		gt_queue_done(s->q, &w);
	}
	return NULL;
}

static void *add_many(void *arg)
{
	struct shared *s = arg;

	for (int i = 0; i < ADDS; i++) {
		char name[2] = {(char)('a' + i % KEYS), 0};
		gt_queue_add(s->q, key(name), i % 3 - 1);
	}
	return NULL;
}

static void test_threads(void **state)
{
	struct gt_queue_opts opts = {.name = "test"};
	struct shared s = {.q = gt_queue_new(&opts)};
	pthread_t takers[4], adders[2];
	struct timespec pause = {.tv_nsec = 1000000};

	(void)state;
	pthread_mutex_init(&s.lock, NULL);
	for (size_t i = 0; i < GT_COUNT(takers); i++)
		pthread_create(&takers[i], NULL, take_all, &s);
	for (size_t i = 0; i < GT_COUNT(adders); i++)
		pthread_create(&adders[i], NULL, add_many, &s);
	for (size_t i = 0; i < GT_COUNT(adders); i++)
		pthread_join(adders[i], NULL);
	while (gt_queue_len(s.q) > 0)
		nanosleep(&pause, NULL);
	gt_queue_close(s.q);
	for (size_t i = 0; i < GT_COUNT(takers); i++)
		pthread_join(takers[i], NULL);
	assert_false(s.twice);
	assert_true(s.runs >= KEYS);
	gt_queue_free(s.q);
	pthread_mutex_destroy(&s.lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),   cmocka_unit_test(test_dirty),
		cmocka_unit_test(test_delay),   cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_metrics), cmocka_unit_test(test_threads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
