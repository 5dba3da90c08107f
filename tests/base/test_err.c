#include "support/check.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

static struct gt_err err;

static void test_fail_and_wrap(void **state)
{
	(void)state;
	check_fails(gt_fail(&err, GT_E_AUTH, "user %s", "bob"), GT_E_AUTH);
	assert_string_equal(err.text, "user bob");
	check_fails(gt_wrap(&err, "login %d", 2), GT_E_AUTH);
	assert_string_equal(err.text, "login 2: user bob");
	assert_int_equal(err.code, GT_E_AUTH);

	/* The text of the error itself is a fine argument. */
	gt_fail(&err, GT_E_INVALID, "again: %s", err.text);
	assert_string_equal(err.text, "again: login 2: user bob");

	check_fails(gt_fail(NULL, GT_E_GONE, "x"), GT_E_GONE);
	check_fails(gt_wrap(NULL, "x"), GT_E_INTERNAL);
}

static void test_fail_clears(void **state)
{
	(void)state;
	gt_fail(&err, GT_E_THROTTLED, "slow");
	err.http_status = 429;
	err.retry_after_ms = 5;
	memcpy(err.reason, "Slow", 5);
	gt_fail(&err, GT_E_INVALID, "other");
	assert_int_equal(err.http_status, 0);
	assert_int_equal(err.retry_after_ms, 0);
	assert_string_equal(err.reason, "");
}

static void test_errno(void **state)
{
	(void)state;
	check_fails(gt_fail_errno(&err, ENOENT, "open %s", "x"), GT_E_NOT_FOUND);
	assert_string_equal(err.text, "open x: No such file or directory");
	check_fails(gt_fail_errno(&err, EXDEV, "x"), GT_E_INVALID);
	check_fails(gt_fail_errno(NULL, EACCES, "x"), GT_E_FORBIDDEN);
	check_fails(gt_fail_errno(&err, ENOSPC, "x"), GT_E_IO);
}

/* Long texts are cut, and never within a character. */
static void test_cut(void **state)
{
	char text[GT_ERR_TEXT_MAX * 2];

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		size_t n = shift;

		memset(text, 'x', shift);
		for (; n + 5 < sizeof text; n += 4)
			memcpy(text + n, "\xf0\x9f\x98\x80", 4);
		text[n] = '\0';
		gt_fail(&err, GT_E_INVALID, "%s", text);
		assert_true(gt_utf8_valid(gt_str(err.text)));
		assert_in_range(strlen(err.text), GT_ERR_TEXT_MAX - 4, GT_ERR_TEXT_MAX - 1);
		gt_wrap(&err, "%s", text);
		assert_true(gt_utf8_valid(gt_str(err.text)));
		assert_in_range(strlen(err.text), GT_ERR_TEXT_MAX - 4, GT_ERR_TEXT_MAX - 1);
		gt_fail_errno(&err, ENOENT, "%s", text);
		assert_true(gt_utf8_valid(gt_str(err.text)));
	}
	/* A last character that fits stays. */
	memset(text, 'x', GT_ERR_TEXT_MAX - 3);
	memcpy(text + GT_ERR_TEXT_MAX - 3, "\xc3\xa4zz", 5);
	gt_fail(&err, GT_E_INVALID, "%s", text);
	assert_int_equal(strlen(err.text), GT_ERR_TEXT_MAX - 1);
}

static void test_names(void **state)
{
	(void)state;
	for (int code = 0; code >= GT_E_INTERNAL; code--)
		assert_string_not_equal(gt_code_name((enum gt_code)code), "Unknown");
	assert_string_equal(gt_code_name((enum gt_code) - 99), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_and_wrap), cmocka_unit_test(test_fail_clears),
		cmocka_unit_test(test_errno),         cmocka_unit_test(test_cut),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
