/* Git over HTTP: "smart HTTP", version 2 unasked where the server allows it. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "git/hints.h"
#include "git/transport.h"
#include "gt_version.h"
#include "net/http.h"
#include "net/url.h"

#define SERVICE "git-upload-pack"
#define REASON_MAX 256

struct http_transport {
	struct gt_git_transport base;
	struct gt_http_client *client;
	char *asked;     /* URL of the repository as it was given, without userinfo */
	char *url;       /* the same; follows its redirect */
	bool found;      /* an advertisement came */
	bool moved_away; /* to another origin: not to be remembered */
	char *username;
	struct gt_secret password, authorization;
};

static struct http_transport *of(struct gt_git_transport *t)
{
	return gt_container_of(t, struct http_transport, base);
}

static void http_free(struct gt_git_transport *t)
{
	struct http_transport *h = of(t);

	if (h->found && !h->moved_away && t->version != GT_GIT_VERSION_UNKNOWN)
		gt_git_hint_put(h->asked, h->url, t->version);
	gt_http_client_free(h->client);
	gt_secret_fini(&h->password);
	gt_secret_fini(&h->authorization);
	free(h->username);
	free(h->asked);
	free(h->url);
	free(h);
}

/* Receives the body of an answer. */
struct body {
	gt_git_bytes_fn fn;
	void *arg;
	int rc; /* of fn */
};

static int take(void *arg, struct gt_str bytes, struct gt_err *err)
{
	struct body *b = arg;

	if (b->rc == GT_OK)
		b->rc = b->fn(b->arg, bytes, err);
	return b->rc < 0 ? b->rc : GT_OK;
}

/* What the server says about a refusal, on one line. */
static void reason_of(const struct gt_http_resp *resp, char text[REASON_MAX + 2])
{
	struct gt_str body = gt_str_trim(gt_buf_str(&resp->body));
	struct gt_str type = gt_http_header(resp, "Content-Type");
	size_t n = 0;

	if (!gt_str_starts(type, "text/html"))
		for (size_t i = 0; i < body.n && n < REASON_MAX; i++)
			text[n++] = (unsigned char)body.p[i] < ' ' ? ' ' : body.p[i];
	text[n] = '\0';
}

/* The texts are those of go-git, which users know from Flux. */
static int judge(const struct http_transport *h, const struct gt_http_resp *resp,
		 struct gt_err *err)
{
	char reason[REASON_MAX + 2];
	const char *colon;

	if (resp->status >= 200 && resp->status < 300)
		return GT_OK;
	reason_of(resp, reason);
	colon = reason[0] ? ": " : "";
	switch (resp->status) {
	case 401: return gt_fail(err, GT_E_AUTH, "authentication required%s%s", colon, reason);
	case 403: return gt_fail(err, GT_E_FORBIDDEN, "authorization failed%s%s", colon, reason);
	case 404: return gt_fail(err, GT_E_NOT_FOUND, "repository not found%s%s", colon, reason);
	case 429:
	case 503: return gt_http_check(resp, h->url, err);
	default:
		return gt_fail(err, resp->status >= 500 ? GT_E_UNAVAILABLE : GT_E_UNSUPPORTED,
			       "unexpected client error: unexpected requesting \"%s\" status code: "
			       "%d%s%s",
			       h->url, resp->status, colon, reason);
	}
}

static int request(struct http_transport *h, struct gt_http_req *req, struct gt_ctx *ctx,
		   struct body *body, struct gt_http_resp *resp, struct gt_err *err)
{
	req->timeout_ns = -1; /* the context bounds it */
	req->max_response = (size_t)GT_LIMIT_GIT_PACK + GT_MIB(64);
	req->sink = take;
	req->sink_arg = body;
	if (gt_secret_is_set(&h->authorization))
		req->authorization = &h->authorization;
	else if (h->username)
		req->basic_user = h->username;
	req->basic_password = &h->password;
	int rc = gt_http_do(h->client, req, ctx, resp, err);
	if (rc < 0)
		return body->rc < 0 ? body->rc : rc;
	return judge(h, resp, err);
}

static void forget_credentials(struct http_transport *h)
{
	gt_secret_fini(&h->password);
	gt_secret_fini(&h->authorization);
	free(gt_steal(h->username));
}

/* Where the advertisement came from tells where the repository is.  Another host got it without
 * our credentials, and does not get them later either. */
static void follow(struct http_transport *h, const char *answered, const char *suffix)
{
	struct gt_str url = gt_str(answered);
	gt_auto_url before = {0}, after = {0};

	if (!gt_str_ends(url, suffix))
		return;
	url.n -= strlen(suffix);
	if (gt_url_parse(gt_str(h->url), &before, NULL) < 0 ||
	    gt_url_parse(url, &after, NULL) < 0 || !gt_url_same_origin(&before, &after)) {
		forget_credentials(h);
		h->moved_away = true;
	}
	free(h->url);
	h->url = gt_xstrndup(url.p, url.n);
}

static int http_advertise(struct gt_git_transport *t, struct gt_ctx *ctx, gt_git_bytes_fn fn,
			  void *arg, struct gt_err *err)
{
	static const char suffix[] = "/info/refs?service=" SERVICE;
	static const char *const headers[] = {"Git-Protocol: version=2", "Accept: */*"};
	struct http_transport *h = of(t);
	gt_autofree char *url = gt_xasprintf("%s%s", h->url, suffix);
	struct body body = {.fn = fn, .arg = arg};
	gt_auto_http_resp resp = {0};
	struct gt_http_req req = {
		.url = url, .headers = headers, .n_headers = GT_COUNT(headers), .attempts = 2};

	int rc = request(h, &req, ctx, &body, &resp, err);
	if (rc < 0)
		return rc;
	if (!gt_str_is(gt_http_header(&resp, "Content-Type"),
		       "application/x-" SERVICE "-advertisement"))
		return gt_fail(err, GT_E_UNSUPPORTED,
			       "%s does not answer as a Git server over smart HTTP", h->url);
	follow(h, resp.url, suffix);
	h->found = true;
	return GT_OK;
}

/* Asks where the repository was asked for, when it is no longer where it was found before. */
static int http_advertise_anew(struct gt_git_transport *t, struct gt_ctx *ctx, gt_git_bytes_fn fn,
			       void *arg, struct gt_err *err)
{
	struct http_transport *h = of(t);
	int rc = http_advertise(t, ctx, fn, arg, err);

	if (rc == GT_OK || gt_streq(h->asked, h->url))
		return rc;
	gt_git_hint_forget(h->asked);
	free(h->url);
	h->url = gt_xstrdup(h->asked);
	return http_advertise(t, ctx, fn, arg, err);
}

static int http_exchange(struct gt_git_transport *t, struct gt_ctx *ctx, int version,
			 struct gt_str text, gt_git_bytes_fn fn, void *arg, struct gt_err *err)
{
	static const char *const headers[] = {
		"Content-Type: application/x-" SERVICE "-request",
		"Accept: application/x-" SERVICE "-result",
		"Git-Protocol: version=2",
	};
	struct http_transport *h = of(t);
	gt_autofree char *url = gt_xasprintf("%s/" SERVICE, h->url);
	struct body body = {.fn = fn, .arg = arg};
	gt_auto_http_resp resp = {0};
	struct gt_http_req req = {.method = "POST",
				  .url = url,
				  .headers = headers,
				  .n_headers = version == 2 ? 3 : 2,
				  .body = text,
				  .idempotent = true,
				  .attempts = 2,
				  .no_redirects = true};

	/* A redirect is GT_E_UNSUPPORTED: the advertisement, which may be redirected, then finds
	 * out where the repository is. */
	return request(h, &req, ctx, &body, &resp, err);
}

static const struct gt_git_transport_ops http_ops = {http_advertise_anew, http_exchange, http_free};

/* The repository's URL without userinfo and without a slash at the end. */
static int set_url(struct http_transport *h, struct gt_url *url, struct gt_err *err)
{
	gt_auto_buf text = {0};

	if (!gt_streq(url->scheme, "http") && !gt_streq(url->scheme, "https"))
		return gt_fail(err, GT_E_UNSUPPORTED, "unsupported scheme '%s'", url->scheme);
	if (url->query)
		return gt_fail(err, GT_E_INVALID, "the URL of a repository must not have a query");
	gt_url_show(url, &text);
	while (text.n && text.p[text.n - 1] == '/')
		text.n--;
	h->asked = gt_xstrndup(text.p, text.n);
	if (!gt_git_hint_get(h->asked, &h->url, &h->base.version))
		h->url = gt_xstrdup(h->asked);
	return GT_OK;
}

static void set_credentials(struct http_transport *h, const struct gt_git_auth *auth,
			    const struct gt_url *url)
{
	const char *user = auth->username && *auth->username ? auth->username : url->user;
	const struct gt_secret *password =
		auth->password && auth->password->n ? auth->password : &url->password;

	if ((user && *user) || password->n) {
		h->username = gt_xstrdup(user ? user : "");
		gt_secret_copy(&h->password, password);
	} else if (auth->bearer && auth->bearer->n) {
		gt_auto_buf value = {0};

		gt_buf_adds(&value, "Bearer ");
		gt_buf_add_str(&value, gt_secret_bytes(auth->bearer));
		gt_secret_set(&h->authorization, gt_buf_str(&value));
		gt_wipe(value.p, value.n);
	}
}

int gt_git_http_new(struct gt_loop *loop, const char *url, const struct gt_git_auth *auth,
		    struct gt_git_transport **ret_transport, struct gt_err *err)
{
	static const struct gt_git_auth nobody;
	gt_auto_url parsed = {0};

	if (!auth)
		auth = &nobody;
	int rc = gt_url_parse(gt_str(url), &parsed, err);
	if (rc < 0)
		return rc;
	struct http_transport *h = gt_new(struct http_transport);
	h->base = (struct gt_git_transport){
		.ops = &http_ops, .stateless = true, .version = GT_GIT_VERSION_UNKNOWN};
	struct gt_http_client_opts opts = {
		.user_agent = "git/2.0 (gitops-toolkit/" GT_VERSION ")",
		.ca_pem = auth->ca_pem,
		.ca_extends = true,
		.cert_pem = auth->cert_pem,
		.key_pem = auth->key_pem,
		.proxy_url = auth->proxy_url,
		.proxy_user = auth->proxy_user,
		.proxy_password = auth->proxy_password,
	};
	rc = set_url(h, &parsed, err);
	if (rc == GT_OK)
		rc = gt_http_client_new(loop, &opts, &h->client, err);
	if (rc < 0) {
		http_free(&h->base);
		return rc;
	}
	set_credentials(h, auth, &parsed);
	*ret_transport = &h->base;
	return GT_OK;
}
