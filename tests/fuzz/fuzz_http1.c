/*
 * The server's HTTP/1.1 session on a connection without a socket.  The first byte says in how
 * large pieces the rest arrives, so that every state is left and entered again.  What the handler
 * is given must obey the limits that the route set.
 */
#include <stdint.h>
#include <stdlib.h>

#include "net/h1.h"
#include "net/server_priv.h"

#define MAX_BODY 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void handle(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	(void)arg;
	if (req->body.n > MAX_BODY || req->path.n == 0 || req->path.p[req->path.n] != 0)
		abort();
	gt_http_request_accepts_gzip(req);
	if (gt_str_is(req->path, "/stream")) {
		gt_reply_start(reply, 200, -1);
		gt_reply_write(reply, req->body);
		gt_reply_end(reply);
		return;
	}
	gt_reply_send(reply, 200, "text/plain", req->body);
}

static struct gt_http_target route(void *arg, const struct gt_http_request *req)
{
	(void)arg;
	return (struct gt_http_target){gt_str_is(req->path, "/no") ? NULL : handle, NULL, MAX_BODY};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gt_http_server server;

	if (!server.loop) {
		server.loop = gt_loop_new();
		server.opts.route = route;
		server.opts.gzip_min = 8;
	}
	if (size < 1)
		return 0;
	/* Busy: the connection does not try to reach its socket. */
	struct gt_conn c = {.server = &server, .busy = true, .eof = true};
	size_t step = data[0] ? data[0] : size;
	bool open = true;

	gt_h1__open(&c);
	for (size_t at = 1; at < size && open && !c.aborting && !c.finishing; at += step) {
		size_t n = size - at < step ? size - at : step;

		open = c.ops->input(&c, gt_strn((const char *)data + at, n));
		c.ops->output(&c);
		gt_buf_reset(&c.out);
	}
	c.ops->free(&c);
	gt_buf_fini(&c.out);
	return 0;
}
