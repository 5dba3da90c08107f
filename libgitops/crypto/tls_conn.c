/* Connections that touch no socket: OpenSSL reads from one buffer and writes to another. */
#include "crypto/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/alloc.h"
#include "crypto/ossl_impl.h"
#include "crypto/tls_impl.h"

#define INBOX_MAX ((size_t)1 << 20)
/* An empty buffer larger than this is given back. */
#define KEEP_MAX ((size_t)16 * 1024)

struct gt_tls_conn {
	struct gt_tls *tls;
	SSL *ssl;
	struct gt_buf in; /* ciphertext from the peer, read up to in_at */
	size_t in_at;
	struct gt_buf out; /* ciphertext for the peer */
	char *server_name;
	bool open, closed, failed;
};

static int bio_read(BIO *bio, char *p, size_t cap, size_t *ret_n)
{
	struct gt_tls_conn *c = BIO_get_data(bio);
	size_t n = c->in.n - c->in_at;

	BIO_clear_retry_flags(bio);
	if (n == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	if (n > cap)
		n = cap;
	memcpy(p, c->in.p + c->in_at, n);
	c->in_at += n;
	*ret_n = n;
	return 1;
}

static int bio_write(BIO *bio, const char *p, size_t n, size_t *ret_n)
{
	struct gt_tls_conn *c = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	gt_buf_add(&c->out, p, n);
	*ret_n = c->out.failed ? 0 : n;
	return !c->out.failed;
}

static long bio_ctrl(BIO *bio, int cmd, long number, void *p)
{
	(void)bio, (void)number, (void)p;
	return cmd == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method;

static void make_bio_method(void)
{
	bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gt_tls_conn");
	if (!bio_method || BIO_meth_set_read_ex(bio_method, bio_read) != 1 ||
	    BIO_meth_set_write_ex(bio_method, bio_write) != 1 ||
	    BIO_meth_set_ctrl(bio_method, bio_ctrl) != 1)
		abort();
}

static BIO *new_bio(struct gt_tls_conn *c)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_bio_method);
	BIO *bio = BIO_new(bio_method);
	if (bio) {
		BIO_set_data(bio, c);
		BIO_set_init(bio, 1);
	}
	return bio;
}

void gt_tls_conn_free(struct gt_tls_conn *c)
{
	if (!c)
		return;
	SSL_free(c->ssl);
	gt_buf_fini(&c->in);
	gt_buf_fini(&c->out);
	free(c->server_name);
	gt_tls_free(c->tls);
	free(c);
}

static void free_conn(struct gt_tls_conn **c)
{
	gt_tls_conn_free(*c);
}

static bool is_ip(const char *name)
{
	struct in6_addr address;

	return inet_pton(AF_INET, name, &address) == 1 || inet_pton(AF_INET6, name, &address) == 1;
}

/* The name goes into the greeting (not an address, RFC 6066) and must be in the certificate. */
static int set_server_name(struct gt_tls_conn *c, struct gt_err *err)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(c->ssl);
	char *name = c->server_name;
	int ok;

	if (is_ip(name)) {
		ok = X509_VERIFY_PARAM_set1_ip_asc(param, name);
	} else {
		X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
							       X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
		ok = X509_VERIFY_PARAM_set1_host(param, name, 0) == 1 &&
		     SSL_set_tlsext_host_name(c->ssl, name) == 1;
	}
	return ok ? GT_OK : gt_ossl__fail(err, GT_E_INVALID, "TLS server name");
}

int gt_tls_conn_new(struct gt_tls *tls, const char *server_name, struct gt_tls_conn **ret_conn,
		    struct gt_err *err)
{
	gt_cleanup(free_conn) struct gt_tls_conn *c = gt_new(struct gt_tls_conn);

	if (!tls->server && (!server_name || !*server_name))
		return gt_fail(err, GT_E_INVALID, "TLS server name is empty");
	ERR_clear_error();
	c->tls = gt_tls__ref(tls);
	c->in.max = INBOX_MAX;
	c->ssl = SSL_new(tls->ctx);
	BIO *bio = c->ssl ? new_bio(c) : NULL;
	if (!bio)
		return gt_ossl__fail(err, GT_E_BUDGET, "TLS connection");
	SSL_set_bio(c->ssl, bio, bio);
	SSL_set_app_data(c->ssl, c);
	if (tls->server) {
		SSL_set_accept_state(c->ssl);
	} else {
		SSL_set_connect_state(c->ssl);
		c->server_name = gt_xstrdup(server_name);
		int rc = set_server_name(c, err);
		if (rc < 0)
			return rc;
		gt_tls__offer_session(tls, server_name, c->ssl);
	}
	*ret_conn = gt_steal(c);
	return GT_OK;
}

int gt_tls__on_new_session(SSL *ssl, SSL_SESSION *session)
{
	struct gt_tls_conn *c = SSL_get_app_data(ssl);
	/* A copy: a connection that ends without a goodbye spoils its own session. */
	SSL_SESSION *copy = SSL_SESSION_dup(session);

	if (copy)
		gt_tls__keep_session(c->tls, c->server_name, copy);
	return 0;
}

static int fail_conn(struct gt_tls_conn *c, const char *what, struct gt_err *err)
{
	long verdict = SSL_get_verify_result(c->ssl);

	c->failed = true;
	if (c->out.failed) {
		ERR_clear_error();
		gt_buf_check(&c->out, err);
		return gt_wrap(err, "%s", what);
	}
	bool strict = !c->tls->insecure && c->tls->client_auth != GT_TLS_CLIENT_OPTIONAL;
	if (strict && verdict != X509_V_OK && !c->open) {
		ERR_clear_error();
		return gt_fail(err, GT_E_UNAVAILABLE, "%s: certificate: %s", what,
			       X509_verify_cert_error_string(verdict));
	}
	return gt_ossl__fail(err, GT_E_UNAVAILABLE, what);
}

static bool wants_more(struct gt_tls_conn *c, int rc)
{
	return SSL_get_error(c->ssl, rc) == SSL_ERROR_WANT_READ;
}

static int handshake(struct gt_tls_conn *c, struct gt_err *err)
{
	if (c->open)
		return GT_OK;
	if (c->failed)
		return gt_fail(err, GT_E_UNAVAILABLE, "TLS connection has failed before");
	ERR_clear_error();
	int rc = SSL_do_handshake(c->ssl);
	if (rc != 1)
		return wants_more(c, rc) ? GT_OK : fail_conn(c, "TLS handshake", err);
	c->open = true;
	return GT_OK;
}

int gt_tls_conn_start(struct gt_tls_conn *c, struct gt_err *err)
{
	return handshake(c, err);
}

/* Once everything is read, forgets it, and lets a large buffer go. */
static void tidy_inbox(struct gt_tls_conn *c)
{
	if (c->in_at < c->in.n)
		return;
	c->in_at = 0;
	c->in.n = 0;
	if (c->in.cap > KEEP_MAX) {
		gt_buf_fini(&c->in);
		c->in.max = INBOX_MAX;
	}
}

int gt_tls_conn_feed(struct gt_tls_conn *c, const void *p, size_t n, struct gt_err *err)
{
	if (n > INBOX_MAX - (c->in.n - c->in_at))
		return gt_fail(err, GT_E_BUDGET, "TLS: more than %zu bytes received unread",
			       INBOX_MAX);
	if (n > INBOX_MAX - c->in.n) {
		gt_buf_consume(&c->in, c->in_at);
		c->in_at = 0;
	}
	gt_buf_add(&c->in, p, n);
	int rc = gt_buf_check(&c->in, err);
	if (rc == GT_OK)
		rc = handshake(c, err);
	tidy_inbox(c);
	return rc;
}

bool gt_tls_conn_is_open(const struct gt_tls_conn *c)
{
	return c->open;
}

bool gt_tls_conn_is_closed(const struct gt_tls_conn *c)
{
	return c->closed;
}

int gt_tls_conn_read(struct gt_tls_conn *c, void *p, size_t cap, size_t *ret_n, struct gt_err *err)
{
	*ret_n = 0;
	if (!c->open || c->closed || cap == 0)
		return GT_OK;
	if (c->failed)
		return gt_fail(err, GT_E_UNAVAILABLE, "TLS connection has failed before");
	ERR_clear_error();
	int rc = SSL_read_ex(c->ssl, p, cap, ret_n);
	tidy_inbox(c);
	if (rc == 1)
		return GT_OK;
	*ret_n = 0;
	if (SSL_get_error(c->ssl, rc) == SSL_ERROR_ZERO_RETURN) {
		c->closed = true;
		return GT_OK;
	}
	return wants_more(c, rc) ? GT_OK : fail_conn(c, "TLS read", err);
}

int gt_tls_conn_write(struct gt_tls_conn *c, const void *p, size_t n, struct gt_err *err)
{
	size_t written;

	if (!c->open || c->failed)
		return gt_fail(err, GT_E_UNAVAILABLE, "TLS connection is not open");
	if (n == 0)
		return GT_OK;
	ERR_clear_error();
	if (SSL_write_ex(c->ssl, p, n, &written) != 1 || written != n)
		return fail_conn(c, "TLS write", err);
	return GT_OK;
}

void gt_tls_conn_close(struct gt_tls_conn *c)
{
	if (!c->open || c->failed)
		return;
	ERR_clear_error();
	SSL_shutdown(c->ssl);
	ERR_clear_error();
}

size_t gt_tls_conn_pending(const struct gt_tls_conn *c)
{
	return c->out.n;
}

void gt_tls_conn_take(struct gt_tls_conn *c, struct gt_buf *out)
{
	if (out->n == 0 && !out->failed && out->max == 0) {
		/* The common case costs no copy: the buffers change places. */
		struct gt_buf empty = *out;

		*out = c->out;
		c->out = empty;
		return;
	}
	gt_buf_add_str(out, gt_buf_str(&c->out));
	gt_buf_reset(&c->out);
}

struct gt_str gt_tls_conn_alpn(const struct gt_tls_conn *c)
{
	const unsigned char *name = NULL;
	unsigned n = 0;

	SSL_get0_alpn_selected(c->ssl, &name, &n);
	return gt_strn((const char *)name, n);
}

const char *gt_tls_conn_version(const struct gt_tls_conn *c)
{
	return SSL_get_version(c->ssl);
}

bool gt_tls_conn_resumed(const struct gt_tls_conn *c)
{
	return SSL_session_reused(c->ssl) == 1;
}

int gt_tls_conn_peer(const struct gt_tls_conn *c, struct gt_subject *ret_peer, struct gt_err *err)
{
	X509 *cert = SSL_get0_peer_certificate(c->ssl);
	long verdict = SSL_get_verify_result(c->ssl);

	if (!c->open || !cert)
		return gt_fail(err, GT_E_NOT_FOUND, "the peer showed no certificate");
	if (verdict != X509_V_OK && !c->tls->insecure)
		return gt_fail(err, GT_E_AUTH, "certificate of the peer: %s",
			       X509_verify_cert_error_string(verdict));
	return gt_ossl__subject(cert, ret_peer, err);
}
