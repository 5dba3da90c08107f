/*
 * Conditions of an object (status.conditions), as Flux's runtime keeps them.
 *
 * Setting one stamps observedGeneration with metadata.generation, moves lastTransitionTime only
 * when status, reason or message changed, cuts messages at 32768 bytes and keeps the list in order:
 * Stalled, Reconciling, Ready, then by observedGeneration and type.  One owner at a time.
 */
#ifndef GT_KUBE_CONDITIONS_H
#define GT_KUBE_CONDITIONS_H

#include "text/node.h"

#define GT_COND_READY "Ready"
#define GT_COND_RECONCILING "Reconciling"
#define GT_COND_STALLED "Stalled"
#define GT_COND_HEALTHY "Healthy"

enum gt_cond_status { GT_COND_UNKNOWN, GT_COND_TRUE, GT_COND_FALSE };

/* The condition of a type, or NULL. */
struct gt_node *gt_cond_get(const struct gt_node *obj, const char *type);
bool gt_cond_has(const struct gt_node *obj, const char *type);
/* UNKNOWN when absent. */
enum gt_cond_status gt_cond_status(const struct gt_node *obj, const char *type);
bool gt_cond_is_true(const struct gt_node *obj, const char *type);
bool gt_cond_is_false(const struct gt_node *obj, const char *type);
const char *gt_cond_reason(const struct gt_node *obj, const char *type);  /* "" when absent */
const char *gt_cond_message(const struct gt_node *obj, const char *type); /* "" when absent */
const char *gt_cond_status_name(enum gt_cond_status status); /* "True", "False", "Unknown" */

void gt_cond_set(struct gt_arena *a, struct gt_node *obj, const char *type,
		 enum gt_cond_status status, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
#define gt_cond_mark_true(a, obj, type, reason, ...) \
	gt_cond_set((a), (obj), (type), GT_COND_TRUE, (reason), __VA_ARGS__)
#define gt_cond_mark_false(a, obj, type, reason, ...) \
	gt_cond_set((a), (obj), (type), GT_COND_FALSE, (reason), __VA_ARGS__)
#define gt_cond_mark_unknown(a, obj, type, reason, ...) \
	gt_cond_set((a), (obj), (type), GT_COND_UNKNOWN, (reason), __VA_ARGS__)
bool gt_cond_delete(struct gt_node *obj, const char *type); /* true when it was there */

/* Reconciling True, Stalled removed; and the other way round. */
void gt_cond_mark_reconciling(struct gt_arena *a, struct gt_node *obj, const char *reason,
			      const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void gt_cond_mark_stalled(struct gt_arena *a, struct gt_node *obj, const char *reason,
			  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Ready True and neither Stalled nor Reconciling; and the like. */
bool gt_cond_is_ready(const struct gt_node *obj);
bool gt_cond_is_stalled(const struct gt_node *obj);
bool gt_cond_is_reconciling(const struct gt_node *obj);

/* Reconciling with reason and message; Ready becomes Unknown with them too when drift is set or
 * Ready is missing or Unknown. */
void gt_cond_progressive(struct gt_arena *a, struct gt_node *obj, bool drift, const char *reason,
			 const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/*
 * Sets target from the conditions named in order (NULL-terminated): the winning group by priority
 * (True negative, False positive, True positive, False negative, Unknown), the first of it in the
 * order given.  negative (NULL-terminated) lists the types of which True is bad.  latest: only the
 * newest observedGeneration counts.  Nothing is set when none of them exists.
 */
void gt_cond_summary(struct gt_arena *a, struct gt_node *obj, const char *target,
		     const char *const *order, const char *const *negative, bool latest);

/*
 * The end of a reconcile (upstream: runtime/reconcile, result finaliser).  err NULL means no
 * error; success is the kind's own test; no_requeue kinds need no later run on success.
 */
struct gt_finish {
	bool success;               /* the result is the kind's success */
	bool nonzero;               /* a requeue or a delay was asked for */
	bool no_requeue;            /* the kind's success is "nothing" */
	bool requeue;               /* a requeue or delay below the interval was asked for */
	const char *ready_message;  /* for a Ready that nobody set */
	const char *const *summary; /* for Ready; NULL for none */
	const char *const *negative;
};
/* Returns what the run counts as: GT_OK, or an error (err's own, or Ready's message). */
int gt_cond_finish(struct gt_arena *a, struct gt_node *obj, const struct gt_finish *f, int rc,
		   struct gt_err *err);

/* The list in its order; for objects whose conditions were built by hand. */
void gt_cond_sort(struct gt_node *obj);

#endif
