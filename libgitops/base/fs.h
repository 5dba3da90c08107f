/*
 * Files.  Whatever names come from outside are opened below a directory handle by gt_fs_open*():
 * openat2() with RESOLVE_BENEATH and RESOLVE_NO_MAGICLINKS, so neither "..", nor a symbolic link,
 * nor an absolute path leaves the root.  Nothing else in the project opens such a path.
 *
 * Paths are relative, "" and "." mean the root itself.  An escape is GT_E_INVALID and names the
 * path.  Any thread; handles are plain file descriptors.
 */
#ifndef GT_BASE_FS_H
#define GT_BASE_FS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Opens a directory that is trusted: a flag, a temporary folder.  O_DIRECTORY | O_CLOEXEC. */
int gt_fs_open_root(const char *path, int *ret_fd, struct gt_err *err);

/* Opens below the root; flags as open(2).  mode is used with O_CREAT. */
int gt_fs_open(int root, const char *path, int flags, mode_t mode, int *ret_fd, struct gt_err *err);

/* As fstatat, below the root; follows links that stay inside when follow is set. */
int gt_fs_stat(int root, const char *path, bool follow, struct stat *ret_st, struct gt_err *err);
bool gt_fs_is_dir(int root, const char *path);
bool gt_fs_is_file(int root, const char *path);

/* Appends the whole file; GT_E_BUDGET if it is larger than max. */
int gt_fs_read(int root, const char *path, size_t max, struct gt_buf *out, struct gt_err *err);
int gt_fd_read_all(int fd, size_t max, struct gt_buf *out, struct gt_err *err);
int gt_fd_write_all(int fd, const void *p, size_t n, struct gt_err *err);

/* Writes a temporary file beside it, syncs (when sync is set) and renames it into place. */
int gt_fs_write_atomic(int root, const char *path, struct gt_str bytes, mode_t mode, bool sync,
		       struct gt_err *err);

/* Makes the directory and its missing parents. */
int gt_fs_mkdirs(int root, const char *path, mode_t mode, struct gt_err *err);

/* Removes a file or a whole tree, never following links.  Absent is fine. */
int gt_fs_remove_all(int root, const char *path, struct gt_err *err);
int gt_fs_rename(int root, const char *from, const char *to, struct gt_err *err);

/*
 * Makes a new directory `<prefix><random>` in parent (an absolute path; NULL means $TMPDIR or
 * /tmp), mode 0700.  *ret_path is malloc'ed.  Remove it with gt_fs_remove_tree().
 */
int gt_fs_mkdtemp(const char *parent, const char *prefix, char **ret_path, struct gt_err *err);
void gt_fs_remove_tree(const char *absolute_path);

/* One entry of a walk. */
struct gt_fs_entry {
	const char *path; /* relative to the start of the walk, "" for the start itself */
	const char *name; /* the last component; "." for a start that is a directory */
	int dirfd;        /* the directory that holds it, for fstatat/openat of name */
	struct stat st;   /* of the entry itself, links not followed */
	unsigned depth;   /* 0 for the start */
};

enum gt_fs_walk {
	GT_FS_CONTINUE = 0,
	GT_FS_SKIP = 1, /* do not descend into this directory */
};

/*
 * Visits the tree below path in pre-order, the entries of each directory sorted bytewise; symbolic
 * links are reported, never followed.  A negative return of fn stops the walk and is returned.
 */
typedef int (*gt_fs_walk_fn)(void *arg, const struct gt_fs_entry *entry, struct gt_err *err);
int gt_fs_walk(int root, const char *path, gt_fs_walk_fn fn, void *arg, struct gt_err *err);

/*
 * Lexical path work, no file system access.  gt_path_clean follows Go's path.Clean (".." at the
 * top of a relative path is kept); gt_path_join joins and cleans.  Both append to out.
 * gt_path_inside: the cleaned relative path does not start with ".." and is not absolute.
 */
void gt_path_clean(struct gt_buf *out, struct gt_str path);
void gt_path_join(struct gt_buf *out, struct gt_str a, struct gt_str b);
bool gt_path_inside(struct gt_str path);
struct gt_str gt_path_dir(struct gt_str path); /* "." when there is none */
struct gt_str gt_path_base(struct gt_str path);

#endif
