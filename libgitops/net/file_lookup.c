/* The file server's work in the background: opening, listing, looking at the content. */
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/vec.h"
#include "net/fileserver_priv.h"
#include "net/mime.h"

static int open_path(struct gt_file_job *job, const char *path)
{
	int fd = -1;
	struct stat st;
	/* A FIFO must not hold the thread. */
	int rc = gt_fs_open(job->fs->root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0, &fd, NULL);

	if (rc < 0)
		return rc;
	if (fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) {
		close(fd);
		return GT_E_NOT_FOUND;
	}
	if (job->fd >= 0)
		close(job->fd);
	job->fd = fd;
	job->st = st;
	return GT_OK;
}

void gt_file__escape_html(struct gt_buf *out, struct gt_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&': gt_buf_adds(out, "&amp;"); break;
		case '<': gt_buf_adds(out, "&lt;"); break;
		case '>': gt_buf_adds(out, "&gt;"); break;
		case '"': gt_buf_adds(out, "&#34;"); break;
		case '\'': gt_buf_adds(out, "&#39;"); break;
		default: gt_buf_addc(out, s.p[i]);
		}
	}
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

typedef GT_VEC(char *) name_list;

static int read_names(int fd, name_list *names)
{
	int copy = dup(fd);
	DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;

	if (!dir) {
		if (copy >= 0)
			close(copy);
		return GT_E_IO;
	}
	while ((entry = readdir(dir)) != NULL) {
		if (gt_streq(entry->d_name, ".") || gt_streq(entry->d_name, ".."))
			continue;
		gt_vec_push(names, gt_xasprintf("%s%s", entry->d_name,
						entry->d_type == DT_DIR ? "/" : ""));
	}
	closedir(dir);
	if (names->n > 0)
		qsort(names->v, names->n, sizeof *names->v, by_name);
	return GT_OK;
}

static int list(struct gt_file_job *job)
{
	struct gt_buf *out = &job->listing;
	name_list names = {0};
	int rc = read_names(job->fd, &names);

	gt_buf_adds(out, "<!doctype html>\n"
			 "<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n");
	for (size_t i = 0; i < names.n; i++) {
		struct gt_str name = gt_str(names.v[i]);

		/* A name with a colon must not look like a scheme. */
		gt_buf_adds(out,
			    gt_str_find(name, ':') == SIZE_MAX ? "<a href=\"" : "<a href=\"./");
		gt_file__escape(out, name);
		gt_buf_adds(out, "\">");
		gt_file__escape_html(out, name);
		gt_buf_adds(out, "</a>\n");
		free(names.v[i]);
	}
	gt_buf_adds(out, "</pre>\n");
	gt_vec_fini(&names);
	return rc;
}

static void look_at_type(struct gt_file_job *job, struct gt_str name)
{
	char head[GT_MIME_LOOK];

	job->type = gt_mime_by_name(name);
	if (job->type)
		return;
	ssize_t n = pread(job->fd, head, sizeof head, 0);
	job->type = gt_mime_sniff(gt_strn(head, n > 0 ? (size_t)n : 0));
}

void gt_file_job__look_up(struct gt_file_job *job)
{
	struct gt_str rest = gt_str(job->path + 1);
	bool slash = gt_str_ends(gt_str(job->path), "/");
	gt_auto_buf path = {0};
	gt_auto_buf index = {0};

	/* A file's name with a '/' is looked up too: it is redirected then. */
	gt_buf_add_str(&path, gt_str_sub(rest, 0, rest.n - (rest.n > 0 && slash)));
	job->rc = open_path(job, path.n ? gt_buf_cstr(&path) : ".");
	if (job->rc < 0)
		return;
	job->is_dir = S_ISDIR(job->st.st_mode);
	if (job->is_dir && !slash)
		return; /* to be redirected */
	gt_buf_printf(&index, "%s%sindex.html", job->path + 1, slash ? "" : "/");
	if (job->is_dir && gt_fs_is_file(job->fs->root, gt_buf_cstr(&index)) &&
	    open_path(job, gt_buf_cstr(&index)) == GT_OK) {
		job->is_index = true;
		job->is_dir = false;
	}
	if (job->is_dir)
		job->rc = list(job);
	else
		look_at_type(job, job->is_index ? gt_buf_str(&index) : gt_str(job->path));
}
