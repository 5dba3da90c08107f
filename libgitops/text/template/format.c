#include "text/template/format_impl.h"

#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "text/number.h"
#include "text/template/quote.h"

static void print_value(struct fmt *p, struct gt_value v, uint32_t verb, unsigned depth);

static void bad_verb(struct fmt *p, struct gt_value v, uint32_t verb)
{
	struct fmt plain = {.out = p->out, .a = p->a};

	gt_buf_adds(p->out, "%!");
	gt_utf8_encode(p->out, verb);
	gt_buf_addc(p->out, '(');
	if (gt_value_is_nil(v)) {
		gt_buf_adds(p->out, "<nil>");
	} else {
		gt_buf_adds(p->out, gt_value_type(v));
		gt_buf_addc(p->out, '=');
		print_value(&plain, v, 'v', 0);
	}
	gt_buf_addc(p->out, ')');
}

/* --- strings ------------------------------------------------------------------------------ */

/* The first prec characters. */
static struct gt_str cut(const struct fmt *p, struct gt_str s)
{
	size_t len, i = 0;

	if (!p->f.has_prec)
		return s;
	for (int n = 0; n < p->f.prec && i < s.n; n++, i += len)
		gt_utf8_decode(gt_str_from(s, i), &len);
	return gt_str_sub(s, 0, i);
}

static void print_hex(struct fmt *p, struct gt_str s, bool upper)
{
	gt_auto_buf text = {0};
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	const char *prefix = !p->f.sharp ? "" : upper ? "0X" : "0x";
	size_t n = p->f.has_prec && (size_t)p->f.prec < s.n ? (size_t)p->f.prec : s.n;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (i && p->f.space)
			gt_buf_addc(&text, ' ');
		if (i == 0 || p->f.space)
			gt_buf_adds(&text, prefix);
		gt_buf_addc(&text, digits[c >> 4]);
		gt_buf_addc(&text, digits[c & 15]);
	}
	fmt__pad(p, gt_buf_str(&text));
}

static void print_quoted(struct fmt *p, struct gt_str s)
{
	gt_auto_buf text = {0};

	s = cut(p, s);
	if (p->f.sharp && gt_utf8_valid(s) && gt_str_find(s, '`') == SIZE_MAX) {
		gt_buf_addc(&text, '`');
		gt_buf_add_str(&text, s);
		gt_buf_addc(&text, '`');
	} else {
		gt_go_quote(&text, s, p->f.plus);
	}
	fmt__pad(p, gt_buf_str(&text));
}

static void print_string(struct fmt *p, struct gt_value v, uint32_t verb)
{
	switch (verb) {
	case 'v':
		if (p->f.go_syntax) {
			print_quoted(p, v.s);
			return;
		}
		fmt__pad(p, cut(p, v.s));
		return;
	case 's': fmt__pad(p, cut(p, v.s)); return;
	case 'x':
	case 'X': print_hex(p, v.s, verb == 'X'); return;
	case 'q': print_quoted(p, v.s); return;
	default: bad_verb(p, v, verb);
	}
}

/* --- numbers ------------------------------------------------------------------------------ */

static void print_rune(struct fmt *p, uint64_t u, uint32_t verb)
{
	gt_auto_buf text = {0};
	uint32_t rune = u > 0x10ffff ? GT_RUNE_ERROR : (uint32_t)u;

	if (verb == 'c')
		gt_utf8_encode(&text, rune);
	else
		gt_go_quote_rune(&text, rune, p->f.plus);
	fmt__pad(p, gt_buf_str(&text));
}

static void print_integer(struct fmt *p, struct gt_value v, uint32_t verb)
{
	bool negative = gt_value_is_int(v) && v.i < 0;

	switch (verb) {
	case 'v':
	case 'd': fmt__integer(p, v.u, negative, 10, 'd', false); return;
	case 'b': fmt__integer(p, v.u, negative, 2, 'b', false); return;
	case 'o':
	case 'O': fmt__integer(p, v.u, negative, 8, (char)verb, false); return;
	case 'x':
	case 'X': fmt__integer(p, v.u, negative, 16, 'x', verb == 'X'); return;
	case 'c':
	case 'q': print_rune(p, v.u, verb); return;
	case 'U': fmt__unicode(p, v.u); return;
	default: bad_verb(p, v, verb);
	}
}

static void print_float(struct fmt *p, struct gt_value v, uint32_t verb)
{
	if (verb < 0x80 && verb && strchr("veEfFgGxX", (int)verb))
		fmt__float(p, v.f, (char)verb);
	else
		bad_verb(p, v, verb);
}

static void print_complex(struct fmt *p, struct gt_value v, uint32_t verb)
{
	bool plus = p->f.plus;

	if (!verb || verb >= 0x80 || !strchr("veEfFgGxX", (int)verb)) {
		bad_verb(p, v, verb);
		return;
	}
	gt_buf_addc(p->out, '(');
	fmt__float(p, v.re, (char)verb);
	p->f.plus = true;
	fmt__float(p, v.im, (char)verb);
	p->f.plus = plus;
	gt_buf_adds(p->out, "i)");
}

/* --- collections -------------------------------------------------------------------------- */

static void print_list(struct fmt *p, struct gt_value v, uint32_t verb, unsigned depth)
{
	uint32_t n = gt_vlist_n(v);

	if (p->f.go_syntax) {
		gt_buf_adds(p->out, gt_value_type(v));
		if (!v.list) {
			gt_buf_adds(p->out, "(nil)");
			return;
		}
	}
	gt_buf_addc(p->out, p->f.go_syntax ? '{' : '[');
	for (uint32_t i = 0; i < n && !p->out->failed; i++) {
		if (i)
			gt_buf_adds(p->out, p->f.go_syntax ? ", " : " ");
		print_value(p, gt_vlist_at(v, i), verb, depth + 1);
	}
	gt_buf_addc(p->out, p->f.go_syntax ? '}' : ']');
}

static void print_bytes(struct fmt *p, struct gt_value v, uint32_t verb)
{
	if (verb == 's' || verb == 'x' || verb == 'X' || verb == 'q') {
		print_string(p, v, verb);
		return;
	}
	struct gt_value byte = {.kind = GT_V_UINT8};
	gt_buf_adds(p->out, p->f.go_syntax ? "[]byte{" : "[");
	for (size_t i = 0; i < v.s.n; i++) {
		if (i)
			gt_buf_adds(p->out, p->f.go_syntax ? ", " : " ");
		byte.u = (unsigned char)v.s.p[i];
		print_integer(p, byte, verb);
	}
	gt_buf_addc(p->out, p->f.go_syntax ? '}' : ']');
}

static void print_map(struct fmt *p, struct gt_value v, uint32_t verb, unsigned depth)
{
	const struct gt_ventry *e;

	gt_buf_adds(p->out, p->f.go_syntax ? gt_value_type(v) : "map");
	if (p->f.go_syntax && !v.map) {
		gt_buf_adds(p->out, "(nil)");
		return;
	}
	gt_buf_addc(p->out, p->f.go_syntax ? '{' : '[');
	for (uint32_t i = 0; (e = gt_vmap_at(p->a, v.map, i)) != NULL && !p->out->failed; i++) {
		struct gt_value value = e->value;

		if (i)
			gt_buf_adds(p->out, p->f.go_syntax ? ", " : " ");
		print_value(p, gt_vstr(gt_strn(e->key, e->len)), verb, depth + 1);
		gt_buf_addc(p->out, ':');
		value.iface = v.kind == GT_V_MAP || v.kind == GT_V_VALUES;
		print_value(p, value, verb, depth + 1);
	}
	gt_buf_addc(p->out, p->f.go_syntax ? '}' : ']');
}

static void print_object(struct fmt *p, struct gt_value v, uint32_t verb)
{
	gt_auto_buf text = {0};

	if (v.obj->cls->print)
		v.obj->cls->print(&text, v.obj);
	print_string(p, gt_vstr(gt_buf_str(&text)), verb);
}

static void print_nil(struct fmt *p, uint32_t verb, unsigned depth)
{
	if (p->f.go_syntax && depth) {
		gt_buf_adds(p->out, "interface {}(nil)");
	} else if (verb == 'v' || depth) {
		fmt__pad(p, GT_STR_LIT("<nil>"));
	} else {
		bad_verb(p, GT_VALUE_NIL, verb);
	}
}

static void print_value(struct fmt *p, struct gt_value v, uint32_t verb, unsigned depth)
{
	if (depth > GT_LIMIT_DEPTH) {
		p->out->failed = true; /* a map that contains itself has no end */
		return;
	}
	switch ((enum gt_vkind)v.kind) {
	case GT_V_INVALID:
	case GT_V_NIL: print_nil(p, verb, depth); return;
	case GT_V_BOOL:
		if (verb != 't' && verb != 'v')
			bad_verb(p, v, verb);
		else
			fmt__pad(p, v.b ? GT_STR_LIT("true") : GT_STR_LIT("false"));
		return;
	case GT_V_FLOAT: print_float(p, v, verb); return;
	case GT_V_COMPLEX: print_complex(p, v, verb); return;
	case GT_V_STR: print_string(p, v, verb); return;
	case GT_V_BYTES: print_bytes(p, v, verb); return;
	case GT_V_OBJ: print_object(p, v, verb); return;
	default: break;
	}
	if (gt_value_is_list(v))
		print_list(p, v, verb, depth);
	else if (gt_value_is_map(v))
		print_map(p, v, verb, depth);
	else
		print_integer(p, v, verb);
}

void gt_value_print(struct gt_buf *out, struct gt_arena *a, struct gt_value v)
{
	struct fmt p = {.out = out, .a = a};
	char text[GT_DOUBLE_TEXT];

	if (v.kind == GT_V_STR) {
		gt_buf_add_str(out, v.s);
	} else if (v.kind == GT_V_FLOAT) {
		gt_double_g(v.f, text);
		gt_buf_adds(out, text);
	} else {
		print_value(&p, v, 'v', 0);
	}
}

struct gt_str gt_value_str(struct gt_arena *a, struct gt_value v)
{
	gt_auto_buf text = {0};

	if (v.kind == GT_V_STR || v.kind == GT_V_BYTES)
		return v.s;
	gt_value_print(&text, a, v);
	if (text.failed)
		a->failed = true;
	return gt_arena_str(a, gt_buf_str(&text));
}

void gt_fmt_print(struct gt_buf *out, struct gt_arena *a, const struct gt_value *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i && v[i].kind != GT_V_STR && v[i - 1].kind != GT_V_STR)
			gt_buf_addc(out, ' ');
		gt_value_print(out, a, v[i]);
	}
}

void gt_fmt_println(struct gt_buf *out, struct gt_arena *a, const struct gt_value *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			gt_buf_addc(out, ' ');
		gt_value_print(out, a, v[i]);
	}
	gt_buf_addc(out, '\n');
}

/* --- Sprintf ------------------------------------------------------------------------------ */

struct scan {
	struct gt_str s;
	size_t i;
	const struct gt_value *v;
	size_t n, arg;
	bool reordered, after_index, good_index;
};

static bool take_flag(struct fmt_spec *f, char c)
{
	switch (c) {
	case '#': f->sharp = true; return true;
	case '0': f->zero = true; return true;
	case '+': f->plus = true; return true;
	case '-': f->minus = true; return true;
	case ' ': f->space = true; return true;
	default: return false;
	}
}

static bool scan_int(struct scan *sc, int *ret)
{
	size_t start = sc->i;
	int v = 0;

	for (; sc->i < sc->s.n && sc->s.p[sc->i] >= '0' && sc->s.p[sc->i] <= '9'; sc->i++) {
		if (v > FMT_WIDTH_MAX)
			return false;
		v = v * 10 + (sc->s.p[sc->i] - '0');
	}
	*ret = v;
	return sc->i > start && v <= FMT_WIDTH_MAX;
}

/* [n] sets the operand that comes next. */
static void scan_index(struct scan *sc)
{
	size_t close;
	struct scan number = *sc;
	int v = 0;

	if (sc->i >= sc->s.n || sc->s.p[sc->i] != '[')
		return;
	sc->reordered = true;
	close = gt_str_find(gt_str_from(sc->s, sc->i), ']');
	if (close == SIZE_MAX) {
		sc->good_index = false;
		sc->i++;
		return;
	}
	number.i = sc->i + 1;
	bool ok = scan_int(&number, &v) && number.i == sc->i + close;
	sc->i += close + 1;
	if (ok && v >= 1 && (size_t)v <= sc->n) {
		sc->arg = (size_t)v - 1;
		sc->after_index = true;
	} else {
		sc->good_index = false;
	}
}

/* The operand of a '*'. */
static bool star(struct scan *sc, int *ret)
{
	if (sc->arg >= sc->n)
		return false;
	struct gt_value v = sc->v[sc->arg++];
	if (!gt_value_is_int(v) || v.i > FMT_WIDTH_MAX || v.i < -FMT_WIDTH_MAX)
		return false;
	*ret = (int)v.i;
	return true;
}

static void scan_width(struct fmt *p, struct scan *sc)
{
	if (sc->i < sc->s.n && sc->s.p[sc->i] == '*') {
		sc->i++;
		p->f.has_width = star(sc, &p->f.width);
		if (!p->f.has_width)
			gt_buf_adds(p->out, "%!(BADWIDTH)");
		if (p->f.width < 0) {
			p->f.width = -p->f.width;
			p->f.minus = true;
			p->f.zero = false;
		}
		sc->after_index = false;
		return;
	}
	p->f.has_width = scan_int(sc, &p->f.width);
	if (sc->after_index && p->f.has_width)
		sc->good_index = false;
}

static void scan_precision(struct fmt *p, struct scan *sc)
{
	if (sc->i + 1 > sc->s.n || sc->i >= sc->s.n || sc->s.p[sc->i] != '.')
		return;
	sc->i++;
	if (sc->after_index)
		sc->good_index = false;
	scan_index(sc);
	if (sc->i < sc->s.n && sc->s.p[sc->i] == '*') {
		sc->i++;
		p->f.has_prec = star(sc, &p->f.prec);
		if (p->f.prec < 0) {
			p->f.prec = 0;
			p->f.has_prec = false;
		}
		if (!p->f.has_prec)
			gt_buf_adds(p->out, "%!(BADPREC)");
		sc->after_index = false;
		return;
	}
	p->f.has_prec = scan_int(sc, &p->f.prec);
	if (!p->f.has_prec) {
		p->f.prec = 0;
		p->f.has_prec = true;
	}
}

static void print_operand(struct fmt *p, struct gt_value v, uint32_t verb)
{
	if (verb == 'T') {
		print_string(p, gt_vcstr(gt_value_type(v)), 's');
		return;
	}
	if (verb == 'v' && p->f.sharp) {
		p->f.sharp = false;
		p->f.go_syntax = true;
	}
	if (verb == 'v' && p->f.plus)
		p->f.plus = false;
	print_value(p, v, verb, 0);
}

static void directive(struct fmt *p, struct scan *sc)
{
	size_t len;

	p->f = (struct fmt_spec){0};
	sc->after_index = false;
	sc->good_index = true;
	while (sc->i < sc->s.n && take_flag(&p->f, sc->s.p[sc->i]))
		sc->i++;
	scan_index(sc);
	scan_width(p, sc);
	scan_precision(p, sc);
	if (!sc->after_index)
		scan_index(sc);
	if (sc->i >= sc->s.n) {
		gt_buf_adds(p->out, "%!(NOVERB)");
		return;
	}
	uint32_t verb = gt_utf8_decode(gt_str_from(sc->s, sc->i), &len);
	sc->i += len;
	if (verb == '%') {
		gt_buf_addc(p->out, '%');
	} else if (!sc->good_index) {
		gt_buf_adds(p->out, "%!");
		gt_utf8_encode(p->out, verb);
		gt_buf_adds(p->out, "(BADINDEX)");
	} else if (sc->arg >= sc->n) {
		gt_buf_adds(p->out, "%!");
		gt_utf8_encode(p->out, verb);
		gt_buf_adds(p->out, "(MISSING)");
	} else {
		print_operand(p, sc->v[sc->arg++], verb);
	}
}

static void put_extra(struct fmt *p, const struct scan *sc)
{
	p->f = (struct fmt_spec){0};
	gt_buf_adds(p->out, "%!(EXTRA ");
	for (size_t i = sc->arg; i < sc->n; i++) {
		if (i > sc->arg)
			gt_buf_adds(p->out, ", ");
		if (gt_value_is_nil(sc->v[i])) {
			gt_buf_adds(p->out, "<nil>");
			continue;
		}
		gt_buf_adds(p->out, gt_value_type(sc->v[i]));
		gt_buf_addc(p->out, '=');
		print_value(p, sc->v[i], 'v', 0);
	}
	gt_buf_addc(p->out, ')');
}

void gt_fmt_printf(struct gt_buf *out, struct gt_arena *a, struct gt_str format,
		   const struct gt_value *v, size_t n)
{
	struct fmt p = {.out = out, .a = a};
	struct scan sc = {.s = format, .v = v, .n = n};

	while (sc.i < format.n && !out->failed) {
		size_t next = gt_str_find(gt_str_from(format, sc.i), '%');

		if (next == SIZE_MAX)
			next = format.n - sc.i;
		gt_buf_add(out, format.p + sc.i, next);
		sc.i += next;
		if (sc.i >= format.n)
			break;
		sc.i++;
		directive(&p, &sc);
	}
	if (!sc.reordered && sc.arg < n)
		put_extra(&p, &sc);
}
