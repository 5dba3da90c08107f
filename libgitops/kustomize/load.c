#include "kustomize/load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/limits.h"

/* The real path behind a descriptor; false where /proc is not to be had. */
static bool fd_path(int fd, char *path, size_t size, struct gt_str *ret)
{
	char link[40];

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, size);
	if (n <= 0 || (size_t)n >= size || path[0] != '/')
		return false;
	*ret = gt_strn(path, (size_t)n);
	return true;
}

/* `path` without the leading directory; false if it is neither that nor below it. */
static bool strip_dir(struct gt_str path, struct gt_str dir, struct gt_str *ret)
{
	if (dir.n && dir.p[dir.n - 1] == '/')
		dir.n--;
	if (path.n < dir.n || (dir.n && memcmp(path.p, dir.p, dir.n) != 0))
		return false;
	if (path.n == dir.n) {
		*ret = gt_strn("", 0);
		return true;
	}
	if (path.p[dir.n] != '/')
		return false;
	*ret = gt_str_from(path, dir.n + 1);
	return true;
}

static bool is_below(struct gt_str path, struct gt_str dir)
{
	return !dir.n || gt_str_eq(path, dir) ||
	       (path.n > dir.n && memcmp(path.p, dir.p, dir.n) == 0 && path.p[dir.n] == '/');
}

/* Where the root is; false where that cannot be known. */
static bool root_path(struct kz_build *b, struct gt_str *ret)
{
	char buf[PATH_MAX];
	struct gt_str path;

	if (!b->root_path.n && fd_path(b->root, buf, sizeof buf, &path))
		b->root_path = gt_arena_str(b->a, path);
	*ret = b->root_path;
	return b->root_path.n > 0;
}

/* The real path of fd relative to the root; `lexical` where it cannot be known. */
static struct gt_str real_path(struct kz_build *b, int fd, struct gt_str lexical)
{
	char buf[PATH_MAX];
	struct gt_str root, real, below;

	if (!root_path(b, &root) || !fd_path(fd, buf, sizeof buf, &real) ||
	    !strip_dir(real, root, &below))
		below = gt_str_is(lexical, ".") ? gt_strn("", 0) : lexical;
	return gt_arena_str(b->a, below);
}

/* dir/name, cleaned; an absolute name is taken as one below the root where it is one. */
static int join(struct kz_build *b, struct gt_str dir, struct gt_str name, struct gt_str *ret)
{
	gt_auto_buf path = {0};
	struct gt_str root, below;

	if (memchr(name.p ? name.p : "", 0, name.n))
		return kz_fail(b, "a path with a NUL byte in it");
	if (name.n && name.p[0] == '/') {
		gt_path_clean(&path, name);
		if (!root_path(b, &root) || !strip_dir(gt_buf_str(&path), root, &below))
			return kz_fail(b, "%.*s is not in or below the root", GT_STR_ARG(name));
		*ret = gt_arena_str(b->a, below);
		return kz_check(b);
	}
	gt_path_join(&path, dir.n ? dir : GT_STR_LIT("."), name);
	*ret = gt_arena_str(b->a, gt_buf_str(&path));
	return kz_check(b);
}

const char *kz_show(struct kz_build *b, const struct kz_dir *dir, struct gt_str name)
{
	gt_auto_buf path = {0};

	if (name.n && name.p[0] == '/')
		gt_path_clean(&path, name);
	else
		gt_path_join(&path, dir && *dir->show ? gt_str(dir->show) : GT_STR_LIT("."), name);
	const char *shown = gt_arena_strndup(b->a, gt_buf_cstr(&path), path.n);
	return shown ? shown : "";
}

static bool has_prefix_ci(struct gt_str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n > n && gt_str_ieq(gt_str_sub(s, 0, n), gt_str(prefix));
}

bool kz_is_remote(struct gt_str s)
{
	static const char *const prefixes[] = {
		"http://", "https://",    "ssh://",      "git::", "git@",
		"file://", "github.com/", "github.com:", "gh:",
	};

	for (size_t i = 0; i < GT_COUNT(prefixes); i++) {
		if (has_prefix_ci(s, prefixes[i]))
			return true;
	}
	/* user@host:path */
	size_t at = gt_str_find(s, '@'), colon = gt_str_find(s, ':'), slash = gt_str_find(s, '/');
	if (at != SIZE_MAX && colon != SIZE_MAX && at < colon && colon < slash)
		return true;
	return false;
}

static int refuse_remote(struct kz_build *b, struct gt_str name)
{
	return gt_fail(b->err, GT_E_UNSUPPORTED,
		       "%.*s is remote: bases and files from other places are not fetched; vendor "
		       "them or use a source of their own",
		       GT_STR_ARG(name));
}

static int new_dir(struct kz_build *b, int fd, struct gt_str lexical, const char *show,
		   const struct kz_dir *parent, struct kz_dir **ret)
{
	struct kz_dir *dir = gt_arena_new(b->a, struct kz_dir);

	if (!dir)
		return kz_check(b);
	dir->path = real_path(b, fd, lexical);
	dir->show = show;
	dir->parent = parent;
	dir->depth = parent ? parent->depth + 1 : 0;
	*ret = dir;
	return kz_check(b);
}

int kz_dir_top(struct kz_build *b, const char *path, struct kz_dir **ret)
{
	gt_autoclose int fd = -1;
	struct gt_str clean;
	int rc = join(b, gt_strn("", 0), gt_str(path ? path : ""), &clean);

	if (rc == GT_OK)
		rc = gt_fs_open(b->root, clean.p, O_RDONLY | O_DIRECTORY, 0, &fd, b->err);
	return rc < 0 ? rc : new_dir(b, fd, clean, "", NULL, ret);
}

int kz_dir_enter(struct kz_build *b, const struct kz_dir *from, struct gt_str name,
		 struct kz_dir **ret)
{
	gt_autoclose int fd = -1;
	struct kz_dir *dir = NULL;
	struct gt_str path;

	if (!name.n)
		return kz_fail(b, "new root cannot be empty");
	if (kz_is_remote(name))
		return refuse_remote(b, name);
	if (name.p[0] == '/')
		return kz_fail(b, "new root '%.*s' cannot be absolute", GT_STR_ARG(name));
	if (from->depth >= b->max_depth)
		return gt_fail(b->err, GT_E_BUDGET, "bases are nested deeper than %u levels",
			       b->max_depth);
	int rc = join(b, from->path, name, &path);
	if (rc == GT_OK)
		rc = gt_fs_open(b->root, path.p, O_RDONLY | O_DIRECTORY, 0, &fd, b->err);
	if (rc == GT_OK)
		rc = new_dir(b, fd, path, kz_show(b, from, name), from, &dir);
	if (rc < 0)
		return rc;
	for (const struct kz_dir *d = from; d; d = d->parent) {
		if (is_below(d->path, dir->path))
			return kz_fail(b,
				       "cycle detected: candidate root '%s' contains visited root "
				       "'%s'",
				       dir->show, *d->show ? d->show : ".");
	}
	*ret = dir;
	return GT_OK;
}

static int read_regular(struct kz_build *b, int fd, const struct stat *st, const char *show,
			struct gt_str *ret)
{
	size_t size = (size_t)st->st_size, at = 0;

	if (size > b->max_file)
		return gt_fail(b->err, GT_E_BUDGET, "%s: larger than %zu bytes", show, b->max_file);
	if (size > b->max_total - b->total)
		return gt_fail(b->err, GT_E_BUDGET, "%s: the build reads more than %zu bytes", show,
			       b->max_total);
	char *bytes = gt_arena_alloc(b->a, size + 1);
	if (!bytes)
		return kz_check(b);
	while (at < size) {
		ssize_t n = read(fd, bytes + at, size - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gt_fail_errno(b->err, errno, "read %s", show);
		if (n == 0)
			break;
		at += (size_t)n;
	}
	bytes[at] = '\0';
	b->total += at;
	*ret = gt_strn(bytes, at);
	return GT_OK;
}

int kz_read(struct kz_build *b, const struct kz_dir *dir, struct gt_str name, struct gt_str *ret,
	    enum kz_found *ret_found)
{
	const char *show = kz_show(b, dir, name);
	gt_autoclose int fd = -1;
	struct gt_str path;
	struct stat st;

	if (kz_is_remote(name))
		return refuse_remote(b, name);
	int rc = join(b, dir->path, name, &path);
	if (rc == GT_OK)
		rc = gt_fs_open(b->root, path.p, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd, b->err);
	if (rc < 0)
		return rc;
	if (fstat(fd, &st) < 0)
		return gt_fail_errno(b->err, errno, "stat %s", show);
	if (S_ISDIR(st.st_mode)) {
		if (ret_found) {
			*ret_found = KZ_FOUND_DIR;
			return GT_OK;
		}
		return kz_fail(b, "%s is a directory", show);
	}
	if (!S_ISREG(st.st_mode))
		return kz_fail(b, "%s is not a regular file", show);
	if (b->opts->restrict_to_dir && !is_below(real_path(b, fd, path), dir->path))
		return kz_fail(b, "security; file '%s' is not in or below '%s'", show,
			       *dir->show ? dir->show : ".");
	if (ret_found)
		*ret_found = KZ_FOUND_FILE;
	return read_regular(b, fd, &st, show, ret);
}
