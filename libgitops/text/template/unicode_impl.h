/* The tables behind unicode.c. */
#ifndef GT_TEXT_TEMPLATE_UNICODE_IMPL_H
#define GT_TEXT_TEMPLATE_UNICODE_IMPL_H

#include <stddef.h>
#include <stdint.h>

#include "text/template/unicode.h"

#define ALTERNATE 0x110000

struct gt_uni_range {
	uint32_t first, last;
};

struct gt_uni_case {
	uint32_t first, last;
	int32_t upper, lower, title;
};

extern const struct gt_uni_range gt_uni__letter[], gt_uni__digit[], gt_uni__number[],
	gt_uni__punct[], gt_uni__print[], gt_uni__upper[], gt_uni__lower[], gt_uni__title[];
extern const size_t gt_uni__letter_n, gt_uni__digit_n, gt_uni__number_n, gt_uni__punct_n,
	gt_uni__print_n, gt_uni__upper_n, gt_uni__lower_n, gt_uni__title_n;
extern const struct gt_uni_case gt_uni__case[];
extern const size_t gt_uni__case_n;

#endif
