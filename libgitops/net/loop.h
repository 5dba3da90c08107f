/*
 * gt_loop - the thread that owns all input and output of a process: sockets, timers, signals.
 *
 * Worker threads never touch a socket; they post a function to the loop and wait on a gt_future.
 * Functions run by the loop must be short (nothing that blocks, no document over 64 KiB parsed).
 * The rule of each function says where it may be called: loop thread, or any thread.  Before
 * gt_loop_run() or gt_loop_start_thread() the creating thread counts as the loop thread.
 */
#ifndef GT_NET_LOOP_H
#define GT_NET_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct gt_loop;

typedef void (*gt_loop_fn)(void *arg);

/* Never NULL; aborts where the kernel refuses an epoll descriptor.  Ignores SIGPIPE. */
struct gt_loop *gt_loop_new(void);

/*
 * Closes what is left (servers, HTTP transfers, timers) and frees.  The loop must not be running:
 * stopped, and joined if it had a thread.  Functions posted and not yet run are run first.  NULL
 * is allowed.
 */
void gt_loop_free(struct gt_loop *loop);

/* Runs on the calling thread until gt_loop_stop(); may be run again afterwards. */
void gt_loop_run(struct gt_loop *loop);

/* Runs the loop on a thread of its own until gt_loop_join(). */
int gt_loop_start_thread(struct gt_loop *loop, struct gt_err *err);

/* Makes gt_loop_run() return soon.  Any thread. */
void gt_loop_stop(struct gt_loop *loop);

/* Stops the loop and waits for its thread; harmless without a thread.  Not on the loop thread. */
void gt_loop_join(struct gt_loop *loop);

/* Whether the caller is on the loop thread.  Any thread. */
bool gt_loop_inside(const struct gt_loop *loop);

/* Runs fn(arg) on the loop thread, in order of posting, never before returning.  Any thread. */
void gt_loop_post(struct gt_loop *loop, gt_loop_fn fn, void *arg);

/* Runs what was posted to a loop that has stopped, before what it needs is freed.  The thread that
 * will free the loop. */
void gt_loop_drain(struct gt_loop *loop);

/*
 * Runs fn(arg) on the loop thread and waits for its return; at once when already there.  For set-up
 * and tear-down; the loop must be running unless the caller is on its thread.  Any thread.
 */
void gt_loop_call(struct gt_loop *loop, gt_loop_fn fn, void *arg);

/* Monotonic nanoseconds, cached for the current turn of the loop.  Loop thread. */
int64_t gt_loop_now(const struct gt_loop *loop);

/*
 * Timers.  Loop thread only.  A one-shot timer may be started again, also from its own callback;
 * after gt_timer_stop() or gt_timer_free() the callback does not run.
 */
struct gt_timer;

struct gt_timer *gt_timer_new(struct gt_loop *loop, gt_loop_fn fn, void *arg);
void gt_timer_free(struct gt_timer *timer); /* NULL is allowed */

/* Nanoseconds, rounded up to milliseconds; repeat_ns 0 means once.  Restarts a running timer. */
void gt_timer_start(struct gt_timer *timer, int64_t after_ns, int64_t repeat_ns);
void gt_timer_stop(struct gt_timer *timer);
bool gt_timer_active(const struct gt_timer *timer);

/* Runs fn(arg) on the loop for each delivery of the signal.  Loop thread; ends with the loop. */
int gt_loop_on_signal(struct gt_loop *loop, int signum, gt_loop_fn fn, void *arg,
		      struct gt_err *err);

#endif
