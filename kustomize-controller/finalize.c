/* A Kustomization that is deleted: what it applied goes first, as its policy says. */
#include <string.h>

#include "base/time.h"
#include "ks.h"

static bool deletes_objects(const struct ks_call *c)
{
	const char *policy =
		gt_node_cstr_or(gt_node_at(c->obj, "spec", "deletionPolicy"), "MirrorPrune");
	const struct gt_node *entries = gt_node_at(c->obj, "status", "inventory", "entries");

	if (gt_node_truth(gt_node_at(c->obj, "spec", "suspend"), false) ||
	    gt_node_count(entries) == 0 || strcmp(policy, "Orphan") == 0)
		return false;
	if (strcmp(policy, "MirrorPrune") == 0)
		return gt_node_truth(gt_node_at(c->obj, "spec", "prune"), false);
	return true;
}

/* GT_E_NOT_FOUND when the account to act as is gone; without one there is nothing to check. */
static int check_account(struct ks_call *c, struct gt_err *err)
{
	const char *account = ks_service_account(c);
	struct gt_node *found;

	return account ? gt_kube_get(c->r->kube, c->r->ctx, c->a, &gt_res_service_account,
				     gt_obj_namespace(c->obj), account, &found, err)
		       : GT_OK;
}

static void warn(struct ks_call *c, const char *message)
{
	const struct gt_node *status = gt_node_get(c->obj, "status");

	ks_event(c, "Warning", gt_node_cstr(gt_node_get(status, "lastAppliedRevision")),
		 gt_node_cstr(gt_node_get(status, "lastAppliedOriginRevision")), false, message);
}

static void warn_not_pruned(struct ks_call *c)
{
	gt_auto_buf list = {0};

	gt_buf_adds(&list, "unable to prune objects: ");
	gt_seq_for_each (gt_node_at(c->obj, "status", "inventory", "entries"), item) {
		struct gt_ref ref;

		if (ks_inventory_parse(c->a, gt_node_cstr_or(gt_node_get(item, "id"), ""),
				       gt_node_cstr_or(gt_node_get(item, "v"), ""), &ref))
			gt_buf_printf(&list, "\n%s", gt_ref_text(c->a, &ref));
	}
	gt_log_info(c->r->log, gt_buf_cstr(&list));
	warn(c, gt_buf_cstr(&list));
}

static int remove_finalizer(struct ks_call *c)
{
	gt_obj_remove_finalizer(c->obj, GT_FINALIZER);
	return GT_OK;
}

/* ABSENT for everything that was deleted, within the object's timeout. */
static int wait_for_termination(struct ks_call *c, struct gt_err *err)
{
	const struct gt_node *entries = gt_node_at(c->obj, "status", "inventory", "entries");
	size_t n = gt_node_count(entries), used = 0;
	struct gt_wait_ref *refs = gt_arena_calloc(c->a, n, sizeof *refs);

	for (size_t i = 0; refs && i < n; i++) {
		const struct gt_node *item = gt_node_item(entries, i);

		if (ks_inventory_parse(c->a, gt_node_cstr_or(gt_node_get(item, "id"), ""),
				       gt_node_cstr_or(gt_node_get(item, "v"), ""),
				       &refs[used].ref))
			used++;
	}
	c->run->phase = KS_TERMINATING;
	*c->next = (struct gt_next){
		.kind = GT_NEXT_WATCH,
		.wait = {.kube = c->run->target,
			 .refs = refs,
			 .n = used,
			 .mode = GT_WAIT_ABSENT,
			 .deadline_ns = ks_timeout(c->obj)},
	};
	return gt_arena_check(c->a, err);
}

static int delete_objects(struct ks_call *c, struct gt_err *err)
{
	const struct gt_node *status = gt_node_get(c->obj, "status");
	const char *policy = gt_node_cstr_or(gt_node_at(c->obj, "spec", "deletionPolicy"), "");
	struct gt_node *left;
	gt_auto_buf log = {0};

	c->run = ks_run_new(c, NULL);
	int rc = ks_prune(c, c->run->target, gt_node_at(status, "inventory", "entries"), &log,
			  &left, err);
	if (rc < 0) {
		warn(c, "pruning for deleted resource failed");
		return rc;
	}
	if (log.n)
		ks_event(c, "Normal", gt_node_cstr(gt_node_get(status, "lastAppliedRevision")),
			 gt_node_cstr(gt_node_get(status, "lastAppliedOriginRevision")), false,
			 gt_buf_cstr(&log));
	if (strcmp(policy, "WaitForTermination") == 0)
		return wait_for_termination(c, err);
	return remove_finalizer(c);
}

int ks_finalize(struct ks_call *c, struct gt_err *err)
{
	if (!gt_obj_has_finalizer(c->obj, GT_FINALIZER))
		return GT_OK;
	if (!deletes_objects(c))
		return remove_finalizer(c);
	int rc = check_account(c, err);
	if (rc == GT_E_NOT_FOUND) {
		warn_not_pruned(c);
		return remove_finalizer(c);
	}
	return rc < 0 ? rc : delete_objects(c, err);
}

int ks_finalize_resume(struct ks_call *c, struct gt_err *err)
{
	(void)err;
	if (c->r->wake == GT_WAKE_DEADLINE) {
		static const char message[] = "failed to wait for resources termination";

		gt_log_info(c->r->log, message);
		warn(c, message);
	}
	return remove_finalizer(c);
}
