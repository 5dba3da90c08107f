#include "text/support.h"

#include <math.h>

#include "text/number.h"

static void test_build_and_read(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_node *m = gt_node_map(&a);

	gt_node_set_str(&a, m, "s", "text");
	gt_node_set_int(&a, m, "i", -42);
	gt_node_set_bool(&a, m, "b", true);
	gt_node_set(&a, m, "f", gt_node_float(&a, 1.5));
	gt_node_set(&a, m, "n", gt_node_null(&a));
	gt_node_append(&a, gt_node_need_seq(&a, m, "l"), gt_node_printf(&a, "%d-%s", 7, "x"));
	gt_node_set_str(&a, gt_node_need_map(&a, gt_node_need_map(&a, m, "m"), "k"), "deep", "v");
	gt_node_set_str(&a, m, "none", NULL);
	expect_json(m, "{\"s\":\"text\",\"i\":-42,\"b\":true,\"f\":1.5,\"n\":null,\"l\":[\"7-x\"],"
		       "\"m\":{\"k\":{\"deep\":\"v\"}}}");
	assert_string_equal(gt_node_cstr_at(m, "m", "k", "deep"), "v");
	assert_null(gt_node_at(m, "m", "x", "deep"));
	assert_null(gt_node_at(m, "s", "x"));
	assert_int_equal(gt_node_int_or(gt_node_get(m, "i"), 0), -42);
	assert_int_equal(gt_node_int_or(gt_node_get(m, "s"), 5), 5);
	assert_true(gt_node_truth(gt_node_get(m, "b"), false));
	assert_true(gt_node_is_null(gt_node_get(m, "n")));
	assert_true(gt_node_is_text(gt_node_get(m, "s"), "text"));
	assert_int_equal(gt_arena_check(&a, NULL), GT_OK);
}

/* Readers give neutral answers for NULL and for nodes of another kind. */
static void test_wrong_kinds(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_node *seq = json(&a, "[1,2]"), *map = json(&a, "{\"a\":1}");
	int seen = 0;

	gt_map_each(seq, pair) seen++;
	gt_seq_for_each (map, item)
		seen++;
	gt_map_each(NULL, pair) seen++;
	gt_seq_for_each (NULL, item)
		seen++;
	assert_int_equal(seen, 0);
	assert_null(gt_node_get(seq, "a"));
	assert_null(gt_node_item(map, 0));
	assert_null(gt_node_pair(seq, 0));
	assert_null(gt_node_cstr(seq));
	assert_int_equal(gt_node_text(map).n, 0);
	assert_int_equal(gt_node_count(NULL), 0);
	gt_node_set_str(&a, seq, "a", "b");
	gt_node_append(&a, map, gt_node_null(&a));
	assert_false(gt_node_unset(seq, "a"));
	expect_json(seq, "[1,2]");
	expect_json(map, "{\"a\":1}");
}

/* Look-ups, removals and renames agree with a plain list of keys at every size of the map. */
static void test_large_map(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_node *m = gt_node_map(&a);
	char key[32];

	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof key, "key-%d", i);
		gt_node_set_int(&a, m, key, i);
		gt_node_set_int(&a, m, key, i); /* replaced, not added */
		assert_int_equal(gt_node_count(m), (size_t)i + 1);
	}
	for (int i = 0; i < 500; i += 3) {
		snprintf(key, sizeof key, "key-%d", i);
		assert_true(gt_node_unset(m, key));
		assert_false(gt_node_unset(m, key));
	}
	for (int i = 1; i < 500; i += 3) {
		char to[32];

		snprintf(key, sizeof key, "key-%d", i);
		snprintf(to, sizeof to, "new-%d", i);
		assert_true(gt_node_rename(&a, m, gt_str(key), gt_str(to)));
	}
	int64_t last = -1;
	for (int i = 0; i < 500; i++) {
		snprintf(key, sizeof key, "%s-%d", i % 3 == 1 ? "new" : "key", i);
		assert_int_equal(gt_node_int_or(gt_node_get(m, key), -1), i % 3 == 0 ? -1 : i);
	}
	gt_map_each(m, pair)
	{
		int64_t now = gt_node_int_or(pair->value, -1);

		assert_true(now > last); /* the order is kept */
		last = now;
	}
	gt_node_sort_keys(m, false);
	assert_int_equal(gt_node_int_or(gt_node_get(m, "new-100"), -1), 100);
	assert_string_equal(gt_node_pair(m, 0)->key, "key-101");
}

static void test_rename(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_node *m = json(&a, "{\"a\":1,\"b\":2,\"c\":3}");

	assert_false(gt_node_rename(&a, m, gt_str("a"), gt_str("b")));
	assert_false(gt_node_rename(&a, m, gt_str("x"), gt_str("y")));
	assert_true(gt_node_rename(&a, m, gt_str("b"), gt_str("z")));
	expect_json(m, "{\"a\":1,\"z\":2,\"c\":3}");
}

static int by_value(const struct gt_node *x, const struct gt_node *y, void *arg)
{
	(void)arg;
	return (int)(gt_node_int_or(gt_node_get(x, "k"), 0) -
		     gt_node_int_or(gt_node_get(y, "k"), 0));
}

static void test_sequences(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_node *s = json(&a, "[1,2,3]");

	gt_node_insert(&a, s, 0, gt_node_int(&a, 0));
	gt_node_insert(&a, s, 99, gt_node_int(&a, 4));
	gt_node_remove(s, 1);
	gt_node_put(s, 1, gt_node_int(&a, 22));
	gt_node_put(s, 99, gt_node_int(&a, 5));
	expect_json(s, "[0,22,3,4]");

	struct gt_node *sorted = json(&a, "[{\"k\":2,\"n\":0},{\"k\":1,\"n\":1},{\"k\":2,\"n\":2},"
					  "{\"k\":1,\"n\":3},{\"k\":0,\"n\":4}]");
	gt_node_sort_items(sorted, by_value, NULL);
	expect_json(sorted, "[{\"k\":0,\"n\":4},{\"k\":1,\"n\":1},{\"k\":1,\"n\":3},"
			    "{\"k\":2,\"n\":0},{\"k\":2,\"n\":2}]");
}

static void test_equality(void **state)
{
	(void)state;
	static const struct {
		const char *x, *y;
		bool equal;
	} cases[] = {
		{"{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":1e0}", true},
		{"100", "1e2", true},
		{"-0", "0.0", true},
		{"0.1", "1e-1", true},
		{"9007199254740993", "9007199254740992", false},
		{"9007199254740993", "9007199254740993.0", true},
		{"12345678901234567890123", "12345678901234567890123.000", true},
		{"1", "\"1\"", false},
		{"1", "-1", false},
		{"[1,2]", "[2,1]", false},
		{"{\"a\":null}", "{}", false},
		{"null", "null", true},
		{"true", "false", false},
		{"1e1000000000000000000000", "1e1000000000000000000000", true},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_node *x = json(&a, cases[i].x), *y = json(&a, cases[i].y);

		if (gt_node_equal(x, y) != cases[i].equal)
			fail_msg("%s against %s", cases[i].x, cases[i].y);
		if (cases[i].equal)
			assert_true(gt_node_hash(x) == gt_node_hash(y));
	}
}

static void test_number_order(void **state)
{
	(void)state;
	static const char *const rising[] = {"-1e3", "-12", "-2.5", "-2", "0",    "1e-5", "0.5",
					     "1",    "1.5", "2",    "10", "10.5", "1e2",  "1e300"};

	for (size_t i = 0; i < GT_COUNT(rising); i++) {
		for (size_t j = 0; j < GT_COUNT(rising); j++) {
			int want = (i > j) - (i < j);

			assert_int_equal(gt_number_cmp(gt_str(rising[i]), gt_str(rising[j])), want);
		}
	}
}

static void test_doubles(void **state)
{
	(void)state;
	static const struct {
		double d;
		const char *json, *g;
	} cases[] = {
		{0, "0", "0"},
		{1, "1", "1"},
		{-1.5, "-1.5", "-1.5"},
		{100000, "100000", "100000"},
		{1e6, "1000000", "1e+06"},
		{123456789, "123456789", "1.23456789e+08"},
		{1e20, "100000000000000000000", "1e+20"},
		{1e21, "1e+21", "1e+21"},
		{0.0001, "0.0001", "0.0001"},
		{0.00001, "0.00001", "1e-05"},
		{1e-7, "1e-7", "1e-07"},
		{1.5e-10, "1.5e-10", "1.5e-10"},
		{0.1, "0.1", "0.1"},
		{0.30000000000000004, "0.30000000000000004", "0.30000000000000004"},
		{5e-324, "5e-324", "5e-324"},
		{1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157e+308"},
	};
	char text[GT_DOUBLE_TEXT];

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_double_json(cases[i].d, text);
		assert_string_equal(text, cases[i].json);
		gt_double_g(cases[i].d, text);
		assert_string_equal(text, cases[i].g);
	}
	gt_double_g(INFINITY, text);
	assert_string_equal(text, "+Inf");
	gt_float_g(0.1f, text);
	assert_string_equal(text, "0.1");
}

static void test_copies(void **state)
{
	(void)state;
	gt_auto_arena a = {0}, b = {0};
	struct gt_node *n = json(&a, "{\"a\":[1,{\"b\":\"c\"}],\"d\":null}");
	struct gt_node *deep = gt_node_dup(&b, n), *flat = gt_node_copy(&a, n);

	gt_node_set_str(&a, n, "e", "f");
	gt_node_set_str(&a, gt_node_item(gt_node_get(n, "a"), 1), "b", "changed");
	expect_json(flat, "{\"a\":[1,{\"b\":\"changed\"}],\"d\":null}");
	gt_arena_reset(&a);
	expect_json(deep, "{\"a\":[1,{\"b\":\"c\"}],\"d\":null}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_build_and_read), cmocka_unit_test(test_wrong_kinds),
		cmocka_unit_test(test_large_map),      cmocka_unit_test(test_rename),
		cmocka_unit_test(test_sequences),      cmocka_unit_test(test_equality),
		cmocka_unit_test(test_number_order),   cmocka_unit_test(test_doubles),
		cmocka_unit_test(test_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
