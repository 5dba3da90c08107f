/*
 * Replies.  What the handler says becomes a job that runs on the loop thread: at once when the
 * handler is there already, else posted.  The session then pulls from the reply.
 */
#include <stdarg.h>

#include "base/alloc.h"
#include "net/server_priv.h"

enum step { START = 1, WRITE = 2, END = 4, ABORT = 8, ON_CLOSE = 16, ON_DRAIN = 32 };

struct job {
	struct gt_reply *reply;
	unsigned steps; /* of enum step, done in this order */
	int status;
	int64_t length;
	struct gt_chunk *chunk;
	void (*fn)(void *arg);
	void *arg;
};

struct gt_reply *gt_reply__new(struct gt_conn *c, const struct gt_reply_ops *ops, void *session)
{
	struct gt_reply *reply = gt_new(struct gt_reply);

	atomic_init(&reply->refs, 1);
	reply->loop = c->server->loop;
	reply->gzip_min = c->server->opts.gzip_min;
	reply->conn = c;
	reply->ops = ops;
	reply->session = session;
	gt_list_init(&reply->queue);
	return reply;
}

static void free_chunk(struct gt_chunk *chunk)
{
	gt_buf_fini(&chunk->bytes);
	free(chunk);
}

static void drop_queue(struct gt_reply *reply)
{
	gt_list_for_each (&reply->queue, it)
		free_chunk(gt_container_of(it, struct gt_chunk, node));
	gt_list_init(&reply->queue);
	atomic_store(&reply->pending, 0);
}

void gt_reply__unref(struct gt_reply *reply)
{
	if (atomic_fetch_sub(&reply->refs, 1) > 1)
		return;
	drop_queue(reply);
	gt_vec_fini(&reply->fields);
	gt_buf_fini(&reply->body);
	gt_arena_fini(&reply->mem);
	free(reply);
}

void gt_reply__dispatch(struct gt_reply *reply)
{
	reply->req.body = gt_buf_str(&reply->body);
	atomic_fetch_add(&reply->refs, 1);
	if (reply->target.handler)
		reply->target.handler(reply->target.arg, &reply->req, reply);
	else
		gt_reply_error(reply, 404, "404 page not found");
}

void gt_reply__gone(struct gt_reply *reply)
{
	if (reply->gone)
		return;
	reply->gone = true;
	if (reply->on_close)
		reply->on_close(reply->on_close_arg);
}

void gt_reply__detach(struct gt_reply *reply)
{
	atomic_store(&reply->closed, true);
	reply->ops = NULL;
	reply->conn = NULL;
	reply->session = NULL;
	drop_queue(reply);
	gt_reply__gone(reply);
	gt_reply__unref(reply);
}

bool gt_reply__bodyless(const struct gt_reply *reply)
{
	return reply->status < 200 || reply->status == 204 || reply->status == 304;
}

struct gt_str gt_reply__peek(const struct gt_reply *reply)
{
	if (gt_list_empty(&reply->queue))
		return (struct gt_str){0};
	struct gt_chunk *chunk = gt_container_of(reply->queue.next, struct gt_chunk, node);
	return gt_str_from(gt_buf_str(&chunk->bytes), chunk->at);
}

static void drained_job(void *arg)
{
	struct gt_reply *reply = arg;

	if (reply->on_drain && !reply->ended)
		reply->on_drain(reply->on_drain_arg);
	gt_reply__unref(reply);
}

void gt_reply__took(struct gt_reply *reply, size_t n)
{
	struct gt_chunk *chunk = gt_container_of(reply->queue.next, struct gt_chunk, node);

	chunk->at += n;
	if (chunk->at == chunk->bytes.n) {
		gt_list_remove(&chunk->node);
		free_chunk(chunk);
	}
	size_t left = atomic_fetch_sub(&reply->pending, n) - n;
	if (reply->above && left < GT_REPLY_LOW) {
		reply->above = false;
		/* Posted: we are in the middle of a session's output. */
		atomic_fetch_add(&reply->refs, 1);
		gt_loop_post(reply->loop, drained_job, reply);
	}
}

static void apply_write(struct gt_reply *reply, struct gt_chunk *chunk)
{
	if (!reply->ops || reply->ended || chunk->bytes.n == 0) {
		atomic_fetch_sub(&reply->pending, chunk->bytes.n);
		free_chunk(chunk);
		return;
	}
	gt_list_append(&reply->queue, &chunk->node);
	if (atomic_load(&reply->pending) >= GT_REPLY_LOW)
		reply->above = true;
}

static void apply_on_close(struct gt_reply *reply, const struct job *job)
{
	reply->on_close = job->fn;
	reply->on_close_arg = job->arg;
	if (reply->gone && job->fn)
		job->fn(job->arg);
}

static void apply(const struct job *job)
{
	struct gt_reply *reply = job->reply;

	if (job->steps & ON_CLOSE)
		apply_on_close(reply, job);
	if (job->steps & ON_DRAIN) {
		reply->on_drain = job->fn;
		reply->on_drain_arg = job->arg;
	}
	if ((job->steps & START) && reply->status == 0) {
		reply->status = job->status;
		reply->length = job->length;
	}
	if (job->steps & WRITE)
		apply_write(reply, job->chunk);
	if (job->steps & (END | ABORT)) {
		reply->ended = true;
		reply->aborted = (job->steps & ABORT) != 0;
		reply->on_close = reply->on_drain = NULL;
	}
	if (reply->ops && (job->steps & ~ON_DRAIN))
		reply->ops->ready(reply);
	if (job->steps & (END | ABORT))
		gt_reply__unref(reply);
}

static void run_job(void *arg)
{
	struct job *job = arg;
	struct gt_reply *reply = job->reply;

	apply(job);
	gt_reply__unref(reply);
	free(job);
}

static void submit(const struct job *job)
{
	if (gt_loop_inside(job->reply->loop)) {
		apply(job);
		return;
	}
	struct job *posted = gt_new(struct job);
	*posted = *job;
	atomic_fetch_add(&job->reply->refs, 1);
	gt_loop_post(job->reply->loop, run_job, posted);
}

const struct gt_http_request *gt_reply_request(const struct gt_reply *reply)
{
	return &reply->req;
}

static bool fit_for_header(const char *s)
{
	return !strpbrk(s, "\r\n");
}

void gt_reply_header(struct gt_reply *reply, const char *name, const char *value)
{
	struct gt_http_field field;

	if (reply->begun || !*name || strpbrk(name, " \t:") || !fit_for_header(name) ||
	    !fit_for_header(value))
		return;
	field.name = gt_arena_str(&reply->mem, gt_str(name));
	field.value = gt_arena_str(&reply->mem, gt_str(value));
	gt_vec_push(&reply->fields, field);
}

void gt_reply_headerf(struct gt_reply *reply, const char *name, const char *fmt, ...)
{
	gt_auto_buf value = {0};
	va_list ap;

	va_start(ap, fmt);
	gt_buf_vprintf(&value, fmt, ap);
	va_end(ap);
	gt_reply_header(reply, name, gt_buf_cstr(&value));
}

static bool has_field(const struct gt_reply *reply, const char *name)
{
	for (size_t i = 0; i < reply->fields.n; i++) {
		if (gt_str_ieq(reply->fields.v[i].name, gt_str(name)))
			return true;
	}
	return false;
}

/* Replaces the body by its gzip form where the server, the client and the size say so. */
static void compress(struct gt_reply *reply, struct gt_buf *body)
{
	struct gt_buf small = {0};

	if (reply->gzip_min == 0 || body->n < reply->gzip_min ||
	    has_field(reply, "Content-Encoding"))
		return;
	gt_reply_header(reply, "Vary", "Accept-Encoding");
	if (!gt_http_request_accepts_gzip(&reply->req))
		return;
	if (gt_gzip__body(gt_buf_str(body), &small)) {
		gt_reply_header(reply, "Content-Encoding", "gzip");
		gt_buf_fini(body);
		*body = small;
	}
}

static struct gt_chunk *new_chunk(struct gt_reply *reply, struct gt_buf *take)
{
	struct gt_chunk *chunk = gt_new(struct gt_chunk);

	chunk->bytes = *take;
	*take = (struct gt_buf){0};
	atomic_fetch_add(&reply->pending, chunk->bytes.n);
	return chunk;
}

void gt_reply_send_take(struct gt_reply *reply, int status, const char *content_type,
			struct gt_buf *body)
{
	struct job job = {.reply = reply, .steps = START | WRITE | END, .status = status};

	if (content_type)
		gt_reply_header(reply, "Content-Type", content_type);
	compress(reply, body);
	reply->begun = true;
	job.length = (int64_t)body->n;
	job.chunk = new_chunk(reply, body);
	submit(&job);
}

void gt_reply_send(struct gt_reply *reply, int status, const char *content_type, struct gt_str body)
{
	struct gt_buf copy = {0};

	gt_buf_add_str(&copy, body);
	gt_reply_send_take(reply, status, content_type, &copy);
}

void gt_reply_error(struct gt_reply *reply, int status, const char *text)
{
	struct gt_buf body = {0};

	gt_buf_printf(&body, "%s\n", text);
	gt_reply_header(reply, "X-Content-Type-Options", "nosniff");
	gt_reply_send_take(reply, status, "text/plain; charset=utf-8", &body);
}

void gt_reply_start(struct gt_reply *reply, int status, int64_t length)
{
	struct job job = {.reply = reply, .steps = START, .status = status, .length = length};

	reply->begun = true;
	submit(&job);
}

void gt_reply_write_take(struct gt_reply *reply, struct gt_buf *bytes)
{
	struct job job = {.reply = reply, .steps = WRITE, .chunk = new_chunk(reply, bytes)};

	submit(&job);
}

void gt_reply_write(struct gt_reply *reply, struct gt_str bytes)
{
	struct gt_buf copy = {0};

	gt_buf_add_str(&copy, bytes);
	gt_reply_write_take(reply, &copy);
}

void gt_reply_end(struct gt_reply *reply)
{
	struct job job = {.reply = reply, .steps = END};

	submit(&job);
}

void gt_reply_abort(struct gt_reply *reply)
{
	struct job job = {.reply = reply, .steps = ABORT};

	submit(&job);
}

size_t gt_reply_pending(const struct gt_reply *reply)
{
	return atomic_load(&reply->pending);
}

bool gt_reply_closed(const struct gt_reply *reply)
{
	return atomic_load(&reply->closed);
}

void gt_reply_on_close(struct gt_reply *reply, void (*fn)(void *arg), void *arg)
{
	struct job job = {.reply = reply, .steps = ON_CLOSE, .fn = fn, .arg = arg};

	submit(&job);
}

void gt_reply_on_drain(struct gt_reply *reply, void (*fn)(void *arg), void *arg)
{
	struct job job = {.reply = reply, .steps = ON_DRAIN, .fn = fn, .arg = arg};

	submit(&job);
}
