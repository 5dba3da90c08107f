/*
 * Speed of the document tree's parsers and writers, in MB of text a second.
 *
 *	bench_text [FILE.json|FILE.yaml ...]
 *
 * Without files it makes a list of Deployments of a few MB.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "text/json.h"
#include "text/yaml.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void report(const char *what, size_t bytes, double best, size_t used)
{
	printf("%-14s %8.1f MB/s", what, (double)bytes / best / 1e6);
	if (used)
		printf("   %.2f bytes of memory a byte", (double)used / (double)bytes);
	putchar('\n');
}

static void make_deployments(struct gt_buf *out, int count)
{
	gt_buf_adds(out, "[");
	for (int i = 0; i < count; i++)
		gt_buf_printf(
			out,
			"%s{\"apiVersion\":\"apps/"
			"v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":"
			"\"app-%d\",\"namespace\":\"default\",\"labels\":{\"app.kubernetes.io/"
			"name\":"
			"\"app-%d\",\"app.kubernetes.io/managed-by\":\"gitops\"},\"uid\":"
			"\"5f0c0e3c-8f3a-4b5e-9d1a-%012d\"},\"spec\":{\"replicas\":%d,\"selector\":"
			"{"
			"\"matchLabels\":{\"app\":\"app-%d\"}},\"template\":{\"metadata\":{"
			"\"labels\":{"
			"\"app\":\"app-%d\"}},\"spec\":{\"containers\":[{\"name\":\"main\","
			"\"image\":"
			"\"registry.example.com/team/app:v1.%d.0\",\"args\":[\"--listen=:8080\","
			"\"--log-level=info\"],\"ports\":[{\"containerPort\":8080,\"name\":"
			"\"http\","
			"\"protocol\":\"TCP\"}],\"resources\":{\"limits\":{\"cpu\":\"500m\","
			"\"memory\":\"256Mi\"},\"requests\":{\"cpu\":\"10m\",\"memory\":\"64Mi\"}},"
			"\"livenessProbe\":{\"httpGet\":{\"path\":\"/healthz\",\"port\":\"http\"},"
			"\"initialDelaySeconds\":5,\"periodSeconds\":10}}]}}}}",
			i ? "," : "", i, i, i, i % 7, i, i, i);
	gt_buf_adds(out, "]");
}

/* Keeps the best of several rounds. */
static void keep_best(double *best, double from, double to)
{
	if (to - from < *best)
		*best = to - from;
}

static int fail(const struct gt_err *err)
{
	fprintf(stderr, "%s\n", err->text);
	return 1;
}

static int bench_json(struct gt_str text, int rounds)
{
	double parse = 1e9, write = 1e9;
	size_t used = 0, written = 0;

	for (int i = 0; i < rounds; i++) {
		gt_auto_arena a = {0};
		gt_auto_buf out = {0};
		struct gt_node *n;
		struct gt_err err;
		double t0 = now();

		if (gt_json_parse(&a, text, 0, &n, &err) < 0)
			return fail(&err);
		double t1 = now();
		gt_json_write(&out, n, 0, 0);
		double t2 = now();
		keep_best(&parse, t0, t1);
		keep_best(&write, t1, t2);
		used = a.used;
		written = out.n;
	}
	report("json parse", text.n, parse, used);
	report("json write", written, write, 0);
	return 0;
}

static int bench_yaml(struct gt_str text, int rounds)
{
	struct gt_yaml_opts opts = {.rules = GT_YAML_GO_V2};
	double parse = 1e9, write = 1e9;
	size_t used = 0, written = 0;

	for (int i = 0; i < rounds; i++) {
		gt_auto_arena a = {0};
		gt_auto_buf out = {0};
		struct gt_node *docs;
		struct gt_err err;
		double t0 = now();

		if (gt_yaml_parse_all(&a, text, &opts, &docs, &err) < 0)
			return fail(&err);
		double t1 = now();
		gt_seq_for_each (docs, doc)
			gt_yaml_write(&out, doc, GT_YAML_SORTED);
		double t2 = now();
		keep_best(&parse, t0, t1);
		keep_best(&write, t1, t2);
		used = a.used;
		written = out.n;
	}
	report("yaml parse", text.n, parse, used);
	report("yaml write", written, write, 0);
	return 0;
}

static bool read_file(struct gt_buf *out, const char *path)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		return false;
	for (size_t n = 1; n > 0;) {
		char *at = gt_buf_reserve(out, 65536);

		n = at ? fread(at, 1, 65536, f) : 0;
		if (at)
			gt_buf_commit(out, n);
	}
	fclose(f);
	return true;
}

static int bench_files(char **paths, int count)
{
	int rc = 0;

	for (int i = 0; i < count; i++) {
		gt_auto_buf text = {0};

		if (!read_file(&text, paths[i])) {
			perror(paths[i]);
			return 1;
		}
		printf("%s, %zu bytes\n", paths[i], text.n);
		if (gt_str_ends(gt_str(paths[i]), ".json"))
			rc |= bench_json(gt_buf_str(&text), 10);
		else
			rc |= bench_yaml(gt_buf_str(&text), 5);
	}
	return rc;
}

int main(int argc, char **argv)
{
	gt_auto_buf json = {0}, yaml = {0};
	gt_auto_arena a = {0};
	struct gt_node *n;
	struct gt_err err;

	if (argc > 1)
		return bench_files(argv + 1, argc - 1);
	make_deployments(&json, 4000);
	if (gt_json_parse(&a, gt_buf_str(&json), 0, &n, &err) < 0)
		return fail(&err);
	gt_yaml_write(&yaml, n, 0);
	return bench_json(gt_buf_str(&json), 20) | bench_yaml(gt_buf_str(&yaml), 5);
}
