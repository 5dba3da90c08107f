/* Contexts and futures, also under contention; run it under the thread sanitizer. */
#include "support/check.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/ctx.h"
#include "base/future.h"
#include "base/time.h"

static struct gt_err err;

static void test_tree(void **state)
{
	gt_auto_ctx parent, child, other;

	(void)state;
	gt_ctx_init(&parent, NULL, 0);
	gt_ctx_init(&child, &parent, 0);
	gt_ctx_init(&other, gt_ctx_background(), 0);
	check_ok(gt_ctx_check(&child, &err), &err);
	gt_ctx_cancel(&parent, "shutting down");
	gt_ctx_cancel(&parent, "too late");
	check_fails(gt_ctx_check(&child, &err), GT_E_CANCELLED);
	assert_string_equal(err.text, "shutting down");
	check_ok(gt_ctx_check(&other, &err), &err);
	check_ok(gt_ctx_check(gt_ctx_background(), &err), &err);

	gt_auto_ctx late;
	gt_ctx_init(&late, &child, 0);
	check_fails(gt_ctx_check(&late, &err), GT_E_CANCELLED);
	gt_ctx_cancel(&other, NULL);
	check_fails(gt_ctx_check(&other, &err), GT_E_CANCELLED);
	assert_string_equal(err.text, "context canceled");
}

/* Cancelling a child leaves the parent and its other children alone. */
static void test_child_only(void **state)
{
	gt_auto_ctx parent, a, b;

	(void)state;
	gt_ctx_init(&parent, NULL, 0);
	gt_ctx_init(&a, &parent, 0);
	gt_ctx_init(&b, &parent, 0);
	gt_ctx_cancel(&a, NULL);
	check_fails(gt_ctx_check(&a, NULL), GT_E_CANCELLED);
	check_ok(gt_ctx_check(&parent, &err), &err);
	check_ok(gt_ctx_check(&b, &err), &err);
}

static void test_deadline(void **state)
{
	gt_auto_ctx outer, shorter, longer, huge;

	(void)state;
	gt_time_freeze(GT_SECONDS(1000));
	gt_ctx_init(&outer, NULL, GT_SECONDS(10));
	gt_ctx_init(&shorter, &outer, GT_SECONDS(3));
	gt_ctx_init(&longer, &outer, GT_SECONDS(60));
	gt_ctx_init(&huge, NULL, INT64_MAX);
	assert_true(gt_ctx_deadline(&shorter) == GT_SECONDS(3));
	assert_true(gt_ctx_deadline(&longer) == GT_SECONDS(10));
	assert_true(gt_ctx_deadline(&huge) == INT64_MAX);
	gt_time_freeze(GT_SECONDS(1003));
	check_fails(gt_ctx_check(&shorter, &err), GT_E_TIMEOUT);
	assert_string_equal(err.text, "context deadline exceeded");
	check_ok(gt_ctx_check(&longer, &err), &err);
	gt_time_freeze(GT_SECONDS(1010));
	check_fails(gt_ctx_check(&longer, &err), GT_E_TIMEOUT);
	gt_time_freeze(0);
}

static void count(void *arg)
{
	++*(int *)arg;
}

static void test_watch(void **state)
{
	int calls = 0;
	struct gt_ctx_watch w = {.fn = count, .arg = &calls}, removed = w, late = w;
	gt_auto_ctx parent, child;

	(void)state;
	gt_ctx_init(&parent, NULL, 0);
	gt_ctx_init(&child, &parent, 0);
	assert_true(gt_ctx_watch(&child, &w));
	assert_true(gt_ctx_watch(&child, &removed));
	gt_ctx_unwatch(&child, &removed);
	gt_ctx_cancel(&parent, NULL);
	gt_ctx_cancel(&child, NULL);
	assert_int_equal(calls, 1);
	gt_ctx_unwatch(&child, &w); /* harmless after the call */
	assert_false(gt_ctx_watch(&child, &late));
	assert_int_equal(calls, 1);
}

static void *deliver(void *future)
{
	gt_future_deliver(future);
	return NULL;
}

static void never(void *arg)
{
	(void)arg;
	fail_msg("abandoned");
}

static void test_future_delivers(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++) {
		struct gt_future f;
		pthread_t thread;
		gt_auto_ctx ctx;

		gt_ctx_init(&ctx, NULL, i % 2 ? GT_SECONDS(60) : 0);
		gt_future_init(&f);
		assert_int_equal(pthread_create(&thread, NULL, deliver, &f), 0);
		check_ok(gt_future_wait(&f, &ctx, never, NULL, &err), &err);
		gt_future_fini(&f);
		pthread_join(thread, NULL);
	}
}

static void test_future_times_out(void **state)
{
	struct gt_future f;
	gt_auto_ctx ctx;

	(void)state;
	gt_ctx_init(&ctx, NULL, 1);
	gt_future_init(&f);
	check_fails(gt_future_wait(&f, &ctx, (void (*)(void *))gt_future_deliver, &f, &err),
		    GT_E_TIMEOUT);
	gt_future_fini(&f);
}

/* Stopped clocks do not make a wait end before its time. */
static void test_future_under_frozen_clock(void **state)
{
	struct gt_future f;
	pthread_t thread;
	gt_auto_ctx ctx;

	(void)state;
	gt_time_freeze(GT_SECONDS(1000));
	gt_ctx_init(&ctx, NULL, GT_SECONDS(60));
	gt_future_init(&f);
	assert_int_equal(pthread_create(&thread, NULL, deliver, &f), 0);
	check_ok(gt_future_wait(&f, &ctx, never, NULL, &err), &err);
	pthread_join(thread, NULL);
	gt_future_fini(&f);
	gt_time_freeze(0);
}

static void test_future_cancelled_before(void **state)
{
	struct gt_future f;
	gt_auto_ctx ctx;

	(void)state;
	gt_ctx_init(&ctx, NULL, 0);
	gt_ctx_cancel(&ctx, "gone");
	gt_future_init(&f);
	check_fails(gt_future_wait(&f, &ctx, (void (*)(void *))gt_future_deliver, &f, &err),
		    GT_E_CANCELLED);
	assert_string_equal(err.text, "gone");
	gt_future_fini(&f);
}

static void *cancel(void *ctx)
{
	gt_ctx_cancel(ctx, NULL);
	return NULL;
}

/* Delivery and cancellation race; either way nobody touches the future afterwards. */
static void test_race(void **state)
{
	int cancelled = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		struct gt_future f;
		pthread_t a, b;
		gt_auto_ctx parent, ctx;

		gt_ctx_init(&parent, NULL, 0);
		gt_ctx_init(&ctx, &parent, 0);
		gt_future_init(&f);
		pthread_create(&a, NULL, i % 2 ? cancel : deliver, i % 2 ? (void *)&parent : &f);
		pthread_create(&b, NULL, i % 2 ? deliver : cancel, i % 2 ? (void *)&f : &parent);
		int rc = gt_future_wait(&f, &ctx, NULL, NULL, NULL);
		assert_true(rc == GT_OK || rc == GT_E_CANCELLED);
		cancelled += rc != GT_OK;
		gt_future_fini(&f);
		pthread_join(a, NULL);
		pthread_join(b, NULL);
	}
	assert_in_range(cancelled, 0, 300);
}

struct churn {
	struct gt_ctx *parent;
	_Atomic int *calls;
	int watched;
};

static void count_atomic(void *arg)
{
	atomic_fetch_add(((struct churn *)arg)->calls, 1);
}

/* Makes, watches and ends children while another thread cancels their parent. */
static void *churn(void *arg)
{
	struct churn *c = arg;

	for (int i = 0; i < 2000; i++) {
		struct gt_ctx_watch w = {.fn = count_atomic, .arg = c};
		gt_auto_ctx child;

		gt_ctx_init(&child, c->parent, GT_SECONDS(60));
		c->watched += gt_ctx_watch(&child, &w);
		int rc = gt_ctx_check(&child, NULL);
		gt_ctx_unwatch(&child, &w);
		if (rc != GT_OK && gt_ctx_check(c->parent, NULL) == GT_OK)
			return c; /* a child knows before its parent */
	}
	return NULL;
}

static void test_churn(void **state)
{
	_Atomic int calls = 0;
	struct churn churns[4];
	pthread_t threads[4];
	gt_auto_ctx parent;

	(void)state;
	gt_ctx_init(&parent, NULL, 0);
	for (int i = 0; i < 4; i++) {
		churns[i] = (struct churn){.parent = &parent, .calls = &calls};
		pthread_create(&threads[i], NULL, churn, &churns[i]);
	}
	gt_ctx_cancel(&parent, NULL);
	int watched = 0;
	for (int i = 0; i < 4; i++) {
		void *fault;

		pthread_join(threads[i], &fault);
		assert_null(fault);
		watched += churns[i].watched;
	}
	assert_true(atomic_load(&calls) <= watched);
	assert_true(gt_list_empty(&parent.children));
}

static void test_sleep(void **state)
{
	gt_auto_ctx ctx, timed;
	pthread_t thread;

	(void)state;
	gt_ctx_init(&ctx, NULL, 0);
	check_ok(gt_ctx_sleep(&ctx, 1, &err), &err);
	check_ok(gt_ctx_sleep(&ctx, -5, &err), &err);
	gt_ctx_init(&timed, &ctx, 1);
	check_fails(gt_ctx_sleep(&timed, GT_SECONDS(600), &err), GT_E_TIMEOUT);
	pthread_create(&thread, NULL, cancel, &ctx);
	check_fails(gt_ctx_sleep(&ctx, INT64_MAX, &err), GT_E_CANCELLED);
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_child_only),
		cmocka_unit_test(test_deadline),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_future_delivers),
		cmocka_unit_test(test_future_times_out),
		cmocka_unit_test(test_future_under_frozen_clock),
		cmocka_unit_test(test_future_cancelled_before),
		cmocka_unit_test(test_race),
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
