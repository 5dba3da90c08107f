#include "support/check.h"

#include <stdio.h>
#include <string.h>

#include "api/kinds.h"
#include "kube/discovery.h"
#include "kube/object.h"
#include "kube/watch.h"
#include "support/fake_api.h"

#define CM "/api/v1/namespaces/ns/configmaps"

static void test_get(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_node *obj;

	fake_api_script(f->api, {.path = CM "/a", .body = "{\"metadata\":{\"name\":\"a\"}}"});
	check_ok(gt_kube_get(f->kube, gt_ctx_background(), &f->arena, &gt_res_config_map, "ns", "a",
			     &obj, &f->err),
		 &f->err);
	assert_string_equal(gt_obj_name(obj), "a");
	assert_string_equal(fake_api_request(f->api, 0)->accept, "application/json");
}

static void test_typed_errors(void **state)
{
	struct fake_fixture *f = *state;
	static const struct {
		int status;
		const char *body;
		enum gt_code code;
		const char *reason, *text;
	} cases[] = {
		{404,
		 "{\"kind\":\"Status\",\"reason\":\"NotFound\",\"message\":\"configmaps \\\"a\\\" "
		 "not found\",\"code\":404}",
		 GT_E_NOT_FOUND, "NotFound", "configmaps \"a\" not found"},
		{404, "404 page not found", GT_E_NOT_FOUND, "NotFound",
		 "the server could not find the requested resource"},
		{409, "{\"kind\":\"Status\",\"reason\":\"AlreadyExists\",\"message\":\"m\"}",
		 GT_E_EXISTS, "AlreadyExists", "m"},
		{409, "{\"kind\":\"Status\",\"reason\":\"Conflict\",\"message\":\"m\"}",
		 GT_E_CONFLICT, "Conflict", "m"},
		{410, "{\"kind\":\"Status\",\"reason\":\"Expired\",\"message\":\"m\"}", GT_E_GONE,
		 "Expired", "m"},
		{422, "{\"kind\":\"Status\",\"reason\":\"Invalid\",\"message\":\"m\"}",
		 GT_E_INVALID, "Invalid", "m"},
		{403, "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":\"m\"}",
		 GT_E_FORBIDDEN, "Forbidden", "m"},
		{401, "{}", GT_E_AUTH, "Unauthorized",
		 "the server has asked for the client to provide credentials"},
		{429, "{}", GT_E_THROTTLED, "TooManyRequests",
		 "the server has received too many requests and has asked us to try again "
		 "later"},
		{500, "{\"kind\":\"Status\",\"reason\":\"InternalError\",\"message\":\"m\"}",
		 GT_E_UNAVAILABLE, "InternalError", "m"},
		{504, "{}", GT_E_TIMEOUT, "Timeout",
		 "the server was unable to return a response in the time allotted"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_node *obj;
		fake_api_script(
			f->api,
			{.path = CM "/a", .status = cases[i].status, .body = cases[i].body});
		check_fails(gt_kube_get(f->kube, gt_ctx_background(), &f->arena, &gt_res_config_map,
					"ns", "a", &obj, &f->err),
			    cases[i].code);
		assert_int_equal(f->err.http_status, cases[i].status);
		assert_string_equal(f->err.reason, cases[i].reason);
		assert_string_equal(f->err.text, cases[i].text);
	}
}

/* Throttled with Retry-After: asked again; a broken connection: a read is, too. */
static void test_retries(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_node *obj;

	fake_api_script(f->api,
			{.path = CM "/a", .status = 429, .body = "{}", .header = "Retry-After: 0"},
			{.path = CM "/a", .status = 503, .body = "{}", .header = "Retry-After: 0"},
			{.path = CM "/a", .body = "{\"metadata\":{\"name\":\"a\"}}"},
			{.path = CM "/b", .drop = true},
			{.path = CM "/b", .body = "{\"metadata\":{\"name\":\"b\"}}"});
	check_ok(gt_kube_get(f->kube, gt_ctx_background(), &f->arena, &gt_res_config_map, "ns", "a",
			     &obj, &f->err),
		 &f->err);
	assert_int_equal(fake_api_count(f->api), 3);
	check_ok(gt_kube_get(f->kube, gt_ctx_background(), &f->arena, &gt_res_config_map, "ns", "b",
			     &obj, &f->err),
		 &f->err);
	assert_string_equal(gt_obj_name(obj), "b");
}

static void test_bad_names(void **state)
{
	struct fake_fixture *f = *state;
	static const char *const names[] = {"", ".", "..", "a/b", "a%2fb"};
	struct gt_node *obj;

	for (size_t i = 0; i < GT_COUNT(names); i++)
		check_fails(gt_kube_get(f->kube, gt_ctx_background(), &f->arena, &gt_res_config_map,
					"ns", names[i], &obj, &f->err),
			    GT_E_INVALID);
	check_fails(gt_kube_get(f->kube, gt_ctx_background(), &f->arena, &gt_res_config_map, "..",
				"a", &obj, &f->err),
		    GT_E_INVALID);
	assert_int_equal(fake_api_count(f->api), 0);
}

static void test_list_pages(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_list_opts opts = {.label_selector = "a=b,c"};
	struct gt_node *list;

	fake_api_script(
		f->api,
		{.path = CM,
		 .query = "labelSelector=a%3Db%2Cc",
		 .body = "{\"metadata\":{\"continue\":\"t/"
			 "1\",\"resourceVersion\":\"5\"},\"items\":["
			 "{\"metadata\":{\"name\":\"a\"}}]}"},
		{.path = CM,
		 .query = "continue=t%2F1",
		 .body = "{\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[{\"metadata\":{"
			 "\"name\":\"b\"}}]}"});
	check_ok(gt_kube_list(f->kube, gt_ctx_background(), &f->arena, &gt_res_config_map, "ns",
			      &opts, &list, &f->err),
		 &f->err);
	const struct gt_node *items = gt_node_get(list, "items");
	assert_int_equal(gt_node_count(items), 2);
	assert_string_equal(gt_obj_name(gt_node_item(items, 1)), "b");
	/* Items of built-in lists come without a kind. */
	assert_string_equal(gt_obj_kind(gt_node_item(items, 0)), "ConfigMap");
	assert_string_equal(gt_obj_api_version(gt_node_item(items, 0)), "v1");
}

static void test_list_continuation_expired(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_node *list;

	fake_api_script(
		f->api,
		{.path = CM,
		 .query = "limit=500",
		 .body = "{\"metadata\":{\"continue\":\"t\"},\"items\":[{\"metadata\":{\"name\":"
			 "\"a\"}}]}"},
		{.path = CM,
		 .query = "continue=t",
		 .status = 410,
		 .body = "{\"kind\":\"Status\",\"reason\":\"Expired\",\"message\":\"old\"}"},
		{.path = CM,
		 .body = "{\"metadata\":{},\"items\":[{\"metadata\":{\"name\":\"a\"}},{"
			 "\"metadata\":{\"name\":\"b\"}}]}"});
	check_ok(gt_kube_list(f->kube, gt_ctx_background(), &f->arena, &gt_res_config_map, "ns",
			      NULL, &list, &f->err),
		 &f->err);
	assert_int_equal(gt_node_count(gt_node_get(list, "items")), 2);
	assert_null(strstr(fake_api_request(f->api, 2)->query, "limit="));
}

static void test_writes(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_node *obj =
		fake_api_json(f, "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{"
				 "\"name\":\"a\",\"namespace\":\"ns\"}}");
	struct gt_write_opts apply = {.field_manager = "kc", .force = true, .dry_run = true};
	struct gt_write_opts status = {.subresource = "status"};
	struct gt_delete_opts del = {.propagation = "Background", .uid = "u-1"};
	struct gt_node *out;

	fake_api_script(f->api,
			{.method = "POST",
			 .path = CM,
			 .status = 201,
			 .body = "{\"metadata\":{\"name\":\"a\"}}"},
			{.method = "PATCH",
			 .path = CM "/a",
			 .query = "fieldManager=kc&dryRun=All&force=true",
			 .body = "{\"metadata\":{\"name\":\"a\"}}"},
			{.method = "PUT",
			 .path = CM "/a/status",
			 .body = "{\"metadata\":{\"name\":\"a\"}}"},
			{.method = "DELETE", .path = CM "/a", .body = "{}"});
	struct gt_ctx *ctx = gt_ctx_background();
	check_ok(gt_kube_create(f->kube, ctx, &f->arena, &gt_res_config_map, obj, NULL, &out,
				&f->err),
		 &f->err);
	check_ok(gt_kube_apply(f->kube, ctx, &f->arena, &gt_res_config_map, obj, &apply, &out,
			       &f->err),
		 &f->err);
	check_ok(gt_kube_update(f->kube, ctx, &f->arena, &gt_res_config_map, obj, &status, &out,
				&f->err),
		 &f->err);
	check_ok(gt_kube_delete(f->kube, ctx, &gt_res_config_map, "ns", "a", &del, &f->err),
		 &f->err);
	assert_string_equal(fake_api_request(f->api, 0)->query, "fieldManager=tester");
	assert_string_equal(fake_api_request(f->api, 1)->content_type,
			    "application/apply-patch+yaml");
	assert_string_equal(fake_api_request(f->api, 3)->body,
			    "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
			    "\"propagationPolicy\":\"Background\",\"preconditions\":{\"uid\":"
			    "\"u-1\"}}");
}

static void test_impersonation(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_kube *as = gt_kube_as(f->kube, "system:serviceaccount:ns:sa");
	struct gt_node *obj;

	fake_api_script(f->api, {.path = CM "/a", .sticky = true, .body = "{}"});
	check_ok(gt_kube_get(as, gt_ctx_background(), &f->arena, &gt_res_config_map, "ns", "a",
			     &obj, &f->err),
		 &f->err);
	check_ok(gt_kube_get(f->kube, gt_ctx_background(), &f->arena, &gt_res_config_map, "ns", "a",
			     &obj, &f->err),
		 &f->err);
	assert_string_equal(fake_api_request(f->api, 0)->impersonate,
			    "system:serviceaccount:ns:sa");
	assert_string_equal(fake_api_request(f->api, 1)->impersonate, "");
	assert_int_equal(gt_kube_cluster_id(as), gt_kube_cluster_id(f->kube));
	gt_kube_unref(as);
}

/* --- discovery ------------------------------------------------------------------------------- */

#define AGGREGATED "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

static const char core_groups[] =
	"{\"kind\":\"APIGroupDiscoveryList\",\"items\":[{\"metadata\":{},\"versions\":[{"
	"\"version\":\"v1\",\"resources\":[{\"resource\":\"pods\",\"responseKind\":{\"kind\":"
	"\"Pod\"},\"scope\":\"Namespaced\",\"singularResource\":\"pod\",\"shortNames\":[\"po\"],"
	"\"verbs\":[\"get\"]}]}]}]}";
static const char other_groups[] =
	"{\"kind\":\"APIGroupDiscoveryList\",\"items\":[{\"metadata\":{\"name\":\"apps\"},"
	"\"versions\":[{\"version\":\"v1\",\"resources\":[{\"resource\":\"deployments\","
	"\"responseKind\":{\"group\":\"apps\",\"version\":\"v1\",\"kind\":\"Deployment\"},"
	"\"scope\":\"Namespaced\",\"singularResource\":\"deployment\"}]}]}]}";

static void test_discovery_aggregated(void **state)
{
	struct fake_fixture *f = *state;
	const struct gt_resource *r;

	fake_api_script(f->api, {.path = "/api", .body = core_groups, .type = AGGREGATED},
			{.path = "/apis", .body = other_groups, .type = AGGREGATED});
	check_ok(gt_kube_resource(f->kube, gt_ctx_background(),
				  (struct gt_gvk){"apps", "v1", "Deployment"}, &r, &f->err),
		 &f->err);
	assert_string_equal(r->plural, "deployments");
	assert_true(r->namespaced);
	check_ok(gt_kube_resource_named(f->kube, gt_ctx_background(), "po", &r, &f->err), &f->err);
	assert_string_equal(r->kind, "Pod");
	check_ok(gt_kube_resource_named(f->kube, gt_ctx_background(), "deployments.v1.apps", &r,
					&f->err),
		 &f->err);
	assert_int_equal(fake_api_count(f->api), 2);
}

/* A kind that is not there is looked for again, in its group-version only. */
static void test_discovery_miss(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_gvk gvk = {"x.io", "v1", "Thing"};
	const struct gt_resource *r;

	fake_api_script(f->api, {.path = "/api", .body = core_groups, .type = AGGREGATED},
			{.path = "/apis", .body = other_groups, .type = AGGREGATED},
			{.path = "/apis/x.io/v1", .status = 404, .body = "{}"},
			{.path = "/apis/x.io/v1",
			 .body = "{\"resources\":[{\"name\":\"things\",\"kind\":\"Thing\","
				 "\"namespaced\":false},{\"name\":\"things/status\",\"kind\":"
				 "\"Thing\"}]}"});
	for (int i = 0; i < 2; i++) {
		check_fails(gt_kube_resource(f->kube, gt_ctx_background(), gvk, &r, &f->err),
			    GT_E_NOT_FOUND);
		assert_true(gt_err_is_no_match(&f->err));
		assert_string_equal(f->err.text,
				    "no matches for kind \"Thing\" in version \"x.io/v1\"");
	}
	check_ok(gt_kube_resource(f->kube, gt_ctx_background(), gvk, &r, &f->err), &f->err);
	assert_string_equal(r->plural, "things");
	assert_false(r->namespaced);
	assert_int_equal(fake_api_count(f->api), 4);
}

static void test_discovery_legacy(void **state)
{
	struct fake_fixture *f = *state;
	const struct gt_resource *r;

	fake_api_script(
		f->api, {.path = "/api", .body = "{\"versions\":[\"v1\"]}"},
		{.path = "/api/v1",
		 .body = "{\"resources\":[{\"name\":\"pods\",\"kind\":\"Pod\",\"namespaced\":true}"
			 "]}"},
		{.path = "/apis",
		 .body = "{\"groups\":[{\"name\":\"bad.io\",\"versions\":[{\"version\":\"v1\"}]},{"
			 "\"name\":\"apps\",\"versions\":[{\"version\":\"v1\"}]}]}"},
		{.path = "/apis/bad.io/v1", .status = 503, .body = "{}"},
		{.path = "/apis/apps/v1",
		 .body = "{\"resources\":[{\"name\":\"deployments\",\"kind\":\"Deployment\","
			 "\"namespaced\":true}]}"});
	check_ok(gt_kube_resource(f->kube, gt_ctx_background(),
				  (struct gt_gvk){"apps", "", "Deployment"}, &r, &f->err),
		 &f->err);
	assert_string_equal(r->version, "v1");
}

/* --- watches --------------------------------------------------------------------------------- */

struct seen {
	size_t n;
	enum gt_event_type types[8];
	char names[8][32];
	size_t stop_at;
};

static int note(void *arg, enum gt_event_type type, struct gt_node *obj, struct gt_err *err)
{
	struct seen *s = arg;

	(void)err;
	s->types[s->n] = type;
	snprintf(s->names[s->n], sizeof s->names[0], "%s", gt_obj_name(obj));
	return ++s->n == s->stop_at ? 1 : 0;
}

static void test_watch_each(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_watch_opts opts = {.resource_version = "7"};
	struct seen s = {.stop_at = 2};

	fake_api_script(
		f->api,
		{.path = CM,
		 .query = "resourceVersion=7",
		 .watch = true,
		 .body = "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"a\"}}}"
			 "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"name\":\"b\"}}}"});
	int rc = gt_watch_each(f->kube, gt_ctx_background(), &gt_res_config_map, "ns", &opts, note,
			       &s, &f->err);
	assert_int_equal(rc, 1);
	assert_int_equal(s.types[0], GT_EVENT_ADDED);
	assert_int_equal(s.types[1], GT_EVENT_DELETED);
	assert_string_equal(s.names[1], "b");
}

static void test_watch_errors(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_watch_opts opts = {0};
	struct seen s = {0};

	fake_api_script(
		f->api,
		{.path = CM,
		 .body = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,"
			 "\"reason\":\"Expired\",\"message\":\"too old\"}}"},
		{.path = CM, .status = 403, .body = "{\"kind\":\"Status\",\"message\":\"no\"}"},
		{.path = CM, .body = "{\"type\":\"ADDED\",\"object\":{\"metadata\":"},
		{.path = CM, .body = "{\"type\":\"WHAT\",\"object\":{}}"},
		{.path = CM, .body = ""});
	static const enum gt_code want[] = {GT_E_GONE, GT_E_FORBIDDEN, GT_E_UNAVAILABLE,
					    GT_E_INVALID, GT_OK};
	for (size_t i = 0; i < GT_COUNT(want); i++) {
		int rc = gt_watch_each(f->kube, gt_ctx_background(), &gt_res_config_map, "ns",
				       &opts, note, &s, &f->err);
		if (rc != want[i])
			fail_msg("case %zu: %s (%s)", i, gt_code_name(rc), f->err.text);
	}
	assert_int_equal(s.n, 0);
}

static void test_watch_cancelled(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_watch_opts opts = {0};
	struct seen s = {0};
	gt_auto_ctx ctx;

	fake_api_script(f->api, {.path = CM, .watch = true});
	gt_ctx_init(&ctx, NULL, 20000000);
	check_fails(
		gt_watch_each(f->kube, &ctx, &gt_res_config_map, "ns", &opts, note, &s, &f->err),
		GT_E_TIMEOUT);
}

static void test_unreachable(void **state)
{
	struct fake_fixture *f = *state;
	struct gt_rest_config config = {.server = (char *)(uintptr_t) "http://127.0.0.1:1"};
	struct gt_kube *kube;
	struct gt_node *obj;

	check_ok(gt_kube_new(fake_api_loop(f->api), &config, NULL, &kube, &f->err), &f->err);
	check_fails(gt_kube_get(kube, gt_ctx_background(), &f->arena, &gt_res_config_map, "ns", "a",
				&obj, &f->err),
		    GT_E_UNAVAILABLE);
	assert_non_null(strstr(f->err.text, "http://127.0.0.1:1" CM "/a"));
	gt_kube_unref(kube);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_api_setup, fake_api_teardown)
	const struct CMUnitTest tests[] = {
		T(test_get),
		T(test_typed_errors),
		T(test_retries),
		T(test_bad_names),
		T(test_list_pages),
		T(test_list_continuation_expired),
		T(test_writes),
		T(test_impersonation),
		T(test_discovery_aggregated),
		T(test_discovery_miss),
		T(test_discovery_legacy),
		T(test_watch_each),
		T(test_watch_errors),
		T(test_watch_cancelled),
		T(test_unreachable),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
