/* A chart archive: unpacked, read, rendered. */
#include <stddef.h>
#include <stdint.h>

#include "helm/render.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gt_auto_arena a = {.budget = (size_t)32 << 20};
	struct gt_str bytes = gt_strn((const char *)data, size);
	struct gt_helm_opts opts = {
		.release = GT_STR_LIT("r"), .namespace_ = GT_STR_LIT("n"), .max_steps = 20000};
	struct gt_helm_output out;
	struct gt_chart *chart;
	struct gt_err err;

	if (gt_chart_load_archive(&a, gt_source_mem(&bytes), &chart, &err) == GT_OK)
		gt_helm_render(&a, chart, GT_VALUE_NIL, &opts, &out, &err);
	return 0;
}
