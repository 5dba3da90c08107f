/* The server's HTTP/2 session on a connection without a socket; see fuzz_http1.c. */
#include <stdint.h>
#include <stdlib.h>

#include "net/server_priv.h"

#define MAX_BODY 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gt_reply *kept;

static void end_kept(void *arg)
{
	(void)arg;
	if (kept)
		gt_reply_end(gt_steal(kept));
}

static void handle(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	(void)arg;
	if (req->body.n > MAX_BODY || req->path.n == 0 || req->path.p[req->path.n] != 0)
		abort();
	if (gt_str_is(req->path, "/keep") && !kept) {
		kept = reply;
		gt_reply_start(reply, 200, -1);
		gt_reply_write(reply, GT_STR_LIT("event"));
		gt_reply_on_close(reply, end_kept, NULL);
	} else if (gt_str_is(req->path, "/abort")) {
		gt_reply_abort(reply);
	} else {
		gt_reply_header(reply, "X-Upper", "case");
		gt_reply_send(reply, 200, "text/plain", req->body);
	}
}

static struct gt_http_target route(void *arg, const struct gt_http_request *req)
{
	(void)arg;
	return (struct gt_http_target){gt_str_is(req->path, "/no") ? NULL : handle, NULL, MAX_BODY};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
	static struct gt_http_server server;

	if (!server.loop) {
		server.loop = gt_loop_new();
		server.opts.route = route;
	}
	if (size < 1)
		return 0;
	struct gt_conn c = {.server = &server, .busy = true};
	size_t step = data[0] ? data[0] : size;
	/* Most inputs need not find the preface by chance. */
	bool open = true;

	gt_h2__open(&c);
	if (data[0] % 4)
		open = c.ops->input(&c, gt_strn(preface, sizeof preface - 1));
	for (size_t at = 1; at < size && open && !c.aborting; at += step) {
		size_t n = size - at < step ? size - at : step;

		open = c.ops->input(&c, gt_strn((const char *)data + at, n));
		c.ops->output(&c);
		gt_buf_reset(&c.out);
	}
	c.ops->free(&c);
	end_kept(NULL);
	gt_buf_fini(&c.out);
	return 0;
}
