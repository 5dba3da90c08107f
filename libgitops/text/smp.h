/*
 * Strategic merge patch with the API server's rules: $patch, $retainKeys,
 * $deleteFromPrimitiveList, $setElementOrder.  What a schema knows about a field comes through
 * struct gt_smp_schema, so that this layer needs no schema of its own.
 */
#ifndef GT_TEXT_SMP_H
#define GT_TEXT_SMP_H

#include "text/node.h"

enum gt_smp_strategy {                        /* bits */
		       GT_SMP_REPLACE = 0,    /* lists: the patch's value replaces */
		       GT_SMP_MERGE = 1 << 0, /* lists merge by key, or as sets of scalars */
		       GT_SMP_RETAIN_KEYS =
			       1 << 1, /* a map whose keys the patch lists in $retainKeys */
		       GT_SMP_REPLACE_MAP =
			       1 << 2, /* patch strategy replace, given explicitly to a map */
};

/* What the schema says about one field. */
struct gt_smp_field {
	unsigned strategy;     /* enum gt_smp_strategy bits */
	const char *merge_key; /* of a list of maps that merges, else NULL */
	const void *type;      /* of the field's value */
};

/*
 * A view of some schema.  Types are opaque and need only live for the call; NULL is the unknown
 * type, below which maps merge and lists are replaced.
 */
struct gt_smp_schema {
	/*
	 * What stands under a name in a struct, or under any key of a map of free keys.  False when
	 * the type does not declare it: it is then treated as unknown.
	 */
	bool (*field)(const struct gt_smp_schema *s, const void *type, struct gt_str name,
		      struct gt_smp_field *ret_field);
	/* The type of a list's items; NULL when unknown. */
	const void *(*element)(const struct gt_smp_schema *s, const void *type);
	void *arg;
};

/*
 * The patched tree, which shares untouched parts with doc and patch; both stay as they are.
 * schema may be NULL: nothing is known then.  GT_E_INVALID, with the http_status an API server
 * answers, for a malformed directive (400), an item without its merge key (500), a list of lists
 * (422).
 */
int gt_smp_apply(struct gt_arena *a, const struct gt_smp_schema *schema, const void *type,
		 const struct gt_node *doc, const struct gt_node *patch, struct gt_node **ret_doc,
		 struct gt_err *err);

#endif
