#include "net/server.h"

#include <netdb.h>

#include "base/alloc.h"
#include "net/server_priv.h"

#define BACKLOG 1024
#define SWEEP_MAX GT_SECONDS(1)
#define SWEEP_MIN GT_MILLIS(20)

static int64_t or_default(int64_t given, int64_t fallback)
{
	return given > 0 ? given : fallback;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Fine enough for the shortest timeout. */
static int64_t sweep_interval(const struct gt_http_server_opts *o)
{
	int64_t shortest = min64(min64(o->header_timeout_ns, o->body_timeout_ns),
				 min64(o->idle_timeout_ns, o->write_timeout_ns));

	return shortest / 4 < SWEEP_MIN ? SWEEP_MIN : min64(shortest / 4, SWEEP_MAX);
}

/* Posted, as it may free the server, which is in use further up. */
static void end_drain(struct gt_http_server *server)
{
	if (server->drained)
		gt_loop_post(server->loop, server->drained, server->drained_arg);
	server->drained = NULL;
}

void gt_server__left(struct gt_http_server *server)
{
	if (atomic_fetch_sub(&server->n_conns, 1) > 1)
		return;
	gt_timer_stop(server->sweep);
	if (server->draining)
		end_drain(server);
}

static void on_sweep(void *arg)
{
	struct gt_http_server *server = arg;
	int64_t now = gt_loop_now(server->loop);
	bool over = server->draining && now >= server->drain_until;
	struct gt_list all;

	/* Closing can call back into anything, so each is taken off the list before it is seen. */
	gt_list_init(&all);
	while (!gt_list_empty(&server->conns)) {
		struct gt_list *node = server->conns.next;

		gt_list_remove(node);
		gt_list_append(&all, node);
	}
	while (!gt_list_empty(&all)) {
		struct gt_list *node = all.next;
		struct gt_conn *c = gt_container_of(node, struct gt_conn, node);

		gt_list_remove(node);
		gt_list_append(&server->conns, node);
		if (over)
			gt_conn__close(c);
		else
			gt_conn__sweep(c, now);
	}
}

void gt_server__sweep_soon(struct gt_http_server *server)
{
	gt_timer_start(server->sweep, 0,
		       server->draining ? SWEEP_MIN : sweep_interval(&server->opts));
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct gt_http_server *server = listener->data;

	if (status < 0)
		return;
	gt_conn__accept(server);
	if (!gt_timer_active(server->sweep) && atomic_load(&server->n_conns) > 0) {
		int64_t every = sweep_interval(&server->opts);

		gt_timer_start(server->sweep, every, every);
	}
}

static void free_listener(uv_handle_t *handle)
{
	free(handle);
}

static void close_listener(struct gt_http_server *server)
{
	uv_tcp_t *listener = gt_steal(server->listener);

	if (listener)
		uv_close((uv_handle_t *)listener, free_listener);
}

/* Splits "host:port", ":port" and "[v6]:port". */
static int split_address(const char *address, char **ret_host, char **ret_port, struct gt_err *err)
{
	struct gt_str text = gt_str(address);
	size_t colon = gt_str_rfind(text, ':');
	uint64_t port;

	if (colon == SIZE_MAX)
		return gt_fail(err, GT_E_INVALID, "listen address '%s': missing port", address);
	struct gt_str host = gt_str_sub(text, 0, colon);
	struct gt_str port_text = gt_str_from(text, colon + 1);
	if (!gt_str_u64(port_text, &port) || port > 65535)
		return gt_fail(err, GT_E_INVALID,
			       "listen address '%s': the port is not a number from 0 to 65535",
			       address);
	if (gt_str_starts(host, "[") && gt_str_ends(host, "]"))
		host = gt_str_sub(host, 1, host.n - 2);
	*ret_host = gt_xstrndup(host.n ? host.p : "", host.n);
	*ret_port = gt_xstrndup(port_text.p, port_text.n);
	return GT_OK;
}

static int try_bind(struct gt_http_server *server, const struct sockaddr *addr)
{
	server->listener = gt_xcalloc(1, sizeof *server->listener);
	server->listener->data = server;
	uv_tcp_init(gt_loop__uv(server->loop), server->listener);
	int rc = uv_tcp_bind(server->listener, addr, 0);
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)server->listener, BACKLOG, on_connection);
	if (rc < 0)
		close_listener(server);
	return rc;
}

static void note_port(struct gt_http_server *server)
{
	struct sockaddr_storage addr = {0};
	int len = sizeof addr;

	uv_tcp_getsockname(server->listener, (struct sockaddr *)&addr, &len);
	/* The port stands at the same place in both families. */
	server->port = ntohs(((const struct sockaddr_in *)&addr)->sin_port);
}

/* Without a host: all addresses of both families, or IPv4 alone where there is no IPv6. */
static int bind_any(struct gt_http_server *server, const char *port)
{
	uint64_t n = 0;
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	gt_str_u64(gt_str(port), &n);
	uv_ip6_addr("::", (int)n, &v6);
	uv_ip4_addr("0.0.0.0", (int)n, &v4);
	int rc = try_bind(server, (const struct sockaddr *)&v6);
	if (rc == UV_EAFNOSUPPORT || rc == UV_EADDRNOTAVAIL || rc == UV_EINVAL)
		rc = try_bind(server, (const struct sockaddr *)&v4);
	return rc;
}

static int bind_host(struct gt_http_server *server, const char *host, const char *port,
		     struct gt_err *err)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	int rc = getaddrinfo(host, port, &hints, &found);

	if (rc != 0)
		return gt_fail(err, GT_E_INVALID, "listen address '%s': %s", server->opts.address,
			       gai_strerror(rc));
	rc = UV_EADDRNOTAVAIL;
	/* Where a name has several addresses IPv4 comes first, as with Go. */
	for (int pass = 0; pass < 2 && rc < 0; pass++) {
		for (struct addrinfo *it = found; it && rc < 0; it = it->ai_next) {
			if ((it->ai_family == AF_INET) == (pass == 0))
				rc = try_bind(server, it->ai_addr);
		}
	}
	freeaddrinfo(found);
	return rc < 0 ? gt_fail_errno(err, -rc, "listen on %s", server->opts.address) : GT_OK;
}

static int listen_on(struct gt_http_server *server, struct gt_err *err)
{
	gt_autofree char *host = NULL;
	gt_autofree char *port = NULL;
	int rc = split_address(server->opts.address, &host, &port, err);

	if (rc < 0)
		return rc;
	if (*host) {
		rc = bind_host(server, host, port, err);
	} else {
		rc = bind_any(server, port);
		if (rc < 0)
			rc = gt_fail_errno(err, -rc, "listen on %s", server->opts.address);
	}
	if (rc == GT_OK)
		note_port(server);
	return rc;
}

static void destroy(struct gt_http_server *server)
{
	gt_loop__detach(&server->part);
	close_listener(server);
	server->draining = true;
	while (!gt_list_empty(&server->conns))
		gt_conn__close(gt_container_of(server->conns.next, struct gt_conn, node));
	gt_timer_free(server->sweep);
	free(server);
}

static void close_part(struct gt_loop_part *part)
{
	destroy(gt_container_of(part, struct gt_http_server, part));
}

struct creation {
	struct gt_loop *loop;
	const struct gt_http_server_opts *opts;
	struct gt_http_server *server;
	int rc;
	struct gt_err *err;
};

static void create(void *arg)
{
	struct creation *c = arg;
	struct gt_http_server *server = gt_new(struct gt_http_server);
	struct gt_http_server_opts *o = &server->opts;

	*o = *c->opts;
	o->max_connections = o->max_connections ? o->max_connections : GT_LIMIT_HTTP_CONNECTIONS;
	o->header_timeout_ns = or_default(o->header_timeout_ns, GT_SECONDS(10));
	o->body_timeout_ns = or_default(o->body_timeout_ns, GT_SECONDS(30));
	o->idle_timeout_ns = or_default(o->idle_timeout_ns, GT_SECONDS(90));
	o->write_timeout_ns = or_default(o->write_timeout_ns, GT_SECONDS(60));
	server->loop = c->loop;
	server->tls = o->tls;
	server->part.close = close_part;
	gt_list_init(&server->conns);
	gt_loop__attach(c->loop, &server->part);
	server->sweep = gt_timer_new(c->loop, on_sweep, server);
	c->rc = listen_on(server, c->err);
	/* The address was the caller's. */
	o->address = NULL;
	if (c->rc < 0)
		destroy(server);
	else
		c->server = server;
}

int gt_http_server_new(struct gt_loop *loop, const struct gt_http_server_opts *opts,
		       struct gt_http_server **ret_server, struct gt_err *err)
{
	struct creation c = {.loop = loop, .opts = opts, .err = err};

	gt_loop_call(loop, create, &c);
	if (c.rc == GT_OK)
		*ret_server = c.server;
	return c.rc;
}

uint16_t gt_http_server_port(const struct gt_http_server *server)
{
	return server->port;
}

size_t gt_http_server_connections(const struct gt_http_server *server)
{
	return atomic_load(&server->n_conns);
}

struct drain {
	struct gt_http_server *server;
	int64_t grace_ns;
	void (*done)(void *arg);
	void *arg;
};

static void start_drain(void *arg)
{
	struct drain *d = arg;
	struct gt_http_server *server = d->server;
	struct gt_list waiting;

	close_listener(server);
	server->draining = true;
	server->drain_until = gt_loop_now(server->loop) + d->grace_ns;
	server->drained = d->done;
	server->drained_arg = d->arg;
	if (gt_list_empty(&server->conns)) {
		end_drain(server);
		return;
	}
	/* The grace may be shorter than the interval between sweeps. */
	int64_t every = min64(sweep_interval(&server->opts),
			      d->grace_ns > SWEEP_MIN ? d->grace_ns : SWEEP_MIN);
	gt_timer_start(server->sweep, every, every);
	gt_list_init(&waiting);
	while (!gt_list_empty(&server->conns)) {
		struct gt_list *node = server->conns.next;

		gt_list_remove(node);
		gt_list_append(&waiting, node);
	}
	while (!gt_list_empty(&waiting)) {
		struct gt_list *node = waiting.next;

		gt_list_remove(node);
		gt_list_append(&server->conns, node);
		gt_conn__drain(gt_container_of(node, struct gt_conn, node));
	}
}

static void run_drain(void *arg)
{
	start_drain(arg);
	free(arg);
}

void gt_http_server_drain(struct gt_http_server *server, int64_t grace_ns, void (*done)(void *),
			  void *arg)
{
	struct drain *d = gt_new(struct drain);

	*d = (struct drain){server, grace_ns, done, arg};
	gt_loop_post(server->loop, run_drain, d);
}

static void destroy_job(void *arg)
{
	destroy(arg);
}

void gt_http_server_free(struct gt_http_server *server)
{
	if (server)
		gt_loop_call(server->loop, destroy_job, server);
}
