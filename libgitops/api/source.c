#include "api/source.h"

#include "base/time.h"
#include "kube/object.h"

bool gt_api_suspended(const struct gt_node *obj)
{
	return gt_node_truth(gt_node_at(obj, "spec", "suspend"), false);
}

int64_t gt_api_duration(const struct gt_node *obj, const char *field, int64_t fallback)
{
	const char *s = gt_node_cstr(gt_node_get(gt_node_get(obj, "spec"), field));
	int64_t ns;

	if (!s || gt_duration_parse(gt_str(s), &ns, NULL) < 0)
		return fallback;
	return ns;
}

void gt_api_set_handled(struct gt_arena *a, struct gt_node *obj)
{
	const char *at = gt_obj_annotation(obj, GT_ANN_REQUESTED_AT);

	if (at)
		gt_node_set_str(a, gt_node_need_map(a, obj, "status"), "lastHandledReconcileAt",
				at);
}

bool gt_api_requested(const struct gt_node *obj)
{
	const char *at = gt_obj_annotation(obj, GT_ANN_REQUESTED_AT);
	const char *handled = gt_node_cstr_at(obj, "status", "lastHandledReconcileAt");

	return at && !gt_streq(at, handled);
}

const struct gt_node *gt_api_artifact(const struct gt_node *source)
{
	const struct gt_node *artifact = gt_node_at(source, "status", "artifact");

	return gt_node_is(artifact, GT_MAP) ? artifact : NULL;
}

const char *gt_api_artifact_revision(const struct gt_node *source)
{
	return gt_node_cstr(gt_node_get(gt_api_artifact(source), "revision"));
}

const char *gt_api_artifact_digest(const struct gt_node *source)
{
	return gt_node_cstr(gt_node_get(gt_api_artifact(source), "digest"));
}

const char *gt_api_artifact_url(const struct gt_node *source)
{
	return gt_node_cstr(gt_node_get(gt_api_artifact(source), "url"));
}
