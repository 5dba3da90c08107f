/* Client and server over TLS: HTTP/2, identities, trust, streams. */
#include "app.h"

#include "base/fs.h"
#include "crypto/tls.h"
#include "crypto/x509.h"

static struct gt_loop *loop;
static struct gt_identity ca, stranger_ca, server_id, client_id, stranger_id;
static struct gt_tls *tls;
static struct app app;

/* A server whose authority is one of the system's. */
static struct gt_identity system_ca, system_id;
static struct gt_tls *system_tls;
static struct app system_app;
static char *dir;
static struct gt_http_client *client;

static struct gt_identity make_ca(const char *name)
{
	struct gt_x509_request request = {.common_name = name, .lifetime_ns = GT_SECONDS(3600)};
	struct gt_identity id = {0};

	assert_int_equal(gt_x509_make_ca(&request, &id, NULL), GT_OK);
	return id;
}

static struct gt_identity issue(const struct gt_identity *from, const char *name, bool server)
{
	static const char *const ips[] = {"127.0.0.1", NULL};
	static const char *const names[] = {"api.test", NULL};
	static const char *const orgs[] = {"system:masters", "devs", NULL};
	struct gt_x509_request request = {
		.common_name = name,
		.organizations = server ? NULL : orgs,
		.dns_names = server ? names : NULL,
		.ip_addresses = server ? ips : NULL,
		.lifetime_ns = GT_SECONDS(3600),
		.server = server,
		.client = !server,
	};
	struct gt_identity id = {0};

	assert_int_equal(gt_x509_issue(from, &request, &id, NULL), GT_OK);
	return id;
}

static struct gt_http_client *client_of(const struct gt_identity *trust,
					const struct gt_identity *id,
					struct gt_http_client_opts opts)
{
	struct gt_secret cert = {0};

	if (trust)
		opts.ca_pem = gt_str(trust->cert_pem);
	if (id) {
		gt_secret_set(&cert, gt_str(id->cert_pem));
		opts.cert_pem = &cert;
		opts.key_pem = &id->key_pem;
	}
	struct gt_http_client *c = new_client(loop, opts);
	gt_secret_fini(&cert);
	return c;
}

/* Before the first connection: the system's authorities are read once. */
static void install_system_ca(void)
{
	char path[512];
	int fd = -1;

	assert_int_equal(gt_fs_mkdtemp(NULL, "tls-", &dir, NULL), GT_OK);
	assert_int_equal(gt_fs_open_root(dir, &fd, NULL), GT_OK);
	assert_int_equal(
		gt_fs_write_atomic(fd, "ca.pem", gt_str(system_ca.cert_pem), 0600, false, NULL),
		GT_OK);
	close(fd);
	snprintf(path, sizeof path, "%s/ca.pem", dir);
	setenv("SSL_CERT_FILE", path, 1);
}

static int setup(void **state)
{
	static const char *const alpn[] = {"h2", "http/1.1", NULL};

	(void)state;
	ca = make_ca("test authority");
	stranger_ca = make_ca("another authority");
	server_id = issue(&ca, "server", true);
	client_id = issue(&ca, "alice", false);
	stranger_id = issue(&stranger_ca, "mallory", false);
	struct gt_tls_server_opts opts = {
		.identity = &server_id,
		.client_ca = gt_str(ca.cert_pem),
		.client_auth = GT_TLS_CLIENT_OPTIONAL,
		.alpn = alpn,
	};
	assert_int_equal(gt_tls_server_new(&opts, &tls, NULL), GT_OK);
	system_ca = make_ca("authority of the system");
	system_id = issue(&system_ca, "server", true);
	install_system_ca();
	struct gt_tls_server_opts system_opts = {.identity = &system_id};
	assert_int_equal(gt_tls_server_new(&system_opts, &system_tls, NULL), GT_OK);
	loop = start_loop();
	app_open(&system_app, loop, (struct gt_http_server_opts){.tls = system_tls});
	app_open(&app, loop, (struct gt_http_server_opts){.tls = tls});
	client = client_of(&ca, NULL, (struct gt_http_client_opts){0});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gt_http_client_free(client);
	app_close(&app);
	app_close(&system_app);
	end_loop(loop);
	gt_tls_free(tls);
	gt_tls_free(system_tls);
	gt_identity_fini(&system_ca);
	gt_identity_fini(&system_id);
	gt_fs_remove_tree(dir);
	free(dir);
	gt_identity_fini(&ca);
	gt_identity_fini(&stranger_ca);
	gt_identity_fini(&server_id);
	gt_identity_fini(&client_id);
	gt_identity_fini(&stranger_id);
	return 0;
}

static int get(struct gt_http_client *c, const char *path, struct gt_http_resp *resp,
	       struct gt_err *err)
{
	char url[256];
	struct gt_http_req req = {.url = url};

	snprintf(url, sizeof url, "%s%s", app.base, path);
	return gt_http_do(c, &req, gt_ctx_background(), resp, err);
}

static void speaks_both(void **state)
{
	struct gt_http_client *old =
		client_of(&ca, NULL, (struct gt_http_client_opts){.http1_only = true});
	struct gt_http_client *const clients[] = {client, old};
	static const int versions[] = {20, 11};

	(void)state;
	for (int i = 0; i < 2; i++) {
		gt_auto_http_resp resp = {0};
		struct gt_err err = {0};

		if (get(clients[i], "/hello", &resp, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(resp.http_version, versions[i]);
		assert_string_equal(gt_buf_cstr(&resp.body), "hello");
		assert_true(gt_str_is(gt_http_header(&resp, "x-thing"), "one"));
	}
	gt_http_client_free(old);
}

static void judges_servers(void **state)
{
	const struct {
		const struct gt_identity *trust;
		struct gt_http_client_opts opts;
		int rc;
		const char *says;
	} rows[] = {
		{&ca, {0}, GT_OK, NULL},
		{&stranger_ca, {0}, GT_E_AUTH, "certificate"},
		{NULL, {0}, GT_E_AUTH, "certificate"},
		{NULL, {.insecure = true}, GT_OK, NULL},
		{&ca, {.ca_extends = true}, GT_OK, NULL},
		{&stranger_ca, {.ca_extends = true}, GT_E_AUTH, "certificate"},
		{&ca, {.server_name = "api.test"}, GT_OK, NULL},
		{&ca, {.server_name = "other.test"}, GT_E_AUTH, "other.test"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		struct gt_http_client *c = client_of(rows[i].trust, NULL, rows[i].opts);
		gt_auto_http_resp resp = {0};
		struct gt_err err = {0};
		int rc = get(c, "/hello", &resp, &err);

		if (rc != rows[i].rc || (rows[i].says && !strstr(err.text, rows[i].says)))
			fail_msg("row %zu: %d %s", i, rc, err.text);
		if (rc < 0)
			assert_non_null(strstr(err.text, app.base));
		gt_http_client_free(c);
	}
}

/* The system's roots, a client's own, and both; never one in place of the other. */
static void trusts_what_it_should(void **state)
{
	struct gt_http_client *const clients[] = {
		client_of(NULL, NULL, (struct gt_http_client_opts){0}),
		client_of(&ca, NULL, (struct gt_http_client_opts){.ca_extends = true}),
		client_of(&ca, NULL, (struct gt_http_client_opts){0}),
		client_of(&stranger_ca, NULL, (struct gt_http_client_opts){.ca_extends = true}),
	};
	static const int own[] = {GT_E_AUTH, GT_OK, GT_OK, GT_E_AUTH};
	static const int systems[] = {GT_OK, GT_OK, GT_E_AUTH, GT_OK};

	(void)state;
	/* Twice, so that pooled connections are there for the taking. */
	for (size_t i = 0; i < 2 * GT_COUNT(clients); i++) {
		gt_auto_http_resp resp = {0};
		size_t k = i % GT_COUNT(clients);
		char url[128];
		struct gt_http_req req = {.url = url};

		assert_int_equal(get(clients[k], "/hello", &resp, NULL), own[k]);
		gt_http_resp_fini(&resp);
		snprintf(url, sizeof url, "%s/hello", system_app.base);
		assert_int_equal(gt_http_do(clients[k], &req, gt_ctx_background(), &resp, NULL),
				 systems[k]);
	}
	for (size_t i = 0; i < GT_COUNT(clients); i++)
		gt_http_client_free(clients[i]);
}

static void knows_clients(void **state)
{
	static const char want_host[] = "127.0.0.1";
	const struct {
		const struct gt_identity *id;
		struct gt_http_client_opts opts;
		const char *want;
	} rows[] = {
		{NULL, {0}, "anonymous 20"},
		{&client_id, {0}, "alice system:masters devs 20"},
		{&client_id, {.http1_only = true}, "alice system:masters devs 11"},
		{&stranger_id, {0}, "anonymous 20"},
		{&client_id, {.server_name = "api.test"}, "alice system:masters devs 20"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		struct gt_http_client *c = client_of(&ca, rows[i].id, rows[i].opts);
		gt_auto_http_resp resp = {0};
		struct gt_err err = {0};
		char want[128];

		if (get(c, "/whoami", &resp, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		/* The name asked for in TLS changes nothing of the Host. */
		snprintf(want, sizeof want, "%s %s:%u", rows[i].want, want_host, app.port);
		assert_string_equal(gt_buf_cstr(&resp.body), want);
		gt_http_client_free(c);
	}
}

static void checks_pem(void **state)
{
	struct gt_secret junk = {0};
	struct gt_http_client *c = NULL;
	struct gt_err err = {0};

	(void)state;
	gt_secret_set(&junk, gt_str("junk"));
	struct gt_http_client_opts bad_ca = {.ca_pem = GT_STR_LIT("junk")};
	assert_int_equal(gt_http_client_new(loop, &bad_ca, &c, &err), GT_E_INVALID);
	assert_non_null(strstr(err.text, "certificate authority"));
	struct gt_http_client_opts no_key = {.cert_pem = &junk};
	assert_int_equal(gt_http_client_new(loop, &no_key, &c, &err), GT_E_INVALID);
	struct gt_http_client_opts bad_pair = {.cert_pem = &junk, .key_pem = &junk};
	assert_int_equal(gt_http_client_new(loop, &bad_pair, &c, &err), GT_E_INVALID);
	assert_null(strstr(err.text, "junk"));
	struct gt_http_client_opts bad_proxy = {.proxy_url = "gopher://u:pw@x"};
	assert_int_equal(gt_http_client_new(loop, &bad_proxy, &c, &err), GT_E_INVALID);
	assert_null(strstr(err.text, "pw"));
	gt_secret_fini(&junk);
}

static int count_bytes(void *arg, struct gt_str bytes, struct gt_err *err)
{
	(void)err;
	*(size_t *)arg += bytes.n;
	return GT_OK;
}

static void carries_much(void **state)
{
	gt_auto_http_resp resp = {0};
	gt_auto_buf body = {0};
	char url[128];
	size_t n = 0;

	(void)state;
	/* Down over HTTP/2, past every window. */
	assert_int_equal(get(client, "/big?5000000", &resp, NULL), GT_OK);
	assert_int_equal(resp.body.n, 5000000);
	assert_int_equal(resp.http_version, 20);
	gt_http_resp_fini(&resp);
	/* Up. */
	gt_buf_fill(&body, 'y', 5000000);
	snprintf(url, sizeof url, "%s/sink", app.base);
	struct gt_http_req up = {.method = "POST", .url = url, .body = gt_buf_str(&body)};
	assert_int_equal(gt_http_do(client, &up, gt_ctx_background(), &resp, NULL), GT_OK);
	assert_true(resp.body.n > 5000000);
	gt_http_resp_fini(&resp);
	/* To a sink: HTTP/1.1. */
	snprintf(url, sizeof url, "%s/big?c5000000", app.base);
	struct gt_http_req down = {.url = url, .sink = count_bytes, .sink_arg = &n};
	assert_int_equal(gt_http_do(client, &down, gt_ctx_background(), &resp, NULL), GT_OK);
	assert_int_equal(resp.http_version, 11);
	assert_int_equal(n, 5000000);
}

static void refuses_large_uploads(void **state)
{
	gt_auto_buf body = {0};
	char url[128];

	(void)state;
	gt_buf_fill(&body, 'y', 500000);
	snprintf(url, sizeof url, "%s/echo", app.base);
	for (int i = 0; i < 2; i++) {
		struct gt_http_client *c =
			client_of(&ca, NULL, (struct gt_http_client_opts){.http1_only = i > 0});
		gt_auto_http_resp resp = {0};
		struct gt_err err = {0};
		struct gt_http_req up = {.method = "POST", .url = url, .body = gt_buf_str(&body)};

		if (gt_http_do(c, &up, gt_ctx_background(), &resp, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(resp.status, 413);
		gt_http_client_free(c);
	}
}

static void breaks_what_is_short(void **state)
{
	static const char *const paths[] = {"/abort", "/abort?late", "/abort?short"};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(paths); i++) {
		gt_auto_http_resp resp = {0};

		assert_int_equal(get(client, paths[i], &resp, NULL), GT_E_UNAVAILABLE);
	}
}

static atomic_int crowd_ok;

static void many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 125; i++) {
		gt_auto_http_resp resp = {0};

		if (get(client, i % 2 ? "/later?1" : "/echo?2", &resp, NULL) == GT_OK &&
		    resp.status == 200 && resp.http_version == 20)
			atomic_fetch_add(&crowd_ok, 1);
	}
}

static void shares_a_connection(void **state)
{
	struct gt_pool *pool = gt_pool_new("crowd", 16, 0);
	size_t before = gt_http_server_connections(app.server);

	(void)state;
	for (int i = 0; i < 16; i++)
		gt_pool_submit(pool, many, NULL);
	gt_pool_free(pool);
	assert_int_equal(atomic_load(&crowd_ok), 2000);
	assert_true(gt_http_server_connections(app.server) <= before + 1);
}

/* ---- streams ---- */

struct watch {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	int status, heads, dones, rc;
	struct gt_buf data;
	char text[512];
};

static void watch_init(struct watch *w)
{
	memset(w, 0, sizeof *w);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->cond, NULL);
}

static void watch_fini(struct watch *w)
{
	gt_buf_fini(&w->data);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->cond);
}

static void on_head(void *arg, const struct gt_http_resp *resp)
{
	struct watch *w = arg;

	pthread_mutex_lock(&w->lock);
	w->status = resp->status;
	w->heads++;
	pthread_cond_broadcast(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static void on_data(void *arg, struct gt_str bytes)
{
	struct watch *w = arg;

	pthread_mutex_lock(&w->lock);
	gt_buf_add_str(&w->data, bytes);
	pthread_cond_broadcast(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static void on_done(void *arg, int rc, const struct gt_err *err)
{
	struct watch *w = arg;

	pthread_mutex_lock(&w->lock);
	w->dones++;
	w->rc = rc;
	if (rc < 0)
		snprintf(w->text, sizeof w->text, "%.500s", err->text);
	pthread_cond_broadcast(&w->cond);
	pthread_mutex_unlock(&w->lock);
}

static const struct gt_http_stream_fns fns = {on_head, on_data, on_done};

static void wait_data(struct watch *w, const char *text)
{
	pthread_mutex_lock(&w->lock);
	while (!strstr(gt_buf_cstr(&w->data), text) && !w->dones)
		pthread_cond_wait(&w->cond, &w->lock);
	pthread_mutex_unlock(&w->lock);
	assert_non_null(strstr(gt_buf_cstr(&w->data), text));
}

static void wait_done(struct watch *w)
{
	pthread_mutex_lock(&w->lock);
	while (!w->dones)
		pthread_cond_wait(&w->cond, &w->lock);
	pthread_mutex_unlock(&w->lock);
	assert_int_equal(w->dones, 1);
}

static void write_event(void *arg)
{
	gt_reply_write(app.watch, gt_str(arg));
}

static void end_event(void *arg)
{
	(void)arg;
	gt_reply_end(gt_steal(app.watch));
}

static struct gt_http_stream *start(struct gt_http_client *c, struct watch *w, const char *path,
				    int64_t timeout)
{
	char url[128];
	struct gt_http_req req = {.url = url, .timeout_ns = timeout};

	watch_init(w);
	snprintf(url, sizeof url, "%s%s", app.base, path);
	return gt_http_stream_start(c, &req, &fns, w);
}

static void until_closes(int want)
{
	for (int i = 0; i < 20000 && atomic_load(&app.closes) != want; i++)
		usleep(500);
	assert_int_equal(atomic_load(&app.closes), want);
}

static void watch_with(struct gt_http_client *c)
{
	char event[] = "second\n";
	struct watch w;
	int closes = atomic_load(&app.closes);

	/* To its proper end. */
	struct gt_http_stream *s = start(c, &w, "/watch", GT_SECONDS(20));
	wait_data(&w, "first\n");
	gt_loop_call(loop, write_event, event);
	wait_data(&w, "second\n");
	gt_loop_call(loop, end_event, NULL);
	wait_done(&w);
	assert_int_equal(w.rc, GT_OK);
	assert_int_equal(w.heads, 1);
	assert_int_equal(w.status, 200);
	gt_http_stream_cancel(s);
	gt_http_stream_free(s);
	watch_fini(&w);

	/* Cancelled: the server notices. */
	s = start(c, &w, "/watch", 0);
	wait_data(&w, "first\n");
	gt_http_stream_cancel(s);
	wait_done(&w);
	assert_int_equal(w.rc, GT_E_CANCELLED);
	gt_http_stream_free(s);
	watch_fini(&w);
	until_closes(closes + 1);

	/* Given up before it started. */
	s = start(c, &w, "/silence", 0);
	gt_http_stream_free(s);
	wait_done(&w);
	assert_int_equal(w.rc, GT_E_CANCELLED);
	watch_fini(&w);
}

static void streams(void **state)
{
	struct gt_http_client *old =
		client_of(&ca, NULL, (struct gt_http_client_opts){.http1_only = true});

	(void)state;
	watch_with(client);
	watch_with(old);
	gt_http_client_free(old);
}

static void streams_fail(void **state)
{
	struct watch w;

	(void)state;
	struct gt_http_stream *s = start(client, &w, "/silence", GT_MILLIS(30));
	wait_done(&w);
	assert_int_equal(w.rc, GT_E_TIMEOUT);
	assert_int_equal(w.heads, 0);
	gt_http_stream_free(s);
	watch_fini(&w);

	s = start(client, &w, "/nothing", 0);
	wait_done(&w);
	assert_int_equal(w.rc, GT_OK);
	assert_int_equal(w.status, 404);
	gt_http_stream_free(s);
	watch_fini(&w);

	s = start(client, &w, "/abort?late", 0);
	wait_done(&w);
	assert_int_equal(w.rc, GT_E_UNAVAILABLE);
	gt_http_stream_free(s);
	watch_fini(&w);

	struct gt_http_req bad = {.url = "no url"};
	watch_init(&w);
	s = gt_http_stream_start(client, &bad, &fns, &w);
	wait_done(&w);
	assert_int_equal(w.rc, GT_E_INVALID);
	gt_http_stream_free(s);
	watch_fini(&w);
}

static void run_watches(int n)
{
	static struct watch watches[400];
	struct gt_http_stream *s[400];

	for (int i = 0; i < n; i++)
		s[i] = start(client, &watches[i], "/later?x", 0);
	for (int i = 0; i < n; i++) {
		wait_done(&watches[i]);
		assert_string_equal(gt_buf_cstr(&watches[i].data), "later x");
		gt_http_stream_free(s[i]);
		watch_fini(&watches[i]);
	}
}

/* As many as a connection has streams, and more. */
static void many_watches(void **state)
{
	size_t before = gt_http_server_connections(app.server);

	(void)state;
	run_watches(240);
	assert_true(gt_http_server_connections(app.server) <= before + 1);
	run_watches(400);
}

/* A server that went away and came back: pooled connections to the old one do no harm. */
static void reconnects(void **state)
{
	char address[64], url[128];
	struct app again;
	struct gt_http_req req = {.url = url};

	(void)state;
	app_open(&again, loop, (struct gt_http_server_opts){.tls = tls});
	snprintf(address, sizeof address, "127.0.0.1:%u", again.port);
	snprintf(url, sizeof url, "%s/hello", again.base);
	for (int i = 0; i < 3; i++) {
		gt_auto_http_resp resp = {0};
		struct gt_err err = {0};

		if (gt_http_do(client, &req, gt_ctx_background(), &resp, &err) < 0)
			fail_msg("%s", err.text);
		gt_http_resp_fini(&resp);
		app_close(&again);
		assert_int_equal(gt_http_do(client, &req, gt_ctx_background(), &resp, &err),
				 GT_E_UNAVAILABLE);
		app_open(&again, loop,
			 (struct gt_http_server_opts){.tls = tls, .address = address});
	}
	app_close(&again);
}

/* A loop that goes while transfers, streams and connections are open: each is told, none leaks. */
static void ends_with_everything_open(void **state)
{
	struct gt_loop *last = start_loop();
	struct gt_http_client *mine = new_client(last, (struct gt_http_client_opts){0});
	struct app rest;
	struct watch w;
	char url[128];
	struct gt_http_req req = {.url = url};

	(void)state;
	app_open(&rest, last, (struct gt_http_server_opts){0});
	watch_init(&w);
	snprintf(url, sizeof url, "%s/watch", rest.base);
	struct gt_http_stream *s = gt_http_stream_start(mine, &req, &fns, &w);
	wait_data(&w, "first\n");
	int idle = dial(rest.port);
	gt_http_stream_free(gt_http_stream_start(mine, &req, &fns, &w));
	gt_loop_join(last);
	gt_http_stream_free(s);
	gt_http_client_free(mine);
	app_close(&rest);
	gt_loop_free(last);
	assert_int_equal(w.dones, 2);
	close(idle);
	watch_fini(&w);
}

static void delivered(void *arg)
{
	gt_future_deliver(arg);
}

/* What is under way when the server drains is finished; a stream ends when the grace does. */
static void drains(void **state)
{
	struct app busy;
	struct watch w;
	struct gt_future done;
	char url[128];
	struct gt_http_req req = {.url = url};

	(void)state;
	app_open(&busy, loop, (struct gt_http_server_opts){.tls = tls});
	watch_init(&w);
	snprintf(url, sizeof url, "%s/watch", busy.base);
	struct gt_http_stream *s = gt_http_stream_start(client, &req, &fns, &w);
	wait_data(&w, "first\n");
	gt_future_init(&done);
	gt_http_server_drain(busy.server, GT_MILLIS(50), delivered, &done);
	gt_future_wait(&done, gt_ctx_background(), NULL, NULL, NULL);
	wait_done(&w);
	assert_int_equal(w.rc, GT_E_UNAVAILABLE);
	assert_int_equal(atomic_load(&busy.closes), 1);
	assert_int_equal(gt_http_server_connections(busy.server), 0);
	gt_future_fini(&done);
	gt_http_stream_free(s);
	watch_fini(&w);
	app_close(&busy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(speaks_both),
		cmocka_unit_test(judges_servers),
		cmocka_unit_test(trusts_what_it_should),
		cmocka_unit_test(knows_clients),
		cmocka_unit_test(checks_pem),
		cmocka_unit_test(carries_much),
		cmocka_unit_test(refuses_large_uploads),
		cmocka_unit_test(breaks_what_is_short),
		cmocka_unit_test(shares_a_connection),
		cmocka_unit_test(streams),
		cmocka_unit_test(streams_fail),
		cmocka_unit_test(many_watches),
		cmocka_unit_test(reconnects),
		cmocka_unit_test(drains),
		cmocka_unit_test(ends_with_everything_open),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
