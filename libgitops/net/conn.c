/* A connection: the socket, TLS, deadlines, and the order of input and output. */
#include <arpa/inet.h>

#include "base/alloc.h"
#include "net/server_priv.h"

#define LINGER GT_SECONDS(1)

static bool flush_wire(struct gt_conn *c);

static int64_t now_of(const struct gt_conn *c)
{
	return gt_loop_now(c->server->loop);
}

static void free_conn(uv_handle_t *handle)
{
	struct gt_conn *c = handle->data;

	gt_buf_fini(&c->out);
	gt_buf_fini(&c->wire);
	gt_subject_fini(&c->subject);
	free(c);
}

void gt_conn__close(struct gt_conn *c)
{
	struct gt_http_server *server = c->server;

	if (c->closing)
		return;
	if (c->replying) {
		c->doomed = true;
		gt_server__sweep_soon(server);
		return;
	}
	c->closing = true;
	gt_list_remove(&c->node);
	if (c->ops)
		c->ops->free(c);
	c->ops = NULL;
	gt_tls_conn_free(c->tls);
	c->tls = NULL;
	gt_server__left(server);
	/* A reset tells the client that the answer is not whole, however it was framed. */
	if (!c->aborting || uv_tcp_close_reset(&c->tcp, free_conn) != 0)
		uv_close((uv_handle_t *)&c->tcp, free_conn);
}

void gt_conn__expect(struct gt_conn *c, int64_t within_ns)
{
	c->deadline = within_ns > 0 ? now_of(c) + within_ns : INT64_MAX;
}

static void alloc_read(uv_handle_t *handle, size_t hint, uv_buf_t *buf)
{
	struct gt_conn *c = handle->data;

	(void)hint;
	*buf = uv_buf_init(gt_loop__scratch(c->server->loop), GT_LOOP_SCRATCH);
}

/* The first bytes of a session, or the rest after the handshake. */
static void open_session(struct gt_conn *c)
{
	if (!c->tls) {
		gt_h1__open(c);
		return;
	}
	c->has_subject = gt_tls_conn_peer(c->tls, &c->subject, NULL) == GT_OK;
	if (gt_str_is(gt_tls_conn_alpn(c->tls), "h2"))
		gt_h2__open(c);
	else
		gt_h1__open(c);
}

static void give_input(struct gt_conn *c, struct gt_str bytes)
{
	if (!c->ops)
		open_session(c);
	if (c->lingering || c->finishing)
		return;
	c->busy = true;
	if (!c->ops->input(c, bytes))
		c->finishing = true;
	c->busy = false;
}

/* Decrypts what came in and hands it on.  The scratch area is free again after the feed. */
static void give_encrypted(struct gt_conn *c, struct gt_str bytes)
{
	char *scratch = gt_loop__scratch(c->server->loop);

	if (gt_tls_conn_feed(c->tls, bytes.p, bytes.n, NULL) < 0) {
		flush_wire(c);
		gt_conn__close(c);
		return;
	}
	if (gt_tls_conn_is_open(c->tls) && !c->ops)
		open_session(c);
	for (;;) {
		size_t n = 0;

		if (gt_tls_conn_read(c->tls, scratch, GT_LOOP_SCRATCH, &n, NULL) < 0) {
			gt_conn__close(c);
			return;
		}
		if (n == 0)
			break;
		give_input(c, gt_strn(scratch, n));
		if (c->closing)
			return;
	}
	if (gt_tls_conn_is_closed(c->tls))
		c->eof = true;
}

static void handle_eof(struct gt_conn *c)
{
	c->eof = true;
	uv_read_stop((uv_stream_t *)&c->tcp);
	c->reading = false;
	if (c->lingering || !c->ops) {
		gt_conn__close(c);
		return;
	}
	c->busy = true;
	c->ops->eof(c);
	c->busy = false;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct gt_conn *c = stream->data;

	if (n == 0)
		return;
	if (n < 0 && n != UV_EOF) {
		gt_conn__close(c);
		return;
	}
	if (n == UV_EOF)
		handle_eof(c);
	else if (c->tls)
		give_encrypted(c, gt_strn(buf->base, (size_t)n));
	else
		give_input(c, gt_strn(buf->base, (size_t)n));
	if (c->closing)
		return;
	if (c->eof && c->reading)
		handle_eof(c);
	if (!c->closing)
		gt_conn__flush(c);
}

void gt_conn__pause(struct gt_conn *c, bool pause)
{
	if (pause == !c->reading || c->eof || c->closing)
		return;
	c->reading = !pause;
	if (pause)
		uv_read_stop((uv_stream_t *)&c->tcp);
	else
		uv_read_start((uv_stream_t *)&c->tcp, alloc_read, on_read);
}

static void on_written(uv_write_t *req, int status)
{
	struct gt_conn *c = req->data;

	c->writing = false;
	c->write_deadline = INT64_MAX;
	gt_buf_fini(&c->wire);
	if (c->closing)
		return;
	if (status < 0)
		gt_conn__close(c);
	else
		gt_conn__flush(c);
}

static void on_shutdown(uv_shutdown_t *req, int status)
{
	struct gt_conn *c = req->data;

	if (!c->closing && (status < 0 || c->eof))
		gt_conn__close(c);
}

/*
 * All is said.  The sending side is closed first and what the client still sends is thrown away
 * for a moment: closing with unread bytes would reset the connection, and the reset can overtake
 * the answer.
 */
static void finish(struct gt_conn *c)
{
	if (c->lingering)
		return;
	c->lingering = true;
	if (c->tls && gt_tls_conn_is_open(c->tls)) {
		gt_tls_conn_close(c->tls);
		gt_tls_conn_take(c->tls, &c->wire);
		flush_wire(c);
		if (c->closing)
			return;
	}
	c->shutdown.data = c;
	if (c->eof || uv_shutdown(&c->shutdown, (uv_stream_t *)&c->tcp, on_shutdown) < 0) {
		gt_conn__close(c);
		return;
	}
	gt_conn__pause(c, false);
	gt_conn__expect(c, LINGER);
}

/* Moves the session's bytes to the wire.  False when the connection was closed. */
static bool fill_wire(struct gt_conn *c)
{
	if (!c->tls) {
		struct gt_buf empty = c->wire;

		c->wire = c->out;
		c->out = empty;
		return true;
	}
	if (c->out.n > 0 && gt_tls_conn_write(c->tls, c->out.p, c->out.n, NULL) < 0) {
		gt_conn__close(c);
		return false;
	}
	gt_buf_fini(&c->out);
	gt_tls_conn_take(c->tls, &c->wire);
	return true;
}

/* Sends the wire's bytes; false when the connection was closed. */
static bool flush_wire(struct gt_conn *c)
{
	uv_stream_t *stream = (uv_stream_t *)&c->tcp;

	if (c->writing)
		return true;
	if (c->tls)
		gt_tls_conn_take(c->tls, &c->wire);
	if (c->wire.n == 0)
		return true;
	uv_buf_t buf = uv_buf_init(c->wire.p, (unsigned)c->wire.n);
	int sent = uv_try_write(stream, &buf, 1);
	if (sent < 0 && sent != UV_EAGAIN) {
		gt_conn__close(c);
		return false;
	}
	if (sent > 0)
		gt_buf_consume(&c->wire, (size_t)sent);
	if (c->wire.n == 0) {
		gt_buf_fini(&c->wire);
		return true;
	}
	buf = uv_buf_init(c->wire.p, (unsigned)c->wire.n);
	c->write.data = c;
	if (uv_write(&c->write, stream, &buf, 1, on_written) < 0) {
		gt_conn__close(c);
		return false;
	}
	c->writing = true;
	c->unsent = c->wire.n;
	c->write_deadline = now_of(c) + c->server->opts.write_timeout_ns;
	return true;
}

/* One round of output; true when it got everything out and there may be more to do. */
static bool pump(struct gt_conn *c)
{
	if (c->ops) {
		c->busy = true;
		c->ops->output(c);
		c->busy = false;
	}
	if (c->aborting) {
		gt_conn__close(c);
		return false;
	}
	if (c->out.n == 0 && (!c->tls || gt_tls_conn_pending(c->tls) == 0))
		return false;
	return fill_wire(c) && flush_wire(c);
}

void gt_conn__flush(struct gt_conn *c)
{
	if (c->busy || c->closing || c->doomed)
		return;
	if (c->aborting) {
		gt_conn__close(c);
		return;
	}
	while (!c->writing) {
		if (!pump(c)) {
			if (!c->closing && c->finishing)
				finish(c);
			return;
		}
	}
}

void gt_conn__flush_reply(struct gt_conn *c)
{
	bool replying = c->replying;

	c->replying = true;
	gt_conn__flush(c);
	c->replying = replying;
}

void gt_conn__sweep(struct gt_conn *c, int64_t now)
{
	if (c->writing) {
		size_t unsent = uv_stream_get_write_queue_size((uv_stream_t *)&c->tcp);

		if (unsent < c->unsent) {
			c->unsent = unsent;
			c->write_deadline = now + c->server->opts.write_timeout_ns;
		}
	}
	if (c->doomed || now >= c->deadline || (c->writing && now >= c->write_deadline))
		gt_conn__close(c);
}

void gt_conn__drain(struct gt_conn *c)
{
	if (!c->ops) {
		gt_conn__close(c);
		return;
	}
	c->ops->drain(c);
	if (c->ops->idle(c))
		c->finishing = true;
	gt_conn__flush(c);
}

static void read_peer(struct gt_conn *c)
{
	struct sockaddr_storage addr;
	int len = sizeof addr;
	char ip[INET6_ADDRSTRLEN] = "";

	if (uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&addr, &len) < 0)
		return;
	if (addr.ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)&addr;

		uv_ip4_name(v4, ip, sizeof ip);
		snprintf(c->peer, sizeof c->peer, "%s:%u", ip, ntohs(v4->sin_port));
		return;
	}
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&addr;
	uv_ip6_name(v6, ip, sizeof ip);
	/* A dual-stack listener sees IPv4 clients as ::ffff:a.b.c.d. */
	if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		snprintf(c->peer, sizeof c->peer, "%s:%u", strrchr(ip, ':') + 1,
			 ntohs(v6->sin6_port));
	else
		snprintf(c->peer, sizeof c->peer, "[%s]:%u", ip, ntohs(v6->sin6_port));
}

void gt_conn__accept(struct gt_http_server *server)
{
	struct gt_conn *c = gt_new(struct gt_conn);

	c->server = server;
	c->tcp.data = c;
	c->deadline = c->write_deadline = INT64_MAX;
	uv_tcp_init(gt_loop__uv(server->loop), &c->tcp);
	gt_list_append(&server->conns, &c->node);
	atomic_fetch_add(&server->n_conns, 1);
	bool ok = uv_accept((uv_stream_t *)server->listener, (uv_stream_t *)&c->tcp) == 0 &&
		  !server->draining &&
		  atomic_load(&server->n_conns) <= server->opts.max_connections;
	if (ok && server->tls)
		ok = gt_tls_conn_new(server->tls, NULL, &c->tls, NULL) == GT_OK;
	if (!ok) {
		gt_conn__close(c);
		return;
	}
	uv_tcp_nodelay(&c->tcp, 1);
	uv_tcp_keepalive(&c->tcp, 1, 30);
	read_peer(c);
	gt_conn__expect(c, server->opts.header_timeout_ns);
	gt_conn__pause(c, false);
}
