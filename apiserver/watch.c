#include "watch.h"

#include "base/list.h"
#include "base/rand.h"
#include "base/time.h"
#include "encode.h"
#include "net/server.h"
#include "read.h"
#include "server.h"
#include "status.h"
#include "text/json.h"

#define BATCH 64
#define PENDING_MAX ((size_t)1 << 20) /* of bytes that the client has not taken */
#define CHUNK ((size_t)64 << 10)
#define BOOKMARK_NS GT_SECONDS(60)
#define LAST_BOOKMARK_NS GT_SECONDS(2) /* before the end */

struct watcher {
	struct gt_list node;
	struct as_watches *all;
	struct as_call *c;
	struct as_filter filter;
	int64_t rev;      /* everything up to here was sent */
	int64_t deadline; /* of the loop's clock */
	int64_t bookmark; /* when the next one is due */
	bool started;     /* the columns of a table were sent */
	bool blocked;     /* the client does not read */
};

struct as_watches {
	struct as_server *server;
	struct gt_list list;
	size_t n;
	struct gt_timer *timer;
	atomic_bool woken;
};

/* --- frames ------------------------------------------------------------------------------- */

static const char *const type_names[] = {"ADDED", "MODIFIED", "DELETED"};

static int add_frame(struct watcher *w, struct gt_buf *out, enum as_event_type type,
		     const struct as_object *o)
{
	struct gt_arena_mark mark = gt_arena_mark(&w->c->arena);
	int rc;

	gt_buf_printf(out, "{\"type\":\"%s\",\"object\":", type_names[type]);
	rc = as_encode_object(w->c, out, o, !w->started);
	gt_buf_adds(out, "}\n");
	w->started = true;
	if (rc == GT_OK)
		gt_arena_rewind(&w->c->arena, mark);
	return rc;
}

static void add_bookmark(struct watcher *w, struct gt_buf *out, int64_t rev, bool initial_end)
{
	const struct as_call *c = w->c;
	const char *kind = c->form == AS_FORM_PARTIAL ? "PartialObjectMetadata" : c->r->kind;
	const char *group = c->form == AS_FORM_PARTIAL ? "meta.k8s.io/v1" : c->v->api_version;

	gt_buf_printf(
		out,
		"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"%s\",\"apiVersion\":\"%s\","
		"\"metadata\":{\"resourceVersion\":\"%lld\",\"creationTimestamp\":null%s}}}\n",
		kind, group, (long long)rev,
		initial_end ? ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}" : "");
}

static void add_error(struct watcher *w, struct gt_buf *out, const char *why)
{
	as_fail(w->c, 410, "Expired", "%s", why);
	gt_buf_adds(out, "{\"type\":\"ERROR\",\"object\":");
	gt_json_write(out, w->c->status, GT_JSON_COMPACT, 0);
	gt_buf_adds(out, "}\n");
}

/* --- filtering ---------------------------------------------------------------------------- */

static bool sees(const struct watcher *w, const struct as_object *o)
{
	struct gt_str ns = w->c->to.ns;

	if (!o || (ns.n > 0 && !gt_str_eq(ns, o->ns)))
		return false;
	if (w->c->to.name.n > 0 && !gt_str_eq(w->c->to.name, o->name))
		return false;
	return !w->filter.any || as_filter_match(&w->filter, o);
}

/* What an event is for this watch: an object may come into or leave what is selected. */
static int add_event(struct watcher *w, struct gt_buf *out, const struct as_event *e)
{
	bool before = sees(w, e->old);
	bool now = e->type != AS_DELETED && sees(w, e->obj);
	struct as_object *left;
	int rc;

	if (now)
		return add_frame(w, out, before ? AS_MODIFIED : AS_ADDED, e->obj);
	if (!before)
		return GT_OK;
	if (e->type == AS_DELETED)
		return add_frame(w, out, AS_DELETED, e->obj);
	left = as_object_restamp(e->old, e->rev);
	rc = add_frame(w, out, AS_DELETED, left);
	as_object_unref(left);
	return rc;
}

/* --- on the loop -------------------------------------------------------------------------- */

static void finish(struct watcher *w)
{
	gt_list_remove(&w->node);
	w->all->n--;
	gt_reply_end(w->c->reply);
	as_call_fini(w->c);
	free(w->c);
	free(w);
}

static void pump(struct watcher *w)
{
	struct as_event events[BATCH];
	struct as_table *t = w->c->r->table;
	struct gt_err err = {0};
	size_t n;

	w->blocked = gt_reply_pending(w->c->reply) > PENDING_MAX;
	while (!w->blocked) {
		gt_auto_buf out = {0};
		int64_t seen;
		bool bad = false;
		if (as_table_events(t, w->rev, events, BATCH, &n, &seen, &err) < 0) {
			add_error(w, &out, err.text);
			gt_reply_write_take(w->c->reply, &out);
			finish(w);
			return;
		}
		for (size_t i = 0; i < n && !bad; i++)
			bad = add_event(w, &out, &events[i]) < 0;
		as_events_fini(events, n);
		w->rev = seen;
		if (out.n > 0)
			gt_reply_write_take(w->c->reply, &out);
		if (bad) {
			finish(w);
			return;
		}
		w->blocked = gt_reply_pending(w->c->reply) > PENDING_MAX;
		if (n < BATCH)
			return;
	}
}

static void send_bookmark(struct watcher *w)
{
	gt_auto_buf out = {0};

	if (w->c->query.bookmarks && w->c->form != AS_FORM_TABLE && !w->blocked) {
		add_bookmark(w, &out, w->rev, false);
		gt_reply_write_take(w->c->reply, &out);
	}
}

static void on_timer(void *arg)
{
	struct as_watches *all = arg;
	int64_t now = gt_loop_now(all->server->loop);

	if (atomic_load(&all->server->stopping))
		return;
	gt_list_for_each (&all->list, it) {
		struct watcher *w = gt_container_of(it, struct watcher, node);
		if (now >= w->bookmark) {
			send_bookmark(w);
			w->bookmark = now + BOOKMARK_NS;
			if (w->deadline - LAST_BOOKMARK_NS > now &&
			    w->bookmark > w->deadline - LAST_BOOKMARK_NS)
				w->bookmark = w->deadline - LAST_BOOKMARK_NS;
		}
		if (now >= w->deadline)
			finish(w);
	}
}

static void on_wake(void *arg)
{
	struct as_watches *all = arg;

	atomic_store(&all->woken, false);
	if (atomic_load(&all->server->stopping))
		return; /* the store may be gone */
	gt_list_for_each (&all->list, it) {
		struct watcher *w = gt_container_of(it, struct watcher, node);
		if (!w->blocked)
			pump(w);
	}
}

static void on_drain(void *arg)
{
	struct watcher *w = arg;

	if (w->blocked)
		pump(w);
}

static void on_close(void *arg)
{
	finish(arg);
}

/* Takes over a watch whose beginning was sent. */
static void adopt(void *arg)
{
	struct watcher *w = arg;
	int64_t now = gt_loop_now(w->all->server->loop);
	int64_t seconds = w->c->query.timeout_s;

	if (seconds <= 0)
		seconds = 1800 + gt_rand_below(1800);
	w->deadline = now + GT_SECONDS(seconds);
	w->bookmark = now + BOOKMARK_NS;
	if (seconds > 2 && w->bookmark > w->deadline - LAST_BOOKMARK_NS)
		w->bookmark = w->deadline - LAST_BOOKMARK_NS;
	gt_list_append(&w->all->list, &w->node);
	w->all->n++;
	atomic_fetch_sub(&w->all->server->calls, 1);
	gt_reply_on_drain(w->c->reply, on_drain, w);
	if (gt_reply_closed(w->c->reply) || atomic_load(&w->all->server->stopping)) {
		finish(w);
		return;
	}
	gt_reply_on_close(w->c->reply, on_close, w);
	pump(w);
}

/* --- starting, on a worker ---------------------------------------------------------------- */

static int check_options(struct as_call *c)
{
	const struct as_query *q = &c->query;
	bool not_older = gt_str_is(q->rv_match, "NotOlderThan");

	if (q->has_initial && !not_older)
		return as_option_error(c, "resourceVersionMatch",
				       "sendInitialEvents requires setting resourceVersionMatch to "
				       "NotOlderThan");
	if (q->has_initial && q->initial_events && !q->bookmarks)
		return as_option_error(c, "sendInitialEvents",
				       "sendInitialEvents requires allowWatchBookmarks");
	if (!q->has_initial && q->rv_match.n > 0)
		return as_option_error(c, "resourceVersionMatch",
				       "resourceVersionMatch is forbidden for watch unless "
				       "sendInitialEvents is provided");
	return GT_OK;
}

struct beginning {
	bool initial; /* everything there is comes first */
	bool mark;    /* and a bookmark after it */
	int64_t rev;  /* else only what comes after */
};

static int decide(struct as_call *c, struct beginning *ret)
{
	int64_t rev = 0;
	int rc = check_options(c);

	if (rc == GT_OK)
		rc = as_parse_rv(c, c->query.rv, &rev);
	if (rc == GT_OK && rev > 0)
		rc = as_await(c, rev);
	if (rc < 0)
		return rc;
	*ret = (struct beginning){.rev = rev};
	if (c->query.has_initial)
		ret->initial = ret->mark = c->query.initial_events;
	else
		ret->initial = rev == 0;
	if (!ret->initial && rev == 0)
		ret->rev = as_store_revision(c->server->store);
	return GT_OK;
}

static bool scan_match(void *arg, const struct as_object *o)
{
	return sees(arg, o);
}

static int send_initial(struct watcher *w, const struct as_snapshot *snap)
{
	gt_auto_buf out = {0};
	int rc = GT_OK;

	for (size_t i = 0; i < snap->n && rc == GT_OK; i++) {
		rc = add_frame(w, &out, AS_ADDED, snap->v[i]);
		if (out.n > CHUNK)
			gt_reply_write_take(w->c->reply, &out);
	}
	if (out.n > 0)
		gt_reply_write_take(w->c->reply, &out);
	return rc;
}

static void begin_reply(struct as_call *c)
{
	as_common_headers(c);
	gt_reply_header(c->reply, "Content-Type", "application/json");
	gt_reply_start(c->reply, 200, -1);
}

/* Everything there is, then the revision to go on from. */
static int send_beginning(struct watcher *w, const struct beginning *b)
{
	struct as_call *c = w->c;
	struct as_snapshot snap = {0};
	struct as_scan scan = {.ns = c->to.ns, .match = scan_match, .match_arg = w};
	gt_auto_buf mark = {0};
	struct gt_err err = {0};
	int rc;

	w->rev = b->rev;
	if (!b->initial) {
		begin_reply(c);
		return GT_OK;
	}
	rc = as_table_scan(c->r->table, &scan, &snap, &err);
	if (rc < 0)
		return as_fail_err(c, &err);
	begin_reply(c);
	rc = send_initial(w, &snap);
	w->rev = snap.rev;
	as_snapshot_fini(&snap);
	if (rc == GT_OK && b->mark) {
		add_bookmark(w, &mark, w->rev, true);
		gt_reply_write_take(c->reply, &mark);
	}
	/* Once started, an answer cannot become an error any more. */
	return GT_OK;
}

int as_watch_start(struct as_call *c)
{
	struct watcher *w = gt_new(struct watcher);
	struct beginning b;
	int rc;

	w->all = c->server->watches;
	w->c = c;
	gt_list_init(&w->node);
	rc = as_filter_parse(c, &w->filter);
	if (rc == GT_OK)
		rc = decide(c, &b);
	if (rc == GT_OK)
		rc = send_beginning(w, &b);
	if (rc < 0) {
		free(w);
		return rc;
	}
	gt_loop_post(c->server->loop, adopt, w);
	return AS_HANDED_OVER;
}

/* --- all ---------------------------------------------------------------------------------- */

struct as_watches *as_watches_new(struct as_server *server)
{
	struct as_watches *w = gt_new(struct as_watches);

	w->server = server;
	gt_list_init(&w->list);
	w->timer = gt_timer_new(server->loop, on_timer, w);
	gt_timer_start(w->timer, GT_SECONDS(1), GT_SECONDS(1));
	return w;
}

void as_watches_free(struct as_watches *all)
{
	if (!all)
		return;
	while (!gt_list_empty(&all->list))
		finish(gt_container_of(all->list.next, struct watcher, node));
	gt_timer_free(all->timer);
	free(all);
}

void as_watches_wake(struct as_watches *w)
{
	if (!atomic_exchange(&w->woken, true))
		gt_loop_post(w->server->loop, on_wake, w);
}

size_t as_watches_count(const struct as_watches *w)
{
	return w->n;
}
