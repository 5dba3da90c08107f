/* Numbers as Go's strconv reads them.  Any thread. */
#ifndef GT_TEXT_TEMPLATE_GONUM_H
#define GT_TEXT_TEMPLATE_GONUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

/* ParseInt and ParseUint with base 0: 0x, 0o, 0b, a leading 0 is octal, underscores. */
bool gt_go_int0(struct gt_str s, int64_t *ret);
bool gt_go_uint0(struct gt_str s, uint64_t *ret);
/* With a base of its own, 2 to 16. */
bool gt_go_int(struct gt_str s, unsigned base, int64_t *ret);

/* ParseFloat: decimal, hexadecimal with p, inf, nan.  False when out of range. */
bool gt_go_float(struct gt_str s, double *ret);

#endif
