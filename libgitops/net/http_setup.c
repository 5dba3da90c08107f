/* One transfer's options, and curl's callbacks into it. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/time.h"
#include "net/http_priv.h"

#define KEEPALIVE_IDLE_S 30L
#define KEEPALIVE_INTERVAL_S 15L
#define DEAD_PEER_MS 60000u
#define IDLE_CONNECTION_S 90L

#define SET(option, value)                                                           \
	do {                                                                         \
		if (curl_easy_setopt(t->easy, option, value) != CURLE_OK)            \
			return gt_fail(err, GT_E_INTERNAL, "curl refused " #option); \
	} while (0)

/* A status line: of a 1xx before the real response, or of the response itself. */
static void begin_head(struct gt_http__transfer *t)
{
	gt_buf_reset(&t->head);
	t->head.max = GT_LIMIT_HTTP_HEADERS;
	t->head_done = false;
}

static void note_connect_time(struct gt_http__transfer *t)
{
	curl_off_t connect = 0, tls = 0;
	long fresh = 0;

	curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &fresh);
	curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connect);
	curl_easy_getinfo(t->easy, CURLINFO_APPCONNECT_TIME_T, &tls);
	t->connect_ns = fresh > 0 ? (tls > connect ? tls : connect) * 1000 : 0;
}

static int version_number(long version)
{
	switch (version) {
	case CURL_HTTP_VERSION_1_0: return 10;
	case CURL_HTTP_VERSION_2_0: return 20;
	default: return 11;
	}
}

static bool end_head(struct gt_http__transfer *t)
{
	long status = 0, version = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
	if (status < 200)
		return true;
	t->status = (int)status;
	t->http_version = version_number(version);
	t->head_done = true;
	note_connect_time(t);
	if (t->head_timer)
		gt_timer_stop(t->head_timer);
	return !t->ops->head || t->ops->head(t);
}

static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct gt_http__transfer *t = arg;
	struct gt_str text = gt_strn(line, size * n);
	bool ok = true;

	if (gt_str_starts(text, "HTTP/") && !t->head_done)
		begin_head(t);
	else if (t->head_done)
		; /* a trailer */
	else if (text.n == 2 && line[0] == '\r')
		ok = end_head(t);
	else
		gt_buf_add_str(&t->head, text);
	if (gt_buf_check(&t->head, NULL) < 0) {
		gt_fail(&t->abort, GT_E_BUDGET, "the response's headers are larger than %zu bytes",
			t->head.max);
		ok = false;
	}
	return ok ? text.n : 0;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct gt_http__transfer *t = arg;

	return t->ops->data(t, gt_strn(bytes, size * n));
}

/* A peer that vanished without a word is noticed after a minute, even while data is in flight. */
static int on_open_socket(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	unsigned dead = DEAD_PEER_MS;
	int probes = 3;

	(void)arg;
	if (purpose != CURLSOCKTYPE_IPCXN)
		return CURL_SOCKOPT_OK;
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead, sizeof dead);
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
	return CURL_SOCKOPT_OK;
}

static long to_ms(int64_t ns)
{
	return (long)((ns - 1) / GT_NS_PER_MS + 1);
}

static int set_method(struct gt_http__transfer *t, struct gt_err *err)
{
	if (gt_streq(t->method, "HEAD")) {
		SET(CURLOPT_NOBODY, 1L);
		return GT_OK;
	}
	if (t->body.n > 0 || t->has_body) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDS, t->body.n ? t->body.p : "");
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.n);
		if (gt_streq(t->method, "POST"))
			return GT_OK;
	} else {
		SET(CURLOPT_HTTPGET, 1L);
		if (gt_streq(t->method, "GET"))
			return GT_OK;
	}
	SET(CURLOPT_CUSTOMREQUEST, t->method);
	return GT_OK;
}

static int set_times(struct gt_http__transfer *t, struct gt_err *err)
{
	SET(CURLOPT_CONNECTTIMEOUT_MS, to_ms(t->client->connect_timeout_ns));
	if (t->timeout_ns > 0)
		SET(CURLOPT_TIMEOUT_MS, to_ms(t->timeout_ns));
	if (t->idle_timeout_ns > 0) {
		int64_t seconds = (t->idle_timeout_ns - 1) / GT_NS_PER_S + 1;

		SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
		SET(CURLOPT_LOW_SPEED_TIME, (long)seconds);
	}
	SET(CURLOPT_TCP_KEEPALIVE, 1L);
	SET(CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	SET(CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
	SET(CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S);
	return GT_OK;
}

static int set_version(struct gt_http__transfer *t, struct gt_err *err)
{
	if (t->client->http1_only || t->pool == GT_HTTP__HTTP1) {
		SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
		return GT_OK;
	}
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	/* Rather wait for the first connection than open one for each of many requests. */
	SET(CURLOPT_PIPEWAIT, gt_streq(t->url->scheme, "https") ? 1L : 0L);
	return GT_OK;
}

static int set_proxy(struct gt_http__transfer *t, struct gt_err *err)
{
	const struct gt_url *proxy = gt_proxy_for(&t->client->proxy, t->url);
	gt_auto_buf text = {0};

	if (!proxy) {
		/* "" also keeps curl from reading the environment. */
		SET(CURLOPT_PROXY, "");
		return GT_OK;
	}
	gt_url_show(proxy, &text);
	SET(CURLOPT_PROXY, gt_buf_cstr(&text));
	SET(CURLOPT_NOPROXY, "");
	SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (proxy->user)
		SET(CURLOPT_PROXYUSERNAME, proxy->user);
	if (gt_secret_is_set(&proxy->password))
		SET(CURLOPT_PROXYPASSWORD, proxy->password.p);
	return GT_OK;
}

/* The URL as curl gets it: no userinfo, and with the name to verify in the host's place. */
static int set_url(struct gt_http__transfer *t, struct gt_err *err)
{
	gt_auto_buf text = {0};
	gt_auto_buf route = {0};
	gt_auto_url url = {0};

	gt_url_copy(&url, t->url);
	free(gt_steal(url.user));
	free(gt_steal(url.fragment));
	if (t->client->server_name && gt_streq(url.scheme, "https")) {
		bool ipv6 = strchr(url.host, ':') != NULL;

		gt_buf_printf(&route, ipv6 ? "::[%s]:%u" : "::%s:%u", url.host, gt_url_port(&url));
		t->connect_to = curl_slist_append(NULL, gt_buf_cstr(&route));
		SET(CURLOPT_CONNECT_TO, t->connect_to);
		free(url.host);
		url.host = gt_xstrdup(t->client->server_name);
	}
	gt_url_format(&url, &text);
	SET(CURLOPT_URL, gt_buf_cstr(&text));
	return GT_OK;
}

static int set_callbacks(struct gt_http__transfer *t, struct gt_err *err)
{
	SET(CURLOPT_PRIVATE, t);
	SET(CURLOPT_ERRORBUFFER, t->text);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, t);
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, t);
	SET(CURLOPT_SOCKOPTFUNCTION, on_open_socket);
	return GT_OK;
}

int gt_http__setup(struct gt_http__transfer *t, struct gt_err *err)
{
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_USERAGENT, t->client->user_agent);
	SET(CURLOPT_HTTPHEADER, t->headers);
	if (t->gzip)
		SET(CURLOPT_ACCEPT_ENCODING, "gzip");

	int rc = set_callbacks(t, err);
	if (rc == GT_OK)
		rc = set_url(t, err);
	if (rc == GT_OK)
		rc = set_method(t, err);
	if (rc == GT_OK)
		rc = set_times(t, err);
	if (rc == GT_OK)
		rc = set_version(t, err);
	if (rc == GT_OK)
		rc = set_proxy(t, err);
	if (rc == GT_OK && gt_streq(t->url->scheme, "https"))
		rc = gt_http__setup_tls(t, err);
	return rc;
}
