/* fieldsV1: whatever is read and written again reads as the same set. */
#include <stdint.h>

#include "base/limits.h"
#include "ssa/set.h"
#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gt_auto_arena a = {.budget = GT_MIB(16)};
	struct gt_node *fields = NULL;
	struct gt_ssa_set *set = NULL, *again = NULL;

	if (gt_json_parse(&a, gt_strn((const char *)data, size), 0, &fields, NULL) < 0 ||
	    gt_ssa_fields_parse(&a, fields, &set, NULL) < 0)
		return 0;
	struct gt_node *out = gt_ssa_fields_node(&a, set);
	if (gt_arena_check(&a, NULL) < 0)
		return 0;
	if (gt_ssa_fields_parse(&a, out, &again, NULL) == GT_OK && !gt_ssa_set_equal(set, again))
		__builtin_trap();
	struct gt_ssa_set *none = gt_ssa_difference(&a, set, again);
	struct gt_ssa_set *both = gt_ssa_intersection(&a, set, gt_ssa_union(&a, set, again));
	if (gt_arena_check(&a, NULL) == GT_OK &&
	    (!gt_ssa_set_empty(none) || !gt_ssa_set_equal(both, set)))
		__builtin_trap();
	return 0;
}
