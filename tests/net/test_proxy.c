/* Requests through proxies: plain HTTP, CONNECT, SOCKS5; explicit and from the environment. */
#include <poll.h>
#include <pthread.h>

#include "app.h"

#include "crypto/tls.h"

static struct gt_loop *loop;
static struct gt_identity ca, id;
static struct gt_tls *tls;
static struct app plain, secure;

static int setup(void **state)
{
	static const char *const ips[] = {"127.0.0.1", NULL};
	static const char *const names[] = {"secure.test", NULL};
	struct gt_x509_request request = {.common_name = "ca", .lifetime_ns = GT_SECONDS(3600)};
	struct gt_x509_request server = {.common_name = "s",
					 .dns_names = names,
					 .ip_addresses = ips,
					 .lifetime_ns = GT_SECONDS(3600),
					 .server = true};

	(void)state;
	assert_int_equal(gt_x509_make_ca(&request, &ca, NULL), GT_OK);
	assert_int_equal(gt_x509_issue(&ca, &server, &id, NULL), GT_OK);
	struct gt_tls_server_opts opts = {.identity = &id};
	assert_int_equal(gt_tls_server_new(&opts, &tls, NULL), GT_OK);
	loop = start_loop();
	app_open(&plain, loop, (struct gt_http_server_opts){0});
	app_open(&secure, loop, (struct gt_http_server_opts){.tls = tls});
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	app_close(&plain);
	app_close(&secure);
	end_loop(loop);
	gt_tls_free(tls);
	gt_identity_fini(&ca);
	gt_identity_fini(&id);
	return 0;
}

/* One tunnel: whatever it is asked for, it leads to `to`. */
struct tunnel {
	int listener;
	uint16_t port, to;
	bool socks;
	const char *refusal; /* answer to CONNECT, NULL to let through */
	pthread_t thread;
	struct gt_buf seen;
};

static void relay(int a, int b)
{
	struct pollfd fds[2] = {{.fd = a, .events = POLLIN}, {.fd = b, .events = POLLIN}};
	char bytes[4096];

	for (;;) {
		if (poll(fds, 2, 30000) <= 0)
			return;
		for (int i = 0; i < 2; i++) {
			if (!fds[i].revents)
				continue;
			ssize_t n = recv(fds[i].fd, bytes, sizeof bytes, 0);
			if (n <= 0)
				return;
			say(fds[!i].fd, bytes, (size_t)n);
		}
	}
}

static size_t hear_n(int fd, size_t n, struct gt_buf *out)
{
	size_t before = out->n;
	char c;

	while (out->n - before < n && recv(fd, &c, 1, 0) == 1)
		gt_buf_add(out, &c, 1);
	return out->n - before;
}

/* RFC 1928 and 1929, as much as one client needs. */
static bool greet_socks(int fd, struct gt_buf *seen)
{
	hear_n(fd, 2, seen);
	hear_n(fd, (size_t)seen->p[1], seen);
	say(fd, "\5\2", 2);
	gt_buf_reset(seen);
	hear_n(fd, 2, seen);
	hear_n(fd, (size_t)seen->p[1], seen);
	size_t at = seen->n;
	hear_n(fd, 1, seen);
	hear_n(fd, (size_t)seen->p[at], seen);
	say(fd, "\1\0", 2);
	/* The request: 4 bytes, then an IPv4 address or a name, then the port. */
	gt_auto_buf ask = {0};
	hear_n(fd, 4, &ask);
	if (ask.p[3] == 3) {
		hear_n(fd, 1, &ask);
		hear_n(fd, (size_t)ask.p[4], &ask);
	} else {
		hear_n(fd, 4, &ask);
	}
	hear_n(fd, 2, &ask);
	gt_buf_add_str(seen, gt_buf_str(&ask));
	say(fd, "\5\0\0\1\0\0\0\0\0\0", 10);
	return true;
}

static bool greet_http(int fd, const struct tunnel *t, struct gt_buf *seen)
{
	const char *answer = t->refusal ? t->refusal : "HTTP/1.1 200 go on\r\n\r\n";

	hear(fd, "\r\n\r\n", seen);
	say(fd, answer, strlen(answer));
	return !t->refusal;
}

static void *run_tunnel(void *arg)
{
	struct tunnel *t = arg;
	int fd = accept(t->listener, NULL, NULL);
	bool open = t->socks ? greet_socks(fd, &t->seen) : greet_http(fd, t, &t->seen);

	if (open) {
		int to = dial(t->to);

		relay(fd, to);
		close(to);
	}
	close(fd);
	return NULL;
}

static void open_tunnel(struct tunnel *t)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof addr;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	t->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(t->listener, (struct sockaddr *)&addr, sizeof addr), 0);
	assert_int_equal(listen(t->listener, 4), 0);
	assert_int_equal(getsockname(t->listener, (struct sockaddr *)&addr, &len), 0);
	t->port = ntohs(addr.sin_port);
	pthread_create(&t->thread, NULL, run_tunnel, t);
}

static void close_tunnel(struct tunnel *t)
{
	pthread_join(t->thread, NULL);
	close(t->listener);
	gt_buf_fini(&t->seen);
}

static int get(struct gt_http_client *client, const char *url, struct gt_http_resp *resp,
	       struct gt_err *err)
{
	static const char *const closing = "Connection: close";
	struct gt_http_req req = {.url = url, .headers = &closing, .n_headers = 1};

	return gt_http_do(client, &req, gt_ctx_background(), resp, err);
}

/* A plain proxy sees the whole URL, which our server takes too. */
static void plain_proxy(void **state)
{
	struct gt_http_client *client =
		new_client(loop, (struct gt_http_client_opts){.proxy_url = plain.base});
	gt_auto_http_resp resp = {0};
	struct gt_err err = {0};

	(void)state;
	if (get(client, "http://no-such-host.invalid/hello", &resp, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(gt_buf_cstr(&resp.body), "hello");
	gt_http_client_free(client);
}

static void from_environment(void **state)
{
	struct gt_http_client *client = NULL;
	gt_auto_http_resp resp = {0};
	struct gt_http_client_opts opts = {0};
	char url[128];

	(void)state;
	setenv("HTTP_PROXY", plain.base, 1);
	setenv("NO_PROXY", "direct.invalid", 1);
	assert_int_equal(gt_http_client_new(loop, &opts, &client, NULL), GT_OK);
	unsetenv("HTTP_PROXY");
	unsetenv("NO_PROXY");
	assert_int_equal(get(client, "http://no-such-host.invalid/hello", &resp, NULL), GT_OK);
	gt_http_resp_fini(&resp);
	assert_int_equal(get(client, "http://direct.invalid/hello", &resp, NULL), GT_E_UNAVAILABLE);
	snprintf(url, sizeof url, "%s/hello", plain.base);
	assert_int_equal(get(client, url, &resp, NULL), GT_OK);
	gt_http_client_free(client);
}

static void tunnels(void **state)
{
	static const struct {
		const char *scheme;
		bool socks;
		const char *sees;
	} rows[] = {
		{"http", false, "CONNECT secure.test:443 HTTP/1.1\r\n"},
		{"http", false, "Proxy-Authorization: Basic bWU6c2VzYW1l\r\n"},
		{"socks5h", true, "me"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		struct tunnel t = {.socks = rows[i].socks, .to = secure.port};
		gt_auto_http_resp resp = {0};
		struct gt_err err = {0};
		char proxy[128];

		open_tunnel(&t);
		snprintf(proxy, sizeof proxy, "%s://me:sesame@127.0.0.1:%u", rows[i].scheme,
			 t.port);
		struct gt_http_client *client = new_client(
			loop, (struct gt_http_client_opts){.proxy_url = proxy,
							   .ca_pem = gt_str(ca.cert_pem)});
		if (get(client, "https://secure.test/hello", &resp, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		assert_string_equal(gt_buf_cstr(&resp.body), "hello");
		gt_http_client_free(client);
		/* The proxy's connection may be kept; the server ends it. */
		pthread_join(t.thread, NULL);
		if (gt_str_search(gt_buf_str(&t.seen), gt_str(rows[i].sees)) == SIZE_MAX)
			fail_msg("row %zu", i);
		close(t.listener);
		gt_buf_fini(&t.seen);
	}
}

static void refused_tunnel(void **state)
{
	struct tunnel t = {.to = secure.port,
			   .refusal = "HTTP/1.1 407 no\r\nContent-Length: 0\r\n\r\n"};
	gt_auto_http_resp resp = {0};
	struct gt_err err = {0};
	char proxy[128];

	(void)state;
	open_tunnel(&t);
	snprintf(proxy, sizeof proxy, "http://me:sesame@127.0.0.1:%u", t.port);
	struct gt_http_client *client =
		new_client(loop, (struct gt_http_client_opts){.proxy_url = proxy,
							      .ca_pem = gt_str(ca.cert_pem)});
	assert_int_equal(get(client, "https://secure.test/hello", &resp, &err), GT_E_UNAVAILABLE);
	assert_non_null(strstr(err.text, "407"));
	assert_null(strstr(err.text, "sesame"));
	gt_http_client_free(client);
	close_tunnel(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_proxy),
		cmocka_unit_test(from_environment),
		cmocka_unit_test(tunnels),
		cmocka_unit_test(refused_tunnel),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
