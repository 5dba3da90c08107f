/*
 * gt_kube - one API server as seen by one identity.
 *
 * The calls here block: they belong on worker threads (never on the loop thread) and take a
 * context for deadline and cancellation.  Objects are document trees in the caller's arena.
 * Connections, rate limit, discovery and TLS are shared by a client and those derived from it with
 * gt_kube_as().  A client is reference counted and may be used from any thread.
 *
 * Errors of the API server are typed: code, http_status, reason (of the Status) and the server's
 * message as text.  404 NOT_FOUND; 409 EXISTS (reason AlreadyExists) or CONFLICT; 410 GONE;
 * 422 and 400 INVALID; 401 AUTH; 403 FORBIDDEN; 429 THROTTLED; 5xx UNAVAILABLE or TIMEOUT.
 * Answers with Retry-After are retried (upstream: client-go, at most 10 attempts), and so are
 * reads whose connection broke.
 */
#ifndef GT_KUBE_CLIENT_H
#define GT_KUBE_CLIENT_H

#include "base/ctx.h"
#include "base/log.h"
#include "kube/kubeconfig.h"
#include "kube/resource.h"
#include "text/node.h"

struct gt_loop;
struct gt_kube;

struct gt_kube_opts {
	const char *user_agent;   /* "name/version"; NULL for "libgitops/<version>" */
	const struct gt_log *log; /* where the server's warnings go, once each; may be NULL */
	double qps; /* bounds servers without priority and fairness; 0: 50, negative: none */
	int burst;  /* 0: 300 */
	/* Told about each answer (code 0: none came); for rest_client_requests_total. */
	void (*observe)(void *arg, const char *method, const char *host, unsigned code);
	void *observe_arg;
};

/* The configuration is copied.  Makes no request.  Release with gt_kube_unref. */
int gt_kube_new(struct gt_loop *loop, const struct gt_rest_config *config,
		const struct gt_kube_opts *opts, struct gt_kube **ret_kube, struct gt_err *err);
struct gt_kube *gt_kube_ref(struct gt_kube *k);
void gt_kube_unref(struct gt_kube *k);

/* The same server as another user; a new reference.  user NULL gives k itself, referenced. */
struct gt_kube *gt_kube_as(struct gt_kube *k, const char *user);

/* "" when not impersonating; the server's URL; a number that is the same for clients of the same
 * connection settings. */
const char *gt_kube_user(const struct gt_kube *k);
const char *gt_kube_server(const struct gt_kube *k);
uint64_t gt_kube_cluster_id(const struct gt_kube *k);
struct gt_loop *gt_kube_loop(const struct gt_kube *k);

/* HEAD /livez/ping: when the server has priority and fairness, the rate limiter goes off.  A
 * failure is no error; the limiter then stays. */
void gt_kube_probe(struct gt_kube *k, struct gt_ctx *ctx);

/* --- reading ------------------------------------------------------------------------------ */
int gt_kube_get(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		const struct gt_resource *r, const char *ns, const char *name,
		struct gt_node **ret_obj, struct gt_err *err);
/* Only apiVersion, kind and metadata are sent over. */
int gt_kube_get_metadata(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
			 const struct gt_resource *r, const char *ns, const char *name,
			 struct gt_node **ret_obj, struct gt_err *err);

struct gt_list_opts {
	const char *label_selector;
	const char *field_selector;
	const char *resource_version; /* NULL: the latest; "0": any cached version */
	unsigned limit;               /* page size; 0: 500 */
	bool metadata_only;
};

/* All items of all pages, as one list object.  ns NULL or "": all namespaces. */
int gt_kube_list(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		 const struct gt_resource *r, const char *ns, const struct gt_list_opts *opts,
		 struct gt_node **ret_list, struct gt_err *err);

/* One page at a time in memory; a negative return of fn stops and is returned. */
int gt_kube_list_each(struct gt_kube *k, struct gt_ctx *ctx, const struct gt_resource *r,
		      const char *ns, const struct gt_list_opts *opts,
		      int (*fn)(void *arg, struct gt_node *item, struct gt_err *err), void *arg,
		      struct gt_err *err);

/* --- writing ------------------------------------------------------------------------------ */
struct gt_write_opts {
	const char *field_manager; /* NULL: the user agent's name */
	const char *subresource;   /* "status"; NULL for the object */
	const char *validation;    /* "Ignore", "Warn", "Strict"; NULL: the server's default */
	bool dry_run;
	bool force; /* apply only: take over conflicting fields */
};

/* ret_obj may be NULL in all of these.  opts may be NULL except for apply. */
int gt_kube_create(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		   const struct gt_resource *r, const struct gt_node *obj,
		   const struct gt_write_opts *opts, struct gt_node **ret_obj, struct gt_err *err);
int gt_kube_update(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		   const struct gt_resource *r, const struct gt_node *obj,
		   const struct gt_write_opts *opts, struct gt_node **ret_obj, struct gt_err *err);

enum gt_patch_type {
	GT_PATCH_JSON,       /* RFC 6902 */
	GT_PATCH_JSON_MERGE, /* RFC 7386 */
	GT_PATCH_STRATEGIC,
	GT_PATCH_APPLY, /* server-side apply; *ret_created tells 201 from 200 */
};
int gt_kube_patch(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		  const struct gt_resource *r, const char *ns, const char *name,
		  enum gt_patch_type type, const struct gt_node *body,
		  const struct gt_write_opts *opts, struct gt_node **ret_obj, struct gt_err *err);

/* Server-side apply of obj under opts->field_manager, which must be given. */
int gt_kube_apply(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		  const struct gt_resource *r, const struct gt_node *obj,
		  const struct gt_write_opts *opts, struct gt_node **ret_obj, struct gt_err *err);

struct gt_delete_opts {
	const char *propagation; /* "Background", "Foreground", "Orphan"; NULL: the default */
	const char *uid;         /* preconditions */
	const char *resource_version;
	bool dry_run;
};
int gt_kube_delete(struct gt_kube *k, struct gt_ctx *ctx, const struct gt_resource *r,
		   const char *ns, const char *name, const struct gt_delete_opts *opts,
		   struct gt_err *err);

/* GET of any path ("/version", "/api/v1/namespaces/x/pods/y/log?..."), the body as bytes. */
int gt_kube_get_raw(struct gt_kube *k, struct gt_ctx *ctx, const char *path,
		    struct gt_buf *ret_body, struct gt_err *err);

/* Waits (up to the context's end) for a resource kind: discovery of the REST mapping, see
 * kube/discovery.h. */
int gt_kube_resource(struct gt_kube *k, struct gt_ctx *ctx, struct gt_gvk gvk,
		     const struct gt_resource **ret_resource, struct gt_err *err);

/* Whether err says so. */
bool gt_err_is_no_match(const struct gt_err *err); /* the server does not know the kind */
bool gt_err_is_expired(const struct gt_err *err);  /* 410 with reason Expired or Gone */

/* --- retry on conflict --------------------------------------------------------------------- */
/* Runs step until it does not fail with CONFLICT, at most 5 times, 10 ms apart with jitter. */
int gt_kube_retry_conflict(struct gt_ctx *ctx, int (*step)(void *arg, struct gt_err *err),
			   void *arg, struct gt_err *err);

#endif
