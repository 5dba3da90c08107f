/*
 * Accessors for what every Kubernetes object has.  Readers accept NULL and malformed objects and
 * answer "" or 0; writers follow the rules of text/node.h (sticky arena failure).
 */
#ifndef GT_KUBE_OBJECT_H
#define GT_KUBE_OBJECT_H

#include "kube/resource.h"
#include "text/node.h"

/* Never NULL. */
const char *gt_obj_name(const struct gt_node *obj);
const char *gt_obj_namespace(const struct gt_node *obj);
const char *gt_obj_uid(const struct gt_node *obj);
const char *gt_obj_rv(const struct gt_node *obj); /* metadata.resourceVersion */
const char *gt_obj_kind(const struct gt_node *obj);
const char *gt_obj_api_version(const struct gt_node *obj);
int64_t gt_obj_generation(const struct gt_node *obj);

/* metadata.deletionTimestamp is set. */
bool gt_obj_deleting(const struct gt_node *obj);

/* NULL when absent. */
const char *gt_obj_label(const struct gt_node *obj, const char *key);
const char *gt_obj_annotation(const struct gt_node *obj, const char *key);
void gt_obj_set_label(struct gt_arena *a, struct gt_node *obj, const char *key, const char *value);
void gt_obj_set_annotation(struct gt_arena *a, struct gt_node *obj, const char *key,
			   const char *value);

bool gt_obj_has_finalizer(const struct gt_node *obj, const char *finalizer);
/* True when the list changed. */
bool gt_obj_add_finalizer(struct gt_arena *a, struct gt_node *obj, const char *finalizer);
bool gt_obj_remove_finalizer(struct gt_node *obj, const char *finalizer);

/* Whether live's resourceVersion a is the same as or newer than b: compared as decimal integers
 * where both are, otherwise by equality. */
bool gt_rv_at_least(const char *a, const char *b);

/* {apiVersion, kind, namespace, name, uid, resourceVersion} of an object, as events carry it. */
struct gt_node *gt_obj_reference(struct gt_arena *a, const struct gt_node *obj);

/* A new object with apiVersion, kind and metadata; ns "" for none. */
struct gt_node *gt_obj_new(struct gt_arena *a, const struct gt_resource *r, const char *ns,
			   const char *name);

/* Annotation reconcile.fluxcd.io/requestedAt, NULL when absent. */
#define GT_ANN_REQUESTED_AT "reconcile.fluxcd.io/requestedAt"

#endif
