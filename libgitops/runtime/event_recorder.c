#include "runtime/event_recorder.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/time.h"
#include "kube/object.h"
#include "net/http.h"
#include "net/pool.h"
#include "text/json.h"

#define QUEUE_MAX 1000
#define TRIES 5
#define ATTEMPT_TIMEOUT GT_SECONDS(5)
#define WAIT_MAX GT_SECONDS(30)
#define PREFIX "event.toolkit.fluxcd.io/"

struct gt_recorder {
	struct gt_events *events;
	struct gt_http_client *http; /* NULL without an address */
	struct gt_pool *pool;
	struct gt_ctx ctx;
	char *addr;
	char *controller;
	char host[256];
	const struct gt_log *log;
};

struct post {
	struct gt_recorder *recorder;
	struct gt_buf body;
};

struct gt_recorder *gt_recorder_new(const struct gt_recorder_opts *opts)
{
	struct gt_recorder *r = gt_new(struct gt_recorder);
	struct gt_http_client_opts http = {.user_agent = opts->controller};
	struct gt_err err;

	r->events = opts->events;
	r->log = opts->log;
	r->controller = gt_xstrdup(opts->controller);
	if (gethostname(r->host, sizeof r->host - 1) < 0)
		r->host[0] = '\0';
	gt_ctx_init(&r->ctx, NULL, 0);
	if (opts->addr && *opts->addr) {
		r->addr = gt_xstrdup(opts->addr);
		if (gt_http_client_new(opts->loop, &http, &r->http, &err) < 0)
			gt_log_error(r->log, &err, "events are not posted");
		r->pool = gt_pool_new("events-post", 1, 0);
	}
	return r;
}

void gt_recorder_free(struct gt_recorder *r)
{
	if (!r)
		return;
	for (int i = 0; r->pool && i < 200; i++) {
		if (gt_pool_queued(r->pool) == 0 && gt_pool_running(r->pool) == 0)
			break;
		gt_ctx_sleep(gt_ctx_background(), GT_MILLIS(10), NULL);
	}
	gt_ctx_cancel(&r->ctx, "the controller is stopping");
	gt_pool_free(r->pool);
	gt_http_client_free(r->http);
	gt_ctx_fini(&r->ctx);
	free(r->addr);
	free(r->controller);
	free(r);
}

/* --- the body -------------------------------------------------------------------------------- */

static const char *severity(const char *type)
{
	return strcmp(type, "Warning") == 0 ? "error"
	       : strcmp(type, "Trace") == 0 ? "trace"
					    : "info";
}

static struct gt_node *all_metadata(struct gt_arena *a, const struct gt_node *obj,
				    const struct gt_node *metadata)
{
	struct gt_node *all = gt_node_map(a);

	gt_map_each(metadata, pair)
		gt_node_setn(a, all, gt_strn(pair->key, pair->len), pair->value);
	gt_map_each(gt_node_at(obj, "metadata", "annotations"), pair)
	{
		if (gt_str_starts(gt_strn(pair->key, pair->len), PREFIX))
			gt_node_setn(a, all, gt_strn(pair->key, pair->len), pair->value);
	}
	return all;
}

struct gt_node *gt_recorder_body(struct gt_arena *a, const struct gt_node *obj,
				 const struct gt_node *metadata, const char *type,
				 const char *reason, const char *message, const char *controller,
				 const char *instance, int64_t now_wall)
{
	struct gt_node *body = gt_node_map(a);
	struct gt_node *meta = all_metadata(a, obj, metadata);
	char now[GT_TIME_TEXT];

	gt_node_set(a, body, "involvedObject", gt_obj_reference(a, obj));
	gt_node_set_str(a, body, "severity", severity(type));
	gt_node_set_str(a, body, "timestamp", gt_rfc3339(now_wall, now));
	gt_node_set_str(a, body, "message", message);
	gt_node_set_str(a, body, "reason", reason);
	if (gt_node_count(meta) > 0)
		gt_node_set(a, body, "metadata", meta);
	gt_node_set_str(a, body, "reportingController", controller);
	if (instance && *instance)
		gt_node_set_str(a, body, "reportingInstance", instance);
	return body;
}

/* --- posting --------------------------------------------------------------------------------- */

static bool worth_retrying(int rc, const struct gt_http_resp *resp)
{
	return rc < 0 ? rc != GT_E_CANCELLED : resp->status >= 500 && resp->status != 501;
}

static int post_once(struct post *p, int64_t *ret_wait, struct gt_err *err)
{
	static const char *const headers[] = {"Content-Type: application/json"};
	struct gt_recorder *r = p->recorder;
	gt_auto_http_resp resp = {0};
	struct gt_http_req req = {
		.method = "POST",
		.url = r->addr,
		.headers = headers,
		.n_headers = GT_COUNT(headers),
		.body = gt_buf_str(&p->body),
		.timeout_ns = ATTEMPT_TIMEOUT,
		.max_response = 65536,
	};
	int rc = gt_http_do(r->http, &req, &r->ctx, &resp, err);
	int64_t after = rc < 0 ? -1 : gt_http_retry_after(&resp);

	if (after >= 0)
		*ret_wait = after < WAIT_MAX ? after : WAIT_MAX;
	if (worth_retrying(rc, &resp))
		return rc < 0 ? rc : gt_http_check(&resp, "post event", err);
	*ret_wait = -1;
	/* 429: the receiver has this event already. */
	if (rc < 0 || resp.status == 429)
		return rc < 0 ? rc : GT_OK;
	return gt_http_check(&resp, "post event", err);
}

static void post(void *arg)
{
	struct post *p = arg;
	struct gt_recorder *r = p->recorder;
	struct gt_err err;
	int rc = GT_OK;

	for (int i = 0; i < TRIES; i++) {
		int64_t wait = GT_SECONDS(1) << i;

		rc = post_once(p, &wait, &err);
		if (rc >= 0 || wait < 0 || i + 1 == TRIES)
			break;
		if (gt_ctx_sleep(&r->ctx, wait < WAIT_MAX ? wait : WAIT_MAX, NULL) < 0)
			break;
	}
	if (rc < 0 && rc != GT_E_CANCELLED)
		gt_log_error(r->log, &err, "unable to record event");
	gt_buf_fini(&p->body);
	free(p);
}

static void submit(struct gt_recorder *r, const struct gt_node *obj, const struct gt_node *metadata,
		   const char *type, const char *reason, const char *message)
{
	gt_auto_arena a = {.budget = GT_MIB(8)};

	if (!r->http || strcmp(type, "Trace") == 0)
		return;
	if (!*gt_obj_kind(obj) || !*gt_obj_name(obj) || !*gt_obj_namespace(obj)) {
		gt_log_error(r->log, NULL, "event without kind, name or namespace is not posted",
			     gt_kv_str("reason", reason));
		return;
	}
	if (gt_pool_queued(r->pool) >= QUEUE_MAX) {
		gt_log_error(r->log, NULL, "too many events wait: one is dropped",
			     gt_kv_str("reason", reason));
		return;
	}
	struct gt_node *body = gt_recorder_body(&a, obj, metadata, type, reason, message,
						r->controller, r->host, gt_now_wall());
	struct post *p = gt_new(struct post);
	p->recorder = r;
	gt_json_write(&p->body, body, GT_JSON_COMPACT, 0);
	gt_pool_submit(r->pool, post, p);
}

void gt_recorder_emit(struct gt_recorder *r, const struct gt_node *obj,
		      const struct gt_node *metadata, const char *type, const char *reason,
		      const char *fmt, ...)
{
	gt_auto_buf message = {0};
	va_list ap;

	if (!r)
		return;
	va_start(ap, fmt);
	gt_buf_vprintf(&message, fmt, ap);
	va_end(ap);
	gt_log_debug(r->log, gt_buf_cstr(&message), gt_kv_str("type", type),
		     gt_kv_ref("object", gt_obj_namespace(obj), gt_obj_name(obj)),
		     gt_kv_str("reason", reason));
	if (r->events)
		gt_events_emit(r->events, obj, type, reason, metadata, gt_buf_cstr(&message));
	submit(r, obj, metadata, type, reason, gt_buf_cstr(&message));
}
