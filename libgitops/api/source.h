/*
 * Readers of what all toolkit objects share: suspension, intervals, requests, artifacts.  Pure.
 */
#ifndef GT_API_SOURCE_H
#define GT_API_SOURCE_H

#include "text/node.h"

bool gt_api_suspended(const struct gt_node *obj);

/* spec.<field> as a Go duration in nanoseconds; the fallback when absent or malformed. */
int64_t gt_api_duration(const struct gt_node *obj, const char *field, int64_t fallback);

/* Copies the annotation reconcile.fluxcd.io/requestedAt to status.lastHandledReconcileAt. */
void gt_api_set_handled(struct gt_arena *a, struct gt_node *obj);
/* Whether a request is there that was not handled yet. */
bool gt_api_requested(const struct gt_node *obj);

/* status.artifact, or NULL; its strings, NULL when absent. */
const struct gt_node *gt_api_artifact(const struct gt_node *source);
const char *gt_api_artifact_revision(const struct gt_node *source);
const char *gt_api_artifact_digest(const struct gt_node *source);
const char *gt_api_artifact_url(const struct gt_node *source);

#endif
