/*
 * gt_future - a result that another thread will deliver, awaited with a context.
 *
 * Usually on the waiter's stack: init, hand it over, wait.  The waiter may give up (deadline,
 * cancellation) only through gt_future_wait(), which then calls abandon() so that the other side
 * stops, and still waits for the delivery: after gt_future_wait() nobody else touches the future.
 * Deliver exactly once.
 */
#ifndef GT_BASE_FUTURE_H
#define GT_BASE_FUTURE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/ctx.h"
#include "base/err.h"

struct gt_future {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool done;
	bool interrupted;
};

void gt_future_init(struct gt_future *f);
void gt_future_fini(struct gt_future *f);

/* Any thread, exactly once. */
void gt_future_deliver(struct gt_future *f);

/*
 * Blocks until delivery.  When the context ends first, abandon(arg) is called once (it must make
 * the delivery happen soon) and the wait goes on without a limit.  Returns GT_OK after a delivery
 * in time, else the context's error.
 */
int gt_future_wait(struct gt_future *f, struct gt_ctx *ctx, void (*abandon)(void *), void *arg,
		   struct gt_err *err);

#endif
