/* The paths that a document sets. */
#include "ssa/walk.h"

/* Marks the entry of e in s, and gives what is below it, made when first needed. */
struct place {
	struct gt_arena *a;
	struct gt_ssa_set *set;
};

static struct gt_ssa_set *walk(struct gt_arena *a, struct gt_type type, const struct gt_node *value,
			       bool *ret_member);

static void add(struct place p, const struct gt_ssa_elem *e, bool member, struct gt_ssa_set *child)
{
	struct gt_ssa_entry *entry;

	if (!member && gt_ssa_set_empty(child))
		return;
	entry = gt_ssa_set_entry(p.a, p.set, e);
	if (entry) {
		entry->member |= member;
		entry->child = child && child->n > 0 ? child : entry->child;
	}
}

static void walk_list(struct place p, struct gt_type type, const struct gt_node *list)
{
	struct ssa_index ix;

	ssa_index(p.a, type, list, &ix);
	for (uint32_t i = 0; i < ix.n; i++) {
		const struct gt_ssa_elem *e = &ix.elems[i];
		uint32_t first;
		bool leaf;
		/* Of doubled items only the path counts. */
		struct gt_ssa_set *child =
			ssa_index_find(&ix, e, &first) > 1
				? NULL
				: walk(p.a, gt_type_elem(type), gt_node_item(list, i), &leaf);
		add(p, e, true, child);
	}
}

static void walk_map(struct place p, struct gt_type type, const struct gt_node *map)
{
	gt_map_each(map, pair)
	{
		struct gt_ssa_elem e = gt_ssa_field(gt_strn(pair->key, pair->len));
		struct gt_field field;
		bool member;
		struct gt_ssa_set *child =
			walk(p.a, gt_type_child(type, pair->key, pair->len), pair->value, &member);
		if (gt_node_is_null(pair->value) ||
		    (gt_node_is(pair->value, GT_MAP) && ssa_blank(pair->value)) ||
		    !gt_type_field(type, pair->key, pair->len, &field))
			member = true;
		add(p, &e, member, child);
	}
}

/* *ret_member says whether the place itself is set; what is below is returned. */
static struct gt_ssa_set *walk(struct gt_arena *a, struct gt_type type, const struct gt_node *value,
			       bool *ret_member)
{
	struct place p = {a, NULL};

	*ret_member = false;
	switch (ssa_shape(type, value)) {
	case SSA_LEAF: *ret_member = true; return NULL;
	case SSA_LIST:
		p.set = gt_ssa_set_new(a);
		walk_list(p, type, ssa_as(value, GT_SEQ));
		break;
	case SSA_MAP:
		p.set = gt_ssa_set_new(a);
		walk_map(p, type, ssa_as(value, GT_MAP));
		break;
	}
	return p.set;
}

struct gt_ssa_set *gt_ssa_to_set(struct gt_arena *a, struct gt_type type, const struct gt_node *doc)
{
	bool member;
	struct gt_ssa_set *set = walk(a, type, doc, &member);

	return set ? set : gt_ssa_set_new(a);
}
