#include "support/check.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "kube/object.h"
#include "runtime/waiter.h"
#include "support/fake_api.h"

#define PODS "/api/v1/namespaces/ns/pods"
#define POD(type, name, rv, phase)                                                                 \
	"{\"type\":\"" type "\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{" \
	"\"namespace\":\"ns\",\"name\":\"" name "\",\"resourceVersion\":\"" rv                     \
	"\"},\"spec\":{\"secret\":1},\"status\":{\"phase\":\"" phase "\"}}}"
#define SYNC(rv)                                                                     \
	"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"" rv \
	"\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}"
#define DISCOVERY                                                                                 \
	{.path = "/api", .body = "{\"versions\":[\"v1\"]}"}, {.path = "/apis", .body = "{}"},     \
	{                                                                                         \
		.path = "/api/v1", .body = "{\"resources\":[{\"name\":\"pods\",\"kind\":\"Pod\"," \
					   "\"namespaced\":true}]}"                               \
	}
#define WATCH(text)                                                                          \
	{                                                                                    \
		.path = PODS, .query = "sendInitialEvents=true", .watch = true, .body = text \
	}

struct fixture {
	struct fake_api *api;
	struct gt_kube *kube;
	struct gt_waiter *waiter;
	struct gt_arena arena;
	struct gt_err err;
};

static int setup(void **state)
{
	struct fixture *f = gt_new(struct fixture);

	f->api = fake_api_new();
	f->kube = fake_api_client(f->api);
	f->waiter = gt_waiter_new(fake_api_loop(f->api), NULL);
	fake_api_script(f->api, DISCOVERY);
	*state = f;
	return 0;
}

static void free_waiter(void *arg)
{
	gt_waiter_free(arg);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	gt_loop_call(fake_api_loop(f->api), free_waiter, f->waiter);
	gt_kube_unref(f->kube);
	fake_api_free(f->api);
	gt_arena_fini(&f->arena);
	free(f);
	return 0;
}

/* One wait and what became of it. */
struct waiting {
	struct fixture *f;
	struct gt_wait_ref refs[2];
	struct gt_wait wait;
	struct gt_pending *pending;
	atomic_int woken; /* times */
	enum gt_wake why;
};

static void on_wake(void *arg, enum gt_wake why)
{
	struct waiting *w = arg;

	w->why = why;
	w->woken++;
}

static void start(struct fixture *f, struct waiting *w, const char *one, const char *two)
{
	const char *names[] = {one, two};

	w->f = f;
	w->wait.kube = f->kube;
	w->wait.refs = w->refs;
	for (size_t i = 0; i < 2 && names[i]; i++) {
		w->refs[i].ref = (struct gt_ref){{"", "v1", "Pod"}, "ns", names[i]};
		w->wait.n++;
	}
	w->pending = gt_waiter_start(f->waiter, &w->wait, on_wake, w);
}

static bool is_woken(void *arg)
{
	struct waiting *w = arg;

	return w->woken > 0;
}

static void expect(struct waiting *w, enum gt_wake why)
{
	assert_true(fake_await(is_woken, w));
	assert_int_equal(w->why, why);
	gt_waiter_cancel(w->f->waiter, w->pending);
	assert_int_equal(w->woken, 1);
}

static void expect_none(struct waiting *w)
{
	gt_waiter_cancel(w->f->waiter, w->pending);
	assert_int_equal(w->woken, 0);
}

static void test_settled(void **state)
{
	struct fixture *f = *state;
	struct waiting w = {0};

	fake_api_script(f->api, WATCH(POD("ADDED", "a", "1", "Succeeded")
					      POD("ADDED", "b", "2", "Pending") SYNC("2")));
	start(f, &w, "a", "b");
	assert_true(fake_api_await(f->api, 4));
	fake_api_push(f->api, PODS, POD("MODIFIED", "b", "3", "Pending"));
	assert_int_equal(w.woken, 0);
	fake_api_push(f->api, PODS, POD("MODIFIED", "b", "4", "Failed"));
	expect(&w, GT_WAKE_SETTLED);
}

/* Two waits, one watch; the second finds what the first one's watch knows. */
static void test_shared(void **state)
{
	struct fixture *f = *state;
	struct waiting one = {0}, two = {0};
	struct gt_node *obj;
	struct gt_ref ref = {{"", "v1", "Pod"}, "ns", "a"};

	fake_api_script(f->api, WATCH(POD("ADDED", "a", "1", "Succeeded") SYNC("2")));
	check_fails(gt_waiter_get(f->waiter, &f->arena, f->kube, &ref, &obj, &f->err),
		    GT_E_UNAVAILABLE);
	start(f, &one, "a", NULL);
	expect(&one, GT_WAKE_SETTLED);
	start(f, &two, "a", NULL);
	expect(&two, GT_WAKE_SETTLED);
	assert_int_equal(fake_api_count(f->api), 4);
	check_ok(gt_waiter_get(f->waiter, &f->arena, f->kube, &ref, &obj, &f->err), &f->err);
	assert_string_equal(gt_obj_rv(obj), "1");
	assert_null(gt_node_at(obj, "spec", "secret")); /* kept for kstatus only */
	ref.name = "b";
	check_fails(gt_waiter_get(f->waiter, &f->arena, f->kube, &ref, &obj, &f->err),
		    GT_E_NOT_FOUND);
	/* Another identity has a watch of its own. */
	struct gt_kube *as = gt_kube_as(f->kube, "joe");
	check_fails(gt_waiter_get(f->waiter, &f->arena, as, &ref, &obj, &f->err), GT_E_UNAVAILABLE);
	gt_kube_unref(as);
}

/* The shared watch lags behind what the reconcile wrote: its old state says nothing. */
static void test_stale(void **state)
{
	struct fixture *f = *state;
	struct waiting first = {0}, changed = {0}, made = {0};

	fake_api_script(f->api, WATCH(POD("ADDED", "a", "5", "Succeeded") SYNC("5")),
			{.path = PODS "/b",
			 .body = "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":"
				 "\"b\",\"namespace\":\"ns\",\"resourceVersion\":\"8\"},\"status\":"
				 "{\"phase\":\"Succeeded\"}}"});
	start(f, &first, "a", NULL);
	expect(&first, GT_WAKE_SETTLED);
	changed.refs[0].seen = "7";
	start(f, &changed, "a", NULL);
	made.refs[0].seen = "8"; /* not in the watch yet: the server is asked */
	start(f, &made, "b", NULL);
	expect(&made, GT_WAKE_SETTLED);
	assert_int_equal(changed.woken, 0);
	fake_api_push(f->api, PODS, POD("MODIFIED", "a", "7", "Pending"));
	assert_int_equal(changed.woken, 0);
	fake_api_push(f->api, PODS, POD("MODIFIED", "a", "9", "Succeeded"));
	expect(&changed, GT_WAKE_SETTLED);
}

static void test_deadline(void **state)
{
	struct fixture *f = *state;
	struct waiting w = {.wait = {.deadline_ns = GT_MILLIS(5)}};

	fake_api_script(f->api, WATCH(SYNC("2")));
	start(f, &w, "a", NULL);
	expect(&w, GT_WAKE_DEADLINE);
}

static void test_cancel(void **state)
{
	struct fixture *f = *state;
	struct waiting w = {0}, at_once = {0};

	fake_api_script(f->api, WATCH(POD("ADDED", "a", "1", "Pending") SYNC("2")));
	start(f, &at_once, "a", NULL);
	expect_none(&at_once);
	start(f, &w, "a", NULL);
	assert_true(fake_api_await(f->api, 4));
	expect_none(&w);
	fake_api_push(f->api, PODS, POD("MODIFIED", "a", "3", "Failed"));
	assert_int_equal(w.woken, 0);
}

static enum gt_status failing(void *arg, const struct gt_ref *ref, const struct gt_node *obj)
{
	(void)arg;
	(void)ref;
	return obj ? GT_STATUS_FAILED : GT_STATUS_IN_PROGRESS;
}

static void test_fail_fast(void **state)
{
	struct fixture *f = *state;
	struct waiting w = {.wait = {.fail_fast = true, .judge = failing}};

	fake_api_script(f->api, WATCH(POD("ADDED", "a", "1", "Pending") SYNC("2")));
	start(f, &w, "a", "b");
	expect(&w, GT_WAKE_SETTLED);
}

static void test_absent(void **state)
{
	struct fixture *f = *state;
	struct waiting w = {.wait = {.mode = GT_WAIT_ABSENT}};

	fake_api_script(f->api, WATCH(POD("ADDED", "a", "1", "Pending") SYNC("2")));
	start(f, &w, "a", "b");
	assert_true(fake_api_await(f->api, 4));
	assert_int_equal(w.woken, 0);
	fake_api_push(f->api, PODS, POD("DELETED", "a", "3", "Pending"));
	expect(&w, GT_WAKE_SETTLED);
}

static void test_change(void **state)
{
	struct fixture *f = *state;
	struct waiting same = {.wait = {.mode = GT_WAIT_CHANGE}};
	struct waiting other = {.wait = {.mode = GT_WAIT_CHANGE}};

	fake_api_script(f->api, WATCH(POD("ADDED", "a", "7", "Pending") SYNC("9")));
	same.refs[0].seen = "7";
	start(f, &same, "a", NULL);
	other.refs[0].seen = "6"; /* it has changed since */
	start(f, &other, "a", NULL);
	expect(&other, GT_WAKE_SETTLED);
	assert_int_equal(same.woken, 0);
	fake_api_push(f->api, PODS, POD("MODIFIED", "a", "10", "Pending"));
	expect(&same, GT_WAKE_SETTLED);
}

/* Not allowed to watch: the object itself is read. */
static void test_forbidden(void **state)
{
	struct fixture *f = *state;
	struct waiting w = {0};

	fake_api_script(f->api,
			{.path = PODS,
			 .status = 403,
			 .sticky = true,
			 .body = "{\"kind\":\"Status\",\"reason\":\"Forbidden\",\"message\":"
				 "\"no\"}"},
			{.path = PODS "/a",
			 .body = "{\"kind\":\"Pod\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":"
				 "\"a\",\"namespace\":\"ns\"},\"status\":{\"phase\":"
				 "\"Succeeded\"}}"});
	start(f, &w, "a", NULL);
	expect(&w, GT_WAKE_SETTLED);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_settled),  T(test_shared), T(test_stale),
		T(test_deadline), T(test_cancel), T(test_fail_fast),
		T(test_absent),   T(test_change), T(test_forbidden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
