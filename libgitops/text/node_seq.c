/* Sequences: a growing array of nodes. */
#include <string.h>

#include "text/node.h"
#include "text/node_impl.h"

struct gt_node *gt_node_seq(struct gt_arena *a)
{
	return gt_node__new(a, GT_SEQ);
}

static struct gt_items *items_new(struct gt_arena *a, size_t cap)
{
	if (cap > UINT32_MAX) {
		a->failed = true;
		return NULL;
	}
	struct gt_items *items = gt_node__alloc(a, sizeof *items + cap * sizeof items->v[0]);
	if (items)
		items->cap = (uint32_t)cap;
	return items;
}

struct gt_node *gt_node__seq_of(struct gt_arena *a, const struct gt_pair *pairs, size_t n)
{
	struct gt_node *seq = gt_node_seq(a);

	if (!seq || n == 0)
		return seq;
	seq->items = items_new(a, n);
	if (!seq->items)
		return NULL;
	for (size_t i = 0; i < n; i++)
		seq->items->v[i] = pairs[i].value;
	seq->n = (uint32_t)n;
	return seq;
}

struct gt_node *gt_node_item(const struct gt_node *seq, size_t i)
{
	return gt_node_is(seq, GT_SEQ) && i < seq->n ? seq->items->v[i] : NULL;
}

static bool seq_grow(struct gt_arena *a, struct gt_node *seq)
{
	size_t cap = seq->items ? seq->items->cap : 0;

	if (seq->n < cap)
		return true;
	struct gt_items *items = items_new(a, cap ? cap * 2 : 4);
	if (!items)
		return false;
	if (seq->n)
		memcpy(items->v, seq->items->v, seq->n * sizeof items->v[0]);
	seq->items = items;
	return true;
}

void gt_node_insert(struct gt_arena *a, struct gt_node *seq, size_t i, struct gt_node *item)
{
	if (!gt_node_is(seq, GT_SEQ) || !item || !seq_grow(a, seq))
		return;
	if (i > seq->n)
		i = seq->n;
	memmove(&seq->items->v[i + 1], &seq->items->v[i], (seq->n - i) * sizeof seq->items->v[0]);
	seq->items->v[i] = item;
	seq->n++;
}

void gt_node_append(struct gt_arena *a, struct gt_node *seq, struct gt_node *item)
{
	gt_node_insert(a, seq, SIZE_MAX, item);
}

void gt_node_put(struct gt_node *seq, size_t i, struct gt_node *item)
{
	if (gt_node_is(seq, GT_SEQ) && i < seq->n && item)
		seq->items->v[i] = item;
}

void gt_node_remove(struct gt_node *seq, size_t i)
{
	if (!gt_node_is(seq, GT_SEQ) || i >= seq->n)
		return;
	seq->n--;
	memmove(&seq->items->v[i], &seq->items->v[i + 1], (seq->n - i) * sizeof seq->items->v[0]);
}

struct item_order {
	int (*cmp)(const struct gt_node *x, const struct gt_node *y, void *arg);
	void *arg;
};

/* One round of a merge sort: runs of `width` in from become runs of twice that in to. */
static void merge_round(struct gt_node **from, struct gt_node **to, size_t n, size_t width,
			const struct item_order *order)
{
	for (size_t start = 0; start < n; start += 2 * width) {
		size_t x = start, mid = start + width < n ? start + width : n;
		size_t y = mid, end = mid + width < n ? mid + width : n;

		for (size_t at = start; at < end; at++) {
			bool left = y == end ||
				    (x < mid && order->cmp(from[x], from[y], order->arg) <= 0);
			to[at] = left ? from[x++] : from[y++];
		}
	}
}

void gt_node_sort_items(struct gt_node *seq,
			int (*cmp)(const struct gt_node *x, const struct gt_node *y, void *arg),
			void *arg)
{
	struct item_order order = {cmp, arg};

	if (!gt_node_is(seq, GT_SEQ) || seq->n < 2)
		return;
	size_t n = seq->n;
	gt_autofree struct gt_node **spare = gt_xcalloc(n, sizeof *spare);
	struct gt_node **from = seq->items->v, **to = spare;
	for (size_t width = 1; width < n; width *= 2) {
		merge_round(from, to, n, width, &order);
		struct gt_node **swap = from;
		from = to;
		to = swap;
	}
	if (from != seq->items->v)
		memcpy(seq->items->v, from, n * sizeof *from);
}
