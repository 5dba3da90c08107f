/* Defaults, conditions, and what a value is; required and fail. */
#include <string.h>

#include "text/sprig/sprig_impl.h"

static int fn_default(struct gt_tmpl_call *c)
{
	c->ret = c->n < 2 || !gt_value_truth(c->arg[1]) ? c->arg[0] : c->arg[1];
	return GT_OK;
}

static int fn_empty(struct gt_tmpl_call *c)
{
	return sprig__bool(c, !gt_value_truth(c->arg[0]));
}

static int fn_coalesce(struct gt_tmpl_call *c)
{
	c->ret = GT_VALUE_NIL;
	for (size_t i = 0; i < c->n; i++) {
		if (gt_value_truth(c->arg[i])) {
			c->ret = c->arg[i];
			break;
		}
	}
	return GT_OK;
}

static int fn_all(struct gt_tmpl_call *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (!gt_value_truth(c->arg[i]))
			return sprig__bool(c, false);
	}
	return sprig__bool(c, true);
}

static int fn_any(struct gt_tmpl_call *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (gt_value_truth(c->arg[i]))
			return sprig__bool(c, true);
	}
	return sprig__bool(c, false);
}

static int fn_ternary(struct gt_tmpl_call *c)
{
	c->ret = c->arg[c->arg[2].b ? 0 : 1];
	return GT_OK;
}

static int fn_type_of(struct gt_tmpl_call *c)
{
	return sprig__str(c, gt_str(gt_value_type(c->arg[0])));
}

static int fn_type_is(struct gt_tmpl_call *c)
{
	return sprig__bool(c, gt_str_is(c->arg[0].s, gt_value_type(c->arg[1])));
}

static int fn_type_is_like(struct gt_tmpl_call *c)
{
	const char *type = gt_value_type(c->arg[1]);

	return sprig__bool(c, gt_str_is(c->arg[0].s, type) ||
				      (type[0] == '*' && gt_str_is(c->arg[0].s, type + 1)));
}

static int fn_kind_of(struct gt_tmpl_call *c)
{
	return sprig__str(c, gt_str(gt_value_kind(c->arg[0])));
}

static int fn_kind_is(struct gt_tmpl_call *c)
{
	return sprig__bool(c, gt_str_is(c->arg[0].s, gt_value_kind(c->arg[1])));
}

static int fn_deep_equal(struct gt_tmpl_call *c)
{
	return sprig__bool(c, gt_value_equal(c->arg[0], c->arg[1]));
}

static int fn_required(struct gt_tmpl_call *c)
{
	struct gt_value v = c->arg[1];

	if (gt_value_is_nil(v) || (v.kind == GT_V_STR && v.s.n == 0))
		return gt_tmpl_throw_warning(c, c->arg[0].s);
	c->ret = v;
	return GT_OK;
}

static int fn_fail(struct gt_tmpl_call *c)
{
	return gt_tmpl_throw_warning(c, c->arg[0].s);
}

/* Names are not looked up: a rendering must not depend on the network it runs in. */
static int fn_get_host_by_name(struct gt_tmpl_call *c)
{
	return sprig__str(c, GT_STR_LIT(""));
}

const struct gt_tmpl_func gt_sprig_values[] = {
	{"all", "a*", fn_all},           {"any", "a*", fn_any},
	{"coalesce", "a*", fn_coalesce}, {"deepEqual", "aa", fn_deep_equal},
	{"default", "aa*", fn_default},  {"empty", "a", fn_empty},
	{"fail", "s", fn_fail},          {"getHostByName", "s", fn_get_host_by_name},
	{"kindIs", "sa", fn_kind_is},    {"kindOf", "a", fn_kind_of},
	{"required", "sa", fn_required}, {"ternary", "aab", fn_ternary},
	{"typeIs", "sa", fn_type_is},    {"typeIsLike", "sa", fn_type_is_like},
	{"typeOf", "a", fn_type_of},     {0},
};
