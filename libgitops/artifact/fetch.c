#include "artifact/fetch.h"

#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "net/url.h"

#define WAIT_MIN GT_SECONDS(5)
#define WAIT_MAX GT_SECONDS(30)
#define IDLE GT_SECONDS(60)

struct download {
	const struct gt_artifact_fetch *fetch;
	const char *url;
	struct gt_sink to;
	bool got_bytes;
	int sink_rc; /* of the receiving end */
};

static int take_bytes(void *arg, struct gt_str bytes, struct gt_err *err)
{
	struct download *d = arg;

	d->got_bytes = true;
	d->sink_rc = gt_sink_write(d->to, bytes.p, bytes.n, err);
	return d->sink_rc;
}

/* Whether another attempt may help, after the exchange ended with rc and the status. */
static bool worth_retrying(const struct download *d, int rc, int status)
{
	if (d->got_bytes)
		return false;
	if (rc < 0)
		return rc == GT_E_UNAVAILABLE || rc == GT_E_TIMEOUT || rc == GT_E_IO;
	return status == 429 || (status >= 500 && status != 501);
}

static int64_t wait_before(const struct gt_artifact_fetch *f, unsigned attempt,
			   const struct gt_http_resp *resp)
{
	int64_t wait = f->wait_min_ns ? f->wait_min_ns : WAIT_MIN;
	int64_t max = f->wait_max_ns ? f->wait_max_ns : WAIT_MAX;

	if (resp->status == 429 || resp->status == 503) {
		int64_t asked = gt_http_retry_after(resp);
		if (asked >= 0)
			return asked;
	}
	for (unsigned i = 0; i < attempt && wait < max; i++)
		wait *= 2;
	return wait < max ? wait : max;
}

static int try_once(struct download *d, struct gt_ctx *ctx, struct gt_http_resp *resp,
		    struct gt_err *err)
{
	struct gt_http_req req = {
		.url = d->url,
		.timeout_ns = -1,
		.idle_timeout_ns = IDLE,
		.sink = take_bytes,
		.sink_arg = d,
		.max_response = SIZE_MAX,
	};

	return gt_http_do(d->fetch->http, &req, ctx, resp, err);
}

static int judge(const char *url, const struct gt_http_resp *resp, struct gt_err *err)
{
	if (resp->status == 200)
		return GT_OK;
	if (resp->status == 404)
		return gt_fail(err, GT_E_NOT_FOUND, "archive not found: %s", url);
	return gt_fail(err, GT_E_UNAVAILABLE, "failed to download archive from %s (status: %d %s)",
		       url, resp->status, gt_http_status_text(resp->status));
}

static int download(void *arg, struct gt_ctx *ctx, struct gt_sink to, struct gt_err *err)
{
	struct download *d = arg;
	unsigned attempts = d->fetch->retries + 1;

	d->to = to;
	for (unsigned i = 0;; i++) {
		gt_auto_http_resp resp = {0};
		int rc = try_once(d, ctx, &resp, err);

		if (d->sink_rc < 0)
			return gt_wrap(err, "failed to store archive");
		if (!worth_retrying(d, rc, resp.status))
			return rc < 0 ? gt_wrap(err, "failed to download archive: GET %s", d->url)
				      : judge(d->url, &resp, err);
		if (gt_ctx_check(ctx, err) < 0)
			return err ? err->code : gt_ctx_check(ctx, NULL);
		if (i + 1 >= attempts) {
			if (rc == GT_OK)
				gt_fail(err, GT_E_UNAVAILABLE, "unexpected HTTP status %d %s",
					resp.status, gt_http_status_text(resp.status));
			gt_wrap(err,
				"failed to download archive: GET %s giving up after %u "
				"attempt(s)",
				d->url, attempts);
			return rc < 0 ? rc : GT_E_UNAVAILABLE;
		}
		rc = gt_ctx_sleep(ctx, wait_before(d->fetch, i, &resp), err);
		if (rc < 0)
			return rc;
	}
}

/* The URL with the host that the environment asks for; malloc'ed. */
static int local_url(const char *url, char **ret_url, struct gt_err *err)
{
	bool watcher = strstr(url, "//source-watcher") != NULL;
	const char *host =
		getenv(watcher ? "SOURCE_WATCHER_LOCALHOST" : "SOURCE_CONTROLLER_LOCALHOST");
	gt_auto_url parsed = {0};
	gt_auto_buf out = {0};

	int rc = gt_url_parse(gt_str(url), &parsed, err);
	if (rc < 0)
		return gt_wrap(err, "artifact URL");
	if (!host || !*host) {
		*ret_url = gt_xstrdup(url);
		return GT_OK;
	}
	gt_buf_printf(&out, "%s://%s%s", parsed.scheme, host, parsed.path);
	*ret_url = gt_buf_take(&out);
	return GT_OK;
}

int gt_artifact_acquire(const struct gt_artifact_fetch *fetch, struct gt_ctx *ctx, const char *url,
			const char *digest, struct gt_unpack_tree **ret_tree, struct gt_err *err)
{
	gt_autofree char *local = NULL;
	struct download d = {.fetch = fetch};

	int rc = local_url(url, &local, err);
	if (rc < 0)
		return rc;
	d.url = local;
	return gt_unpack_acquire(fetch->cache, ctx, digest, download, &d, ret_tree, err);
}
