/* Structural schemas: checks, pruning, defaults, validation and its messages. */
#include "support/check.h"

#include "openapi/openapi.h"
#include "text/json.h"

static struct gt_node *json(struct gt_arena *a, const char *text)
{
	struct gt_node *n = NULL;
	struct gt_err err = {0};

	check_ok(gt_json_parse(a, gt_str(text), 0, &n, &err), &err);
	return n;
}

static struct gt_openapi *schema(struct gt_arena *a, const char *text)
{
	struct gt_openapi *s = NULL;
	struct gt_err err = {0};

	check_ok(gt_openapi_new(json(a, text), &s, &err), &err);
	return s;
}

static void print_errors(struct gt_buf *out, const struct gt_field_errors *errs)
{
	for (uint32_t i = 0; i < errs->n; i++) {
		if (i > 0)
			gt_buf_addc(out, '\n');
		gt_field_error_print(out, &errs->v[i]);
	}
}

#define ROOT(spec) "{\"type\":\"object\",\"properties\":{\"spec\":" spec "}}"

static const struct {
	const char *schema, *value, *want;
} validations[] = {
	{ROOT("{\"type\":\"integer\"}"), "{\"spec\":1}", ""},
	{ROOT("{\"type\":\"integer\"}"), "{\"spec\":1.0}", ""},
	{ROOT("{\"type\":\"number\"}"), "{\"spec\":1}", ""},
	{ROOT("{\"type\":\"integer\"}"), "{\"spec\":\"x\"}",
	 "spec: Invalid value: \"string\": spec in body must be of type integer: "
	 "\"string\""},
	{ROOT("{\"type\":\"integer\"}"), "{\"spec\":1.5}",
	 "spec: Invalid value: \"number\": spec in body must be of type integer: "
	 "\"number\""},
	{ROOT("{\"type\":\"string\"}"), "{\"spec\":null}",
	 "spec: Invalid value: \"null\": spec in body must be of type string: \"null\""},
	{ROOT("{\"type\":\"string\",\"nullable\":true}"), "{\"spec\":null}", ""},
	{ROOT("{\"x-kubernetes-int-or-string\":true}"), "{\"spec\":true}",
	 "spec: Invalid value: \"boolean\": spec in body must be of type integer,string: "
	 "\"boolean\""},
	{"{\"type\":\"object\",\"required\":[\"spec\"]}", "{}", "spec: Required value"},
	{ROOT("{\"type\":\"object\",\"required\":[\"a\",\"b\"]}"), "{\"spec\":{\"b\":1}}",
	 "spec.a: Required value"},
	{ROOT("{\"type\":\"string\",\"enum\":[\"a\",\"b\"]}"), "{\"spec\":\"c\"}",
	 "spec: Unsupported value: \"c\": supported values: \"a\", \"b\""},
	{ROOT("{\"type\":\"string\",\"maxLength\":5}"), "{\"spec\":\"abcdef\"}",
	 "spec: Too long: may not be more than 5 bytes"},
	{ROOT("{\"type\":\"string\",\"maxLength\":3}"), "{\"spec\":\"\xc3\xa4\xc3\xb6\xc3\xbc\"}",
	 ""},
	{ROOT("{\"type\":\"string\",\"minLength\":2}"), "{\"spec\":\"a\"}",
	 "spec: Invalid value: \"a\": spec in body should be at least 2 chars long"},
	{ROOT("{\"type\":\"string\",\"pattern\":\"^a$\"}"), "{\"spec\":\"b\"}",
	 "spec: Invalid value: \"b\": spec in body should match '^a$'"},
	{ROOT("{\"type\":\"integer\",\"maximum\":5}"), "{\"spec\":6}",
	 "spec: Invalid value: 6: spec in body should be less than or equal to 5"},
	{ROOT("{\"type\":\"integer\",\"minimum\":5,\"exclusiveMinimum\":true}"), "{\"spec\":5}",
	 "spec: Invalid value: 5: spec in body should be greater than 5"},
	{ROOT("{\"type\":\"integer\",\"multipleOf\":3}"), "{\"spec\":7}",
	 "spec: Invalid value: 7: spec in body should be a multiple of 3"},
	{ROOT("{\"type\":\"array\",\"maxItems\":1,\"items\":{\"type\":\"string\"}}"),
	 "{\"spec\":[\"a\",\"b\"]}", "spec: Too many: 2: must have at most 1 item"},
	{ROOT("{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"string\"}}"),
	 "{\"spec\":[]}", "spec: Invalid value: 0: spec in body should have at least 1 items"},
	{ROOT("{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"), "{\"spec\":[\"a\",1]}",
	 "spec[1]: Invalid value: \"integer\": spec[1] in body must be of type string: "
	 "\"integer\""},
	{ROOT("{\"type\":\"array\",\"x-kubernetes-list-type\":\"set\",\"items\":{\"type\":"
	      "\"string\"}}"),
	 "{\"spec\":[\"a\",\"b\",\"a\",\"a\"]}", "spec[2]: Duplicate value: \"a\""},
	{ROOT("{\"type\":\"array\",\"x-kubernetes-list-type\":\"map\",\"x-kubernetes-list-"
	      "map-"
	      "keys\":[\"n\"],\"items\":{\"type\":\"object\",\"properties\":{\"n\":{"
	      "\"type\":"
	      "\"string\"}}}}"),
	 "{\"spec\":[{\"n\":\"x\"},{\"n\":\"x\",\"v\":1}]}",
	 "spec[1]: Duplicate value: {\"n\":\"x\"}"},
	{ROOT("{\"type\":\"object\",\"maxProperties\":1}"), "{\"spec\":{\"a\":1,\"b\":2}}",
	 "spec: Too many: 2: must have at most 1 item"},
	{ROOT("{\"type\":\"string\",\"format\":\"date-time\"}"), "{\"spec\":\"today\"}",
	 "spec: Invalid value: \"today\": spec in body must be of type date-time: "
	 "\"today\""},
	{ROOT("{\"type\":\"object\",\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]"
	      "}]}"),
	 "{\"spec\":{}}",
	 "<nil>: Invalid value: \"\": \"spec\" must validate at least one schema (anyOf)\n"
	 "spec.a: Required value"},
	{ROOT("{\"type\":\"object\",\"oneOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]"
	      "}]}"),
	 "{\"spec\":{\"a\":1,\"b\":2}}",
	 "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema "
	 "(oneOf). "
	 "Found 2 valid alternatives"},
	{ROOT("{\"type\":\"object\",\"not\":{\"required\":[\"a\"]}}"), "{\"spec\":{\"a\":1}}",
	 "<nil>: Invalid value: \"\": \"spec\" must not validate the schema (not)"},
	{ROOT("{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}"),
	 "{\"spec\":{\"k\":\"v\"}}",
	 "spec.k: Invalid value: \"string\": spec.k in body must be of type integer: "
	 "\"string\""},
};

static void test_validate(void **state)
{
	(void)state;
	for (size_t i = 0; i < GT_COUNT(validations); i++) {
		gt_auto_arena a = {0};
		gt_auto_buf out = {0};
		struct gt_openapi *s = schema(&a, validations[i].schema);
		struct gt_field_errors errs;
		gt_field_errors_init(&errs, &a);
		gt_openapi_validate(s, json(&a, validations[i].value), NULL, &errs);
		print_errors(&out, &errs);
		if (strcmp(gt_buf_cstr(&out), validations[i].want) != 0)
			fail_msg("case %zu: got\n%s\nwant\n%s", i, gt_buf_cstr(&out),
				 validations[i].want);
		gt_openapi_free(s);
	}
}

/* On update, what was wrong before and did not change is let through. */
static void test_ratchet(void **state)
{
	gt_auto_arena a = {0};
	struct gt_openapi *s = schema(&a, ROOT("{\"type\":\"object\",\"properties\":{\"a\":{"
					       "\"type\":\"string\",\"maxLength\":"
					       "1},\"b\":{\"type\":\"string\",\"maxLength\":1}}}"));
	struct gt_field_errors errs;

	(void)state;
	gt_field_errors_init(&errs, &a);
	gt_openapi_validate(s, json(&a, "{\"spec\":{\"a\":\"xx\",\"b\":\"y\"}}"),
			    json(&a, "{\"spec\":{\"a\":\"xx\",\"b\":\"z\"}}"), &errs);
	assert_int_equal(errs.n, 0);
	gt_openapi_validate(s, json(&a, "{\"spec\":{\"a\":\"xx\",\"b\":\"yy\"}}"),
			    json(&a, "{\"spec\":{\"a\":\"xx\",\"b\":\"z\"}}"), &errs);
	assert_int_equal(errs.n, 1);
	assert_string_equal(errs.v[0].field, "spec.b");
	gt_openapi_free(s);
}

static void note(void *arg, const char *path)
{
	gt_buf_printf(arg, "%s ", path);
}

static void test_prune(void **state)
{
	static const struct {
		const char *schema, *value, *want, *unknown;
	} cases[] = {
		{ROOT("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}"),
		 "{\"apiVersion\":\"v\",\"kind\":\"K\",\"metadata\":{\"x\":1},\"spec\":{\"a\":"
		 "\"1\","
		 "\"b\":2},\"c\":3}",
		 "{\"apiVersion\":\"v\",\"kind\":\"K\",\"metadata\":{\"x\":1},\"spec\":{\"a\":"
		 "\"1\"}}",
		 "spec.b c "},
		{ROOT("{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true,"
		      "\"properties\":{\"a\":{\"type\":\"object\"}}}"),
		 "{\"spec\":{\"a\":{\"x\":1},\"b\":{\"y\":2}}}",
		 "{\"spec\":{\"a\":{},\"b\":{\"y\":2}}}", "spec.a.x "},
		{ROOT("{\"type\":\"array\",\"items\":{\"type\":\"object\",\"additionalProperties\":"
		      "{"
		      "\"type\":\"object\",\"properties\":{\"k\":{\"type\":\"string\"}}}}}"),
		 "{\"spec\":[{\"any\":{\"k\":\"v\",\"l\":1}}]}",
		 "{\"spec\":[{\"any\":{\"k\":\"v\"}}]}", "spec[0].any.l "},
		{ROOT("{\"type\":\"object\",\"x-kubernetes-embedded-resource\":true,"
		      "\"properties\":{}}"),
		 "{\"spec\":{\"apiVersion\":\"v1\",\"kind\":\"K\",\"metadata\":{\"name\":\"n\"},"
		 "\"spec\":{}}}",
		 "{\"spec\":{\"apiVersion\":\"v1\",\"kind\":\"K\",\"metadata\":{\"name\":\"n\"}}}",
		 "spec.spec "},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		gt_auto_buf out = {0};
		gt_auto_buf unknown = {0};
		struct gt_openapi *s = schema(&a, cases[i].schema);
		struct gt_node *value = json(&a, cases[i].value);
		gt_openapi_prune(s, value, note, &unknown);
		gt_json_write(&out, value, 0, 0);
		assert_string_equal(gt_buf_cstr(&out), cases[i].want);
		assert_string_equal(gt_buf_cstr(&unknown), cases[i].unknown);
		gt_openapi_free(s);
	}
}

static void test_default(void **state)
{
	static const char text[] = ROOT(
		"{\"type\":\"object\",\"default\":{},\"properties\":{\"a\":{\"type\":\"string\","
		"\"default\":\"x\"},\"b\":{\"type\":\"object\",\"properties\":{\"c\":{\"type\":"
		"\"integer\",\"default\":1}}},\"l\":{\"type\":\"array\",\"items\":{\"type\":"
		"\"object\",\"properties\":{\"d\":{\"type\":\"boolean\",\"default\":true}}}}}}");
	static const struct {
		const char *value, *want;
	} cases[] = {
		{"{}", "{\"spec\":{\"a\":\"x\"}}"},
		{"{\"spec\":{\"a\":\"y\",\"b\":{}}}", "{\"spec\":{\"a\":\"y\",\"b\":{\"c\":1}}}"},
		{"{\"spec\":{\"a\":null,\"b\":null}}", "{\"spec\":{\"a\":\"x\"}}"},
		{"{\"spec\":{\"l\":[{},{\"d\":false}]}}",
		 "{\"spec\":{\"l\":[{\"d\":true},{\"d\":false}],\"a\":\"x\"}}"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		struct gt_openapi *s = schema(&a, text);
		struct gt_node *value = json(&a, cases[i].value);
		gt_openapi_default(s, &a, value);
		assert_true(gt_node_equal(value, json(&a, cases[i].want)));
		gt_openapi_free(s);
	}
}

static void test_structural(void **state)
{
	static const struct {
		const char *schema, *want;
	} cases[] = {
		{"{\"type\":\"object\"}", ""},
		{"{}", "s.type: Required value: must not be empty at the root"},
		{"{\"type\":\"string\"}",
		 "s.type: Invalid value: \"string\": must be object at the root"},
		{ROOT("{}"),
		 "s.properties[spec].type: Required value: must not be empty for specified object "
		 "fields"},
		{ROOT("{\"x-kubernetes-int-or-string\":true,\"anyOf\":[{\"type\":\"integer\"},"
		      "{\"type\":\"string\"}]}"),
		 ""},
		{ROOT("{\"type\":\"array\"}"),
		 "s.properties[spec].items: Required value: must be specified"},
		{ROOT("{\"type\":\"object\",\"anyOf\":[{\"type\":\"object\"}]}"),
		 "s.properties[spec].anyOf[0].type: Forbidden: must be empty to be structural"},
		{ROOT("{\"type\":\"string\",\"pattern\":\"(\"}"), NULL},
		{ROOT("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},"
		      "\"additionalProperties\":{\"type\":\"string\"}}"),
		 "s.properties[spec].additionalProperties: Forbidden: additionalProperties and "
		 "properties are mutual exclusive"},
		{ROOT("{\"type\":\"array\",\"x-kubernetes-list-type\":\"map\",\"items\":{\"type\":"
		      "\"object\"}}"),
		 "s.properties[spec].x-kubernetes-list-map-keys: Required value: must not be empty "
		 "if "
		 "x-kubernetes-list-type is map"},
		{"{\"type\":\"object\",\"properties\":{\"metadata\":{\"type\":\"object\","
		 "\"properties\":"
		 "{\"labels\":{\"type\":\"object\"}}}}}",
		 "s.properties[metadata]: Forbidden: must not specify anything other than name and "
		 "generateName, but metadata is implicitly specified"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		gt_auto_buf out = {0};
		struct gt_field_errors errs;
		gt_field_errors_init(&errs, &a);
		gt_openapi_check_schema(json(&a, cases[i].schema), "s", &errs);
		print_errors(&out, &errs);
		if (cases[i].want ? strcmp(gt_buf_cstr(&out), cases[i].want) != 0 : errs.n == 0)
			fail_msg("case %zu: got\n%s", i, gt_buf_cstr(&out));
	}
}

static void test_rules(void **state)
{
	gt_auto_arena a = {0};
	struct gt_openapi *s = schema(
		&a,
		ROOT("{\"type\":\"object\",\"x-kubernetes-validations\":[{\"rule\":\"true\"}]}"));

	(void)state;
	assert_true(gt_openapi_has_rules(s));
	gt_openapi_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_validate),   cmocka_unit_test(test_ratchet),
		cmocka_unit_test(test_prune),      cmocka_unit_test(test_default),
		cmocka_unit_test(test_structural), cmocka_unit_test(test_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
