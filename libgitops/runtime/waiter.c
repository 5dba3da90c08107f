#include "runtime/waiter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "kube/object.h"
#include "kube/watch.h"
#include "net/loop.h"
#include "runtime/informer.h"
#include "runtime/store.h"

#define LINGER GT_SECONDS(60)
#define POLL GT_SECONDS(5)
#define UNWATCHABLE GT_SECONDS(300) /* how long a refusal to watch is believed */
#define MAPPING_TIMEOUT GT_SECONDS(30)

/* One object that one wait is about. */
struct slot {
	struct gt_pending *pending;
	struct gt_ref ref;             /* strings in the pending's arena */
	const struct gt_resource *res; /* NULL: the server does not know the kind */
	const char *key;               /* "ns/name" */
	const char *seen;              /* NULL: not looked at */
	struct share *share;
	bool settled;
	bool failed;
	bool ttl; /* a Job that is deleted when it has finished */
};

struct slots {
	GT_VEC(struct slot *) v;
};

/* One watch, shared.  Loop thread, but for the fields that the waiter's lock guards. */
struct share {
	struct gt_waiter *waiter;
	char *key;
	struct gt_informer *informer; /* guarded for readers; NULL when it may not be watched */
	struct gt_map slots;          /* "ns/name" -> struct slots */
	size_t users;                 /* waits */
	struct gt_timer *linger;
	/* Where it may not be watched: what is read instead. */
	struct gt_kube *kube;
	const struct gt_resource *res;
	struct gt_timer *poll;
	struct gt_list reads; /* of struct read.node, under way */
	int64_t refused_at;   /* monotonic; 0: never */
};

/* One object being read. */
struct read {
	struct gt_list node;
	struct share *share; /* NULL: nobody waits for the answer */
	char *key;
};

struct gt_waiter {
	struct gt_loop *loop;
	const struct gt_log *log;
	pthread_mutex_t lock; /* shares, and share.informer, against readers */
	struct gt_map shares; /* key -> struct share */
	bool closing;
};

struct gt_pending {
	struct gt_waiter *waiter;
	struct gt_kube *kube;
	struct gt_arena arena;
	struct slot *slots;
	size_t n;
	enum gt_wait_mode mode;
	bool fail_fast;
	gt_judge_fn judge;
	void *judge_arg;
	bool whole;
	int64_t deadline; /* monotonic; INT64_MAX: none */
	void (*wake)(void *arg, enum gt_wake why);
	void *arg;

	/* Loop thread. */
	struct gt_timer *timer;
	size_t unsettled;
	bool begun, over;
	bool abandoned; /* cancelled before it began: begin() frees it */
};

/* --- judging --------------------------------------------------------------------------------- */

static enum gt_status by_kstatus(const struct gt_node *obj)
{
	gt_auto_arena a = {0};
	struct gt_kstatus ks;

	if (gt_kstatus(&a, obj, &ks, NULL) < 0)
		return GT_STATUS_UNKNOWN;
	return ks.status;
}

/* What the slot makes of the object's state; obj NULL: absent. */
static void judge(struct slot *s, const struct gt_node *obj)
{
	struct gt_pending *p = s->pending;
	enum gt_status status;

	if (p->mode == GT_WAIT_ABSENT) {
		s->settled = !obj;
		return;
	}
	if (p->mode == GT_WAIT_CHANGE) {
		s->settled = !s->seen || strcmp(s->seen, obj ? gt_obj_rv(obj) : "") != 0;
		return;
	}
	if (obj && gt_node_at(obj, "spec", "ttlSecondsAfterFinished"))
		s->ttl = true;
	status = p->judge ? p->judge(p->judge_arg, &s->ref, obj) : by_kstatus(obj);
	if (!obj && s->ttl)
		status = GT_STATUS_CURRENT;
	s->failed = status == GT_STATUS_FAILED;
	s->settled = s->failed || status == GT_STATUS_CURRENT;
}

static bool is_over(const struct gt_pending *p, const struct slot *s)
{
	if (p->mode == GT_WAIT_CHANGE)
		return s->settled;
	if (p->fail_fast && s->failed)
		return true;
	return p->unsettled == 0;
}

/* --- the end of a wait; loop thread ----------------------------------------------------------- */

static void share_release(struct share *sh);

static void leave_share(struct slot *s)
{
	struct share *sh = s->share;

	if (!sh)
		return;
	struct slots *list = gt_map_find(&sh->slots, gt_str(s->key));
	for (size_t i = list ? list->v.n : 0; i-- > 0;) {
		if (list->v.v[i] == s)
			gt_vec_remove(&list->v, i);
	}
	if (list && list->v.n == 0)
		gt_map_del(&sh->slots, gt_str(s->key));
	s->share = NULL;
	share_release(sh);
}

static void end(struct gt_pending *p)
{
	if (p->over)
		return;
	p->over = true;
	gt_timer_free(gt_steal(p->timer));
	for (size_t i = 0; i < p->n; i++)
		leave_share(&p->slots[i]);
}

static void wake(struct gt_pending *p, enum gt_wake why)
{
	if (p->over)
		return;
	end(p);
	p->wake(p->arg, why);
}

static void on_deadline(void *arg)
{
	wake(arg, GT_WAKE_DEADLINE);
}

/* A slot's object is in a (new) state. */
static void slot_changed(struct slot *s, const struct gt_node *obj)
{
	struct gt_pending *p = s->pending;
	bool was = s->settled;

	if (p->over)
		return;
	judge(s, obj);
	if (was != s->settled)
		p->unsettled += s->settled ? (size_t)-1 : 1;
	if (is_over(p, s))
		wake(p, GT_WAKE_SETTLED);
}

/* --- shared watches; loop thread -------------------------------------------------------------- */

static void slots_free(void *p)
{
	struct slots *list = p;

	gt_vec_fini(&list->v);
	free(list);
}

/* Calls fn for each slot of a list that fn may shorten. */
static void each_slot(struct share *sh, const char *key, const struct gt_node *obj)
{
	struct slots *list = gt_map_find(&sh->slots, gt_str(key));
	GT_VEC(struct slot *) copy = {0};

	for (size_t i = 0; list && i < list->v.n; i++)
		gt_vec_push(&copy, list->v.v[i]);
	for (size_t i = 0; i < copy.n; i++)
		slot_changed(copy.v[i], obj);
	gt_vec_fini(&copy);
}

static void on_change(void *arg, const struct gt_informer_event *ev)
{
	struct share *sh = arg;
	gt_auto_arena a = {0};

	each_slot(sh, gt_store_key(&a, ev->obj), ev->type == GT_CHANGE_DELETED ? NULL : ev->obj);
}

/* Judges one slot by what the synced informer has. */
static void look(struct slot *s)
{
	gt_auto_arena a = {0};
	struct gt_node *obj = NULL;

	if (gt_informer_get(s->share->informer, &a, s->ref.ns, s->ref.name, &obj, NULL) < 0)
		obj = NULL;
	slot_changed(s, obj);
}

static void on_synced(void *arg)
{
	struct share *sh = arg;
	GT_VEC(struct slot *) all = {0};

	/* What exists was told one by one; what does not is known only now. */
	gt_map_for_each (&sh->slots, e) {
		const struct slots *list = e->value;
		for (size_t i = 0; i < list->v.n; i++)
			gt_vec_push(&all, list->v.v[i]);
	}
	for (size_t i = 0; i < all.n; i++) {
		if (all.v[i]->share == sh)
			look(all.v[i]);
	}
	gt_vec_fini(&all);
}

static void close_watch(struct share *sh)
{
	pthread_mutex_lock(&sh->waiter->lock);
	struct gt_informer *inf = gt_steal(sh->informer);
	pthread_mutex_unlock(&sh->waiter->lock);
	gt_informer_free(inf);
}

/* --- reading instead ------------------------------------------------------------------------- */

static void on_read(void *arg, struct gt_node *obj, const struct gt_err *err)
{
	struct read *r = arg;

	gt_list_remove(&r->node);
	if (r->share && (!err || err->code == GT_E_NOT_FOUND))
		each_slot(r->share, r->key, obj);
	free(r->key);
	free(r);
}

static void read_object(struct share *sh, const char *key)
{
	struct read *r = gt_new(struct read);
	const char *slash = strchr(key, '/');
	gt_autofree char *ns = gt_xstrndup(key, (size_t)(slash - key));

	r->share = sh;
	r->key = gt_xstrdup(key);
	gt_list_append(&sh->reads, &r->node);
	gt_get_start(sh->kube, sh->res, ns, slash + 1, on_read, r);
}

static void on_poll(void *arg)
{
	struct share *sh = arg;

	/* The answers of the last round first. */
	if (!gt_list_empty(&sh->reads))
		return;
	gt_map_for_each (&sh->slots, e)
		read_object(sh, e->key);
}

static void start_polling(struct share *sh)
{
	if (sh->poll)
		return;
	sh->poll = gt_timer_new(sh->waiter->loop, on_poll, sh);
	gt_timer_start(sh->poll, POLL, POLL);
}

static void on_problem(void *arg, const struct gt_err *err)
{
	struct share *sh = arg;

	if (err->code != GT_E_FORBIDDEN && err->code != GT_E_UNSUPPORTED &&
	    err->code != GT_E_NOT_FOUND)
		return;
	sh->refused_at = gt_now_mono();
	close_watch(sh);
	on_poll(sh);
	start_polling(sh);
}

static void share_free(struct share *sh)
{
	close_watch(sh);
	gt_list_for_each (&sh->reads, it) {
		gt_container_of(it, struct read, node)->share = NULL;
		gt_list_remove(it);
	}
	gt_timer_free(sh->linger);
	gt_timer_free(sh->poll);
	gt_kube_unref(sh->kube);
	gt_map_fini(&sh->slots);
	free(sh->key);
	free(sh);
}

static void share_remove(struct share *sh)
{
	pthread_mutex_lock(&sh->waiter->lock);
	gt_map_take(&sh->waiter->shares, gt_str(sh->key));
	pthread_mutex_unlock(&sh->waiter->lock);
	share_free(sh);
}

static void on_linger(void *arg)
{
	struct share *sh = arg;

	if (sh->users == 0)
		share_remove(sh);
}

static void share_release(struct share *sh)
{
	if (--sh->users > 0 || sh->waiter->closing)
		return;
	if (!sh->linger)
		sh->linger = gt_timer_new(sh->waiter->loop, on_linger, sh);
	gt_timer_start(sh->linger, LINGER, 0);
}

static char *share_key(struct gt_kube *kube, const struct gt_gvk *gvk, const char *ns, bool whole)
{
	return gt_xasprintf("%llx|%s|%s|%s|%s|%s|%d", (unsigned long long)gt_kube_cluster_id(kube),
			    gt_kube_user(kube), gvk->group, gvk->version, gvk->kind, ns ? ns : "",
			    whole);
}

static void open_watch(struct share *sh, const struct slot *s)
{
	struct gt_informer_opts opts = {
		.ns = s->ref.ns,
		.paths = s->pending->whole ? NULL : gt_kstatus_paths,
		.resync_ns = -1,
		.log = sh->waiter->log,
	};
	struct gt_informer *inf = gt_informer_new(s->pending->kube, s->res, &opts);

	gt_informer_handle(inf, on_change, sh);
	gt_informer_observe(inf, on_synced, on_problem, sh);
	pthread_mutex_lock(&sh->waiter->lock);
	sh->informer = inf;
	pthread_mutex_unlock(&sh->waiter->lock);
	gt_informer_start(inf);
}

static struct share *share_of(struct gt_waiter *w, struct slot *s)
{
	gt_autofree char *key =
		share_key(s->pending->kube, &s->ref.gvk, s->ref.ns, s->pending->whole);

	pthread_mutex_lock(&w->lock);
	struct share *sh = gt_map_find(&w->shares, gt_str(key));
	if (!sh) {
		sh = gt_new(struct share);
		sh->waiter = w;
		sh->key = gt_xstrdup(key);
		sh->kube = gt_kube_ref(s->pending->kube);
		sh->res = s->res;
		gt_list_init(&sh->reads);
		gt_map_init(&sh->slots, slots_free);
		gt_map_put(&w->shares, gt_str(key), sh);
	}
	pthread_mutex_unlock(&w->lock);
	sh->users++;
	if (sh->linger)
		gt_timer_stop(sh->linger);
	if (!sh->informer && (sh->refused_at == 0 || gt_now_mono() - sh->refused_at > UNWATCHABLE))
		open_watch(sh, s);
	else if (!sh->informer)
		start_polling(sh);
	return sh;
}

static void join_share(struct gt_waiter *w, struct slot *s)
{
	struct share *sh = share_of(w, s);
	struct slots *list = gt_map_find(&sh->slots, gt_str(s->key));

	if (!list) {
		list = gt_new(struct slots);
		gt_map_put(&sh->slots, gt_str(s->key), list);
	}
	gt_vec_push(&list->v, s);
	s->share = sh;
}

/* --- the start of a wait ---------------------------------------------------------------------- */

static void pending_free(struct gt_pending *p)
{
	gt_kube_unref(p->kube);
	gt_arena_fini(&p->arena);
	free(p->slots);
	free(p);
}

/* Loop thread. */
static void begin(void *arg)
{
	struct gt_pending *p = arg;
	int64_t left = p->deadline == INT64_MAX ? INT64_MAX : p->deadline - gt_now_mono();

	p->begun = true;
	if (p->abandoned) {
		pending_free(p);
		return;
	}
	if (left != INT64_MAX) {
		p->timer = gt_timer_new(p->waiter->loop, on_deadline, p);
		gt_timer_start(p->timer, left > 0 ? left : GT_NS_PER_MS, 0);
	}
	for (size_t i = 0; i < p->n; i++) {
		/* A kind that the server does not know is waited for until the deadline. */
		if (p->slots[i].res)
			join_share(p->waiter, &p->slots[i]);
	}
	for (size_t i = 0; i < p->n && !p->over; i++) {
		struct slot *s = &p->slots[i];
		if (!s->share)
			continue;
		if (!s->share->informer)
			read_object(s->share, s->key);
		else if (gt_informer_synced(s->share->informer))
			look(s);
	}
}

static const char *copy(struct gt_arena *a, const char *s)
{
	const char *c = gt_arena_strdup(a, s ? s : "");

	return c ? c : "";
}

static void copy_slot(struct gt_pending *p, struct slot *s, const struct gt_wait_ref *from)
{
	struct gt_arena *a = &p->arena;
	gt_auto_ctx ctx;

	s->pending = p;
	s->ref = (struct gt_ref){
		.gvk = {copy(a, from->ref.gvk.group), copy(a, from->ref.gvk.version),
			copy(a, from->ref.gvk.kind)},
		.ns = copy(a, from->ref.ns),
		.name = copy(a, from->ref.name),
	};
	s->seen = from->seen ? copy(a, from->seen) : NULL;
	gt_ctx_init(&ctx, NULL, MAPPING_TIMEOUT);
	if (gt_kube_resource(p->kube, &ctx, s->ref.gvk, &s->res, NULL) < 0)
		s->res = NULL;
	else if (!s->res->namespaced)
		s->ref.ns = "";
	s->key = gt_arena_printf(a, "%s/%s", s->ref.ns, s->ref.name);
}

struct gt_pending *gt_waiter_start(struct gt_waiter *w, const struct gt_wait *wait,
				   void (*wake_fn)(void *arg, enum gt_wake why), void *arg)
{
	struct gt_pending *p = gt_new(struct gt_pending);

	p->waiter = w;
	p->kube = gt_kube_ref(wait->kube);
	p->n = wait->n;
	p->slots = gt_xcalloc(wait->n, sizeof *p->slots);
	p->mode = wait->mode;
	p->fail_fast = wait->fail_fast;
	p->judge = wait->judge;
	p->judge_arg = wait->judge_arg;
	p->whole = wait->whole;
	p->deadline = wait->deadline_ns > 0 ? gt_now_mono() + wait->deadline_ns : INT64_MAX;
	p->wake = wake_fn;
	p->arg = arg;
	p->unsettled = wait->n;
	for (size_t i = 0; i < wait->n; i++)
		copy_slot(p, &p->slots[i], &wait->refs[i]);
	gt_loop_post(w->loop, begin, p);
	return p;
}

struct cancelling {
	struct gt_pending *pending;
	bool begun;
};

static void cancel(void *arg)
{
	struct cancelling *c = arg;

	end(c->pending);
	c->begun = c->pending->begun;
	/* Only a caller on the loop thread can come before begin(). */
	c->pending->abandoned = !c->begun;
}

void gt_waiter_cancel(struct gt_waiter *w, struct gt_pending *p)
{
	struct cancelling c = {.pending = p};

	gt_loop_call(w->loop, cancel, &c);
	if (c.begun)
		pending_free(p);
}

/* --- life ------------------------------------------------------------------------------------- */

struct gt_waiter *gt_waiter_new(struct gt_loop *loop, const struct gt_log *log)
{
	struct gt_waiter *w = gt_new(struct gt_waiter);

	w->loop = loop;
	w->log = log;
	pthread_mutex_init(&w->lock, NULL);
	return w;
}

void gt_waiter_free(struct gt_waiter *w)
{
	if (!w)
		return;
	w->closing = true;
	gt_map_for_each (&w->shares, e)
		share_free(e->value);
	gt_map_fini(&w->shares);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

int gt_waiter_get(struct gt_waiter *w, struct gt_arena *a, struct gt_kube *kube,
		  const struct gt_ref *ref, struct gt_node **ret_obj, struct gt_err *err)
{
	int rc = GT_E_UNAVAILABLE;

	for (int whole = 0; whole < 2; whole++) {
		gt_autofree char *key = share_key(kube, &ref->gvk, ref->ns, whole);

		pthread_mutex_lock(&w->lock);
		const struct share *sh = gt_map_find(&w->shares, gt_str(key));
		if (sh && sh->informer && gt_informer_synced(sh->informer))
			rc = gt_informer_get(sh->informer, a, ref->ns, ref->name, ret_obj, err);
		pthread_mutex_unlock(&w->lock);
		if (rc != GT_E_UNAVAILABLE)
			return rc;
	}
	return gt_fail(err, GT_E_UNAVAILABLE, "%s/%s is not being watched", ref->gvk.kind,
		       ref->name);
}
