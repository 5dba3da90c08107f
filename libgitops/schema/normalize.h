/*
 * Objects as Go's typed clients see them.
 *
 * upstream: apimachinery's unstructured converter there and back, and what kustomize-controller
 * makes of every object before it applies it.
 */
#ifndef GT_SCHEMA_NORMALIZE_H
#define GT_SCHEMA_NORMALIZE_H

#include "base/arena.h"
#include "base/err.h"
#include "schema/type.h"
#include "text/node.h"

/*
 * The typed form of a value and back: unknown fields vanish, empty optional fields vanish,
 * required ones appear with their zero, quantities, times and base64 become canonical.  Keys come
 * out in byte order.  in is not changed; untyped parts are shared with it.
 *
 * t must be of a fact table.  GT_E_INVALID names the field whose value has the wrong type (a
 * number that does not fit its field is one, where Go would wrap round), GT_E_BUDGET as ever.
 */
int gt_typed_round_trip(struct gt_arena *a, struct gt_type t, const struct gt_node *in,
			struct gt_node **ret, struct gt_err *err);

/*
 * Normalises one object in place.  Kinds of client-go take the round trip, if they can; then
 * ports of containers and Services get protocol TCP, stringData of Secrets is folded into data.
 * Every object gets metadata.creationTimestamp null and, unless it is a
 * CustomResourceDefinition, loses its status.  Roles and ClusterRoles of rbac v1 stay as they are.
 *
 * Fails with GT_E_BUDGET only.
 */
int gt_normalize(struct gt_arena *a, struct gt_node *obj, struct gt_err *err);

#endif
