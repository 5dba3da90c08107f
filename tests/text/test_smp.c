#include "text/support.h"

#include "text/smp.h"

/* As much of the schema of a Deployment as the recorded cases touch. */
struct type {
	const char *name;
	struct {
		const char *name;
		unsigned strategy;
		const char *key;
		const char *type;
	} fields[8];
	const char *element;
};

static const struct type types[] = {
	{"Deployment", {{"metadata", 0, NULL, "Meta"}, {"spec", 0, NULL, "Spec"}}, NULL},
	{"Meta", {{"finalizers", GT_SMP_MERGE, NULL, NULL}}, NULL},
	{"Spec",
	 {{"template", 0, NULL, "Template"}, {"strategy", GT_SMP_RETAIN_KEYS, NULL, NULL}},
	 NULL},
	{"Template", {{"metadata", 0, NULL, "Meta"}, {"spec", 0, NULL, "Pod"}}, NULL},
	{"Pod",
	 {{"containers", GT_SMP_MERGE, "name", "Containers"},
	  {"initContainers", GT_SMP_MERGE, "name", "Containers"},
	  {"volumes", GT_SMP_MERGE | GT_SMP_RETAIN_KEYS, "name", NULL}},
	 NULL},
	{"Containers", {{0}}, "Container"},
	{"Container",
	 {{"env", GT_SMP_MERGE, "name", NULL},
	  {"ports", GT_SMP_MERGE, "containerPort", NULL},
	  {"args", 0, NULL, NULL}},
	 NULL},
};

static const struct type *find_type(const char *name)
{
	for (size_t i = 0; name && i < GT_COUNT(types); i++) {
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	}
	return NULL;
}

static bool get_field(const struct gt_smp_schema *s, const void *type, struct gt_str name,
		      struct gt_smp_field *ret_field)
{
	const struct type *t = type;

	(void)s;
	for (size_t i = 0; i < GT_COUNT(t->fields) && t->fields[i].name; i++) {
		if (!gt_str_is(name, t->fields[i].name))
			continue;
		*ret_field = (struct gt_smp_field){t->fields[i].strategy, t->fields[i].key,
						   find_type(t->fields[i].type)};
		return true;
	}
	return false;
}

static const void *get_element(const struct gt_smp_schema *s, const void *type)
{
	(void)s;
	return find_type(((const struct type *)type)->element);
}

static const struct gt_smp_schema schema = {.field = get_field, .element = get_element};

/* What k8s.io/apimachinery made of the same documents and patches. */
static void test_recorded(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	gt_auto_buf text = {0};
	struct gt_node *cases;

	read_data(&text, "text/smp.json");
	assert_int_equal(gt_json_parse(&a, gt_buf_str(&text), 0, &cases, NULL), GT_OK);
	assert_true(gt_node_count(cases) > 30);
	gt_seq_for_each (cases, c) {
		const char *name = gt_node_cstr(gt_node_get(c, "name"));
		struct gt_node *doc = gt_node_get(c, "doc"), *patch = gt_node_get(c, "patch");
		struct gt_node *before = gt_node_dup(&a, c), *got;
		gt_auto_buf buf = {0};
		struct gt_err err;

		int rc = gt_smp_apply(&a, &schema, &types[0], doc, patch, &got, &err);
		if (gt_node_truth(gt_node_get(c, "error"), false)) {
			if (rc != GT_E_INVALID || !err.http_status)
				fail_msg("%s: must be refused", name);
			continue;
		}
		if (rc < 0)
			fail_msg("%s: %s", name, err.text);
		if (!gt_node_equal(got, gt_node_get(c, "want")))
			fail_msg("%s: got %s", name, show(&buf, got));
		assert_true(gt_node_equal(before, c));
	}
}

static void test_without_schema(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_node *n;

	assert_int_equal(gt_smp_apply(&a, NULL, NULL, json(&a, "{\"a\":{\"b\":1,\"l\":[1]}}"),
				      json(&a, "{\"a\":{\"c\":2,\"l\":[2]}}"), &n, NULL),
			 GT_OK);
	expect_json(n, "{\"a\":{\"b\":1,\"l\":[2],\"c\":2}}");
}

static int apply_once(struct gt_arena *a, struct gt_err *err)
{
	gt_auto_arena in = {0};
	struct gt_node *n;
	struct gt_node *doc =
		json(&in, "{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":"
			  "\"a\",\"env\":[{\"name\":\"X\"}]},{\"name\":\"b\"}]}}},"
			  "\"metadata\":{\"finalizers\":[\"f\"]}}");
	struct gt_node *patch = json(
		&in,
		"{\"spec\":{\"template\":{\"spec\":{\"$setElementOrder/containers\":[{\"name\":"
		"\"b\"},{\"name\":\"a\"}],\"containers\":[{\"name\":\"a\",\"env\":[{\"name\":"
		"\"Y\"}]}]}}},\"metadata\":{\"finalizers\":[\"g\"],\"labels\":{\"a\":null}}}");

	return gt_smp_apply(a, &schema, &types[0], doc, patch, &n, err);
}

static void test_allocations(void **state)
{
	(void)state;
	fail_each_allocation(apply_once);
}

/* Two lists of many items are matched by hash. */
static void test_large(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	gt_auto_buf text = {0};
	struct gt_node *n;

	gt_buf_adds(&text, "{\"spec\":{\"template\":{\"spec\":{\"containers\":[");
	for (int i = 0; i < 30000; i++)
		gt_buf_printf(&text, "%s{\"name\":\"c%d\"}", i ? "," : "", i);
	gt_buf_adds(&text, "]}}}}");
	struct gt_node *doc = json(&a, gt_buf_cstr(&text));
	assert_int_equal(
		gt_smp_apply(&a, &schema, &types[0], doc, json(&a, gt_buf_cstr(&text)), &n, NULL),
		GT_OK);
	assert_true(gt_node_equal(n, doc));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_without_schema),
		cmocka_unit_test(test_allocations),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
