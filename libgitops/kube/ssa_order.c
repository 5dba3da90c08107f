/* In which order, and in which stage, objects are applied. */
#include <string.h>

#include "base/alloc.h"
#include "kube/object.h"
#include "kube/ssa.h"

/* Kinds that come before all others, and those that come after them. */
static const char *const first[] = {
	"CustomResourceDefinition",
	"Namespace",
	"ClusterRole",
	"ClusterClass",
	"RuntimeClass",
	"PriorityClass",
	"StorageClass",
	"VolumeSnapshotClass",
	"IngressClass",
	"GatewayClass",
	"ClusterRoleBinding",
	"ResourceQuota",
	"ServiceAccount",
	"Role",
	"RoleBinding",
	"ConfigMap",
	"Secret",
	"Service",
	"LimitRange",
	"Deployment",
	"StatefulSet",
	"CronJob",
	"PodDisruptionBudget",
};
static const char *const last[] = {
	"MutatingWebhookConfiguration",
	"ValidatingWebhookConfiguration",
};

static size_t position(const char *kind)
{
	for (size_t i = 0; i < GT_COUNT(first); i++) {
		if (strcmp(first[i], kind) == 0)
			return i;
	}
	for (size_t i = 0; i < GT_COUNT(last); i++) {
		if (strcmp(last[i], kind) == 0)
			return GT_COUNT(first) + 1 + i;
	}
	return GT_COUNT(first);
}

int gt_ssa_cmp_ref(const struct gt_ref *x, const struct gt_ref *y)
{
	size_t px = position(x->gvk.kind), py = position(y->gvk.kind);
	int c;

	if (px != py)
		return px < py ? -1 : 1;
	if ((c = strcmp(x->gvk.group, y->gvk.group)) != 0)
		return c;
	if ((c = strcmp(x->gvk.kind, y->gvk.kind)) != 0)
		return c;
	if ((c = strcmp(x->ns ? x->ns : "", y->ns ? y->ns : "")) != 0)
		return c;
	return strcmp(x->name, y->name);
}

int gt_ssa_cmp(const struct gt_node *x, const struct gt_node *y)
{
	gt_auto_arena a = {0};
	struct gt_ref rx = gt_ref_of(&a, x), ry = gt_ref_of(&a, y);

	return gt_ssa_cmp_ref(&rx, &ry);
}

static bool is(const char *s, const char *want)
{
	return gt_str_ieq(gt_str(s), gt_str(want));
}

static bool is_class(const char *kind)
{
	static const char suffix[] = "class";
	size_t n = strlen(kind), k = sizeof suffix - 1;

	return n >= k && is(kind + n - k, suffix);
}

static bool is_definition(struct gt_gvk gvk)
{
	if (strcmp(gvk.group, "apiextensions.k8s.io") == 0)
		return is(gvk.kind, "CustomResourceDefinition");
	if (strcmp(gvk.group, "rbac.authorization.k8s.io") == 0)
		return is(gvk.kind, "ClusterRole");
	return !*gvk.group && is(gvk.kind, "Namespace");
}

/* "group/Kind", or "Kind" for core. */
static bool is_named(struct gt_gvk gvk, const char *name)
{
	const char *slash = strrchr(name, '/');
	struct gt_str group = slash ? gt_strn(name, (size_t)(slash - name)) : (struct gt_str){0};

	return gt_str_is(group, gvk.group) && is(slash ? slash + 1 : name, gvk.kind);
}

enum gt_ssa_stage gt_ssa_stage_of(const struct gt_node *obj, const char *const *custom)
{
	gt_auto_arena a = {0};
	struct gt_gvk gvk = gt_gvk_of(&a, obj);

	if (is_definition(gvk))
		return GT_SSA_DEFINITIONS;
	if (is_class(gvk.kind))
		return GT_SSA_CLASSES;
	for (; custom && *custom; custom++) {
		if (is_named(gvk, *custom))
			return GT_SSA_CUSTOM;
	}
	return GT_SSA_REST;
}

const char *gt_ssa_action_name(enum gt_ssa_action a)
{
	static const char *const names[] = {
		[GT_SSA_CREATED] = "created",     [GT_SSA_CONFIGURED] = "configured",
		[GT_SSA_UNCHANGED] = "unchanged", [GT_SSA_SKIPPED] = "skipped",
		[GT_SSA_DELETED] = "deleted",     [GT_SSA_UNKNOWN] = "unknown",
	};
	return names[a];
}
