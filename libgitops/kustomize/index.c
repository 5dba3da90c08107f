/* Growing arrays and text indexes in the arena. */
#include <string.h>

#include "base/map.h"
#include "kustomize/kz.h"

void *kz_vec_grow(struct gt_arena *a, void *v, uint32_t n, uint32_t *cap, size_t size)
{
	if (n < *cap)
		return v;
	uint32_t want = *cap ? *cap * 2 : 4;
	if (want <= *cap) {
		a->failed = true;
		return NULL;
	}
	void *p = gt_arena_grow(a, v, *cap * size, want * size);
	if (p)
		*cap = want;
	return p;
}

static struct kz_bucket *find_bucket(const struct kz_index *ix, struct gt_str key)
{
	uint32_t i = (uint32_t)gt_hash_bytes(key.p, key.n) & ix->mask;

	while (ix->slots[i].first && !gt_str_eq(ix->slots[i].key, key))
		i = (i + 1) & ix->mask;
	return &ix->slots[i];
}

static bool make_room(struct gt_arena *a, struct kz_index *ix)
{
	if (ix->slots && (ix->used + 1) * 2 <= ix->mask)
		return true;
	struct kz_index old = *ix;
	uint32_t size = ix->slots ? (ix->mask + 1) * 2 : 64;
	struct kz_bucket *slots = size ? gt_arena_calloc(a, size, sizeof *slots) : NULL;
	if (!slots)
		return false;
	ix->slots = slots;
	ix->mask = size - 1;
	for (uint32_t i = 0; old.slots && i <= old.mask; i++) {
		if (old.slots[i].first)
			*find_bucket(ix, old.slots[i].key) = old.slots[i];
	}
	return true;
}

void kz_index_add(struct gt_arena *a, struct kz_index *ix, struct gt_str key, uint32_t value)
{
	if (!make_room(a, ix))
		return;
	struct kz_bucket *b = find_bucket(ix, key);
	if (b->first && ix->links.v[b->last - 1].value == value)
		return;
	uint32_t was = ix->links.n;
	kz_push(a, &ix->links, (struct kz_link){.value = value});
	if (ix->links.n == was)
		return;
	if (b->first) {
		ix->links.v[b->last - 1].next = ix->links.n;
	} else {
		b->key = key;
		b->first = ix->links.n;
		ix->used++;
	}
	b->last = ix->links.n;
}

const struct kz_link *kz_index_find(const struct kz_index *ix, struct gt_str key)
{
	if (!ix->slots)
		return NULL;
	uint32_t first = find_bucket(ix, key)->first;
	return first ? &ix->links.v[first - 1] : NULL;
}

const struct kz_link *kz_index_next(const struct kz_index *ix, const struct kz_link *link)
{
	return link->next ? &ix->links.v[link->next - 1] : NULL;
}
