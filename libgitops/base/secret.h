/*
 * gt_secret - bytes that must not be seen: wiped on release, printed as "***".
 *
 * There is no accessor that formats the bytes; who needs them takes gt_secret_bytes() at the one
 * place where they go on the wire.  One owner at a time.
 */
#ifndef GT_BASE_SECRET_H
#define GT_BASE_SECRET_H

#include <stdbool.h>

#include "base/str.h"

struct gt_secret {
	char *p; /* NUL-terminated, NULL when unset */
	size_t n;
};

/* Copies; the old content is wiped. */
void gt_secret_set(struct gt_secret *s, struct gt_str bytes);
void gt_secret_copy(struct gt_secret *to, const struct gt_secret *from);
void gt_secret_fini(struct gt_secret *s);

static inline bool gt_secret_is_set(const struct gt_secret *s)
{
	return s->p != NULL;
}

static inline struct gt_str gt_secret_bytes(const struct gt_secret *s)
{
	return (struct gt_str){s->p, s->n};
}

/* What may be logged: "***" or "". */
static inline const char *gt_secret_shown(const struct gt_secret *s)
{
	return s->p ? "***" : "";
}

/* Overwrites memory in a way that the compiler keeps. */
void gt_wipe(void *p, size_t n);

#endif
