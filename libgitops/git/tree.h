/*
 * gt_git_tree - the files of a commit as one flat list, in the order in which they are archived:
 * directories before what is in them, the names of each directory bytewise.
 *
 * Symbolic links are left out, submodules are directories (empty here), and a tree with names that
 * no work tree may have (".git", "git~1", "..", "") is refused as a whole.
 */
#ifndef GT_GIT_TREE_H
#define GT_GIT_TREE_H

#include "base/arena.h"
#include "base/ctx.h"
#include "git/pack.h"

enum gt_git_mode { GT_GIT_DIR, GT_GIT_FILE, GT_GIT_EXEC };

struct gt_git_entry {
	const char *path; /* relative, no trailing slash; lives in the arena */
	struct gt_oid id; /* of the blob */
	enum gt_git_mode mode;
	bool submodule; /* a directory whose id is a commit of another repository */
};

struct gt_git_tree {
	struct gt_arena arena;
	struct gt_git_entry *v;
	size_t n, cap;
};

struct gt_git_tree_opts {
	/* Keep only files whose path starts with one of these, and the directories above them. */
	const char *const *sparse;
	size_t n_sparse;
};

int gt_git_tree_list(struct gt_git_pack *pack, struct gt_ctx *ctx, const struct gt_oid *tree,
		     const struct gt_git_tree_opts *opts, struct gt_git_tree *ret_tree,
		     struct gt_err *err);
void gt_git_tree_fini(struct gt_git_tree *tree);
/* Whether a directory (or a file, with what = GT_GIT_FILE) is there. */
const struct gt_git_entry *gt_git_tree_find(const struct gt_git_tree *tree, const char *path);

#endif
