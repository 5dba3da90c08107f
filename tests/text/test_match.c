/* Everything that says yes or no about a text: regular expressions, globs, ignore rules,
 * versions, selectors. */
#include "text/support.h"

#include "base/limits.h"
#include "text/ignore.h"
#include "text/regex.h"
#include "text/selector.h"
#include "text/semver.h"

static void test_regex(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *text;
		bool found, full;
	} cases[] = {
		{"b+", "abbc", true, false},
		{"^abbc$", "abbc", true, true},
		{"^b", "ab", false, false},
		{"a|ab", "ab", true, true},
		{"(?i)ABC", "xabcx", true, false},
		{"a.c", "a\nc", false, false},
		{"(?s)a.c", "a\nc", true, true},
		{"a.c",
		 "a\xff"
		 "c",
		 true, true},
		{"\\pL+", "\xc3\xa9", true, true},
		{"[[:digit:]]{2}", "x12", true, false},
		{"", "", true, true},
		{"^(?<y>\\d{4})$", "2024", true, true},
		{"[(?<]x", "?x", true, true},
		{"\\Q(?<\\E", "(?<", true, true},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_regex *re;
		struct gt_err err;

		if (gt_regex_new(gt_str(cases[i].pattern), &re, &err) < 0)
			fail_msg("%s: %s", cases[i].pattern, err.text);
		if (gt_regex_match(re, gt_str(cases[i].text)) != cases[i].found ||
		    gt_regex_match_full(re, gt_str(cases[i].text)) != cases[i].full)
			fail_msg("%s on %s", cases[i].pattern, cases[i].text);
		gt_regex_free(re);
	}
	gt_regex_free(NULL);
}

static void test_regex_groups(void **state)
{
	(void)state;
	static const char text[] = "v1.2 \xff v10.20-x";
	struct gt_regex *re;
	struct gt_str g[6];

	assert_int_equal(gt_regex_new(gt_str("v(?P<major>\\d+)\\.(\\d+)(-x)?"), &re, NULL), GT_OK);
	assert_int_equal(gt_regex_groups(re), 3);
	assert_int_equal(gt_regex_group(re, gt_str("major")), 1);
	assert_int_equal(gt_regex_group(re, gt_str("minor")), 0);
	assert_true(gt_regex_find(re, gt_str(text), 0, g, 6));
	assert_true(gt_str_is(g[0], "v1.2") && gt_str_is(g[1], "1") && gt_str_is(g[2], "2"));
	assert_null(g[3].p);
	assert_null(g[5].p);
	assert_true(gt_regex_find(re, gt_str(text), 4, g, 4));
	assert_ptr_equal(g[0].p, text + 7);
	assert_true(gt_str_is(g[0], "v10.20-x") && gt_str_is(g[3], "-x"));
	assert_false(gt_regex_find(re, gt_str(text), 8, g, 4));
	assert_false(gt_regex_find(re, gt_str(text), 999, g, 4));
	gt_regex_free(re);
}

static void test_regex_rejected(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *error;
	} cases[] = {
		{"[a", "error parsing regexp: missing closing ]: `[a`"},
		{"a**", "error parsing regexp: invalid nested repetition operator: `**`"},
		{"*a", "error parsing regexp: missing argument to repetition operator: `*`"},
		{"\\C", "error parsing regexp: invalid escape sequence: `\\C`"},
		{"(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
		{"a)", "error parsing regexp: unexpected ): `a)`"},
		{"x{1001}", "error parsing regexp: invalid repeat count: `{1001}`"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_regex *re;
		struct gt_err err;

		assert_int_equal(gt_regex_new(gt_str(cases[i].pattern), &re, &err), GT_E_INVALID);
		assert_string_equal(err.text, cases[i].error);
	}
}

static void test_glob(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *name;
		bool match;
	} cases[] = {
		{"abc", "abc", true},
		{"*", "abc", true},
		{"*c", "abc", true},
		{"a*", "a", true},
		{"a*b*c*d", "axbxcxd", true},
		{"a*b*c*d", "axbxcx", false},
		{"a?c",
		 "a\xc3\xa9"
		 "c",
		 true},
		{"a?c", "ac", false},
		{"a[b-d]e", "ace", true},
		{"a[^b-d]e", "ace", false},
		{"a[!b]e", "a!e", true},
		{"a\\*b", "a*b", true},
		{"[]a]", "]", false},
		{"[-]", "-", false},
		{"[x-]", "x", false},
		{"a[", "a", false},
		{"a[", "ab", false},
		{"*x", "a/x", false},
		{"\\", "\\", false},
		{"", "", true},
		{"", "a", false},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		if (gt_ignore_glob(gt_str(cases[i].pattern), gt_str(cases[i].name)) !=
		    cases[i].match)
			fail_msg("%s on %s", cases[i].pattern, cases[i].name);
	}
}

static void test_ignore(void **state)
{
	(void)state;
	static const struct {
		const char *patterns, *path; /* a trailing slash means a directory */
		bool ignored;
	} cases[] = {
		{"*.jpg\n", "a/b.jpg", true},
		{"*.jpg\n", "a/b.png", false},
		{"# *.jpg\n\n", "a/b.jpg", false},
		{"build/\n", "build/", true},
		{"build/\n", "build", false},
		{"build/\n", "x/build/y", true},
		{"/build\n", "build/x", true},
		{"/build\n", "x/build", false},
		{"a/b\n", "a/b", true},
		{"a/b\n", "x/a/b", false},
		{"**/b\n", "x/y/b", true},
		{"a/**/b\n", "a/b", true},
		{"a/**\n", "a/x/y", true},
		{"**\n", "a", true},
		{"/**\n", "a", false},
		{"/a**b/c\n", "axb/c", false},
		{"*.txt\n!keep.txt\n", "keep.txt", false},
		{"!keep.txt\n*.txt\n", "keep.txt", true},
		{"/*\n!/deploy\n", "deploy/x.yaml", false},
		{"/*\n!/deploy\n", "other/x.yaml", true},
		{"a  \r\n", "a", true},
		{"a\\ \n", "a ", true},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_ignore *ig = gt_ignore_new();
		size_t n = strlen(cases[i].path);
		bool dir = cases[i].path[n - 1] == '/';

		assert_int_equal(gt_ignore_add(ig, gt_str(cases[i].patterns), "", NULL), GT_OK);
		if (gt_ignore_match(ig, cases[i].path, dir) != cases[i].ignored)
			fail_msg("%s on %s", cases[i].patterns, cases[i].path);
		gt_ignore_free(ig);
	}
}

static void test_ignore_composition(void **state)
{
	(void)state;
	struct gt_ignore *ig = gt_ignore_compose_take(NULL);

	assert_true(gt_ignore_match(ig, ".git/config", false));
	assert_true(gt_ignore_match(ig, "docs/logo.png", false));
	assert_true(gt_ignore_match(ig, "sub/.sops.yaml", false));
	assert_false(gt_ignore_match(ig, "deploy/app.yaml", false));
	gt_ignore_free(ig);

	/* One pattern of the user's and only the VCS files are left out besides. */
	struct gt_ignore *user = gt_ignore_new();
	gt_ignore_add(user, gt_str("secret\n"), "apps/web", NULL);
	ig = gt_ignore_compose_take(user);
	assert_true(gt_ignore_match(ig, ".gitignore", false));
	assert_false(gt_ignore_match(ig, "docs/logo.png", false));
	assert_true(gt_ignore_match(ig, "apps/web/x/secret", false));
	assert_false(gt_ignore_match(ig, "apps/api/secret", false));
	assert_false(gt_ignore_match(ig, "apps/web", true));
	gt_ignore_free(ig);
}

static void test_ignore_limits(void **state)
{
	(void)state;
	gt_auto_buf text = {0};
	struct gt_ignore *ig = gt_ignore_new();
	struct gt_err err;

	for (int i = 0; i <= GT_LIMIT_IGNORE_PATTERNS; i++)
		gt_buf_adds(&text, "x\n");
	assert_int_equal(gt_ignore_add(ig, gt_buf_str(&text), "", &err), GT_E_BUDGET);
	gt_ignore_free(ig);

	ig = gt_ignore_new();
	gt_buf_reset(&text);
	gt_buf_adds(&text, "before\n");
	gt_buf_fill(&text, 'x', GT_LIMIT_IGNORE_LINE);
	gt_buf_adds(&text, "\nafter\n");
	assert_int_equal(gt_ignore_add(ig, gt_buf_str(&text), "", &err), GT_OK);
	assert_int_equal(gt_ignore_count(ig), 1);
	gt_ignore_free(ig);
}

static void test_versions(void **state)
{
	(void)state;
	static const char *const rising[] = {"1.0.0-0",
					     "1.0.0-1",
					     "1.0.0-alpha",
					     "1.0.0-alpha.1",
					     "1.0.0-alpha.beta",
					     "1.0.0-beta.2",
					     "1.0.0-beta.11",
					     "1.0.0-rc.1",
					     "v1",
					     "1.0.1",
					     "1.2",
					     "1.10.0",
					     "2"};
	static const struct {
		const char *text, *error; /* NULL: accepted */
	} lenient[] = {
		{"v1.2.3-rc.1+build.5", NULL},
		{"1", NULL},
		{"01.02", NULL},
		{"2024.01.05", NULL},
		{"", "invalid semantic version"},
		{"1.2.3.4", "invalid semantic version"},
		{"1.2.x", "invalid semantic version"},
		{"1.2.3-", "invalid semantic version"},
		{"1.2.3-a..b", "invalid semantic version"},
		{"1.2.3-01", "version segment starts with 0"},
		{"99999999999999999999.0.0", "invalid semantic version"},
		{"V1.0.0", "invalid semantic version"},
	};
	struct gt_semver x, y;
	struct gt_err err;

	for (size_t i = 0; i < GT_COUNT(lenient); i++) {
		int rc = gt_semver_parse(gt_str(lenient[i].text), &x, &err);

		assert_int_equal(rc, lenient[i].error ? GT_E_INVALID : GT_OK);
		if (lenient[i].error)
			assert_string_equal(err.text, lenient[i].error);
	}
	for (size_t i = 0; i < GT_COUNT(rising); i++) {
		for (size_t j = 0; j < GT_COUNT(rising); j++) {
			assert_int_equal(gt_semver_parse(gt_str(rising[i]), &x, NULL), GT_OK);
			assert_int_equal(gt_semver_parse(gt_str(rising[j]), &y, NULL), GT_OK);
			assert_int_equal(gt_semver_cmp(&x, &y), (i > j) - (i < j));
		}
	}
	assert_int_equal(gt_semver_parse_strict(gt_str("1.2.3-a+b"), &x, NULL), GT_OK);
	assert_int_equal(gt_semver_parse_strict(gt_str("v1.2.3"), &x, NULL), GT_E_INVALID);
	assert_int_equal(gt_semver_parse_strict(gt_str("1.2"), &x, NULL), GT_E_INVALID);
	assert_int_equal(gt_semver_parse_strict(gt_str("1.02.3"), &x, NULL), GT_E_INVALID);
	assert_int_equal(gt_semver_parse_tag(gt_str("1.2"), &x, NULL), GT_E_INVALID);
	assert_int_equal(gt_semver_parse_tag(gt_str("v1.2-rc.1"), &x, NULL), GT_OK);

	gt_auto_buf out = {0};
	gt_semver_write(&out, &x);
	assert_string_equal(gt_buf_cstr(&out), "1.2.0-rc.1");
}

static void test_constraints(void **state)
{
	(void)state;
	static const struct {
		const char *constraint, *version;
		bool match;
	} cases[] = {
		{"6.x", "6.5.4", true},
		{">=1.0 <2.0", "1.9.9", true},
		{">=1.0, <2.0", "2.0.0", false},
		{"*", "1.2.3", true},
		{"*", "1.2.3-rc", false},
		{">=1.0.0-0", "1.2.3-rc", true},
		{"1.2", "1.2.9", true},
		{"=1.2.3", "1.2.3+meta", true},
		{">11", "11.1.0", false},
		{">11", "12.0.0", true},
		{">11.1", "11.1.5", false},
		{"<=11", "11.9.9", true},
		{"<=11.2", "11.3.0", false},
		{"^0.2.3", "0.2.9", true},
		{"^0.2.3", "0.3.0", false},
		{"^0.0.3", "0.0.4", false},
		{"^1.2", "1.9.0", true},
		{"~1.2.3", "1.2.9", true},
		{"~1.2.3", "1.3.0", false},
		{"~>1", "1.9.0", true},
		{"!=1.2", "1.2.3", false},
		{"!=1.2.x", "1.3.0", true},
		{"1.0 - 2.0", "2.0.0", true},
		{"1.0 - 2.0", "2.0.1", true},
		{"1.0.0 - 2.0.0", "2.0.1", false},
		{"<1 || >3.0.0", "3.5.0", true},
		{"<1 || >3.0.0", "2.0.0", false},
		{"=>1.0.0", "1.0.0", true},
	};
	static const struct {
		const char *constraint, *error;
	} bad[] = {
		{"", "improper constraint: \"\""},
		{"hello", "improper constraint: \"hello\""},
		{"1.2.3 ||", "improper constraint: \"\""},
		{">=1<2", "improper constraint: \">=1<2\""},
		{"1.0.0-01", "constraint parser error"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_constraint *c;
		struct gt_err err;

		if (gt_constraint_parse(&a, gt_str(cases[i].constraint), &c, &err) < 0)
			fail_msg("%s: %s", cases[i].constraint, err.text);
		if (gt_constraint_match_text(c, gt_str(cases[i].version)) != cases[i].match)
			fail_msg("%s on %s", cases[i].constraint, cases[i].version);
	}
	for (size_t i = 0; i < GT_COUNT(bad); i++) {
		gt_auto_arena a = {0};
		struct gt_constraint *c;
		struct gt_err err;

		assert_int_equal(gt_constraint_parse(&a, gt_str(bad[i].constraint), &c, &err),
				 GT_E_INVALID);
		assert_string_equal(err.text, bad[i].error);
	}
}

static void test_selectors(void **state)
{
	(void)state;
	static const struct {
		const char *selector, *printed;
		bool match;
	} cases[] = {
		{"", "", true},
		{"app=web", "app=web", true},
		{"app==web,tier!=db", "app=web,tier!=db", true},
		{"none!=x", "none!=x", true},
		{"app in (api, web)", "app in (api,web)", true},
		{"app notin (api)", "app notin (api)", true},
		{"app notin (web)", "app notin (web)", false},
		{"app", "app", true},
		{"!app", "!app", false},
		{"!none , app", "app,!none", true},
		{"n>4,n<6", "n>4,n<6", true},
		{"n>5", "n>5", false},
		{"app>5", "app>5", false},
		{"empty=", "empty=", true},
		{"example.com/x=y", "example.com/x=y", true},
		{"empty in ()", "empty in ()", true},
	};
	gt_auto_arena a = {0};
	struct gt_node *labels = json(&a, "{\"app\":\"web\",\"tier\":\"front\",\"n\":\"5\","
					  "\"empty\":\"\",\"example.com/x\":\"y\"}");

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_selector sel;
		gt_auto_buf out = {0};
		struct gt_err err;

		if (gt_selector_parse(&a, gt_str(cases[i].selector), &sel, &err) < 0)
			fail_msg("%s: %s", cases[i].selector, err.text);
		gt_selector_write(&out, &sel);
		assert_string_equal(gt_buf_cstr(&out), cases[i].printed);
		if (gt_selector_match(&sel, labels) != cases[i].match)
			fail_msg("%s", cases[i].selector);
	}
	assert_true(gt_selector_match(NULL, labels));
}

static void test_selectors_rejected(void **state)
{
	(void)state;
	static const struct {
		const char *selector, *error;
	} cases[] = {
		{"a b",
		 "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"},
		{"a=b,", "found '', expected: identifier after ','"},
		{",", "found ',', expected: !, identifier, or 'end of string'"},
		{"a in b", "unable to parse requirement: found 'b', expected: '('"},
		{"a>x",
		 "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' "
		 "operators, the value must be an integer"},
		{"-a=b",
		 "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must "
		 "consist of alphanumeric characters, '-', '_' or '.', and must start and end "
		 "with an alphanumeric character"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_selector sel;
		struct gt_err err;

		assert_int_equal(gt_selector_parse(&a, gt_str(cases[i].selector), &sel, &err),
				 GT_E_INVALID);
		assert_string_equal(err.text, cases[i].error);
	}
}

static void test_selector_objects(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	gt_auto_buf out = {0};
	struct gt_selector sel;
	struct gt_err err;
	struct gt_node *n =
		json(&a, "{\"matchLabels\":{\"b\":\"1\"},\"matchExpressions\":[{\"key\":\"a\","
			 "\"operator\":\"In\",\"values\":[\"y\",\"x\"]},{\"key\":\"c\","
			 "\"operator\":\"DoesNotExist\"}]}");

	assert_int_equal(gt_selector_from_node(&a, n, &sel, &err), GT_OK);
	gt_selector_write(&out, &sel);
	assert_string_equal(gt_buf_cstr(&out), "a in (x,y),b=1,!c");
	assert_true(gt_selector_match(&sel, json(&a, "{\"a\":\"x\",\"b\":\"1\"}")));
	assert_false(gt_selector_match(&sel, json(&a, "{\"a\":\"x\",\"b\":\"1\",\"c\":\"\"}")));

	assert_int_equal(gt_selector_from_node(&a, NULL, &sel, &err), GT_OK);
	assert_false(gt_selector_match(&sel, n));
	assert_int_equal(gt_selector_from_node(&a, json(&a, "{}"), &sel, &err), GT_OK);
	assert_true(gt_selector_match(&sel, NULL));
	assert_int_equal(gt_selector_from_node(&a,
					       json(&a, "{\"matchExpressions\":[{\"key\":\"a\","
							"\"operator\":\"Near\"}]}"),
					       &sel, &err),
			 GT_E_INVALID);
	assert_string_equal(err.text, "\"Near\" is not a valid label selector operator");
}

static struct gt_str field_of(void *arg, struct gt_str key)
{
	return gt_node_text(gt_node_getn(arg, key));
}

static void test_field_selectors(void **state)
{
	(void)state;
	static const struct {
		const char *selector;
		int match; /* -1: refused */
	} cases[] = {
		{"", 1},
		{"metadata.name=x", 1},
		{"metadata.name==x,status.phase!=Running", 1},
		{"metadata.name!=x", 0},
		{"spec.v=a\\,b\\=c\\\\", 1},
		{"status.none=", 1},
		{"metadata.name", -1},
		{"a=b=c", -1},
		{"a=b\\x", -1},
		{"a=b\\", -1},
	};
	gt_auto_arena a = {0};
	struct gt_node *fields = json(&a, "{\"metadata.name\":\"x\",\"spec.v\":\"a,b=c\\\\\"}");

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_selector sel;
		int rc = gt_field_selector_parse(&a, gt_str(cases[i].selector), &sel, NULL);

		if ((rc < 0) != (cases[i].match < 0))
			fail_msg("%s", cases[i].selector);
		if (rc >= 0)
			assert_int_equal(gt_field_selector_match(&sel, field_of, fields),
					 cases[i].match);
	}
}

static int parse_selector(struct gt_arena *a, struct gt_err *err)
{
	struct gt_selector sel;

	return gt_selector_parse(a, gt_str("a in (x,y),b=1,!c"), &sel, err);
}

static int parse_field_selector(struct gt_arena *a, struct gt_err *err)
{
	struct gt_selector sel;

	return gt_field_selector_parse(a, gt_str("a=b,c!=d"), &sel, err);
}

static int parse_constraint(struct gt_arena *a, struct gt_err *err)
{
	struct gt_constraint *c;

	return gt_constraint_parse(a, gt_str(">=1.x <3 || 4 - 5"), &c, err);
}

static void test_allocations(void **state)
{
	(void)state;
	fail_each_allocation(parse_selector);
	fail_each_allocation(parse_field_selector);
	fail_each_allocation(parse_constraint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regex),
		cmocka_unit_test(test_regex_groups),
		cmocka_unit_test(test_regex_rejected),
		cmocka_unit_test(test_glob),
		cmocka_unit_test(test_ignore),
		cmocka_unit_test(test_ignore_composition),
		cmocka_unit_test(test_ignore_limits),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_constraints),
		cmocka_unit_test(test_selectors),
		cmocka_unit_test(test_selectors_rejected),
		cmocka_unit_test(test_selector_objects),
		cmocka_unit_test(test_field_selectors),
		cmocka_unit_test(test_allocations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
