/*
 * Time: monotonic and wall clocks, RFC 3339, Go durations.
 *
 * Durations are int64_t nanoseconds, as in Go; wall times are nanoseconds since the epoch, UTC.
 * Formatting never consults the locale or the time zone of the machine.  Any thread.
 */
#ifndef GT_BASE_TIME_H
#define GT_BASE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define GT_NS_PER_US INT64_C(1000)
#define GT_NS_PER_MS INT64_C(1000000)
#define GT_NS_PER_S INT64_C(1000000000)
#define GT_SECONDS(n) ((int64_t)(n)*GT_NS_PER_S)
#define GT_MILLIS(n) ((int64_t)(n)*GT_NS_PER_MS)

/* Large enough for every text made here. */
#define GT_TIME_TEXT 40

int64_t gt_now_wall(void); /* nanoseconds since the epoch */
int64_t gt_now_mono(void); /* nanoseconds of a clock that never jumps */

/*
 * Tests stop the clocks: with a non-zero value both clocks return it (wall) and its distance from
 * the first value set (mono) until it is set to 0 again.  Any thread.
 */
void gt_time_freeze(int64_t wall_ns);

/* "2026-01-02T03:04:05Z"; returns text. */
const char *gt_rfc3339(int64_t wall_ns, char text[GT_TIME_TEXT]);
/* With milliseconds, microseconds (Kubernetes MicroTime) or nanoseconds, all digits written. */
const char *gt_rfc3339_ms(int64_t wall_ns, char text[GT_TIME_TEXT]);
const char *gt_rfc3339_us(int64_t wall_ns, char text[GT_TIME_TEXT]);
const char *gt_rfc3339_ns(int64_t wall_ns, char text[GT_TIME_TEXT]);

/* Any RFC 3339 time with a zone; strict about ranges.  False if malformed. */
bool gt_rfc3339_parse(struct gt_str s, int64_t *ret_wall_ns);

/* "Thu, 01 Jan 1970 00:00:00 GMT" for HTTP; parse takes the same form. */
const char *gt_http_date(int64_t wall_ns, char text[GT_TIME_TEXT]);
bool gt_http_date_parse(struct gt_str s, int64_t *ret_wall_ns);

/* Go's time.ParseDuration ("1h30m", "750ms", "-1.5s") and Duration.String ("1m30s", "0s"). */
int gt_duration_parse(struct gt_str s, int64_t *ret_ns, struct gt_err *err);
const char *gt_duration(int64_t ns, char text[GT_TIME_TEXT]);

/* kubectl's human duration: "95s", "5m10s", "125m", "3h5m", "30h", "5d3h", "400d", "3y12d". */
const char *gt_human_duration(int64_t ns, char text[GT_TIME_TEXT]);

#endif
