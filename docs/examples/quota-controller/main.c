/*
 * quota-controller - an example of a controller built on libgitops.
 *
 * Every Namespace with the label example.com/quota=<cpu> gets a ResourceQuota of that many CPUs,
 * applied server-side, so that it is put right whenever someone changes it.  See README.md.
 */
#include "api/kinds.h"
#include "kube/object.h"
#include "runtime/manager.h"

#define LABEL "example.com/quota"

static const struct gt_resource quotas = {"", "v1", "ResourceQuota", "resourcequotas", true};

static struct gt_node *quota_for(struct gt_arena *a, const struct gt_node *ns, const char *cpu)
{
	struct gt_node *quota = gt_obj_new(a, &quotas, gt_obj_name(ns), "quota");
	struct gt_node *spec = gt_node_need_map(a, quota, "spec");

	gt_node_set_str(a, gt_node_need_map(a, spec, "hard"), "requests.cpu", cpu);
	return quota;
}

static int reconcile(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err)
{
	const char *cpu = gt_obj_label(r->obj, LABEL);
	struct gt_write_opts opts = {.field_manager = "quota-controller", .force = true};

	(void)next; /* done until the next change */
	if (!cpu || gt_obj_deleting(r->obj))
		return GT_OK;
	if (gt_kube_apply(r->kube, r->ctx, r->arena, &quotas, quota_for(r->arena, r->obj, cpu),
			  &opts, NULL, err) < 0)
		return gt_wrap(err, "quota of %s", gt_obj_name(r->obj));
	gt_log_info(r->log, "quota applied", gt_kv_str("cpu", cpu));
	return GT_OK;
}

static int setup(struct gt_manager *m, struct gt_err *err)
{
	static const char *const metadata[] = {"metadata", NULL};
	static const struct gt_controller_opts opts = {
		.name = "quota",
		.res = &gt_res_namespace,
		.reconcile = reconcile,
		.source = GT_OBJECT_CACHED,
		.paths = metadata,
		.predicate = gt_predicate_any,
	};

	(void)err;
	gt_controller_add(m, &opts);
	return GT_OK;
}

int main(int argc, char **argv)
{
	static const struct gt_program program = {.name = "quota-controller", .setup = setup};

	return gt_manager_main(&program, argc, argv);
}
