/* Particulars of the remaining kinds. */
#include <stdio.h>

#include "crd.h"
#include "strategy.h"

/* --- definitions -------------------------------------------------------------------------- */

#define CLEANUP "customresourcecleanup.apiextensions.k8s.io"

static int prepare_crd(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *meta = gt_node_get(obj, "metadata");
	bool there = false;

	as_crd_set_status(c, NULL, obj);
	as_crd_warn(c, obj);
	gt_seq_for_each (gt_node_get(meta, "finalizers"), f)
		there |= gt_node_is_text(f, CLEANUP);
	if (!there)
		gt_node_append(&c->arena, gt_node_need_seq(&c->arena, meta, "finalizers"),
			       gt_node_str(&c->arena, CLEANUP));
	return GT_OK;
}

static int update_crd(struct as_call *c, const struct gt_node *live, struct gt_node *obj)
{
	as_crd_set_status(c, live, obj);
	if (!gt_node_equal(gt_node_get(live, "spec"), gt_node_get(obj, "spec")))
		as_crd_warn(c, obj);
	return GT_OK;
}

static void validate_crd(struct as_call *c, const struct gt_node *live, const struct gt_node *obj,
			 struct gt_field_errors *errs)
{
	(void)c;
	as_crd_validate(live, obj, errs);
}

/* --- roles -------------------------------------------------------------------------------- */

static void validate_role(struct as_call *c, const struct gt_node *live, const struct gt_node *obj,
			  struct gt_field_errors *errs)
{
	const struct gt_node *rules = gt_node_get(obj, "rules");

	(void)c;
	(void)live;
	for (size_t i = 0; i < gt_node_count(rules); i++) {
		const struct gt_node *rule = gt_node_item(rules, i);
		bool urls = gt_node_count(gt_node_get(rule, "nonResourceURLs")) > 0;
		char field[64];
		snprintf(field, sizeof field, "rules[%zu].verbs", i);
		if (gt_node_count(gt_node_get(rule, "verbs")) == 0)
			gt_field_required(errs, field, "verbs must contain at least one value");
		snprintf(field, sizeof field, "rules[%zu].apiGroups", i);
		if (!urls && gt_node_count(gt_node_get(rule, "apiGroups")) == 0)
			gt_field_required(errs, field,
					  "resource rules must supply at least one api group");
		snprintf(field, sizeof field, "rules[%zu].resources", i);
		if (!urls && gt_node_count(gt_node_get(rule, "resources")) == 0)
			gt_field_required(errs, field,
					  "resource rules must supply at least one resource");
	}
}

static void validate_binding(struct as_call *c, const struct gt_node *live,
			     const struct gt_node *obj, struct gt_field_errors *errs)
{
	const struct gt_node *ref = gt_node_get(obj, "roleRef");

	(void)c;
	if (gt_node_text(gt_node_get(ref, "name")).n == 0)
		gt_field_required(errs, "roleRef.name", "");
	if (live && !gt_node_equal(gt_node_get(live, "roleRef"), ref))
		gt_field_invalid(errs, "roleRef", ref, "cannot change roleRef");
}

/* --- fixed kinds -------------------------------------------------------------------------- */

static void frozen(const struct gt_node *live, const struct gt_node *obj, const char *const *fields,
		   struct gt_field_errors *errs)
{
	for (size_t i = 0; live && fields[i]; i++) {
		if (!gt_node_equal(gt_node_get(live, fields[i]), gt_node_get(obj, fields[i])) &&
		    !(gt_node_is_null(gt_node_get(live, fields[i])) &&
		      gt_node_is_null(gt_node_get(obj, fields[i]))))
			gt_field_forbidden(errs, fields[i], "updates to %s are forbidden.",
					   fields[i]);
	}
}

static void validate_storage_class(struct as_call *c, const struct gt_node *live,
				   const struct gt_node *obj, struct gt_field_errors *errs)
{
	static const char *const fields[] = {"parameters", "provisioner", "reclaimPolicy",
					     "volumeBindingMode", NULL};

	(void)c;
	if (gt_node_text(gt_node_get(obj, "provisioner")).n == 0)
		gt_field_required(errs, "provisioner", "");
	frozen(live, obj, fields, errs);
}

static void validate_priority_class(struct as_call *c, const struct gt_node *live,
				    const struct gt_node *obj, struct gt_field_errors *errs)
{
	(void)c;
	if (live && !gt_node_equal(gt_node_get(live, "value"), gt_node_get(obj, "value")))
		gt_field_forbidden(errs, "value", "may not be changed in an update.");
	if (live)
		as_immutable(errs, "preemptionPolicy", gt_node_get(live, "preemptionPolicy"),
			     gt_node_get(obj, "preemptionPolicy"));
}

static void validate_ingress_class(struct as_call *c, const struct gt_node *live,
				   const struct gt_node *obj, struct gt_field_errors *errs)
{
	(void)c;
	if (live)
		as_immutable(errs, "spec.controller", gt_node_at(live, "spec", "controller"),
			     gt_node_at(obj, "spec", "controller"));
}

static void validate_ingress(struct as_call *c, const struct gt_node *live,
			     const struct gt_node *obj, struct gt_field_errors *errs)
{
	const struct gt_node *rules = gt_node_at(obj, "spec", "rules");

	(void)c;
	(void)live;
	if (gt_node_count(rules) == 0 && !gt_node_at(obj, "spec", "defaultBackend"))
		gt_field_invalid(errs, "spec", gt_node_get(obj, "spec"),
				 "either `defaultBackend` or `rules` must be specified");
	for (size_t i = 0; i < gt_node_count(rules); i++) {
		const struct gt_node *paths = gt_node_at(gt_node_item(rules, i), "http", "paths");
		for (size_t k = 0; k < gt_node_count(paths); k++) {
			char field[80];
			snprintf(field, sizeof field, "spec.rules[%zu].http.paths[%zu].pathType", i,
				 k);
			if (!gt_node_get(gt_node_item(paths, k), "pathType"))
				gt_field_required(errs, field, "pathType must be specified");
		}
	}
}

const struct as_strategy as_strategies_other[] = {
	{"apiextensions.k8s.io", "customresourcedefinitions", prepare_crd, update_crd,
	 validate_crd},
	{"networking.k8s.io", "ingressclasses", NULL, NULL, validate_ingress_class},
	{"networking.k8s.io", "ingresses", NULL, NULL, validate_ingress},
	{"rbac.authorization.k8s.io", "clusterrolebindings", NULL, NULL, validate_binding},
	{"rbac.authorization.k8s.io", "clusterroles", NULL, NULL, validate_role},
	{"rbac.authorization.k8s.io", "rolebindings", NULL, NULL, validate_binding},
	{"rbac.authorization.k8s.io", "roles", NULL, NULL, validate_role},
	{"scheduling.k8s.io", "priorityclasses", NULL, NULL, validate_priority_class},
	{"storage.k8s.io", "storageclasses", NULL, NULL, validate_storage_class},
	{0},
};
