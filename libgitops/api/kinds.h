/*
 * The kinds of the GitOps Toolkit, as the API serves them (Flux 2.9).  Constants.
 */
#ifndef GT_API_KINDS_H
#define GT_API_KINDS_H

#include "kube/resource.h"

extern const struct gt_resource gt_res_git_repository;
extern const struct gt_resource gt_res_oci_repository;
extern const struct gt_resource gt_res_helm_repository;
extern const struct gt_resource gt_res_helm_chart;
extern const struct gt_resource gt_res_bucket;
extern const struct gt_resource gt_res_external_artifact;
extern const struct gt_resource gt_res_kustomization;
extern const struct gt_resource gt_res_helm_release;
extern const struct gt_resource gt_res_alert;
extern const struct gt_resource gt_res_provider;
extern const struct gt_resource gt_res_receiver;

/* Built-in kinds that the controllers read. */
extern const struct gt_resource gt_res_secret;
extern const struct gt_resource gt_res_config_map;
extern const struct gt_resource gt_res_namespace;
extern const struct gt_resource gt_res_service_account;
extern const struct gt_resource gt_res_event;
extern const struct gt_resource gt_res_lease;
extern const struct gt_resource gt_res_crd;

/* Every toolkit kind, NULL-terminated. */
extern const struct gt_resource *const gt_toolkit_resources[];
/* By kind name, NULL when it is no toolkit kind. */
const struct gt_resource *gt_toolkit_resource(const char *kind);

#define GT_FINALIZER "finalizers.fluxcd.io"

#endif
