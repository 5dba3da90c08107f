/*
 * gt_waiter - wakes a key when the objects it waits for have settled or a deadline passes.
 *
 * One watch per (server, identity, kind, namespace) is shared by all waits and closed a minute
 * after its last use; what it keeps of an object is what kstatus reads (everything for waits that
 * say so).  Where the identity may not watch, the objects waited for are read every 5 s.  The
 * manager owns one; reconciles use it by returning WATCH, and may read what it knows with
 * gt_waiter_get() instead of asking the server.
 */
#ifndef GT_RUNTIME_WAITER_H
#define GT_RUNTIME_WAITER_H

#include "runtime/reconcile.h"

struct gt_waiter;
struct gt_pending; /* one wait under way */

struct gt_waiter *gt_waiter_new(struct gt_loop *loop, const struct gt_log *log);
/* Loop thread, or after the loop ended.  Waits under way end without a wake. */
void gt_waiter_free(struct gt_waiter *w);

/*
 * Starts a wait; wake runs once, on the loop thread, unless gt_waiter_cancel came first.  Worker
 * thread: it may ask the server about the kinds.  Everything in *wait is copied but judge_arg.
 */
struct gt_pending *gt_waiter_start(struct gt_waiter *w, const struct gt_wait *wait,
				   void (*wake)(void *arg, enum gt_wake why), void *arg);
/* Any thread.  After the return neither wake nor judge is running or will run.  Call it exactly
 * once per start, also after the wake. */
void gt_waiter_cancel(struct gt_waiter *w, struct gt_pending *p);

/*
 * What the shared watch has of an object, projected for kstatus.  NOT_FOUND when it is known not to
 * exist; UNAVAILABLE when no synced watch covers it (then ask the server).  Any thread.
 */
int gt_waiter_get(struct gt_waiter *w, struct gt_arena *a, struct gt_kube *kube,
		  const struct gt_ref *ref, struct gt_node **ret_obj, struct gt_err *err);

#endif
