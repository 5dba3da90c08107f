/*
 * gt_informer - a watched, indexed, in-memory copy of the objects of one kind.
 *
 * Objects are kept projected (only the paths asked for) as compact JSON, one block each; readers
 * get their own tree in their own arena.  The loop thread is the only writer.  The copy may be a
 * moment old.  List, watch, bookmarks, expiry and back-off follow client-go's reflector, WatchList
 * mode included.
 */
#ifndef GT_RUNTIME_INFORMER_H
#define GT_RUNTIME_INFORMER_H

#include "base/log.h"
#include "kube/client.h"
#include "runtime/queue.h"

struct gt_informer;

struct gt_informer_opts {
	const char *ns;             /* NULL or "": all namespaces */
	const char *label_selector; /* evaluated by the server */
	const char *field_selector;
	bool metadata_only;
	/* Dotted paths to keep besides apiVersion, kind and metadata without managedFields
	 * ("spec", "status.conditions"), NULL-terminated.  NULL keeps everything but
	 * managedFields. */
	const char *const *paths;
	int64_t resync_ns; /* local replay; 0: 10 h +-10 %, negative: never */
	const struct gt_log *log;
};

/* The client is referenced, options are copied.  Nothing happens before the start. */
struct gt_informer *gt_informer_new(struct gt_kube *k, const struct gt_resource *r,
				    const struct gt_informer_opts *opts);
/* Loop thread, or after the loop has ended.  Stops. */
void gt_informer_free(struct gt_informer *inf);

/* More paths to keep (NULL: everything).  Before the start. */
void gt_informer_keep(struct gt_informer *inf, const char *const *paths);

/*
 * Adds the index values of an object by calling add(sink, value).  Pure function of obj; loop
 * thread.  Before the start.
 */
typedef void (*gt_index_fn)(const struct gt_node *obj, void (*add)(void *sink, const char *value),
			    void *sink);
void gt_informer_index(struct gt_informer *inf, const char *name, gt_index_fn fn);

/*
 * Changes, on the loop thread: ADDED (old NULL), MODIFIED, DELETED (obj is the last state known).
 * initial: from the first listing; a resync is MODIFIED with equal resourceVersions.  Trees are
 * valid during the call.  Handlers added after the start miss what came before.
 */
struct gt_informer_event {
	enum { GT_CHANGE_ADDED, GT_CHANGE_MODIFIED, GT_CHANGE_DELETED } type;
	bool initial;
	const struct gt_node *old;
	const struct gt_node *obj;
};
typedef void (*gt_informer_fn)(void *arg, const struct gt_informer_event *ev);
void gt_informer_handle(struct gt_informer *inf, gt_informer_fn fn, void *arg);
/* Loop thread. */
void gt_informer_unhandle(struct gt_informer *inf, gt_informer_fn fn, void *arg);

/* Loop thread: told after each complete listing, and of each failure to list or watch. */
void gt_informer_observe(struct gt_informer *inf, void (*synced)(void *arg),
			 void (*problem)(void *arg, const struct gt_err *err), void *arg);

/* Loop thread. */
void gt_informer_start(struct gt_informer *inf);
void gt_informer_stop(struct gt_informer *inf);

/* --- any thread ----------------------------------------------------------------------------- */
bool gt_informer_synced(struct gt_informer *inf);
/* The last failure to list or watch, GT_OK when it is fine. */
int gt_informer_problem(struct gt_informer *inf, struct gt_err *ret_problem);
int gt_informer_wait(struct gt_informer *inf, struct gt_ctx *ctx, struct gt_err *err);

const struct gt_resource *gt_informer_resource(const struct gt_informer *inf);
size_t gt_informer_count(struct gt_informer *inf);
size_t gt_informer_bytes(struct gt_informer *inf); /* of stored objects */

/* GT_E_NOT_FOUND when absent (or not synced yet). */
int gt_informer_get(struct gt_informer *inf, struct gt_arena *a, const char *ns, const char *name,
		    struct gt_node **ret_obj, struct gt_err *err);
/* Items as a sequence; ns NULL: all; match NULL: all. */
int gt_informer_list(struct gt_informer *inf, struct gt_arena *a, const char *ns,
		     bool (*match)(void *arg, const struct gt_node *obj), void *arg,
		     struct gt_node **ret_items, struct gt_err *err);
/* Keys of the objects with an index value; returns the count, strings in the arena. */
size_t gt_informer_by_index(struct gt_informer *inf, struct gt_arena *a, const char *index,
			    const char *value, struct gt_key **ret_keys);

#endif
