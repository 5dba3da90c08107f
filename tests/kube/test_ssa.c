#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#include "kube/object.h"
#include "kube/ssa.h"
#include "support/fake_api.h"

#define CM "/api/v1/namespaces/ns/configmaps/a"
#define OBJ(meta, data)                                                               \
	"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"," \
	"\"namespace\":\"ns\"" meta "},\"data\":{" data "}}"
#define LIVE(meta, data) OBJ(",\"uid\":\"u\",\"resourceVersion\":\"7\"" meta, data)
#define GET(json)                          \
	{                                  \
		.path = CM, .body = (json) \
	}
#define DRY(json)                                                                               \
	{                                                                                       \
		.method = "PATCH", .path = CM, .query = "dryRun=All&force=true", .body = (json) \
	}
#define STATUS(c, r, m) \
	.status = (c), .body = "{\"kind\":\"Status\",\"reason\":\"" r "\",\"message\":\"" m "\"}"
#define DISCOVERY                                                                               \
	{.path = "/api", .body = "{\"versions\":[\"v1\"]}"}, {.path = "/apis", .body = "{}"},   \
	{                                                                                       \
		.path = "/api/v1", .body = "{\"resources\":[{\"name\":\"configmaps\",\"kind\":" \
					   "\"ConfigMap\",\"namespaced\":true}]}"               \
	}

static const char *const old_annotations[] = {"kubectl.kubernetes.io/last-applied-configuration",
					      NULL};
static const struct gt_ssa_opts defaults = {
	.field_manager = "kustomize-controller",
	.owner_group = "kustomize.toolkit.fluxcd.io",
	.cleanup_annotations = old_annotations,
};

static int setup(void **state)
{
	fake_api_setup(state);
	fake_api_script(((struct fake_fixture *)*state)->api, DISCOVERY);
	return 0;
}

static int plan(struct fake_fixture *f, const char *manifest, const struct gt_ssa_opts *opts,
		struct gt_ssa_entry *e)
{
	return gt_ssa_plan(f->kube, gt_ctx_background(), &f->arena, fake_api_json(f, manifest),
			   opts, e, &f->err);
}

static void expect_plan(struct fake_fixture *f, const char *manifest, enum gt_ssa_action want)
{
	struct gt_ssa_entry e;

	check_ok(plan(f, manifest, &defaults, &e), &f->err);
	if (e.action != want)
		fail_msg("%s, not %s", gt_ssa_action_name(e.action), gt_ssa_action_name(want));
}

static void test_created(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_ssa_entry e;

	fake_api_script(f->api, {.path = CM, STATUS(404, "NotFound", "no")},
			DRY(OBJ("", "\"k\":\"v\"")),
			{.method = "PATCH",
			 .path = CM,
			 .query = "fieldManager=kustomize-controller&force=true",
			 .status = 201,
			 .body = LIVE("", "\"k\":\"v\"")});
	check_ok(plan(f, OBJ("", "\"k\":\"v\""), &defaults, &e), &f->err);
	assert_int_equal(e.action, GT_SSA_CREATED);
	assert_string_equal(gt_ref_text(&f->arena, &e.ref), "ConfigMap/ns/a");
	check_ok(gt_ssa_write(f->kube, gt_ctx_background(), &f->arena, &defaults, &e, &f->err),
		 &f->err);
	assert_string_equal(gt_obj_rv(e.merged), "7");
}

static void test_unchanged_and_configured(void **state)
{
	struct fake_fixture *f = *state;

	fake_api_script(f->api, GET(LIVE(",\"labels\":{}", "\"k\":\"v\"")),
			DRY(LIVE("", "\"k\":\"v\"")), GET(LIVE("", "\"k\":\"v\"")),
			DRY(LIVE("", "\"k\":\"w\"")), GET(LIVE("", "\"k\":\"v\"")),
			DRY(LIVE(",\"labels\":{\"a\":\"b\"}", "\"k\":\"v\"")));
	expect_plan(f, OBJ("", "\"k\":\"v\""), GT_SSA_UNCHANGED);
	expect_plan(f, OBJ("", "\"k\":\"w\""), GT_SSA_CONFIGURED);
	expect_plan(f, OBJ(",\"labels\":{\"a\":\"b\"}", "\"k\":\"v\""), GT_SSA_CONFIGURED);
}

#define POLICY(key, value) \
	",\"annotations\":{\"kustomize.toolkit.fluxcd.io/" key "\":\"" value "\"}"

static void test_skipped(void **state)
{
	struct fake_fixture *f = *state;

	fake_api_script(f->api, {.path = CM, STATUS(404, "NotFound", "no")}, GET(LIVE("", "")),
			GET(LIVE(POLICY("reconcile", "Disabled"), "")),
			{.path = CM, STATUS(404, "NotFound", "no")}, DRY(OBJ("", "")));
	expect_plan(f, OBJ(POLICY("ssa", "ignore"), ""), GT_SSA_SKIPPED);
	expect_plan(f, OBJ(POLICY("ssa", "IfNotPresent"), ""), GT_SSA_SKIPPED);
	expect_plan(f, OBJ("", ""), GT_SSA_SKIPPED);
	/* Not present: applied. */
	expect_plan(f, OBJ(POLICY("ssa", "IfNotPresent"), ""), GT_SSA_CREATED);
}

static void test_errors(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_ssa_entry e;
	static const char *const want[] = {
		"ConfigMap/ns/a dry-run failed (Invalid): bad",
		"ConfigMap/ns/a not found: namespaces \\\"ns\\\" not found",
		"ConfigMap/ns/a dry-run failed (Forbidden): no",
		"Nope/x dry-run failed: no matches for kind \"Nope\" in version \"v1\"",
	};

	fake_api_script(
		f->api, GET(LIVE("", "")),
		{.method = "PATCH", .path = CM, STATUS(422, "Invalid", "bad")}, GET(LIVE("", "")),
		{.method = "PATCH",
		 .path = CM,
		 STATUS(404, "NotFound", "namespaces \\\\\\\"ns\\\\\\\" not found")},
		GET(LIVE("", "")), {.method = "PATCH", .path = CM, STATUS(403, "Forbidden", "no")},
		{.path = "/api/v1", .status = 404, .body = "{}"});
	for (size_t i = 0; i < 3; i++) {
		assert_true(plan(f, OBJ("", ""), &defaults, &e) < 0);
		assert_string_equal(f->err.text, want[i]);
	}
	assert_true(plan(f,
			 "{\"apiVersion\":\"v1\",\"kind\":\"Nope\",\"metadata\":{\"name\":\"x\"}}",
			 &defaults, &e) < 0);
	assert_string_equal(f->err.text, want[3]);
}

/* What cannot be changed is made anew when that is allowed. */
static void test_force(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_ssa_opts forced = defaults;
	struct gt_ssa_entry e;

	forced.force = true;
	fake_api_script(
		f->api, GET(LIVE("", "")),
		{.method = "PATCH", .path = CM, STATUS(422, "Invalid", "field is immutable")},
		{.method = "DELETE", .path = CM, .body = "{}"}, GET(LIVE("", "")),
		{.path = CM, STATUS(404, "NotFound", "no")}, DRY(OBJ("", "")));
	check_ok(plan(f, OBJ("", ""), &forced, &e), &f->err);
	assert_int_equal(e.action, GT_SSA_CREATED);
}

#define FIELDS(manager, operation, fields)                        \
	"{\"manager\":\"" manager "\",\"operation\":\"" operation \
	"\",\"apiVersion\":\"v1\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":{" fields "}}"

/* kubectl's fields become ours, its annotation goes. */
static void test_cleanup(void **state)
{
	struct fake_fixture *f = *state;

	fake_api_script(
		f->api,
		GET(LIVE(",\"annotations\":{\"kubectl.kubernetes.io/"
			 "last-applied-configuration\":\"x\"},\"managedFields\":[" FIELDS(
				 "kustomize-controller", "Apply",
				 "\"f:data\":{\"f:a\":{}}") "," FIELDS("kubectl-client-side-"
								       "apply",
								       "Update",
								       "\"f:data\":{\"f:b\":{}"
								       "}") "," FIELDS("other",
										       "Update",
										       "\"f:"
										       "data\":"
										       "{\"f:"
										       "c\":{}"
										       "}") "]",
			 "")),
		DRY(LIVE("", "")), {.method = "PATCH", .path = CM, .body = LIVE("", "")});
	expect_plan(f, OBJ("", ""), GT_SSA_CONFIGURED);
	const struct fake_request *req = fake_api_request(f->api, 5);
	assert_string_equal(req->content_type, "application/json-patch+json");
	assert_string_equal(
		req->body,
		"[{\"op\":\"remove\",\"path\":\"/metadata/annotations/"
		"kubectl.kubernetes.io~1last-applied-configuration\"},{\"op\":\"replace\",\"path\":"
		"\"/metadata/managedFields\",\"value\":[" FIELDS(
			"other", "Update",
			"\"f:data\":{\"f:c\":{}}") "," FIELDS("kustomize-controller", "Apply",
							      "\"f:data\":{\"f:a\":{},"
							      "\"f:b\":{}}") "]}]");
}

static void test_order(void **state)
{
	static const char *const kinds[] = {"CustomResourceDefinition",
					    "Namespace",
					    "ClusterRole",
					    "IngressClass",
					    "ServiceAccount",
					    "Secret",
					    "Service",
					    "Deployment",
					    "Ingress",
					    "Kustomization",
					    "ValidatingWebhookConfiguration"};
	struct gt_ref refs[GT_COUNT(kinds)];

	(void)state;
	for (size_t i = 0; i < GT_COUNT(kinds); i++)
		refs[i] = (struct gt_ref){{"", "v1", kinds[i]}, "ns", "a"};
	for (size_t i = 0; i + 1 < GT_COUNT(kinds); i++) {
		if (gt_ssa_cmp_ref(&refs[i], &refs[i + 1]) >= 0)
			fail_msg("%s comes after %s", kinds[i], kinds[i + 1]);
	}
}

static void test_stages(void **state)
{
	static const struct {
		const char *api, *kind;
		enum gt_ssa_stage want;
	} cases[] = {
		{"apiextensions.k8s.io/v1", "CustomResourceDefinition", GT_SSA_DEFINITIONS},
		{"v1", "namespace", GT_SSA_DEFINITIONS},
		{"rbac.authorization.k8s.io/v1", "ClusterRole", GT_SSA_DEFINITIONS},
		{"example.io/v1", "Namespace", GT_SSA_REST},
		{"storage.k8s.io/v1", "StorageClass", GT_SSA_CLASSES},
		{"example.io/v1", "Thing", GT_SSA_CUSTOM},
		{"other.io/v1", "Thing", GT_SSA_REST},
		{"v1", "ConfigMap", GT_SSA_REST},
	};
	static const char *const custom[] = {"example.io/Thing", NULL};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_node *obj = gt_node_map(&a);

		gt_node_set_str(&a, obj, "apiVersion", cases[i].api);
		gt_node_set_str(&a, obj, "kind", cases[i].kind);
		if (gt_ssa_stage_of(obj, custom) != cases[i].want)
			fail_msg("%s %s", cases[i].api, cases[i].kind);
	}
}

#define OWNED                                                       \
	",\"labels\":{\"kustomize.toolkit.fluxcd.io/name\":\"ks\"," \
	"\"kustomize.toolkit.fluxcd.io/namespace\":\"ns\"}"

static void test_delete(void **state)
{
	static const char *const exclusions[] = {"kustomize.toolkit.fluxcd.io/prune", "disabled",
						 NULL};
	static const struct gt_ssa_delete_opts opts = {
		.owner_group = "kustomize.toolkit.fluxcd.io",
		.owner_name = "ks",
		.owner_namespace = "ns",
		.exclusions = exclusions,
	};
	static const enum gt_ssa_action want[] = {GT_SSA_DELETED, GT_SSA_DELETED, GT_SSA_SKIPPED,
						  GT_SSA_SKIPPED};
	struct fake_fixture *f = *state;
	struct gt_ref ref = {{"", "v1", "ConfigMap"}, "ns", "a"};

	fake_api_script(f->api, {.path = CM, STATUS(404, "NotFound", "no")}, GET(LIVE(OWNED, "")),
			{.method = "DELETE", .path = CM, .body = "{}"}, GET(LIVE("", "")),
			GET(LIVE(OWNED POLICY("prune", "Disabled"), "")));
	for (size_t i = 0; i < GT_COUNT(want); i++) {
		enum gt_ssa_action got;

		check_ok(gt_ssa_delete(f->kube, gt_ctx_background(), &f->arena, &ref, &opts, &got,
				       &f->err),
			 &f->err);
		assert_int_equal(got, want[i]);
	}
	assert_non_null(strstr(fake_api_request(f->api, 5)->body, "\"uid\":\"u\""));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fake_api_teardown)
	const struct CMUnitTest tests[] = {
		T(test_created),
		T(test_unchanged_and_configured),
		T(test_skipped),
		T(test_errors),
		T(test_force),
		T(test_cleanup),
		T(test_delete),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_stages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
