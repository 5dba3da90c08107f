#include "support/check.h"

#include <string.h>

#include "base/buf.h"
#include "git/modules.h"

static void test_parse(void **state)
{
	static const char text[] = "# comment\n"
				   "[core]\n\tpath = ignored\n"
				   "[submodule \"lib\"]\n\tpath = third/lib\n\turl = ../lib.git\n"
				   "; another\n"
				   "[SubModule \"with \\\"quotes\\\" \\\\ and more\"]\r\n"
				   "\tURL = \"https://h/x y.git\" # why\r\n\tPath=a\\\nb\n"
				   "[submodule \"bare\"]\n\tignore = dirty\n\tflag\n";
	gt_auto_arena a = {0};
	struct gt_git_module *m;
	struct gt_err err;
	size_t n;

	(void)state;
	check_ok(gt_git_modules_parse(&a, gt_str(text), &m, &n, &err), &err);
	assert_int_equal(n, 3);
	assert_string_equal(m[0].name, "lib");
	assert_string_equal(m[0].path, "third/lib");
	assert_string_equal(m[0].url, "../lib.git");
	assert_string_equal(m[1].name, "with \"quotes\" \\ and more");
	assert_string_equal(m[1].url, "https://h/x y.git");
	assert_string_equal(m[1].path, "ab");
	assert_null(m[2].path);
	assert_null(m[2].url);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"[submodule \"x\"", ".gitmodules:1: unclosed section"},
		{"\n[submodule \"x]", ".gitmodules:2: malformed section"},
		{"[submodule \"x\"]\npath = \"open", ".gitmodules:2: unclosed quote"},
		{"[submodule \"x\"]\npath = a\\q", ".gitmodules:2: unknown escape"},
		{"[submodule \"x\"]\npath = a\\", ".gitmodules:2: the last line is continued"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_git_module *m;
		struct gt_err err = {0};
		size_t n;

		check_fails(gt_git_modules_parse(&a, gt_str(cases[i].text), &m, &n, &err),
			    GT_E_INVALID);
		assert_string_equal(err.text, cases[i].error);
	}
}

static void test_too_many(void **state)
{
	gt_auto_buf text = {0};
	gt_auto_arena a = {0};
	struct gt_git_module *m;
	size_t n;

	(void)state;
	for (int i = 0; i < 1000; i++)
		gt_buf_printf(&text, "[submodule \"%d\"]\n", i);
	check_fails(gt_git_modules_parse(&a, gt_buf_str(&text), &m, &n, NULL), GT_E_BUDGET);
}

static void test_urls(void **state)
{
	static const struct {
		const char *parent, *url, *want; /* NULL: refused */
	} cases[] = {
		{"https://h/org/app.git", "https://other/x.git", "https://other/x.git"},
		{"https://h/org/app.git", "../lib.git", "https://h/org/lib.git"},
		{"https://h/org/app.git", "./lib.git", "https://h/org/app.git/lib.git"},
		{"https://h/org/app.git", "../../../../x.git", "https://h/x.git"},
		{"ssh://git@h:2222/org/app.git", "../lib.git", "ssh://git@h:2222/org/lib.git"},
		{"https://h/a", "git@h:org/lib.git", "ssh://git@h/org/lib.git"},
		{"https://h/a", "h:lib", "ssh://h/lib"},
		{"https://h/a", "file:///etc", NULL},
		{"https://h/a", "git://h/x", NULL},
		{"https://h/a", "/etc/passwd", NULL},
		{"https://h/a", "ext::sh -c x", NULL},
		{"https://h/a", "", NULL},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		const char *got = NULL;
		struct gt_err err = {0};
		int rc = gt_git_module_url(&a, cases[i].parent, cases[i].url, &got, &err);

		if ((rc == GT_OK) != (cases[i].want != NULL) ||
		    (rc == GT_OK && strcmp(got, cases[i].want) != 0))
			fail_msg("%s: %d %s %s", cases[i].url, rc, got, err.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_urls),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
