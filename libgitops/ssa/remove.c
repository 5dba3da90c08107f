/* Taking paths out of a document, and owned paths after a change of schema. */
#include "ssa/walk.h"

#include "base/limits.h"

static struct gt_node *remove_list(struct gt_arena *a, struct gt_type type,
				   const struct gt_node *list, const struct gt_ssa_set *set)
{
	struct gt_node *out = gt_node_seq(a);

	for (size_t i = 0; i < gt_node_count(list); i++) {
		struct gt_node *item = gt_node_item(list, i);
		struct gt_ssa_elem e;
		ssa_item_elem(a, type, item, i, &e);
		const struct gt_ssa_entry *entry = gt_ssa_set_find(set, &e);
		if (entry && entry->member)
			continue;
		if (entry && !gt_ssa_set_empty(entry->child))
			item = gt_ssa_remove(a, gt_type_elem(type), item, entry->child);
		gt_node_append(a, out, item ? item : gt_node_null(a));
	}
	return gt_node_count(out) > 0 ? out : NULL;
}

static struct gt_node *remove_map(struct gt_arena *a, struct gt_type type,
				  const struct gt_node *map, const struct gt_ssa_set *set)
{
	struct gt_node *out = gt_node_map(a);

	gt_map_each(map, p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		struct gt_ssa_elem e = gt_ssa_field(key);
		const struct gt_ssa_entry *entry = gt_ssa_set_find(set, &e);
		struct gt_node *value = p->value;
		if (entry && entry->member)
			continue;
		if (entry && !gt_ssa_set_empty(entry->child))
			value = gt_ssa_remove(a, gt_type_child(type, p->key, p->len), value,
					      entry->child);
		gt_node_setn(a, out, key, value ? value : gt_node_null(a));
	}
	return gt_node_count(out) > 0 ? out : NULL;
}

struct gt_node *gt_ssa_remove(struct gt_arena *a, struct gt_type type, const struct gt_node *doc,
			      const struct gt_ssa_set *set)
{
	switch (ssa_shape(type, doc)) {
	case SSA_LIST:
		return ssa_blank(ssa_as(doc, GT_SEQ)) ? NULL : remove_list(a, type, doc, set);
	case SSA_MAP: return ssa_blank(ssa_as(doc, GT_MAP)) ? NULL : remove_map(a, type, doc, set);
	case SSA_LEAF: break;
	}
	/* Below an atomic container nothing can be taken out: it goes whole. */
	if (gt_node_is(doc, GT_MAP) || gt_node_is(doc, GT_SEQ))
		return NULL;
	return (struct gt_node *)(uintptr_t)doc;
}

/* --- changed schemas ---------------------------------------------------------------------- */

static bool container(struct gt_type type)
{
	enum gt_type_kind k = gt_type_kind(type);

	return k == GT_TYPE_LIST || k == GT_TYPE_MAP || k == GT_TYPE_STRUCT;
}

static struct gt_ssa_set *reconcile(struct gt_arena *a, struct gt_type type, struct gt_ssa_set *s,
				    bool *ret_collapse)
{
	struct gt_ssa_set *out = s;

	*ret_collapse = false;
	if (!container(type) || !s || s->n == 0)
		return s;
	if (gt_type_is_atomic(type)) {
		*ret_collapse = !gt_ssa_set_empty(s);
		return s;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		struct gt_ssa_entry *e = &s->v[i];
		struct gt_type below = gt_type_elem(type);
		bool collapse;
		if (e->elem.kind == GT_SSA_FIELD)
			below = gt_type_child(type, e->elem.name.p, e->elem.name.n);
		struct gt_ssa_set *child = reconcile(a, below, e->child, &collapse);
		if (!collapse && child == e->child)
			continue;
		if (out == s)
			out = gt_ssa_union(a, s, NULL);
		struct gt_ssa_entry *mine = gt_ssa_set_entry(a, out, &e->elem);
		if (!mine)
			break;
		mine->child = collapse ? NULL : child;
		mine->member |= collapse;
	}
	return out;
}

struct gt_ssa_set *gt_ssa_reconcile(struct gt_arena *a, struct gt_type type, struct gt_ssa_set *s)
{
	bool collapse;

	return reconcile(a, type, s, &collapse);
}
