#include "controllers.h"

#include <malloc.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "control.h"
#include "status.h"

#define BATCH 64
#define EXPIRE_NS GT_SECONDS(60)

struct item {
	int64_t due;
	as_reconcile_fn fn;
	struct as_resource *r; /* a reference */
	struct gt_str ns, name;
	char *key;
};

struct as_controllers {
	struct as_server *server;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool woken, stopping;
	bool started;              /* the owner's */
	struct gt_map cursors;     /* table name to the revision seen, as a pointer to int64_t */
	GT_VEC(struct item) queue; /* by due, latest first */
	struct gt_map waiting;     /* keys in the queue */
	struct as_gc *gc;
	int64_t expire_at;
};

struct as_server *as_control_server(struct as_controllers *k)
{
	return k->server;
}

struct as_gc *as_control_gc(struct as_controllers *k)
{
	return k->gc;
}

struct as_resource *as_builtin(struct as_controllers *k, const char *group, const char *plural)
{
	return as_registry_find(k->server->registry, gt_str(group), gt_str(plural));
}

/* --- the queue ---------------------------------------------------------------------------- */

static void free_item(struct item *it)
{
	as_resource_unref(it->r);
	free(it->key);
}

void as_requeue(struct as_controllers *k, as_reconcile_fn fn, struct as_resource *r,
		struct gt_str ns, struct gt_str name, int64_t delay_ns)
{
	char *key = gt_xasprintf("%p/%s/%s/%.*s/%.*s", (void *)(uintptr_t)fn, r->group, r->plural,
				 GT_STR_ARG(ns), GT_STR_ARG(name));
	struct item it = {.due = gt_now_mono() + delay_ns, .fn = fn, .key = key};
	size_t head;

	if (gt_map_has(&k->waiting, gt_str(key))) {
		free(key);
		return;
	}
	gt_map_put(&k->waiting, gt_str(key), NULL);
	it.r = as_resource_ref(r);
	/* The key holds the texts. */
	head = strlen(key) - name.n;
	it.name = gt_strn(key + head, name.n);
	it.ns = gt_strn(key + head - 1 - ns.n, ns.n);
	gt_vec_push(&k->queue, it);
	for (size_t i = k->queue.n - 1; i > 0 && k->queue.v[i - 1].due < it.due; i--) {
		k->queue.v[i] = k->queue.v[i - 1];
		k->queue.v[i - 1] = it;
	}
}

static bool run_due(struct as_controllers *k)
{
	if (k->queue.n == 0 || k->queue.v[k->queue.n - 1].due > gt_now_mono())
		return false;
	struct item it = k->queue.v[--k->queue.n];
	gt_map_del(&k->waiting, gt_str(it.key));
	it.fn(k, it.r, it.ns, it.name);
	free_item(&it);
	return true;
}

/* --- acting ------------------------------------------------------------------------------- */

static void complain(struct as_controllers *k, struct as_call *c, const char *what)
{
	int code = as_status_code(c->status);
	const char *why = gt_node_cstr_or(gt_node_get(c->status, "message"), "");

	/* Gone, or somebody was faster: the event of that comes, too. */
	if (code == 404 || code == 409 || code == 403)
		return;
	gt_log_error(k->server->opts.log, NULL, what, gt_kv_str("cause", why),
		     gt_kv_str("resource", c->r->qualified));
}

void as_control_create(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
		       struct gt_arena *a, struct gt_node *obj)
{
	struct as_call c;

	(void)a;
	as_call_inside(&c, k->server, "gitops-apiserver", r, AS_V_CREATE, ns, gt_str(""));
	c.body = obj;
	if (as_create(&c) < 0)
		complain(k, &c, "create");
	as_call_fini(&c);
}

void as_control_delete(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
		       struct gt_str name, struct gt_str uid, const char *propagation)
{
	struct as_call c;
	struct gt_node *options, *pre;

	as_call_inside(&c, k->server, "gitops-apiserver", r, AS_V_DELETE, ns, name);
	options = gt_node_map(&c.arena);
	if (propagation)
		gt_node_set_str(&c.arena, options, "propagationPolicy", propagation);
	if (uid.n > 0) {
		pre = gt_node_need_map(&c.arena, options, "preconditions");
		gt_node_set(&c.arena, pre, "uid", gt_node_strn(&c.arena, uid));
	}
	c.body = options;
	if (as_delete(&c) < 0)
		complain(k, &c, "delete");
	as_call_fini(&c);
}

bool as_control_modify(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
		       struct gt_str name, const char *sub, as_transform_fn fn, void *arg)
{
	struct as_call c;
	bool ok;

	as_call_inside(&c, k->server, "gitops-apiserver", r, AS_V_UPDATE, ns, name);
	if (sub)
		c.to.sub = gt_str(sub);
	ok = as_modify(&c, fn, arg) == GT_OK;
	if (!ok)
		complain(k, &c, "update");
	as_call_fini(&c);
	return ok;
}

/* --- events ------------------------------------------------------------------------------- */

static void saw(struct as_controllers *k, struct as_resource *r, const struct as_event *e)
{
	struct as_happening h = {.r = r, .type = e->type, .obj = e->obj, .old = e->old};

	as_gc_saw(k->gc, k, &h);
	as_namespace_saw(k, &h);
	as_definition_saw(k, &h);
	as_workload_saw(k, &h);
	as_simulation_saw(k, &h);
}

/* Everything that exists, as if it had just been created. */
static int64_t start_table(struct as_controllers *k, struct as_resource *r)
{
	struct as_snapshot snap = {0};
	struct as_scan scan = {0};
	int64_t rev;

	if (as_table_scan(r->table, &scan, &snap, NULL) < 0)
		return 0;
	for (size_t i = 0; i < snap.n; i++) {
		struct as_event e = {.type = AS_ADDED, .rev = snap.v[i]->rev, .obj = snap.v[i]};
		saw(k, r, &e);
	}
	rev = snap.rev;
	as_snapshot_fini(&snap);
	return rev;
}

static bool follow_table(struct as_controllers *k, struct as_resource *r)
{
	struct as_event events[BATCH];
	int64_t *cursor = gt_map_find(&k->cursors, gt_str(as_table_name(r->table)));
	size_t n = 0;

	if (!cursor) {
		cursor = gt_new(int64_t);
		gt_map_put(&k->cursors, gt_str(as_table_name(r->table)), cursor);
		*cursor = start_table(k, r);
		return true;
	}
	if (as_table_events(r->table, *cursor, events, BATCH, &n, cursor, NULL) < 0) {
		*cursor = start_table(k, r);
		return true;
	}
	for (size_t i = 0; i < n; i++)
		saw(k, r, &events[i]);
	as_events_fini(events, n);
	return n > 0;
}

/* One round over all tables; true when there was something. */
static bool follow(struct as_controllers *k)
{
	size_t n;
	struct as_resource **all = as_registry_all(k->server->registry, &n);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		/* Events of events.k8s.io are those of the core group. */
		if (all[i]->table && !gt_streq(all[i]->group, "events.k8s.io"))
			any |= follow_table(k, all[i]);
	}
	as_resources_free(all, n);
	return any;
}

/* --- the thread --------------------------------------------------------------------------- */

static bool wait(struct as_controllers *k)
{
	int64_t due = k->expire_at;
	struct timespec until;

	if (k->queue.n > 0 && k->queue.v[k->queue.n - 1].due < due)
		due = k->queue.v[k->queue.n - 1].due;
	until.tv_sec = due / GT_NS_PER_S;
	until.tv_nsec = due % GT_NS_PER_S;
	pthread_mutex_lock(&k->lock);
	while (!k->woken && !k->stopping) {
		if (pthread_cond_timedwait(&k->cond, &k->lock, &until) != 0)
			break;
	}
	k->woken = false;
	bool stop = k->stopping;
	pthread_mutex_unlock(&k->lock);
	return !stop;
}

static bool stopping(struct as_controllers *k)
{
	pthread_mutex_lock(&k->lock);
	bool stop = k->stopping;
	pthread_mutex_unlock(&k->lock);
	return stop;
}

static void *run(void *arg)
{
	struct as_controllers *k = arg;

	do {
		while ((follow(k) || run_due(k)) && !stopping(k))
			;
		if (gt_now_mono() >= k->expire_at) {
			as_events_expire(k);
			/* What big requests left behind goes back to the system. */
			malloc_trim(0);
			k->expire_at = gt_now_mono() + EXPIRE_NS;
		}
	} while (wait(k));
	return NULL;
}

struct as_controllers *as_controllers_new(struct as_server *server)
{
	struct as_controllers *k = gt_new(struct as_controllers);
	pthread_condattr_t attr;

	k->server = server;
	k->gc = as_gc_new();
	k->expire_at = gt_now_mono() + EXPIRE_NS;
	gt_map_init(&k->cursors, free);
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->cond, &attr);
	pthread_condattr_destroy(&attr);
	return k;
}

int as_controllers_start(struct as_controllers *k, struct gt_err *err)
{
	int e = pthread_create(&k->thread, NULL, run, k);

	if (e)
		return gt_fail_errno(err, e, "start the controllers");
	k->started = true;
	return GT_OK;
}

void as_controllers_wake(struct as_controllers *k)
{
	pthread_mutex_lock(&k->lock);
	k->woken = true;
	pthread_cond_signal(&k->cond);
	pthread_mutex_unlock(&k->lock);
}

void as_controllers_stop(struct as_controllers *k)
{
	pthread_mutex_lock(&k->lock);
	k->stopping = true;
	pthread_cond_signal(&k->cond);
	pthread_mutex_unlock(&k->lock);
	if (k->started)
		pthread_join(k->thread, NULL);
	k->started = false;
}

void as_controllers_free(struct as_controllers *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->queue.n; i++)
		free_item(&k->queue.v[i]);
	gt_vec_fini(&k->queue);
	gt_map_fini(&k->waiting);
	gt_map_fini(&k->cursors);
	as_gc_free(k->gc);
	pthread_mutex_destroy(&k->lock);
	pthread_cond_destroy(&k->cond);
	free(k);
}
