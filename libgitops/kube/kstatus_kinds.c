/* When built-in kinds are as they should be (upstream: cli-utils pkg/kstatus/status/core.go). */
#include <string.h>

#include "base/time.h"
#include "kube/kstatus_int.h"
#include "kube/object.h"

#define SET(...) return gt_kstatus__set(ret, __VA_ARGS__)
#define PROGRESS(reason, ...) \
	return gt_kstatus__set(ret, GT_STATUS_IN_PROGRESS, reason, gt_arena_printf(a, __VA_ARGS__))
#define CURRENT(...) \
	return gt_kstatus__set(ret, GT_STATUS_CURRENT, "", gt_arena_printf(a, __VA_ARGS__))

/* Integers must be written as such; anything else counts as missing. */
static long long number(const struct gt_node *obj, const char *part, const char *field,
			long long fallback)
{
	return (long long)gt_node_int_or(gt_node_at(obj, part, field), fallback);
}

static const char *string(const struct gt_node *obj, const char *part, const char *field)
{
	return gt_node_cstr_or(gt_node_at(obj, part, field), "");
}

static const char *field(const struct gt_node *cond, const char *name)
{
	return gt_node_cstr_or(gt_node_get(cond, name), "");
}

static int always(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
		  struct gt_err *err)
{
	(void)a, (void)obj, (void)err;
	SET(GT_STATUS_CURRENT, "", "Resource is always ready");
}

static int disruption_budget(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
			     struct gt_err *err)
{
	(void)a, (void)obj, (void)err;
	SET(GT_STATUS_CURRENT, "", "AllowedDisruptions has been computed.");
}

static int service(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
		   struct gt_err *err)
{
	const char *type = string(obj, "spec", "type");

	(void)err;
	if (strcmp(type, "LoadBalancer") == 0 && !*string(obj, "spec", "clusterIP"))
		PROGRESS("NoIPAssigned", "ClusterIP not set. Service type: %s", type);
	SET(GT_STATUS_CURRENT, "", "Service is ready");
}

static int claim(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
		 struct gt_err *err)
{
	const char *phase = gt_node_cstr_or(gt_node_at(obj, "status", "phase"), "unknown");

	(void)err;
	if (strcmp(phase, "Bound") != 0)
		PROGRESS("NotBound", "PVC is not Bound. phase: %s", phase);
	SET(GT_STATUS_CURRENT, "", "PVC is Bound");
}

/* --- pods ------------------------------------------------------------------------------------ */

#define UNSCHEDULABLE_GRACE GT_SECONDS(15)

/* The names of the containers that crash again and again, or NULL. */
static const char *crashing(struct gt_arena *a, const struct gt_node *obj)
{
	static const char *const lists[] = {"initContainerStatuses", "containerStatuses"};
	const char *names = NULL;

	for (size_t i = 0; i < GT_COUNT(lists); i++) {
		gt_seq_for_each (gt_node_at(obj, "status", lists[i]), c) {
			const char *name = field(c, "name");
			if (strcmp(gt_node_cstr_or(gt_node_at(c, "state", "waiting", "reason"), ""),
				   "CrashLoopBackOff") != 0)
				continue;
			names = names ? gt_arena_printf(a, "%s,%s", names, name) : name;
		}
	}
	return names;
}

static int running_pod(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret)
{
	if (gt_kstatus__is(gt_kstatus__condition(obj, "Ready"), "True"))
		SET(GT_STATUS_CURRENT, "", "Pod is Ready");
	const char *names = crashing(a, obj);
	if (names)
		SET(GT_STATUS_FAILED, "ContainerCrashLooping",
		    gt_arena_printf(a, "Containers in CrashLoop state: %s", names));
	SET(GT_STATUS_IN_PROGRESS, "PodRunningNotReady", "Pod is running but is not Ready");
}

static int pending_pod(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret)
{
	const struct gt_node *scheduled = gt_kstatus__condition(obj, "PodScheduled");
	int64_t since = 0;

	(void)a;
	if (!gt_kstatus__is(scheduled, "False") ||
	    strcmp(field(scheduled, "reason"), "Unschedulable") != 0)
		SET(GT_STATUS_IN_PROGRESS, "PodPending", "Pod is in the Pending phase");
	gt_rfc3339_parse(gt_str(field(scheduled, "lastTransitionTime")), &since);
	if (gt_now_wall() - since < UNSCHEDULABLE_GRACE)
		SET(GT_STATUS_IN_PROGRESS, "PodNotScheduled", "Pod has not been scheduled");
	SET(GT_STATUS_FAILED, "PodUnschedulable", "Pod could not be scheduled");
}

static int pod(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
	       struct gt_err *err)
{
	const char *phase = string(obj, "status", "phase");

	if (strcmp(phase, "Succeeded") == 0)
		SET(GT_STATUS_CURRENT, "PodSucceeded", "Pod has completed successfully");
	if (strcmp(phase, "Failed") == 0)
		SET(GT_STATUS_CURRENT, "PodFailed", "Pod has completed, but not successfully");
	if (strcmp(phase, "Running") == 0)
		return running_pod(a, obj, ret);
	if (strcmp(phase, "Pending") == 0)
		return pending_pod(a, obj, ret);
	if (!*phase)
		SET(GT_STATUS_IN_PROGRESS, "PodNotObserved", "Pod phase not available");
	return gt_fail(err, GT_E_INVALID, "unknown phase %s", phase);
}

/* --- workloads ------------------------------------------------------------------------------- */

static int deployment(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
		      struct gt_err *err)
{
	const struct gt_node *progress = gt_kstatus__condition(obj, "Progressing");
	long long deadline = number(obj, "spec", "progressDeadlineSeconds", INT32_MAX);
	long long spec = number(obj, "spec", "replicas", 1);
	long long replicas = number(obj, "status", "replicas", 0);
	long long updated = number(obj, "status", "updatedReplicas", 0);
	long long ready = number(obj, "status", "readyReplicas", 0);
	long long available = number(obj, "status", "availableReplicas", 0);

	(void)err;
	if (strcmp(field(progress, "reason"), "ProgressDeadlineExceeded") == 0)
		SET(GT_STATUS_FAILED, "ProgressDeadlineExceeded", "Progress deadline exceeded");
	if (replicas < spec)
		PROGRESS("LessReplicas", "Replicas: %lld/%lld", replicas, spec);
	if (updated < spec)
		PROGRESS("LessUpdated", "Updated: %lld/%lld", updated, spec);
	if (replicas > spec)
		PROGRESS("ExtraPods", "Pending termination: %lld", replicas - spec);
	if (available < updated)
		PROGRESS("LessAvailable", "Available: %lld/%lld", available, updated);
	if (ready < spec)
		PROGRESS("LessReady", "Ready: %lld/%lld", ready, spec);
	if (deadline != INT32_MAX &&
	    !(gt_kstatus__is(progress, "True") &&
	      strcmp(field(progress, "reason"), "NewReplicaSetAvailable") == 0))
		SET(GT_STATUS_IN_PROGRESS, "ReplicaSetNotAvailable", "ReplicaSet not Available");
	if (!gt_kstatus__is(gt_kstatus__condition(obj, "Available"), "True"))
		SET(GT_STATUS_IN_PROGRESS, "DeploymentNotAvailable", "Deployment not Available");
	CURRENT("Deployment is available. Replicas: %lld", replicas);
}

static int replica_set(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
		       struct gt_err *err)
{
	const struct gt_node *failure = gt_kstatus__condition(obj, "ReplicaFailure");
	long long spec = number(obj, "spec", "replicas", 1);
	long long replicas = number(obj, "status", "replicas", 0);
	long long labelled = number(obj, "status", "fullyLabeledReplicas", 0);
	long long available = number(obj, "status", "availableReplicas", 0);
	long long ready = number(obj, "status", "readyReplicas", 0);

	(void)err;
	if (gt_kstatus__is(failure, "True"))
		SET(GT_STATUS_IN_PROGRESS, "ReplicaFailure",
		    "Replica Failure condition. Check Pods");
	if (labelled < spec)
		PROGRESS("LessLabelled", "Labelled: %lld/%lld", labelled, spec);
	if (available < spec)
		PROGRESS("LessAvailable", "Available: %lld/%lld", available, spec);
	if (ready < spec)
		PROGRESS("LessReady", "Ready: %lld/%lld", ready, spec);
	if (replicas > spec)
		PROGRESS("ExtraPods", "Pending termination: %lld", replicas - spec);
	CURRENT("ReplicaSet is available. Replicas: %lld", replicas);
}

static int stateful_set(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
			struct gt_err *err)
{
	long long spec = number(obj, "spec", "replicas", 1);
	long long replicas = number(obj, "status", "replicas", 0);
	long long ready = number(obj, "status", "readyReplicas", 0);
	long long current = number(obj, "status", "currentReplicas", 0);
	long long updated = number(obj, "status", "updatedReplicas", 0);
	int64_t partition;

	(void)err;
	if (gt_node_is_text(gt_node_at(obj, "spec", "updateStrategy", "type"), "OnDelete"))
		SET(GT_STATUS_CURRENT, "", "StatefulSet is using the ondelete update strategy");
	if (replicas < spec)
		PROGRESS("LessReplicas", "Replicas: %lld/%lld", replicas, spec);
	if (ready < spec)
		PROGRESS("LessReady", "Ready: %lld/%lld", ready, spec);
	if (replicas > spec)
		PROGRESS("ExtraPods", "Pending termination: %lld", replicas - spec);
	/* The server's default partition, 0, is one too: revisions are then never looked at. */
	if (gt_node_get_int(gt_node_at(obj, "spec", "updateStrategy", "rollingUpdate", "partition"),
			    &partition)) {
		if (updated < spec - (long long)partition)
			PROGRESS("PartitionRollout", "updated: %lld/%lld", updated,
				 spec - (long long)partition);
		CURRENT("Partition rollout complete. updated: %lld", updated);
	}
	if (current < spec)
		PROGRESS("LessCurrent", "current: %lld/%lld", current, spec);
	if (strcmp(string(obj, "status", "currentRevision"),
		   string(obj, "status", "updateRevision")) != 0)
		SET(GT_STATUS_IN_PROGRESS, "RevisionMismatch",
		    "Waiting for updated revision to match current");
	CURRENT("All replicas scheduled as expected. Replicas: %lld", replicas);
}

static int daemon_set(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
		      struct gt_err *err)
{
	int64_t seen;
	long long desired = number(obj, "status", "desiredNumberScheduled", -1);
	long long current = number(obj, "status", "currentNumberScheduled", 0);
	long long updated = number(obj, "status", "updatedNumberScheduled", 0);
	long long available = number(obj, "status", "numberAvailable", 0);
	long long ready = number(obj, "status", "numberReady", 0);

	(void)err;
	if (!gt_node_get_int(gt_node_at(obj, "metadata", "generation"), &seen) ||
	    !gt_node_get_int(gt_node_at(obj, "status", "observedGeneration"), &seen))
		SET(GT_STATUS_IN_PROGRESS, "NoObservedGeneration",
		    "Controller has not observed the DaemonSet");
	if (desired < 0)
		SET(GT_STATUS_IN_PROGRESS, "NoDesiredNumber",
		    "Missing .status.desiredNumberScheduled");
	if (current < desired)
		PROGRESS("LessCurrent", "Current: %lld/%lld", current, desired);
	if (updated < desired)
		PROGRESS("LessUpdated", "Updated: %lld/%lld", updated, desired);
	if (available < desired)
		PROGRESS("LessAvailable", "Available: %lld/%lld", available, desired);
	if (ready < desired)
		PROGRESS("LessReady", "Ready: %lld/%lld", ready, desired);
	CURRENT("All replicas scheduled as expected. Replicas: %lld", desired);
}

/* Flux's reader of Jobs: an unfinished one is in progress. */
static int job(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
	       struct gt_err *err)
{
	long long completions = number(obj, "spec", "completions", 1);
	long long succeeded = number(obj, "status", "succeeded", 0);
	long long failed_pods = number(obj, "status", "failed", 0);
	long long active = number(obj, "status", "active", 0);

	(void)err;
	if (gt_node_truth(gt_node_at(obj, "spec", "suspend"), false))
		SET(GT_STATUS_CURRENT, "", "Job is suspended");
	if (gt_kstatus__is(gt_kstatus__condition(obj, "Complete"), "True"))
		CURRENT("Job Completed. succeeded: %lld/%lld", succeeded, completions);
	if (gt_kstatus__is(gt_kstatus__condition(obj, "Failed"), "True"))
		SET(GT_STATUS_FAILED, "JobFailed",
		    gt_arena_printf(a, "Job Failed. failed: %lld/%lld", failed_pods, completions));
	if (!*string(obj, "status", "startTime"))
		SET(GT_STATUS_IN_PROGRESS, "JobNotStarted", "Job not started");
	PROGRESS("JobInProgress", "Job in progress. success:%lld, active: %lld, failed: %lld",
		 succeeded, active, failed_pods);
}

static int crd(struct gt_arena *a, const struct gt_node *obj, struct gt_kstatus *ret,
	       struct gt_err *err)
{
	const struct gt_node *names = gt_kstatus__condition(obj, "NamesAccepted");
	const struct gt_node *established = gt_kstatus__condition(obj, "Established");

	(void)a, (void)err;
	if (gt_kstatus__is(names, "False"))
		SET(GT_STATUS_FAILED, field(names, "reason"), field(names, "message"));
	if (gt_kstatus__is(established, "False") &&
	    strcmp(field(established, "reason"), "Installing") != 0)
		SET(GT_STATUS_FAILED, field(established, "reason"), field(established, "message"));
	if (gt_kstatus__is(established, "True"))
		SET(GT_STATUS_CURRENT, "", "CRD is established");
	SET(GT_STATUS_IN_PROGRESS, "Installing", "Install in progress");
}

static const struct {
	const char *group, *kind;
	gt_kstatus_fn rule;
} rules[] = {
	{"", "Secret", always},
	{"", "ConfigMap", always},
	{"", "Service", service},
	{"", "PersistentVolumeClaim", claim},
	{"", "Pod", pod},
	{"apps", "Deployment", deployment},
	{"extensions", "Deployment", deployment},
	{"apps", "ReplicaSet", replica_set},
	{"extensions", "ReplicaSet", replica_set},
	{"apps", "StatefulSet", stateful_set},
	{"apps", "DaemonSet", daemon_set},
	{"extensions", "DaemonSet", daemon_set},
	{"policy", "PodDisruptionBudget", disruption_budget},
	{"batch", "CronJob", always},
	{"batch", "Job", job},
	{"apiextensions.k8s.io", "CustomResourceDefinition", crd},
};

gt_kstatus_fn gt_kstatus__rule(const char *group, const char *kind)
{
	for (size_t i = 0; i < GT_COUNT(rules); i++) {
		if (strcmp(rules[i].kind, kind) == 0 && strcmp(rules[i].group, group) == 0)
			return rules[i].rule;
	}
	return NULL;
}
