/* Answering with a file: preconditions, ranges, and the bytes, as Go's http.ServeContent does. */
#include <unistd.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/rand.h"
#include "base/time.h"
#include "net/fileserver_priv.h"

#define PIECE GT_KIB(128)

static void pump(struct gt_file_job *job);

static int64_t modified(const struct gt_file_job *job)
{
	return job->st.st_mtim.tv_sec;
}

static bool header_date(const struct gt_http_request *req, const char *name, int64_t *ret_seconds)
{
	int64_t ns;

	if (!gt_http_date_parse(gt_http_request_header(req, name), &ns))
		return false;
	*ret_seconds = ns / GT_NS_PER_S;
	return true;
}

static bool is_get_or_head(const struct gt_http_request *req)
{
	return gt_str_is(req->method, "GET") || gt_str_is(req->method, "HEAD");
}

static bool unmodified_since(const struct gt_file_job *job, const struct gt_http_request *req)
{
	int64_t since;

	return is_get_or_head(req) && header_date(req, "If-Modified-Since", &since) &&
	       modified(job) <= since;
}

/* 0, or the status that the preconditions ask for.  Files have no entity tags here. */
static int precondition(const struct gt_file_job *job, const struct gt_http_request *req)
{
	struct gt_str match = gt_http_request_header(req, "If-Match");
	struct gt_str none = gt_http_request_header(req, "If-None-Match");
	int64_t since;

	if (match.n > 0) {
		if (!gt_str_is(gt_str_trim(match), "*"))
			return 412;
	} else if (header_date(req, "If-Unmodified-Since", &since) && modified(job) > since) {
		return 412;
	}
	if (none.n > 0) {
		if (gt_str_is(gt_str_trim(none), "*"))
			return is_get_or_head(req) ? 304 : 412;
		return 0;
	}
	return unmodified_since(job, req) ? 304 : 0;
}

/* Whether the range applies to what the client has a part of. */
static bool range_applies(const struct gt_file_job *job, const struct gt_http_request *req)
{
	struct gt_str condition = gt_http_request_header(req, "If-Range");
	int64_t at;

	if (condition.n == 0 || !is_get_or_head(req))
		return true;
	return header_date(req, "If-Range", &at) && at == modified(job);
}

static void add_modified(struct gt_file_job *job)
{
	char date[GT_TIME_TEXT];

	if (modified(job) != 0)
		gt_reply_header(job->reply, "Last-Modified",
				gt_http_date(modified(job) * GT_NS_PER_S, date));
}

static void part_head(const struct gt_file_job *job, size_t i, struct gt_buf *out)
{
	const struct gt_range *r = &job->ranges[i];

	gt_buf_printf(out,
		      "%s--%s\r\nContent-Range: bytes %lld-%lld/%lld\r\nContent-Type: %s\r\n\r\n",
		      i > 0 ? "\r\n" : "", job->boundary, (long long)r->start,
		      (long long)(r->start + r->length - 1), (long long)job->st.st_size, job->type);
}

static void part_end(const struct gt_file_job *job, struct gt_buf *out)
{
	gt_buf_printf(out, "\r\n--%s--\r\n", job->boundary);
}

static int64_t multipart_length(const struct gt_file_job *job)
{
	gt_auto_buf text = {0};
	int64_t length = 0;

	for (size_t i = 0; i < job->n_ranges; i++) {
		part_head(job, i, &text);
		length += job->ranges[i].length;
	}
	part_end(job, &text);
	return length + (int64_t)text.n;
}

static void finish(struct gt_file_job *job)
{
	if (job->failed)
		gt_reply_abort(job->reply);
	else
		gt_reply_end(job->reply);
	gt_file_job__free(job);
}

/* Background thread. */
static void read_piece(uv_work_t *work)
{
	struct gt_file_job *job = work->data;
	const struct gt_range *r = &job->ranges[job->at_range];
	int64_t left = r->length - job->at;
	size_t want = left < (int64_t)PIECE ? (size_t)left : PIECE;
	char *room = gt_buf_reserve(&job->piece, want);
	ssize_t n = pread(job->fd, room, want, r->start + job->at);

	/* A file that shrank cannot keep what its length promised. */
	job->failed = n <= 0;
	if (n > 0)
		gt_buf_commit(&job->piece, (size_t)n);
}

static void piece_read(uv_work_t *work, int status)
{
	struct gt_file_job *job = work->data;

	job->failed |= status < 0;
	if (job->failed || gt_reply_closed(job->reply)) {
		finish(job);
		return;
	}
	job->at += (int64_t)job->piece.n;
	gt_reply_write_take(job->reply, &job->piece);
	job->working = false;
	pump(job);
}

/* Past the last byte of a range; true when there are no more. */
static bool next_range(struct gt_file_job *job)
{
	while (job->at_range < job->n_ranges && job->at == job->ranges[job->at_range].length) {
		gt_auto_buf text = {0};

		job->at = 0;
		job->at_range++;
		if (!job->boundary[0])
			continue;
		if (job->at_range < job->n_ranges)
			part_head(job, job->at_range, &text);
		else
			part_end(job, &text);
		gt_reply_write(job->reply, gt_buf_str(&text));
	}
	return job->at_range == job->n_ranges;
}

/* Goes on reading unless there is enough waiting to be sent. */
static void pump(struct gt_file_job *job)
{
	if (job->working)
		return;
	/* Set over the writes too: a write may find the client gone, and tell on_close(). */
	job->working = true;
	bool over = next_range(job);
	if (over || gt_reply_closed(job->reply)) {
		finish(job);
		return;
	}
	if (gt_reply_pending(job->reply) >= PIECE) {
		job->working = false;
		return;
	}
	if (uv_queue_work(gt_loop__uv(job->fs->loop), &job->work, read_piece, piece_read) < 0) {
		job->failed = true;
		finish(job);
	}
}

static void on_drain(void *arg)
{
	pump(arg);
}

static void on_close(void *arg)
{
	struct gt_file_job *job = arg;

	if (!job->working)
		finish(job);
}

static void start(struct gt_file_job *job, int status, int64_t length)
{
	struct gt_reply *reply = job->reply;

	gt_reply_start(reply, status, length);
	if (gt_str_is(gt_reply_request(reply)->method, "HEAD")) {
		finish(job);
		return;
	}
	if (job->boundary[0]) {
		gt_auto_buf text = {0};

		part_head(job, 0, &text);
		gt_reply_write(reply, gt_buf_str(&text));
	}
	gt_reply_on_drain(reply, on_drain, job);
	job->working = true; /* on_close may come at once */
	gt_reply_on_close(reply, on_close, job);
	job->working = false;
	pump(job);
}

static void refuse_range(struct gt_file_job *job, enum gt_ranges why)
{
	if (why == GT_RANGES_OUTSIDE) {
		gt_reply_headerf(job->reply, "Content-Range", "bytes */%lld",
				 (long long)job->st.st_size);
		gt_reply_error(job->reply, 416, "invalid range: failed to overlap");
	} else {
		gt_reply_error(job->reply, 416, "invalid range");
	}
	gt_file_job__free(job);
}

static void serve_whole(struct gt_file_job *job)
{
	job->ranges[0] = (struct gt_range){0, job->st.st_size};
	job->n_ranges = 1;
	gt_reply_header(job->reply, "Content-Type", job->type);
	start(job, 200, job->st.st_size);
}

static void serve_ranges(struct gt_file_job *job)
{
	const struct gt_range *r = &job->ranges[0];

	if (job->n_ranges == 1) {
		gt_reply_header(job->reply, "Content-Type", job->type);
		gt_reply_headerf(job->reply, "Content-Range", "bytes %lld-%lld/%lld",
				 (long long)r->start, (long long)(r->start + r->length - 1),
				 (long long)job->st.st_size);
		start(job, 206, r->length);
		return;
	}
	gt_rand_text(job->boundary, sizeof job->boundary - 1, "0123456789abcdef");
	gt_reply_headerf(job->reply, "Content-Type", "multipart/byteranges; boundary=%s",
			 job->boundary);
	start(job, 206, multipart_length(job));
}

static void serve_listing(struct gt_file_job *job, const struct gt_http_request *req)
{
	add_modified(job);
	if (unmodified_since(job, req))
		gt_reply_send(job->reply, 304, NULL, (struct gt_str){0});
	else
		gt_reply_send_take(job->reply, 200, "text/html; charset=utf-8", &job->listing);
	gt_file_job__free(job);
}

void gt_file_job__serve(struct gt_file_job *job)
{
	const struct gt_http_request *req = gt_reply_request(job->reply);

	if (job->is_dir) {
		serve_listing(job, req);
		return;
	}
	int status = precondition(job, req);
	if (status != 0) {
		add_modified(job);
		gt_reply_send(job->reply, status, NULL, (struct gt_str){0});
		gt_file_job__free(job);
		return;
	}
	struct gt_str header =
		range_applies(job, req) ? gt_http_request_header(req, "Range") : (struct gt_str){0};
	enum gt_ranges how = gt_ranges_parse(header, job->st.st_size, job->ranges, &job->n_ranges);
	if (how == GT_RANGES_INVALID || how == GT_RANGES_OUTSIDE) {
		refuse_range(job, how);
		return;
	}
	gt_reply_header(job->reply, "Accept-Ranges", "bytes");
	add_modified(job);
	if (how == GT_RANGES_SOME)
		serve_ranges(job);
	else
		serve_whole(job);
}
