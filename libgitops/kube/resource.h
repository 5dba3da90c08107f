/*
 * Names of things in a cluster: kinds, resources, objects.  All strings are borrowed.
 */
#ifndef GT_KUBE_RESOURCE_H
#define GT_KUBE_RESOURCE_H

#include <stdbool.h>

#include "text/node.h"

/* A kind as manifests name it; group "" is core. */
struct gt_gvk {
	const char *group;
	const char *version;
	const char *kind;
};

/* How the API serves a kind.  Either a constant of a program (see api/kinds.h), or given by
 * discovery, and then valid as long as the client that was asked. */
struct gt_resource {
	const char *group;
	const char *version;
	const char *kind;
	const char *plural;
	bool namespaced;
};

/* One object of a kind that is known from the context. */
struct gt_key {
	const char *ns; /* "" for cluster scope */
	const char *name;
};

/* One object of any kind. */
struct gt_ref {
	struct gt_gvk gvk;
	const char *ns; /* "" for cluster scope */
	const char *name;
};

static inline struct gt_gvk gt_resource_gvk(const struct gt_resource *r)
{
	return (struct gt_gvk){r->group, r->version, r->kind};
}

bool gt_gvk_eq(struct gt_gvk a, struct gt_gvk b);
/* Same group and kind, whatever the version. */
bool gt_gvk_same_kind(struct gt_gvk a, struct gt_gvk b);

/* The kind an object claims; strings copied to the arena, "" for what is missing. */
struct gt_gvk gt_gvk_of(struct gt_arena *a, const struct gt_node *obj);

/* "apps/v1", or "v1" for core, into the arena. */
const char *gt_gvk_api_version(struct gt_arena *a, struct gt_gvk gvk);

/* Splits "group/version"; false when it has more than one slash or no version. */
bool gt_api_version_split(struct gt_arena *a, struct gt_str api_version, const char **ret_group,
			  const char **ret_version);

/* Flux's form in messages: "Kind/namespace/name" or "Kind/name". */
const char *gt_ref_text(struct gt_arena *a, const struct gt_ref *ref);
struct gt_ref gt_ref_of(struct gt_arena *a, const struct gt_node *obj);

#endif
