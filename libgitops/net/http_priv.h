/*
 * Inside the HTTP client: one transfer on the engine (http_engine.c) under a blocking exchange
 * (http_do.c) or a stream (http_stream.c).
 */
#ifndef GT_NET_HTTP_PRIV_H
#define GT_NET_HTTP_PRIV_H

#include <curl/curl.h>
#include <stdatomic.h>

#include "base/list.h"
#include "net/http.h"
#include "net/loop_uv.h"
#include "net/proxy.h"
#include "net/url.h"

struct gt_http_client {
	atomic_uint refs;
	struct gt_loop *loop;
	struct gt_http_engine *engine;
	char *user_agent;
	struct gt_secret ca_pem; /* not secret, but freed alike */
	bool ca_extends;
	struct gt_secret cert_pem;
	struct gt_secret key_pem;
	char *server_name;
	bool insecure;
	struct gt_proxy proxy;
	void (*authorize)(void *arg, struct gt_secret *ret_value);
	void *authorize_arg;
	int64_t connect_timeout_ns;
	bool http1_only;
};

void gt_http__client_ref(struct gt_http_client *client);

/*
 * Connections are pooled by what may share them.  Streams have connections of their own, lest they
 * take all streams of those that requests use.  HTTP/1.1 by choice stands apart, because one such
 * connection makes curl multiplex nothing to that host.
 */
enum gt_http__pool { GT_HTTP__SHARED, GT_HTTP__HTTP1, GT_HTTP__STREAMS, GT_HTTP__POOLS };

struct gt_http__transfer;

/* What the engine tells the owner, on the loop thread. */
struct gt_http__ops {
	/* The final response's head is complete.  False aborts with t->abort. */
	bool (*head)(struct gt_http__transfer *t);
	/* Body bytes.  n taken, CURL_WRITEFUNC_PAUSE, or anything else to abort with t->abort. */
	size_t (*data)(struct gt_http__transfer *t, struct gt_str bytes);
	/* The transfer is over and may be freed; exactly once. */
	void (*done)(struct gt_http__transfer *t, int rc, const struct gt_err *err);
};

struct gt_http__transfer {
	const struct gt_http__ops *ops;
	struct gt_http_client *client;

	/* Set by the owner before gt_http__start(), and kept alive by it until done. */
	enum gt_http__pool pool;
	const char *method;
	const struct gt_url *url;
	struct curl_slist *headers; /* given to the transfer */
	struct gt_str body;
	bool has_body;
	bool gzip;
	int64_t timeout_ns;      /* of the whole exchange; 0 for none */
	int64_t head_timeout_ns; /* to the head; 0 for none */
	int64_t idle_timeout_ns;

	/* The response so far. */
	int status;
	int http_version;
	struct gt_buf head;
	bool head_done;
	int64_t connect_ns, total_ns;
	bool reached; /* the request may have reached the server */
	bool broken;  /* the connection broke under it */

	/* Why an op aborted; code GT_OK for none. */
	struct gt_err abort;

	/* The engine's. */
	struct gt_list node;
	struct gt_http_engine *engine;
	CURL *easy;
	struct curl_slist *connect_to;
	struct gt_timer *head_timer;
	bool running;
	char text[CURL_ERROR_SIZE];
};

struct gt_http_engine *gt_http__engine(struct gt_loop *loop);

/* Loop thread; done() may come only later. */
void gt_http__start(struct gt_http__transfer *t);

/* Ends a running transfer with GT_E_CANCELLED, from outside curl's callbacks; harmless after its
 * end.  Loop thread. */
void gt_http__cancel(struct gt_http__transfer *t);

/* Lets a paused transfer go on.  Loop thread. */
void gt_http__resume(struct gt_http__transfer *t);

/* Sets all of curl's options for t (http_setup.c). */
int gt_http__setup(struct gt_http__transfer *t, struct gt_err *err);

/* TLS options alone (http_tls.c). */
int gt_http__setup_tls(struct gt_http__transfer *t, struct gt_err *err);

/* Fills err for a transfer that curl ended with `code`, returns its code (http_error.c). */
int gt_http__fail(struct gt_http__transfer *t, CURLcode code, struct gt_err *err);

/*
 * The header list of a request: what the caller gave, credentials, defaults.  with_auth is false
 * once a redirect has left the origin.  GT_E_INVALID for a malformed header (http_headers.c).
 */
int gt_http__headers(struct gt_http_client *client, const struct gt_http_req *req,
		     const struct gt_url *url, bool with_auth, struct curl_slist **ret_list,
		     struct gt_err *err);
void gt_http__headers_free(struct curl_slist *list); /* wipes */

/* Parses req->url and checks method and scheme. */
int gt_http__parse_target(const struct gt_http_req *req, struct gt_url *ret_url,
			  struct gt_err *err);

/* Whether the method may be sent twice. */
bool gt_http__idempotent(const char *method);

#endif
