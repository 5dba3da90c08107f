/* {"schema": ..., "value": ...}: any schema, any value. */
#include <stdint.h>

#include "base/limits.h"
#include "openapi/openapi.h"
#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gt_auto_arena a = {.budget = GT_MIB(16)};
	struct gt_node *doc = NULL, *value;
	struct gt_openapi *s = NULL;
	struct gt_field_errors errs;

	if (gt_json_parse(&a, gt_strn((const char *)data, size), 0, &doc, NULL) < 0)
		return 0;
	gt_field_errors_init(&errs, &a);
	gt_openapi_check_schema(gt_node_get(doc, "schema"), "schema", &errs);
	if (gt_openapi_new(gt_node_get(doc, "schema"), &s, NULL) < 0)
		return 0;
	value = gt_node_get(doc, "value");
	gt_openapi_prune(s, value, NULL, NULL);
	gt_openapi_default(s, &a, value);
	gt_openapi_validate(s, value, gt_node_get(doc, "old"), &errs);
	gt_openapi_free(s);
	return 0;
}
