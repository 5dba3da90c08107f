/* Byte ranges of RFC 9110, read as Go's net/http reads them.  Any thread. */
#ifndef GT_NET_RANGE_H
#define GT_NET_RANGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define GT_RANGES_MAX 64

struct gt_range {
	int64_t start, length;
};

enum gt_ranges {
	GT_RANGES_ALL,     /* no ranges: the whole, also when they sum up to more than it */
	GT_RANGES_SOME,    /* *ret_n of them */
	GT_RANGES_INVALID, /* malformed: 416 */
	GT_RANGES_OUTSIDE, /* none overlaps the content: 416 with Content-Range */
};

enum gt_ranges gt_ranges_parse(struct gt_str header, int64_t size,
			       struct gt_range ranges[GT_RANGES_MAX], size_t *ret_n);

#endif
