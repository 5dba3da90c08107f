/*
 * gt_depends - who waits for which object to change: what a reconcile that returned DEPENDS is
 * woken by.  Fed by the manager's informers.  Any thread.
 *
 * A change that happened while the reconcile was still deciding is not lost: the latest changes are
 * remembered by number, and a registration that is older than one of them wakes at once.
 */
#ifndef GT_RUNTIME_DEPENDS_H
#define GT_RUNTIME_DEPENDS_H

#include "runtime/controller.h"

struct gt_depends;

struct gt_depends *gt_depends_new(void);
void gt_depends_free(struct gt_depends *d);

/* The number of the latest change; take it before reading what is judged. */
uint64_t gt_depends_now(struct gt_depends *d);

/* Runs key of c when one of refs changes, once; at once when one has changed since. */
void gt_depends_register(struct gt_depends *d, struct gt_controller *c, struct gt_key key,
			 const struct gt_ref *refs, size_t n, uint64_t since);
/* Whatever key of c waits for no longer wakes it. */
void gt_depends_forget(struct gt_depends *d, struct gt_controller *c, struct gt_key key);

/* An informer's handler; arg is the gt_depends. */
void gt_depends_changed(void *arg, const struct gt_informer_event *ev);

#endif
