#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/rand.h"

/* A rename elsewhere in the tree can disturb the resolution of ".."; the kernel says try again. */
#define OPEN_ATTEMPTS 64
#define READ_STEP ((size_t)64 * 1024)

static int fail_open(struct gt_err *err, int errnum, const char *path)
{
	if (errnum == EXDEV)
		return gt_fail(err, GT_E_INVALID, "open %s: path escapes from parent", path);
	if (errnum == ENOSYS)
		return gt_fail(err, GT_E_UNSUPPORTED,
			       "open %s: the kernel lacks openat2, Linux 5.6 or later is needed",
			       path);
	return gt_fail_errno(err, errnum, "open %s", path);
}

int gt_fs_open_root(const char *path, int *ret_fd, struct gt_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return gt_fail_errno(err, errno, "open %s", path);
	*ret_fd = fd;
	return GT_OK;
}

int gt_fs_open(int root, const char *path, int flags, mode_t mode, int *ret_fd, struct gt_err *err)
{
	struct open_how how = {
		.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	long fd = -1;

	/* Never wait for the other end of a FIFO, never acquire a terminal. */
	if (!(flags & O_PATH))
		how.flags |= O_NONBLOCK | O_NOCTTY;
	if (flags & O_CREAT)
		how.mode = mode & 07777;
	for (int i = 0; i < OPEN_ATTEMPTS; i++) {
		fd = syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			break;
	}
	if (fd < 0)
		return fail_open(err, errno, *path ? path : ".");
	*ret_fd = (int)fd;
	return GT_OK;
}

int gt_fs_stat(int root, const char *path, bool follow, struct stat *ret_st, struct gt_err *err)
{
	gt_autoclose int fd = -1;

	int rc = gt_fs_open(root, path, O_PATH | (follow ? 0 : O_NOFOLLOW), 0, &fd, err);
	if (rc < 0)
		return rc;
	if (fstat(fd, ret_st) < 0)
		return gt_fail_errno(err, errno, "stat %s", path);
	return GT_OK;
}

bool gt_fs_is_dir(int root, const char *path)
{
	struct stat st;

	return gt_fs_stat(root, path, true, &st, NULL) == GT_OK && S_ISDIR(st.st_mode);
}

bool gt_fs_is_file(int root, const char *path)
{
	struct stat st;

	return gt_fs_stat(root, path, true, &st, NULL) == GT_OK && S_ISREG(st.st_mode);
}

/* How much to ask for at first: the size of a regular file and a byte to see its end. */
static size_t first_step(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < 0)
		return READ_STEP;
	size_t n = (size_t)st.st_size;
	return n < max ? n + 1 : READ_STEP;
}

/* Reads to the end into out; never asks for more than one byte over the maximum. */
static int read_to_end(int fd, size_t max, struct gt_buf *out, struct gt_err *err)
{
	size_t step = first_step(fd, max);
	size_t before = out->n;

	for (;;) {
		size_t left = max - (out->n - before);

		if (step > left)
			step = left < SIZE_MAX ? left + 1 : left;
		char *at = gt_buf_reserve(out, step);
		if (!at)
			return gt_buf_check(out, err);
		ssize_t n = read(fd, at, step);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gt_fail_errno(err, errno, "read");
		if ((size_t)n > left)
			return gt_fail(err, GT_E_BUDGET, "larger than %zu bytes", max);
		gt_buf_commit(out, (size_t)n);
		if (n == 0)
			return GT_OK;
		step = READ_STEP;
	}
}

int gt_fd_read_all(int fd, size_t max, struct gt_buf *out, struct gt_err *err)
{
	size_t before = out->n;
	int rc = read_to_end(fd, max, out, err);

	if (rc < 0) {
		out->n = before;
		if (out->p)
			out->p[before] = '\0';
	}
	return rc;
}

int gt_fs_read(int root, const char *path, size_t max, struct gt_buf *out, struct gt_err *err)
{
	gt_autoclose int fd = -1;
	struct stat st;

	int rc = gt_fs_open(root, path, O_RDONLY, 0, &fd, err);
	if (rc < 0)
		return rc;
	if (fstat(fd, &st) < 0)
		return gt_fail_errno(err, errno, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return gt_fail(err, GT_E_INVALID, "read %s: not a regular file", path);
	rc = gt_fd_read_all(fd, max, out, err);
	if (rc < 0)
		gt_wrap(err, "read %s", path);
	return rc;
}

int gt_fd_write_all(int fd, const void *p, size_t n, struct gt_err *err)
{
	const char *at = p;

	while (n > 0) {
		ssize_t done = write(fd, at, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return gt_fail_errno(err, errno, "write");
		at += done;
		n -= (size_t)done;
	}
	return GT_OK;
}

/*
 * Opens the directory that holds the last component of path, and gives that component, which is
 * neither empty nor "." nor "..".
 */
static int open_parent(int root, const char *path, int *ret_dir, char name[NAME_MAX + 1],
		       struct gt_err *err)
{
	struct gt_str base = gt_path_base(gt_str(path));
	char parent[PATH_MAX];

	if (*path == '\0' || gt_str_is(base, ".") || gt_str_is(base, "..") || gt_str_is(base, "/"))
		return gt_fail(err, GT_E_INVALID, "path \"%s\" names no entry of a directory",
			       path);
	struct gt_str dir = gt_path_dir(gt_strn(path, (size_t)(base.p - path) + base.n));
	if (base.n > NAME_MAX || dir.n >= sizeof parent)
		return gt_fail_errno(err, ENAMETOOLONG, "open %s", path);
	memcpy(parent, dir.p, dir.n);
	parent[dir.n] = '\0';
	int rc = gt_fs_open(root, parent, O_RDONLY | O_DIRECTORY, 0, ret_dir, err);
	if (rc < 0)
		return rc;
	memcpy(name, base.p, base.n);
	name[base.n] = '\0';
	return GT_OK;
}

/* Fills the temporary file and moves it over `name`; the caller removes it after a failure. */
static int fill_and_rename(int dir, const char *temp, const char *name, struct gt_str bytes,
			   mode_t mode, bool sync, struct gt_err *err)
{
	gt_autoclose int fd =
		openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return gt_fail_errno(err, errno, "create a temporary file");
	int rc = gt_fd_write_all(fd, bytes.p, bytes.n, err);
	if (rc < 0)
		return rc;
	if (fchmod(fd, mode & 07777) < 0)
		return gt_fail_errno(err, errno, "set the mode");
	if (sync && fsync(fd) < 0)
		return gt_fail_errno(err, errno, "sync");
	if (close(gt_steal_fd(&fd)) < 0)
		return gt_fail_errno(err, errno, "close");
	if (renameat(dir, temp, dir, name) < 0)
		return gt_fail_errno(err, errno, "rename into place");
	if (sync && fsync(dir) < 0)
		return gt_fail_errno(err, errno, "sync the directory");
	return GT_OK;
}

int gt_fs_write_atomic(int root, const char *path, struct gt_str bytes, mode_t mode, bool sync,
		       struct gt_err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	gt_autoclose int dir = -1;
	char name[NAME_MAX + 1];
	char temp[24] = ".tmp-";

	int rc = open_parent(root, path, &dir, name, err);
	if (rc == GT_OK) {
		gt_rand_text(temp + 5, 16, letters);
		rc = fill_and_rename(dir, temp, name, bytes, mode, sync, err);
		if (rc < 0)
			unlinkat(dir, temp, 0);
	}
	if (rc < 0)
		gt_wrap(err, "write %s", path);
	return rc;
}

int gt_fs_rename(int root, const char *from, const char *to, struct gt_err *err)
{
	gt_autoclose int from_dir = -1;
	gt_autoclose int to_dir = -1;
	char from_name[NAME_MAX + 1], to_name[NAME_MAX + 1];

	int rc = open_parent(root, from, &from_dir, from_name, err);
	if (rc == GT_OK)
		rc = open_parent(root, to, &to_dir, to_name, err);
	if (rc < 0)
		return rc;
	if (renameat(from_dir, from_name, to_dir, to_name) < 0)
		return gt_fail_errno(err, errno, "rename %s to %s", from, to);
	return GT_OK;
}

/* Makes the directories of a clean path one by one, each found anew below the root. */
static int make_each(int root, char *path, mode_t mode, struct gt_err *err)
{
	gt_autoclose int at = -1;
	char *name = path;

	int rc = gt_fs_open(root, ".", O_RDONLY | O_DIRECTORY, 0, &at, err);
	while (rc == GT_OK && name) {
		char *slash = strchr(name, '/');

		if (slash)
			*slash = '\0';
		if (mkdirat(at, name, mode) < 0 && errno != EEXIST)
			return gt_fail_errno(err, errno, "make directory %s", path);
		close(gt_steal_fd(&at));
		rc = gt_fs_open(root, path, O_RDONLY | O_DIRECTORY, 0, &at, err);
		if (slash)
			*slash = '/';
		name = slash ? slash + 1 : NULL;
	}
	return rc;
}

int gt_fs_mkdirs(int root, const char *path, mode_t mode, struct gt_err *err)
{
	gt_auto_buf clean = {.max = PATH_MAX};

	if (!gt_path_inside(gt_str(path)))
		return gt_fail(err, GT_E_INVALID, "make directory %s: path escapes from parent",
			       path);
	gt_path_clean(&clean, gt_str(path));
	if (clean.failed)
		return gt_fail_errno(err, ENAMETOOLONG, "make directory %s", path);
	if (gt_fs_is_dir(root, clean.p))
		return GT_OK;
	return make_each(root, clean.p, mode, err);
}
