/*
 * How maps and sequences lie in memory, for the parsers, which build them in one piece.  Private
 * to libgitops/text.
 */
#ifndef GT_TEXT_NODE_IMPL_H
#define GT_TEXT_NODE_IMPL_H

#include "text/node.h"

/* Maps of more pairs than this have an index. */
#define GT_INDEX_FROM 16

/* Set in gt_node.flags for the time of one call and never copied: a node that a patch has made for
 * itself, a collection the YAML parser has not closed yet. */
#define GT_NODE_MARK (1u << 7)

struct gt_pairs {
	uint32_t cap;
	uint32_t mask;   /* slots - 1 */
	uint32_t *slots; /* position + 1, 0 for free; NULL in small maps */
	struct gt_pair v[];
};

/* gt_arena_alloc() with its common case in place. */
static inline void *gt_node__alloc(struct gt_arena *a, size_t n)
{
	size_t need = (n + 7) & ~(size_t)7;

	if (need > (size_t)(a->end - a->at) || a->failed || a->fail_after || n == 0)
		return gt_arena_alloc(a, n);
	void *p = a->at;
	a->at += need;
	return p;
}

/* A new node of the kind with everything else zero; NULL once the arena has failed. */
struct gt_node *gt_node__new(struct gt_arena *a, enum gt_kind kind);

/*
 * A node and its text in one allocation.  The text is left for the caller to fill in, all but its
 * NUL: (char *)(node + 1).
 */
struct gt_node *gt_node__text(struct gt_arena *a, enum gt_kind kind, size_t n);

/*
 * A map of the n pairs, which are copied.  A repeated key keeps its first place and gets the last
 * value; the first key found to be repeated is stored in *ret_dup (position of the second one in
 * pairs, SIZE_MAX when there is none), which may be NULL.
 */
struct gt_node *gt_node__map_of(struct gt_arena *a, const struct gt_pair *pairs, size_t n,
				size_t *ret_dup);

/* A sequence of the values of n pairs. */
struct gt_node *gt_node__seq_of(struct gt_arena *a, const struct gt_pair *pairs, size_t n);

/* Position of the key, or SIZE_MAX. */
size_t gt_node__find(const struct gt_node *map, struct gt_str key);

/* Fills the index again after the pairs were moved. */
void gt_node__reindex(struct gt_node *map);

/* Adds a pair whose key is known to be new and lives as long as the arena. */
void gt_node__add(struct gt_arena *a, struct gt_node *map, const struct gt_pair *pair);

#endif
