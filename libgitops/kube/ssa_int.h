/* The parts of kube/ssa.h that kube/ssa.c puts together. */
#ifndef GT_KUBE_SSA_INT_H
#define GT_KUBE_SSA_INT_H

#include "kube/ssa.h"

/* Whether label or annotation <group>/<key> of obj is value, whatever its case. */
bool gt_ssa__policy(const struct gt_node *obj, const char *group, const char *key,
		    const char *value);

/* The JSON patch that removes leftovers of other tools from live's metadata and takes their fields
 * over; an empty sequence when there is nothing to do. */
struct gt_node *gt_ssa__cleanup_ops(struct gt_arena *a, const struct gt_node *live,
				    const struct gt_ssa_opts *opts);

/* Whether the dry run's result differs from what is there. */
bool gt_ssa__differs(struct gt_arena *a, const struct gt_node *live, const struct gt_node *merged);

/* Removes a conversion webhook's caBundle that holds no certificate. */
void gt_ssa__fix_crd(struct gt_node *crd);

#endif
