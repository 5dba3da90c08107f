#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#include "api/kinds.h"
#include "kube/conditions.h"
#include "kube/object.h"
#include "kube/patch_helper.h"
#include "support/fake_api.h"
#include "text/json.h"

#define CM "/api/v1/namespaces/ns/configmaps/a"
#define COND(type, status, reason)                                              \
	"{\"type\":\"" type "\",\"status\":\"" status "\",\"reason\":\"" reason \
	"\",\"message\":\"m\",\"lastTransitionTime\":\"2026-01-01T00:00:00Z\"}"
#define OBJ(rv, conditions)                                                                      \
	"{\"metadata\":{\"name\":\"a\",\"namespace\":\"ns\",\"generation\":3,"                   \
	"\"resourceVersion\":\"" rv "\",\"finalizers\":[\"x\"]},\"spec\":{\"a\":1},\"status\":{" \
	"\"conditions\":[" conditions "]}}"
#define CONFLICT                                                                              \
	{                                                                                     \
		.method = "PATCH", .path = CM "/status", .status = 409,                       \
		.body = "{\"kind\":\"Status\",\"reason\":\"Conflict\",\"message\":\"stale\"}" \
	}

struct fixture {
	struct fake_api *api;
	struct gt_kube *kube;
	struct gt_arena arena;
	struct gt_patcher patcher;
	struct gt_node *obj;
	struct gt_err err;
};

static const char *const owned[] = {"Ready", NULL};

static int setup(void **state)
{
	struct fixture *f = gt_new(struct fixture);

	f->api = fake_api_new();
	f->kube = fake_api_client(f->api);
	gt_json_parse(&f->arena, gt_str(OBJ("5", COND("Ready", "False", "Old"))), 0, &f->obj,
		      &f->err);
	gt_patcher_init(&f->patcher, f->kube, &gt_res_config_map, &f->arena, f->obj, "gotk-test",
			owned);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	gt_kube_unref(f->kube);
	fake_api_free(f->api);
	gt_arena_fini(&f->arena);
	free(f);
	return 0;
}

static int patch(struct fixture *f, unsigned flags)
{
	return gt_patcher_patch(&f->patcher, gt_ctx_background(), f->obj, flags, &f->err);
}

static void test_nothing(void **state)
{
	struct fixture *f = *state;

	check_ok(patch(f, 0), &f->err);
	assert_int_equal(fake_api_count(f->api), 0);
}

/* Status in one write under its version, then metadata and spec. */
static void test_two_parts(void **state)
{
	struct fixture *f = *state;

	fake_api_script(f->api, {.method = "PATCH", .path = CM "/status", .body = OBJ("6", "")},
			{.method = "PATCH", .path = CM, .body = OBJ("7", "")});
	gt_cond_mark_true(&f->arena, f->obj, "Ready", "New", "m");
	gt_obj_add_finalizer(&f->arena, f->obj, "finalizers.fluxcd.io");
	check_ok(patch(f, GT_PATCH_OBSERVED), &f->err);
	assert_int_equal(fake_api_count(f->api), 2);
	const struct fake_request *first = fake_api_request(f->api, 0);
	assert_string_equal(first->content_type, "application/merge-patch+json");
	assert_string_equal(first->query, "fieldManager=gotk-test");
	assert_non_null(strstr(first->body, "{\"metadata\":{\"resourceVersion\":\"5\"},\"status\":{"
					    "\"conditions\":[{"));
	assert_non_null(strstr(first->body, "],\"observedGeneration\":3}}"));
	assert_string_equal(fake_api_request(f->api, 1)->body,
			    "{\"metadata\":{\"finalizers\":[\"x\",\"finalizers.fluxcd.io\"]}}");
	assert_string_equal(gt_obj_rv(f->obj), "7");

	/* What was written is the new base. */
	check_ok(patch(f, GT_PATCH_OBSERVED), &f->err);
	assert_int_equal(fake_api_count(f->api), 2);
}

/* Status without a change of conditions needs no version. */
static void test_rest_only(void **state)
{
	struct fixture *f = *state;

	fake_api_script(f->api, {.method = "PATCH", .path = CM "/status", .body = OBJ("6", "")});
	check_ok(patch(f, GT_PATCH_OBSERVED), &f->err);
	assert_string_equal(fake_api_request(f->api, 0)->body,
			    "{\"status\":{\"observedGeneration\":3}}");
}

/* Somebody wrote meanwhile: the change is made to what is there now. */
static void test_conflict(void **state)
{
	struct fixture *f = *state;

	fake_api_script(
		f->api, CONFLICT,
		{.path = CM,
		 .body = OBJ("9", COND("Other", "True", "X") "," COND("Ready", "False", "Theirs"))},
		{.method = "PATCH", .path = CM "/status", .body = OBJ("10", "")});
	gt_cond_mark_true(&f->arena, f->obj, "Ready", "New", "m");
	check_ok(patch(f, 0), &f->err);
	const char *body = fake_api_request(f->api, 2)->body;
	assert_non_null(strstr(body, "\"resourceVersion\":\"9\""));
	assert_non_null(strstr(body, "\"Other\""));
	assert_non_null(strstr(body, "\"New\""));
	assert_null(strstr(body, "Theirs"));
}

static void test_not_owned(void **state)
{
	struct fixture *f = *state;

	fake_api_script(f->api, CONFLICT,
			{.path = CM, .body = OBJ("9", COND("Mine", "False", "Theirs"))});
	gt_cond_mark_true(&f->arena, f->obj, "Mine", "New", "m");
	check_fails(patch(f, 0), GT_E_INVALID);
	assert_string_equal(f->err.text,
			    "The condition \"Mine\" was modified by a different process and this "
			    "caused a merge/AddCondition conflict");
}

static void test_forced(void **state)
{
	struct fixture *f = *state;

	fake_api_script(f->api, CONFLICT,
			{.path = CM, .body = OBJ("9", COND("Mine", "False", "Theirs"))},
			{.method = "PATCH", .path = CM "/status", .body = OBJ("10", "")});
	gt_cond_mark_true(&f->arena, f->obj, "Mine", "New", "m");
	check_ok(patch(f, GT_PATCH_FORCE), &f->err);
}

/* All parts are tried, and all failures told. */
static void test_errors_joined(void **state)
{
	struct fixture *f = *state;

	fake_api_script(
		f->api,
		{.method = "PATCH",
		 .path = CM "/status",
		 .status = 403,
		 .body = "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":"
			 "\"one\"}"},
		{.method = "PATCH",
		 .path = CM,
		 .status = 422,
		 .body = "{\"kind\":\"Status\",\"reason\":\"Invalid\",\"message\":\"two\"}"});
	gt_cond_mark_true(&f->arena, f->obj, "Ready", "New", "m");
	gt_obj_set_label(&f->arena, f->obj, "a", "b");
	check_fails(patch(f, 0), GT_E_FORBIDDEN);
	assert_string_equal(f->err.text, "[one, two]");
}

static void test_deleted(void **state)
{
	struct fixture *f = *state;

	gt_cond_mark_true(&f->arena, f->obj, "Ready", "New", "m");
	gt_obj_remove_finalizer(f->obj, "x");
	check_fails(patch(f, GT_PATCH_OBSERVED), GT_E_NOT_FOUND);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_nothing),   T(test_two_parts), T(test_rest_only),     T(test_conflict),
		T(test_not_owned), T(test_forced),    T(test_errors_joined), T(test_deleted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
