/*
 * gt_correlator - which of many events are worth writing, and how (upstream: client-go
 * tools/record, the event correlator).  One owner at a time; no input or output.
 */
#ifndef GT_KUBE_EVENT_CORRELATOR_H
#define GT_KUBE_EVENT_CORRELATOR_H

#include "text/node.h"

struct gt_correlator;

struct gt_correlator *gt_correlator_new(void);
void gt_correlator_free(struct gt_correlator *c);

/* What to do with an event. */
struct gt_correlated {
	const char *key;             /* for gt_correlator_written */
	const struct gt_node *patch; /* of the existing event <ns>/<name>; NULL: create */
	const char *ns, *name;
};

/*
 * False when the event is to be dropped (a flood about one object).  Otherwise its message, count
 * and first timestamp may have been changed, and *ret says how to write it; strings live in the
 * arena.
 */
bool gt_correlator_take(struct gt_correlator *c, struct gt_arena *a, struct gt_node *event,
			int64_t now_wall, struct gt_correlated *ret);

/* The event exists under this name now. */
void gt_correlator_written(struct gt_correlator *c, const struct gt_correlated *what,
			   const char *name);

#endif
