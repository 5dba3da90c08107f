/*
 * Status objects: how the API says what went wrong.  Each function sets call->status and returns a
 * negative code, so that `return as_not_found(c)` is the idiom.
 */
#ifndef AS_STATUS_H
#define AS_STATUS_H

#include "call.h"

/* A Status of any kind; reason may be "". */
int as_fail(struct as_call *c, int code, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* As above, with details.name, group and kind (the plural) of the call's target. */
int as_fail_named(struct as_call *c, int code, const char *reason, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Adds a cause to the status just made. */
void as_cause(struct as_call *c, const char *reason, const char *message, const char *field);

int as_bad_request(struct as_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int as_not_found(struct as_call *c);      /* the object named in the path */
int as_not_found_path(struct as_call *c); /* no such resource */
int as_exists(struct as_call *c, struct gt_str name);
int as_conflict(struct as_call *c, const char *why);
int as_conflict_version(struct as_call *c); /* changed by somebody else */
int as_forbidden(struct as_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int as_invalid(struct as_call *c, struct gt_str name, const struct gt_field_errors *errs);
/* 422 for an option of a list or a watch. */
int as_option_error(struct as_call *c, const char *field, const char *why);
int as_method_not_allowed(struct as_call *c, const char *verb);
int as_internal(struct as_call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What a lower layer reported. */
int as_fail_err(struct as_call *c, const struct gt_err *err);

/* {kind: Status, status: Success, details} */
struct gt_node *as_success(struct as_call *c, struct gt_str name, struct gt_str uid);

/* status.code of a Status. */
int as_status_code(const struct gt_node *status);

#endif
