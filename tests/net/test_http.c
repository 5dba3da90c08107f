/* The client against the server, both on one loop, over HTTP/1.1. */
#include "app.h"

static struct gt_loop *loop;
static struct app app, other;
static struct gt_http_client *client;

static int setup(void **state)
{
	(void)state;
	loop = start_loop();
	app_open(&app, loop, (struct gt_http_server_opts){0});
	app_open(&other, loop, (struct gt_http_server_opts){0});
	snprintf(app.other, sizeof app.other, "%s/auth", other.base);
	client = new_client(loop, (struct gt_http_client_opts){0});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gt_http_client_free(client);
	app_close(&app);
	app_close(&other);
	end_loop(loop);
	return 0;
}

static const char *url_of(const char *path)
{
	static char url[512];

	snprintf(url, sizeof url, "%s%s", app.base, path);
	return url;
}

static int get(const char *path, struct gt_http_resp *resp, struct gt_err *err)
{
	struct gt_http_req req = {.url = url_of(path)};

	return gt_http_do(client, &req, gt_ctx_background(), resp, err);
}

static void gets(void **state)
{
	gt_auto_http_resp resp = {0};
	struct gt_err err = {0};
	struct gt_str value;
	size_t pos = 0;

	(void)state;
	assert_int_equal(get("/hello", &resp, &err), GT_OK);
	assert_int_equal(resp.status, 200);
	assert_int_equal(resp.http_version, 11);
	assert_string_equal(gt_buf_cstr(&resp.body), "hello");
	assert_string_equal(resp.url, url_of("/hello"));
	assert_true(gt_str_is(gt_http_header(&resp, "CONTENT-type"), "text/plain"));
	assert_true(gt_str_is(gt_http_header(&resp, "X-Thing"), "one"));
	assert_true(gt_http_header_next(&resp, "x-thing", &pos, &value));
	assert_true(gt_http_header_next(&resp, "x-thing", &pos, &value));
	assert_true(gt_str_is(value, "two"));
	assert_false(gt_http_header_next(&resp, "x-thing", &pos, &value));
	assert_null(gt_http_header(&resp, "Absent").p);
	assert_true(resp.total_ns > 0);
}

static void sends(void **state)
{
	static const struct {
		const char *method, *header, *body;
		bool has_body;
		const char *want;
	} rows[] = {
		{"POST", "Content-Type: a/b", "xyz", false, "POST /echo ?q=1 11 a/b|xyz"},
		{"PUT", NULL, "xyz", false, "PUT /echo ?q=1 11 |xyz"},
		{"PATCH", "Content-Type: a/b", "x", false, "PATCH /echo ?q=1 11 a/b|x"},
		{"DELETE", NULL, NULL, false, "DELETE /echo ?q=1 11 |"},
		{"DELETE", NULL, "y", false, "DELETE /echo ?q=1 11 |y"},
		{"POST", NULL, NULL, true, "POST /echo ?q=1 11 |"},
		{"GET", NULL, NULL, false, "GET /echo ?q=1 11 |"},
		{"GET", NULL, "odd", false, "GET /echo ?q=1 11 |odd"},
		{"HEAD", NULL, NULL, false, ""},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		gt_auto_http_resp resp = {0};
		struct gt_err err = {0};
		struct gt_http_req req = {
			.method = rows[i].method,
			.url = url_of("/echo?q=1#fragment"),
			.headers = &rows[i].header,
			.n_headers = rows[i].header ? 1 : 0,
			.body = gt_str(rows[i].body),
			.has_body = rows[i].has_body,
		};

		assert_int_equal(gt_http_do(client, &req, gt_ctx_background(), &resp, &err), GT_OK);
		assert_string_equal(gt_buf_cstr(&resp.body), rows[i].want);
	}
}

static void refuses_requests(void **state)
{
	static const char *const bad_headers[] = {"No colon", "Bad name: x", "A: b\r\nC: d", ": x"};
	gt_auto_http_resp resp = {0};
	struct gt_err err = {0};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(bad_headers); i++) {
		struct gt_http_req req = {
			.url = url_of("/hello"), .headers = &bad_headers[i], .n_headers = 1};
		assert_int_equal(gt_http_do(client, &req, gt_ctx_background(), &resp, &err),
				 GT_E_INVALID);
	}
	struct gt_http_req ftp = {.url = "ftp://host/"};
	assert_int_equal(gt_http_do(client, &ftp, gt_ctx_background(), &resp, &err), GT_E_INVALID);
	struct gt_http_req method = {.url = url_of("/hello"), .method = "GET /x"};
	assert_int_equal(gt_http_do(client, &method, gt_ctx_background(), &resp, &err),
			 GT_E_INVALID);
}

static void names_failures(void **state)
{
	gt_auto_http_resp resp = {0};
	struct gt_err err = {0};
	struct gt_http_req nobody = {.url = "http://user:secret@127.0.0.1:1/x?token=secret"};
	struct gt_http_req nowhere = {.url = "http://no-such-host.invalid/x"};

	(void)state;
	assert_int_equal(gt_http_do(client, &nobody, gt_ctx_background(), &resp, &err),
			 GT_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "GET http://127.0.0.1:1/x: "));
	assert_null(strstr(err.text, "secret"));
	assert_int_equal(gt_http_do(client, &nowhere, gt_ctx_background(), &resp, &err),
			 GT_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "no-such-host.invalid"));
	assert_int_equal(get("/abort", &resp, &err), GT_E_UNAVAILABLE);
	assert_int_equal(get("/abort?late", &resp, &err), GT_E_UNAVAILABLE);
	assert_int_equal(get("/abort?short", &resp, &err), GT_E_UNAVAILABLE);
}

static void checks_statuses(void **state)
{
	gt_auto_http_resp resp = {0};
	struct gt_err err = {0};

	(void)state;
	assert_int_equal(get("/nothing", &resp, &err), GT_OK);
	assert_int_equal(gt_http_check(&resp, "look", &err), GT_E_NOT_FOUND);
	assert_string_equal(err.text, "look: unexpected HTTP status 404 Not Found");
	assert_int_equal(err.http_status, 404);

	struct gt_http_resp throttled = {.status = 429};
	gt_buf_adds(&throttled.head, "Retry-After: 7\r\n");
	assert_int_equal(gt_http_check(&throttled, "look", &err), GT_E_THROTTLED);
	assert_int_equal(err.retry_after_ms, 7000);
	gt_http_resp_fini(&throttled);
}

static void limits_sizes(void **state)
{
	static const char *const paths[] = {"/big?100001", "/big?c100001"};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(paths); i++) {
		gt_auto_http_resp resp = {0};
		struct gt_err err = {0};
		struct gt_http_req req = {.url = url_of(paths[i]), .max_response = 100000};

		assert_int_equal(gt_http_do(client, &req, gt_ctx_background(), &resp, &err),
				 GT_E_BUDGET);
		assert_non_null(strstr(err.text, "larger than 100000 bytes"));
	}
	gt_auto_http_resp resp = {0};
	struct gt_http_req fits = {.url = url_of("/big?c100000"), .max_response = 100000};
	assert_int_equal(gt_http_do(client, &fits, gt_ctx_background(), &resp, NULL), GT_OK);
	assert_int_equal(resp.body.n, 100000);
}

static void times_out(void **state)
{
	gt_auto_http_resp resp = {0};
	struct gt_err err = {0};
	struct gt_http_req own = {.url = url_of("/silence"), .timeout_ns = GT_MILLIS(20)};
	struct gt_http_req none = {.url = url_of("/silence")};
	gt_auto_ctx ctx;

	(void)state;
	assert_int_equal(gt_http_do(client, &own, gt_ctx_background(), &resp, &err), GT_E_TIMEOUT);
	assert_non_null(strstr(err.text, "/silence"));
	gt_ctx_init(&ctx, NULL, GT_MILLIS(20));
	assert_int_equal(gt_http_do(client, &none, &ctx, &resp, &err), GT_E_TIMEOUT);
	assert_non_null(strstr(err.text, "/silence: context deadline exceeded"));
}

static void cancel(void *arg)
{
	gt_ctx_cancel(arg, "no longer wanted");
}

static void cancels(void **state)
{
	struct gt_pool *pool = gt_pool_new("cancel", 1, 0);

	(void)state;
	for (int i = 0; i < 50; i++) {
		gt_auto_http_resp resp = {0};
		struct gt_err err = {0};
		struct gt_http_req req = {.url = url_of("/silence")};
		gt_auto_ctx ctx;

		gt_ctx_init(&ctx, NULL, 0);
		gt_pool_submit(pool, cancel, &ctx);
		assert_int_equal(gt_http_do(client, &req, &ctx, &resp, &err), GT_E_CANCELLED);
		assert_non_null(strstr(err.text, "/silence: no longer wanted"));
		gt_pool_drain(pool);
	}
	gt_pool_free(pool);
}

static void retries(void **state)
{
	static const struct {
		const char *path, *method;
		unsigned attempts;
		bool retry_5xx;
		int fails, retry_after;
		int rc, status, hits;
	} rows[] = {
		{"/flaky", "GET", 3, true, 2, -1, GT_OK, 200, 3},
		{"/flaky", "GET", 2, true, 2, -1, GT_OK, 503, 2},
		{"/flaky", "GET", 3, false, 2, -1, GT_OK, 503, 1},
		{"/flaky", "POST", 3, false, 1, 0, GT_OK, 200, 2},
		{"/flaky", "GET", 3, false, 1, 3600, GT_OK, 503, 1},
		{"/breaks", "GET", 3, false, 1, -1, GT_OK, 200, 2},
		{"/breaks", "POST", 3, false, 1, -1, GT_E_UNAVAILABLE, 0, 1},
		{"/breaks", "GET", 0, false, 1, -1, GT_E_UNAVAILABLE, 0, 1},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		gt_auto_http_resp resp = {0};
		/* A fresh connection: one reused and broken is tried again by itself. */
		struct gt_http_client *fresh =
			new_client(loop, (struct gt_http_client_opts){.user_agent = "fresh"});
		static const char *const closing = "Connection: close";
		struct gt_http_req req = {
			.method = rows[i].method,
			.url = url_of(rows[i].path),
			.headers = &closing,
			.n_headers = 1,
			.has_body = gt_streq(rows[i].method, "POST"),
			.attempts = rows[i].attempts,
			.retry_5xx = rows[i].retry_5xx,
		};
		int before = atomic_load(&app.hits);

		atomic_store(&app.fails_left, rows[i].fails);
		atomic_store(&app.retry_after, rows[i].retry_after);
		int rc = gt_http_do(fresh, &req, gt_ctx_background(), &resp, NULL);
		if (rc != rows[i].rc || resp.status != rows[i].status ||
		    atomic_load(&app.hits) - before != rows[i].hits)
			fail_msg("row %zu: rc %d status %d hits %d", i, rc, resp.status,
				 atomic_load(&app.hits) - before);
		gt_http_client_free(fresh);
	}
}

static void redirects(void **state)
{
	static const struct {
		const char *path, *method;
		const char *want;
	} rows[] = {
		{"/redirect?302,/echo?x", "GET", "GET /echo ?x 11 |"},
		{"/redirect?302,echo?y", "POST", "GET /echo ?y 11 |"},
		{"/redirect?303,./echo?y", "PUT", "GET /echo ?y 11 |"},
		{"/redirect?307,/echo", "POST", "POST /echo ? 11 |body"},
		{"/redirect?308,/echo", "PUT", "PUT /echo ? 11 |body"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		gt_auto_http_resp resp = {0};
		struct gt_err err = {0};
		struct gt_http_req req = {
			.method = rows[i].method,
			.url = url_of(rows[i].path),
			.body = gt_streq(rows[i].method, "GET") ? (struct gt_str){0}
								: gt_str("body"),
		};

		if (gt_http_do(client, &req, gt_ctx_background(), &resp, &err) < 0)
			fail_msg("%s", err.text);
		assert_string_equal(gt_buf_cstr(&resp.body), rows[i].want);
		assert_non_null(strstr(resp.url, "/echo"));
	}

	gt_auto_http_resp resp = {0};
	struct gt_err err = {0};
	assert_int_equal(get("/redirect?302,/redirect?302,/x", &resp, &err), GT_OK);
	struct gt_http_req as_is = {.url = url_of("/redirect?302,/x"), .no_redirects = true};
	gt_http_resp_fini(&resp);
	assert_int_equal(gt_http_do(client, &as_is, gt_ctx_background(), &resp, &err), GT_OK);
	assert_int_equal(resp.status, 302);
	gt_http_resp_fini(&resp);
	assert_int_equal(get("/redirect?302,file:///etc/passwd", &resp, &err), GT_E_INVALID);
	assert_non_null(strstr(err.text, "redirect from http to file refused"));
}

static void stops_redirect_loops(void **state)
{
	gt_auto_http_resp resp = {0};
	struct gt_err err = {0};
	char saved[128];

	(void)state;
	memcpy(saved, app.other, sizeof saved);
	snprintf(app.other, sizeof app.other, "%s/away", app.base);
	assert_int_equal(get("/away", &resp, &err), GT_E_INVALID);
	assert_non_null(strstr(err.text, "stopped after 10 redirects"));
	memcpy(app.other, saved, sizeof saved);
}

static void authorize(void *arg, struct gt_secret *ret_value)
{
	gt_secret_set(ret_value, gt_str(arg));
}

static void credentials(void **state)
{
	char token[] = "Bearer client";
	struct gt_http_client *bearer = new_client(
		loop, (struct gt_http_client_opts){.authorize = authorize, .authorize_arg = token});
	struct gt_secret own = {0}, password = {0};
	char with_user[128];
	static const char *const header = "Authorization: Custom x";

	(void)state;
	gt_secret_set(&own, gt_str("Bearer own"));
	gt_secret_set(&password, gt_str("open:sesame"));
	snprintf(with_user, sizeof with_user, "http://me:pw@127.0.0.1:%u/auth", app.port);
	char auth[128], away[128], away_user[128];
	snprintf(auth, sizeof auth, "%s/auth", app.base);
	snprintf(away, sizeof away, "%s/away", app.base);
	snprintf(away_user, sizeof away_user, "http://me:pw@127.0.0.1:%u/away", app.port);
	const struct {
		struct gt_http_req req;
		const char *want;
	} rows[] = {
		{{.url = auth}, "Bearer client"},
		{{.url = auth, .authorization = &own}, "Bearer own"},
		{{.url = auth, .basic_user = "ali", .basic_password = &password},
		 "Basic YWxpOm9wZW46c2VzYW1l"},
		{{.url = with_user}, "Basic bWU6cHc="},
		{{.url = auth, .headers = &header, .n_headers = 1}, "Custom x"},
		/* Another origin must not see any of them. */
		{{.url = away}, "none"},
		{{.url = away, .authorization = &own}, "none"},
		{{.url = away, .basic_user = "ali", .basic_password = &password}, "none"},
		{{.url = away_user}, "none"},
		{{.url = away, .headers = &header, .n_headers = 1}, "none"},
	};
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		gt_auto_http_resp resp = {0};
		struct gt_err err = {0};

		assert_int_equal(gt_http_do(bearer, &rows[i].req, gt_ctx_background(), &resp, &err),
				 GT_OK);
		if (!gt_streq(gt_buf_cstr(&resp.body), rows[i].want))
			fail_msg("row %zu: %s", i, gt_buf_cstr(&resp.body));
	}
	gt_secret_fini(&own);
	gt_secret_fini(&password);
	gt_http_client_free(bearer);
}

struct sink {
	size_t n, calls;
	size_t fail_at;
	struct gt_ctx *cancel;
};

static int to_sink(void *arg, struct gt_str bytes, struct gt_err *err)
{
	struct sink *sink = arg;

	for (size_t i = 0; i < bytes.n; i++)
		assert_int_equal(bytes.p[i], 'x');
	sink->n += bytes.n;
	sink->calls++;
	if (sink->cancel)
		gt_ctx_cancel(sink->cancel, "seen enough");
	if (sink->fail_at && sink->n >= sink->fail_at)
		return gt_fail(err, GT_E_IO, "the disk is full");
	/* Slower than the loop, so that the transfer has to pause. */
	if (sink->calls % 4 == 0)
		usleep(1000);
	return GT_OK;
}

static void streams_to_sink(void **state)
{
	struct sink all = {0}, fails = {.fail_at = 1 << 20}, stopped = {0};
	gt_auto_http_resp resp = {0};
	struct gt_err err = {0};
	gt_auto_ctx ctx;
	struct gt_http_req req = {.url = url_of("/big?c20000000"), .sink = to_sink};

	(void)state;
	req.sink_arg = &all;
	assert_int_equal(gt_http_do(client, &req, gt_ctx_background(), &resp, &err), GT_OK);
	assert_int_equal(all.n, 20000000);
	assert_int_equal(resp.body.n, 0);
	gt_http_resp_fini(&resp);

	req.sink_arg = &fails;
	assert_int_equal(gt_http_do(client, &req, gt_ctx_background(), &resp, &err), GT_E_IO);
	assert_string_equal(err.text, "the disk is full");

	gt_ctx_init(&ctx, NULL, 0);
	stopped.cancel = &ctx;
	req.sink_arg = &stopped;
	assert_int_equal(gt_http_do(client, &req, &ctx, &resp, &err), GT_E_CANCELLED);

	req.max_response = 1000000;
	req.sink_arg = &all;
	assert_int_equal(gt_http_do(client, &req, gt_ctx_background(), &resp, &err), GT_E_BUDGET);

	/* What is not a success is no download. */
	struct gt_http_req missing = {.url = url_of("/nothing"), .sink = to_sink};
	missing.sink_arg = &all;
	assert_int_equal(gt_http_do(client, &missing, gt_ctx_background(), &resp, &err), GT_OK);
	assert_int_equal(resp.status, 404);
	assert_string_equal(gt_buf_cstr(&resp.body), "404 page not found\n");
}

static void compresses(void **state)
{
	struct app zip;
	char url[128];

	(void)state;
	app_open(&zip, loop, (struct gt_http_server_opts){.gzip_min = 1000});
	static const struct {
		const char *size;
		bool ask, coded;
	} rows[] = {{"999", true, false}, {"200000", true, true}, {"200000", false, false}};
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		gt_auto_http_resp resp = {0};
		struct gt_http_req req = {.url = url, .gzip = rows[i].ask};

		snprintf(url, sizeof url, "%s/zeros?%s", zip.base, rows[i].size);
		assert_int_equal(gt_http_do(client, &req, gt_ctx_background(), &resp, NULL), GT_OK);
		assert_int_equal(resp.body.n, strtol(rows[i].size, NULL, 10));
		assert_int_equal(gt_http_header(&resp, "Content-Encoding").n > 0, rows[i].coded);
	}
	/* A small body that unpacks to a large one is held to the limit too. */
	gt_auto_http_resp resp = {0};
	struct gt_http_req req = {.url = url, .gzip = true, .max_response = 10000};
	assert_int_equal(gt_http_do(client, &req, gt_ctx_background(), &resp, NULL), GT_E_BUDGET);
	app_close(&zip);
}

struct crowd {
	atomic_int ok;
};

static void many(void *arg)
{
	struct crowd *crowd = arg;

	for (int i = 0; i < 125; i++) {
		gt_auto_http_resp resp = {0};
		char url[128];
		struct gt_http_req req = {.url = url};

		snprintf(url, sizeof url, "%s/%s?%d", app.base, i % 2 ? "later" : "echo", i);
		if (gt_http_do(client, &req, gt_ctx_background(), &resp, NULL) == GT_OK &&
		    resp.status == 200 && resp.body.n > 0)
			atomic_fetch_add(&crowd->ok, 1);
	}
}

static void crowds(void **state)
{
	struct gt_pool *pool = gt_pool_new("crowd", 16, 0);
	struct crowd crowd = {0};

	(void)state;
	for (int i = 0; i < 16; i++)
		gt_pool_submit(pool, many, &crowd);
	gt_pool_free(pool);
	assert_int_equal(atomic_load(&crowd.ok), 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gets),
		cmocka_unit_test(sends),
		cmocka_unit_test(refuses_requests),
		cmocka_unit_test(names_failures),
		cmocka_unit_test(checks_statuses),
		cmocka_unit_test(limits_sizes),
		cmocka_unit_test(times_out),
		cmocka_unit_test(cancels),
		cmocka_unit_test(retries),
		cmocka_unit_test(redirects),
		cmocka_unit_test(stops_redirect_loops),
		cmocka_unit_test(credentials),
		cmocka_unit_test(streams_to_sink),
		cmocka_unit_test(compresses),
		cmocka_unit_test(crowds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
