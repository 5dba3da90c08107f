/*
 * Maps: pairs in an array, in order, and for large maps a table of positions hashed by key.  The
 * index is kept up by every writer, so that readers never write.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "text/node.h"
#include "text/node_impl.h"

static bool key_is(const struct gt_pair *p, struct gt_str key)
{
	return p->len == key.n &&
	       (p->key == key.p || memcmp(p->key, key.p ? key.p : "", key.n) == 0);
}

struct gt_node *gt_node_map(struct gt_arena *a)
{
	return gt_node__new(a, GT_MAP);
}

/* The slot of the key, or the free slot where it belongs. */
static uint32_t *find_slot(const struct gt_pairs *ps, struct gt_str key)
{
	uint32_t i = (uint32_t)gt_hash_bytes(key.p, key.n) & ps->mask;

	while (ps->slots[i] && !key_is(&ps->v[ps->slots[i] - 1], key))
		i = (i + 1) & ps->mask;
	return &ps->slots[i];
}

size_t gt_node__find(const struct gt_node *map, struct gt_str key)
{
	if (!gt_node_is(map, GT_MAP) || !map->n)
		return SIZE_MAX;
	if (map->pairs->slots) {
		uint32_t slot = *find_slot(map->pairs, key);

		return slot ? slot - 1 : SIZE_MAX;
	}
	for (uint32_t i = 0; i < map->n; i++) {
		if (key_is(&map->pairs->v[i], key))
			return i;
	}
	return SIZE_MAX;
}

void gt_node__reindex(struct gt_node *map)
{
	struct gt_pairs *ps = map->pairs;

	if (!map->n || !ps->slots)
		return;
	memset(ps->slots, 0, ((size_t)ps->mask + 1) * sizeof *ps->slots);
	for (uint32_t i = 0; i < map->n; i++)
		*find_slot(ps, gt_strn(ps->v[i].key, ps->v[i].len)) = i + 1;
}

/* Pairs with room for cap, and an index when that many need one. */
static struct gt_pairs *pairs_new(struct gt_arena *a, size_t cap)
{
	size_t slots = 0;

	if (cap > UINT32_MAX / 4) {
		a->failed = true;
		return NULL;
	}
	if (cap > GT_INDEX_FROM) {
		for (slots = 64; slots < cap * 2;)
			slots *= 2;
	}
	struct gt_pairs *ps = gt_node__alloc(a, sizeof *ps + cap * sizeof ps->v[0]);
	if (!ps)
		return NULL;
	*ps = (struct gt_pairs){.cap = (uint32_t)cap};
	if (slots) {
		ps->mask = (uint32_t)slots - 1;
		ps->slots = gt_arena_calloc(a, slots, sizeof *ps->slots);
		if (!ps->slots)
			return NULL;
	}
	return ps;
}

/* Makes room for one more pair. */
static bool map_grow(struct gt_arena *a, struct gt_node *map)
{
	uint32_t cap = map->n || map->pairs ? map->pairs->cap : 0;

	if (map->n < cap)
		return true;
	struct gt_pairs *ps = pairs_new(a, cap ? (size_t)cap * 2 : 4);
	if (!ps)
		return false;
	if (map->n)
		memcpy(ps->v, map->pairs->v, map->n * sizeof ps->v[0]);
	map->pairs = ps;
	gt_node__reindex(map);
	return true;
}

void gt_node__add(struct gt_arena *a, struct gt_node *map, const struct gt_pair *pair)
{
	if (!map || !map_grow(a, map))
		return;
	struct gt_pairs *ps = map->pairs;
	if (ps->slots)
		*find_slot(ps, gt_strn(pair->key, pair->len)) = map->n + 1;
	ps->v[map->n++] = *pair;
}

/* Position of a key among the first n pairs. */
static size_t find_among(const struct gt_pair *v, size_t n, const struct gt_pair *p)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i].len == p->len &&
		    (v[i].key == p->key ||
		     (v[i].key[0] == p->key[0] && memcmp(v[i].key, p->key, p->len) == 0)))
			return i;
	}
	return SIZE_MAX;
}

struct gt_node *gt_node__map_of(struct gt_arena *a, const struct gt_pair *pairs, size_t n,
				size_t *ret_dup)
{
	struct gt_node *map = gt_node_map(a);
	size_t dup = SIZE_MAX;
	uint32_t kept = 0;

	if (ret_dup)
		*ret_dup = SIZE_MAX;
	if (!map || n == 0)
		return map;
	struct gt_pairs *ps = pairs_new(a, n);
	if (!ps)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		uint32_t *slot = NULL;
		size_t at;

		if (ps->slots) {
			slot = find_slot(ps, gt_strn(pairs[i].key, pairs[i].len));
			at = *slot ? *slot - 1 : SIZE_MAX;
		} else {
			at = find_among(ps->v, kept, &pairs[i]);
		}
		if (at != SIZE_MAX) {
			ps->v[at].value = pairs[i].value;
			if (dup == SIZE_MAX)
				dup = i;
			continue;
		}
		ps->v[kept++] = pairs[i];
		if (slot)
			*slot = kept;
	}
	map->pairs = ps;
	map->n = kept;
	if (ret_dup)
		*ret_dup = dup;
	return map;
}

const struct gt_pair *gt_node_pair(const struct gt_node *map, size_t i)
{
	return gt_node_is(map, GT_MAP) && i < map->n ? &map->pairs->v[i] : NULL;
}

struct gt_node *gt_node_getn(const struct gt_node *map, struct gt_str key)
{
	size_t at = gt_node__find(map, key);

	return at == SIZE_MAX ? NULL : map->pairs->v[at].value;
}

struct gt_node *gt_node_get(const struct gt_node *map, const char *key)
{
	return gt_node_is(map, GT_MAP) ? gt_node_getn(map, gt_str(key)) : NULL;
}

bool gt_node_has(const struct gt_node *map, const char *key)
{
	return gt_node__find(map, gt_str(key)) != SIZE_MAX;
}

void gt_node_setn(struct gt_arena *a, struct gt_node *map, struct gt_str key, struct gt_node *value)
{
	if (!gt_node_is(map, GT_MAP) || !value)
		return;
	size_t at = gt_node__find(map, key);
	if (at != SIZE_MAX) {
		map->pairs->v[at].value = value;
		return;
	}
	if (key.n > UINT32_MAX) {
		a->failed = true;
		return;
	}
	char *copy = gt_arena_strndup(a, key.p, key.n);
	if (copy)
		gt_node__add(a, map, &(struct gt_pair){copy, (uint32_t)key.n, 0, value});
}

void gt_node_set(struct gt_arena *a, struct gt_node *map, const char *key, struct gt_node *value)
{
	gt_node_setn(a, map, gt_str(key), value);
}

void gt_node_set_str(struct gt_arena *a, struct gt_node *map, const char *key, const char *s)
{
	if (s)
		gt_node_set(a, map, key, gt_node_str(a, s));
}

void gt_node_set_int(struct gt_arena *a, struct gt_node *map, const char *key, int64_t i)
{
	gt_node_set(a, map, key, gt_node_int(a, i));
}

void gt_node_set_bool(struct gt_arena *a, struct gt_node *map, const char *key, bool b)
{
	gt_node_set(a, map, key, gt_node_bool(a, b));
}

static struct gt_node *need(struct gt_arena *a, struct gt_node *map, const char *key,
			    enum gt_kind kind)
{
	struct gt_node *value = gt_node_get(map, key);

	if (gt_node_is(value, kind))
		return value;
	value = gt_node__new(a, kind);
	gt_node_set(a, map, key, value);
	return value;
}

struct gt_node *gt_node_need_map(struct gt_arena *a, struct gt_node *map, const char *key)
{
	return need(a, map, key, GT_MAP);
}

struct gt_node *gt_node_need_seq(struct gt_arena *a, struct gt_node *map, const char *key)
{
	return need(a, map, key, GT_SEQ);
}

/* Empties a slot and moves up those that were displaced by it. */
static void free_slot(struct gt_pairs *ps, uint32_t *slot)
{
	uint32_t hole = (uint32_t)(slot - ps->slots);

	for (uint32_t i = (hole + 1) & ps->mask; ps->slots[i]; i = (i + 1) & ps->mask) {
		const struct gt_pair *p = &ps->v[ps->slots[i] - 1];
		uint32_t home = (uint32_t)gt_hash_bytes(p->key, p->len) & ps->mask;

		if (((i - home) & ps->mask) >= ((i - hole) & ps->mask)) {
			ps->slots[hole] = ps->slots[i];
			hole = i;
		}
	}
	ps->slots[hole] = 0;
}

bool gt_node_unsetn(struct gt_node *map, struct gt_str key)
{
	size_t at = gt_node__find(map, key);

	if (at == SIZE_MAX)
		return false;
	struct gt_pairs *ps = map->pairs;
	if (ps->slots) {
		free_slot(ps, find_slot(ps, key));
		if (at + 1 < map->n) {
			for (size_t i = 0; i <= ps->mask; i++)
				ps->slots[i] -= ps->slots[i] > at + 1;
		}
	}
	map->n--;
	memmove(&ps->v[at], &ps->v[at + 1], (map->n - at) * sizeof ps->v[0]);
	return true;
}

bool gt_node_unset(struct gt_node *map, const char *key)
{
	return gt_node_unsetn(map, gt_str(key));
}

bool gt_node_rename(struct gt_arena *a, struct gt_node *map, struct gt_str from, struct gt_str to)
{
	size_t at = gt_node__find(map, from);

	if (at == SIZE_MAX || to.n > UINT32_MAX)
		return false;
	if (gt_str_eq(from, to))
		return true;
	if (gt_node__find(map, to) != SIZE_MAX)
		return false;
	char *key = gt_arena_strndup(a, to.p, to.n);
	if (!key)
		return false;
	struct gt_pairs *ps = map->pairs;
	if (ps->slots)
		free_slot(ps, find_slot(ps, from));
	ps->v[at].key = key;
	ps->v[at].len = (uint32_t)to.n;
	if (ps->slots)
		*find_slot(ps, to) = (uint32_t)at + 1;
	return true;
}

static int pair_cmp(const void *x, const void *y)
{
	const struct gt_pair *p = x, *q = y;

	return gt_str_cmp(gt_strn(p->key, p->len), gt_strn(q->key, q->len));
}

static bool is_sorted(const struct gt_node *map)
{
	for (uint32_t i = 1; i < map->n; i++) {
		if (pair_cmp(&map->pairs->v[i - 1], &map->pairs->v[i]) > 0)
			return false;
	}
	return true;
}

void gt_node_sort_keys(struct gt_node *n, bool deep)
{
	if (gt_node_is(n, GT_MAP) && !is_sorted(n)) {
		qsort(n->pairs->v, n->n, sizeof n->pairs->v[0], pair_cmp);
		gt_node__reindex(n);
	}
	if (!deep)
		return;
	gt_map_each(n, pair) gt_node_sort_keys(pair->value, true);
	gt_seq_for_each (n, item)
		gt_node_sort_keys(item, true);
}
