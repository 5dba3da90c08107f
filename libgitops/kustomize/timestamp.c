#include "kustomize/timestamp.h"

#include <stdio.h>

struct cursor {
	struct gt_str s;
	size_t i;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool take(struct cursor *c, char want)
{
	if (c->i >= c->s.n || c->s.p[c->i] != want)
		return false;
	c->i++;
	return true;
}

/* One or two digits within lo..hi. */
static bool take_two(struct cursor *c, unsigned lo, unsigned hi, unsigned *ret)
{
	unsigned n = 0, digits = 0;

	while (digits < 2 && c->i < c->s.n && is_digit(c->s.p[c->i])) {
		n = n * 10 + (unsigned)(c->s.p[c->i++] - '0');
		digits++;
	}
	*ret = n;
	return digits && n >= lo && n <= hi;
}

static unsigned days_in(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

/* ".5" and the like, cut to nine digits, without trailing zeros. */
static bool take_fraction(struct cursor *c, char out[12])
{
	size_t n = 0, digits = 0;

	out[0] = '\0';
	if (!take(c, '.') && !take(c, ','))
		return true;
	while (c->i < c->s.n && is_digit(c->s.p[c->i])) {
		if (digits++ < 9)
			out[++n] = c->s.p[c->i];
		c->i++;
	}
	if (!digits)
		return false;
	out[0] = '.';
	while (n && out[n] == '0')
		n--;
	out[n ? n + 1 : 0] = '\0';
	return true;
}

/* "Z" or "+hh:mm". */
static bool take_zone(struct cursor *c, char out[8])
{
	unsigned h, m;

	if (take(c, 'Z')) {
		snprintf(out, 8, "Z");
		return true;
	}
	if (c->i + 6 != c->s.n || (c->s.p[c->i] != '+' && c->s.p[c->i] != '-'))
		return false;
	char sign = c->s.p[c->i++];
	if (!take_two(c, 0, 24, &h) || !take(c, ':') || !take_two(c, 0, 59, &m))
		return false;
	if (h == 0 && m == 0)
		snprintf(out, 8, "Z");
	else
		snprintf(out, 8, "%c%02u:%02u", sign, h % 100, m % 100);
	return true;
}

bool kz_timestamp_read(struct gt_str s, char ret[KZ_TIMESTAMP_TEXT])
{
	struct cursor c = {s, 0};
	unsigned year = 0, month, day, hour = 0, min = 0, sec = 0;
	char fraction[12] = "", zone[8] = "Z";

	while (c.i < s.n && is_digit(s.p[c.i]) && c.i < 5)
		year = year * 10 + (unsigned)(s.p[c.i++] - '0');
	if (c.i != 4 || !take(&c, '-') || !take_two(&c, 1, 12, &month) || !take(&c, '-') ||
	    !take_two(&c, 1, 31, &day) || day > days_in(year, month))
		return false;
	if (c.i < s.n) {
		bool zoned = take(&c, 'T') || take(&c, 't');

		if (!zoned && !take(&c, ' '))
			return false;
		if (!take_two(&c, 0, 23, &hour) || !take(&c, ':') || !take_two(&c, 0, 59, &min) ||
		    !take(&c, ':') || !take_two(&c, 0, 59, &sec) || !take_fraction(&c, fraction))
			return false;
		if (zoned && !take_zone(&c, zone))
			return false;
		if (c.i != s.n)
			return false;
	}
	if (ret)
		snprintf(ret, KZ_TIMESTAMP_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u%s%s", year % 10000,
			 month, day, hour, min, sec, fraction, zone);
	return true;
}
