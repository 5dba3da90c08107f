/* Durations as text: Go's two directions and kubectl's short form. */
#include "base/time.h"

#include <stdio.h>
#include <string.h>

#define LIMIT ((uint64_t)1 << 63)
/* Bytes of the input quoted in an error. */
#define QUOTED_MAX 80

static const struct unit {
	const char *name;
	uint64_t ns;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"\xc2\xb5s", 1000}, /* U+00B5, micro sign */
	{"\xce\xbcs", 1000}, /* U+03BC, Greek mu */
	{"ms", 1000000},
	{"s", 1000000000},
	{"m", UINT64_C(60000000000)},
	{"h", UINT64_C(3600000000000)},
};

/* Text in an error message: quoted, control characters and long inputs made harmless. */
static const char *quoted(struct gt_str s, char text[QUOTED_MAX * 4 + 8])
{
	size_t at = 0;

	text[at++] = '"';
	for (size_t i = 0; i < s.n && i < QUOTED_MAX; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c >= 0x7f) {
			at += (size_t)snprintf(text + at, 5, "\\x%02x", c);
			continue;
		}
		if (c == '"' || c == '\\')
			text[at++] = '\\';
		text[at++] = (char)c;
	}
	if (s.n > QUOTED_MAX) {
		memcpy(text + at, "...", 3);
		at += 3;
	}
	text[at++] = '"';
	text[at] = '\0';
	return text;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Leading digits as a number; false on overflow. */
static bool take_integer(struct gt_str *s, uint64_t *ret_n)
{
	uint64_t n = 0;

	while (s->n && is_digit(s->p[0])) {
		if (n > LIMIT / 10)
			return false;
		n = n * 10 + (uint64_t)(s->p[0] - '0');
		if (n > LIMIT)
			return false;
		*s = gt_str_from(*s, 1);
	}
	*ret_n = n;
	return true;
}

/* The digits after a point as value/scale; digits that no longer fit are dropped. */
static void take_fraction(struct gt_str *s, uint64_t *ret_value, double *ret_scale)
{
	bool full = false;

	*ret_value = 0;
	*ret_scale = 1;
	for (; s->n && is_digit(s->p[0]); *s = gt_str_from(*s, 1)) {
		uint64_t next = *ret_value * 10 + (uint64_t)(s->p[0] - '0');

		if (full || *ret_value > (LIMIT - 1) / 10 || next > LIMIT) {
			full = true;
			continue;
		}
		*ret_value = next;
		*ret_scale *= 10;
	}
}

enum step_result { STEP_OK, STEP_INVALID, STEP_NO_UNIT, STEP_BAD_UNIT };

/* One "<number><unit>"; *ret_unit is the unit's spelling. */
static enum step_result take_step(struct gt_str *s, uint64_t *ret_ns, struct gt_str *ret_unit)
{
	uint64_t whole, part = 0;
	double scale = 1;
	size_t before = s->n;

	if (!(s->p[0] == '.' || is_digit(s->p[0])) || !take_integer(s, &whole))
		return STEP_INVALID;
	bool digits = s->n != before;
	if (s->n && s->p[0] == '.') {
		*s = gt_str_from(*s, 1);
		before = s->n;
		take_fraction(s, &part, &scale);
		digits = digits || s->n != before;
	}
	if (!digits)
		return STEP_INVALID;

	size_t n = 0;
	while (n < s->n && s->p[n] != '.' && !is_digit(s->p[n]))
		n++;
	if (n == 0)
		return STEP_NO_UNIT;
	*ret_unit = gt_str_sub(*s, 0, n);
	*s = gt_str_from(*s, n);

	const struct unit *unit = NULL;
	for (size_t i = 0; i < sizeof units / sizeof *units && !unit; i++)
		unit = gt_str_is(*ret_unit, units[i].name) ? &units[i] : NULL;
	if (!unit)
		return STEP_BAD_UNIT;
	if (whole > LIMIT / unit->ns)
		return STEP_INVALID;
	*ret_ns = whole * unit->ns;
	if (part)
		*ret_ns += (uint64_t)((double)part * ((double)unit->ns / scale));
	return *ret_ns > LIMIT ? STEP_INVALID : STEP_OK;
}

int gt_duration_parse(struct gt_str text, int64_t *ret_ns, struct gt_err *err)
{
	char shown[QUOTED_MAX * 4 + 8], shown_unit[QUOTED_MAX * 4 + 8];
	struct gt_str s = text, unit = {0};
	bool negative = s.n && s.p[0] == '-';
	uint64_t total = 0;

	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s = gt_str_from(s, 1);
	if (gt_str_is(s, "0")) {
		*ret_ns = 0;
		return GT_OK;
	}
	enum step_result result = s.n ? STEP_OK : STEP_INVALID;
	while (s.n && result == STEP_OK) {
		uint64_t ns = 0;

		result = take_step(&s, &ns, &unit);
		total += ns;
		if (result == STEP_OK && total > LIMIT)
			result = STEP_INVALID;
	}
	if (result == STEP_OK && total > LIMIT - 1 + negative)
		result = STEP_INVALID;
	if (result == STEP_NO_UNIT)
		return gt_fail(err, GT_E_INVALID, "time: missing unit in duration %s",
			       quoted(text, shown));
	if (result == STEP_BAD_UNIT)
		return gt_fail(err, GT_E_INVALID, "time: unknown unit %s in duration %s",
			       quoted(unit, shown_unit), quoted(text, shown));
	if (result != STEP_OK)
		return gt_fail(err, GT_E_INVALID, "time: invalid duration %s", quoted(text, shown));
	*ret_ns = negative ? (int64_t)(0 - total) : (int64_t)total;
	return GT_OK;
}

/* A number of ns as a decimal count of a unit of 10^digits ns, without trailing zeros. */
static int decimal(char *text, size_t size, uint64_t ns, int digits, const char *unit)
{
	uint64_t scale = 1;

	for (int i = 0; i < digits; i++)
		scale *= 10;
	uint64_t whole = ns / scale, part = ns % scale;
	while (digits > 0 && part % 10 == 0) {
		part /= 10;
		digits--;
	}
	if (part == 0)
		return snprintf(text, size, "%llu%s", (unsigned long long)whole, unit);
	return snprintf(text, size, "%llu.%0*llu%s", (unsigned long long)whole, digits,
			(unsigned long long)part, unit);
}

const char *gt_duration(int64_t ns, char text[GT_TIME_TEXT])
{
	uint64_t u = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
	char *at = text;
	char *end = text + GT_TIME_TEXT;

	if (ns < 0)
		*at++ = '-';
	if (u == 0)
		snprintf(at, (size_t)(end - at), "0s");
	else if (u < 1000)
		decimal(at, (size_t)(end - at), u, 0, "ns");
	else if (u < 1000000)
		decimal(at, (size_t)(end - at), u, 3, "\xc2\xb5s");
	else if (u < 1000000000)
		decimal(at, (size_t)(end - at), u, 6, "ms");
	if (u < 1000000000)
		return text;

	uint64_t minutes = u / UINT64_C(60000000000);
	if (minutes >= 60)
		at += snprintf(at, (size_t)(end - at), "%lluh", (unsigned long long)minutes / 60);
	if (minutes > 0)
		at += snprintf(at, (size_t)(end - at), "%llum", (unsigned long long)minutes % 60);
	decimal(at, (size_t)(end - at), u % UINT64_C(60000000000), 9, "s");
	return text;
}

/* "<a><unit>" followed by "<b><unit>" unless b is zero. */
static const char *pair(char *text, int64_t a, char a_unit, int64_t b, char b_unit)
{
	if (b)
		snprintf(text, GT_TIME_TEXT, "%lld%c%lld%c", (long long)a, a_unit, (long long)b,
			 b_unit);
	else
		snprintf(text, GT_TIME_TEXT, "%lld%c", (long long)a, a_unit);
	return text;
}

const char *gt_human_duration(int64_t ns, char text[GT_TIME_TEXT])
{
	int64_t seconds = ns / GT_NS_PER_S;
	int64_t minutes = seconds / 60, hours = seconds / 3600, days = hours / 24;

	if (seconds < -1) {
		snprintf(text, GT_TIME_TEXT, "<invalid>");
		return text;
	}
	if (seconds < 0)
		return pair(text, 0, 's', 0, 0);
	if (seconds < 120)
		return pair(text, seconds, 's', 0, 0);
	if (minutes < 10)
		return pair(text, minutes, 'm', seconds % 60, 's');
	if (minutes < 180)
		return pair(text, minutes, 'm', 0, 0);
	if (hours < 8)
		return pair(text, hours, 'h', minutes % 60, 'm');
	if (hours < 48)
		return pair(text, hours, 'h', 0, 0);
	if (days < 8)
		return pair(text, days, 'd', hours % 24, 'h');
	if (days < 365 * 2)
		return pair(text, days, 'd', 0, 0);
	if (days < 365 * 8)
		return pair(text, days / 365, 'y', days % 365, 'd');
	return pair(text, days / 365, 'y', 0, 0);
}
