#include "kube/watch.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/rand.h"
#include "base/time.h"
#include "kube/conn.h"
#include "kube/object.h"
#include "net/loop.h"
#include "net/url.h"
#include "text/json.h"
#include "kube/watch_int.h"

#define ERROR_BODY GT_KIB(64)

/* --- decoding -------------------------------------------------------------------------------- */

static const char *const type_names[] = {
	[GT_EVENT_ADDED] = "ADDED",     [GT_EVENT_MODIFIED] = "MODIFIED",
	[GT_EVENT_DELETED] = "DELETED", [GT_EVENT_BOOKMARK] = "BOOKMARK",
	[GT_EVENT_ERROR] = "ERROR",
};

int gt_watch_decode(struct gt_arena *a, struct gt_str text, enum gt_event_type *ret_type,
		    struct gt_node **ret_obj, struct gt_err *err)
{
	struct gt_node *root = NULL;
	int rc = gt_json_parse(a, text, 0, &root, err);

	if (rc < 0)
		return gt_wrap(err, "unable to decode an event from the watch stream");
	struct gt_node *obj = gt_node_get(root, "object");
	const char *type = gt_node_cstr_or(gt_node_get(root, "type"), "");
	for (size_t i = 0; i < GT_COUNT(type_names); i++) {
		if (strcmp(type_names[i], type) != 0)
			continue;
		if (!gt_node_is(obj, GT_MAP))
			return gt_fail(err, GT_E_INVALID,
				       "unable to decode an event from the watch stream: %s "
				       "without an object",
				       type);
		*ret_type = (enum gt_event_type)i;
		*ret_obj = obj;
		return GT_OK;
	}
	return gt_fail(err, GT_E_INVALID,
		       "unable to decode an event from the watch stream: unknown type \"%.20s\"",
		       type);
}

/* --- one stream ------------------------------------------------------------------------------ */

struct gt_watch {
	struct gt_kube *kube;
	const struct gt_resource *res;
	struct gt_watch_fns fns;
	int (*raw)(void *arg, struct gt_str text, struct gt_err *err); /* instead of event */
	struct gt_http_stream *stream;
	struct gt_json_splitter splitter;
	struct gt_arena arena; /* of the event being delivered */
	unsigned status;       /* of the answer; 0 before the head */
	struct gt_buf error_body;
	bool metadata_only;
	bool stopped;
	bool failed; /* err says why */
	struct gt_err err;
};

static void fail_watch(struct gt_watch *w)
{
	w->failed = true;
	gt_http_stream_cancel(w->stream);
}

/* A negative return ends the stream with w->err. */
static int take_event(void *arg, struct gt_str text, struct gt_err *err)
{
	struct gt_watch *w = arg;
	enum gt_event_type type;
	struct gt_node *obj;

	if (w->stopped)
		return GT_E_CANCELLED;
	if (w->raw)
		return w->raw(w->fns.arg, text, err);
	gt_arena_reset(&w->arena);
	int rc = gt_watch_decode(&w->arena, text, &type, &obj, err);
	if (rc < 0)
		return rc;
	if (type == GT_EVENT_ERROR)
		return gt_status_error(obj, 0, err);
	if (w->metadata_only && type != GT_EVENT_BOOKMARK) {
		gt_node_set_str(&w->arena, obj, "kind", w->res->kind);
		gt_node_set_str(&w->arena, obj, "apiVersion",
				gt_gvk_api_version(&w->arena, gt_resource_gvk(w->res)));
	}
	rc = gt_arena_check(&w->arena, err);
	if (rc == GT_OK)
		w->fns.event(w->fns.arg, type, obj);
	return rc;
}

static void on_head(void *arg, const struct gt_http_resp *resp)
{
	struct gt_watch *w = arg;

	w->status = (unsigned)resp->status;
	gt_kube__observe(w->kube, "GET", w->status);
	if (w->status == 200 && w->fns.open && !w->stopped)
		w->fns.open(w->fns.arg);
	if (w->status != 200 && gt_http_retry_after(resp) > 0)
		w->err.retry_after_ms = (uint32_t)(gt_http_retry_after(resp) / GT_NS_PER_MS);
}

static void on_data(void *arg, struct gt_str bytes)
{
	struct gt_watch *w = arg;

	if (w->stopped || w->failed)
		return;
	if (w->status != 200) {
		gt_buf_add_str(&w->error_body, bytes);
		return;
	}
	if (gt_json_splitter_feed(&w->splitter, bytes, take_event, w, &w->err) < 0 && !w->stopped)
		fail_watch(w);
}

static void watch_free(struct gt_watch *w)
{
	gt_http_stream_free(w->stream);
	gt_json_splitter_fini(&w->splitter);
	gt_arena_fini(&w->arena);
	gt_buf_fini(&w->error_body);
	gt_kube_unref(w->kube);
	free(w);
}

static void on_done(void *arg, int rc, const struct gt_err *err)
{
	struct gt_watch *w = arg;
	const struct gt_err *why = NULL;

	if (w->stopped) {
		why = NULL;
	} else if (w->failed) {
		why = &w->err;
	} else if (w->status != 0 && w->status != 200) {
		struct gt_node *status = NULL;
		uint32_t after = w->err.retry_after_ms;

		gt_arena_reset(&w->arena);
		gt_json_parse(&w->arena, gt_buf_str(&w->error_body), 0, &status, NULL);
		gt_status_error(status, w->status, &w->err);
		if (after)
			w->err.retry_after_ms = after;
		why = &w->err;
	} else if (rc < 0) {
		if (w->status == 0)
			gt_kube__observe(w->kube, "GET", 0);
		w->err = *err;
		why = &w->err;
	} else if (w->splitter.started) {
		gt_fail(&w->err, GT_E_UNAVAILABLE, "unexpected EOF during watch stream");
		why = &w->err;
	}
	w->fns.end(w->fns.arg, why);
	watch_free(w);
}

static void watch_query(struct gt_buf *path, const struct gt_watch_opts *o)
{
	gt_auto_buf query = {0};
	unsigned timeout = o->timeout_s ? o->timeout_s : 300 + gt_rand_below(301);
	char number[16];

	gt_query_add(&query, gt_str("watch"), gt_str("true"));
	gt_query_add(&query, gt_str("allowWatchBookmarks"), gt_str("true"));
	snprintf(number, sizeof number, "%u", timeout);
	gt_query_add(&query, gt_str("timeoutSeconds"), gt_str(number));
	if (o->resource_version && *o->resource_version)
		gt_query_add(&query, gt_str("resourceVersion"), gt_str(o->resource_version));
	if (o->initial_events) {
		gt_query_add(&query, gt_str("sendInitialEvents"), gt_str("true"));
		gt_query_add(&query, gt_str("resourceVersionMatch"), gt_str("NotOlderThan"));
	}
	if (o->label_selector && *o->label_selector)
		gt_query_add(&query, gt_str("labelSelector"), gt_str(o->label_selector));
	if (o->field_selector && *o->field_selector)
		gt_query_add(&query, gt_str("fieldSelector"), gt_str(o->field_selector));
	gt_buf_addc(path, '?');
	gt_buf_add_str(path, gt_buf_str(&query));
}

static const struct gt_http_stream_fns stream_fns = {
	.on_head = on_head, .on_data = on_data, .on_done = on_done};

/* The path of a resource or an object; one that cannot be built is answered by a 404. */
static void path_or_invalid(struct gt_buf *path, const struct gt_resource *r, const char *ns,
			    const char *name)
{
	if (gt_kube__path(path, r, ns, name, NULL, NULL) >= 0)
		return;
	gt_buf_reset(path);
	gt_buf_adds(path, "/invalid");
}

struct gt_watch *gt_watch__start(struct gt_kube *k, const struct gt_resource *r, const char *ns,
				 const struct gt_watch_opts *opts, const struct gt_watch_fns *fns,
				 int (*raw)(void *arg, struct gt_str text, struct gt_err *err))
{
	struct gt_watch *w = gt_new(struct gt_watch);
	gt_auto_buf path = {0};

	w->kube = gt_kube_ref(k);
	w->res = r;
	w->fns = *fns;
	w->raw = raw;
	w->metadata_only = opts->metadata_only;
	gt_json_splitter_init(&w->splitter, GT_LIMIT_API_EVENT);
	gt_arena_init(&w->arena, 8 * GT_LIMIT_API_EVENT);
	gt_buf_init(&w->error_body, ERROR_BODY);
	path_or_invalid(&path, r, ns, NULL);
	watch_query(&path, opts);
	struct gt_kube__req req = {
		.path = gt_buf_cstr(&path),
		.accept = opts->metadata_only ? GT_KUBE_ACCEPT_META : NULL,
	};
	w->stream = gt_kube__stream(k, &req, &stream_fns, w);
	return w;
}

struct gt_watch *gt_watch_start(struct gt_kube *k, const struct gt_resource *r, const char *ns,
				const struct gt_watch_opts *opts, const struct gt_watch_fns *fns)
{
	return gt_watch__start(k, r, ns, opts, fns, NULL);
}

void gt_watch_stop(struct gt_watch *w)
{
	w->stopped = true;
	gt_http_stream_cancel(w->stream);
}

/* --- one page without blocking --------------------------------------------------------------- */

struct gt_list_call {
	struct gt_kube *kube;
	const struct gt_resource *res;
	void (*done)(void *arg, struct gt_node *list, const struct gt_err *err);
	void *arg;
	struct gt_http_stream *stream;
	struct gt_buf body;
	unsigned status;
	uint32_t retry_after_ms;
	bool metadata_only;
	bool stopped;
};

static void list_head(void *arg, const struct gt_http_resp *resp)
{
	struct gt_list_call *call = arg;

	call->status = (unsigned)resp->status;
	gt_kube__observe(call->kube, "GET", call->status);
	if (gt_http_retry_after(resp) > 0)
		call->retry_after_ms = (uint32_t)(gt_http_retry_after(resp) / GT_NS_PER_MS);
}

static void list_data(void *arg, struct gt_str bytes)
{
	struct gt_list_call *call = arg;

	gt_buf_add_str(&call->body, bytes);
}

static int list_result(struct gt_list_call *call, struct gt_arena *a, int rc,
		       struct gt_node **ret_list, struct gt_err *err)
{
	if (call->stopped)
		return gt_fail(err, GT_E_CANCELLED, "stopped");
	if (rc < 0)
		return rc;
	rc = gt_buf_check(&call->body, err);
	if (rc == GT_OK && call->status != 200) {
		struct gt_node *status = NULL;
		gt_json_parse(a, gt_buf_str(&call->body), 0, &status, NULL);
		rc = gt_status_error(status, call->status, err);
		if (call->retry_after_ms)
			err->retry_after_ms = call->retry_after_ms;
		return rc;
	}
	if (rc == GT_OK)
		rc = gt_json_parse(a, gt_buf_str(&call->body), 0, ret_list, err);
	if (rc < 0)
		return gt_wrap(err, "list %s", call->res->plural);
	gt_kube__fill_items(a, call->res, *ret_list, call->metadata_only);
	return gt_arena_check(a, err);
}

static void list_done(void *arg, int rc, const struct gt_err *why)
{
	struct gt_list_call *call = arg;
	gt_auto_arena a = {.budget = 8 * GT_LIMIT_API_RESPONSE};
	struct gt_node *list = NULL;
	struct gt_err err;

	gt_err_reset(&err);
	if (rc < 0) {
		err = *why;
		if (call->status == 0 && !call->stopped)
			gt_kube__observe(call->kube, "GET", 0);
	}
	rc = list_result(call, &a, rc, &list, &err);
	gt_buf_fini(&call->body);
	call->done(call->arg, rc < 0 ? NULL : list, rc < 0 ? &err : NULL);
	gt_http_stream_free(call->stream);
	gt_kube_unref(call->kube);
	free(call);
}

static const struct gt_http_stream_fns list_fns = {
	.on_head = list_head, .on_data = list_data, .on_done = list_done};

static struct gt_list_call *start_call(struct gt_kube *k, const struct gt_resource *r,
				       const struct gt_buf *path, const char *accept,
				       void (*done)(void *arg, struct gt_node *list,
						    const struct gt_err *err),
				       void *arg)
{
	struct gt_list_call *call = gt_new(struct gt_list_call);
	struct gt_kube__req req = {.path = gt_buf_cstr(path), .accept = accept};

	call->kube = gt_kube_ref(k);
	call->res = r;
	call->done = done;
	call->arg = arg;
	gt_buf_init(&call->body, GT_LIMIT_API_RESPONSE);
	call->stream = gt_kube__stream(k, &req, &list_fns, call);
	return call;
}

struct gt_list_call *gt_list_start(struct gt_kube *k, const struct gt_resource *r, const char *ns,
				   const struct gt_list_opts *opts, const char *continue_token,
				   void (*done)(void *arg, struct gt_node *list,
						const struct gt_err *err),
				   void *arg)
{
	gt_auto_buf path = {0};

	path_or_invalid(&path, r, ns, NULL);
	gt_kube__list_query(&path, opts, continue_token);
	struct gt_list_call *call = start_call(
		k, r, &path, opts->metadata_only ? GT_KUBE_ACCEPT_META_LIST : NULL, done, arg);
	call->metadata_only = opts->metadata_only;
	return call;
}

struct gt_list_call *gt_get_start(
	struct gt_kube *k, const struct gt_resource *r, const char *ns, const char *name,
	void (*done)(void *arg, struct gt_node *obj, const struct gt_err *err), void *arg)
{
	gt_auto_buf path = {0};

	path_or_invalid(&path, r, ns, name);
	return start_call(k, r, &path, NULL, done, arg);
}

void gt_list_stop(struct gt_list_call *call)
{
	call->stopped = true;
	gt_http_stream_cancel(call->stream);
}
