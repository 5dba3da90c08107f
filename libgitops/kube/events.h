/*
 * gt_events - Kubernetes Events (core/v1) about objects.
 *
 * gt_events_emit() never blocks: events are queued (dropped when 1000 wait) and written in the
 * background; a repeated one bumps the count of the first; similar ones are combined; a flood about
 * one object is cut off (upstream: client-go tools/record).  Any thread.
 */
#ifndef GT_KUBE_EVENTS_H
#define GT_KUBE_EVENTS_H

#include "kube/client.h"

struct gt_events;

/* component is the controller's name. */
struct gt_events *gt_events_new(struct gt_kube *kube, const char *component);
/* Gives queued events a moment (at most 2 s) to be written. */
void gt_events_free(struct gt_events *e);

/* type is "Normal", "Warning" or "Trace" (stored as Normal).  obj is not kept.  annotations is a
 * map or NULL. */
void gt_events_emit(struct gt_events *e, const struct gt_node *obj, const char *type,
		    const char *reason, const struct gt_node *annotations, const char *message);

#endif
