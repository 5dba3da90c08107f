/*
 * gt_str - a borrowed view of bytes.  Never assumed to be NUL-terminated, never owned.
 * A zeroed gt_str is the empty string.  Any thread.
 */
#ifndef GT_BASE_STR_H
#define GT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct gt_str {
	const char *p;
	size_t n;
};

/* For printf's "%.*s". */
#define GT_STR_ARG(s) (int)(s).n, (s).p ? (s).p : ""
#define GT_STR_LIT(lit) ((struct gt_str){(lit), sizeof(lit) - 1})

static inline struct gt_str gt_str(const char *s)
{
	return (struct gt_str){s, s ? strlen(s) : 0};
}

static inline struct gt_str gt_strn(const char *s, size_t n)
{
	return (struct gt_str){s, n};
}

static inline bool gt_str_eq(struct gt_str a, struct gt_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool gt_str_is(struct gt_str a, const char *s)
{
	return gt_str_eq(a, gt_str(s));
}

/* NULL-safe equality of C strings; NULL equals only NULL. */
static inline bool gt_streq(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool gt_str_starts(struct gt_str s, const char *prefix);
bool gt_str_ends(struct gt_str s, const char *suffix);

/* Byte order, as memcmp and then length. */
int gt_str_cmp(struct gt_str a, struct gt_str b);

/* ASCII only. */
bool gt_str_ieq(struct gt_str a, struct gt_str b);

/* Position of the first c or of the first needle, or SIZE_MAX. */
size_t gt_str_find(struct gt_str s, char c);
size_t gt_str_rfind(struct gt_str s, char c);
size_t gt_str_search(struct gt_str s, struct gt_str needle);

/* The part from `from` on, clamped. */
struct gt_str gt_str_from(struct gt_str s, size_t from);
struct gt_str gt_str_sub(struct gt_str s, size_t from, size_t n);

/* Without leading and trailing ASCII white space. */
struct gt_str gt_str_trim(struct gt_str s);

/*
 * Cuts the next part off *rest at the separator; false once *rest was consumed.  An empty input
 * gives one empty part, as Go's strings.Split does.  Start with `bool more = true`-like state in
 * the iterator: struct gt_split it = { .rest = s }.
 */
struct gt_split {
	struct gt_str rest;
	bool done;
};
bool gt_split_next(struct gt_split *it, char sep, struct gt_str *ret_part);

/*
 * Numbers: the whole string must be the number, no white space, no sign unless noted.  False when
 * it is not, or does not fit.
 */
bool gt_str_u64(struct gt_str s, uint64_t *ret_n);
bool gt_str_i64(struct gt_str s, int64_t *ret_n);   /* an optional + or - */
bool gt_str_double(struct gt_str s, double *ret_d); /* decimal or exponent form, C locale */

#endif
