#include "base/future.h"

#include <errno.h>
#include <time.h>

#include "base/time.h"

void gt_future_init(struct gt_future *f)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->cond, &attr);
	pthread_condattr_destroy(&attr);
	f->done = false;
	f->interrupted = false;
}

void gt_future_fini(struct gt_future *f)
{
	pthread_cond_destroy(&f->cond);
	pthread_mutex_destroy(&f->lock);
}

void gt_future_deliver(struct gt_future *f)
{
	/* Signal under the lock: the waiter may destroy the future as soon as it sees `done`. */
	pthread_mutex_lock(&f->lock);
	f->done = true;
	pthread_cond_signal(&f->cond);
	pthread_mutex_unlock(&f->lock);
}

static void interrupt(void *arg)
{
	struct gt_future *f = arg;

	pthread_mutex_lock(&f->lock);
	f->interrupted = true;
	pthread_cond_signal(&f->cond);
	pthread_mutex_unlock(&f->lock);
}

/*
 * The deadline on the clock that the kernel waits by.  It differs from gt_now_mono() while a test
 * has stopped the clocks; waits take real time even then.
 */
static struct timespec kernel_time(int64_t deadline)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	int64_t left = deadline - gt_now_mono();
	if (left < 0)
		left = 0;
	int64_t nanos = left % GT_NS_PER_S + now.tv_nsec;
	return (struct timespec){
		.tv_sec = now.tv_sec + left / GT_NS_PER_S + nanos / GT_NS_PER_S,
		.tv_nsec = nanos % GT_NS_PER_S,
	};
}

/* Waits for delivery, an interrupt or the deadline; true when delivered.  Called locked. */
static bool wait_until(struct gt_future *f, int64_t deadline)
{
	struct timespec at = {0};

	if (deadline != INT64_MAX)
		at = kernel_time(deadline);
	while (!f->done && !f->interrupted) {
		if (deadline == INT64_MAX)
			pthread_cond_wait(&f->cond, &f->lock);
		else if (pthread_cond_timedwait(&f->cond, &f->lock, &at) == ETIMEDOUT)
			break;
	}
	return f->done;
}

int gt_future_wait(struct gt_future *f, struct gt_ctx *ctx, void (*abandon)(void *), void *arg,
		   struct gt_err *err)
{
	struct gt_ctx_watch watch = {.fn = interrupt, .arg = f};

	if (!gt_ctx_watch(ctx, &watch))
		interrupt(f);
	pthread_mutex_lock(&f->lock);
	bool delivered = wait_until(f, gt_ctx_deadline(ctx));
	pthread_mutex_unlock(&f->lock);
	gt_ctx_unwatch(ctx, &watch);
	if (delivered)
		return GT_OK;

	int rc = gt_ctx_check(ctx, err);
	if (rc == GT_OK)
		rc = gt_fail(err, GT_E_TIMEOUT, "context deadline exceeded");
	if (abandon)
		abandon(arg);
	pthread_mutex_lock(&f->lock);
	while (!f->done)
		pthread_cond_wait(&f->cond, &f->lock);
	pthread_mutex_unlock(&f->lock);
	return rc;
}

int gt_ctx_sleep(struct gt_ctx *ctx, int64_t ns, struct gt_err *err)
{
	struct gt_future never;
	struct gt_ctx_watch watch = {.fn = interrupt, .arg = &never};
	int64_t now = gt_now_mono();
	int64_t until = ns > INT64_MAX - now ? INT64_MAX : now + ns;
	int64_t deadline = gt_ctx_deadline(ctx);

	gt_future_init(&never);
	if (!gt_ctx_watch(ctx, &watch))
		interrupt(&never);
	pthread_mutex_lock(&never.lock);
	wait_until(&never, until < deadline ? until : deadline);
	pthread_mutex_unlock(&never.lock);
	gt_ctx_unwatch(ctx, &watch);
	gt_future_fini(&never);
	return gt_ctx_check(ctx, err);
}
