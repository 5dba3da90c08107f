/* One key on a worker: what a reconcile is given, and what its answer means. */
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/rand.h"
#include "base/time.h"
#include "kube/object.h"
#include "runtime/manager_int.h"

#define TRIM_ABOVE GT_MIB(16) /* a run that used more gives memory back to the system */

/* --- what a key keeps while it waits --------------------------------------------------------- */

static struct gt_keystate *state_take(struct gt_controller *c, struct gt_key key)
{
	gt_autofree char *name = gt_xasprintf("%s/%s", key.ns, key.name);

	pthread_mutex_lock(&c->lock);
	struct gt_keystate *ks = gt_map_take(&c->states, gt_str(name));
	pthread_mutex_unlock(&c->lock);
	return ks;
}

static void state_put(struct gt_controller *c, struct gt_keystate *ks)
{
	gt_autofree char *name = gt_xasprintf("%s/%s", ks->ns, ks->name);

	pthread_mutex_lock(&c->lock);
	gt_map_put(&c->states, gt_str(name), ks);
	pthread_mutex_unlock(&c->lock);
}

static struct gt_keystate *keystate_new(struct gt_controller *c, const struct gt_work *work)
{
	struct gt_keystate *ks = gt_new(struct gt_keystate);

	ks->controller = c;
	ks->ns = gt_xstrdup(work->key.ns);
	ks->name = gt_xstrdup(work->key.name);
	ks->priority = work->priority;
	return ks;
}

void gt_keystate__end_wait(struct gt_keystate *ks)
{
	if (ks->pending)
		gt_waiter_cancel(ks->controller->manager->waiter, ks->pending);
	ks->pending = NULL;
}

static void drop_wait_state(struct gt_keystate *ks)
{
	if (ks->wait_state && ks->wait_state_free)
		ks->wait_state_free(ks->wait_state);
	ks->wait_state = NULL;
	ks->wait_state_free = NULL;
}

void gt_keystate__free(struct gt_keystate *ks)
{
	gt_keystate__end_wait(ks);
	drop_wait_state(ks);
	free(ks->ns);
	free(ks->name);
	free(ks);
}

/* Loop thread: the wait is over. */
static void on_wake(void *arg, enum gt_wake why)
{
	struct gt_keystate *ks = arg;

	ks->why = why;
	ks->woken = true;
	gt_queue_add(ks->controller->queue, (struct gt_key){ks->ns, ks->name}, ks->priority);
}

/* --- the object ------------------------------------------------------------------------------ */

static int read_object(struct gt_controller *c, struct gt_reconcile *r, struct gt_err *err)
{
	if (c->opts.source == GT_OBJECT_CACHED)
		return gt_informer_get(c->informer, r->arena, r->key.ns, r->key.name, &r->obj, err);
	return gt_kube_get(r->kube, r->ctx, r->arena, c->opts.res, r->key.ns, r->key.name, &r->obj,
			   err);
}

/* --- the answer ------------------------------------------------------------------------------ */

static void count_result(struct gt_controller *c, const char *result)
{
	gt_metric_add(c->metrics.total, 1, c->opts.name, result);
}

static void failed(struct gt_controller *c, const struct gt_work *work, struct gt_reconcile *r,
		   const struct gt_next *next, const struct gt_err *err)
{
	count_result(c, "error");
	gt_metric_add(c->metrics.errors, 1, c->opts.name);
	if (err->code == GT_E_CANCELLED && gt_ctx_check(&c->manager->ctx, NULL) < 0)
		gt_log_debug(r->log, "reconcile cancelled", gt_kv_str("cause", err->text));
	else
		gt_log_error(r->log, err, "Reconciler error");
	if (next->terminal) {
		gt_metric_add(c->metrics.terminal, 1, c->opts.name);
		gt_queue_forget(c->queue, work->key);
		return;
	}
	gt_queue_add_backoff(c->queue, work->key, work->priority);
}

static void wait_for(struct gt_controller *c, const struct gt_work *work,
		     const struct gt_next *next, struct gt_keystate *ks)
{
	gt_queue_forget(c->queue, work->key);
	count_result(c, "requeue_after");
	ks->woken = false;
	/* The key is still ours: a wake that comes at once runs it after gt_queue_done(). */
	ks->pending = gt_waiter_start(c->manager->waiter, &next->wait, on_wake, ks);
	state_put(c, ks);
}

static void depend_on(struct gt_controller *c, const struct gt_work *work,
		      const struct gt_next *next, uint64_t since)
{
	gt_queue_forget(c->queue, work->key);
	count_result(c, "requeue_after");
	gt_depends_register(c->manager->depends, c, work->key, next->depends, next->n_depends,
			    since);
	if (next->after_ns > 0)
		gt_queue_add_after(c->queue, work->key, work->priority, next->after_ns);
}

static void succeeded(struct gt_controller *c, const struct gt_work *work,
		      const struct gt_next *next, uint64_t since)
{
	switch (next->kind) {
	case GT_NEXT_AFTER:
		gt_queue_forget(c->queue, work->key);
		gt_queue_add_after(c->queue, work->key, work->priority, next->after_ns);
		count_result(c, "requeue_after");
		break;
	case GT_NEXT_NOW:
		gt_queue_add_backoff(c->queue, work->key, work->priority);
		count_result(c, "requeue");
		break;
	case GT_NEXT_DEPENDS: depend_on(c, work, next, since); break;
	case GT_NEXT_WATCH: /* nothing to wait for */
		gt_queue_forget(c->queue, work->key);
		gt_queue_add(c->queue, work->key, work->priority);
		count_result(c, "requeue_after");
		break;
	default:
		gt_queue_forget(c->queue, work->key);
		count_result(c, "success");
		break;
	}
}

/* --- one run --------------------------------------------------------------------------------- */

static void observe_duration(struct gt_controller *c, const struct gt_work *work, int64_t took,
			     bool exists)
{
	double s = (double)took / 1e9;

	gt_metric_observe(c->metrics.time, s, c->opts.name);
	if (exists)
		gt_metric_observe(c->metrics.duration, s, c->opts.res->kind, work->key.name,
				  work->key.ns);
	else
		gt_metric_remove(c->metrics.duration, c->opts.res->kind, work->key.name,
				 work->key.ns);
}

/* Why the key runs, from what was left of its last run. */
static void recall(struct gt_controller *c, const struct gt_work *work, struct gt_keystate *ks,
		   struct gt_reconcile *r)
{
	r->wake = work->delayed ? GT_WAKE_TIMER : GT_WAKE_EVENT;
	if (ks->pending) {
		gt_keystate__end_wait(ks);
		if (ks->woken)
			r->wake = ks->why;
		else
			r->interrupted = true;
	}
	r->wait_state = gt_steal(ks->wait_state);
	r->wait_state_free = gt_steal(ks->wait_state_free);
	gt_depends_forget(c->manager->depends, c, work->key);
}

/* Reads and reconciles; GT_E_NOT_FOUND without r->obj means that the object is gone. */
static int reconcile(struct gt_controller *c, struct gt_reconcile *r, struct gt_next *next,
		     struct gt_err *err)
{
	int rc = read_object(c, r, err);

	if (rc == GT_E_NOT_FOUND) {
		if (c->opts.gone)
			c->opts.gone(c->opts.arg, r->key);
		return GT_OK;
	}
	if (rc < 0) {
		r->obj = NULL;
		return rc;
	}
	rc = c->opts.reconcile(r, next, err);
	if (rc >= 0)
		rc = gt_arena_check(r->arena, err);
	if (rc == GT_E_TIMEOUT && c->opts.timeout_ns > 0)
		gt_metric_add(c->metrics.timeouts, 1, c->opts.name);
	return rc;
}

static void settle(struct gt_controller *c, const struct gt_work *work, struct gt_reconcile *r,
		   struct gt_keystate *ks, const struct gt_next *next, uint64_t since, int rc,
		   const struct gt_err *err)
{
	ks->wait_state = r->wait_state;
	ks->wait_state_free = r->wait_state_free;
	if (rc >= 0 && r->obj && next->kind == GT_NEXT_WATCH && next->wait.n > 0) {
		wait_for(c, work, next, ks);
		return;
	}
	gt_keystate__free(ks);
	if (rc < 0)
		failed(c, work, r, next, err);
	else
		succeeded(c, work, next, since);
}

void gt_controller__run(struct gt_controller *c, const struct gt_work *work)
{
	struct gt_manager *m = c->manager;
	gt_auto_arena arena = {.budget = c->opts.budget};
	gt_auto_ctx ctx;
	char id[GT_UUID_TEXT];
	struct gt_next next = {.kind = GT_NEXT_DONE};
	struct gt_err err;
	int64_t started = gt_now_mono();
	uint64_t since = gt_depends_now(m->depends);

	gt_err_reset(&err);
	gt_ctx_init(&ctx, &m->ctx, c->opts.timeout_ns);
	struct gt_log log =
		gt_log_with(&m->log, gt_kv_str("controller", c->opts.name),
			    gt_kv_str("controllerGroup", c->opts.res->group),
			    gt_kv_str("controllerKind", c->opts.res->kind),
			    gt_kv_ref(c->opts.res->kind, work->key.ns, work->key.name),
			    gt_kv_str("namespace", work->key.ns), gt_kv_str("name", work->key.name),
			    gt_kv_str("reconcileID", gt_uuid4(id)));
	struct gt_reconcile r = {
		.arena = &arena,
		.ctx = &ctx,
		.log = &log,
		.id = id,
		.key = work->key,
		.kube = m->kube,
		.controller = c,
		.manager = m,
		.arg = c->opts.arg,
	};
	struct gt_keystate *ks = state_take(c, work->key);
	if (!ks)
		ks = keystate_new(c, work);
	recall(c, work, ks, &r);
	gt_metric_add(c->metrics.active, 1, c->opts.name);
	int rc = reconcile(c, &r, &next, &err);
	gt_metric_add(c->metrics.active, -1, c->opts.name);
	observe_duration(c, work, gt_now_mono() - started, r.obj || rc < 0);
	settle(c, work, &r, ks, &next, since, rc, &err);
	if (arena.used > TRIM_ABOVE) {
		gt_arena_reset(&arena);
		malloc_trim(0);
	}
}
