/*
 * Values of a chart, of the chart below it, and of a user, separated by zero bytes: merged,
 * coalesced, looked up by conditions and imports.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "helm/values.h"

#define CHART                                                                                    \
	"apiVersion: v2\nname: top\nversion: 1.0.0\ndependencies:\n- {name: sub, version: '*', " \
	"condition: 'sub.on,on', tags: [t], alias: al, import-values: [x, {child: c, parent: "   \
	"p}]}\n"

static struct gt_str next(struct gt_str *rest)
{
	size_t zero = gt_str_find(*rest, '\0');
	struct gt_str part = gt_str_sub(*rest, 0, zero == SIZE_MAX ? rest->n : zero);

	*rest = gt_str_from(*rest, zero == SIZE_MAX ? rest->n : zero + 1);
	return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gt_auto_arena a = {.budget = (size_t)32 << 20};
	struct gt_str rest = gt_strn((const char *)data, size);
	struct gt_str top = next(&rest), sub = next(&rest);
	struct gt_chart_files files = {0};
	struct gt_value user, all;
	struct gt_chart *chart;
	struct gt_err err;

	gt_chart_files_add(&a, &files, gt_str("Chart.yaml"), gt_str(CHART));
	gt_chart_files_add(&a, &files, gt_str("values.yaml"), top);
	gt_chart_files_add(&a, &files, gt_str("charts/sub/Chart.yaml"),
			   gt_str("name: sub\nversion: 1.0.0\n"));
	gt_chart_files_add(&a, &files, gt_str("charts/sub/values.yaml"), sub);
	if (gt_chart_load_files(&a, &files, &chart, &err) < 0 ||
	    gt_values_parse(&a, rest, &user, &err) < 0)
		return 0;
	if (gt_chart_process_dependencies(&a, chart, user, &err) == GT_OK)
		gt_values_coalesce(&a, chart, user, false, &all, &err);
	return 0;
}
