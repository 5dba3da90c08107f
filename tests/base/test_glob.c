#include "support/check.h"

#include "base/alloc.h"
#include "base/glob.h"

static struct gt_err err;

static void test_match(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool want;
	} cases[] = {
		{"abc", "abc", true},
		{"*", "abc", true},
		{"*", "", true},
		{"*", "a/b", false},
		{"*c", "abc", true},
		{"a*", "a", true},
		{"a*", "ab/c", false},
		{"a*/b", "abc/b", true},
		{"a*/b", "a/c/b", false},
		{"a*b*c*d*e*/f", "axbxcxdxe/f", true},
		{"a*b*c*d*e*/f", "axbxcxdxexxx/f", true},
		{"a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false},
		{"a*b?c*x", "abxbbxdbxebxczzx", true},
		{"a*b?c*x", "abxbbxdbxebxczzy", false},
		{"**", "abc", true},
		{"ab[c]", "abc", true},
		{"ab[b-d]", "abc", true},
		{"ab[e-g]", "abc", false},
		{"ab[^c]", "abc", false},
		{"ab[^e-g]", "abc", true},
		{"a\\*b", "a*b", true},
		{"a\\*b", "ab", false},
		{"a?b",
		 "a\xe2\x98\xba"
		 "b",
		 true},
		{"a[^a]b",
		 "a\xe2\x98\xba"
		 "b",
		 true},
		{"a???b",
		 "a\xe2\x98\xba"
		 "b",
		 false},
		{"[a-\xce\xb6]*", "\xce\xb1", true},
		{"*[a-\xce\xb6]", "A", false},
		{"a?b", "a/b", false},
		{"[\\]a]", "]", true},
		{"[\\-]", "-", true},
		{"[x\\-]", "x", true},
		{"[x\\-]", "z", false},
		{"[\\-x]", "a", false},
		{"", "", true},
		{"", "a", false},
		{"?", "", false},
		{"[a]", "", false},
		{"*.yaml", "x.yaml", true},
		{"*.yaml", ".yaml", true},
		{"*x", "xxx", true},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		bool got = !cases[i].want;

		check_ok(gt_glob_match(gt_str(cases[i].pattern), gt_str(cases[i].name), &got, &err),
			 &err);
		if (got != cases[i].want)
			fail_msg("\"%s\" and \"%s\": got %d", cases[i].pattern, cases[i].name, got);
	}
}

static void test_malformed(void **state)
{
	static const char *const bad[] = {"[]a]", "[-]",  "[x-]", "[-x]",  "[a-b-c]", "[",
					  "[^",   "[^bc", "a[",   "\\",    "a\\",     "[a",
					  "[a-",  "[a-]", "x[\\", "[\xff]"};
	bool got;

	(void)state;
	for (size_t i = 0; i < GT_COUNT(bad); i++) {
		if (gt_glob_match(gt_str(bad[i]), gt_str("zzz"), &got, &err) != GT_E_INVALID)
			fail_msg("\"%s\" passed", bad[i]);
		assert_non_null(strstr(err.text, "syntax error in pattern"));
		check_fails(gt_glob_check(gt_str(bad[i]), NULL), GT_E_INVALID);
	}
	check_ok(gt_glob_check(gt_str("a]*[b-c]\\["), &err), &err);
	assert_true(gt_glob_is_pattern(gt_str("a[b]")));
	assert_false(gt_glob_is_pattern(gt_str("a]b.c")));
}

/* Many stars cost no more than the product of the lengths. */
static void test_many_stars(void **state)
{
	char pattern[2001], name[5001];
	bool got;

	(void)state;
	for (size_t i = 0; i < 2000; i += 2)
		memcpy(pattern + i, "*a", 2);
	pattern[1999] = 'b';
	memset(name, 'a', sizeof name);
	check_ok(gt_glob_match(gt_strn(pattern, 2000), gt_strn(name, 5000), &got, &err), &err);
	assert_false(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_many_stars),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
