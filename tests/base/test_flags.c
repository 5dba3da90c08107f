#include "support/check.h"

#include <stdio.h>

#include "base/flags.h"
#include "base/time.h"

static struct gt_err err;

static const char *name, *output;
static struct gt_flag_list paths;
static bool verbose, watch, quiet;
static int64_t count, interval;
static double qps;

static const char *const formats[] = {"json", "yaml", NULL};
static struct gt_flag flags[] = {
	{.name = "name", .short_name = 'n', .kind = GT_FLAG_STRING, .value = &name, .usage = "who"},
	{.name = "output",
	 .short_name = 'o',
	 .kind = GT_FLAG_STRING,
	 .value = &output,
	 .usage = "form",
	 .choices = formats},
	{.name = "path", .kind = GT_FLAG_STRINGS, .value = &paths, .usage = "where"},
	{.name = "verbose",
	 .short_name = 'v',
	 .kind = GT_FLAG_BOOL,
	 .value = &verbose,
	 .usage = "tell more"},
	{.name = "watch",
	 .short_name = 'w',
	 .kind = GT_FLAG_BOOL,
	 .value = &watch,
	 .usage = "stay"},
	{.name = "quiet", .kind = GT_FLAG_BOOL, .value = &quiet, .usage = "no", .hidden = true},
	GT_FLAG_END,
};
static struct gt_flag more[] = {
	{.name = "count", .kind = GT_FLAG_INT, .value = &count, .usage = "how many"},
	{.name = "interval",
	 .short_name = 'i',
	 .kind = GT_FLAG_DURATION,
	 .value = &interval,
	 .usage = "how often",
	 .arg = "time"},
	{.name = "qps", .kind = GT_FLAG_DOUBLE, .value = &qps, .usage = "how fast"},
	GT_FLAG_END,
};
static const struct gt_flag_set sets[] = {{"Flags", flags}, {"Global Flags", more}, {0}};

static int reset(void **state)
{
	(void)state;
	name = output = NULL;
	verbose = watch = quiet = false;
	count = 3;
	interval = GT_SECONDS(60);
	qps = 0;
	gt_flag_list_fini(&paths);
	for (struct gt_flag *f = flags; f->name; f++)
		f->seen = false;
	for (struct gt_flag *f = more; f->name; f++)
		f->seen = false;
	return 0;
}

/* Parses the words of a line parted by single blanks. */
static int parse(const char *line, bool stop, struct gt_args *args)
{
	static char text[256];
	static char *words[32];
	int n = 0;

	snprintf(text, sizeof text, "%s", line);
	for (char *p = text; p && n < 32;) {
		words[n++] = p;
		p = strchr(p, ' ');
		if (p)
			*p++ = '\0';
	}
	return gt_flags_parse(sets, n, words, stop, args, &err);
}

static void test_forms(void **state)
{
	struct gt_args args = {0};

	(void)state;
	check_ok(parse("a --name=x=y -o json --path a,b b --path c -vw -i5s --count -7 "
		       "--qps=1.5 - -- --name z",
		       false, &args),
		 &err);
	assert_string_equal(name, "x=y");
	assert_string_equal(output, "json");
	assert_int_equal(paths.n, 3);
	assert_string_equal(paths.v[2], "c");
	assert_true(verbose && watch && !quiet);
	assert_true(interval == GT_SECONDS(5) && count == -7 && qps == 1.5);
	assert_int_equal(args.n, 5);
	assert_string_equal(args.v[0], "a");
	assert_string_equal(args.v[1], "b");
	assert_string_equal(args.v[2], "-");
	assert_string_equal(args.v[3], "--name");
	assert_true(gt_flags_find(sets, "count")->seen);
	assert_false(gt_flags_find(sets, "quiet")->seen);
	assert_null(gt_flags_find(sets, "absent"));
	gt_args_fini(&args);
}

static void test_more_forms(void **state)
{
	struct gt_args args = {0};

	(void)state;
	check_ok(parse("-vnbob --watch=false -v=0 --path= -i=2m", false, &args), &err);
	assert_string_equal(name, "bob");
	assert_false(verbose);
	assert_false(watch);
	assert_int_equal(paths.n, 0);
	assert_true(interval == GT_SECONDS(120));
	check_ok(parse("-w build --name x", true, &args), &err);
	assert_true(watch);
	assert_int_equal(args.n, 3); /* the first word ended the parsing */
	assert_string_equal(args.v[1], "--name");
	gt_args_fini(&args);
}

static void test_errors(void **state)
{
	static const struct {
		const char *line, *want;
	} cases[] = {
		{"--nope", "unknown flag: --nope"},
		{"--nope=1", "unknown flag: --nope"},
		{"-x", "unknown shorthand flag: 'x' in -x"},
		{"-vx", "unknown shorthand flag: 'x' in -vx"},
		{"--name", "flag needs an argument: --name"},
		{"-n", "flag needs an argument: 'n' in -n"},
		{"--=x", "bad flag syntax: --=x"},
		{"---name", "bad flag syntax: ---name"},
		{"--interval=1d", "invalid argument \"1d\" for \"-i, --interval\" flag: "
				  "time: unknown unit \"d\" in duration \"1d\""},
		{"--count x", "invalid argument \"x\" for \"--count\" flag: "
			      "strconv.ParseInt: parsing \"x\": invalid syntax"},
		{"--qps=fast", "invalid argument \"fast\" for \"--qps\" flag: "
			       "strconv.ParseFloat: parsing \"fast\": invalid syntax"},
		{"--watch=maybe", "invalid argument \"maybe\" for \"-w, --watch\" flag: "
				  "strconv.ParseBool: parsing \"maybe\": invalid syntax"},
		{"-o xml", "invalid argument \"xml\" for \"-o, --output\" flag: "
			   "must be one of: json, yaml"},
	};

	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_args args = {0};

		reset(state);
		check_fails(parse(cases[i].line, false, &args), GT_E_INVALID);
		assert_string_equal(err.text, cases[i].want);
		gt_args_fini(&args);
	}
}

static void test_help(void **state)
{
	gt_auto_buf out = {0};

	(void)state;
	name = "bob";
	watch = true;
	gt_flags_help(&out, flags);
	assert_string_equal(out.p, "  -n, --name string     who (default \"bob\")\n"
				   "  -o, --output string   form\n"
				   "      --path strings    where\n"
				   "  -v, --verbose         tell more\n"
				   "  -w, --watch           stay (default true)\n");
	gt_buf_reset(&out);
	gt_flags_help(&out, more);
	assert_string_equal(out.p, "      --count int       how many (default 3)\n"
				   "  -i, --interval time   how often (default 1m0s)\n"
				   "      --qps float       how fast\n");
}

int main(void)
{
#define with_reset(test) cmocka_unit_test_setup_teardown(test, reset, reset)
	const struct CMUnitTest tests[] = {
		with_reset(test_forms),
		with_reset(test_more_forms),
		with_reset(test_errors),
		with_reset(test_help),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
