/*
 * Numbers as text: the shortest decimal of a double in Go's notations, and exact comparison of
 * JSON numbers of any size.  No locale is consulted.  Any thread.
 */
#ifndef GT_TEXT_NUMBER_H
#define GT_TEXT_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define GT_DOUBLE_TEXT 40 /* bytes that hold any of the texts below with their NUL */

/*
 * The fewest digits that read back as d, without trailing zeros, and the position of the decimal
 * point: d = 0.DIGITS * 10^*ret_point.  Zero gives "0" and 1.  d must be finite; its sign is not
 * looked at.  Returns the number of digits, at most 17.
 */
int gt_double_digits(double d, char digits[GT_DOUBLE_TEXT], int *ret_point);

/* As Go's encoding/json: 1, 0.5, 1e+21, 1e-7.  d must be finite. */
void gt_double_json(double d, char text[GT_DOUBLE_TEXT]);

/* As Go's strconv.FormatFloat(d, 'g', -1, 64) and fmt's %v: 0.5, 1e+06, 1e-05, NaN, +Inf. */
void gt_double_g(double d, char text[GT_DOUBLE_TEXT]);
void gt_float_g(float f, char text[GT_DOUBLE_TEXT]); /* as with a bit size of 32 */

/* Compares by value; both must be JSON numbers.  Exact for any length and exponent. */
int gt_number_cmp(struct gt_str x, struct gt_str y);
uint64_t gt_number_hash(struct gt_str x); /* equal numbers have equal hashes */

/* The nearest double of a JSON number of any length; infinite when out of range. */
bool gt_number_double(struct gt_str text, double *ret_d);

/* Whether the text is a number of RFC 8259, and whether it is one without fraction and exponent. */
bool gt_number_valid(struct gt_str text, bool *ret_integer);

#endif
