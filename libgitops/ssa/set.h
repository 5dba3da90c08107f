/*
 * gt_ssa_set - a set of paths into a document: what a field manager owns.
 *
 * A path is a list of elements: a field name, the keys of an item of a list map, the value of an
 * item of a set, or an index.  The set is a tree: each entry of a level may be a member (the path
 * that ends there) and may have children.  Entries are kept in the order in which upstream writes
 * them to metadata.managedFields: names, keys, values, indexes.
 *
 * Sets live in an arena, borrow the texts and nodes they were made from, and are not changed by
 * the operations: results share what they can.  NULL is the empty set.  One owner at a time.
 *
 * upstream: structured-merge-diff, field paths
 */
#ifndef GT_SSA_SET_H
#define GT_SSA_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "schema/type.h"
#include "text/node.h"

enum gt_ssa_elem_kind { GT_SSA_FIELD, GT_SSA_KEY, GT_SSA_VALUE, GT_SSA_INDEX };

struct gt_ssa_key {
	struct gt_str name;
	const struct gt_node *value;
};

struct gt_ssa_elem {
	enum gt_ssa_elem_kind kind;
	uint32_t n_keys;
	union {
		struct gt_str name;            /* FIELD */
		const struct gt_ssa_key *keys; /* KEY, by name */
		const struct gt_node *value;   /* VALUE */
		int64_t index;                 /* INDEX */
	};
};

struct gt_ssa_set;

struct gt_ssa_entry {
	struct gt_ssa_elem elem;
	struct gt_ssa_set *child; /* NULL: nothing below */
	bool member;
};

struct gt_ssa_set {
	struct gt_ssa_entry *v; /* in order */
	uint32_t n, cap;
};

/* Order of elements, and of the values in them: number, string, bool, list, map, null. */
int gt_ssa_elem_cmp(const struct gt_ssa_elem *a, const struct gt_ssa_elem *b);
int gt_ssa_value_cmp(const struct gt_node *a, const struct gt_node *b);

/* ".name", "[key=value,...]", "[=value]", "[3]". */
void gt_ssa_elem_print(struct gt_buf *out, const struct gt_ssa_elem *e);

static inline struct gt_ssa_elem gt_ssa_field(struct gt_str name)
{
	return (struct gt_ssa_elem){.kind = GT_SSA_FIELD, .name = name};
}

/* --- building ----------------------------------------------------------------------------- */
struct gt_ssa_set *gt_ssa_set_new(struct gt_arena *a);

/* The entry of e, added if missing; NULL when the arena is spent.  Invalid after the next call. */
struct gt_ssa_entry *gt_ssa_set_entry(struct gt_arena *a, struct gt_ssa_set *s,
				      const struct gt_ssa_elem *e);

/* Adds the path; an empty one is ignored. */
void gt_ssa_set_insert(struct gt_arena *a, struct gt_ssa_set *s, const struct gt_ssa_elem *path,
		       size_t n);

/* --- asking ------------------------------------------------------------------------------- */
bool gt_ssa_set_empty(const struct gt_ssa_set *s);
bool gt_ssa_set_equal(const struct gt_ssa_set *a, const struct gt_ssa_set *b);
const struct gt_ssa_entry *gt_ssa_set_find(const struct gt_ssa_set *s, const struct gt_ssa_elem *e);
bool gt_ssa_set_has(const struct gt_ssa_set *s, const struct gt_ssa_elem *path, size_t n);

/* Calls fn for each path: the members of a level first, then what is below. */
void gt_ssa_set_each(const struct gt_ssa_set *s,
		     void (*fn)(void *arg, const struct gt_ssa_elem *path, size_t n), void *arg);

/* --- algebra ------------------------------------------------------------------------------ */
struct gt_ssa_set *gt_ssa_union(struct gt_arena *a, const struct gt_ssa_set *x,
				const struct gt_ssa_set *y);
struct gt_ssa_set *gt_ssa_intersection(struct gt_arena *a, const struct gt_ssa_set *x,
				       const struct gt_ssa_set *y);
/* Exactly the paths of x that are not in y; the recursive form also drops what is below them. */
struct gt_ssa_set *gt_ssa_difference(struct gt_arena *a, const struct gt_ssa_set *x,
				     const struct gt_ssa_set *y);
struct gt_ssa_set *gt_ssa_recursive_difference(struct gt_arena *a, const struct gt_ssa_set *x,
					       const struct gt_ssa_set *y);
/* Only the paths at or below the members of y. */
struct gt_ssa_set *gt_ssa_only_below(struct gt_arena *a, const struct gt_ssa_set *x,
				     const struct gt_ssa_set *y);
/* Declared struct fields that have children become members. */
struct gt_ssa_set *gt_ssa_ensure_named(struct gt_arena *a, const struct gt_ssa_set *s,
				       struct gt_type type);

/* --- fieldsV1 ----------------------------------------------------------------------------- */
/* Unknown kinds of elements are skipped; GT_E_INVALID names a malformed one. */
int gt_ssa_fields_parse(struct gt_arena *a, const struct gt_node *fields,
			struct gt_ssa_set **ret_set, struct gt_err *err);
struct gt_node *gt_ssa_fields_node(struct gt_arena *a, const struct gt_ssa_set *s);

#endif
