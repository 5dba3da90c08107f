/* Patches: {"doc":..., "patch":..., "merge":..., "smp":...}; the inputs must stay as they are. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "text/json.h"
#include "text/patch.h"
#include "text/smp.h"

/* Every list merges by name, so that all of the list code is reached. */
static bool any_field(const struct gt_smp_schema *s, const void *type, struct gt_str name,
		      struct gt_smp_field *ret_field)
{
	(void)s;
	*ret_field = (struct gt_smp_field){GT_SMP_MERGE, name.n % 3 ? "name" : NULL, type};
	return true;
}

static const void *any_element(const struct gt_smp_schema *s, const void *type)
{
	(void)s;
	return type;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct gt_smp_schema schema = {.field = any_field, .element = any_element};
	static const struct gt_json_patch_opts opts = {.negative_indices = true,
						       .create_missing = true};
	gt_auto_arena a = {0};
	struct gt_node *in, *out;
	struct gt_err err;

	gt_arena_init(&a, (size_t)64 << 20);
	if (gt_json_parse(&a, gt_strn((const char *)data, size), 0, &in, NULL) < 0)
		return 0;
	uint64_t before = gt_node_hash(in);
	struct gt_node *doc = gt_node_get(in, "doc"), *merge = gt_node_get(in, "merge");

	gt_json_patch(&a, doc, gt_node_get(in, "patch"), &opts, &out, &err);
	gt_smp_apply(&a, &schema, &schema, doc, gt_node_get(in, "smp"), &out, &err);
	struct gt_node *merged = gt_merge_patch(&a, doc, merge);
	struct gt_node *diff = gt_merge_diff(&a, doc, merged);
	if (!a.failed && merge && gt_node_is(doc, GT_MAP) && gt_node_is(merged, GT_MAP) && diff &&
	    gt_node_is(gt_merge_patch(&a, doc, diff), GT_MAP))
		gt_node_hash(gt_merge_patch(&a, doc, diff));
	if (gt_node_hash(in) != before)
		abort();
	return 0;
}
