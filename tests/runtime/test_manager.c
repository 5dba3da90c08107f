/* A whole controller program on the scripted API server: start, reconcile, wait, wake, stop. */
#include "support/check.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/kinds.h"
#include "base/fs.h"
#include "base/time.h"
#include "kube/object.h"
#include "net/http.h"
#include "runtime/manager.h"
#include "support/fake_api.h"
#include "text/json.h"

#define KS "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/ns/kustomizations/app"
#define DEPLOYMENTS "/apis/apps/v1/namespaces/ns/deployments"
#define META                                                                            \
	"\"kind\":\"Kustomization\",\"apiVersion\":\"kustomize.toolkit.fluxcd.io/v1\"," \
	"\"metadata\":{\"name\":\"app\",\"namespace\":\"ns\",\"generation\":1,"         \
	"\"resourceVersion\":\"5\"}"
#define DEPLOYMENT(rv, ready)                                                                    \
	"\"object\":{\"kind\":\"Deployment\",\"apiVersion\":\"apps/v1\",\"metadata\":{\"name\":" \
	"\"web\",\"namespace\":\"ns\",\"resourceVersion\":\"" rv                                 \
	"\"},\"spec\":{\"replicas\":1},\"status\":{\"replicas\":1,\"updatedReplicas\":1,"        \
	"\"readyReplicas\":" ready ",\"availableReplicas\":" ready                               \
	",\"conditions\":[{\"type\":\"Available\",\"status\":\"True\"}]}}}"
#define SYNC(rv)                                                                     \
	"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"" rv \
	"\",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}}}}"

static struct program_state {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	int runs;
	enum gt_wake wakes[8];
	bool had_state[8];
	int freed;
	struct gt_manager *manager;
} st = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};

static void state_free(void *p)
{
	pthread_mutex_lock(&st.lock);
	st.freed++;
	pthread_mutex_unlock(&st.lock);
	free(p);
}

/* First run: wait for the Deployment.  Then: done. */
static int reconcile(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err)
{
	static const struct gt_wait_ref ref = {.ref = {{"apps", "v1", "Deployment"}, "ns", "web"}};

	(void)err;
	assert_string_equal(gt_obj_name(r->obj), "app");
	pthread_mutex_lock(&st.lock);
	st.wakes[st.runs] = r->wake;
	st.had_state[st.runs] = r->wait_state != NULL;
	int run = st.runs++;
	pthread_cond_broadcast(&st.cond);
	pthread_mutex_unlock(&st.lock);
	if (run > 0)
		return GT_OK;
	r->wait_state = gt_xstrdup("remembered");
	r->wait_state_free = state_free;
	*next = (struct gt_next){
		.kind = GT_NEXT_WATCH,
		.wait = {.kube = r->kube, .refs = &ref, .n = 1, .deadline_ns = GT_SECONDS(60)},
	};
	return GT_OK;
}

static int setup_program(struct gt_manager *m, struct gt_err *err)
{
	static const struct gt_controller_opts opts = {
		.name = "kustomization",
		.res = &gt_res_kustomization,
		.reconcile = reconcile,
	};

	(void)err;
	st.manager = m;
	gt_controller_add(m, &opts);
	return GT_OK;
}

static bool ran_once(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&st.lock);
	bool ran = st.runs >= 1;
	pthread_mutex_unlock(&st.lock);
	return ran;
}

static bool succeeded(void *arg)
{
	struct gt_metrics *m = gt_manager_metrics(st.manager);
	struct gt_metric *total = gt_metrics_find(m, "controller_runtime_reconcile_total");

	(void)arg;
	return gt_metric_value(total, "kustomization", "success") == 1;
}

struct run {
	char *argv[16];
	int argc;
	int status;
};

static void *run_program(void *arg)
{
	static const struct gt_program program = {.name = "test-controller",
						  .setup = setup_program};
	struct run *r = arg;

	r->status = gt_manager_main(&program, r->argc, r->argv);
	return NULL;
}

static char *write_kubeconfig(const char *url)
{
	char *path = gt_xstrdup("/tmp/test-manager-XXXXXX");
	int fd = mkstemp(path);
	gt_autofree char *text = gt_xasprintf(
		"{\"current-context\":\"a\",\"contexts\":[{\"name\":\"a\",\"context\":{\"cluster\":"
		"\"a\"}}],\"clusters\":[{\"name\":\"a\",\"cluster\":{\"server\":\"%s\"}}]}",
		url);

	assert_true(fd >= 0);
	assert_int_equal(gt_fd_write_all(fd, text, strlen(text), NULL), GT_OK);
	close(fd);
	return path;
}

static void get(struct gt_http_client *http, const char *addr, const char *path, int status,
		const char *part)
{
	gt_auto_http_resp resp = {0};
	gt_autofree char *url = gt_xasprintf("http://%s%s", addr, path);
	struct gt_http_req req = {.url = url};
	struct gt_err err;

	check_ok(gt_http_do(http, &req, gt_ctx_background(), &resp, &err), &err);
	assert_int_equal(resp.status, status);
	if (gt_str_search(gt_buf_str(&resp.body), gt_str(part)) == SIZE_MAX)
		fail_msg("%s: no \"%s\" in: %s", path, part, gt_buf_cstr(&resp.body));
}

/* What the child says when it is ready. */
static struct gt_node *read_report(struct gt_arena *a, int fd)
{
	gt_auto_buf line = {0};
	struct gt_node *n = NULL;
	struct gt_err err;

	check_ok(gt_fd_read_all(fd, 4096, &line, &err), &err);
	check_ok(gt_json_parse(a, gt_buf_str(&line), 0, &n, &err), &err);
	return n;
}

static void script(struct fake_api *api)
{
	fake_api_script(
		api,
		{.method = "HEAD",
		 .path = "/livez/ping",
		 .body = "",
		 .header = "X-Kubernetes-PF-FlowSchema-UID: 1"},
		{.path = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations",
		 .watch = true,
		 .body = "{\"type\":\"ADDED\",\"object\":{" META "}}" SYNC("5")},
		{.path = KS, .sticky = true, .body = "{" META "}"},
		{.path = "/api", .body = "{\"versions\":[]}"},
		{.path = "/apis",
		 .body = "{\"groups\":[{\"name\":\"apps\",\"versions\":[{\"version\":\"v1\"}]}]}"},
		{.path = "/apis/apps/v1",
		 .body = "{\"resources\":[{\"name\":\"deployments\",\"kind\":\"Deployment\","
			 "\"namespaced\":true}]}"},
		{.path = DEPLOYMENTS,
		 .query = "sendInitialEvents=true",
		 .watch = true,
		 .body = "{\"type\":\"ADDED\"," DEPLOYMENT("7", "0") SYNC("7")});
}

static void test_program(void **state)
{
	struct fake_api *api = fake_api_new();
	gt_autofree char *path = write_kubeconfig(fake_api_url(api));
	gt_auto_arena a = {0};
	char fd_text[16];
	int fds[2];
	pthread_t thread;
	struct gt_http_client *http;
	struct gt_err err;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	snprintf(fd_text, sizeof fd_text, "%d", fds[1]);
	char *argv[] = {(char[]){"test-controller"},
			(char[]){"--kubeconfig"},
			path,
			(char[]){"--metrics-addr=127.0.0.1:0"},
			(char[]){"--health-addr=127.0.0.1:0"},
			(char[]){"--log-level=error"},
			(char[]){"--report-fd"},
			fd_text};
	struct run run = {.argc = GT_COUNT(argv)};
	memcpy(run.argv, argv, sizeof argv);
	script(api);
	pthread_create(&thread, NULL, run_program, &run);

	struct gt_node *report = read_report(&a, fds[0]);
	assert_true(gt_node_truth(gt_node_get(report, "ready"), false));
	check_ok(gt_http_client_new(fake_api_loop(api), &(struct gt_http_client_opts){0}, &http,
				    &err),
		 &err);
	const char *health = gt_node_cstr_at(report, "health");
	get(http, health, "/readyz", 200, "ok");
	get(http, health, "/healthz?verbose", 200, "[+]ping ok\nhealthz check passed");

	assert_true(fake_await(ran_once, NULL));
	assert_true(fake_api_await(api, 7));
	fake_api_push(api, DEPLOYMENTS, "{\"type\":\"MODIFIED\"," DEPLOYMENT("8", "1"));
	assert_true(fake_await(succeeded, NULL));
	assert_int_equal(st.wakes[0], GT_WAKE_EVENT);
	assert_int_equal(st.wakes[1], GT_WAKE_SETTLED);
	assert_int_equal(st.freed, 1);
	assert_false(st.had_state[0]);
	assert_true(st.had_state[1]);
	const char *metrics = gt_node_cstr_at(report, "metrics");
	get(http, metrics, "/metrics", 200,
	    "controller_runtime_reconcile_total{controller=\"kustomization\",result=\"requeue_"
	    "after\"} 1\n");
	get(http, metrics, "/metrics", 200,
	    "controller_runtime_reconcile_total{controller=\"kustomization\",result=\"success\"} "
	    "1\n");
	gt_manager_stop(st.manager);
	pthread_join(thread, NULL);
	assert_int_equal(run.status, 0);
	gt_http_client_free(http);
	fake_api_free(api);
	close(fds[0]);
	unlink(path);
}

static void test_bad_flags(void **state)
{
	static const struct gt_program program = {.name = "x", .setup = setup_program};
	char *bad[] = {(char[]){"x"}, (char[]){"--interval-jitter-percentage=100"}};
	char *unknown[] = {(char[]){"x"}, (char[]){"--nope"}};
	char *gate[] = {(char[]){"x"}, (char[]){"--feature-gates=Nope=true"}};

	(void)state;
	assert_int_equal(gt_manager_main(&program, 2, bad), 2);
	assert_int_equal(gt_manager_main(&program, 2, unknown), 2);
	assert_int_equal(gt_manager_main(&program, 2, gate), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_bad_flags),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
