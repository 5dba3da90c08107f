#include "kube/client.h"

#include <stdio.h>
#include <string.h>

#include "base/rand.h"
#include "base/time.h"
#include "kube/conn.h"
#include "kube/object.h"
#include "net/url.h"
#include "text/json.h"

#define PAGE 500
#define CONFLICT_TRIES 5

/* --- life ------------------------------------------------------------------------------------ */

static char **dup_list(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	if (n == 0)
		return NULL;
	char **copy = gt_xcalloc(n + 1, sizeof *copy);
	for (size_t i = 0; i < n; i++)
		copy[i] = gt_xstrdup(list[i]);
	return copy;
}

int gt_kube_new(struct gt_loop *loop, const struct gt_rest_config *config,
		const struct gt_kube_opts *opts, struct gt_kube **ret_kube, struct gt_err *err)
{
	struct gt_kube_conn *conn;
	int rc = gt_kube__conn_new(loop, config, opts, &conn, err);

	if (rc < 0)
		return rc;
	struct gt_kube *k = gt_new(struct gt_kube);
	atomic_init(&k->refs, 1);
	k->conn = conn;
	k->user = config->as_user ? gt_xstrdup(config->as_user) : NULL;
	k->uid = config->as_uid ? gt_xstrdup(config->as_uid) : NULL;
	k->groups = dup_list(config->as_groups);
	*ret_kube = k;
	return GT_OK;
}

struct gt_kube *gt_kube_ref(struct gt_kube *k)
{
	if (k)
		atomic_fetch_add(&k->refs, 1);
	return k;
}

void gt_kube_unref(struct gt_kube *k)
{
	if (!k || atomic_fetch_sub(&k->refs, 1) != 1)
		return;
	gt_kube__conn_unref(k->conn);
	for (char **g = k->groups; g && *g; g++)
		free(*g);
	free(k->groups);
	free(k->user);
	free(k->uid);
	free(k);
}

struct gt_kube *gt_kube_as(struct gt_kube *k, const char *user)
{
	if (!user || !*user)
		return gt_kube_ref(k);
	struct gt_kube *as = gt_new(struct gt_kube);
	atomic_init(&as->refs, 1);
	atomic_fetch_add(&k->conn->refs, 1);
	as->conn = k->conn;
	as->user = gt_xstrdup(user);
	return as;
}

const char *gt_kube_user(const struct gt_kube *k)
{
	return k->user ? k->user : "";
}

const char *gt_kube_server(const struct gt_kube *k)
{
	return k->conn->base;
}

uint64_t gt_kube_cluster_id(const struct gt_kube *k)
{
	return k->conn->id;
}

struct gt_loop *gt_kube_loop(const struct gt_kube *k)
{
	return k->conn->loop;
}

void gt_kube_probe(struct gt_kube *k, struct gt_ctx *ctx)
{
	gt_auto_http_resp resp = {0};
	struct gt_kube__req req = {
		.method = "HEAD", .path = "/livez/ping", .unlimited = true, .any_status = true};

	if (gt_kube__do(k, ctx, &req, &resp, NULL) < 0 ||
	    gt_http_header(&resp, "X-Kubernetes-PF-FlowSchema-UID").n == 0)
		return;
	pthread_mutex_lock(&k->conn->lock);
	k->conn->qps = -1;
	pthread_mutex_unlock(&k->conn->lock);
}

/* --- reading --------------------------------------------------------------------------------- */

static int need_name(const char *name, struct gt_err *err)
{
	if (!name || !*name)
		return gt_fail(err, GT_E_INVALID, "resource name may not be empty");
	return GT_OK;
}

static int get(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
	       const struct gt_resource *r, const char *ns, const char *name, const char *accept,
	       struct gt_node **ret_obj, struct gt_err *err)
{
	gt_auto_buf path = {0};
	int rc = need_name(name, err);

	if (rc == GT_OK)
		rc = gt_kube__path(&path, r, ns, name, NULL, err);
	if (rc < 0)
		return rc;
	struct gt_kube__req req = {.path = gt_buf_cstr(&path), .accept = accept};
	return gt_kube__call(k, ctx, a, &req, ret_obj, err);
}

int gt_kube_get(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		const struct gt_resource *r, const char *ns, const char *name,
		struct gt_node **ret_obj, struct gt_err *err)
{
	return get(k, ctx, a, r, ns, name, NULL, ret_obj, err);
}

int gt_kube_get_metadata(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
			 const struct gt_resource *r, const char *ns, const char *name,
			 struct gt_node **ret_obj, struct gt_err *err)
{
	return get(k, ctx, a, r, ns, name, GT_KUBE_ACCEPT_META, ret_obj, err);
}

void gt_kube__fill_items(struct gt_arena *a, const struct gt_resource *r, struct gt_node *list,
			 bool metadata_only)
{
	const char *api_version = gt_gvk_api_version(a, gt_resource_gvk(r));

	gt_seq_for_each (gt_node_get(list, "items"), item) {
		if (metadata_only || !gt_node_has(item, "kind")) {
			gt_node_set_str(a, item, "kind", r->kind);
			gt_node_set_str(a, item, "apiVersion", api_version);
		}
	}
}

static int list_page(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		     const struct gt_resource *r, const char *ns, const struct gt_list_opts *opts,
		     const char *token, struct gt_node **ret_list, struct gt_err *err)
{
	gt_auto_buf path = {0};
	int rc = gt_kube__path(&path, r, ns, NULL, NULL, err);

	if (rc < 0)
		return rc;
	gt_kube__list_query(&path, opts, token);
	struct gt_kube__req req = {
		.path = gt_buf_cstr(&path),
		.accept = opts->metadata_only ? GT_KUBE_ACCEPT_META_LIST : NULL,
	};
	rc = gt_kube__call(k, ctx, a, &req, ret_list, err);
	if (rc == GT_OK)
		gt_kube__fill_items(a, r, *ret_list, opts->metadata_only);
	return rc;
}

/* Walks the pages; page is called for each, and may reset nothing of the token's arena. */
static int each_page(struct gt_kube *k, struct gt_ctx *ctx, const struct gt_resource *r,
		     const char *ns, const struct gt_list_opts *given,
		     int (*page)(void *arg, struct gt_arena *a, struct gt_node *list,
				 struct gt_err *err),
		     void *arg, struct gt_arena *keep, struct gt_err *err)
{
	struct gt_list_opts opts = given ? *given : (struct gt_list_opts){0};
	gt_autofree char *token = NULL;
	bool whole = false;
	struct gt_err local;
	int rc;

	err = err ? err : &local;
	if (opts.limit == 0)
		opts.limit = PAGE;
	do {
		gt_auto_arena own = {0};
		struct gt_arena *a = keep ? keep : &own;
		struct gt_node *list = NULL;

		rc = list_page(k, ctx, a, r, ns, &opts, token, &list, err);
		if (rc < 0 && token && !whole && gt_err_is_expired(err)) {
			/* The rest of the pages is gone: all of it again, at once. */
			whole = true;
			opts.limit = 0;
			free(gt_steal(token));
			rc = page(arg, a, NULL, err);
			if (rc == GT_OK)
				rc = list_page(k, ctx, a, r, ns, &opts, NULL, &list, err);
		}
		if (rc == GT_OK)
			rc = page(arg, a, list, err);
		if (rc != GT_OK)
			break;
		const char *next = gt_node_cstr_at(list, "metadata", "continue");
		free(token);
		token = next && *next ? gt_xstrdup(next) : NULL;
	} while (token);
	return rc;
}

struct whole_list {
	struct gt_node *list;
};

/* list NULL: start over. */
static int collect_page(void *arg, struct gt_arena *a, struct gt_node *list, struct gt_err *err)
{
	struct whole_list *w = arg;

	if (!list || !w->list) {
		w->list = list;
		return GT_OK;
	}
	struct gt_node *items = gt_node_need_seq(a, w->list, "items");
	gt_seq_for_each (gt_node_get(list, "items"), item)
		gt_node_append(a, items, item);
	gt_node_set(a, w->list, "metadata", gt_node_get(list, "metadata"));
	return gt_arena_check(a, err);
}

int gt_kube_list(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		 const struct gt_resource *r, const char *ns, const struct gt_list_opts *opts,
		 struct gt_node **ret_list, struct gt_err *err)
{
	struct whole_list w = {0};
	int rc = each_page(k, ctx, r, ns, opts, collect_page, &w, a, err);

	if (rc < 0)
		return rc;
	if (!gt_node_is(gt_node_get(w.list, "items"), GT_SEQ))
		gt_node_set(a, w.list, "items", gt_node_seq(a));
	*ret_list = w.list;
	return gt_arena_check(a, err);
}

struct each_item {
	int (*fn)(void *arg, struct gt_node *item, struct gt_err *err);
	void *arg;
	bool any;
};

static int visit_page(void *arg, struct gt_arena *a, struct gt_node *list, struct gt_err *err)
{
	struct each_item *e = arg;
	int rc = gt_arena_check(a, err);

	if (!list && e->any)
		return gt_fail(err, GT_E_GONE, "the list expired while it was being read");
	gt_seq_for_each (gt_node_get(list, "items"), item) {
		e->any = true;
		if (rc == GT_OK)
			rc = e->fn(e->arg, item, err);
	}
	return rc;
}

int gt_kube_list_each(struct gt_kube *k, struct gt_ctx *ctx, const struct gt_resource *r,
		      const char *ns, const struct gt_list_opts *opts,
		      int (*fn)(void *arg, struct gt_node *item, struct gt_err *err), void *arg,
		      struct gt_err *err)
{
	struct each_item e = {.fn = fn, .arg = arg};

	return each_page(k, ctx, r, ns, opts, visit_page, &e, NULL, err);
}

int gt_kube_get_raw(struct gt_kube *k, struct gt_ctx *ctx, const char *path,
		    struct gt_buf *ret_body, struct gt_err *err)
{
	gt_auto_http_resp resp = {0};
	struct gt_kube__req req = {.path = path, .accept = "application/json, */*"};
	int rc = gt_kube__do(k, ctx, &req, &resp, err);

	if (rc == GT_OK)
		gt_buf_add_str(ret_body, gt_buf_str(&resp.body));
	return rc;
}

/* --- writing --------------------------------------------------------------------------------- */

static void write_query(struct gt_kube *k, struct gt_buf *path, const struct gt_write_opts *o,
			bool apply)
{
	gt_auto_buf query = {0};
	const char *manager = o->field_manager ? o->field_manager : k->conn->manager;

	gt_query_add(&query, gt_str("fieldManager"), gt_str(manager));
	if (o->validation)
		gt_query_add(&query, gt_str("fieldValidation"), gt_str(o->validation));
	if (o->dry_run)
		gt_query_add(&query, gt_str("dryRun"), gt_str("All"));
	if (apply)
		gt_query_add(&query, gt_str("force"), gt_str(o->force ? "true" : "false"));
	gt_buf_addc(path, '?');
	gt_buf_add_str(path, gt_buf_str(&query));
}

static int send_object(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		       const char *method, const char *content_type, const struct gt_resource *r,
		       const char *ns, const char *name, const struct gt_node *body,
		       const struct gt_write_opts *opts, struct gt_node **ret_obj,
		       struct gt_err *err)
{
	static const struct gt_write_opts none;
	gt_auto_buf path = {0};
	gt_auto_buf text = {0};

	if (!opts)
		opts = &none;
	int rc = gt_kube__path(&path, r, ns, name, opts->subresource, err);
	if (rc < 0)
		return rc;
	write_query(k, &path, opts, strstr(content_type, "apply-patch") != NULL);
	gt_json_write(&text, body, GT_JSON_COMPACT, 0);
	rc = gt_buf_check(&text, err);
	if (rc < 0)
		return rc;
	struct gt_kube__req req = {
		.method = method,
		.path = gt_buf_cstr(&path),
		.content_type = content_type,
		.body = gt_buf_str(&text),
	};
	rc = gt_kube__call(k, ctx, a, &req, ret_obj, err);
	gt_wipe(text.p, text.n);
	return rc;
}

int gt_kube_create(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		   const struct gt_resource *r, const struct gt_node *obj,
		   const struct gt_write_opts *opts, struct gt_node **ret_obj, struct gt_err *err)
{
	/* A subresource (token, eviction) belongs to the object named; else the name is new. */
	const char *name = opts && opts->subresource ? gt_obj_name(obj) : "";

	return send_object(k, ctx, a, "POST", "application/json", r, gt_obj_namespace(obj), name,
			   obj, opts, ret_obj, err);
}

int gt_kube_update(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		   const struct gt_resource *r, const struct gt_node *obj,
		   const struct gt_write_opts *opts, struct gt_node **ret_obj, struct gt_err *err)
{
	int rc = need_name(gt_obj_name(obj), err);

	if (rc < 0)
		return rc;
	return send_object(k, ctx, a, "PUT", "application/json", r, gt_obj_namespace(obj),
			   gt_obj_name(obj), obj, opts, ret_obj, err);
}

int gt_kube_patch(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		  const struct gt_resource *r, const char *ns, const char *name,
		  enum gt_patch_type type, const struct gt_node *body,
		  const struct gt_write_opts *opts, struct gt_node **ret_obj, struct gt_err *err)
{
	static const char *const content_types[] = {
		[GT_PATCH_JSON] = "application/json-patch+json",
		[GT_PATCH_JSON_MERGE] = "application/merge-patch+json",
		[GT_PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
		[GT_PATCH_APPLY] = "application/apply-patch+yaml",
	};
	int rc = need_name(name, err);

	if (rc < 0)
		return rc;
	return send_object(k, ctx, a, "PATCH", content_types[type], r, ns, name, body, opts,
			   ret_obj, err);
}

int gt_kube_apply(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		  const struct gt_resource *r, const struct gt_node *obj,
		  const struct gt_write_opts *opts, struct gt_node **ret_obj, struct gt_err *err)
{
	return gt_kube_patch(k, ctx, a, r, gt_obj_namespace(obj), gt_obj_name(obj), GT_PATCH_APPLY,
			     obj, opts, ret_obj, err);
}

static void delete_body(struct gt_buf *out, const struct gt_delete_opts *o)
{
	gt_auto_arena a = {0};
	struct gt_node *body = gt_node_map(&a);

	gt_node_set_str(&a, body, "kind", "DeleteOptions");
	gt_node_set_str(&a, body, "apiVersion", "v1");
	gt_node_set_str(&a, body, "propagationPolicy", o->propagation);
	if (o->uid || o->resource_version) {
		struct gt_node *pre = gt_node_need_map(&a, body, "preconditions");
		gt_node_set_str(&a, pre, "uid", o->uid);
		gt_node_set_str(&a, pre, "resourceVersion", o->resource_version);
	}
	if (o->dry_run)
		gt_node_append(&a, gt_node_need_seq(&a, body, "dryRun"), gt_node_str(&a, "All"));
	gt_json_write(out, body, GT_JSON_COMPACT, 0);
}

int gt_kube_delete(struct gt_kube *k, struct gt_ctx *ctx, const struct gt_resource *r,
		   const char *ns, const char *name, const struct gt_delete_opts *opts,
		   struct gt_err *err)
{
	static const struct gt_delete_opts none;
	gt_auto_buf path = {0};
	gt_auto_buf body = {0};
	int rc = need_name(name, err);

	if (rc == GT_OK)
		rc = gt_kube__path(&path, r, ns, name, NULL, err);
	if (rc < 0)
		return rc;
	delete_body(&body, opts ? opts : &none);
	struct gt_kube__req req = {
		.method = "DELETE",
		.path = gt_buf_cstr(&path),
		.content_type = "application/json",
		.body = gt_buf_str(&body),
	};
	return gt_kube__call(k, ctx, NULL, &req, NULL, err);
}

int gt_kube_retry_conflict(struct gt_ctx *ctx, int (*step)(void *arg, struct gt_err *err),
			   void *arg, struct gt_err *err)
{
	int rc = GT_OK;

	for (int i = 0; i < CONFLICT_TRIES; i++) {
		rc = step(arg, err);
		if (rc != GT_E_CONFLICT || i + 1 == CONFLICT_TRIES)
			break;
		int64_t wait = GT_MILLIS(10) + (int64_t)(gt_rand_unit() * 1e6);
		int slept = gt_ctx_sleep(ctx, wait, err);
		if (slept < 0)
			return slept;
	}
	return rc;
}
