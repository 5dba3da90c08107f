/* The order of the output: as accumulated, or kustomize's legacy order of kinds. */
#include <stdlib.h>
#include <string.h>

#include "kustomize/layer.h"

static const char *const first_kinds[] = {
	"Namespace",
	"ResourceQuota",
	"StorageClass",
	"CustomResourceDefinition",
	"ServiceAccount",
	"PodSecurityPolicy",
	"Role",
	"ClusterRole",
	"RoleBinding",
	"ClusterRoleBinding",
	"ConfigMap",
	"Secret",
	"Endpoints",
	"Service",
	"LimitRange",
	"PriorityClass",
	"PersistentVolume",
	"PersistentVolumeClaim",
	"Deployment",
	"StatefulSet",
	"CronJob",
	"PodDisruptionBudget",
};

static const char *const last_kinds[] = {
	"MutatingWebhookConfiguration",
	"ValidatingWebhookConfiguration",
};

struct entry {
	struct kz_res *res;
	int64_t rank;
	const struct kz_id *id;
	struct gt_str gvk_key, id_key;
};

static int64_t list_rank(const struct gt_node *first, const struct gt_node *last,
			 struct gt_str kind)
{
	for (size_t i = 0; i < gt_node_count(first); i++) {
		if (gt_str_eq(gt_node_text(gt_node_item(first, i)), kind))
			return (int64_t)i - (int64_t)gt_node_count(first);
	}
	for (size_t i = 0; i < gt_node_count(last); i++) {
		if (gt_str_eq(gt_node_text(gt_node_item(last, i)), kind))
			return (int64_t)i + 1;
	}
	return 0;
}

int64_t kz_kind_rank(struct gt_str kind)
{
	for (size_t i = 0; i < GT_COUNT(first_kinds); i++) {
		if (gt_str_is(kind, first_kinds[i]))
			return (int64_t)i - (int64_t)GT_COUNT(first_kinds);
	}
	for (size_t i = 0; i < GT_COUNT(last_kinds); i++) {
		if (gt_str_is(kind, last_kinds[i]))
			return (int64_t)i + 1;
	}
	return 0;
}

static struct gt_str or_else(struct gt_str s, const char *fallback)
{
	return s.n ? s : gt_str(fallback);
}

struct gt_str kz_gvk_sort_key(struct gt_arena *a, const struct kz_gvk *gvk)
{
	struct gt_str g = or_else(gvk->group, "~G"), v = or_else(gvk->version, "~V");
	struct gt_str k = or_else(gvk->kind, "~K");

	return gt_str(
		gt_arena_printf(a, "%.*s_%.*s_%.*s", GT_STR_ARG(g), GT_STR_ARG(v), GT_STR_ARG(k)));
}

static struct gt_str id_key(struct gt_arena *a, const struct kz_res *r, const struct kz_id *id)
{
	struct gt_str k = or_else(id->gvk.kind, "[noKind]"),
		      v = or_else(id->gvk.version, "[noVer]");
	struct gt_str g = or_else(id->gvk.group, "[noGrp]");
	struct gt_str ns = or_else(kz_res_ns(r), "~X"), name = or_else(id->name, "~N");

	return gt_str(gt_arena_printf(a, "%.*s.%.*s.%.*s|%.*s|%.*s", GT_STR_ARG(k), GT_STR_ARG(v),
				      GT_STR_ARG(g), GT_STR_ARG(ns), GT_STR_ARG(name)));
}

static int compare(const void *x, const void *y)
{
	const struct entry *p = x, *q = y;

	if (p->rank != q->rank)
		return p->rank < q->rank ? -1 : 1;
	if (!kz_gvk_eq(&p->id->gvk, &q->id->gvk)) {
		int c = gt_str_cmp(p->gvk_key, q->gvk_key);
		bool one_core = !p->id->gvk.group.n || !q->id->gvk.group.n;

		/* Core Namespaces come before those of other groups. */
		if (gt_str_is(p->id->gvk.kind, "Namespace") &&
		    gt_str_is(q->id->gvk.kind, "Namespace") && one_core)
			c = -c;
		return c;
	}
	return gt_str_cmp(p->id_key, q->id_key);
}

static int sort_legacy(struct kz_build *b, struct kz_accum *acc, const struct gt_node *first,
		       const struct gt_node *last, bool custom)
{
	uint32_t n = acc->res.n;
	struct entry *v = gt_arena_calloc(b->a, n ? n : 1, sizeof *v);

	if (!v)
		return kz_check(b);
	for (uint32_t i = 0; i < n; i++) {
		struct kz_res *r = acc->res.v[i];
		const struct kz_id *id = kz_res_id(b, r);

		v[i] = (struct entry){
			.res = r,
			.rank = custom ? list_rank(first, last, id->gvk.kind)
				       : kz_kind_rank(id->gvk.kind),
			.id = id,
			.gvk_key = kz_gvk_sort_key(b->a, &id->gvk),
			.id_key = id_key(b->a, r, id),
		};
	}
	int rc = kz_check(b);
	if (rc < 0)
		return rc;
	qsort(v, n, sizeof *v, compare);
	for (uint32_t i = 0; i < n; i++)
		acc->res.v[i] = v[i].res;
	kz_accum_touch(acc);
	return GT_OK;
}

int kz_sort(struct kz_build *b, struct kz_accum *acc, const struct gt_node *sort_options)
{
	const char *order = gt_node_cstr_or(gt_node_get(sort_options, "order"), "");
	const struct gt_node *legacy = gt_node_get(sort_options, "legacySortOptions");

	if (!sort_options)
		return b->opts->order == GT_KUSTOMIZE_LEGACY
			       ? sort_legacy(b, acc, NULL, NULL, false)
			       : GT_OK;
	if (strcmp(order, "fifo") == 0)
		return legacy ? kz_fail(b,
					"the field 'sortOptions.legacySortOptions' is set but the "
					"selected sort order is 'fifo', not 'legacy'")
			      : GT_OK;
	if (strcmp(order, "legacy") != 0)
		return kz_fail(b,
			       "the field 'sortOptions.order' must be one of [fifo, legacy], not "
			       "'%s'",
			       order);
	return sort_legacy(b, acc, gt_node_get(legacy, "orderFirst"),
			   gt_node_get(legacy, "orderLast"), legacy != NULL);
}
