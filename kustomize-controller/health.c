/* Waiting for what was applied: the stages of an apply, and the health checks. */
#include <string.h>

#include "base/time.h"
#include "ks.h"
#include "kube/kstatus.h"

#define STAGE_TIMEOUT GT_SECONDS(60)

/* A Job that deletes itself may be gone before it was seen to be done. */
static enum gt_status judge(void *arg, const struct gt_ref *ref, const struct gt_node *obj)
{
	const struct ks_run *run = arg;
	gt_auto_arena a = {0};
	struct gt_kstatus status = {.status = GT_STATUS_UNKNOWN};

	for (size_t i = 0; !obj && strcmp(ref->gvk.kind, "Job") == 0 && i < run->entries.n; i++) {
		const struct ks_entry *e = &run->entries.v[i];

		if (e->expires && strcmp(e->ref.name, ref->name) == 0 &&
		    strcmp(e->ref.ns, ref->ns) == 0)
			return GT_STATUS_CURRENT;
	}
	gt_kstatus(&a, obj, &status, NULL);
	return status.status;
}

static void start_wait(struct ks_call *c, struct gt_wait_ref *refs, size_t n, bool fail_fast,
		       int64_t deadline)
{
	*c->next = (struct gt_next){
		.kind = GT_NEXT_WATCH,
		.wait =
			{
				.kube = c->run->target,
				.refs = refs,
				.n = n,
				.mode = GT_WAIT_SETTLED,
				.fail_fast = fail_fast,
				.judge = judge,
				.judge_arg = c->run,
				.deadline_ns = deadline,
			},
	};
}

bool ks_wait_for_stage(struct ks_call *c, size_t from)
{
	struct ks_run *run = c->run;
	size_t n = run->entries.n - from;
	struct gt_wait_ref *refs = gt_arena_calloc(c->a, n, sizeof *refs);
	bool all_current = true;

	for (size_t i = 0; refs && i < n; i++) {
		refs[i].ref = run->entries.v[from + i].ref;
		refs[i].seen = run->entries.v[from + i].rv;
		all_current = all_current && run->entries.v[from + i].current;
	}
	if (all_current || !refs)
		return false;
	start_wait(c, refs, n, false, STAGE_TIMEOUT);
	return true;
}

/* The state of one object now: what the waiter has seen last, else asked for. */
static enum gt_status status_of(struct ks_call *c, const struct gt_ref *ref, struct gt_err *err)
{
	struct gt_waiter *waiter = gt_manager_waiter(c->ks->manager);
	const struct gt_resource *res;
	struct gt_node *obj = NULL;

	err->text[0] = '\0';
	int rc = gt_waiter_get(waiter, c->a, c->run->target, ref, &obj, err);
	if (rc == GT_E_UNAVAILABLE) {
		rc = gt_kube_resource(c->run->target, c->r->ctx, ref->gvk, &res, err);
		if (rc == GT_OK)
			rc = gt_kube_get(c->run->target, c->r->ctx, c->a, res, ref->ns, ref->name,
					 &obj, err);
	}
	if (rc < 0 && rc != GT_E_NOT_FOUND)
		return GT_STATUS_UNKNOWN;
	if (rc < 0 && gt_err_is_no_match(err))
		return GT_STATUS_UNKNOWN;
	err->text[0] = '\0';
	return judge(c->run, ref, obj);
}

/*
 * GT_OK when all are Current; else the text upstream gives.  Failed ones end a check early, the
 * others count when time is up.
 */
static int settled(struct ks_call *c, const struct gt_ref *refs, size_t n, struct gt_err *err)
{
	gt_auto_buf list = {.max = GT_ERR_TEXT_MAX - 256};
	bool timed_out = c->r->wake == GT_WAKE_DEADLINE;
	bool early = !timed_out;

	for (size_t i = 0; i < n; i++) {
		struct gt_err cause;
		enum gt_status status = status_of(c, &refs[i], &cause);

		if (status == GT_STATUS_CURRENT || (early && status != GT_STATUS_FAILED))
			continue;
		gt_buf_printf(&list, "%s%s status: '%s'%s%s", list.n ? ", " : "",
			      gt_ref_text(c->a, &refs[i]), gt_status_name(status),
			      *cause.text ? ": " : "", cause.text);
	}
	if (list.n == 0 && !list.failed)
		return GT_OK;
	return gt_fail(err, timed_out ? GT_E_TIMEOUT : GT_E_INVALID, "%s [%s%s]",
		       timed_out ? "timeout waiting for:"
				 : "failed early due to stalled resources:",
		       gt_buf_cstr(&list), list.failed ? ", ..." : "");
}

int ks_stage_result(struct ks_call *c, struct gt_err *err)
{
	struct ks_run *run = c->run;
	size_t n = run->entries.n - run->waited_from;
	struct gt_ref *refs = gt_arena_calloc(c->a, n, sizeof *refs);

	for (size_t i = 0; refs && i < n; i++)
		refs[i] = run->entries.v[run->waited_from + i].ref;
	return refs ? settled(c, refs, n, err) : gt_arena_check(c->a, err);
}

static bool is_self(const struct ks_call *c, const struct gt_ref *ref)
{
	return strcmp(ref->gvk.kind, gt_res_kustomization.kind) == 0 &&
	       strcmp(ref->ns, gt_obj_namespace(c->obj)) == 0 &&
	       strcmp(ref->name, gt_obj_name(c->obj)) == 0;
}

/* What the health checks look at: everything applied, or what the list names. */
static size_t checked_refs(struct ks_call *c, struct gt_ref **ret_refs)
{
	struct ks_run *run = c->run;
	const struct gt_node *list = gt_node_at(c->obj, "spec", "healthChecks");
	bool all = gt_node_truth(gt_node_at(c->obj, "spec", "wait"), false);
	size_t max = all ? run->entries.n : gt_node_count(list);
	struct gt_ref *refs = gt_arena_calloc(c->a, max, sizeof *refs);
	size_t n = 0;

	for (size_t i = 0; refs && all && i < max; i++) {
		if (run->entries.v[i].action != GT_SSA_SKIPPED &&
		    !is_self(c, &run->entries.v[i].ref))
			refs[n++] = run->entries.v[i].ref;
	}
	for (size_t i = 0; refs && !all && i < max; i++) {
		const struct gt_node *item = gt_node_item(list, i);
		const char *api = gt_node_cstr_or(gt_node_get(item, "apiVersion"), "apps/v1");
		struct gt_ref ref = {
			.gvk.kind = gt_node_cstr_or(gt_node_get(item, "kind"), ""),
			.ns = gt_node_cstr_or(gt_node_get(item, "namespace"), ""),
			.name = gt_node_cstr_or(gt_node_get(item, "name"), ""),
		};

		if (!gt_api_version_split(c->a, gt_str(*api ? api : "apps/v1"), &ref.gvk.group,
					  &ref.gvk.version))
			continue;
		if (!is_self(c, &ref))
			refs[n++] = ref;
	}
	*ret_refs = refs;
	return refs ? n : 0;
}

static int check_scope(struct ks_call *c, const struct gt_ref *refs, size_t n, struct gt_err *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct gt_resource *res;

		if (*refs[i].ns ||
		    gt_kube_resource(c->run->target, c->r->ctx, refs[i].gvk, &res, NULL) < 0)
			continue;
		if (res->namespaced)
			return gt_fail(
				err, GT_E_INVALID,
				"resource %s.%s %s is namespace scoped, but namespace is not "
				"set",
				refs[i].gvk.kind, refs[i].gvk.group, refs[i].name);
	}
	return GT_OK;
}

/* Nothing was written and the apply saw everything healthy, as it was before. */
static bool still_healthy(const struct ks_call *c)
{
	const struct ks_run *run = c->run;

	if (!gt_cond_is_true(c->obj, GT_COND_HEALTHY) ||
	    !gt_node_truth(gt_node_at(c->obj, "spec", "wait"), false))
		return false;
	for (size_t i = 0; i < run->entries.n; i++) {
		if (!run->entries.v[i].current && run->entries.v[i].action != GT_SSA_SKIPPED)
			return false;
	}
	return true;
}

/*
 * The version that the apply left an object in: what was before it is of no interest.  *at is where
 * to look first; asked in the order of the entries, each is found at once.
 */
static const char *applied_version(const struct ks_run *run, const struct gt_ref *ref, size_t *at)
{
	for (size_t k = 0; k < run->entries.n; k++) {
		size_t i = (*at + k) % run->entries.n;
		const struct ks_entry *e = &run->entries.v[i];

		if (strcmp(e->ref.name, ref->name) != 0 || strcmp(e->ref.ns, ref->ns) != 0 ||
		    !gt_gvk_same_kind(e->ref.gvk, ref->gvk))
			continue;
		*at = i + 1;
		return e->rv;
	}
	return NULL;
}

int ks_check_health(struct ks_call *c, bool *ret_wait, struct gt_err *err)
{
	struct ks_run *run = c->run;
	bool fail_fast = !gt_manager_feature(c->ks->manager, "DisableFailFastBehavior");
	const char *message =
		gt_arena_printf(c->a, "Running health checks for revision %s with a timeout of %s",
				run->revision, ks_duration_text(c->a, ks_timeout(c->obj)));
	struct gt_ref *refs;
	size_t n = checked_refs(c, &refs);

	*ret_wait = false;
	if (n == 0) {
		gt_cond_delete(c->obj, GT_COND_HEALTHY);
		return GT_OK;
	}
	if (still_healthy(c))
		return GT_OK;
	run->check_began = gt_now_mono();
	bool was_healthy = gt_cond_is_true(c->obj, GT_COND_HEALTHY);
	gt_cond_mark_reconciling(c->a, c->obj, KS_REASON_PROGRESSING, "%s", message);
	gt_cond_mark_unknown(c->a, c->obj, GT_COND_HEALTHY, KS_REASON_PROGRESSING, "%s", message);
	if (ks_patch(c, 0, err) < 0)
		return gt_wrap(err, "unable to update the healthy status to progressing");
	if (check_scope(c, refs, n, err) < 0)
		return err->code;
	run->was_healthy = was_healthy;
	struct gt_wait_ref *wait = gt_arena_calloc(c->a, n, sizeof *wait);
	size_t at = 0;
	for (size_t i = 0; wait && i < n; i++) {
		wait[i].ref = refs[i];
		wait[i].seen = applied_version(run, &refs[i], &at);
	}
	if (!wait)
		return gt_arena_check(c->a, err);
	start_wait(c, wait, n, fail_fast, ks_timeout(c->obj));
	*ret_wait = true;
	return GT_OK;
}

static int health_failed(struct ks_call *c, const char *after, struct gt_err *err)
{
	gt_cond_mark_false(c->a, c->obj, GT_COND_HEALTHY, KS_REASON_HEALTH_CHECK_FAILED, "%s",
			   err->text);
	return gt_wrap(err, "health check failed after %s", after);
}

int ks_health_result(struct ks_call *c, struct gt_err *err)
{
	struct ks_run *run = c->run;
	const char *took = ks_duration_text(c->a, gt_now_mono() - run->check_began);
	const char *applied =
		gt_node_cstr_or(gt_node_at(c->obj, "status", "lastAppliedRevision"), "");
	struct gt_ref *refs;
	size_t n = checked_refs(c, &refs);

	if (settled(c, refs, n, err) < 0)
		return health_failed(c, took, err);
	const char *message = gt_arena_printf(c->a, "Health check passed in %s", took);
	bool tell = !run->was_healthy || (strcmp(applied, run->revision) != 0 && run->changed);
	if (tell)
		ks_event(c, "Normal", run->revision, run->origin_revision, false, message);
	gt_cond_mark_true(c->a, c->obj, GT_COND_HEALTHY, KS_REASON_SUCCEEDED, "%s", message);
	if (ks_patch(c, 0, err) < 0)
		return gt_wrap(err, "unable to update the healthy status to progressing");
	return GT_OK;
}
