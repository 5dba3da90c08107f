/*
 * What the files of kube/ know of a client: its connection settings, and one request.
 */
#ifndef GT_KUBE_CONN_H
#define GT_KUBE_CONN_H

#include <stdatomic.h>

#include "base/map.h"
#include "kube/watch.h"
#include "net/http.h"

struct gt_discovery;

/* An HTTP client with the TLS files as they were when it was made. */
struct gt_kube__http {
	atomic_uint refs;
	struct gt_http_client *client;
};

/* Shared by all identities of one server. */
struct gt_kube_conn {
	atomic_uint refs;
	struct gt_loop *loop;
	struct gt_rest_config config;
	char *base; /* the server without a trailing slash */
	char *host; /* of the server, for metrics */
	char *user_agent;
	char *manager; /* default field manager */
	uint64_t id;
	const struct gt_log *log;
	void (*observe)(void *arg, const char *method, const char *host, unsigned code);
	void *observe_arg;

	pthread_mutex_t lock; /* guards what follows */
	struct gt_kube__http *http;
	int64_t files_checked; /* monotonic */
	uint64_t files_stamp;  /* of the TLS files that http was made with */
	struct gt_secret token;
	int64_t token_read; /* monotonic; 0: never */
	struct gt_map warned;
	double qps, tokens;
	int burst;
	int64_t tokens_at;

	struct gt_discovery *discovery; /* has a lock of its own */
};

struct gt_kube {
	atomic_uint refs;
	struct gt_kube_conn *conn;
	char *user; /* impersonated; NULL for none */
	char *uid;
	char **groups; /* NULL-terminated or NULL */
};

int gt_kube__conn_new(struct gt_loop *loop, const struct gt_rest_config *config,
		      const struct gt_kube_opts *opts, struct gt_kube_conn **ret_conn,
		      struct gt_err *err);
void gt_kube__conn_unref(struct gt_kube_conn *conn);

struct gt_kube__req {
	const char *method; /* NULL: GET */
	const char *path;   /* from the server's root, escaped, with query */
	const char *accept; /* NULL: application/json */
	const char *content_type;
	struct gt_str body;
	const char *if_none_match; /* ETag */
	bool unlimited;            /* not counted by the rate limiter */
	bool any_status;           /* every answer is success */
};

/* One request with retries; GT_OK for 2xx only.  Blocks; any thread but the loop's. */
int gt_kube__do(struct gt_kube *k, struct gt_ctx *ctx, const struct gt_kube__req *req,
		struct gt_http_resp *resp, struct gt_err *err);

/* As above, with the answer as a tree. */
int gt_kube__call(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		  const struct gt_kube__req *req, struct gt_node **ret_node, struct gt_err *err);

/* Starts a stream; loop thread. */
struct gt_http_stream *gt_kube__stream(struct gt_kube *k, const struct gt_kube__req *req,
				       const struct gt_http_stream_fns *fns, void *arg);
/* Tells the metrics; code 0 for no answer. */
void gt_kube__observe(struct gt_kube *k, const char *method, unsigned code);

/* Appends the path of a resource, of an object when name is not "", of its subresource. */
int gt_kube__path(struct gt_buf *out, const struct gt_resource *r, const char *ns, const char *name,
		  const char *subresource, struct gt_err *err);

/* Appends the query of a list page or a watch. */
void gt_kube__list_query(struct gt_buf *path, const struct gt_list_opts *opts, const char *token);

#define GT_KUBE_ACCEPT_META \
	"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
#define GT_KUBE_ACCEPT_META_LIST \
	"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"

/* Gives each item of a list the kind it is of, where the server left it out. */
void gt_kube__fill_items(struct gt_arena *a, const struct gt_resource *r, struct gt_node *list,
			 bool metadata_only);

void gt_discovery__free(struct gt_discovery *d);

#endif
