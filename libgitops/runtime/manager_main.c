/* The life of a controller program: set-up, start, run, stop. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/kinds.h"
#include "base/enc.h"
#include "base/fs.h"
#include "base/time.h"
#include "base/trim.h"
#include "crypto/digest.h"
#include "gt_version.h"
#include "kube/object.h"
#include "net/loop.h"
#include "runtime/manager_int.h"
#include "text/json.h"

#define SETTLED_AFTER GT_SECONDS(10)
#define SYNC_TIMEOUT GT_SECONDS(120)
#define NAMESPACE_FILE "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

/* --- set-up ---------------------------------------------------------------------------------- */

static void observe_request(void *arg, const char *method, const char *host, unsigned code)
{
	struct gt_manager *m = arg;
	char text[16];

	snprintf(text, sizeof text, "%u", code);
	gt_metric_add(m->requests, 1, code ? text : "<error>", method, host);
}

static void add_request_metric(struct gt_manager *m)
{
	static const char *const labels[] = {"code", "method", "host", NULL};
	static const struct gt_metric_opts opts = {
		.name = "rest_client_requests_total",
		.help = "Number of HTTP requests, partitioned by status code, method, and host.",
		.type = GT_METRIC_COUNTER,
		.labels = labels,
	};
	m->requests = gt_metrics_add(m->metrics, &opts);
}

/* RUNTIME_NAMESPACE, the pod's own, Flux's default. */
static char *own_namespace(void)
{
	const char *env = getenv("RUNTIME_NAMESPACE");
	gt_auto_buf text = {0};

	if (env && *env)
		return gt_xstrdup(env);
	FILE *f = fopen(NAMESPACE_FILE, "re");
	if (f) {
		gt_fd_read_all(fileno(f), 1024, &text, NULL);
		fclose(f);
	}
	struct gt_str s = gt_str_trim(gt_buf_str(&text));
	return s.n > 0 ? gt_xstrndup(s.p, s.n) : gt_xstrdup("flux-system");
}

static int connect(struct gt_manager *m, struct gt_err *err)
{
	gt_auto_rest_config config = {0};
	gt_autofree char *agent = gt_xasprintf("%s/%s (linux)", m->program->name, GT_VERSION);
	struct gt_kubeconfig_opts where = {
		.path = m->flags.kubeconfig,
		.context = m->flags.context,
		.in_cluster = true,
	};
	struct gt_kube_opts opts = {
		.user_agent = agent,
		.log = &m->log,
		.qps = m->flags.kube_api_qps,
		.burst = (int)m->flags.kube_api_burst,
		.observe = observe_request,
		.observe_arg = m,
	};
	int rc = gt_rest_config_load(&where, &config, err);

	if (rc == GT_OK)
		rc = gt_kube_new(m->loop, &config, &opts, &m->kube, err);
	return rc < 0 ? gt_wrap(err, "unable to get a kubeconfig") : GT_OK;
}

static int set_up(struct gt_manager *m, struct gt_err *err)
{
	enum gt_log_level level = GT_LOG_INFO;
	int rc;

	gt_log_level_parse(gt_str(m->flags.log_level), &level);
	gt_log_setup(level,
		     strcmp(m->flags.log_encoding, "console") == 0 ? GT_LOG_CONSOLE : GT_LOG_JSON);
	rc = gt_features_parse(m->program->features, m->flags.feature_gates, &m->log, err);
	if (rc < 0)
		return rc;
	m->ns = own_namespace();
	m->metrics = gt_metrics_new();
	add_request_metric(m);
	m->loop = gt_loop_new();
	rc = connect(m, err);
	if (rc < 0)
		return rc;
	m->waiter = gt_waiter_new(m->loop, &m->log);
	m->depends = gt_depends_new();
	m->events = gt_events_new(m->kube, m->program->name);
	struct gt_recorder_opts recorder = {
		.loop = m->loop,
		.events = m->events,
		.addr = m->flags.events_addr,
		.controller = m->program->name,
		.log = &m->log,
	};
	m->recorder = gt_recorder_new(&recorder);
	rc = m->program->setup(m, err);
	if (rc < 0)
		return gt_wrap(err, "unable to set up");
	/* After the program's own handlers: what they see is in the stores already. */
	for (size_t i = 0; i < m->informers.n; i++)
		gt_informer_handle(m->informers.v[i], gt_depends_changed, m->depends);
	unsigned workers = 0;
	for (size_t i = 0; i < m->controllers.n; i++)
		workers += m->controllers.v[i]->opts.concurrency;
	m->pool = gt_pool_new("reconcile", workers, 0);
	return GT_OK;
}

/* --- start ----------------------------------------------------------------------------------- */

struct start {
	struct gt_manager *m;
	struct gt_err *err;
	int rc;
};

static void on_signal(void *arg)
{
	struct gt_manager *m = arg;

	pthread_mutex_lock(&m->lock);
	bool again = m->stopping;
	pthread_mutex_unlock(&m->lock);
	if (again)
		_exit(1);
	gt_manager_stop(m);
}

static void start_on_loop(void *arg)
{
	struct start *s = arg;
	struct gt_manager *m = s->m;

	s->rc = gt_loop_on_signal(m->loop, SIGTERM, on_signal, m, s->err);
	if (s->rc == GT_OK)
		s->rc = gt_loop_on_signal(m->loop, SIGINT, on_signal, m, s->err);
	if (s->rc == GT_OK)
		s->rc = gt_manager__start_servers(m, s->err);
	for (size_t i = 0; s->rc == GT_OK && i < m->informers.n; i++)
		gt_informer_start(m->informers.v[i]);
}

static void start_runnables(void *arg)
{
	struct start *s = arg;

	for (size_t i = 0; s->rc == GT_OK && i < s->m->runnables.n; i++) {
		struct gt_runnable *r = &s->m->runnables.v[i];
		if (r->start)
			s->rc = r->start(r->arg, s->err);
		r->started = s->rc == GT_OK;
	}
}

static int wait_for_informers(struct gt_manager *m, struct gt_err *err)
{
	gt_auto_ctx ctx;
	int rc = GT_OK;

	gt_ctx_init(&ctx, &m->ctx, SYNC_TIMEOUT);
	for (size_t i = 0; rc == GT_OK && i < m->informers.n; i++)
		rc = gt_informer_wait(m->informers.v[i], &ctx, err);
	return rc;
}

static void activate(struct gt_manager *m)
{
	m->active = true;
	for (size_t i = 0; i < m->controllers.n; i++)
		gt_controller__dispatch(m->controllers.v[i]);
}

/* The name of the Lease; shards by label have one each. */
static char *lease_name(struct gt_manager *m)
{
	const char *selector = m->flags.watch_label_selector;
	gt_auto_buf hex = {0};

	if (!*selector)
		return gt_xasprintf("%s-leader-election", m->program->name);
	struct gt_digest sum = gt_digest_of(GT_SHA256, gt_str(selector));
	gt_hex_encode(&hex, gt_strn((const char *)sum.bytes, 4));
	return gt_xasprintf("%s-leader-election-%s", m->program->name, gt_buf_cstr(&hex));
}

/* Leadership shows as an Event on the Lease and as a metric. */
static void tell_leadership(struct gt_manager *m, const char *identity, bool leading)
{
	static const char *const labels[] = {"name", NULL};
	static const struct gt_metric_opts opts = {
		.name = "leader_election_master_status",
		.help = "Gauge of if the reporting system is master of the relevant lease, 0 "
			"indicates backup, 1 indicates master.",
		.type = GT_METRIC_GAUGE,
		.labels = labels,
	};
	gt_auto_arena a = {0};
	gt_autofree char *name = lease_name(m);
	gt_autofree char *text =
		gt_xasprintf("%s %s", identity, leading ? "became leader" : "stopped leading");

	gt_metric_set(gt_metrics_add(m->metrics, &opts), leading, name);
	gt_events_emit(m->events, gt_obj_new(&a, &gt_res_lease, m->ns, name), "Normal",
		       "LeaderElection", NULL, text);
}

static void lost_leadership(void *arg, const char *identity)
{
	struct gt_manager *m = arg;

	tell_leadership(m, identity, false);
	pthread_mutex_lock(&m->lock);
	m->lost = true;
	pthread_mutex_unlock(&m->lock);
	gt_manager_stop(m);
}

/* Only a leader serves: readiness of a replica may depend on it (upstream: source-controller's
 * file server). */
static void became_leader(void *arg, const char *identity)
{
	struct gt_manager *m = arg;
	struct gt_err err;
	struct start s = {.m = m, .err = &err};

	tell_leadership(m, identity, true);
	gt_loop_call(m->loop, start_runnables, &s);
	if (s.rc < 0) {
		gt_log_error(&m->log, &err, "unable to start");
		lost_leadership(m, identity);
		return;
	}
	activate(m);
}

static int run_for_leader(struct gt_manager *m, struct gt_err *err)
{
	gt_autofree char *name = lease_name(m);
	struct gt_lease_opts opts = {
		.ns = m->ns,
		.name = name,
		.duration_ns = m->flags.lease_duration,
		.renew_ns = m->flags.renew_deadline,
		.retry_ns = m->flags.retry_period,
		.release = m->flags.leader_election_release,
		.log = &m->log,
		.started = became_leader,
		.lost = lost_leadership,
		.arg = m,
	};
	return gt_lease_new(m->kube, &opts, &m->lease, err);
}

/* One line of JSON to whoever started us. */
static int report(struct gt_manager *m, struct gt_err *err)
{
	gt_auto_arena a = {0};
	gt_auto_buf line = {0};
	struct gt_node *map = gt_node_map(&a);
	int fd = (int)m->flags.report_fd;

	if (fd < 0)
		return GT_OK;
	gt_map_for_each (&m->report, e)
		gt_node_set_str(&a, map, e->key, e->value);
	gt_node_set_bool(&a, map, "ready", true);
	gt_json_write(&line, map, GT_JSON_COMPACT, 0);
	gt_buf_addc(&line, '\n');
	int rc = gt_fd_write_all(fd, line.p, line.n, err);
	close(fd);
	return rc < 0 ? gt_wrap(err, "--report-fd") : GT_OK;
}

static int start(struct gt_manager *m, struct gt_err *err)
{
	struct start s = {.m = m, .err = err};
	int rc = gt_loop_start_thread(m->loop, err);

	if (rc < 0)
		return rc;
	gt_loop_call(m->loop, start_on_loop, &s);
	if (s.rc < 0)
		return s.rc;
	gt_kube_probe(m->kube, &m->ctx);
	rc = wait_for_informers(m, err);
	if (rc < 0)
		return rc;
	if (m->flags.leader_election) {
		rc = run_for_leader(m, err);
	} else {
		gt_loop_call(m->loop, start_runnables, &s);
		rc = s.rc;
		if (rc == GT_OK)
			activate(m);
	}
	if (rc < 0)
		return rc;
	m->ready = true;
	gt_log_info(&m->log, "controller ready", gt_kv_str("version", GT_VERSION));
	return report(m, err);
}

/* --- stop ------------------------------------------------------------------------------------ */

/* False when reconciles still run after the grace period. */
static bool wait_for_workers(struct gt_manager *m)
{
	int64_t until = gt_now_mono() + (m->lost ? 0 : m->flags.graceful_timeout);
	struct timespec at = {.tv_sec = until / GT_NS_PER_S, .tv_nsec = until % GT_NS_PER_S};
	int waited = 0;

	pthread_mutex_lock(&m->lock);
	while (m->running > 0 && waited != ETIMEDOUT)
		waited = pthread_cond_timedwait(&m->cond, &m->lock, &at);
	bool idle = m->running == 0;
	pthread_mutex_unlock(&m->lock);
	return idle;
}

static void stop_on_loop(void *arg)
{
	struct gt_manager *m = arg;

	for (size_t i = m->runnables.n; i-- > 0;) {
		struct gt_runnable *r = &m->runnables.v[i];
		if (r->started && r->stop)
			r->stop(r->arg);
	}
	for (size_t i = 0; i < m->controllers.n; i++) {
		struct gt_controller *c = m->controllers.v[i];
		gt_map_for_each (&c->states, e)
			gt_keystate__end_wait(e->value);
		gt_timer_free(gt_steal(c->timer));
	}
	for (size_t i = 0; i < m->informers.n; i++)
		gt_informer_free(m->informers.v[i]);
	m->informers.n = 0;
	gt_waiter_free(gt_steal(m->waiter));
	gt_manager__stop_servers(m);
}

static void turn(void *arg)
{
	(void)arg;
}

static void stop(struct gt_manager *m)
{
	bool running = m->ready || !gt_loop_inside(m->loop);

	m->ready = false;
	m->active = false;
	gt_manager_stop(m);
	for (size_t i = 0; i < m->controllers.n; i++)
		gt_queue_close(m->controllers.v[i]->queue);
	if (!wait_for_workers(m)) {
		gt_log_info(&m->log, "reconciles did not finish in time");
		_exit(1);
	}
	gt_pool_free(gt_steal(m->pool));
	if (m->program->teardown)
		m->program->teardown(m);
	gt_lease_free(gt_steal(m->lease));
	gt_recorder_free(gt_steal(m->recorder));
	gt_events_free(gt_steal(m->events));
	if (running) {
		gt_loop_call(m->loop, turn, NULL); /* what workers posted has run */
		gt_loop_call(m->loop, stop_on_loop, m);
		gt_loop_call(m->loop, turn, NULL);
		gt_loop_join(m->loop);
	} else {
		stop_on_loop(m);
	}
}

static void free_value(void *p)
{
	free(p);
}

static void manager_fini(struct gt_manager *m)
{
	gt_kube_unref(m->kube);
	for (size_t i = 0; i < m->controllers.n; i++)
		gt_controller__free(m->controllers.v[i]);
	gt_loop_free(m->loop);
	for (size_t i = 0; i < m->readiness.n; i++)
		free(m->readiness.v[i].name);
	gt_depends_free(m->depends);
	gt_metrics_free(m->metrics);
	gt_map_fini(&m->report);
	gt_vec_fini(&m->informers);
	gt_vec_fini(&m->controllers);
	gt_vec_fini(&m->runnables);
	gt_vec_fini(&m->readiness);
	gt_ctx_fini(&m->ctx);
	pthread_cond_destroy(&m->cond);
	pthread_mutex_destroy(&m->lock);
	free(m->ns);
}

static void manager_init(struct gt_manager *m, const struct gt_program *program)
{
	pthread_condattr_t attr;

	*m = (struct gt_manager){.program = program};
	gt_ctx_init(&m->ctx, NULL, 0);
	gt_map_init(&m->report, free_value);
	pthread_mutex_init(&m->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m->cond, &attr);
	pthread_condattr_destroy(&attr);
	/* Threads share few arenas of malloc: idle memory stays small. */
	mallopt(M_ARENA_MAX, 2);
}

/* Called locked.  Some seconds after the start what only the start needed is given back. */
static void wait_for_stop(struct gt_manager *m)
{
	int64_t until = gt_now_mono() + SETTLED_AFTER;
	struct timespec at = {.tv_sec = until / GT_NS_PER_S, .tv_nsec = until % GT_NS_PER_S};
	int waited = 0;

	while (!m->stopping && waited != ETIMEDOUT)
		waited = pthread_cond_timedwait(&m->cond, &m->lock, &at);
	pthread_mutex_unlock(&m->lock);
	if (waited == ETIMEDOUT)
		gt_trim_memory();
	pthread_mutex_lock(&m->lock);
	while (!m->stopping)
		pthread_cond_wait(&m->cond, &m->lock);
}

int gt_manager_main(const struct gt_program *program, int argc, char **argv)
{
	struct gt_manager m;
	struct gt_err err;

	manager_init(&m, program);
	int rc = gt_manager__parse_flags(&m, argc, argv, &err);
	if (rc == GT_E_CANCELLED) {
		manager_fini(&m);
		return 0;
	}
	if (rc < 0) {
		fprintf(stderr, "%s\n", err.text);
		manager_fini(&m);
		return 2;
	}
	m.log = gt_log_named(NULL, "");
	rc = set_up(&m, &err);
	if (rc == GT_OK)
		rc = start(&m, &err);
	pthread_mutex_lock(&m.lock);
	if (rc == GT_OK)
		wait_for_stop(&m);
	bool asked = m.stopping && !m.lost;
	bool lost = m.lost;
	pthread_mutex_unlock(&m.lock);
	if (lost)
		gt_log_error(&m.log, NULL, "leader election lost");
	else if (rc < 0 && !asked)
		gt_log_error(&m.log, &err, "unable to start");
	if (m.loop)
		stop(&m);
	manager_fini(&m);
	return asked ? 0 : 1;
}
