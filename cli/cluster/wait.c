#include "wait.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "kube/conditions.h"
#include "kube/kstatus.h"
#include "kube/watch.h"

/* Between two watches of a server that ends them at once. */
#define REWATCH_NS GT_MILLIS(250)

struct waiting {
	wait_fn fn;
	void *arg;
	bool seen;
};

static int on_event(void *arg, enum gt_event_type type, struct gt_node *obj, struct gt_err *err)
{
	struct waiting *w = arg;

	if (type == GT_EVENT_BOOKMARK)
		return 0;
	w->seen = true;
	return w->fn(w->arg, type == GT_EVENT_DELETED ? NULL : obj, err);
}

int wait_for_object(struct cluster *c, const struct kind *k, const char *ns, const char *name,
		    wait_fn fn, void *arg, struct gt_err *err)
{
	struct waiting w = {.fn = fn, .arg = arg};
	const char *field = gt_arena_printf(&c->arena, "metadata.name=%s", name);
	struct gt_watch_opts opts = {.field_selector = field};

	for (;;) {
		int rc = gt_watch_each(c->kube, &c->ctx, k->res, ns, &opts, on_event, &w, err);

		if (rc > 0)
			return GT_OK;
		if (rc < 0 && rc != GT_E_GONE && rc != GT_E_UNAVAILABLE)
			return rc;
		rc = gt_ctx_sleep(&c->ctx, REWATCH_NS, err);
		if (rc < 0)
			return rc;
	}
}

struct readiness {
	struct cluster *cluster;
	const struct kind *kind;
	const char *handled;
	struct gt_node *obj;
	char last[512]; /* the latest message, for when time runs out */
};

/* The Ready condition belongs to the generation that is there now. */
static bool condition_is_current(const struct gt_node *obj)
{
	int64_t generation = gt_obj_generation(obj);
	const struct gt_node *ready = gt_cond_get(obj, GT_COND_READY);
	int64_t observed = gt_node_int_or(gt_node_at(obj, "status", "observedGeneration"), 0);
	int64_t of_condition = gt_node_int_or(gt_node_get(ready, "observedGeneration"), 0);

	if (!ready)
		return false;
	return (of_condition ? of_condition : observed) == generation;
}

/* Not ready for a reason that goes away by itself, and soon. */
static bool may_pass(const struct gt_node *obj)
{
	static const char *const reasons[] = {"DependencyNotReady", "Progressing"};
	const char *reason = gt_cond_reason(obj, GT_COND_READY);

	/* The source is on its way; a path that it does not have is another matter. */
	if (strcmp(reason, "ArtifactFailed") == 0)
		return strstr(gt_cond_message(obj, GT_COND_READY), "retrying in") != NULL;
	for (size_t i = 0; i < GT_COUNT(reasons); i++) {
		if (strcmp(reasons[i], reason) == 0)
			return true;
	}
	return false;
}

static int judge_ready(void *arg, const struct gt_node *obj, struct gt_err *err)
{
	struct readiness *r = arg;
	struct gt_kstatus status;
	const char *at = gt_node_cstr_or(gt_node_at(obj, "status", "lastHandledReconcileAt"), "");

	if (!obj)
		return gt_fail(err, GT_E_NOT_FOUND, "%s was deleted", r->kind->res->kind);
	if (r->handled && strcmp(at, r->handled) == 0)
		return 0;
	if (!kind_is_static(r->kind, obj) && !condition_is_current(obj))
		return 0;
	if (gt_kstatus(&r->cluster->arena, obj, &status, err) < 0)
		return err->code;
	const char *message = gt_cond_message(obj, GT_COND_READY);
	snprintf(r->last, sizeof r->last, "%s", *message ? message : status.message);
	if (status.status == GT_STATUS_IN_PROGRESS) {
		/* A handled request that ended otherwise than in Ready has failed. */
		if (r->handled && gt_cond_is_false(obj, GT_COND_READY) && !may_pass(obj))
			return gt_fail(err, GT_E_INVALID, "%s reconciliation failed: %s",
				       r->kind->res->kind, message);
		return 0;
	}
	if (status.status != GT_STATUS_CURRENT)
		return gt_fail(err, GT_E_INVALID, "%s reconciliation failed: %s",
			       r->kind->res->kind, r->last);
	r->obj = gt_node_dup(&r->cluster->arena, obj);
	return 1;
}

int wait_until_ready(struct cluster *c, const struct kind *k, const char *ns, const char *name,
		     const char *handled, struct gt_node **ret_obj, struct gt_err *err)
{
	struct readiness r = {.cluster = c, .kind = k, .handled = handled};
	int rc = wait_for_object(c, k, ns, name, judge_ready, &r, err);

	if (rc == GT_E_TIMEOUT)
		return gt_fail(err, rc, "timeout waiting for %s %s/%s to be ready%s%s",
			       k->res->kind, ns, name, r.last[0] ? ": " : "", r.last);
	if (rc < 0)
		return rc;
	*ret_obj = r.obj;
	return gt_arena_check(&c->arena, err);
}
