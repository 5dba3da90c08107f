/* A build in which the n-th allocation fails ends in GT_E_BUDGET, whatever n is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "golden.h"

/* Between them they reach every part of the engine. */
static const char *const names[] = {
	"029-overlay-nested-prefix-hash",
	"120-smp-lists-merge-by-key",
	"121-smp-ports-multi-key",
	"199-replacement-index-wildcard-regex",
	"209-replacement-json-in-string",
	"225-vars",
	"229-configurations",
	"240-builtin-transformers-more",
	"249-transformer-annotations",
	"255-transformer-order-in-one-layer",
	"266-openapi-schema-cluster-scoped",
};

/* Small steps where the build starts, larger ones where much of it repeats. */
static uint64_t next_step(uint64_t n)
{
	return n < 60 ? n + 1 : n + 1 + n / 40;
}

static void fail_each(const struct golden *g)
{
	struct gt_kustomize_opts opts = golden_opts(g);
	bool done = false;

	for (uint64_t n = 1; !done; n = next_step(n)) {
		gt_auto_arena a = {.fail_after = n};
		struct gt_node *docs = NULL;
		struct gt_err err = {0};
		int rc = gt_kustomize_build(&a, g->root, &opts, &docs, &err);

		done = !a.failed;
		if (done ? rc != GT_OK : rc != GT_E_BUDGET)
			fail_msg("%s, allocation %llu: %s %s", g->name, (unsigned long long)n,
				 gt_code_name(rc), err.text);
	}
}

static void test_failing_allocations(void **state)
{
	(void)state;
	gt_autoclose int dir = open(GOLDEN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (size_t i = 0; i < GT_COUNT(names); i++) {
		struct golden g;

		if (!golden_open(dir, names[i], &g))
			fail_msg("no case %s", names[i]);
		fail_each(&g);
		golden_fini(&g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_failing_allocations)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
