/*
 * Structural schemas of CustomResourceDefinitions: checking them, and pruning, defaulting and
 * validating custom resources with them.
 *
 * A schema is compiled once per version of a CRD and is immutable afterwards: any thread.  Values
 * are trees of the caller; prune and default change them in place.  Messages, causes and order are
 * upstream's.  Rules in CEL (x-kubernetes-validations) are not evaluated here; gt_openapi_has_rules
 * tells whether there are any.
 *
 * upstream: apiextensions-apiserver (schema, validation), kube-openapi validate
 */
#ifndef GT_OPENAPI_OPENAPI_H
#define GT_OPENAPI_OPENAPI_H

#include "text/node.h"

/* One error at a field, as in Status.details.causes. */
struct gt_field_error {
	const char *reason; /* "FieldValueInvalid" ..., static text */
	const char *field;  /* "spec.replicas", "<nil>" for the root */
	const char *message;
};

/* A list of them; texts live in the arena. */
struct gt_field_errors {
	struct gt_arena *arena;
	struct gt_field_error *v;
	uint32_t n, cap;
};

void gt_field_errors_init(struct gt_field_errors *errs, struct gt_arena *a);
/* Borrows the texts of *e. */
void gt_field_errors_add(struct gt_field_errors *errs, const struct gt_field_error *e);

/* "<text>" without the field, e.g. gt_field_required(&errs, "spec.x", ""). */
void gt_field_required(struct gt_field_errors *errs, const char *field, const char *detail);
void gt_field_invalid(struct gt_field_errors *errs, const char *field, const struct gt_node *value,
		      const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void gt_field_forbidden(struct gt_field_errors *errs, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void gt_field_duplicate(struct gt_field_errors *errs, const char *field,
			const struct gt_node *value);
void gt_field_too_long(struct gt_field_errors *errs, const char *field, int64_t max);
void gt_field_too_many(struct gt_field_errors *errs, const char *field, int64_t actual,
		       int64_t max);
/* supported: static strings, NULL-terminated. */
void gt_field_not_supported(struct gt_field_errors *errs, const char *field,
			    const struct gt_node *value, const char *const *supported);
void gt_field_type_invalid(struct gt_field_errors *errs, const char *field,
			   const struct gt_node *value, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* "field: message". */
void gt_field_error_print(struct gt_buf *out, const struct gt_field_error *e);

/* --- schemas ------------------------------------------------------------------------------ */

/*
 * Adds what is wrong with spec.versions[i].schema.openAPIV3Schema as a structural schema; field is
 * where it stands.
 */
void gt_openapi_check_schema(const struct gt_node *schema, const char *field,
			     struct gt_field_errors *errs);

struct gt_openapi;

/* Compiles a checked schema; NULL schema keeps everything.  Copies what it needs. */
int gt_openapi_new(const struct gt_node *schema, struct gt_openapi **ret_schema,
		   struct gt_err *err);
void gt_openapi_free(struct gt_openapi *s); /* NULL allowed */

/* Whether there are rules in CEL anywhere. */
bool gt_openapi_has_rules(const struct gt_openapi *s);

/*
 * Removes what the schema does not declare.  unknown, if not NULL, is called with the path of each
 * removed field ("spec.foo[0].bar").
 */
void gt_openapi_prune(const struct gt_openapi *s, struct gt_node *value,
		      void (*unknown)(void *arg, const char *path), void *arg);

/* Fills in defaults, and drops nulls that are not nullable and have none. */
void gt_openapi_default(const struct gt_openapi *s, struct gt_arena *a, struct gt_node *value);

/*
 * Validates; old, if not NULL, is the stored value: errors at places that did not change are left
 * out.
 */
void gt_openapi_validate(const struct gt_openapi *s, const struct gt_node *value,
			 const struct gt_node *old, struct gt_field_errors *errs);

#endif
