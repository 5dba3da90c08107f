#include "archive/untar.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "archive/gzip.h"
#include "archive/tar.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/time.h"

struct untar {
	int root;
	const struct gt_untar_opts *opts;
	struct gt_tar_reader *tar;
	struct gt_buf parent; /* the last directory that was made for a file */
	uint64_t total, count;
	uint64_t max_bytes, max_entries;
	int64_t now;
};

/* Go's rule of Flux, and ".." wherever it stands as a component. */
static bool name_ok(struct gt_str name)
{
	struct gt_split it = {.rest = name};
	struct gt_str part;

	if (name.n == 0 || name.p[0] == '/' || gt_str_find(name, '\\') != SIZE_MAX ||
	    gt_str_find(name, '\0') != SIZE_MAX)
		return false;
	while (gt_split_next(&it, '/', &part))
		if (gt_str_is(part, ".."))
			return false;
	return true;
}

static int make_parent(struct untar *u, struct gt_str name, struct gt_err *err)
{
	struct gt_str dir = gt_path_dir(name);

	if (gt_str_is(dir, ".") || (u->parent.n && gt_str_eq(dir, gt_buf_str(&u->parent))))
		return GT_OK;
	gt_buf_reset(&u->parent);
	gt_buf_add_str(&u->parent, dir);
	return gt_fs_mkdirs(u->root, gt_buf_cstr(&u->parent), 0750, err);
}

static int copy_body(struct untar *u, int fd, const struct gt_tar_entry *e, struct gt_err *err)
{
	char chunk[32768];
	uint64_t left = e->size;

	while (left) {
		size_t n = 0;
		int rc = gt_tar_read(u->tar, chunk, sizeof chunk, &n, err);
		if (rc < 0)
			return rc;
		if (n == 0)
			return gt_fail(err, GT_E_INVALID, "short body");
		rc = gt_fd_write_all(fd, chunk, n, err);
		if (rc < 0)
			return rc;
		left -= n;
	}
	return GT_OK;
}

static void set_mtime(const struct untar *u, int fd, int64_t mtime)
{
	int64_t t = mtime > u->now ? u->now : mtime;
	struct timespec times[2] = {{.tv_sec = t / GT_NS_PER_S, .tv_nsec = t % GT_NS_PER_S}};

	if (times[0].tv_nsec < 0)
		times[0].tv_nsec = 0;
	times[1] = times[0];
	futimens(fd, times); /* best effort: nothing depends on it */
}

static int unpack_file(struct untar *u, const struct gt_tar_entry *e, struct gt_err *err)
{
	gt_autoclose int fd = -1;
	mode_t mode = e->mode & 0777;
	bool read_only = u->opts->read_only;

	int rc = make_parent(u, e->name, err);
	if (rc == GT_OK)
		rc = gt_fs_open(u->root, e->name.p, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW,
				read_only ? mode | 0600 : mode, &fd, err);
	if (rc == GT_OK)
		rc = copy_body(u, fd, e, err);
	if (rc == GT_OK && read_only && fchmod(fd, (mode & 0555) | 0400) < 0)
		rc = gt_fail_errno(err, errno, "chmod");
	if (rc < 0)
		return gt_wrap(err, "error writing to %s", e->name.p);
	set_mtime(u, fd, e->mtime);
	return GT_OK;
}

static int unpack_dir(struct untar *u, const struct gt_tar_entry *e, struct gt_err *err)
{
	return gt_fs_mkdirs(u->root, e->name.p, (e->mode & 0777) | 0700, err);
}

static int check_limits(struct untar *u, const struct gt_tar_entry *e, struct gt_err *err)
{
	u->total = e->size > UINT64_MAX - u->total ? UINT64_MAX : u->total + e->size;
	if (u->total > u->max_bytes)
		return gt_fail(err, GT_E_BUDGET,
			       "tar \"%s\" is bigger than max archive size of %llu bytes",
			       e->name.p, (unsigned long long)u->max_bytes);
	if (++u->count > u->max_entries)
		return gt_fail(err, GT_E_BUDGET, "tar has more than %llu entries",
			       (unsigned long long)u->max_entries);
	return GT_OK;
}

static int unpack_entry(struct untar *u, const struct gt_tar_entry *e, struct gt_err *err)
{
	int rc = check_limits(u, e, err);

	if (rc < 0)
		return rc;
	if (!name_ok(e->name))
		return gt_fail(err, GT_E_INVALID, "tar contained invalid name error \"%s\"",
			       e->name.p);
	switch (e->type) {
	case GT_TAR_FILE:
	case GT_TAR_HARDLINK: return unpack_file(u, e, err);
	case GT_TAR_DIR: return unpack_dir(u, e, err);
	case GT_TAR_SYMLINK:
		if (u->opts->skip_symlinks)
			return GT_OK;
		return gt_fail(
			err, GT_E_INVALID,
			"tar file entry %s is a symlink, which is not allowed in this context",
			e->name.p);
	default:
		return gt_fail(err, GT_E_INVALID,
			       "tar file entry %s contained unsupported file type '%c'", e->name.p,
			       e->flag >= ' ' && e->flag < 0x7f ? e->flag : '?');
	}
}

static int unpack_all(struct untar *u, struct gt_err *err)
{
	for (;;) {
		const struct gt_tar_entry *e;
		int rc = gt_tar_next(u->tar, &e, err);

		if (rc < 0)
			return gt_wrap(err, "tar error");
		if (!e)
			return GT_OK;
		rc = unpack_entry(u, e, err);
		if (rc < 0)
			return rc;
	}
}

int gt_untar(int root, struct gt_source from, const struct gt_untar_opts *opts, struct gt_err *err)
{
	static const struct gt_untar_opts defaults;
	gt_auto_gzip_reader *gz = NULL;
	gt_auto_tar_reader *tar = NULL;
	struct untar u = {.root = root, .opts = opts ? opts : &defaults};

	u.max_bytes = u.opts->max_bytes ? u.opts->max_bytes : GT_LIMIT_TAR_TOTAL;
	u.max_entries = u.opts->max_entries ? u.opts->max_entries : GT_LIMIT_TAR_ENTRIES;
	u.now = gt_now_wall();
	if (!u.opts->plain) {
		gz = gt_gzip_reader_new(from);
		from = gt_gzip_source(gz);
	}
	u.tar = tar = gt_tar_reader_new(from);
	int rc = unpack_all(&u, err);
	gt_buf_fini(&u.parent);
	if (u.opts->ret_bytes)
		*u.opts->ret_bytes = u.total;
	return rc;
}
