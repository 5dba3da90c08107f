/*
 * What is particular to a built-in kind when it is written: fields that only the server sets, what
 * may not change, what must hold.  A row a kind; kinds without a row have no particulars.
 */
#ifndef AS_STRATEGY_H
#define AS_STRATEGY_H

#include "call.h"
#include "openapi/openapi.h"

struct as_strategy {
	const char *group, *plural;
	/* After tracking, before validation: allocates, generates, folds.  May be NULL. */
	int (*prepare_create)(struct as_call *c, struct gt_node *obj);
	int (*prepare_update)(struct as_call *c, const struct gt_node *live, struct gt_node *obj);
	/* live is NULL on create. */
	void (*validate)(struct as_call *c, const struct gt_node *live, const struct gt_node *obj,
			 struct gt_field_errors *errs);
};

/* NULL: none. */
const struct as_strategy *as_strategy_find(const struct as_resource *r);

/* The rows, by area; each ends with a row without plural. */
extern const struct as_strategy as_strategies_core[];
extern const struct as_strategy as_strategies_workload[];
extern const struct as_strategy as_strategies_other[];

/* Reports a change of a field that may not change. */
void as_immutable(struct gt_field_errors *errs, const char *field, const struct gt_node *old,
		  const struct gt_node *now);

/* Whether metadata.generation goes up. */
bool as_generation_changes(const struct as_resource *r, const struct as_version *v,
			   const struct gt_node *live, const struct gt_node *obj);

#endif
