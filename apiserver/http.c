/* From an HTTP request to a call, and who may make it. */
#include <stdio.h>

#include "base/limits.h"
#include "decode.h"
#include "documents.h"
#include "encode.h"
#include "net/url.h"
#include "read.h"
#include "server.h"
#include "status.h"
#include "subresource.h"
#include "text/json.h"
#include "watch.h"
#include "write.h"

/* --- who ---------------------------------------------------------------------------------- */

static bool is_public(struct gt_str path)
{
	static const char *const open[] = {"/healthz", "/livez", "/readyz", "/version"};

	for (size_t i = 0; i < GT_COUNT(open); i++) {
		struct gt_str p = gt_str(open[i]);
		if (gt_str_eq(path, p) ||
		    (gt_str_starts(path, open[i]) && path.n > p.n && path.p[p.n] == '/'))
			return true;
	}
	return false;
}

static const char *const no_groups[] = {NULL};

/* Whoever is known may act as anybody: the server knows no roles. */
static void impersonate(struct as_call *c)
{
	struct gt_str user = gt_http_request_header(c->http, "Impersonate-User");
	const char **groups = gt_arena_calloc(&c->arena, c->http->n_fields + 1, sizeof *groups);
	size_t n = 0;

	if (user.n == 0 || !groups)
		return;
	for (size_t i = 0; i < c->http->n_fields; i++) {
		if (gt_str_ieq(c->http->fields[i].name, gt_str("Impersonate-Group")))
			groups[n++] = c->http->fields[i].value.p;
	}
	c->user = (struct as_user){.name = user.p, .groups = groups, .n_groups = n};
}

static bool authenticate(struct as_call *c)
{
	const struct gt_http_request *req = c->http;

	if (req->peer_cn && req->peer_cn[0]) {
		c->user = (struct as_user){.name = req->peer_cn,
					   .groups = req->peer_orgs,
					   .n_groups = req->n_peer_orgs};
		impersonate(c);
		return true;
	}
	c->user = (struct as_user){.name = "system:anonymous", .groups = no_groups};
	return is_public(req->path);
}

/* --- what --------------------------------------------------------------------------------- */

static enum as_verb verb_of(const struct as_call *c)
{
	struct gt_str m = c->http->method;
	bool named = c->to.name.n > 0;

	if (gt_str_is(m, "GET") || gt_str_is(m, "HEAD")) {
		if (c->query.watch && c->to.sub.n == 0)
			return AS_V_WATCH;
		return named ? AS_V_GET : AS_V_LIST;
	}
	if (gt_str_is(m, "POST"))
		return AS_V_CREATE;
	if (gt_str_is(m, "PUT"))
		return AS_V_UPDATE;
	if (gt_str_is(m, "PATCH"))
		return AS_V_PATCH;
	if (gt_str_is(m, "DELETE"))
		return named ? AS_V_DELETE : AS_V_DELETECOLLECTION;
	return AS_V_NONE;
}

/* The verb as the resource lists it. */
static uint16_t verb_bit(enum as_verb v)
{
	static const uint16_t bits[] = {
		[AS_V_NONE] = 0,
		[AS_V_GET] = GT_VERB_GET,
		[AS_V_LIST] = GT_VERB_LIST,
		[AS_V_WATCH] = GT_VERB_WATCH,
		[AS_V_CREATE] = GT_VERB_CREATE,
		[AS_V_UPDATE] = GT_VERB_UPDATE,
		[AS_V_PATCH] = GT_VERB_PATCH,
		[AS_V_DELETE] = GT_VERB_DELETE,
		[AS_V_DELETECOLLECTION] = GT_VERB_DELETECOLLECTION,
	};

	return bits[v];
}

static int find_resource(struct as_call *c)
{
	bool namespaced;

	c->r = as_registry_find(c->server->registry, c->to.group, c->to.resource);
	c->v = c->r ? as_resource_version(c->r, c->to.version) : NULL;
	if (!c->v)
		return as_not_found_path(c);
	namespaced = c->r->flags & AS_R_NAMESPACED;
	if (!namespaced && c->to.ns.n > 0)
		return as_not_found_path(c);
	if (c->v->deprecated)
		as_warn(c, "%s", c->v->deprecation);
	return GT_OK;
}

static int check_verb(struct as_call *c)
{
	bool namespaced = c->r->flags & AS_R_NAMESPACED;
	struct gt_str method = c->http->method;
	char name[16];

	if (c->to.sub.n > 0)
		return GT_OK; /* subresource.c knows */
	snprintf(name, sizeof name, "%.*s", GT_STR_ARG(method));
	for (char *p = name; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	if (!(c->r->verbs & verb_bit(c->verb)) || (c->verb == AS_V_CREATE && c->to.name.n > 0) ||
	    ((c->verb == AS_V_UPDATE || c->verb == AS_V_PATCH) && c->to.name.n == 0))
		return as_method_not_allowed(c, name);
	/* Only lists reach over all namespaces. */
	if (namespaced && c->to.ns.n == 0 && c->verb != AS_V_LIST && c->verb != AS_V_WATCH)
		return c->verb == AS_V_CREATE || c->verb == AS_V_DELETECOLLECTION
			       ? as_method_not_allowed(c, name)
			       : as_not_found_path(c);
	return GT_OK;
}

/* --- running ------------------------------------------------------------------------------ */

static int read_body(struct as_call *c)
{
	switch (c->verb) {
	case AS_V_CREATE:
	case AS_V_UPDATE:
	case AS_V_DELETE:
	case AS_V_DELETECOLLECTION: return as_decode_body(c);
	case AS_V_PATCH: return as_decode_patch(c);
	default: return GT_OK;
	}
}

int as_call_run(struct as_call *c)
{
	if (c->to.sub.n > 0)
		return as_subresource(c);
	if (c->r->flags & AS_R_VIRTUAL)
		return as_review(c);
	switch (c->verb) {
	case AS_V_GET: return as_get(c);
	case AS_V_LIST: return as_list(c);
	case AS_V_WATCH: return as_watch_start(c);
	case AS_V_CREATE: return as_create(c);
	case AS_V_UPDATE: return as_update(c);
	case AS_V_PATCH: return as_patch(c);
	case AS_V_DELETE: return as_delete(c);
	case AS_V_DELETECOLLECTION: return as_delete_collection(c);
	case AS_V_NONE: break;
	}
	return as_method_not_allowed(c, "");
}

static int serve_resource(struct as_call *c)
{
	int rc = find_resource(c);

	if (rc == GT_OK)
		rc = as_query_parse(c, c->http->query);
	if (rc < 0)
		return rc;
	c->verb = verb_of(c);
	rc = check_verb(c);
	if (rc == GT_OK)
		rc = as_negotiate(c);
	if (rc == GT_OK)
		rc = read_body(c);
	return rc == GT_OK ? as_call_run(c) : rc;
}

static void finish(struct as_call *c)
{
	struct as_server *s = c->server;

	as_call_fini(c);
	free(c);
	atomic_fetch_sub(&s->calls, 1);
}

/* On a worker. */
static void work(void *arg)
{
	struct as_call *c = arg;
	int rc;

	if (!as_target_parse(&c->arena, c->http->path, &c->to)) {
		if (!as_document_serve(c)) {
			as_not_found_path(c);
			as_respond(c);
		}
		finish(c);
		return;
	}
	rc = serve_resource(c);
	if (rc == AS_HANDED_OVER)
		return; /* the loop has it now, and may have freed it already */
	if (c->reply)
		as_respond(c);
	finish(c);
}

/* --- small answers, on the loop ----------------------------------------------------------- */

static void send_text(struct as_call *c, int code, const char *text)
{
	gt_auto_buf body = {0};

	gt_buf_adds(&body, text);
	as_send(c, code, "text/plain; charset=utf-8", &body);
}

static bool serve_health(struct as_call *c)
{
	struct gt_str p = c->http->path;
	bool ready = atomic_load(&c->server->ready);
	gt_auto_buf value = {0};

	if (!is_public(p) || gt_str_starts(p, "/version"))
		return false;
	if (gt_str_starts(p, "/readyz") && !ready)
		send_text(c, 500, "[-]readyz failed: starting\n");
	else if (gt_query_get(c->http->query, "verbose", &value))
		send_text(c, 200, "[+]ping ok\n[+]etcd ok\nhealthz check passed\n");
	else
		send_text(c, 200, "ok");
	return true;
}

static void handle(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct as_call *c = gt_new(struct as_call);

	as_call_init(c, arg);
	c->http = req;
	c->reply = reply;
	atomic_fetch_add(&c->server->calls, 1);
	if (!authenticate(c)) {
		as_fail(c, 401, "Unauthorized", "Unauthorized");
		as_respond(c);
		finish(c);
		return;
	}
	if (serve_health(c)) {
		finish(c);
		return;
	}
	gt_pool_submit(c->server->pool, work, c);
}

struct gt_http_target as_http_route(void *server, const struct gt_http_request *req)
{
	(void)req;
	return (struct gt_http_target){
		.handler = handle, .arg = server, .max_body = GT_LIMIT_API_BODY};
}
