/* The server's HTTP/1.1 side, over raw sockets. */
#include "app.h"

static struct gt_loop *loop;
static struct app app;

static int setup(void **state)
{
	(void)state;
	loop = start_loop();
	app_open(&app, loop, (struct gt_http_server_opts){0});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	app_close(&app);
	end_loop(loop);
	return 0;
}

/* Each is sent whole, then the sending side is closed. */
static const struct {
	const char *request;
	const char *status, *has, *lacks;
} exchanges[] = {
	{"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n",
	 "X-Thing: one\r\nX-Thing: two\r\n", "Connection:"},
	{"GET /hello HTTP/1.1\nHost: x\n\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nhello", NULL},
	{"\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n",
	 "Content-Length: 5\r\n", NULL},
	{"HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Content-Length: 5\r\n",
	 "hello"},
	{"GET /hello HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\n", "Connection: close\r\n", NULL},
	{"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200 OK\r\n",
	 "Connection: keep-alive\r\n", NULL},
	{"GET http://x/hello HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n", "hello", NULL},
	{"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 Not Found\r\n",
	 "404 page not found\n", NULL},
	{"POST /hello HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\n",
	 "Allow: GET, HEAD\r\n", NULL},
	{"GET /below/a/b?q=1 HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n",
	 "GET /below/a/b ?q=1 11 |", NULL},
	{"POST /echo?q HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 200 OK\r\n",
	 "POST /echo ?q 11 |abc", NULL},
	{"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "3;x=\"y\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
	 "HTTP/1.1 200 OK\r\n", "|abc0123456789", NULL},
	{"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", "HTTP/1.1 413 ",
	 "Connection: close\r\n", NULL},
	{"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n",
	 "HTTP/1.1 413 ", "Connection: close\r\n", NULL},
	{"GET /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na", "HTTP/1.1 413 ", NULL,
	 NULL},
	/* Malformed, or a way to smuggle a request. */
	{"GET /hello HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL},
	{"GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL},
	{"GET  /hello HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL},
	{"GET hello HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL},
	{"GET /hello\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL},
	{"GET /hello HTTP/2.0\r\nHost: x\r\n\r\n", "HTTP/1.1 505 ", NULL, NULL},
	{"GET /hello HTTP/1.1\r\nHost : x\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL},
	{"GET /hello HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL},
	{"GET /hello HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL},
	{"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
	 "HTTP/1.1 400 ", NULL, NULL},
	{"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc", "HTTP/1.1 400 ", NULL,
	 NULL},
	{"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
	 "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	 "HTTP/1.1 400 ", NULL, NULL},
	{"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
	 "HTTP/1.1 501 ", NULL, NULL},
	{"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400 ",
	 NULL, NULL},
	{"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
	 "HTTP/1.1 400 ", NULL, NULL},
	{"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "1\r\nab\r\n0\r\n\r\n",
	 "HTTP/1.1 400 ", NULL, NULL},
	{"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "fffffffffffffffff\r\n",
	 "HTTP/1.1 400 ", NULL, NULL},
	{"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\n\r\n", "HTTP/1.1 417 ", NULL, NULL},
	{"GET /redirect?302,/x%0d%0aSet-Cookie:y HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 302 ",
	 "Location: /x%0d%0aSet-Cookie:y\r\n", NULL},
};

static void answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < GT_COUNT(exchanges); i++) {
		gt_auto_buf out = {0};
		const char *text;

		rude(app.port, exchanges[i].request, strlen(exchanges[i].request), true, &out);
		text = gt_buf_cstr(&out);
		if (strncmp(text, exchanges[i].status, strlen(exchanges[i].status)) != 0 ||
		    (exchanges[i].has && !strstr(text, exchanges[i].has)) ||
		    (exchanges[i].lacks && strstr(text, exchanges[i].lacks)))
			fail_msg("%s\n-->\n%s", exchanges[i].request, text);
	}
}

static void pipelines(void **state)
{
	static const char two[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab"
				  "GET /later?1 HTTP/1.1\r\nHost: x\r\n\r\n"
				  "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
				  "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	gt_auto_buf out = {0};

	(void)state;
	rude(app.port, two, sizeof two - 1, false, &out);
	const char *echo = strstr(gt_buf_cstr(&out), "|ab");
	assert_non_null(echo);
	const char *later = strstr(echo, "later 1");
	assert_non_null(later);
	const char *hello = strstr(later, "hello");
	assert_non_null(hello);
	assert_non_null(strstr(hello, "404 page not found"));
}

/* A thousand requests at once, far more than is kept while one is answered. */
static void pipelines_many(void **state)
{
	static const char one[] =
		"GET /later?abcdefghijklmnopqrstuvwxyz HTTP/1.1\r\nHost: x\r\n"
		"X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n\r\n";
	static const char last[] = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
	gt_auto_buf in = {0};
	gt_auto_buf out = {0};
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 2000; i++)
		gt_buf_adds(&in, one);
	gt_buf_adds(&in, last);
	rude(app.port, in.p, in.n, false, &out);
	for (const char *p = gt_buf_cstr(&out); (p = strstr(p, "later abc")) != NULL; p++)
		n++;
	assert_int_equal(n, 2000);
	assert_non_null(strstr(gt_buf_cstr(&out), "hello"));
}

static void byte_by_byte(void **state)
{
	static const char request[] =
		"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
		"Connection: close\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
	gt_auto_buf out = {0};
	int fd = dial(app.port);

	(void)state;
	for (size_t i = 0; i + 1 < sizeof request; i++)
		say(fd, &request[i], 1);
	hear_all(fd, &out);
	close(fd);
	assert_non_null(strstr(gt_buf_cstr(&out), "|abc"));
}

static void continues(void **state)
{
	static const char head[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
				   "Expect: 100-continue\r\nConnection: close\r\n\r\n";
	gt_auto_buf out = {0};
	int fd = dial(app.port);

	(void)state;
	say(fd, head, sizeof head - 1);
	assert_true(hear(fd, "HTTP/1.1 100 Continue\r\n\r\n", &out));
	say(fd, "abc", 3);
	hear_all(fd, &out);
	close(fd);
	assert_non_null(strstr(gt_buf_cstr(&out), "|abc"));
}

static void limits_heads(void **state)
{
	gt_auto_buf in = {0};
	gt_auto_buf out = {0};

	(void)state;
	gt_buf_adds(&in, "GET /hello HTTP/1.1\r\nHost: x\r\nX: ");
	gt_buf_fill(&in, 'a', 70000);
	gt_buf_adds(&in, "\r\n\r\n");
	rude(app.port, in.p, in.n, false, &out);
	assert_non_null(strstr(gt_buf_cstr(&out), "HTTP/1.1 431 "));

	gt_buf_reset(&in);
	gt_buf_reset(&out);
	gt_buf_adds(&in, "GET /hello HTTP/1.1\r\nHost: x\r\n");
	for (int i = 0; i < 300; i++)
		gt_buf_adds(&in, "X: y\r\n");
	gt_buf_adds(&in, "\r\n");
	rude(app.port, in.p, in.n, false, &out);
	assert_non_null(strstr(gt_buf_cstr(&out), "HTTP/1.1 431 "));
}

static void streams(void **state)
{
	gt_auto_buf out = {0};
	static const char request[] = "GET /big?c300000 HTTP/1.1\r\nHost: x\r\n"
				      "Connection: close\r\n\r\n";
	size_t xs = 0;

	(void)state;
	rude(app.port, request, sizeof request - 1, false, &out);
	assert_non_null(strstr(gt_buf_cstr(&out), "Transfer-Encoding: chunked\r\n"));
	assert_true(gt_str_ends(gt_buf_str(&out), "\r\n0\r\n\r\n"));
	for (size_t i = 0; i < out.n; i++)
		xs += out.p[i] == 'x';
	assert_int_equal(xs, 300000);
}

/* An answer shorter than announced must not look whole. */
static void breaks_what_is_short(void **state)
{
	static const char *const queries[] = {"late", "short", ""};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(queries); i++) {
		gt_auto_buf in = {0};
		gt_auto_buf out = {0};

		gt_buf_printf(&in, "GET /abort?%s HTTP/1.1\r\nHost: x\r\n\r\n", queries[i]);
		rude(app.port, in.p, in.n, false, &out);
		assert_false(gt_str_ends(gt_buf_str(&out), "\r\n0\r\n\r\n"));
	}
}

static void write_to_watch(void *arg)
{
	struct gt_str *text = arg;

	if (app.watch)
		gt_reply_write(app.watch, *text);
}

static void end_watch(void *arg)
{
	(void)arg;
	if (app.watch)
		gt_reply_end(gt_steal(app.watch));
}

static void watches(void **state)
{
	static const char request[] = "GET /watch HTTP/1.1\r\nHost: x\r\n\r\n";
	struct gt_str event = GT_STR_LIT("second\n");
	gt_auto_buf out = {0};
	int fd = dial(app.port);

	(void)state;
	say(fd, request, sizeof request - 1);
	assert_true(hear(fd, "6\r\nfirst\n\r\n", &out));
	gt_loop_call(loop, write_to_watch, &event);
	assert_true(hear(fd, "7\r\nsecond\n\r\n", &out));
	gt_loop_call(loop, end_watch, NULL);
	assert_true(hear(fd, "0\r\n\r\n", &out));
	close(fd);
}

static void until(atomic_int *value, int want)
{
	for (int i = 0; i < 20000 && atomic_load(value) != want; i++)
		usleep(500);
	assert_int_equal(atomic_load(value), want);
}

static void notices_who_leaves(void **state)
{
	static const char *const paths[] = {"/watch", "/silence"};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(paths); i++) {
		gt_auto_buf in = {0};
		int fd = dial(app.port);
		int before = atomic_load(&app.closes);
		int hits = atomic_load(&app.hits);

		gt_buf_printf(&in, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", paths[i]);
		say(fd, in.p, in.n);
		until(&app.hits, hits + 1);
		close(fd);
		until(&app.closes, before + 1);
	}
}

static void small_timeouts(void **state)
{
	struct gt_http_server_opts opts = {
		.header_timeout_ns = GT_MILLIS(40),
		.body_timeout_ns = GT_MILLIS(40),
		.idle_timeout_ns = GT_MILLIS(40),
	};
	/* Each leaves the server waiting: it must hang up by itself. */
	static const char *const starts[] = {
		"",
		"GET /hel",
		"GET /hello HTTP/1.1\r\nHost: x\r\nX:",
		"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
		"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
	};
	struct app slow;

	(void)state;
	app_open(&slow, loop, opts);
	for (size_t i = 0; i < GT_COUNT(starts); i++) {
		gt_auto_buf out = {0};

		rude(slow.port, starts[i], strlen(starts[i]), false, &out);
	}
	assert_int_equal(gt_http_server_connections(slow.server), 0);
	app_close(&slow);
}

static void slow_reader(void **state)
{
	struct gt_http_server_opts opts = {.write_timeout_ns = GT_MILLIS(40)};
	static const char request[] = "GET /big?60000000 HTTP/1.1\r\nHost: x\r\n\r\n";
	struct app slow;

	(void)state;
	app_open(&slow, loop, opts);
	int fd = dial(slow.port);
	say(fd, request, sizeof request - 1);
	/* Nothing is read: the server gives up. */
	for (int i = 0; i < 20000; i++) {
		if (i > 0 && gt_http_server_connections(slow.server) == 0)
			break;
		usleep(500);
	}
	assert_int_equal(gt_http_server_connections(slow.server), 0);
	close(fd);
	app_close(&slow);
}

static void caps_connections(void **state)
{
	struct app small;
	gt_auto_buf out = {0};

	(void)state;
	app_open(&small, loop, (struct gt_http_server_opts){.max_connections = 2});
	int a = dial(small.port), b = dial(small.port);
	static const char request[] = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
	say(a, request, sizeof request - 1);
	assert_true(hear(a, "hello", &out));
	say(b, request, sizeof request - 1);
	gt_buf_reset(&out);
	assert_true(hear(b, "hello", &out));
	gt_buf_reset(&out);
	rude(small.port, request, sizeof request - 1, false, &out);
	assert_int_equal(out.n, 0);
	close(a);
	close(b);
	app_close(&small);
}

static void delivered(void *arg)
{
	gt_future_deliver(arg);
}

static void drains(void **state)
{
	static const char request[] = "GET /silence HTTP/1.1\r\nHost: x\r\n\r\n";
	gt_auto_buf out = {0};
	struct app busy;
	struct gt_future done;

	(void)state;
	app_open(&busy, loop, (struct gt_http_server_opts){0});
	int idle = dial(busy.port), working = dial(busy.port);
	say(working, request, sizeof request - 1);
	until(&busy.hits, 1);
	gt_future_init(&done);
	gt_http_server_drain(busy.server, GT_MILLIS(60), delivered, &done);
	/* The idle one is closed at once, the busy one when the grace is over. */
	hear_all(idle, &out);
	assert_int_equal(out.n, 0);
	gt_future_wait(&done, gt_ctx_background(), NULL, NULL, NULL);
	assert_int_equal(gt_http_server_connections(busy.server), 0);
	gt_future_fini(&done);
	close(idle);
	close(working);
	app_close(&busy);
}

static void refuses_addresses(void **state)
{
	static const struct {
		const char *address;
		int rc;
	} rows[] = {
		{"127.0.0.1", GT_E_INVALID},
		{"127.0.0.1:x", GT_E_INVALID},
		{":70000", GT_E_INVALID},
		{"[::1]:0", GT_OK},
		{":0", GT_OK},
		{"localhost:0", GT_OK},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		struct gt_http_server_opts opts = {.address = rows[i].address};
		struct gt_http_server *server = NULL;
		struct gt_err err;
		int rc = gt_http_server_new(loop, &opts, &server, &err);

		if (rc == GT_OK)
			assert_true(gt_http_server_port(server) > 0);
		/* A machine may have no IPv6. */
		else if (rows[i].address[0] != '[')
			assert_int_equal(rc, rows[i].rc);
		gt_http_server_free(server);
	}
	char taken[64];
	struct gt_http_server_opts opts = {.address = taken};
	struct gt_http_server *server = NULL;
	struct gt_err err;
	snprintf(taken, sizeof taken, "127.0.0.1:%u", app.port);
	assert_true(gt_http_server_new(loop, &opts, &server, &err) < 0);
	assert_non_null(strstr(err.text, taken));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),           cmocka_unit_test(pipelines),
		cmocka_unit_test(pipelines_many),    cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(continues),         cmocka_unit_test(limits_heads),
		cmocka_unit_test(streams),           cmocka_unit_test(breaks_what_is_short),
		cmocka_unit_test(watches),           cmocka_unit_test(notices_who_leaves),
		cmocka_unit_test(small_timeouts),    cmocka_unit_test(slow_reader),
		cmocka_unit_test(caps_connections),  cmocka_unit_test(drains),
		cmocka_unit_test(refuses_addresses),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
