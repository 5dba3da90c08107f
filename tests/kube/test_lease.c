#include "support/check.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "kube/lease.h"
#include "support/fake_api.h"

#define LEASES "/apis/coordination.k8s.io/v1/namespaces/ns/leases"
#define LEASE LEASES "/l"
#define HELD(rv, who, n)                                                               \
	"{\"metadata\":{\"name\":\"l\",\"namespace\":\"ns\",\"resourceVersion\":\"" rv \
	"\"},\"spec\":{\"holderIdentity\":\"" who "\",\"leaseTransitions\":" n         \
	",\"acquireTime\":\"2020-01-01T00:00:00.000000Z\"}}"

struct fixture {
	struct fake_api *api;
	struct gt_kube *kube;
	struct gt_lease *lease;
	struct gt_err err;
	atomic_bool started, lost;
};

static int setup(void **state)
{
	struct fixture *f = gt_new(struct fixture);

	f->api = fake_api_new();
	f->kube = fake_api_client(f->api);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	gt_lease_free(f->lease);
	gt_kube_unref(f->kube);
	fake_api_free(f->api);
	free(f);
	return 0;
}

static void on_started(void *arg, const char *identity)
{
	struct fixture *f = arg;

	assert_string_equal(identity, "me");
	f->started = true;
}

static void on_lost(void *arg, const char *identity)
{
	struct fixture *f = arg;

	(void)identity;
	f->lost = true;
}

static void start(struct fixture *f, int64_t duration)
{
	struct gt_lease_opts opts = {
		.ns = "ns",
		.name = "l",
		.identity = "me",
		.duration_ns = duration,
		.renew_ns = duration / 2,
		.retry_ns = GT_MILLIS(2),
		.release = true,
		.started = on_started,
		.lost = on_lost,
		.arg = f,
	};
	check_ok(gt_lease_new(f->kube, &opts, &f->lease, &f->err), &f->err);
}

static bool has_started(void *arg)
{
	return ((struct fixture *)arg)->started;
}

static bool has_lost(void *arg)
{
	return ((struct fixture *)arg)->lost;
}

/* The last write. */
static const char *last_body(struct fixture *f)
{
	const struct fake_request *r = fake_api_request(f->api, fake_api_count(f->api) - 1);

	return r->body;
}

/* Nobody has it: made, renewed without looking, given up at the end. */
static void test_create_renew_release(void **state)
{
	struct fixture *f = *state;

	fake_api_script(
		f->api, {.path = LEASE, .status = 404, .body = "{}"},
		{.method = "POST", .path = LEASES, .status = 201, .body = HELD("1", "me", "0")},
		{.method = "PUT", .path = LEASE, .body = HELD("2", "me", "0"), .sticky = true});
	start(f, GT_SECONDS(10));
	assert_true(fake_await(has_started, f));
	assert_true(fake_api_await(f->api, 4));
	assert_non_null(strstr(fake_api_request(f->api, 1)->body, "\"leaseTransitions\":0"));
	assert_string_equal(fake_api_request(f->api, 2)->method, "PUT");
	assert_non_null(strstr(fake_api_request(f->api, 2)->body, "2020-01-01T00:00:00.000000Z"));
	gt_lease_free(gt_steal(f->lease));
	assert_non_null(strstr(last_body(f), "\"holderIdentity\":\"\""));
	assert_non_null(strstr(last_body(f), "\"leaseDurationSeconds\":1"));
	assert_false(f->lost);
}

/* Held by another that lets go of it. */
static void test_take_over_released(void **state)
{
	struct fixture *f = *state;

	fake_api_script(
		f->api, {.path = LEASE, .body = HELD("5", "other", "3")},
		{.path = LEASE, .body = HELD("6", "", "3")},
		{.method = "PUT", .path = LEASE, .body = HELD("7", "me", "4"), .sticky = true});
	start(f, GT_SECONDS(10));
	assert_true(fake_await(has_started, f));
	assert_string_equal(fake_api_request(f->api, 2)->method, "PUT");
	assert_non_null(strstr(fake_api_request(f->api, 2)->body, "\"leaseTransitions\":4"));
}

/* Held by another that has not been heard of for as long as a lease lasts. */
static void test_take_over_expired(void **state)
{
	struct fixture *f = *state;

	fake_api_script(
		f->api, {.path = LEASE, .body = HELD("5", "other", "3"), .sticky = true},
		{.method = "PUT", .path = LEASE, .body = HELD("7", "me", "4"), .sticky = true});
	start(f, GT_MILLIS(20));
	assert_true(fake_await(has_started, f));
	assert_true(fake_api_count(f->api) > 2);
}

/* Taken away: renewing fails until the deadline, then leadership is lost. */
static void test_lost(void **state)
{
	struct fixture *f = *state;

	fake_api_script(
		f->api, {.path = LEASE, .status = 404, .body = "{}"},
		{.method = "POST", .path = LEASES, .status = 201, .body = HELD("1", "me", "0")},
		{.method = "PUT", .path = LEASE, .status = 409, .body = "{}", .sticky = true},
		{.path = LEASE, .body = HELD("9", "other", "1"), .sticky = true});
	start(f, GT_MILLIS(20));
	assert_true(fake_await(has_started, f));
	assert_true(fake_await(has_lost, f));
}

static void test_bad_times(void **state)
{
	struct fixture *f = *state;
	struct gt_lease_opts opts = {
		.ns = "ns", .name = "l", .duration_ns = 10, .renew_ns = 10, .retry_ns = 1};

	check_fails(gt_lease_new(f->kube, &opts, &f->lease, &f->err), GT_E_INVALID);
	opts.duration_ns = 11;
	opts.retry_ns = 9;
	check_fails(gt_lease_new(f->kube, &opts, &f->lease, &f->err), GT_E_INVALID);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_create_renew_release), T(test_take_over_released),
					   T(test_take_over_expired), T(test_lost),
					   T(test_bad_times)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
