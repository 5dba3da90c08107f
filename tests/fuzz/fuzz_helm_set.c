/* Every grammar of --set over a map that has something in it. */
#include <stddef.h>
#include <stdint.h>

#include "helm/values.h"

static int no_file(void *arg, struct gt_str name, struct gt_buf *out, struct gt_err *err)
{
	(void)arg;
	(void)err;
	gt_buf_add_str(out, name);
	return GT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int kind = GT_SET; kind <= GT_SET_LITERAL; kind++) {
		gt_auto_arena a = {.budget = (size_t)16 << 20};
		struct gt_value values;
		struct gt_err err;

		if (gt_values_parse(&a, gt_str("a: {b: [1, {c: d}]}\ne: f\n"), &values, NULL) < 0)
			return 0;
		gt_values_set(&a, values, gt_strn((const char *)data, size), (enum gt_set_kind)kind,
			      no_file, NULL, &err);
	}
	return 0;
}
