#include "store.h"

#include <pthread.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/time.h"
#include "log.h"
#include "table.h"

/* A read may ask for a revision that is on its way. */
#define FUTURE_WAIT_NS GT_SECONDS(3)

struct pending {
	struct as_write *w;
	struct gt_str key;
	int64_t rev;
	struct as_object *obj; /* NULL for a deletion */
	struct as_object *old; /* borrowed from the table, which cannot change under it */
	int result;
	bool done;
	struct gt_err *err;
};

struct as_store {
	pthread_mutex_t lock;
	pthread_cond_t written; /* pendings are done, keys are free */
	pthread_cond_t wanted;  /* there is something to commit */
	struct gt_map tables;
	struct as_log *log; /* NULL: in memory */
	GT_VEC(struct pending *) queue;
	int64_t assigned; /* the newest revision given out */
	int64_t visible;  /* the newest revision that can be read */
	pthread_t committer;
	bool has_committer, closing;
	void (*changed)(void *arg);
	void *changed_arg;
};

/* --- tables ------------------------------------------------------------------------------- */

static void free_table(void *p)
{
	as_table_fini(p);
	free(p);
}

static struct as_table *need_table(struct as_store *s, struct gt_str name)
{
	struct as_table *t = gt_map_find(&s->tables, name);

	if (!t) {
		char *text = gt_xstrndup(name.p, name.n);
		t = gt_new(struct as_table);
		as_table_init(t, s, text, s->visible);
		gt_map_put(&s->tables, name, t);
		free(text);
	}
	return t;
}

struct as_table *as_store_table(struct as_store *s, const char *name)
{
	pthread_mutex_lock(&s->lock);
	struct as_table *t = need_table(s, gt_str(name));
	pthread_mutex_unlock(&s->lock);
	return t;
}

const char *as_table_name(const struct as_table *t)
{
	return t->name;
}

static int name_cmp(const void *x, const void *y)
{
	struct as_table *const *a = x, *const *b = y;

	return strcmp((*a)->name, (*b)->name);
}

void as_store_each_table(struct as_store *s, void (*fn)(void *arg, struct as_table *t), void *arg)
{
	GT_VEC(struct as_table *) all = {0};

	pthread_mutex_lock(&s->lock);
	gt_map_for_each (&s->tables, e)
		gt_vec_push(&all, e->value);
	pthread_mutex_unlock(&s->lock);
	if (all.n > 0)
		qsort(all.v, all.n, sizeof *all.v, name_cmp);
	for (size_t i = 0; i < all.n; i++)
		fn(arg, all.v[i]);
	gt_vec_fini(&all);
}

/* --- committing --------------------------------------------------------------------------- */

static void free_key(struct as_table *t, struct gt_str key)
{
	for (size_t i = 0; i < t->busy.n; i++) {
		if (gt_str_eq(t->busy.v[i], key)) {
			gt_vec_remove(&t->busy, i);
			return;
		}
	}
}

static bool is_busy(const struct as_table *t, struct gt_str key)
{
	for (size_t i = 0; i < t->busy.n; i++) {
		if (gt_str_eq(t->busy.v[i], key))
			return true;
	}
	return false;
}

/* Makes a committed write visible.  Under the lock. */
static void publish(struct as_store *s, struct pending *p)
{
	struct as_table *t = p->w->table;
	struct as_event e = {.rev = p->rev};

	if (p->w->op == AS_DELETE) {
		e.type = AS_DELETED;
		e.old = as_table_swap(t, p->key, NULL);
		e.obj = as_object_restamp(e.old, p->rev);
		p->w->ret_after = as_object_ref(e.obj);
	} else {
		e.type = p->w->op == AS_CREATE ? AS_ADDED : AS_MODIFIED;
		e.old = as_table_swap(t, p->key, as_object_ref(p->obj));
		e.obj = p->obj;
		p->w->ret_after = as_object_ref(p->obj);
	}
	as_table_record(t, &e);
	s->visible = p->rev;
}

/* Ends the writes, all with the same result.  Under the lock. */
static void finish(struct as_store *s, struct pending **batch, size_t n, int result,
		   const struct gt_err *why)
{
	for (size_t i = 0; i < n; i++) {
		struct pending *p = batch[i];
		free_key(p->w->table, p->key);
		if (result == GT_OK)
			publish(s, p);
		else
			as_object_unref(p->obj);
		if (result < 0 && p->err)
			*p->err = *why;
		p->result = result;
		p->done = true;
	}
	pthread_cond_broadcast(&s->written);
}

static int append_all(struct as_store *s, struct pending **batch, size_t n, struct gt_err *err)
{
	int rc = as_log_begin(s->log, err);

	for (size_t i = 0; i < n && rc == GT_OK; i++) {
		struct pending *p = batch[i];
		rc = as_log_append(s->log, p->rev, gt_str(p->w->table->name), p->key,
				   p->obj ? p->obj->json : gt_strn(NULL, 0),
				   p->old ? p->old->rev : 0, err);
	}
	if (rc == GT_OK)
		rc = as_log_commit(s->log, err);
	if (rc < 0) {
		as_log_rollback(s->log);
		return gt_wrap(err, "write state.db");
	}
	return rc;
}

static void *committer(void *arg)
{
	struct as_store *s = arg;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		while (s->queue.n == 0 && !s->closing)
			pthread_cond_wait(&s->wanted, &s->lock);
		if (s->queue.n == 0)
			break;
		size_t n = s->queue.n;
		struct pending **batch = s->queue.v;
		s->queue.v = NULL;
		s->queue.n = s->queue.cap = 0;
		pthread_mutex_unlock(&s->lock);
		struct gt_err err = {0};
		int rc = append_all(s, batch, n, &err);
		pthread_mutex_lock(&s->lock);
		finish(s, batch, n, rc, &err);
		free(batch);
		pthread_mutex_unlock(&s->lock);
		if (rc == GT_OK && s->changed)
			s->changed(s->changed_arg);
		pthread_mutex_lock(&s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* --- writing ------------------------------------------------------------------------------ */

static int check_expected(const struct as_write *w, const struct as_object *old, struct gt_err *err)
{
	if (w->op == AS_CREATE)
		return old ? gt_fail(err, GT_E_EXISTS, "already exists") : GT_OK;
	if (!old)
		return gt_fail(err, GT_E_NOT_FOUND, "not found");
	if (old->rev != w->expect)
		return gt_fail(err, GT_E_CONFLICT, "the object has been modified");
	return GT_OK;
}

static void build_key(struct gt_buf *out, struct gt_str ns, struct gt_str name)
{
	if (ns.n > 0) {
		gt_buf_add_str(out, ns);
		gt_buf_addc(out, '/');
	}
	gt_buf_add_str(out, name);
}

int as_store_write(struct as_store *s, struct as_write *w, struct gt_err *err)
{
	gt_auto_buf key = {0};
	struct pending p = {.w = w, .err = err}, *batch = &p;
	int rc;

	build_key(&key, w->ns, w->name);
	p.key = gt_buf_str(&key);
	w->ret_after = NULL;
	pthread_mutex_lock(&s->lock);
	while (is_busy(w->table, p.key))
		pthread_cond_wait(&s->written, &s->lock);
	p.old = as_table_at(w->table, p.key);
	rc = check_expected(w, p.old, err);
	if (rc < 0) {
		pthread_mutex_unlock(&s->lock);
		return rc;
	}
	p.rev = ++s->assigned;
	if (w->op != AS_DELETE)
		p.obj = as_object_new(w->draft, p.rev);
	gt_vec_push(&w->table->busy, p.key);
	if (s->has_committer) {
		gt_vec_push(&s->queue, &p);
		pthread_cond_signal(&s->wanted);
		while (!p.done)
			pthread_cond_wait(&s->written, &s->lock);
	} else {
		finish(s, &batch, 1, GT_OK, NULL);
	}
	pthread_mutex_unlock(&s->lock);
	if (!s->has_committer && s->changed)
		s->changed(s->changed_arg);
	return p.result;
}

/* --- reading ------------------------------------------------------------------------------ */

int64_t as_store_revision(struct as_store *s)
{
	pthread_mutex_lock(&s->lock);
	int64_t rev = s->visible;
	pthread_mutex_unlock(&s->lock);
	return rev;
}

size_t as_table_count(struct as_table *t)
{
	pthread_mutex_lock(&t->store->lock);
	size_t n = t->objects.n;
	pthread_mutex_unlock(&t->store->lock);
	return n;
}

int64_t as_table_revision(struct as_table *t)
{
	pthread_mutex_lock(&t->store->lock);
	int64_t rev = t->revision;
	pthread_mutex_unlock(&t->store->lock);
	return rev;
}

int64_t as_table_oldest(struct as_table *t)
{
	pthread_mutex_lock(&t->store->lock);
	int64_t rev = t->oldest;
	pthread_mutex_unlock(&t->store->lock);
	return rev;
}

struct as_object *as_table_get(struct as_table *t, struct gt_str ns, struct gt_str name)
{
	gt_auto_buf key = {0};

	build_key(&key, ns, name);
	pthread_mutex_lock(&t->store->lock);
	struct as_object *o = as_object_ref(as_table_at(t, gt_buf_str(&key)));
	pthread_mutex_unlock(&t->store->lock);
	return o;
}

void as_snapshot_fini(struct as_snapshot *s)
{
	for (size_t i = 0; i < s->n; i++)
		as_object_unref(s->v[i]);
	free(s->v);
	*s = (struct as_snapshot){0};
}

/* Waits, a little, for a revision that others have seen. */
static int await_revision(struct as_store *s, int64_t rev, struct gt_err *err)
{
	struct timespec until;

	if (rev <= s->visible)
		return GT_OK;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += FUTURE_WAIT_NS / GT_NS_PER_S;
	while (rev > s->visible) {
		if (pthread_cond_timedwait(&s->written, &s->lock, &until) != 0)
			return gt_fail(err, GT_E_TIMEOUT,
				       "Too large resource version: %lld, current: %lld",
				       (long long)rev, (long long)s->visible);
	}
	return GT_OK;
}

/* The state of an older revision: the present one with the later events undone. */
struct past {
	struct gt_map changed; /* key to the object then; a NULL value: not there */
};

static void look_back(const struct as_table *t, int64_t rev, struct past *p)
{
	for (size_t i = t->n_events; i-- > 0;) {
		const struct as_event *e = as_table_event(t, i);
		if (e->rev <= rev)
			return;
		gt_map_put(&p->changed, e->obj->key, e->old);
	}
}

static bool wanted(const struct as_scan *scan, const struct as_object *o)
{
	if (scan->ns.n > 0 && !gt_str_eq(o->ns, scan->ns))
		return false;
	return !scan->match || scan->match(scan->match_arg, o);
}

struct collecting {
	const struct as_scan *scan;
	struct as_snapshot *out;
	size_t cap;
};

/* False when the limit is reached. */
static bool collect(struct collecting *c, struct as_object *o)
{
	if (!o || !wanted(c->scan, o))
		return true;
	if (c->scan->limit && c->out->n == c->scan->limit) {
		c->out->more = true;
		return false;
	}
	c->out->v = gt__vec_grow(c->out->v, &c->cap, c->out->n, sizeof *c->out->v);
	c->out->v[c->out->n++] = as_object_ref(o);
	return true;
}

static int object_cmp(const void *x, const void *y)
{
	struct as_object *const *a = x, *const *b = y;

	return gt_str_cmp((*a)->key, (*b)->key);
}

/* All objects of an older revision after scan->after, in order of key. */
static void collect_past(const struct as_table *t, struct collecting *c)
{
	struct past past = {0};
	GT_VEC(struct as_object *) then = {0};

	look_back(t, c->scan->rev, &past);
	for (size_t i = 0; i < t->objects.n; i++) {
		if (!gt_map_has(&past.changed, t->objects.v[i]->key))
			gt_vec_push(&then, t->objects.v[i]);
	}
	gt_map_for_each (&past.changed, e) {
		if (e->value)
			gt_vec_push(&then, e->value);
	}
	if (then.n > 0)
		qsort(then.v, then.n, sizeof *then.v, object_cmp);
	for (size_t i = 0; i < then.n; i++) {
		if (c->scan->after.n > 0 && gt_str_cmp(then.v[i]->key, c->scan->after) <= 0)
			continue;
		if (!collect(c, then.v[i]))
			break;
	}
	gt_vec_fini(&then);
	gt_map_fini(&past.changed);
}

/* Where the keys of a namespace start, or those after a key. */
static size_t scan_start(const struct as_table *t, const struct as_scan *scan)
{
	gt_auto_buf prefix = {0};
	size_t at;

	if (scan->after.n > 0)
		return as_table_find(t, scan->after, &at) ? at + 1 : at;
	if (scan->ns.n == 0)
		return 0;
	build_key(&prefix, scan->ns, gt_str(""));
	as_table_find(t, gt_buf_str(&prefix), &at);
	return at;
}

static void collect_now(const struct as_table *t, struct collecting *c)
{
	for (size_t i = scan_start(t, c->scan); i < t->objects.n; i++) {
		struct as_object *o = t->objects.v[i];
		/* Keys of one namespace stand together. */
		if (c->scan->ns.n > 0 && !gt_str_eq(o->ns, c->scan->ns))
			break;
		if (!collect(c, o))
			break;
	}
}

int as_table_scan(struct as_table *t, const struct as_scan *scan, struct as_snapshot *ret_snapshot,
		  struct gt_err *err)
{
	struct as_store *s = t->store;
	struct as_snapshot out = {0};
	struct collecting c = {.scan = scan, .out = &out};
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = await_revision(s, scan->rev, err);
	out.rev = scan->rev ? scan->rev : s->visible;
	if (rc == GT_OK && scan->rev && scan->rev < t->oldest)
		rc = gt_fail(err, GT_E_GONE, "too old resource version: %lld (%lld)",
			     (long long)scan->rev, (long long)t->oldest);
	if (rc == GT_OK && scan->rev && scan->rev < t->revision)
		collect_past(t, &c);
	else if (rc == GT_OK)
		collect_now(t, &c);
	pthread_mutex_unlock(&s->lock);
	if (rc < 0)
		return rc;
	*ret_snapshot = out;
	return GT_OK;
}

/* --- following ---------------------------------------------------------------------------- */

int as_table_events(struct as_table *t, int64_t rev, struct as_event *events, size_t max,
		    size_t *ret_n, int64_t *ret_seen, struct gt_err *err)
{
	struct as_store *s = t->store;
	size_t n = 0, at;

	pthread_mutex_lock(&s->lock);
	if (rev < t->oldest) {
		int64_t oldest = t->oldest;
		pthread_mutex_unlock(&s->lock);
		return gt_fail(err, GT_E_GONE, "too old resource version: %lld (%lld)",
			       (long long)rev, (long long)oldest);
	}
	at = as_table_event_after(t, rev);
	for (; n < max && at + n < t->n_events; n++) {
		events[n] = *as_table_event(t, at + n);
		as_object_ref(events[n].obj);
		as_object_ref(events[n].old);
	}
	*ret_seen = at + n < t->n_events ? events[n - 1].rev : s->visible;
	pthread_mutex_unlock(&s->lock);
	*ret_n = n;
	return GT_OK;
}

void as_events_fini(struct as_event *events, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		as_object_unref(events[i].obj);
		as_object_unref(events[i].old);
	}
}

/* --- opening ------------------------------------------------------------------------------ */

struct loading {
	struct as_store *s;
	struct gt_arena arena;
};

static int load_row(void *arg, int64_t rev, struct gt_str table, struct gt_str key,
		    struct gt_str value, struct gt_err *err)
{
	struct loading *l = arg;
	struct as_object *o = NULL;
	int rc = as_object_load(&l->arena, value, rev, &o, err);

	gt_arena_reset(&l->arena);
	if (rc < 0)
		return gt_wrap(err, "row %lld (%.*s %.*s)", (long long)rev, GT_STR_ARG(table),
			       GT_STR_ARG(key));
	as_object_unref(as_table_swap(need_table(l->s, table), key, o));
	return GT_OK;
}

static int load(struct as_store *s, struct gt_err *err)
{
	struct loading l = {.s = s};

	s->assigned = s->visible = as_log_revision(s->log);
	gt_arena_init(&l.arena, GT_BUDGET_REQUEST);
	int rc = as_log_load(s->log, load_row, &l, err);
	gt_arena_fini(&l.arena);
	return rc;
}

int as_store_open(const struct as_store_opts *opts, struct as_store **ret_store, struct gt_err *err)
{
	struct as_store *s = gt_new(struct as_store);
	int rc = GT_OK;

	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->written, NULL);
	pthread_cond_init(&s->wanted, NULL);
	gt_map_init(&s->tables, free_table);
	s->changed = opts->changed;
	s->changed_arg = opts->changed_arg;
	if (opts->path)
		rc = as_log_open(opts->path, opts->sync, &s->log, err);
	if (rc == GT_OK && s->log)
		rc = load(s, err);
	if (rc == GT_OK && s->log) {
		int e = pthread_create(&s->committer, NULL, committer, s);
		s->has_committer = e == 0;
		if (e)
			rc = gt_fail_errno(err, e, "start the commit thread");
	}
	if (rc < 0) {
		as_store_close(s);
		return rc;
	}
	*ret_store = s;
	return GT_OK;
}

void as_store_close(struct as_store *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->closing = true;
	pthread_cond_signal(&s->wanted);
	pthread_mutex_unlock(&s->lock);
	if (s->has_committer)
		pthread_join(s->committer, NULL);
	gt_map_fini(&s->tables);
	as_log_close(s->log);
	gt_vec_fini(&s->queue);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->written);
	pthread_cond_destroy(&s->wanted);
	free(s);
}
