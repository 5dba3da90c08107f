#include "support/check.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "kube/event_correlator.h"
#include "kube/object.h"

static struct gt_node *event(struct gt_arena *a, const char *object, const char *message)
{
	struct gt_node *ev = gt_node_map(a);

	gt_node_set_str(a, gt_node_need_map(a, ev, "metadata"), "name", "n.1");
	gt_node_set_str(a, gt_node_get(ev, "metadata"), "namespace", "ns");
	gt_node_set_str(a, gt_node_need_map(a, ev, "involvedObject"), "name", object);
	gt_node_set_str(a, gt_node_need_map(a, ev, "source"), "component", "c");
	gt_node_set_str(a, ev, "reason", "R");
	gt_node_set_str(a, ev, "type", "Normal");
	gt_node_set_str(a, ev, "message", message);
	gt_node_set_str(a, ev, "firstTimestamp", "t0");
	gt_node_set_str(a, ev, "lastTimestamp", "t0");
	gt_node_set_int(a, ev, "count", 1);
	return ev;
}

/* The same again: the first one is counted up. */
static void test_repeat(void **state)
{
	struct gt_correlator *c = gt_correlator_new();
	gt_auto_arena a = {0};
	struct gt_correlated got;

	(void)state;
	assert_true(gt_correlator_take(c, &a, event(&a, "o", "m"), 1, &got));
	assert_null(got.patch);
	gt_correlator_written(c, &got, "o.1");
	struct gt_node *again = event(&a, "o", "m");
	gt_node_set_str(&a, again, "lastTimestamp", "t9");
	assert_true(gt_correlator_take(c, &a, again, 2, &got));
	assert_string_equal(got.name, "o.1");
	assert_string_equal(got.ns, "ns");
	assert_int_equal(gt_node_int_or(gt_node_get(got.patch, "count"), 0), 2);
	assert_string_equal(gt_node_cstr_at(got.patch, "lastTimestamp"), "t9");
	/* Created anew, it still starts where the first one did. */
	assert_string_equal(gt_node_cstr_at(again, "firstTimestamp"), "t0");
	assert_int_equal(gt_node_int_or(gt_node_get(again, "count"), 0), 2);
	assert_true(gt_correlator_take(c, &a, event(&a, "other", "m"), 3, &got));
	assert_null(got.patch);
	gt_correlator_free(c);
}

/* Ten different messages of one kind: from then on they are one event. */
static void test_similar(void **state)
{
	struct gt_correlator *c = gt_correlator_new();
	gt_auto_arena a = {0};
	struct gt_correlated got;
	struct gt_node *ev = NULL;

	(void)state;
	for (int i = 0; i < 11; i++) {
		char message[16];

		snprintf(message, sizeof message, "m%d", i);
		ev = event(&a, "o", message);
		assert_true(gt_correlator_take(c, &a, ev, 1, &got));
		const char *want = i < 9 ? message : NULL;
		if (want)
			assert_string_equal(gt_node_cstr_at(ev, "message"), want);
		else
			assert_memory_equal(gt_node_cstr_at(ev, "message"),
					    "(combined from similar events): m", 33);
		gt_correlator_written(c, &got, "o.1");
	}
	assert_int_equal(gt_node_int_or(gt_node_get(got.patch, "count"), 0), 2);
	/* Ten minutes of quiet: they are told apart again. */
	ev = event(&a, "o", "new");
	assert_true(gt_correlator_take(c, &a, ev, GT_SECONDS(700), &got));
	assert_string_equal(gt_node_cstr_at(ev, "message"), "new");
	gt_correlator_free(c);
}

/* Twenty-five about one object at once, then one in five minutes. */
static void test_flood(void **state)
{
	struct gt_correlator *c = gt_correlator_new();
	gt_auto_arena a = {0};
	struct gt_correlated got;
	int passed = 0;

	(void)state;
	for (int i = 0; i < 40; i++)
		passed += gt_correlator_take(c, &a, event(&a, "o", "m"), 1, &got);
	assert_int_equal(passed, 25);
	assert_true(gt_correlator_take(c, &a, event(&a, "other", "m"), 1, &got));
	assert_false(gt_correlator_take(c, &a, event(&a, "o", "m"), GT_SECONDS(299), &got));
	assert_true(gt_correlator_take(c, &a, event(&a, "o", "m"), GT_SECONDS(302), &got));
	gt_correlator_free(c);
}

static void test_bounded(void **state)
{
	struct gt_correlator *c = gt_correlator_new();
	struct gt_correlated got;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		gt_auto_arena a = {0};
		char name[16];

		snprintf(name, sizeof name, "o%d", i);
		assert_true(gt_correlator_take(c, &a, event(&a, name, "m"), 1, &got));
	}
	/* The oldest are forgotten, the youngest are not. */
	gt_auto_arena a = {0};
	struct gt_node *old = event(&a, "o0", "m"), *young = event(&a, "o9999", "m");
	gt_correlator_take(c, &a, old, 1, &got);
	assert_int_equal(gt_node_int_or(gt_node_get(old, "count"), 0), 1);
	gt_correlator_take(c, &a, young, 1, &got);
	assert_int_equal(gt_node_int_or(gt_node_get(young, "count"), 0), 2);
	gt_correlator_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeat),
		cmocka_unit_test(test_similar),
		cmocka_unit_test(test_flood),
		cmocka_unit_test(test_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
