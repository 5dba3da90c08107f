/* A constraint, a newline, a version. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "text/semver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_str text = gt_strn((const char *)data, size);
	struct gt_str constraint = gt_str_sub(text, 0, gt_str_find(text, '\n'));
	gt_auto_arena a = {0};
	gt_auto_buf out = {0};
	struct gt_constraint *c;
	struct gt_semver v, again;

	int rc = gt_constraint_parse(&a, constraint, &c, NULL);
	if (gt_semver_parse(gt_str_from(text, constraint.n + 1), &v, NULL) < 0)
		return 0;
	if (rc >= 0)
		gt_constraint_match(c, &v);
	gt_semver_write(&out, &v);
	if (gt_semver_parse_strict(gt_buf_str(&out), &again, NULL) >= 0 &&
	    gt_semver_cmp(&v, &again) != 0)
		abort();
	return 0;
}
