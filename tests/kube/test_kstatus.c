#include "support/check.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "kube/kstatus.h"
#include "text/yaml.h"

static const struct {
	const char *name;
	const char *yaml;
	enum gt_status status;
	const char *message;
} cases[] = {
	{"secret", "{kind: Secret, apiVersion: v1}", GT_STATUS_CURRENT, "Resource is always ready"},
	{"deleted",
	 "{kind: Secret, apiVersion: v1, metadata: {deletionTimestamp: '2026-01-01T00:00:00Z'}}",
	 GT_STATUS_TERMINATING, "Resource scheduled for deletion"},
	{"generation",
	 "{kind: X, apiVersion: a/v1, metadata: {generation: 2}, status: {observedGeneration: 1}}",
	 GT_STATUS_IN_PROGRESS, "X generation is 2, but latest observed generation is 1"},
	{"generation -1 of a new object",
	 "{kind: X, apiVersion: a/v1, metadata: {generation: 1}, status: {observedGeneration: -1}}",
	 GT_STATUS_IN_PROGRESS, "X generation is 1, but latest observed generation is -1"},
	{"reconciling",
	 "{kind: X, apiVersion: a/v1, status: {conditions: [{type: Ready, status: 'True'},"
	 " {type: Reconciling, status: 'True', message: busy}]}}",
	 GT_STATUS_IN_PROGRESS, "busy"},
	{"stalled",
	 "{kind: X, apiVersion: a/v1, status: {conditions: [{type: Stalled, status: 'True',"
	 " message: never}]}}",
	 GT_STATUS_FAILED, "never"},
	{"ready",
	 "{kind: X, apiVersion: a/v1, status: {conditions: [{type: Ready, status: 'True'}]}}",
	 GT_STATUS_CURRENT, "Resource is Ready"},
	{"not ready",
	 "{kind: X, apiVersion: a/v1, status: {conditions: [{type: Ready, status: 'False', "
	 "message: "
	 "m}]}}",
	 GT_STATUS_IN_PROGRESS, "m"},
	{"nothing known", "{kind: X, apiVersion: a/v1}", GT_STATUS_CURRENT, "Resource is current"},
	{"same kind in another group", "{kind: Deployment, apiVersion: other/v1}",
	 GT_STATUS_CURRENT, "Resource is current"},
	{"service", "{kind: Service, apiVersion: v1, spec: {type: ClusterIP}}", GT_STATUS_CURRENT,
	 "Service is ready"},
	{"load balancer", "{kind: Service, apiVersion: v1, spec: {type: LoadBalancer}}",
	 GT_STATUS_IN_PROGRESS, "ClusterIP not set. Service type: LoadBalancer"},
	{"claim", "{kind: PersistentVolumeClaim, apiVersion: v1, status: {phase: Pending}}",
	 GT_STATUS_IN_PROGRESS, "PVC is not Bound. phase: Pending"},
	{"claim bound", "{kind: PersistentVolumeClaim, apiVersion: v1, status: {phase: Bound}}",
	 GT_STATUS_CURRENT, "PVC is Bound"},
	{"pod done", "{kind: Pod, apiVersion: v1, status: {phase: Succeeded}}", GT_STATUS_CURRENT,
	 "Pod has completed successfully"},
	{"pod failed", "{kind: Pod, apiVersion: v1, status: {phase: Failed}}", GT_STATUS_CURRENT,
	 "Pod has completed, but not successfully"},
	{"pod crashing",
	 "{kind: Pod, apiVersion: v1, status: {phase: Running, containerStatuses: [{name: c, "
	 "state: "
	 "{waiting: {reason: CrashLoopBackOff}}}]}}",
	 GT_STATUS_FAILED, "Containers in CrashLoop state: c"},
	{"pod ready",
	 "{kind: Pod, apiVersion: v1, status: {phase: Running, conditions: [{type: Ready, status: "
	 "'True'}]}}",
	 GT_STATUS_CURRENT, "Pod is Ready"},
	{"pod unschedulable",
	 "{kind: Pod, apiVersion: v1, status: {phase: Pending, conditions: [{type: PodScheduled, "
	 "status: 'False', reason: Unschedulable, lastTransitionTime: '2026-01-01T00:00:00Z'}]}}",
	 GT_STATUS_FAILED, "Pod could not be scheduled"},
	{"deployment new", "{kind: Deployment, apiVersion: apps/v1}", GT_STATUS_IN_PROGRESS,
	 "Replicas: 0/1"},
	{"deployment late",
	 "{kind: Deployment, apiVersion: apps/v1, status: {conditions: [{type: Progressing, "
	 "status: "
	 "'False', reason: ProgressDeadlineExceeded}]}}",
	 GT_STATUS_FAILED, "Progress deadline exceeded"},
	{"deployment rolling",
	 "{kind: Deployment, apiVersion: apps/v1, spec: {replicas: 2}, status: {replicas: 3, "
	 "updatedReplicas: 2}}",
	 GT_STATUS_IN_PROGRESS, "Pending termination: 1"},
	{"deployment good",
	 "{kind: Deployment, apiVersion: apps/v1, spec: {replicas: 2, progressDeadlineSeconds: "
	 "600}, "
	 "status: {replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, "
	 "conditions: [{type: Progressing, status: 'True', reason: NewReplicaSetAvailable}, {type: "
	 "Available, status: 'True'}]}}",
	 GT_STATUS_CURRENT, "Deployment is available. Replicas: 2"},
	{"deployment with a float",
	 "{kind: Deployment, apiVersion: apps/v1, spec: {replicas: 1}, status: {replicas: 1.5}}",
	 GT_STATUS_IN_PROGRESS, "Replicas: 0/1"},
	{"stateful set partition",
	 "{kind: StatefulSet, apiVersion: apps/v1, spec: {replicas: 2, updateStrategy: "
	 "{rollingUpdate: {partition: 0}}}, status: {replicas: 2, readyReplicas: 2, "
	 "updatedReplicas: "
	 "2, currentRevision: a, updateRevision: b}}",
	 GT_STATUS_CURRENT, "Partition rollout complete. updated: 2"},
	{"stateful set revision",
	 "{kind: StatefulSet, apiVersion: apps/v1, spec: {replicas: 1}, status: {replicas: 1, "
	 "readyReplicas: 1, currentReplicas: 1, currentRevision: a, updateRevision: b}}",
	 GT_STATUS_IN_PROGRESS, "Waiting for updated revision to match current"},
	{"daemon set unseen", "{kind: DaemonSet, apiVersion: apps/v1}", GT_STATUS_IN_PROGRESS,
	 "Controller has not observed the DaemonSet"},
	{"daemon set",
	 "{kind: DaemonSet, apiVersion: apps/v1, metadata: {generation: 1}, status: "
	 "{observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 2, "
	 "updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 2}}",
	 GT_STATUS_CURRENT, "All replicas scheduled as expected. Replicas: 2"},
	{"job running", "{kind: Job, apiVersion: batch/v1, status: {startTime: x, active: 1}}",
	 GT_STATUS_IN_PROGRESS, "Job in progress. success:0, active: 1, failed: 0"},
	{"job suspended", "{kind: Job, apiVersion: batch/v1, spec: {suspend: true}}",
	 GT_STATUS_CURRENT, "Job is suspended"},
	{"job failed",
	 "{kind: Job, apiVersion: batch/v1, status: {failed: 2, conditions: [{type: Failed, "
	 "status: "
	 "'True'}]}}",
	 GT_STATUS_FAILED, "Job Failed. failed: 2/1"},
	{"crd",
	 "{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1, status: "
	 "{conditions: "
	 "[{type: Established, status: 'True'}]}}",
	 GT_STATUS_CURRENT, "CRD is established"},
	{"crd new", "{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1}",
	 GT_STATUS_IN_PROGRESS, "Install in progress"},
	{"crd refused",
	 "{kind: CustomResourceDefinition, apiVersion: apiextensions.k8s.io/v1, status: "
	 "{conditions: "
	 "[{type: NamesAccepted, status: 'False', message: taken}]}}",
	 GT_STATUS_FAILED, "taken"},
};

static void test_cases(void **state)
{
	(void)state;
	gt_time_freeze(GT_SECONDS(1767225600 + 60)); /* a minute after 2026 began */
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_yaml_opts opts = {.rules = GT_YAML_GO_V2};
		struct gt_kstatus got;
		struct gt_node *obj;
		struct gt_err err;

		check_ok(gt_yaml_parse(&a, gt_str(cases[i].yaml), &opts, &obj, &err), &err);
		check_ok(gt_kstatus(&a, obj, &got, &err), &err);
		if (got.status != cases[i].status || strcmp(got.message, cases[i].message) != 0)
			fail_msg("%s: %s \"%s\"", cases[i].name, gt_status_name(got.status),
				 got.message);
	}
	gt_time_freeze(0);
}

static void test_odd(void **state)
{
	gt_auto_arena a = {0};
	struct gt_yaml_opts opts = {.rules = GT_YAML_GO_V2};
	struct gt_kstatus got;
	struct gt_node *obj;
	struct gt_err err;

	(void)state;
	check_ok(gt_kstatus(&a, NULL, &got, &err), &err);
	assert_int_equal(got.status, GT_STATUS_NOT_FOUND);
	check_ok(gt_yaml_parse(&a, gt_str("{kind: Pod, apiVersion: v1, status: {phase: Odd}}"),
			       &opts, &obj, &err),
		 &err);
	check_fails(gt_kstatus(&a, obj, &got, &err), GT_E_INVALID);
	assert_int_equal(got.status, GT_STATUS_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
					   cmocka_unit_test(test_odd)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
