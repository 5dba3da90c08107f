/*
 * Defaults of the built-in kinds: what the API server fills in before it stores an object.  Pure
 * functions on trees of a canonical (typed) form.
 */
#ifndef AS_DEFAULTS_H
#define AS_DEFAULTS_H

#include "text/node.h"

/* In place; kinds without defaults are left alone. */
void as_defaults_apply(struct gt_arena *a, const char *group, const char *kind,
		       struct gt_node *obj);

/* For pod templates and pods, see defaults_pod.c. */
void as_default_pod_spec(struct gt_arena *a, struct gt_node *spec);
void as_default_pod(struct gt_arena *a, struct gt_node *obj);
void as_default_pod_template(struct gt_arena *a, struct gt_node *tmpl);

/* Sets the key unless it has a value. */
void as_default_str(struct gt_arena *a, struct gt_node *map, const char *key, const char *s);
void as_default_int(struct gt_arena *a, struct gt_node *map, const char *key, int64_t i);
void as_default_bool(struct gt_arena *a, struct gt_node *map, const char *key, bool b);
/* The map at the key, made empty if missing. */
struct gt_node *as_default_map(struct gt_arena *a, struct gt_node *map, const char *key);

#endif
