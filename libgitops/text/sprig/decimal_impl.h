/*
 * Exact decimals, for Sprig's float arithmetic: sums and products are exact, quotients are rounded
 * half away from zero to 16 places.  Private to libgitops/text/sprig.
 */
#ifndef GT_TEXT_SPRIG_DECIMAL_IMPL_H
#define GT_TEXT_SPRIG_DECIMAL_IMPL_H

#include <stdbool.h>

#include "base/arena.h"

struct sprig_decimal {
	bool negative;
	int exp;               /* value = digits * 10^exp */
	unsigned n;            /* digits, without zeros in front; 0 for zero */
	unsigned char *digits; /* most significant first, 0 to 9 */
};

#define SPRIG_DECIMAL_MAX 20000 /* digits */

/* From the shortest text of a finite double. */
struct sprig_decimal sprig__decimal(struct gt_arena *a, double d);
double sprig__decimal_double(struct gt_arena *a, struct sprig_decimal x);

/* False when the result gets too long, or for a division by zero. */
bool sprig__decimal_add(struct gt_arena *a, struct sprig_decimal x, struct sprig_decimal y,
			struct sprig_decimal *ret);
bool sprig__decimal_mul(struct gt_arena *a, struct sprig_decimal x, struct sprig_decimal y,
			struct sprig_decimal *ret);
bool sprig__decimal_div(struct gt_arena *a, struct sprig_decimal x, struct sprig_decimal y,
			struct sprig_decimal *ret);

#endif
