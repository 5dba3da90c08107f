/* Arenas, buffers and maps: what grows with input. */
#include "support/check.h"

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"

static struct gt_err err;

static void test_arena_basics(void **state)
{
	gt_auto_arena a = {0};

	(void)state;
	for (size_t n = 0; n < 5000; n += 37) {
		char *p = gt_arena_alloc(&a, n);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 8, 0);
		memset(p, 0xa5, n);
	}
	int *zeroed = gt_arena_calloc(&a, 100, sizeof *zeroed);
	for (int i = 0; i < 100; i++)
		assert_int_equal(zeroed[i], 0);
	assert_string_equal(gt_arena_printf(&a, "%s/%d", "x", 5), "x/5");
	assert_string_equal(gt_arena_strndup(&a, "abcdef", 2), "ab");
	assert_null(gt_arena_strdup(&a, NULL));
	assert_non_null(gt_arena_alloc(&a, 3 << 20));
	check_ok(gt_arena_check(&a, &err), &err);
	assert_null(gt_arena_calloc(&a, SIZE_MAX / 2, 3));
	check_fails(gt_arena_check(&a, &err), GT_E_BUDGET);
	assert_null(gt_arena_alloc(&a, 1)); /* sticky */
	gt_arena_reset(&a);
	assert_non_null(gt_arena_alloc(&a, 1));
}

static void test_arena_budget(void **state)
{
	static const size_t budgets[] = {64, 1000, 5000, 100000, 1 << 20, 3 << 20};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(budgets); i++) {
		gt_auto_arena a;
		size_t got = 0;

		gt_arena_init(&a, budgets[i]);
		while (gt_arena_alloc(&a, 40))
			got += 40;
		assert_true(a.used <= budgets[i]);
		/* Next to all of the budget is usable. */
		assert_true(got <= budgets[i] && got + budgets[i] / 16 + 200 > budgets[i]);
		check_fails(gt_arena_check(&a, &err), GT_E_BUDGET);
		assert_non_null(strstr(err.text, "memory budget of"));
		gt_arena_reset(&a);
		assert_int_equal(a.budget, budgets[i]);
		assert_null(gt_arena_alloc(&a, budgets[i]));
	}
}

static void test_arena_grow(void **state)
{
	gt_auto_arena a = {0};
	char *p = NULL;
	size_t n = 0;

	(void)state;
	for (size_t i = 1; i < 3000; i++) {
		p = gt_arena_grow(&a, p, n, i);
		assert_non_null(p);
		p[i - 1] = (char)i;
		n = i;
		if (i % 97 == 0)
			gt_arena_alloc(&a, 8); /* the next one has to move */
	}
	for (size_t i = 1; i < 3000; i++)
		assert_int_equal(p[i - 1], (char)i);
}

static void test_arena_rewind(void **state)
{
	gt_auto_arena a = {0};
	struct gt_arena_mark start = gt_arena_mark(&a);

	(void)state;
	char *kept = gt_arena_strdup(&a, "kept");
	struct gt_arena_mark mark = gt_arena_mark(&a);
	size_t used = a.used;
	for (int i = 0; i < 100; i++)
		gt_arena_alloc(&a, 5000);
	gt_arena_rewind(&a, mark);
	assert_int_equal(a.used, used);
	assert_string_equal(kept, "kept");
	assert_ptr_equal(gt_arena_alloc(&a, 8), kept + 8);
	gt_arena_rewind(&a, start);
	assert_int_equal(a.used, 0);
	assert_non_null(gt_arena_alloc(&a, 8));
}

/* A step that builds something fails cleanly whichever of its allocations fails. */
static void test_arena_nth_failure(void **state)
{
	uint64_t n = 0;

	(void)state;
	for (;;) {
		gt_auto_arena a = {.fail_after = ++n};
		char *list = NULL;

		for (size_t i = 0; i < 10; i++) {
			list = gt_arena_grow(&a, list, i * 100, (i + 1) * 100);
			struct gt_str s = gt_arena_str(&a, GT_STR_LIT("text"));
			char *p = gt_arena_printf(&a, "%zu", i);

			if (s.p && p)
				assert_int_equal(s.n, 4);
		}
		if (gt_arena_check(&a, NULL) == GT_OK)
			break;
		assert_null(gt_arena_alloc(&a, 1));
	}
	assert_int_equal(n, 31);
}

static void test_buf(void **state)
{
	gt_auto_buf b = {0};
	gt_autofree char *taken = NULL;

	(void)state;
	assert_string_equal(gt_buf_cstr(&b), "");
	gt_buf_adds(&b, "abc");
	gt_buf_addc(&b, '-');
	gt_buf_fill(&b, 'x', 3);
	gt_buf_printf(&b, "%05d", 42);
	gt_buf_add_str(&b, (struct gt_str){0});
	assert_string_equal(b.p, "abc-xxx00042");
	gt_buf_consume(&b, 4);
	assert_string_equal(b.p, "xxx00042");
	char *at = gt_buf_reserve(&b, 1000);
	assert_non_null(at);
	memset(at, 'y', 1000);
	gt_buf_commit(&b, 1000);
	assert_int_equal(b.n, 1008);
	gt_buf_consume(&b, 5000);
	assert_int_equal(b.n, 0);
	gt_buf_adds(&b, "end");
	taken = gt_buf_take(&b);
	assert_string_equal(taken, "end");
	free(taken);
	taken = gt_buf_take(&b); /* never NULL */
	assert_string_equal(taken, "");
}

static void test_buf_max(void **state)
{
	gt_auto_buf b;

	(void)state;
	gt_buf_init(&b, 10);
	gt_buf_adds(&b, "0123456789");
	check_ok(gt_buf_check(&b, &err), &err);
	gt_buf_addc(&b, 'x');
	gt_buf_consume(&b, 5);
	gt_buf_addc(&b, 'y'); /* sticky even where it would fit */
	assert_string_equal(b.p, "56789");
	check_fails(gt_buf_check(&b, &err), GT_E_BUDGET);
	gt_buf_reset(&b);
	gt_buf_printf(&b, "%s", "0123456789");
	check_ok(gt_buf_check(&b, &err), &err);
	gt_buf_printf(&b, "%d", 1);
	check_fails(gt_buf_check(&b, &err), GT_E_BUDGET);
	assert_null(gt_buf_reserve(&b, SIZE_MAX));
}

static int freed;

static void count_free(void *p)
{
	free(p);
	freed++;
}

static void test_map(void **state)
{
	struct gt_map m = {0};
	char key[16];
	size_t n = 0;

	(void)state;
	assert_null(gt_map_find(&m, gt_str("x")));
	assert_false(gt_map_del(&m, gt_str("x")));
	gt_map_init(&m, count_free);
	freed = 0;
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof key, "key-%d", i);
		assert_true(gt_map_put(&m, gt_str(key), gt_xstrdup(key)));
	}
	assert_false(gt_map_put(&m, gt_str("key-7"), gt_xstrdup("new")));
	assert_int_equal(freed, 1);
	assert_string_equal(gt_map_find(&m, gt_str("key-7")), "new");
	assert_true(gt_map_put(&m, (struct gt_str){0}, NULL)); /* the empty key is a key */
	assert_true(gt_map_has(&m, gt_str("")));
	assert_null(gt_map_find(&m, gt_str("")));

	gt_map_for_each (&m, e) {
		if (n < 1000) {
			snprintf(key, sizeof key, "key-%zu", n);
			assert_string_equal(e->key, key);
		}
		if (n++ % 3)
			assert_true(gt_map_del(&m, gt_strn(e->key, e->len)));
	}
	assert_int_equal(n, 1001);
	assert_int_equal(m.n, 334);
	char *taken = gt_map_take(&m, gt_str("key-999"));
	assert_string_equal(taken, "key-999");
	free(taken);
	assert_null(gt_map_take(&m, gt_str("key-999")));
	gt_map_fini(&m);
	assert_int_equal(freed, 1001); /* the taken one is missing; NULL was freed too */
	gt_map_fini(&m);
}

/* Adding and removing for ever does not grow the map. */
static void test_map_churn(void **state)
{
	struct gt_map m = {0};
	char key[16];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		snprintf(key, sizeof key, "%d", i);
		gt_map_put(&m, gt_str(key), &m);
		snprintf(key, sizeof key, "%d", i - 10);
		assert_true(gt_map_del(&m, gt_str(key)) == (i >= 10));
	}
	assert_int_equal(m.n, 10);
	assert_true(m.cap <= 64);
	for (int i = 19990; i < 20000; i++) {
		snprintf(key, sizeof key, "%d", i);
		assert_ptr_equal(gt_map_find(&m, gt_str(key)), &m);
	}
	gt_map_fini(&m);
}

static void test_hash(void **state)
{
	char bytes[100] = {0};

	(void)state;
	for (size_t n = 0; n < sizeof bytes; n++) {
		uint64_t h = gt_hash_bytes(bytes, n);

		assert_true(h == gt_hash_bytes(bytes, n));
		assert_true(h != gt_hash_bytes(bytes, n + 1 < sizeof bytes ? n + 1 : 0));
		if (n) {
			bytes[n - 1] = 1;
			assert_true(h != gt_hash_bytes(bytes, n));
			bytes[n - 1] = 0;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena_basics),      cmocka_unit_test(test_arena_budget),
		cmocka_unit_test(test_arena_grow),        cmocka_unit_test(test_arena_rewind),
		cmocka_unit_test(test_arena_nth_failure), cmocka_unit_test(test_buf),
		cmocka_unit_test(test_buf_max),           cmocka_unit_test(test_map),
		cmocka_unit_test(test_map_churn),         cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
