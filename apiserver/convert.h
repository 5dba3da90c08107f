/*
 * Between the versions of a resource.  Custom resources share one form under all versions; of the
 * built-in ones autoscalers and events have more than one.
 */
#ifndef AS_CONVERT_H
#define AS_CONVERT_H

#include "resource.h"

/* Whether reading the version needs more than the stored bytes. */
bool as_convert_needed(const struct as_resource *r, const struct as_version *v);

/* The object, in whatever version it is, in another; a shallow copy where it changes. */
struct gt_node *as_convert(struct gt_arena *a, const struct as_resource *r,
			   const struct as_version *to, struct gt_node *obj);

/* From any version to the one that is stored. */
struct gt_node *as_convert_stored(struct gt_arena *a, const struct as_resource *r,
				  struct gt_node *obj);

#endif
