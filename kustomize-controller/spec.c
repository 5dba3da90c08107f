#include "api/source.h"
#include "base/time.h"
#include "ks.h"

#define MIN_TIMEOUT GT_SECONDS(30)

/* What this version does not honour.  A row goes when its feature comes. */
const struct gt_unsupported ks_unsupported[] = {
	{"spec.decryption", NULL},
	{"spec.kubeConfig", NULL},
	{"spec.postBuild", NULL},
	{"spec.healthCheckExprs", NULL},
	{"spec.dependsOn[].readyExpr", NULL},
	{"spec.ignore", NULL},
	{NULL, NULL},
};

int64_t ks_interval(const struct gt_node *obj)
{
	return gt_api_duration(obj, "interval", GT_SECONDS(60));
}

int64_t ks_retry_interval(const struct gt_node *obj)
{
	return gt_api_duration(obj, "retryInterval", ks_interval(obj));
}

int64_t ks_timeout(const struct gt_node *obj)
{
	int64_t timeout = gt_api_duration(obj, "timeout", ks_interval(obj) - GT_SECONDS(30));

	return timeout < MIN_TIMEOUT ? MIN_TIMEOUT : timeout;
}

struct gt_ref ks_source_ref(const struct gt_node *obj)
{
	const struct gt_node *ref = gt_node_at(obj, "spec", "sourceRef");
	const char *kind = gt_node_cstr_or(gt_node_get(ref, "kind"), "");
	const char *ns = gt_node_cstr_or(gt_node_get(ref, "namespace"), "");
	const struct gt_resource *res = gt_toolkit_resource(kind);

	return (struct gt_ref){
		.gvk = {res ? res->group : "", res ? res->version : "", kind},
		.ns = *ns ? ns : gt_obj_namespace(obj),
		.name = gt_node_cstr_or(gt_node_get(ref, "name"), ""),
	};
}

const char *ks_source_text(struct gt_arena *a, const struct gt_node *obj, bool with_namespace)
{
	struct gt_ref ref = ks_source_ref(obj);

	if (!with_namespace && !gt_node_cstr_at(obj, "spec", "sourceRef", "namespace"))
		return gt_arena_printf(a, "%s/%s", ref.gvk.kind, ref.name);
	return gt_arena_printf(a, "%s/%s/%s", ref.gvk.kind, ref.ns, ref.name);
}

const char *ks_duration_text(struct gt_arena *a, int64_t ns)
{
	char text[GT_TIME_TEXT];

	return gt_arena_strdup(a, gt_duration(ns, text));
}
