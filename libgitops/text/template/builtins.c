/* The functions that every Go template has. */
#include <string.h>

#include "base/enc.h"
#include "base/utf8.h"
#include "text/template/format.h"
#include "text/template/template.h"
#include "text/template/unicode.h"

/* --- comparison --------------------------------------------------------------------------- */

enum basic { B_INVALID, B_NONE, B_BOOL, B_INT, B_UINT, B_FLOAT, B_STRING };

static enum basic basic_of(struct gt_value v)
{
	if (gt_value_is_nil(v))
		return B_INVALID;
	if (gt_value_is_int(v))
		return B_INT;
	if (gt_value_is_uint(v))
		return B_UINT;
	switch ((enum gt_vkind)v.kind) {
	case GT_V_BOOL: return B_BOOL;
	case GT_V_FLOAT: return B_FLOAT;
	case GT_V_STR: return B_STRING;
	default: return B_NONE;
	}
}

/* Nil in the sense of a comparison: no value, or a nil list or map. */
static bool is_nil(struct gt_value v)
{
	if (gt_value_is_nil(v))
		return true;
	if (gt_value_is_list(v))
		return !v.list;
	return gt_value_is_map(v) && !v.map;
}

static int incompatible(struct gt_tmpl_call *c, struct gt_value x, struct gt_value y)
{
	return gt_tmpl_throw(c, "incompatible types for comparison: %s and %s", gt_value_type(x),
			     gt_value_type(y));
}

static int not_comparable(struct gt_tmpl_call *c, struct gt_value v)
{
	gt_auto_buf text = {0};

	gt_buf_adds(&text, "non-comparable type ");
	gt_fmt_printf(&text, c->a, GT_STR_LIT("%s"), &v, 1);
	gt_buf_printf(&text, ": %s", gt_value_type(v));
	return gt_tmpl_throw_str(c, gt_buf_str(&text));
}

static int equal_others(struct gt_tmpl_call *c, struct gt_value x, struct gt_value y, bool *ret)
{
	if (is_nil(x) || is_nil(y)) {
		*ret = is_nil(x) == is_nil(y);
		return GT_OK;
	}
	if (y.kind != GT_V_OBJ)
		return not_comparable(c, y);
	*ret = gt_value_equal(x, y);
	return GT_OK;
}

static int equal(struct gt_tmpl_call *c, struct gt_value x, struct gt_value y, bool *ret)
{
	enum basic k1 = basic_of(x), k2 = basic_of(y);

	*ret = false;
	if ((k1 == B_INT && k2 == B_UINT) || (k1 == B_UINT && k2 == B_INT)) {
		*ret = (k1 == B_INT ? x.i : y.i) >= 0 && x.u == y.u;
		return GT_OK;
	}
	/* A list against nothing compares as nil does. */
	if ((k1 == B_NONE && k2 == B_INVALID) || (k1 == B_INVALID && k2 == B_NONE))
		return equal_others(c, x, y, ret);
	if (k1 != k2)
		return k1 == B_INVALID || k2 == B_INVALID ? GT_OK : incompatible(c, x, y);
	switch (k1) {
	case B_BOOL: *ret = x.b == y.b; return GT_OK;
	case B_FLOAT: *ret = x.f == y.f; return GT_OK;
	case B_STRING: *ret = gt_str_eq(x.s, y.s); return GT_OK;
	case B_INT:
	case B_UINT: *ret = x.u == y.u; return GT_OK;
	default: return equal_others(c, x, y, ret);
	}
}

static int less(struct gt_tmpl_call *c, struct gt_value x, struct gt_value y, bool *ret)
{
	enum basic k1 = basic_of(x), k2 = basic_of(y);

	if (k1 <= B_NONE || k2 <= B_NONE)
		return gt_tmpl_throw(c, "invalid type for comparison");
	if (k1 == B_INT && k2 == B_UINT)
		*ret = x.i < 0 || (uint64_t)x.i < y.u;
	else if (k1 == B_UINT && k2 == B_INT)
		*ret = y.i >= 0 && x.u < (uint64_t)y.i;
	else if (k1 != k2)
		return incompatible(c, x, y);
	else if (k1 == B_FLOAT)
		*ret = x.f < y.f;
	else if (k1 == B_INT)
		*ret = x.i < y.i;
	else if (k1 == B_UINT)
		*ret = x.u < y.u;
	else if (k1 == B_STRING)
		*ret = gt_str_cmp(x.s, y.s) < 0;
	else
		return gt_tmpl_throw(c, "invalid type for comparison");
	return GT_OK;
}

static int fn_eq(struct gt_tmpl_call *c)
{
	bool same = false;
	int rc = GT_OK;

	if (c->n < 2)
		return gt_tmpl_throw(c, "missing argument for comparison");
	for (size_t i = 1; rc == GT_OK && !same && i < c->n; i++)
		rc = equal(c, c->arg[0], c->arg[i], &same);
	c->ret = gt_vbool(same);
	return rc;
}

static int fn_ne(struct gt_tmpl_call *c)
{
	bool same;
	int rc = equal(c, c->arg[0], c->arg[1], &same);

	c->ret = gt_vbool(!same);
	return rc;
}

static int less_or_equal(struct gt_tmpl_call *c, bool *ret)
{
	int rc = less(c, c->arg[0], c->arg[1], ret);

	return rc < 0 || *ret ? rc : equal(c, c->arg[0], c->arg[1], ret);
}

static int fn_lt(struct gt_tmpl_call *c)
{
	bool yes = false;
	int rc = less(c, c->arg[0], c->arg[1], &yes);

	c->ret = gt_vbool(yes);
	return rc;
}

static int fn_le(struct gt_tmpl_call *c)
{
	bool yes = false;
	int rc = less_or_equal(c, &yes);

	c->ret = gt_vbool(yes);
	return rc;
}

static int fn_gt(struct gt_tmpl_call *c)
{
	bool yes = false;
	int rc = less_or_equal(c, &yes);

	c->ret = gt_vbool(!yes);
	return rc;
}

static int fn_ge(struct gt_tmpl_call *c)
{
	bool yes = false;
	int rc = less(c, c->arg[0], c->arg[1], &yes);

	c->ret = gt_vbool(!yes);
	return rc;
}

static int fn_not(struct gt_tmpl_call *c)
{
	c->ret = gt_vbool(!gt_value_truth(c->arg[0]));
	return GT_OK;
}

/* --- index, len --------------------------------------------------------------------------- */

static int index_position(struct gt_tmpl_call *c, struct gt_value index, size_t n, size_t *ret)
{
	if (gt_value_is_nil(index))
		return gt_tmpl_throw(c, "cannot index slice/array with nil");
	if (!gt_value_is_int(index) && !gt_value_is_uint(index))
		return gt_tmpl_throw(c, "cannot index slice/array with type %s",
				     gt_value_type(index));
	if (index.i < 0 || index.u > n)
		return gt_tmpl_throw(c, "index out of range: %lld", (long long)index.i);
	if (index.u == n)
		return gt_tmpl_throw(c, "reflect: slice index out of range");
	*ret = (size_t)index.u;
	return GT_OK;
}

static int index_step(struct gt_tmpl_call *c, struct gt_value item, struct gt_value index,
		      struct gt_value *ret)
{
	size_t at;
	int rc;

	if (gt_value_is_map(item)) {
		if (gt_value_is_nil(index))
			return gt_tmpl_throw(c, "value is nil; should be of type string");
		if (index.kind != GT_V_STR)
			return gt_tmpl_throw(c, "value has type %s; should be string",
					     gt_value_type(index));
		*ret = gt_vmap_get(item, index.s);
		return GT_OK;
	}
	if (gt_value_is_list(item)) {
		rc = index_position(c, index, gt_vlist_n(item), &at);
		if (rc == GT_OK)
			*ret = gt_vlist_at(item, at);
		return rc;
	}
	if (item.kind == GT_V_STR || item.kind == GT_V_BYTES) {
		rc = index_position(c, index, item.s.n, &at);
		if (rc == GT_OK)
			*ret = (struct gt_value){.kind = GT_V_UINT8,
						 .u = (unsigned char)item.s.p[at]};
		return rc;
	}
	return gt_tmpl_throw(c, "can't index item of type %s", gt_value_type(item));
}

static int fn_index(struct gt_tmpl_call *c)
{
	struct gt_value item = c->arg[0];

	if (gt_value_is_nil(item))
		return gt_tmpl_throw(c, "index of untyped nil");
	for (size_t i = 1; i < c->n; i++) {
		if (gt_value_is_nil(item))
			return gt_tmpl_throw(c, "index of nil pointer");
		int rc = index_step(c, item, c->arg[i], &item);
		if (rc < 0)
			return rc;
	}
	c->ret = item;
	return GT_OK;
}

static int fn_len(struct gt_tmpl_call *c)
{
	struct gt_value v = c->arg[0];

	if (v.kind == GT_V_INVALID)
		return gt_tmpl_throw(c, "reflect: call of reflect.Value.Type on zero Value");
	if (v.kind == GT_V_NIL)
		return gt_tmpl_throw(c, "len of nil pointer");
	if (v.kind == GT_V_STR || v.kind == GT_V_BYTES)
		c->ret = gt_vint((int64_t)v.s.n);
	else if (gt_value_is_list(v))
		c->ret = gt_vint(gt_vlist_n(v));
	else if (gt_value_is_map(v))
		c->ret = gt_vint(gt_vmap_n(v));
	else
		return gt_tmpl_throw(c, "len of type %s", gt_value_type(v));
	return GT_OK;
}

static int fn_call(struct gt_tmpl_call *c)
{
	if (gt_value_is_nil(c->arg[0]))
		return gt_tmpl_throw(c, "call of nil");
	struct gt_str name = c->self.kind == GT_V_STR ? c->self.s : GT_STR_LIT("<value>");
	return gt_tmpl_throw(c, "non-function %.*s of type %s", GT_STR_ARG(name),
			     gt_value_type(c->arg[0]));
}

/* --- printing and escaping ---------------------------------------------------------------- */

static int fn_print(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	gt_fmt_print(&out, c->a, c->arg, c->n);
	return gt_tmpl_return_buf(c, &out);
}

static int fn_println(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	gt_fmt_println(&out, c->a, c->arg, c->n);
	return gt_tmpl_return_buf(c, &out);
}

static int fn_printf(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	gt_fmt_printf(&out, c->a, c->arg[0].s, c->arg + 1, c->n - 1);
	return gt_tmpl_return_buf(c, &out);
}

/* The text that an escaper works on: one string as it is, others as printed. */
static void escaper_text(struct gt_tmpl_call *c, struct gt_buf *out)
{
	for (size_t i = 0; i < c->n; i++) {
		struct gt_value v = c->arg[i];

		if (i && v.kind != GT_V_STR && c->arg[i - 1].kind != GT_V_STR)
			gt_buf_addc(out, ' ');
		if (gt_value_is_nil(v))
			gt_buf_adds(out, "<no value>");
		else
			gt_value_print(out, c->a, v);
	}
}

static int fn_html(struct gt_tmpl_call *c)
{
	gt_auto_buf text = {0}, out = {0};

	escaper_text(c, &text);
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '\0': gt_buf_adds(&out, "\xef\xbf\xbd"); break;
		case '"': gt_buf_adds(&out, "&#34;"); break;
		case '\'': gt_buf_adds(&out, "&#39;"); break;
		case '&': gt_buf_adds(&out, "&amp;"); break;
		case '<': gt_buf_adds(&out, "&lt;"); break;
		case '>': gt_buf_adds(&out, "&gt;"); break;
		default: gt_buf_addc(&out, text.p[i]);
		}
	}
	return gt_tmpl_return_buf(c, &out);
}

static void put_js(struct gt_buf *out, uint32_t rune, struct gt_str raw)
{
	switch (rune) {
	case '\\': gt_buf_adds(out, "\\\\"); return;
	case '\'': gt_buf_adds(out, "\\'"); return;
	case '"': gt_buf_adds(out, "\\\""); return;
	case '<': gt_buf_adds(out, "\\u003C"); return;
	case '>': gt_buf_adds(out, "\\u003E"); return;
	case '&': gt_buf_adds(out, "\\u0026"); return;
	case '=': gt_buf_adds(out, "\\u003D"); return;
	default: break;
	}
	if (gt_uni_is_print(rune) || (rune == GT_RUNE_ERROR && raw.n == 1))
		gt_buf_add_str(out, raw);
	else
		gt_buf_printf(out, "\\u%04X", rune);
}

static int fn_js(struct gt_tmpl_call *c)
{
	gt_auto_buf text = {0}, out = {0};
	size_t len;

	escaper_text(c, &text);
	for (size_t i = 0; i < text.n; i += len) {
		uint32_t rune = gt_utf8_decode(gt_str_from(gt_buf_str(&text), i), &len);

		put_js(&out, rune, gt_strn(text.p + i, len));
	}
	return gt_tmpl_return_buf(c, &out);
}

static int fn_urlquery(struct gt_tmpl_call *c)
{
	gt_auto_buf text = {0}, escaped = {0}, out = {0};

	escaper_text(c, &text);
	gt_percent_encode(&escaped, gt_buf_str(&text), false);
	for (size_t i = 0; i < escaped.n; i++) {
		if (gt_str_starts(gt_str_from(gt_buf_str(&escaped), i), "%20")) {
			gt_buf_addc(&out, '+');
			i += 2;
		} else {
			gt_buf_addc(&out, escaped.p[i]);
		}
	}
	return gt_tmpl_return_buf(c, &out);
}

/* and and or have no code of their own: the evaluator stops at the deciding argument. */
const struct gt_tmpl_func gt_tmpl_builtins[] = {
	{"and", "vv*", NULL},
	{"call", "va*", fn_call},
	{"eq", "vv*", fn_eq},
	{"ge", "vv", fn_ge},
	{"gt", "vv", fn_gt},
	{"html", "a*", fn_html},
	{"index", "vv*", fn_index},
	{"js", "a*", fn_js},
	{"le", "vv", fn_le},
	{"len", "v", fn_len},
	{"lt", "vv", fn_lt},
	{"ne", "vv", fn_ne},
	{"not", "v", fn_not},
	{"or", "vv*", NULL},
	{"print", "a*", fn_print},
	{"printf", "sa*", fn_printf},
	{"println", "a*", fn_println},
	{"urlquery", "a*", fn_urlquery},
	{0},
};
