/* Bad input: each ends in an error that names the file and the cause. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kustomize/kustomize.h"
#include "tree.h"

#define MAP(name) "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\n"

static const struct {
	const char *what, *tree;
	enum gt_code code;
	const char *says[3]; /* all of these are in the text, but one with a '!' */
} cases[] = {
	{"no kustomization", "=== a.yaml\n" MAP("a"), GT_E_NOT_FOUND, {"kustomization.yaml"}},
	{"missing file",
	 "=== kustomization.yaml\nresources: [nope.yaml]\n",
	 GT_E_NOT_FOUND,
	 {"nope.yaml"}},
	{"missing base below a base",
	 "=== kustomization.yaml\nresources: [b]\n=== b/kustomization.yaml\nresources: [../c]\n",
	 GT_E_NOT_FOUND,
	 {"'b'", "'../c'"}},
	{"cycle",
	 "=== kustomization.yaml\nresources: [b]\n=== b/kustomization.yaml\nresources: [../]\n",
	 GT_E_INVALID,
	 {"cycle", "'b'"}},
	{"link out of the root",
	 "=== kustomization.yaml\nresources: [l.yaml]\n=== l.yaml -> /etc/passwd\n\n",
	 0,
	 {"l.yaml"}},
	{"path out of the root",
	 "=== kustomization.yaml\nresources: [../../../../etc/passwd]\n",
	 0,
	 {"etc/passwd"}},
	{"duplicate id",
	 "=== kustomization.yaml\nresources: [a.yaml, b.yaml]\n=== a.yaml\n" MAP(
		 "x") "=== b.yaml\n" MAP("x"),
	 GT_E_INVALID,
	 {"already registered", "a.yaml", "b.yaml"}},
	{"malformed line",
	 "=== kustomization.yaml\nresources: [a.yaml]\n=== a.yaml\n" MAP("x") "data: [\n",
	 GT_E_INVALID,
	 {"a.yaml", "line "}},
	{"malformed kustomization",
	 "=== kustomization.yaml\nresources: [a.yaml\nx: {\n",
	 GT_E_INVALID,
	 {"kustomization.yaml", "line "}},
	{"unknown field",
	 "=== kustomization.yaml\nnamespace: x\nresource: [a.yaml]\n",
	 GT_E_INVALID,
	 {"kustomization.yaml", "line 2", "\"resource\""}},
	{"wrong type",
	 "=== kustomization.yaml\nnamespace: x\nimages: {a: b}\n",
	 GT_E_INVALID,
	 {"line 2", "images", "list"}},
	{"repeated key",
	 "=== kustomization.yaml\nresources: [a.yaml]\n=== a.yaml\n" MAP(
		 "x") "data:\n  k: a\n  k: b\n",
	 GT_E_INVALID,
	 {"a.yaml", "line 6", "line 5"}},
	{"second document of a file",
	 "=== kustomization.yaml\nresources: [a.yaml]\n=== a.yaml\n" MAP(
		 "x") "---\nkind: ConfigMap\n",
	 GT_E_INVALID,
	 {"a.yaml", "line 5", "metadata.name"}},
	{"patch without an object",
	 "=== kustomization.yaml\nresources: [a.yaml]\npatches: [{path: p.yaml}]\n=== a.yaml\n" MAP(
		 "x") "=== p.yaml\n" MAP("y"),
	 GT_E_INVALID,
	 {"p.yaml", "ConfigMap", "no matches"}},
	{"failing JSON patch",
	 "=== kustomization.yaml\nresources: [a.yaml]\npatches:\n- target: {kind: ConfigMap}\n"
	 "  patch: '[{\"op\": \"remove\", \"path\": \"/data/k\"}]'\n=== a.yaml\n" MAP("x"),
	 GT_E_INVALID,
	 {"inline patch", "/data/k", "ConfigMap"}},
	{"replacement of nothing",
	 "=== kustomization.yaml\nresources: [a.yaml]\nreplacements:\n- source: {kind: Secret}\n"
	 "  targets: [{select: {kind: ConfigMap}}]\n=== a.yaml\n" MAP("x"),
	 GT_E_INVALID,
	 {"replacements", "nothing selected"}},
	{"remote base",
	 "=== kustomization.yaml\nresources: ['https://github.com/org/repo//dir?ref=v1']\n",
	 GT_E_UNSUPPORTED,
	 {"remote", "github.com/org/repo"}},
	{"remote over ssh",
	 "=== kustomization.yaml\ncomponents: ['git@host.example:org/repo']\n",
	 GT_E_UNSUPPORTED,
	 {"remote"}},
	{"alias bomb",
	 "=== kustomization.yaml\nresources: [a.yaml]\n=== a.yaml\n" MAP(
		 "x") "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
		      "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
		      "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
		      "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
		      "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f]\n",
	 GT_E_BUDGET,
	 {"a.yaml", "aliases"}},
	{"file with a NUL in its name",
	 "=== kustomization.yaml\nresources: [\"a\\0b\"]\n",
	 GT_E_INVALID,
	 {"NUL"}},
	{"helm charts",
	 "=== kustomization.yaml\nhelmCharts: [{name: x}]\n",
	 GT_E_UNSUPPORTED,
	 {"helmCharts"}},
	{"secret in no error",
	 "=== kustomization.yaml\nsecretGenerator: [{name: s, literals: [a=b, hunter2]}]\n",
	 GT_E_INVALID,
	 {"secretGenerator 's'", "entry 2: invalid literal", "!hunter2"}},
};

static int build(const struct tree *t, const struct gt_kustomize_opts *opts, struct gt_err *err)
{
	gt_auto_arena a = {.budget = 64 << 20};
	struct gt_node *docs = NULL;

	return gt_kustomize_build(&a, t->fd, opts, &docs, err);
}

static void test_bad_trees(void **state)
{
	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct tree t;
		struct gt_err err = {0};

		assert_true(tree_make(&t, gt_str(cases[i].tree)));
		int rc = build(&t, NULL, &err);
		tree_remove(&t);
		if (rc == GT_OK || (cases[i].code && rc != cases[i].code))
			fail_msg("%s: got %s: %s", cases[i].what, gt_code_name(rc), err.text);
		for (size_t j = 0; j < GT_COUNT(cases[i].says) && cases[i].says[j]; j++) {
			const char *says = cases[i].says[j];
			bool hides = *says == '!';

			if (hides == (strstr(err.text, says + hides) != NULL))
				fail_msg("%s: '%s' in: %s", cases[i].what, says, err.text);
		}
	}
}

static void test_limits(void **state)
{
	(void)state;
	static const char tree[] =
		"=== kustomization.yaml\nresources: [a.yaml, b]\n=== a.yaml\n" MAP(
			"x") "=== b/kustomization.yaml\nresources: [c]\n"
			     "=== b/c/kustomization.yaml\nresources: [d.yaml]\n=== "
			     "b/c/d.yaml\n" MAP("y");
	static const struct gt_kustomize_opts limits[] = {
		{.max_file_bytes = 20},
		{.max_total_bytes = 150},
		{.max_objects = 1},
		{.max_depth = 1},
	};
	struct tree t;
	struct gt_err err = {0};

	assert_true(tree_make(&t, gt_str(tree)));
	assert_int_equal(build(&t, NULL, &err), GT_OK);
	for (size_t i = 0; i < GT_COUNT(limits); i++) {
		if (build(&t, &limits[i], &err) != GT_E_BUDGET)
			fail_msg("limit %zu: %s", i, err.text);
	}
	tree_remove(&t);
}

static void test_load_restriction(void **state)
{
	(void)state;
	static const char tree[] =
		"=== top/kustomization.yaml\nresources: [../a.yaml, l.yaml]\n=== a.yaml\n" MAP(
			"x") "=== top/l.yaml -> ../b.yaml\n\n=== b.yaml\n" MAP("y");
	struct gt_kustomize_opts opts = {.path = "top"};
	struct tree t;
	struct gt_err err = {0};

	assert_true(tree_make(&t, gt_str(tree)));
	assert_int_equal(build(&t, &opts, &err), GT_OK);
	opts.restrict_to_dir = true;
	assert_int_equal(build(&t, &opts, &err), GT_E_INVALID);
	assert_non_null(strstr(err.text, "security"));
	tree_remove(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_trees),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_load_restriction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
