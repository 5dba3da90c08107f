/* Two connections face to face, without a socket between them. */
#include "support/check.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/time.h"
#include "crypto/tls.h"

static struct gt_err err;
static struct gt_identity ca, other_ca, server_id, client_id, foreign_id;

static void make(struct gt_identity *issuer, struct gt_identity *ret, const char *name, bool server)
{
	static const char *const dns[] = {"localhost", "*.example.com", NULL};
	static const char *const ips[] = {"127.0.0.1", "::1", NULL};
	static const char *const groups[] = {"system:masters", "dev", NULL};
	struct gt_x509_request request = {
		.common_name = name,
		.lifetime_ns = GT_SECONDS(3600),
		.dns_names = server ? dns : NULL,
		.ip_addresses = server ? ips : NULL,
		.organizations = server ? NULL : groups,
		.server = server,
		.client = !server,
	};

	if (issuer)
		check_ok(gt_x509_issue(issuer, &request, ret, &err), &err);
	else
		check_ok(gt_x509_make_ca(&request, ret, &err), &err);
}

static int setup(void **state)
{
	(void)state;
	make(NULL, &ca, "authority", true);
	make(NULL, &other_ca, "another authority", true);
	make(&ca, &server_id, "server", true);
	make(&ca, &client_id, "alice", false);
	make(&other_ca, &foreign_id, "mallory", false);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gt_identity_fini(&ca);
	gt_identity_fini(&other_ca);
	gt_identity_fini(&server_id);
	gt_identity_fini(&client_id);
	gt_identity_fini(&foreign_id);
	return 0;
}

struct pair {
	struct gt_tls *server_tls, *client_tls;
	struct gt_tls_conn *server, *client;
};

static void connect_pair(struct pair *p, const char *name)
{
	check_ok(gt_tls_conn_new(p->server_tls, NULL, &p->server, &err), &err);
	check_ok(gt_tls_conn_new(p->client_tls, name, &p->client, &err), &err);
}

static struct pair new_pair(enum gt_tls_client_auth auth, const struct gt_identity *client,
			    const char *name)
{
	static const char *const server_alpn[] = {"h2", "http/1.1", NULL};
	static const char *const client_alpn[] = {"http/1.1", "h2", NULL};
	struct gt_tls_server_opts server_opts = {
		.identity = &server_id,
		.client_ca = gt_str(ca.cert_pem),
		.client_auth = auth,
		.alpn = server_alpn,
	};
	struct gt_tls_client_opts client_opts = {
		.ca = gt_str(ca.cert_pem), .identity = client, .alpn = client_alpn};
	struct pair p = {0};

	check_ok(gt_tls_server_new(&server_opts, &p.server_tls, &err), &err);
	check_ok(gt_tls_client_new(&client_opts, &p.client_tls, &err), &err);
	connect_pair(&p, name);
	return p;
}

static void end_conns(struct pair *p)
{
	gt_tls_conn_free(p->server);
	gt_tls_conn_free(p->client);
	p->server = p->client = NULL;
}

static void end_pair(struct pair *p)
{
	end_conns(p);
	gt_tls_free(p->server_tls);
	gt_tls_free(p->client_tls);
}

#define auto_pair gt_cleanup(end_pair) struct pair

/* Carries what one side has to say to the other, `step` bytes at a time. */
static int carry(struct gt_tls_conn *from, struct gt_tls_conn *to, size_t step)
{
	gt_auto_buf bytes = {0};
	int rc = GT_OK;

	gt_tls_conn_take(from, &bytes);
	assert_int_equal(gt_tls_conn_pending(from), 0);
	for (size_t at = 0; at < bytes.n && rc == GT_OK; at += step)
		rc = gt_tls_conn_feed(to, bytes.p + at, bytes.n - at < step ? bytes.n - at : step,
				      &err);
	return rc;
}

/* Carries both ways until both are silent. */
static int settle(struct pair *p, size_t step)
{
	int rc = gt_tls_conn_start(p->client, &err);

	while (rc == GT_OK && (gt_tls_conn_pending(p->client) || gt_tls_conn_pending(p->server))) {
		rc = carry(p->client, p->server, step);
		if (rc == GT_OK)
			rc = carry(p->server, p->client, step);
	}
	return rc;
}

static size_t read_some(struct gt_tls_conn *c, char *p, size_t cap)
{
	size_t n, total = 0;

	do {
		check_ok(gt_tls_conn_read(c, p + total, cap - total, &n, &err), &err);
		total += n;
	} while (n);
	return total;
}

static void test_handshake(void **state)
{
	static const size_t steps[] = {1, 7, 1000, SIZE_MAX / 2};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(steps); i++) {
		auto_pair p = new_pair(GT_TLS_CLIENT_NONE, NULL, "localhost");
		char got[64] = "";
		size_t n;

		assert_false(gt_tls_conn_is_open(p.client));
		check_fails(gt_tls_conn_write(p.client, "x", 1, &err), GT_E_UNAVAILABLE);
		check_ok(gt_tls_conn_read(p.client, got, 1, &n, &err), &err);
		assert_int_equal(n, 0);
		check_ok(settle(&p, steps[i]), &err);
		assert_true(gt_tls_conn_is_open(p.client) && gt_tls_conn_is_open(p.server));
		assert_string_equal(gt_tls_conn_version(p.client), "TLSv1.3");
		check_str(gt_tls_conn_alpn(p.client), "h2"); /* as the server prefers */
		check_str(gt_tls_conn_alpn(p.server), "h2");

		check_ok(gt_tls_conn_write(p.client, "ping", 4, &err), &err);
		check_ok(gt_tls_conn_write(p.client, "", 0, &err), &err);
		check_ok(settle(&p, steps[i]), &err);
		assert_int_equal(read_some(p.server, got, sizeof got), 4);
		assert_string_equal(got, "ping");
		gt_tls_conn_close(p.client);
		check_ok(settle(&p, steps[i]), &err);
		assert_int_equal(read_some(p.server, got, sizeof got), 0);
		assert_true(gt_tls_conn_is_closed(p.server));
		assert_false(gt_tls_conn_is_closed(p.client));
	}
}

static void test_bulk(void **state)
{
	auto_pair p = new_pair(GT_TLS_CLIENT_NONE, NULL, "127.0.0.1");
	size_t size = 700000;
	gt_autofree char *out = gt_xmalloc(size);
	gt_autofree char *in = gt_xmalloc(size);

	(void)state;
	for (size_t i = 0; i < size; i++)
		out[i] = (char)(i * 31 >> 3);
	check_ok(settle(&p, 10000), &err);
	check_ok(gt_tls_conn_write(p.server, out, size, &err), &err);
	assert_true(gt_tls_conn_pending(p.server) > size);
	check_ok(carry(p.server, p.client, 3000), &err);
	assert_int_equal(read_some(p.client, in, size), size);
	assert_memory_equal(in, out, size);

	/* Appending to a buffer that is in use already works too. */
	gt_auto_buf both = {0};
	gt_buf_adds(&both, "before");
	check_ok(gt_tls_conn_write(p.server, "x", 1, &err), &err);
	size_t pending = gt_tls_conn_pending(p.server);
	gt_tls_conn_take(p.server, &both);
	assert_int_equal(both.n, 6 + pending);
	assert_memory_equal(both.p, "before", 6);
}

static void test_unread_is_bounded(void **state)
{
	auto_pair p = new_pair(GT_TLS_CLIENT_NONE, NULL, "localhost");
	static char zeros[1 << 20];

	(void)state;
	check_ok(settle(&p, 10000), &err);
	check_ok(gt_tls_conn_write(p.client, zeros, sizeof zeros, &err), &err);
	check_ok(gt_tls_conn_write(p.client, zeros, 100000, &err), &err);
	check_fails(carry(p.client, p.server, 10000), GT_E_BUDGET);
}

static void test_server_names(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} cases[] = {
		{"localhost", true},       {"127.0.0.1", true},        {"::1", true},
		{"api.example.com", true}, {"a.b.example.com", false}, {"example.com", false},
		{"server", false}, /* the common name does not count */
		{"127.0.0.2", false},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		auto_pair p = new_pair(GT_TLS_CLIENT_NONE, NULL, cases[i].name);
		int rc = settle(&p, 10000);

		if ((rc == GT_OK && gt_tls_conn_is_open(p.client)) != cases[i].ok)
			fail_msg("%s: %s", cases[i].name, err.text);
		if (cases[i].ok)
			continue;
		assert_int_equal(rc, GT_E_UNAVAILABLE);
		assert_non_null(strstr(err.text, "certificate"));
		/* The server is told why. */
		assert_true(gt_tls_conn_pending(p.client) > 0);
		check_fails(carry(p.client, p.server, 10000), GT_E_UNAVAILABLE);
		check_fails(gt_tls_conn_feed(p.client, "x", 1, NULL), GT_E_UNAVAILABLE);
	}
}

static void test_unknown_authority(void **state)
{
	struct gt_tls_client_opts opts = {.ca = gt_str(other_ca.cert_pem)};
	auto_pair p = new_pair(GT_TLS_CLIENT_NONE, NULL, "localhost");

	(void)state;
	end_conns(&p);
	gt_tls_free(p.client_tls);
	check_ok(gt_tls_client_new(&opts, &p.client_tls, &err), &err);
	connect_pair(&p, "localhost");
	check_fails(settle(&p, 10000), GT_E_UNAVAILABLE);
	end_conns(&p);
	gt_tls_free(p.client_tls);

	/* The system's authorities do not know it either; with `insecure` nobody asks. */
	opts.ca = (struct gt_str){0};
	check_ok(gt_tls_client_new(&opts, &p.client_tls, &err), &err);
	connect_pair(&p, "localhost");
	check_fails(settle(&p, 10000), GT_E_UNAVAILABLE);
	end_conns(&p);
	gt_tls_free(p.client_tls);
	opts.insecure = true;
	check_ok(gt_tls_client_new(&opts, &p.client_tls, &err), &err);
	connect_pair(&p, "not.even.the.name");
	check_ok(settle(&p, 10000), &err);
	assert_true(gt_tls_conn_is_open(p.server));
}

static void test_client_certificates(void **state)
{
	static const struct {
		enum gt_tls_client_auth auth;
		const struct gt_identity *id;
		bool open;
		int peer;
	} cases[] = {
		{GT_TLS_CLIENT_NONE, &client_id, true, GT_E_NOT_FOUND},
		{GT_TLS_CLIENT_OPTIONAL, NULL, true, GT_E_NOT_FOUND},
		{GT_TLS_CLIENT_OPTIONAL, &client_id, true, GT_OK},
		{GT_TLS_CLIENT_OPTIONAL, &foreign_id, true, GT_E_AUTH},
		{GT_TLS_CLIENT_REQUIRED, &client_id, true, GT_OK},
		{GT_TLS_CLIENT_REQUIRED, NULL, false, 0},
		{GT_TLS_CLIENT_REQUIRED, &foreign_id, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		auto_pair p = new_pair(cases[i].auth, cases[i].id, "localhost");
		gt_auto_subject peer = {0};
		int rc = settle(&p, 10000);

		assert_true(gt_tls_conn_is_open(p.server) == cases[i].open);
		if (!cases[i].open) {
			assert_int_equal(rc, GT_E_UNAVAILABLE);
			continue;
		}
		check_fails(gt_tls_conn_peer(p.server, &peer, &err), cases[i].peer);
		if (cases[i].peer != GT_OK)
			continue;
		assert_string_equal(peer.common_name, "alice");
		assert_int_equal(peer.organizations.n, 2);
		assert_string_equal(peer.organizations.v[0], "system:masters");
	}
}

/* The second connection skips most of the handshake, and still knows who the client is. */
static void test_resumption(void **state)
{
	auto_pair p = new_pair(GT_TLS_CLIENT_OPTIONAL, &client_id, "localhost");
	gt_auto_subject peer = {0};
	char byte;

	(void)state;
	check_ok(settle(&p, 10000), &err);
	read_some(p.client, &byte, 1); /* the ticket comes after the handshake */
	assert_false(gt_tls_conn_resumed(p.client));
	end_conns(&p);
	connect_pair(&p, "localhost");
	check_ok(settle(&p, 10000), &err);
	assert_true(gt_tls_conn_resumed(p.client) && gt_tls_conn_resumed(p.server));
	check_ok(gt_tls_conn_peer(p.server, &peer, &err), &err);
	assert_string_equal(peer.common_name, "alice");
	end_conns(&p);
	connect_pair(&p, "127.0.0.1"); /* another name: a session of its own */
	check_ok(settle(&p, 10000), &err);
	assert_false(gt_tls_conn_resumed(p.client));
}

/* Connections outlive the context they came from. */
static void test_context_freed_first(void **state)
{
	struct pair p = new_pair(GT_TLS_CLIENT_NONE, NULL, "localhost");

	(void)state;
	gt_tls_free(p.server_tls);
	gt_tls_free(p.client_tls);
	check_ok(settle(&p, 10000), &err);
	assert_true(gt_tls_conn_is_open(p.server));
	end_conns(&p);
}

static void test_no_common_protocol(void **state)
{
	static const char *const odd[] = {"spdy/3", NULL};
	struct gt_tls_client_opts opts = {.ca = gt_str(ca.cert_pem), .alpn = odd};
	auto_pair p = new_pair(GT_TLS_CLIENT_NONE, NULL, "localhost");

	(void)state;
	end_conns(&p);
	gt_tls_free(p.client_tls);
	check_ok(gt_tls_client_new(&opts, &p.client_tls, &err), &err);
	connect_pair(&p, "localhost");
	check_fails(settle(&p, 10000), GT_E_UNAVAILABLE);
	end_conns(&p);
	gt_tls_free(p.client_tls);
	opts.alpn = NULL; /* not asking is fine */
	check_ok(gt_tls_client_new(&opts, &p.client_tls, &err), &err);
	connect_pair(&p, "localhost");
	check_ok(settle(&p, 10000), &err);
	assert_int_equal(gt_tls_conn_alpn(p.server).n, 0);
}

static void test_bad_options(void **state)
{
	gt_auto_identity mixed = {.cert_pem = gt_xstrdup(server_id.cert_pem)};
	struct gt_tls_server_opts opts = {.identity = &mixed};
	static const char *const empty[] = {"", NULL};
	struct gt_tls *tls = NULL;

	(void)state;
	check_fails(gt_tls_server_new(&opts, &tls, &err), GT_E_INVALID);
	assert_non_null(strstr(err.text, "private key"));
	gt_secret_copy(&mixed.key_pem, &client_id.key_pem);
	check_fails(gt_tls_server_new(&opts, &tls, &err), GT_E_INVALID);
	opts = (struct gt_tls_server_opts){.identity = &server_id,
					   .client_auth = GT_TLS_CLIENT_OPTIONAL};
	check_fails(gt_tls_server_new(&opts, &tls, &err), GT_E_INVALID);
	assert_non_null(strstr(err.text, "certificate authority"));
	opts = (struct gt_tls_server_opts){.identity = &server_id, .alpn = empty};
	check_fails(gt_tls_server_new(&opts, &tls, &err), GT_E_INVALID);
	struct gt_tls_client_opts client = {.ca = gt_str("nonsense")};
	check_fails(gt_tls_client_new(&client, &tls, &err), GT_E_INVALID);
	assert_null(tls);
	gt_tls_free(NULL);
	gt_tls_conn_free(NULL);
}

/* What is not TLS at all ends the connection, politely. */
static void test_garbage(void **state)
{
	auto_pair p = new_pair(GT_TLS_CLIENT_NONE, NULL, "localhost");
	struct gt_tls_conn *c = p.server;

	(void)state;
	check_fails(gt_tls_conn_feed(c, "GET / HTTP/1.1\r\n\r\n", 18, &err), GT_E_UNAVAILABLE);
	assert_true(gt_str_starts(gt_str(err.text), "TLS handshake: "));
	check_fails(gt_tls_conn_feed(c, "x", 1, &err), GT_E_UNAVAILABLE);
	gt_tls_conn_close(c);
}

/* A flipped bit in a record is noticed. */
static void test_tampering(void **state)
{
	auto_pair p = new_pair(GT_TLS_CLIENT_NONE, NULL, "localhost");
	gt_auto_buf bytes = {0};
	char got[16];
	size_t n;

	(void)state;
	check_ok(settle(&p, 10000), &err);
	check_ok(gt_tls_conn_write(p.client, "message", 7, &err), &err);
	gt_tls_conn_take(p.client, &bytes);
	bytes.p[bytes.n - 1] ^= 1;
	check_ok(gt_tls_conn_feed(p.server, bytes.p, bytes.n, &err), &err);
	check_fails(gt_tls_conn_read(p.server, got, sizeof got, &n, &err), GT_E_UNAVAILABLE);
	assert_int_equal(n, 0);
	check_fails(gt_tls_conn_read(p.server, got, sizeof got, &n, &err), GT_E_UNAVAILABLE);
	check_fails(gt_tls_conn_write(p.server, "x", 1, &err), GT_E_UNAVAILABLE);
}

struct worker {
	struct gt_tls *server_tls, *client_tls;
};

/* Connections of one context on several threads, with sessions changing hands. */
static void *connect_many(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < 5; i++) {
		struct gt_err local;
		gt_auto_buf up = {0};
		gt_auto_buf down = {0};
		struct gt_tls_conn *s = NULL, *c = NULL;
		int rc = gt_tls_conn_new(w->server_tls, NULL, &s, &local);

		if (rc == GT_OK)
			rc = gt_tls_conn_new(w->client_tls, "localhost", &c, &local);
		if (rc == GT_OK)
			rc = gt_tls_conn_start(c, &local);
		for (int round = 0; rc == GT_OK && round < 4; round++) {
			char byte;
			size_t n;

			gt_buf_reset(&up), gt_buf_reset(&down);
			gt_tls_conn_take(c, &up);
			rc = up.n ? gt_tls_conn_feed(s, up.p, up.n, &local) : GT_OK;
			gt_tls_conn_take(s, &down);
			if (rc == GT_OK && down.n)
				rc = gt_tls_conn_feed(c, down.p, down.n, &local);
			if (rc == GT_OK)
				rc = gt_tls_conn_read(c, &byte, 1, &n, &local);
		}
		bool open = rc == GT_OK && gt_tls_conn_is_open(s) && gt_tls_conn_is_open(c);
		gt_tls_conn_free(s);
		gt_tls_conn_free(c);
		if (!open)
			return w;
	}
	return NULL;
}

static void test_threads(void **state)
{
	auto_pair p = new_pair(GT_TLS_CLIENT_NONE, NULL, "localhost");
	struct worker w = {p.server_tls, p.client_tls};
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, connect_many, &w);
	for (int i = 0; i < 4; i++) {
		void *fault;

		pthread_join(threads[i], &fault);
		assert_null(fault);
	}
}

static void test_system_store(void **state)
{
	(void)state;
	assert_non_null(gt_tls_system_store());
	assert_ptr_equal(gt_tls_system_store(), gt_tls_system_store());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_bulk),
		cmocka_unit_test(test_unread_is_bounded),
		cmocka_unit_test(test_server_names),
		cmocka_unit_test(test_unknown_authority),
		cmocka_unit_test(test_client_certificates),
		cmocka_unit_test(test_resumption),
		cmocka_unit_test(test_context_freed_first),
		cmocka_unit_test(test_no_common_protocol),
		cmocka_unit_test(test_bad_options),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_system_store),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
