#include "support/check.h"

#include "base/enc.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/utf8.h"

static void test_base64_vectors(void **state)
{
	static const struct {
		const char *plain, *std, *url;
	} cases[] = {
		{"", "", ""},
		{"f", "Zg==", "Zg"},
		{"fo", "Zm8=", "Zm8"},
		{"foo", "Zm9v", "Zm9v"},
		{"foob", "Zm9vYg==", "Zm9vYg"},
		{"\xfb\xff\xfe", "+//+", "-__-"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_buf out = {0};

		gt_base64_encode(&out, gt_str(cases[i].plain));
		check_str(gt_buf_str(&out), cases[i].std);
		gt_buf_reset(&out);
		gt_base64url_encode(&out, gt_str(cases[i].plain));
		check_str(gt_buf_str(&out), cases[i].url);
		gt_buf_reset(&out);
		assert_true(gt_base64_decode(&out, gt_str(cases[i].std)));
		check_str(gt_buf_str(&out), cases[i].plain);
		gt_buf_reset(&out);
		assert_true(gt_base64url_decode(&out, gt_str(cases[i].url)));
		check_str(gt_buf_str(&out), cases[i].plain);
	}
}

static void test_base64_strict(void **state)
{
	static const char *const bad[] = {"Z",        "Zg",   "Zg=",   "Zg===",    "Zm9v=",
					  "Zm9v====", "Z=g=", "=",     "Zg==Zg==", "Zm 9v",
					  "Zm9-",     "Zm9_", "Zm9v\t"};
	gt_auto_buf out = {0};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(bad); i++) {
		if (gt_base64_decode(&out, gt_str(bad[i])))
			fail_msg("\"%s\" was decoded", bad[i]);
		assert_int_equal(out.n, 0);
	}
	assert_true(gt_base64_decode(&out, gt_str("Zm9\r\nvYg=\n=\n")));
	check_str(gt_buf_str(&out), "foob");
	gt_buf_reset(&out);
	assert_true(gt_base64url_decode(&out, gt_str("Zg==")));
	assert_false(gt_base64url_decode(&out, gt_str("Zg=")));
	assert_false(gt_base64url_decode(&out, gt_str("+//+")));
	check_str(gt_buf_str(&out), "f");
}

static void test_round_trips(void **state)
{
	char bytes[260];

	(void)state;
	for (size_t n = 0; n < sizeof bytes; n++) {
		gt_auto_buf text = {0};
		gt_auto_buf back = {0};
		struct gt_str in = gt_strn(bytes, n);

		gt_rand_bytes(bytes, sizeof bytes);
		gt_base64_encode(&text, in);
		assert_true(gt_base64_decode(&back, gt_buf_str(&text)));
		assert_true(gt_str_eq(gt_buf_str(&back), in));
		gt_buf_reset(&text), gt_buf_reset(&back);
		gt_hex_encode(&text, in);
		assert_true(gt_hex_decode(&back, gt_buf_str(&text)));
		assert_true(gt_str_eq(gt_buf_str(&back), in));
		gt_buf_reset(&text), gt_buf_reset(&back);
		gt_percent_encode(&text, in, n % 2);
		assert_true(gt_percent_decode(&back, gt_buf_str(&text), false));
		assert_true(gt_str_eq(gt_buf_str(&back), in));
	}
}

static void test_hex(void **state)
{
	gt_auto_buf out = {0};

	(void)state;
	gt_hex_encode(&out, gt_strn("\x00\xab\x7f", 3));
	check_str(gt_buf_str(&out), "00ab7f");
	gt_buf_reset(&out);
	assert_true(gt_hex_decode(&out, gt_str("AbcD")));
	check_str(gt_buf_str(&out), "\xab\xcd");
	assert_false(gt_hex_decode(&out, gt_str("abc")));
	assert_false(gt_hex_decode(&out, gt_str("0g")));
	assert_false(gt_hex_decode(&out, gt_str("ab 1")));
	check_str(gt_buf_str(&out), "\xab\xcd");
}

static void test_percent(void **state)
{
	gt_auto_buf out = {0};

	(void)state;
	gt_percent_encode(&out, gt_str("a b/c~\xc3\xa4&=+"), false);
	check_str(gt_buf_str(&out), "a%20b%2Fc~%C3%A4%26%3D%2B");
	gt_buf_reset(&out);
	gt_percent_encode(&out, gt_str("a b/c"), true);
	check_str(gt_buf_str(&out), "a%20b/c");
	gt_buf_reset(&out);
	assert_true(gt_percent_decode(&out, gt_str("a+b%2fc%2B"), true));
	check_str(gt_buf_str(&out), "a b/c+");
	gt_buf_reset(&out);
	assert_true(gt_percent_decode(&out, gt_str("a+b"), false));
	check_str(gt_buf_str(&out), "a+b");
	assert_false(gt_percent_decode(&out, gt_str("%"), false));
	assert_false(gt_percent_decode(&out, gt_str("x%4"), false));
	assert_false(gt_percent_decode(&out, gt_str("%zz"), false));
	check_str(gt_buf_str(&out), "a+b");
	assert_true(gt_percent_decode(&out, gt_str("%41"), false));
	check_str(gt_buf_str(&out), "a+bA");
}

static void test_const_time_eq(void **state)
{
	(void)state;
	assert_true(gt_const_time_eq(gt_str("secret"), gt_str("secret")));
	assert_false(gt_const_time_eq(gt_str("secret"), gt_str("secreT")));
	assert_false(gt_const_time_eq(gt_str("secret"), gt_str("secre")));
	assert_true(gt_const_time_eq((struct gt_str){0}, gt_str("")));
}

static void test_utf8_decode(void **state)
{
	static const struct {
		const char *in;
		uint32_t rune;
		size_t len;
	} cases[] = {
		{"a", 'a', 1},
		{"\xc3\xa4", 0xe4, 2},
		{"\xe2\x82\xac", 0x20ac, 3},
		{"\xf0\x9f\x98\x80", 0x1f600, 4},
		{"\xf4\x8f\xbf\xbf", 0x10ffff, 4},
		{"\xef\xbf\xbd", 0xfffd, 3},
		{"\xc0\x80", GT_RUNE_ERROR, 1},         /* overlong NUL */
		{"\xe0\x80\xaf", GT_RUNE_ERROR, 1},     /* overlong slash */
		{"\xed\xa0\x80", GT_RUNE_ERROR, 1},     /* a surrogate */
		{"\xf4\x90\x80\x80", GT_RUNE_ERROR, 1}, /* above the last code point */
		{"\xf5\x80\x80\x80", GT_RUNE_ERROR, 1},
		{"\x80", GT_RUNE_ERROR, 1},
		{"\xe2\x82", GT_RUNE_ERROR, 1}, /* cut short */
		{"\xe2\x28\xa1", GT_RUNE_ERROR, 1},
		{"", GT_RUNE_ERROR, 0},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		size_t len;

		assert_int_equal(gt_utf8_decode(gt_str(cases[i].in), &len), cases[i].rune);
		assert_int_equal(len, cases[i].len);
	}
}

static void test_utf8_all_runes(void **state)
{
	gt_auto_buf out = {0};

	(void)state;
	for (uint32_t rune = 0; rune < 0x110000; rune++) {
		bool surrogate = rune >= 0xd800 && rune <= 0xdfff;
		size_t len;

		gt_buf_reset(&out);
		gt_utf8_encode(&out, rune);
		uint32_t back = gt_utf8_decode(gt_buf_str(&out), &len);
		if (back != (surrogate ? GT_RUNE_ERROR : rune) || len != out.n)
			fail_msg("U+%04X came back as U+%04X", rune, back);
	}
	gt_buf_reset(&out);
	gt_utf8_encode(&out, 0x110000);
	check_str(gt_buf_str(&out), "\xef\xbf\xbd");
}

static void test_utf8_strings(void **state)
{
	(void)state;
	assert_true(gt_utf8_valid((struct gt_str){0}));
	assert_true(gt_utf8_valid(gt_str("0123456789 \xc3\xa4 and more than eight bytes")));
	assert_true(gt_utf8_valid(gt_str("\xef\xbf\xbd")));
	assert_false(gt_utf8_valid(gt_str("0123456789abcdef\xff")));
	assert_false(gt_utf8_valid(gt_str("abc\xe2\x82")));
	assert_int_equal(gt_utf8_count(gt_str("a\xc3\xa4\xf0\x9f\x98\x80z")), 4);
	assert_int_equal(gt_utf8_count(gt_str("\xff\xfe")), 2);
	assert_int_equal(gt_utf8_cut(gt_str("a\xc3\xa4z"), 2), 1);
	assert_int_equal(gt_utf8_cut(gt_str("a\xc3\xa4z"), 3), 3);
	assert_int_equal(gt_utf8_cut(gt_str("a\xc3\xa4z"), 9), 4);
	assert_int_equal(gt_utf8_cut(gt_str("\xf0\x9f\x98\x80"), 3), 0);
	assert_int_equal(gt_utf8_cut(gt_str("\x80\x80\x80\x80\x80\x80"), 5), 5);
	assert_int_equal(gt_utf8_cut(gt_str("abc"), 0), 0);
}

static void test_random(void **state)
{
	char a[GT_UUID_TEXT], b[GT_UUID_TEXT], text[9];
	unsigned seen[7] = {0};

	(void)state;
	gt_uuid4(a);
	assert_string_not_equal(a, gt_uuid4(b));
	assert_int_equal(strlen(a), 36);
	assert_int_equal(a[14], '4');
	assert_non_null(strchr("89ab", a[19]));
	assert_int_equal(strspn(a, "0123456789abcdef-"), 36);
	for (int i = 0; i < 7000; i++) {
		double unit = gt_rand_unit();

		seen[gt_rand_below(7)]++;
		assert_true(unit >= 0 && unit < 1);
	}
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 700, 1300);
	assert_int_equal(gt_rand_below(1), 0);
	gt_rand_text(text, 8, "x");
	assert_string_equal(text, "xxxxxxxx");
}

static void test_secret(void **state)
{
	struct gt_secret a = {0}, b = {0};

	(void)state;
	assert_false(gt_secret_is_set(&a));
	assert_string_equal(gt_secret_shown(&a), "");
	gt_secret_set(&a, gt_str("password"));
	assert_string_equal(gt_secret_shown(&a), "***");
	gt_secret_copy(&b, &a);
	gt_secret_set(&a, gt_str_from(gt_secret_bytes(&a), 4)); /* from itself */
	check_str(gt_secret_bytes(&a), "word");
	check_str(gt_secret_bytes(&b), "password");
	gt_wipe(b.p, 4);
	assert_memory_equal(b.p, "\0\0\0\0word", 9);
	gt_secret_set(&b, gt_str(""));
	assert_true(gt_secret_is_set(&b));
	gt_secret_fini(&a);
	gt_secret_fini(&a);
	gt_secret_fini(&b);
	assert_false(gt_secret_is_set(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64_vectors), cmocka_unit_test(test_base64_strict),
		cmocka_unit_test(test_round_trips),    cmocka_unit_test(test_hex),
		cmocka_unit_test(test_percent),        cmocka_unit_test(test_const_time_eq),
		cmocka_unit_test(test_utf8_decode),    cmocka_unit_test(test_utf8_all_runes),
		cmocka_unit_test(test_utf8_strings),   cmocka_unit_test(test_random),
		cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
