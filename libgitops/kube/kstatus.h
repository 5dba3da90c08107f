/*
 * kstatus - is an object as it should be?  Pure functions of the object (upstream: cli-utils
 * pkg/kstatus with Flux's reader for Jobs).  Any thread.
 */
#ifndef GT_KUBE_KSTATUS_H
#define GT_KUBE_KSTATUS_H

#include "kube/resource.h"
#include "text/node.h"

enum gt_status {
	GT_STATUS_UNKNOWN,
	GT_STATUS_NOT_FOUND,
	GT_STATUS_IN_PROGRESS,
	GT_STATUS_FAILED,
	GT_STATUS_CURRENT,
	GT_STATUS_TERMINATING,
};

/* "Current", "InProgress", ... */
const char *gt_status_name(enum gt_status s);

struct gt_kstatus {
	enum gt_status status;
	const char *reason;  /* "" for none; static or in the arena */
	const char *message; /* in the arena or static */
};

/* obj NULL is NotFound.  A failure (malformed fields) is INVALID and leaves UNKNOWN. */
int gt_kstatus(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
	       struct gt_err *err);

/* The paths an object is judged by; what a projection for health must keep. */
extern const char *const gt_kstatus_paths[];

#endif
