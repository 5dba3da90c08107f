#include "support/check.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "api/kinds.h"
#include "base/limits.h"
#include "base/vec.h"
#include "kube/object.h"
#include "runtime/informer.h"
#include "support/fake_api.h"

#define CM "/api/v1/configmaps"
#define OBJ(type, name, rv, rest)                                                            \
	"{\"type\":\"" type "\",\"object\":{\"kind\":\"ConfigMap\",\"apiVersion\":\"v1\","   \
	"\"metadata\":{\"namespace\":\"ns\",\"name\":\"" name "\",\"resourceVersion\":\"" rv \
	"\",\"managedFields\":[{}]}" rest "}}"
#define SYNC(rv)                                                                     \
	"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"" rv \
	"\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}"

struct fixture {
	struct fake_api *api;
	struct gt_kube *kube;
	struct gt_informer *inf;
	struct gt_arena arena;
	struct gt_err err;
	pthread_mutex_t lock;
	GT_VEC(char *) events; /* "ADDED ns/a initial" */
	const char *wanted;
};

/* Indexes by data.ref. */
static void by_ref(const struct gt_node *obj, void (*add)(void *sink, const char *value),
		   void *sink)
{
	const char *ref = gt_node_cstr_at(obj, "data", "ref");

	if (ref)
		add(sink, ref);
}

static void on_event(void *arg, const struct gt_informer_event *ev)
{
	static const char *const names[] = {"ADDED", "MODIFIED", "DELETED"};
	struct fixture *f = arg;
	char *text = gt_xasprintf("%s %s@%s%s%s", names[ev->type], gt_obj_name(ev->obj),
				  gt_obj_rv(ev->obj), ev->old ? " was " : "",
				  ev->old ? gt_obj_rv(ev->old) : "");

	pthread_mutex_lock(&f->lock);
	gt_vec_push(&f->events, text);
	pthread_mutex_unlock(&f->lock);
}

static void start(void *arg)
{
	struct fixture *f = arg;

	gt_informer_start(f->inf);
}

static void setup_with(struct fixture *f, const char *const *paths)
{
	struct gt_informer_opts opts = {.paths = paths};

	f->inf = gt_informer_new(f->kube, &gt_res_config_map, &opts);
	gt_informer_index(f->inf, "ref", by_ref);
	gt_informer_handle(f->inf, on_event, f);
}

static int setup(void **state)
{
	struct fixture *f = gt_new(struct fixture);

	pthread_mutex_init(&f->lock, NULL);
	f->api = fake_api_new();
	f->kube = fake_api_client(f->api);
	*state = f;
	return 0;
}

static void stop(void *arg)
{
	gt_informer_free(arg);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	gt_loop_call(fake_api_loop(f->api), stop, f->inf);
	gt_kube_unref(f->kube);
	fake_api_free(f->api);
	for (size_t i = 0; i < f->events.n; i++)
		free(f->events.v[i]);
	gt_vec_fini(&f->events);
	pthread_mutex_destroy(&f->lock);
	gt_arena_fini(&f->arena);
	free(f);
	return 0;
}

static void run_and_sync(struct fixture *f)
{
	gt_loop_call(fake_api_loop(f->api), start, f);
	check_ok(gt_informer_wait(f->inf, gt_ctx_background(), &f->err), &f->err);
}

static bool has_event(void *arg)
{
	struct fixture *f = arg;
	bool found = false;

	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < f->events.n; i++)
		found |= strcmp(f->events.v[i], f->wanted) == 0;
	pthread_mutex_unlock(&f->lock);
	return found;
}

static void expect_event(struct fixture *f, const char *text)
{
	f->wanted = text;
	if (fake_await(has_event, f))
		return;
	for (size_t i = 0; i < f->events.n; i++)
		print_error("  %s\n", f->events.v[i]);
	fail_msg("no event \"%s\"", text);
}

static void test_watch_list(void **state)
{
	struct fixture *f = *state;
	struct gt_node *obj, *items;
	struct gt_key *keys;

	fake_api_script(f->api, {.path = CM,
				 .query = "sendInitialEvents=true",
				 .watch = true,
				 .body = OBJ("ADDED", "a", "1", ",\"data\":{\"ref\":\"x\"}")
					 OBJ("ADDED", "b", "2", "") SYNC("2")});
	setup_with(f, NULL);
	assert_false(gt_informer_synced(f->inf));
	run_and_sync(f);
	assert_int_equal(gt_informer_count(f->inf), 2);
	check_ok(gt_informer_get(f->inf, &f->arena, "ns", "a", &obj, &f->err), &f->err);
	assert_string_equal(gt_obj_rv(obj), "1");
	assert_null(gt_node_at(obj, "metadata", "managedFields"));
	check_ok(gt_informer_list(f->inf, &f->arena, "ns", NULL, NULL, &items, &f->err), &f->err);
	assert_int_equal(gt_node_count(items), 2);
	check_ok(gt_informer_list(f->inf, &f->arena, "n", NULL, NULL, &items, &f->err), &f->err);
	assert_int_equal(gt_node_count(items), 0);
	assert_int_equal(gt_informer_by_index(f->inf, &f->arena, "ref", "x", &keys), 1);
	assert_string_equal(keys[0].name, "a");
	check_fails(gt_informer_get(f->inf, &f->arena, "ns", "c", &obj, &f->err), GT_E_NOT_FOUND);
	assert_string_equal(f->err.text, "configmaps \"c\" not found");

	fake_api_push(f->api, CM, OBJ("MODIFIED", "a", "3", ",\"data\":{\"ref\":\"y\"}"));
	expect_event(f, "MODIFIED a@3 was 1");
	assert_int_equal(gt_informer_by_index(f->inf, &f->arena, "ref", "x", &keys), 0);
	assert_int_equal(gt_informer_by_index(f->inf, &f->arena, "ref", "y", &keys), 1);
	fake_api_push(f->api, CM, OBJ("DELETED", "b", "4", ""));
	expect_event(f, "DELETED b@2");
	assert_int_equal(gt_informer_count(f->inf), 1);
}

/* A server that does not stream lists: LIST, then WATCH from its version. */
static void test_fallback(void **state)
{
	struct fixture *f = *state;

	fake_api_script(
		f->api,
		{.path = CM,
		 .query = "sendInitialEvents=true",
		 .status = 422,
		 .body = "{\"kind\":\"Status\",\"reason\":\"Invalid\",\"message\":\"no\"}"},
		{.path = CM,
		 .query = "limit=500&resourceVersion=0",
		 .body = "{\"metadata\":{\"resourceVersion\":\"9\",\"continue\":\"t\"},\"items\":[{"
			 "\"metadata\":{\"namespace\":\"ns\",\"name\":\"a\",\"resourceVersion\":"
			 "\"1\"}}]}"},
		{.path = CM,
		 .query = "continue=t",
		 .body = "{\"metadata\":{\"resourceVersion\":\"9\"},\"items\":[{\"metadata\":{"
			 "\"namespace\":\"ns\",\"name\":\"b\",\"resourceVersion\":\"2\"}}]}"},
		{.path = CM, .query = "resourceVersion=9", .watch = true});
	setup_with(f, NULL);
	run_and_sync(f);
	assert_int_equal(gt_informer_count(f->inf), 2);
	assert_true(fake_api_await(f->api, 4));
}

/* The server ends a watch: it is resumed from the last version seen, bookmarks included. */
static void test_resume(void **state)
{
	struct fixture *f = *state;

	fake_api_script(f->api,
			{.path = CM,
			 .query = "sendInitialEvents=true",
			 .watch = true,
			 .body = OBJ("ADDED", "a", "1", "")
				 SYNC("1") "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{"
					   "\"resourceVersion\":\"50\"}}}"},
			{.path = CM,
			 .query = "resourceVersion=50",
			 .watch = true,
			 .body = OBJ("MODIFIED", "a", "51", "")});
	setup_with(f, NULL);
	run_and_sync(f);
	fake_api_end_watches(f->api);
	expect_event(f, "MODIFIED a@51 was 1");
	assert_int_equal(fake_api_count(f->api), 2);
}

/* Too old a version: everything anew; what is missing was deleted, the rest updated. */
static void test_expired(void **state)
{
	struct fixture *f = *state;

	fake_api_script(f->api,
			{.path = CM,
			 .query = "sendInitialEvents=true",
			 .watch = true,
			 .body = OBJ("ADDED", "a", "1", "") OBJ("ADDED", "b", "2", "") SYNC("2")},
			{.path = CM,
			 .query = "sendInitialEvents=true",
			 .watch = true,
			 .body = OBJ("ADDED", "a", "7", "") OBJ("ADDED", "c", "8", "") SYNC("8")});
	setup_with(f, NULL);
	run_and_sync(f);
	fake_api_push(f->api, CM,
		      "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,"
		      "\"reason\":\"Expired\",\"message\":\"too old\"}}");
	expect_event(f, "DELETED b@2");
	expect_event(f, "MODIFIED a@7 was 1");
	expect_event(f, "ADDED c@8");
	assert_int_equal(gt_informer_count(f->inf), 2);
}

/* A server that was set back to an older state. */
static void test_set_back(void **state)
{
	struct fixture *f = *state;

	fake_api_script(f->api,
			{.path = CM,
			 .query = "sendInitialEvents=true",
			 .watch = true,
			 .body = OBJ("ADDED", "a", "90", "") SYNC("90")},
			{.path = CM,
			 .query = "resourceVersion=90",
			 .status = 504,
			 .body = "{\"kind\":\"Status\",\"reason\":\"Timeout\",\"message\":"
				 "\"Too large resource version: 90, current: 3\"}"},
			{.path = CM,
			 .query = "sendInitialEvents=true",
			 .watch = true,
			 .body = OBJ("ADDED", "b", "3", "") SYNC("3")});
	setup_with(f, NULL);
	run_and_sync(f);
	fake_api_end_watches(f->api);
	expect_event(f, "DELETED a@90");
	expect_event(f, "ADDED b@3");
}

static bool has_problem(void *arg)
{
	struct fixture *f = arg;

	return gt_informer_problem(f->inf, &f->err) < 0;
}

static void test_problem(void **state)
{
	struct fixture *f = *state;
	gt_auto_ctx ctx;

	fake_api_script(f->api, {.path = CM,
				 .status = 403,
				 .sticky = true,
				 .body = "{\"kind\":\"Status\",\"reason\":\"Forbidden\","
					 "\"message\":\"configmaps is forbidden\"}"});
	setup_with(f, NULL);
	gt_loop_call(fake_api_loop(f->api), start, f);
	assert_true(fake_await(has_problem, f));
	assert_int_equal(f->err.code, GT_E_FORBIDDEN);
	gt_ctx_init(&ctx, NULL, 1000000);
	check_fails(gt_informer_wait(f->inf, &ctx, &f->err), GT_E_TIMEOUT);
	assert_non_null(strstr(f->err.text, "configmaps is forbidden"));
}

static void test_projection(void **state)
{
	static const char *const paths[] = {"status.conditions", "spec.a", NULL};
	struct fixture *f = *state;
	struct gt_node *obj;

	fake_api_script(
		f->api,
		{.path = CM,
		 .watch = true,
		 .body = OBJ("ADDED", "a", "1",
			     ",\"data\":{\"big\":\"x\"},\"spec\":{\"a\":1,\"b\":2},\"status\":{"
			     "\"conditions\":[{\"type\":\"Ready\"}],\"inventory\":[1,2,3]}")
			 SYNC("1")});
	setup_with(f, paths);
	run_and_sync(f);
	check_ok(gt_informer_get(f->inf, &f->arena, "ns", "a", &obj, &f->err), &f->err);
	assert_null(gt_node_get(obj, "data"));
	assert_null(gt_node_at(obj, "spec", "b"));
	assert_null(gt_node_at(obj, "status", "inventory"));
	assert_int_equal(gt_node_int_or(gt_node_at(obj, "spec", "a"), 0), 1);
	assert_int_equal(gt_node_count(gt_node_at(obj, "status", "conditions")), 1);
	assert_string_equal(gt_obj_kind(obj), "ConfigMap");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_watch_list), T(test_fallback), T(test_resume),     T(test_expired),
		T(test_set_back),   T(test_problem),  T(test_projection),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
