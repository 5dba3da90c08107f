#include "text/support.h"

#include "base/limits.h"
#include "text/patch.h"

static void test_pointers(void **state)
{
	(void)state;
	static const struct {
		const char *pointer, *want; /* NULL: nothing there */
	} cases[] = {
		{"", "{\"a\":[1,{\"b/c\":2}],\"m~n\":3,\"\":4}"},
		{"/a", "[1,{\"b/c\":2}]"},
		{"/a/1/b~1c", "2"},
		{"/m~0n", "3"},
		{"/", "4"},
		{"/a/2", NULL},
		{"/a/-", NULL},
		{"/a/-1", NULL},
		{"/x/y", NULL},
		{"a", NULL},
	};
	gt_auto_arena a = {0};
	gt_auto_buf buf = {0};
	struct gt_node *doc = json(&a, cases[0].want);

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		const struct gt_node *n = gt_pointer_get(doc, gt_str(cases[i].pointer));

		if (cases[i].want)
			expect_json(n, cases[i].want);
		else
			assert_null(n);
	}
	gt_pointer_escape(&buf, gt_str("a/b~c"));
	assert_string_equal(gt_buf_cstr(&buf), "a~1b~0c");
}

static void test_json_patch(void **state)
{
	(void)state;
	static const struct gt_json_patch_opts plain, negative = {.negative_indices = true},
						      create = {.create_missing = true};
	static const struct {
		const char *doc, *patch, *want;
		const struct gt_json_patch_opts *opts;
	} cases[] = {
		{"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":[2]}]",
		 "{\"a\":1,\"b\":[2]}", &plain},
		{"[1,2]",
		 "[{\"op\":\"add\",\"path\":\"/1\",\"value\":9},"
		 "{\"op\":\"add\",\"path\":\"/-\",\"value\":8}]",
		 "[1,9,2,8]", &plain},
		{"{\"a\":{\"b\":1}}", "[{\"op\":\"remove\",\"path\":\"/a/b\"}]", "{\"a\":{}}",
		 &plain},
		{"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":null}]",
		 "{\"a\":null}", &plain},
		{"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":[]}]", "[]", &plain},
		{"{\"a\":{\"x\":1},\"b\":2}",
		 "[{\"op\":\"move\",\"from\":\"/a/x\",\"path\":\"/c\"}]",
		 "{\"a\":{},\"b\":2,\"c\":1}", &plain},
		{"{\"a\":{\"x\":1}}",
		 "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"},"
		 "{\"op\":\"replace\",\"path\":\"/b/x\",\"value\":2}]",
		 "{\"a\":{\"x\":1},\"b\":{\"x\":2}}", &plain},
		{"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":1.0}]", "{\"a\":1}",
		 &plain},
		{"{\"a\":1}", "[{\"op\":\"test\",\"path\":\"/b\",\"value\":null}]", "{\"a\":1}",
		 &plain},
		{"[1,2,3]", "[{\"op\":\"remove\",\"path\":\"/-1\"}]", "[1,2]", &negative},
		{"[1,2]", "[{\"op\":\"add\",\"path\":\"/-1\",\"value\":3}]", "[1,2,3]", NULL},
		{"{}", "[{\"op\":\"add\",\"path\":\"/a/0/b\",\"value\":1}]", "{\"a\":[{\"b\":1}]}",
		 &create},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_node *doc = json(&a, cases[i].doc), *ops = json(&a, cases[i].patch), *n;
		struct gt_err err;

		if (gt_json_patch(&a, doc, ops, cases[i].opts, &n, &err) < 0)
			fail_msg("%s: %s", cases[i].patch, err.text);
		expect_json(n, cases[i].want);
		expect_json(doc, cases[i].doc); /* the inputs stay as they were */
		expect_json(ops, cases[i].patch);
	}
}

static void test_json_patch_rejected(void **state)
{
	(void)state;
	static const struct {
		const char *patch, *error;
	} cases[] = {
		{"{}", "a JSON patch must be a list, found object"},
		{"[{\"op\":\"remove\",\"path\":\"/zip\"}]",
		 "error in remove for path: '/zip': Unable to remove nonexistent key: zip: missing "
		 "value"},
		{"[{\"op\":\"add\",\"path\":\"/x/y\",\"value\":1}]",
		 "add operation does not apply: doc is missing path: \"/x/y\": missing value"},
		{"[{\"op\":\"test\",\"path\":\"/a\",\"value\":2}]",
		 "testing value /a failed: test failed"},
		{"[{\"op\":\"add\",\"value\":1}]",
		 "add operation failed to decode path: missing value"},
		{"[{\"op\":\"replace\",\"path\":\"/q\",\"value\":2}]",
		 "replace operation does not apply: doc is missing key: /q"},
		{"[{\"op\":\"jump\",\"path\":\"/a\"}]", "Unexpected kind: jump"},
		{"[{\"op\":\"add\",\"path\":\"/l/9\",\"value\":1}]",
		 "error in add for path: '/l/9': Unable to access invalid index: 9: invalid index "
		 "referenced"},
		{"[{\"op\":\"add\",\"path\":\"/l/x\",\"value\":1}]",
		 "error in add for path: '/l/x': value was not a proper array index: 'x'"},
		{"[{\"op\":\"move\",\"from\":\"/m\",\"path\":\"/m/n\"}]",
		 "move operation does not apply: /m cannot move into itself at /m/n"},
		{"[{\"op\":\"add\",\"path\":\"/b\",\"value\":1},{\"op\":\"copy\",\"from\":\"/"
		 "z\",\"path\":\"/c\"}]",
		 "operation 2: copy operation does not apply: doc is missing from path: /z"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_node *doc = json(&a, "{\"a\":1,\"l\":[1],\"m\":{}}"), *n;
		struct gt_err err;

		assert_int_equal(gt_json_patch(&a, doc, json(&a, cases[i].patch), NULL, &n, &err),
				 GT_E_INVALID);
		assert_string_equal(err.text, cases[i].error);
		expect_json(doc, "{\"a\":1,\"l\":[1],\"m\":{}}");
	}
}

/* A patch that doubles the document each time ends at the budget, not at the memory's end. */
static void test_patch_bombs(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	gt_auto_buf text = {0};
	struct gt_node *n;
	struct gt_err err;

	gt_arena_init(&a, GT_MIB(16));
	gt_buf_addc(&text, '[');
	for (int i = 0; i < 60; i++)
		gt_buf_printf(&text, "%s{\"op\":\"copy\",\"from\":\"\",\"path\":\"/k%d\"}",
			      i ? "," : "", i);
	gt_buf_addc(&text, ']');
	assert_int_equal(gt_json_patch(&a, json(&a, "{\"a\":[1,2,3]}"),
				       json(&a, gt_buf_cstr(&text)), NULL, &n, &err),
			 GT_E_BUDGET);

	/* Each move puts the document one level deeper. */
	gt_arena_reset(&a);
	gt_buf_reset(&text);
	gt_buf_addc(&text, '[');
	for (int i = 0; i < GT_LIMIT_DEPTH + 5; i++)
		gt_buf_printf(&text,
			      "%s{\"op\":\"add\",\"path\":\"/n\",\"value\":{}},"
			      "{\"op\":\"move\",\"from\":\"/o\",\"path\":\"/n/o\"},"
			      "{\"op\":\"move\",\"from\":\"/n\",\"path\":\"/o\"}",
			      i ? "," : "");
	gt_buf_addc(&text, ']');
	assert_int_equal(gt_json_patch(&a, json(&a, "{\"o\":{}}"), json(&a, gt_buf_cstr(&text)),
				       NULL, &n, &err),
			 GT_E_BUDGET);
}

static void test_merge_patch(void **state)
{
	(void)state;
	static const struct {
		const char *doc, *patch, *want;
	} cases[] = {
		{"{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}"},
		{"{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}"},
		{"{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}"},
		{"{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
		 "{\"a\":{\"b\":\"d\"}}"},
		{"[\"a\"]", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}"},
		{"{\"a\":1}", "[1]", "[1]"},
		{"{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_node *doc = json(&a, cases[i].doc), *patch = json(&a, cases[i].patch);

		expect_json(gt_merge_patch(&a, doc, patch), cases[i].want);
		expect_json(doc, cases[i].doc);
		expect_json(patch, cases[i].patch);
	}
}

static void test_merge_diff(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *patch; /* NULL: equal */
	} cases[] = {
		{"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1.0}", NULL},
		{"{\"a\":1,\"b\":2}", "{\"b\":3}", "{\"a\":null,\"b\":3}"},
		{"{\"a\":{\"x\":1,\"y\":[1]}}", "{\"a\":{\"x\":1,\"y\":[2]}}",
		 "{\"a\":{\"y\":[2]}}"},
		{"{\"a\":[1]}", "{\"a\":{\"b\":1}}", "{\"a\":{\"b\":1}}"},
		{"{}", "{\"a\":{}}", "{\"a\":{}}"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_node *from = json(&a, cases[i].from), *to = json(&a, cases[i].to);
		struct gt_node *patch = gt_merge_diff(&a, from, to);

		if (!cases[i].patch) {
			assert_null(patch);
			continue;
		}
		expect_json(patch, cases[i].patch);
		assert_true(gt_node_equal(gt_merge_patch(&a, from, patch), to));
	}
}

static int patch_once(struct gt_arena *a, struct gt_err *err)
{
	gt_auto_arena in = {0};
	struct gt_node *doc = json(&in, "{\"a\":{\"b\":[1,2]},\"c\":3}"), *n;
	struct gt_node *ops = json(&in, "[{\"op\":\"add\",\"path\":\"/a/b/0\",\"value\":{\"x\":1}},"
					"{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/d\"},"
					"{\"op\":\"remove\",\"path\":\"/a\"}]");

	return gt_json_patch(a, doc, ops, NULL, &n, err);
}

static int merge_once(struct gt_arena *a, struct gt_err *err)
{
	gt_auto_arena in = {0};
	struct gt_node *x = json(&in, "{\"a\":{\"b\":[1,2]},\"c\":3}"),
		       *y = json(&in, "{\"a\":{\"c\":1}}");

	gt_merge_patch(a, x, y);
	gt_merge_diff(a, x, y);
	return gt_arena_check(a, err);
}

static void test_allocations(void **state)
{
	(void)state;
	fail_each_allocation(patch_once);
	fail_each_allocation(merge_once);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pointers),
		cmocka_unit_test(test_json_patch),
		cmocka_unit_test(test_json_patch_rejected),
		cmocka_unit_test(test_patch_bombs),
		cmocka_unit_test(test_merge_patch),
		cmocka_unit_test(test_merge_diff),
		cmocka_unit_test(test_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
