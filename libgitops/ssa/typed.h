/*
 * Documents seen through their types: which paths a document sets, how two documents merge and
 * differ, what is left when paths are taken out.
 *
 * Everything lives in the arena of the caller; results share unchanged parts with the inputs, which
 * are never changed.  The caller checks the arena at the end of a step.  One owner at a time.
 *
 * upstream: structured-merge-diff, typed values
 */
#ifndef GT_SSA_TYPED_H
#define GT_SSA_TYPED_H

#include "ssa/set.h"

/*
 * Checks an applied document against its type: undeclared fields, kinds of values, list items
 * without keys, and doubled items unless allowed.  GT_E_INVALID lists all of them as upstream does:
 * ".spec.foo: field not declared in schema".
 */
int gt_ssa_check(struct gt_type type, const struct gt_node *doc, bool allow_doubles,
		 struct gt_err *err);

/* The paths that the document sets. */
struct gt_ssa_set *gt_ssa_to_set(struct gt_arena *a, struct gt_type type,
				 const struct gt_node *doc);

/* The document live with config merged into it.  GT_E_INVALID on doubled items in config. */
int gt_ssa_merge(struct gt_arena *a, struct gt_type type, const struct gt_node *live,
		 const struct gt_node *config, struct gt_node **ret_doc, struct gt_err *err);

struct gt_ssa_diff {
	struct gt_ssa_set *removed, *modified, *added;
};
struct gt_ssa_diff gt_ssa_compare(struct gt_arena *a, struct gt_type type,
				  const struct gt_node *old_doc, const struct gt_node *new_doc);

/* The document without the items of the set; NULL when nothing is left. */
struct gt_node *gt_ssa_remove(struct gt_arena *a, struct gt_type type, const struct gt_node *doc,
			      const struct gt_ssa_set *set);

/*
 * The set after a change of schema: what became atomic is owned whole.  Returns s itself when
 * nothing changes.
 */
struct gt_ssa_set *gt_ssa_reconcile(struct gt_arena *a, struct gt_type type, struct gt_ssa_set *s);

#endif
