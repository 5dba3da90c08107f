/*
 * The server's own controllers, on one thread: namespaces and their content, garbage collection,
 * definitions that go away, and simulated workloads.
 *
 * They follow the store's events, keep a queue of keys with a time each, and act through the same
 * calls as everybody.
 */
#ifndef AS_CONTROLLERS_H
#define AS_CONTROLLERS_H

#include "server.h"

struct as_controllers;

struct as_controllers *as_controllers_new(struct as_server *server);

/* Starts the thread; the store is there. */
int as_controllers_start(struct as_controllers *k, struct gt_err *err);

/* Waits for the end of the thread, if there is one. */
void as_controllers_stop(struct as_controllers *k);
void as_controllers_free(struct as_controllers *k); /* stopped; NULL allowed */

/* Something was written.  Any thread. */
void as_controllers_wake(struct as_controllers *k);

/* What exists from the start: namespaces and a node. */
int as_bootstrap(struct as_server *server, struct gt_err *err);

#endif
