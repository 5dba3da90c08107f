#include "support/check.h"

#include "base/alloc.h"
#include "base/list.h"
#include "base/str.h"
#include "base/vec.h"

static void test_compare(void **state)
{
	struct gt_str none = {0};

	(void)state;
	assert_true(gt_str_eq(none, gt_str("")));
	assert_false(gt_str_eq(gt_str("a"), gt_str("ab")));
	assert_true(gt_str_cmp(gt_str("a"), gt_str("ab")) < 0);
	assert_true(gt_str_cmp(gt_str("b"), gt_str("ab")) > 0);
	assert_true(gt_str_cmp(gt_str("\x80"), gt_str("a")) > 0);
	assert_int_equal(gt_str_cmp(none, none), 0);
	assert_true(gt_str_ieq(gt_str("Content-TYPE"), gt_str("content-type")));
	assert_false(gt_str_ieq(gt_str("["), gt_str("{")));
	assert_true(gt_streq(NULL, NULL));
	assert_false(gt_streq(NULL, ""));
	assert_true(gt_str_starts(none, ""));
	assert_true(gt_str_ends(none, ""));
	assert_true(gt_str_starts(gt_str("refs/heads/x"), "refs/"));
	assert_false(gt_str_starts(gt_str("ref"), "refs/"));
	assert_true(gt_str_ends(gt_str("a.yaml"), ".yaml"));
	assert_false(gt_str_ends(gt_str("yaml"), ".yaml"));
}

static void test_search(void **state)
{
	struct gt_str s = gt_str("one/two/three");
	struct gt_str none = {0};

	(void)state;
	assert_int_equal(gt_str_find(s, '/'), 3);
	assert_int_equal(gt_str_rfind(s, '/'), 7);
	assert_true(gt_str_find(s, ':') == SIZE_MAX);
	assert_true(gt_str_find(none, 'x') == SIZE_MAX);
	assert_int_equal(gt_str_search(s, gt_str("/t")), 3);
	assert_int_equal(gt_str_search(s, none), 0);
	assert_true(gt_str_search(none, gt_str("x")) == SIZE_MAX);
	check_str(gt_str_from(s, 8), "three");
	check_str(gt_str_from(s, 99), "");
	check_str(gt_str_sub(s, 4, 3), "two");
	check_str(gt_str_sub(s, 8, 99), "three");
	check_str(gt_str_trim(gt_str(" \t\r\n x y \v\f")), "x y");
	check_str(gt_str_trim(gt_str("  ")), "");
}

static void test_split(void **state)
{
	static const struct {
		const char *in;
		const char *want; /* parts joined by '|' */
	} cases[] = {{"", ""}, {",", "|"}, {"a", "a"}, {"a,b", "a|b"}, {",a,,b,", "|a||b|"}};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_split it = {.rest = gt_str(cases[i].in)};
		struct gt_str part;
		char joined[32] = "";
		size_t n = 0;

		while (gt_split_next(&it, ',', &part)) {
			if (n)
				joined[n++ - 1] = '|';
			else
				n = 1;
			if (part.n)
				memcpy(joined + n - 1, part.p, part.n);
			n += part.n;
		}
		check_str(gt_strn(joined, n - 1), cases[i].want);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		const char *in;
		bool ok;
		int64_t want;
	} cases[] = {
		{"0", true, 0},
		{"007", true, 7},
		{"+5", true, 5},
		{"-5", true, -5},
		{"9223372036854775807", true, INT64_MAX},
		{"-9223372036854775808", true, INT64_MIN},
		{"9223372036854775808", false, 0},
		{"-9223372036854775809", false, 0},
		{"99999999999999999999", false, 0},
		{"", false, 0},
		{"-", false, 0},
		{"+-1", false, 0},
		{" 1", false, 0},
		{"1 ", false, 0},
		{"1x", false, 0},
	};
	uint64_t u;
	double d;

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		int64_t got = 0;

		if (gt_str_i64(gt_str(cases[i].in), &got) != cases[i].ok || got != cases[i].want)
			fail_msg("\"%s\": got %lld", cases[i].in, (long long)got);
	}
	assert_true(gt_str_u64(gt_str("18446744073709551615"), &u) && u == UINT64_MAX);
	assert_false(gt_str_u64(gt_str("18446744073709551616"), &u));
	assert_false(gt_str_u64(gt_str("-1"), &u));
	assert_true(gt_str_double(gt_str("-1.5e3"), &d) && d == -1500);
	assert_false(gt_str_double(gt_str("0x10"), &d));
	assert_false(gt_str_double(gt_str("inf"), &d));
	assert_false(gt_str_double(gt_str("1.5."), &d));
	assert_false(gt_str_double(gt_str(""), &d));
}

static void test_vec(void **state)
{
	GT_VEC(int) v = {0};

	(void)state;
	for (int i = 0; i < 100; i++)
		gt_vec_push(&v, i);
	assert_int_equal(v.n, 100);
	gt_vec_remove(&v, 0);
	gt_vec_remove(&v, 98);
	assert_int_equal(v.n, 98);
	assert_int_equal(v.v[0], 1);
	assert_int_equal(v.v[97], 98);
	gt_vec_fini(&v);
	assert_null(v.v);
}

struct item {
	int n;
	struct gt_list node;
};

static void test_list(void **state)
{
	struct gt_list head;
	struct item items[5];
	int sum = 0;

	(void)state;
	gt_list_init(&head);
	assert_true(gt_list_empty(&head));
	for (int i = 0; i < 5; i++) {
		items[i].n = i;
		gt_list_append(&head, &items[i].node);
	}
	gt_list_for_each (&head, it) {
		struct item *item = gt_container_of(it, struct item, node);

		sum = sum * 10 + item->n;
		if (item->n % 2)
			gt_list_remove(it);
	}
	assert_int_equal(sum, 1234);
	gt_list_remove(&items[1].node); /* a second time */
	sum = 0;
	gt_list_for_each (&head, it)
		sum = sum * 10 + gt_container_of(it, struct item, node)->n + 1;
	assert_int_equal(sum, 135);
}

static void test_alloc(void **state)
{
	gt_autofree char *s = gt_xasprintf("%s-%d", "a", 7);
	gt_autofree char *cut = gt_xstrndup("abcdef", 3);
	char *stolen;

	(void)state;
	assert_string_equal(s, "a-7");
	assert_string_equal(cut, "abc");
	stolen = gt_steal(s);
	assert_null(s);
	free(stolen);
	free(gt_xmalloc(0));
	free(gt_xcalloc(0, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare), cmocka_unit_test(test_search),
		cmocka_unit_test(test_split),   cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_vec),     cmocka_unit_test(test_list),
		cmocka_unit_test(test_alloc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
