/* The reflector: list and watch, into the store and out to the handlers. */
#include "runtime/informer.h"

#include <stdatomic.h>
#include <string.h>

#include "base/limits.h"
#include "base/rand.h"
#include "base/time.h"
#include "kube/object.h"
#include "kube/watch.h"
#include "net/loop.h"
#include "runtime/informer_int.h"

/* Upstream starts at 800 ms and starts anew after two healthy minutes.  Here the first try comes
 * sooner, and a stream that worked ends the series: a server that was restarted is found at once.
 */
#define BACKOFF_MIN GT_MILLIS(100)
#define BACKOFF_MAX GT_SECONDS(30)
#define SHORT_WATCH GT_SECONDS(1)
#define RESYNC GT_SECONDS(36000)
#define PAGE 500
#define EVENT_BUDGET (8 * GT_LIMIT_API_EVENT)

static void start_round(struct gt_informer *inf);

static void maybe_free(struct gt_informer *inf);

/* --- telling the handlers -------------------------------------------------------------------- */

static void tell(struct gt_informer *inf, const struct gt_informer_event *ev)
{
	for (size_t i = 0; i < inf->handlers.n; i++)
		inf->handlers.v[i].fn(inf->handlers.v[i].arg, ev);
}

/* Stores obj (already projected) and tells; o is its block. */
static void put(struct gt_informer *inf, struct gt_arena *a, struct gt_node *obj,
		struct gt_object *o, bool initial)
{
	struct gt_node *before = NULL;
	bool had = false;

	pthread_mutex_lock(&inf->lock);
	const struct gt_object *old = gt_objects_find(&inf->store, o->key);
	if (old) {
		had = true;
		if (inf->handlers.n > 0)
			gt_object_parse(a, old, &before, NULL);
	}
	gt_objects_put_take(&inf->store, o, obj);
	pthread_mutex_unlock(&inf->lock);
	struct gt_informer_event ev = {
		.type = had ? GT_CHANGE_MODIFIED : GT_CHANGE_ADDED,
		.initial = initial,
		.old = before,
		.obj = obj,
	};
	tell(inf, &ev);
}

static void drop(struct gt_informer *inf, struct gt_arena *a, const char *key)
{
	struct gt_node *last = NULL;

	pthread_mutex_lock(&inf->lock);
	const struct gt_object *old = gt_objects_find(&inf->store, key);
	bool had = old != NULL;
	if (old)
		gt_object_parse(a, old, &last, NULL);
	gt_objects_del(&inf->store, key);
	pthread_mutex_unlock(&inf->lock);
	struct gt_informer_event ev = {.type = GT_CHANGE_DELETED, .obj = last};
	if (had && last)
		tell(inf, &ev);
}

/* --- the snapshot of a listing --------------------------------------------------------------- */

static void incoming_free(void *p)
{
	gt_object_free(p);
}

static void incoming_reset(struct gt_informer *inf)
{
	gt_map_fini(&inf->incoming);
	gt_map_init(&inf->incoming, incoming_free);
}

static void incoming_add(struct gt_informer *inf, struct gt_arena *a, const struct gt_node *obj)
{
	const struct gt_node *kept = gt_project(a, obj, gt_informer__paths(inf));
	struct gt_object *o = gt_object_new(kept);

	gt_map_put(&inf->incoming, gt_str(o->key), o);
}

static void mark_synced(struct gt_informer *inf)
{
	pthread_mutex_lock(&inf->lock);
	inf->synced = true;
	inf->problem.code = GT_OK;
	pthread_cond_broadcast(&inf->cond);
	pthread_mutex_unlock(&inf->lock);
	if (inf->on_synced)
		inf->on_synced(inf->observer);
}

/* Makes the store equal to the snapshot: missing keys are deletions, present ones updates. */
static void replace(struct gt_informer *inf)
{
	bool initial = !inf->synced;
	GT_VEC(char *) gone = {0};

	pthread_mutex_lock(&inf->lock);
	gt_map_for_each (&inf->store.objects, e) {
		if (!gt_map_has(&inf->incoming, gt_strn(e->key, e->len)))
			gt_vec_push(&gone, gt_xstrndup(e->key, e->len));
	}
	pthread_mutex_unlock(&inf->lock);
	for (size_t i = 0; i < gone.n; i++) {
		gt_auto_arena a = {.budget = EVENT_BUDGET};
		drop(inf, &a, gone.v[i]);
		free(gone.v[i]);
	}
	gt_vec_fini(&gone);
	struct gt_map incoming = inf->incoming;
	gt_map_init(&inf->incoming, incoming_free);
	incoming.free_value = NULL;
	gt_map_for_each (&incoming, e) {
		gt_auto_arena a = {.budget = EVENT_BUDGET};
		struct gt_object *o = e->value;
		struct gt_node *obj;

		if (gt_object_parse(&a, o, &obj, NULL) == GT_OK)
			put(inf, &a, obj, o, initial);
		else
			gt_object_free(o);
	}
	gt_map_fini(&incoming);
	mark_synced(inf);
}

/* --- failures -------------------------------------------------------------------------------- */

static void remember_problem(struct gt_informer *inf, const struct gt_err *err)
{
	pthread_mutex_lock(&inf->lock);
	inf->problem = *err;
	pthread_mutex_unlock(&inf->lock);
}

static void on_timer(void *arg)
{
	start_round(arg);
}

/* The next round after a pause that grows with repeated failure. */
static void back_off(struct gt_informer *inf)
{
	bool worked =
		inf->opened && (inf->events_seen || gt_now_mono() - inf->opened_at > SHORT_WATCH);

	if (worked)
		inf->backoff = 0;
	inf->opened = false;
	inf->backoff = inf->backoff ? inf->backoff * 2 : BACKOFF_MIN;
	if (inf->backoff > BACKOFF_MAX)
		inf->backoff = BACKOFF_MAX;
	int64_t wait = inf->backoff + (int64_t)((double)inf->backoff * gt_rand_unit());
	if (!inf->timer)
		inf->timer = gt_timer_new(gt_kube_loop(inf->kube), on_timer, inf);
	gt_timer_start(inf->timer, wait, 0);
}

static void set_rv(struct gt_informer *inf, const char *rv)
{
	if (inf->rv && strcmp(inf->rv, rv) == 0)
		return;
	free(inf->rv);
	inf->rv = gt_xstrdup(rv);
}

/* The server has not got as far as we have seen: it was set back, or is another one. */
static bool is_from_the_future(const struct gt_err *err)
{
	return err->code == GT_E_TIMEOUT && strstr(err->text, "Too large resource version");
}

/* What a failed round means for the next one. */
static void round_failed(struct gt_informer *inf, const struct gt_err *err)
{
	remember_problem(inf, err);
	switch (is_from_the_future(err) ? GT_E_GONE : err->code) {
	case GT_E_GONE:
		/* Too old to go on from: everything again. */
		inf->relist = true;
		set_rv(inf, "");
		break;
	case GT_E_THROTTLED:
	case GT_E_UNAVAILABLE:
	case GT_E_TIMEOUT:
		/* Passing trouble: go on from where we were. */
		gt_log_debug(inf->opts.log, "watch interrupted, will be resumed",
			     gt_kv_str("resource", inf->res->plural),
			     gt_kv_str("cause", err->text));
		break;
	default:
		inf->relist = true;
		if (inf->on_problem)
			break; /* the observer knows what to make of it */
		gt_log_error(inf->opts.log, err, "failed to list and watch",
			     gt_kv_str("resource", inf->res->plural));
		break;
	}
	back_off(inf);
	if (inf->on_problem)
		inf->on_problem(inf->observer, err);
}

/* --- watch ----------------------------------------------------------------------------------- */

static void take_change(struct gt_informer *inf, enum gt_event_type type, struct gt_node *obj)
{
	gt_auto_arena a = {.budget = EVENT_BUDGET};

	if (type == GT_EVENT_DELETED) {
		drop(inf, &a, gt_objects_key(&a, obj));
		return;
	}
	struct gt_node *kept = gt_project(&a, obj, gt_informer__paths(inf));
	if (gt_arena_check(&a, NULL) == GT_OK)
		put(inf, &a, kept, gt_object_new(kept), false);
}

static void on_event(void *arg, enum gt_event_type type, struct gt_node *obj)
{
	struct gt_informer *inf = arg;
	gt_auto_arena a = {.budget = EVENT_BUDGET};

	if (inf->stopping)
		return;
	inf->events_seen = true;
	set_rv(inf, gt_obj_rv(obj));
	if (type == GT_EVENT_BOOKMARK) {
		if (inf->initial_phase &&
		    gt_streq(gt_obj_annotation(obj, "k8s.io/initial-events-end"), "true")) {
			inf->initial_phase = false;
			inf->relist = false;
			replace(inf);
		}
		return;
	}
	if (!inf->initial_phase)
		take_change(inf, type, obj);
	else if (type == GT_EVENT_DELETED)
		gt_map_del(&inf->incoming, gt_str(gt_objects_key(&a, obj)));
	else
		incoming_add(inf, &a, obj);
}

static void on_open(void *arg)
{
	struct gt_informer *inf = arg;

	inf->opened = true;
	inf->opened_at = gt_now_mono();
}

static void on_end(void *arg, const struct gt_err *err)
{
	struct gt_informer *inf = arg;
	bool initial = inf->initial_phase;
	int64_t lasted = gt_now_mono() - inf->round_started;

	inf->watch = NULL;
	inf->initial_phase = false;
	if (inf->stopping) {
		maybe_free(inf);
		return;
	}
	if (err && initial && (err->code == GT_E_INVALID || err->code == GT_E_UNSUPPORTED)) {
		/* The server does not stream lists: the classic way. */
		inf->no_watch_list = true;
		start_round(inf);
		return;
	}
	if (err) {
		round_failed(inf, err);
		return;
	}
	if (!inf->events_seen && lasted < SHORT_WATCH) {
		back_off(inf);
		return;
	}
	inf->backoff = 0;
	start_round(inf);
}

static void start_watch(struct gt_informer *inf, bool initial)
{
	struct gt_watch_opts opts = {
		.label_selector = inf->opts.label_selector,
		.field_selector = inf->opts.field_selector,
		.resource_version = inf->rv,
		.initial_events = initial,
		.metadata_only = inf->opts.metadata_only,
	};
	struct gt_watch_fns fns = {.open = on_open, .event = on_event, .end = on_end, .arg = inf};

	inf->initial_phase = initial;
	inf->events_seen = false;
	inf->opened = false;
	if (initial)
		incoming_reset(inf);
	inf->watch = gt_watch_start(inf->kube, inf->res, inf->opts.ns, &opts, &fns);
}

/* --- list ------------------------------------------------------------------------------------ */

static void start_list(struct gt_informer *inf, const char *token);

static void on_list(void *arg, struct gt_node *list, const struct gt_err *err)
{
	struct gt_informer *inf = arg;

	inf->list = NULL;
	if (inf->stopping) {
		maybe_free(inf);
		return;
	}
	if (err) {
		/* A continuation that expired: the whole list in one go. */
		if (err->code == GT_E_GONE && inf->paged && !inf->no_pages) {
			inf->no_pages = true;
			start_list(inf, NULL);
			return;
		}
		round_failed(inf, err);
		return;
	}
	gt_seq_for_each (gt_node_get(list, "items"), item) {
		gt_auto_arena a = {.budget = EVENT_BUDGET};
		incoming_add(inf, &a, item);
	}
	const char *token = gt_node_cstr_at(list, "metadata", "continue");
	if (token && *token) {
		inf->paged = true;
		start_list(inf, token);
		return;
	}
	set_rv(inf, gt_node_cstr_or(gt_node_at(list, "metadata", "resourceVersion"), ""));
	inf->relist = false;
	replace(inf);
	start_watch(inf, false);
}

static void start_list(struct gt_informer *inf, const char *token)
{
	bool first = !inf->rv;
	struct gt_list_opts opts = {
		.label_selector = inf->opts.label_selector,
		.field_selector = inf->opts.field_selector,
		.resource_version = first ? "0" : inf->rv,
		.limit = inf->no_pages ? 0 : PAGE,
		.metadata_only = inf->opts.metadata_only,
	};

	/* A server pages only consistent reads and those of its cache. */
	if (!first && *inf->rv)
		opts.limit = 0;
	if (!token)
		incoming_reset(inf);
	inf->list = gt_list_start(inf->kube, inf->res, inf->opts.ns, &opts, token, on_list, inf);
}

static void start_round(struct gt_informer *inf)
{
	if (inf->stopping)
		return;
	inf->round_started = gt_now_mono();
	if (inf->synced && !inf->relist && inf->rv && *inf->rv) {
		start_watch(inf, false);
		return;
	}
	inf->paged = inf->no_pages = false;
	if (inf->no_watch_list)
		start_list(inf, NULL);
	else
		start_watch(inf, true);
}

/* --- resync ---------------------------------------------------------------------------------- */

static void start_resync(struct gt_informer *inf);

/* Replays every object as an update that changes nothing. */
static void on_resync(void *arg)
{
	struct gt_informer *inf = arg;
	GT_VEC(char *) keys = {0};

	gt_map_for_each (&inf->store.objects, e)
		gt_vec_push(&keys, gt_xstrndup(e->key, e->len));
	for (size_t i = 0; i < keys.n; i++) {
		gt_auto_arena a = {.budget = EVENT_BUDGET};
		const struct gt_object *o = gt_objects_find(&inf->store, keys.v[i]);
		struct gt_node *obj = NULL;

		if (o && gt_object_parse(&a, o, &obj, NULL) == GT_OK)
			tell(inf, &(struct gt_informer_event){
					  .type = GT_CHANGE_MODIFIED, .old = obj, .obj = obj});
		free(keys.v[i]);
	}
	gt_vec_fini(&keys);
	start_resync(inf);
}

static void start_resync(struct gt_informer *inf)
{
	int64_t every = inf->opts.resync_ns ? inf->opts.resync_ns : RESYNC;

	if (every < 0)
		return;
	if (!inf->resync)
		inf->resync = gt_timer_new(gt_kube_loop(inf->kube), on_resync, inf);
	gt_timer_start(inf->resync, (int64_t)((double)every * (0.9 + 0.2 * gt_rand_unit())), 0);
}

/* --- life ------------------------------------------------------------------------------------ */

void gt_informer_start(struct gt_informer *inf)
{
	if (inf->started)
		return;
	inf->started = true;
	start_round(inf);
	start_resync(inf);
}

void gt_informer_stop(struct gt_informer *inf)
{
	inf->stopping = true;
	gt_timer_free(gt_steal(inf->timer));
	gt_timer_free(gt_steal(inf->resync));
	if (inf->watch)
		gt_watch_stop(inf->watch);
	if (inf->list)
		gt_list_stop(inf->list);
}

static void maybe_free(struct gt_informer *inf)
{
	if (!inf->dying || inf->watch || inf->list)
		return;
	gt_objects_fini(&inf->store);
	gt_map_fini(&inf->incoming);
	gt_vec_fini(&inf->handlers);
	gt_informer__free_opts(inf);
	pthread_cond_destroy(&inf->cond);
	pthread_mutex_destroy(&inf->lock);
	gt_kube_unref(inf->kube);
	free(inf->rv);
	free(inf);
}

void gt_informer_free(struct gt_informer *inf)
{
	if (!inf)
		return;
	gt_informer_stop(inf);
	inf->dying = true;
	maybe_free(inf);
}
