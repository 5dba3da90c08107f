/* Defaults of the spec's fields, and the fields that are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/time.h"
#include "ks.h"
#include "text/json.h"

static struct gt_node *object(struct gt_arena *a, const char *spec)
{
	const char *text = gt_arena_printf(
		a,
		"{\"kind\":\"Kustomization\",\"metadata\":{\"name\":\"x\",\"namespace\":\"ns\"},"
		"\"spec\":%s}",
		spec);
	struct gt_node *obj;

	assert_int_equal(gt_json_parse(a, gt_str(text), 0, &obj, NULL), GT_OK);
	return obj;
}

static void test_durations(void **state)
{
	static const struct {
		const char *spec;
		int64_t interval, retry, timeout;
	} cases[] = {
		{"{\"interval\":\"10m\"}", 600, 600, 570},
		{"{\"interval\":\"10m\",\"retryInterval\":\"2m\"}", 600, 120, 570},
		{"{\"interval\":\"10s\"}", 10, 10, 30},
		{"{\"interval\":\"10m\",\"timeout\":\"5s\"}", 600, 600, 30},
		{"{\"interval\":\"10m\",\"timeout\":\"20m\"}", 600, 600, 1200},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_node *obj = object(&a, cases[i].spec);

		assert_int_equal(ks_interval(obj) / GT_NS_PER_S, cases[i].interval);
		assert_int_equal(ks_retry_interval(obj) / GT_NS_PER_S, cases[i].retry);
		assert_int_equal(ks_timeout(obj) / GT_NS_PER_S, cases[i].timeout);
	}
}

static void test_source(void **state)
{
	gt_auto_arena a = {0};
	struct gt_node *own = object(&a, "{\"sourceRef\":{\"kind\":\"Bucket\",\"name\":\"b\"}}");
	struct gt_node *other = object(
		&a,
		"{\"sourceRef\":{\"kind\":\"GitRepository\",\"name\":\"g\",\"namespace\":\"o\"}}");

	(void)state;
	assert_string_equal(ks_source_ref(own).ns, "ns");
	assert_string_equal(ks_source_text(&a, own, false), "Bucket/b");
	assert_string_equal(ks_source_text(&a, own, true), "Bucket/ns/b");
	assert_string_equal(ks_source_text(&a, other, false), "GitRepository/o/g");
}

static void test_refused(void **state)
{
	static const struct {
		const char *spec, *field; /* NULL: taken */
	} cases[] = {
		{"{\"prune\":true,\"wait\":true,\"serviceAccountName\":\"sa\"}", NULL},
		{"{\"decryption\":{\"provider\":\"sops\"}}", "spec.decryption"},
		{"{\"kubeConfig\":{\"secretRef\":{\"name\":\"x\"}}}", "spec.kubeConfig"},
		{"{\"postBuild\":{\"substitute\":{\"a\":\"b\"}}}", "spec.postBuild"},
		{"{\"healthCheckExprs\":[{\"kind\":\"X\"}]}", "spec.healthCheckExprs"},
		{"{\"healthCheckExprs\":[]}", NULL},
		{"{\"dependsOn\":[{\"name\":\"a\"},{\"name\":\"b\",\"readyExpr\":\"true\"}]}",
		 "spec.dependsOn[].readyExpr"},
		{"{\"dependsOn\":[{\"name\":\"a\"}]}", NULL},
		{"{\"ignore\":[{\"paths\":[\"/spec/replicas\"]}]}", "spec.ignore"},
	};
	size_t rows = 0, seen = 0;

	(void)state;
	while (ks_unsupported[rows].field)
		rows++;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		const struct gt_unsupported *row =
			gt_unsupported_find(ks_unsupported, object(&a, cases[i].spec));

		if (!cases[i].field) {
			assert_null(row);
			continue;
		}
		seen++;
		assert_non_null(row);
		assert_string_equal(row->field, cases[i].field);
	}
	assert_int_equal(seen, rows); /* a row without a case here is a row without a test */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_source),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
