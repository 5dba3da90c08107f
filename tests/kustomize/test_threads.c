/* Builds on several threads at a time give what one alone gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>

#include "golden.h"

#define THREADS 4
#define ROUNDS 20

static struct golden golden;

static void *build_all(void *arg)
{
	bool *ok = arg;
	struct gt_kustomize_opts opts = golden_opts(&golden);

	*ok = true;
	for (int i = 0; i < ROUNDS; i++) {
		gt_auto_arena a = {.budget = 64 << 20};
		gt_auto_buf got = {0};
		struct gt_node *docs = NULL;

		if (gt_kustomize_build(&a, golden.root, &opts, &docs, NULL) < 0)
			*ok = false;
		gt_kustomize_write(&got, docs);
		*ok &= gt_str_eq(gt_buf_str(&got), gt_buf_str(&golden.want));
	}
	return NULL;
}

static void test_at_once(void **state)
{
	(void)state;
	gt_autoclose int dir = open(GOLDEN_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pthread_t threads[THREADS];
	bool ok[THREADS];

	assert_true(golden_open(dir, "294-realistic-app-overlay", &golden));
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, build_all, &ok[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(ok[i]);
	}
	golden_fini(&golden);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_at_once)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
