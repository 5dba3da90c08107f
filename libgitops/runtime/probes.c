/* /healthz, /readyz and /metrics. */
#include <stdio.h>
#include <string.h>

#include "net/loop.h"
#include "net/router.h"
#include "net/server.h"
#include "net/url.h"
#include "runtime/manager_int.h"

/* --- health ---------------------------------------------------------------------------------- */

struct check {
	const char *name;
	bool ok;
};

static bool excluded(const struct gt_http_request *req, const char *name)
{
	gt_auto_buf key = {0};
	gt_auto_buf value = {0};
	struct gt_str rest = req->query;
	bool found = false;

	while (!found && gt_query_next(&rest, &key, &value)) {
		found = gt_str_is(gt_buf_str(&key), "exclude") &&
			gt_str_is(gt_buf_str(&value), name);
		gt_buf_reset(&key);
		gt_buf_reset(&value);
	}
	return found;
}

static bool asked_verbose(const struct gt_http_request *req)
{
	gt_auto_buf value = {0};

	return gt_query_get(req->query, "verbose", &value);
}

/* Answers as controller-runtime's healthz handler does. */
static void answer(const struct gt_http_request *req, struct gt_reply *reply, const char *what,
		   const struct check *checks, size_t n)
{
	gt_auto_buf text = {0};
	bool failed = false;

	for (size_t i = 0; i < n; i++) {
		if (excluded(req, checks[i].name)) {
			gt_buf_printf(&text, "[+]%s excluded: ok\n", checks[i].name);
		} else if (checks[i].ok) {
			gt_buf_printf(&text, "[+]%s ok\n", checks[i].name);
		} else {
			gt_buf_printf(&text, "[-]%s failed: reason withheld\n", checks[i].name);
			failed = true;
		}
	}
	if (failed) {
		gt_buf_printf(&text, "%s check failed", what);
		gt_reply_error(reply, 500, gt_buf_cstr(&text));
		return;
	}
	gt_buf_printf(&text, "%s check passed\n", what);
	bool verbose = asked_verbose(req);
	gt_reply_send(reply, 200, "text/plain; charset=utf-8",
		      verbose ? gt_buf_str(&text) : gt_str("ok"));
}

static void healthz(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct check ping = {"ping", true};

	(void)arg;
	answer(req, reply, "healthz", &ping, 1);
}

static void readyz(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct check checks[] = {{"ping", true}, {"ready", gt_manager__is_ready(arg)}};

	answer(req, reply, "readyz", checks, GT_COUNT(checks));
}

static void ping(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	(void)arg;
	(void)req;
	gt_reply_send(reply, 200, "text/plain; charset=utf-8", gt_str("ok"));
}

/* --- metrics --------------------------------------------------------------------------------- */

static void metrics(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct gt_manager *m = arg;
	gt_auto_buf text = {0};

	(void)req;
	gt_metrics_write(m->metrics, &text);
	gt_reply_send_take(reply, 200, "text/plain; version=0.0.4; charset=utf-8; escaping=values",
			   &text);
}

/* There is no Go runtime to profile; the paths answer so that scrapers do not fail. */
static void pprof(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	(void)arg;
	(void)req;
	gt_reply_send(reply, 200, "text/plain; charset=utf-8",
		      gt_str("this program is not written in Go: use perf and /metrics\n"));
}

/* --- servers --------------------------------------------------------------------------------- */

static int start_server(struct gt_manager *m, const char *flag, const char *address,
			const struct gt_route *routes, size_t n, struct gt_router **ret_router,
			struct gt_http_server **ret_server, struct gt_err *err)
{
	struct gt_router *router = gt_router_new();

	for (size_t i = 0; i < n; i++)
		gt_router_add(router, &routes[i]);
	*ret_router = router;
	struct gt_http_server_opts opts = {
		.address = address,
		.route = gt_router_route,
		.route_arg = router,
		.gzip_min = 1024,
	};
	int rc = gt_http_server_new(m->loop, &opts, ret_server, err);
	return rc < 0 ? gt_wrap(err, "--%s", flag) : GT_OK;
}

/* Tells the parent where a server listens: the host it was given, the port it got. */
static void report_server(struct gt_manager *m, const char *name, const char *address,
			  const struct gt_http_server *server)
{
	size_t colon = gt_str_rfind(gt_str(address), ':');
	int host = colon == SIZE_MAX ? 0 : (int)colon;
	gt_autofree char *text =
		gt_xasprintf("%.*s:%u", host ? host : 9, host ? address : "127.0.0.1",
			     gt_http_server_port(server));

	gt_manager_report(m, name, text);
}

/* "" and "0" mean no server. */
static bool wanted(const char *address)
{
	return *address && strcmp(address, "0") != 0;
}

int gt_manager__start_servers(struct gt_manager *m, struct gt_err *err)
{
	const struct gt_route health_routes[] = {
		{"GET", "/healthz", healthz, m, 0},
		{"GET", "/readyz", readyz, m, 0},
		{"GET", "/healthz/ping", ping, m, 0},
		{"GET", "/readyz/ping", ping, m, 0},
	};
	const struct gt_route metrics_routes[] = {
		{"GET", "/metrics", metrics, m, 0},
		{"GET", "/debug/pprof/", pprof, m, 0},
	};
	int rc = GT_OK;

	if (wanted(m->flags.metrics_addr)) {
		rc = start_server(m, "metrics-addr", m->flags.metrics_addr, metrics_routes,
				  GT_COUNT(metrics_routes), &m->metrics_router, &m->metrics_server,
				  err);
		if (rc < 0)
			return rc;
		report_server(m, "metrics", m->flags.metrics_addr, m->metrics_server);
	}
	if (wanted(m->flags.health_addr)) {
		rc = start_server(m, "health-addr", m->flags.health_addr, health_routes,
				  GT_COUNT(health_routes), &m->health_router, &m->health_server,
				  err);
		if (rc < 0)
			return rc;
		report_server(m, "health", m->flags.health_addr, m->health_server);
	}
	return rc;
}

void gt_manager__stop_servers(struct gt_manager *m)
{
	gt_http_server_free(gt_steal(m->metrics_server));
	gt_http_server_free(gt_steal(m->health_server));
	gt_router_free(gt_steal(m->metrics_router));
	gt_router_free(gt_steal(m->health_router));
}
