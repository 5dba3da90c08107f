/*
 * Types made at run time from the structural schema of a CustomResourceDefinition.
 *
 * upstream: what the API server's apply sees of a published CRD: the root and embedded objects
 * have apiVersion, kind and the built-in ObjectMeta; a formatted string (other than byte) is any
 * scalar; an object that declares nothing may hold anything; preserving unknown fields holds for
 * everything below; a list without a list type is atomic.
 */
#ifndef GT_SCHEMA_DYNAMIC_H
#define GT_SCHEMA_DYNAMIC_H

#include "base/arena.h"
#include "schema/type.h"
#include "text/node.h"

/*
 * Makes the type of a whole custom resource from spec.versions[].schema.openAPIV3Schema; NULL or
 * a null schema gives an object that may hold anything.  The type lives in the arena, as long as
 * nobody resets it, and refers to no text of the schema.
 *
 * GT_E_INVALID names the place in the schema that cannot be understood, GT_E_BUDGET a schema
 * that is deeper than GT_LIMIT_DEPTH or bigger than the arena.  Any thread.
 */
int gt_dynamic_type(struct gt_arena *a, const struct gt_node *schema, struct gt_type *ret,
		    struct gt_err *err);

#endif
