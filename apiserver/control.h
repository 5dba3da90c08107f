/* Between the controllers' loop and the controllers.  Controller thread only. */
#ifndef AS_CONTROL_H
#define AS_CONTROL_H

#include "controllers.h"
#include "text/node.h"
#include "write.h"

/* Brings one object nearer to where it should be.  Runs again when asked to with as_requeue(). */
typedef void (*as_reconcile_fn)(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
				struct gt_str name);

/* Runs fn for the object after delay_ns; an item that waits already is not moved. */
void as_requeue(struct as_controllers *k, as_reconcile_fn fn, struct as_resource *r,
		struct gt_str ns, struct gt_str name, int64_t delay_ns);

struct as_server *as_control_server(struct as_controllers *k);

/* A reference to a built-in resource that exists. */
struct as_resource *as_builtin(struct as_controllers *k, const char *group, const char *plural);

/* --- acting; failures are logged unless they mean that somebody was faster ---------------- */

void as_control_create(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
		       struct gt_arena *a, struct gt_node *obj);
void as_control_delete(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
		       struct gt_str name, struct gt_str uid, const char *propagation);
/* Changes the object, or with sub its status; a transform that leaves e->obj alone writes
 * nothing. */
bool as_control_modify(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
		       struct gt_str name, const char *sub, as_transform_fn fn, void *arg);

/* --- the controllers ---------------------------------------------------------------------- */

/* What happens to an object of any resource. */
struct as_happening {
	struct as_resource *r;
	enum as_event_type type;
	struct as_object *obj, *old;
};

void as_namespace_saw(struct as_controllers *k, const struct as_happening *h);
void as_definition_saw(struct as_controllers *k, const struct as_happening *h);
void as_simulation_saw(struct as_controllers *k, const struct as_happening *h);
void as_workload_saw(struct as_controllers *k, const struct as_happening *h);

/* "ready", "fail" or "never". */
#define AS_SIMULATE_OUTCOME "simulate.gitops.toolkit/outcome"
/* The short text that names the revision of a workload's pod template. */
const char *as_template_hash(struct gt_arena *a, const struct gt_node *workload);

struct as_gc;
struct as_gc *as_gc_new(void);
void as_gc_free(struct as_gc *gc);
void as_gc_saw(struct as_gc *gc, struct as_controllers *k, const struct as_happening *h);
struct as_gc *as_control_gc(struct as_controllers *k);
/* Who names the owner, or did: the objects may be gone or have changed since. */
void as_gc_each_dependent(struct as_gc *gc, struct gt_str uid,
			  void (*fn)(void *arg, struct as_resource *r, struct gt_str ns,
				     struct gt_str name),
			  void *arg);

/* Old events go. */
void as_events_expire(struct as_controllers *k);

#endif
