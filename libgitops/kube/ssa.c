#include "kube/ssa.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "kube/object.h"
#include "kube/ssa_int.h"

#define GONE_POLL_MAX GT_SECONDS(2)

/* --- texts ----------------------------------------------------------------------------------- */

static const char *id_of(struct gt_arena *a, const struct gt_node *obj)
{
	struct gt_ref ref = gt_ref_of(a, obj);

	return gt_ref_text(a, &ref);
}

/* The failure of a dry run as Flux words it. */
static int dry_run_failed(struct gt_arena *a, const struct gt_node *obj, struct gt_err *err)
{
	const char *id = id_of(a, obj);
	const char *reason = err->reason;

	if (err->code == GT_E_NOT_FOUND && !gt_err_is_no_match(err))
		return gt_wrap(err, "%s %s", id,
			       *gt_obj_namespace(obj) ? "not found" : "namespace not specified");
	if (gt_err_is_no_match(err))
		reason = "";
	if (*reason && strcmp(reason, "Unknown") != 0)
		return gt_wrap(err, "%s dry-run failed (%s)", id, reason);
	return gt_wrap(err, "%s dry-run failed", id);
}

/* The API server says that the object cannot become this. */
static bool is_immutable(const struct gt_err *err)
{
	if (strcmp(err->reason, "Conflict") == 0 || strcmp(err->reason, "Invalid") == 0)
		return true;
	return strstr(err->text, "is immutable") || strstr(err->text, "immutable field");
}

/* --- one object ------------------------------------------------------------------------------ */

struct plan {
	struct gt_kube *k;
	struct gt_ctx *ctx;
	struct gt_arena *a;
	const struct gt_ssa_opts *opts;
	struct gt_ssa_entry *e;
};

static int apply(struct plan *p, bool dry_run, struct gt_err *err)
{
	struct gt_write_opts opts = {
		.field_manager = p->opts->field_manager,
		.dry_run = dry_run,
		.force = true,
	};
	return gt_kube_apply(p->k, p->ctx, p->a, p->e->res, p->e->manifest, &opts, &p->e->merged,
			     err);
}

static bool policy(const struct plan *p, const char *key, const char *value)
{
	const char *group = p->opts->owner_group;

	return gt_ssa__policy(p->e->manifest, group, key, value) ||
	       (p->e->live && gt_ssa__policy(p->e->live, group, key, value));
}

static bool is_skipped(const struct plan *p)
{
	if (policy(p, "reconcile", "disabled") || policy(p, "ssa", "Ignore"))
		return true;
	return p->e->live && *gt_obj_uid(p->e->live) &&
	       gt_ssa__policy(p->e->manifest, p->opts->owner_group, "ssa", "IfNotPresent");
}

/* Deletes the live object and waits until it is gone. */
static int delete_and_wait(struct plan *p, struct gt_err *err)
{
	struct gt_delete_opts opts = {.propagation = "Background"};
	const struct gt_node *live = p->e->live;
	int64_t pause = GT_MILLIS(50);

	int rc = gt_kube_delete(p->k, p->ctx, p->e->res, gt_obj_namespace(live), gt_obj_name(live),
				&opts, err);
	if (rc < 0 && rc != GT_E_NOT_FOUND)
		return gt_wrap(err, "%s immutable field detected, failed to delete object",
			       id_of(p->a, live));
	for (;;) {
		struct gt_arena_mark mark = gt_arena_mark(p->a);
		struct gt_node *obj;

		rc = gt_kube_get_metadata(p->k, p->ctx, p->a, p->e->res, gt_obj_namespace(live),
					  gt_obj_name(live), &obj, err);
		bool replaced = rc == GT_OK && strcmp(gt_obj_uid(obj), gt_obj_uid(live)) != 0;
		gt_arena_rewind(p->a, mark);
		if (rc == GT_E_NOT_FOUND || replaced)
			return GT_OK;
		rc = gt_ctx_sleep(p->ctx, pause, err);
		if (rc < 0)
			return gt_wrap(err, "%s waiting for the deletion", id_of(p->a, live));
		pause = pause * 2 < GONE_POLL_MAX ? pause * 2 : GONE_POLL_MAX;
	}
}

static int dry_run(struct plan *p, struct gt_err *err)
{
	int rc = apply(p, true, err);

	if (rc == GT_OK)
		return rc;
	bool force = p->opts->force || policy(p, "force", "enabled");
	if (p->e->live && force && is_immutable(err)) {
		rc = delete_and_wait(p, err);
		if (rc < 0)
			return rc;
		p->e->live = NULL;
		rc = apply(p, true, err);
	}
	return rc < 0 ? dry_run_failed(p->a, p->e->manifest, err) : GT_OK;
}

/* Removes leftovers of other tools; *ret_done when something was written. */
static int clean_up(struct plan *p, bool *ret_done, struct gt_err *err)
{
	struct gt_write_opts opts = {.field_manager = p->opts->field_manager};
	struct gt_node *answer = NULL;

	*ret_done = false;
	if (!p->e->live || policy(p, "ssa", "Merge"))
		return GT_OK;
	struct gt_node *ops = gt_ssa__cleanup_ops(p->a, p->e->live, p->opts);
	if (gt_node_count(ops) == 0)
		return GT_OK;
	int rc = gt_kube_patch(p->k, p->ctx, p->a, p->e->res, gt_obj_namespace(p->e->live),
			       gt_obj_name(p->e->live), GT_PATCH_JSON, ops, &opts, &answer, err);
	if (rc < 0)
		return gt_wrap(err, "%s metadata.managedFields cleanup failed",
			       id_of(p->a, p->e->manifest));
	p->e->live = answer;
	*ret_done = true;
	return GT_OK;
}

/* Maps the kind and reads the live object; failures show up in the dry run. */
static int look(struct plan *p, struct gt_err *err)
{
	struct gt_node *live = NULL;
	int rc = gt_kube_resource(p->k, p->ctx, gt_gvk_of(p->a, p->e->manifest), &p->e->res, err);

	if (rc < 0)
		return rc;
	if (gt_kube_get(p->k, p->ctx, p->a, p->e->res, gt_obj_namespace(p->e->manifest),
			gt_obj_name(p->e->manifest), &live, NULL) == GT_OK)
		p->e->live = live;
	return GT_OK;
}

int gt_ssa_plan(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a, struct gt_node *manifest,
		const struct gt_ssa_opts *opts, struct gt_ssa_entry *ret_entry, struct gt_err *err)
{
	struct gt_ssa_entry e = {.action = GT_SSA_UNKNOWN, .manifest = gt_node_dup(a, manifest)};
	struct plan p = {k, ctx, a, opts, &e};
	struct gt_err local;
	bool cleaned;

	err = err ? err : &local;
	gt_ssa__fix_crd(e.manifest);
	int rc = look(&p, err);
	if (is_skipped(&p)) {
		e.action = GT_SSA_SKIPPED;
		e.ref = gt_ref_of(a, e.live ? e.live : e.manifest);
		*ret_entry = e;
		return gt_arena_check(a, err);
	}
	if (rc < 0)
		return dry_run_failed(a, e.manifest, err);
	rc = dry_run(&p, err);
	if (rc == GT_OK)
		rc = clean_up(&p, &cleaned, err);
	if (rc < 0)
		return rc;
	e.ref = gt_ref_of(a, e.merged);
	if (!e.live || !*gt_obj_rv(e.merged))
		e.action = GT_SSA_CREATED;
	else if (cleaned || gt_ssa__differs(a, e.live, e.merged))
		e.action = GT_SSA_CONFIGURED;
	else
		e.action = GT_SSA_UNCHANGED;
	*ret_entry = e;
	return gt_arena_check(a, err);
}

int gt_ssa_write(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		 const struct gt_ssa_opts *opts, struct gt_ssa_entry *entry, struct gt_err *err)
{
	struct plan p = {k, ctx, a, opts, entry};

	if (entry->action != GT_SSA_CREATED && entry->action != GT_SSA_CONFIGURED)
		return GT_OK;
	if (apply(&p, false, err) < 0)
		return gt_wrap(err, "%s apply failed", id_of(a, entry->manifest));
	return GT_OK;
}

/* --- deletion -------------------------------------------------------------------------------- */

static bool is_owned(const struct gt_node *live, const struct gt_ssa_delete_opts *o)
{
	if (!o->owner_group)
		return true;
	gt_autofree char *name = gt_xasprintf("%s/name", o->owner_group);
	gt_autofree char *ns = gt_xasprintf("%s/namespace", o->owner_group);
	return gt_streq(gt_obj_label(live, name), o->owner_name) &&
	       gt_streq(gt_obj_label(live, ns), o->owner_namespace);
}

static bool is_protected(const struct gt_node *live, const struct gt_ssa_delete_opts *o)
{
	for (const char *const *x = o->exclusions; x && x[0] && x[1]; x += 2) {
		const char *label = gt_obj_label(live, x[0]);
		const char *annotation = gt_obj_annotation(live, x[0]);

		if ((label && gt_str_ieq(gt_str(label), gt_str(x[1]))) ||
		    (annotation && gt_str_ieq(gt_str(annotation), gt_str(x[1]))))
			return true;
	}
	return false;
}

int gt_ssa_delete(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		  const struct gt_ref *ref, const struct gt_ssa_delete_opts *opts,
		  enum gt_ssa_action *ret_action, struct gt_err *err)
{
	struct gt_delete_opts del = {.propagation =
					     opts->propagation ? opts->propagation : "Background"};
	const struct gt_resource *res;
	struct gt_node *live;

	int rc = gt_kube_resource(k, ctx, ref->gvk, &res, err);
	if (rc == GT_OK)
		rc = gt_kube_get_metadata(k, ctx, a, res, ref->ns, ref->name, &live, err);
	/* An object of a kind that is gone is gone. */
	if (rc == GT_E_NOT_FOUND) {
		*ret_action = GT_SSA_DELETED;
		return GT_OK;
	}
	if (rc < 0)
		return rc;
	if (!is_owned(live, opts) || is_protected(live, opts)) {
		*ret_action = GT_SSA_SKIPPED;
		return GT_OK;
	}
	del.uid = gt_obj_uid(live);
	rc = gt_kube_delete(k, ctx, res, ref->ns, ref->name, &del, err);
	if (rc < 0 && rc != GT_E_NOT_FOUND)
		return rc;
	*ret_action = GT_SSA_DELETED;
	return GT_OK;
}
