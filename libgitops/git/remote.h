/*
 * gt_git_remote - a conversation with a Git server: which refs it has, and packs of objects.
 * Chooses the protocol's version by itself.  Blocking, worker threads; one owner at a time.
 */
#ifndef GT_GIT_REMOTE_H
#define GT_GIT_REMOTE_H

#include "git/pack.h"
#include "git/proto.h"
#include "git/transport.h"

struct gt_git_remote {
	struct gt_git_transport *transport; /* borrowed */
	struct gt_git_advert advert;
	bool advertised;
	bool spent;  /* the conversation of version 0 has had its fetch */
	int version; /* 2 until the server says otherwise */
};

void gt_git_remote_init(struct gt_git_remote *r, struct gt_git_transport *transport);
void gt_git_remote_fini(struct gt_git_remote *r);

/* Refs that start with one of the prefixes (all with n = 0).  A server of the old protocol sends
 * all of them, and they are filtered here. */
int gt_git_remote_refs(struct gt_git_remote *r, struct gt_ctx *ctx, const char *const *prefixes,
		       size_t n, struct gt_git_refs *ret_refs, struct gt_err *err);

/* Adds what was asked for to the pack.  A filter that the server is not known to support is left
 * out: call gt_git_remote_caps() first.  GT_E_NOT_FOUND when the server does not have an object,
 * GT_E_FORBIDDEN when it gives only what its refs name. */
int gt_git_remote_fetch(struct gt_git_remote *r, struct gt_ctx *ctx,
			const struct gt_git_fetch_opts *opts, struct gt_git_pack *pack,
			struct gt_err *err);

/* What the server can do; asks it if that is not known yet. */
int gt_git_remote_caps(struct gt_git_remote *r, struct gt_ctx *ctx,
		       const struct gt_git_caps **ret_caps, struct gt_err *err);

#endif
