#include "text/support.h"

#include "text/jsonpath.h"

static const char pods[] =
	"{\"items\":[{\"name\":\"a\",\"ready\":\"True\",\"n\":1,\"p\":[1,2]},"
	"{\"name\":\"b\",\"ready\":\"False\",\"n\":2.50,\"p\":[]},{\"name\":\"c\",\"ready\":"
	"\"True\"}],"
	"\"m\":{\"k.d\":\"v\",\"x/y\":5,\"nil\":null,\"t\":true},\"l\":[10,20,30,40]}";

static void test_printed(void **state)
{
	(void)state;
	static const struct {
		const char *path, *want;
	} cases[] = {
		{"{.items[*].name}", "a b c"},
		{".items[0].name", "a"},
		{"items[-1].name", "c"},
		{"{.l[1:3]}", "20 30"},
		{"{.l[::2]}", "10 30"},
		{"{.l[-2:]}", "30 40"},
		{"{.l[0,3]}", "10 40"},
		{"{.m['k\\.d']} {.m.k\\.d} {.m['x/y']}", "v v 5"},
		{"{.items[?(@.ready==\"True\")].name}", "a c"},
		{"{.items[?(@.ready!='True')].name}", "b"},
		{"{.items[?(@.n)].name}", "a b"},
		{"{.items[?(@.n>1)].name}", "b"},
		{"{.items[?(@.n<=1)].name}", "a"},
		{"{..name}", "a b c"},
		{"{.items[*]['name','ready']}", "a b c True False True"},
		{"{range .items[*]}{.name}={.n}{\"\\n\"}{end}done", "a=1\nb=2.5\nc=\ndone"},
		{"{range .items[*]}{.name}:{range .p[*]}{@};{end},{end}", "a:1;2;,b:,c:,"},
		{"{range .none[*]}x{end}y", "y"},
		{"{.items[0].p}", "[1,2]"},
		{"{.m}", "{\"k.d\":\"v\",\"nil\":null,\"t\":true,\"x/y\":5}"},
		{"{.m.nil} {.m.t} {.m.none}", "null true "},
		{"{'it\\'s \\u00e9'}", "it's \xc3\xa9"},
		{"{$.l[0]}", "10"},
	};
	gt_auto_arena a = {0};
	struct gt_node *doc = json(&a, pods);

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_jsonpath *path;
		gt_auto_buf out = {0};
		struct gt_err err;

		if (gt_jsonpath_parse(&a, gt_str(cases[i].path), &path, &err) < 0 ||
		    gt_jsonpath_print(&a, &out, path, doc, true, &err) < 0)
			fail_msg("%s: %s", cases[i].path, err.text);
		if (strcmp(gt_buf_cstr(&out), cases[i].want) != 0)
			fail_msg("%s: got %s", cases[i].path, gt_buf_cstr(&out));
	}
}

static void test_found(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_node *doc = json(&a, pods), *values;
	struct gt_jsonpath *path;
	struct gt_err err;

	assert_int_equal(
		gt_jsonpath_parse(&a, gt_str(".items[?(@.ready==\"True\")].p"), &path, NULL),
		GT_OK);
	assert_int_equal(gt_jsonpath_find(&a, path, doc, true, &values, NULL), GT_OK);
	expect_json(values, "[[1,2]]");
	assert_ptr_equal(gt_node_item(values, 0),
			 gt_node_at(gt_node_item(gt_node_get(doc, "items"), 0), "p"));
	assert_int_equal(gt_jsonpath_parse(&a, gt_str(".m.none"), &path, NULL), GT_OK);
	assert_int_equal(gt_jsonpath_find(&a, path, doc, true, &values, NULL), GT_OK);
	assert_int_equal(gt_node_count(values), 0);
	assert_int_equal(gt_jsonpath_find(&a, path, doc, false, &values, &err), GT_E_NOT_FOUND);
	assert_string_equal(err.text, "none is not found");
}

static void test_rejected(void **state)
{
	(void)state;
	static const char *const templates[] = {
		"{.a",  "{.a[}",     "{.a[x]}", "{.a[1:2:3:4]}",   "{[?(@.a}", "{[?(@.a)}", "{foo}",
		"{'a}", "{\"\\q\"}", "{....}",  "{.a[?(@.b=!1)]}", "{#}",      "{-}",
	};
	static const char *const runs[] = {"{.l[9]}",      "{.l[3:1]}", "{.m[0]}",
					   "{.m[?(@.a)]}", "{end}",     "{.items[?(@.name>1)]}",
					   "{.l[0:2:0]}"};
	gt_auto_arena a = {0};
	struct gt_node *doc = json(&a, pods);
	struct gt_jsonpath *path;

	for (size_t i = 0; i < GT_COUNT(templates); i++) {
		if (gt_jsonpath_parse(&a, gt_str(templates[i]), &path, NULL) != GT_E_INVALID)
			fail_msg("%s", templates[i]);
	}
	for (size_t i = 0; i < GT_COUNT(runs); i++) {
		gt_auto_buf out = {0};

		assert_int_equal(gt_jsonpath_parse(&a, gt_str(runs[i]), &path, NULL), GT_OK);
		if (gt_jsonpath_print(&a, &out, path, doc, true, NULL) >= 0)
			fail_msg("%s", runs[i]);
	}
}

static int find_once(struct gt_arena *a, struct gt_err *err)
{
	gt_auto_arena in = {0};
	struct gt_node *doc = json(&in, pods), *values;
	struct gt_jsonpath *path;
	int rc = gt_jsonpath_parse(a, gt_str("{.items[?(@.n==1)]['name','n'].p[0:1]..x}"), &path,
				   err);

	return rc < 0 ? rc : gt_jsonpath_find(a, path, doc, true, &values, err);
}

static void test_allocations(void **state)
{
	(void)state;
	fail_each_allocation(find_once);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_printed),
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
