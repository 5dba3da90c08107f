/* Events: the Kubernetes object and the POST to the notification controller. */
#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "kube/object.h"
#include "runtime/event_recorder.h"
#include "support/fake_api.h"
#include "text/json.h"

#define EVENTS "/api/v1/namespaces/ns/events"

static struct gt_node *parse(struct gt_arena *a, const char *text)
{
	struct gt_node *n = NULL;
	struct gt_err err;

	check_ok(gt_json_parse(a, gt_str(text), 0, &n, &err), &err);
	return n;
}

static const char object[] =
	"{\"apiVersion\":\"g/v1\",\"kind\":\"K\",\"metadata\":{\"name\":\"o\",\"namespace\":\"ns\","
	"\"uid\":\"u\",\"resourceVersion\":\"5\",\"annotations\":{\"event.toolkit.fluxcd.io/x\":"
	"\"y\",\"other\":\"z\"}}}";

static void test_body(void **state)
{
	gt_auto_arena a = {0};
	gt_auto_buf text = {0};
	struct gt_node *meta = parse(&a, "{\"g/revision\":\"main@sha1:abc\"}");

	(void)state;
	struct gt_node *body =
		gt_recorder_body(&a, parse(&a, object), meta, "Warning", "Failed", "it broke",
				 "c-controller", "pod-1", GT_SECONDS(1767225600));
	gt_json_write(&text, body, GT_JSON_COMPACT, 0);
	assert_string_equal(
		gt_buf_cstr(&text),
		"{\"involvedObject\":{\"kind\":\"K\",\"namespace\":\"ns\",\"name\":\"o\",\"uid\":"
		"\"u\",\"apiVersion\":\"g/v1\",\"resourceVersion\":\"5\"},\"severity\":\"error\","
		"\"timestamp\":\"2026-01-01T00:00:00Z\",\"message\":\"it broke\",\"reason\":"
		"\"Failed\",\"metadata\":{\"g/revision\":\"main@sha1:abc\","
		"\"event.toolkit.fluxcd.io/x\":\"y\"},\"reportingController\":\"c-controller\","
		"\"reportingInstance\":\"pod-1\"}");
}

struct count {
	struct fake_api *api;
	const char *path;
	size_t want;
	const struct fake_request *last;
};

static bool counted(void *arg)
{
	struct count *c = arg;
	size_t n = 0;

	for (size_t i = 0; i < fake_api_count(c->api); i++) {
		const struct fake_request *r = fake_api_request(c->api, i);
		if (strcmp(r->path, c->path) == 0) {
			c->last = r;
			n++;
		}
	}
	return n >= c->want;
}

static void test_emit(void **state)
{
	struct fake_api *api = fake_api_new();
	struct gt_kube *kube = fake_api_client(api);
	struct gt_events *events = gt_events_new(kube, "c-controller");
	gt_autofree char *addr = gt_xasprintf("%s/hook", fake_api_url(api));
	struct gt_recorder_opts opts = {.loop = fake_api_loop(api),
					.events = events,
					.addr = addr,
					.controller = "c-controller"};
	struct gt_recorder *r = gt_recorder_new(&opts);
	gt_auto_arena a = {0};

	(void)state;
	fake_api_script(api,
			/* 429 is a duplicate, and enough. */
			{.method = "POST", .path = "/hook", .status = 429, .body = ""},
			{.method = "POST", .path = "/hook", .body = "", .sticky = true},
			{.method = "POST",
			 .path = EVENTS,
			 .status = 201,
			 .body = "{\"metadata\":{\"name\":\"o.1\",\"namespace\":\"ns\"}}"},
			{.method = "PATCH",
			 .path = EVENTS "/o.1",
			 .body = "{\"metadata\":{\"name\":\"o.1\",\"namespace\":\"ns\"}}"});
	struct gt_node *obj = parse(&a, object);
	gt_recorder_emit(r, obj, NULL, "Normal", "Done", "all %s", "good");
	struct count posts = {api, "/hook", 1, NULL};
	struct count created = {api, EVENTS, 1, NULL};
	assert_true(fake_await(counted, &posts));
	assert_true(fake_await(counted, &created));
	assert_non_null(strstr(posts.last->body, "\"severity\":\"info\""));
	assert_non_null(strstr(created.last->body, "\"message\":\"all good\""));
	assert_non_null(strstr(created.last->body, "\"reportingComponent\":\"c-controller\""));

	gt_recorder_emit(r, obj, NULL, "Normal", "Done", "all good");
	struct count patched = {api, EVENTS "/o.1", 1, NULL};
	assert_true(fake_await(counted, &patched));
	assert_non_null(strstr(patched.last->body, "\"count\":2"));
	posts.want = 2;
	assert_true(fake_await(counted, &posts));
	/* Trace is for the cluster only. */
	gt_recorder_emit(r, obj, NULL, "Trace", "Done", "quiet");
	gt_recorder_free(r);
	gt_events_free(events);
	posts.want = 3;
	assert_false(counted(&posts));
	gt_kube_unref(kube);
	fake_api_free(api);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_emit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
