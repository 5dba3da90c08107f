#include "ks.h"

const char *ks_service_account(struct ks_call *c)
{
	const char *name = gt_node_cstr_at(c->obj, "spec", "serviceAccountName");

	if (!name || !*name)
		name = gt_manager_flags(c->ks->manager)->default_service_account;
	return name && *name ? name : NULL;
}

struct gt_kube *ks_target(struct ks_call *c)
{
	const char *account = ks_service_account(c);

	if (!account)
		return gt_kube_ref(c->r->kube);
	return gt_kube_as(c->r->kube, gt_arena_printf(c->a, "system:serviceaccount:%s:%s",
						      gt_obj_namespace(c->obj), account));
}
