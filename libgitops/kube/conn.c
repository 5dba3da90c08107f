#include "kube/conn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/rand.h"
#include "base/time.h"
#include "gt_version.h"
#include "net/loop.h"
#include "net/url.h"
#include "text/json.h"

#define FILES_EVERY GT_SECONDS(300)
#define TOKEN_EVERY GT_SECONDS(60)
#define WARNINGS_MAX 1000
#define ROUNDS 3   /* of ATTEMPTS each */
#define ATTEMPTS 3 /* by the HTTP client */

/* --- TLS files ------------------------------------------------------------------------------- */

/* Changes when one of the files does. */
static uint64_t files_stamp(const struct gt_rest_config *c)
{
	const char *files[] = {c->ca_file, c->cert_file, c->key_file};
	uint64_t stamp = 0;

	for (size_t i = 0; i < GT_COUNT(files); i++) {
		struct stat st;
		if (!files[i] || stat(files[i], &st) < 0)
			continue;
		int64_t facts[] = {(int64_t)i, st.st_mtim.tv_sec, st.st_mtim.tv_nsec, st.st_size,
				   (int64_t)st.st_ino};
		stamp = stamp * 31 + gt_hash_bytes(facts, sizeof facts);
	}
	return stamp;
}

static int read_pem(const char *path, const struct gt_secret *data, struct gt_secret *ret,
		    struct gt_err *err)
{
	gt_auto_buf text = {0};

	if (gt_secret_is_set(data) || !path) {
		gt_secret_copy(ret, data);
		return GT_OK;
	}
	gt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return gt_fail_errno(err, errno, "open %s", path);
	int rc = gt_fd_read_all(fd, GT_MIB(4), &text, err);
	if (rc == GT_OK)
		gt_secret_set(ret, gt_buf_str(&text));
	gt_wipe(text.p, text.n);
	return rc < 0 ? gt_wrap(err, "read %s", path) : GT_OK;
}

/* The current token; the old one stays where the file cannot be read. */
static void refresh_token(struct gt_kube_conn *conn)
{
	gt_auto_buf text = {0};
	int64_t now = gt_now_mono();

	if (!conn->config.token_file ||
	    (conn->token_read != 0 && now - conn->token_read < TOKEN_EVERY))
		return;
	conn->token_read = now;
	gt_autoclose int fd = open(conn->config.token_file, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || gt_fd_read_all(fd, GT_KIB(64), &text, NULL) < 0)
		return;
	struct gt_str token = gt_str_trim(gt_buf_str(&text));
	if (token.n > 0)
		gt_secret_set(&conn->token, token);
	gt_wipe(text.p, text.n);
}

static void authorize(void *arg, struct gt_secret *ret_value)
{
	struct gt_kube_conn *conn = arg;
	gt_auto_buf value = {0};

	pthread_mutex_lock(&conn->lock);
	refresh_token(conn);
	if (gt_secret_is_set(&conn->token)) {
		gt_buf_adds(&value, "Bearer ");
		gt_buf_add_str(&value, gt_secret_bytes(&conn->token));
	}
	pthread_mutex_unlock(&conn->lock);
	if (value.n == 0 && conn->config.username) {
		gt_auto_buf pair = {0};
		gt_buf_printf(&pair, "%s:", conn->config.username);
		gt_buf_add_str(&pair, gt_secret_bytes(&conn->config.password));
		gt_buf_adds(&value, "Basic ");
		gt_base64_encode(&value, gt_buf_str(&pair));
		gt_wipe(pair.p, pair.n);
	}
	if (value.n > 0)
		gt_secret_set(ret_value, gt_buf_str(&value));
	gt_wipe(value.p, value.n);
}

static int make_http(struct gt_kube_conn *conn, struct gt_kube__http **ret_http, struct gt_err *err)
{
	const struct gt_rest_config *c = &conn->config;
	struct gt_secret ca = {0}, cert = {0}, key = {0};
	struct gt_http_client *client = NULL;

	int rc = read_pem(c->ca_file, &c->ca, &ca, err);
	if (rc == GT_OK)
		rc = read_pem(c->cert_file, &c->cert, &cert, err);
	if (rc == GT_OK)
		rc = read_pem(c->key_file, &c->key, &key, err);
	if (rc == GT_OK) {
		struct gt_http_client_opts opts = {
			.user_agent = conn->user_agent,
			.ca_pem = gt_secret_bytes(&ca),
			.cert_pem = gt_secret_is_set(&cert) ? &cert : NULL,
			.key_pem = gt_secret_is_set(&key) ? &key : NULL,
			.server_name = c->tls_server_name,
			.insecure = c->insecure,
			.proxy_url = c->proxy_url,
			.authorize = authorize,
			.authorize_arg = conn,
		};
		rc = gt_http_client_new(conn->loop, &opts, &client, err);
	}
	gt_secret_fini(&ca);
	gt_secret_fini(&cert);
	gt_secret_fini(&key);
	if (rc < 0)
		return rc;
	struct gt_kube__http *http = gt_new(struct gt_kube__http);
	atomic_init(&http->refs, 1);
	http->client = client;
	*ret_http = http;
	return GT_OK;
}

static void http_unref(struct gt_kube__http *http)
{
	if (!http || atomic_fetch_sub(&http->refs, 1) != 1)
		return;
	gt_http_client_free(http->client);
	free(http);
}

/* The client to use now: made anew when a TLS file has changed. */
static struct gt_kube__http *http_get(struct gt_kube_conn *conn)
{
	struct gt_kube__http *old = NULL;
	int64_t now = gt_now_mono();

	pthread_mutex_lock(&conn->lock);
	if (now - conn->files_checked >= FILES_EVERY) {
		uint64_t stamp = files_stamp(&conn->config);
		struct gt_kube__http *fresh;

		conn->files_checked = now;
		if (stamp != conn->files_stamp && make_http(conn, &fresh, NULL) == GT_OK) {
			old = conn->http;
			conn->http = fresh;
			conn->files_stamp = stamp;
		}
	}
	struct gt_kube__http *http = conn->http;
	atomic_fetch_add(&http->refs, 1);
	pthread_mutex_unlock(&conn->lock);
	http_unref(old);
	return http;
}

/* --- life ------------------------------------------------------------------------------------ */

static char *dup_or_null(const char *s)
{
	return s ? gt_xstrdup(s) : NULL;
}

static void copy_config(struct gt_rest_config *to, const struct gt_rest_config *c)
{
	*to = (struct gt_rest_config){
		.server = dup_or_null(c->server),
		.namespace_ = dup_or_null(c->namespace_),
		.tls_server_name = dup_or_null(c->tls_server_name),
		.ca_file = dup_or_null(c->ca_file),
		.insecure = c->insecure,
		.disable_compression = c->disable_compression,
		.proxy_url = dup_or_null(c->proxy_url),
		.cert_file = dup_or_null(c->cert_file),
		.key_file = dup_or_null(c->key_file),
		.token_file = dup_or_null(c->token_file),
		.username = dup_or_null(c->username),
		.timeout_ns = c->timeout_ns,
	};
	gt_secret_copy(&to->ca, &c->ca);
	gt_secret_copy(&to->cert, &c->cert);
	gt_secret_copy(&to->key, &c->key);
	gt_secret_copy(&to->token, &c->token);
	gt_secret_copy(&to->password, &c->password);
}

int gt_kube__conn_new(struct gt_loop *loop, const struct gt_rest_config *config,
		      const struct gt_kube_opts *opts, struct gt_kube_conn **ret_conn,
		      struct gt_err *err)
{
	gt_auto_url url = {0};
	gt_auto_buf host = {0};

	if (config->exec_command)
		return gt_fail(err, GT_E_UNSUPPORTED,
			       "credentials from a program (exec: %s) are not supported",
			       config->exec_command);
	int rc = gt_url_parse(gt_str(config->server), &url, err);
	if (rc < 0)
		return gt_wrap(err, "server of the kubeconfig");
	gt_url_host(&url, &host);

	struct gt_kube_conn *conn = gt_new(struct gt_kube_conn);
	atomic_init(&conn->refs, 1);
	pthread_mutex_init(&conn->lock, NULL);
	conn->loop = loop;
	copy_config(&conn->config, config);
	conn->base = gt_xstrdup(config->server);
	for (size_t n = strlen(conn->base); n > 0 && conn->base[n - 1] == '/'; n--)
		conn->base[n - 1] = '\0';
	conn->host = gt_buf_take(&host);
	conn->user_agent =
		gt_xstrdup(opts && opts->user_agent ? opts->user_agent : "libgitops/" GT_VERSION);
	conn->manager = gt_xstrndup(conn->user_agent, strcspn(conn->user_agent, "/"));
	gt_rand_bytes(&conn->id, sizeof conn->id);
	conn->log = opts ? opts->log : NULL;
	conn->observe = opts ? opts->observe : NULL;
	conn->observe_arg = opts ? opts->observe_arg : NULL;
	conn->qps = opts && opts->qps != 0 ? opts->qps : 50;
	conn->burst = opts && opts->burst > 0 ? opts->burst : 300;
	conn->tokens = conn->burst;
	conn->tokens_at = gt_now_mono();
	gt_secret_copy(&conn->token, &config->token);
	conn->files_stamp = files_stamp(&conn->config);
	conn->files_checked = gt_now_mono();
	/* Given at start, the token wins until the file is due. */
	if (gt_secret_is_set(&conn->token))
		conn->token_read = gt_now_mono();
	rc = make_http(conn, &conn->http, err);
	if (rc < 0) {
		gt_kube__conn_unref(conn);
		return rc;
	}
	*ret_conn = conn;
	return GT_OK;
}

void gt_kube__conn_unref(struct gt_kube_conn *conn)
{
	if (!conn || atomic_fetch_sub(&conn->refs, 1) != 1)
		return;
	http_unref(conn->http);
	gt_discovery__free(conn->discovery);
	gt_rest_config_fini(&conn->config);
	gt_secret_fini(&conn->token);
	gt_map_fini(&conn->warned);
	pthread_mutex_destroy(&conn->lock);
	free(conn->base);
	free(conn->host);
	free(conn->user_agent);
	free(conn->manager);
	free(conn);
}

/* --- one request ----------------------------------------------------------------------------- */

#define HEADERS_MAX 64

/* Header lines of a request; all malloc'ed. */
struct headers {
	char *v[HEADERS_MAX];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void add_header(struct headers *h, const char *fmt,
							     ...)
{
	gt_auto_buf line = {0};
	va_list ap;

	if (h->n == HEADERS_MAX)
		return;
	va_start(ap, fmt);
	gt_buf_vprintf(&line, fmt, ap);
	va_end(ap);
	h->v[h->n++] = gt_buf_take(&line);
}

static void headers_fini(struct headers *h)
{
	for (size_t i = 0; i < h->n; i++)
		free(h->v[i]);
}

static void make_headers(struct gt_kube *k, const struct gt_kube__req *req, struct headers *h)
{
	add_header(h, "Accept: %s", req->accept ? req->accept : "application/json");
	if (req->content_type)
		add_header(h, "Content-Type: %s", req->content_type);
	if (req->if_none_match)
		add_header(h, "If-None-Match: %s", req->if_none_match);
	if (k->user)
		add_header(h, "Impersonate-User: %s", k->user);
	if (k->uid)
		add_header(h, "Impersonate-Uid: %s", k->uid);
	for (char **g = k->groups; g && *g; g++)
		add_header(h, "Impersonate-Group: %s", *g);
}

void gt_kube__observe(struct gt_kube *k, const char *method, unsigned code)
{
	struct gt_kube_conn *conn = k->conn;

	if (conn->observe)
		conn->observe(conn->observe_arg, method, conn->host, code);
}

/* Waits for the rate limiter's leave. */
static int throttle(struct gt_kube_conn *conn, struct gt_ctx *ctx, struct gt_err *err)
{
	int64_t wait = 0;

	pthread_mutex_lock(&conn->lock);
	if (conn->qps > 0) {
		int64_t now = gt_now_mono();
		conn->tokens += (double)(now - conn->tokens_at) / 1e9 * conn->qps;
		if (conn->tokens > conn->burst)
			conn->tokens = conn->burst;
		conn->tokens_at = now;
		conn->tokens -= 1;
		if (conn->tokens < 0)
			wait = (int64_t)(-conn->tokens / conn->qps * 1e9);
	}
	pthread_mutex_unlock(&conn->lock);
	if (wait <= 0)
		return GT_OK;
	if (wait > GT_SECONDS(1))
		gt_log_debug(conn->log, "waiting for the client-side rate limiter",
			     gt_kv_duration("delay", wait));
	return gt_ctx_sleep(ctx, wait, err);
}

/* The text of a quoted string: a backslash stands before what it protects. */
static char *unquote(struct gt_str text)
{
	char *copy = gt_xmalloc(text.n + 1), *to = copy;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\\' && i + 1 < text.n)
			i++;
		*to++ = text.p[i];
	}
	*to = '\0';
	return copy;
}

/* Logs each distinct `299 - "text"` warning once. */
static void log_warnings(struct gt_kube_conn *conn, const struct gt_http_resp *resp)
{
	struct gt_str value;
	size_t pos = 0;

	if (!conn->log)
		return;
	while (gt_http_header_next(resp, "Warning", &pos, &value)) {
		size_t from = gt_str_find(value, '"');
		size_t to = gt_str_rfind(value, '"');

		if (!gt_str_starts(value, "299 ") || from == SIZE_MAX || to <= from)
			continue;
		struct gt_str text = gt_str_sub(value, from + 1, to - from - 1);
		pthread_mutex_lock(&conn->lock);
		bool fresh = conn->warned.n < WARNINGS_MAX && gt_map_put(&conn->warned, text, NULL);
		pthread_mutex_unlock(&conn->lock);
		if (fresh) {
			gt_autofree char *copy = unquote(text);
			gt_log_info(conn->log, copy);
		}
	}
}

static int answer_error(const struct gt_http_resp *resp, const char *method, struct gt_err *err)
{
	gt_auto_arena a = {.budget = GT_MIB(8)};
	struct gt_node *status = NULL;

	gt_json_parse(&a, gt_buf_str(&resp->body), 0, &status, NULL);
	int rc = gt_status_error(status, (unsigned)resp->status, err);
	/* Without a Status, a POST's conflict is an object that exists. */
	if (resp->status == 409 && gt_node_is_null(status) && strcmp(method, "POST") == 0)
		rc = err ? (int)(err->code = GT_E_EXISTS) : GT_E_EXISTS;
	if (err && err->retry_after_ms == 0 && gt_http_retry_after(resp) > 0)
		err->retry_after_ms = (uint32_t)(gt_http_retry_after(resp) / GT_NS_PER_MS);
	return rc;
}

/* Whether the server asked to be asked again. */
static bool told_to_retry(const struct gt_http_resp *resp)
{
	return (resp->status == 429 || resp->status >= 500) && gt_http_retry_after(resp) >= 0 &&
	       gt_http_retry_after(resp) <= GT_SECONDS(30);
}

static int exchange(struct gt_kube *k, struct gt_ctx *ctx, const struct gt_http_req *http_req,
		    struct gt_http_resp *resp, struct gt_err *err)
{
	int rc = GT_OK;

	for (int round = 0; round < ROUNDS; round++) {
		struct gt_kube__http *http = http_get(k->conn);
		rc = gt_http_do(http->client, http_req, ctx, resp, err);
		http_unref(http);
		gt_kube__observe(k, http_req->method, rc < 0 ? 0 : (unsigned)resp->status);
		if (rc < 0 || !told_to_retry(resp))
			return rc;
		if (round + 1 < ROUNDS) {
			rc = gt_ctx_sleep(ctx, gt_http_retry_after(resp), err);
			if (rc < 0)
				return rc;
		}
	}
	return rc;
}

int gt_kube__do(struct gt_kube *k, struct gt_ctx *ctx, const struct gt_kube__req *req,
		struct gt_http_resp *resp, struct gt_err *err)
{
	struct gt_kube_conn *conn = k->conn;
	const char *method = req->method ? req->method : "GET";
	gt_autofree char *url = gt_xasprintf("%s%s", conn->base, req->path);
	struct headers h = {0};

	int rc = req->unlimited ? GT_OK : throttle(conn, ctx, err);
	if (rc < 0)
		return rc;
	make_headers(k, req, &h);
	struct gt_http_req http_req = {
		.method = method,
		.url = url,
		.headers = (const char *const *)h.v,
		.n_headers = h.n,
		.body = req->body,
		.has_body = req->body.p != NULL,
		.timeout_ns = conn->config.timeout_ns,
		.max_response = GT_LIMIT_API_RESPONSE,
		.no_redirects = true,
		.gzip = !conn->config.disable_compression,
		.attempts = ATTEMPTS,
	};
	rc = exchange(k, ctx, &http_req, resp, err);
	headers_fini(&h);
	if (rc < 0)
		return rc;
	log_warnings(conn, resp);
	if (req->any_status || (resp->status >= 200 && resp->status < 300) ||
	    (resp->status == 304 && req->if_none_match))
		return GT_OK;
	return answer_error(resp, method, err);
}

int gt_kube__call(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		  const struct gt_kube__req *req, struct gt_node **ret_node, struct gt_err *err)
{
	gt_auto_http_resp resp = {0};
	int rc = gt_kube__do(k, ctx, req, &resp, err);

	if (rc < 0 || !ret_node)
		return rc;
	rc = gt_json_parse(a, gt_buf_str(&resp.body), 0, ret_node, err);
	if (rc < 0)
		return gt_wrap(err, "answer of the API server");
	return GT_OK;
}

struct gt_http_stream *gt_kube__stream(struct gt_kube *k, const struct gt_kube__req *req,
				       const struct gt_http_stream_fns *fns, void *arg)
{
	struct gt_kube_conn *conn = k->conn;
	gt_autofree char *url = gt_xasprintf("%s%s", conn->base, req->path);
	struct headers h = {0};

	make_headers(k, req, &h);
	struct gt_http_req http_req = {
		.method = "GET",
		.url = url,
		.headers = (const char *const *)h.v,
		.n_headers = h.n,
		.timeout_ns = GT_SECONDS(60),
		.no_redirects = true,
		.gzip = !conn->config.disable_compression,
	};
	struct gt_kube__http *http = http_get(conn);
	struct gt_http_stream *stream = gt_http_stream_start(http->client, &http_req, fns, arg);
	http_unref(http);
	headers_fini(&h);
	return stream;
}
