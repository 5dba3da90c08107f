/* The rules of the built-in kinds (kube/kstatus_kinds.c) and their helpers. */
#ifndef GT_KUBE_KSTATUS_INT_H
#define GT_KUBE_KSTATUS_INT_H

#include "kube/kstatus.h"

typedef int (*gt_kstatus_fn)(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
			     struct gt_err *err);

/* NULL when the kind has no rule of its own. */
gt_kstatus_fn gt_kstatus__rule(const char *group, const char *kind);

int gt_kstatus__set(struct gt_kstatus *ret, enum gt_status status, const char *reason,
		    const char *message);
const struct gt_node *gt_kstatus__condition(const struct gt_node *obj, const char *type);
bool gt_kstatus__is(const struct gt_node *cond, const char *status);

#endif
