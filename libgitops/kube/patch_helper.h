/*
 * gt_patcher - writes back what a reconcile changed in an object, and only that.
 *
 * Made with the object as it was read; gt_patcher_patch() compares it with the object as it is now
 * and sends at most two merge patches: status, whose conditions are merged three-way into the live
 * object under its resourceVersion, repeated on conflict; and metadata and spec (upstream:
 * fluxcd/pkg/runtime/patch, which writes conditions and the rest of status apart: here nobody sees
 * one without the other).  After a patch the new state is the next "before", so one patcher
 * serves a whole reconcile.  One owner at a time.
 */
#ifndef GT_KUBE_PATCH_HELPER_H
#define GT_KUBE_PATCH_HELPER_H

#include "kube/client.h"

struct gt_patcher {
	struct gt_kube *kube;
	const struct gt_resource *res;
	struct gt_arena *arena;
	struct gt_node *before;
	const char *field_owner;
	const char *const *owned; /* condition types of which our value wins; NULL-terminated */
};

/* Keeps a copy of obj in the arena; owned and field_owner are borrowed. */
void gt_patcher_init(struct gt_patcher *p, struct gt_kube *kube, const struct gt_resource *res,
		     struct gt_arena *a, const struct gt_node *obj, const char *field_owner,
		     const char *const *owned);

enum gt_patch_flags {
	GT_PATCH_OBSERVED = 1 << 0, /* status.observedGeneration becomes the generation */
	GT_PATCH_FORCE = 1 << 1,    /* our conditions win over other writers' */
};

/*
 * Brings obj's metadata.resourceVersion up to date on success.  All requests are tried; errors are
 * joined.  A deleted object gives NOT_FOUND.
 */
int gt_patcher_patch(struct gt_patcher *p, struct gt_ctx *ctx, struct gt_node *obj, unsigned flags,
		     struct gt_err *err);

#endif
