/* Fetching artifacts: what is tried again, what is not, and how it reads. */
#include "support/check.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "archive/gzip.h"
#include "archive/tar.h"
#include "artifact/fetch.h"
#include "base/fs.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "net/loop.h"
#include "net/server.h"

/* What the server answers, in order; the last one for ever. */
static struct {
	int statuses[8];
	const char *retry_after;
	bool cut; /* announce more than is sent */
	atomic_int requests;
} script;

static struct gt_loop *loop;
static struct gt_http_server *http;
static struct gt_http_client *client;
static struct gt_unpack *cache;
static char *dir;
static struct gt_buf archive;
static char digest[GT_DIGEST_TEXT];

static struct gt_reply *cut_reply;
static struct gt_timer *cut_timer;

static void cut_off(void *arg)
{
	(void)arg;
	gt_timer_free(gt_steal(cut_timer));
	gt_reply_abort(cut_reply);
}

static void handle(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	int i = atomic_fetch_add(&script.requests, 1);
	int status = 0;

	(void)arg;
	(void)req;
	for (int k = 0; k <= i && k < 8 && script.statuses[k]; k++)
		status = script.statuses[k];
	if (status != 200) {
		if (script.retry_after)
			gt_reply_header(reply, "Retry-After", script.retry_after);
		gt_reply_error(reply, status, "no");
		return;
	}
	gt_reply_start(reply, 200, (int64_t)archive.n + script.cut);
	gt_reply_write(reply, gt_buf_str(&archive));
	if (!script.cut) {
		gt_reply_end(reply);
		return;
	}
	/* Not before what was written has gone out. */
	cut_reply = reply;
	cut_timer = gt_timer_new(loop, cut_off, NULL);
	gt_timer_start(cut_timer, GT_MILLIS(20), 0);
}

static struct gt_http_target route(void *arg, const struct gt_http_request *req)
{
	(void)arg;
	(void)req;
	return (struct gt_http_target){.handler = handle};
}

static void make_archive(void)
{
	struct gt_gzip_writer *gz = gt_gzip_writer_new(gt_sink_buf(&archive));
	struct gt_tar_writer tar;

	gt_tar_writer_init(&tar, gt_gzip_sink(gz));
	gt_tar_add_file(&tar, gt_str("file"), 5, false, NULL);
	gt_tar_write(&tar, "hello", 5, NULL);
	gt_tar_finish(&tar, NULL);
	gt_gzip_finish(gz, NULL);
	gt_gzip_writer_free(gz);
	struct gt_digest d = gt_digest_of(GT_SHA256, gt_buf_str(&archive));
	gt_digest_text(&d, digest);
}

static int setup_all(void **state)
{
	struct gt_http_server_opts opts = {.address = "127.0.0.1:0", .route = route};
	struct gt_http_client_opts client_opts = {.no_proxy = true};
	struct gt_err err;

	(void)state;
	make_archive();
	loop = gt_loop_new();
	check_ok(gt_loop_start_thread(loop, &err), &err);
	check_ok(gt_http_server_new(loop, &opts, &http, &err), &err);
	check_ok(gt_http_client_new(loop, &client_opts, &client, &err), &err);
	return 0;
}

static int teardown_all(void **state)
{
	(void)state;
	gt_http_client_free(client);
	gt_http_server_free(http);
	gt_loop_join(loop);
	gt_loop_free(loop);
	gt_buf_fini(&archive);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	memset(&script, 0, sizeof script);
	if (gt_fs_mkdtemp(NULL, "fetch-", &dir, NULL) < 0)
		return -1;
	struct gt_unpack_opts opts = {.dir = dir};
	return gt_unpack_open(&opts, &cache, NULL);
}

static int teardown(void **state)
{
	(void)state;
	unsetenv("SOURCE_CONTROLLER_LOCALHOST");
	gt_unpack_free(cache);
	gt_fs_remove_tree(dir);
	free(dir);
	return 0;
}

static char *url_of(void)
{
	return gt_xasprintf("http://127.0.0.1:%u/gitrepository/a/b/c.tar.gz",
			    (unsigned)gt_http_server_port(http));
}

static int get(const char *url, unsigned retries, struct gt_unpack_tree **ret, struct gt_err *err)
{
	struct gt_artifact_fetch fetch = {.http = client,
					  .cache = cache,
					  .retries = retries,
					  .wait_min_ns = GT_NS_PER_MS,
					  .wait_max_ns = GT_NS_PER_MS};

	return gt_artifact_acquire(&fetch, gt_ctx_background(), url, digest, ret, err);
}

static void test_outcomes(void **state)
{
	static const struct {
		int statuses[8];
		unsigned retries;
		enum gt_code code;
		int requests;
		const char *text; /* %s is the URL */
	} cases[] = {
		{{200}, 0, GT_OK, 1, NULL},
		{{500, 503, 429, 200}, 3, GT_OK, 4, NULL},
		{{404}, 9, GT_E_NOT_FOUND, 1, "archive not found: %s"},
		{{403},
		 9,
		 GT_E_UNAVAILABLE,
		 1,
		 "failed to download archive from %s (status: 403 Forbidden)"},
		{{501},
		 9,
		 GT_E_UNAVAILABLE,
		 1,
		 "failed to download archive from %s (status: 501 Not Implemented)"},
		{{500},
		 2,
		 GT_E_UNAVAILABLE,
		 3,
		 "failed to download archive: GET %s giving up after 3 attempt(s): unexpected HTTP "
		 "status 500 Internal Server Error"},
		{{500, 404}, 2, GT_E_NOT_FOUND, 2, "archive not found: %s"},
	};
	gt_autofree char *url = url_of();

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_unpack_tree *tree = NULL;
		struct gt_err err = {0};
		gt_auto_buf want = {0};

		memcpy(script.statuses, cases[i].statuses, sizeof script.statuses);
		script.requests = 0;
		int rc = get(url, cases[i].retries, &tree, &err);
		if (rc != (int)cases[i].code || script.requests != cases[i].requests)
			fail_msg("case %zu: %d after %d requests: %s", i, rc, script.requests,
				 err.text);
		if (rc < 0) {
			const char *mark = strstr(cases[i].text, "%s");
			gt_buf_add(&want, cases[i].text, (size_t)(mark - cases[i].text));
			gt_buf_printf(&want, "%s%s", url, mark + 2);
			assert_string_equal(err.text, want.p);
		}
		gt_unpack_release(tree);
		/* The next case begins with an empty cache. */
		teardown(NULL);
		assert_int_equal(setup(NULL), 0);
	}
}

static void test_content(void **state)
{
	gt_autofree char *url = url_of();
	struct gt_unpack_tree *tree;
	struct gt_buf text = {0};
	struct gt_err err;

	(void)state;
	script.statuses[0] = 200;
	check_ok(get(url, 0, &tree, &err), &err);
	check_ok(gt_fs_read(gt_unpack_dirfd(tree), "file", 10, &text, &err), &err);
	assert_string_equal(text.p, "hello");
	gt_unpack_release(tree);
	gt_buf_fini(&text);
}

/* Nothing is tried again once bytes have come: the digest could not tell a seam. */
static void test_broken_body(void **state)
{
	gt_autofree char *url = url_of();
	struct gt_unpack_tree *tree;
	struct gt_err err;

	(void)state;
	script.statuses[0] = 200;
	script.cut = true;
	check_fails(get(url, 5, &tree, &err), GT_E_UNAVAILABLE);
	assert_int_equal(script.requests, 1);
}

static void test_unreachable(void **state)
{
	struct gt_unpack_tree *tree;
	struct gt_err err;

	(void)state;
	check_fails(get("http://127.0.0.1:1/x.tar.gz", 2, &tree, &err), GT_E_UNAVAILABLE);
	assert_non_null(strstr(err.text,
			       "failed to download archive: GET http://127.0.0.1:1/x.tar.gz "
			       "giving up after 3 attempt(s): "));
	check_fails(get("no url", 2, &tree, &err), GT_E_INVALID);
}

static void test_localhost(void **state)
{
	gt_autofree char *host = gt_xasprintf("127.0.0.1:%u", (unsigned)gt_http_server_port(http));
	struct gt_unpack_tree *tree;
	struct gt_err err;

	(void)state;
	script.statuses[0] = 200;
	setenv("SOURCE_CONTROLLER_LOCALHOST", host, 1);
	check_ok(get("http://source-controller.flux-system.svc.cluster.local./a/b", 0, &tree, &err),
		 &err);
	gt_unpack_release(tree);
}

static void test_cancelled_while_waiting(void **state)
{
	struct gt_artifact_fetch fetch = {.http = client, .cache = cache, .retries = 9};
	gt_autofree char *url = url_of();
	struct gt_unpack_tree *tree;
	struct gt_err err;
	gt_auto_ctx ctx;

	(void)state;
	script.statuses[0] = 503;
	gt_ctx_init(&ctx, NULL, GT_MILLIS(50));
	check_fails(gt_artifact_acquire(&fetch, &ctx, url, digest, &tree, &err), GT_E_TIMEOUT);
	assert_int_equal(script.requests, 1);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_outcomes),    CASE(test_content),   CASE(test_broken_body),
		CASE(test_unreachable), CASE(test_localhost), CASE(test_cancelled_while_waiting),
	};
	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
