/* Inventory ids: the round trip, the odd names, and what counts as stale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "ks.h"
#include "text/json.h"

static const struct {
	struct gt_ref ref;
	const char *id;
} ids[] = {
	{{{"", "v1", "Service"}, "default", "podinfo"}, "default_podinfo__Service"},
	{{{"apps", "v1", "Deployment"}, "prod", "a-b.c"}, "prod_a-b.c_apps_Deployment"},
	{{{"", "v1", "Namespace"}, "", "prod"}, "_prod__Namespace"},
	{{{"rbac.authorization.k8s.io", "v1", "ClusterRole"}, "", "system:view"},
	 "_system__view_rbac.authorization.k8s.io_ClusterRole"},
	{{{"rbac.authorization.k8s.io", "v1", "Role"}, "ns", "a:b:c"},
	 "ns_a__b__c_rbac.authorization.k8s.io_Role"},
};

static void test_round_trip(void **state)
{
	gt_auto_arena a = {0};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(ids); i++) {
		struct gt_ref back;

		assert_string_equal(ks_inventory_id(&a, &ids[i].ref), ids[i].id);
		assert_true(ks_inventory_parse(&a, ids[i].id, "v1", &back));
		assert_string_equal(back.ns, ids[i].ref.ns);
		assert_string_equal(back.name, ids[i].ref.name);
		assert_string_equal(back.gvk.group, ids[i].ref.gvk.group);
		assert_string_equal(back.gvk.kind, ids[i].ref.gvk.kind);
	}
}

static void test_malformed(void **state)
{
	static const char *const bad[] = {"", "_", "__", "a_b", "a_b_c", "ns___Kind", "ns_name__"};
	gt_auto_arena a = {0};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(bad); i++) {
		struct gt_ref ref;

		if (ks_inventory_parse(&a, bad[i], "v1", &ref))
			fail_msg("'%s' was taken", bad[i]);
	}
}

static void test_stale(void **state)
{
	static const struct ks_entry now[] = {
		{.ref = {{"", "v1", "ConfigMap"}, "default", "kept"}},
		{.ref = {{"apps", "v1", "Deployment"}, "default", "moved"}},
	};
	static const char old_text[] =
		"{\"entries\":[{\"id\":\"default_kept__ConfigMap\",\"v\":\"v1\"},"
		"{\"id\":\"default_gone__ConfigMap\",\"v\":\"v1\"},"
		"{\"id\":\"default_moved_apps_Deployment\",\"v\":\"v1beta1\"}]}";
	gt_auto_arena a = {0};
	struct gt_node *old;

	(void)state;
	assert_int_equal(gt_json_parse(&a, gt_str(old_text), 0, &old, NULL), GT_OK);
	struct gt_node *current = ks_inventory_of(&a, now, GT_COUNT(now));
	struct gt_node *stale = ks_inventory_stale(&a, old, current);
	assert_int_equal(gt_node_count(stale), 1);
	assert_string_equal(gt_node_cstr_at(gt_node_item(stale, 0), "id"),
			    "default_gone__ConfigMap");
	assert_int_equal(gt_node_count(ks_inventory_stale(&a, NULL, current)), 0);
	assert_int_equal(gt_node_count(ks_inventory_stale(&a, old, NULL)), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
