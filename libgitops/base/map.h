/*
 * gt_map - byte-string keys to pointers: open addressing, insertion order kept for iteration.
 *
 * Keys are copied; values are borrowed unless a free function was given.  The hash is seeded per
 * process, so outside keys cannot force collisions.  Program-sized (aborts when out of memory).
 * One owner at a time; concurrent readers are fine while nobody writes.
 */
#ifndef GT_BASE_MAP_H
#define GT_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/str.h"

struct gt_map_entry {
	char *key; /* NUL-terminated; NULL for a removed entry */
	size_t len;
	uint64_t hash;
	void *value;
};

struct gt_map {
	struct gt_map_entry *entries; /* in order of insertion */
	uint32_t *slots;              /* index + 1 into entries, 0 for empty */
	size_t n;                     /* live entries */
	size_t used;                  /* entries in use, removed ones included */
	size_t cap;                   /* slots, a power of two */
	void (*free_value)(void *);
};

/* A zeroed struct is a valid, empty map of borrowed values. */
void gt_map_init(struct gt_map *m, void (*free_value)(void *));
void gt_map_fini(struct gt_map *m);

/* Adds or replaces; a replaced value is freed.  Returns true if the key is new. */
bool gt_map_put(struct gt_map *m, struct gt_str key, void *value);
void *gt_map_find(const struct gt_map *m, struct gt_str key); /* NULL if absent */
bool gt_map_has(const struct gt_map *m, struct gt_str key);

/* Removes and frees; false if absent. */
bool gt_map_del(struct gt_map *m, struct gt_str key);

/* Removes without freeing and returns the value, NULL if absent. */
void *gt_map_take(struct gt_map *m, struct gt_str key);

/* Iterates in order of insertion; the current entry may be removed while iterating. */
#define gt_map_for_each(m, e)                                                               \
	for (struct gt_map_entry *e = (m)->entries; e && e < (m)->entries + (m)->used; e++) \
		if (!e->key)                                                                \
			continue;                                                           \
		else

/* The process-seeded hash used here, for tables elsewhere. */
uint64_t gt_hash_bytes(const void *p, size_t n);

#endif
