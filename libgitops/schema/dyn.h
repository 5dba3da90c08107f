/*
 * The run-time form of a type.  Private to this folder; see dynamic.h for how one is made.
 */
#ifndef GT_SCHEMA_DYN_H
#define GT_SCHEMA_DYN_H

#include "schema/type.h"

struct gt_dyn_field {
	const char *name;
	size_t n;
	struct gt_type type;
	const char *key_default;
	uint8_t flags; /* enum gt_field_flag */
};

struct gt_dyn_type {
	uint8_t kind;   /* enum gt_type_kind */
	uint8_t scalar; /* enum gt_type_scalar */
	uint8_t list;   /* enum gt_list_type */
	bool atomic, keeps_unknown, embedded;
	struct gt_type elem;
	const char *const *keys;           /* NULL or NULL-ended */
	const char *const *enums;          /* NULL or NULL-ended */
	const struct gt_dyn_field *fields; /* by name */
	size_t n_fields;
};

/* Untyped values: merged by their shape, or each as one value. */
extern const struct gt_dyn_type gt_dyn__deduced;
extern const struct gt_dyn_type gt_dyn__opaque;

static inline struct gt_type gt_dyn__type(const struct gt_dyn_type *d)
{
	return (struct gt_type){.dyn = d};
}

#endif
