#include "text/support.h"

#include "base/limits.h"

static void test_round_trip(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
		{" {\"a\" : [ 1 , -2.50, 1e5 ] , \"b\":{} } ", "{\"a\":[1,-2.50,1e5],\"b\":{}}"},
		{"\"\\u0041\\n\\/\\\"\\\\\\b\\f\"", "\"A\\n/\\\"\\\\\\b\\f\""},
		{"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
		{"\"\\ud83dx\"", "\"\xef\xbf\xbdx\""},
		{"\"\\ude00\"", "\"\xef\xbf\xbd\""},
		{"\"a\xff"
		 "b\"",
		 "\"a\xef\xbf\xbd"
		 "b\""},
		{"\"\\u2028\xe2\x80\xa9\"", "\"\\u2028\\u2029\""},
		{"\"\\u0000\\u001f\x7f\"", "\"\\u0000\\u001f\x7f\""},
		{"12345678901234567890123456789", "12345678901234567890123456789"},
		{"[]", "[]"},
		{"[[],[[]],{}]", "[[],[[]],{}]"},
		{"{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"},
		{"{\"\":{\"\":null}}", "{\"\":{\"\":null}}"},
		{"true", "true"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};

		expect_json(json(&a, cases[i].in), cases[i].out);
	}
}

static void test_rejected(void **state)
{
	(void)state;
	static const struct {
		const char *in, *error;
	} cases[] = {
		{"", "line 1, column 1: unexpected end of JSON input, expected a value"},
		{"{\n  \"a\": x }", "line 2, column 8: invalid character 'x', expected a value"},
		{"{\"a\" 1}",
		 "line 1, column 6: invalid character '1', expected ':' after the key"},
		{"{a:1}", "line 1, column 2: invalid character 'a', expected a string as key"},
		{"[1,]", "line 1, column 4: invalid character ']', expected a value"},
		{"{\"a\":1,}", "line 1, column 8: invalid character '}', expected a string as key"},
		{"[1 2]", "line 1, column 4: invalid character '2', expected ',' or ']'"},
		{"[1}", "line 1, column 3: invalid character '}', expected ',' or ']'"},
		{"01", "line 1, column 1: invalid number"},
		{"1.", "line 1, column 1: invalid number"},
		{"-", "line 1, column 1: invalid number"},
		{"1e", "line 1, column 1: invalid number"},
		{"\"a", "line 1, column 1: string without an end"},
		{"\"\\x\"", "line 1, column 2: invalid escape in string"},
		{"\"\\u12g4\"", "line 1, column 2: invalid escape in string"},
		{"\"a\nb\"", "line 1, column 3: control character in string"},
		{"1 2",
		 "line 1, column 3: invalid character '2', expected nothing after the value"},
		{"nul", "line 1, column 1: invalid character 'n', expected a value"},
		{"\x01", "line 1, column 1: invalid byte 0x01, expected a value"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_node *n;
		struct gt_err err;

		assert_int_equal(gt_json_parse(&a, gt_str(cases[i].in), 0, &n, &err), GT_E_INVALID);
		assert_string_equal(err.text, cases[i].error);
	}
}

static void test_duplicate_keys(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	gt_auto_buf text = {0};
	struct gt_node *n;
	struct gt_err err;

	assert_int_equal(gt_json_parse(&a, gt_str("{\"a\":1,\n\"b\":2,\n\"a\":3}"),
				       GT_JSON_DUP_ERROR, &n, &err),
			 GT_E_INVALID);
	assert_string_equal(err.text, "line 3: duplicate key \"a\"");

	/* The same with a map that has an index. */
	gt_buf_addc(&text, '{');
	for (int i = 0; i < 100; i++)
		gt_buf_printf(&text, "\"k%d\":%d,", i, i);
	gt_buf_adds(&text, "\"k50\":\"last\"}");
	assert_int_equal(gt_json_parse(&a, gt_buf_str(&text), GT_JSON_DUP_ERROR, &n, &err),
			 GT_E_INVALID);
	assert_string_equal(err.text, "line 1: duplicate key \"k50\"");
	assert_int_equal(gt_json_parse(&a, gt_buf_str(&text), 0, &n, &err), GT_OK);
	assert_int_equal(gt_node_count(n), 100);
	assert_true(gt_node_is_text(gt_node_pair(n, 50)->value, "last"));
}

static void test_depth(void **state)
{
	(void)state;
	char text[2 * GT_LIMIT_DEPTH + 3] = {0};
	gt_auto_arena a = {0};
	struct gt_node *n;
	struct gt_err err;

	memset(text, '[', GT_LIMIT_DEPTH);
	memset(text + GT_LIMIT_DEPTH, ']', GT_LIMIT_DEPTH);
	assert_int_equal(gt_json_parse(&a, gt_str(text), 0, &n, &err), GT_OK);
	memset(text, '[', GT_LIMIT_DEPTH + 1);
	memset(text + GT_LIMIT_DEPTH + 1, ']', GT_LIMIT_DEPTH + 1);
	assert_int_equal(gt_json_parse(&a, gt_str(text), 0, &n, &err), GT_E_BUDGET);
}

static void test_borrow(void **state)
{
	(void)state;
	char text[] = "{\"key\":\"plain\",\"esc\":\"a\\tb\",\"l\":[\"x\",1]}";
	gt_auto_arena a = {0};
	struct gt_node *n;

	assert_int_equal(gt_json_parse(&a, gt_str(text), GT_JSON_BORROW, &n, NULL), GT_OK);
	const char *plain = gt_node_cstr(gt_node_get(n, "key"));
	assert_true(plain > text && plain < text + sizeof text);
	assert_string_equal(plain, "plain");
	assert_string_equal(gt_node_cstr(gt_node_get(n, "esc")), "a\tb");
	expect_json(n, "{\"key\":\"plain\",\"esc\":\"a\\tb\",\"l\":[\"x\",1]}");
}

static void test_places(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_node *n = json(&a, "{\n \"a\": [1,\n  {\"b\": 2}]}");
	const struct gt_node *b = gt_node_get(gt_node_item(gt_node_get(n, "a"), 1), "b");

	assert_int_equal(b->line, 3);
	assert_int_equal(b->col, 9);
	assert_int_equal(gt_node_pair(n, 0)->line, 2);
}

static void test_styles(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	gt_auto_buf out = {0};
	struct gt_node *n = json(&a, "{\"b\":[1,{\"z\":{},\"y\":[]}],\"a\":\"<&>\",\"c\":1.50}");

	gt_json_write(&out, n, GT_JSON_INDENT | GT_JSON_SORTED | GT_JSON_HTML | GT_JSON_GO_NUMBERS,
		      4);
	assert_string_equal(gt_buf_cstr(&out), "{\n    \"a\": \"\\u003c\\u0026\\u003e\",\n"
					       "    \"b\": [\n        1,\n        {\n"
					       "            \"y\": [],\n            \"z\": {}\n"
					       "        }\n    ],\n    \"c\": 1.5\n}");
}

static int collect(void *arg, struct gt_str value, struct gt_err *err)
{
	struct gt_buf *out = arg;

	(void)err;
	gt_buf_add_str(out, value);
	gt_buf_addc(out, '|');
	return GT_OK;
}

/* However the stream is cut, the same values come out. */
static void test_splitter(void **state)
{
	(void)state;
	static const char stream[] = "{\"a\":\"}\\\"{\"}\n [1,[2]] \"s\\\\\" 12 {}\n{\"b\":{}}";
	static const char want[] = "{\"a\":\"}\\\"{\"}|[1,[2]]|\"s\\\\\"|12 |{}|{\"b\":{}}|";

	for (size_t step = 1; step <= sizeof stream; step++) {
		struct gt_json_splitter s;
		gt_auto_buf out = {0};

		gt_json_splitter_init(&s, 64);
		for (size_t at = 0; at < sizeof stream - 1; at += step)
			assert_int_equal(gt_json_splitter_feed(&s,
							       gt_str_sub(gt_str(stream), at, step),
							       collect, &out, NULL),
					 GT_OK);
		assert_string_equal(gt_buf_cstr(&out), want);
		gt_json_splitter_fini(&s);
	}
}

static void test_splitter_limit(void **state)
{
	(void)state;
	struct gt_json_splitter s;
	gt_auto_buf out = {0};
	struct gt_err err;

	gt_json_splitter_init(&s, 8);
	assert_int_equal(gt_json_splitter_feed(&s, gt_str("[1,2,3,4,5]"), collect, &out, &err),
			 GT_E_BUDGET);
	gt_json_splitter_fini(&s);
	gt_json_splitter_init(&s, 8);
	assert_int_equal(gt_json_splitter_feed(&s, gt_str("[1,2,"), collect, &out, &err), GT_OK);
	assert_int_equal(gt_json_splitter_feed(&s, gt_str("3,4,5"), collect, &out, &err),
			 GT_E_BUDGET);
	gt_json_splitter_fini(&s);
}

static int parse_all_kinds(struct gt_arena *a, struct gt_err *err)
{
	static const char text[] = "{\"a\":[1,2.5,\"x\\n\",true,null],\"b\":{\"c\":{}},"
				   "\"k1\":1,\"k2\":1,\"k3\":1,\"k4\":1,\"k5\":1,\"k6\":1,\"k7\":1,"
				   "\"k8\":1,\"k9\":1,\"k10\":1,\"k11\":1,\"k12\":1,\"k13\":1,"
				   "\"k14\":1,\"k15\":1,\"k16\":1}";
	struct gt_node *n;

	return gt_json_parse(a, gt_str(text), 0, &n, err);
}

static void test_allocations(void **state)
{
	(void)state;
	fail_each_allocation(parse_all_kinds);
}

/* Sizes at which anything quadratic would take minutes. */
static void test_large(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	gt_auto_buf text = {0}, out = {0};

	gt_buf_adds(&text, "[{\"first\":0");
	for (int i = 0; i < 100000; i++)
		gt_buf_printf(&text, ",\"key%d\":%d", i, i);
	gt_buf_adds(&text, "},\"");
	gt_buf_fill(&text, '<', 1000000);
	gt_buf_adds(&text, "\",[0");
	for (int i = 0; i < 100000; i++)
		gt_buf_adds(&text, ",\"\\n\"");
	gt_buf_adds(&text, "]]");
	struct gt_node *n = json(&a, gt_buf_cstr(&text));
	assert_int_equal(gt_node_count(gt_node_item(n, 0)), 100001);
	gt_json_write(&out, n, GT_JSON_SORTED | GT_JSON_HTML, 0);
	assert_int_equal(gt_buf_check(&out, NULL), GT_OK);
	assert_true(gt_node_equal(n, gt_node_dup(&a, n)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),     cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_duplicate_keys), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_borrow),         cmocka_unit_test(test_places),
		cmocka_unit_test(test_styles),         cmocka_unit_test(test_splitter),
		cmocka_unit_test(test_splitter_limit), cmocka_unit_test(test_allocations),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
