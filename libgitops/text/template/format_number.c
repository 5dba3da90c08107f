/* Numbers as fmt's verbs write them. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "text/number.h"
#include "text/template/format_impl.h"
#include "text/template/quote.h"
#include "text/template/unicode.h"

void fmt__pad(struct fmt *p, struct gt_str s)
{
	size_t have = p->f.has_width ? gt_utf8_count(s) : 0;
	size_t fill = p->f.has_width && (size_t)p->f.width > have ? (size_t)p->f.width - have : 0;

	if (!p->f.minus)
		gt_buf_fill(p->out, p->f.zero ? '0' : ' ', fill);
	gt_buf_add_str(p->out, s);
	if (p->f.minus)
		gt_buf_fill(p->out, ' ', fill);
}

/* The sign that goes in front, or 0. */
static char sign_of(const struct fmt *p, bool negative)
{
	return negative ? '-' : p->f.plus ? '+' : p->f.space ? ' ' : '\0';
}

static void put_prefix(struct gt_buf *out, const struct fmt *p, unsigned base, char verb,
		       bool leads_zero, bool upper)
{
	if (verb == 'O') {
		gt_buf_adds(out, "0o");
		return;
	}
	if (!p->f.sharp)
		return;
	if (base == 2)
		gt_buf_adds(out, "0b");
	else if (base == 8 && !leads_zero)
		gt_buf_addc(out, '0');
	else if (base == 16)
		gt_buf_adds(out, upper ? "0X" : "0x");
}

void fmt__integer(struct fmt *p, uint64_t u, bool negative, unsigned base, char verb, bool upper)
{
	const char *digit_chars = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char digits[72];
	size_t at = sizeof digits, least = 0;
	char sign = sign_of(p, negative);
	gt_auto_buf text = {0};
	bool saved_zero = p->f.zero;

	if (p->f.has_prec) {
		least = (size_t)p->f.prec;
		if (least == 0 && u == 0) {
			p->f.zero = false;
			fmt__pad(p, GT_STR_LIT(""));
			p->f.zero = saved_zero;
			return;
		}
	} else if (p->f.zero && !p->f.minus && p->f.has_width) {
		least = (size_t)p->f.width - (sign != 0 && p->f.width > 0);
	}
	if (negative)
		u = -u;
	do
		digits[--at] = digit_chars[u % base];
	while (u /= base);
	size_t n = sizeof digits - at;
	if (sign)
		gt_buf_addc(&text, sign);
	put_prefix(&text, p, base, verb, digits[at] == '0' || least > n, upper);
	if (least > n)
		gt_buf_fill(&text, '0', least - n);
	gt_buf_add(&text, digits + at, n);
	p->f.zero = false;
	fmt__pad(p, gt_buf_str(&text));
	p->f.zero = saved_zero;
}

void fmt__unicode(struct fmt *p, uint64_t u)
{
	gt_auto_buf text = {0};
	int digits = p->f.has_prec && p->f.prec > 4 ? p->f.prec : 4;
	bool saved_zero = p->f.zero;

	gt_buf_printf(&text, "U+%0*llX", digits > 64 ? 64 : digits, (unsigned long long)u);
	if (p->f.sharp && u <= 0x10ffff && gt_uni_is_print((uint32_t)u)) {
		gt_buf_adds(&text, " '");
		gt_utf8_encode(&text, (uint32_t)u);
		gt_buf_addc(&text, '\'');
	}
	p->f.zero = false;
	fmt__pad(p, gt_buf_str(&text));
	p->f.zero = saved_zero;
}

/* The digits of |d|; C and Go agree but on shortest forms and on hexadecimal exponents. */
static void put_magnitude(struct gt_buf *out, const struct fmt *p, double d, char verb)
{
	char text[GT_DOUBLE_TEXT], digits[GT_DOUBLE_TEXT];
	int prec = p->f.has_prec ? p->f.prec : -1, point;
	size_t before = out->n;

	if (prec < 0 && strchr("gGv", verb)) {
		gt_double_g(d, text);
		gt_buf_adds(out, text);
	} else if (prec < 0 && strchr("xX", verb)) {
		gt_buf_printf(out, verb == 'x' ? "%a" : "%A", d);
	} else {
		char cverb = verb == 'F' ? 'f' : verb == 'v' ? 'g' : verb;
		char format[] = {'%', '.', '*', cverb, '\0'};
		if (cverb == 'x' || cverb == 'X')
			format[3] = cverb == 'x' ? 'a' : 'A';
		prec = prec < 0 ? 6 : prec;
		(void)gt_double_digits(d, digits, &point);
		char *room = gt_buf_reserve(out, 400 + (size_t)prec);
		if (room) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			int n = snprintf(room, 400 + (size_t)prec, format, prec, d);
#pragma GCC diagnostic pop
			gt_buf_commit(out, n > 0 ? (size_t)n : 0);
		}
	}
	/* Two digits of exponent at least. */
	char *e = out->p ? memchr(out->p + before, verb == 'X' ? 'P' : 'p', out->n - before) : NULL;
	if (e && strchr("xX", verb) && e + 3 == out->p + out->n) {
		char last = out->p[out->n - 1];
		out->p[out->n - 1] = '0';
		gt_buf_addc(out, last);
	}
}

void fmt__float(struct fmt *p, double d, char verb)
{
	gt_auto_buf text = {0};
	bool saved_zero = p->f.zero, negative = signbit(d) && !isnan(d);
	char sign = sign_of(p, negative);

	if (!isfinite(d)) {
		if (isinf(d) && !sign)
			sign = '+';
		if (sign)
			gt_buf_addc(&text, sign);
		gt_buf_adds(&text, isnan(d) ? "NaN" : "Inf");
		p->f.zero = false;
		fmt__pad(p, gt_buf_str(&text));
		p->f.zero = saved_zero;
		return;
	}
	put_magnitude(&text, p, fabs(d), verb);
	struct gt_str digits = gt_buf_str(&text);
	if (sign && p->f.zero && !p->f.minus && p->f.has_width) {
		gt_buf_addc(p->out, sign);
		p->f.width -= p->f.width > 0;
		fmt__pad(p, digits);
		p->f.width++;
		return;
	}
	gt_auto_buf whole = {0};
	if (sign)
		gt_buf_addc(&whole, sign);
	gt_buf_add_str(&whole, digits);
	fmt__pad(p, gt_buf_str(&whole));
}
