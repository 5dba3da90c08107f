/*
 * Inside the server.  A gt_conn moves bytes between the socket (through TLS or not) and a session,
 * which speaks HTTP/1.1 (h1_session.c) or HTTP/2 (h2_session.c).  A session makes requests and
 * pulls their replies' bytes when the connection has room for more.  Everything here runs on the
 * loop thread but where reply.c says otherwise.
 */
#ifndef GT_NET_SERVER_PRIV_H
#define GT_NET_SERVER_PRIV_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/list.h"
#include "base/time.h"
#include "base/vec.h"
#include "crypto/tls.h"
#include "net/loop_uv.h"
#include "net/server.h"

/* Sessions stop filling a connection's output here. */
#define GT_CONN_OUT_HIGH GT_KIB(128)
#define GT_REPLY_LOW GT_KIB(64)

struct gt_conn;

struct gt_http_server {
	struct gt_loop_part part;
	struct gt_loop *loop;
	struct gt_http_server_opts opts;
	struct gt_tls *tls;
	uv_tcp_t *listener;
	uint16_t port;
	struct gt_list conns;
	atomic_size_t n_conns;
	struct gt_timer *sweep;
	bool draining;
	int64_t drain_until;
	void (*drained)(void *arg);
	void *drained_arg;
};

/* ---- sessions ---- */

struct gt_session_ops {
	/* Bytes from the client; false when the connection must go once its output is out. */
	bool (*input)(struct gt_conn *c, struct gt_str bytes);
	/* The client will send no more. */
	void (*eof)(struct gt_conn *c);
	/* Adds to gt_conn_out() while that has room. */
	void (*output)(struct gt_conn *c);
	/* Whether nothing is under way, so that a draining server may close it. */
	bool (*idle)(const struct gt_conn *c);
	/* The server is draining: finish what is under way and take no more. */
	void (*drain)(struct gt_conn *c);
	/* The connection is gone: detach every reply and free the session. */
	void (*free)(struct gt_conn *c);
};

/* Each makes the session of a connection. */
void gt_h1__open(struct gt_conn *c);
void gt_h2__open(struct gt_conn *c);

/* ---- connections ---- */

struct gt_conn {
	uv_tcp_t tcp;
	struct gt_list node;
	struct gt_http_server *server;
	struct gt_tls_conn *tls;
	const struct gt_session_ops *ops; /* NULL until the handshake is done */
	void *session;
	struct gt_buf out;  /* the session's bytes */
	struct gt_buf wire; /* what uv_write is sending */
	uv_write_t write;
	uv_shutdown_t shutdown;
	int64_t deadline;       /* for the client's next bytes, INT64_MAX for none */
	int64_t write_deadline; /* for progress of the output */
	size_t unsent;          /* at the last look */
	bool writing;
	bool busy;      /* inside input or output: no re-entry */
	bool finishing; /* close when all output is out */
	bool aborting;  /* close at once, as soon as not busy */
	bool replying;  /* inside a call on a reply: whoever made it is not called back */
	bool doomed;    /* failed while replying, closed in the loop's next turn */
	bool lingering; /* output is out and ended, the rest of the input is thrown away */
	bool eof;
	bool closing;
	bool reading;
	struct gt_subject subject; /* the client certificate's */
	bool has_subject;
	char peer[64];
};

void gt_conn__accept(struct gt_http_server *server);
void gt_conn__close(struct gt_conn *c); /* at once */
void gt_conn__sweep(struct gt_conn *c, int64_t now);
void gt_conn__drain(struct gt_conn *c);

/* Lets the session produce output and sends what there is.  May close the connection. */
void gt_conn__flush(struct gt_conn *c);

/* The same for who answers: what must be closed is closed later, so that a call on one reply never
 * runs the on_close of another. */
void gt_conn__flush_reply(struct gt_conn *c);

/* A deadline so far from now for the client's next bytes; 0 means none. */
void gt_conn__expect(struct gt_conn *c, int64_t within_ns);

/* Stops and resumes reading, when a session has enough for now. */
void gt_conn__pause(struct gt_conn *c, bool pause);

/* Called by the connection when it has left the server's list. */
void gt_server__left(struct gt_http_server *server);

/* Looks after the connections in the next turn of the loop. */
void gt_server__sweep_soon(struct gt_http_server *server);

/* ---- replies ---- */

struct gt_chunk {
	struct gt_list node;
	struct gt_buf bytes;
	size_t at; /* already taken */
};

/* How a reply reaches its session. */
struct gt_reply_ops {
	/* The reply has something new: a head, bytes, an end, an abort. */
	void (*ready)(struct gt_reply *reply);
};

struct gt_reply {
	atomic_uint refs; /* the handler's, the session's, and one for each job posted */
	struct gt_loop *loop;
	size_t gzip_min;
	struct gt_arena mem; /* the request's strings and the answer's headers */
	struct gt_http_request req;
	struct gt_buf body;
	struct gt_http_target target;

	/* The handler's until the answer starts, then the loop thread's. */
	GT_VEC(struct gt_http_field) fields;
	bool begun; /* the handler has called start or send; handler's side */

	/* Loop thread. */
	const struct gt_reply_ops *ops; /* NULL once detached */
	struct gt_conn *conn;
	void *session;
	int status; /* 0 until the answer starts */
	int64_t length;
	struct gt_list queue; /* of struct gt_chunk */
	bool ended;
	bool aborted;
	bool gone; /* on_close has run, or would have */
	bool above;
	void (*on_close)(void *arg);
	void *on_close_arg;
	void (*on_drain)(void *arg);
	void *on_drain_arg;

	atomic_size_t pending;
	atomic_bool closed;
};

/* With one reference for the session; the handler's is added by gt_reply__dispatch(). */
struct gt_reply *gt_reply__new(struct gt_conn *c, const struct gt_reply_ops *ops, void *session);
void gt_reply__unref(struct gt_reply *reply);

/* Fills req's text-independent parts: peer, TLS, certificate. */
void gt_reply__set_peer(struct gt_reply *reply);

/* Asks the server's route for the target; a missing one answers 404 later. */
void gt_reply__route(struct gt_reply *reply);

/* Hands the complete request to its handler. */
void gt_reply__dispatch(struct gt_reply *reply);

/* The client cannot be reached any more (or will not read on): tells the handler once. */
void gt_reply__gone(struct gt_reply *reply);

/* Detaches from the session: drops the queue, tells the handler, drops the session's reference. */
void gt_reply__detach(struct gt_reply *reply);

/* The bytes at the head of the queue, and marking n of them as taken. */
struct gt_str gt_reply__peek(const struct gt_reply *reply);
void gt_reply__took(struct gt_reply *reply, size_t n);

/* A status without a body by definition: 1xx, 204, 304. */
bool gt_reply__bodyless(const struct gt_reply *reply);

/* gzip of a body (gzip_body.c); false when it is better left as it is. */
bool gt_gzip__body(struct gt_str body, struct gt_buf *out);

#endif
