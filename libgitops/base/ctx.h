/*
 * gt_ctx - a deadline and a cancellation that travel down a call, as Go's context does.
 *
 * Contexts form a tree: cancelling one cancels its children.  A context is created by its owner,
 * and must outlive its children; it usually lives on the owner's stack.  gt_ctx_cancel may be
 * called from any thread, so may the queries; init and fini belong to the owner.
 */
#ifndef GT_BASE_CTX_H
#define GT_BASE_CTX_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/list.h"

/* Told once when the context is cancelled; runs on the cancelling thread, must be short and must
 * not call back into the context. */
struct gt_ctx_watch {
	struct gt_list node;
	void (*fn)(void *arg);
	void *arg;
};

struct gt_ctx {
	struct gt_ctx *parent;
	int64_t deadline;        /* monotonic nanoseconds, INT64_MAX for none */
	bool cancelled;          /* guarded by the tree's lock */
	const char *cause;       /* static text, NULL for none */
	struct gt_list children; /* of struct gt_ctx.sibling */
	struct gt_list sibling;
	struct gt_list watches; /* of struct gt_ctx_watch.node */
};

/* A context that is never cancelled and has no deadline. */
struct gt_ctx *gt_ctx_background(void);

/* timeout_ns <= 0 means no deadline of its own; the parent's applies in any case.  A NULL parent
 * is the background. */
void gt_ctx_init(struct gt_ctx *ctx, struct gt_ctx *parent, int64_t timeout_ns);
void gt_ctx_fini(struct gt_ctx *ctx);

#define gt_auto_ctx gt_cleanup(gt_ctx_fini) struct gt_ctx

/* cause is a static text or NULL; only the first call counts. */
void gt_ctx_cancel(struct gt_ctx *ctx, const char *cause);

/* GT_OK, GT_E_CANCELLED (with the cause) or GT_E_TIMEOUT. */
int gt_ctx_check(struct gt_ctx *ctx, struct gt_err *err);

/* Monotonic nanoseconds, INT64_MAX for none. */
int64_t gt_ctx_deadline(const struct gt_ctx *ctx);

/* False, without adding, when the context is cancelled already. */
bool gt_ctx_watch(struct gt_ctx *ctx, struct gt_ctx_watch *watch);
/* After the return fn is neither running nor going to run. */
void gt_ctx_unwatch(struct gt_ctx *ctx, struct gt_ctx_watch *watch);

/* Sleeps; GT_OK after the time, else as gt_ctx_check. */
int gt_ctx_sleep(struct gt_ctx *ctx, int64_t ns, struct gt_err *err);

#endif
