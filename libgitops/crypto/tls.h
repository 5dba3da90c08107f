/*
 * TLS: contexts made from PEM in memory, and connections that touch no socket.
 *
 * A gt_tls is an immutable set of keys, authorities and protocols for one role; connections keep
 * what they need of it, so that it may be freed, or replaced after a renewal, while they live.
 * TLS 1.2 is the least version, renegotiation is off, sessions are resumed.  gt_tls: any thread.
 *
 * A gt_tls_conn turns ciphertext into plaintext and back: who owns the socket feeds it what came
 * in, and sends what it has to say.  One owner at a time.
 *
 *	received p, n:  gt_tls_conn_feed(c, p, n, err); then gt_tls_conn_read() until it gives 0
 *	to send:        gt_tls_conn_write(c, p, n, err)
 *	after each:     gt_tls_conn_take(c, &out), and write out to the socket
 */
#ifndef GT_CRYPTO_TLS_H
#define GT_CRYPTO_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "crypto/x509.h"

struct gt_tls;
struct gt_tls_conn;

enum gt_tls_client_auth {
	GT_TLS_CLIENT_NONE,
	/* Asked for.  One that does not verify is no reason to hang up: gt_tls_conn_peer tells. */
	GT_TLS_CLIENT_OPTIONAL,
	GT_TLS_CLIENT_REQUIRED, /* The handshake fails without a good one. */
};

struct gt_tls_server_opts {
	const struct gt_identity *identity;
	struct gt_str client_ca; /* PEM, with OPTIONAL and REQUIRED */
	enum gt_tls_client_auth client_auth;
	const char *const *alpn; /* in order of preference, NULL-terminated; NULL for none */
};

struct gt_tls_client_opts {
	struct gt_str ca;                   /* PEM; empty means the system's authorities */
	const struct gt_identity *identity; /* NULL for none */
	const char *const *alpn;
	bool insecure; /* accepts any certificate */
};

/* GT_E_INVALID names the part (certificate, key, authority) that is wrong. */
int gt_tls_server_new(const struct gt_tls_server_opts *opts, struct gt_tls **ret_tls,
		      struct gt_err *err);
int gt_tls_client_new(const struct gt_tls_client_opts *opts, struct gt_tls **ret_tls,
		      struct gt_err *err);
void gt_tls_free(struct gt_tls *tls);

/* server_name: the DNS name or IP address the certificate must be for; NULL for a server. */
int gt_tls_conn_new(struct gt_tls *tls, const char *server_name, struct gt_tls_conn **ret_conn,
		    struct gt_err *err);
void gt_tls_conn_free(struct gt_tls_conn *c);

/*
 * Takes ciphertext from the peer and moves the handshake on.  After a failure
 * gt_tls_conn_take() may still have an alert to send.  GT_E_BUDGET: more than a mebibyte fed
 * without reading.
 */
int gt_tls_conn_feed(struct gt_tls_conn *c, const void *p, size_t n, struct gt_err *err);

/* Starts a client's handshake; harmless later. */
int gt_tls_conn_start(struct gt_tls_conn *c, struct gt_err *err);

bool gt_tls_conn_is_open(const struct gt_tls_conn *c);   /* the handshake is done */
bool gt_tls_conn_is_closed(const struct gt_tls_conn *c); /* the peer said goodbye */

/* Plaintext, *ret_n = 0 when there is none yet. */
int gt_tls_conn_read(struct gt_tls_conn *c, void *p, size_t cap, size_t *ret_n, struct gt_err *err);

/* Encrypts all of it; only once the connection is open. */
int gt_tls_conn_write(struct gt_tls_conn *c, const void *p, size_t n, struct gt_err *err);

/* Says goodbye; what is left to send is taken as ever. */
void gt_tls_conn_close(struct gt_tls_conn *c);

/* Bytes that wait to be sent, and moving them to the end of out. */
size_t gt_tls_conn_pending(const struct gt_tls_conn *c);
void gt_tls_conn_take(struct gt_tls_conn *c, struct gt_buf *out);

/* The protocol agreed on, empty if none; valid while the connection lives. */
struct gt_str gt_tls_conn_alpn(const struct gt_tls_conn *c);
const char *gt_tls_conn_version(const struct gt_tls_conn *c); /* "TLSv1.3" */
bool gt_tls_conn_resumed(const struct gt_tls_conn *c);

/*
 * Who the peer proved to be.  GT_E_NOT_FOUND if it showed no certificate, GT_E_AUTH if the one
 * it showed does not verify.
 */
int gt_tls_conn_peer(const struct gt_tls_conn *c, struct gt_subject *ret_peer, struct gt_err *err);

/*
 * The system's authorities, loaded once a process and shared: SSL_CERT_FILE and SSL_CERT_DIR are
 * followed; else the distribution's hashed directory, looked up on demand, or its bundle.
 */
void *gt_tls_system_store(void); /* an X509_STORE, never freed */

/* Gives them to an SSL_CTX made elsewhere (libcurl's CURLOPT_SSL_CTX_FUNCTION). */
void gt_tls_use_system_store(void *ssl_ctx);

/* Adds them to the authorities that the SSL_CTX has already; nothing is parsed anew. */
void gt_tls_add_system_store(void *ssl_ctx);

#endif
