#include "kube/kstatus.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "kube/kstatus_int.h"
#include "kube/object.h"

const char *const gt_kstatus_paths[] = {
	"status",
	"spec.replicas",
	"spec.type",
	"spec.clusterIP",
	"spec.updateStrategy",
	"spec.progressDeadlineSeconds",
	"spec.suspend",
	"spec.completions",
	"spec.ttlSecondsAfterFinished",
	NULL,
};

const char *gt_status_name(enum gt_status s)
{
	static const char *const names[] = {
		[GT_STATUS_UNKNOWN] = "Unknown",        [GT_STATUS_NOT_FOUND] = "NotFound",
		[GT_STATUS_IN_PROGRESS] = "InProgress", [GT_STATUS_FAILED] = "Failed",
		[GT_STATUS_CURRENT] = "Current",        [GT_STATUS_TERMINATING] = "Terminating",
	};
	return names[s];
}

int gt_kstatus__set(struct gt_kstatus *ret, enum gt_status status, const char *reason,
		    const char *message)
{
	*ret = (struct gt_kstatus){status, reason, message ? message : ""};
	return GT_OK;
}

const struct gt_node *gt_kstatus__condition(const struct gt_node *obj, const char *type)
{
	gt_seq_for_each (gt_node_at(obj, "status", "conditions"), cond) {
		if (gt_node_is_text(gt_node_get(cond, "type"), type))
			return cond;
	}
	return NULL;
}

bool gt_kstatus__is(const struct gt_node *cond, const char *status)
{
	return gt_node_is_text(gt_node_get(cond, "status"), status);
}

static const char *text(const struct gt_node *cond, const char *field)
{
	return gt_node_cstr_or(gt_node_get(cond, field), "");
}

/* --- what holds for every kind --------------------------------------------------------------- */

/* True when the question is answered. */
static bool generic(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret)
{
	int64_t generation, observed;

	if (gt_obj_deleting(obj)) {
		gt_kstatus__set(ret, GT_STATUS_TERMINATING, "", "Resource scheduled for deletion");
		return true;
	}
	if (gt_node_get_int(gt_node_at(obj, "metadata", "generation"), &generation) &&
	    gt_node_get_int(gt_node_at(obj, "status", "observedGeneration"), &observed) &&
	    generation != observed) {
		const char *message = gt_arena_printf(
			a, "%s generation is %lld, but latest observed generation is %lld",
			gt_obj_kind(obj), (long long)generation, (long long)observed);
		gt_kstatus__set(ret, GT_STATUS_IN_PROGRESS, "LatestGenerationNotObserved", message);
		return true;
	}
	gt_seq_for_each (gt_node_at(obj, "status", "conditions"), cond) {
		if (!gt_kstatus__is(cond, "True"))
			continue;
		if (gt_node_is_text(gt_node_get(cond, "type"), "Reconciling")) {
			gt_kstatus__set(ret, GT_STATUS_IN_PROGRESS, text(cond, "reason"),
					text(cond, "message"));
			return true;
		}
		if (gt_node_is_text(gt_node_get(cond, "type"), "Stalled")) {
			gt_kstatus__set(ret, GT_STATUS_FAILED, text(cond, "reason"),
					text(cond, "message"));
			return true;
		}
	}
	return false;
}

static void by_ready(const struct gt_node *obj, struct gt_kstatus *ret)
{
	const struct gt_node *ready = gt_kstatus__condition(obj, "Ready");

	if (!ready)
		gt_kstatus__set(ret, GT_STATUS_CURRENT, "", "Resource is current");
	else if (gt_kstatus__is(ready, "True"))
		gt_kstatus__set(ret, GT_STATUS_CURRENT, "", "Resource is Ready");
	else
		gt_kstatus__set(ret, GT_STATUS_IN_PROGRESS, text(ready, "reason"),
				text(ready, "message"));
}

int gt_kstatus(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
	       struct gt_err *err)
{
	if (!obj)
		return gt_kstatus__set(ret, GT_STATUS_NOT_FOUND, "", "Resource not found");
	gt_kstatus__set(ret, GT_STATUS_UNKNOWN, "", "");
	if (generic(a, obj, ret))
		return GT_OK;
	struct gt_arena_mark mark = gt_arena_mark(a);
	struct gt_gvk gvk = gt_gvk_of(a, obj);
	gt_kstatus_fn rule = gt_kstatus__rule(gvk.group, gvk.kind);
	gt_arena_rewind(a, mark);
	if (rule)
		return rule(a, obj, ret, err);
	by_ready(obj, ret);
	return GT_OK;
}
