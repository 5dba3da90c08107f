/* Quantities: what is written reads back as the same amount, and is then stable. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "schema/quantity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_quantity q, again;
	char buf[GT_QUANTITY_MAX];

	if (gt_quantity_parse(gt_strn((const char *)data, size), &q, NULL) < 0)
		return 0;
	size_t n = gt_quantity_format(&q, buf);
	if (gt_quantity_parse(gt_strn(buf, n), &again, NULL) == 0 &&
	    gt_quantity_cmp(&q, &again) != 0)
		abort();
	gt_quantity_double(&q);
	gt_quantity_round_up(&q, -3);
	return 0;
}
