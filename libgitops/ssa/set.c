#include "ssa/set.h"

#include "base/limits.h"

/* --- elements ----------------------------------------------------------------------------- */

static int cmp_i64(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int number_cmp(const struct gt_node *a, const struct gt_node *b)
{
	int64_t ia, ib;
	double da = 0, db = 0;

	if (gt_node_get_int(a, &ia) && gt_node_get_int(b, &ib))
		return cmp_i64(ia, ib);
	gt_node_get_double(a, &da);
	gt_node_get_double(b, &db);
	return da < db ? -1 : da > db;
}

/* Numbers of both kinds rank alike. */
static int value_rank(const struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_INT:
	case GT_FLOAT: return 0;
	case GT_STR: return 1;
	case GT_BOOL: return 2;
	case GT_SEQ: return 3;
	case GT_MAP: return 4;
	case GT_NULL: break;
	}
	return 5;
}

static int seq_cmp(const struct gt_node *a, const struct gt_node *b)
{
	size_t na = gt_node_count(a), nb = gt_node_count(b);

	for (size_t i = 0; i < na && i < nb; i++) {
		int c = gt_ssa_value_cmp(gt_node_item(a, i), gt_node_item(b, i));
		if (c != 0)
			return c;
	}
	return na < nb ? -1 : na > nb;
}

/* The smallest key of map that is greater than *after (any when after is NULL). */
static const struct gt_pair *next_key(const struct gt_node *map, const struct gt_str *after)
{
	const struct gt_pair *best = NULL;

	gt_map_each(map, p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		if (after && gt_str_cmp(key, *after) <= 0)
			continue;
		if (!best || gt_str_cmp(key, gt_strn(best->key, best->len)) < 0)
			best = p;
	}
	return best;
}

/* Maps are rare as values of sets or keys, so the quadratic walk in key order is fine. */
static int map_cmp(const struct gt_node *a, const struct gt_node *b)
{
	const struct gt_pair *pa = next_key(a, NULL), *pb = next_key(b, NULL);

	while (pa && pb) {
		struct gt_str ka = gt_strn(pa->key, pa->len), kb = gt_strn(pb->key, pb->len);
		int c = gt_str_cmp(ka, kb);
		if (c == 0)
			c = gt_ssa_value_cmp(pa->value, pb->value);
		if (c != 0)
			return c;
		pa = next_key(a, &ka);
		pb = next_key(b, &kb);
	}
	return pb ? -1 : pa != NULL;
}

int gt_ssa_value_cmp(const struct gt_node *a, const struct gt_node *b)
{
	int ra = value_rank(a), rb = value_rank(b);

	if (ra != rb)
		return ra < rb ? -1 : 1;
	switch (ra) {
	case 0: return number_cmp(a, b);
	case 1: return gt_str_cmp(gt_node_text(a), gt_node_text(b));
	case 2: return (int)a->truth - (int)b->truth;
	case 3: return seq_cmp(a, b);
	case 4: return map_cmp(a, b);
	default: return 0;
	}
}

static int keys_cmp(const struct gt_ssa_elem *a, const struct gt_ssa_elem *b)
{
	for (uint32_t i = 0; i < a->n_keys && i < b->n_keys; i++) {
		int c = gt_str_cmp(a->keys[i].name, b->keys[i].name);
		if (c == 0)
			c = gt_ssa_value_cmp(a->keys[i].value, b->keys[i].value);
		if (c != 0)
			return c;
	}
	return cmp_i64(a->n_keys, b->n_keys);
}

int gt_ssa_elem_cmp(const struct gt_ssa_elem *a, const struct gt_ssa_elem *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	switch (a->kind) {
	case GT_SSA_FIELD: return gt_str_cmp(a->name, b->name);
	case GT_SSA_KEY: return keys_cmp(a, b);
	case GT_SSA_VALUE: return gt_ssa_value_cmp(a->value, b->value);
	case GT_SSA_INDEX: break;
	}
	return cmp_i64(a->index, b->index);
}

/* --- building ----------------------------------------------------------------------------- */

struct gt_ssa_set *gt_ssa_set_new(struct gt_arena *a)
{
	return gt_arena_new(a, struct gt_ssa_set);
}

/* The position of e, or where it belongs. */
static bool set_search(const struct gt_ssa_set *s, const struct gt_ssa_elem *e, uint32_t *ret_at)
{
	uint32_t lo = 0, hi = s->n;

	/* Most sets are built in order. */
	if (hi > 0 && gt_ssa_elem_cmp(&s->v[hi - 1].elem, e) < 0)
		lo = hi;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = gt_ssa_elem_cmp(&s->v[mid].elem, e);
		if (c == 0) {
			*ret_at = mid;
			return true;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret_at = lo;
	return false;
}

static bool set_grow(struct gt_arena *a, struct gt_ssa_set *s)
{
	if (s->n < s->cap)
		return true;
	uint32_t cap = s->cap ? s->cap * 2 : 4;
	struct gt_ssa_entry *v =
		gt_arena_grow(a, s->v, s->cap * sizeof *v, (size_t)cap * sizeof *v);
	if (!v)
		return false;
	s->v = v;
	s->cap = cap;
	return true;
}

struct gt_ssa_entry *gt_ssa_set_entry(struct gt_arena *a, struct gt_ssa_set *s,
				      const struct gt_ssa_elem *e)
{
	uint32_t at;

	if (!s)
		return NULL;
	if (set_search(s, e, &at))
		return &s->v[at];
	if (!set_grow(a, s))
		return NULL;
	memmove(&s->v[at + 1], &s->v[at], (s->n - at) * sizeof *s->v);
	s->v[at] = (struct gt_ssa_entry){.elem = *e};
	s->n++;
	return &s->v[at];
}

void gt_ssa_set_insert(struct gt_arena *a, struct gt_ssa_set *s, const struct gt_ssa_elem *path,
		       size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct gt_ssa_entry *entry = gt_ssa_set_entry(a, s, &path[i]);
		if (!entry)
			return;
		if (i + 1 == n) {
			entry->member = true;
			return;
		}
		if (!entry->child)
			entry->child = gt_ssa_set_new(a);
		s = entry->child;
	}
}

/* --- asking ------------------------------------------------------------------------------- */

bool gt_ssa_set_empty(const struct gt_ssa_set *s)
{
	for (uint32_t i = 0; s && i < s->n; i++) {
		if (s->v[i].member || !gt_ssa_set_empty(s->v[i].child))
			return false;
	}
	return true;
}

/* Entries without content do not count. */
static uint32_t skip_empty(const struct gt_ssa_set *s, uint32_t i)
{
	while (s && i < s->n && !s->v[i].member && gt_ssa_set_empty(s->v[i].child))
		i++;
	return i;
}

bool gt_ssa_set_equal(const struct gt_ssa_set *a, const struct gt_ssa_set *b)
{
	uint32_t na = a ? a->n : 0, nb = b ? b->n : 0;
	uint32_t i = skip_empty(a, 0), j = skip_empty(b, 0);

	while (i < na && j < nb) {
		if (gt_ssa_elem_cmp(&a->v[i].elem, &b->v[j].elem) != 0 ||
		    a->v[i].member != b->v[j].member ||
		    !gt_ssa_set_equal(a->v[i].child, b->v[j].child))
			return false;
		i = skip_empty(a, i + 1);
		j = skip_empty(b, j + 1);
	}
	return i >= na && j >= nb;
}

const struct gt_ssa_entry *gt_ssa_set_find(const struct gt_ssa_set *s, const struct gt_ssa_elem *e)
{
	uint32_t at;

	return s && set_search(s, e, &at) ? &s->v[at] : NULL;
}

bool gt_ssa_set_has(const struct gt_ssa_set *s, const struct gt_ssa_elem *path, size_t n)
{
	const struct gt_ssa_entry *entry = NULL;

	for (size_t i = 0; i < n; i++) {
		entry = gt_ssa_set_find(s, &path[i]);
		if (!entry)
			return false;
		s = entry->child;
	}
	return entry && entry->member;
}

typedef void (*each_fn)(void *arg, const struct gt_ssa_elem *path, size_t n);

static void each(const struct gt_ssa_set *s, struct gt_ssa_elem *path, size_t n, each_fn fn,
		 void *arg)
{
	if (!s || n >= GT_LIMIT_DEPTH)
		return;
	for (uint32_t i = 0; i < s->n; i++) {
		path[n] = s->v[i].elem;
		if (s->v[i].member)
			fn(arg, path, n + 1);
	}
	for (uint32_t i = 0; i < s->n; i++) {
		path[n] = s->v[i].elem;
		each(s->v[i].child, path, n + 1, fn, arg);
	}
}

void gt_ssa_set_each(const struct gt_ssa_set *s, each_fn fn, void *arg)
{
	struct gt_ssa_elem path[GT_LIMIT_DEPTH];

	each(s, path, 0, fn, arg);
}
