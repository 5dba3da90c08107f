/* Streams: requests whose responses arrive in callbacks, for as long as they last. */
#include "base/alloc.h"
#include "net/http_priv.h"

struct gt_http_stream {
	struct gt_http__transfer t;
	atomic_uint refs; /* the owner's, the transfer's, and one for each job posted */
	struct gt_http_stream_fns fns;
	void *arg;
	struct gt_url url;
	char *method;
	struct gt_buf body;
	int refused; /* the request was malformed: its code */
	struct gt_err err;
};

static void unref(struct gt_http_stream *s)
{
	if (atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	gt_http_client_free(s->t.client);
	gt_http__headers_free(s->t.headers);
	gt_buf_fini(&s->t.head);
	gt_url_fini(&s->url);
	free(s->method);
	if (s->body.p)
		gt_wipe(s->body.p, s->body.n);
	gt_buf_fini(&s->body);
	free(s);
}

static struct gt_http_stream *of(struct gt_http__transfer *t)
{
	return gt_container_of(t, struct gt_http_stream, t);
}

static bool on_head(struct gt_http__transfer *t)
{
	struct gt_http_stream *s = of(t);
	struct gt_http_resp resp = {
		.status = t->status,
		.http_version = t->http_version,
		.head = t->head,
		.connect_ns = t->connect_ns,
	};

	if (s->fns.on_head)
		s->fns.on_head(s->arg, &resp);
	return true;
}

static size_t on_data(struct gt_http__transfer *t, struct gt_str bytes)
{
	struct gt_http_stream *s = of(t);

	if (s->fns.on_data)
		s->fns.on_data(s->arg, bytes);
	return bytes.n;
}

static void on_done(struct gt_http__transfer *t, int rc, const struct gt_err *err)
{
	struct gt_http_stream *s = of(t);

	s->fns.on_done(s->arg, rc, err);
	unref(s);
}

static const struct gt_http__ops stream_ops = {on_head, on_data, on_done};

static void start_job(void *arg)
{
	struct gt_http_stream *s = arg;

	if (s->refused < 0)
		on_done(&s->t, s->refused, &s->err);
	else
		gt_http__start(&s->t);
}

static int prepare(struct gt_http_stream *s, const struct gt_http_req *req)
{
	int rc = gt_http__parse_target(req, &s->url, &s->err);

	if (rc == GT_OK)
		rc = gt_http__headers(s->t.client, req, &s->url, true, &s->t.headers, &s->err);
	return rc;
}

struct gt_http_stream *gt_http_stream_start(struct gt_http_client *client,
					    const struct gt_http_req *req,
					    const struct gt_http_stream_fns *fns, void *arg)
{
	struct gt_http_stream *s = gt_new(struct gt_http_stream);

	gt_http__client_ref(client);
	atomic_init(&s->refs, 2);
	s->fns = *fns;
	s->arg = arg;
	s->method = gt_xstrdup(req->method ? req->method : "GET");
	gt_buf_add_str(&s->body, req->body);
	s->t.client = client;
	s->t.ops = &stream_ops;
	s->t.pool = client->http1_only ? GT_HTTP__HTTP1 : GT_HTTP__STREAMS;
	s->t.method = s->method;
	s->t.url = &s->url;
	s->t.body = gt_buf_str(&s->body);
	s->t.has_body = req->has_body;
	s->t.gzip = req->gzip;
	s->t.head_timeout_ns = req->timeout_ns;
	s->t.idle_timeout_ns = req->idle_timeout_ns;
	s->refused = prepare(s, req);
	gt_loop_post(client->loop, start_job, s);
	return s;
}

static void cancel_job(void *arg)
{
	struct gt_http_stream *s = arg;

	gt_http__cancel(&s->t);
	unref(s);
}

void gt_http_stream_cancel(struct gt_http_stream *s)
{
	atomic_fetch_add(&s->refs, 1);
	gt_loop_post(s->t.client->loop, cancel_job, s);
}

void gt_http_stream_free(struct gt_http_stream *s)
{
	if (!s)
		return;
	gt_http_stream_cancel(s);
	unref(s);
}
