#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/ctx.h"
#include "base/fs.h"
#include "base/time.h"
#include "base/vec.h"
#include "store/artifact.h"
#include "store/store_int.h"

#define SCAN_MAX 1000 /* files looked at in one collection, as upstream */

struct file {
	char *name;
	int64_t mtime;
	bool garbage, current;
};

struct files {
	struct file *v;
	size_t n, cap;
};

static void files_fini(struct files *files)
{
	for (size_t i = 0; i < files->n; i++)
		free(files->v[i].name);
	gt_vec_fini(files);
}

static int64_t mtime_of(const struct stat *st)
{
	return st->st_mtim.tv_sec * GT_NS_PER_S + st->st_mtim.tv_nsec;
}

/* The regular files of the folder that are not locks. */
static int scan(int dirfd, struct gt_str current, struct files *files, struct gt_err *err)
{
	int fd = dup(dirfd);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		int errnum = errno;
		if (fd >= 0)
			close(fd);
		return gt_fail_errno(err, errnum, "list the folder");
	}
	rewinddir(dir);
	while (files->n < SCAN_MAX && (d = readdir(dir))) {
		struct gt_str name = gt_str(d->d_name);
		struct stat st;

		if (gt_str_ends(name, ".lock") ||
		    fstatat(dirfd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		struct file f = {.name = gt_xstrdup(d->d_name),
				 .mtime = mtime_of(&st),
				 .current = gt_str_eq(name, current)};
		gt_vec_push(files, f);
	}
	closedir(dir);
	return GT_OK;
}

static int older_first(const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	if (x->mtime != y->mtime)
		return x->mtime < y->mtime ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Marks first what is too old, then the oldest of what is too many. */
static void mark(const struct gt_store *s, struct files *files)
{
	int64_t now = gt_now_wall();
	size_t left = files->n;

	for (size_t i = 0; i < files->n; i++) {
		struct file *f = &files->v[i];

		f->garbage = !f->current && now - f->mtime > s->ttl;
		left -= f->garbage;
	}
	if (files->n > 0)
		qsort(files->v, files->n, sizeof *files->v, older_first);
	for (size_t i = 0; i < files->n && left > s->records; i++) {
		struct file *f = &files->v[i];

		if (f->garbage || f->current)
			continue;
		f->garbage = true;
		left--;
	}
}

static int sweep(int dirfd, const struct files *files, struct gt_ctx *ctx, size_t *ret_removed,
		 struct gt_err *err)
{
	int rc = GT_OK;

	for (size_t i = 0; i < files->n && gt_ctx_check(ctx, NULL) == GT_OK; i++) {
		const struct file *f = &files->v[i];
		gt_autofree char *lock = gt_xasprintf("%s.lock", f->name);

		if (!f->garbage)
			continue;
		if (unlinkat(dirfd, f->name, 0) == 0)
			++*ret_removed;
		else if (errno != ENOENT)
			rc = gt_fail_errno(err, errno, "remove %s", f->name);
		unlinkat(dirfd, lock, 0);
	}
	return rc;
}

int gt_store_gc(struct gt_store *s, struct gt_ctx *ctx, const char *path, size_t *ret_removed,
		struct gt_err *err)
{
	gt_autofree char *dir = gt_store__dir_of(path);
	gt_autoclose int fd = -1;
	struct files files = {0};

	*ret_removed = 0;
	if (!gt_fs_is_dir(s->root, dir))
		return GT_OK;
	int rc = gt_fs_open(s->root, dir, O_RDONLY | O_DIRECTORY, 0, &fd, err);
	if (rc == GT_OK)
		rc = scan(fd, gt_path_base(gt_str(path)), &files, err);
	if (rc == GT_OK) {
		mark(s, &files);
		rc = sweep(fd, &files, ctx, ret_removed, err);
	}
	files_fini(&files);
	return rc;
}
