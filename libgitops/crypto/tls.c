/* Contexts: keys, authorities and protocols of one role.  tls_conn.c has the connections. */
#include "crypto/tls.h"

#include <openssl/err.h>
#include <string.h>

#include "crypto/ossl_impl.h"
#include "crypto/tls_impl.h"

static const char server_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const unsigned char session_context[] = "gitops";

struct gt_tls *gt_tls__ref(struct gt_tls *tls)
{
	atomic_fetch_add_explicit(&tls->refs, 1, memory_order_relaxed);
	return tls;
}

void gt_tls_free(struct gt_tls *tls)
{
	if (!tls || atomic_fetch_sub_explicit(&tls->refs, 1, memory_order_acq_rel) > 1)
		return;
	SSL_SESSION_free(tls->session);
	free(tls->session_name);
	SSL_CTX_free(tls->ctx);
	free(tls->alpn);
	pthread_mutex_destroy(&tls->lock);
	free(tls);
}

static void free_tls(struct gt_tls **tls)
{
	gt_tls_free(*tls);
}

#define auto_tls gt_cleanup(free_tls) struct gt_tls

void gt_tls__keep_session(struct gt_tls *tls, const char *server_name, SSL_SESSION *session)
{
	pthread_mutex_lock(&tls->lock);
	SSL_SESSION_free(tls->session);
	tls->session = session;
	free(tls->session_name);
	tls->session_name = gt_xstrdup(server_name);
	pthread_mutex_unlock(&tls->lock);
}

void gt_tls__offer_session(struct gt_tls *tls, const char *server_name, SSL *ssl)
{
	pthread_mutex_lock(&tls->lock);
	if (tls->session && gt_streq(tls->session_name, server_name) &&
	    SSL_SESSION_is_resumable(tls->session))
		SSL_set_session(ssl, tls->session);
	pthread_mutex_unlock(&tls->lock);
}

static int set_alpn(struct gt_tls *tls, const char *const *names, struct gt_err *err)
{
	gt_auto_buf wire = {.max = 1024};

	for (; names && *names; names++) {
		size_t n = strlen(*names);

		if (n == 0 || n > 255)
			return gt_fail(err, GT_E_INVALID, "invalid ALPN protocol \"%.64s\"",
				       *names);
		gt_buf_addc(&wire, (char)n);
		gt_buf_add(&wire, *names, n);
	}
	int rc = gt_buf_check(&wire, err);
	if (rc < 0)
		return gt_wrap(err, "ALPN protocols");
	tls->alpn_len = (unsigned)wire.n;
	tls->alpn = (unsigned char *)gt_buf_take(&wire);
	return GT_OK;
}

/* Chooses the first of our protocols that the client offers; none in common ends the handshake. */
static int select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
		       const unsigned char *offered, unsigned offered_len, void *arg)
{
	const struct gt_tls *tls = arg;
	unsigned char *selected;

	(void)ssl;
	if (SSL_select_next_proto(&selected, out_len, tls->alpn, tls->alpn_len, offered,
				  offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = selected;
	return SSL_TLSEXT_ERR_OK;
}

/* Shows the client certificates' failure to gt_tls_conn_peer() instead of hanging up. */
static int verify_leniently(X509_STORE_CTX *store, void *arg)
{
	(void)arg;
	X509_verify_cert(store);
	return 1;
}

static int use_chain(SSL_CTX *ctx, BIO *in, struct gt_err *err)
{
	for (bool first = true;; first = false) {
		gt_auto_x509 *cert = NULL;

		int rc = gt_ossl__next_cert(in, first, "certificate", &cert, err);
		if (rc < 0 || !cert)
			return rc;
		int ok = first ? SSL_CTX_use_certificate(ctx, cert)
			       : (int)SSL_CTX_add1_chain_cert(ctx, cert);
		if (ok != 1)
			return gt_ossl__fail(err, GT_E_INVALID, "certificate");
	}
}

static int use_identity(SSL_CTX *ctx, const struct gt_identity *id, struct gt_err *err)
{
	gt_auto_bio *in = gt_ossl__reader(gt_str(id->cert_pem));
	gt_auto_pkey *key = NULL;

	int rc = gt_identity_check(id, err);
	if (rc < 0)
		return rc;
	if (!in)
		return gt_ossl__fail(err, GT_E_BUDGET, "certificate");
	rc = use_chain(ctx, in, err);
	if (rc == GT_OK)
		rc = gt_ossl__read_key(gt_secret_bytes(&id->key_pem), &key, err);
	if (rc < 0)
		return rc;
	if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
		return gt_ossl__fail(err, GT_E_INVALID, "private key");
	return GT_OK;
}

/*
 * Trusts the authorities of the PEM text, also such as are not self-signed, as Go does.  A server
 * names them to its clients.
 */
static int trust(struct gt_tls *tls, struct gt_str pem, struct gt_err *err)
{
	gt_auto_bio *in = gt_ossl__reader(pem);
	X509_STORE *store = SSL_CTX_get_cert_store(tls->ctx);

	if (!in)
		return gt_ossl__fail(err, GT_E_BUDGET, "certificate authority");
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	for (bool first = true;; first = false) {
		gt_auto_x509 *cert = NULL;

		int rc = gt_ossl__next_cert(in, first, "certificate authority", &cert, err);
		if (rc < 0 || !cert)
			return rc;
		if (X509_STORE_add_cert(store, cert) != 1 ||
		    (tls->server && SSL_CTX_add_client_CA(tls->ctx, cert) != 1))
			return gt_ossl__fail(err, GT_E_INVALID, "certificate authority");
	}
}

static int new_tls(const SSL_METHOD *method, bool server, struct gt_tls **ret_tls,
		   struct gt_err *err)
{
	auto_tls *tls = gt_new(struct gt_tls);

	tls->server = server;
	tls->refs = 1;
	pthread_mutex_init(&tls->lock, NULL);
	tls->ctx = SSL_CTX_new(method);
	if (!tls->ctx || SSL_CTX_set_min_proto_version(tls->ctx, TLS1_2_VERSION) != 1)
		return gt_ossl__fail(err, GT_E_INTERNAL, "TLS context");
	SSL_CTX_set_options(tls->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
					      SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(tls->ctx, SSL_MODE_RELEASE_BUFFERS);
	*ret_tls = gt_steal(tls);
	return GT_OK;
}

static int set_client_auth(struct gt_tls *tls, const struct gt_tls_server_opts *opts,
			   struct gt_err *err)
{
	int mode = SSL_VERIFY_PEER;

	tls->client_auth = opts->client_auth;
	if (opts->client_auth == GT_TLS_CLIENT_NONE)
		return GT_OK;
	int rc = trust(tls, opts->client_ca, err);
	if (rc < 0)
		return rc;
	if (opts->client_auth == GT_TLS_CLIENT_REQUIRED)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	else
		SSL_CTX_set_cert_verify_callback(tls->ctx, verify_leniently, NULL);
	SSL_CTX_set_verify(tls->ctx, mode, NULL);
	return GT_OK;
}

int gt_tls_server_new(const struct gt_tls_server_opts *opts, struct gt_tls **ret_tls,
		      struct gt_err *err)
{
	auto_tls *tls = NULL;

	int rc = new_tls(TLS_server_method(), true, &tls, err);
	if (rc == GT_OK)
		rc = use_identity(tls->ctx, opts->identity, err);
	if (rc == GT_OK)
		rc = set_client_auth(tls, opts, err);
	if (rc == GT_OK)
		rc = set_alpn(tls, opts->alpn, err);
	if (rc < 0)
		return rc;
	/* Sessions live in tickets that the clients keep; the server keeps none. */
	SSL_CTX_set_session_cache_mode(tls->ctx, SSL_SESS_CACHE_OFF);
	if (SSL_CTX_set_cipher_list(tls->ctx, server_ciphers) != 1 ||
	    SSL_CTX_set_session_id_context(tls->ctx, session_context, sizeof session_context - 1) !=
		    1 ||
	    SSL_CTX_set_num_tickets(tls->ctx, 1) != 1)
		return gt_ossl__fail(err, GT_E_INTERNAL, "TLS context");
	if (tls->alpn_len)
		SSL_CTX_set_alpn_select_cb(tls->ctx, select_alpn, tls);
	*ret_tls = gt_steal(tls);
	return GT_OK;
}

int gt_tls_client_new(const struct gt_tls_client_opts *opts, struct gt_tls **ret_tls,
		      struct gt_err *err)
{
	auto_tls *tls = NULL;

	int rc = new_tls(TLS_client_method(), false, &tls, err);
	if (rc == GT_OK && opts->identity)
		rc = use_identity(tls->ctx, opts->identity, err);
	if (rc == GT_OK && opts->ca.n)
		rc = trust(tls, opts->ca, err);
	if (rc == GT_OK)
		rc = set_alpn(tls, opts->alpn, err);
	if (rc < 0)
		return rc;
	if (!opts->ca.n && !opts->insecure)
		gt_tls_use_system_store(tls->ctx);
	tls->insecure = opts->insecure;
	SSL_CTX_set_verify(tls->ctx, opts->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(tls->ctx,
				       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(tls->ctx, gt_tls__on_new_session);
	/* This one function returns 0 for success. */
	if (tls->alpn_len && SSL_CTX_set_alpn_protos(tls->ctx, tls->alpn, tls->alpn_len) != 0)
		return gt_ossl__fail(err, GT_E_INTERNAL, "ALPN protocols");
	*ret_tls = gt_steal(tls);
	return GT_OK;
}
