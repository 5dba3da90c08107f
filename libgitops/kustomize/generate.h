/*
 * What kustomize-controller does to the kustomization of spec.path before the build: read it, or
 * make one from the manifests found in the tree, and put the fields of the Kustomization object
 * into it.  Nothing is written: the result is handed to gt_kustomize_build() as
 * opts.kustomization, so one unpacked artifact can serve any number of builds.
 *
 * One arena, one owner; any thread.  upstream: fluxcd/pkg/kustomize, Generator.
 */
#ifndef GT_KUSTOMIZE_GENERATE_H
#define GT_KUSTOMIZE_GENERATE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "text/node.h"

/* Fields of a Flux Kustomization's spec; absent ones are NULL. */
struct gt_kustomize_spec {
	const char *target_namespace;
	const char *name_prefix;
	const char *name_suffix;
	const struct gt_node *patches;    /* [{patch, target}] */
	const struct gt_node *components; /* [string] */
	bool ignore_missing_components;
	const struct gt_node *images;         /* [{name, newName, newTag, digest}] */
	const struct gt_node *build_metadata; /* [string] */
};

/*
 * *ret_kustomization is the tree to build with, *ret_name (may be NULL) the name its file has or
 * would have ("kustomization.yaml" when it was made), *ret_made (may be NULL) whether it was made
 * by scanning.  The file is decoded leniently, as Flux does for the top directory: unknown fields
 * are dropped and scalars are coerced to strings.
 */
int gt_kustomize_generate(struct gt_arena *a, int root, const char *path,
			  const struct gt_kustomize_spec *spec, struct gt_node **ret_kustomization,
			  const char **ret_name, bool *ret_made, struct gt_err *err);

/* The steps, for callers that have the tree already.  `file` is the decoded file, or NULL. */
int gt_kustomize_scan(struct gt_arena *a, int root, const char *path, struct gt_node **ret_file,
		      struct gt_err *err);
int gt_kustomize_apply_spec(struct gt_arena *a, int root, const char *path,
			    const struct gt_kustomize_spec *spec, bool file_existed,
			    struct gt_node *kustomization, struct gt_err *err);

#endif
