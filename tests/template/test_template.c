/* The language: what it prints, what it says of faults, and where it stops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "text/sprig/sprig.h"
#include "text/template/template.h"
#include "text/yaml.h"

static const struct gt_tmpl_func *const tables[] = {
	gt_tmpl_builtins,  gt_sprig_strings,     gt_sprig_cases,
	gt_sprig_numbers,  gt_sprig_lists,       gt_sprig_dicts,
	gt_sprig_values,   gt_sprig_encodings,   gt_sprig_regexes,
	gt_sprig_versions, gt_sprig_documents,   gt_sprig_paths,
	gt_sprig_dates,    gt_sprig_urls,        gt_sprig_crypto,
	gt_sprig_toml,     gt_tmpl_engine_funcs, NULL,
};

static const char data[] = "s: text\n"
			   "num: 3\n"
			   "big: 1000000\n"
			   "flag: true\n"
			   "nothing: null\n"
			   "list: [a, b, c]\n"
			   "map: {z: 1, a: 2}\n";

struct run {
	struct gt_arena a;
	struct gt_tmpl_set *set;
	struct gt_buf out;
	struct gt_err err;
	int rc;
};

static void run_begin(struct run *r, size_t budget, uint64_t steps)
{
	*r = (struct run){.a = {.budget = budget}};
	struct gt_tmpl_opts opts = {.arena = &r->a, .tables = tables, .max_steps = steps};

	r->set = gt_tmpl_set_new(&opts);
	assert_non_null(r->set);
}

static void run_text(struct run *r, const char *text)
{
	struct gt_yaml_opts yaml = {.rules = GT_YAML_GO_V2};
	struct gt_node *n;

	assert_int_equal(gt_yaml_parse(&r->a, gt_str(data), &yaml, &n, NULL), GT_OK);
	r->rc = gt_tmpl_parse(r->set, "t", gt_str(text), &r->err);
	if (r->rc == GT_OK)
		r->rc = gt_tmpl_execute(r->set, gt_str("t"), gt_value_of_node(&r->a, n, false),
					&r->out, &r->err);
}

static void run_end(struct run *r)
{
	gt_tmpl_set_fini(r->set);
	gt_buf_fini(&r->out);
	gt_arena_fini(&r->a);
}

static void test_output(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"plain", "plain"},
		{"{{ .s }}", "text"},
		{"{{ .big }} {{ .num }}", "1e+06 3"},
		{"{{ .nope }}", "<no value>"},
		{"a {{- 1 -}} b", "a1b"},
		{"{{/* c */}}x", "x"},
		{"{{ if .flag }}a{{ else }}b{{ end }}", "a"},
		{"{{ if .nothing }}a{{ else if .s }}c{{ end }}", "c"},
		{"{{ range .list }}{{ . }};{{ end }}", "a;b;c;"},
		{"{{ range $i, $e := .list }}{{ $i }}{{ $e }}{{ end }}", "0a1b2c"},
		{"{{ range $k, $v := .map }}{{ $k }}={{ $v }} {{ end }}", "a=2 z=1 "},
		{"{{ range 3 }}{{ . }}{{ end }}", "012"},
		{"{{ range .list }}{{ if eq . \"b\" }}{{ continue }}{{ end }}{{ . }}{{ end }}",
		 "ac"},
		{"{{ range .list }}{{ break }}{{ else }}x{{ end }}", ""},
		{"{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"},
		{"{{ with .s }}{{ . }}{{ $.num }}{{ end }}", "text3"},
		{"{{ define \"d\" }}<{{ . }}>{{ end }}{{ template \"d\" .s }}", "<text>"},
		{"{{ define \"d\" }}<{{ . }}>{{ end }}{{ include \"d\" 1 | quote }}", "\"<1>\""},
		{"{{ block \"b\" .num }}[{{ . }}]{{ end }}", "[3]"},
		{"{{ tpl \"{{ .s | upper }}\" . }}", "TEXT"},
		{"{{ printf \"%05d|%-4s|%q|%v\" 42 \"ab\" \"x\" .list }}",
		 "00042|ab  |\"x\"|[a b c]"},
		{"{{ 1i }} {{ 0x10 }} {{ 1e3 }} {{ 'a' }}", "(0+1i) 16 1000 97"},
		{"{{ 1 | and 2 }} {{ or 0 \"x\" }} {{ not 1 }}", "1 x false"},
		{"{{ (.nope).deeper.still }}", "<no value>"},
		{"{{ index .list 1 }} {{ len .list }} {{ index .map \"z\" }}", "b 3 1"},
		{"{{ add 1 2 | printf \"%T\" }}", "int64"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct run r;

		run_begin(&r, 0, 0);
		run_text(&r, cases[i].text);
		if (r.rc < 0 || strcmp(gt_buf_cstr(&r.out), cases[i].want) != 0)
			fail_msg("%s: got \"%s\" %s", cases[i].text, gt_buf_cstr(&r.out),
				 r.err.text);
		run_end(&r);
	}
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"{{ if }}", "template: t:1: missing value for if"},
		{"{{ .s", "template: t:1: unclosed action"},
		{"x\n{{ nope }}", "template: t:2: function \"nope\" not defined"},
		{"{{ $x }}", "template: t:1: undefined variable \"$x\""},
		{"{{ range .list }}", "template: t:1: unexpected EOF"},
		{"{{ end }}", "template: t:1: unexpected {{end}}"},
		{"{{ .a-b }}", "template: t:1: bad character U+002D '-'"},
		{"{{ \"x }}", "template: t:1: unterminated quoted string"},
		{"{{ 1 | 2 }}", "template: t:1: non executable command in pipeline stage 2"},
		{"{{ (1 }}", "template: t:1: unclosed left paren"},
		{"{{ break }}", "template: t:1: {{break}} outside {{range}}"},
		{"\n {{ .nothing.x }}", "template: t:2:12: executing \"t\" at <.nothing.x>: nil "
					"pointer evaluating interface {}.x"},
		{"{{ .s.x }}", "template: t:1:5: executing \"t\" at <.s.x>: can't evaluate field x "
			       "in type interface {}"},
		{"{{ upper 1 }}",
		 "template: t:1:9: executing \"t\" at <1>: expected string; found 1"},
		{"{{ upper .num }}",
		 "template: t:1:9: executing \"t\" at <.num>: wrong type for value; "
		 "expected string; got float64"},
		{"{{ fromJson }}",
		 "template: t:1:3: executing \"t\" at <fromJson>: wrong number of "
		 "args for fromJson: want 1 got 0"},
		{"{{ template \"x\" }}",
		 "template: t:1:12: executing \"t\" at <{{template \"x\"}}>: "
		 "template \"x\" not defined"},
		{"{{ range .num }}{{ end }}",
		 "template: t:1:9: executing \"t\" at <.num>: range can't iterate over 3"},
		{"{{ div 1 0 }}",
		 "template: t:1:3: executing \"t\" at <div 1 0>: error calling div: "
		 "runtime error: integer divide by zero"},
		{"{{ eq .num 3 }}",
		 "template: t:1:3: executing \"t\" at <eq .num 3>: error calling eq: "
		 "incompatible types for comparison: float64 and int"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct run r;

		run_begin(&r, 0, 0);
		run_text(&r, cases[i].text);
		if (r.rc != GT_E_INVALID || strcmp(r.err.text, cases[i].want) != 0)
			fail_msg("%s:\n got  %s\n want %s", cases[i].text, r.err.text,
				 cases[i].want);
		run_end(&r);
	}
}

/* Hostile templates end, in an error that is one of a budget. */
static void test_budgets(void **state)
{
	static const char *const cases[] = {
		"{{ define \"r\" }}{{ template \"r\" . }}{{ end }}{{ template \"r\" . }}",
		"{{ define \"a\" }}{{ include \"b\" . }}{{ end }}"
		"{{ define \"b\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
		"{{ range 1000000000 }}{{ end }}",
		"{{ range until 1000000000 }}{{ end }}",
		"{{ repeat 1000000000 \"x\" }}",
		"{{ $x := \"x\" }}{{ range 100 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}",
		"{{ $l := list 1 }}{{ range 100 }}{{ $l = concat $l $l }}{{ end }}",
		"{{ $d := dict }}{{ $_ := set $d \"self\" $d }}{{ $d | toString }}",
		"{{ range $i := until 100000 }}{{ tpl \"{{ define \\\"x\\\" }}{{ end }}\" . }}{{ "
		"end }}",
		"{{ seq 1 1000000000 }}",
		"{{ mulf 1e300 1e300 1e300 1e300 | indent 1000000000 }}",
		"{{ randAlpha 1000000000 }}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct run r;

		run_begin(&r, (size_t)32 << 20, 2000000);
		run_text(&r, cases[i]);
		if (r.rc >= 0)
			fail_msg("%s: no error", cases[i]);
		run_end(&r);
	}
}

/* A cycle of values is cut where it is written. */
static void test_cycle(void **state)
{
	struct run r;

	(void)state;
	run_begin(&r, (size_t)32 << 20, 0);
	run_text(&r, "{{ $d := dict }}{{ $_ := set $d \"self\" $d }}[{{ $d | toYaml }}]");
	assert_int_equal(r.rc, GT_OK);
	assert_string_equal(gt_buf_cstr(&r.out), "[]");
	run_end(&r);
}

/* Every allocation may be the one that fails. */
static void test_out_of_memory(void **state)
{
	static const char text[] =
		"{{ define \"d\" }}{{ .s | upper | quote }}{{ end }}"
		"{{ range $k, $v := .map }}{{ $k }}{{ include \"d\" $ }}{{ end }}"
		"{{ toYaml . | fromYaml | toJson }}{{ list 1 2 | join \",\" | sha256sum }}";

	(void)state;
	for (uint64_t n = 1; n < 400; n += 3) {
		struct run r;

		run_begin(&r, 0, 0);
		struct gt_yaml_opts yaml = {.rules = GT_YAML_GO_V2};
		struct gt_node *doc;
		assert_int_equal(gt_yaml_parse(&r.a, gt_str(data), &yaml, &doc, NULL), GT_OK);
		struct gt_value dot = gt_value_of_node(&r.a, doc, false);
		r.a.fail_after = n;
		r.rc = gt_tmpl_parse(r.set, "t", gt_str(text), &r.err);
		if (r.rc == GT_OK)
			r.rc = gt_tmpl_execute(r.set, gt_str("t"), dot, &r.out, &r.err);
		if (r.rc < 0)
			assert_int_equal(r.rc, GT_E_BUDGET);
		run_end(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),        cmocka_unit_test(test_errors),
		cmocka_unit_test(test_budgets),       cmocka_unit_test(test_cycle),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
