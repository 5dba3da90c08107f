/* A JSONPath template, run over a small document. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "text/json.h"
#include "text/jsonpath.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char doc[] =
		"{\"a\":[1,2.5,\"x\",true,null,{\"b\":1}],\"items\":[{\"n\":\"a\","
		"\"t\":\"R\"},{\"n\":\"b\",\"t\":\"Q\"}],\"m\":{\"x\":{}}}";
	gt_auto_arena a = {0};
	gt_auto_buf out = {0};
	struct gt_jsonpath *path;
	struct gt_node *n, *values;

	gt_arena_init(&a, (size_t)16 << 20);
	gt_buf_init(&out, (size_t)16 << 20);
	if (gt_json_parse(&a, gt_str(doc), 0, &n, NULL) < 0)
		abort();
	if (gt_jsonpath_parse(&a, gt_strn((const char *)data, size), &path, NULL) < 0)
		return 0;
	gt_jsonpath_find(&a, path, n, true, &values, NULL);
	/* A nest of ranges multiplies the work by design; it stays small here. */
	if (size < 128)
		gt_jsonpath_print(&a, &out, path, n, true, NULL);
	return 0;
}
