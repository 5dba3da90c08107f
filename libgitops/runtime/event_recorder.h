/*
 * gt_recorder - events of a controller: a Kubernetes Event, and a POST to the notification
 * controller (--events-addr), as fluxcd/pkg/runtime/events sends them.
 *
 * gt_recorder_emit() never blocks; posts are made in the background with retries (four, 1 to 30 s
 * apart) and dropped when 1000 wait.  429 means a duplicate and counts as delivered.  Any thread.
 */
#ifndef GT_RUNTIME_EVENT_RECORDER_H
#define GT_RUNTIME_EVENT_RECORDER_H

#include "kube/events.h"

struct gt_recorder;

struct gt_recorder_opts {
	struct gt_loop *loop;
	struct gt_events *events; /* may be NULL */
	const char *addr;         /* URL; NULL or "": none */
	const char *controller;   /* reportingController */
	const struct gt_log *log;
};

struct gt_recorder *gt_recorder_new(const struct gt_recorder_opts *opts);
void gt_recorder_free(struct gt_recorder *r); /* waits at most 2 s for what is queued */

/*
 * type is "Normal", "Warning" or "Trace".  metadata: map of strings or NULL, sent as it is, joined
 * by the object's annotations that start with event.toolkit.fluxcd.io/.
 */
void gt_recorder_emit(struct gt_recorder *r, const struct gt_node *obj,
		      const struct gt_node *metadata, const char *type, const char *reason,
		      const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* The body of the POST; for tests and other senders. */
struct gt_node *gt_recorder_body(struct gt_arena *a, const struct gt_node *obj,
				 const struct gt_node *metadata, const char *type,
				 const char *reason, const char *message, const char *controller,
				 const char *instance, int64_t now_wall);

#endif
