/* One run: fetch, build, apply, prune, check; in steps where it waits. */
#include <string.h>

#include "api/source.h"
#include "base/time.h"
#include "ks.h"

/* The last run succeeded with the same spec and revision. */
static bool repeats(const struct ks_call *c, const char *revision)
{
	const struct gt_node *status = gt_node_get(c->obj, "status");

	return gt_cond_is_ready(c->obj) &&
	       gt_node_int_or(gt_node_get(status, "observedGeneration"), -1) ==
		       gt_obj_generation(c->obj) &&
	       gt_node_is_text(gt_node_get(status, "lastAppliedRevision"), revision);
}

struct ks_run *ks_run_new(struct ks_call *c, const struct gt_node *source)
{
	struct ks_run *run = gt_new(struct ks_run);
	const char *revision = gt_api_artifact_revision(source);
	const char *origin = gt_node_cstr(gt_node_at(gt_api_artifact(source), "metadata",
						     "org.opencontainers.image.revision"));
	const struct gt_node *inventory = gt_node_at(c->obj, "status", "inventory");

	gt_arena_init(&run->arena,
		      (size_t)gt_manager_flags(c->ks->manager)->reconcile_memory_budget);
	run->ks = c->ks;
	run->target = ks_target(c);
	run->began = gt_now_mono();
	run->revision = gt_arena_strdup(&run->arena, revision ? revision : "");
	run->origin_revision = gt_arena_strdup(&run->arena, origin ? origin : "");
	run->old_inventory = gt_node_dup(&run->arena, inventory);
	if (repeats(c, run->revision))
		run->told = run->began;
	return run;
}

void ks_run_free(void *arg)
{
	struct ks_run *run = arg;

	if (!run)
		return;
	gt_kube_unref(run->target);
	gt_vec_fini(&run->entries);
	gt_arena_fini(&run->arena);
	free(run);
}

/* After the apply: only what the rest of the run reads is kept, for it may wait for long. */
static int keep_essentials(struct ks_run *run, struct gt_err *err)
{
	struct gt_arena kept;

	gt_arena_init(&kept, run->arena.budget);
	for (size_t i = 0; i < run->entries.n; i++) {
		struct gt_ref *ref = &run->entries.v[i].ref;

		ref->gvk.group = gt_arena_strdup(&kept, ref->gvk.group);
		ref->gvk.version = gt_arena_strdup(&kept, ref->gvk.version);
		ref->gvk.kind = gt_arena_strdup(&kept, ref->gvk.kind);
		ref->ns = gt_arena_strdup(&kept, ref->ns);
		ref->name = gt_arena_strdup(&kept, ref->name);
		run->entries.v[i].rv = gt_arena_strdup(&kept, run->entries.v[i].rv);
	}
	run->revision = gt_arena_strdup(&kept, run->revision);
	run->origin_revision = gt_arena_strdup(&kept, run->origin_revision);
	run->checksum = gt_arena_strdup(&kept, run->checksum);
	run->old_inventory = gt_node_dup(&kept, run->old_inventory);
	run->objects = NULL;
	gt_arena_fini(&run->arena);
	run->arena = kept;
	return gt_arena_check(&run->arena, err);
}

static int prune_stale(struct ks_call *c, struct gt_node *inventory, struct gt_err *err)
{
	struct ks_run *run = c->run;
	struct gt_node *stale = ks_inventory_stale(c->a, run->old_inventory, inventory);
	struct gt_node *left;
	gt_auto_buf log = {0};

	if (gt_node_count(stale) == 0 || !gt_node_truth(gt_node_at(c->obj, "spec", "prune"), false))
		return GT_OK;
	int rc = ks_prune(c, run->target, stale, &log, &left, err);
	if (log.n) {
		gt_log_info(c->r->log, "garbage collection completed",
			    gt_kv_str("output", gt_buf_cstr(&log)));
		ks_event(c, "Normal", run->revision, run->origin_revision, false,
			 gt_buf_cstr(&log));
	}
	/* What could not be deleted stays ours. */
	gt_seq_for_each (left, item)
		gt_node_append(c->a, gt_node_need_seq(c->a, inventory, "entries"), item);
	return rc;
}

static int succeed(struct ks_call *c)
{
	struct ks_run *run = c->run;
	struct gt_node *status = gt_node_need_map(c->a, c->obj, "status");

	gt_node_set_str(c->a, status, "lastAppliedRevision", run->revision);
	if (*run->origin_revision)
		gt_node_set_str(c->a, status, "lastAppliedOriginRevision", run->origin_revision);
	else
		gt_node_unset(status, "lastAppliedOriginRevision");
	gt_cond_mark_true(c->a, c->obj, GT_COND_READY, KS_REASON_RECONCILIATION_SUCCEEDED,
			  "Applied revision: %s", run->revision);
	ks_record_history(c, KS_REASON_RECONCILIATION_SUCCEEDED);
	return GT_OK;
}

static int failed(struct ks_call *c, const char *reason, const struct gt_err *err)
{
	ks_record_history(c, reason);
	return ks_not_ready(c, reason, err);
}

static int finish_checks(struct ks_call *c, struct gt_err *err)
{
	if (ks_health_result(c, err) < 0)
		return failed(c, KS_REASON_HEALTH_CHECK_FAILED, err);
	return succeed(c);
}

static int after_apply(struct ks_call *c, struct gt_err *err)
{
	struct ks_run *run = c->run;
	struct gt_node *inventory = ks_inventory_of(c->a, run->entries.v, run->entries.n);
	bool wait;

	gt_node_set(c->a, gt_node_need_map(c->a, c->obj, "status"), "inventory", inventory);
	if (prune_stale(c, inventory, err) < 0)
		return failed(c, KS_REASON_PRUNE_FAILED, err);
	if (keep_essentials(run, err) < 0)
		return failed(c, KS_REASON_RECONCILIATION_FAILED, err);
	run->phase = KS_CHECKING;
	if (ks_check_health(c, &wait, err) < 0)
		return failed(c, KS_REASON_HEALTH_CHECK_FAILED, err);
	return wait ? GT_OK : succeed(c);
}

static int apply(struct ks_call *c, struct gt_err *err)
{
	bool wait;

	c->run->phase = KS_APPLYING;
	if (ks_apply(c, &wait, err) < 0)
		return failed(c, KS_REASON_RECONCILIATION_FAILED, err);
	return wait ? GT_OK : after_apply(c, err);
}

int ks_run_start(struct ks_call *c, const struct gt_node *source, struct gt_err *err)
{
	const char *timeout = ks_duration_text(c->a, ks_timeout(c->obj));
	const char *revision = c->run->revision;

	gt_cond_mark_unknown(c->a, c->obj, GT_COND_READY, KS_REASON_PROGRESSING,
			     "Reconciliation in progress");
	if (ks_progress(c, err, "Fetching manifests for revision %s with a timeout of %s", revision,
			timeout) < 0 ||
	    ks_build(c, source, err) < 0 ||
	    ks_progress(c, err, "Detecting drift for revision %s with a timeout of %s", revision,
			timeout) < 0)
		return err->code;
	return apply(c, err);
}

int ks_run_resume(struct ks_call *c, struct gt_err *err)
{
	if (c->run->phase == KS_CHECKING)
		return finish_checks(c, err);
	if (ks_stage_result(c, err) < 0)
		return failed(c, KS_REASON_RECONCILIATION_FAILED, err);
	return apply(c, err);
}
