#include "net/router.h"

#include "base/alloc.h"
#include "base/vec.h"
#include "net/server.h"

struct gt_router {
	GT_VEC(struct gt_route) routes;
};

struct gt_router *gt_router_new(void)
{
	return gt_new(struct gt_router);
}

void gt_router_free(struct gt_router *router)
{
	if (!router)
		return;
	for (size_t i = 0; i < router->routes.n; i++) {
		free((void *)(uintptr_t)router->routes.v[i].pattern);
		free((void *)(uintptr_t)router->routes.v[i].method);
	}
	gt_vec_fini(&router->routes);
	free(router);
}

void gt_router_add(struct gt_router *router, const struct gt_route *route)
{
	struct gt_route copy = *route;

	copy.pattern = gt_xstrdup(route->pattern);
	copy.method = route->method ? gt_xstrdup(route->method) : NULL;
	gt_vec_push(&router->routes, copy);
}

static bool path_matches(const struct gt_route *route, struct gt_str path)
{
	struct gt_str pattern = gt_str(route->pattern);

	if (gt_str_ends(pattern, "/"))
		return gt_str_starts(path, route->pattern);
	return gt_str_eq(path, pattern);
}

static bool method_matches(const struct gt_route *route, struct gt_str method)
{
	if (!route->method || gt_str_is(method, route->method))
		return true;
	return gt_streq(route->method, "GET") && gt_str_is(method, "HEAD");
}

static bool better(const struct gt_route *a, const struct gt_route *b)
{
	size_t an = strlen(a->pattern), bn = strlen(b->pattern);

	return an != bn ? an > bn : a->method && !b->method;
}

/* Lists the methods that the path has, once each. */
static void allowed(const struct gt_router *router, struct gt_str path, struct gt_buf *out)
{
	for (size_t i = 0; i < router->routes.n; i++) {
		const struct gt_route *route = &router->routes.v[i];

		if (!route->method || !path_matches(route, path) ||
		    gt_str_search(gt_buf_str(out), gt_str(route->method)) != SIZE_MAX)
			continue;
		gt_buf_printf(out, "%s%s", out->n ? ", " : "", route->method);
		if (gt_streq(route->method, "GET"))
			gt_buf_adds(out, ", HEAD");
	}
}

static void refuse_method(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	gt_auto_buf methods = {0};

	allowed(arg, req->path, &methods);
	gt_reply_header(reply, "Allow", gt_buf_cstr(&methods));
	gt_reply_error(reply, 405, "Method Not Allowed");
}

struct gt_http_target gt_router_route(void *arg, const struct gt_http_request *req)
{
	struct gt_router *router = arg;
	const struct gt_route *best = NULL;
	bool path_known = false;

	for (size_t i = 0; i < router->routes.n; i++) {
		const struct gt_route *route = &router->routes.v[i];

		if (!path_matches(route, req->path))
			continue;
		path_known = true;
		if (method_matches(route, req->method) && (!best || better(route, best)))
			best = route;
	}
	if (best)
		return (struct gt_http_target){best->handler, best->arg, best->max_body};
	if (path_known)
		return (struct gt_http_target){refuse_method, router, 0};
	return (struct gt_http_target){0};
}
