/* HTTP/2 on a connection, over nghttp2. */
#include <nghttp2/nghttp2.h>

#include "base/alloc.h"
#include "net/h1.h"
#include "net/server_priv.h"

#define MAX_STREAMS 250
#define CONNECTION_WINDOW (1 << 20)
#define STREAM_WINDOW (256 << 10)

/* Bodies of unfinished requests, over all streams of a connection. */
#define BODIES_MAX GT_MIB(64)

/* Of a refused body, before its stream is reset. */
#define DISCARD_MAX GT_MIB(16)

/* Streams that a client may reset: a burst, and so many a second. */
#define RESET_BURST 1000
#define RESETS_PER_S 33

struct h2 {
	nghttp2_session *ng;
	struct gt_conn *c;
	struct gt_list all;
	size_t streams;
	size_t receiving; /* streams whose request is incomplete */
	size_t bodies;    /* bytes of their bodies */
	int64_t resets;   /* left in the bucket */
	int64_t refilled; /* when */
	bool draining;
};

struct stream {
	struct gt_list node;
	struct h2 *h2;
	int32_t id;
	struct gt_reply *reply;
	GT_VEC(struct gt_http_field) fields;
	size_t head_bytes;
	bool head_done;
	bool complete;  /* the whole request is here */
	bool submitted; /* the answer's head is with nghttp2 */
	bool deferred;  /* nghttp2 waits for more of the answer */
	bool refused;
	size_t discarded; /* of the body of a refused request */
	int64_t sent;
};

static void update_deadline(struct h2 *h)
{
	const struct gt_http_server_opts *opts = &h->c->server->opts;

	if (h->receiving > 0)
		gt_conn__expect(h->c, opts->body_timeout_ns);
	else
		gt_conn__expect(h->c, h->streams == 0 ? opts->idle_timeout_ns : 0);
}

/* ---- answers ---- */

static bool fill(struct stream *s, uint8_t *buf, size_t room, size_t *ret_n)
{
	struct gt_reply *reply = s->reply;
	size_t n = 0;

	while (n < room) {
		struct gt_str bytes = gt_reply__peek(reply);

		if (bytes.n == 0)
			break;
		bytes.n = bytes.n < room - n ? bytes.n : room - n;
		memcpy(buf + n, bytes.p, bytes.n);
		gt_reply__took(reply, bytes.n);
		n += bytes.n;
	}
	s->sent += (int64_t)n;
	*ret_n = n;
	return reply->length < 0 || s->sent <= reply->length;
}

static ssize_t on_read(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t room, uint32_t *flags,
		       nghttp2_data_source *source, void *arg)
{
	struct stream *s = source->ptr;
	struct gt_reply *reply = s->reply;
	size_t n;

	(void)ng;
	(void)id;
	(void)arg;
	if (reply->aborted || !fill(s, buf, room, &n))
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (reply->ended && gt_reply__peek(reply).n == 0) {
		if (reply->length >= 0 && s->sent != reply->length)
			return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
		*flags |= NGHTTP2_DATA_FLAG_EOF;
	} else if (n == 0) {
		s->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	return (ssize_t)n;
}

static nghttp2_nv pair(struct gt_str name, struct gt_str value)
{
	return (nghttp2_nv){.name = (uint8_t *)(uintptr_t)name.p,
			    .value = (uint8_t *)(uintptr_t)(value.n ? value.p : ""),
			    .namelen = name.n,
			    .valuelen = value.n};
}

/* HTTP/2 has lower-case names and no connection headers. */
static bool lower_name(struct gt_reply *reply, struct gt_str name, struct gt_str *ret_name)
{
	static const char *const banned[] = {"connection", "transfer-encoding", "keep-alive",
					     "upgrade", "proxy-connection"};
	char *copy = gt_arena_strndup(&reply->mem, name.p, name.n);

	for (size_t i = 0; i < name.n; i++) {
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] + 32);
	}
	*ret_name = gt_strn(copy, name.n);
	for (size_t i = 0; i < GT_COUNT(banned); i++) {
		if (gt_str_is(*ret_name, banned[i]))
			return false;
	}
	return true;
}

static void submit(struct stream *s)
{
	struct gt_reply *reply = s->reply;
	GT_VEC(nghttp2_nv) nv = {0};
	char status[16], date[GT_TIME_TEXT], length[24];
	bool mute = gt_str_is(reply->req.method, "HEAD") || gt_reply__bodyless(reply);
	nghttp2_data_provider provider = {.source.ptr = s, .read_callback = on_read};

	snprintf(status, sizeof status, "%d", reply->status);
	snprintf(length, sizeof length, "%lld", (long long)reply->length);
	gt_vec_push(&nv, pair(GT_STR_LIT(":status"), gt_str(status)));
	for (size_t i = 0; i < reply->fields.n; i++) {
		struct gt_str name;

		if (lower_name(reply, reply->fields.v[i].name, &name))
			gt_vec_push(&nv, pair(name, reply->fields.v[i].value));
	}
	gt_vec_push(&nv, pair(GT_STR_LIT("date"), gt_str(gt_http_date(gt_now_wall(), date))));
	if (reply->length >= 0 && !gt_reply__bodyless(reply))
		gt_vec_push(&nv, pair(GT_STR_LIT("content-length"), gt_str(length)));
	s->submitted = true;
	nghttp2_submit_response(s->h2->ng, s->id, nv.v, nv.n, mute ? NULL : &provider);
	gt_vec_fini(&nv);
}

static void on_reply_ready(struct gt_reply *reply)
{
	struct stream *s = reply->session;
	struct h2 *h = s->h2;

	if (reply->aborted || (reply->ended && reply->status == 0))
		nghttp2_submit_rst_stream(h->ng, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_INTERNAL_ERROR);
	else if (!s->submitted && reply->status > 0)
		submit(s);
	else if (s->deferred) {
		s->deferred = false;
		nghttp2_session_resume_data(h->ng, s->id);
	}
	gt_conn__flush_reply(h->c);
}

static const struct gt_reply_ops reply_ops = {on_reply_ready};

/* ---- requests ---- */

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *arg)
{
	struct h2 *h = arg;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	struct stream *s = gt_new(struct stream);
	s->h2 = h;
	s->id = frame->hd.stream_id;
	s->reply = gt_reply__new(h->c, &reply_ops, s);
	s->reply->req.http_version = 20;
	gt_list_append(&h->all, &s->node);
	h->streams++;
	h->receiving++;
	nghttp2_session_set_stream_user_data(ng, s->id, s);
	update_deadline(h);
	return 0;
}

static void note_pseudo(struct stream *s, struct gt_str name, struct gt_str value)
{
	struct gt_http_request *req = &s->reply->req;

	if (gt_str_is(name, ":method"))
		req->method = value;
	else if (gt_str_is(name, ":path"))
		req->target = value;
	else if (gt_str_is(name, ":authority"))
		req->host = value;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);

	(void)flags;
	(void)arg;
	if (!s || s->head_done || s->refused)
		return 0;
	s->head_bytes += name_n + value_n;
	if (s->head_bytes > GT_LIMIT_HTTP_HEADERS || s->fields.n >= GT_H1_FIELDS_MAX) {
		s->refused = true;
		return 0;
	}
	struct gt_arena *mem = &s->reply->mem;
	struct gt_http_field field = {
		.name = gt_arena_str(mem, gt_strn((const char *)name, name_n)),
		.value = gt_arena_str(mem, gt_strn((const char *)value, value_n)),
	};
	if (name_n > 0 && name[0] == ':')
		note_pseudo(s, field.name, field.value);
	else
		gt_vec_push(&s->fields, field);
	return 0;
}

/* Answers without a handler; what the client still sends is thrown away, see discard(). */
static void refuse(struct stream *s, const char *status)
{
	nghttp2_nv nv = pair(GT_STR_LIT(":status"), gt_str(status));

	s->refused = s->submitted = true;
	nghttp2_submit_response(s->h2->ng, s->id, &nv, 1, NULL);
}

static void end_head(struct stream *s)
{
	struct gt_reply *reply = s->reply;
	struct gt_http_request *req = &reply->req;

	s->head_done = true;
	if (s->refused) {
		refuse(s, "431");
		return;
	}
	if (!gt_h1_split_target(req->target, &req->path, &req->query)) {
		refuse(s, "400");
		return;
	}
	req->path = gt_arena_str(&reply->mem, req->path);
	req->query = gt_arena_str(&reply->mem, req->query);
	/* The reply outlives the stream. */
	struct gt_http_field *fields =
		gt_arena_calloc(&reply->mem, s->fields.n + 1, sizeof *fields);
	if (s->fields.n > 0)
		memcpy(fields, s->fields.v, s->fields.n * sizeof *fields);
	req->fields = fields;
	req->n_fields = s->fields.n;
	gt_vec_fini(&s->fields);
	if (req->host.n == 0)
		req->host = gt_http_request_header(req, "host");
	gt_reply__set_peer(reply);
	gt_reply__route(reply);
	reply->body.max = reply->target.max_body;
}

/* The request leaves the state of being received. */
static void end_receiving(struct stream *s)
{
	if (s->complete)
		return;
	s->complete = true;
	s->h2->receiving--;
	s->h2->bodies -= s->reply->body.n;
}

static void end_request(struct stream *s)
{
	if (s->complete)
		return;
	end_receiving(s);
	update_deadline(s->h2);
	if (!s->refused)
		gt_reply__dispatch(s->reply);
}

/*
 * Some clients read the answer only when they have sent everything, and take a reset, be it without
 * an error, for a failure: they get a chance.
 */
static int discard(struct stream *s, size_t n)
{
	if (s->discarded <= DISCARD_MAX && s->discarded + n > DISCARD_MAX)
		nghttp2_submit_rst_stream(s->h2->ng, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_NO_ERROR);
	s->discarded += n;
	return 0;
}

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *bytes, size_t n,
		   void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(ng, id);
	struct h2 *h = arg;

	(void)flags;
	if (!s || s->complete)
		return 0;
	if (s->refused)
		return discard(s, n);
	struct gt_buf *body = &s->reply->body;
	if (n > s->reply->target.max_body - body->n) {
		refuse(s, s->reply->target.handler ? "413" : "404");
		return 0;
	}
	if (h->bodies + n > BODIES_MAX) {
		s->refused = true;
		nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, id, NGHTTP2_ENHANCE_YOUR_CALM);
		return 0;
	}
	gt_buf_add(body, bytes, n);
	h->bodies += n;
	update_deadline(h);
	return 0;
}

/* A client that opens streams only to reset them makes work for nothing (CVE-2023-44487). */
static int note_reset(struct h2 *h)
{
	int64_t now = gt_loop_now(h->c->server->loop);
	int64_t refill = (now - h->refilled) * RESETS_PER_S / GT_NS_PER_S;

	if (refill > 0) {
		h->resets = h->resets + refill < RESET_BURST ? h->resets + refill : RESET_BURST;
		h->refilled = now;
	}
	if (h->resets-- > 0)
		return 0;
	return nghttp2_session_terminate_session(h->ng, NGHTTP2_ENHANCE_YOUR_CALM);
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);

	if (frame->hd.type == NGHTTP2_RST_STREAM)
		return note_reset(arg);
	if (!s || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA))
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && !s->head_done)
		end_head(s);
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		end_request(s);
	return 0;
}

static void free_stream(struct stream *s)
{
	struct h2 *h = s->h2;
	struct gt_reply *reply = s->reply;

	end_receiving(s);
	gt_list_remove(&s->node);
	h->streams--;
	gt_vec_fini(&s->fields);
	free(s);
	gt_reply__detach(reply);
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t code, void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(ng, id);
	struct h2 *h = arg;

	(void)code;
	if (!s)
		return 0;
	nghttp2_session_set_stream_user_data(ng, id, NULL);
	free_stream(s);
	update_deadline(h);
	return 0;
}

/* ---- the session ---- */

static bool input(struct gt_conn *c, struct gt_str bytes)
{
	struct h2 *h = c->session;
	ssize_t n = nghttp2_session_mem_recv(h->ng, (const uint8_t *)bytes.p, bytes.n);

	if (n < 0) {
		nghttp2_session_terminate_session(h->ng, NGHTTP2_PROTOCOL_ERROR);
		return false;
	}
	return true;
}

static void eof(struct gt_conn *c)
{
	/* Nothing can be answered without the client's window updates. */
	c->aborting = true;
}

static void output(struct gt_conn *c)
{
	struct h2 *h = c->session;

	while (c->out.n < GT_CONN_OUT_HIGH) {
		const uint8_t *bytes;
		ssize_t n = nghttp2_session_mem_send(h->ng, &bytes);

		if (n < 0)
			c->aborting = true;
		if (n <= 0)
			break;
		gt_buf_add(&c->out, bytes, (size_t)n);
	}
	if (!nghttp2_session_want_read(h->ng) && !nghttp2_session_want_write(h->ng))
		c->finishing = true;
	if (h->draining && h->streams == 0)
		c->finishing = true;
}

static bool idle(const struct gt_conn *c)
{
	const struct h2 *h = c->session;

	return h->streams == 0;
}

static void drain(struct gt_conn *c)
{
	struct h2 *h = c->session;

	h->draining = true;
	nghttp2_submit_goaway(h->ng, NGHTTP2_FLAG_NONE,
			      nghttp2_session_get_last_proc_stream_id(h->ng), NGHTTP2_NO_ERROR,
			      NULL, 0);
}

static void free_session(struct gt_conn *c)
{
	struct h2 *h = c->session;

	while (!gt_list_empty(&h->all))
		free_stream(gt_container_of(h->all.next, struct stream, node));
	nghttp2_session_del(h->ng);
	free(h);
}

static const struct gt_session_ops h2_ops = {
	.input = input,
	.eof = eof,
	.output = output,
	.idle = idle,
	.drain = drain,
	.free = free_session,
};

static nghttp2_session *new_session(struct h2 *h)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	nghttp2_session *ng;

	if (nghttp2_session_callbacks_new(&callbacks) != 0 || nghttp2_option_new(&option) != 0)
		abort();
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_option_set_no_closed_streams(option, 1);
	if (nghttp2_session_server_new2(&ng, callbacks, h, option) != 0)
		abort();
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return ng;
}

void gt_h2__open(struct gt_conn *c)
{
	static const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, GT_LIMIT_HTTP_HEADERS},
	};
	struct h2 *h = gt_new(struct h2);

	h->c = c;
	gt_list_init(&h->all);
	h->resets = RESET_BURST;
	h->refilled = gt_loop_now(c->server->loop);
	h->ng = new_session(h);
	nghttp2_submit_settings(h->ng, NGHTTP2_FLAG_NONE, settings, GT_COUNT(settings));
	nghttp2_session_set_local_window_size(h->ng, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
	c->session = h;
	c->ops = &h2_ops;
}
