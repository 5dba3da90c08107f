#include <pthread.h>

#include "base/alloc.h"
#include "base/time.h"
#include "crypto/x509.h"
#include "gt_version.h"
#include "net/http_priv.h"

static int check_identity(const struct gt_http_client_opts *opts, struct gt_err *err)
{
	bool cert = opts->cert_pem && gt_secret_is_set(opts->cert_pem);
	bool key = opts->key_pem && gt_secret_is_set(opts->key_pem);

	if (cert != key)
		return gt_fail(err, GT_E_INVALID, "client certificate without %s",
			       cert ? "its key" : "the certificate");
	if (!cert)
		return GT_OK;

	struct gt_identity id = {.cert_pem = opts->cert_pem->p, .key_pem = *opts->key_pem};
	int rc = gt_identity_check(&id, err);
	return rc < 0 ? gt_wrap(err, "client certificate") : rc;
}

static int check_ca(const struct gt_http_client_opts *opts, struct gt_err *err)
{
	struct gt_subject first = {0};

	if (opts->ca_pem.n == 0)
		return GT_OK;
	int rc = gt_x509_read(opts->ca_pem, &first, err);
	gt_subject_fini(&first);
	return rc < 0 ? gt_wrap(err, "certificate authority") : rc;
}

static int choose_proxy(struct gt_proxy *proxy, const struct gt_http_client_opts *opts,
			struct gt_err *err)
{
	if (!opts->proxy_url) {
		if (!opts->no_proxy)
			gt_proxy_from_env(proxy);
		return GT_OK;
	}
	int rc = gt_proxy_explicit(proxy, opts->proxy_url, err);
	if (rc < 0)
		return rc;
	if (opts->proxy_user && !proxy->all.user)
		proxy->all.user = gt_xstrdup(opts->proxy_user);
	if (opts->proxy_password && !gt_secret_is_set(&proxy->all.password))
		gt_secret_copy(&proxy->all.password, opts->proxy_password);
	return GT_OK;
}

int gt_http_client_new(struct gt_loop *loop, const struct gt_http_client_opts *opts,
		       struct gt_http_client **ret_client, struct gt_err *err)
{
	struct gt_proxy proxy = {0};
	int rc = check_identity(opts, err);

	if (rc == GT_OK)
		rc = check_ca(opts, err);
	if (rc == GT_OK)
		rc = choose_proxy(&proxy, opts, err);
	if (rc < 0)
		return rc;

	struct gt_http_client *client = gt_new(struct gt_http_client);
	atomic_init(&client->refs, 1);
	client->loop = loop;
	client->engine = gt_http__engine(loop);
	client->user_agent =
		gt_xstrdup(opts->user_agent ? opts->user_agent : "gitops-toolkit/" GT_VERSION);
	if (opts->ca_pem.n > 0)
		gt_secret_set(&client->ca_pem, opts->ca_pem);
	client->ca_extends = opts->ca_extends;
	if (opts->cert_pem)
		gt_secret_copy(&client->cert_pem, opts->cert_pem);
	if (opts->key_pem)
		gt_secret_copy(&client->key_pem, opts->key_pem);
	client->server_name = opts->server_name ? gt_xstrdup(opts->server_name) : NULL;
	client->insecure = opts->insecure;
	client->proxy = proxy;
	client->authorize = opts->authorize;
	client->authorize_arg = opts->authorize_arg;
	client->connect_timeout_ns =
		opts->connect_timeout_ns > 0 ? opts->connect_timeout_ns : GT_SECONDS(30);
	client->http1_only = opts->http1_only;
	*ret_client = client;
	return GT_OK;
}

void gt_http__client_ref(struct gt_http_client *client)
{
	atomic_fetch_add(&client->refs, 1);
}

void gt_http_client_free(struct gt_http_client *client)
{
	if (!client || atomic_fetch_sub(&client->refs, 1) > 1)
		return;
	free(client->user_agent);
	gt_secret_fini(&client->ca_pem);
	gt_secret_fini(&client->cert_pem);
	gt_secret_fini(&client->key_pem);
	free(client->server_name);
	gt_proxy_fini(&client->proxy);
	free(client);
}
