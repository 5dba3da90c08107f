/* Requests about single objects, shared by the verbs. */
#ifndef CLI_OBJECTS_H
#define CLI_OBJECTS_H

#include "kinds.h"

int get_object(struct cluster *c, const struct kind *k, const char *ns, const char *name,
	       struct gt_node **ret_obj, struct gt_err *err);

/* A merge patch. */
int patch_object(struct cluster *c, const struct kind *k, const char *ns, const char *name,
		 const struct gt_node *patch, struct gt_err *err);

/*
 * The objects a verb acts on: those named (duplicates once), or with --all every one of the
 * namespace.  Names are in the arena.
 */
int select_names(struct cluster *c, const struct kind *k, struct gt_args *ret_names,
		 struct gt_err *err);

/* The line after a good reconciliation: "✔ applied revision ...". */
void report_success(const struct kind *k, const char *name, const struct gt_node *obj);

#endif
