/* Go's time.Time: the calendar, Format and Parse.  Private to libgitops/text/sprig. */
#ifndef GT_TEXT_SPRIG_GOTIME_IMPL_H
#define GT_TEXT_SPRIG_GOTIME_IMPL_H

#include "base/buf.h"
#include "text/sprig/zone_impl.h"

/* Days since 1970-01-01 in the Gregorian calendar, and back. */
int64_t gotime_days(int64_t year, int month, int day);
void gotime_civil(int64_t days, int64_t *ret_year, int *ret_month, int *ret_day);
bool gotime_is_leap(int64_t year);
int gotime_month_days(int64_t year, int month);

struct gotime {
	int64_t sec; /* since the epoch */
	int32_t nsec;
	const struct sprig_zone *zone;
};

#define GOTIME_ZERO_SEC INT64_C(-62135596800) /* 0001-01-01 00:00:00 UTC */

struct gotime_fields {
	int64_t year;
	int month, day, hour, minute, second, nsec, weekday, yday;
	int offset;
	const char *zone;
};
struct gotime_fields gotime_fields(struct gotime t);

/* The time at which clocks of the zone show the fields, which may be out of range. */
struct gotime gotime_of(int64_t year, int month, int day, int hour, int minute, int second,
			int nsec, const struct sprig_zone *zone);

void gotime_format(struct gt_buf *out, struct gotime t, struct gt_str layout);
/* Time.String, without the monotonic clock. */
void gotime_print(struct gt_buf *out, struct gotime t);
void gotime_rfc3339(struct gt_buf *out, struct gotime t);

/* Text without a zone is in `zone`.  False with Go's message in error. */
bool gotime_parse(struct gt_arena *a, struct gt_str layout, struct gt_str text,
		  const struct sprig_zone *zone, struct gotime *ret, struct gt_buf *error);

#endif
