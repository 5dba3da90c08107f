/* Reading Secrets: values are decoded into memory that is wiped. */
#include <string.h>

#include "base/enc.h"
#include "net/url.h"
#include "src.h"

#define PROXY_URL_MAX 2048

int src_secret_get(struct src_call *c, const char *name, struct gt_node **ret_secret,
		   struct gt_err *err)
{
	const char *ns = c->r->key.ns;
	int rc =
		gt_kube_get(c->r->kube, c->r->ctx, c->a, &gt_res_secret, ns, name, ret_secret, err);

	return rc < 0 ? gt_wrap(err, "failed to get secret '%s/%s'", ns, name) : GT_OK;
}

static const struct gt_node *data_of(const struct gt_node *secret, const char *key)
{
	return gt_node_at(secret, "data", key);
}

bool src_secret_has(const struct gt_node *secret, const char *key)
{
	return data_of(secret, key) != NULL;
}

bool src_secret_value(const struct gt_node *secret, const char *key, struct gt_secret *ret)
{
	struct gt_str text = gt_node_text(data_of(secret, key));
	gt_auto_buf value = {0};

	if (!text.n || !gt_base64_decode(&value, text) || !value.n)
		return false;
	gt_secret_set(ret, gt_buf_str(&value));
	gt_wipe(value.p, value.n);
	return true;
}

struct gt_str src_secret_text(struct gt_arena *a, const struct gt_node *secret, const char *key)
{
	struct gt_secret value = {0};
	struct gt_str text = {0};

	if (src_secret_value(secret, key, &value))
		text = gt_arena_str(a, gt_secret_bytes(&value));
	gt_secret_fini(&value);
	return text;
}

static bool scheme_ok(const char *scheme)
{
	return gt_streq(scheme, "http") || gt_streq(scheme, "https") || gt_streq(scheme, "socks5");
}

static int check_proxy(struct src_call *c, const char *name, struct gt_str address,
		       struct gt_err *err)
{
	const char *ns = c->r->key.ns;
	gt_auto_url url = {0};

	if (address.n == 0)
		return gt_fail(err, GT_E_INVALID, "secret '%s/%s': proxy address is empty", ns,
			       name);
	if (address.n > PROXY_URL_MAX)
		return gt_fail(err, GT_E_INVALID,
			       "secret '%s/%s': proxy address is longer than %d characters", ns,
			       name, PROXY_URL_MAX);
	if (gt_url_parse(address, &url, err) < 0)
		return gt_fail(err, GT_E_INVALID, "secret '%s/%s': failed to parse proxy address",
			       ns, name);
	if (!scheme_ok(url.scheme))
		return gt_fail(err, GT_E_INVALID,
			       "secret '%s/%s': proxy URL must use one of the supported schemes "
			       "(http, https, socks5), got '%s'",
			       ns, name, url.scheme);
	return GT_OK;
}

int src_proxy_get(struct src_call *c, const char *secret_name, struct src_proxy *ret_proxy,
		  struct gt_err *err)
{
	struct gt_node *secret;

	int rc = src_secret_get(c, secret_name, &secret, err);
	if (rc < 0)
		return rc;
	if (!src_secret_has(secret, "address"))
		return gt_fail(err, GT_E_INVALID, "secret '%s/%s': key 'address' not found",
			       c->r->key.ns, secret_name);
	struct gt_str address = src_secret_text(c->a, secret, "address");
	rc = check_proxy(c, secret_name, address, err);
	if (rc < 0)
		return rc;
	ret_proxy->url = address.p;
	ret_proxy->user = src_secret_text(c->a, secret, "username").p;
	src_secret_value(secret, "password", &ret_proxy->password);
	return GT_OK;
}
