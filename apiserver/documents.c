#include "documents.h"

#include "base/enc.h"
#include "base/map.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "encode.h"
#include "gt_version.h"
#include "net/server.h"
#include "net/url.h"
#include "server.h"
#include "status.h"
#include "text/json.h"

/* A document and the hash of it, kept until the registry changes. */
struct document {
	struct gt_buf body;
	char hash[130]; /* upper-case hex of SHA-512 */
};

struct as_documents {
	struct as_server *server;
	pthread_mutex_t lock;
	struct gt_map kept; /* by name */
	uint64_t generation;
};

static void free_document(void *p)
{
	struct document *d = p;

	gt_buf_fini(&d->body);
	free(d);
}

struct as_documents *as_documents_new(struct as_server *server)
{
	struct as_documents *d = gt_new(struct as_documents);

	d->server = server;
	pthread_mutex_init(&d->lock, NULL);
	gt_map_init(&d->kept, free_document);
	return d;
}

void as_documents_free(struct as_documents *d)
{
	if (!d)
		return;
	gt_map_fini(&d->kept);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

/* --- keeping ------------------------------------------------------------------------------ */

/* Makes the document of a name: "api", "apis/apps/v1", "openapi/v3/api/v1" and so on. */
static bool make(struct as_server *s, struct gt_buf *out, struct gt_str name);

static void hash_of(const struct gt_buf *body, char hash[130])
{
	struct gt_digest sum = gt_digest_of(GT_SHA512, gt_buf_str(body));
	char hex[GT_DIGEST_TEXT];

	gt_digest_hex(&sum, hex);
	for (size_t i = 0; i < 128; i++)
		hash[i] = (char)(hex[i] >= 'a' ? hex[i] - 'a' + 'A' : hex[i]);
	hash[128] = '\0';
}

/* Under the lock. */
static struct document *need(struct as_documents *d, struct gt_str name)
{
	uint64_t generation = as_registry_generation(d->server->registry);
	struct document *doc;

	if (generation != d->generation) {
		gt_map_fini(&d->kept);
		gt_map_init(&d->kept, free_document);
		d->generation = generation;
	}
	doc = gt_map_find(&d->kept, name);
	if (doc)
		return doc;
	doc = gt_new(struct document);
	if (!make(d->server, &doc->body, name) || gt_buf_check(&doc->body, NULL) < 0) {
		free_document(doc);
		return NULL;
	}
	hash_of(&doc->body, doc->hash);
	gt_map_put(&d->kept, name, doc);
	return doc;
}

/* A copy of the document; false when there is none. */
static bool fetch(struct as_documents *d, struct gt_str name, struct gt_buf *ret_body,
		  char ret_hash[130])
{
	pthread_mutex_lock(&d->lock);
	struct document *doc = need(d, name);
	if (doc) {
		if (ret_body)
			gt_buf_add_str(ret_body, gt_buf_str(&doc->body));
		memcpy(ret_hash, doc->hash, 130);
	}
	pthread_mutex_unlock(&d->lock);
	return doc != NULL;
}

/* --- OpenAPI's index ---------------------------------------------------------------------- */

struct indexing {
	struct as_documents *d;
	struct gt_buf *out;
	bool any;
};

static void index_one(void *arg, const char *group, const char *version)
{
	struct indexing *ix = arg;
	gt_auto_buf path = {0};
	gt_auto_buf body = {0};
	char hash[130];

	gt_buf_printf(&path, "%s%s%s/%s", group[0] ? "apis" : "api", group[0] ? "/" : "", group,
		      version);
	/* Hashing needs the document, keeping it does not. */
	if (!as_openapi_document(ix->d->server, &body, gt_str(group), gt_str(version)))
		return;
	hash_of(&body, hash);
	gt_buf_printf(ix->out, "%s\"%s\":{\"serverRelativeURL\":\"/openapi/v3/%s?hash=%s\"}",
		      ix->any ? "," : "", gt_buf_cstr(&path), gt_buf_cstr(&path), hash);
	ix->any = true;
}

/* --- making ------------------------------------------------------------------------------- */

/* "group/version" or "version" after a prefix. */
static bool group_version(struct gt_str rest, struct gt_str *ret_group, struct gt_str *ret_version)
{
	size_t slash = gt_str_find(rest, '/');

	if (gt_str_starts(rest, "api/")) {
		*ret_group = gt_str("");
		*ret_version = gt_str_from(rest, 4);
		return gt_str_find(*ret_version, '/') == SIZE_MAX;
	}
	if (!gt_str_starts(rest, "apis/"))
		return false;
	rest = gt_str_from(rest, 5);
	slash = gt_str_find(rest, '/');
	if (slash == SIZE_MAX)
		return false;
	*ret_group = gt_str_sub(rest, 0, slash);
	*ret_version = gt_str_from(rest, slash + 1);
	return ret_group->n > 0 && gt_str_find(*ret_version, '/') == SIZE_MAX;
}

static bool make(struct as_server *s, struct gt_buf *out, struct gt_str name)
{
	struct gt_str group, version;

	if (gt_str_is(name, "api"))
		as_discovery_core_versions(s, out);
	else if (gt_str_is(name, "apis"))
		as_discovery_groups(s, out);
	else if (gt_str_is(name, "api;v2") || gt_str_is(name, "api;v2beta1"))
		as_discovery_aggregated(s, out, true, name.n > 6);
	else if (gt_str_is(name, "apis;v2") || gt_str_is(name, "apis;v2beta1"))
		as_discovery_aggregated(s, out, false, name.n > 7);
	else if (gt_str_is(name, "openapi/v3")) {
		struct indexing ix = {.d = s->documents, .out = out};
		gt_buf_adds(out, "{\"paths\":{");
		as_each_group_version(s, index_one, &ix);
		gt_buf_adds(out, "}}");
	} else if (gt_str_starts(name, "openapi/v3/"))
		return group_version(gt_str_from(name, 11), &group, &version) &&
		       as_openapi_document(s, out, group, version);
	else if (group_version(name, &group, &version))
		return as_discovery_resources(s, out, group, version);
	else if (gt_str_starts(name, "apis/"))
		return as_discovery_group(s, out, gt_str_from(name, 5));
	else
		return false;
	return true;
}

/* --- serving ------------------------------------------------------------------------------ */

static bool etag_matches(struct as_call *c, const char *hash)
{
	struct gt_str want = gt_str_trim(gt_http_request_header(c->http, "If-None-Match"));

	if (want.n > 2 && want.p[0] == '"')
		want = gt_str_sub(want, 1, want.n - 2);
	return gt_str_is(want, hash);
}

/* Which aggregated version the client prefers over the plain form, or NULL. */
static const char *aggregated(struct as_call *c)
{
	struct gt_split it = {.rest = gt_http_request_header(c->http, "Accept")};
	struct gt_str clause;

	while (gt_split_next(&it, ',', &clause)) {
		bool list = gt_str_search(clause, gt_str("as=APIGroupDiscoveryList")) != SIZE_MAX;
		if (!list && gt_str_is(gt_str_trim(clause), "application/json"))
			return NULL;
		if (!list || gt_str_search(clause, gt_str("protobuf")) != SIZE_MAX ||
		    gt_str_search(clause, gt_str("cbor")) != SIZE_MAX)
			continue;
		if (gt_str_search(clause, gt_str("v=v2beta1")) != SIZE_MAX)
			return "v2beta1";
		if (gt_str_search(clause, gt_str("v=v2")) != SIZE_MAX)
			return "v2";
	}
	return NULL;
}

static void send_document(struct as_call *c, struct gt_buf *body, const char *hash,
			  const char *type)
{
	gt_reply_headerf(c->reply, "ETag", "\"%s\"", hash);
	gt_reply_header(c->reply, "Vary", "Accept");
	if (etag_matches(c, hash)) {
		gt_auto_buf none = {0};
		gt_reply_send_take(c->reply, 304, NULL, &none);
		return;
	}
	gt_reply_send_take(c->reply, 200, type, body);
}

static void serve_aggregated(struct as_call *c, const char *which, const char *version)
{
	gt_auto_buf name = {0};
	gt_auto_buf body = {0};
	gt_auto_buf type = {0};
	char hash[130];

	gt_buf_printf(&name, "%s;%s", which, version);
	fetch(c->server->documents, gt_buf_str(&name), &body, hash);
	gt_buf_printf(&type, "application/json;g=apidiscovery.k8s.io;v=%s;as=APIGroupDiscoveryList",
		      version);
	gt_reply_header(c->reply, "Cache-Control", "public");
	send_document(c, &body, hash, gt_buf_cstr(&type));
}

static bool serve_openapi(struct as_call *c, struct gt_str name)
{
	gt_auto_buf body = {0};
	gt_auto_buf wanted = {0};
	char hash[130];
	char text[GT_TIME_TEXT];

	if (!fetch(c->server->documents, name, &body, hash))
		return false;
	if (name.n > 11 && gt_query_get(c->http->query, "hash", &wanted)) {
		if (!gt_str_is(gt_buf_str(&wanted), hash)) {
			gt_auto_buf none = {0};
			gt_reply_headerf(c->reply, "Location", "/%.*s?hash=%s", GT_STR_ARG(name),
					 hash);
			gt_reply_send_take(c->reply, 301, NULL, &none);
			return true;
		}
		gt_reply_header(c->reply, "Cache-Control", "public, immutable");
		gt_reply_header(c->reply, "Expires",
				gt_http_date(gt_now_wall() + GT_SECONDS(31536000), text));
	}
	send_document(c, &body, hash, "application/json");
	return true;
}

/* A length-delimited field of a protobuf message, shorter than 128 bytes. */
static void add_field(struct gt_buf *out, unsigned number, struct gt_str value)
{
	gt_buf_addc(out, (char)(number << 3 | 2));
	gt_buf_addc(out, (char)value.n);
	gt_buf_add_str(out, value);
}

/*
 * A Swagger document that describes nothing.  kubectl asks for it when it gets a List and will not
 * go on without; it checks no object whose kind is not there.  All is in version 3.
 */
static void serve_openapi_v2(struct as_call *c)
{
	static const char title[] = "Kubernetes", version[] = "v" GT_COMPAT_KUBERNETES;
	struct gt_str accept = gt_http_request_header(c->http, "Accept");
	gt_auto_buf body = {0}, info = {0};

	if (gt_str_search(accept, gt_str("protobuf")) != SIZE_MAX) {
		add_field(&info, 1, gt_str(title));
		add_field(&info, 2, gt_str(version));
		add_field(&body, 1, gt_str("2.0"));
		add_field(&body, 2, gt_buf_str(&info));
		as_send(c, 200, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
			&body);
		return;
	}
	gt_buf_printf(&body,
		      "{\"swagger\":\"2.0\",\"info\":{\"title\":\"%s\",\"version\":\"%s\"},"
		      "\"paths\":{}}",
		      title, version);
	as_send(c, 200, "application/json", &body);
}

static void serve_version(struct as_call *c)
{
	gt_auto_buf body = {0};

	gt_buf_adds(&body, "{\n  \"major\": \"1\",\n  \"minor\": \"36\",\n  \"gitVersion\": "
			   "\"v" GT_COMPAT_KUBERNETES "\",\n  \"gitCommit\": \"\",\n"
			   "  \"gitTreeState\": \"clean\",\n"
			   "  \"buildDate\": \"1970-01-01T00:00:00Z\",\n  \"goVersion\": \"\",\n"
			   "  \"compiler\": \"gc\",\n  \"platform\": \"linux/amd64\"\n}");
	as_send(c, 200, "application/json", &body);
}

bool as_document_serve(struct as_call *c)
{
	struct gt_str path = c->http->path, method = c->http->method;
	const char *version;
	gt_auto_buf body = {0};
	char hash[130];

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (!gt_str_is(method, "GET") && !gt_str_is(method, "HEAD"))
		return false;
	path = gt_str_from(path, 1);
	if (gt_str_is(path, "version")) {
		serve_version(c);
		return true;
	}
	version = aggregated(c);
	if (version && (gt_str_is(path, "api") || gt_str_is(path, "apis"))) {
		serve_aggregated(c, gt_str_is(path, "api") ? "api" : "apis", version);
		return true;
	}
	if (gt_str_is(path, "openapi/v2")) {
		serve_openapi_v2(c);
		return true;
	}
	if (gt_str_is(path, "openapi/v3") || gt_str_starts(path, "openapi/v3/"))
		return serve_openapi(c, path);
	if (gt_str_starts(path, "openapi") || !fetch(c->server->documents, path, &body, hash))
		return false;
	as_send(c, 200, "application/json", &body);
	return true;
}
