/* Ignore patterns, a line with a path first. */
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "text/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_str text = gt_strn((const char *)data, size);
	size_t line = gt_str_find(text, '\n');
	struct gt_str path = gt_str_sub(text, 0, line);
	struct gt_ignore *ig = gt_ignore_new();
	gt_autofree char *name = gt_xstrndup(path.p ? path.p : "", path.n);

	gt_ignore_add(ig, gt_str_from(text, path.n), "", NULL);
	gt_ignore_add(ig, gt_str_from(text, path.n), "a", NULL);
	ig = gt_ignore_compose_take(ig);
	gt_ignore_match(ig, name, false);
	gt_ignore_match(ig, name, true);
	gt_ignore_free(ig);
	gt_ignore_glob(text, path);
	return 0;
}
