/* The half of base/fs.h that works on whole trees: temporary directories, removal, the walk. */
#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/rand.h"
#include "base/vec.h"

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

int gt_fs_mkdtemp(const char *parent, const char *prefix, char **ret_path, struct gt_err *err)
{
	char suffix[13];

	if (!parent)
		parent = getenv("TMPDIR");
	if (!parent || !*parent)
		parent = "/tmp";
	for (;;) {
		gt_rand_text(suffix, sizeof suffix - 1, letters);
		gt_autofree char *path = gt_xasprintf("%s/%s%s", parent, prefix, suffix);

		if (mkdir(path, 0700) == 0) {
			*ret_path = gt_steal(path);
			return GT_OK;
		}
		if (errno != EEXIST)
			return gt_fail_errno(err, errno, "make a temporary directory in %s",
					     parent);
	}
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define auto_dir gt_cleanup(close_dir) DIR

/* Opens a directory for reading its entries; a symbolic link is refused.  NULL sets errno. */
static DIR *open_dir(int at, const char *name)
{
	gt_autoclose int fd =
		openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return NULL;
	DIR *dir = fdopendir(fd);
	if (dir)
		gt_steal_fd(&fd);
	return dir;
}

/* The next entry but "." and ".."; NULL at the end, with errno 0, or on failure. */
static const char *next_name(DIR *dir)
{
	struct dirent *entry;

	do {
		errno = 0;
		entry = readdir(dir);
	} while (entry && (gt_streq(entry->d_name, ".") || gt_streq(entry->d_name, "..")));
	return entry ? entry->d_name : NULL;
}

/*
 * Removal goes down this many levels with a descriptor for each; what lies deeper is moved up to
 * the top of the removal first, so that no tree is too deep to be removed.
 */
#define REMOVE_DEPTH 32

struct removal {
	int top;     /* where deep directories are moved to */
	bool lifted; /* some were moved: the top has to be read again */
};

static int remove_entry(struct removal *r, int at, const char *name, unsigned depth);

/* 0 or an errno, as in all of the removal. */
static int remove_contents(struct removal *r, DIR *dir, unsigned depth)
{
	const char *name;

	while ((name = next_name(dir))) {
		int errnum = remove_entry(r, dirfd(dir), name, depth);

		if (errnum)
			return errnum;
	}
	return errno;
}

/* Moves a directory to the top under a name of its own. */
static int lift(struct removal *r, int at, const char *name)
{
	char lifted[24] = ".rm-";

	gt_rand_text(lifted + 4, 16, letters);
	if (renameat(at, name, r->top, lifted) < 0)
		return errno;
	r->lifted = true;
	return 0;
}

/* Removes a file, or a directory with its contents; an absent entry is fine. */
static int remove_entry(struct removal *r, int at, const char *name, unsigned depth)
{
	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return errno;
	if (depth == REMOVE_DEPTH)
		return lift(r, at, name);

	auto_dir *dir = open_dir(at, name);
	if (!dir)
		return errno;
	int errnum = remove_contents(r, dir, depth + 1);
	if (!errnum && unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		errnum = errno;
	return errnum;
}

static int remove_tree(int at, const char *name)
{
	if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR)
		return errno;

	auto_dir *dir = open_dir(at, name);
	if (!dir)
		return errno;
	struct removal r = {.top = dirfd(dir)};
	int errnum;
	do {
		r.lifted = false;
		rewinddir(dir);
		errnum = remove_contents(&r, dir, 0);
	} while (!errnum && r.lifted);
	if (!errnum && unlinkat(at, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		errnum = errno;
	return errnum;
}

int gt_fs_remove_all(int root, const char *path, struct gt_err *err)
{
	gt_auto_buf parent = {0};
	gt_auto_buf name = {0};
	gt_autoclose int dir = -1;
	struct gt_str base = gt_path_base(gt_str(path));

	if (*path == '\0' || gt_str_is(base, ".") || gt_str_is(base, "..") || gt_str_is(base, "/"))
		return gt_fail(err, GT_E_INVALID,
			       "remove: path \"%s\" names no entry of a directory", path);
	gt_buf_add_str(&name, base);
	gt_buf_add_str(&parent, gt_path_dir(gt_strn(path, (size_t)(base.p - path) + base.n)));
	int rc = gt_fs_open(root, gt_buf_cstr(&parent), O_RDONLY | O_DIRECTORY, 0, &dir, err);
	if (rc == GT_E_NOT_FOUND)
		return GT_OK;
	if (rc < 0)
		return gt_wrap(err, "remove %s", path);
	int errnum = remove_tree(dir, gt_buf_cstr(&name));
	return errnum ? gt_fail_errno(err, errnum, "remove %s", path) : GT_OK;
}

void gt_fs_remove_tree(const char *absolute_path)
{
	if (absolute_path)
		remove_tree(AT_FDCWD, absolute_path);
}

struct walk {
	gt_fs_walk_fn fn;
	void *arg;
	struct gt_buf path; /* of the entry being visited */
};

struct names {
	GT_VEC(char *) list;
};

static void names_fini(struct names *names)
{
	for (size_t i = 0; i < names->list.n; i++)
		free(names->list.v[i]);
	gt_vec_fini(&names->list);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int visit(struct walk *w, int at, const char *name, unsigned depth, struct gt_err *err);

static int visit_sorted(struct walk *w, DIR *dir, unsigned depth, struct names *names,
			struct gt_err *err)
{
	size_t before = w->path.n;
	const char *name;
	int rc = GT_OK;

	while ((name = next_name(dir)))
		gt_vec_push(&names->list, gt_xstrdup(name));
	if (errno)
		return gt_fail_errno(err, errno, "read directory %s", gt_buf_cstr(&w->path));
	if (names->list.n)
		qsort(names->list.v, names->list.n, sizeof *names->list.v, by_bytes);
	for (size_t i = 0; i < names->list.n && rc == GT_OK; i++) {
		if (before)
			gt_buf_addc(&w->path, '/');
		gt_buf_adds(&w->path, names->list.v[i]);
		rc = gt_buf_check(&w->path, err);
		if (rc == GT_OK)
			rc = visit(w, dirfd(dir), names->list.v[i], depth, err);
		w->path.n = before;
		w->path.p[before] = '\0';
	}
	return rc;
}

static int visit_contents(struct walk *w, int at, const char *name, unsigned depth,
			  struct gt_err *err)
{
	struct names names gt_cleanup(names_fini) = {0};

	if (depth > GT_LIMIT_DIR_DEPTH)
		return gt_fail(err, GT_E_BUDGET, "directory %s: nested more than %d levels deep",
			       gt_buf_cstr(&w->path), GT_LIMIT_DIR_DEPTH);
	auto_dir *dir = open_dir(at, name);
	if (!dir)
		return gt_fail_errno(err, errno, "open directory %s", gt_buf_cstr(&w->path));
	return visit_sorted(w, dir, depth, &names, err);
}

/* An entry that vanished since its name was read is passed over. */
static int visit(struct walk *w, int at, const char *name, unsigned depth, struct gt_err *err)
{
	struct gt_fs_entry entry = {
		.path = gt_buf_cstr(&w->path), .name = name, .dirfd = at, .depth = depth};

	if (fstatat(at, name, &entry.st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno == ENOENT && depth > 0)
			return GT_OK;
		return gt_fail_errno(err, errno, "stat %s", entry.path);
	}
	int rc = w->fn(w->arg, &entry, err);
	if (rc < 0)
		return rc;
	if (rc == GT_FS_SKIP || !S_ISDIR(entry.st.st_mode))
		return GT_OK;
	return visit_contents(w, at, name, depth + 1, err);
}

int gt_fs_walk(int root, const char *path, gt_fs_walk_fn fn, void *arg, struct gt_err *err)
{
	gt_autoclose int at = -1;
	gt_auto_buf dir = {0};
	gt_auto_buf name = {0};
	struct walk w = {.fn = fn, .arg = arg};
	struct stat st;

	int rc = gt_fs_stat(root, path, false, &st, err);
	if (rc < 0)
		return rc;
	if (S_ISDIR(st.st_mode)) {
		gt_buf_adds(&dir, path);
		gt_buf_adds(&name, ".");
	} else {
		gt_buf_add_str(&dir, gt_path_dir(gt_str(path)));
		gt_buf_add_str(&name, gt_path_base(gt_str(path)));
	}
	rc = gt_fs_open(root, gt_buf_cstr(&dir), O_RDONLY | O_DIRECTORY, 0, &at, err);
	if (rc == GT_OK)
		rc = visit(&w, at, gt_buf_cstr(&name), 0, err);
	gt_buf_fini(&w.path);
	return rc;
}
