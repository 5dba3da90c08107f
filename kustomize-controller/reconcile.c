/* The order of a reconcile, and what ends every one of them. */
#include <string.h>

#include "api/source.h"
#include "base/time.h"
#include "ks.h"

/*
 * A download that failed is tried again after this, by the queue; the source is read anew then, as
 * its address may have changed.
 */
#define FETCH_RETRY GT_SECONDS(5)

static const char *const owned_conditions[] = {GT_COND_READY, GT_COND_RECONCILING, GT_COND_STALLED,
					       GT_COND_HEALTHY, NULL};

static bool is_suspended(const struct ks_call *c)
{
	return gt_node_truth(gt_node_at(c->obj, "spec", "suspend"), false);
}

static void log_retry(struct ks_call *c, const struct gt_err *err, int64_t after)
{
	const char *msg = gt_arena_printf(c->a, "Reconciliation failed after %s, next try in %s",
					  ks_duration_text(c->a, gt_now_mono() - c->run->began),
					  ks_duration_text(c->a, after));

	gt_log_error(c->r->log, err, msg ? msg : "Reconciliation failed",
		     gt_kv_str("revision", c->run->revision));
}

/* What becomes of a run: success at the interval, or another try. */
static int conclude(struct ks_call *c, int rc, struct gt_err *err)
{
	struct gt_manager *m = c->ks->manager;

	if (rc == GT_OK) {
		if (c->next->kind == GT_NEXT_WATCH)
			return GT_OK;
		return gt_next_after(c->next, gt_manager_jitter(m, ks_interval(c->obj)));
	}
	if (rc == GT_E_CANCELLED)
		return rc;
	if (rc == GT_E_NOT_FOUND &&
	    strcmp(gt_cond_reason(c->obj, GT_COND_READY), KS_REASON_ARTIFACT_FAILED) == 0) {
		int64_t after = gt_manager_flags(m)->requeue_dependency;

		gt_cond_mark_false(c->a, c->obj, GT_COND_READY, KS_REASON_ARTIFACT_FAILED,
				   "Source is not ready, artifact not found, retrying in %s",
				   ks_duration_text(c->a, after));
		gt_log_info(c->r->log, gt_cond_message(c->obj, GT_COND_READY));
		return gt_next_after(c->next, after);
	}
	bool fetching = !c->run->checksum && (rc == GT_E_UNAVAILABLE || rc == GT_E_TIMEOUT);
	if (!fetching || strcmp(c->was_ready, err->text) != 0) {
		log_retry(c, err, fetching ? FETCH_RETRY : ks_retry_interval(c->obj));
		ks_event(c, "Warning", c->run->revision, c->run->origin_revision, false, err->text);
	}
	return gt_next_after(c->next, fetching ? FETCH_RETRY : ks_retry_interval(c->obj));
}

static int access_denied(struct ks_call *c, struct gt_err *err)
{
	gt_cond_mark_false(c->a, c->obj, GT_COND_READY, KS_REASON_ACCESS_DENIED, "%s", err->text);
	gt_cond_mark_stalled(c->a, c->obj, KS_REASON_ACCESS_DENIED, "%s", err->text);
	ks_event(c, "Warning", NULL, NULL, false, err->text);
	return gt_next_terminal(c->next, err);
}

static int no_source(struct ks_call *c, int rc, struct gt_err *err)
{
	if (rc == GT_E_FORBIDDEN && !err->http_status)
		return access_denied(c, err);
	ks_not_ready(c, KS_REASON_ARTIFACT_FAILED, err);
	if (rc != GT_E_NOT_FOUND)
		return rc;
	gt_log_info(c->r->log, err->text);
	return gt_next_after(c->next, ks_retry_interval(c->obj));
}

static int no_artifact(struct ks_call *c)
{
	int64_t after = gt_manager_flags(c->ks->manager)->requeue_dependency;

	gt_cond_mark_false(c->a, c->obj, GT_COND_READY, KS_REASON_ARTIFACT_FAILED,
			   "Source artifact not found, retrying in %s",
			   ks_duration_text(c->a, after));
	gt_log_info(c->r->log, gt_cond_message(c->obj, GT_COND_READY));
	return gt_next_after(c->next, after);
}

static int dependency_not_ready(struct ks_call *c, const struct gt_node *source,
				const struct gt_err *err)
{
	int64_t after = gt_manager_flags(c->ks->manager)->requeue_dependency;
	const char *message =
		gt_arena_printf(c->a, "Dependencies do not meet ready condition, retrying in %s",
				ks_duration_text(c->a, after));
	const char *origin = gt_node_cstr(gt_node_at(gt_api_artifact(source), "metadata",
						     "org.opencontainers.image.revision"));

	/* A change of the dependency that leaves it not ready is no news. */
	bool news = c->r->wake == GT_WAKE_TIMER ||
		    strcmp(gt_cond_message(c->obj, GT_COND_READY), err->text) != 0;
	ks_not_ready(c, KS_REASON_DEPENDENCY_NOT_READY, err);
	if (news) {
		gt_log_info(c->r->log, message);
		ks_event(c, "Normal", gt_api_artifact_revision(source), origin, false, message);
	}
	ks_wait_for_dependencies(c);
	return GT_OK;
}

static int start(struct ks_call *c, struct gt_err *err)
{
	struct gt_node *source;
	int rc = ks_find_source(c, &source, err);

	if (rc < 0)
		return no_source(c, rc, err);
	if (!gt_api_artifact(source))
		return no_artifact(c);
	if (gt_node_count(gt_node_at(c->obj, "spec", "dependsOn"))) {
		if (ks_check_dependencies(c, source, err) < 0)
			return dependency_not_ready(c, source, err);
		gt_log_info(c->r->log,
			    "All dependencies are ready, proceeding with reconciliation");
	}
	c->run = ks_run_new(c, source);
	return conclude(c, ks_run_start(c, source, err), err);
}

/* The run that waited, if this call is the end of its wait. */
static struct ks_run *take_run(struct gt_reconcile *r)
{
	struct ks_run *run = r->wait_state;

	r->wait_state = NULL;
	if (r->wake == GT_WAKE_SETTLED || r->wake == GT_WAKE_DEADLINE)
		return run;
	ks_run_free(run);
	return NULL;
}

static int steps(struct ks_call *c, struct gt_err *err)
{
	const struct gt_unsupported *row;

	if (gt_obj_deleting(c->obj)) {
		if (c->run && c->run->phase == KS_TERMINATING)
			return ks_finalize_resume(c, err);
		ks_run_free(gt_steal(c->run));
		return ks_finalize(c, err);
	}
	if (!gt_obj_has_finalizer(c->obj, GT_FINALIZER)) {
		gt_obj_add_finalizer(c->a, c->obj, GT_FINALIZER);
		c->next->kind = GT_NEXT_AFTER;
		return GT_OK;
	}
	if (is_suspended(c)) {
		gt_log_info(c->r->log, "Reconciliation is suspended for this object");
		return GT_OK;
	}
	row = gt_unsupported_find(ks_unsupported, c->obj);
	if (row)
		return gt_unsupported_refuse(c->r, &gt_res_kustomization, row, c->next, err);
	if (c->run)
		return conclude(c, ks_run_resume(c, err), err);
	return start(c, err);
}

/* Status as the run leaves it, written; what was wrong with that. */
static int write_status(struct ks_call *c, bool waits, struct gt_err *err)
{
	unsigned flags = 0;

	if (!waits)
		gt_api_set_handled(c->a, c->obj);
	if (gt_cond_is_true(c->obj, GT_COND_READY)) {
		gt_cond_delete(c->obj, GT_COND_RECONCILING);
		flags = GT_PATCH_OBSERVED;
	} else if (gt_cond_is_false(c->obj, GT_COND_READY) &&
		   gt_cond_is_true(c->obj, GT_COND_RECONCILING)) {
		const char *message =
			gt_arena_strdup(c->a, gt_cond_message(c->obj, GT_COND_RECONCILING));

		gt_cond_mark_reconciling(c->a, c->obj, KS_REASON_PROGRESSING_RETRY, "%s", message);
	}
	int rc = ks_patch(c, flags, err);
	return rc == GT_E_NOT_FOUND && gt_obj_deleting(c->obj) ? GT_OK : rc;
}

static void tell_finished(struct ks_call *c)
{
	const struct gt_node *status = gt_node_get(c->obj, "status");
	const char *revision = gt_node_cstr(gt_node_get(status, "lastAppliedRevision"));
	const char *message = gt_arena_printf(c->a, "Reconciliation finished in %s, next run in %s",
					      ks_duration_text(c->a, gt_now_mono() - c->began),
					      ks_duration_text(c->a, ks_interval(c->obj)));

	gt_log_info(c->r->log, message ? message : "Reconciliation finished",
		    gt_kv_str("revision",
			      gt_node_cstr_or(gt_node_get(status, "lastAttemptedRevision"), "")));
	ks_event(c, "Normal", revision,
		 gt_node_cstr(gt_node_get(status, "lastAppliedOriginRevision")), true, message);
}

int ks_reconcile(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err)
{
	struct ks_call c = {
		.r = r,
		.ks = r->arg,
		.next = next,
		.a = r->arena,
		.obj = r->obj,
		.run = take_run(r),
	};
	struct gt_err patch_err;

	c.began = c.run ? c.run->began : gt_now_mono();
	c.was_ready = gt_arena_strdup(c.a, gt_cond_message(c.obj, GT_COND_READY));
	if (!c.was_ready)
		return gt_arena_check(c.a, err);
	gt_patcher_init(&c.patcher, r->kube, &gt_res_kustomization, c.a, c.obj, "gotk-" KS_MANAGER,
			owned_conditions);
	int rc = steps(&c, err);
	bool waits = rc == GT_OK && next->kind == GT_NEXT_WATCH;
	if (write_status(&c, waits, &patch_err) < 0 && rc == GT_OK) {
		if (err)
			*err = patch_err;
		rc = patch_err.code;
		waits = false;
	}
	if (waits) {
		r->wait_state = gt_steal(c.run);
		r->wait_state_free = ks_run_free;
		return GT_OK;
	}
	gt_metric_observe(c.ks->duration, (double)(gt_now_mono() - c.began) / GT_NS_PER_S,
			  gt_res_kustomization.kind, r->key.name, r->key.ns);
	if (!is_suspended(&c) && gt_cond_is_ready(c.obj))
		tell_finished(&c);
	ks_run_free(c.run);
	return rc;
}

void ks_gone(void *arg, struct gt_key key)
{
	struct ks *ks = arg;

	gt_metric_remove(ks->duration, gt_res_kustomization.kind, key.name, key.ns);
}
