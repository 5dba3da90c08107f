/*
 * gt_git_checkout - from a repository's URL and a wanted reference to a commit and its objects,
 * by the strategies of Flux's GitRepository: branch, tag, semver range, commit, ref name.
 *
 * A poll is one ls-refs round trip; when the revision equals the last observed one nothing else
 * happens.  Otherwise the tip alone is fetched (depth 1).  Blocking, worker threads.
 */
#ifndef GT_GIT_CHECKOUT_H
#define GT_GIT_CHECKOUT_H

#include "git/pack.h"
#include "git/transport.h"

/* Texts are borrowed; NULL or "" means unset.  The precedence is commit, name, tag, semver,
 * branch; nothing at all means the branch "master". */
struct gt_git_want {
	const char *branch, *tag, *semver, *commit, *name;
	const char *last_observed; /* revision of the artifact that is there, or NULL */
	const char *const *sparse; /* path prefixes to check out; n_sparse 0 means everything */
	size_t n_sparse;
};

struct gt_git_checkout {
	char *revision;  /* "main@sha1:<hex>", "sha1:<hex>", "refs/...@sha1:<hex>" */
	char *reference; /* "refs/heads/main", or "" */
	struct gt_oid commit;
	bool concrete; /* false: nothing was fetched, the rest is unset */
	bool empty;    /* the repository has no commits at all */
	struct gt_git_commit info;
	struct gt_git_pack *pack;
};

/*
 * url is for error texts.  workdir is an existing temporary folder.  Error texts follow Flux:
 * "unable to clone '<url>': ...", "unable to list remote for '<url>': ...".
 */
int gt_git_checkout_do(struct gt_git_transport *t, struct gt_ctx *ctx, const char *url,
		       const struct gt_git_want *want, const char *workdir,
		       struct gt_git_checkout *ret_checkout, struct gt_err *err);
void gt_git_checkout_fini(struct gt_git_checkout *checkout);

/* Flux's legacy "main/<sha>" to "main@sha1:<sha>"; anything else is copied.  malloc'ed. */
char *gt_git_revision_normal(const char *revision);

/* The first line of a message, at most 50 code points and then "...".  malloc'ed. */
char *gt_git_short_message(const char *message);

#endif
