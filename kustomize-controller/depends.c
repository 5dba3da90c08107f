#include <string.h>

#include "api/source.h"
#include "ks.h"

static struct gt_key dependency_key(const struct ks_call *c, const struct gt_node *dep)
{
	const char *ns = gt_node_cstr_or(gt_node_get(dep, "namespace"), "");

	return (struct gt_key){
		.ns = *ns ? ns : gt_obj_namespace(c->obj),
		.name = gt_node_cstr_or(gt_node_get(dep, "name"), ""),
	};
}

static bool same_source(const struct gt_node *x, const struct gt_node *y)
{
	struct gt_ref a = ks_source_ref(x), b = ks_source_ref(y);

	return strcmp(a.gvk.kind, b.gvk.kind) == 0 && strcmp(a.ns, b.ns) == 0 &&
	       strcmp(a.name, b.name) == 0;
}

static int check_one(struct ks_call *c, struct gt_key key, const char *revision, struct gt_err *err)
{
	struct gt_node *dep;
	int rc = gt_kube_get(c->r->kube, c->r->ctx, c->a, &gt_res_kustomization, key.ns, key.name,
			     &dep, err);

	if (rc < 0)
		return gt_wrap(err, "dependency '%s/%s' not found", key.ns, key.name);
	int64_t observed = gt_node_int_or(gt_node_at(dep, "status", "observedGeneration"), -1);
	if (observed != gt_obj_generation(dep) || !gt_cond_is_true(dep, GT_COND_READY))
		return gt_fail(err, GT_E_UNAVAILABLE, "dependency '%s/%s' is not ready", key.ns,
			       key.name);
	const char *applied = gt_node_cstr_or(gt_node_at(dep, "status", "lastAppliedRevision"), "");
	if (same_source(c->obj, dep) && strcmp(applied, revision) != 0)
		return gt_fail(err, GT_E_UNAVAILABLE,
			       "dependency '%s/%s' revision is not up to date", key.ns, key.name);
	return GT_OK;
}

int ks_check_dependencies(struct ks_call *c, const struct gt_node *source, struct gt_err *err)
{
	const char *revision = gt_api_artifact_revision(source);

	gt_seq_for_each (gt_node_at(c->obj, "spec", "dependsOn"), dep) {
		int rc = check_one(c, dependency_key(c, dep), revision ? revision : "", err);

		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

void ks_wait_for_dependencies(struct ks_call *c)
{
	const struct gt_node *list = gt_node_at(c->obj, "spec", "dependsOn");
	size_t n = gt_node_count(list);
	struct gt_ref *refs = gt_arena_calloc(c->a, n, sizeof *refs);

	*c->next = (struct gt_next){
		.kind = GT_NEXT_DEPENDS,
		.after_ns = gt_manager_flags(c->ks->manager)->requeue_dependency,
		.depends = refs,
		.n_depends = refs ? n : 0,
	};
	for (size_t i = 0; refs && i < n; i++) {
		struct gt_key key = dependency_key(c, gt_node_item(list, i));

		refs[i] = (struct gt_ref){gt_resource_gvk(&gt_res_kustomization), key.ns, key.name};
	}
}
