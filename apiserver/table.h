/* The inside of a table: objects by key, and its history.  Private to the store. */
#ifndef AS_TABLE_H
#define AS_TABLE_H

#include "base/vec.h"
#include "store.h"

struct as_table {
	struct as_store *store;
	char *name;
	GT_VEC(struct as_object *) objects; /* by key */
	/* A ring of events in order of revision. */
	struct as_event *events;
	size_t n_events, first, cap;
	size_t event_bytes;
	int64_t oldest;             /* events after this revision are all here */
	int64_t revision;           /* of the newest event */
	GT_VEC(struct gt_str) busy; /* keys with a write on its way to the log */
};

void as_table_init(struct as_table *t, struct as_store *s, const char *name, int64_t rev);
void as_table_fini(struct as_table *t);

/* The position of the key, or where it belongs. */
bool as_table_find(const struct as_table *t, struct gt_str key, size_t *ret_at);
struct as_object *as_table_at(const struct as_table *t, struct gt_str key);

/* Puts (taking the reference), or removes with o NULL; the old reference is returned. */
struct as_object *as_table_swap(struct as_table *t, struct gt_str key, struct as_object *o);

/* Remembers; takes both references. */
void as_table_record(struct as_table *t, const struct as_event *e);
static inline struct as_event *as_table_event(const struct as_table *t, size_t i)
{
	return &t->events[(t->first + i) & (t->cap - 1)];
}

/* The number of events at or before rev. */
size_t as_table_event_after(const struct as_table *t, int64_t rev);

#endif
