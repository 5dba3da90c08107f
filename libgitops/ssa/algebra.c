/* The operations on sets: one walk over both, entries in order. */
#include "ssa/set.h"

/* Appends an entry that is known to be the last. */
static void push(struct gt_arena *a, struct gt_ssa_set *out, const struct gt_ssa_elem *e,
		 bool member, struct gt_ssa_set *child)
{
	struct gt_ssa_entry *entry;

	if (!member && gt_ssa_set_empty(child))
		return;
	entry = gt_ssa_set_entry(a, out, e);
	if (entry) {
		entry->member = member;
		entry->child = child;
	}
}

static void push_entry(struct gt_arena *a, struct gt_ssa_set *out, const struct gt_ssa_entry *e)
{
	push(a, out, &e->elem, e->member, e->child);
}

/* Steps through two sets: *ret_x and *ret_y are set where the element is in that set. */
struct zip {
	const struct gt_ssa_set *x, *y;
	uint32_t i, j;
};

static bool zip_next(struct zip *z, const struct gt_ssa_entry **ret_x,
		     const struct gt_ssa_entry **ret_y)
{
	const struct gt_ssa_entry *ex = z->x && z->i < z->x->n ? &z->x->v[z->i] : NULL;
	const struct gt_ssa_entry *ey = z->y && z->j < z->y->n ? &z->y->v[z->j] : NULL;

	if (!ex && !ey)
		return false;
	int c = !ex ? 1 : !ey ? -1 : gt_ssa_elem_cmp(&ex->elem, &ey->elem);
	*ret_x = c <= 0 ? ex : NULL;
	*ret_y = c >= 0 ? ey : NULL;
	z->i += c <= 0;
	z->j += c >= 0;
	return true;
}

struct gt_ssa_set *gt_ssa_union(struct gt_arena *a, const struct gt_ssa_set *x,
				const struct gt_ssa_set *y)
{
	struct gt_ssa_set *out = gt_ssa_set_new(a);
	struct zip z = {.x = x, .y = y};
	const struct gt_ssa_entry *ex, *ey;

	while (zip_next(&z, &ex, &ey)) {
		if (!ex || !ey) {
			push_entry(a, out, ex ? ex : ey);
			continue;
		}
		struct gt_ssa_set *child = ex->child && ey->child
						   ? gt_ssa_union(a, ex->child, ey->child)
					   : ex->child ? ex->child
						       : ey->child;
		push(a, out, &ex->elem, ex->member || ey->member, child);
	}
	return out;
}

struct gt_ssa_set *gt_ssa_intersection(struct gt_arena *a, const struct gt_ssa_set *x,
				       const struct gt_ssa_set *y)
{
	struct gt_ssa_set *out = gt_ssa_set_new(a);
	struct zip z = {.x = x, .y = y};
	const struct gt_ssa_entry *ex, *ey;

	while (zip_next(&z, &ex, &ey)) {
		if (!ex || !ey)
			continue;
		struct gt_ssa_set *child = NULL;
		if (ex->child && ey->child)
			child = gt_ssa_intersection(a, ex->child, ey->child);
		push(a, out, &ex->elem, ex->member && ey->member, child);
	}
	return out;
}

struct gt_ssa_set *gt_ssa_difference(struct gt_arena *a, const struct gt_ssa_set *x,
				     const struct gt_ssa_set *y)
{
	struct gt_ssa_set *out = gt_ssa_set_new(a);
	struct zip z = {.x = x, .y = y};
	const struct gt_ssa_entry *ex, *ey;

	while (zip_next(&z, &ex, &ey)) {
		if (!ex)
			continue;
		if (!ey) {
			push_entry(a, out, ex);
			continue;
		}
		struct gt_ssa_set *child = ex->child;
		if (child && ey->child)
			child = gt_ssa_difference(a, child, ey->child);
		push(a, out, &ex->elem, ex->member && !ey->member, child);
	}
	return out;
}

struct gt_ssa_set *gt_ssa_recursive_difference(struct gt_arena *a, const struct gt_ssa_set *x,
					       const struct gt_ssa_set *y)
{
	struct gt_ssa_set *out = gt_ssa_set_new(a);
	struct zip z = {.x = x, .y = y};
	const struct gt_ssa_entry *ex, *ey;

	while (zip_next(&z, &ex, &ey)) {
		if (!ex || (ey && ey->member))
			continue;
		struct gt_ssa_set *child = ex->child;
		if (ey && child && ey->child)
			child = gt_ssa_recursive_difference(a, child, ey->child);
		push(a, out, &ex->elem, ex->member, child);
	}
	return out;
}

struct gt_ssa_set *gt_ssa_only_below(struct gt_arena *a, const struct gt_ssa_set *x,
				     const struct gt_ssa_set *y)
{
	struct gt_ssa_set *out = gt_ssa_set_new(a);
	struct zip z = {.x = x, .y = y};
	const struct gt_ssa_entry *ex, *ey;

	while (zip_next(&z, &ex, &ey)) {
		if (!ex || !ey)
			continue;
		if (ey->member)
			push_entry(a, out, ex);
		else if (ex->child && ey->child)
			push(a, out, &ex->elem, false, gt_ssa_only_below(a, ex->child, ey->child));
	}
	return out;
}

struct gt_ssa_set *gt_ssa_ensure_named(struct gt_arena *a, const struct gt_ssa_set *s,
				       struct gt_type type)
{
	struct gt_ssa_set *out = gt_ssa_set_new(a);

	for (uint32_t i = 0; s && i < s->n; i++) {
		const struct gt_ssa_entry *e = &s->v[i];
		struct gt_type below = gt_type_elem(type);
		struct gt_field field;
		bool member = e->member;
		if (e->elem.kind == GT_SSA_FIELD) {
			struct gt_str name = e->elem.name;
			below = gt_type_child(type, name.p, name.n);
			if (e->child && gt_type_field(type, name.p, name.n, &field))
				member = true;
		}
		push(a, out, &e->elem, member,
		     e->child ? gt_ssa_ensure_named(a, e->child, below) : NULL);
	}
	return out;
}
