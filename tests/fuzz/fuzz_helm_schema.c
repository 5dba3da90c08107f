/* A schema, a zero byte, and the document that it is for. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "helm/schema_impl.h"
#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gt_auto_arena a = {.budget = (size_t)32 << 20};
	const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
	gt_auto_buf out = {.max = (size_t)1 << 20};
	struct gt_node *doc;

	if (!zero)
		return 0;
	struct gt_str text = gt_strn((const char *)zero + 1, size - (size_t)(zero - data) - 1);
	if (gt_json_parse(&a, text, 0, &doc, NULL) == GT_OK)
		helm__check_schema(&a, gt_strn((const char *)data, (size_t)(zero - data)), doc,
				   &out);
	return 0;
}
