#include "support/check.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/time.h"

static struct gt_err err;

static void test_rfc3339_format(void **state)
{
	static const struct {
		int64_t ns;
		const char *want;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000000000Z"},
		{-1, "1969-12-31T23:59:59.999999999Z"},
		{1767323045678901234, "2026-01-02T03:04:05.678901234Z"},
		{951782400000000000, "2000-02-29T00:00:00.000000000Z"},
		{INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
		{INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
	};
	char text[GT_TIME_TEXT];

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		int64_t back = 0;

		assert_string_equal(gt_rfc3339_ns(cases[i].ns, text), cases[i].want);
		assert_true(gt_rfc3339_parse(gt_str(text), &back));
		assert_true(back == cases[i].ns);
	}
	assert_string_equal(gt_rfc3339(1767323045678901234, text), "2026-01-02T03:04:05Z");
	assert_string_equal(gt_rfc3339_ms(1767323045678901234, text), "2026-01-02T03:04:05.678Z");
	assert_string_equal(gt_rfc3339_us(1767323045078901234, text),
			    "2026-01-02T03:04:05.078901Z");
}

/* Every day of five centuries follows the one before it. */
static void test_calendar(void **state)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = 1700, month = 1, day = 1;
	char text[GT_TIME_TEXT], want[GT_TIME_TEXT];
	int64_t at;

	(void)state;
	assert_true(gt_rfc3339_parse(gt_str("1700-01-01T00:00:00Z"), &at));
	while (year < 2262) {
		bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

		snprintf(want, sizeof want, "%04d-%02d-%02dT00:00:00Z", year, month, day);
		assert_string_equal(gt_rfc3339(at, text), want);
		at += GT_SECONDS(86400);
		if (++day > lengths[month - 1] + (month == 2 && leap)) {
			day = 1;
			if (++month > 12) {
				month = 1;
				year++;
			}
		}
	}
}

static void test_rfc3339_parse(void **state)
{
	static const struct {
		const char *in;
		bool ok;
		int64_t want;
	} cases[] = {
		{"2026-01-02T03:04:05Z", true, 1767323045000000000},
		{"2026-01-02T03:04:05.5Z", true, 1767323045500000000},
		{"2026-01-02T03:04:05.1234567899Z", true, 1767323045123456789},
		{"2026-01-02T05:04:05+02:00", true, 1767323045000000000},
		{"2026-01-01T21:34:05-05:30", true, 1767323045000000000},
		{"0001-01-01T00:00:00Z", true, INT64_MIN}, /* Go's zero time */
		{"9999-12-31T23:59:59Z", true, INT64_MAX},
		{"2024-02-29T00:00:00Z", true, 1709164800000000000},
		{"2025-02-29T00:00:00Z", false, 0},
		{"2026-13-01T00:00:00Z", false, 0},
		{"2026-00-01T00:00:00Z", false, 0},
		{"2026-01-00T00:00:00Z", false, 0},
		{"2026-01-02T24:00:00Z", false, 0},
		{"2026-01-02T23:60:00Z", false, 0},
		{"2026-01-02T23:59:60Z", false, 0},
		{"2026-01-02T03:04:05", false, 0},
		{"2026-01-02 03:04:05Z", false, 0},
		{"2026-01-02t03:04:05z", false, 0},
		{"2026-01-02T03:04:05.Z", false, 0},
		{"2026-01-02T03:04:05,5Z", true, 1767323045500000000},
		{"2026-01-02T3:04:05Z", false, 0},
		{"2026-01-02T03:04:05+24:00", false, 0},
		{"2026-01-02T03:04:05+0200", false, 0},
		{"2026-01-02T03:04:05Z ", false, 0},
		{"26-01-02T03:04:05Z", false, 0},
		{"", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		int64_t got = 0;

		if (gt_rfc3339_parse(gt_str(cases[i].in), &got) != cases[i].ok ||
		    got != cases[i].want)
			fail_msg("\"%s\": got %lld", cases[i].in, (long long)got);
	}
}

static void test_http_date(void **state)
{
	char text[GT_TIME_TEXT];
	int64_t at;

	(void)state;
	assert_string_equal(gt_http_date(0, text), "Thu, 01 Jan 1970 00:00:00 GMT");
	assert_string_equal(gt_http_date(784111777000000000, text),
			    "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_true(gt_http_date_parse(gt_str(text), &at) && at == 784111777000000000);
	assert_string_equal(gt_http_date(-GT_SECONDS(1), text), "Wed, 31 Dec 1969 23:59:59 GMT");
	assert_false(gt_http_date_parse(gt_str("Sun, 06 Nov 1994 08:49:37 UTC"), &at));
	assert_false(gt_http_date_parse(gt_str("Sunday, 06-Nov-94 08:49:37 GMT"), &at));
	assert_false(gt_http_date_parse(gt_str("Sun, 31 Feb 1994 08:49:37 GMT"), &at));
	assert_false(gt_http_date_parse(gt_str(""), &at));
}

static void test_duration_parse(void **state)
{
	static const struct {
		const char *in;
		int64_t want;
	} cases[] = {
		{"0", 0},
		{"-0", 0},
		{"+0", 0},
		{"5s", GT_SECONDS(5)},
		{"1h30m", GT_SECONDS(5400)},
		{"-1.5h", GT_SECONDS(-5400)},
		{"+750ms", GT_MILLIS(750)},
		{".5s", GT_MILLIS(500)},
		{"5.s", GT_SECONDS(5)},
		{"1.0s", GT_SECONDS(1)},
		{"12us", 12000},
		{"12\xc2\xb5s", 12000},
		{"12\xce\xbcs", 12000},
		{"3ns", 3},
		{"1m1m", GT_SECONDS(120)},
		{"39h9m14.425s", GT_MILLIS(140954425)},
		{"0.3333333333333333333h", GT_SECONDS(1200)},
		{"0.9223372036854775807h", 3320413933267},
		{"9223372036854775807ns", INT64_MAX},
		{"-9223372036854775808ns", INT64_MIN},
		{"-2562047h47m16.854775808s", INT64_MIN},
		{"0.100000000000000000000h", GT_SECONDS(360)},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		int64_t got = 1;

		check_ok(gt_duration_parse(gt_str(cases[i].in), &got, &err), &err);
		if (got != cases[i].want)
			fail_msg("\"%s\": got %lld", cases[i].in, (long long)got);
	}
}

static void test_duration_malformed(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"", "time: invalid duration \"\""},
		{"3", "time: missing unit in duration \"3\""},
		{"1d", "time: unknown unit \"d\" in duration \"1d\""},
		{"1h 5m", "time: unknown unit \"h \" in duration \"1h 5m\""},
		{"-", "time: invalid duration \"-\""},
		{"s", "time: invalid duration \"s\""},
		{".", "time: invalid duration \".\""},
		{".s", "time: invalid duration \".s\""},
		{"+-1s", "time: invalid duration \"+-1s\""},
		{"1e3s", "time: unknown unit \"e\" in duration \"1e3s\""},
		{"9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""},
		{"99999999999999999999h", "time: invalid duration \"99999999999999999999h\""},
		{"2562048h", "time: invalid duration \"2562048h\""},
		{"\"\n1s", "time: invalid duration \"\\\"\\x0a1s\""},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		int64_t got;

		check_fails(gt_duration_parse(gt_str(cases[i].in), &got, &err), GT_E_INVALID);
		assert_string_equal(err.text, cases[i].want);
	}
}

static void test_duration_format(void **state)
{
	static const struct {
		int64_t ns;
		const char *want;
	} cases[] = {
		{0, "0s"},
		{1, "1ns"},
		{1100, "1.1\xc2\xb5s"},
		{2200000, "2.2ms"},
		{GT_MILLIS(100), "100ms"},
		{GT_MILLIS(3300), "3.3s"},
		{GT_SECONDS(60), "1m0s"},
		{GT_SECONDS(305), "5m5s"},
		{GT_SECONDS(3600), "1h0m0s"},
		{GT_SECONDS(3600) + 1, "1h0m0.000000001s"},
		{GT_MILLIS(-90500), "-1m30.5s"},
		{INT64_MAX, "2562047h47m16.854775807s"},
		{INT64_MIN, "-2562047h47m16.854775808s"},
	};
	char text[GT_TIME_TEXT];

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		int64_t back;

		assert_string_equal(gt_duration(cases[i].ns, text), cases[i].want);
		check_ok(gt_duration_parse(gt_str(text), &back, &err), &err);
		assert_true(back == cases[i].ns);
	}
}

static void test_human_duration(void **state)
{
	static const struct {
		int64_t seconds;
		const char *want;
	} cases[] = {
		{-2, "<invalid>"},
		{-1, "0s"},
		{0, "0s"},
		{95, "95s"},
		{119, "119s"},
		{120, "2m"},
		{310, "5m10s"},
		{599, "9m59s"},
		{600, "10m"},
		{125 * 60, "125m"},
		{179 * 60, "179m"},
		{180 * 60, "3h"},
		{185 * 60, "3h5m"},
		{8 * 3600, "8h"},
		{30 * 3600, "30h"},
		{48 * 3600, "2d"},
		{5 * 86400 + 3 * 3600, "5d3h"},
		{8 * 86400 + 3600, "8d"},
		{400 * 86400, "400d"},
		{2 * 365 * 86400, "2y"},
		{(3 * 365 + 12) * 86400, "3y12d"},
		{8 * 365 * 86400 + 86400, "8y"},
	};
	char text[GT_TIME_TEXT];

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++)
		assert_string_equal(gt_human_duration(GT_SECONDS(cases[i].seconds), text),
				    cases[i].want);
}

static void test_clocks(void **state)
{
	(void)state;
	int64_t before = gt_now_mono();
	assert_true(gt_now_mono() >= before);
	assert_true(gt_now_wall() > 1700000000 * GT_NS_PER_S);

	gt_time_freeze(GT_SECONDS(1000));
	assert_true(gt_now_wall() == GT_SECONDS(1000));
	assert_true(gt_now_mono() == 0);
	gt_time_freeze(GT_SECONDS(1007));
	assert_true(gt_now_wall() == GT_SECONDS(1007));
	assert_true(gt_now_mono() == GT_SECONDS(7));
	gt_time_freeze(0);
	assert_true(gt_now_mono() >= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc3339_format),  cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_rfc3339_parse),   cmocka_unit_test(test_http_date),
		cmocka_unit_test(test_duration_parse),  cmocka_unit_test(test_duration_malformed),
		cmocka_unit_test(test_duration_format), cmocka_unit_test(test_human_duration),
		cmocka_unit_test(test_clocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
