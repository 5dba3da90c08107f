#include "text/sprig/decimal_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "text/number.h"

#define PLACES 16

typedef struct sprig_decimal dec;

static dec strip(dec x)
{
	while (x.n && x.digits[0] == 0) {
		x.digits++;
		x.n--;
	}
	if (!x.n)
		x.negative = false;
	return x;
}

dec sprig__decimal(struct gt_arena *a, double d)
{
	char text[GT_DOUBLE_TEXT];
	int point, n = gt_double_digits(d, text, &point);
	dec x = {.negative = signbit(d), .exp = point - n, .n = (unsigned)n};

	x.digits = gt_arena_alloc(a, (size_t)n);
	for (int i = 0; x.digits && i < n; i++)
		x.digits[i] = (unsigned char)(text[i] - '0');
	if (!x.digits)
		x.n = 0;
	return strip(x);
}

double sprig__decimal_double(struct gt_arena *a, dec x)
{
	char *text = gt_arena_alloc(a, x.n + 32);

	if (!text || !x.n)
		return 0;
	text[0] = x.negative ? '-' : '+';
	for (unsigned i = 0; i < x.n; i++)
		text[i + 1] = (char)('0' + x.digits[i]);
	text[x.n + 1] = 'e';
	unsigned e = (unsigned)abs(x.exp), at = x.n + 31;
	text[at] = '\0';
	do
		text[--at] = (char)('0' + e % 10);
	while (e /= 10);
	text[--at] = x.exp < 0 ? '-' : '+';
	memmove(text + x.n + 2, text + at, x.n + 32 - at);
	return strtod(text, NULL);
}

/* The same value with a smaller exponent. */
static bool scale(struct gt_arena *a, dec *x, int exp)
{
	unsigned more = x->n ? (unsigned)(x->exp - exp) : 0;
	unsigned char *digits;

	x->exp = exp;
	if (!more)
		return true;
	if (more > SPRIG_DECIMAL_MAX || x->n + more > SPRIG_DECIMAL_MAX)
		return false;
	digits = gt_arena_calloc(a, x->n + more, 1);
	if (!digits)
		return false;
	memcpy(digits, x->digits, x->n);
	x->digits = digits;
	x->n += more;
	return true;
}

static int magnitude_cmp(dec x, dec y)
{
	if (x.n != y.n)
		return x.n < y.n ? -1 : 1;
	return x.n ? memcmp(x.digits, y.digits, x.n) : 0;
}

/* The digit of weight 10^i. */
static int digit(dec x, unsigned i)
{
	return i < x.n ? x.digits[x.n - 1 - i] : 0;
}

/* |x| + sign * |y| for equal exponents and |x| >= |y|. */
static bool combine(struct gt_arena *a, dec x, dec y, int sign, dec *ret)
{
	dec r = {.negative = x.negative, .exp = x.exp, .n = (x.n > y.n ? x.n : y.n) + 1};
	int carry = 0;

	r.digits = gt_arena_alloc(a, r.n);
	if (!r.digits)
		return false;
	for (unsigned i = 0; i < r.n; i++) {
		int d = digit(x, i) + sign * digit(y, i) + carry;

		carry = d < 0 ? -1 : d > 9 ? 1 : 0;
		r.digits[r.n - 1 - i] = (unsigned char)(d - 10 * carry);
	}
	*ret = strip(r);
	return true;
}

bool sprig__decimal_add(struct gt_arena *a, dec x, dec y, dec *ret)
{
	int exp = !x.n ? y.exp : !y.n ? x.exp : x.exp < y.exp ? x.exp : y.exp;

	if (!scale(a, &x, exp) || !scale(a, &y, exp))
		return false;
	if (x.negative == y.negative)
		return combine(a, x, y, 1, ret);
	return magnitude_cmp(x, y) >= 0 ? combine(a, x, y, -1, ret) : combine(a, y, x, -1, ret);
}

bool sprig__decimal_mul(struct gt_arena *a, dec x, dec y, dec *ret)
{
	dec r = {.negative = x.negative != y.negative, .exp = x.exp + y.exp, .n = x.n + y.n};
	unsigned *sums;

	if (r.n > SPRIG_DECIMAL_MAX || abs(r.exp) > SPRIG_DECIMAL_MAX)
		return false;
	sums = gt_arena_calloc(a, r.n + 1, sizeof *sums);
	r.digits = gt_arena_alloc(a, r.n + 1);
	if (!sums || !r.digits)
		return false;
	for (unsigned i = 0; i < x.n; i++) {
		for (unsigned j = 0; j < y.n; j++)
			sums[i + j + 1] += (unsigned)x.digits[i] * y.digits[j];
	}
	unsigned carry = 0;
	for (unsigned i = r.n; i-- > 0;) {
		carry += sums[i];
		r.digits[i] = (unsigned char)(carry % 10);
		carry /= 10;
	}
	*ret = strip(r);
	return true;
}

/* Subtracts y from the window of x that ends at the digit `end`, which is not smaller. */
static void subtract_at(unsigned char *window, unsigned n, dec y)
{
	int borrow = 0;

	for (unsigned i = 0; i < n; i++) {
		int d = window[n - 1 - i] - digit(y, i) - borrow;

		borrow = d < 0;
		window[n - 1 - i] = (unsigned char)(d + (borrow ? 10 : 0));
	}
}

/* Long division of the digits; x is left holding the remainder. */
static bool divide(struct gt_arena *a, dec x, dec y, dec *ret_quotient, dec *ret_rest)
{
	dec q = {.n = x.n};
	unsigned start = 0; /* of what is left of x */
	unsigned char *rest = gt_arena_alloc(a, x.n + 1);

	q.digits = gt_arena_calloc(a, x.n + 1, 1);
	if (!rest || !q.digits)
		return false;
	if (x.n)
		memcpy(rest, x.digits, x.n);
	for (unsigned end = 1; end <= x.n; end++) {
		for (;;) {
			while (start < end && rest[start] == 0)
				start++;
			dec window = {.n = end - start, .digits = rest + start};
			if (magnitude_cmp(window, y) < 0)
				break;
			subtract_at(rest + start, end - start, y);
			q.digits[end - 1]++;
		}
	}
	*ret_quotient = strip(q);
	*ret_rest = strip((dec){.n = x.n, .digits = rest});
	return true;
}

bool sprig__decimal_div(struct gt_arena *a, dec x, dec y, dec *ret)
{
	bool negative = x.negative != y.negative;
	dec q, rest, one = {.n = 1, .digits = (unsigned char[1]){1}, .exp = -PLACES}, twice;
	int shift = x.exp - y.exp + PLACES;

	if (!y.n)
		return false;
	x.exp = y.exp = shift < 0 ? -shift : shift;
	if (!scale(a, shift < 0 ? &y : &x, 0))
		return false;
	x.exp = y.exp = 0;
	x.negative = y.negative = false;
	if (!divide(a, x, y, &q, &rest) || !sprig__decimal_add(a, rest, rest, &twice))
		return false;
	q.exp = -PLACES;
	if (magnitude_cmp(twice, y) >= 0 && !sprig__decimal_add(a, q, one, &q))
		return false;
	q.negative = negative && q.n;
	*ret = q;
	return true;
}
