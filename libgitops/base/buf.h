/*
 * gt_buf - a byte string being built, born with its maximum size.
 *
 * Appending past the maximum is sticky: `failed` is set, later appends do nothing, and
 * gt_buf_check() reports it once at the end.  The bytes are always NUL-terminated.  A zeroed
 * gt_buf is a valid, empty buffer with the default maximum (GT_BUF_MAX).  One owner at a time.
 */
#ifndef GT_BASE_BUF_H
#define GT_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"

#define GT_BUF_MAX ((size_t)256 << 20)

struct gt_buf {
	char *p; /* NULL until something is appended */
	size_t n;
	size_t cap; /* of p, never more than max and the NUL */
	size_t max; /* 0 means GT_BUF_MAX */
	bool failed;
};

void gt_buf_init(struct gt_buf *b, size_t max);
void gt_buf_fini(struct gt_buf *b);
void gt_buf_reset(struct gt_buf *b); /* empties, keeps the memory */

#define gt_auto_buf gt_cleanup(gt_buf_fini) struct gt_buf

void gt_buf_add(struct gt_buf *b, const void *bytes, size_t n);
void gt_buf_adds(struct gt_buf *b, const char *s);
void gt_buf_add_str(struct gt_buf *b, struct gt_str s);
void gt_buf_fill(struct gt_buf *b, char c, size_t n);
void gt_buf_printf(struct gt_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void gt_buf_vprintf(struct gt_buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

/* Makes room for n more bytes and returns where they go, or NULL; follow with gt_buf_commit. */
char *gt_buf_reserve(struct gt_buf *b, size_t n);
void gt_buf_commit(struct gt_buf *b, size_t n);

/* Removes n bytes from the front. */
void gt_buf_consume(struct gt_buf *b, size_t n);

/* GT_E_BUDGET if an append did not fit. */
int gt_buf_check(const struct gt_buf *b, struct gt_err *err);

static inline void gt_buf_addc(struct gt_buf *b, char c)
{
	if (b->failed || b->n + 1 >= b->cap) {
		gt_buf_add(b, &c, 1);
		return;
	}
	b->p[b->n++] = c;
	b->p[b->n] = '\0';
}

static inline struct gt_str gt_buf_str(const struct gt_buf *b)
{
	return (struct gt_str){b->p, b->n};
}

/* The bytes as a C string, "" when empty; owned by the buffer. */
static inline const char *gt_buf_cstr(const struct gt_buf *b)
{
	return b->p ? b->p : "";
}

/* Gives the bytes to the caller (free() them), never NULL, and empties the buffer. */
char *gt_buf_take(struct gt_buf *b);

#endif
