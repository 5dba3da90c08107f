/*
 * gt_git_transport - how bytes reach a Git server: a table of operations behind which HTTP and SSH
 * look alike.  Blocking, on worker threads, bounded by the context.  One owner at a time.
 */
#ifndef GT_GIT_TRANSPORT_H
#define GT_GIT_TRANSPORT_H

#include <stdbool.h>

#include "base/ctx.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

struct gt_loop;

/* Consumes bytes of an answer: 0 to go on, positive when the answer is complete, or an error. */
typedef int (*gt_git_bytes_fn)(void *arg, struct gt_str bytes, struct gt_err *err);

struct gt_git_transport;

struct gt_git_transport_ops {
	/* Gets the advertisement. */
	int (*advertise)(struct gt_git_transport *t, struct gt_ctx *ctx, gt_git_bytes_fn fn,
			 void *arg, struct gt_err *err);
	/* Sends a request and gets its answer. */
	int (*exchange)(struct gt_git_transport *t, struct gt_ctx *ctx, int version,
			struct gt_str request, gt_git_bytes_fn fn, void *arg, struct gt_err *err);
	void (*free)(struct gt_git_transport *t);
};

struct gt_git_transport {
	const struct gt_git_transport_ops *ops;
	/* Each exchange is a connection of its own as far as the server is concerned: version 2
	 * requests need no advertisement first, and version 0 ones may follow one another. */
	bool stateless;
	/* The server's version as far as it is known, else GT_GIT_VERSION_UNKNOWN; whoever finds it
	 * out sets it. */
	int version;
};

#define GT_GIT_VERSION_UNKNOWN (-1)

/* What authenticates us and the server; every part may be unset. */
struct gt_git_auth {
	/* http, https */
	const char *username;
	const struct gt_secret *password;
	const struct gt_secret *bearer;
	struct gt_str ca_pem; /* in addition to the system's roots */
	const struct gt_secret *cert_pem;
	const struct gt_secret *key_pem;
	const char *proxy_url;
	const char *proxy_user;
	const struct gt_secret *proxy_password;

	/* ssh */
	const struct gt_secret *identity;   /* private key, PEM or OpenSSH */
	const struct gt_secret *passphrase; /* of the key */
	struct gt_str known_hosts;
	const char *kex_algos;     /* comma lists; NULL means the library's */
	const char *hostkey_algos; /* NULL means those named in known_hosts */
};

/* Everything given is copied.  url has the scheme http or https, or ssh. */
int gt_git_http_new(struct gt_loop *loop, const char *url, const struct gt_git_auth *auth,
		    struct gt_git_transport **ret_transport, struct gt_err *err);
int gt_git_ssh_new(const char *url, const struct gt_git_auth *auth,
		   struct gt_git_transport **ret_transport, struct gt_err *err);

/* Whether a private key needs a passphrase that was not given: GT_E_AUTH then.  GT_E_INVALID when
 * it is no key at all. */
int gt_git_ssh_key_check(const struct gt_secret *identity, const struct gt_secret *passphrase,
			 struct gt_err *err);

#endif
