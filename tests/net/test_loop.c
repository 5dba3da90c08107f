#include <signal.h>
#include <stdatomic.h>

#include "support.h"

static atomic_int counter;
static int order[64];

static void note(void *arg)
{
	order[atomic_fetch_add(&counter, 1) % 64] = (int)(intptr_t)arg;
}

static void posts_in_order(void **state)
{
	struct gt_loop *loop = start_loop();

	(void)state;
	atomic_store(&counter, 0);
	for (int i = 0; i < 64; i++)
		gt_loop_post(loop, note, (void *)(intptr_t)i);
	gt_loop_call(loop, note, (void *)(intptr_t)64);
	assert_int_equal(atomic_load(&counter), 65);
	for (int i = 1; i < 64; i++)
		assert_int_equal(order[i], i);
	assert_int_equal(order[0], 64);
	assert_false(gt_loop_inside(loop));
	end_loop(loop);
}

static void count(void *arg)
{
	atomic_fetch_add((atomic_int *)arg, 1);
}

struct poster {
	struct gt_loop *loop;
	atomic_int *seen;
};

static void *post_many(void *arg)
{
	struct poster *p = arg;

	for (int i = 0; i < 5000; i++)
		gt_loop_post(p->loop, count, p->seen);
	return NULL;
}

static void loses_no_post(void **state)
{
	struct gt_loop *loop = start_loop();
	atomic_int seen = 0;
	struct poster p = {loop, &seen};
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, post_many, &p);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	/* What is still queued runs before the loop goes. */
	end_loop(loop);
	assert_int_equal(atomic_load(&seen), 20000);
}

struct timers {
	struct gt_loop *loop;
	struct gt_timer *repeat, *once, *never;
	int repeats, onces;
};

static void on_repeat(void *arg)
{
	struct timers *t = arg;

	if (++t->repeats == 3)
		gt_loop_stop(t->loop);
}

static void on_once(void *arg)
{
	struct timers *t = arg;

	t->onces++;
	gt_timer_stop(t->never);
}

static void on_never(void *arg)
{
	(void)arg;
	fail();
}

static void timers(void **state)
{
	struct timers t = {.loop = gt_loop_new()};

	(void)state;
	assert_true(gt_loop_inside(t.loop));
	t.never = gt_timer_new(t.loop, on_never, &t);
	t.once = gt_timer_new(t.loop, on_once, &t);
	t.repeat = gt_timer_new(t.loop, on_repeat, &t);
	gt_timer_start(t.once, 1, 0);
	gt_timer_start(t.never, GT_MILLIS(2), 0);
	gt_timer_start(t.repeat, GT_MILLIS(3), GT_MILLIS(1));
	assert_true(gt_timer_active(t.once));
	gt_loop_run(t.loop);
	assert_int_equal(t.repeats, 3);
	assert_int_equal(t.onces, 1);
	assert_false(gt_timer_active(t.once));
	gt_timer_free(t.repeat);
	gt_loop_free(t.loop); /* frees the others */
}

static void stop_on_signal(void *arg)
{
	gt_loop_stop(arg);
}

static void signals(void **state)
{
	struct gt_loop *loop = gt_loop_new();
	struct gt_err err;

	(void)state;
	assert_int_equal(gt_loop_on_signal(loop, SIGUSR1, stop_on_signal, loop, &err), GT_OK);
	raise(SIGUSR1);
	gt_loop_run(loop);
	assert_int_equal(gt_loop_on_signal(loop, SIGKILL, stop_on_signal, loop, &err),
			 GT_E_INVALID);
	gt_loop_free(loop);
}

static void pool_runs_all(void **state)
{
	struct gt_pool *pool = gt_pool_new("test", 4, 0);
	atomic_int seen = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		gt_pool_submit(pool, count, &seen);
	gt_pool_drain(pool);
	assert_int_equal(atomic_load(&seen), 1000);
	assert_int_equal(gt_pool_queued(pool), 0);
	assert_int_equal(gt_pool_running(pool), 0);
	gt_pool_submit(pool, count, &seen);
	gt_pool_free(pool);
	assert_int_equal(atomic_load(&seen), 1001);
}

static struct gt_gate gate;
static atomic_int inside, most;

static void through_gate(void *arg)
{
	(void)arg;
	assert_int_equal(gt_gate_enter(&gate, gt_ctx_background(), NULL), GT_OK);
	int now = atomic_fetch_add(&inside, 1) + 1;
	int seen = atomic_load(&most);
	while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now))
		;
	atomic_fetch_sub(&inside, 1);
	gt_gate_leave(&gate);
}

static void gate_limits(void **state)
{
	struct gt_pool *pool = gt_pool_new("gate", 8, 0);

	(void)state;
	gt_gate_init(&gate, 2);
	for (int i = 0; i < 2000; i++)
		gt_pool_submit(pool, through_gate, NULL);
	gt_pool_free(pool);
	assert_true(atomic_load(&most) <= 2);
	assert_int_equal(gate.free, 2);
	gt_gate_fini(&gate);
}

static void cancel_soon(void *arg)
{
	gt_ctx_cancel(arg, "test is over");
}

static void gate_heeds_context(void **state)
{
	struct gt_pool *pool = gt_pool_new("gate", 1, 0);
	struct gt_gate g;
	struct gt_ctx ctx;
	struct gt_err err;

	(void)state;
	gt_gate_init(&g, 1);
	assert_int_equal(gt_gate_enter(&g, gt_ctx_background(), &err), GT_OK);
	gt_ctx_init(&ctx, NULL, GT_MILLIS(5));
	assert_int_equal(gt_gate_enter(&g, &ctx, &err), GT_E_TIMEOUT);
	gt_ctx_fini(&ctx);
	gt_ctx_init(&ctx, NULL, 0);
	gt_pool_submit(pool, cancel_soon, &ctx);
	assert_int_equal(gt_gate_enter(&g, &ctx, &err), GT_E_CANCELLED);
	assert_string_equal(err.text, "test is over");
	gt_pool_free(pool);
	gt_ctx_fini(&ctx);
	gt_gate_leave(&g);
	assert_int_equal(g.free, 1);
	gt_gate_fini(&g);
	assert_true(gt_cpu_count() >= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posts_in_order),
		cmocka_unit_test(loses_no_post),
		cmocka_unit_test(timers),
		cmocka_unit_test(signals),
		cmocka_unit_test(pool_runs_all),
		cmocka_unit_test(gate_limits),
		cmocka_unit_test(gate_heeds_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
