/*
 * gt_git_modules - a .gitmodules file: where the submodules of a commit come from.
 *
 * Git's configuration format, as much of it as such a file uses: sections, quoted values, escapes,
 * continued lines, comments.  The text is hostile; counts are bounded.  Any thread.
 */
#ifndef GT_GIT_MODULES_H
#define GT_GIT_MODULES_H

#include "base/arena.h"

struct gt_git_module {
	const char *name, *path, *url; /* path and url NULL when the section lacks them */
};

/* Texts live in the arena.  GT_E_INVALID, with the line's number, for what is not such a file. */
int gt_git_modules_parse(struct gt_arena *a, struct gt_str text, struct gt_git_module **ret_modules,
			 size_t *ret_n, struct gt_err *err);

/* The URL of a submodule, which may be relative ("../other.git") to that of its parent, or of
 * scp's form ("git@host:path").  GT_E_INVALID, GT_E_UNSUPPORTED for other schemes. */
int gt_git_module_url(struct gt_arena *a, const char *parent, const char *url, const char **ret_url,
		      struct gt_err *err);

#endif
