#include "text/template/gonum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

#define NUMBER_TEXT_MAX 4096

/* Underscores separate digits, or stand between a base prefix and the first digit. */
static bool underscores_ok(struct gt_str s)
{
	size_t i = s.n && (s.p[0] == '+' || s.p[0] == '-');
	char before = '^';
	bool hex = false;

	if (i + 1 < s.n && s.p[i] == '0' && strchr("bBoOxX", s.p[i + 1])) {
		hex = (s.p[i + 1] | 0x20) == 'x';
		i += 2;
		before = '0';
	}
	for (; i < s.n; i++) {
		char c = s.p[i], lower = (char)(c | 0x20);

		if ((c >= '0' && c <= '9') || (hex && lower >= 'a' && lower <= 'f')) {
			before = '0';
		} else if (c == '_') {
			if (before != '0')
				return false;
			before = '_';
		} else {
			if (before == '_')
				return false;
			before = '!';
		}
	}
	return before != '_';
}

static unsigned digit_value(char c)
{
	char lower = (char)(c | 0x20);

	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return lower >= 'a' && lower <= 'z' ? (unsigned)(lower - 'a') + 10 : 99;
}

static bool digits(struct gt_str s, unsigned base, bool underscores, uint64_t *ret)
{
	uint64_t v = 0;
	bool any = false;

	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = digit_value(s.p[i]);

		if (s.p[i] == '_' && underscores)
			continue;
		if (digit >= base || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit, &v))
			return false;
		any = true;
	}
	*ret = v;
	return any;
}

bool gt_go_uint0(struct gt_str s, uint64_t *ret)
{
	unsigned base = 10;
	struct gt_str body = s;

	if (s.n >= 2 && s.p[0] == '0') {
		char c = (char)(s.p[1] | 0x20);
		size_t skip = c == 'x' || c == 'o' || c == 'b' ? 2 : 1;

		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		body = gt_str_from(s, skip);
	}
	return digits(body, base, true, ret) && underscores_ok(s);
}

static bool with_sign(bool negative, uint64_t u, int64_t *ret)
{
	if (u > (uint64_t)INT64_MAX + negative)
		return false;
	*ret = negative ? (int64_t)-u : (int64_t)u;
	return true;
}

bool gt_go_int0(struct gt_str s, int64_t *ret)
{
	bool negative = s.n && s.p[0] == '-', sign = negative || (s.n && s.p[0] == '+');
	uint64_t u;

	return gt_go_uint0(gt_str_from(s, sign), &u) && with_sign(negative, u, ret);
}

bool gt_go_int(struct gt_str s, unsigned base, int64_t *ret)
{
	bool negative = s.n && s.p[0] == '-', sign = negative || (s.n && s.p[0] == '+');
	uint64_t u;

	return digits(gt_str_from(s, sign), base, false, &u) && with_sign(negative, u, ret);
}

static bool special_float(struct gt_str s, double *ret)
{
	bool negative = s.n && s.p[0] == '-', sign = negative || (s.n && s.p[0] == '+');
	struct gt_str word = gt_str_from(s, sign);

	if (gt_str_ieq(word, gt_str("inf")) || gt_str_ieq(word, gt_str("infinity")))
		*ret = negative ? -HUGE_VAL : HUGE_VAL;
	else if (!sign && gt_str_ieq(word, gt_str("nan")))
		*ret = NAN;
	else
		return false;
	return true;
}

static size_t run(struct gt_str s, size_t i, bool hex)
{
	size_t n = 0;

	while (i + n < s.n && digit_value(s.p[i + n]) < (hex ? 16u : 10u))
		n++;
	return n;
}

/* [+-] digits [. digits] [exponent], without underscores. */
static bool is_float_form(struct gt_str s)
{
	size_t i = s.n && (s.p[0] == '+' || s.p[0] == '-');
	bool hex = i + 1 < s.n && s.p[i] == '0' && (s.p[i + 1] | 0x20) == 'x';

	i += hex ? 2 : 0;
	size_t n = run(s, i, hex);
	i += n;
	if (i < s.n && s.p[i] == '.') {
		size_t fraction = run(s, i + 1, hex);

		n += fraction;
		i += 1 + fraction;
	}
	if (n == 0)
		return false;
	if (i < s.n && (s.p[i] | 0x20) == (hex ? 'p' : 'e')) {
		i++;
		i += i < s.n && (s.p[i] == '+' || s.p[i] == '-');
		n = run(s, i, false);
		return n > 0 && i + n == s.n;
	}
	return i == s.n && !hex;
}

bool gt_go_float(struct gt_str s, double *ret)
{
	char small[128];
	gt_autofree char *large = NULL;
	char *text = small;
	size_t n = 0;

	if (special_float(s, ret))
		return true;
	if (s.n == 0 || s.n > NUMBER_TEXT_MAX || !underscores_ok(s))
		return false;
	if (s.n >= sizeof small)
		text = large = gt_xmalloc(s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '_')
			text[n++] = s.p[i];
	}
	text[n] = '\0';
	if (!is_float_form(gt_strn(text, n)))
		return false;
	*ret = strtod(text, NULL);
	return isfinite(*ret);
}
