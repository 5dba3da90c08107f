#include "text/sprig/gotime_impl.h"

#include <string.h>

/* --- calendar ----------------------------------------------------------------------------- */

bool gotime_is_leap(int64_t y)
{
	return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
}

int gotime_month_days(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month < 1 || month > 12 ? 30
				       : days[month - 1] + (month == 2 && gotime_is_leap(year));
}

/* Years start in March here, so that the odd day is the last of one. */
int64_t gotime_days(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void gotime_civil(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	*ret_day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*ret_month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*ret_year = yoe + era * 400 + (*ret_month <= 2);
}

static int64_t floor_div(int64_t x, int64_t y)
{
	return x / y - (x % y < 0);
}

struct gotime_fields gotime_fields(struct gotime t)
{
	struct sprig_offset o = sprig__zone_at(t.zone, t.sec);
	struct gotime_fields f = {.nsec = t.nsec, .offset = o.seconds, .zone = o.abbreviation};
	int64_t local = t.sec + o.seconds, days = floor_div(local, 86400);
	int rest = (int)(local - days * 86400);

	gotime_civil(days, &f.year, &f.month, &f.day);
	f.hour = rest / 3600;
	f.minute = rest / 60 % 60;
	f.second = rest % 60;
	f.weekday = (int)(((days + 4) % 7 + 7) % 7);
	f.yday = (int)(days - gotime_days(f.year, 1, 1)) + 1;
	return f;
}

struct gotime gotime_of(int64_t year, int month, int day, int hour, int minute, int second,
			int nsec, const struct sprig_zone *zone)
{
	int64_t years = floor_div(month - 1, 12);
	int64_t days = gotime_days(year + years, (int)(month - years * 12), 1) + day - 1;
	int64_t local = days * 86400 + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
	struct gotime t = {local + floor_div(nsec, 1000000000), 0, zone};

	t.nsec = (int32_t)(nsec - floor_div(nsec, 1000000000) * 1000000000);
	int64_t first = local - sprig__zone_at(zone, t.sec).seconds;
	int64_t second_try = local - sprig__zone_at(zone, first).seconds;
	t.sec += second_try - local;
	return t;
}

/* --- layouts ------------------------------------------------------------------------------ */

enum std {
	STD_NONE,
	STD_LONG_MONTH,
	STD_MONTH,
	STD_NUM_MONTH,
	STD_ZERO_MONTH,
	STD_LONG_WEEKDAY,
	STD_WEEKDAY,
	STD_DAY,
	STD_UNDER_DAY,
	STD_ZERO_DAY,
	STD_UNDER_YEAR_DAY,
	STD_ZERO_YEAR_DAY,
	STD_HOUR,
	STD_HOUR12,
	STD_ZERO_HOUR12,
	STD_MINUTE,
	STD_ZERO_MINUTE,
	STD_SECOND,
	STD_ZERO_SECOND,
	STD_LONG_YEAR,
	STD_YEAR,
	STD_PM,
	STD_LOWER_PM,
	STD_TZ,
	STD_OFFSETS, /* those below name an offset */
	STD_ISO_SECONDS_TZ,
	STD_ISO_COLON_SECONDS_TZ,
	STD_ISO_TZ,
	STD_ISO_COLON_TZ,
	STD_ISO_SHORT_TZ,
	STD_NUM_SECONDS_TZ,
	STD_NUM_COLON_SECONDS_TZ,
	STD_NUM_TZ,
	STD_NUM_COLON_TZ,
	STD_NUM_SHORT_TZ,
	STD_OFFSETS_END,
	STD_FRACTION0, /* .000 */
	STD_FRACTION9, /* .999 */
};

/* Longer words first where one begins another. */
static const struct {
	const char *word;
	enum std std;
} words[] = {
	{"January", STD_LONG_MONTH},
	{"Jan", STD_MONTH},
	{"Monday", STD_LONG_WEEKDAY},
	{"Mon", STD_WEEKDAY},
	{"MST", STD_TZ},
	{"2006", STD_LONG_YEAR},
	{"002", STD_ZERO_YEAR_DAY},
	{"01", STD_ZERO_MONTH},
	{"02", STD_ZERO_DAY},
	{"03", STD_ZERO_HOUR12},
	{"04", STD_ZERO_MINUTE},
	{"05", STD_ZERO_SECOND},
	{"06", STD_YEAR},
	{"15", STD_HOUR},
	{"1", STD_NUM_MONTH},
	{"2", STD_DAY},
	{"_2006", STD_NONE}, /* a literal '_' and the year */
	{"__2", STD_UNDER_YEAR_DAY},
	{"_2", STD_UNDER_DAY},
	{"3", STD_HOUR12},
	{"4", STD_MINUTE},
	{"5", STD_SECOND},
	{"PM", STD_PM},
	{"pm", STD_LOWER_PM},
	{"-07:00:00", STD_NUM_COLON_SECONDS_TZ},
	{"-070000", STD_NUM_SECONDS_TZ},
	{"-07:00", STD_NUM_COLON_TZ},
	{"-0700", STD_NUM_TZ},
	{"-07", STD_NUM_SHORT_TZ},
	{"Z07:00:00", STD_ISO_COLON_SECONDS_TZ},
	{"Z070000", STD_ISO_SECONDS_TZ},
	{"Z07:00", STD_ISO_COLON_TZ},
	{"Z0700", STD_ISO_TZ},
	{"Z07", STD_ISO_SHORT_TZ},
};

struct chunk {
	struct gt_str before, text; /* literal text, then the element */
	enum std std;
	int digits; /* of a fraction */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

/* ".000" or ",999" that no digit follows. */
static int fraction_digits(struct gt_str s)
{
	size_t n = 1;

	if (s.n < 2 || (s.p[0] != '.' && s.p[0] != ',') || (s.p[1] != '0' && s.p[1] != '9'))
		return 0;
	while (n < s.n && s.p[n] == s.p[1])
		n++;
	return n < s.n && is_digit(s.p[n]) ? 0 : (int)n - 1;
}

/* The next element; false at the end, with the rest as literal text. */
static bool next_chunk(struct gt_str *layout, struct chunk *ret)
{
	struct gt_str s = *layout;

	for (size_t i = 0; i < s.n; i++) {
		struct gt_str rest = gt_str_from(s, i);
		int digits = fraction_digits(rest);
		size_t n = 0;

		*ret = (struct chunk){.before = gt_str_sub(s, 0, i), .digits = digits};
		if (digits) {
			ret->std = rest.p[1] == '0' ? STD_FRACTION0 : STD_FRACTION9;
			n = (size_t)digits + 1;
		}
		for (size_t w = 0; n == 0 && w < GT_COUNT(words); w++) {
			if (!gt_str_starts(rest, words[w].word))
				continue;
			n = strlen(words[w].word);
			/* "Janet" and "Month" are words of their own. */
			if ((words[w].std == STD_MONTH || words[w].std == STD_WEEKDAY) &&
			    n < rest.n && is_lower(rest.p[n]))
				n = 0;
			else
				ret->std = words[w].std;
			break;
		}
		if (n && ret->std == STD_NONE) {
			ret->before = gt_str_sub(s, 0, i + 1);
			ret->std = STD_LONG_YEAR;
			i++;
			n--;
			rest = gt_str_from(s, i);
		}
		if (n) {
			ret->text = gt_str_sub(rest, 0, n);
			*layout = gt_str_from(s, i + n);
			return true;
		}
	}
	*ret = (struct chunk){.before = s};
	*layout = (struct gt_str){0};
	return false;
}

static const char *const months[] = {"January",   "February", "March",    "April",
				     "May",       "June",     "July",     "August",
				     "September", "October",  "November", "December"};
static const char *const weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
				       "Thursday", "Friday", "Saturday"};

static void put_offset(struct gt_buf *out, enum std std, int offset)
{
	bool iso = std <= STD_ISO_SHORT_TZ;
	bool colon = std == STD_ISO_COLON_TZ || std == STD_NUM_COLON_TZ ||
		     std == STD_ISO_COLON_SECONDS_TZ || std == STD_NUM_COLON_SECONDS_TZ;
	bool seconds = std == STD_ISO_SECONDS_TZ || std == STD_NUM_SECONDS_TZ ||
		       std == STD_ISO_COLON_SECONDS_TZ || std == STD_NUM_COLON_SECONDS_TZ;
	int abs = offset < 0 ? -offset : offset;

	if (iso && offset == 0) {
		gt_buf_addc(out, 'Z');
		return;
	}
	gt_buf_printf(out, "%c%02d", offset < 0 ? '-' : '+', abs / 3600);
	if (std == STD_ISO_SHORT_TZ || std == STD_NUM_SHORT_TZ)
		return;
	gt_buf_printf(out, "%s%02d", colon ? ":" : "", abs / 60 % 60);
	if (seconds)
		gt_buf_printf(out, "%s%02d", colon ? ":" : "", abs % 60);
}

static void put_fraction(struct gt_buf *out, const struct chunk *c, int nsec)
{
	char digits[16];
	int n = c->digits > 9 ? 9 : c->digits;

	for (int i = 8; i >= 0; i--, nsec /= 10)
		digits[i] = (char)('0' + nsec % 10);
	if (c->std == STD_FRACTION9) {
		while (n > 0 && digits[n - 1] == '0')
			n--;
		if (n == 0)
			return;
	}
	gt_buf_addc(out, c->text.p[0]);
	gt_buf_add(out, digits, (size_t)n);
	if (c->std == STD_FRACTION0 && c->digits > 9)
		gt_buf_fill(out, '0', (size_t)c->digits - 9);
}

static void put_zone(struct gt_buf *out, const struct gotime_fields *f)
{
	if (f->zone && *f->zone) {
		gt_buf_adds(out, f->zone);
		return;
	}
	int minutes = f->offset / 60, abs = minutes < 0 ? -minutes : minutes;
	gt_buf_printf(out, "%c%02d%02d", minutes < 0 ? '-' : '+', abs / 60, abs % 60);
}

static void put_number(struct gt_buf *out, const struct chunk *c, const struct gotime_fields *f)
{
	int hour12 = f->hour % 12 ? f->hour % 12 : 12;

	switch (c->std) {
	case STD_LONG_YEAR:
		gt_buf_printf(out, f->year < 0 ? "-%04lld" : "%04lld",
			      (long long)(f->year < 0 ? -f->year : f->year));
		break;
	case STD_YEAR:
		gt_buf_printf(out, "%02d", (int)(f->year < 0 ? -f->year : f->year) % 100);
		break;
	case STD_NUM_MONTH: gt_buf_printf(out, "%d", f->month); break;
	case STD_ZERO_MONTH: gt_buf_printf(out, "%02d", f->month); break;
	case STD_DAY: gt_buf_printf(out, "%d", f->day); break;
	case STD_UNDER_DAY: gt_buf_printf(out, "%2d", f->day); break;
	case STD_ZERO_DAY: gt_buf_printf(out, "%02d", f->day); break;
	case STD_UNDER_YEAR_DAY: gt_buf_printf(out, "%3d", f->yday); break;
	case STD_ZERO_YEAR_DAY: gt_buf_printf(out, "%03d", f->yday); break;
	case STD_HOUR: gt_buf_printf(out, "%02d", f->hour); break;
	case STD_HOUR12: gt_buf_printf(out, "%d", hour12); break;
	case STD_ZERO_HOUR12: gt_buf_printf(out, "%02d", hour12); break;
	case STD_MINUTE: gt_buf_printf(out, "%d", f->minute); break;
	case STD_ZERO_MINUTE: gt_buf_printf(out, "%02d", f->minute); break;
	case STD_SECOND: gt_buf_printf(out, "%d", f->second); break;
	case STD_ZERO_SECOND: gt_buf_printf(out, "%02d", f->second); break;
	default: break;
	}
}

static void put_element(struct gt_buf *out, const struct chunk *c, const struct gotime_fields *f)
{
	switch (c->std) {
	case STD_LONG_MONTH: gt_buf_adds(out, months[f->month - 1]); break;
	case STD_MONTH: gt_buf_add(out, months[f->month - 1], 3); break;
	case STD_LONG_WEEKDAY: gt_buf_adds(out, weekdays[f->weekday]); break;
	case STD_WEEKDAY: gt_buf_add(out, weekdays[f->weekday], 3); break;
	case STD_PM: gt_buf_adds(out, f->hour >= 12 ? "PM" : "AM"); break;
	case STD_LOWER_PM: gt_buf_adds(out, f->hour >= 12 ? "pm" : "am"); break;
	case STD_TZ: put_zone(out, f); break;
	case STD_FRACTION0:
	case STD_FRACTION9: put_fraction(out, c, f->nsec); break;
	default:
		if (c->std > STD_OFFSETS && c->std < STD_OFFSETS_END)
			put_offset(out, c->std, f->offset);
		else
			put_number(out, c, f);
	}
}

void gotime_format(struct gt_buf *out, struct gotime t, struct gt_str layout)
{
	struct gotime_fields f = gotime_fields(t);
	struct chunk c;

	while (next_chunk(&layout, &c)) {
		gt_buf_add_str(out, c.before);
		put_element(out, &c, &f);
	}
	gt_buf_add_str(out, c.before);
}

void gotime_print(struct gt_buf *out, struct gotime t)
{
	gotime_format(out, t, GT_STR_LIT("2006-01-02 15:04:05.999999999 -0700 MST"));
}

void gotime_rfc3339(struct gt_buf *out, struct gotime t)
{
	gotime_format(out, t, GT_STR_LIT("2006-01-02T15:04:05.999999999Z07:00"));
}

/* --- parsing ------------------------------------------------------------------------------ */

struct parsed {
	int64_t year;
	int month, day, hour, minute, second, nsec, yday;
	bool pm_set, pm, has_offset, utc;
	int offset;
	struct gt_str zone_name;
	const char *range; /* the field that is out of its range */
};

static bool take_digits(struct gt_str *s, size_t min, size_t max, int *ret)
{
	size_t n = 0;
	int v = 0;

	while (n < max && n < s->n && is_digit(s->p[n]))
		v = v * 10 + (s->p[n++] - '0');
	if (n < min)
		return false;
	*s = gt_str_from(*s, n);
	*ret = v;
	return true;
}

static bool take_name(struct gt_str *s, const char *const *names, size_t n, bool whole, int *ret)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = whole ? strlen(names[i]) : 3;

		if (s->n >= len && gt_str_ieq(gt_str_sub(*s, 0, len), gt_strn(names[i], len))) {
			*ret = (int)i;
			*s = gt_str_from(*s, len);
			return true;
		}
	}
	return false;
}

static bool take_offset(struct gt_str *s, enum std std, struct parsed *p)
{
	bool colon = std == STD_ISO_COLON_TZ || std == STD_NUM_COLON_TZ ||
		     std == STD_ISO_COLON_SECONDS_TZ || std == STD_NUM_COLON_SECONDS_TZ;
	bool seconds = std == STD_ISO_SECONDS_TZ || std == STD_NUM_SECONDS_TZ ||
		       std == STD_ISO_COLON_SECONDS_TZ || std == STD_NUM_COLON_SECONDS_TZ;
	bool hours_only = std == STD_ISO_SHORT_TZ || std == STD_NUM_SHORT_TZ;
	int h, m = 0, sec = 0;

	if (std <= STD_ISO_SHORT_TZ && s->n && s->p[0] == 'Z') {
		*s = gt_str_from(*s, 1);
		p->utc = true;
		return true;
	}
	if (s->n == 0 || (s->p[0] != '+' && s->p[0] != '-'))
		return false;
	int sign = s->p[0] == '-' ? -1 : 1;
	*s = gt_str_from(*s, 1);
	if (!take_digits(s, 2, 2, &h))
		return false;
	for (int i = 0; i < (hours_only ? 0 : seconds ? 2 : 1); i++) {
		if (colon && (s->n == 0 || s->p[0] != ':'))
			return false;
		*s = gt_str_from(*s, colon);
		if (!take_digits(s, 2, 2, i ? &sec : &m))
			return false;
	}
	if (h > 24 || m > 60 || sec > 60) {
		p->range = "time zone offset";
		return true;
	}
	p->has_offset = true;
	p->offset = sign * (h * 3600 + m * 60 + sec);
	return true;
}

/* Three or four capitals, or GMT with hours. */
static bool take_zone(struct gt_str *s, struct parsed *p)
{
	size_t n = 0;

	if (gt_str_starts(*s, "UTC")) {
		p->utc = true;
		*s = gt_str_from(*s, 3);
		return true;
	}
	while (n < s->n && n < 6 && s->p[n] >= 'A' && s->p[n] <= 'Z')
		n++;
	if (n < 3 || n > 5)
		return false;
	p->zone_name = gt_str_sub(*s, 0, n);
	*s = gt_str_from(*s, n);
	return true;
}

static bool take_fraction(struct gt_str *s, size_t digits, struct parsed *p)
{
	int v = 0;
	size_t n = 1;

	if (s->n < 2 || (s->p[0] != '.' && s->p[0] != ','))
		return false;
	while (n < s->n && is_digit(s->p[n]) && (digits == 0 || n <= digits))
		n++;
	if (digits && n != digits + 1)
		return false;
	for (size_t i = 1; i <= 9; i++)
		v = v * 10 + (i < n ? s->p[i] - '0' : 0);
	p->nsec = v;
	*s = gt_str_from(*s, n);
	return true;
}

static void in_range(struct parsed *p, int v, int low, int high, const char *what)
{
	if (!p->range && (v < low || v > high))
		p->range = what;
}

static bool take_clock(struct gt_str *s, const struct chunk *c, struct gt_str layout,
		       struct parsed *p)
{
	bool zero =
		c->std == STD_ZERO_HOUR12 || c->std == STD_ZERO_MINUTE || c->std == STD_ZERO_SECOND;
	int v;

	if (c->std == STD_HOUR) {
		if (!take_digits(s, 1, 2, &p->hour))
			return false;
		in_range(p, p->hour, 0, 23, "hour");
		return true;
	}
	if (!take_digits(s, zero ? 2 : 1, 2, &v))
		return false;
	if (c->std == STD_HOUR12 || c->std == STD_ZERO_HOUR12) {
		p->hour = v;
		in_range(p, v, 0, 12, "hour");
	} else if (c->std == STD_MINUTE || c->std == STD_ZERO_MINUTE) {
		p->minute = v;
		in_range(p, v, 0, 59, "minute");
	} else {
		p->second = v;
		in_range(p, v, 0, 59, "second");
		/* A fraction may follow the seconds although the layout has none. */
		if (!fraction_digits(layout) && s->n >= 2 && (s->p[0] == '.' || s->p[0] == ',') &&
		    is_digit(s->p[1]))
			return take_fraction(s, 0, p);
	}
	return true;
}

static bool take_date(struct gt_str *s, const struct chunk *c, struct parsed *p)
{
	int v;

	switch (c->std) {
	case STD_YEAR:
		if (!take_digits(s, 2, 2, &v))
			return false;
		p->year = v >= 69 ? v + 1900 : v + 2000;
		return true;
	case STD_LONG_YEAR:
		if (!take_digits(s, 4, 4, &v))
			return false;
		p->year = v;
		return true;
	case STD_MONTH:
	case STD_LONG_MONTH:
		if (!take_name(s, months, 12, c->std == STD_LONG_MONTH, &v))
			return false;
		p->month = v + 1;
		return true;
	case STD_NUM_MONTH:
	case STD_ZERO_MONTH:
		if (!take_digits(s, c->std == STD_ZERO_MONTH ? 2 : 1, 2, &p->month))
			return false;
		in_range(p, p->month, 1, 12, "month");
		return true;
	case STD_WEEKDAY:
	case STD_LONG_WEEKDAY: return take_name(s, weekdays, 7, c->std == STD_LONG_WEEKDAY, &v);
	case STD_UNDER_DAY:
	case STD_DAY:
	case STD_ZERO_DAY:
		if (c->std == STD_UNDER_DAY && s->n && s->p[0] == ' ')
			*s = gt_str_from(*s, 1);
		return take_digits(s, c->std == STD_ZERO_DAY ? 2 : 1, 2, &p->day);
	default:
		while (c->std == STD_UNDER_YEAR_DAY && s->n && s->p[0] == ' ')
			*s = gt_str_from(*s, 1);
		return take_digits(s, c->std == STD_ZERO_YEAR_DAY ? 3 : 1, 3, &p->yday);
	}
}

static bool take_pm(struct gt_str *s, bool upper, struct parsed *p)
{
	if (gt_str_starts(*s, upper ? "PM" : "pm"))
		p->pm = true;
	else if (!gt_str_starts(*s, upper ? "AM" : "am"))
		return false;
	p->pm_set = true;
	*s = gt_str_from(*s, 2);
	return true;
}

static bool take_element(struct gt_str *s, const struct chunk *c, struct gt_str layout,
			 struct parsed *p)
{
	if (c->std >= STD_HOUR && c->std <= STD_ZERO_SECOND)
		return take_clock(s, c, layout, p);
	if (c->std == STD_PM || c->std == STD_LOWER_PM)
		return take_pm(s, c->std == STD_PM, p);
	if (c->std == STD_TZ)
		return take_zone(s, p);
	if (c->std > STD_OFFSETS && c->std < STD_OFFSETS_END)
		return take_offset(s, c->std, p);
	if (c->std == STD_FRACTION0)
		return take_fraction(s, (size_t)c->digits, p);
	if (c->std == STD_FRACTION9) {
		if (s->n >= 2 && (s->p[0] == '.' || s->p[0] == ',') && is_digit(s->p[1]))
			return take_fraction(s, 0, p);
		return true;
	}
	return take_date(s, c, p);
}

/* Literal text; runs of spaces match runs of spaces. */
static bool skip_literal(struct gt_str *s, struct gt_str literal)
{
	while (literal.n) {
		if (literal.p[0] == ' ') {
			if (s->n && s->p[0] != ' ')
				return false;
			while (literal.n && literal.p[0] == ' ')
				literal = gt_str_from(literal, 1);
			while (s->n && s->p[0] == ' ')
				*s = gt_str_from(*s, 1);
			continue;
		}
		if (s->n == 0 || s->p[0] != literal.p[0])
			return false;
		literal = gt_str_from(literal, 1);
		*s = gt_str_from(*s, 1);
	}
	return true;
}

/* Quoted as package time does it: what is not printable ASCII byte by byte. */
static void put_quoted(struct gt_buf *out, struct gt_str s)
{
	gt_buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80 || c < ' ')
			gt_buf_printf(out, "\\x%02x", c);
		else if (c == '"' || c == '\\')
			gt_buf_printf(out, "\\%c", c);
		else
			gt_buf_addc(out, (char)c);
	}
	gt_buf_addc(out, '"');
}

static bool parse_fail(struct gt_buf *error, struct gt_str text, struct gt_str layout,
		       struct gt_str value, struct gt_str element)
{
	gt_buf_adds(error, "parsing time ");
	put_quoted(error, text);
	gt_buf_adds(error, " as ");
	put_quoted(error, layout);
	gt_buf_adds(error, ": cannot parse ");
	put_quoted(error, value);
	gt_buf_adds(error, " as ");
	put_quoted(error, element);
	return false;
}

static bool parse_fail_with(struct gt_buf *error, struct gt_str text, const char *what)
{
	gt_buf_adds(error, "parsing time ");
	put_quoted(error, text);
	gt_buf_adds(error, what);
	return false;
}

static bool finish(struct gt_arena *a, struct parsed *p, struct gt_str text,
		   const struct sprig_zone *zone, struct gotime *ret, struct gt_buf *error)
{
	if (p->pm_set && p->pm && p->hour < 12)
		p->hour += 12;
	else if (p->pm_set && !p->pm && p->hour == 12)
		p->hour = 0;
	if (p->yday >= 0) {
		if (p->yday < 1 || p->yday > 365 + gotime_is_leap(p->year))
			return parse_fail_with(error, text, ": day-of-year out of range");
		if (p->month < 0 && p->day < 0) {
			p->month = 1;
			p->day = p->yday;
		}
	} else {
		p->month = p->month < 0 ? 1 : p->month;
		p->day = p->day < 0 ? 1 : p->day;
		if (p->day < 1 || p->day > gotime_month_days(p->year, p->month))
			return parse_fail_with(error, text, ": day out of range");
	}
	const struct sprig_zone *utc = sprig__zone_utc();
	*ret = gotime_of(p->year, p->month, p->day, p->hour, p->minute, p->second, p->nsec,
			 p->utc || p->has_offset || p->zone_name.n ? utc : zone);
	if (p->has_offset) {
		ret->sec -= p->offset;
		ret->zone = sprig__zone_at(zone, ret->sec).seconds == p->offset
				    ? zone
				    : sprig__zone_fixed(a, p->zone_name, p->offset);
	} else if (p->zone_name.n) {
		int offset = 0;

		if (sprig__zone_abbreviation(zone, p->zone_name, ret->sec, &offset))
			ret->zone = zone;
		else
			ret->zone = sprig__zone_fixed(a, p->zone_name, 0);
		ret->sec -= offset;
	}
	return true;
}

bool gotime_parse(struct gt_arena *a, struct gt_str layout, struct gt_str text,
		  const struct sprig_zone *zone, struct gotime *ret, struct gt_buf *error)
{
	struct parsed p = {.month = -1, .day = -1, .yday = -1};
	struct gt_str rest = layout, value = text;
	struct chunk c;
	bool more;

	*ret = (struct gotime){GOTIME_ZERO_SEC, 0, sprig__zone_utc()};
	do {
		more = next_chunk(&rest, &c);
		struct gt_str hold = value;
		if (!skip_literal(&value, c.before))
			return parse_fail(error, text, layout, value, c.before);
		if (!more)
			break;
		hold = value;
		if (!take_element(&value, &c, rest, &p))
			return parse_fail(error, text, layout, hold, c.text);
		if (p.range) {
			gt_auto_buf what = {0};

			gt_buf_printf(&what, ": %s out of range", p.range);
			return parse_fail_with(error, text, gt_buf_cstr(&what));
		}
	} while (more);
	if (value.n) {
		gt_auto_buf what = {0};

		gt_buf_adds(&what, ": extra text: ");
		put_quoted(&what, value);
		return parse_fail_with(error, text, gt_buf_cstr(&what));
	}
	return finish(a, &p, text, zone, ret, error);
}
