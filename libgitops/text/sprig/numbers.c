/* Conversion to numbers, integer and float arithmetic. */
#include <math.h>
#include <string.h>

#include "base/rand.h"
#include "text/number.h"
#include "text/sprig/decimal_impl.h"
#include "text/sprig/sprig_impl.h"
#include "text/template/gonum.h"

/* --- conversion --------------------------------------------------------------------------- */

/* Without a fraction that is all zeros: "5.00" is 5. */
static struct gt_str trim_zero_fraction(struct gt_str s)
{
	bool zero = false;

	for (size_t i = s.n; i > 0; i--) {
		if (s.p[i - 1] == '.')
			return zero ? gt_str_sub(s, 0, i - 1) : s;
		if (s.p[i - 1] != '0')
			return s;
		zero = true;
	}
	return s;
}

static int64_t int_of_float(double f)
{
	if (!(f >= -9223372036854775808.0 && f < 9223372036854775808.0))
		return INT64_MIN;
	return (int64_t)f;
}

int64_t sprig__int64(struct gt_value v)
{
	int64_t i;

	if (gt_value_is_int(v) || gt_value_is_uint(v))
		return v.i;
	switch ((enum gt_vkind)v.kind) {
	case GT_V_BOOL: return v.b;
	case GT_V_FLOAT: return int_of_float(v.f);
	case GT_V_STR: return gt_go_int0(trim_zero_fraction(v.s), &i) ? i : 0;
	default: return 0;
	}
}

double sprig__float64(struct gt_value v)
{
	double f;

	if (gt_value_is_int(v))
		return (double)v.i;
	if (gt_value_is_uint(v))
		return (double)v.u;
	switch ((enum gt_vkind)v.kind) {
	case GT_V_BOOL: return v.b;
	case GT_V_FLOAT: return v.f;
	case GT_V_STR: return gt_go_float(v.s, &f) ? f : 0;
	default: return 0;
	}
}

static int ret_int64(struct gt_tmpl_call *c, int64_t i)
{
	c->ret = gt_vint64(i);
	return GT_OK;
}

static int ret_float(struct gt_tmpl_call *c, double f)
{
	c->ret = gt_vfloat(f);
	return GT_OK;
}

static int fn_int(struct gt_tmpl_call *c)
{
	c->ret = gt_vint(sprig__int64(c->arg[0]));
	return GT_OK;
}

static int fn_int64(struct gt_tmpl_call *c)
{
	return ret_int64(c, sprig__int64(c->arg[0]));
}

static int fn_float64(struct gt_tmpl_call *c)
{
	return ret_float(c, sprig__float64(c->arg[0]));
}

static int fn_atoi(struct gt_tmpl_call *c)
{
	int64_t i;

	c->ret = gt_vint(gt_go_int(c->arg[0].s, 10, &i) ? i : 0);
	return GT_OK;
}

static int fn_to_decimal(struct gt_tmpl_call *c)
{
	gt_auto_buf text = {0};
	int64_t i;

	gt_value_print(&text, c->a, c->arg[0]);
	return ret_int64(c, gt_go_int(gt_buf_str(&text), 8, &i) ? i : 0);
}

/* --- integers; overflow wraps ------------------------------------------------------------- */

static int64_t wrap_add(int64_t x, int64_t y)
{
	return (int64_t)((uint64_t)x + (uint64_t)y);
}

static int fn_add(struct gt_tmpl_call *c)
{
	int64_t sum = 0;

	for (size_t i = 0; i < c->n; i++)
		sum = wrap_add(sum, sprig__int64(c->arg[i]));
	return ret_int64(c, sum);
}

static int fn_add1(struct gt_tmpl_call *c)
{
	return ret_int64(c, wrap_add(sprig__int64(c->arg[0]), 1));
}

static int fn_sub(struct gt_tmpl_call *c)
{
	uint64_t x = (uint64_t)sprig__int64(c->arg[0]), y = (uint64_t)sprig__int64(c->arg[1]);

	return ret_int64(c, (int64_t)(x - y));
}

static int fn_mul(struct gt_tmpl_call *c)
{
	uint64_t product = 1;

	for (size_t i = 0; i < c->n; i++)
		product *= (uint64_t)sprig__int64(c->arg[i]);
	return ret_int64(c, (int64_t)product);
}

static int divide(struct gt_tmpl_call *c, bool rest)
{
	int64_t x = sprig__int64(c->arg[0]), y = sprig__int64(c->arg[1]);

	if (y == 0)
		return gt_tmpl_throw(c, "runtime error: integer divide by zero");
	if (y == -1)
		return ret_int64(c, rest ? 0 : (int64_t)(0 - (uint64_t)x));
	return ret_int64(c, rest ? x % y : x / y);
}

static int fn_div(struct gt_tmpl_call *c)
{
	return divide(c, false);
}

static int fn_mod(struct gt_tmpl_call *c)
{
	return divide(c, true);
}

static int fn_max(struct gt_tmpl_call *c)
{
	int64_t best = sprig__int64(c->arg[0]);

	for (size_t i = 1; i < c->n; i++) {
		int64_t x = sprig__int64(c->arg[i]);

		best = x > best ? x : best;
	}
	return ret_int64(c, best);
}

static int fn_min(struct gt_tmpl_call *c)
{
	int64_t best = sprig__int64(c->arg[0]);

	for (size_t i = 1; i < c->n; i++) {
		int64_t x = sprig__int64(c->arg[i]);

		best = x < best ? x : best;
	}
	return ret_int64(c, best);
}

static int fn_rand_int(struct gt_tmpl_call *c)
{
	int64_t low = c->arg[0].i, high = c->arg[1].i;
	uint64_t span, x, limit;

	if (high <= low)
		return gt_tmpl_throw(c, "invalid argument to Intn");
	span = (uint64_t)high - (uint64_t)low;
	limit = UINT64_MAX - UINT64_MAX % span;
	do
		gt_rand_bytes(&x, sizeof x);
	while (x >= limit);
	c->ret = gt_vint((int64_t)((uint64_t)low + x % span));
	return GT_OK;
}

/* --- sequences ---------------------------------------------------------------------------- */

/* How many steps there are from start up to, and without, stop. */
static uint64_t steps(int64_t start, int64_t stop, int64_t step)
{
	uint64_t span, stride;

	if (step == 0 || (step > 0 && start >= stop) || (step < 0 && start <= stop))
		return 0;
	span = step > 0 ? (uint64_t)stop - (uint64_t)start : (uint64_t)start - (uint64_t)stop;
	stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
	return span / stride + (span % stride != 0);
}

static int int_list(struct gt_tmpl_call *c, int64_t start, int64_t stop, int64_t step)
{
	uint64_t n = steps(start, stop, step);
	int rc = gt_tmpl_charge(c, n);

	if (rc < 0)
		return rc;
	c->ret = gt_vlist_new(c->a, GT_V_INTS, 0);
	for (uint64_t i = 0; i < n && !c->a->failed; i++)
		gt_vlist_add(c->a, c->ret, gt_vint(start + (int64_t)i * step));
	return GT_OK;
}

static int fn_until(struct gt_tmpl_call *c)
{
	return int_list(c, 0, c->arg[0].i, c->arg[0].i < 0 ? -1 : 1);
}

static int fn_until_step(struct gt_tmpl_call *c)
{
	return int_list(c, c->arg[0].i, c->arg[1].i, c->arg[2].i);
}

static int fn_seq(struct gt_tmpl_call *c)
{
	int64_t start = 1, stop, step = 1;
	gt_auto_buf out = {0};

	if (c->n == 0 || c->n > 3)
		return sprig__str(c, GT_STR_LIT(""));
	stop = c->arg[c->n - 1].i;
	if (c->n > 1)
		start = c->arg[0].i;
	if (c->n == 3)
		step = c->arg[1].i;
	else if (stop < start)
		step = -1;
	int64_t edge = step > 0 ? (stop == INT64_MAX ? stop : stop + 1)
				: (stop == INT64_MIN ? stop : stop - 1);
	uint64_t n = steps(start, edge, step);
	int rc = gt_tmpl_charge(c, n);
	for (uint64_t i = 0; rc == GT_OK && i < n; i++)
		gt_buf_printf(&out, "%s%lld", i ? " " : "", (long long)(start + (int64_t)i * step));
	return rc < 0 ? rc : gt_tmpl_return_buf(c, &out);
}

/* --- floats ------------------------------------------------------------------------------- */

typedef bool (*decimal_op)(struct gt_arena *a, struct sprig_decimal x, struct sprig_decimal y,
			   struct sprig_decimal *ret);

static int not_finite(struct gt_tmpl_call *c, double d)
{
	return gt_tmpl_throw(c, "Cannot create a Decimal from %s",
			     isnan(d) ? "NaN"
			     : d > 0  ? "+Inf"
				      : "-Inf");
}

/* Folds the operands; negate turns a sum into a difference. */
static int decimal_fold(struct gt_tmpl_call *c, double first, const struct gt_value *rest, size_t n,
			decimal_op op, bool negate)
{
	struct sprig_decimal acc;

	if (!isfinite(first))
		return not_finite(c, first);
	acc = sprig__decimal(c->a, first);
	for (size_t i = 0; i < n; i++) {
		double d = sprig__float64(rest[i]);

		if (!isfinite(d))
			return not_finite(c, d);
		struct sprig_decimal x = sprig__decimal(c->a, d);
		if (op == sprig__decimal_div && !x.n)
			return gt_tmpl_throw(c, "decimal division by 0");
		x.negative ^= negate && x.n;
		if (!op(c->a, acc, x, &acc))
			return gt_tmpl_throw_budget(c, "digit");
	}
	return ret_float(c, sprig__decimal_double(c->a, acc));
}

static int fn_addf(struct gt_tmpl_call *c)
{
	return decimal_fold(c, 0, c->arg, c->n, sprig__decimal_add, false);
}

static int fn_add1f(struct gt_tmpl_call *c)
{
	struct gt_value one = gt_vint(1);

	return decimal_fold(c, sprig__float64(c->arg[0]), &one, 1, sprig__decimal_add, false);
}

static int fn_subf(struct gt_tmpl_call *c)
{
	return decimal_fold(c, sprig__float64(c->arg[0]), c->arg + 1, c->n - 1, sprig__decimal_add,
			    true);
}

static int fn_mulf(struct gt_tmpl_call *c)
{
	return decimal_fold(c, sprig__float64(c->arg[0]), c->arg + 1, c->n - 1, sprig__decimal_mul,
			    false);
}

static int fn_divf(struct gt_tmpl_call *c)
{
	return decimal_fold(c, sprig__float64(c->arg[0]), c->arg + 1, c->n - 1, sprig__decimal_div,
			    false);
}

static int fn_maxf(struct gt_tmpl_call *c)
{
	double best = sprig__float64(c->arg[0]);

	for (size_t i = 1; i < c->n; i++)
		best = fmax(best, sprig__float64(c->arg[i]));
	return ret_float(c, best);
}

static int fn_minf(struct gt_tmpl_call *c)
{
	double best = sprig__float64(c->arg[0]);

	for (size_t i = 1; i < c->n; i++)
		best = fmin(best, sprig__float64(c->arg[i]));
	return ret_float(c, best);
}

static int fn_floor(struct gt_tmpl_call *c)
{
	return ret_float(c, floor(sprig__float64(c->arg[0])));
}

static int fn_ceil(struct gt_tmpl_call *c)
{
	return ret_float(c, ceil(sprig__float64(c->arg[0])));
}

/* The fraction keeps its sign, so negative numbers always go down. */
static int fn_round(struct gt_tmpl_call *c)
{
	double value = sprig__float64(c->arg[0]), on = 0.5, whole;

	if (c->n > 2)
		on = sprig__float64(c->arg[2]);
	double power = pow(10, (double)c->arg[1].i);
	double digit = power * value;
	double fraction = modf(digit, &whole);
	return ret_float(c, (fraction >= on ? ceil(digit) : floor(digit)) / power);
}

const struct gt_tmpl_func gt_sprig_numbers[] = {
	{"add", "a*", fn_add},
	{"add1", "a", fn_add1},
	{"add1f", "a", fn_add1f},
	{"addf", "a*", fn_addf},
	{"atoi", "s", fn_atoi},
	{"biggest", "aa*", fn_max},
	{"ceil", "a", fn_ceil},
	{"div", "aa", fn_div},
	{"divf", "aa*", fn_divf},
	{"float64", "a", fn_float64},
	{"floor", "a", fn_floor},
	{"int", "a", fn_int},
	{"int64", "a", fn_int64},
	{"max", "aa*", fn_max},
	{"maxf", "aa*", fn_maxf},
	{"min", "aa*", fn_min},
	{"minf", "aa*", fn_minf},
	{"mod", "aa", fn_mod},
	{"mul", "aa*", fn_mul},
	{"mulf", "aa*", fn_mulf},
	{"randInt", "ii", fn_rand_int},
	{"round", "aif*", fn_round},
	{"seq", "i*", fn_seq},
	{"sub", "aa", fn_sub},
	{"subf", "aa*", fn_subf},
	{"toDecimal", "a", fn_to_decimal},
	{"until", "i", fn_until},
	{"untilStep", "iii", fn_until_step},
	{0},
};
