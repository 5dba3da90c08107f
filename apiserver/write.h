/*
 * Creating, changing and deleting objects: the one way into the store, for requests and for the
 * server's own controllers.
 *
 * upstream order: decode and default, track field managers, prepare (what only the server sets),
 * validate, store; a conflict with another writer starts over unless the request named a version.
 */
#ifndef AS_WRITE_H
#define AS_WRITE_H

#include "call.h"

/* An object on its way from one state to the next; everything in the call's version. */
struct as_edit {
	struct as_object *old; /* a reference, or NULL for a create */
	struct gt_node *live;  /* an empty object for a create */
	struct gt_node *obj;
	bool reset_managers; /* the request empties managedFields */
	bool tracked;        /* managedFields are done (apply) */
	bool create;
	bool named_version; /* the request names a resourceVersion */
	bool replace;       /* a PUT */
};

/* Makes e->obj from e->live; runs again after a conflict. */
typedef int (*as_transform_fn)(struct as_call *c, struct as_edit *e, void *arg);

/* POST: creates call->body. */
int as_create(struct as_call *c);

/* Creates the admitted object; for apply and PUT. */
int as_create_object(struct as_call *c, struct as_edit *e);

/* Changes the object the call names; GT_E_NOT_FOUND with a status when it does not exist. */
int as_modify(struct as_call *c, as_transform_fn transform, void *arg);

/* PUT and PATCH, on the object or a subresource. */
int as_update(struct as_call *c);
int as_patch(struct as_call *c);

/* DELETE of one object and of many. */
int as_delete(struct as_call *c);
int as_delete_collection(struct as_call *c);

/* Removes metadata.managedFields; shares the rest. */
struct gt_node *as_without_managers(struct gt_arena *a, struct gt_node *obj);
/* A copy of the map itself. */
struct gt_node *as_shallow(struct gt_arena *a, const struct gt_node *map);

/* Reads the stored object into the call's version, with defaults. */
int as_read(struct as_call *c, const struct as_object *o, struct gt_node **ret_obj);

/* The request's apiVersion, kind, name and namespace must be those of the path; fills in what is
 * empty. */
int as_check_identity(struct as_call *c, struct gt_node *obj);

#endif
