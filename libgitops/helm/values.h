/*
 * Values: reading them from YAML, and merging those of users over those of charts as Helm does.
 *
 * Values are gt_value maps; all functions work in the arena of their owner.
 */
#ifndef GT_HELM_VALUES_H
#define GT_HELM_VALUES_H

#include "helm/chart.h"

/* Every document of the text must be a map or empty; later ones are merged over earlier ones.
 * Errors are Helm's, without the name of the file. */
int gt_values_parse(struct gt_arena *a, struct gt_str text, struct gt_value *ret_values,
		    struct gt_err *err);

/* Merges src over dst: maps deep, everything else replaces.  The result is a new map. */
struct gt_value gt_values_merge(struct gt_arena *a, struct gt_value dst, struct gt_value src);

/*
 * The values of a chart and the charts below it: those of the user over the defaults.  merge keeps
 * nulls, where else they remove the default.  user may be of kind GT_V_NIL.
 */
int gt_values_coalesce(struct gt_arena *a, const struct gt_chart *chart, struct gt_value user,
		       bool merge, struct gt_value *ret_values, struct gt_err *err);

/* Fills dst with what it lacks of src, deep; src is changed too.  Either may be no map. */
struct gt_value gt_values_coalesce_tables(struct gt_arena *a, struct gt_value dst,
					  struct gt_value src, bool merge);

/* The map at a dotted path, GT_V_INVALID when there is none. */
struct gt_value gt_values_table(struct gt_value values, struct gt_str path);

/*
 * Turns off what conditions and tags turn off, renames aliases, and imports values.  Changes the
 * chart.
 */
int gt_chart_process_dependencies(struct gt_arena *a, struct gt_chart *chart, struct gt_value user,
				  struct gt_err *err);

/* --set and its kin: assigns into the map.  Errors are Helm's. */
enum gt_set_kind {
	GT_SET,         /* types are guessed */
	GT_SET_STRING,  /* everything is a string */
	GT_SET_JSON,    /* values are JSON */
	GT_SET_FILE,    /* values name files */
	GT_SET_LITERAL, /* one string up to the end */
};
typedef int (*gt_set_read_fn)(void *arg, struct gt_str name, struct gt_buf *out,
			      struct gt_err *err);
int gt_values_set(struct gt_arena *a, struct gt_value values, struct gt_str text,
		  enum gt_set_kind kind, gt_set_read_fn read, void *arg, struct gt_err *err);

#endif
