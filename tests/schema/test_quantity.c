#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "schema/quantity.h"

static void test_rewrite(void **state)
{
	(void)state;
	static const struct {
		const char *in, *want; /* NULL: refused */
	} cases[] = {
		/* canonical forms */
		{"0", "0"},
		{"0.5", "500m"},
		{"1000m", "1"},
		{"1.5", "1500m"},
		{"1000k", "1M"},
		{"1024Mi", "1Gi"},
		{"2048", "2048"},
		{"1536Ki", "1536Ki"},
		{"0.5Mi", "512Ki"},
		{"1.5Gi", "1536Mi"},
		{"0.1Ki", "102400m"},
		{"500Ki", "500Ki"},
		{"-1.5Gi", "-1536Mi"},
		{"1e4", "10e3"},
		{"1e0", "1e0"},
		{"100000Ti", "100000Ti"},
		{" 1 ", "1"},
		/* text that is kept although it is not canonical */
		{"1.500", "1.500"},
		{"+1", "+1"},
		{"01", "01"},
		{"0100Mi", "0100Mi"},
		{"1E3", "1E3"},
		/* zero has one form */
		{"0Ki", "0"},
		{"-0", "0"},
		{"00", "0"},
		{"+", "0"},
		{"m", "0"},
		/* rounding away from zero to nine decimals, caps */
		{"0.1n", "1n"},
		{"-0.1n", "-1n"},
		{"1.0000000001", "1000000001n"},
		{"9Ei", "9223372036854775807"},
		{"9223372036854775807Ki", "9223372036854775807"},
		{"12345678901234567890", "12345678901234567890"},
		{"1e30", "1e30"},
		{"5000E", "5000E"},
		/* refused */
		{"", NULL},
		{"abc", NULL},
		{"1.2.3", NULL},
		{"1 m", NULL},
		{"1mm", NULL},
		{"1K", NULL},
		{"1e", NULL},
		{"1e3m", NULL},
		{"1_0", NULL},
		{"1e99999999999", NULL},
		{"1234567890123456789012345678901234567", NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char buf[GT_QUANTITY_MAX];
		struct gt_str got;
		int rc = gt_quantity_rewrite(gt_str(cases[i].in), buf, &got, NULL);

		if (rc < 0 && !cases[i].want)
			continue;
		if (rc < 0 || !cases[i].want || !gt_str_is(got, cases[i].want))
			fail_msg("\"%s\" gave %d \"%.*s\"", cases[i].in, rc,
				 rc < 0 ? 0 : (int)got.n, rc < 0 ? "" : got.p);
	}
}

static void test_errors(void **state)
{
	(void)state;
	struct gt_quantity q;
	struct gt_err err = {0};

	assert_int_equal(gt_quantity_parse(gt_str("one"), &q, &err), GT_E_INVALID);
	assert_non_null(strstr(err.text, "quantities must match the regular expression"));
	assert_int_equal(gt_quantity_parse(gt_str("1K"), &q, &err), GT_E_INVALID);
	assert_string_equal(err.text, "unable to parse quantity's suffix");
}

static struct gt_quantity read(const char *s)
{
	struct gt_quantity q;

	if (gt_quantity_parse(gt_str(s), &q, NULL) < 0)
		fail_msg("%s", s);
	return q;
}

static void test_compare(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		int want;
	} cases[] = {
		{"1", "1000m", 0},       {"1Ki", "1024", 0}, {"1Ki", "1k", 1},
		{"-1", "1", -1},         {"0", "-0", 0},     {"-2", "-1", -1},
		{"1e1000", "1e999", 1},  {"1n", "1e9", -1},  {"100m", "0.1", 0},
		{"1e30", "1000000E", 1}, {"999m", "1", -1},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gt_quantity a = read(cases[i].a), b = read(cases[i].b);

		if (gt_quantity_cmp(&a, &b) != cases[i].want ||
		    gt_quantity_cmp(&b, &a) != -cases[i].want)
			fail_msg("%s against %s", cases[i].a, cases[i].b);
	}
}

static void test_numbers(void **state)
{
	(void)state;
	struct gt_quantity q = read("2Ki");
	int64_t i = 0;

	assert_true(gt_quantity_int64(&q, &i));
	assert_int_equal(i, 2048);
	q = read("1500m");
	assert_false(gt_quantity_int64(&q, &i));
	assert_true(gt_quantity_double(&q) == 1.5);
	q = read("-1e3");
	assert_true(gt_quantity_int64(&q, &i));
	assert_int_equal(i, -1000);
	assert_int_equal(gt_quantity_sign(&q), -1);
	q = read("1e40");
	assert_false(gt_quantity_int64(&q, &i));
}

static void test_round_up(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		int32_t exponent;
		const char *want;
	} cases[] = {
		{"1500u", -3, "2m"}, {"1500m", 0, "2"}, {"-1500m", 0, "-2"}, {"1", -3, "1"},
		{"1n", -3, "1m"},    {"0", 0, "0"},     {"1001m", 3, "1k"},  {"2Ki", -3, "2Ki"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gt_quantity q = read(cases[i].in);
		char buf[GT_QUANTITY_MAX];

		gt_quantity_round_up(&q, cases[i].exponent);
		gt_quantity_format(&q, buf);
		if (strcmp(buf, cases[i].want) != 0)
			fail_msg("%s to 10^%d gave %s", cases[i].in, (int)cases[i].exponent, buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rewrite),  cmocka_unit_test(test_errors),
		cmocka_unit_test(test_compare),  cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_round_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
