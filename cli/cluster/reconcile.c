/* `gitops reconcile`: asks for a run now by annotation, and waits for what comes of it. */
#include <string.h>

#include "base/time.h"
#include "objects.h"
#include "wait.h"

static int annotate(struct cluster *c, const struct kind *k, const char *ns, const char *name,
		    struct gt_err *err)
{
	char now[GT_TIME_TEXT];
	struct gt_node *patch = gt_node_map(&c->arena);

	gt_obj_set_annotation(&c->arena, patch, GT_ANN_REQUESTED_AT,
			      gt_rfc3339_ns(gt_now_wall(), now));
	return patch_object(c, k, ns, name, patch, err);
}

static int reconcile(struct cluster *c, const struct kind *k, const char *ns, const char *name)
{
	struct gt_node *obj;
	struct gt_err err;

	if (get_object(c, k, ns, name, &obj, &err) < 0)
		return cli_fail(&err);
	if (kind_is_static(k, obj)) {
		cli_success("reconciliation not supported by the object");
		return 0;
	}
	if (gt_node_truth(gt_node_at(obj, "spec", "suspend"), false))
		return cli_failf("resource is suspended");
	cli_action("annotating %s %s in %s namespace", k->res->kind, name, ns);
	const char *handled =
		gt_node_cstr_or(gt_node_at(obj, "status", "lastHandledReconcileAt"), "");
	if (annotate(c, k, ns, name, &err) < 0)
		return cli_fail(&err);
	cli_success("%s annotated", k->res->kind);
	cli_waiting("waiting for %s reconciliation", k->res->kind);
	if (wait_until_ready(c, k, ns, name, handled, &obj, &err) < 0)
		return cli_fail(&err);
	report_success(k, name, obj);
	return 0;
}

static int reconcile_source(struct cluster *c, const struct gt_node *obj)
{
	const struct gt_node *ref = gt_node_at(obj, "spec", "sourceRef");
	const struct kind *k = kind_named(gt_node_cstr(gt_node_get(ref, "kind")));
	const char *name = gt_node_cstr_or(gt_node_get(ref, "name"), "");

	if (!k)
		return cli_failf("the source of %s is of an unknown kind", gt_obj_name(obj));
	if (!k->can_reconcile)
		return 0;
	return reconcile(
		c, k, gt_node_cstr_or(gt_node_get(ref, "namespace"), gt_obj_namespace(obj)), name);
}

int cluster_reconcile(struct cluster *c)
{
	const struct kind *k = kind_named(c->call->command->complete);
	const char *name = c->call->args[0];
	struct gt_node *obj;
	struct gt_err err;

	if (k->res == &gt_res_kustomization && cli_flag_bool(c->call, "with-source")) {
		if (get_object(c, k, c->ns, name, &obj, &err) < 0)
			return cli_fail(&err);
		int rc = reconcile_source(c, obj);
		if (rc)
			return rc;
	}
	return reconcile(c, k, c->ns, name);
}
