#include "schema/quantity.h"

#include <stdio.h>
#include <string.h>

typedef unsigned __int128 u128;

#define DIGITS_MAX 36 /* leaves room to multiply by 100 */
#define NANO (-9)
#define FAST_DIGITS 18 /* upstream keeps the text only of numbers this short */

static const char *const si_suffixes[] = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
static const char *const binary_suffixes[] = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};

/* The parts of a text: sign, digits before and after the point, suffix. */
struct parts {
	bool negative;
	struct gt_str whole, fraction; /* whole without leading zeros */
	struct gt_str suffix;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct gt_str take_digits(struct gt_str *s)
{
	size_t n = 0;

	while (n < s->n && is_digit(s->p[n]))
		n++;
	struct gt_str digits = gt_strn(s->p, n);
	*s = gt_str_from(*s, n);
	return digits;
}

/* Letters of any suffix, then an optional signed number. */
static bool is_suffix(struct gt_str s)
{
	while (s.n > 0 && *s.p && strchr("eEinumkKMGTP", *s.p))
		s = gt_str_from(s, 1);
	if (s.n > 0 && (*s.p == '-' || *s.p == '+'))
		s = gt_str_from(s, 1);
	take_digits(&s);
	return s.n == 0;
}

static bool split(struct gt_str s, struct parts *p)
{
	if (s.n > 0 && (*s.p == '-' || *s.p == '+')) {
		p->negative = *s.p == '-';
		s = gt_str_from(s, 1);
	}
	struct gt_str whole = take_digits(&s);
	while (whole.n > 0 && *whole.p == '0')
		whole = gt_str_from(whole, 1);
	p->whole = whole;
	p->fraction = (struct gt_str){0};
	if (s.n > 0 && *s.p == '.') {
		s = gt_str_from(s, 1);
		p->fraction = take_digits(&s);
	}
	p->suffix = s;
	return is_suffix(s);
}

/* Finds the style; *ret_exponent is of ten, or of two in the binary style. */
static bool read_suffix(struct gt_str s, uint8_t *ret_format, int32_t *ret_exponent)
{
	for (size_t i = 0; i < sizeof si_suffixes / sizeof *si_suffixes; i++) {
		if (!gt_str_is(s, si_suffixes[i]))
			continue;
		*ret_format = GT_QUANTITY_DECIMAL_SI;
		*ret_exponent = (int32_t)i * 3 - 9;
		return true;
	}
	for (size_t i = 1; i < sizeof binary_suffixes / sizeof *binary_suffixes; i++) {
		if (!gt_str_is(s, binary_suffixes[i]))
			continue;
		*ret_format = GT_QUANTITY_BINARY_SI;
		*ret_exponent = (int32_t)i * 10;
		return true;
	}
	int64_t e;
	if (s.n < 2 || (*s.p != 'e' && *s.p != 'E') || !gt_str_i64(gt_str_from(s, 1), &e) ||
	    e > INT32_MAX / 2 || e < INT32_MIN / 2)
		return false;
	*ret_format = GT_QUANTITY_EXPONENT;
	*ret_exponent = (int32_t)e;
	return true;
}

/* False when the digits are too many; trailing zeros of a fraction do not count. */
static bool read_digits(const struct parts *p, u128 *ret, int32_t *ret_exponent)
{
	struct gt_str fraction = p->fraction;
	u128 m = 0;

	while (fraction.n > 0 && fraction.p[fraction.n - 1] == '0')
		fraction.n--;
	if (p->whole.n > DIGITS_MAX || fraction.n > DIGITS_MAX - p->whole.n)
		return false;
	for (size_t i = 0; i < p->whole.n; i++)
		m = m * 10 + (unsigned)(p->whole.p[i] - '0');
	for (size_t i = 0; i < fraction.n; i++)
		m = m * 10 + (unsigned)(fraction.p[i] - '0');
	*ret = m;
	*ret_exponent = -(int32_t)fraction.n;
	return true;
}

static u128 power_of_ten(int32_t n)
{
	u128 v = 1;

	while (n-- > 0)
		v *= 10;
	return v;
}

void gt_quantity_round_up(struct gt_quantity *q, int32_t exponent)
{
	if (q->mantissa == 0 || q->exponent >= exponent)
		return;

	int32_t drop = exponent - q->exponent;
	u128 unit = drop > 37 ? 0 : power_of_ten(drop);
	u128 rest = unit ? q->mantissa % unit : q->mantissa;
	q->mantissa = unit ? q->mantissa / unit : 0;
	if (rest)
		q->mantissa++;
	q->exponent = exponent;
	q->as_written = false;
}

/* Multiplies by a power of two and caps; false when the digits are too many. */
static bool scale_binary(struct gt_quantity *q, int32_t power)
{
	const u128 most = INT64_MAX;

	if (q->mantissa > (~(u128)0 >> power)) {
		if (q->exponent < -18)
			return false;
		q->mantissa = most;
		q->exponent = 0;
		return true;
	}
	q->mantissa <<= power;
	gt_quantity_round_up(q, NANO);

	u128 one = power_of_ten(-q->exponent);
	if (q->mantissa / one > most || (q->mantissa / one == most && q->mantissa % one != 0)) {
		q->mantissa = most;
		q->exponent = 0;
	}
	if (q->mantissa < one)
		q->format = GT_QUANTITY_DECIMAL_SI;
	return true;
}

/* The last three decimal digits of whole and fraction together are zero. */
static bool ends_in_thousand(const struct parts *p)
{
	size_t n = p->whole.n + p->fraction.n;

	if (n < 3)
		return false;
	for (size_t i = n - 3; i < n; i++) {
		char c = i < p->whole.n ? p->whole.p[i] : p->fraction.p[i - p->whole.n];
		if (c != '0')
			return false;
	}
	return true;
}

/*
 * upstream: short numbers that look canonical enough are written as they were read ("1.500",
 * "+1", "0100Mi").
 */
static bool is_kept(const struct parts *p, uint8_t format, int32_t exponent, u128 digits)
{
	size_t whole = p->whole.n ? p->whole.n : 1;

	if (p->whole.n == 0 && p->fraction.n == 0 && p->suffix.n == 0)
		return false;
	if (format == GT_QUANTITY_BINARY_SI)
		return p->fraction.n == 0 && (int32_t)whole + exponent * 3 / 10 <= 14 &&
		       (digits & 7) != 0;
	if (whole + p->fraction.n > FAST_DIGITS)
		return false;

	int32_t scale = exponent - (int32_t)p->fraction.n;
	return scale >= NANO && scale % 3 == 0 && p->whole.n > 0 && !ends_in_thousand(p);
}

int gt_quantity_parse(struct gt_str text, struct gt_quantity *ret, struct gt_err *err)
{
	struct gt_str s = gt_str_trim(text);
	struct gt_quantity q = {0};
	struct parts p = {0};
	int32_t exponent;

	if (s.n == 0 || !split(s, &p))
		return gt_fail(err, GT_E_INVALID,
			       "quantities must match the regular expression "
			       "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
	if (!read_suffix(p.suffix, &q.format, &exponent))
		return gt_fail(err, GT_E_INVALID, "unable to parse quantity's suffix");
	if (!read_digits(&p, &q.mantissa, &q.exponent))
		return gt_fail(err, GT_E_INVALID, "unable to parse numeric part of quantity");

	q.as_written = is_kept(&p, q.format, exponent, q.mantissa);
	q.negative = p.negative && q.mantissa != 0;
	if (q.format != GT_QUANTITY_BINARY_SI) {
		q.exponent += exponent;
		gt_quantity_round_up(&q, NANO);
	} else if (!scale_binary(&q, exponent)) {
		return gt_fail(err, GT_E_INVALID, "unable to parse numeric part of quantity");
	}
	*ret = q;
	return GT_OK;
}

/* --- writing ------------------------------------------------------------------------------- */

static size_t put_number(char *buf, bool negative, u128 m, const char *suffix)
{
	char digits[40];
	size_t n = sizeof digits;

	do {
		digits[--n] = (char)('0' + (int)(m % 10));
		m /= 10;
	} while (m);
	int len = snprintf(buf, GT_QUANTITY_MAX, "%s%.*s%s", negative ? "-" : "",
			   (int)(sizeof digits - n), digits + n, suffix);
	return (size_t)len;
}

/* The whole amount, when it is whole and fits 128 bits. */
static bool as_whole(const struct gt_quantity *q, u128 *ret)
{
	if (q->exponent >= 0) {
		if (q->exponent > 37 || q->mantissa > ~(u128)0 / power_of_ten(q->exponent))
			return q->mantissa == 0 && (*ret = 0, true);
		*ret = q->mantissa * power_of_ten(q->exponent);
		return true;
	}
	u128 one = q->exponent < -37 ? 0 : power_of_ten(-q->exponent);
	if (one == 0 || q->mantissa % one != 0)
		return false;
	*ret = q->mantissa / one;
	return true;
}

static size_t format_binary(const struct gt_quantity *q, u128 whole, char *buf)
{
	size_t i = 0;

	while (whole >= 1024 && whole % 1024 == 0 && i < 6) {
		whole /= 1024;
		i++;
	}
	return put_number(buf, q->negative, whole, binary_suffixes[i]);
}

size_t gt_quantity_format(const struct gt_quantity *q, char buf[GT_QUANTITY_MAX])
{
	char suffix[16] = "";
	u128 m = q->mantissa, whole;
	int32_t e = q->exponent;

	if (m == 0)
		return put_number(buf, false, 0, "");
	if (q->format == GT_QUANTITY_BINARY_SI && as_whole(q, &whole) && whole >= 1024)
		return format_binary(q, whole, buf);

	while (m % 10 == 0) {
		m /= 10;
		e++;
	}
	for (; e % 3 != 0; e--)
		m *= 10;
	if (q->format == GT_QUANTITY_EXPONENT) {
		if (e != 0)
			snprintf(suffix, sizeof suffix, "e%d", e);
		return put_number(buf, q->negative, m, suffix);
	}
	for (; e > 18 && m < ~(u128)0 / 1000; e -= 3)
		m *= 1000;
	if (e > 18) /* an amount beyond any suffix */
		snprintf(suffix, sizeof suffix, "e%d", e);
	return put_number(buf, q->negative, m, e > 18 ? suffix : si_suffixes[(e + 9) / 3]);
}

int gt_quantity_rewrite(struct gt_str text, char buf[GT_QUANTITY_MAX], struct gt_str *ret,
			struct gt_err *err)
{
	struct gt_quantity q;
	int rc = gt_quantity_parse(text, &q, err);

	if (rc < 0)
		return rc;
	*ret = q.as_written ? gt_str_trim(text) : gt_strn(buf, gt_quantity_format(&q, buf));
	return GT_OK;
}

/* --- arithmetic ---------------------------------------------------------------------------- */

int gt_quantity_sign(const struct gt_quantity *q)
{
	if (q->mantissa == 0)
		return 0;
	return q->negative ? -1 : 1;
}

/* Compares amounts without sign, both above zero. */
static int compare_amounts(struct gt_quantity a, struct gt_quantity b)
{
	while (a.exponent > b.exponent) {
		if (a.mantissa > ~(u128)0 / 10)
			return 1;
		a.mantissa *= 10;
		a.exponent--;
	}
	while (b.exponent > a.exponent) {
		if (b.mantissa > ~(u128)0 / 10)
			return -1;
		b.mantissa *= 10;
		b.exponent--;
	}
	return a.mantissa < b.mantissa ? -1 : a.mantissa > b.mantissa;
}

int gt_quantity_cmp(const struct gt_quantity *a, const struct gt_quantity *b)
{
	int sa = gt_quantity_sign(a), sb = gt_quantity_sign(b);

	if (sa != sb)
		return sa < sb ? -1 : 1;
	return sa == 0 ? 0 : sa * compare_amounts(*a, *b);
}

bool gt_quantity_int64(const struct gt_quantity *q, int64_t *ret)
{
	u128 whole;

	if (!as_whole(q, &whole) || whole > INT64_MAX)
		return false;
	*ret = q->negative ? -(int64_t)whole : (int64_t)whole;
	return true;
}

double gt_quantity_double(const struct gt_quantity *q)
{
	double d = (double)q->mantissa, scale = 1;
	bool small = q->exponent < 0;

	for (int32_t n = 0; n < 400 && n != (small ? -q->exponent : q->exponent); n++)
		scale *= 10;
	d = small ? d / scale : d * scale;
	return q->negative ? -d : d;
}
