#include "base/ctx.h"

#include <time.h>

#include "base/alloc.h"
#include "base/time.h"

/*
 * One lock for all contexts: cancellations are rare and their work is a few pointer writes, and a
 * single lock makes the walk over a tree simple.
 */
static pthread_mutex_t tree_lock = PTHREAD_MUTEX_INITIALIZER;

static struct gt_ctx background = {
	.deadline = INT64_MAX,
	.children = {&background.children, &background.children},
	.sibling = {&background.sibling, &background.sibling},
	.watches = {&background.watches, &background.watches},
};

struct gt_ctx *gt_ctx_background(void)
{
	return &background;
}

void gt_ctx_init(struct gt_ctx *ctx, struct gt_ctx *parent, int64_t timeout_ns)
{
	if (!parent)
		parent = &background;
	*ctx = (struct gt_ctx){.parent = parent, .deadline = parent->deadline};
	gt_list_init(&ctx->children);
	gt_list_init(&ctx->sibling);
	gt_list_init(&ctx->watches);
	if (timeout_ns > 0) {
		int64_t now = gt_now_mono();
		int64_t own = timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;

		if (own < ctx->deadline)
			ctx->deadline = own;
	}
	pthread_mutex_lock(&tree_lock);
	gt_list_append(&parent->children, &ctx->sibling);
	ctx->cancelled = parent->cancelled;
	ctx->cause = parent->cause;
	pthread_mutex_unlock(&tree_lock);
}

void gt_ctx_fini(struct gt_ctx *ctx)
{
	if (!ctx || !ctx->parent)
		return;
	pthread_mutex_lock(&tree_lock);
	gt_list_remove(&ctx->sibling);
	pthread_mutex_unlock(&tree_lock);
	ctx->parent = NULL;
}

static void cancel_locked(struct gt_ctx *ctx, const char *cause)
{
	if (ctx->cancelled)
		return;
	ctx->cancelled = true;
	ctx->cause = cause;
	gt_list_for_each (&ctx->watches, it) {
		struct gt_ctx_watch *watch = gt_container_of(it, struct gt_ctx_watch, node);

		gt_list_remove(it);
		watch->fn(watch->arg);
	}
	gt_list_for_each (&ctx->children, it)
		cancel_locked(gt_container_of(it, struct gt_ctx, sibling), cause);
}

void gt_ctx_cancel(struct gt_ctx *ctx, const char *cause)
{
	pthread_mutex_lock(&tree_lock);
	cancel_locked(ctx, cause);
	pthread_mutex_unlock(&tree_lock);
}

int gt_ctx_check(struct gt_ctx *ctx, struct gt_err *err)
{
	pthread_mutex_lock(&tree_lock);
	bool cancelled = ctx->cancelled;
	const char *cause = ctx->cause;
	pthread_mutex_unlock(&tree_lock);
	if (cancelled)
		return gt_fail(err, GT_E_CANCELLED, "%s", cause ? cause : "context canceled");
	if (ctx->deadline != INT64_MAX && gt_now_mono() >= ctx->deadline)
		return gt_fail(err, GT_E_TIMEOUT, "context deadline exceeded");
	return GT_OK;
}

int64_t gt_ctx_deadline(const struct gt_ctx *ctx)
{
	return ctx->deadline;
}

bool gt_ctx_watch(struct gt_ctx *ctx, struct gt_ctx_watch *watch)
{
	bool added = false;

	gt_list_init(&watch->node);
	pthread_mutex_lock(&tree_lock);
	if (!ctx->cancelled) {
		gt_list_append(&ctx->watches, &watch->node);
		added = true;
	}
	pthread_mutex_unlock(&tree_lock);
	return added;
}

void gt_ctx_unwatch(struct gt_ctx *ctx, struct gt_ctx_watch *watch)
{
	(void)ctx;
	pthread_mutex_lock(&tree_lock);
	gt_list_remove(&watch->node);
	pthread_mutex_unlock(&tree_lock);
}
