/* Waiting for an object: by watching it, so that the answer comes with the event. */
#ifndef CLI_WAIT_H
#define CLI_WAIT_H

#include "kinds.h"

/*
 * Judges one state of the object (NULL: deleted or absent).  1: done; 0: go on waiting; negative:
 * failed, err is set.
 */
typedef int (*wait_fn)(void *arg, const struct gt_node *obj, struct gt_err *err);

/* Until fn says done or failed, or the command's deadline. */
int wait_for_object(struct cluster *c, const struct kind *k, const char *ns, const char *name,
		    wait_fn fn, void *arg, struct gt_err *err);

/*
 * Until the current generation is ready (kstatus Current); with handled set, also until
 * status.lastHandledReconcileAt differs from it.  *ret_obj is the ready object in the arena.
 */
int wait_until_ready(struct cluster *c, const struct kind *k, const char *ns, const char *name,
		     const char *handled, struct gt_node **ret_obj, struct gt_err *err);

#endif
