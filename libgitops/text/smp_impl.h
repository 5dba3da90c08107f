/* The two halves of strategic merge: maps in smp.c, lists in smp_list.c.  Private. */
#ifndef GT_TEXT_SMP_IMPL_H
#define GT_TEXT_SMP_IMPL_H

#include "text/smp.h"

struct gt_smp {
	struct gt_arena *a;
	const struct gt_smp_schema *schema;
	struct gt_err *err;
};

int gt_smp__fail(struct gt_smp *s, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

int gt_smp__merge_map(struct gt_smp *s, const void *type, const struct gt_node *doc,
		      const struct gt_node *patch, struct gt_node **ret);

/* The value as it is stored where nothing was before: without directives, and without nulls, which
 * an API server drops when it decodes the result.  NULL when the value is itself a directive. */
struct gt_node *gt_smp__clean(struct gt_smp *s, const struct gt_node *n);

/* Merges a list whose strategy is to merge. */
int gt_smp__merge_list(struct gt_smp *s, const struct gt_smp_field *field,
		       const struct gt_node *doc, const struct gt_node *patch,
		       struct gt_node **ret);

/* The list without the items of del, which are scalars. */
struct gt_node *gt_smp__delete_from(struct gt_smp *s, const struct gt_node *list,
				    const struct gt_node *del);

/*
 * The list with the items that `order` names in its order, the others where the server's list has
 * them.  key is NULL for scalars.
 */
int gt_smp__reorder(struct gt_smp *s, const struct gt_node *list, const struct gt_node *order,
		    const struct gt_node *server, const char *key, struct gt_node **ret);

/* $setElementOrder must name the items of the patch, in the same order. */
int gt_smp__check_order(struct gt_smp *s, const struct gt_node *patch, const struct gt_node *order,
			const char *key);

#endif
