#include "table.h"

/* History is kept within both. */
#define EVENTS_MAX ((size_t)16384)
#define EVENT_BYTES_MAX ((size_t)12 << 20)
#define EVENTS_MIN ((size_t)64)

void as_table_init(struct as_table *t, struct as_store *s, const char *name, int64_t rev)
{
	*t = (struct as_table){
		.store = s, .name = gt_xstrdup(name), .oldest = rev, .revision = rev};
}

void as_table_fini(struct as_table *t)
{
	for (size_t i = 0; i < t->objects.n; i++)
		as_object_unref(t->objects.v[i]);
	for (size_t i = 0; i < t->n_events; i++) {
		as_object_unref(as_table_event(t, i)->obj);
		as_object_unref(as_table_event(t, i)->old);
	}
	gt_vec_fini(&t->objects);
	gt_vec_fini(&t->busy);
	free(t->events);
	free(t->name);
}

bool as_table_find(const struct as_table *t, struct gt_str key, size_t *ret_at)
{
	size_t lo = 0, hi = t->objects.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = gt_str_cmp(t->objects.v[mid]->key, key);
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

struct as_object *as_table_at(const struct as_table *t, struct gt_str key)
{
	size_t at;

	return as_table_find(t, key, &at) ? t->objects.v[at] : NULL;
}

struct as_object *as_table_swap(struct as_table *t, struct gt_str key, struct as_object *o)
{
	struct as_object *old = NULL;
	size_t at;

	if (as_table_find(t, key, &at)) {
		old = t->objects.v[at];
		if (o)
			t->objects.v[at] = o;
		else
			gt_vec_remove(&t->objects, at);
	} else if (o) {
		gt_vec_push(&t->objects, NULL);
		memmove(&t->objects.v[at + 1], &t->objects.v[at],
			(t->objects.n - 1 - at) * sizeof *t->objects.v);
		t->objects.v[at] = o;
	}
	return old;
}

/* What the history alone keeps alive: what was before, and what was deleted. */
static size_t event_bytes(const struct as_event *e)
{
	return sizeof *e + (e->old ? e->old->json.n : 0) +
	       (e->type == AS_DELETED ? e->obj->json.n : 0);
}

static void forget_first(struct as_table *t)
{
	struct as_event *e = as_table_event(t, 0);

	t->oldest = e->rev;
	t->event_bytes -= event_bytes(e);
	as_object_unref(e->obj);
	as_object_unref(e->old);
	t->first = (t->first + 1) & (t->cap - 1);
	t->n_events--;
}

static void grow(struct as_table *t)
{
	size_t cap = t->cap ? t->cap * 2 : 16;
	struct as_event *events = gt_xcalloc(cap, sizeof *events);

	for (size_t i = 0; i < t->n_events; i++)
		events[i] = *as_table_event(t, i);
	free(t->events);
	t->events = events;
	t->cap = cap;
	t->first = 0;
}

void as_table_record(struct as_table *t, const struct as_event *e)
{
	while (t->n_events >= EVENTS_MAX ||
	       (t->n_events > EVENTS_MIN && t->event_bytes > EVENT_BYTES_MAX))
		forget_first(t);
	if (t->n_events == t->cap)
		grow(t);
	t->n_events++;
	*as_table_event(t, t->n_events - 1) = *e;
	t->event_bytes += event_bytes(e);
	t->revision = e->rev;
}

size_t as_table_event_after(const struct as_table *t, int64_t rev)
{
	size_t lo = 0, hi = t->n_events;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (as_table_event(t, mid)->rev <= rev)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
