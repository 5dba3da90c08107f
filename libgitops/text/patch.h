/*
 * Pointers and patches on document trees: RFC 6901, RFC 6902, RFC 7386.
 *
 * Patches never change their inputs: they return a new tree that shares untouched parts.  Errors
 * name the operation and the path.  One owner at a time.
 */
#ifndef GT_TEXT_PATCH_H
#define GT_TEXT_PATCH_H

#include "text/node.h"

/* The node a JSON pointer names, or NULL ("" is the root). */
struct gt_node *gt_pointer_get(const struct gt_node *root, struct gt_str pointer);
/* Appends a reference token with ~ and / escaped. */
void gt_pointer_escape(struct gt_buf *out, struct gt_str token);

/*
 * RFC 6902 with the additions of evanphx/json-patch that Kubernetes and kustomize users rely on.
 * Without options negative indices count from the end and add needs the parent to be there, as in
 * Kubernetes; remove of a missing path is an error.
 */
struct gt_json_patch_opts {
	bool negative_indices;
	bool create_missing; /* add makes missing parents (EnsurePathExistsOnAdd) */
	bool replace_adds; /* replace of a missing member adds it, as evanphx/json-patch v4 does */
};
int gt_json_patch(struct gt_arena *a, const struct gt_node *doc, const struct gt_node *ops,
		  const struct gt_json_patch_opts *opts, struct gt_node **ret_doc,
		  struct gt_err *err);

/* RFC 7386: apply, and the patch that turns `from` into `to` (NULL when they are equal). */
struct gt_node *gt_merge_patch(struct gt_arena *a, const struct gt_node *doc,
			       const struct gt_node *patch);
struct gt_node *gt_merge_diff(struct gt_arena *a, const struct gt_node *from,
			      const struct gt_node *to);

#endif
