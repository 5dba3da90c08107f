/* Blocking requests: exchanges with redirects, retries and streaming downloads around them. */
#include <pthread.h>

#include "base/alloc.h"
#include "base/future.h"
#include "base/limits.h"
#include "base/rand.h"
#include "base/time.h"
#include "net/http_priv.h"

#define DEFAULT_TIMEOUT GT_SECONDS(60)
#define DEFAULT_MAX_RESPONSE GT_MIB(64)
#define DEFAULT_MAX_RETRY_AFTER GT_SECONDS(30)
#define FIRST_BACKOFF GT_MILLIS(100)
#define LAST_BACKOFF GT_SECONDS(5)

/* So much of a download may wait for the sink before the connection is paused. */
#define SINK_WINDOW GT_KIB(512)

#define EXPLANATION_MAX GT_KIB(64)

/* A request on its way through attempts and redirects; lives on the caller's stack. */
struct request {
	struct gt_http_client *client;
	const struct gt_http_req *req;
	struct gt_ctx *ctx;
	struct gt_url url;
	const char *method;
	struct gt_str body;
	bool has_body;
	bool with_auth;
	size_t max_response;
	bool sunk; /* the sink has been given bytes */
};

/* One exchange.  The transfer belongs to the loop thread; what the lock guards, to both. */
struct exchange {
	struct gt_http__transfer t;
	struct request *r;
	size_t received;
	struct gt_buf body; /* loop thread, until done */

	pthread_mutex_t lock;
	struct gt_future *waiter; /* somebody waits for the queue or the end */
	struct gt_buf queue;      /* bytes for the sink */
	bool paused;
	bool done;
	int rc;
	struct gt_err err;

	bool posted; /* the worker has posted more than the start */
};

static struct exchange *of(struct gt_http__transfer *t)
{
	return gt_container_of(t, struct exchange, t);
}

/* Called locked. */
static void wake(struct exchange *x)
{
	struct gt_future *waiter = gt_steal(x->waiter);

	if (waiter)
		gt_future_deliver(waiter);
}

static bool to_sink(const struct exchange *x)
{
	return x->r->req->sink && x->t.status >= 200 && x->t.status < 300;
}

static size_t too_large(struct exchange *x)
{
	gt_fail(&x->t.abort, GT_E_BUDGET, "the response is larger than %zu bytes",
		x->r->max_response);
	return 0;
}

static size_t queue_bytes(struct exchange *x, struct gt_str bytes)
{
	size_t taken = bytes.n;

	pthread_mutex_lock(&x->lock);
	if (x->queue.n >= SINK_WINDOW) {
		x->paused = true;
		taken = CURL_WRITEFUNC_PAUSE;
	} else {
		gt_buf_add_str(&x->queue, bytes);
	}
	wake(x);
	pthread_mutex_unlock(&x->lock);
	return taken;
}

static size_t on_data(struct gt_http__transfer *t, struct gt_str bytes)
{
	struct exchange *x = of(t);

	if (bytes.n > x->r->max_response - x->received)
		return too_large(x);
	if (to_sink(x)) {
		size_t taken = queue_bytes(x, bytes);

		x->received += taken == bytes.n ? bytes.n : 0;
		return taken;
	}
	x->received += bytes.n;
	/* What comes instead of a download is an explanation: its beginning will do. */
	if (!x->r->req->sink || x->body.n + bytes.n <= EXPLANATION_MAX)
		gt_buf_add_str(&x->body, bytes);
	return bytes.n;
}

/* An announced length saves the transfer of what would be refused anyway. */
static bool on_head(struct gt_http__transfer *t)
{
	struct exchange *x = of(t);
	curl_off_t length = -1;

	curl_easy_getinfo(t->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length > 0 && (uint64_t)length > x->r->max_response && !gt_streq(t->method, "HEAD")) {
		too_large(x);
		return false;
	}
	return true;
}

static void on_done(struct gt_http__transfer *t, int rc, const struct gt_err *err)
{
	struct exchange *x = of(t);

	pthread_mutex_lock(&x->lock);
	x->done = true;
	x->rc = rc;
	if (rc < 0)
		x->err = *err;
	wake(x);
	pthread_mutex_unlock(&x->lock);
}

static const struct gt_http__ops exchange_ops = {on_head, on_data, on_done};

static void start_job(void *arg)
{
	gt_http__start(arg);
}

static void cancel_job(void *arg)
{
	gt_http__cancel(arg);
}

static void resume_job(void *arg)
{
	gt_http__resume(arg);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void post(struct exchange *x, gt_loop_fn fn)
{
	x->posted = true;
	gt_loop_post(x->r->client->loop, fn, &x->t);
}

static void abandon(void *arg)
{
	post(arg, cancel_job);
}

/* Waits for bytes or the end.  After an error the transfer is being cancelled. */
static int wait_for_news(struct exchange *x, struct gt_ctx *ctx, struct gt_err *err)
{
	struct gt_future news;
	int rc = GT_OK;

	pthread_mutex_lock(&x->lock);
	bool ready = x->done || x->queue.n > 0;
	if (!ready) {
		gt_future_init(&news);
		x->waiter = &news;
	}
	pthread_mutex_unlock(&x->lock);
	if (!ready) {
		rc = gt_future_wait(&news, ctx, abandon, x, err);
		gt_future_fini(&news);
	}
	return rc;
}

/* Takes what is queued; false when there is nothing and the transfer is over. */
static bool take_queue(struct exchange *x, struct gt_buf *ret_bytes)
{
	pthread_mutex_lock(&x->lock);
	bool over = x->done && x->queue.n == 0;
	bool paused = x->paused;
	*ret_bytes = x->queue;
	x->queue = (struct gt_buf){0};
	x->paused = false;
	pthread_mutex_unlock(&x->lock);
	if (paused)
		post(x, resume_job);
	return !over;
}

static void wait_for_end(struct exchange *x)
{
	for (;;) {
		struct gt_buf unwanted;

		wait_for_news(x, gt_ctx_background(), NULL);
		bool more = take_queue(x, &unwanted);
		gt_buf_fini(&unwanted);
		if (!more)
			return;
	}
}

/* The context's error says nothing of what was under way. */
static int name_request(const struct request *r, struct gt_err *err)
{
	gt_auto_buf url = {0};

	gt_url_show(&r->url, &url);
	return gt_wrap(err, "%s %s", r->method, gt_buf_cstr(&url));
}

/* Runs the transfer to its end, feeding the sink; the transfer is over when this returns. */
static int run(struct exchange *x, struct gt_err *err)
{
	struct request *r = x->r;
	int rc;

	gt_loop_post(r->client->loop, start_job, &x->t);
	for (;;) {
		struct gt_buf bytes;

		rc = wait_for_news(x, r->ctx, err);
		if (rc < 0)
			rc = name_request(r, err);
		if (rc < 0 || !take_queue(x, &bytes))
			break;
		if (bytes.n > 0) {
			r->sunk = true;
			rc = gt_ctx_check(r->ctx, err);
			if (rc < 0)
				rc = name_request(r, err);
			else
				rc = r->req->sink(r->req->sink_arg, gt_buf_str(&bytes), err);
		}
		gt_buf_fini(&bytes);
		if (rc < 0) {
			post(x, cancel_job);
			break;
		}
	}
	wait_for_end(x);
	/* What was posted must have run before the exchange goes. */
	if (x->posted)
		gt_loop_call(r->client->loop, nothing, NULL);
	if (rc == GT_OK && x->rc < 0) {
		rc = x->rc;
		if (err)
			*err = x->err;
	}
	return rc;
}

static int64_t exchange_timeout(const struct gt_http_req *req)
{
	if (req->timeout_ns < 0)
		return 0;
	return req->timeout_ns > 0 ? req->timeout_ns : DEFAULT_TIMEOUT;
}

static void fill_response(struct exchange *x, struct gt_http_resp *resp)
{
	gt_auto_buf url = {0};
	struct gt_url plain = x->r->url;

	plain.user = NULL;
	gt_url_format(&plain, &url);
	*resp = (struct gt_http_resp){
		.status = x->t.status,
		.http_version = x->t.http_version,
		.url = gt_buf_take(&url),
		.head = x->t.head,
		.body = x->body,
		.connect_ns = x->t.connect_ns,
		.total_ns = x->t.total_ns,
	};
	x->t.head = x->body = (struct gt_buf){0};
}

/* How an exchange ended, for the decision whether to try again. */
struct outcome {
	int rc;
	bool reached, broken;
};

static struct outcome exchange(struct request *r, struct gt_http_resp *resp, struct gt_err *err)
{
	const struct gt_http_req *req = r->req;
	struct exchange x = {
		.t =
			{
				.ops = &exchange_ops,
				.client = r->client,
				.pool = req->sink ? GT_HTTP__HTTP1 : GT_HTTP__SHARED,
				.method = r->method,
				.url = &r->url,
				.body = r->body,
				.has_body = r->has_body,
				.gzip = req->gzip,
				.timeout_ns = exchange_timeout(req),
				.idle_timeout_ns = req->idle_timeout_ns,
			},
		.r = r,
	};
	struct outcome o = {
		.rc = gt_http__headers(r->client, req, &r->url, r->with_auth, &x.t.headers, err)};

	gt_http_resp_fini(resp);
	if (o.rc == GT_OK && gt_ctx_check(r->ctx, err) < 0)
		o.rc = name_request(r, err);
	if (o.rc < 0) {
		gt_http__headers_free(x.t.headers);
		return o;
	}
	if (r->client->http1_only)
		x.t.pool = GT_HTTP__HTTP1;
	x.body.max = r->max_response;
	pthread_mutex_init(&x.lock, NULL);
	o.rc = run(&x, err);
	pthread_mutex_destroy(&x.lock);
	o.reached = x.t.reached;
	o.broken = x.t.broken;
	if (o.rc == GT_OK)
		fill_response(&x, resp);
	gt_buf_fini(&x.t.head);
	gt_buf_fini(&x.body);
	gt_buf_fini(&x.queue);
	return o;
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Credentials go on to the same origin, and to the same host when it moved to https. */
static bool keeps_auth(const struct gt_url *from, const struct gt_url *to)
{
	if (gt_url_same_origin(from, to))
		return true;
	return gt_streq(from->host, to->host) && gt_streq(from->scheme, "http") &&
	       gt_streq(to->scheme, "https") && gt_url_port(from) == 80 && gt_url_port(to) == 443;
}

static int redirect(struct request *r, const struct gt_http_resp *resp, struct gt_err *err)
{
	gt_auto_url to = {0};

	if (gt_url_resolve(&r->url, gt_http_header(resp, "Location"), &to, err) < 0)
		return gt_wrap(err, "redirect");
	if (!gt_streq(to.scheme, "https") &&
	    !(gt_streq(to.scheme, "http") && gt_streq(r->url.scheme, "http")))
		return gt_fail(err, GT_E_INVALID, "redirect from %s to %s refused", r->url.scheme,
			       to.scheme);
	if (!keeps_auth(&r->url, &to))
		r->with_auth = false;
	if (resp->status != 307 && resp->status != 308 && !gt_streq(r->method, "HEAD")) {
		r->method = "GET";
		r->body = (struct gt_str){0};
		r->has_body = false;
	}
	gt_url_fini(&r->url);
	r->url = to;
	to = (struct gt_url){0};
	return GT_OK;
}

static struct outcome follow(struct request *r, struct gt_http_resp *resp, struct gt_err *err)
{
	for (unsigned n = 0;; n++) {
		struct outcome o = exchange(r, resp, err);

		if (o.rc < 0 || r->req->no_redirects || !is_redirect(resp->status) ||
		    gt_http_header(resp, "Location").n == 0)
			return o;
		gt_auto_buf from = {0};
		gt_url_show(&r->url, &from);
		if (n >= GT_LIMIT_HTTP_REDIRECTS)
			o.rc = gt_fail(err, GT_E_INVALID, "stopped after %d redirects",
				       GT_LIMIT_HTTP_REDIRECTS);
		else
			o.rc = redirect(r, resp, err);
		if (o.rc < 0) {
			o.rc = gt_wrap(err, "%s %s", r->method, gt_buf_cstr(&from));
			return o;
		}
	}
}

static int64_t backoff(unsigned attempt)
{
	int64_t wait = FIRST_BACKOFF;

	while (attempt-- > 0 && wait < LAST_BACKOFF)
		wait *= 2;
	wait = wait < LAST_BACKOFF ? wait : LAST_BACKOFF;
	return wait / 2 + (int64_t)((double)wait / 2 * gt_rand_unit());
}

static int64_t wait_asked_for(const struct request *r, const struct gt_http_resp *resp,
			      unsigned attempt)
{
	const struct gt_http_req *req = r->req;
	int64_t max =
		req->max_retry_after_ns > 0 ? req->max_retry_after_ns : DEFAULT_MAX_RETRY_AFTER;
	int64_t asked = gt_http_retry_after(resp);

	if (resp->status != 429 && resp->status < 500)
		return -1;
	if (asked >= 0)
		return asked <= max ? asked : -1;
	return req->retry_5xx && resp->status != 501 ? backoff(attempt) : -1;
}

/* How long to wait before another attempt, or -1 for none. */
static int64_t retry_wait(const struct request *r, const struct outcome *o,
			  const struct gt_http_resp *resp, unsigned attempt)
{
	bool again = r->req->idempotent || gt_http__idempotent(r->method);

	if (r->sunk || attempt + 1 >= r->req->attempts)
		return -1;
	if (o->rc == GT_OK)
		return wait_asked_for(r, resp, attempt);
	if (o->broken && (again || !o->reached))
		return backoff(attempt);
	return -1;
}

static int attempt_all(struct request *r, struct gt_http_resp *resp, struct gt_err *err)
{
	for (unsigned attempt = 0;; attempt++) {
		int rc = gt_http__parse_target(r->req, &r->url, err);

		if (rc < 0)
			return rc;
		r->method = r->req->method ? r->req->method : "GET";
		r->body = r->req->body;
		r->has_body = r->req->has_body;
		r->with_auth = true;

		struct outcome o = follow(r, resp, err);
		int64_t wait = retry_wait(r, &o, resp, attempt);
		rc = wait < 0 ? o.rc : gt_ctx_sleep(r->ctx, wait, err);
		if (wait >= 0 && rc < 0)
			rc = name_request(r, err);
		gt_url_fini(&r->url);
		if (wait < 0 || rc < 0)
			return rc;
	}
}

int gt_http_do(struct gt_http_client *client, const struct gt_http_req *req, struct gt_ctx *ctx,
	       struct gt_http_resp *resp, struct gt_err *err)
{
	struct request r = {
		.client = client,
		.req = req,
		.ctx = ctx,
		.max_response = req->max_response ? req->max_response : DEFAULT_MAX_RESPONSE,
	};
	struct gt_err own = {0};
	int rc;

	*resp = (struct gt_http_resp){0};
	rc = attempt_all(&r, resp, err ? err : &own);
	if (rc < 0)
		gt_http_resp_fini(resp);
	return rc;
}
