/*
 * Apply and update on any documents: {"live": ..., "config": ..., "fields": [...]}, of a
 * Deployment and of a kind without a schema.  An apply by the same manager again changes nothing.
 */
#include <stdint.h>

#include "base/limits.h"
#include "schema/schema.h"
#include "ssa/apply.h"
#include "ssa/typed.h"
#include "text/json.h"

static void run(struct gt_type type, const struct gt_node *doc)
{
	gt_auto_arena a = {.budget = GT_MIB(32)};
	struct gt_ssa_request req = {
		.arena = &a,
		.type = type,
		.version = gt_str("apps/v1"),
		.manager = gt_str("m"),
		.now = gt_str("2026-01-01T00:00:00Z"),
	};
	const struct gt_node *live = gt_node_get(doc, "live"), *config = gt_node_get(doc, "config");
	struct gt_ssa_managers m = {0};
	struct gt_ssa_conflicts conflicts = {0};
	struct gt_node *out = NULL, *again = NULL;

	if (!gt_node_is(live, GT_MAP) || !gt_node_is(config, GT_MAP) ||
	    gt_ssa_check(type, config, false, NULL) < 0 || gt_ssa_check(type, live, true, NULL) < 0)
		return;
	if (gt_ssa_managers_parse(&a, gt_node_get(doc, "fields"), &m, NULL) < 0)
		m = (struct gt_ssa_managers){0};
	if (gt_ssa_apply(&req, live, config, true, &m, &out, &conflicts, NULL) < 0)
		return;
	if (out && gt_ssa_apply(&req, out, config, false, &m, &again, &conflicts, NULL) == GT_OK &&
	    again &&
	    gt_ssa_apply(&req, again, config, false, &m, &out, &conflicts, NULL) == GT_OK && out)
		__builtin_trap();
	gt_ssa_update(&req, live, config, &m, NULL);
	gt_ssa_managers_node(&a, &m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gt_auto_arena a = {.budget = GT_MIB(8)};
	struct gt_schema_kind kind;
	struct gt_node *doc = NULL;

	if (gt_json_parse(&a, gt_strn((const char *)data, size), 0, &doc, NULL) < 0 ||
	    !gt_schema_find_kind(gt_schema_get(GT_SCHEMA_K8S), "apps", "v1", "Deployment", &kind))
		return 0;
	run(kind.type, doc);
	run(gt_type_deduced(), doc);
	return 0;
}
