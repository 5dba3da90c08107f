/* Waits: what they are about, when they are over. */
#include <stdatomic.h>
#include <string.h>

#include "base/time.h"
#include "kube/object.h"
#include "net/loop.h"
#include "runtime/waiter_int.h"

#define MAPPING_TIMEOUT GT_SECONDS(30)

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
static void judge(struct gt_slot *s, const struct gt_node *obj)
{
	struct gt_pending *p = s->pending;
	enum gt_status status;

	if (p->mode == GT_WAIT_ABSENT) {
		s->settled = !obj;
		return;
	}
	if (p->mode == GT_WAIT_CHANGE) {
		s->settled = !s->seen ||
			     (obj ? !gt_rv_at_least(s->seen, gt_obj_rv(obj)) : *s->seen != '\0');
		return;
	}
	/* The watch has not got as far as the reconcile: what it shows is over. */
	if (obj && s->seen && *s->seen && !gt_rv_at_least(gt_obj_rv(obj), s->seen))
		return;
	if (obj && gt_node_at(obj, "spec", "ttlSecondsAfterFinished"))
		s->ttl = true;
	status = p->judge ? p->judge(p->judge_arg, &s->ref, obj) : by_kstatus(obj);
	if (!obj && s->ttl)
		status = GT_STATUS_CURRENT;
	s->failed = status == GT_STATUS_FAILED;
	s->settled = s->failed || status == GT_STATUS_CURRENT;
}

static bool is_over(const struct gt_pending *p, const struct gt_slot *s)
{
	if (p->mode == GT_WAIT_CHANGE)
		return s->settled;
	if (p->fail_fast && s->failed)
		return true;
	return p->unsettled == 0;
}

/* --- the end of a wait ------------------------------------------------------------------------ */

static void end(struct gt_pending *p)
{
	if (p->over)
		return;
	p->over = true;
	gt_timer_free(gt_steal(p->timer));
	for (size_t i = 0; i < p->n; i++)
		gt_share__leave(&p->slots[i]);
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
void gt_slot__changed(struct gt_slot *s, const struct gt_node *obj)
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
			gt_share__join(p->waiter, &p->slots[i]);
	}
	for (size_t i = 0; i < p->n && !p->over; i++) {
		struct gt_slot *s = &p->slots[i];
		if (!s->share)
			continue;
		gt_share__look(s);
	}
}

static const char *copy(struct gt_arena *a, const char *s)
{
	const char *c = gt_arena_strdup(a, s ? s : "");

	return c ? c : "";
}

static void copy_slot(struct gt_pending *p, struct gt_slot *s, const struct gt_wait_ref *from)
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
		gt_share__free(e->value);
	gt_map_fini(&w->shares);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
