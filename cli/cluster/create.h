/* What the `create` commands share: labels, upsert, waiting. */
#ifndef CLI_CREATE_H
#define CLI_CREATE_H

#include "kinds.h"

/* Flux's rule for names: two characters at least, DNS-1123. */
int create_check_name(const char *name, struct gt_err *err);

/* A new object with name, namespace and the labels of --label. */
int create_object(struct cluster *c, const struct gt_resource *r, struct gt_node **ret_obj,
		  struct gt_err *err);

/* Sets map[key] to s unless s is empty. */
void set_if(struct gt_arena *a, struct gt_node *map, const char *key, const char *s);
/* Sets map[key] = { name: s } unless s is empty. */
void set_ref_if(struct gt_arena *a, struct gt_node *map, const char *key, const char *s);
void set_duration(struct gt_arena *a, struct gt_node *map, const char *key, int64_t ns);

/* A whole file; the error names the flag. */
int read_flag_file(const struct cluster *c, const char *flag, struct gt_buf *out,
		   struct gt_err *err);

/* Writes a Secret with these string values, replacing what is there. */
int create_secret(struct cluster *c, const char *name, const struct gt_node *values,
		  struct gt_err *err);

/*
 * With --export prints obj; else creates or replaces labels and spec, and waits until it is ready.
 * secret_values (or NULL) is written first, as a Secret of the same name.  The exit code.
 */
int create_finish(struct cluster *c, const struct kind *k, struct gt_node *obj,
		  const struct gt_node *secret_values);

#endif
