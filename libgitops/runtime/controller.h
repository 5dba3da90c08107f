/*
 * gt_controller - one kind's reconcile loop: watches feed a queue, workers empty it.
 *
 * Registered with the manager before it starts.  Worker threads are shared by the manager's
 * controllers and made when first needed.
 */
#ifndef GT_RUNTIME_CONTROLLER_H
#define GT_RUNTIME_CONTROLLER_H

#include "runtime/informer.h"
#include "runtime/reconcile.h"

/* Where gt_reconcile.obj comes from. */
enum gt_object_source {
	GT_OBJECT_LIVE,   /* a GET each run */
	GT_OBJECT_CACHED, /* the informer's copy, possibly a moment old and projected */
};

/* Answers an error after logging nothing: the runtime logs it once.  *next is DONE at first. */
typedef int (*gt_reconcile_fn)(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err);

struct gt_controller_opts {
	const char *name; /* "gitrepository": label and log field */
	const struct gt_resource *res;
	gt_reconcile_fn reconcile;
	void *arg;
	/* The object does not exist (any more); worker thread.  May be NULL. */
	void (*gone)(void *arg, struct gt_key key);
	enum gt_object_source source;
	const char *const *paths; /* projection of the cache, see runtime/informer.h */
	unsigned concurrency;     /* 0: --concurrent */
	int64_t timeout_ns;       /* of one run; 0: none */
	size_t budget;            /* memory of one run; 0: --reconcile-memory-budget */
	/* Update events that run the object; NULL: generation changed, or reconcile requested. */
	bool (*predicate)(const struct gt_node *old, const struct gt_node *obj);
};

/* Strings and res are borrowed for the life of the manager.  Before the manager starts. */
struct gt_controller *gt_controller_add(struct gt_manager *m,
					const struct gt_controller_opts *opts);

/* The informer of the controller's own kind, for indexes and reads. */
struct gt_informer *gt_controller_informer(struct gt_controller *c);
const char *gt_controller_name(const struct gt_controller *c);

/*
 * Runs keys of c when objects of another informer change: map calls enqueue(sink, ns, name) for
 * each key.  Called with the new object and, on an update, the old one too.  Loop thread.
 */
typedef void (*gt_map_fn)(struct gt_controller *c, const struct gt_node *old,
			  const struct gt_node *obj,
			  void (*enqueue)(void *sink, const char *ns, const char *name),
			  void *sink);
void gt_controller_watch(struct gt_controller *c, struct gt_informer *inf,
			 bool (*predicate)(const struct gt_node *old, const struct gt_node *obj),
			 gt_map_fn map);

/* The same by index: objects of c whose index has the value "<ns>/<name>" of the changed one. */
void gt_controller_watch_index(struct gt_controller *c, struct gt_informer *inf,
			       bool (*predicate)(const struct gt_node *old,
						 const struct gt_node *obj),
			       const char *index);

/* Any thread. */
void gt_controller_enqueue(struct gt_controller *c, struct gt_key key);

/* metadata.generation differs, or reconcile.fluxcd.io/requestedAt does. */
bool gt_predicate_spec_or_request(const struct gt_node *old, const struct gt_node *obj);
/* resourceVersion differs. */
bool gt_predicate_any(const struct gt_node *old, const struct gt_node *obj);
/* status.artifact.revision (or digest) differs; for consumers of sources. */
bool gt_predicate_artifact(const struct gt_node *old, const struct gt_node *obj);

#endif
