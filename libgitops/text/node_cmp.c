/* Equality and hashing by meaning. */
#include <string.h>

#include "base/map.h"
#include "text/node.h"
#include "text/node_impl.h"
#include "text/number.h"

static bool is_number(const struct gt_node *n)
{
	return n->kind == GT_INT || n->kind == GT_FLOAT;
}

static bool maps_equal(const struct gt_node *x, const struct gt_node *y)
{
	if (x->n != y->n)
		return false;
	for (uint32_t i = 0; i < x->n; i++) {
		const struct gt_pair *p = &x->pairs->v[i], *q = &y->pairs->v[i];

		/* Most often the keys are in the same order. */
		if (p->len != q->len || memcmp(p->key, q->key, p->len) != 0) {
			size_t at = gt_node__find(y, gt_strn(p->key, p->len));
			if (at == SIZE_MAX)
				return false;
			q = &y->pairs->v[at];
		}
		if (!gt_node_equal(p->value, q->value))
			return false;
	}
	return true;
}

bool gt_node_equal(const struct gt_node *x, const struct gt_node *y)
{
	if (x == y)
		return true;
	if (gt_node_is_null(x) || gt_node_is_null(y))
		return gt_node_is_null(x) && gt_node_is_null(y);
	if (is_number(x) && is_number(y))
		return gt_number_cmp(gt_node_text(x), gt_node_text(y)) == 0;
	if (x->kind != y->kind)
		return false;
	switch ((enum gt_kind)x->kind) {
	case GT_BOOL: return x->truth == y->truth;
	case GT_STR: return x->n == y->n && memcmp(x->s, y->s, x->n) == 0;
	case GT_MAP: return maps_equal(x, y);
	case GT_SEQ:
		if (x->n != y->n)
			return false;
		for (uint32_t i = 0; i < x->n; i++) {
			if (!gt_node_equal(x->items->v[i], y->items->v[i]))
				return false;
		}
		return true;
	default: return true;
	}
}

static uint64_t combine(uint64_t h, uint64_t with)
{
	uint64_t both[2] = {h, with};

	return gt_hash_bytes(both, sizeof both);
}

uint64_t gt_node_hash(const struct gt_node *n)
{
	uint64_t h;

	switch (gt_node_kind(n)) {
	case GT_NULL: return 1;
	case GT_BOOL: return n->truth ? 3 : 2;
	case GT_INT:
	case GT_FLOAT: return combine(4, gt_number_hash(gt_node_text(n)));
	case GT_STR: return combine(5, gt_hash_bytes(n->s, n->n));
	case GT_SEQ:
		h = 6;
		gt_seq_for_each (n, item)
			h = combine(h, gt_node_hash(item));
		return h;
	case GT_MAP:
		h = 0;
		gt_map_each(n, pair) /* a sum, as the order does not count */
			h +=
			combine(gt_hash_bytes(pair->key, pair->len), gt_node_hash(pair->value));
		return combine(7, h);
	}
	return 0;
}
