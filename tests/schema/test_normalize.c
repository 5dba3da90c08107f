#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/load.h"
#include "schema/normalize.h"
#include "schema/schema.h"
#include "text/json.h"

static struct gt_node *parse(struct gt_arena *a, const char *text)
{
	struct gt_node *n = NULL;
	struct gt_err err = {0};

	if (gt_json_parse(a, gt_str(text), 0, &n, &err) < 0)
		fail_msg("%s in %s", err.text, text);
	return n;
}

static void fail_difference(const char *what, const struct gt_node *got, const struct gt_node *want)
{
	gt_auto_buf out = {0};

	gt_json_write(&out, got, GT_JSON_SORTED, 0);
	gt_buf_adds(&out, "\nbut want\n");
	gt_json_write(&out, want, GT_JSON_SORTED, 0);
	fail_msg("%s: got\n%s", what, gt_buf_cstr(&out));
}

static bool find_type(struct gt_arena *a, const struct gt_node *obj, struct gt_schema_kind *k)
{
	const char *v = gt_node_cstr_at(obj, "apiVersion");
	const char *slash = v ? strchr(v, '/') : NULL;
	const char *group = slash ? gt_arena_strndup(a, v, (size_t)(slash - v)) : "";

	return v && gt_schema_find_kind(gt_schema_get(GT_SCHEMA_K8S), group, slash ? slash + 1 : v,
					gt_node_cstr_at(obj, "kind"), k);
}

static void check_line(const char *line)
{
	gt_auto_arena a = {0};
	struct gt_node *both = parse(&a, line), *got = NULL;
	const struct gt_node *in = gt_node_get(both, "in"), *want = gt_node_get(both, "out");
	struct gt_schema_kind k;
	struct gt_err err = {0};

	if (!find_type(&a, in, &k))
		fail_msg("no type for %.200s", line);
	int rc = gt_typed_round_trip(&a, k.type, in, &got, &err);
	if (gt_node_is_null(want)) {
		if (rc == GT_OK)
			fail_msg("converted what client-go refuses: %s", line);
		return;
	}
	if (rc < 0)
		fail_msg("%s: %s", err.text, line);
	if (!gt_node_equal(got, want))
		fail_difference(line, got, want);
}

/* Lines {"in", "out"} made with client-go; an extra file may be named by GT_ROUND_TRIPS. */
static void check_file(const char *path)
{
	struct gt_buf text = load_file(path);
	char *line = text.p;

	assert_true(text.n > 0);
	for (char *end; line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		check_line(line);
	}
	gt_buf_fini(&text);
}

static void test_round_trips(void **state)
{
	(void)state;
	check_file(TEST_DATA "/schema/round_trip.jsonl");
	if (getenv("GT_ROUND_TRIPS"))
		check_file(getenv("GT_ROUND_TRIPS"));
}

static void test_normalize(void **state)
{
	(void)state;
	static const struct {
		const char *name, *in, *want;
	} cases[] = {
		{"a custom resource keeps what it has",
		 "{\"apiVersion\":\"example.com/"
		 "v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"t\"},"
		 "\"spec\":{\"cpu\":\"1000m\",\"empty\":\"\"},\"status\":{\"x\":1}}",
		 "{\"apiVersion\":\"example.com/"
		 "v1\",\"kind\":\"Thing\",\"metadata\":{\"name\":\"t\","
		 "\"creationTimestamp\":null},\"spec\":{\"cpu\":\"1000m\",\"empty\":\"\"}}"},
		{"a definition keeps its status",
		 "{\"apiVersion\":\"apiextensions.k8s.io/"
		 "v1\",\"kind\":\"CustomResourceDefinition\","
		 "\"status\":{\"x\":1},\"spec\":{\"unknown\":1}}",
		 "{\"apiVersion\":\"apiextensions.k8s.io/"
		 "v1\",\"kind\":\"CustomResourceDefinition\","
		 "\"status\":{\"x\":1},\"spec\":{\"unknown\":1},"
		 "\"metadata\":{\"creationTimestamp\":null}}"},
		{"a role stays as it is",
		 "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"ClusterRole\","
		 "\"status\":1}",
		 "{\"apiVersion\":\"rbac.authorization.k8s.io/v1\",\"kind\":\"ClusterRole\","
		 "\"status\":1}"},
		{"stringData wins over data",
		 "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\"},"
		 "\"data\":{\"a\":\"eA==\",\"b\":\"eQ==\"},\"stringData\":{\"a\":\"z\"}}",
		 "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\","
		 "\"creationTimestamp\":null},\"data\":{\"a\":\"eg==\",\"b\":\"eQ==\"}}"},
		{"a Secret that is no base64 stays raw",
		 "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\"},"
		 "\"data\":{\"a\":\"%\"},\"stringData\":{\"a\":\"z\"}}",
		 "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"s\","
		 "\"creationTimestamp\":null},\"data\":{\"a\":\"%\"},\"stringData\":{\"a\":\"z\"}"
		 "}"},
		{"Service ports get a protocol",
		 "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"s\"},"
		 "\"spec\":"
		 "{\"ports\":[{\"port\":80,\"unknown\":1},{\"port\":53,\"protocol\":\"UDP\"}]}}",
		 "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"s\","
		 "\"creationTimestamp\":null},\"spec\":{\"ports\":[{\"port\":80,\"targetPort\":0,"
		 "\"protocol\":\"TCP\"},{\"port\":53,\"targetPort\":0,\"protocol\":\"UDP\"}]}}"},
		{"container ports too, those of init containers do not",
		 "{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"c\"},"
		 "\"spec\":{\"schedule\":\"x\",\"jobTemplate\":{\"spec\":{\"template\":{\"spec\":"
		 "{\"initContainers\":[{\"name\":\"i\",\"ports\":[{\"containerPort\":1}]}],"
		 "\"containers\":[{\"name\":\"c\",\"ports\":[{\"containerPort\":1}],\"resources\":"
		 "{\"limits\":{\"cpu\":0.5,\"memory\":\"1024Mi\"}}}]}}}}}}",
		 "{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"metadata\":{\"name\":\"c\","
		 "\"creationTimestamp\":null},\"spec\":{\"schedule\":\"x\",\"jobTemplate\":"
		 "{\"metadata\":{},\"spec\":{\"template\":{\"metadata\":{},\"spec\":{"
		 "\"initContainers\":[{\"name\":\"i\",\"resources\":{},\"ports\":[{"
		 "\"containerPort\":1}]}],\"containers\":[{\"name\":\"c\",\"ports\":[{"
		 "\"containerPort\":1,\"protocol\":\"TCP\"}],\"resources\":{\"limits\":{"
		 "\"cpu\":\"500m\",\"memory\":\"1Gi\"}}}]}}}}}}"},
		{"what does not convert stays raw",
		 "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"spec\":{\"replicas\":\"3\","
		 "\"unknown\":1}}",
		 "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"spec\":{\"replicas\":\"3\","
		 "\"unknown\":1},\"metadata\":{\"creationTimestamp\":null}}"},
		{"versions that nobody serves any more are typed as well",
		 "{\"apiVersion\":\"policy/v1beta1\",\"kind\":\"PodDisruptionBudget\",\"metadata\":"
		 "{\"name\":\"p\"},\"spec\":{\"minAvailable\":1,\"unknown\":1},\"status\":{}}",
		 "{\"apiVersion\":\"policy/v1beta1\",\"kind\":\"PodDisruptionBudget\",\"metadata\":"
		 "{\"name\":\"p\",\"creationTimestamp\":null},\"spec\":{\"minAvailable\":1}}"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		gt_auto_arena a = {0};
		struct gt_node *obj = parse(&a, cases[i].in), *want = parse(&a, cases[i].want);

		assert_int_equal(gt_normalize(&a, obj, NULL), GT_OK);
		if (!gt_node_equal(obj, want))
			fail_difference(cases[i].name, obj, want);
	}
}

static void test_errors_name_the_field(void **state)
{
	(void)state;
	static const struct {
		const char *spec, *text;
	} cases[] = {
		{"{\"replicas\":\"3\"}", "spec: replicas: cannot restore an integer from string"},
		{"{\"replicas\":3000000000}", "spec: replicas: 3000000000 does not fit"},
		{"{\"replicas\":1.5}", "spec: replicas: cannot restore an integer"},
		{"{\"template\":{\"spec\":{\"containers\":[{},{\"resources\":{\"limits\":{\"cpu\":"
		 "\"one\"}}}]}}}",
		 "spec: template: spec: containers: item 1: resources: limits: cpu: quantities "
		 "must"},
		{"{\"selector\":[]}", "spec: selector: cannot restore a struct from"},
	};
	struct gt_schema_kind k;

	assert_true(
		gt_schema_find_kind(gt_schema_get(GT_SCHEMA_K8S), "apps", "v1", "Deployment", &k));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		gt_auto_arena a = {0};
		struct gt_node *obj = gt_node_map(&a), *out = NULL;
		struct gt_err err = {0};

		gt_node_set(&a, obj, "spec", parse(&a, cases[i].spec));
		assert_int_equal(gt_typed_round_trip(&a, k.type, obj, &out, &err), GT_E_INVALID);
		if (!strstr(err.text, cases[i].text))
			fail_msg("got %s, want %s", err.text, cases[i].text);
	}
}

static void test_every_allocation_fails(void **state)
{
	(void)state;
	static const char text[] =
		"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"a\":\"eA==\"},"
		"\"stringData\":{\"a\":\"z\"}}";
	bool done = false;

	for (uint64_t n = 1; !done && n < 10000; n++) {
		gt_auto_arena own = {0};
		struct gt_node *obj = parse(&own, text);
		gt_auto_arena a = {.fail_after = n};
		int rc = gt_normalize(&a, obj, NULL);

		done = rc == GT_OK;
		if (!done)
			assert_int_equal(rc, GT_E_BUDGET);
	}
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_normalize),
		cmocka_unit_test(test_errors_name_the_field),
		cmocka_unit_test(test_every_allocation_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
