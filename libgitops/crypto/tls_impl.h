/* What the sources of crypto/tls.h share. */
#ifndef GT_CRYPTO_TLS_IMPL_H
#define GT_CRYPTO_TLS_IMPL_H

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "crypto/tls.h"

struct gt_tls {
	SSL_CTX *ctx;
	_Atomic unsigned refs; /* the owner's and one per connection */
	bool server;
	bool insecure;
	enum gt_tls_client_auth client_auth;
	unsigned char *alpn; /* as on the wire: each name after its length */
	unsigned alpn_len;
	pthread_mutex_t lock;
	SSL_SESSION *session; /* a client's last, guarded by lock */
	char *session_name;   /* the server it is with */
};

struct gt_tls *gt_tls__ref(struct gt_tls *tls);

/* Remembers a client's session (ownership is taken), and sets up a connection to use it again. */
void gt_tls__keep_session(struct gt_tls *tls, const char *server_name, SSL_SESSION *session);
void gt_tls__offer_session(struct gt_tls *tls, const char *server_name, SSL *ssl);

/* The SSL_CTX callback behind gt_tls__keep_session, in tls_conn.c. */
int gt_tls__on_new_session(SSL *ssl, SSL_SESSION *session);

#endif
