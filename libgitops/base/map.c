#include "base/map.h"

#include <pthread.h>
#include <string.h>

#include "base/rand.h"

static uint64_t seed;

static void seed_once(void)
{
	gt_rand_bytes(&seed, sizeof seed);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Multiply-and-fold over 16 bytes a step, after the well-known wyhash construction. */
uint64_t gt_hash_bytes(const void *bytes, size_t n)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const unsigned char *p = bytes;

	pthread_once(&once, seed_once);
	uint64_t h = seed ^ (n * 0x9e3779b97f4a7c15ull);
	for (; n >= 16; p += 16, n -= 16) {
		uint64_t a, b;

		memcpy(&a, p, 8);
		memcpy(&b, p + 8, 8);
		h = mix(a ^ h ^ 0xa0761d6478bd642full, b ^ 0xe7037ed1a0b428dbull);
	}
	uint64_t tail[2] = {0, 0};
	if (n)
		memcpy(tail, p, n);
	h = mix(tail[0] ^ h ^ 0x8ebc6af09c88c6e3ull, tail[1] ^ 0x589965cc75374cc3ull);
	return mix(h, 0x1d8e4e27c47d124full);
}

void gt_map_init(struct gt_map *m, void (*free_value)(void *))
{
	*m = (struct gt_map){.free_value = free_value};
}

void gt_map_fini(struct gt_map *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->used; i++) {
		if (m->entries[i].key && m->free_value)
			m->free_value(m->entries[i].value);
		free(m->entries[i].key);
	}
	free(m->entries);
	free(m->slots);
	*m = (struct gt_map){0};
}

/* The slot that holds the key, or the free slot where it would go.  Needs cap > 0. */
static size_t find_slot(const struct gt_map *m, struct gt_str key, uint64_t hash)
{
	size_t mask = m->cap - 1;
	size_t i = (size_t)hash & mask;

	for (;; i = (i + 1) & mask) {
		if (m->slots[i] == 0)
			return i;
		const struct gt_map_entry *e = &m->entries[m->slots[i] - 1];
		if (e->key && e->hash == hash && e->len == key.n &&
		    memcmp(e->key, key.p ? key.p : "", key.n) == 0)
			return i;
	}
}

/* Drops removed entries and makes room for at least one more. */
static void rehash(struct gt_map *m)
{
	size_t cap = 8;
	size_t live = 0;

	while (cap < (m->n + 1) * 2)
		cap *= 2;
	for (size_t i = 0; i < m->used; i++) {
		if (m->entries[i].key)
			m->entries[live++] = m->entries[i];
	}
	m->used = live;
	m->entries = gt_xrealloc(m->entries, cap * sizeof *m->entries);
	free(m->slots);
	m->slots = gt_xcalloc(cap, sizeof *m->slots);
	m->cap = cap;
	for (size_t i = 0; i < live; i++) {
		size_t at = (size_t)m->entries[i].hash & (cap - 1);

		while (m->slots[at])
			at = (at + 1) & (cap - 1);
		m->slots[at] = (uint32_t)i + 1;
	}
}

bool gt_map_put(struct gt_map *m, struct gt_str key, void *value)
{
	uint64_t hash = gt_hash_bytes(key.p, key.n);

	if (m->cap == 0 || (m->used + 1) * 4 > m->cap * 3)
		rehash(m);
	size_t slot = find_slot(m, key, hash);
	if (m->slots[slot]) {
		struct gt_map_entry *e = &m->entries[m->slots[slot] - 1];

		if (m->free_value && e->value != value)
			m->free_value(e->value);
		e->value = value;
		return false;
	}
	m->entries[m->used] = (struct gt_map_entry){
		.key = gt_xstrndup(key.p ? key.p : "", key.n),
		.len = key.n,
		.hash = hash,
		.value = value,
	};
	m->slots[slot] = (uint32_t)++m->used;
	m->n++;
	return true;
}

static struct gt_map_entry *find_entry(const struct gt_map *m, struct gt_str key)
{
	if (m->n == 0)
		return NULL;
	size_t slot = find_slot(m, key, gt_hash_bytes(key.p, key.n));
	return m->slots[slot] ? &m->entries[m->slots[slot] - 1] : NULL;
}

void *gt_map_find(const struct gt_map *m, struct gt_str key)
{
	struct gt_map_entry *e = find_entry(m, key);

	return e ? e->value : NULL;
}

bool gt_map_has(const struct gt_map *m, struct gt_str key)
{
	return find_entry(m, key) != NULL;
}

void *gt_map_take(struct gt_map *m, struct gt_str key)
{
	struct gt_map_entry *e = find_entry(m, key);

	if (!e)
		return NULL;
	void *value = e->value;
	/* The slot stays taken by a keyless entry until the next rehash. */
	free(e->key);
	*e = (struct gt_map_entry){0};
	m->n--;
	return value;
}

bool gt_map_del(struct gt_map *m, struct gt_str key)
{
	if (!gt_map_has(m, key))
		return false;
	void *value = gt_map_take(m, key);
	if (m->free_value)
		m->free_value(value);
	return true;
}
