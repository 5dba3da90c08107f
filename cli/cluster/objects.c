#include "objects.h"

#include <string.h>

int get_object(struct cluster *c, const struct kind *k, const char *ns, const char *name,
	       struct gt_node **ret_obj, struct gt_err *err)
{
	return gt_kube_get(c->kube, &c->ctx, &c->arena, k->res, ns, name, ret_obj, err);
}

int patch_object(struct cluster *c, const struct kind *k, const char *ns, const char *name,
		 const struct gt_node *patch, struct gt_err *err)
{
	struct gt_write_opts opts = {.field_manager = "gitops"};
	int rc = gt_arena_check(&c->arena, err);

	if (rc < 0)
		return rc;
	return gt_kube_patch(c->kube, &c->ctx, &c->arena, k->res, ns, name, GT_PATCH_JSON_MERGE,
			     patch, &opts, NULL, err);
}

static bool has_name(const struct gt_args *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->v[i], name) == 0)
			return true;
	}
	return false;
}

int select_names(struct cluster *c, const struct kind *k, struct gt_args *ret_names,
		 struct gt_err *err)
{
	bool all = cli_flag_bool(c->call, "all");
	struct gt_node *list;

	for (size_t i = 0; i < c->call->nargs; i++) {
		if (!has_name(ret_names, c->call->args[i]))
			gt_vec_push(ret_names, c->call->args[i]);
	}
	if (!all)
		return ret_names->n ? GT_OK
				    : gt_fail(err, GT_E_INVALID, "%s name is required", k->human);
	int rc = gt_kube_list(c->kube, &c->ctx, &c->arena, k->res, c->ns, NULL, &list, err);
	if (rc < 0)
		return rc;
	ret_names->n = 0;
	gt_seq_for_each (gt_node_get(list, "items"), item)
		gt_vec_push(ret_names, gt_obj_name(item));
	if (ret_names->n == 0)
		return gt_fail(err, GT_E_NOT_FOUND, "no %s objects found in %s namespace",
			       k->res->kind, c->ns);
	return GT_OK;
}

void report_success(const struct kind *k, const char *name, const struct gt_node *obj)
{
	const char *revision = kind_revision(k, obj);

	if (k->success && *revision)
		cli_success("%s %s", k->success, revision);
	else
		cli_success("%s %s reconciliation completed", k->res->kind, name);
}
