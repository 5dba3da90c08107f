/* What the walks over typed documents share.  Private to this folder. */
#ifndef GT_SSA_WALK_H
#define GT_SSA_WALK_H

#include "ssa/typed.h"

/* How a place of a document is merged. */
enum ssa_shape {
	SSA_LEAF, /* as one value */
	SSA_MAP,  /* key by key */
	SSA_LIST, /* item by item */
};
enum ssa_shape ssa_shape(struct gt_type type, const struct gt_node *value);

/*
 * The element that names an item of a list map or set.  On an item without identity *ret_elem is
 * its index, and the reason is returned (a static text, or NULL when all is well).
 */
const char *ssa_item_elem(struct gt_arena *a, struct gt_type list, const struct gt_node *item,
			  size_t index, struct gt_ssa_elem *ret_elem);

/* The items of a list with their elements, findable by element. */
struct ssa_index {
	struct gt_ssa_elem *elems; /* by position */
	uint32_t *order;           /* positions, by element and then position */
	uint32_t n;
};
void ssa_index(struct gt_arena *a, struct gt_type list, const struct gt_node *seq,
	       struct ssa_index *ret_index);
/* How many items have the element; *ret_first is the position of the first. */
uint32_t ssa_index_find(const struct ssa_index *ix, const struct gt_ssa_elem *e,
			uint32_t *ret_first);

/* A map or sequence without content, null, or nothing. */
static inline bool ssa_blank(const struct gt_node *n)
{
	return gt_node_count(n) == 0;
}

/* The node if it is of the kind, else NULL. */
static inline const struct gt_node *ssa_as(const struct gt_node *n, enum gt_kind kind)
{
	return gt_node_is(n, kind) ? n : NULL;
}

#endif
