/*
 * Every golden case: the bytes of the output, or that the build fails.  With an argument only the
 * cases whose name contains it, and what went wrong in full.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "golden.h"

static const char *only;

static void print_difference(const struct gt_buf *want, const struct gt_buf *got)
{
	size_t i = 0, line = 1;

	while (i < want->n && i < got->n && want->p[i] == got->p[i])
		line += want->p[i++] == '\n';
	while (i > 0 && want->p[i - 1] != '\n')
		i--;
	print_error("  line %zu: want %.60s\n  got %.60s\n", line, gt_buf_cstr(want) + i,
		    i < got->n ? got->p + i : "(end)");
	if (only)
		print_error("--- got ---\n%s", gt_buf_cstr(got));
}

static bool run_case(const struct golden *g)
{
	struct gt_kustomize_opts opts = golden_opts(g);
	gt_auto_arena a = {.budget = 64 << 20};
	gt_auto_buf got = {0};
	struct gt_err err = {0};
	struct gt_node *docs = NULL;
	int rc = gt_kustomize_build(&a, g->root, &opts, &docs, &err);

	if (only && rc < 0)
		print_message("%s: %s\n", g->name, err.text);
	if (g->fails) {
		if (rc == GT_OK)
			print_error("%s: should fail\n", g->name);
		else if (!*err.text)
			print_error("%s: fails without a word\n", g->name);
		return rc < 0 && *err.text;
	}
	if (rc < 0) {
		print_error("%s: %s\n", g->name, err.text);
		return false;
	}
	gt_kustomize_write(&got, docs);
	bool same = gt_str_eq(gt_buf_str(&got), gt_buf_str(&g->want));
	if (!same) {
		print_error("%s: output differs\n", g->name);
		print_difference(&g->want, &got);
	}
	return same;
}

static void test_cases(void **state)
{
	(void)state;
	struct dirent **names;
	int n = scandir(GOLDEN_DIR, &names, NULL, alphasort);
	gt_autoclose int dir = open(GOLDEN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned ran = 0, failed = 0;

	assert_true(n > 0 && dir >= 0);
	for (int i = 0; i < n; i++) {
		struct golden g;

		if (names[i]->d_name[0] != '.' && (!only || strstr(names[i]->d_name, only)) &&
		    golden_open(dir, names[i]->d_name, &g)) {
			ran++;
			failed += !run_case(&g);
			golden_fini(&g);
		}
		free(names[i]);
	}
	free(names);
	print_message("%u of %u cases as expected\n", ran - failed, ran);
	assert_true(ran >= (only ? 1u : 290u));
	assert_int_equal(failed, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases)};

	only = argc > 1 ? argv[1] : NULL;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
