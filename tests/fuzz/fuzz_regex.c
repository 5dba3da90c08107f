/* A pattern, a newline, a text. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "text/regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_str in = gt_strn((const char *)data, size);
	struct gt_str pattern = gt_str_sub(in, 0, gt_str_find(in, '\n'));
	struct gt_str text = gt_str_from(in, pattern.n + 1), groups[12];
	struct gt_regex *re;

	if (gt_regex_new(pattern, &re, NULL) < 0)
		return 0;
	bool found = gt_regex_find(re, text, 0, groups, 12);
	if (found != gt_regex_match(re, text))
		abort();
	for (size_t i = 0; found && i < 12; i++) {
		if (groups[i].p && text.p &&
		    (groups[i].p < text.p || groups[i].p + groups[i].n > text.p + text.n))
			abort();
	}
	gt_regex_free(re);
	return 0;
}
