#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "schema/load.h"
#include "schema/protobuf.h"
#include "text/json.h"

#define DIR_NAME TEST_DATA "/schema/protobuf"

static int is_body(const struct dirent *e)
{
	return gt_str_ends(gt_str(e->d_name), ".pb");
}

/* Go writes null where we leave a list, a map or a pointer out. */
static struct gt_node *without_nulls(struct gt_node *n)
{
	for (size_t i = gt_node_count(n); i-- > 0;) {
		if (!gt_node_is(n, GT_MAP)) {
			without_nulls(gt_node_item(n, i));
			continue;
		}
		const struct gt_pair *p = gt_node_pair(n, i);
		if (gt_node_is_null(p->value))
			gt_node_unset(n, p->key);
		else
			without_nulls(p->value);
	}
	return n;
}

static void check_body(const char *name)
{
	char path[512];
	struct gt_err err = {0};
	struct gt_node *got = NULL, *want = NULL;
	gt_auto_arena a = {0};

	snprintf(path, sizeof path, "%s/%s", DIR_NAME, name);
	struct gt_buf pb = load_file(path);
	snprintf(path, sizeof path, "%s/%.*s.json", DIR_NAME, (int)strlen(name) - 3, name);
	struct gt_buf json = load_file(path);

	if (gt_json_parse(&a, gt_buf_str(&json), 0, &want, &err) < 0 ||
	    gt_protobuf_decode(&a, gt_buf_str(&pb), NULL, &got, NULL, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	if (!gt_node_equal(without_nulls(got), without_nulls(want))) {
		gt_auto_buf out = {0};

		gt_json_write(&out, got, GT_JSON_SORTED, 0);
		gt_buf_adds(&out, "\nbut want\n");
		gt_json_write(&out, want, GT_JSON_SORTED, 0);
		fail_msg("%s: got\n%s", name, gt_buf_cstr(&out));
	}
	gt_buf_fini(&pb);
	gt_buf_fini(&json);
}

static void test_published_bodies(void **state)
{
	(void)state;
	struct dirent **names;
	int n = scandir(DIR_NAME, &names, is_body, alphasort);

	assert_true(n > 90);
	for (int i = 0; i < n; i++) {
		check_body(names[i]->d_name);
		free(names[i]);
	}
	free(names);
}

static int decode(struct gt_arena *a, const void *bytes, size_t n, struct gt_node **ret,
		  struct gt_err *err)
{
	return gt_protobuf_decode(a, gt_strn(bytes, n), NULL, ret, NULL, err);
}

#define CONFIG_MAP "k8s\0\n\x0f\n\x02v1\x12\tConfigMap"

static void test_bad_bodies(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t n;
		int code;
		const char *text;
	} cases[] = {
#define BODY(s) s, sizeof(s) - 1
		{BODY(""), GT_E_INVALID, "does not appear to be a protobuf message"},
		{BODY("k8s"), GT_E_INVALID, "does not appear to be"},
		{BODY("k8s\0\x0a\x7f"), GT_E_INVALID, "does not appear to be"},
		{BODY("k8s\0\n\x09\n\x02v1\x12\x03"
		      "Foo"),
		 GT_E_UNSUPPORTED, "no kind \"Foo\" is registered for version \"v1\""},
		{BODY(CONFIG_MAP "\x1a\x04gzip"), GT_E_UNSUPPORTED, "content encoding"},
		/* metadata cut short, metadata a number, a key that is not text */
		{BODY(CONFIG_MAP "\x12\x03\x0a\x09x"), GT_E_INVALID, "malformed protobuf"},
		{BODY(CONFIG_MAP "\x12\x02\x08\x01"), GT_E_INVALID,
		 "metadata: unexpected wire type 0"},
		{BODY(CONFIG_MAP "\x12\x05\x12\x03\x0a\x01\xff"), GT_E_INVALID,
		 "data: key is not UTF-8"},
		{BODY(CONFIG_MAP "\x12\x05\x0a\x03\x0a\x01\xff"), GT_E_INVALID,
		 "metadata: name: text is not UTF-8"},
#undef BODY
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		gt_auto_arena a = {0};
		struct gt_node *obj = NULL;
		struct gt_err err = {0};
		int rc = decode(&a, cases[i].bytes, cases[i].n, &obj, &err);

		if (rc != cases[i].code || !strstr(err.text, cases[i].text) || obj)
			fail_msg("case %zu: %d %s", i, rc, err.text);
	}
}

static void test_unknown_fields_and_merging(void **state)
{
	(void)state;
	/* metadata twice: name, then namespace; field 99 is of a newer version */
	static const char body[] = CONFIG_MAP "\x12\x0e"
					      "\x0a\x03\x0a\x01n"
					      "\x0a\x03\x1a\x01s"
					      "\x98\x06\x01"
					      "\x12";
	gt_auto_arena a = {0};
	struct gt_node *obj = NULL;
	struct gt_err err = {0};

	if (decode(&a, body, sizeof body - 2, &obj, &err) == GT_OK)
		fail_msg("a truncated message was read");
	char whole[sizeof body];
	memcpy(whole, body, sizeof body);
	whole[sizeof CONFIG_MAP - 1 + 1] = 13;
	if (decode(&a, whole, sizeof body - 2, &obj, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(gt_node_cstr_at(obj, "metadata", "name"), "n");
	assert_string_equal(gt_node_cstr_at(obj, "metadata", "namespace"), "s");
	assert_string_equal(gt_node_cstr_at(obj, "apiVersion"), "v1");
	assert_int_equal(gt_node_count(obj), 3);
}

static void test_expected_kind(void **state)
{
	(void)state;
	gt_auto_arena a = {0};
	struct gt_schema_kind want, got;
	struct gt_node *obj = NULL;

	assert_true(gt_schema_find_kind(gt_schema_get(GT_SCHEMA_K8S), "apps", "v1", "Deployment",
					&want));
	assert_int_equal(gt_protobuf_decode(&a, gt_strn("k8s\0\x12\0", 6), &want, &obj, &got, NULL),
			 GT_OK);
	assert_string_equal(gt_node_cstr_at(obj, "apiVersion"), "apps/v1");
	assert_string_equal(gt_node_cstr_at(obj, "kind"), "Deployment");
	assert_int_equal(got.row, want.row);
}

/* JSONSchemaProps nest; the limit must stop a chain of `not` (field 28). */
static void test_depth_limit(void **state)
{
	(void)state;
	enum { LEVELS = 400 };
	unsigned char msg[LEVELS * 4];
	size_t at = sizeof msg;
	gt_auto_arena a = {0};
	struct gt_err err = {0};
	struct gt_node *obj = NULL;
	gt_auto_buf body = {0};

	for (int i = 0; i < LEVELS; i++) {
		size_t n = sizeof msg - at;

		if (n > 127)
			msg[--at] = (unsigned char)(n >> 7);
		msg[--at] = (unsigned char)(n > 127 ? (n & 0x7f) | 0x80 : n);
		msg[--at] = 0x01;
		msg[--at] = 0xe2; /* field 28, bytes */
		if (sizeof msg - at > 1400)
			break;
	}
	struct gt_str rest = gt_strn((char *)msg + at, sizeof msg - at);
	/* openAPIV3Schema, schema, versions, spec, raw */
	static const unsigned char tags[] = {0x0a, 0x22, 0x3a, 0x12, 0x12};
	gt_auto_buf inner = {0};
	gt_buf_add_str(&inner, rest);
	for (size_t i = 0; i < sizeof tags; i++) {
		gt_auto_buf outer = {0};
		unsigned char head[3] = {tags[i], (unsigned char)((inner.n & 0x7f) | 0x80),
					 (unsigned char)(inner.n >> 7)};

		gt_buf_add(&outer, head, 3);
		gt_buf_add_str(&outer, gt_buf_str(&inner));
		gt_buf_reset(&inner);
		gt_buf_add_str(&inner, gt_buf_str(&outer));
	}
	static const char envelope[] = "k8s\0\x0a\x33\x0a\x17"
				       "apiextensions.k8s.io/v1"
				       "\x12\x18"
				       "CustomResourceDefinition";
	gt_buf_add(&body, envelope, sizeof envelope - 1);
	gt_buf_add_str(&body, gt_buf_str(&inner));
	assert_int_equal(decode(&a, body.p, body.n, &obj, &err), GT_E_BUDGET);
	assert_non_null(strstr(err.text, "nested deeper than"));
}

/* Whatever allocation fails, the error is a budget and nothing leaks. */
static void test_every_allocation_fails(void **state)
{
	(void)state;
	struct gt_buf pb = load_file(DIR_NAME "/edge.deployment.pb");
	bool done = false;

	for (uint64_t n = 1; !done && n < 100000; n++) {
		gt_auto_arena a = {.fail_after = n};
		struct gt_node *obj = NULL;
		int rc = gt_protobuf_decode(&a, gt_buf_str(&pb), NULL, &obj, NULL, NULL);

		done = rc == GT_OK;
		if (!done)
			assert_int_equal(rc, GT_E_BUDGET);
	}
	assert_true(done);
	gt_buf_fini(&pb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_bodies),
		cmocka_unit_test(test_bad_bodies),
		cmocka_unit_test(test_unknown_fields_and_merging),
		cmocka_unit_test(test_expected_kind),
		cmocka_unit_test(test_depth_limit),
		cmocka_unit_test(test_every_allocation_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
