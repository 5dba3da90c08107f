/* Every allocation fails once: nothing crashes, and the arena tells. */
#include "support/check.h"

#include <string.h>

#include "api/kinds.h"
#include "kube/conditions.h"
#include "kube/kstatus.h"
#include "kube/object.h"
#include "kube/ssa_int.h"
#include "kube/watch.h"
#include "text/json.h"

static void conditions(struct gt_arena *a)
{
	static const char *const order[] = {"A", "B", NULL};
	static const struct gt_finish finish = {.success = true, .ready_message = "done"};
	struct gt_node *obj = gt_obj_new(a, &gt_res_kustomization, "ns", "n");
	struct gt_err err;

	gt_obj_set_annotation(a, obj, GT_ANN_REQUESTED_AT, "x");
	gt_obj_add_finalizer(a, obj, "f");
	gt_cond_mark_true(a, obj, "A", "R", "m %d", 1);
	gt_cond_mark_reconciling(a, obj, "R", "m");
	gt_cond_progressive(a, obj, true, "R", "m");
	gt_cond_summary(a, obj, "Ready", order, NULL, true);
	gt_cond_mark_stalled(a, obj, "R", "m");
	gt_cond_finish(a, obj, &finish, GT_OK, &err);
	gt_obj_reference(a, obj);
	struct gt_ref ref = gt_ref_of(a, obj);
	gt_ref_text(a, &ref);
}

static const char pod[] =
	"{\"type\":\"ADDED\",\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{"
	"\"name\":\"p\",\"annotations\":{\"kubectl.kubernetes.io/"
	"last-applied-configuration\":\"\"},"
	"\"managedFields\":[{\"manager\":\"kubectl\",\"operation\":\"Update\",\"fieldsV1\":{\"f:"
	"a\":"
	"{}}},{\"manager\":\"kubectl-edit\",\"operation\":\"Update\",\"fieldsV1\":{\"f:b\":{}}}]},"
	"\"status\":{\"phase\":\"Running\",\"containerStatuses\":[{\"name\":\"a\",\"state\":{"
	"\"waiting\":{\"reason\":\"CrashLoopBackOff\"}}},{\"name\":\"b\",\"state\":{\"waiting\":{"
	"\"reason\":\"CrashLoopBackOff\"}}}]}}}";

static void objects(struct gt_arena *a)
{
	static const char *const annotations[] = {
		"kubectl.kubernetes.io/last-applied-configuration", NULL};
	static const struct gt_ssa_opts opts = {
		.field_manager = "kc", .owner_group = "g", .cleanup_annotations = annotations};
	enum gt_event_type type;
	struct gt_kstatus status;
	struct gt_node *obj;

	if (gt_watch_decode(a, gt_str(pod), &type, &obj, NULL) < 0)
		return;
	gt_kstatus(a, obj, &status, NULL);
	gt_ssa__cleanup_ops(a, obj, &opts);
	gt_ssa__differs(a, obj, gt_node_dup(a, obj));
}

static void run(void (*fn)(struct gt_arena *a))
{
	for (uint64_t n = 1; n < 100000; n++) {
		gt_auto_arena a = {.fail_after = n};

		fn(&a);
		if (gt_arena_check(&a, NULL) == GT_OK) {
			assert_true(n > 10);
			return;
		}
	}
	fail_msg("no end");
}

static void test_conditions(void **state)
{
	(void)state;
	run(conditions);
}

static void test_objects(void **state)
{
	(void)state;
	run(objects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_conditions),
					   cmocka_unit_test(test_objects)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
