#include "support/check.h"

#include <stdio.h>
#include <string.h>

#include "runtime/features.h"
#include "runtime/metrics.h"

static const char *const labels[] = {"a", "b", NULL};

static void expect(struct gt_metrics *m, const char *want)
{
	gt_auto_buf text = {0};

	gt_metrics_write(m, &text);
	if (gt_str_search(gt_buf_str(&text), gt_str(want)) == SIZE_MAX)
		fail_msg("no\n%s\nin\n%s", want, gt_buf_cstr(&text));
}

static void test_text(void **state)
{
	static const double buckets[] = {0.005, 1, 10, 1e6};
	struct gt_metrics *m = gt_metrics_new();
	struct gt_metric *c = gt_metrics_add(m, &(struct gt_metric_opts){.name = "x_total",
									 .help = "Things.",
									 .type = GT_METRIC_COUNTER,
									 .labels = labels});
	struct gt_metric *h =
		gt_metrics_add(m, &(struct gt_metric_opts){.name = "x_seconds",
							   .help = "Time.",
							   .type = GT_METRIC_HISTOGRAM,
							   .buckets = buckets,
							   .n_buckets = 4});

	(void)state;
	gt_metric_add(c, 1, "z", "q\"uo\\te\n");
	gt_metric_add(c, 2.5, "b", "1");
	gt_metric_add(c, 1, "b", "1");
	gt_metric_touch(c, "n", "");
	expect(m, "# HELP x_total Things.\n# TYPE x_total counter\n"
		  "x_total{a=\"b\",b=\"1\"} 3.5\n"
		  "x_total{a=\"n\",b=\"\"} 0\n"
		  "x_total{a=\"z\",b=\"q\\\"uo\\\\te\\n\"} 1\n");
	gt_metric_observe(h, 0.5);
	gt_metric_observe(h, 1);
	gt_metric_observe(h, 1e9);
	expect(m, "# TYPE x_seconds histogram\n"
		  "x_seconds_bucket{le=\"0.005\"} 0\n"
		  "x_seconds_bucket{le=\"1\"} 2\n"
		  "x_seconds_bucket{le=\"10\"} 2\n"
		  "x_seconds_bucket{le=\"1e+06\"} 2\n"
		  "x_seconds_bucket{le=\"+Inf\"} 3\n"
		  "x_seconds_sum 1000000001.5\n"
		  "x_seconds_count 3\n");
	gt_metric_remove(c, "b", "1");
	assert_true(gt_metric_value(c, "b", "1") == 0);
	assert_ptr_equal(gt_metrics_find(m, "x_total"), c);
	expect(m, "process_resident_memory_bytes ");
	expect(m, "process_start_time_seconds 1");
	gt_metrics_free(m);
}

static void test_nothing(void **state)
{
	(void)state;
	gt_metric_add(NULL, 1, "a");
	gt_metric_remove(NULL, "a");
	assert_true(gt_metric_value(NULL, "a") == 0);
	assert_null(gt_metrics_find(NULL, "x"));
}

/* The bounds of Flux's duration histogram. */
static void test_exponential(void **state)
{
	double bounds[10];

	(void)state;
	gt_metric_exponential(bounds, 10, 0.01, 1800);
	assert_true(bounds[0] == 0.01);
	assert_true(bounds[9] > 1799.999 && bounds[9] < 1800.001);
	assert_true(bounds[1] > 0.0383 && bounds[1] < 0.0384);
}

static void test_features(void **state)
{
	struct gt_feature table[] = {{"A", false}, {"B", true}, {NULL, false}};
	struct gt_err err;

	(void)state;
	check_ok(gt_features_parse(table, "", NULL, &err), &err);
	check_ok(gt_features_parse(table, "A=true, B=False", NULL, &err), &err);
	assert_true(gt_feature_enabled(table, "A"));
	assert_false(gt_feature_enabled(table, "B"));
	assert_false(gt_feature_enabled(table, "C"));
	check_fails(gt_features_parse(table, "C=true", NULL, &err), GT_E_INVALID);
	assert_string_equal(err.text, "feature-gate 'C' not supported");
	check_fails(gt_features_parse(table, "A", NULL, &err), GT_E_INVALID);
	check_fails(gt_features_parse(table, "A=maybe", NULL, &err), GT_E_INVALID);
	check_fails(gt_features_parse(NULL, "A=true", NULL, &err), GT_E_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_exponential),
		cmocka_unit_test(test_features),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
