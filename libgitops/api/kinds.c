#include "api/kinds.h"

#define RES(name, group, version, kind, plural, namespaced) \
	const struct gt_resource gt_res_##name = {group, version, kind, plural, namespaced}

#define SOURCE "source.toolkit.fluxcd.io"
#define NOTIFICATION "notification.toolkit.fluxcd.io"

RES(git_repository, SOURCE, "v1", "GitRepository", "gitrepositories", true);
RES(oci_repository, SOURCE, "v1", "OCIRepository", "ocirepositories", true);
RES(helm_repository, SOURCE, "v1", "HelmRepository", "helmrepositories", true);
RES(helm_chart, SOURCE, "v1", "HelmChart", "helmcharts", true);
RES(bucket, SOURCE, "v1", "Bucket", "buckets", true);
RES(external_artifact, SOURCE, "v1", "ExternalArtifact", "externalartifacts", true);
RES(kustomization, "kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations", true);
RES(helm_release, "helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases", true);
RES(alert, NOTIFICATION, "v1beta3", "Alert", "alerts", true);
RES(provider, NOTIFICATION, "v1beta3", "Provider", "providers", true);
RES(receiver, NOTIFICATION, "v1", "Receiver", "receivers", true);

RES(secret, "", "v1", "Secret", "secrets", true);
RES(config_map, "", "v1", "ConfigMap", "configmaps", true);
RES(namespace, "", "v1", "Namespace", "namespaces", false);
RES(service_account, "", "v1", "ServiceAccount", "serviceaccounts", true);
RES(event, "", "v1", "Event", "events", true);
RES(lease, "coordination.k8s.io", "v1", "Lease", "leases", true);
RES(crd, "apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions",
    false);

const struct gt_resource *const gt_toolkit_resources[] = {
	&gt_res_git_repository, &gt_res_oci_repository, &gt_res_helm_repository,
	&gt_res_helm_chart,     &gt_res_bucket,         &gt_res_external_artifact,
	&gt_res_kustomization,  &gt_res_helm_release,   &gt_res_alert,
	&gt_res_provider,       &gt_res_receiver,       NULL,
};

const struct gt_resource *gt_toolkit_resource(const char *kind)
{
	for (size_t i = 0; gt_toolkit_resources[i]; i++) {
		if (gt_streq(gt_toolkit_resources[i]->kind, kind))
			return gt_toolkit_resources[i];
	}
	return NULL;
}
