/*
 * The default field specs.  A row names one path below the pod spec or below the object, and the
 * kinds it counts for; rows are expanded when a build starts.
 */
#include <string.h>

#include "kustomize/config.h"

/* "kind", "kind.version" or "kind.version.group", with "" for any. */
struct plain_row {
	const char *path;
	const char *kind, *version, *group;
	bool create;
};

#define APPS "apps"
#define BATCH "batch"
#define NET "networking.k8s.io"
#define RBAC "rbac.authorization.k8s.io"
#define ADMISSION "admissionregistration.k8s.io"

static const struct plain_row annotation_rows[] = {
	{"metadata/annotations", "", "", "", true},
	{"spec/template/metadata/annotations", "ReplicationController", "v1", "", true},
	{"spec/template/metadata/annotations", "Deployment", "", "", true},
	{"spec/template/metadata/annotations", "ReplicaSet", "", "", true},
	{"spec/template/metadata/annotations", "DaemonSet", "", "", true},
	{"spec/template/metadata/annotations", "StatefulSet", "", "", true},
	{"spec/template/metadata/annotations", "Job", "", BATCH, true},
	{"spec/jobTemplate/metadata/annotations", "CronJob", "", BATCH, true},
	{"spec/jobTemplate/spec/template/metadata/annotations", "CronJob", "", BATCH, true},
};

static const struct plain_row template_label_rows[] = {
	{"metadata/labels", "", "", "", true},
	{"spec/template/metadata/labels", "ReplicationController", "v1", "", true},
	{"spec/template/metadata/labels", "Deployment", "", "", true},
	{"spec/template/metadata/labels", "ReplicaSet", "", "", true},
	{"spec/template/metadata/labels", "DaemonSet", "", "", true},
	{"spec/template/metadata/labels", "StatefulSet", "", APPS, true},
	{"spec/volumeClaimTemplates[]/metadata/labels", "StatefulSet", "", APPS, true},
	{"spec/template/metadata/labels", "Job", "", BATCH, true},
	{"spec/jobTemplate/metadata/labels", "CronJob", "", BATCH, true},
	{"spec/jobTemplate/spec/template/metadata/labels", "CronJob", "", BATCH, true},
};

#define AFFINITY(kind, group, which)                                                         \
	{"spec/template/spec/affinity/" which                                                \
	 "/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector/"   \
	 "matchLabels",                                                                      \
	 kind, "", group, false},                                                            \
	{                                                                                    \
		"spec/template/spec/affinity/" which                                         \
		"/requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels", \
			kind, "", group, false                                               \
	}

static const struct plain_row selector_rows[] = {
	{"spec/selector", "Service", "v1", "", true},
	{"spec/selector", "ReplicationController", "v1", "", true},
	{"spec/selector/matchLabels", "Deployment", "", "", true},
	{"spec/selector/matchLabels", "ReplicaSet", "", "", true},
	{"spec/selector/matchLabels", "DaemonSet", "", "", true},
	{"spec/selector/matchLabels", "StatefulSet", "", APPS, true},
	{"spec/selector/matchLabels", "Job", "", BATCH, false},
	{"spec/jobTemplate/spec/selector/matchLabels", "CronJob", "", BATCH, false},
	{"spec/selector/matchLabels", "PodDisruptionBudget", "", "policy", false},
	AFFINITY("Deployment", APPS, "podAffinity"),
	AFFINITY("Deployment", APPS, "podAntiAffinity"),
	AFFINITY("StatefulSet", APPS, "podAffinity"),
	AFFINITY("StatefulSet", APPS, "podAntiAffinity"),
	{"spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels", "Deployment", "",
	 APPS, false},
	{"spec/template/spec/topologySpreadConstraints/labelSelector/matchLabels", "StatefulSet",
	 "", APPS, false},
	{"spec/podSelector/matchLabels", "NetworkPolicy", "", NET, false},
	{"spec/ingress/from/podSelector/matchLabels", "NetworkPolicy", "", NET, false},
	{"spec/egress/to/podSelector/matchLabels", "NetworkPolicy", "", NET, false},
};

static const struct plain_row name_rows[] = {{"metadata/name", "", "", "", false}};

static const struct plain_row namespace_rows[] = {
	{"metadata/name", "Namespace", "v1", "", true},
	{"spec/service/namespace", "APIService", "", "apiregistration.k8s.io", true},
	{"spec/conversion/webhook/clientConfig/service/namespace", "CustomResourceDefinition", "",
	 "apiextensions.k8s.io", false},
};

static const struct plain_row image_rows[] = {
	{"spec/containers[]/image", "", "", "", true},
	{"spec/initContainers[]/image", "", "", "", true},
	{"spec/volumes[]/image/reference", "", "", "", true},
	{"spec/template/spec/containers[]/image", "", "", "", true},
	{"spec/template/spec/initContainers[]/image", "", "", "", true},
	{"spec/template/spec/volumes[]/image/reference", "", "", "", true},
};

static const struct plain_row replica_rows[] = {
	{"spec/replicas", "Deployment", "", "", true},
	{"spec/replicas", "ReplicationController", "", "", true},
	{"spec/replicas", "ReplicaSet", "", "", true},
	{"spec/replicas", "StatefulSet", "", "", true},
};

/* --- fields that refer ------------------------------------------------------------------------ */

/* Where a kind has its pod spec. */
enum {
	W_REPLICASET = 1 << 0, /* rows that leave out ReplicaSet and PodTemplate, or RC */
	W_PODTEMPLATE = 1 << 1,
	W_RC = 1 << 2,
	W_OTHERS = 1 << 3,
};

static const struct pod_owner {
	const char *kind, *version;
	const char *prefix;
	unsigned bit;
} pod_owners[] = {
	{"Pod", "v1", "spec/", W_OTHERS},
	{"PodTemplate", "", "template/spec/", W_PODTEMPLATE},
	{"Deployment", "", "spec/template/spec/", W_OTHERS},
	{"ReplicaSet", "", "spec/template/spec/", W_REPLICASET},
	{"DaemonSet", "", "spec/template/spec/", W_OTHERS},
	{"StatefulSet", "", "spec/template/spec/", W_OTHERS},
	{"Job", "", "spec/template/spec/", W_OTHERS},
	{"CronJob", "", "spec/jobTemplate/spec/template/spec/", W_OTHERS},
	{"ReplicationController", "", "spec/template/spec/", W_RC},
};

#define W8 (W_OTHERS | W_REPLICASET | W_PODTEMPLATE)
#define W7 (W_OTHERS | W_RC)
#define WV (W_OTHERS | W_REPLICASET)

enum target {
	T_DEPLOYMENT,
	T_RC,
	T_REPLICASET,
	T_STATEFULSET,
	T_CONFIGMAP,
	T_SECRET,
	T_SERVICE,
	T_ROLE,
	T_CLUSTERROLE,
	T_SERVICEACCOUNT,
	T_PVC,
	T_PV,
	T_STORAGECLASS,
	T_PRIORITYCLASS,
	T_INGRESSCLASS,
	T_ADMISSION_POLICY,
	T_COUNT
};

static const struct {
	const char *group, *version, *kind;
} targets[T_COUNT] = {
	[T_DEPLOYMENT] = {"", "", "Deployment"},
	[T_RC] = {"", "", "ReplicationController"},
	[T_REPLICASET] = {"", "", "ReplicaSet"},
	[T_STATEFULSET] = {"", "", "StatefulSet"},
	[T_CONFIGMAP] = {"", "v1", "ConfigMap"},
	[T_SECRET] = {"", "v1", "Secret"},
	[T_SERVICE] = {"", "v1", "Service"},
	[T_ROLE] = {RBAC, "", "Role"},
	[T_CLUSTERROLE] = {RBAC, "", "ClusterRole"},
	[T_SERVICEACCOUNT] = {"", "v1", "ServiceAccount"},
	[T_PVC] = {"", "v1", "PersistentVolumeClaim"},
	[T_PV] = {"", "v1", "PersistentVolume"},
	[T_STORAGECLASS] = {"storage.k8s.io", "v1", "StorageClass"},
	[T_PRIORITYCLASS] = {"scheduling.k8s.io", "v1", "PriorityClass"},
	[T_INGRESSCLASS] = {"networking.k8s.io/v1", "", "IngressClass"}, /* never matches */
	[T_ADMISSION_POLICY] = {ADMISSION, "", "ValidatingAdmissionPolicy"},
};

/* Paths below the pod spec. */
static const struct pod_row {
	enum target target;
	unsigned owners;
	const char *path;
} pod_rows[] = {
	{T_CONFIGMAP, W8, "volumes/configMap/name"},
	{T_CONFIGMAP, W8, "containers/env/valueFrom/configMapKeyRef/name"},
	{T_CONFIGMAP, W8, "initContainers/env/valueFrom/configMapKeyRef/name"},
	{T_CONFIGMAP, W8, "containers/envFrom/configMapRef/name"},
	{T_CONFIGMAP, W8, "initContainers/envFrom/configMapRef/name"},
	{T_CONFIGMAP, W8, "volumes/projected/sources/configMap/name"},
	{T_SECRET, W8, "volumes/secret/secretName"},
	{T_SECRET, W8, "containers/env/valueFrom/secretKeyRef/name"},
	{T_SECRET, W8, "initContainers/env/valueFrom/secretKeyRef/name"},
	{T_SECRET, W8, "containers/envFrom/secretRef/name"},
	{T_SECRET, W8, "initContainers/envFrom/secretRef/name"},
	{T_SECRET, W8, "imagePullSecrets/name"},
	{T_SECRET, W8, "volumes/projected/sources/secret/name"},
	{T_SERVICEACCOUNT, W7, "serviceAccountName"},
	{T_PVC, W7, "volumes/persistentVolumeClaim/claimName"},
	{T_PRIORITYCLASS, W7, "priorityClassName"},
};

static const struct ref_row {
	enum target target;
	struct plain_row row;
} ref_rows[] = {
	{T_DEPLOYMENT, {"spec/scaleTargetRef/name", "HorizontalPodAutoscaler", "", "", 0}},
	{T_RC, {"spec/scaleTargetRef/name", "HorizontalPodAutoscaler", "", "", 0}},
	{T_REPLICASET, {"spec/scaleTargetRef/name", "HorizontalPodAutoscaler", "", "", 0}},
	{T_STATEFULSET, {"spec/scaleTargetRef/name", "HorizontalPodAutoscaler", "", "", 0}},
	{T_CONFIGMAP, {"spec/configSource/configMap", "Node", "", "", 0}},
	{T_CONFIGMAP, {"rules/resourceNames", "Role", "", "", 0}},
	{T_CONFIGMAP, {"rules/resourceNames", "ClusterRole", "", "", 0}},
	{T_CONFIGMAP,
	 {"metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap", "Ingress",
	  "", "", 0}},
	{T_SECRET, {"spec/tls/secretName", "Ingress", "", "", 0}},
	{T_SECRET,
	 {"metadata/annotations/ingress.kubernetes.io\\/auth-secret", "Ingress", "", "", 0}},
	{T_SECRET,
	 {"metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret", "Ingress", "", "", 0}},
	{T_SECRET,
	 {"metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret", "Ingress", "", "",
	  0}},
	{T_SECRET, {"imagePullSecrets/name", "ServiceAccount", "", "", 0}},
	{T_SECRET, {"parameters/secretName", "StorageClass", "", "", 0}},
	{T_SECRET, {"parameters/adminSecretName", "StorageClass", "", "", 0}},
	{T_SECRET, {"parameters/userSecretName", "StorageClass", "", "", 0}},
	{T_SECRET, {"parameters/secretRef", "StorageClass", "", "", 0}},
	{T_SECRET, {"rules/resourceNames", "Role", "", "", 0}},
	{T_SECRET, {"rules/resourceNames", "ClusterRole", "", "", 0}},
	{T_SECRET,
	 {"spec/template/spec/containers/env/valueFrom/secretKeyRef/name", "Service", "v1",
	  "serving.knative.dev", 0}},
	{T_SECRET, {"spec/azureFile/secretName", "PersistentVolume", "", "", 0}},
	{T_SERVICE, {"spec/serviceName", "StatefulSet", "", APPS, 0}},
	{T_SERVICE, {"spec/rules/http/paths/backend/serviceName", "Ingress", "", "", 0}},
	{T_SERVICE, {"spec/backend/serviceName", "Ingress", "", "", 0}},
	{T_SERVICE, {"spec/rules/http/paths/backend/service/name", "Ingress", "", "", 0}},
	{T_SERVICE, {"spec/defaultBackend/service/name", "Ingress", "", "", 0}},
	{T_SERVICE, {"spec/service/name", "APIService", "", "apiregistration.k8s.io", 0}},
	{T_SERVICE,
	 {"webhooks/clientConfig/service", "ValidatingWebhookConfiguration", "", ADMISSION, 0}},
	{T_SERVICE,
	 {"webhooks/clientConfig/service", "MutatingWebhookConfiguration", "", ADMISSION, 0}},
	{T_ROLE, {"roleRef/name", "RoleBinding", "", RBAC, 0}},
	{T_CLUSTERROLE, {"roleRef/name", "RoleBinding", "", RBAC, 0}},
	{T_CLUSTERROLE, {"roleRef/name", "ClusterRoleBinding", "", RBAC, 0}},
	{T_SERVICEACCOUNT, {"subjects", "RoleBinding", "", RBAC, 0}},
	{T_SERVICEACCOUNT, {"subjects", "ClusterRoleBinding", "", RBAC, 0}},
	{T_PV, {"spec/volumeName", "PersistentVolumeClaim", "", "", 0}},
	{T_PV, {"rules/resourceNames", "ClusterRole", "", "", 0}},
	{T_STORAGECLASS, {"spec/storageClassName", "PersistentVolume", "", "", 0}},
	{T_STORAGECLASS, {"spec/storageClassName", "PersistentVolumeClaim", "", "", 0}},
	{T_STORAGECLASS,
	 {"spec/volumeClaimTemplates/spec/storageClassName", "StatefulSet", "", "", 0}},
	{T_INGRESSCLASS, {"spec/ingressClassName", "Ingress", "", "", 0}},
	{T_ADMISSION_POLICY,
	 {"spec/policyName", "ValidatingAdmissionPolicyBinding", "", ADMISSION, 0}},
};

static const char *const var_pod_paths[] = {
	"containers/args",          "containers/command",
	"containers/env/value",     "containers/volumeMounts/mountPath",
	"initContainers/args",      "initContainers/command",
	"initContainers/env/value", "initContainers/volumeMounts/mountPath",
};

static const struct plain_row var_rows[] = {
	{"spec/template/spec/volumes/nfs/server", "DaemonSet", "", "", 0},
	{"spec/template/spec/volumes/nfs/server", "Deployment", "", "", 0},
	{"spec/template/spec/volumes/nfs/server", "Job", "", "", 0},
	{"spec/template/spec/volumes/nfs/server", "ReplicaSet", "", "", 0},
	{"spec/volumes/nfs/server", "Pod", "", "", 0},
	{"spec/jobTemplate/spec/template/volumes/nfs/server", "CronJob", "", "", 0},
	{"spec/volumeClaimTemplates/spec/nfs/server", "StatefulSet", "", "", 0},
	{"spec/nfs/server", "PersistentVolume", "", "", 0},
	{"spec/template/metadata/annotations", "Deployment", "", "", 0},
	{"spec/rules/host", "Ingress", "", "", 0},
	{"spec/tls/hosts", "Ingress", "", "", 0},
	{"spec/tls/secretName", "Ingress", "", "", 0},
	{"spec/ports/port", "Service", "", "", 0},
	{"spec/ports/targetPort", "Service", "", "", 0},
	{"metadata/labels", "", "", "", 0},
	{"metadata/annotations", "", "", "", 0},
};

static void add_row(struct gt_arena *a, struct kz_specs *set, const struct plain_row *row)
{
	struct kz_gvk gvk = {gt_str(row->group), gt_str(row->version), gt_str(row->kind)};

	kz_push(a, set, kz_spec_make(a, &gvk, gt_str(row->path), row->create));
}

static void add_pod_paths(struct gt_arena *a, struct kz_specs *set, unsigned owners,
			  const char *path)
{
	for (size_t i = 0; i < GT_COUNT(pod_owners); i++) {
		const struct pod_owner *o = &pod_owners[i];

		if (!(o->bit & owners))
			continue;
		const char *whole = gt_arena_printf(a, "%s%s", o->prefix, path);
		if (whole)
			add_row(a, set, &(struct plain_row){whole, o->kind, o->version, "", false});
	}
}

#define ADD_ROWS(a, set, rows)                                       \
	do {                                                         \
		for (size_t row_ = 0; row_ < GT_COUNT(rows); row_++) \
			add_row((a), (set), &(rows)[row_]);          \
	} while (0)

static void add_references(struct gt_arena *a, struct kz_config *config)
{
	for (int t = 0; t < T_COUNT; t++) {
		struct kz_ref ref = {.target = {gt_str(targets[t].group),
						gt_str(targets[t].version),
						gt_str(targets[t].kind)}};

		for (size_t i = 0; i < GT_COUNT(pod_rows); i++) {
			if ((int)pod_rows[i].target == t)
				add_pod_paths(a, &ref.fields, pod_rows[i].owners, pod_rows[i].path);
		}
		for (size_t i = 0; i < GT_COUNT(ref_rows); i++) {
			if ((int)ref_rows[i].target == t)
				add_row(a, &ref.fields, &ref_rows[i].row);
		}
		kz_push(a, &config->refs, ref);
	}
}

struct kz_config *kz_config_defaults(struct gt_arena *a)
{
	struct kz_config *config = gt_arena_new(a, struct kz_config);

	if (!config)
		return NULL;
	ADD_ROWS(a, &config->sets[KZ_NAME_PREFIX], name_rows);
	ADD_ROWS(a, &config->sets[KZ_NAME_SUFFIX], name_rows);
	ADD_ROWS(a, &config->sets[KZ_NAMESPACE], namespace_rows);
	ADD_ROWS(a, &config->sets[KZ_TEMPLATE_LABELS], template_label_rows);
	ADD_ROWS(a, &config->sets[KZ_COMMON_LABELS], template_label_rows);
	ADD_ROWS(a, &config->sets[KZ_COMMON_LABELS], selector_rows);
	ADD_ROWS(a, &config->sets[KZ_COMMON_ANNOTATIONS], annotation_rows);
	ADD_ROWS(a, &config->sets[KZ_IMAGES], image_rows);
	ADD_ROWS(a, &config->sets[KZ_REPLICAS], replica_rows);
	for (size_t i = 0; i < GT_COUNT(var_pod_paths); i++)
		add_pod_paths(a, &config->sets[KZ_VAR_REFERENCE], WV, var_pod_paths[i]);
	ADD_ROWS(a, &config->sets[KZ_VAR_REFERENCE], var_rows);
	add_references(a, config);
	return config;
}
