/* Any document as an object to normalise, and as the schema of a custom resource. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "schema/dynamic.h"
#include "schema/normalize.h"
#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Visits every field once; types of a schema are a tree, those of the tables are left alone. */
static void visit(struct gt_type t)
{
	if (t.set)
		return;
	for (size_t i = 0; i < gt_type_field_count(t); i++) {
		struct gt_field f;

		gt_type_field_at(t, i, &f);
		gt_type_child(t, f.name, strlen(f.name));
		visit(f.type);
	}
	if (gt_type_kind(t) == GT_TYPE_LIST || gt_type_kind(t) == GT_TYPE_MAP)
		visit(gt_type_elem(t));
	gt_type_key(t, 1);
	gt_type_enum(t, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gt_auto_arena a = {.budget = (size_t)8 << 20};
	struct gt_node *doc = NULL;
	struct gt_type t;

	if (gt_json_parse(&a, gt_strn((const char *)data, size), 0, &doc, NULL) < 0)
		return 0;
	if (gt_dynamic_type(&a, doc, &t, NULL) == GT_OK)
		visit(t);
	if (gt_node_is(doc, GT_MAP))
		gt_normalize(&a, doc, NULL);
	return 0;
}
