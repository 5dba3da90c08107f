/* What the strategies of git/checkout.h share.  Private. */
#ifndef GT_GIT_CHECKOUT_INT_H
#define GT_GIT_CHECKOUT_INT_H

#include "git/checkout.h"
#include "git/remote.h"
#include "git/tree.h"

struct gt_git__job {
	struct gt_git_remote remote;
	struct gt_ctx *ctx;
	const char *url;
	const struct gt_git_want *want;
	const char *workdir;
	const char *last; /* revision observed last, in its present form; NULL for none */
	struct gt_git_checkout *out;
};

/* The refs below the prefix; errors read as upstream's do when cloning or when listing. */
int gt_git__list(struct gt_git__job *job, const char *prefix, bool listing,
		 struct gt_git_refs *ret_refs, struct gt_err *err);

/* Names what was found.  True when that is what was observed last: nothing is to be fetched. */
bool gt_git__found(struct gt_git__job *job, const char *reference, bool absolute,
		   const struct gt_oid *commit);

/* Fetches the objects and the commit found. */
int gt_git__fetch(struct gt_git__job *job, const struct gt_oid *wants, size_t n,
		  struct gt_err *err);

/* Puts "unable to clone '<url>'" before the text. */
int gt_git__clone_failed(struct gt_git__job *job, struct gt_err *err);

/* "unable to clone: couldn't find remote ref ...", or an empty repository. */
int gt_git__no_such_ref(struct gt_git__job *job, const char *reference,
			const struct gt_git_refs *refs, struct gt_err *err);

int gt_git__checkout_semver(struct gt_git__job *job, struct gt_err *err);

#endif
