/* Paths and queries of requests: the first line is the path, the second the query. */
#include <stdint.h>

#include "call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_str text = gt_strn((const char *)data, size);
	size_t line = gt_str_find(text, '\n');
	struct gt_str path = gt_str_sub(text, 0, line == SIZE_MAX ? text.n : line);
	struct gt_str query = line == SIZE_MAX ? gt_str("") : gt_str_from(text, line + 1);
	struct as_call c;

	as_call_init(&c, NULL);
	if (as_target_parse(&c.arena, path, &c.to) && c.to.resource.n == 0)
		__builtin_trap();
	as_query_parse(&c, query);
	as_call_fini(&c);
	return 0;
}
