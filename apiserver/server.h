/*
 * as_server - the whole of it: store, registry, network, and the server's own controllers.
 *
 * The loop thread takes requests and feeds watches; worker threads do the work of a request;
 * one thread commits (store.h), one runs the controllers (controllers.h).
 */
#ifndef AS_SERVER_H
#define AS_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "call.h"
#include "crypto/tls.h"
#include "net/loop.h"
#include "net/pool.h"
#include "net/server.h"

struct as_controllers;
struct as_documents;
struct as_watches;

struct as_server_opts {
	const char *data; /* folder; NULL with memory */
	bool memory;      /* keep nothing */
	enum as_sync sync;
	const char *address;       /* "127.0.0.1:0" */
	const char *kubeconfig;    /* where to write it; NULL: in the data folder */
	int64_t simulate_delay_ns; /* until workloads become ready */
	unsigned threads;
	const struct gt_log *log;
};

struct as_server {
	struct as_server_opts opts;
	struct gt_loop *loop;
	struct gt_pool *pool;
	struct gt_http_server *http;
	struct as_store *store;
	struct as_registry *registry;
	struct as_table *namespaces;
	struct as_watches *watches;
	struct as_documents *documents; /* discovery and OpenAPI */
	struct as_controllers *controllers;
	struct gt_tls *tls;
	char *ca_pem;
	char *url;             /* https://127.0.0.1:port */
	char *kubeconfig_path; /* malloc'ed, NULL for none */
	atomic_bool ready, stopping;
	atomic_int calls; /* on their way through workers */
	char flow_uid[40], level_uid[40];
	pthread_mutex_t crd_lock;   /* CRDs change one at a time */
	pthread_mutex_t alloc_lock; /* addresses and ports of Services */
};

/* Everything up to serving; the loop is the caller's and not running yet. */
int as_server_start(const struct as_server_opts *opts, struct gt_loop *loop,
		    struct as_server **ret_server, struct gt_err *err);

/* Stops serving and frees; the loop has stopped.  NULL allowed. */
void as_server_free(struct as_server *s);

/* The route and the handler of everything; see router.h of net. */
struct gt_http_target as_http_route(void *server, const struct gt_http_request *req);

/* Runs a call made by the server itself; the caller ends it. */
int as_call_run(struct as_call *c);

/* After each write of the call's resource: what the server must know at once (CRDs). */
void as_server_written(struct as_server *s, struct as_resource *r, enum as_op op,
		       struct as_object *o);

#endif
