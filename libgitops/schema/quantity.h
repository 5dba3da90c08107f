/*
 * gt_quantity - amounts as Kubernetes writes them: "500m", "1.5Gi", "1e3".
 *
 * upstream: apimachinery resource.Quantity.  A quantity is a decimal number with at most nine
 * decimals (finer amounts are rounded away from zero) and remembers in which of three styles it
 * was written.  Amounts in the binary style are capped at 2^63-1.  Differences: more than 36
 * significant digits are refused, and an amount of 1000E or more keeps its digits when written.
 *
 * Values are plain and copied freely.  No function allocates.  Any thread.
 */
#ifndef GT_SCHEMA_QUANTITY_H
#define GT_SCHEMA_QUANTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define GT_QUANTITY_MAX 64 /* room for any canonical text */

enum gt_quantity_format {
	GT_QUANTITY_DECIMAL_SI, /* 1500m, 2k */
	GT_QUANTITY_BINARY_SI,  /* 1Gi */
	GT_QUANTITY_EXPONENT,   /* 1e3 */
};

/* The zeroed struct is 0.  The amount is mantissa * 10^exponent, negated if negative. */
struct gt_quantity {
	unsigned __int128 mantissa;
	int32_t exponent;
	uint8_t format; /* enum gt_quantity_format */
	bool negative;
	bool as_written; /* Kubernetes writes the text it read, not the canonical one */
};

/* White space around the text is allowed.  GT_E_INVALID says what is wrong with it. */
int gt_quantity_parse(struct gt_str text, struct gt_quantity *ret, struct gt_err *err);

/* The canonical text, NUL-terminated; returns its length. */
size_t gt_quantity_format(const struct gt_quantity *q, char buf[GT_QUANTITY_MAX]);

/*
 * What Kubernetes writes after it has read text: either the text itself, when it was close enough
 * to canonical, or the canonical form.  *ret points into text or buf.
 */
int gt_quantity_rewrite(struct gt_str text, char buf[GT_QUANTITY_MAX], struct gt_str *ret,
			struct gt_err *err);

/* <0, 0, >0 by amount, whatever the styles. */
int gt_quantity_cmp(const struct gt_quantity *a, const struct gt_quantity *b);
int gt_quantity_sign(const struct gt_quantity *q);

/* Rounds away from zero to a multiple of 10^exponent: -3 for milli, 0 for whole. */
void gt_quantity_round_up(struct gt_quantity *q, int32_t exponent);

/* True if the amount is whole and fits. */
bool gt_quantity_int64(const struct gt_quantity *q, int64_t *ret);
double gt_quantity_double(const struct gt_quantity *q);

#endif
