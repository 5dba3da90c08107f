/* The watches that waits share, and what is read where watching is not allowed. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "kube/object.h"
#include "kube/watch.h"
#include "net/loop.h"
#include "runtime/objects_int.h"
#include "runtime/waiter_int.h"

#define LINGER GT_SECONDS(60)
#define POLL GT_SECONDS(5)
#define UNWATCHABLE GT_SECONDS(300) /* how long a refusal to watch is believed */

/* One object being read. */
struct read {
	struct gt_list node;
	struct gt_share *share; /* NULL: nobody waits for the answer */
	char *key;
};

/* --- shared watches; loop thread -------------------------------------------------------------- */

static void slots_free(void *p)
{
	struct gt_slots *list = p;

	gt_vec_fini(&list->v);
	free(list);
}

/* Calls fn for each slot of a list that fn may shorten. */
static void each_slot(struct gt_share *sh, const char *key, const struct gt_node *obj)
{
	struct gt_slots *list = gt_map_find(&sh->slots, gt_str(key));
	GT_VEC(struct gt_slot *) copy = {0};

	for (size_t i = 0; list && i < list->v.n; i++)
		gt_vec_push(&copy, list->v.v[i]);
	for (size_t i = 0; i < copy.n; i++)
		gt_slot__changed(copy.v[i], obj);
	gt_vec_fini(&copy);
}

static void on_change(void *arg, const struct gt_informer_event *ev)
{
	struct gt_share *sh = arg;
	gt_auto_arena a = {0};

	each_slot(sh, gt_objects_key(&a, ev->obj), ev->type == GT_CHANGE_DELETED ? NULL : ev->obj);
}

static void look(struct gt_slot *s);

static void on_synced(void *arg)
{
	struct gt_share *sh = arg;
	GT_VEC(struct gt_slot *) all = {0};

	/* What exists was told one by one; what does not is known only now. */
	gt_map_for_each (&sh->slots, e) {
		const struct gt_slots *list = e->value;
		for (size_t i = 0; i < list->v.n; i++)
			gt_vec_push(&all, list->v.v[i]);
	}
	for (size_t i = 0; i < all.n; i++) {
		if (all.v[i]->share == sh)
			look(all.v[i]);
	}
	gt_vec_fini(&all);
}

static void close_watch(struct gt_share *sh)
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

static void read_object(struct gt_share *sh, const char *key)
{
	struct read *r = gt_new(struct read);
	const char *slash = strchr(key, '/');
	gt_autofree char *ns = gt_xstrndup(key, (size_t)(slash - key));

	r->share = sh;
	r->key = gt_xstrdup(key);
	gt_list_append(&sh->reads, &r->node);
	gt_get_start(sh->kube, sh->res, ns, slash + 1, on_read, r);
}

/*
 * Judges one slot by what the synced informer has.  An object that the reconcile has seen and the
 * informer has not may be gone, or not have come yet: the server knows.
 */
static void look(struct gt_slot *s)
{
	gt_auto_arena a = {0};
	struct gt_node *obj = NULL;

	if (gt_informer_get(s->share->informer, &a, s->ref.ns, s->ref.name, &obj, NULL) < 0)
		obj = NULL;
	if (!obj && s->seen && *s->seen)
		read_object(s->share, s->key);
	else
		gt_slot__changed(s, obj);
}

static void on_poll(void *arg)
{
	struct gt_share *sh = arg;

	/* The answers of the last round first. */
	if (!gt_list_empty(&sh->reads))
		return;
	gt_map_for_each (&sh->slots, e)
		read_object(sh, e->key);
}

static void start_polling(struct gt_share *sh)
{
	if (sh->poll)
		return;
	sh->poll = gt_timer_new(sh->waiter->loop, on_poll, sh);
	gt_timer_start(sh->poll, POLL, POLL);
}

static void on_problem(void *arg, const struct gt_err *err)
{
	struct gt_share *sh = arg;

	if (err->code != GT_E_FORBIDDEN && err->code != GT_E_UNSUPPORTED &&
	    err->code != GT_E_NOT_FOUND)
		return;
	sh->refused_at = gt_now_mono();
	close_watch(sh);
	on_poll(sh);
	start_polling(sh);
}

void gt_share__free(struct gt_share *sh)
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

static void share_remove(struct gt_share *sh)
{
	pthread_mutex_lock(&sh->waiter->lock);
	gt_map_take(&sh->waiter->shares, gt_str(sh->key));
	pthread_mutex_unlock(&sh->waiter->lock);
	gt_share__free(sh);
}

static void on_linger(void *arg)
{
	struct gt_share *sh = arg;

	if (sh->users == 0)
		share_remove(sh);
}

static void share_release(struct gt_share *sh)
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

static void open_watch(struct gt_share *sh, const struct gt_slot *s)
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

static struct gt_share *share_of(struct gt_waiter *w, struct gt_slot *s)
{
	gt_autofree char *key =
		share_key(s->pending->kube, &s->ref.gvk, s->ref.ns, s->pending->whole);

	pthread_mutex_lock(&w->lock);
	struct gt_share *sh = gt_map_find(&w->shares, gt_str(key));
	if (!sh) {
		sh = gt_new(struct gt_share);
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

void gt_share__join(struct gt_waiter *w, struct gt_slot *s)
{
	struct gt_share *sh = share_of(w, s);
	struct gt_slots *list = gt_map_find(&sh->slots, gt_str(s->key));

	if (!list) {
		list = gt_new(struct gt_slots);
		gt_map_put(&sh->slots, gt_str(s->key), list);
	}
	gt_vec_push(&list->v, s);
	s->share = sh;
}

void gt_share__leave(struct gt_slot *s)
{
	struct gt_share *sh = s->share;

	if (!sh)
		return;
	struct gt_slots *list = gt_map_find(&sh->slots, gt_str(s->key));
	for (size_t i = list ? list->v.n : 0; i-- > 0;) {
		if (list->v.v[i] == s)
			gt_vec_remove(&list->v, i);
	}
	if (list && list->v.n == 0)
		gt_map_del(&sh->slots, gt_str(s->key));
	s->share = NULL;
	share_release(sh);
}

void gt_share__look(struct gt_slot *s)
{
	if (!s->share->informer)
		read_object(s->share, s->key);
	else if (gt_informer_synced(s->share->informer))
		look(s);
}

int gt_waiter_get(struct gt_waiter *w, struct gt_arena *a, struct gt_kube *kube,
		  const struct gt_ref *ref, struct gt_node **ret_obj, struct gt_err *err)
{
	int rc = GT_E_UNAVAILABLE;

	for (int whole = 0; whole < 2; whole++) {
		gt_autofree char *key = share_key(kube, &ref->gvk, ref->ns, whole);

		pthread_mutex_lock(&w->lock);
		const struct gt_share *sh = gt_map_find(&w->shares, gt_str(key));
		if (sh && sh->informer && gt_informer_synced(sh->informer))
			rc = gt_informer_get(sh->informer, a, ref->ns, ref->name, ret_obj, err);
		pthread_mutex_unlock(&w->lock);
		if (rc != GT_E_UNAVAILABLE)
			return rc;
	}
	return gt_fail(err, GT_E_UNAVAILABLE, "%s/%s is not being watched", ref->gvk.kind,
		       ref->name);
}
