#include "text/support.h"

#include <glob.h>

#include "base/limits.h"
#include "text/yaml.h"

static const struct gt_yaml_opts v2 = {.rules = GT_YAML_GO_V2};

static void check_parse(const struct gt_yaml_opts *opts, const char *in, const char *want)
{
	gt_auto_arena a = {0};
	gt_auto_buf buf = {0};
	struct gt_node *n;
	struct gt_err err;

	if (gt_yaml_parse(&a, gt_str(in), opts, &n, &err) < 0)
		fail_msg("%s: %s", in, err.text);
	if (strcmp(show(&buf, n), want) != 0)
		fail_msg("%s: got %s, wanted %s", in, gt_buf_cstr(&buf), want);
}

static void test_scalars(void **state)
{
	(void)state;
	static const struct {
		const char *in, *v2, *v3; /* v3 NULL: the same */
	} cases[] = {
		{"x", "\"x\"", NULL},
		{"~", "null", NULL},
		{"Null", "null", NULL},
		{"nULL", "\"nULL\"", NULL},
		{"yes", "true", "\"yes\""},
		{"Off", "false", "\"Off\""},
		{"y", "true", "\"y\""},
		{"TRUE", "true", NULL},
		{"tRUE", "\"tRUE\"", NULL},
		{"'yes'", "\"yes\"", NULL},
		{"0", "0", NULL},
		{"-0", "0", NULL},
		{"+12", "12", NULL},
		{"0777", "511", NULL},
		{"0o17", "15", NULL},
		{"0888", "888", NULL},
		{"0x1F", "31", NULL},
		{"-0b101", "-5", NULL},
		{"1_000", "1000", NULL},
		{"_1", "\"_1\"", NULL},
		{"18446744073709551615", "18446744073709551615", NULL},
		{"99999999999999999999", "99999999999999999999", NULL},
		{"0x1FFFFFFFFFFFFFFFF", "\"0x1FFFFFFFFFFFFFFFF\"", NULL},
		{"1.50", "1.50", NULL},
		{"1.", "1.0", NULL},
		{".5", "0.5", NULL},
		{"+.5e3", "0.5e3", NULL},
		{"1e400", "\"1e400\"", NULL},
		{"1:30", "\"1:30\"", NULL},
		{"100m", "\"100m\"", NULL},
		{"2020-01-02", "\"2020-01-02\"", "\"2020-01-02T00:00:00Z\""},
		{"2020-1-2 3:04:05.50", "\"2020-1-2 3:04:05.50\"", "\"2020-01-02T03:04:05.5Z\""},
		{"2001-12-14t21:59:43.10-05:00", "\"2001-12-14t21:59:43.10-05:00\"",
		 "\"2001-12-14T21:59:43.1-05:00\""},
		{"2020-02-30", "\"2020-02-30\"", NULL},
		{"!!str 12", "\"12\"", NULL},
		{"!!int \"5\"", "5", NULL},
		{"!!float 1", "1", NULL},
		{"!!binary aGk=", "\"hi\"", NULL},
		{"!custom 12", "\"12\"", NULL},
		{"|\n a\n  b\n\n", "\"a\\n b\\n\"", NULL},
		{">-\n a\n b\n", "\"a b\"", NULL},
		{"", "null", NULL},
	};
	static const struct gt_yaml_opts v3 = {.rules = GT_YAML_GO_V3};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		check_parse(&v2, cases[i].in, cases[i].v2);
		check_parse(&v3, cases[i].in, cases[i].v3 ? cases[i].v3 : cases[i].v2);
	}
}

static void test_structures(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"a:\n- 1\n- b: c\n  d: [e, {f: }]\n", "{\"a\":[1,{\"b\":\"c\",\"d\":[\"e\","
						       "{\"f\":null}]}]}"},
		{"1: x\ntrue: t\n1.5: z\n0x10: w\nno: v\n",
		 "{\"1\":\"x\",\"true\":\"t\",\"1.5\":\"z\",\"16\":\"w\",\"false\":\"v\"}"},
		{"a: &x {p: 1}\nb: *x\nc: [*x]\n",
		 "{\"a\":{\"p\":1},\"b\":{\"p\":1},\"c\":[{\"p\":1}]}"},
		{"k: &k key\n*k : v\n", "{\"k\":\"key\",\"key\":\"v\"}"},
		{"? a\n: b\n", "{\"a\":\"b\"}"},
		{"{\"a\": [1, 2.5, \"\\u00e9\"]}", "{\"a\":[1,2.5,\"\xc3\xa9\"]}"},
		{"# only a comment\n", "null"},
		{"--- a\n...\n", "\"a\""},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++)
		check_parse(&v2, cases[i].in, cases[i].out);
}

static void test_merge_keys(void **state)
{
	(void)state;
	static const char in[] = "x: &x {a: 1, b: 1}\nw: &w {b: 2, c: 2}\n"
				 "one: {<<: *x, b: 9}\ntwo: {b: 9, <<: *x}\n"
				 "list: {<<: [*x, *w], d: 4}\nquoted: {'<<': 1}\n";
	static const struct gt_yaml_opts v3 = {.rules = GT_YAML_GO_V3};

	check_parse(&v2, in,
		    "{\"x\":{\"a\":1,\"b\":1},\"w\":{\"b\":2,\"c\":2},"
		    "\"one\":{\"a\":1,\"b\":9},\"two\":{\"b\":1,\"a\":1},"
		    "\"list\":{\"b\":1,\"c\":2,\"a\":1,\"d\":4},\"quoted\":{\"<<\":1}}");
	check_parse(&v3, "x: &x {a: 1, b: 1}\ntwo: {b: 9, <<: *x}\n",
		    "{\"x\":{\"a\":1,\"b\":1},\"two\":{\"a\":1,\"b\":9}}");
}

static void test_rejected(void **state)
{
	(void)state;
	static const struct {
		const char *in, *error;
	} cases[] = {
		{"a: b: c\n", "mapping values are not allowed in this context"},
		{"a:\n  b\n c: d\n", "line 3: mapping values are not allowed in this context"},
		{"a: [1,\n", "line 1: did not find expected node content"},
		{"a: 1\nb: 2\na: 3\n", "line 3: duplicate key: a"},
		{"a: *x\n", "line 1: unknown anchor referenced: x"},
		{"a: &a [*a]\n", "line 1: anchor contains itself: a"},
		{"~: x\n", "line 1: null cannot be a key"},
		{"{{ .Values.x }}: y\n", "line 1: a map or a list cannot be a key"},
		{"a: .inf\n", "line 1: a number that JSON does not have: .inf"},
		{"a: !!int x\n", "line 1: the value does not fit its tag !!int"},
		{"a: !!binary '*'\n", "line 1: !!binary value is no valid base64"},
		{"a: {<<: 1}\n", "line 1: map merge requires map or sequence of maps as the value"},
		{"a: {<<: {x: 1}, b: 1, b: 2}\n", "line 1: duplicate key: b"},
		{"a\n---\nb\n", "line 4: expected a single document, found another"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_node *n;
		struct gt_err err;

		assert_int_equal(gt_yaml_parse(&a, gt_str(cases[i].in), &v2, &n, &err),
				 GT_E_INVALID);
		assert_string_equal(err.text, cases[i].error);
	}
}

static void test_names_in_errors(void **state)
{
	(void)state;
	static const struct gt_yaml_opts opts = {.name = "app/deploy.yaml"};
	gt_auto_arena a = {0};
	struct gt_node *n;
	struct gt_err err;

	assert_int_equal(gt_yaml_parse(&a, gt_str("a:\n  b\n c: d\n"), &opts, &n, &err),
			 GT_E_INVALID);
	assert_string_equal(err.text, "app/deploy.yaml:3:3: mapping values are not allowed in this "
				      "context");
	assert_int_equal(gt_yaml_parse(&a, gt_str("a: 1\na: 2\n"), &opts, &n, &err), GT_E_INVALID);
	assert_string_equal(err.text, "app/deploy.yaml:2:1: duplicate key: a");
}

static void test_documents(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_node *docs;

	assert_int_equal(
		gt_yaml_parse_all(&a, gt_str("a: 1\n---\n---\n# c\n---\n[b]\n"), &v2, &docs, NULL),
		GT_OK);
	expect_json(docs, "[{\"a\":1},null,null,[\"b\"]]");
	assert_int_equal(gt_yaml_parse_all(&a, gt_str(""), &v2, &docs, NULL), GT_OK);
	expect_json(docs, "[]");
}

static void test_yaml_or_json(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_node *n;
	struct gt_err err;

	assert_int_equal(
		gt_yaml_or_json_parse(&a, gt_str(" {\"a\":\"\\ud83d\\ude00\"}"), &v2, &n, NULL),
		GT_OK);
	expect_json(n, "{\"a\":\"\xf0\x9f\x98\x80\"}");
	assert_int_equal(gt_yaml_or_json_parse(&a, gt_str("{a: b}"), &v2, &n, NULL), GT_OK);
	expect_json(n, "{\"a\":\"b\"}");
	assert_int_equal(gt_yaml_or_json_parse(&a, gt_str("a: b"), &v2, &n, NULL), GT_OK);
	assert_int_equal(gt_yaml_or_json_parse(&a, gt_str("{\"a\": }}"), &v2, &n, &err),
			 GT_E_INVALID);
	assert_string_equal(err.text, "line 1, column 7: invalid character '}', expected a value");
}

static void emit(struct gt_buf *out, const char *in, unsigned style)
{
	gt_auto_arena a = {0};

	gt_buf_reset(out);
	gt_yaml_write(out, json(&a, in), style);
}

static void test_layout(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		unsigned style;
		const char *out;
	} cases[] = {
		{"{\"b\":[1,[2,[]],{\"x\":{},\"y\":[{\"z\":null}]}],\"a\":\"t\"}", GT_YAML_SORTED,
		 "a: t\nb:\n- 1\n- - 2\n  - []\n- x: {}\n  \"y\":\n  - z: null\n"},
		{"{\"b\":[1,{\"c\":[2]}],\"a\":0}", GT_YAML_SEQ_INDENT,
		 "b:\n  - 1\n  - c:\n      - 2\na: 0\n"},
		{"{\"k\":\"a\\nb\\n\",\"l\":[\"x\\n\\n\",\" y\\nz\"]}", 0,
		 "k: |\n  a\n  b\nl:\n- |+\n  x\n\n- |2-\n   y\n  z\n"},
		{"{\"a\\nb\":1}", 0, "? |-\n  a\n  b\n: 1\n"},
		{"[]", 0, "[]\n"},
		{"{}", 0, "{}\n"},
		{"\"x\"", 0, "x\n"},
		{"\"a\\nb\\n\"", 0, "|\n  a\n  b\n"},
		{"null", 0, "null\n"},
		{"[1.0,1.50,1e3,1e21,123456.5,1234567.5,-0.0,18446744073709551616]", 0,
		 "- 1\n- 1.5\n- 1000\n- 1e+21\n- 123456.5\n- 1.2345675e+06\n- 0\n"
		 "- 1.8446744073709552e+19\n"},
	};
	gt_auto_buf out = {0};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		emit(&out, cases[i].in, cases[i].style);
		assert_string_equal(gt_buf_cstr(&out), cases[i].out);
	}
}

static void test_folding(void **state)
{
	(void)state;
	gt_auto_buf out = {0};
	char in[256], want[300];
	static const char x80[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
				  "xxxxxxxxxxxxxxxx";

	snprintf(in, sizeof in, "{\"k\":\"%s tail end\"}", x80);
	snprintf(want, sizeof want, "k: %s\n  tail end\n", x80);
	emit(&out, in, 0);
	assert_string_equal(gt_buf_cstr(&out), want);
	snprintf(want, sizeof want, "k: %s tail end\n", x80);
	emit(&out, in, GT_YAML_NO_FOLD);
	assert_string_equal(gt_buf_cstr(&out), want);
}

/* Every difficult scalar there is, against the recorded output of kubectl kustomize. */
static void test_recorded_scalars(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	gt_auto_buf in = {0}, want = {0}, out = {0};
	struct gt_node *n, *back;

	read_data(&in, "text/scalars.json");
	read_data(&want, "text/scalars.yaml");
	assert_int_equal(gt_json_parse(&a, gt_buf_str(&in), 0, &n, NULL), GT_OK);
	gt_yaml_write(&out, n, GT_YAML_SORTED);
	assert_string_equal(gt_buf_cstr(&out), gt_buf_cstr(&want));
	assert_int_equal(gt_yaml_parse(&a, gt_buf_str(&out), &v2, &back, NULL), GT_OK);

	/* U+2028 and U+2029 at a place where YAML 1.1 breaks lines do not come back. */
	size_t lost = 0;
	gt_map_each(gt_node_get(n, "data"), pair)
	{
		const struct gt_node *got = gt_node_get(gt_node_get(back, "data"), pair->key);

		if (!gt_node_equal(pair->value, got)) {
			assert_non_null(strstr(gt_node_cstr(pair->value), "\xe2\x80"));
			lost++;
		}
	}
	assert_true(lost < 8);
}

/* What kubectl printed, read and printed again, is the same. */
static void test_recorded_outputs(void **state)
{
	(void)state;
	glob_t files;

	assert_int_equal(glob(TEST_DATA "/kustomize/*/expected.yaml", 0, NULL, &files) == 0 ||
				 glob(TEST_DATA "/text/emit/*.yaml", 0, NULL, &files) == 0,
			 1);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		gt_auto_arena a = {0};
		gt_auto_buf in = {0}, out = {0};
		struct gt_node *docs;
		struct gt_err err;

		read_data(&in, files.gl_pathv[i] + sizeof TEST_DATA);
		if (gt_yaml_parse_all(&a, gt_buf_str(&in), &v2, &docs, &err) < 0)
			fail_msg("%s: %s", files.gl_pathv[i], err.text);
		for (size_t d = 0; d < gt_node_count(docs); d++) {
			if (d)
				gt_buf_adds(&out, "---\n");
			gt_yaml_write(&out, gt_node_item(docs, d), GT_YAML_SORTED);
		}
		if (!gt_str_eq(gt_buf_str(&in), gt_buf_str(&out)))
			fail_msg("%s comes out different:\n%s", files.gl_pathv[i],
				 gt_buf_cstr(&out));
	}
	globfree(&files);
}

static void test_key_order(void **state)
{
	(void)state;
	static const char *const rising[] = {"-",  "1",   "01",  "001", "2",   "10",
					     "A1", "a",   "a-b", "a.b", "a/b", "a1",
					     "a2", "a2b", "a10", "ab",  "b",   "\xc3\xa9"};

	for (size_t i = 0; i < GT_COUNT(rising); i++) {
		for (size_t j = 0; j < GT_COUNT(rising); j++) {
			int got = gt_yaml_key_cmp(gt_str(rising[i]), gt_str(rising[j]));
			int want = (i > j) - (i < j);

			if ((got > 0) - (got < 0) != want)
				fail_msg("%s against %s: %d", rising[i], rising[j], got);
		}
	}
}

static int parse_everything(struct gt_arena *a, struct gt_err *err)
{
	static const char text[] = "a: &x {b: [1, 2.5, yes, ~, s]}\nd: *x\n"
				   "e: {<<: *x, f: !!binary aGk=, 1: 2}\n---\n- g\n";
	struct gt_node *n;

	return gt_yaml_parse_all(a, gt_str(text), &v2, &n, err);
}

static void test_allocations(void **state)
{
	(void)state;
	fail_each_allocation(parse_everything);
}

static void test_limits(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	gt_auto_buf text = {0};
	struct gt_node *n;
	struct gt_err err;

	gt_buf_fill(&text, '[', GT_LIMIT_DEPTH + 1);
	assert_int_equal(gt_yaml_parse(&a, gt_buf_str(&text), &v2, &n, &err), GT_E_BUDGET);

	gt_buf_reset(&text);
	gt_buf_adds(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 20; i++)
		gt_buf_printf(
			&text, "a%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", i,
			i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_int_equal(gt_yaml_parse(&a, gt_buf_str(&text), &v2, &n, &err), GT_E_BUDGET);

	/* Aliases cannot nest deeper than brackets can. */
	gt_buf_reset(&text);
	gt_buf_adds(&text, "a0: &a0 [x]\n");
	for (int i = 1; i < 200; i++)
		gt_buf_printf(&text, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	assert_int_equal(gt_yaml_parse(&a, gt_buf_str(&text), &v2, &n, &err), GT_E_BUDGET);

	gt_auto_arena small = {0};
	gt_arena_init(&small, 4096);
	gt_buf_reset(&text);
	for (int i = 0; i < 1000; i++)
		gt_buf_adds(&text, "- some text\n");
	assert_int_equal(gt_yaml_parse(&small, gt_buf_str(&text), &v2, &n, &err), GT_E_BUDGET);
}

/* Sizes at which anything quadratic would take minutes. */
static void test_large(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	gt_auto_buf text = {0}, out = {0};
	struct gt_node *n, *back;

	for (int i = 0; i < 30000; i++)
		gt_buf_printf(&text, "key%d: [%d]\n", i, i);
	gt_buf_adds(&text, "long: ");
	for (int i = 0; i < 30000; i++)
		gt_buf_adds(&text, "word # ");
	gt_buf_adds(&text, "\nquoted: \"");
	gt_buf_fill(&text, ' ', 200000);
	gt_buf_adds(&text, "\"\nlist:\n");
	for (int i = 0; i < 30000; i++)
		gt_buf_adds(&text, "- 'it''s'\n");
	assert_int_equal(gt_yaml_parse(&a, gt_buf_str(&text), &v2, &n, NULL), GT_OK);
	gt_yaml_write(&out, n, GT_YAML_SORTED);
	assert_int_equal(gt_yaml_parse(&a, gt_buf_str(&out), &v2, &back, NULL), GT_OK);
	assert_true(gt_node_equal(n, back));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_structures),
		cmocka_unit_test(test_merge_keys),
		cmocka_unit_test(test_rejected),
		cmocka_unit_test(test_names_in_errors),
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_yaml_or_json),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_recorded_scalars),
		cmocka_unit_test(test_recorded_outputs),
		cmocka_unit_test(test_key_order),
		cmocka_unit_test(test_allocations),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
