/* The routes that the tests' servers have. */
#ifndef TESTS_NET_APP_H
#define TESTS_NET_APP_H

#include <stdatomic.h>

#include "support.h"

struct app {
	struct gt_loop *loop;
	struct gt_pool *pool;
	struct gt_router *router;
	struct gt_http_server *server;
	uint16_t port;
	char base[64];
	atomic_int hits, closes, fails_left;
	atomic_int retry_after; /* what /flaky asks for, -1 for nothing */
	struct gt_reply *watch; /* the last one opened; loop thread */
	char *seen_auth;        /* the last Authorization header at /auth; loop thread */
	char other[128];        /* where /away leads */
};

static inline void app_hello(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct app *app = arg;

	(void)req;
	atomic_fetch_add(&app->hits, 1);
	gt_reply_header(reply, "X-Thing", "one");
	gt_reply_header(reply, "X-Thing", "two");
	gt_reply_send(reply, 200, "text/plain", GT_STR_LIT("hello"));
}

/* Method, path, query, version and body, as they arrived. */
static inline void app_echo(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct gt_buf body = {0};

	(void)arg;
	gt_buf_printf(&body, "%.*s %.*s ?%.*s %d %.*s|", GT_STR_ARG(req->method),
		      GT_STR_ARG(req->path), GT_STR_ARG(req->query), req->http_version,
		      GT_STR_ARG(gt_http_request_header(req, "content-type")));
	gt_buf_add_str(&body, req->body);
	gt_reply_send_take(reply, 200, NULL, &body);
}

static inline void app_answer_later(void *arg)
{
	struct gt_reply *reply = arg;
	const struct gt_http_request *req = gt_reply_request(reply);
	struct gt_buf body = {0};

	gt_buf_printf(&body, "later %.*s", GT_STR_ARG(req->query));
	gt_reply_send_take(reply, 200, "text/plain", &body);
}

static inline void app_later(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct app *app = arg;

	(void)req;
	atomic_fetch_add(&app->hits, 1);
	gt_pool_submit(app->pool, app_answer_later, reply);
}

static inline void app_on_close(void *arg)
{
	struct app *app = arg;

	atomic_fetch_add(&app->closes, 1);
	if (app->watch)
		gt_reply_end(gt_steal(app->watch));
}

/* Stays open; the test writes into it. */
static inline void app_watch(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct app *app = arg;

	(void)req;
	app->watch = reply;
	gt_reply_start(reply, 200, -1);
	gt_reply_write(reply, GT_STR_LIT("first\n"));
	gt_reply_on_close(reply, app_on_close, app);
	atomic_fetch_add(&app->hits, 1);
}

/* Never answers. */
static inline void app_silence(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct app *app = arg;

	(void)req;
	app->watch = reply;
	gt_reply_on_close(reply, app_on_close, app);
	atomic_fetch_add(&app->hits, 1);
}

/* ?<bytes> of 'x', in pieces, with a length or (HTTP "?c<bytes>") without. */
static inline void app_big(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	bool chunked = gt_str_starts(req->query, "c");
	uint64_t n = 0;

	(void)arg;
	gt_str_u64(gt_str_from(req->query, chunked), &n);
	gt_reply_start(reply, 200, chunked ? -1 : (int64_t)n);
	while (n > 0) {
		struct gt_buf piece = {0};
		size_t part = n < 100000 ? (size_t)n : 100000;

		gt_buf_fill(&piece, 'x', part);
		gt_reply_write_take(reply, &piece);
		n -= part;
	}
	gt_reply_end(reply);
}

/* A body that can be compressed. */
static inline void app_zeros(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct gt_buf body = {0};
	uint64_t n = 0;

	(void)arg;
	gt_str_u64(req->query, &n);
	gt_buf_fill(&body, '0', (size_t)n);
	gt_reply_send_take(reply, 200, "text/plain", &body);
}

static inline void app_abort(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct app *app = arg;

	atomic_fetch_add(&app->hits, 1);
	if (gt_str_is(req->query, "late")) {
		gt_reply_start(reply, 200, 100);
		gt_reply_write(reply, GT_STR_LIT("half"));
	}
	if (gt_str_is(req->query, "short")) {
		gt_reply_start(reply, 200, 100);
		gt_reply_write(reply, GT_STR_LIT("half"));
		gt_reply_end(reply);
	} else {
		gt_reply_abort(reply);
	}
}

/* 503 as long as fails_left says so. */
static inline void app_flaky(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct app *app = arg;

	(void)req;
	atomic_fetch_add(&app->hits, 1);
	if (atomic_fetch_sub(&app->fails_left, 1) > 0) {
		if (atomic_load(&app->retry_after) >= 0)
			gt_reply_headerf(reply, "Retry-After", "%d",
					 atomic_load(&app->retry_after));
		gt_reply_error(reply, 503, "not now");
	} else {
		gt_reply_send(reply, 200, NULL, GT_STR_LIT("now"));
	}
}

/* Breaks the connection as long as fails_left says so. */
static inline void app_breaks(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct app *app = arg;

	(void)req;
	atomic_fetch_add(&app->hits, 1);
	if (atomic_fetch_sub(&app->fails_left, 1) > 0)
		gt_reply_abort(reply);
	else
		gt_reply_send(reply, 200, NULL, GT_STR_LIT("whole"));
}

/* "?<status>,<location>" */
static inline void app_redirect(void *arg, const struct gt_http_request *req,
				struct gt_reply *reply)
{
	size_t comma = gt_str_find(req->query, ',');
	uint64_t status = 302;

	(void)arg;
	gt_str_u64(gt_str_sub(req->query, 0, comma), &status);
	gt_reply_header(reply, "Location", req->query.p + comma + 1);
	gt_reply_send(reply, (int)status, NULL, GT_STR_LIT("elsewhere"));
}

static inline void app_away(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct app *app = arg;

	(void)req;
	gt_reply_header(reply, "Location", app->other);
	gt_reply_send(reply, 302, NULL, (struct gt_str){0});
}

static inline void app_auth(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct gt_str auth = gt_http_request_header(req, "authorization");

	(void)arg;
	gt_reply_send(reply, 200, NULL, auth.n ? auth : GT_STR_LIT("none"));
}

static inline void app_whoami(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct gt_buf body = {0};

	(void)arg;
	gt_buf_printf(&body, "%s", req->peer_cn ? req->peer_cn : "anonymous");
	for (size_t i = 0; i < req->n_peer_orgs; i++)
		gt_buf_printf(&body, " %s", req->peer_orgs[i]);
	gt_buf_printf(&body, " %d %.*s", req->http_version, GT_STR_ARG(req->host));
	gt_reply_send_take(reply, 200, NULL, &body);
}

static inline void app_open(struct app *app, struct gt_loop *loop, struct gt_http_server_opts opts)
{
	const struct gt_route routes[] = {
		{"GET", "/hello", app_hello, app, 0},
		{NULL, "/echo", app_echo, app, 1000},
		{NULL, "/sink", app_echo, app, 8 << 20},
		{"GET", "/later", app_later, app, 0},
		{"GET", "/watch", app_watch, app, 0},
		{"GET", "/silence", app_silence, app, 0},
		{"GET", "/big", app_big, app, 0},
		{"GET", "/zeros", app_zeros, app, 0},
		{NULL, "/abort", app_abort, app, 0},
		{NULL, "/flaky", app_flaky, app, 1000},
		{NULL, "/breaks", app_breaks, app, 1000},
		{NULL, "/redirect", app_redirect, app, 1000},
		{"GET", "/away", app_away, app, 0},
		{"GET", "/auth", app_auth, app, 0},
		{"GET", "/whoami", app_whoami, app, 0},
		{"GET", "/below/", app_echo, app, 0},
	};

	memset(app, 0, sizeof *app);
	app->loop = loop;
	app->pool = gt_pool_new("app", 2, 0);
	app->router = gt_router_new();
	for (size_t i = 0; i < GT_COUNT(routes); i++)
		gt_router_add(app->router, &routes[i]);
	opts.route = gt_router_route;
	opts.route_arg = app->router;
	app->server = start_server(loop, opts);
	app->port = gt_http_server_port(app->server);
	snprintf(app->base, sizeof app->base, "%s://127.0.0.1:%u", opts.tls ? "https" : "http",
		 app->port);
}

static inline void app_close(struct app *app)
{
	gt_http_server_free(app->server);
	gt_pool_free(app->pool);
	gt_router_free(app->router);
	free(app->seen_auth);
}

#endif
