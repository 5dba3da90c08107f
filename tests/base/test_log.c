#include "support/check.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/time.h"

static struct gt_buf lines;

static void collect(void *arg, struct gt_str line)
{
	gt_buf_add_str(arg, line);
}

static int setup(void **state)
{
	(void)state;
	gt_time_freeze(1767323045678901234); /* 2026-01-02T03:04:05.678Z */
	gt_log_setup(GT_LOG_INFO, GT_LOG_JSON);
	gt_log_redirect(collect, &lines);
	gt_buf_reset(&lines);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gt_log_redirect(NULL, NULL);
	gt_buf_fini(&lines);
	gt_time_freeze(0);
	return 0;
}

#define TS "\"ts\":\"2026-01-02T03:04:05.678Z\""

static void test_fields(void **state)
{
	struct gt_log root = gt_log_named(NULL, "runtime");
	struct gt_log log = gt_log_with(&root, gt_kv_str("controller", "kustomization"),
					gt_kv_ref("Kustomization", "flux-system", "apps"));
	struct gt_log sub = gt_log_named(&log, "health");

	(void)state;
	gt_log_info(&sub, "done", gt_kv_int("n", -3), gt_kv_bool("ok", true),
		    gt_kv_duration("took", GT_MILLIS(1250)), gt_kv_duration("more", GT_SECONDS(-2)),
		    gt_kv_raw("list", "[1,\n2]"), gt_kv_ref("Node", "", "n1"),
		    gt_kv_raw("none", ""));
	assert_string_equal(
		gt_buf_cstr(&lines),
		"{\"level\":\"info\"," TS ",\"logger\":\"runtime.health\",\"msg\":\"done\","
		"\"controller\":\"kustomization\",\"Kustomization\":{\"name\":\"apps\","
		"\"namespace\":\"flux-system\"},\"n\":-3,\"ok\":true,\"took\":1.25,\"more\":-2,"
		"\"list\":[1, 2],\"Node\":{\"name\":\"n1\"},\"none\":null}\n");
}

static void test_error_is_last(void **state)
{
	struct gt_err err;

	(void)state;
	gt_fail(&err, GT_E_INVALID, "bad \"thing\"");
	gt_log_error(NULL, &err, "failed", gt_kv_str("name", "x"));
	gt_log_error(NULL, NULL, "only");
	assert_string_equal(gt_buf_cstr(&lines),
			    "{\"level\":\"error\"," TS ",\"msg\":\"failed\",\"name\":\"x\","
			    "\"error\":\"bad \\\"thing\\\"\"}\n"
			    "{\"level\":\"error\"," TS ",\"msg\":\"only\"}\n");
}

static void test_escapes(void **state)
{
	(void)state;
	gt_log_info(NULL, "a\nb\t\x01\x7f", gt_kv_str("k\"", "\\ <&> \xc3\xa4 \xff \r"),
		    gt_kv_strn("nul", gt_strn("a\0b", 3)), gt_kv_str("null", NULL));
	assert_string_equal(gt_buf_cstr(&lines),
			    "{\"level\":\"info\"," TS ",\"msg\":\"a\\nb\\t\\u0001\x7f\","
			    "\"k\\\"\":\"\\\\ <&> \xc3\xa4 \\ufffd \\r\",\"nul\":\"a\\u0000b\","
			    "\"null\":\"\"}\n");
}

static void test_long_values(void **state)
{
	gt_auto_buf big = {0};

	(void)state;
	gt_buf_addc(&big, 'x');
	while (big.n < 100000)
		gt_buf_adds(&big, "\xc3\xa4");
	gt_log_info(NULL, "m", gt_kv_strn("v", gt_buf_str(&big)), gt_kv_raw("r", big.p));
	assert_in_range(lines.n, 2 * 32000, 2 * 33000);
	assert_true(gt_str_ends(gt_buf_str(&lines), "\xc3\xa4...\"}\n"));
}

static void test_levels(void **state)
{
	enum gt_log_level level;

	(void)state;
	gt_log_debug(NULL, "hidden");
	gt_log_trace(NULL, "hidden");
	assert_int_equal(lines.n, 0);
	assert_false(gt_log_enabled(GT_LOG_DEBUG));
	assert_true(gt_log_level_parse(gt_str("debug"), &level) && level == GT_LOG_DEBUG);
	gt_log_setup(GT_LOG_DEBUG, GT_LOG_JSON);
	gt_log_debug(NULL, "seen");
	gt_log_trace(NULL, "hidden");
	assert_string_equal(gt_buf_cstr(&lines), "{\"level\":\"debug\"," TS ",\"msg\":\"seen\"}\n");
	assert_true(gt_log_level_parse(gt_str("trace"), &level) && level == GT_LOG_TRACE);
	assert_false(gt_log_level_parse(gt_str("warn"), &level));
	assert_false(gt_log_level_parse(gt_str("Info"), &level));
}

static void test_console(void **state)
{
	struct gt_log log = gt_log_named(NULL, "setup");

	(void)state;
	gt_log_setup(GT_LOG_INFO, GT_LOG_CONSOLE);
	gt_log_info(&log, "two\nlines \"x\"", gt_kv_str("a", "b"), gt_kv_int("n", 1));
	gt_log_error(NULL, NULL, "plain");
	assert_string_equal(gt_buf_cstr(&lines),
			    "2026-01-02T03:04:05.678Z\tINFO\tsetup\ttwo\\nlines \"x\"\t"
			    "{\"a\": \"b\", \"n\": 1}\n"
			    "2026-01-02T03:04:05.678Z\tERROR\tplain\n");
}

static size_t count_lines(void)
{
	size_t n = 0;

	for (size_t i = 0; i < lines.n; i++)
		n += lines.p[i] == '\n';
	gt_buf_reset(&lines);
	return n;
}

static void test_sampling(void **state)
{
	(void)state;
	gt_time_freeze(GT_SECONDS(5000));
	for (int i = 0; i < 350; i++)
		gt_log_info(NULL, "again");
	assert_int_equal(count_lines(), 102); /* the first 100, the 200th and the 300th */
	gt_log_info(NULL, "another message");
	gt_log_error(NULL, NULL, "again"); /* another level */
	assert_int_equal(count_lines(), 2);
	gt_time_freeze(GT_SECONDS(5001));
	gt_log_info(NULL, "again");
	assert_int_equal(count_lines(), 1);
	gt_log_setup(GT_LOG_TRACE, GT_LOG_JSON);
	for (int i = 0; i < 350; i++)
		gt_log_info(NULL, "again");
	assert_int_equal(count_lines(), 350);
}

static void *write_many(void *arg)
{
	struct gt_log log = gt_log_with(NULL, gt_kv_str("thread", arg));

	for (int i = 0; i < 200; i++)
		gt_log_info(&log, "from a thread", gt_kv_int("i", i));
	return NULL;
}

/* Lines of several threads never mix. */
static void test_threads(void **state)
{
	static char names[4][2] = {"a", "b", "c", "d"};
	pthread_t threads[4];
	struct gt_str line;
	size_t n = 0;

	(void)state;
	gt_log_setup(GT_LOG_TRACE, GT_LOG_JSON);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, write_many, names[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	struct gt_split it = {.rest = gt_buf_str(&lines)};
	while (gt_split_next(&it, '\n', &line)) {
		if (line.n == 0)
			continue;
		assert_true(gt_str_starts(line, "{\"level\":\"info\",") && gt_str_ends(line, "}"));
		n++;
	}
	assert_int_equal(n, 800);
}

/* Without a redirection a line goes to standard error in one piece. */
static void test_stderr(void **state)
{
	char got[256] = "";
	int ends[2], saved = dup(STDERR_FILENO);

	(void)state;
	gt_log_redirect(NULL, NULL);
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	gt_log_info(NULL, "to stderr");
	dup2(saved, STDERR_FILENO);
	assert_true(read(ends[0], got, sizeof got - 1) > 0);
	assert_string_equal(got, "{\"level\":\"info\"," TS ",\"msg\":\"to stderr\"}\n");
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
#define with_sink(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		with_sink(test_fields),      with_sink(test_error_is_last), with_sink(test_escapes),
		with_sink(test_long_values), with_sink(test_levels),        with_sink(test_console),
		with_sink(test_sampling),    with_sink(test_threads),       with_sink(test_stderr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
