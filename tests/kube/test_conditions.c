#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "kube/conditions.h"
#include "kube/object.h"
#include "text/json.h"

#define T0 "2026-01-01T00:00:00Z"
#define T1 "2026-01-01T00:01:00Z"

static int setup(void **state)
{
	int64_t t;

	*state = gt_new(struct gt_arena);
	gt_rfc3339_parse(gt_str(T0), &t);
	gt_time_freeze(t);
	return 0;
}

static int teardown(void **state)
{
	gt_arena_fini(*state);
	free(*state);
	gt_time_freeze(0);
	return 0;
}

static struct gt_node *object(struct gt_arena *a, int generation)
{
	struct gt_node *obj = gt_node_map(a);

	gt_node_set_int(a, gt_node_need_map(a, obj, "metadata"), "generation", generation);
	return obj;
}

static void later(void)
{
	int64_t t;

	gt_rfc3339_parse(gt_str(T1), &t);
	gt_time_freeze(t);
}

static const char *since(const struct gt_node *obj, const char *type)
{
	return gt_node_cstr_or(gt_node_get(gt_cond_get(obj, type), "lastTransitionTime"), "");
}

static void test_transition_time(void **state)
{
	struct gt_arena *a = *state;
	struct gt_node *obj = object(a, 1);

	gt_cond_mark_true(a, obj, "Ready", "R", "m %d", 1);
	assert_string_equal(since(obj, "Ready"), T0);
	later();
	/* Only the generation moved. */
	gt_node_set_int(a, gt_node_get(obj, "metadata"), "generation", 2);
	gt_cond_mark_true(a, obj, "Ready", "R", "m 1");
	assert_string_equal(since(obj, "Ready"), T0);
	assert_int_equal(
		gt_node_int_or(gt_node_get(gt_cond_get(obj, "Ready"), "observedGeneration"), 0), 2);
	gt_cond_mark_true(a, obj, "Ready", "R", "m 2");
	assert_string_equal(since(obj, "Ready"), T1);
	assert_int_equal(gt_node_count(gt_node_at(obj, "status", "conditions")), 1);
}

static void test_order(void **state)
{
	static const char *const want[] = {"Stalled", "Ready", "B", "C", "A"};
	struct gt_arena *a = *state;
	struct gt_node *obj = object(a, 1);

	gt_cond_mark_true(a, obj, "A", "R", "m");
	gt_node_set_int(a, gt_node_get(obj, "metadata"), "generation", 2);
	gt_cond_mark_true(a, obj, "C", "R", "m");
	gt_cond_mark_true(a, obj, "B", "R", "m");
	gt_cond_mark_true(a, obj, "Ready", "R", "m");
	gt_cond_mark_reconciling(a, obj, "R", "m");
	gt_cond_mark_stalled(a, obj, "R", "m");
	const struct gt_node *list = gt_node_at(obj, "status", "conditions");
	assert_int_equal(gt_node_count(list), GT_COUNT(want));
	for (size_t i = 0; i < GT_COUNT(want); i++)
		assert_string_equal(gt_node_cstr_at(gt_node_item(list, i), "type"), want[i]);
	assert_false(gt_cond_has(obj, "Reconciling"));
	gt_cond_mark_reconciling(a, obj, "R", "m");
	assert_false(gt_cond_has(obj, "Stalled"));
}

/* Long messages are cut at a character. */
static void test_long_message(void **state)
{
	struct gt_arena *a = *state;
	struct gt_node *obj = object(a, 1);
	gt_auto_buf text = {0};

	gt_buf_addc(&text, 'x');
	for (int i = 0; i < 20000; i++)
		gt_buf_adds(&text, "\xc3\xa9");
	gt_cond_mark_true(a, obj, "Ready", "R", "%s", gt_buf_cstr(&text));
	const char *m = gt_cond_message(obj, "Ready");
	assert_true(strlen(m) <= 32768 && strlen(m) > 32760);
	assert_string_equal(m + strlen(m) - 5, "\xc3\xa9...");
}

static void test_ready(void **state)
{
	struct gt_arena *a = *state;
	struct gt_node *obj = object(a, 1);

	assert_false(gt_cond_is_ready(obj));
	gt_cond_mark_true(a, obj, "Ready", "R", "m");
	assert_true(gt_cond_is_ready(obj));
	gt_cond_progressive(a, obj, false, "Progressing", "busy");
	assert_false(gt_cond_is_ready(obj));
	assert_true(gt_cond_is_true(obj, "Ready")); /* a known state is left alone */
	assert_true(gt_cond_is_reconciling(obj));
	gt_cond_progressive(a, obj, true, "Progressing", "busy");
	assert_int_equal(gt_cond_status(obj, "Ready"), GT_COND_UNKNOWN);
	assert_string_equal(gt_cond_reason(obj, "Ready"), "Progressing");
}

/* The winner among conditions: "Type=Status" in the order given; target Ready. */
static void test_summary(void **state)
{
	static const char *const order[] = {"FetchFailed", "Stored", "Verified", NULL};
	static const char *const negative[] = {"FetchFailed", NULL};
	static const struct {
		const char *conditions, *status, *message;
	} cases[] = {
		{"Stored=True", "True", "Stored=True"},
		{"Stored=False Verified=True", "False", "Stored=False"},
		{"Stored=False FetchFailed=True", "False", "FetchFailed=True"},
		{"Stored=True Verified=False", "False", "Verified=False"},
		{"FetchFailed=False Stored=True", "True", "Stored=True"},
		{"FetchFailed=False", "True", "FetchFailed=False"},
		{"Stored=Unknown", "Unknown", "Stored=Unknown"},
		{"Stored=Unknown Verified=True", "True", "Verified=True"},
		{"Verified=True Stored=True", "True", "Stored=True"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_arena *a = *state;
		struct gt_node *obj = object(a, 1);
		struct gt_split it = {.rest = gt_str(cases[i].conditions)};
		struct gt_str part;

		while (gt_split_next(&it, ' ', &part)) {
			size_t eq = gt_str_find(part, '=');
			gt_autofree char *type = gt_xstrndup(part.p, eq);
			struct gt_str status = gt_str_from(part, eq + 1);
			gt_cond_set(a, obj, type,
				    gt_str_is(status, "True")    ? GT_COND_TRUE
				    : gt_str_is(status, "False") ? GT_COND_FALSE
								 : GT_COND_UNKNOWN,
				    "R", "%.*s", GT_STR_ARG(part));
		}
		gt_cond_summary(a, obj, "Ready", order, negative, true);
		if (strcmp(gt_cond_status_name(gt_cond_status(obj, "Ready")), cases[i].status) !=
			    0 ||
		    strcmp(gt_cond_message(obj, "Ready"), cases[i].message) != 0)
			fail_msg("%s: Ready=%s %s", cases[i].conditions,
				 gt_cond_status_name(gt_cond_status(obj, "Ready")),
				 gt_cond_message(obj, "Ready"));
	}
}

static void test_finish(void **state)
{
	static const struct gt_finish good = {.success = true, .ready_message = "done"};
	static const struct gt_finish retry = {.nonzero = true, .requeue = true};
	struct gt_arena *a = *state;
	struct gt_err err;

	/* Success makes Ready where nobody did. */
	struct gt_node *obj = object(a, 1);
	gt_obj_set_annotation(a, obj, GT_ANN_REQUESTED_AT, "now");
	gt_cond_mark_reconciling(a, obj, "P", "m");
	assert_int_equal(gt_cond_finish(a, obj, &good, GT_OK, &err), GT_OK);
	assert_true(gt_cond_is_ready(obj));
	assert_string_equal(gt_cond_message(obj, "Ready"), "done");
	assert_false(gt_cond_has(obj, "Reconciling"));
	assert_string_equal(gt_node_cstr_at(obj, "status", "lastHandledReconcileAt"), "now");

	/* An error shows in Ready and is retried. */
	obj = object(a, 1);
	gt_cond_mark_reconciling(a, obj, "P", "m");
	int rc = gt_fail(&err, GT_E_UNAVAILABLE, "no way");
	assert_int_equal(gt_cond_finish(a, obj, &good, rc, &err), GT_E_UNAVAILABLE);
	assert_true(gt_cond_is_false(obj, "Ready"));
	assert_string_equal(gt_cond_message(obj, "Ready"), "no way");
	assert_true(gt_cond_has(obj, "Reconciling"));

	/* Success that left Ready False is an error with Ready's text. */
	obj = object(a, 1);
	gt_cond_mark_false(a, obj, "Ready", "R", "bad");
	assert_int_equal(gt_cond_finish(a, obj, &good, GT_OK, &err), GT_E_UNAVAILABLE);
	assert_string_equal(err.text, "bad");

	/* Stalled ends it and shows in Ready. */
	obj = object(a, 1);
	gt_cond_mark_stalled(a, obj, "InvalidSpec", "wrong");
	assert_int_equal(gt_cond_finish(a, obj, &(struct gt_finish){0}, GT_OK, &err), GT_OK);
	assert_true(gt_cond_is_false(obj, "Ready"));
	assert_string_equal(gt_cond_reason(obj, "Ready"), "InvalidSpec");
	assert_int_equal(gt_cond_finish(a, obj, &retry, GT_OK, &err), GT_OK);
	assert_false(gt_cond_has(obj, "Stalled"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_transition_time), T(test_order),
					   T(test_long_message),    T(test_ready),
					   T(test_summary),         T(test_finish)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
