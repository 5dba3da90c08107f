#include "base/time.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SECONDS_PER_DAY INT64_C(86400)

/* The frozen wall time and the first one of the freeze; 0 while the clocks run. */
static _Atomic int64_t frozen_wall;
static _Atomic int64_t frozen_origin;

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * GT_NS_PER_S + now.tv_nsec;
}

int64_t gt_now_wall(void)
{
	int64_t frozen = atomic_load_explicit(&frozen_wall, memory_order_relaxed);

	return frozen ? frozen : clock_ns(CLOCK_REALTIME);
}

int64_t gt_now_mono(void)
{
	int64_t frozen = atomic_load_explicit(&frozen_wall, memory_order_relaxed);

	return frozen ? frozen - atomic_load(&frozen_origin) : clock_ns(CLOCK_MONOTONIC);
}

void gt_time_freeze(int64_t wall_ns)
{
	int64_t none = 0;

	if (wall_ns)
		atomic_compare_exchange_strong(&frozen_origin, &none, wall_ns);
	atomic_store(&frozen_wall, wall_ns);
	if (!wall_ns)
		atomic_store(&frozen_origin, 0);
}

struct civil {
	int64_t year;
	int month, day; /* from 1 */
	int hour, minute, second;
	int32_t nanos;
	int weekday; /* 0 is Sunday */
};

/*
 * Days since 1970-01-01 of a date in the proleptic Gregorian calendar.  Years begin in March here,
 * so that the leap day is the last day of a year and months follow a fixed pattern of 153 days in
 * five months.
 */
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static struct civil civil_of(int64_t wall_ns)
{
	int64_t seconds = wall_ns / GT_NS_PER_S;
	int64_t nanos = wall_ns % GT_NS_PER_S;

	if (nanos < 0) {
		nanos += GT_NS_PER_S;
		seconds--;
	}
	int64_t days = seconds / SECONDS_PER_DAY;
	int64_t rest = seconds % SECONDS_PER_DAY;
	if (rest < 0) {
		rest += SECONDS_PER_DAY;
		days--;
	}

	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int month = (int)(mp < 10 ? mp + 3 : mp - 9);
	return (struct civil){
		.year = yoe + era * 400 + (month <= 2),
		.month = month,
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
		.nanos = (int32_t)nanos,
		.weekday = (int)(((days + 4) % 7 + 7) % 7),
	};
}

static const char *rfc3339(int64_t wall_ns, int digits, char text[GT_TIME_TEXT])
{
	static const int32_t step[] = {1000000000, 100000000, 10000000, 1000000, 100000,
				       10000,      1000,      100,      10,      1};
	struct civil t = civil_of(wall_ns);
	int n = snprintf(text, GT_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", (int)t.year, t.month,
			 t.day, t.hour, t.minute, t.second);

	if (digits)
		snprintf(text + n, GT_TIME_TEXT - (size_t)n, ".%0*dZ", digits,
			 (int)(t.nanos / step[digits]));
	else
		snprintf(text + n, GT_TIME_TEXT - (size_t)n, "Z");
	return text;
}

const char *gt_rfc3339(int64_t wall_ns, char text[GT_TIME_TEXT])
{
	return rfc3339(wall_ns, 0, text);
}

const char *gt_rfc3339_ms(int64_t wall_ns, char text[GT_TIME_TEXT])
{
	return rfc3339(wall_ns, 3, text);
}

const char *gt_rfc3339_us(int64_t wall_ns, char text[GT_TIME_TEXT])
{
	return rfc3339(wall_ns, 6, text);
}

const char *gt_rfc3339_ns(int64_t wall_ns, char text[GT_TIME_TEXT])
{
	return rfc3339(wall_ns, 9, text);
}

/* Takes exactly n digits off the front. */
static bool take_digits(struct gt_str *s, size_t n, int *ret_value)
{
	int value = 0;

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		value = value * 10 + (s->p[i] - '0');
	}
	*s = gt_str_from(*s, n);
	*ret_value = value;
	return true;
}

static bool take_char(struct gt_str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = gt_str_from(*s, 1);
	return true;
}

/* "hh:mm:ss" */
static bool take_clock(struct gt_str *s, struct civil *t)
{
	return take_digits(s, 2, &t->hour) && take_char(s, ':') && take_digits(s, 2, &t->minute) &&
	       take_char(s, ':') && take_digits(s, 2, &t->second) && t->hour < 24 &&
	       t->minute < 60 && t->second < 60;
}

/* ".123" or, as Go takes it, ",123": at least one digit; those after the ninth are dropped. */
static bool take_fraction(struct gt_str *s, int32_t *ret_nanos)
{
	int32_t nanos = 0;
	size_t n = 0;

	if (!take_char(s, '.') && !take_char(s, ','))
		return true;
	for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++) {
		if (n < 9)
			nanos = nanos * 10 + (s->p[n] - '0');
	}
	if (n == 0)
		return false;
	for (size_t i = n; i < 9; i++)
		nanos *= 10;
	*s = gt_str_from(*s, n);
	*ret_nanos = nanos;
	return true;
}

/* "Z", "+hh:mm" or "-hh:mm", as seconds east of UTC. */
static bool take_zone(struct gt_str *s, int64_t *ret_offset)
{
	int hours, minutes;

	*ret_offset = 0;
	if (take_char(s, 'Z'))
		return true;
	bool west = s->n && s->p[0] == '-';
	if (!west && (s->n == 0 || s->p[0] != '+'))
		return false;
	*s = gt_str_from(*s, 1);
	if (!take_digits(s, 2, &hours) || !take_char(s, ':') || !take_digits(s, 2, &minutes) ||
	    hours > 23 || minutes > 59)
		return false;
	*ret_offset = (hours * 60 + minutes) * 60;
	if (west)
		*ret_offset = -*ret_offset;
	return true;
}

static bool date_exists(const struct civil *t)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = t->year % 4 == 0 && (t->year % 100 != 0 || t->year % 400 == 0);

	if (t->month < 1 || t->month > 12 || t->day < 1)
		return false;
	return t->day <= days[t->month - 1] + (leap && t->month == 2);
}

/* Times that nanoseconds cannot hold (before 1677, after 2262) are cut to the nearest that fits. */
static int64_t wall_of(const struct civil *t, int64_t offset)
{
	int64_t seconds = days_of(t->year, t->month, t->day) * SECONDS_PER_DAY + t->hour * 3600 +
			  t->minute * 60 + t->second - offset;
	__int128_t ns = (__int128_t)seconds * GT_NS_PER_S + t->nanos;

	if (ns > INT64_MAX)
		return INT64_MAX;
	return ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
}

bool gt_rfc3339_parse(struct gt_str s, int64_t *ret_wall_ns)
{
	struct civil t = {0};
	int year = 0;
	int64_t offset;

	if (!take_digits(&s, 4, &year) || !take_char(&s, '-') || !take_digits(&s, 2, &t.month) ||
	    !take_char(&s, '-') || !take_digits(&s, 2, &t.day) || !take_char(&s, 'T') ||
	    !take_clock(&s, &t) || !take_fraction(&s, &t.nanos) || !take_zone(&s, &offset) || s.n)
		return false;
	t.year = year;
	if (!date_exists(&t))
		return false;
	*ret_wall_ns = wall_of(&t, offset);
	return true;
}

static const char weekdays[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
				   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

const char *gt_http_date(int64_t wall_ns, char text[GT_TIME_TEXT])
{
	struct civil t = civil_of(wall_ns);

	snprintf(text, GT_TIME_TEXT, "%s, %02d %s %04d %02d:%02d:%02d GMT", weekdays[t.weekday],
		 t.day, months[t.month - 1], (int)t.year, t.hour, t.minute, t.second);
	return text;
}

/* Takes one of the three-letter names; its position from 1, or 0. */
static int take_name(struct gt_str *s, const char (*names)[4], int count)
{
	for (int i = 0; i < count; i++) {
		if (gt_str_starts(*s, names[i])) {
			*s = gt_str_from(*s, 3);
			return i + 1;
		}
	}
	return 0;
}

bool gt_http_date_parse(struct gt_str s, int64_t *ret_wall_ns)
{
	struct civil t = {0};
	int year = 0;

	if (!take_name(&s, weekdays, 7) || !take_char(&s, ',') || !take_char(&s, ' ') ||
	    !take_digits(&s, 2, &t.day) || !take_char(&s, ' '))
		return false;
	t.month = take_name(&s, months, 12);
	if (!t.month || !take_char(&s, ' ') || !take_digits(&s, 4, &year) || !take_char(&s, ' ') ||
	    !take_clock(&s, &t) || !gt_str_is(s, " GMT"))
		return false;
	t.year = year;
	if (!date_exists(&t))
		return false;
	*ret_wall_ns = wall_of(&t, 0);
	return true;
}
