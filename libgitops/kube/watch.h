/*
 * Streams of changes and asynchronous lists, for the loop thread: what informers are made of.
 * Programs usually want runtime/informer.h, or gt_watch_each() to block on a stream.
 */
#ifndef GT_KUBE_WATCH_H
#define GT_KUBE_WATCH_H

#include "kube/client.h"

enum gt_event_type {
	GT_EVENT_ADDED,
	GT_EVENT_MODIFIED,
	GT_EVENT_DELETED,
	GT_EVENT_BOOKMARK,
	GT_EVENT_ERROR,
};

struct gt_watch_opts {
	const char *label_selector;
	const char *field_selector;
	const char *resource_version; /* NULL: from now, after synthetic ADDED events */
	bool initial_events;          /* sendInitialEvents: WatchList mode */
	bool metadata_only;
	unsigned timeout_s; /* 0: random between 300 and 600 */
};

struct gt_watch;

/*
 * Both run on the loop thread.  The object lives until event returns.  A status of type ERROR is
 * not passed to event but ends the watch with its typed error.  end is the last call; err is NULL
 * after a clean end by the server or by gt_watch_stop().
 */
struct gt_watch_fns {
	void (*open)(void *arg); /* the server has begun to answer; may be NULL */
	void (*event)(void *arg, enum gt_event_type type, struct gt_node *obj);
	void (*end)(void *arg, const struct gt_err *err);
	void *arg;
};

/* Loop thread.  ns NULL or "": all namespaces.  The client is referenced. */
struct gt_watch *gt_watch_start(struct gt_kube *k, const struct gt_resource *r, const char *ns,
				const struct gt_watch_opts *opts, const struct gt_watch_fns *fns);
/* Loop thread; end follows, not from within this call.  The watch is freed after end. */
void gt_watch_stop(struct gt_watch *w);

/* One page of a list without blocking; done runs on the loop thread with the list object (valid
 * until it returns) or an error. */
struct gt_list_call;
struct gt_list_call *gt_list_start(struct gt_kube *k, const struct gt_resource *r, const char *ns,
				   const struct gt_list_opts *opts, const char *continue_token,
				   void (*done)(void *arg, struct gt_node *list,
						const struct gt_err *err),
				   void *arg);
void gt_list_stop(struct gt_list_call *call); /* loop thread; done follows with CANCELLED */

/* One object in the same way. */
struct gt_list_call *gt_get_start(
	struct gt_kube *k, const struct gt_resource *r, const char *ns, const char *name,
	void (*done)(void *arg, struct gt_node *obj, const struct gt_err *err), void *arg);

/* Blocks on a watch on a worker (or main) thread: fn is called there for each event until it
 * returns non-zero (returned), the watch ends, or the context does. */
int gt_watch_each(struct gt_kube *k, struct gt_ctx *ctx, const struct gt_resource *r,
		  const char *ns, const struct gt_watch_opts *opts,
		  int (*fn)(void *arg, enum gt_event_type type, struct gt_node *obj,
			    struct gt_err *err),
		  void *arg, struct gt_err *err);

/* Decodes one element of a watch stream.  *ret_obj may share text's bytes' lifetime in a. */
int gt_watch_decode(struct gt_arena *a, struct gt_str text, enum gt_event_type *ret_type,
		    struct gt_node **ret_obj, struct gt_err *err);

/* The typed error a Status object stands for. */
int gt_status_error(const struct gt_node *status, unsigned http_status, struct gt_err *err);

#endif
