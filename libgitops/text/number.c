#include "text/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/map.h"

/* Rounds d to n digits; *ret_point is where the decimal point stands. */
static void round_to(double d, int n, char digits[GT_DOUBLE_TEXT], int *ret_point)
{
	char text[GT_DOUBLE_TEXT];
	char *end;

	snprintf(text, sizeof text, "%.*e", n - 1, d);
	digits[0] = text[0];
	if (n > 1)
		memcpy(digits + 1, text + 2, (size_t)n - 1);
	digits[n] = '\0';
	const char *e = strchr(text, 'e');
	*ret_point = e ? (int)strtol(e + 1, &end, 10) + 1 : 1;
}

static bool reads_back(double d, bool narrow, const char *digits, int point)
{
	char text[GT_DOUBLE_TEXT + 16];

	snprintf(text, sizeof text, "0.%se%d", digits, point);
	return narrow ? strtof(text, NULL) == (float)d : strtod(text, NULL) == d;
}

/* narrow: d is a float, and the digits need only tell it from other floats. */
static int shortest(double d, bool narrow, char digits[GT_DOUBLE_TEXT], int *ret_point)
{
	bool normal = narrow ? fpclassify((float)d) == FP_NORMAL : fpclassify(d) == FP_NORMAL;

	d = fabs(d);
	if (d == 0) {
		digits[0] = '0';
		digits[1] = '\0';
		*ret_point = 1;
		return 1;
	}
	/* Every decimal of 15 (6) digits survives, so only denormals need a search from below. */
	for (int n = !normal ? 1 : narrow ? 6 : 15; n <= 17; n++) {
		round_to(d, n, digits, ret_point);
		if (reads_back(d, narrow, digits, *ret_point))
			break;
	}
	int len = (int)strlen(digits);
	while (len > 1 && digits[len - 1] == '0')
		digits[--len] = '\0';
	return len;
}

int gt_double_digits(double d, char digits[GT_DOUBLE_TEXT], int *ret_point)
{
	return shortest(d, false, digits, ret_point);
}

/* d.ddde+XX; Go writes two digits of exponent, its JSON encoder cuts e-0X to e-X. */
static void put_exponent(char *text, const char *digits, int n, int point, bool short_negative)
{
	int e = point - 1;

	*text++ = digits[0];
	if (n > 1) {
		*text++ = '.';
		memcpy(text, digits + 1, (size_t)n - 1);
		text += n - 1;
	}
	*text++ = 'e';
	*text++ = e < 0 ? '-' : '+';
	snprintf(text, 8, short_negative && e < 0 ? "%d" : "%02d", e < 0 ? -e : e);
}

static void put_plain(char *text, const char *digits, int n, int point)
{
	if (point <= 0) {
		memcpy(text, "0.", 2);
		text += 2;
		memset(text, '0', (size_t)-point);
		text += -point;
		memcpy(text, digits, (size_t)n + 1);
		return;
	}
	int whole = n < point ? n : point;
	memcpy(text, digits, (size_t)whole);
	memset(text + whole, '0', (size_t)(point - whole));
	text += point;
	if (n > point) {
		*text++ = '.';
		memcpy(text, digits + point, (size_t)(n - point));
		text += n - point;
	}
	*text = '\0';
}

void gt_double_json(double d, char text[GT_DOUBLE_TEXT])
{
	char digits[GT_DOUBLE_TEXT];
	int point;
	int n = gt_double_digits(d, digits, &point);

	if (signbit(d))
		*text++ = '-';
	if (d != 0 && (point - 1 < -6 || point - 1 >= 21))
		put_exponent(text, digits, n, point, true);
	else
		put_plain(text, digits, n, point);
}

static void put_g(double d, bool narrow, char text[GT_DOUBLE_TEXT])
{
	char digits[GT_DOUBLE_TEXT];
	int point;

	if (!isfinite(d)) {
		memcpy(text, isnan(d) ? "NaN" : d > 0 ? "+Inf" : "-Inf", isnan(d) ? 4 : 5);
		return;
	}
	int n = shortest(d, narrow, digits, &point);
	if (signbit(d))
		*text++ = '-';
	if (d != 0 && (point - 1 < -4 || point - 1 >= 6))
		put_exponent(text, digits, n, point, false);
	else
		put_plain(text, digits, n, point);
}

void gt_double_g(double d, char text[GT_DOUBLE_TEXT])
{
	put_g(d, false, text);
}

void gt_float_g(float f, char text[GT_DOUBLE_TEXT])
{
	put_g((double)f, true, text);
}

/* A JSON number taken apart: value = 0.DIGITS * 10^point, without zeros at either end. */
struct decimal {
	bool negative;
	struct gt_str digits; /* may contain the point; empty for zero */
	size_t n;             /* digits, the point not counted */
	int64_t point;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Exponents beyond this are far outside of any double and of any text that could matter. */
#define EXPONENT_MAX ((int64_t)1 << 60)

static int64_t read_exponent(const char *p, const char *end)
{
	int64_t e = 0;
	bool negative = p < end && *p == '-';

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end && e < EXPONENT_MAX / 16; p++)
		e = e * 10 + (*p - '0');
	return negative ? -e : e;
}

static struct decimal decimal_of(struct gt_str text)
{
	struct decimal d = {0};
	const char *p = text.p, *end = text.p + text.n;
	const char *first = NULL, *last = NULL;
	int64_t whole = 0, first_at = 0;
	bool fraction = false;

	if (p < end && *p == '-') {
		d.negative = true;
		p++;
	}
	for (int64_t at = 0; p < end && *p != 'e' && *p != 'E'; p++) {
		if (*p == '.') {
			fraction = true;
			continue;
		}
		whole += !fraction;
		if (*p != '0') {
			if (!first) {
				first = p;
				first_at = at;
			}
			last = p;
		}
		at++;
	}
	if (!first)
		return (struct decimal){0};
	d.digits = gt_strn(first, (size_t)(last - first) + 1);
	d.n = d.digits.n - (memchr(first, '.', d.digits.n) != NULL);
	d.point = whole - first_at;
	if (p < end)
		d.point += read_exponent(p + 1, end);
	return d;
}

static int digits_cmp(const struct decimal *x, const struct decimal *y)
{
	size_t i = 0, j = 0;

	while (i < x->digits.n && j < y->digits.n) {
		i += x->digits.p[i] == '.';
		j += y->digits.p[j] == '.';
		if (x->digits.p[i] != y->digits.p[j])
			return x->digits.p[i] < y->digits.p[j] ? -1 : 1;
		i++;
		j++;
	}
	return (i < x->digits.n) - (j < y->digits.n);
}

int gt_number_cmp(struct gt_str x, struct gt_str y)
{
	struct decimal a = decimal_of(x), b = decimal_of(y);

	if (a.negative != b.negative)
		return a.negative ? -1 : 1;
	int sign = a.negative ? -1 : 1;
	if (!a.n || !b.n)
		return sign * ((a.n != 0) - (b.n != 0));
	if (a.point != b.point)
		return a.point < b.point ? -sign : sign;
	return sign * digits_cmp(&a, &b);
}

uint64_t gt_number_hash(struct gt_str x)
{
	struct decimal d = decimal_of(x);
	uint64_t h = (uint64_t)d.point * 2 + d.negative;

	for (size_t i = 0; i < d.digits.n; i++) {
		if (d.digits.p[i] != '.')
			h = (h ^ (unsigned char)d.digits.p[i]) * 0x100000001b3ull;
	}
	return gt_hash_bytes(&h, sizeof h);
}

bool gt_number_double(struct gt_str text, double *ret_d)
{
	char small[64];
	gt_autofree char *large = NULL;
	char *copy = small, *end;

	if (!gt_number_valid(text, NULL))
		return false;
	if (text.n >= sizeof small)
		copy = large = gt_xmalloc(text.n + 1);
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	*ret_d = strtod(copy, &end);
	return end == copy + text.n;
}

bool gt_number_valid(struct gt_str text, bool *ret_integer)
{
	const char *p = text.p, *end = text.p + text.n;
	bool integer = true;

	if (p < end && *p == '-')
		p++;
	if (p == end || !is_digit(*p))
		return false;
	if (*p == '0')
		p++;
	else
		while (p < end && is_digit(*p))
			p++;
	if (p < end && *p == '.') {
		integer = false;
		if (++p == end || !is_digit(*p))
			return false;
		while (p < end && is_digit(*p))
			p++;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		integer = false;
		p++;
		if (p < end && (*p == '-' || *p == '+'))
			p++;
		if (p == end || !is_digit(*p))
			return false;
		while (p < end && is_digit(*p))
			p++;
	}
	if (ret_integer)
		*ret_integer = integer;
	return p == end;
}
