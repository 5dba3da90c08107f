/*
 * Maps: entries in order of insertion, found by a hash once they are many, and a list of them in
 * order of the keys that is made when somebody walks over the map.
 */
#include "text/template/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"

#define LINEAR_MAX 8

struct gt_value gt_vmap_new(struct gt_arena *a, enum gt_vkind kind)
{
	return (struct gt_value){.kind = (uint8_t)kind, .map = gt_arena_new(a, struct gt_vmap)};
}

static uint32_t hash_of(struct gt_str key)
{
	return (uint32_t)gt_hash_bytes(key.p ? key.p : "", key.n);
}

static bool is_entry(const struct gt_ventry *e, struct gt_str key)
{
	return e->key && e->len == key.n && (key.n == 0 || memcmp(e->key, key.p, key.n) == 0);
}

static struct gt_ventry *find_entry(const struct gt_vmap *m, struct gt_str key)
{
	if (!m->nslots) {
		for (uint32_t i = 0; i < m->used; i++) {
			if (is_entry(&m->e[i], key))
				return &m->e[i];
		}
		return NULL;
	}
	uint32_t hash = hash_of(key);
	for (uint32_t at = hash & (m->nslots - 1); m->slots[at]; at = (at + 1) & (m->nslots - 1)) {
		struct gt_ventry *e = &m->e[m->slots[at] - 1];

		if (e->hash == hash && is_entry(e, key))
			return e;
	}
	return NULL;
}

struct gt_value *gt_vmap_find(const struct gt_vmap *m, struct gt_str key)
{
	struct gt_ventry *e = m ? find_entry(m, key) : NULL;

	return e ? &e->value : NULL;
}

struct gt_value gt_vmap_get(struct gt_value map, struct gt_str key)
{
	struct gt_value *found = gt_vmap_find(map.map, key);

	if (map.kind == GT_V_STRMAP)
		return found ? *found : gt_vstr(GT_STR_LIT(""));
	if (map.kind == GT_V_FILES)
		return found ? *found : (struct gt_value){.kind = GT_V_BYTES};
	if (!found)
		return GT_VALUE_NIL;
	struct gt_value v = *found;
	v.iface = true;
	return v;
}

static void add_slot(struct gt_vmap *m, uint32_t index)
{
	uint32_t at = m->e[index].hash & (m->nslots - 1);

	while (m->slots[at])
		at = (at + 1) & (m->nslots - 1);
	m->slots[at] = index + 1;
}

static bool rehash(struct gt_arena *a, struct gt_vmap *m)
{
	uint32_t n = 32;

	while (n < m->cap * 2)
		n *= 2;
	uint32_t *slots = gt_arena_calloc(a, n, sizeof *slots);
	if (!slots)
		return false;
	m->slots = slots;
	m->nslots = n;
	for (uint32_t i = 0; i < m->used; i++) {
		m->e[i].hash = m->e[i].key ? hash_of(gt_strn(m->e[i].key, m->e[i].len)) : 0;
		if (m->e[i].key)
			add_slot(m, i);
	}
	return true;
}

static bool grow(struct gt_arena *a, struct gt_vmap *m)
{
	uint32_t cap = m->cap ? m->cap * 2 : 4;
	struct gt_ventry *e;

	if (cap > UINT32_MAX / 4)
		return false;
	e = gt_arena_grow(a, m->e, m->used * sizeof *e, cap * sizeof *e);
	if (!e)
		return false;
	m->e = e;
	m->cap = cap;
	return cap <= LINEAR_MAX || rehash(a, m);
}

void gt_vmap_set(struct gt_arena *a, struct gt_vmap *m, struct gt_str key, struct gt_value v)
{
	struct gt_ventry *e = m ? find_entry(m, key) : NULL;

	v.iface = false;
	if (v.kind == GT_V_INVALID)
		v.kind = GT_V_NIL;
	if (e) {
		e->value = v;
		return;
	}
	if (!m || key.n > UINT32_MAX || (m->used == m->cap && !grow(a, m)))
		return;
	char *copy = gt_arena_strndup(a, key.p ? key.p : "", key.n);
	if (!copy)
		return;
	m->e[m->used] = (struct gt_ventry){.key = copy, .len = (uint32_t)key.n, .value = v};
	if (m->nslots) {
		m->e[m->used].hash = hash_of(key);
		add_slot(m, m->used);
	}
	m->used++;
	m->live++;
	m->order = NULL;
}

void gt_vmap_put(struct gt_arena *a, struct gt_value map, const char *key, struct gt_value v)
{
	gt_vmap_set(a, map.map, gt_str(key), v);
}

/* The slot keeps pointing at the dead entry, which matches no key. */
bool gt_vmap_del(struct gt_vmap *m, struct gt_str key)
{
	struct gt_ventry *e = m ? find_entry(m, key) : NULL;

	if (!e)
		return false;
	e->key = NULL;
	m->live--;
	m->order = NULL;
	return true;
}

static int entry_order(const void *x, const void *y, void *arg)
{
	const struct gt_ventry *e = arg;
	const struct gt_ventry *p = &e[*(const uint32_t *)x], *q = &e[*(const uint32_t *)y];

	return gt_str_cmp(gt_strn(p->key, p->len), gt_strn(q->key, q->len));
}

static bool sort_entries(struct gt_arena *a, struct gt_vmap *m)
{
	uint32_t *order = gt_arena_alloc(a, (m->live + 1) * sizeof *order);
	uint32_t n = 0;

	if (!order)
		return false;
	for (uint32_t i = 0; i < m->used; i++) {
		if (m->e[i].key)
			order[n++] = i;
	}
	qsort_r(order, n, sizeof *order, entry_order, m->e);
	m->order = order;
	return true;
}

const struct gt_ventry *gt_vmap_at(struct gt_arena *a, struct gt_vmap *m, uint32_t i)
{
	if (!m || i >= m->live || (!m->order && !sort_entries(a, m)))
		return NULL;
	return &m->e[m->order[i]];
}
