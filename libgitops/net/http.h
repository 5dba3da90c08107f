/*
 * gt_http - the HTTP client: libcurl on the loop, HTTP/1.1 and HTTP/2 over pooled connections.
 *
 * A gt_http_client is a small set of options (TLS identity, proxy, user agent); all clients of a
 * loop share its connections, which are never mixed between different TLS identities.  Workers
 * call gt_http_do(), which blocks.  Long-lived streams (watches) have connections of their own.
 *
 * Only http and https are spoken.  Redirects: at most GT_LIMIT_HTTP_REDIRECTS, never from https to
 * http; credentials are dropped when the origin changes.  No error text holds userinfo, a query or
 * a header value.
 *
 * Errors: name lookup, connect and broken connections are GT_E_UNAVAILABLE, deadlines
 * GT_E_TIMEOUT, certificates the peer or we refuse GT_E_AUTH, a body over the maximum
 * GT_E_BUDGET, a malformed request GT_E_INVALID.  An HTTP status is never an error here:
 * gt_http_check() makes one of it.
 */
#ifndef GT_NET_HTTP_H
#define GT_NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ctx.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"

struct gt_loop;
struct gt_http_client;

struct gt_http_client_opts {
	const char *user_agent; /* NULL means "gitops-toolkit/<version>" */

	/* TLS, all PEM.  ca_pem alone replaces the system's roots; with ca_extends it adds to them.
	 */
	struct gt_str ca_pem;
	bool ca_extends;
	const struct gt_secret *cert_pem; /* client certificate chain */
	const struct gt_secret *key_pem;
	const char *server_name; /* name to ask for and verify instead of the URL's host */
	bool insecure;           /* verify nothing */

	/*
	 * Proxy: an explicit http, https or socks5 URL (userinfo allowed), with the credentials
	 * beside it if not in it; else, unless no_proxy is set, HTTP_PROXY, HTTPS_PROXY, ALL_PROXY
	 * and NO_PROXY of the environment, read when the client is made, as Go reads them.
	 */
	const char *proxy_url;
	const char *proxy_user;
	const struct gt_secret *proxy_password;
	bool no_proxy;

	/*
	 * Gives the value of the Authorization header ("Bearer ...") for requests that set none;
	 * called on the loop thread or a worker before each exchange; must be quick.  Leaves
	 * *ret_value unset for none.  NULL means no credentials.
	 */
	void (*authorize)(void *arg, struct gt_secret *ret_value);
	void *authorize_arg;

	int64_t connect_timeout_ns; /* 0 means 30 s */
	bool http1_only;            /* never HTTP/2 */
};

/* Copies everything.  Checks the PEM and the proxy URL; GT_E_INVALID names the part. */
int gt_http_client_new(struct gt_loop *loop, const struct gt_http_client_opts *opts,
		       struct gt_http_client **ret_client, struct gt_err *err);

/* Any thread; streams still running keep what they need.  Before gt_loop_free().  NULL allowed. */
void gt_http_client_free(struct gt_http_client *client);

/* Consumes body bytes as they arrive, on the thread that called gt_http_do(); a negative code
 * (with err set) ends the transfer and becomes its result. */
typedef int (*gt_http_sink_fn)(void *arg, struct gt_str bytes, struct gt_err *err);

struct gt_http_req {
	const char *method; /* NULL means GET */
	const char *url;
	const char *const *headers; /* "Name: value", n_headers of them */
	size_t n_headers;
	const struct gt_secret *authorization; /* value of Authorization; beats the client's */
	const char *basic_user;                /* Basic credentials, when authorization is unset */
	const struct gt_secret *basic_password;
	struct gt_str body; /* borrowed; sent when n > 0 or has_body */
	bool has_body;      /* send Content-Length: 0 too */

	int64_t timeout_ns;      /* of each exchange; 0 means 60 s, negative none */
	int64_t idle_timeout_ns; /* gives up when nothing arrives for so long; 0 means never */
	size_t max_response;     /* bytes of body, after decompression; 0 means 64 MiB */
	bool no_redirects;       /* return 3xx as they are */
	bool gzip;               /* ask for gzip and decode it */

	/*
	 * Attempts in all; 0 and 1 mean no retry.  Broken connections are retried for GET, HEAD,
	 * PUT, DELETE, OPTIONS (or with idempotent set), always when the request never reached the
	 * server; 429 and 5xx with Retry-After for every method; with retry_5xx also 429 and
	 * 5xx (501 excepted) without it.  Waits 100 ms doubling to 5 s with jitter, or what
	 * Retry-After says, at most max_retry_after_ns (0 means 30 s): when it asks for more, the
	 * response is returned.  Nothing is retried once a sink has been given bytes.
	 */
	unsigned attempts;
	bool idempotent;
	bool retry_5xx;
	int64_t max_retry_after_ns;

	/* Streaming download: the body of a 2xx goes here instead of resp->body.  Uses HTTP/1.1. */
	gt_http_sink_fn sink;
	void *sink_arg;
};

struct gt_http_resp {
	int status;
	int http_version;   /* 10, 11 or 20 */
	char *url;          /* the one that answered, after redirects; without userinfo */
	struct gt_buf head; /* header lines of the last response, "Name: value\r\n" each */
	struct gt_buf body;
	int64_t connect_ns; /* 0 when a connection was reused */
	int64_t total_ns;
};

/* A zeroed struct is empty. */
void gt_http_resp_fini(struct gt_http_resp *resp);
#define gt_auto_http_resp gt_cleanup(gt_http_resp_fini) struct gt_http_resp

/*
 * Sends the request and waits for the whole response.  Any thread but the loop's, which must run
 * until this has returned: end the workers first, then the loop.  *resp is emptied first and filled
 * on success; the caller calls gt_http_resp_fini() in any case.
 */
int gt_http_do(struct gt_http_client *client, const struct gt_http_req *req, struct gt_ctx *ctx,
	       struct gt_http_resp *resp, struct gt_err *err);

/* GT_OK for 2xx and 3xx; else an error of the matching code with http_status and retry_after_ms
 * set and a text "<what>: unexpected HTTP status 404 Not Found". */
int gt_http_check(const struct gt_http_resp *resp, const char *what, struct gt_err *err);

/* The first value of a header, any case of name; { NULL, 0 } if absent.  Borrowed. */
struct gt_str gt_http_header(const struct gt_http_resp *resp, const char *name);

/* Walks all values of a header: start with *pos = 0; false at the end. */
bool gt_http_header_next(const struct gt_http_resp *resp, const char *name, size_t *pos,
			 struct gt_str *ret_value);

/* Retry-After as nanoseconds from now (seconds or a date); -1 if absent or malformed. */
int64_t gt_http_retry_after(const struct gt_http_resp *resp);

/* "Not Found" for 404; "" if unknown. */
const char *gt_http_status_text(int status);

/* ---- streams: watches and other responses without an end ---- */

struct gt_http_stream;

/* All called on the loop thread; each may be NULL but on_done. */
struct gt_http_stream_fns {
	/* Once, with the head only; resp is borrowed. */
	void (*on_head)(void *arg, const struct gt_http_resp *resp);
	void (*on_data)(void *arg, struct gt_str bytes);
	/* Exactly once, and last; rc GT_OK when the server ended the response properly. */
	void (*on_done)(void *arg, int rc, const struct gt_err *err);
};

/*
 * Starts a request whose response may last for ever.  Of req, timeout_ns bounds only the time to
 * the response head; sink, attempts and redirects do not apply.  Everything is copied.  The peer's
 * silence is noticed by TCP keep-alive (after about a minute) and by idle_timeout_ns.
 *
 * Returns the handle at once; failures arrive in on_done.  Any thread; from another one than the
 * loop's, callbacks may run before the handle has been returned.
 */
struct gt_http_stream *gt_http_stream_start(struct gt_http_client *client,
					    const struct gt_http_req *req,
					    const struct gt_http_stream_fns *fns, void *arg);

/* Ends the stream: on_done follows with GT_E_CANCELLED, on a later turn of the loop, unless it has
 * run already.  Any thread. */
void gt_http_stream_cancel(struct gt_http_stream *stream);

/* Cancels if need be and gives the handle up; on_done still comes if it has not.  Any thread, also
 * inside on_done.  NULL is allowed. */
void gt_http_stream_free(struct gt_http_stream *stream);

#endif
