#include "ssa/walk.h"

enum ssa_shape ssa_shape(struct gt_type type, const struct gt_node *value)
{
	if (gt_type_is_atomic(type))
		return SSA_LEAF;
	switch (gt_type_kind(type)) {
	case GT_TYPE_UNTYPED:
		/* Maps merge, lists and scalars are values; null takes the form of the other. */
		return gt_node_is_null(value) || gt_node_is(value, GT_MAP) ? SSA_MAP : SSA_LEAF;
	case GT_TYPE_LIST: return SSA_LIST;
	case GT_TYPE_MAP:
	case GT_TYPE_STRUCT: return SSA_MAP;
	case GT_TYPE_NONE:
	case GT_TYPE_SCALAR: break;
	}
	return SSA_LEAF;
}

/* The default of a key, as a node; NULL when it has none. */
static struct gt_node *key_default(struct gt_arena *a, struct gt_type item, const char *key)
{
	struct gt_field field;

	if (!gt_type_field(item, key, strlen(key), &field) || !field.key_default)
		return NULL;
	switch (gt_type_scalar(field.type)) {
	case GT_SCALAR_INT32:
	case GT_SCALAR_INT64: return gt_node_number(a, GT_INT, gt_str(field.key_default));
	case GT_SCALAR_BOOL: return gt_node_bool(a, gt_streq(field.key_default, "true"));
	default: return gt_node_str(a, field.key_default);
	}
}

static void sort_keys(struct gt_ssa_key *keys, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		for (uint32_t j = i; j > 0 && gt_str_cmp(keys[j].name, keys[j - 1].name) < 0; j--) {
			struct gt_ssa_key swap = keys[j];
			keys[j] = keys[j - 1];
			keys[j - 1] = swap;
		}
	}
}

static const char *keyed_elem(struct gt_arena *a, struct gt_type list, const struct gt_node *item,
			      struct gt_ssa_elem *ret_elem)
{
	struct gt_type elem = gt_type_elem(list);
	struct gt_ssa_key *keys;
	uint32_t n = 0, count = 0;

	if (gt_node_is_null(item))
		return "associative list with keys may not have a null element";
	if (!gt_node_is(item, GT_MAP))
		return "associative list with keys may not have non-map elements";
	while (gt_type_key(list, count))
		count++;
	keys = gt_arena_calloc(a, count, sizeof *keys);
	if (!keys)
		return NULL;
	for (uint32_t i = 0; i < count; i++) {
		const char *name = gt_type_key(list, i);
		const struct gt_node *value = gt_node_get(item, name);
		if (!value)
			value = key_default(a, elem, name);
		if (value)
			keys[n++] = (struct gt_ssa_key){gt_str(name), value};
	}
	if (n == 0)
		return "associative list with keys has an element that omits all key fields";
	sort_keys(keys, n);
	*ret_elem = (struct gt_ssa_elem){.kind = GT_SSA_KEY, .n_keys = n, .keys = keys};
	return NULL;
}

const char *ssa_item_elem(struct gt_arena *a, struct gt_type list, const struct gt_node *item,
			  size_t index, struct gt_ssa_elem *ret_elem)
{
	*ret_elem = (struct gt_ssa_elem){.kind = GT_SSA_INDEX, .index = (int64_t)index};
	if (gt_type_list(list) == GT_LIST_MAP)
		return keyed_elem(a, list, item, ret_elem);
	switch (gt_node_kind(item)) {
	case GT_MAP: return "associative list without keys has an element that's a map type";
	case GT_SEQ: return "not supported: associative list with lists as elements";
	case GT_NULL: return "associative list without keys has an element that's an explicit null";
	default: *ret_elem = (struct gt_ssa_elem){.kind = GT_SSA_VALUE, .value = item}; return NULL;
	}
}

static int index_cmp(const void *x, const void *y, void *arg)
{
	const uint32_t *i = x, *j = y;
	const struct gt_ssa_elem *elems = arg;
	int c = gt_ssa_elem_cmp(&elems[*i], &elems[*j]);

	return c != 0 ? c : *i < *j ? -1 : 1;
}

void ssa_index(struct gt_arena *a, struct gt_type list, const struct gt_node *seq,
	       struct ssa_index *ret_index)
{
	size_t n = gt_node_is(seq, GT_SEQ) ? gt_node_count(seq) : 0;
	struct ssa_index ix = {0};

	if (n > 0) {
		ix.elems = gt_arena_calloc(a, n, sizeof *ix.elems);
		ix.order = gt_arena_calloc(a, n, sizeof *ix.order);
	}
	if (ix.elems && ix.order) {
		ix.n = (uint32_t)n;
		for (uint32_t i = 0; i < ix.n; i++) {
			ssa_item_elem(a, list, gt_node_item(seq, i), i, &ix.elems[i]);
			ix.order[i] = i;
		}
		qsort_r(ix.order, n, sizeof *ix.order, index_cmp, ix.elems);
	}
	*ret_index = ix;
}

uint32_t ssa_index_find(const struct ssa_index *ix, const struct gt_ssa_elem *e,
			uint32_t *ret_first)
{
	uint32_t lo = 0, hi = ix->n, count = 0;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (gt_ssa_elem_cmp(&ix->elems[ix->order[mid]], e) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo + count < ix->n && gt_ssa_elem_cmp(&ix->elems[ix->order[lo + count]], e) == 0)
		count++;
	if (count > 0)
		*ret_first = ix->order[lo];
	return count;
}
