/* --set, loading of hostile charts, values, globs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "archive/gzip.h"
#include "archive/tar.h"
#include "helm/render.h"
#include "helm/schema_impl.h"
#include "helm/values.h"
#include "text/json.h"
#include "text/sprig/sprig.h"

static int no_file(void *arg, struct gt_str name, struct gt_buf *out, struct gt_err *err)
{
	(void)arg;
	(void)err;
	gt_buf_adds(out, "content of ");
	gt_buf_add_str(out, name);
	return GT_OK;
}

static void test_set(void **state)
{
	static const struct {
		enum gt_set_kind kind;
		const char *text, *want; /* YAML, or the error */
	} cases[] = {
		{GT_SET, "a=1", "a: 1"},
		{GT_SET, "a=01,b=1.5,c=true,d=null", "a: \"01\"\nb: \"1.5\"\nc: true\nd: null"},
		{GT_SET, "a.b.c=x", "a:\n  b:\n    c: x"},
		{GT_SET, "a[1].b=x", "a:\n- null\n- b: x"},
		{GT_SET, "a[0][1]=x", "a:\n- - null\n  - x"},
		{GT_SET, "a={x,2,true}", "a:\n- x\n- 2\n- true"},
		{GT_SET, "a=x\\,y", "a: x,y"},
		{GT_SET, "a\\.b=x", "a.b: x"},
		{GT_SET, "a=", "a: \"\""},
		{GT_SET, "", "{}"},
		{GT_SET, "a", "key \"a\" has no value"},
		{GT_SET, "a,b=1", "key \"a\" has no value (cannot end with ,)"},
		{GT_SET, "a={x", "list must terminate with '}'"},
		{GT_SET, "a[-1]=x", "negative -1 index not allowed"},
		{GT_SET, "a[65537]=x",
		 "index of 65537 is greater than maximum supported index of 65536"},
		{GT_SET, "a=1,a.b=2",
		 "unable to parse key: interface conversion: interface {} is int64, not "
		 "map[string]interface {}"},
		{GT_SET_STRING, "a=1,b=true", "a: \"1\"\nb: \"true\""},
		{GT_SET_JSON, "a={\"x\":[1,2]},b=null", "a:\n  x:\n  - 1\n  - 2\nb: null"},
		{GT_SET_FILE, "a=f.txt", "a: content of f.txt"},
		{GT_SET_LITERAL, "a.b=x,y={z}", "a:\n  b: x,y={z}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		gt_auto_arena a = {0};
		gt_auto_buf out = {0};
		struct gt_value values = gt_vmap_new(&a, GT_V_MAP);
		struct gt_err err = {0};
		int rc = gt_values_set(&a, values, gt_str(cases[i].text), cases[i].kind, no_file,
				       NULL, &err);

		if (rc == GT_OK)
			gt_sprig_yaml(&out, &a, values);
		const char *got = rc == GT_OK ? gt_buf_cstr(&out) : err.text;
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s: got \"%s\", want \"%s\"", cases[i].text, got, cases[i].want);
	}
}

/* A chart archive of two files, the second of any name and size. */
static void pack(struct gt_buf *out, const char *name, size_t size)
{
	static const char meta[] = "name: c\nversion: 1.0.0\n";
	gt_auto_gzip_writer *gzip = gt_gzip_writer_new(gt_sink_buf(out));
	struct gt_tar_writer tar;
	static const char zeros[4096];

	gt_tar_writer_init(&tar, gt_gzip_sink(gzip));
	assert_int_equal(
		gt_tar_add_file(&tar, gt_str("c/Chart.yaml"), sizeof meta - 1, false, NULL), GT_OK);
	gt_tar_write(&tar, meta, sizeof meta - 1, NULL);
	assert_int_equal(gt_tar_add_file(&tar, gt_str(name), size, false, NULL), GT_OK);
	for (size_t n; size; size -= n) {
		n = size < sizeof zeros ? size : sizeof zeros;
		gt_tar_write(&tar, zeros, n, NULL);
	}
	gt_tar_finish(&tar, NULL);
	gt_gzip_finish(gzip, NULL);
}

static void test_hostile_archives(void **state)
{
	static const struct {
		const char *name;
		size_t size;
		const char *want;
	} cases[] = {
		{"c/values.yaml", 0, NULL},
		{"c/big", (size_t)6 << 20, "larger than the maximum file size"},
		{"c/../../x", 1, "references parent directory"},
		{"c", 1, "outside the base directory"},
		{"c//etc/x", 1, "absolute paths"},
		{"c/charts/x.tgz", 1, "error unpacking subchart x.tgz in c"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		gt_auto_arena a = {.budget = (size_t)64 << 20};
		gt_auto_buf bytes = {0};
		struct gt_chart *chart;
		struct gt_err err = {0};

		pack(&bytes, cases[i].name, cases[i].size);
		struct gt_str view = gt_buf_str(&bytes);
		int rc = gt_chart_load_archive(&a, gt_source_mem(&view), &chart, &err);
		if (cases[i].want ? rc == GT_OK || !strstr(err.text, cases[i].want) : rc < 0)
			fail_msg("%s: %d %s", cases[i].name, rc, err.text);
	}
}

/* A truncated archive is an error wherever it ends. */
static void test_truncated(void **state)
{
	gt_auto_buf bytes = {0};

	(void)state;
	pack(&bytes, "c/values.yaml", 100);
	for (size_t n = 0; n < bytes.n; n += 7) {
		gt_auto_arena a = {.budget = (size_t)64 << 20};
		struct gt_str view = gt_strn(bytes.p, n);
		struct gt_chart *chart;

		assert_true(gt_chart_load_archive(&a, gt_source_mem(&view), &chart, NULL) < 0);
	}
}

/* Charts made of texts: name, text, name, text, NULL. */
static int render(struct gt_arena *a, const char *const *files, const char *values,
		  struct gt_helm_output *out, struct gt_err *err)
{
	struct gt_chart_files list = {0};
	struct gt_helm_opts opts = {.release = GT_STR_LIT("r"), .namespace_ = GT_STR_LIT("ns")};
	struct gt_chart *chart;
	struct gt_value user;

	for (; *files; files += 2)
		gt_chart_files_add(a, &list, gt_str(files[0]), gt_str(files[1]));
	int rc = gt_chart_load_files(a, &list, &chart, err);
	if (rc == GT_OK)
		rc = gt_values_parse(a, gt_str(values), &user, err);
	return rc < 0 ? rc : gt_helm_render(a, chart, user, &opts, out, err);
}

static void test_order_and_hooks(void **state)
{
	static const char *const files[] = {
		"Chart.yaml",
		"name: c\nversion: 1.0.0\n",
		"templates/b.yaml",
		"kind: Deployment\nmetadata: {name: d}\n---\nkind: Namespace\nmetadata: {name: "
		"n}\n",
		"templates/a.yaml",
		"kind: Job\nmetadata:\n  name: j\n  annotations:\n    helm.sh/hook: pre-install, "
		"test\n"
		"    helm.sh/hook-weight: \"-5\"\n    helm.sh/hook-delete-policy: hook-succeeded\n",
		"templates/NOTES.txt",
		"hello {{ .Release.Name }} in {{ .Release.Namespace }}",
		"templates/_x.tpl",
		"{{ fail \"never run\" }}",
		NULL,
	};
	gt_auto_arena a = {0};
	struct gt_helm_output out;
	struct gt_err err = {0};

	(void)state;
	assert_int_equal(render(&a, files, "", &out, &err), GT_OK);
	assert_int_equal(out.nmanifests, 2);
	assert_true(gt_str_is(out.manifests[0].kind, "Namespace"));
	assert_true(gt_str_is(out.manifests[1].kind, "Deployment"));
	assert_int_equal(out.nhooks, 1);
	assert_int_equal(out.hooks[0].weight, -5);
	assert_int_equal(gt_vlist_n(out.hooks[0].events), 2);
	assert_true(gt_str_is(out.hooks[0].delete_policies.list->v[0].s, "hook-succeeded"));
	assert_true(gt_str_is(out.notes, "hello r in ns"));
}

static void test_chart_faults(void **state)
{
	static const struct {
		const char *files[6], *values, *want;
	} cases[] = {
		{{"values.yaml", "a: 1", NULL}, "", "Chart.yaml file is missing"},
		{{"Chart.yaml", "name: c", NULL},
		 "",
		 "validation: chart.metadata.version is required"},
		{{"Chart.yaml", "version: 1", NULL},
		 "",
		 "validation: chart.metadata.name is required"},
		{{"Chart.yaml", "name: a/b\nversion: 1.0.0", NULL},
		 "",
		 "validation: chart.metadata.name \"a/b\" is invalid"},
		{{"Chart.yaml", "name: c\nversion: 1.0.0\nkubeVersion: \">=9\"", NULL},
		 "",
		 "chart requires kubeVersion: >=9 which is incompatible with Kubernetes v1.36.0"},
		{{"Chart.yaml", "name: c\nversion: 1.0.0", "templates/a.yaml", "a: [", NULL},
		 "",
		 "YAML parse error on c/templates/a.yaml: error converting YAML to JSON: yaml: "
		 "line "
		 "1: did not find expected node content"},
		{{"Chart.yaml", "name: c\nversion: 1.0.0", "values.schema.json",
		  "{\"required\":[\"x\"]}", NULL},
		 "",
		 "values don't meet the specifications of the schema(s) in the following "
		 "chart(s):\nc:\n- at '': missing property 'x'\n\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		gt_auto_arena a = {0};
		struct gt_helm_output out;
		struct gt_err err = {0};
		int rc = render(&a, cases[i].files, cases[i].values, &out, &err);

		if (rc >= 0 || strcmp(err.text, cases[i].want) != 0)
			fail_msg("case %zu: got \"%s\", want \"%s\"", i, err.text, cases[i].want);
	}
}

static struct gt_str double_quotes(struct gt_arena *a, const char *text)
{
	char *s = gt_arena_printf(a, "%s", text);

	assert_non_null(s);
	for (char *p = s; *p; p++) {
		if (*p == '\'')
			*p = '"';
	}
	return gt_str(s);
}

/* Schema and values are JSON with single quotes. */
static void check_schema(size_t i, const char *schema, const char *values, const char *want)
{
	gt_auto_arena a = {0};
	gt_auto_buf out = {0};
	struct gt_node *doc;

	assert_int_equal(gt_json_parse(&a, double_quotes(&a, values), 0, &doc, NULL), GT_OK);
	bool bad = helm__check_schema(&a, double_quotes(&a, schema), doc, &out);
	if (bad != (want[0] != '\0') || strcmp(gt_buf_cstr(&out), want) != 0)
		fail_msg("schema %zu: got \"%s\", want \"%s\"", i, gt_buf_cstr(&out), want);
}

static void test_schema_unevaluated(void **state)
{
	static const struct {
		const char *schema, *values, *want;
	} cases[] = {
		{"{'properties':{'a':{}},'unevaluatedProperties':false}", "{'a':1,'b':2,'c':3}",
		 "- at '/b': false schema\n- at '/c': false schema\n\n"},
		{"{'properties':{'a':{}},'unevaluatedProperties':{'type':'string'}}",
		 "{'a':1,'b':'x','c':3}", "- at '/c': got number, want string\n\n"},
		{"{'anyOf':[{'properties':{'a':true}},{'properties':{'b':true}}],"
		 "'unevaluatedProperties':false}",
		 "{'a':1,'b':2}", ""},
		{"{'allOf':[{'properties':{'a':{'type':'string'}}}],'unevaluatedProperties':false}",
		 "{'a':1}",
		 "- at '': 'allOf' failed\n  - at '/a': got number, want string\n"
		 "- at '/a': false schema\n\n"},
		{"{'if':{'properties':{'a':{'const':1}}},'then':{'properties':{'b':true}},"
		 "'else':{'properties':{'c':true}},'unevaluatedProperties':false}",
		 "{'a':1,'b':2,'c':3}", "- at '/c': false schema\n\n"},
		{"{'dependentSchemas':{'a':{'properties':{'b':true}}},"
		 "'unevaluatedProperties':false}",
		 "{'a':1,'b':2}", "- at '/a': false schema\n\n"},
		{"{'not':{'not':{'properties':{'a':true}}},'unevaluatedProperties':false}",
		 "{'a':1}", "- at '/a': false schema\n\n"},
		{"{'$ref':'#/$defs/x','$defs':{'x':{'patternProperties':{'^a':true}}},"
		 "'unevaluatedProperties':false}",
		 "{'ab':1,'b':2}", "- at '/b': false schema\n\n"},
		{"{'allOf':[{'unevaluatedProperties':true}],'unevaluatedProperties':false}",
		 "{'a':1}", ""},
		{"{'prefixItems':[{}],'unevaluatedItems':false}", "[1,2]",
		 "- at '/1': false schema\n\n"},
		{"{'contains':{'type':'string'},'unevaluatedItems':false}", "[1,'a']",
		 "- at '/0': false schema\n\n"},
		{"{'$schema':'https://json-schema.org/draft/2019-09/schema',"
		 "'contains':{'type':'string'},'unevaluatedItems':false}",
		 "['a']", "- at '/0': false schema\n\n"},
		{"{'$schema':'http://json-schema.org/draft-07/schema#',"
		 "'unevaluatedProperties':false}",
		 "{'a':1}", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_schema(i, cases[i].schema, cases[i].values, cases[i].want);
}

static void test_schema_contains(void **state)
{
	static const struct {
		const char *schema, *values, *want;
	} cases[] = {
		{"{'contains':{'type':'string'},'maxContains':1}", "['x','a',3]",
		 "- at '': max 1 items required to match contains schema, but matched 2 items at "
		 "0 1\n\n"},
		{"{'contains':{'type':'string'},'minContains':3}", "['x','a',3]",
		 "- at '': min 3 items required to match contains schema, but matched 2 items at "
		 "0 1\n  - at '/2': got number, want string\n\n"},
		{"{'contains':{'type':'string'},'minContains':3}", "[3]",
		 "- at '': min 3 items required to match contains schema, but none matched\n"
		 "  - at '/0': got number, want string\n\n"},
		{"{'contains':{'type':'string'},'minContains':0}", "[3]", ""},
		{"{'contains':{'type':'string'}}", "[]",
		 "- at '': no items match contains schema\n\n"},
		{"{'$schema':'http://json-schema.org/draft-07/schema#',"
		 "'contains':{'type':'string'},'maxContains':1}",
		 "['x','a']", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_schema(i, cases[i].schema, cases[i].values, cases[i].want);
}

static void test_schema_references(void **state)
{
#define OUTSIDE(ref) \
	"failing loading \"" ref "\": schemas outside of values.schema.json are not read"
	static const struct {
		const char *schema, *values, *want;
	} cases[] = {
		{"{'$ref':'urn:x:y'}", "{'a':1}", ""},
		{"{'$ref':'urn:x:y','type':'object'}", "1", "- at '': got number, want object\n\n"},
		{"{'$ref':'urn:x:y','$defs':{'x':{'$id':'urn:x:y','type':'object'}}}", "1",
		 "- at '': got number, want object\n\n"},
		{"{'$ref':'file:///etc/passwd#/a'}", "1", OUTSIDE("file:///etc/passwd#/a")},
		{"{'$ref':'https://example.com/x.json'}", "1",
		 OUTSIDE("https://example.com/x.json")},
		{"{'$ref':'other.json'}", "1", OUTSIDE("other.json")},
		{"{'$ref':'#/nope'}", "1",
		 "json-pointer in \"file:///values.schema.json#/nope\" not found"},
	};
#undef OUTSIDE

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_schema(i, cases[i].schema, cases[i].values, cases[i].want);
}

static void test_split(void **state)
{
	static const struct {
		const char *text;
		uint32_t n;
	} cases[] = {
		{"", 0},
		{"a: 1", 1},
		{"---\na: 1\n---\nb: 2\n", 2},
		{"\n\n---\n", 0},
		{"a: 1\n---b: 2", 2},
		{"a: x---y\n", 1},
		{"---\n---\n---\na: 1", 2}, /* as upstream: the second dashes are a document */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		gt_auto_arena a = {0};

		assert_int_equal(gt_vlist_n(gt_helm_split(&a, gt_str(cases[i].text))), cases[i].n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_hostile_archives),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_order_and_hooks),
		cmocka_unit_test(test_chart_faults),
		cmocka_unit_test(test_schema_unevaluated),
		cmocka_unit_test(test_schema_contains),
		cmocka_unit_test(test_schema_references),
		cmocka_unit_test(test_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
