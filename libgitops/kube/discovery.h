/*
 * Which kinds a server knows.  Aggregated discovery (two requests) where offered, else one request
 * a group-version.  Lazy: the first question loads everything, a later miss asks again for that
 * group-version only, so a CRD applied a moment ago is found.  Shared by derived clients.
 *
 * Any thread; blocks as the calls of kube/client.h do.
 */
#ifndef GT_KUBE_DISCOVERY_H
#define GT_KUBE_DISCOVERY_H

#include "kube/client.h"

/* gt_kube_resource() of kube/client.h maps a kind.  An unknown one is GT_E_NOT_FOUND with reason
 * "NoMatch" and the text `no matches for kind "K" in version "g/v"`. */

/* What is known of one resource beyond the mapping. */
struct gt_api_resource {
	struct gt_resource res;
	const char *singular;
	const char *const *short_names; /* NULL-terminated */
	const char *const *categories;
	const char *const *verbs;
	bool preferred; /* of the group's preferred version */
};

/* Every resource (no subresources), in the server's order; strings live as long as k. */
int gt_kube_resources(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		      const struct gt_api_resource **ret_v, size_t *ret_n, struct gt_err *err);

/*
 * What a person types: "ks", "kustomization", "kustomizations.kustomize.toolkit.fluxcd.io",
 * "deployments.v1.apps".  Core before other groups, preferred versions first.
 */
int gt_kube_resource_named(struct gt_kube *k, struct gt_ctx *ctx, const char *name,
			   const struct gt_resource **ret_resource, struct gt_err *err);

/* The next question asks the server again. */
void gt_kube_discovery_forget(struct gt_kube *k);

#endif
