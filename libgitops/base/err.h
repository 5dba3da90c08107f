/*
 * gt_err - what went wrong, as a value.
 *
 * Every fallible function returns GT_OK or one of the negative codes below and has a
 * `struct gt_err *err` as its last argument, which may be NULL.  The text is meant for people: the
 * whole chain of contexts is what a user reads in a condition, a log line or on the terminal.  An
 * error needs no allocation and no release, so it travels freely between threads.  It is
 * meaningful only after a failure.
 */
#ifndef GT_BASE_ERR_H
#define GT_BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define GT_ERR_TEXT_MAX 4096

/* Kinds of failure.  A code never implies a condition: each controller has a table of its own. */
enum gt_code {
	GT_OK = 0,
	GT_E_INVALID = -1,      /* the input is wrong; trying again cannot help */
	GT_E_NOT_FOUND = -2,    /* the thing named does not exist */
	GT_E_EXISTS = -3,       /* the thing to be made exists already */
	GT_E_CONFLICT = -4,     /* somebody else changed it first, or owns it */
	GT_E_AUTH = -5,         /* credentials are missing or refused (401) */
	GT_E_FORBIDDEN = -6,    /* known, but not allowed (403) */
	GT_E_THROTTLED = -7,    /* asked to slow down; see retry_after_ms */
	GT_E_UNAVAILABLE = -8,  /* the other side cannot be reached or failed; may pass */
	GT_E_TIMEOUT = -9,      /* the deadline passed */
	GT_E_CANCELLED = -10,   /* the caller gave up */
	GT_E_BUDGET = -11,      /* a limit of memory, size, depth or count was hit */
	GT_E_GONE = -12,        /* a position in a stream is no longer kept (410) */
	GT_E_UNSUPPORTED = -13, /* understood, and not supported here */
	GT_E_IO = -14,          /* the operating system refused: disk, file, pipe */
	GT_E_INTERNAL = -15,    /* a bug, here or on the other side */
};

struct gt_err {
	enum gt_code code;
	uint32_t http_status;    /* the HTTP status behind the error, or 0 */
	uint32_t retry_after_ms; /* with GT_E_THROTTLED or GT_E_UNAVAILABLE, or 0 */
	char reason[64];         /* the Kubernetes Status reason behind the error, or "" */
	char text[GT_ERR_TEXT_MAX];
};

/* Sets code and text and returns code, so that `return gt_fail(...)` is the idiom. */
int gt_fail(struct gt_err *err, enum gt_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int gt_vfail(struct gt_err *err, enum gt_code code, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/* As gt_fail, with ": " and the text of errno appended; the code follows from errno. */
int gt_fail_errno(struct gt_err *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "context: " before the text and returns the code that is there already; without an err
 * there is none, and it returns GT_E_INTERNAL. */
int gt_wrap(struct gt_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Empties *err for reuse. */
void gt_err_reset(struct gt_err *err);

/* The name of a code for logs and tests, e.g. "NotFound".  Never NULL. */
const char *gt_code_name(enum gt_code code);

#endif
