#include <string.h>

#include "base/enc.h"
#include "base/limits.h"
#include "base/time.h"
#include "schema/normalize.h"
#include "schema/quantity.h"
#include "schema/schema.h"

struct trip {
	struct gt_arena *a;
	struct gt_err *err;
	unsigned depth;
};

static int convert(struct trip *c, struct gt_type t, const struct gt_node *in,
		   struct gt_node **ret);

static struct gt_node *share(const struct gt_node *n)
{
	union {
		const struct gt_node *in;
		struct gt_node *out;
	} u = {n};

	return u.out;
}

static int mismatch(struct trip *c, const struct gt_node *in, const char *want)
{
	return gt_fail(c->err, GT_E_INVALID, "cannot restore %s from %s", want,
		       gt_kind_name(gt_node_kind(in)));
}

/* --- scalars ------------------------------------------------------------------------------- */

static int integer(struct trip *c, const struct gt_node *in, int64_t lo, int64_t hi,
		   struct gt_node **ret)
{
	double d;
	int64_t i;

	if (gt_node_is(in, GT_FLOAT) && gt_node_get_double(in, &d) && d >= -0x1p53 && d <= 0x1p53 &&
	    (double)(int64_t)d == d)
		i = (int64_t)d;
	else if (!gt_node_get_int(in, &i))
		return mismatch(c, in, "an integer");
	if (i < lo || i > hi)
		return gt_fail(c->err, GT_E_INVALID, "%lld does not fit", (long long)i);
	*ret = gt_node_int(c->a, i);
	return GT_OK;
}

static int base64(struct trip *c, const struct gt_node *in, struct gt_node **ret)
{
	gt_auto_buf raw = {0};
	gt_auto_buf text = {0};

	if (!gt_node_is(in, GT_STR))
		return mismatch(c, in, "bytes");
	if (!gt_base64_decode(&raw, gt_node_text(in)))
		return gt_fail(c->err, GT_E_INVALID, "illegal base64 data");
	gt_base64_encode(&text, gt_buf_str(&raw));
	*ret = gt_node_strn(c->a, gt_buf_str(&text));
	return GT_OK;
}

static int quantity(struct trip *c, const struct gt_node *in, struct gt_node **ret)
{
	char buf[GT_QUANTITY_MAX];
	struct gt_str text = gt_node_text(in);
	double d;

	if (gt_node_is(in, GT_FLOAT) && gt_node_get_double(in, &d))
		text = gt_node_text(gt_node_float(c->a, d));
	else if (!gt_node_is(in, GT_STR) && !gt_node_is(in, GT_INT))
		return mismatch(c, in, "a quantity");

	int rc = gt_quantity_rewrite(text, buf, &text, c->err);
	if (rc == GT_OK)
		*ret = gt_node_strn(c->a, text);
	return rc;
}

/* MicroTime is read with exactly six decimals. */
static bool has_six_decimals(struct gt_str s)
{
	size_t dot = gt_str_find(s, '.'), n = 0;

	if (dot == SIZE_MAX)
		return false;
	while (dot + 1 + n < s.n && s.p[dot + 1 + n] >= '0' && s.p[dot + 1 + n] <= '9')
		n++;
	return n == 6;
}

static int timestamp(struct trip *c, const struct gt_node *in, bool micro, struct gt_node **ret)
{
	char text[GT_TIME_TEXT];
	int64_t ns;

	if (!gt_node_is(in, GT_STR))
		return mismatch(c, in, "a time");
	if (!gt_rfc3339_parse(gt_node_text(in), &ns) ||
	    (micro && !has_six_decimals(gt_node_text(in))))
		return gt_fail(c->err, GT_E_INVALID, "cannot parse the time");
	*ret = gt_node_str(c->a, micro ? gt_rfc3339_us(ns, text) : gt_rfc3339(ns, text));
	return GT_OK;
}

static int duration(struct trip *c, const struct gt_node *in, struct gt_node **ret)
{
	char text[GT_TIME_TEXT];
	int64_t ns;

	if (!gt_node_is(in, GT_STR))
		return mismatch(c, in, "a duration");
	int rc = gt_duration_parse(gt_node_text(in), &ns, c->err);
	if (rc == GT_OK)
		*ret = gt_node_str(c->a, gt_duration(ns, text));
	return rc;
}

static int scalar(struct trip *c, enum gt_type_scalar s, const struct gt_node *in,
		  struct gt_node **ret)
{
	bool number = gt_node_is(in, GT_INT) || gt_node_is(in, GT_FLOAT);

	*ret = share(in);
	switch (s) {
	case GT_SCALAR_ANY: return GT_OK;
	case GT_SCALAR_STRING: return gt_node_is(in, GT_STR) ? GT_OK : mismatch(c, in, "a string");
	case GT_SCALAR_BOOL: return gt_node_is(in, GT_BOOL) ? GT_OK : mismatch(c, in, "a boolean");
	case GT_SCALAR_DOUBLE: return number ? GT_OK : mismatch(c, in, "a number");
	case GT_SCALAR_INT32: return integer(c, in, INT32_MIN, INT32_MAX, ret);
	case GT_SCALAR_INT64: return integer(c, in, INT64_MIN, INT64_MAX, ret);
	case GT_SCALAR_INT_OR_STRING:
		if (gt_node_is(in, GT_STR))
			return GT_OK;
		return gt_node_is(in, GT_INT) ? integer(c, in, INT32_MIN, INT32_MAX, ret)
					      : mismatch(c, in, "an integer or a string");
	case GT_SCALAR_BYTES: return base64(c, in, ret);
	case GT_SCALAR_QUANTITY: return quantity(c, in, ret);
	case GT_SCALAR_TIME: return timestamp(c, in, false, ret);
	case GT_SCALAR_MICRO_TIME: return timestamp(c, in, true, ret);
	case GT_SCALAR_DURATION: return duration(c, in, ret);
	}
	return mismatch(c, in, "a value");
}

static struct gt_node *zero_scalar(struct trip *c, enum gt_type_scalar s)
{
	switch (s) {
	case GT_SCALAR_STRING: return gt_node_str(c->a, "");
	case GT_SCALAR_BOOL: return gt_node_bool(c->a, false);
	case GT_SCALAR_DOUBLE:
	case GT_SCALAR_INT32:
	case GT_SCALAR_INT64:
	case GT_SCALAR_INT_OR_STRING: return gt_node_int(c->a, 0);
	case GT_SCALAR_QUANTITY: return gt_node_str(c->a, "0");
	case GT_SCALAR_DURATION: return gt_node_str(c->a, "0s");
	default: return gt_node_null(c->a);
	}
}

/* --- containers ---------------------------------------------------------------------------- */

/* What Go writes for a value that was not there. */
static int zero(struct trip *c, struct gt_type t, struct gt_node **ret)
{
	switch (gt_type_kind(t)) {
	case GT_TYPE_SCALAR: *ret = zero_scalar(c, gt_type_scalar(t)); return GT_OK;
	case GT_TYPE_STRUCT: return convert(c, t, gt_node_map(c->a), ret);
	default: *ret = gt_node_null(c->a); return GT_OK;
	}
}

static int convert_or_zero(struct trip *c, struct gt_type t, const struct gt_node *in,
			   struct gt_node **ret)
{
	return gt_node_is_null(in) ? zero(c, t, ret) : convert(c, t, in, ret);
}

static int list(struct trip *c, struct gt_type t, const struct gt_node *in, struct gt_node **ret)
{
	struct gt_node *out = gt_node_seq(c->a);

	if (!gt_node_is(in, GT_SEQ))
		return mismatch(c, in, "a list");
	for (size_t i = 0; i < gt_node_count(in); i++) {
		struct gt_node *item = NULL;

		if (convert_or_zero(c, gt_type_elem(t), gt_node_item(in, i), &item) < 0)
			return gt_wrap(c->err, "item %zu", i);
		gt_node_append(c->a, out, item);
	}
	*ret = out;
	return GT_OK;
}

static int map(struct trip *c, struct gt_type t, const struct gt_node *in, struct gt_node **ret)
{
	struct gt_node *out = gt_node_map(c->a);

	if (!gt_node_is(in, GT_MAP))
		return mismatch(c, in, "a map");
	for (size_t i = 0; i < gt_node_count(in); i++) {
		const struct gt_pair *p = gt_node_pair(in, i);
		struct gt_node *v = NULL;

		if (convert_or_zero(c, gt_type_elem(t), p->value, &v) < 0)
			return gt_wrap(c->err, "%.*s", (int)p->len, p->key);
		gt_node_setn(c->a, out, gt_strn(p->key, p->len), v);
	}
	gt_node_sort_keys(out, false);
	*ret = out;
	return GT_OK;
}

/* Go's notion of empty; structs and types with a JSON form of their own never are. */
static bool is_empty(struct gt_type t, const struct gt_node *v)
{
	enum gt_type_kind kind = gt_type_kind(t);
	int64_t i;
	double d;

	if (kind == GT_TYPE_LIST || kind == GT_TYPE_MAP)
		return gt_node_count(v) == 0;
	if (kind != GT_TYPE_SCALAR)
		return false;
	switch (gt_type_scalar(t)) {
	case GT_SCALAR_STRING:
	case GT_SCALAR_BYTES: return gt_node_text(v).n == 0;
	case GT_SCALAR_BOOL: return !gt_node_truth(v, true);
	case GT_SCALAR_INT32:
	case GT_SCALAR_INT64: return gt_node_get_int(v, &i) && i == 0;
	case GT_SCALAR_DOUBLE: return gt_node_get_double(v, &d) && d == 0;
	default: return false;
	}
}

static int struct_field(struct trip *c, const struct gt_field *f, const struct gt_node *in,
			struct gt_node *out)
{
	bool pointer = f->flags & GT_FIELD_POINTER, omit = f->flags & GT_FIELD_OMITEMPTY;
	struct gt_node *v = NULL;
	int rc;

	if (gt_node_is_null(in) && pointer) {
		if (!omit)
			gt_node_set(c->a, out, f->name, gt_node_null(c->a));
		return GT_OK;
	}
	if (gt_node_is_null(in) && omit && gt_type_kind(f->type) == GT_TYPE_UNTYPED &&
	    !gt_type_is_atomic(f->type))
		return GT_OK;
	rc = convert_or_zero(c, f->type, in, &v);
	if (rc < 0)
		return rc;
	if (!pointer && omit && is_empty(f->type, v))
		return GT_OK;
	if (f->flags & GT_FIELD_OMITZERO && gt_node_is_null(v))
		return GT_OK;
	gt_node_set(c->a, out, f->name, v);
	return GT_OK;
}

static int structure(struct trip *c, struct gt_type t, const struct gt_node *in,
		     struct gt_node **ret)
{
	struct gt_node *out = gt_node_map(c->a);
	size_t n = gt_type_field_count(t);

	if (!gt_node_is(in, GT_MAP))
		return mismatch(c, in, "a struct");
	for (size_t i = 0; i < n; i++) {
		struct gt_field f;

		gt_type_field_at(t, i, &f);
		if (struct_field(c, &f, gt_node_get(in, f.name), out) < 0)
			return gt_wrap(c->err, "%s", f.name);
	}
	*ret = out;
	return GT_OK;
}

static int convert(struct trip *c, struct gt_type t, const struct gt_node *in, struct gt_node **ret)
{
	int rc = GT_OK;

	if (c->depth >= GT_LIMIT_DEPTH)
		return gt_fail(c->err, GT_E_BUDGET, "nested deeper than %d", GT_LIMIT_DEPTH);
	c->depth++;
	switch (gt_type_kind(t)) {
	case GT_TYPE_SCALAR: rc = scalar(c, gt_type_scalar(t), in, ret); break;
	case GT_TYPE_LIST: rc = list(c, t, in, ret); break;
	case GT_TYPE_MAP: rc = map(c, t, in, ret); break;
	case GT_TYPE_STRUCT: rc = structure(c, t, in, ret); break;
	default: *ret = share(in); break;
	}
	c->depth--;
	return rc;
}

int gt_typed_round_trip(struct gt_arena *a, struct gt_type t, const struct gt_node *in,
			struct gt_node **ret, struct gt_err *err)
{
	struct gt_err own;
	struct trip c = {.a = a, .err = err ? err : &own};
	struct gt_node *out = NULL;

	if (!in)
		in = gt_node_null(a);
	int rc = convert(&c, t, in, &out);
	if (gt_arena_check(a, err) < 0)
		return GT_E_BUDGET;
	if (rc < 0)
		return rc;
	*ret = out;
	return GT_OK;
}
