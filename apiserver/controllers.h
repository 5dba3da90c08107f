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

/* Starts the thread. */
int as_controllers_start(struct as_server *server, struct as_controllers **ret, struct gt_err *err);
void as_controllers_stop(struct as_controllers *k);

/* Something was written.  Any thread. */
void as_controllers_wake(struct as_controllers *k);

/* What exists from the start: namespaces and a node. */
int as_bootstrap(struct as_server *server, struct gt_err *err);

#endif
