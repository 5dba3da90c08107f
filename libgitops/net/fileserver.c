#include "net/fileserver.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/enc.h"
#include "base/fs.h"
#include "net/fileserver_priv.h"

int gt_fileserver_new(struct gt_loop *loop, const char *root_path, const char *prefix,
		      struct gt_fileserver **ret_fs, struct gt_err *err)
{
	int root = -1;
	int rc = gt_fs_open_root(root_path, &root, err);

	if (rc < 0)
		return rc;
	struct gt_fileserver *fs = gt_new(struct gt_fileserver);
	atomic_init(&fs->refs, 1);
	fs->loop = loop;
	fs->root = root;
	fs->prefix = gt_xstrdup(prefix);
	*ret_fs = fs;
	return GT_OK;
}

void gt_fileserver_free(struct gt_fileserver *fs)
{
	if (!fs || atomic_fetch_sub(&fs->refs, 1) > 1)
		return;
	close(fs->root);
	free(fs->prefix);
	free(fs);
}

void gt_file_job__free(struct gt_file_job *job)
{
	if (job->fd >= 0)
		close(job->fd);
	gt_buf_fini(&job->listing);
	gt_buf_fini(&job->piece);
	free(job->path);
	gt_fileserver_free(job->fs);
	free(job);
}

/* The path below the prefix, decoded; false if there is none. */
static bool decode_path(const struct gt_fileserver *fs, struct gt_str path, struct gt_buf *out)
{
	size_t skip = strlen(fs->prefix);

	if (!gt_str_starts(path, fs->prefix))
		return false;
	path = gt_str_from(path, skip);
	if (!gt_str_starts(path, "/"))
		gt_buf_addc(out, '/');
	return gt_percent_decode(out, path, false) && !memchr(out->p, 0, out->n);
}

void gt_file__escape(struct gt_buf *out, struct gt_str path)
{
	for (size_t i = 0; i < path.n; i++) {
		if (path.p[i] && strchr("$&+,/:;=@", path.p[i]))
			gt_buf_addc(out, path.p[i]);
		else
			gt_percent_encode(out, gt_strn(&path.p[i], 1), false);
	}
}

static void location(struct gt_reply *reply, struct gt_str path, struct gt_buf *out)
{
	const struct gt_http_request *req = gt_reply_request(reply);

	gt_file__escape(out, path);
	if (req->query.n > 0) {
		gt_buf_addc(out, '?');
		gt_buf_add_str(out, req->query);
	}
	gt_reply_header(reply, "Location", gt_buf_cstr(out));
}

static void redirect(struct gt_reply *reply, struct gt_str path)
{
	gt_auto_buf to = {0};

	location(reply, path, &to);
	gt_reply_send(reply, 301, NULL, (struct gt_str){0});
}

/* To the cleaned path, as Go's ServeMux does before any handler is asked. */
static void redirect_clean(struct gt_reply *reply, struct gt_str path)
{
	const struct gt_http_request *req = gt_reply_request(reply);
	gt_auto_buf to = {0};
	struct gt_buf body = {0};
	bool get = gt_str_is(req->method, "GET");

	location(reply, path, &to);
	if (get) {
		gt_buf_adds(&body, "<a href=\"");
		gt_file__escape_html(&body, gt_buf_str(&to));
		gt_buf_adds(&body, "\">Temporary Redirect</a>.\n\n");
	}
	gt_reply_send_take(
		reply, 307,
		get || gt_str_is(req->method, "HEAD") ? "text/html; charset=utf-8" : NULL, &body);
}

/* Answers paths that have another, canonical form; true if it did. */
static bool canonicalize(struct gt_fileserver *fs, struct gt_str path, struct gt_reply *reply)
{
	gt_auto_buf clean = {0};
	gt_auto_buf to = {0};

	gt_path_clean(&clean, path);
	if (gt_str_ends(path, "/") && !gt_str_ends(gt_buf_str(&clean), "/"))
		gt_buf_addc(&clean, '/');
	if (!gt_str_eq(gt_buf_str(&clean), path)) {
		gt_buf_adds(&to, fs->prefix);
		gt_buf_add_str(&to, gt_buf_str(&clean));
		redirect_clean(reply, gt_buf_str(&to));
		return true;
	}
	if (gt_str_ends(path, "/index.html")) {
		redirect(reply, GT_STR_LIT("./"));
		return true;
	}
	return false;
}

/* A directory's path ends with '/', a file's does not; true if it redirected. */
static bool fix_slash(struct gt_file_job *job)
{
	struct gt_str path = gt_str(job->path);
	bool slash = gt_str_ends(path, "/");
	gt_auto_buf to = {0};

	if (slash == (job->is_dir || job->is_index))
		return false;
	if (!slash) {
		gt_buf_add_str(&to, gt_path_base(path));
		gt_buf_addc(&to, '/');
	} else {
		gt_buf_adds(&to, "../");
		gt_buf_add_str(&to, gt_path_base(gt_str_sub(path, 0, path.n - 1)));
	}
	redirect(job->reply, gt_buf_str(&to));
	return true;
}

static void answer_error(struct gt_file_job *job)
{
	switch (job->rc) {
	case GT_E_NOT_FOUND:
	case GT_E_INVALID: gt_reply_error(job->reply, 404, "404 page not found"); break;
	case GT_E_FORBIDDEN: gt_reply_error(job->reply, 403, "403 Forbidden"); break;
	default: gt_reply_error(job->reply, 500, "500 Internal Server Error");
	}
}

static void looked_up(uv_work_t *work, int status)
{
	struct gt_file_job *job = work->data;

	if (status < 0) {
		gt_reply_abort(job->reply);
	} else if (job->rc < 0) {
		answer_error(job);
	} else if (!fix_slash(job)) {
		gt_file_job__serve(job);
		return;
	}
	gt_file_job__free(job);
}

static void look_up(uv_work_t *work)
{
	gt_file_job__look_up(work->data);
}

void gt_fileserver_handle(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	struct gt_fileserver *fs = arg;
	gt_auto_buf path = {0};

	if (!decode_path(fs, req->path, &path)) {
		gt_reply_error(reply, 404, "404 page not found");
		return;
	}
	if (canonicalize(fs, gt_buf_str(&path), reply))
		return;

	struct gt_file_job *job = gt_new(struct gt_file_job);
	atomic_fetch_add(&fs->refs, 1);
	job->fs = fs;
	job->reply = reply;
	job->fd = -1;
	job->path = gt_buf_take(&path);
	job->work.data = job;
	if (uv_queue_work(gt_loop__uv(fs->loop), &job->work, look_up, looked_up) < 0) {
		gt_reply_abort(reply);
		gt_file_job__free(job);
	}
}
