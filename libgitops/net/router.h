/*
 * gt_router - a table of routes for gt_http_server: method and path to handler.  Built before the
 * server starts, read by the loop thread afterwards.
 *
 * A pattern that ends with '/' matches every path below it, any other the path itself; the longest
 * pattern wins, then one with a method over one without.  A path that matches only under other
 * methods is answered 405 with Allow, no match 404.  GET routes also take HEAD.
 */
#ifndef GT_NET_ROUTER_H
#define GT_NET_ROUTER_H

#include "net/server.h"

struct gt_route {
	const char *method;  /* NULL means all */
	const char *pattern; /* escaped, starts with '/' */
	gt_http_handler_fn handler;
	void *arg;
	size_t max_body;
};

struct gt_router;

struct gt_router *gt_router_new(void);
void gt_router_free(struct gt_router *router); /* NULL allowed; after its server */

/* Copies the route; the pattern too. */
void gt_router_add(struct gt_router *router, const struct gt_route *route);

/* For gt_http_server_opts.route, with the router as route_arg. */
struct gt_http_target gt_router_route(void *router, const struct gt_http_request *req);

#endif
