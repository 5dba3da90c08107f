/*
 * gt_git_pack - the objects of fetched packs, indexed in a temporary folder and read back by name.
 *
 * Bytes of a pack go through a sink into libgit2's indexer, which checks every object; afterwards
 * commits, tags, trees and blobs are read with their sizes checked first.  There is no repository
 * on disk.  One owner at a time; different packs are independent.
 */
#ifndef GT_GIT_PACK_H
#define GT_GIT_PACK_H

#include "archive/io.h"
#include "base/ctx.h"
#include "git/oid.h"

struct gt_git_pack;

/* dir is an absolute path of an existing folder that the caller removes afterwards. */
int gt_git_pack_new(const char *dir, struct gt_git_pack **ret_pack, struct gt_err *err);
void gt_git_pack_free(struct gt_git_pack *pack);

/* Takes one pack: begin, write it all into the sink, end.  May be done again for further packs.
 * GT_E_INVALID for a damaged or short one, GT_E_BUDGET beyond GT_LIMIT_GIT_PACK. */
int gt_git_pack_begin(struct gt_git_pack *pack, struct gt_ctx *ctx, struct gt_err *err);
struct gt_sink gt_git_pack_sink(struct gt_git_pack *pack);
int gt_git_pack_end(struct gt_git_pack *pack, struct gt_err *err);

enum gt_git_type { GT_GIT_COMMIT = 1, GT_GIT_TREE = 2, GT_GIT_BLOB = 3, GT_GIT_TAG = 4 };

struct gt_git_object {
	enum gt_git_type type;
	struct gt_str data;
	void *impl;
};

bool gt_git_pack_has(struct gt_git_pack *pack, const struct gt_oid *id);
/* Type and size without the content.  GT_E_NOT_FOUND if absent. */
int gt_git_pack_stat(struct gt_git_pack *pack, const struct gt_oid *id, enum gt_git_type *ret_type,
		     uint64_t *ret_size, struct gt_err *err);
/* GT_E_INVALID when of another type, GT_E_BUDGET when larger than max. */
int gt_git_pack_read(struct gt_git_pack *pack, const struct gt_oid *id, enum gt_git_type type,
		     size_t max, struct gt_git_object *ret_object, struct gt_err *err);
void gt_git_object_fini(struct gt_git_object *object);
#define gt_auto_git_object gt_cleanup(gt_git_object_fini) struct gt_git_object

/* What a commit says; the message is malloc'ed. */
struct gt_git_commit {
	struct gt_oid id, tree;
	int64_t committed; /* seconds since the epoch */
	char *message;
};
int gt_git_commit_read(struct gt_git_pack *pack, const struct gt_oid *id,
		       struct gt_git_commit *ret_commit, struct gt_err *err);
void gt_git_commit_fini(struct gt_git_commit *commit);

/* Follows annotated tags to the commit. */
int gt_git_pack_peel(struct gt_git_pack *pack, const struct gt_oid *id, struct gt_oid *ret_commit,
		     struct gt_err *err);

#endif
