/*
 * What is not yet honoured is refused, never ignored.
 *
 * The CRDs are complete; a controller may not be.  An object that sets a field which this version
 * does not honour becomes Ready=False and Stalled=True with reason NotSupported and the field's
 * name; nothing is fetched, applied or deleted for it.  Each controller has one table a kind.
 */
#ifndef GT_RUNTIME_UNSUPPORTED_H
#define GT_RUNTIME_UNSUPPORTED_H

#include "runtime/reconcile.h"

#define GT_REASON_NOT_SUPPORTED "NotSupported"

struct gt_unsupported {
	const char *field; /* "spec.decryption"; NULL ends a table */
	/* The only value refused, for enumerations ("aws"); NULL: any that is set. */
	const char *value;
};

/*
 * The first row whose field the object sets, or NULL.  Null, false, "" and empty lists and maps do
 * not count as set.  A field may cross a list with "[]": "spec.dependsOn[].readyExpr".  Pure.
 */
const struct gt_unsupported *gt_unsupported_find(const struct gt_unsupported *table,
						 const struct gt_node *obj);

/*
 * Writes the refusal to status, with an event the first time, and ends the run; row NULL refuses
 * the whole kind.  Worker thread.
 */
int gt_unsupported_refuse(struct gt_reconcile *r, const struct gt_resource *res,
			  const struct gt_unsupported *row, struct gt_next *next,
			  struct gt_err *err);

#endif
