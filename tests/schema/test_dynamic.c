#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/limits.h"
#include "schema/dynamic.h"
#include "schema/schema.h"
#include "text/json.h"

static struct gt_node *parse(struct gt_arena *a, const char *text)
{
	struct gt_node *n = NULL;
	struct gt_err err = {0};

	if (gt_json_parse(a, gt_str(text), 0, &n, &err) < 0)
		fail_msg("%s in %s", err.text, text);
	return n;
}

static const char crd[] =
	"{\"type\":\"object\",\"required\":[\"spec\"],\"properties\":{"
	"\"metadata\":{\"type\":\"object\"},"
	"\"spec\":{\"type\":\"object\",\"required\":[\"size\"],\"properties\":{"
	"\"size\":{\"type\":\"integer\"},"
	"\"ratio\":{\"type\":\"number\",\"nullable\":true},"
	"\"when\":{\"type\":\"string\",\"format\":\"date-time\"},"
	"\"raw\":{\"type\":\"string\",\"format\":\"byte\"},"
	"\"port\":{\"x-kubernetes-int-or-string\":true},"
	"\"mode\":{\"type\":\"string\",\"enum\":[\"a\",\"b\"]},"
	"\"labels\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"
	"\"ref\":{\"type\":\"object\",\"x-kubernetes-map-type\":\"atomic\",\"properties\":"
	"{\"name\":{\"type\":\"string\"}}},"
	"\"free\":{\"type\":\"object\"},"
	"\"kept\":{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true,"
	"\"properties\":"
	"{\"known\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":\"string\"}}}}},"
	"\"any\":{\"x-kubernetes-preserve-unknown-fields\":true},"
	"\"object\":{\"type\":\"object\",\"x-kubernetes-embedded-resource\":true,"
	"\"x-kubernetes-preserve-unknown-fields\":true},"
	"\"plain\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
	"\"set\":{\"type\":\"array\",\"x-kubernetes-list-type\":\"set\",\"items\":"
	"{\"type\":\"string\"}},"
	"\"items\":{\"type\":\"array\",\"x-kubernetes-list-type\":\"map\","
	"\"x-kubernetes-list-map-keys\":[\"port\",\"protocol\"],\"items\":{\"type\":\"object\","
	"\"properties\":{\"port\":{\"type\":\"integer\"},\"protocol\":{\"type\":\"string\","
	"\"default\":\"TCP\"}}}}}}}}";

static struct gt_type build(struct gt_arena *a, const char *text)
{
	struct gt_type t = {0};
	struct gt_err err = {0};

	if (gt_dynamic_type(a, parse(a, text), &t, &err) < 0)
		fail_msg("%s", err.text);
	return t;
}

static struct gt_field field(struct gt_type t, const char *name)
{
	struct gt_field f;

	if (!gt_type_field(t, name, strlen(name), &f))
		fail_msg("no field %s", name);
	return f;
}

static void test_scalars(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		enum gt_type_scalar scalar;
		unsigned flags;
	} cases[] = {
		{"size", GT_SCALAR_INT64, GT_FIELD_REQUIRED},
		{"ratio", GT_SCALAR_DOUBLE, GT_FIELD_NULLABLE},
		{"when", GT_SCALAR_ANY, 0},
		{"raw", GT_SCALAR_BYTES, 0},
		{"port", GT_SCALAR_INT_OR_STRING, 0},
		{"mode", GT_SCALAR_STRING, 0},
	};
	gt_auto_arena a = {0};
	struct gt_type spec = field(build(&a, crd), "spec").type;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gt_field f = field(spec, cases[i].name);

		if (gt_type_kind(f.type) != GT_TYPE_SCALAR ||
		    gt_type_scalar(f.type) != cases[i].scalar || f.flags != cases[i].flags ||
		    !gt_type_is_atomic(f.type))
			fail_msg("%s", cases[i].name);
	}
	struct gt_type mode = field(spec, "mode").type;
	assert_string_equal(gt_type_enum(mode, 1), "b");
	assert_null(gt_type_enum(mode, 2));
}

static void test_object_fields(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_type root = build(&a, crd);
	struct gt_type meta = field(root, "metadata").type;
	struct gt_type object = field(field(root, "spec").type, "object").type;

	assert_int_equal(gt_type_field_count(root), 4);
	assert_int_equal(gt_type_list(field(meta, "ownerReferences").type), GT_LIST_MAP);
	assert_true(gt_type_is_embedded(object));
	assert_true(gt_type_keeps_unknown(object));
	assert_true(gt_type_same(field(object, "metadata").type, meta));
	assert_false(gt_type_keeps_unknown(root));
}

static void test_containers(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_type spec = field(build(&a, crd), "spec").type, t;

	t = field(spec, "labels").type;
	assert_int_equal(gt_type_kind(t), GT_TYPE_MAP);
	assert_int_equal(gt_type_scalar(gt_type_elem(t)), GT_SCALAR_STRING);
	assert_true(gt_type_is_atomic(field(spec, "ref").type));
	t = field(spec, "free").type;
	assert_int_equal(gt_type_kind(gt_type_child(t, "x", 1)), GT_TYPE_UNTYPED);
	t = field(spec, "kept").type;
	assert_int_equal(gt_type_kind(gt_type_child(t, "other", 5)), GT_TYPE_UNTYPED);
	t = gt_type_child(t, "known", 5);
	assert_int_equal(gt_type_kind(gt_type_child(t, "y", 1)), GT_TYPE_UNTYPED);
	assert_int_equal(gt_type_scalar(gt_type_child(t, "x", 1)), GT_SCALAR_STRING);
	assert_int_equal(gt_type_kind(gt_type_child(spec, "other", 5)), GT_TYPE_NONE);
	assert_int_equal(gt_type_kind(field(spec, "any").type), GT_TYPE_UNTYPED);
	assert_int_equal(gt_type_list(field(spec, "plain").type), GT_LIST_ATOMIC);
	assert_true(gt_type_is_atomic(field(spec, "plain").type));
	assert_int_equal(gt_type_list(field(spec, "set").type), GT_LIST_SET);

	t = field(spec, "items").type;
	assert_int_equal(gt_type_list(t), GT_LIST_MAP);
	assert_false(gt_type_is_atomic(t));
	assert_string_equal(gt_type_key(t, 1), "protocol");
	assert_null(gt_type_key(t, 2));
	assert_string_equal(field(gt_type_elem(t), "protocol").key_default, "TCP");
}

static void test_no_schema(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_type t;

	assert_int_equal(gt_dynamic_type(&a, NULL, &t, NULL), GT_OK);
	assert_true(gt_type_same(t, gt_type_deduced()));
	t = build(&a, "{\"type\":\"object\"}");
	assert_int_equal(gt_type_kind(gt_type_child(t, "spec", 4)), GT_TYPE_UNTYPED);
	assert_int_equal(gt_type_kind(gt_type_child(t, "metadata", 8)), GT_TYPE_STRUCT);
}

static void test_errors(void **state)
{
	(void)state;
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"[]", "a schema must be an object"},
		{"{\"properties\":{\"a\":{\"type\":\"file\"}}}",
		 "properties.a: type: unrecognized type \"file\""},
		{"{\"properties\":{\"a\":{\"type\":\"array\",\"items\":{\"type\":\"array\","
		 "\"x-kubernetes-list-type\":\"map\"}}}}",
		 "properties.a: items: x-kubernetes-list-map-keys: Required value"},
		{"{\"properties\":{\"a\":{\"type\":\"array\",\"x-kubernetes-list-type\":\"bag\"}}}",
		 "properties.a: x-kubernetes-list-type: unknown list type \"bag\""},
		{"{\"properties\":{\"a\":{\"type\":\"object\",\"additionalProperties\":"
		 "{\"type\":\"x\"}}}}",
		 "properties.a: additionalProperties: type: unrecognized type \"x\""},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		gt_auto_arena a = {0};
		struct gt_type t = {.row = 7};
		struct gt_err err = {0};

		assert_int_equal(gt_dynamic_type(&a, parse(&a, cases[i].text), &t, &err),
				 GT_E_INVALID);
		assert_string_equal(err.text, cases[i].want);
		assert_int_equal(t.row, 7);
	}
}

static void test_depth_limit(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_node *n = parse(&a, "{\"type\":\"string\"}");
	struct gt_type t;

	for (int i = 0; i < GT_LIMIT_DEPTH + 1; i++) {
		struct gt_node *outer = gt_node_map(&a);

		gt_node_set_str(&a, outer, "type", "array");
		gt_node_set(&a, outer, "items", n);
		n = outer;
	}
	assert_int_equal(gt_dynamic_type(&a, n, &t, NULL), GT_E_BUDGET);
}

static void test_every_allocation_fails(void **state)
{
	(void)state;
	gt_auto_arena own = {0};
	struct gt_node *schema = parse(&own, crd);
	bool done = false;

	for (uint64_t n = 1; !done && n < 10000; n++) {
		gt_auto_arena a = {.fail_after = n};
		struct gt_type t;
		int rc = gt_dynamic_type(&a, schema, &t, NULL);

		done = rc == GT_OK;
		if (!done)
			assert_int_equal(rc, GT_E_BUDGET);
	}
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_object_fields),
		cmocka_unit_test(test_containers),
		cmocka_unit_test(test_no_schema),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_depth_limit),
		cmocka_unit_test(test_every_allocation_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
