/*
 * What plain scalars mean: the tables and number forms of go-yaml.  Both versions read integers
 * with Go's prefixes and underscores and floats by one regular expression; version 2 also knows the
 * booleans of YAML 1.1.
 */
#include <math.h>
#include <string.h>

#include "text/number.h"
#include "text/yaml_impl.h"

struct word {
	const char *text;
	enum gt_yaml_type type;
};

static const struct word core_words[] = {
	{"", GT_YAML_NULL},         {"~", GT_YAML_NULL},        {"null", GT_YAML_NULL},
	{"Null", GT_YAML_NULL},     {"NULL", GT_YAML_NULL},     {"true", GT_YAML_BOOL},
	{"True", GT_YAML_BOOL},     {"TRUE", GT_YAML_BOOL},     {"false", GT_YAML_BOOL},
	{"False", GT_YAML_BOOL},    {"FALSE", GT_YAML_BOOL},    {".nan", GT_YAML_INF_NAN},
	{".NaN", GT_YAML_INF_NAN},  {".NAN", GT_YAML_INF_NAN},  {".inf", GT_YAML_INF_NAN},
	{".Inf", GT_YAML_INF_NAN},  {".INF", GT_YAML_INF_NAN},  {"+.inf", GT_YAML_INF_NAN},
	{"+.Inf", GT_YAML_INF_NAN}, {"+.INF", GT_YAML_INF_NAN}, {"-.inf", GT_YAML_INF_NAN},
	{"-.Inf", GT_YAML_INF_NAN}, {"-.INF", GT_YAML_INF_NAN},
};

static const char *const old_bools[] = {
	"y", "Y", "yes", "Yes", "YES", "on",  "On",  "ON",
	"n", "N", "no",  "No",  "NO",  "off", "Off", "OFF",
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool find_word(struct gt_str s, enum gt_yaml_rules rules, enum gt_yaml_type *ret_type)
{
	if (s.n > 5)
		return false;
	for (size_t i = 0; i < GT_COUNT(core_words); i++) {
		if (gt_str_is(s, core_words[i].text)) {
			*ret_type = core_words[i].type;
			return true;
		}
	}
	if (rules != GT_YAML_GO_V2)
		return false;
	for (size_t i = 0; i < GT_COUNT(old_bools); i++) {
		if (gt_str_is(s, old_bools[i])) {
			*ret_type = GT_YAML_BOOL;
			return true;
		}
	}
	return false;
}

/* --- times -------------------------------------------------------------------------------- */

struct stamp {
	int year, month, day, hour, minute, second;
	struct gt_str fraction; /* digits */
	int offset;             /* minutes east of UTC */
};

/* A number of one or two digits in a range. */
static bool take_number(struct gt_str *s, int low, int high, int *ret_n)
{
	if (s->n == 0 || !is_digit(s->p[0]))
		return false;
	int v = s->p[0] - '0';
	size_t n = 1;
	if (s->n > 1 && is_digit(s->p[1])) {
		v = v * 10 + (s->p[1] - '0');
		n = 2;
	}
	*s = gt_str_from(*s, n);
	*ret_n = v;
	return v >= low && v <= high;
}

static bool take_char(struct gt_str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = gt_str_from(*s, 1);
	return true;
}

static int days_in(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool take_date(struct gt_str *s, struct stamp *t)
{
	if (s->n < 5 || s->p[4] != '-')
		return false;
	t->year = 0;
	for (int i = 0; i < 4; i++) {
		if (!is_digit(s->p[i]))
			return false;
		t->year = t->year * 10 + (s->p[i] - '0');
	}
	*s = gt_str_from(*s, 5);
	return take_number(s, 1, 12, &t->month) && take_char(s, '-') &&
	       take_number(s, 1, days_in(t->year, t->month), &t->day);
}

static bool take_clock(struct gt_str *s, struct stamp *t)
{
	if (!take_number(s, 0, 23, &t->hour) || !take_char(s, ':') ||
	    !take_number(s, 0, 59, &t->minute) || !take_char(s, ':') ||
	    !take_number(s, 0, 59, &t->second))
		return false;
	if (s->n >= 2 && (s->p[0] == '.' || s->p[0] == ',') && is_digit(s->p[1])) {
		size_t n = 1;

		while (n < s->n && is_digit(s->p[n]))
			n++;
		t->fraction = gt_str_sub(*s, 1, n - 1);
		*s = gt_str_from(*s, n);
	}
	return true;
}

static bool take_zone(struct gt_str *s, struct stamp *t)
{
	int hours, minutes;

	if (take_char(s, 'Z'))
		return true;
	if (s->n < 6 || (s->p[0] != '+' && s->p[0] != '-') || s->p[3] != ':' ||
	    !is_digit(s->p[2]) || !is_digit(s->p[5]))
		return false;
	int sign = s->p[0] == '-' ? -1 : 1;
	*s = gt_str_from(*s, 1);
	if (!take_number(s, 0, 24, &hours) || !take_char(s, ':') ||
	    !take_number(s, 0, 60, &minutes))
		return false;
	t->offset = sign * (hours * 60 + minutes);
	return true;
}

static bool parse_stamp(struct gt_str s, struct stamp *t)
{
	*t = (struct stamp){0};
	if (!take_date(&s, t))
		return false;
	if (s.n == 0)
		return true;
	if (take_char(&s, 'T') || take_char(&s, 't'))
		return take_clock(&s, t) && take_zone(&s, t) && s.n == 0;
	if (s.p[0] != ' ')
		return false;
	while (take_char(&s, ' '))
		;
	return take_clock(&s, t) && s.n == 0;
}

void gt_yaml__rfc3339(struct gt_buf *out, struct gt_str text)
{
	struct stamp t;

	if (!parse_stamp(text, &t))
		return;
	gt_buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d", t.year, t.month, t.day, t.hour,
		      t.minute, t.second);
	size_t n = t.fraction.n < 9 ? t.fraction.n : 9;
	while (n > 0 && t.fraction.p[n - 1] == '0')
		n--;
	if (n > 0) {
		gt_buf_addc(out, '.');
		gt_buf_add(out, t.fraction.p, n);
	}
	int offset = t.offset < 0 ? -t.offset : t.offset;
	if (offset)
		gt_buf_printf(out, "%c%02d:%02d", t.offset < 0 ? '-' : '+', offset / 60,
			      offset % 60);
	else
		gt_buf_addc(out, 'Z');
}

/* --- numbers ------------------------------------------------------------------------------ */

/* Walks over a text and does not see underscores. */
struct digits {
	const char *p, *end;
};

static char peek(struct digits *d)
{
	while (d->p < d->end && *d->p == '_')
		d->p++;
	return d->p < d->end ? *d->p : '\0';
}

static char next(struct digits *d)
{
	char c = peek(d);

	if (d->p < d->end)
		d->p++;
	return c;
}

static bool at_end(struct digits *d)
{
	peek(d);
	return d->p == d->end;
}

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

/* Base of an integer in Go's syntax; moves past its prefix. */
static int take_base(struct digits *d)
{
	struct digits ahead = *d;

	if (peek(d) != '0')
		return 10;
	next(&ahead);
	int base = 8;
	switch (peek(&ahead) | 0x20) {
	case 'x': base = 16; break;
	case 'o': base = 8; break;
	case 'b': base = 2; break;
	default: return at_end(&ahead) ? 10 : 8;
	}
	next(&ahead);
	*d = ahead;
	return base;
}

/* An integer that fits int64, or uint64 when it has no sign. */
static bool parse_integer(struct gt_str s, bool *ret_negative, uint64_t *ret_value)
{
	struct digits d = {s.p, s.p + s.n};
	char sign = peek(&d);
	uint64_t v = 0;

	if (sign == '+' || sign == '-')
		next(&d);
	int base = take_base(&d);
	if (at_end(&d))
		return false;
	while (!at_end(&d)) {
		int digit = digit_value(next(&d));

		if (digit >= base || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit, &v))
			return false;
	}
	if (sign == '+' && v > INT64_MAX)
		return false;
	if (sign == '-' && v > (uint64_t)INT64_MAX + 1)
		return false;
	*ret_negative = sign == '-' && v;
	*ret_value = v;
	return true;
}

static size_t take_digits(struct digits *d)
{
	size_t n = 0;

	for (; is_digit(peek(d)); n++)
		next(d);
	return n;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_float_form(struct gt_str s)
{
	struct digits d = {s.p, s.p + s.n};

	if (peek(&d) == '+' || peek(&d) == '-')
		next(&d);
	size_t whole = take_digits(&d);
	if (peek(&d) == '.') {
		next(&d);
		size_t fraction = take_digits(&d);
		if (whole == 0 && fraction == 0)
			return false;
	} else if (whole == 0) {
		return false;
	}
	if ((peek(&d) | 0x20) == 'e') {
		next(&d);
		if (peek(&d) == '+' || peek(&d) == '-')
			next(&d);
		if (take_digits(&d) == 0)
			return false;
	}
	return at_end(&d);
}

/* Rewrites a text of the float form as a JSON number, keeping its digits. */
static void float_text(struct gt_buf *out, struct gt_str s)
{
	struct digits d = {s.p, s.p + s.n};

	if (peek(&d) == '-')
		gt_buf_addc(out, '-');
	if (peek(&d) == '+' || peek(&d) == '-')
		next(&d);
	while (peek(&d) == '0')
		next(&d);
	if (!is_digit(peek(&d)))
		gt_buf_addc(out, '0');
	while (is_digit(peek(&d)))
		gt_buf_addc(out, next(&d));
	if (peek(&d) == '.') {
		gt_buf_addc(out, next(&d));
		if (!is_digit(peek(&d)))
			gt_buf_addc(out, '0');
	}
	while (!at_end(&d))
		gt_buf_addc(out, next(&d));
}

static bool is_finite_float(struct gt_str s)
{
	gt_auto_buf text = {0};
	double d;

	if (!is_float_form(s))
		return false;
	float_text(&text, s);
	return gt_number_double(gt_buf_str(&text), &d) && isfinite(d);
}

struct gt_str gt_yaml__number(struct gt_arena *a, struct gt_str text, enum gt_kind *ret_kind)
{
	gt_auto_buf buf = {0};
	bool negative, integer = true;
	uint64_t value;

	if (parse_integer(text, &negative, &value)) {
		gt_buf_printf(&buf, "%s%llu", negative ? "-" : "", (unsigned long long)value);
	} else {
		float_text(&buf, text);
		gt_number_valid(gt_buf_str(&buf), &integer);
	}
	*ret_kind = integer ? GT_INT : GT_FLOAT;
	return gt_arena_str(a, gt_buf_str(&buf));
}

bool gt_yaml__is_base60(struct gt_str s)
{
	size_t i = s.n && (s.p[0] == '+' || s.p[0] == '-');
	size_t groups = 0;

	if (i >= s.n || !is_digit(s.p[i]))
		return false;
	while (i < s.n && (is_digit(s.p[i]) || s.p[i] == '_'))
		i++;
	while (i < s.n && s.p[i] == ':') {
		size_t n = 0;

		while (n < 2 && i + 1 + n < s.n && is_digit(s.p[i + 1 + n]))
			n++;
		if (n == 0 || (n == 2 && s.p[i + 1] > '5'))
			return false;
		i += 1 + n;
		groups++;
	}
	if (groups && i < s.n && s.p[i] == '.') {
		i++;
		while (i < s.n && (is_digit(s.p[i]) || s.p[i] == '_'))
			i++;
	}
	return groups && i == s.n;
}

static enum gt_yaml_type resolve_number(struct gt_str s)
{
	struct stamp t;
	bool negative;
	uint64_t value;

	if (parse_stamp(s, &t))
		return GT_YAML_TIME;
	if (parse_integer(s, &negative, &value))
		return GT_YAML_INT;
	return is_finite_float(s) ? GT_YAML_FLOAT : GT_YAML_STR;
}

/* Go's own rule for floats, which counts where the library does not strip underscores first. */
static bool underscores_ok(struct gt_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '_' &&
		    !(i > 0 && is_digit(s.p[i - 1]) && i + 1 < s.n && is_digit(s.p[i + 1])))
			return false;
	}
	return true;
}

enum gt_yaml_type gt_yaml__resolve(struct gt_str s, enum gt_yaml_rules rules)
{
	enum gt_yaml_type type;

	if (s.n == 0)
		return GT_YAML_NULL;
	switch (s.p[0]) {
	case 'y':
	case 'Y':
	case 'n':
	case 'N':
	case 't':
	case 'T':
	case 'f':
	case 'F':
	case 'o':
	case 'O':
	case '~': return find_word(s, rules, &type) ? type : GT_YAML_STR;
	case '.':
		if (find_word(s, rules, &type))
			return type;
		return underscores_ok(s) && is_finite_float(s) ? GT_YAML_FLOAT : GT_YAML_STR;
	case '+':
	case '-':
		if (find_word(s, rules, &type))
			return type;
		return resolve_number(s);
	default: return is_digit(s.p[0]) ? resolve_number(s) : GT_YAML_STR;
	}
}
