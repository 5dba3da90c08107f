#include "support/check.h"

#include "base/fs.h"

static void test_clean(void **state)
{
	static const struct {
		const char *in, *want;
	} cases[] = {
		{"", "."},
		{"abc", "abc"},
		{"abc/def", "abc/def"},
		{"a/b/c", "a/b/c"},
		{".", "."},
		{"..", ".."},
		{"../..", "../.."},
		{"../../abc", "../../abc"},
		{"/abc", "/abc"},
		{"/", "/"},
		{"abc/", "abc"},
		{"a/b/c/", "a/b/c"},
		{"./", "."},
		{"../", ".."},
		{"/abc/", "/abc"},
		{"abc//def//ghi", "abc/def/ghi"},
		{"//abc", "/abc"},
		{"///abc", "/abc"},
		{"//abc//", "/abc"},
		{"abc/./def", "abc/def"},
		{"/./abc/def", "/abc/def"},
		{"abc/.", "abc"},
		{"abc/def/ghi/../jkl", "abc/def/jkl"},
		{"abc/def/../ghi/../jkl", "abc/jkl"},
		{"abc/def/..", "abc"},
		{"abc/def/../..", "."},
		{"/abc/def/../..", "/"},
		{"abc/def/../../..", ".."},
		{"/abc/def/../../..", "/"},
		{"abc/def/../../../ghi/jkl/../../../mno", "../../mno"},
		{"abc/./../def", "def"},
		{"abc//./../def", "def"},
		{"abc/../../././../def", "../../def"},
		{"..a/..b", "..a/..b"},
		{"/../x", "/x"},
		{"a/../../b/..", ".."},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_buf out = {0};

		gt_buf_adds(&out, "x/..|"); /* what is in the buffer already is left alone */
		gt_path_clean(&out, gt_str(cases[i].in));
		check_str(gt_str_from(gt_buf_str(&out), 5), cases[i].want);
		assert_int_equal(strlen(out.p), out.n);
		bool up = gt_str_starts(gt_str(cases[i].want), "../") ||
			  gt_streq(cases[i].want, "..") || cases[i].in[0] == '/';
		if (gt_path_inside(gt_str(cases[i].in)) == up)
			fail_msg("gt_path_inside(\"%s\")", cases[i].in);
	}
}

static void test_join(void **state)
{
	static const struct {
		const char *a, *b, *want;
	} cases[] = {
		{"", "", ""},        {"a", "", "a"},   {"", "b", "b"},     {"a", "b", "a/b"},
		{"a/", "/b", "a/b"}, {"/", "b", "/b"}, {"a", "../b", "b"}, {"a", "../../b", "../b"},
		{"/a", "..", "/"},   {".", "", "."},   {"", "/b/.", "/b"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_buf out = {0};

		gt_path_join(&out, gt_str(cases[i].a), gt_str(cases[i].b));
		check_str(gt_buf_str(&out), cases[i].want);
	}
}

static void test_dir_and_base(void **state)
{
	static const struct {
		const char *in, *dir, *base;
	} cases[] = {
		{"", ".", "."},    {"a", ".", "a"},   {"a/b", "a", "b"},  {"/a", "/", "a"},
		{"/", "/", "/"},   {"a/", "a", "a"},  {"a//b", "a", "b"}, {"a/b/c", "a/b", "c"},
		{"///", "/", "/"}, {"..", ".", ".."},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		check_str(gt_path_dir(gt_str(cases[i].in)), cases[i].dir);
		check_str(gt_path_base(gt_str(cases[i].in)), cases[i].base);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_dir_and_base),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
