#include "strategy.h"

const struct as_strategy *as_strategy_find(const struct as_resource *r)
{
	static const struct as_strategy *const areas[] = {
		as_strategies_core,
		as_strategies_workload,
		as_strategies_other,
	};

	if (r->flags & AS_R_CUSTOM)
		return NULL;
	for (size_t i = 0; i < GT_COUNT(areas); i++) {
		for (const struct as_strategy *s = areas[i]; s->plural; s++) {
			if (as_resource_is(r, s->group, s->plural))
				return s;
		}
	}
	return NULL;
}

void as_immutable(struct gt_field_errors *errs, const char *field, const struct gt_node *old,
		  const struct gt_node *now)
{
	if (gt_node_equal(old, now) || (gt_node_is_null(old) && gt_node_is_null(now)))
		return;
	gt_field_invalid(errs, field, now ? now : gt_node_null(errs->arena), "field is immutable");
}
