/* Sets of paths: fieldsV1, algebra, order. */
#include "support/check.h"

#include "ssa/set.h"
#include "ssa/typed.h"
#include "text/json.h"

static struct gt_ssa_set *parse(struct gt_arena *a, const char *json)
{
	struct gt_node *n = NULL;
	struct gt_ssa_set *set = NULL;
	struct gt_err err = {0};

	check_ok(gt_json_parse(a, gt_str(json), 0, &n, &err), &err);
	check_ok(gt_ssa_fields_parse(a, n, &set, &err), &err);
	return set;
}

static void check_set(struct gt_arena *a, const struct gt_ssa_set *set, const char *want)
{
	gt_auto_buf out = {0};

	gt_json_write(&out, gt_ssa_fields_node(a, set), 0, 0);
	assert_string_equal(gt_buf_cstr(&out), want);
}

static void test_round_trip(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"{}", "{}"},
		{"{\"f:b\":{},\"f:a\":{}}", "{\"f:a\":{},\"f:b\":{}}"},
		{"{\"f:a\":{\".\":{}}}", "{\"f:a\":{}}"},
		{"{\"f:a\":{\"f:b\":{},\".\":{}}}", "{\"f:a\":{\".\":{},\"f:b\":{}}}"},
		{"{\"i:2\":{},\"v:1\":{},\"k:{\\\"b\\\":1,\\\"a\\\":\\\"x\\\"}\":{},\"f:z\":{}}",
		 "{\"f:z\":{},\"k:{\\\"a\\\":\\\"x\\\",\\\"b\\\":1}\":{},\"v:1\":{},\"i:2\":{}}"},
		/* kinds of elements from the future are skipped */
		{"{\"q:what\":{},\"f:a\":{}}", "{\"f:a\":{}}"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		check_set(&a, parse(&a, cases[i].in), cases[i].out);
	}
}

static void test_values_in_order(void **state)
{
	gt_auto_arena a = {0};

	(void)state;
	check_set(&a,
		  parse(&a,
			"{\"v:null\":{},\"v:{}\":{},\"v:[]\":{},\"v:true\":{},\"v:\\\"s\\\"\":{},"
			"\"v:10\":{},\"v:2.5\":{}}"),
		  "{\"v:2.5\":{},\"v:10\":{},\"v:\\\"s\\\"\":{},\"v:true\":{},\"v:[]\":{},\"v:{}\":"
		  "{},\"v:null\":{}}");
}

static void test_malformed(void **state)
{
	static const char *const cases[] = {
		"[]",           "{\"f:a\":1}", "{\"x\":{}}",   "{\"fa\":{}}", "{\"k:[]\":{}}",
		"{\"k:{\":{}}", "{\"v:\":{}}", "{\"i:x\":{}}",
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_node *n = NULL;
		struct gt_ssa_set *set = NULL;
		struct gt_err err = {0};
		check_ok(gt_json_parse(&a, gt_str(cases[i]), 0, &n, &err), &err);
		check_fails(gt_ssa_fields_parse(&a, n, &set, &err), GT_E_INVALID);
	}
}

static void test_algebra(void **state)
{
	static const struct {
		const char *x, *y, *both, *common, *less, *less_deep, *below;
	} cases[] = {
		{"{\"f:a\":{},\"f:b\":{\"f:c\":{}}}", "{\"f:b\":{\"f:c\":{},\"f:d\":{}}}",
		 "{\"f:a\":{},\"f:b\":{\"f:c\":{},\"f:d\":{}}}", "{\"f:b\":{\"f:c\":{}}}",
		 "{\"f:a\":{}}", "{\"f:a\":{}}", "{\"f:b\":{\"f:c\":{}}}"},
		{"{\"f:a\":{\".\":{},\"f:b\":{}}}", "{\"f:a\":{}}",
		 "{\"f:a\":{\".\":{},\"f:b\":{}}}", "{\"f:a\":{}}", "{\"f:a\":{\"f:b\":{}}}", "{}",
		 "{\"f:a\":{\".\":{},\"f:b\":{}}}"},
		{"{}", "{\"f:a\":{}}", "{\"f:a\":{}}", "{}", "{}", "{}", "{}"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_ssa_set *x = parse(&a, cases[i].x), *y = parse(&a, cases[i].y);
		check_set(&a, gt_ssa_union(&a, x, y), cases[i].both);
		check_set(&a, gt_ssa_union(&a, y, x), cases[i].both);
		check_set(&a, gt_ssa_intersection(&a, x, y), cases[i].common);
		check_set(&a, gt_ssa_difference(&a, x, y), cases[i].less);
		check_set(&a, gt_ssa_recursive_difference(&a, x, y), cases[i].less_deep);
		check_set(&a, gt_ssa_only_below(&a, x, y), cases[i].below);
	}
}

/* Running out of memory anywhere is an error, never a crash. */
static void test_no_memory(void **state)
{
	static const char json[] =
		"{\"f:a\":{\".\":{},\"k:{\\\"x\\\":1}\":{\"f:b\":{}}},\"v:1\":{}}";
	bool ended = false;

	(void)state;
	for (uint64_t n = 1; !ended; n++) {
		gt_auto_arena docs = {0};
		gt_auto_arena a = {.fail_after = n};
		struct gt_node *fields = NULL;
		struct gt_ssa_set *set = NULL;
		assert_int_equal(gt_json_parse(&docs, gt_str(json), 0, &fields, NULL), GT_OK);
		if (gt_ssa_fields_parse(&a, fields, &set, NULL) == GT_OK) {
			gt_ssa_union(&a, set, set);
			gt_ssa_difference(&a, set, NULL);
			gt_ssa_fields_node(&a, set);
		}
		ended = gt_arena_check(&a, NULL) == GT_OK;
		assert_true(n < 10000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_values_in_order),
		cmocka_unit_test(test_malformed),  cmocka_unit_test(test_algebra),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
