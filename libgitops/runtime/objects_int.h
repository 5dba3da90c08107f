/*
 * gt_objects - the objects of an informer: one block of compact JSON each, found by "ns/name" and
 * by the values of indexes.  Not locked: the informer does that.
 */
#ifndef GT_RUNTIME_OBJECTS_INT_H
#define GT_RUNTIME_OBJECTS_INT_H

#include "base/map.h"
#include "base/vec.h"
#include "text/node.h"

#define GT_STORE_INDEXES 8

struct gt_object;

/* The objects that have one value of an index. */
struct gt_bucket {
	GT_VEC(struct gt_object *) v;
};

struct gt_object {
	char *key; /* "ns/name", in the block */
	size_t ns_len;
	char *rv;   /* resourceVersion, in the block */
	char *json; /* in the block */
	size_t n;
	struct gt_bucket **buckets; /* that hold it, NULL-terminated; or NULL */
};

typedef void (*gt_objects_index_fn)(const struct gt_node *obj,
				    void (*add)(void *sink, const char *value), void *sink);

struct gt_objects {
	struct gt_map objects; /* key -> struct gt_object */
	size_t bytes;
	size_t n_indexes;
	struct {
		char *name;
		gt_objects_index_fn fn;
		struct gt_map values; /* value -> struct gt_bucket */
	} indexes[GT_STORE_INDEXES];
};

void gt_objects_init(struct gt_objects *s);
void gt_objects_fini(struct gt_objects *s);
void gt_objects_index(struct gt_objects *s, const char *name, gt_objects_index_fn fn);

/* A block that is not in the store yet. */
struct gt_object *gt_object_new(const struct gt_node *obj);
void gt_object_free(struct gt_object *o);

/* Puts a block in, taking it; obj is its tree.  A block of the same key is freed. */
void gt_objects_put_take(struct gt_objects *s, struct gt_object *o, const struct gt_node *obj);
void gt_objects_del(struct gt_objects *s, const char *key);
struct gt_object *gt_objects_find(const struct gt_objects *s, const char *key);
const struct gt_bucket *gt_objects_lookup(const struct gt_objects *s, const char *index,
					  const char *value);

/* The tree of a block, in the arena. */
int gt_object_parse(struct gt_arena *a, const struct gt_object *o, struct gt_node **ret_obj,
		    struct gt_err *err);

/* "ns/name" of an object, into the arena. */
const char *gt_objects_key(struct gt_arena *a, const struct gt_node *obj);

/* The part of an object that is kept: apiVersion, kind, metadata without managedFields, and the
 * paths; everything when paths is NULL.  Shares nodes with obj. */
struct gt_node *gt_project(struct gt_arena *a, const struct gt_node *obj, const char *const *paths);

#endif
