/*
 * gt_http_server - an HTTP server on the loop: HTTP/1.1, and HTTP/2 over TLS by ALPN.
 *
 * A request is routed when its head is complete, its body is collected up to the route's maximum,
 * then the handler runs on the loop thread.  It answers through its gt_reply, at once or later and
 * from any thread.  Slow and hostile clients are bounded in time and memory.
 */
#ifndef GT_NET_SERVER_H
#define GT_NET_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct gt_loop;
struct gt_reply;
struct gt_http_server;
struct gt_tls;

struct gt_http_field {
	struct gt_str name; /* as received; HTTP/2 has lower case */
	struct gt_str value;
};

/* All text is NUL-terminated too.  Valid until its gt_reply has been ended. */
struct gt_http_request {
	struct gt_str method;
	struct gt_str target; /* as received */
	struct gt_str path;   /* escaped, without the query; starts with '/', or is "*" */
	struct gt_str query;  /* escaped; empty if absent */
	struct gt_str host;   /* Host or :authority */
	const struct gt_http_field *fields;
	size_t n_fields;
	struct gt_str body;
	int http_version; /* 10, 11 or 20 */
	bool tls;
	char peer[64]; /* "127.0.0.1:4711", "[::1]:4711" */

	/* The verified client certificate's subject; NULL and 0 without one. */
	const char *peer_cn;
	const char *const *peer_orgs;
	size_t n_peer_orgs;
};

/* The first value of a header, any case of name; { NULL, 0 } if absent. */
struct gt_str gt_http_request_header(const struct gt_http_request *req, const char *name);

/* Whether Accept-Encoding admits gzip (a q of 0 refuses). */
bool gt_http_request_accepts_gzip(const struct gt_http_request *req);

/*
 * Handles a request, on the loop thread.  It owns the reply, and must end it exactly once, now or
 * later, whatever happens: with gt_reply_send*(), gt_reply_error() or gt_reply_end().
 */
typedef void (*gt_http_handler_fn)(void *arg, const struct gt_http_request *req,
				   struct gt_reply *reply);

/* Where a request goes, decided before its body is read (req->body is empty).  Loop thread. */
struct gt_http_target {
	gt_http_handler_fn handler;
	void *arg;
	size_t max_body; /* 0 means no body is accepted: one that comes is answered 413 */
};
typedef struct gt_http_target (*gt_http_route_fn)(void *arg, const struct gt_http_request *req);

struct gt_http_server_opts {
	const char *address;    /* "host:port", ":port", "[::1]:port"; port 0 takes a free one */
	struct gt_tls *tls;     /* NULL means plain; kept by the caller, see crypto/tls.h */
	gt_http_route_fn route; /* a NULL handler is answered 404; see net/router.h */
	void *route_arg;
	size_t max_connections;    /* 0 means GT_LIMIT_HTTP_CONNECTIONS */
	int64_t header_timeout_ns; /* 0 means 10 s */
	int64_t body_timeout_ns;   /* without a byte; 0 means 30 s */
	int64_t idle_timeout_ns;   /* between requests; 0 means 90 s */
	int64_t write_timeout_ns;  /* output without progress; 0 means 60 s */
	size_t gzip_min; /* gzip bodies of gt_reply_send*() from so many bytes; 0 means never */
};

/* Binds and listens.  Loop thread, or any while the loop runs. */
int gt_http_server_new(struct gt_loop *loop, const struct gt_http_server_opts *opts,
		       struct gt_http_server **ret_server, struct gt_err *err);

/* The port listened on.  Any thread. */
uint16_t gt_http_server_port(const struct gt_http_server *server);

/* Connections open now.  Any thread. */
size_t gt_http_server_connections(const struct gt_http_server *server);

/*
 * Stops accepting and closes idle connections at once, busy ones as soon as their replies end, and
 * whatever is left after grace_ns; then runs done(arg) on the loop (NULL allowed).  Once.  Any
 * thread.
 */
void gt_http_server_drain(struct gt_http_server *server, int64_t grace_ns, void (*done)(void *),
			  void *arg);

/* Closes everything and frees.  Loop thread, or any while the loop runs.  NULL is allowed. */
void gt_http_server_free(struct gt_http_server *server);

/* ---- replies: any thread; calls on one reply are made by one thread at a time ---- */

/* The request answered; valid until the reply is ended. */
const struct gt_http_request *gt_reply_request(const struct gt_reply *reply);

/* Adds a header before the answer starts.  Names and values with CR, LF or NUL are dropped. */
void gt_reply_header(struct gt_reply *reply, const char *name, const char *value);
void gt_reply_headerf(struct gt_reply *reply, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A whole answer; ends the reply.  _send copies the body, _send_take empties *body. */
void gt_reply_send(struct gt_reply *reply, int status, const char *content_type,
		   struct gt_str body);
void gt_reply_send_take(struct gt_reply *reply, int status, const char *content_type,
			struct gt_buf *body);

/* A plain-text error as Go's http.Error writes it ("text\n", nosniff); ends the reply. */
void gt_reply_error(struct gt_reply *reply, int status, const char *text);

/*
 * A streamed answer: start, any number of writes, end.  length is the body's length if known, else
 * -1 (chunked).  Each write goes out at once.  After the client has gone writes are dropped.
 */
void gt_reply_start(struct gt_reply *reply, int status, int64_t length);
void gt_reply_write(struct gt_reply *reply, struct gt_str bytes);
void gt_reply_write_take(struct gt_reply *reply, struct gt_buf *bytes);
void gt_reply_end(struct gt_reply *reply);

/* Ends the reply by closing the connection (HTTP/1.1) or resetting the stream (HTTP/2), so that
 * the client sees a broken answer, never a short one that looks whole. */
void gt_reply_abort(struct gt_reply *reply);

/* Bytes written that the connection had no room for yet: a producer stops, or gives up, when they
 * grow. */
size_t gt_reply_pending(const struct gt_reply *reply);

/* Whether the client has gone. */
bool gt_reply_closed(const struct gt_reply *reply);

/*
 * Sets what runs, on the loop thread and at most once, when the client goes away before the end.
 * The reply must still be ended.  At once (before returning) when it has gone already and the
 * caller is on the loop thread, else soon.
 */
void gt_reply_on_close(struct gt_reply *reply, void (*fn)(void *arg), void *arg);

/* Sets what runs on the loop thread each time the pending bytes sink below 64 KiB after a write
 * took them above: the producer's sign to go on. */
void gt_reply_on_drain(struct gt_reply *reply, void (*fn)(void *arg), void *arg);

#endif
