/* HTTP/1.1 on a connection: one request at a time, in order of arrival. */
#include "base/alloc.h"
#include "net/h1.h"
#include "net/http.h"
#include "net/server_priv.h"

/* So much of pipelined requests is kept while one is being answered. */
#define PIPELINE_MAX GT_KIB(64)

struct h1 {
	enum { HEAD, BODY, REPLY } state;
	struct gt_buf in;
	size_t scanned;    /* of in, in search of the head's end */
	bool head_started; /* the deadline for the head is set */

	/* Of the request under way. */
	struct gt_reply *reply;
	bool keep_alive;
	bool chunked;
	uint64_t left; /* of the body */
	struct gt_h1_chunked chunks;

	/* Of its answer. */
	bool head_sent;
	bool chunk_out;
	bool mute; /* HEAD, or a status without a body */
	int64_t sent;
};

/*
 * A client that has closed its sending side may still read: what has a known length goes out.  For
 * an answer that has no end of its own it counts as having left.
 */
static void note_eof(struct gt_reply *reply)
{
	if (reply->status == 0 ? reply->on_close != NULL : reply->length < 0)
		gt_reply__gone(reply);
}

static void on_reply_ready(struct gt_reply *reply)
{
	struct gt_conn *c = reply->conn;

	if (c->eof && !reply->ended)
		note_eof(reply);
	gt_conn__flush_reply(c);
}

static const struct gt_reply_ops reply_ops = {on_reply_ready};

/* Answers without a handler and gives the connection up: what follows cannot be trusted. */
static bool refuse(struct gt_conn *c, int status)
{
	const char *text = gt_http_status_text(status);
	struct h1 *h = c->session;

	gt_buf_printf(&c->out,
		      "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
		      "Connection: close\r\nContent-Length: %zu\r\n\r\n%d %s\n",
		      status, text, strlen(text) + 5, status, text);
	if (h->reply)
		gt_reply__detach(gt_steal(h->reply));
	gt_buf_fini(&h->in);
	return false;
}

static int fill_request(struct gt_reply *reply, const struct gt_h1_head *head)
{
	struct gt_http_request *req = &reply->req;

	if (!gt_h1_split_target(head->target, &req->path, &req->query))
		return 400;
	req->method = head->method;
	req->target = head->target;
	/* Copied for the NUL at the end of each. */
	req->path = gt_arena_str(&reply->mem, req->path);
	req->query = gt_arena_str(&reply->mem, req->query);
	req->host = head->host;
	req->fields = head->fields;
	req->n_fields = head->n_fields;
	req->http_version = head->version;
	gt_reply__set_peer(reply);
	return 0;
}

static int begin_body(struct gt_conn *c, const struct gt_h1_head *head)
{
	struct h1 *h = c->session;
	const struct gt_http_target *target = &h->reply->target;
	bool body = head->chunked || head->content_length > 0;

	if (body && !target->handler)
		return 404;
	if (body && (target->max_body == 0 || head->content_length > target->max_body))
		return 413;
	h->keep_alive = head->keep_alive;
	h->chunked = head->chunked;
	h->left = head->content_length;
	h->chunks = (struct gt_h1_chunked){0};
	h->reply->body.max = target->max_body;
	h->state = BODY;
	if (body && head->expect_continue && h->in.n == 0)
		gt_buf_adds(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
	gt_conn__expect(c, c->server->opts.body_timeout_ns);
	return 0;
}

static int begin_request(struct gt_conn *c, size_t length)
{
	struct h1 *h = c->session;
	struct gt_h1_head head;

	h->reply = gt_reply__new(c, &reply_ops, h);
	int status = gt_h1_parse_head(gt_strn(h->in.p, length), &h->reply->mem, &head);
	gt_buf_consume(&h->in, length);
	h->scanned = 0;
	h->head_started = false;
	h->head_sent = h->chunk_out = false;
	h->sent = 0;
	if (status == 0)
		status = fill_request(h->reply, &head);
	if (status != 0)
		return status;
	gt_reply__route(h->reply);
	return begin_body(c, &head);
}

/* Empty lines before a request are skipped, as old clients send one after a body. */
static void skip_empty_lines(struct h1 *h)
{
	size_t n = 0;

	while (n < h->in.n && (h->in.p[n] == '\r' || h->in.p[n] == '\n'))
		n++;
	if (n > 0) {
		gt_buf_consume(&h->in, n);
		h->scanned = 0;
	}
}

/* 1 when a request has begun, 0 when more is needed, else the status to refuse with. */
static int step_head(struct gt_conn *c)
{
	struct h1 *h = c->session;

	skip_empty_lines(h);
	if (h->in.n == 0) {
		gt_buf_fini(&h->in);
		return 0;
	}
	if (!h->head_started) {
		h->head_started = true;
		gt_conn__expect(c, c->server->opts.header_timeout_ns);
	}
	size_t length = gt_h1_head_length(gt_buf_str(&h->in), &h->scanned);
	if (length > GT_LIMIT_HTTP_HEADERS || (length == 0 && h->in.n > GT_LIMIT_HTTP_HEADERS))
		return 431;
	if (length == 0)
		return 0;
	int status = begin_request(c, length);
	return status ? status : 1;
}

static int take_chunked(struct h1 *h)
{
	struct gt_str rest = gt_buf_str(&h->in);
	int rc =
		gt_h1_chunked_decode(&h->chunks, &rest, h->reply->target.max_body, &h->reply->body);

	gt_buf_consume(&h->in, h->in.n - rest.n);
	if (rc < 0)
		return rc == -2 ? 413 : 400;
	return rc;
}

static int take_plain(struct h1 *h)
{
	size_t n = h->in.n < h->left ? h->in.n : (size_t)h->left;

	gt_buf_add(&h->reply->body, h->in.p, n);
	gt_buf_consume(&h->in, n);
	h->left -= n;
	return h->left == 0;
}

static int step_body(struct gt_conn *c)
{
	struct h1 *h = c->session;
	int rc = h->chunked ? take_chunked(h) : take_plain(h);

	if (rc == 0)
		gt_conn__expect(c, c->server->opts.body_timeout_ns);
	if (rc != 1)
		return rc;
	if (h->in.n == 0)
		gt_buf_fini(&h->in);
	h->state = REPLY;
	gt_conn__expect(c, 0);
	gt_reply__dispatch(h->reply);
	return 1;
}

/* Goes as far as the input allows; false when the connection must go. */
static bool run(struct gt_conn *c)
{
	struct h1 *h = c->session;

	while (h->state != REPLY) {
		int rc = h->state == HEAD ? step_head(c) : step_body(c);

		if (rc > 1)
			return refuse(c, rc);
		if (rc == 0)
			return true;
	}
	if (h->in.n > PIPELINE_MAX)
		gt_conn__pause(c, true);
	return true;
}

static bool input(struct gt_conn *c, struct gt_str bytes)
{
	struct h1 *h = c->session;

	gt_buf_add_str(&h->in, bytes);
	return run(c);
}

static void eof(struct gt_conn *c)
{
	struct h1 *h = c->session;

	if (h->state == REPLY)
		note_eof(h->reply);
	else if (h->state == BODY)
		c->aborting = true;
	else
		c->finishing = true;
}

static void write_head(struct gt_conn *c)
{
	struct h1 *h = c->session;
	struct gt_reply *reply = h->reply;
	bool old = reply->req.http_version == 10;
	char date[GT_TIME_TEXT];

	h->head_sent = true;
	h->mute = gt_str_is(reply->req.method, "HEAD") || gt_reply__bodyless(reply);
	h->chunk_out = reply->length < 0 && !old && !h->mute;
	if ((reply->length < 0 && old) || c->server->draining)
		h->keep_alive = false;
	gt_buf_printf(&c->out, "HTTP/1.1 %d %s\r\n", reply->status,
		      gt_http_status_text(reply->status));
	for (size_t i = 0; i < reply->fields.n; i++)
		gt_buf_printf(&c->out, "%.*s: %.*s\r\n", GT_STR_ARG(reply->fields.v[i].name),
			      GT_STR_ARG(reply->fields.v[i].value));
	gt_buf_printf(&c->out, "Date: %s\r\n", gt_http_date(gt_now_wall(), date));
	if (h->chunk_out)
		gt_buf_adds(&c->out, "Transfer-Encoding: chunked\r\n");
	else if (reply->length >= 0 && !gt_reply__bodyless(reply))
		gt_buf_printf(&c->out, "Content-Length: %lld\r\n", (long long)reply->length);
	if (!h->keep_alive)
		gt_buf_adds(&c->out, "Connection: close\r\n");
	else if (old)
		gt_buf_adds(&c->out, "Connection: keep-alive\r\n");
	gt_buf_adds(&c->out, "\r\n");
}

static void write_bytes(struct gt_conn *c, struct gt_str bytes)
{
	struct h1 *h = c->session;

	if (h->mute)
		return;
	/* Never more than was announced: the rest would be read as the next answer. */
	if (h->reply->length >= 0 && (int64_t)bytes.n > h->reply->length - h->sent)
		bytes.n = (size_t)(h->reply->length - h->sent);
	h->sent += (int64_t)bytes.n;
	if (bytes.n == 0)
		return;
	if (h->chunk_out)
		gt_buf_printf(&c->out, "%zx\r\n", bytes.n);
	gt_buf_add_str(&c->out, bytes);
	if (h->chunk_out)
		gt_buf_adds(&c->out, "\r\n");
}

static void write_queue(struct gt_conn *c)
{
	struct h1 *h = c->session;

	while (c->out.n < GT_CONN_OUT_HIGH) {
		struct gt_str bytes = gt_reply__peek(h->reply);

		if (bytes.n == 0)
			return;
		bytes.n = bytes.n < GT_CONN_OUT_HIGH ? bytes.n : GT_CONN_OUT_HIGH;
		write_bytes(c, bytes);
		gt_reply__took(h->reply, bytes.n);
	}
}

/* The answer is complete: makes ready for the next request. */
static void end_reply(struct gt_conn *c)
{
	struct h1 *h = c->session;
	bool whole = h->mute || h->reply->length < 0 || h->sent == h->reply->length;

	if (h->chunk_out)
		gt_buf_adds(&c->out, "0\r\n\r\n");
	gt_reply__detach(gt_steal(h->reply));
	h->state = HEAD;
	if (!whole) {
		c->aborting = true;
		return;
	}
	if (!h->keep_alive) {
		c->finishing = true;
		return;
	}
	gt_conn__expect(c, c->server->opts.idle_timeout_ns);
	gt_conn__pause(c, false);
	if (!run(c) || (c->eof && h->state != REPLY))
		c->finishing = true;
}

static void output(struct gt_conn *c)
{
	struct h1 *h = c->session;

	while (h->state == REPLY && c->out.n < GT_CONN_OUT_HIGH && !c->aborting) {
		struct gt_reply *reply = h->reply;

		/* Ended without an answer counts as aborted. */
		if (reply->aborted || (reply->ended && reply->status == 0)) {
			c->aborting = true;
			return;
		}
		if (reply->status == 0)
			return;
		if (!h->head_sent)
			write_head(c);
		write_queue(c);
		if (!reply->ended || gt_reply__peek(reply).n > 0)
			return;
		end_reply(c);
		if (c->finishing)
			return;
	}
}

static bool idle(const struct gt_conn *c)
{
	const struct h1 *h = c->session;

	return h->state == HEAD && h->in.n == 0;
}

static void drain(struct gt_conn *c)
{
	struct h1 *h = c->session;

	h->keep_alive = false;
}

static void free_session(struct gt_conn *c)
{
	struct h1 *h = c->session;

	if (h->reply)
		gt_reply__detach(gt_steal(h->reply));
	gt_buf_fini(&h->in);
	free(h);
}

static const struct gt_session_ops h1_ops = {
	.input = input,
	.eof = eof,
	.output = output,
	.idle = idle,
	.drain = drain,
	.free = free_session,
};

void gt_h1__open(struct gt_conn *c)
{
	c->session = gt_new(struct h1);
	c->ops = &h1_ops;
}
