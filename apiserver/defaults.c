/* Defaults, kind by kind.  upstream: pkg/apis/<group>/v1/defaults of Kubernetes 1.36 */
#include "base/enc.h"
#include "defaults.h"

/* --- apps --------------------------------------------------------------------------------- */

static void rolling(struct gt_arena *a, struct gt_node *strategy, const char *unavailable,
		    const char *surge, bool ints)
{
	struct gt_node *r = as_default_map(a, strategy, "rollingUpdate");

	if (ints) {
		as_default_int(a, r, "maxUnavailable", unavailable[0] - '0');
		as_default_int(a, r, "maxSurge", surge[0] - '0');
	} else {
		as_default_str(a, r, "maxUnavailable", unavailable);
		as_default_str(a, r, "maxSurge", surge);
	}
}

static void deployment(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	struct gt_node *strategy = as_default_map(a, spec, "strategy");

	(void)obj;
	as_default_int(a, spec, "replicas", 1);
	as_default_str(a, strategy, "type", "RollingUpdate");
	if (gt_node_is_text(gt_node_get(strategy, "type"), "RollingUpdate"))
		rolling(a, strategy, "25%", "25%", false);
	as_default_int(a, spec, "revisionHistoryLimit", 10);
	as_default_int(a, spec, "progressDeadlineSeconds", 600);
	as_default_pod_template(a, gt_node_get(spec, "template"));
}

static void daemon_set(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	struct gt_node *strategy = as_default_map(a, spec, "updateStrategy");

	(void)obj;
	as_default_str(a, strategy, "type", "RollingUpdate");
	if (gt_node_is_text(gt_node_get(strategy, "type"), "RollingUpdate"))
		rolling(a, strategy, "1", "0", true);
	as_default_int(a, spec, "revisionHistoryLimit", 10);
	as_default_pod_template(a, gt_node_get(spec, "template"));
}

static void claim(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	as_default_str(a, as_default_map(a, obj, "status"), "phase", "Pending");
	if (spec)
		as_default_str(a, spec, "volumeMode", "Filesystem");
}

static void stateful_set(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	struct gt_node *strategy = as_default_map(a, spec, "updateStrategy");
	struct gt_node *retention = as_default_map(a, spec, "persistentVolumeClaimRetentionPolicy");

	(void)obj;
	as_default_str(a, spec, "podManagementPolicy", "OrderedReady");
	as_default_str(a, strategy, "type", "RollingUpdate");
	if (gt_node_is_text(gt_node_get(strategy, "type"), "RollingUpdate"))
		as_default_int(a, as_default_map(a, strategy, "rollingUpdate"), "partition", 0);
	as_default_str(a, retention, "whenDeleted", "Retain");
	as_default_str(a, retention, "whenScaled", "Retain");
	as_default_int(a, spec, "replicas", 1);
	as_default_int(a, spec, "revisionHistoryLimit", 10);
	gt_seq_for_each (gt_node_get(spec, "volumeClaimTemplates"), t) {
		as_default_str(a, t, "apiVersion", "v1");
		as_default_str(a, t, "kind", "PersistentVolumeClaim");
		claim(a, t, gt_node_get(t, "spec"));
	}
	as_default_pod_template(a, gt_node_get(spec, "template"));
}

static void replica_set(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	(void)obj;
	as_default_int(a, spec, "replicas", 1);
	as_default_pod_template(a, gt_node_get(spec, "template"));
}

static void replication_controller(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	struct gt_node *labels = gt_node_at(spec, "template", "metadata", "labels");
	struct gt_node *meta = gt_node_need_map(a, obj, "metadata");

	as_default_int(a, spec, "replicas", 1);
	if (gt_node_count(labels) > 0) {
		if (gt_node_count(gt_node_get(spec, "selector")) == 0)
			gt_node_set(a, spec, "selector", gt_node_dup(a, labels));
		if (gt_node_count(gt_node_get(meta, "labels")) == 0)
			gt_node_set(a, meta, "labels", gt_node_dup(a, labels));
	}
	as_default_pod_template(a, gt_node_get(spec, "template"));
}

/* --- batch -------------------------------------------------------------------------------- */

static void job_spec(struct gt_arena *a, struct gt_node *spec)
{
	bool policy = gt_node_get(spec, "podFailurePolicy") != NULL;
	bool per_index = gt_node_get(spec, "backoffLimitPerIndex") != NULL;

	if (!gt_node_get(spec, "completions") && !gt_node_get(spec, "parallelism")) {
		gt_node_set_int(a, spec, "completions", 1);
		gt_node_set_int(a, spec, "parallelism", 1);
	}
	as_default_int(a, spec, "parallelism", 1);
	as_default_int(a, spec, "backoffLimit", per_index ? INT32_MAX : 6);
	as_default_str(a, spec, "completionMode", "NonIndexed");
	as_default_bool(a, spec, "suspend", false);
	as_default_bool(a, spec, "manualSelector", false);
	as_default_str(a, spec, "podReplacementPolicy", policy ? "Failed" : "TerminatingOrFailed");
	gt_seq_for_each (gt_node_at(spec, "podFailurePolicy", "rules"), rule) {
		gt_seq_for_each (gt_node_get(rule, "onPodConditions"), condition)
			as_default_str(a, condition, "status", "True");
	}
	as_default_pod_template(a, gt_node_get(spec, "template"));
}

static void job(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	struct gt_node *labels = gt_node_at(spec, "template", "metadata", "labels");
	struct gt_node *meta = gt_node_need_map(a, obj, "metadata");

	if (gt_node_count(gt_node_get(meta, "labels")) == 0 && gt_node_count(labels) > 0)
		gt_node_set(a, meta, "labels", gt_node_dup(a, labels));
	job_spec(a, spec);
}

static void cron_job(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	struct gt_node *inner = gt_node_at(spec, "jobTemplate", "spec");

	(void)obj;
	as_default_str(a, spec, "concurrencyPolicy", "Allow");
	as_default_bool(a, spec, "suspend", false);
	as_default_int(a, spec, "successfulJobsHistoryLimit", 3);
	as_default_int(a, spec, "failedJobsHistoryLimit", 1);
	/* The template is not a Job yet: only its pods get defaults. */
	if (inner)
		as_default_pod_template(a, gt_node_get(inner, "template"));
}

/* --- core --------------------------------------------------------------------------------- */

static void pod(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	(void)spec;
	as_default_pod(a, obj);
}

static void pod_template(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	(void)spec;
	as_default_pod_template(a, gt_node_get(obj, "template"));
}

static bool is_int_zero(const struct gt_node *n)
{
	return gt_node_is_null(n) || (gt_node_is(n, GT_INT) && gt_node_int_or(n, 1) == 0) ||
	       (gt_node_is(n, GT_STR) && gt_node_text(n).n == 0);
}

static void service(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	const char *type;
	bool external;

	(void)obj;
	as_default_str(a, spec, "sessionAffinity", "None");
	if (gt_node_is_text(gt_node_get(spec, "sessionAffinity"), "ClientIP"))
		as_default_int(a,
			       as_default_map(a, as_default_map(a, spec, "sessionAffinityConfig"),
					      "clientIP"),
			       "timeoutSeconds", 10800);
	as_default_str(a, spec, "type", "ClusterIP");
	type = gt_node_cstr_at(spec, "type");
	gt_seq_for_each (gt_node_get(spec, "ports"), port) {
		as_default_str(a, port, "protocol", "TCP");
		if (is_int_zero(gt_node_get(port, "targetPort")) && gt_node_get(port, "port"))
			gt_node_set(a, port, "targetPort",
				    gt_node_dup(a, gt_node_get(port, "port")));
	}
	external = gt_streq(type, "NodePort") || gt_streq(type, "LoadBalancer");
	if (external || gt_node_count(gt_node_get(spec, "externalIPs")) > 0)
		as_default_str(a, spec, "externalTrafficPolicy", "Cluster");
	if (external || gt_streq(type, "ClusterIP"))
		as_default_str(a, spec, "internalTrafficPolicy", "Cluster");
	if (gt_streq(type, "LoadBalancer"))
		as_default_bool(a, spec, "allocateLoadBalancerNodePorts", true);
}

/* stringData is for writing only: it goes into data. */
static void secret(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	const struct gt_node *clear = gt_node_get(obj, "stringData");

	(void)spec;
	gt_map_each(clear, p)
	{
		gt_auto_buf text = {0};
		gt_base64_encode(&text, gt_node_text(p->value));
		gt_node_set(a, gt_node_need_map(a, obj, "data"), p->key,
			    gt_node_strn(a, gt_buf_str(&text)));
	}
	gt_node_unset(obj, "stringData");
	as_default_str(a, obj, "type", "Opaque");
}

static void namespace(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	struct gt_node *meta = gt_node_need_map(a, obj, "metadata");
	const char *name = gt_node_cstr_at(meta, "name");

	(void)spec;
	as_default_str(a, as_default_map(a, obj, "status"), "phase", "Active");
	if (name && name[0])
		gt_node_set_str(a, as_default_map(a, meta, "labels"), "kubernetes.io/metadata.name",
				name);
}

static void volume(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	as_default_str(a, as_default_map(a, obj, "status"), "phase", "Pending");
	as_default_str(a, spec, "persistentVolumeReclaimPolicy", "Retain");
	as_default_str(a, spec, "volumeMode", "Filesystem");
}

static void limit_range(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	(void)obj;
	gt_seq_for_each (gt_node_get(spec, "limits"), item) {
		const struct gt_node *max = gt_node_get(item, "max"),
				     *min = gt_node_get(item, "min");
		if (!gt_node_is_text(gt_node_get(item, "type"), "Container"))
			continue;
		struct gt_node *def = gt_node_need_map(a, item, "default");
		gt_map_each(max, p)
		{
			if (!gt_node_has(def, p->key))
				gt_node_set(a, def, p->key, p->value);
		}
		struct gt_node *req = gt_node_need_map(a, item, "defaultRequest");
		gt_map_each(def, p)
		{
			if (!gt_node_has(req, p->key))
				gt_node_set(a, req, p->key, p->value);
		}
		gt_map_each(min, p)
		{
			if (!gt_node_has(req, p->key))
				gt_node_set(a, req, p->key, p->value);
		}
	}
}

static void endpoints(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	(void)spec;
	gt_seq_for_each (gt_node_get(obj, "subsets"), subset) {
		gt_seq_for_each (gt_node_get(subset, "ports"), port)
			as_default_str(a, port, "protocol", "TCP");
	}
}

static void endpoint_slice(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	(void)spec;
	gt_seq_for_each (gt_node_get(obj, "ports"), port) {
		if (!gt_node_has(port, "name"))
			gt_node_set_str(a, port, "name", "");
		as_default_str(a, port, "protocol", "TCP");
	}
}

/* --- others ------------------------------------------------------------------------------- */

#define RBAC "rbac.authorization.k8s.io"

static void binding(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	struct gt_node *ref = gt_node_get(obj, "roleRef");

	(void)spec;
	if (ref)
		as_default_str(a, ref, "apiGroup", RBAC);
	gt_seq_for_each (gt_node_get(obj, "subjects"), s) {
		const char *kind = gt_node_cstr_or(gt_node_get(s, "kind"), "");
		if (gt_streq(kind, "User") || gt_streq(kind, "Group"))
			as_default_str(a, s, "apiGroup", RBAC);
	}
}

static void network_policy(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	static const char *const rules[] = {"ingress", "egress"};

	(void)obj;
	for (size_t i = 0; i < GT_COUNT(rules); i++) {
		gt_seq_for_each (gt_node_get(spec, rules[i]), rule) {
			gt_seq_for_each (gt_node_get(rule, "ports"), port)
				as_default_str(a, port, "protocol", "TCP");
		}
	}
	if (gt_node_count(gt_node_get(spec, "policyTypes")) == 0) {
		struct gt_node *types = gt_node_need_seq(a, spec, "policyTypes");
		gt_node_append(a, types, gt_node_str(a, "Ingress"));
		if (gt_node_count(gt_node_get(spec, "egress")) > 0)
			gt_node_append(a, types, gt_node_str(a, "Egress"));
	}
}

static void autoscaler(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	(void)obj;
	as_default_int(a, spec, "minReplicas", 1);
	/* Of v1 the metric is a field of its own, which stays unset. */
	if (gt_node_is_text(gt_node_get(obj, "apiVersion"), "autoscaling/v2") &&
	    gt_node_count(gt_node_get(spec, "metrics")) == 0) {
		struct gt_node *metric = gt_node_map(a), *resource = gt_node_map(a);
		struct gt_node *target = gt_node_map(a);
		gt_node_set_str(a, metric, "type", "Resource");
		gt_node_set(a, metric, "resource", resource);
		gt_node_set_str(a, resource, "name", "cpu");
		gt_node_set(a, resource, "target", target);
		gt_node_set_str(a, target, "type", "Utilization");
		gt_node_set_int(a, target, "averageUtilization", 80);
		gt_node_append(a, gt_node_need_seq(a, spec, "metrics"), metric);
	}
}

static void webhooks(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	bool mutating = gt_node_is_text(gt_node_get(obj, "kind"), "MutatingWebhookConfiguration");

	(void)spec;
	gt_seq_for_each (gt_node_get(obj, "webhooks"), w) {
		struct gt_node *service_ref = gt_node_at(w, "clientConfig", "service");
		as_default_str(a, w, "failurePolicy", "Fail");
		as_default_str(a, w, "matchPolicy", "Equivalent");
		as_default_map(a, w, "namespaceSelector");
		as_default_map(a, w, "objectSelector");
		as_default_int(a, w, "timeoutSeconds", 10);
		if (mutating)
			as_default_str(a, w, "reinvocationPolicy", "Never");
		if (service_ref)
			as_default_int(a, service_ref, "port", 443);
		gt_seq_for_each (gt_node_get(w, "rules"), rule)
			as_default_str(a, rule, "scope", "*");
	}
}

static void admission_policy(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	struct gt_node *match = gt_node_get(spec, "matchConstraints");

	(void)obj;
	as_default_str(a, spec, "failurePolicy", "Fail");
	if (!match)
		return;
	as_default_str(a, match, "matchPolicy", "Equivalent");
	as_default_map(a, match, "namespaceSelector");
	as_default_map(a, match, "objectSelector");
	gt_seq_for_each (gt_node_get(match, "resourceRules"), rule)
		as_default_str(a, rule, "scope", "*");
}

static void storage_class(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	(void)spec;
	as_default_str(a, obj, "reclaimPolicy", "Delete");
	as_default_str(a, obj, "volumeBindingMode", "Immediate");
}

static void csi_driver(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	(void)obj;
	as_default_bool(a, spec, "attachRequired", true);
	as_default_bool(a, spec, "podInfoOnMount", false);
	as_default_bool(a, spec, "storageCapacity", false);
	as_default_str(a, spec, "fsGroupPolicy", "ReadWriteOnceWithFSType");
	if (gt_node_count(gt_node_get(spec, "volumeLifecycleModes")) == 0)
		gt_node_append(a, gt_node_need_seq(a, spec, "volumeLifecycleModes"),
			       gt_node_str(a, "Persistent"));
	as_default_bool(a, spec, "requiresRepublish", false);
	as_default_bool(a, spec, "seLinuxMount", false);
}

static void priority_class(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	(void)spec;
	as_default_str(a, obj, "preemptionPolicy", "PreemptLowerPriority");
}

static void api_service(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec)
{
	struct gt_node *ref = gt_node_get(spec, "service");

	(void)obj;
	if (ref)
		as_default_int(a, ref, "port", 443);
}

static void lower_into(struct gt_arena *a, struct gt_node *names)
{
	char *singular = gt_arena_strdup(a, gt_node_cstr_or(gt_node_get(names, "kind"), ""));

	for (char *p = singular; p && *p; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	}
	as_default_str(a, names, "singular", singular);
}

static void custom_resource_definition(struct gt_arena *a, struct gt_node *obj,
				       struct gt_node *spec)
{
	struct gt_node *names = gt_node_get(spec, "names");
	struct gt_node *client =
		gt_node_at(spec, "conversion", "webhook", "clientConfig", "service");

	(void)obj;
	if (names) {
		const char *kind = gt_node_cstr_or(gt_node_get(names, "kind"), "");
		lower_into(a, names);
		if (kind[0])
			as_default_str(a, names, "listKind", gt_arena_printf(a, "%sList", kind));
	}
	as_default_str(a, as_default_map(a, spec, "conversion"), "strategy", "None");
	if (client)
		as_default_int(a, client, "port", 443);
}

/* --- the table ---------------------------------------------------------------------------- */

static const struct {
	const char *group, *kind;
	void (*fn)(struct gt_arena *a, struct gt_node *obj, struct gt_node *spec);
} defaults[] = {
	{"", "Endpoints", endpoints},
	{"", "LimitRange", limit_range},
	{"", "Namespace", namespace},
	{"", "PersistentVolume", volume},
	{"", "PersistentVolumeClaim", claim},
	{"", "Pod", pod},
	{"", "PodTemplate", pod_template},
	{"", "ReplicationController", replication_controller},
	{"", "Secret", secret},
	{"", "Service", service},
	{"admissionregistration.k8s.io", "MutatingWebhookConfiguration", webhooks},
	{"admissionregistration.k8s.io", "ValidatingAdmissionPolicy", admission_policy},
	{"admissionregistration.k8s.io", "MutatingAdmissionPolicy", admission_policy},
	{"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", webhooks},
	{"apiextensions.k8s.io", "CustomResourceDefinition", custom_resource_definition},
	{"apiregistration.k8s.io", "APIService", api_service},
	{"apps", "DaemonSet", daemon_set},
	{"apps", "Deployment", deployment},
	{"apps", "ReplicaSet", replica_set},
	{"apps", "StatefulSet", stateful_set},
	{"autoscaling", "HorizontalPodAutoscaler", autoscaler},
	{"batch", "CronJob", cron_job},
	{"batch", "Job", job},
	{"discovery.k8s.io", "EndpointSlice", endpoint_slice},
	{"networking.k8s.io", "NetworkPolicy", network_policy},
	{RBAC, "ClusterRoleBinding", binding},
	{RBAC, "RoleBinding", binding},
	{"scheduling.k8s.io", "PriorityClass", priority_class},
	{"storage.k8s.io", "CSIDriver", csi_driver},
	{"storage.k8s.io", "StorageClass", storage_class},
};

void as_defaults_apply(struct gt_arena *a, const char *group, const char *kind, struct gt_node *obj)
{
	struct gt_node *spec = gt_node_get(obj, "spec");

	for (size_t i = 0; i < GT_COUNT(defaults); i++) {
		if (gt_streq(defaults[i].kind, kind) && gt_streq(defaults[i].group, group)) {
			defaults[i].fn(a, obj, spec);
			return;
		}
	}
}
