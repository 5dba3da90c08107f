/* Credentials of a GitRepository (upstream: pkg/git, AuthOptions). */
#include <string.h>

#include "base/alloc.h"
#include "git.h"
#include "net/url.h"

void src_git_auth_fini(struct src_git_auth *auth)
{
	gt_secret_fini(&auth->password);
	gt_secret_fini(&auth->bearer);
	gt_secret_fini(&auth->cert);
	gt_secret_fini(&auth->key);
	gt_secret_fini(&auth->identity);
	gt_secret_fini(&auth->passphrase);
	gt_secret_fini(&auth->proxy.password);
}

static bool refuse(struct src_git *g, const char *reason, const char *text)
{
	src_fail_cond(&g->call, SRC_COND_FETCH_FAILED, SRC_GENERIC, reason, "%s", text);
	return false;
}

static bool misconfigured(struct src_git *g, const char *text)
{
	src_fail_cond(&g->call, SRC_COND_FETCH_FAILED, SRC_GENERIC, SRC_REASON_AUTH_FAILED,
		      "failed to configure authentication options: %s", text);
	return false;
}

bool src_git_proxy(struct src_git *g, struct src_git_auth *auth)
{
	struct src_call *c = &g->call;
	const char *name = gt_node_cstr_at(c->obj, "spec", "proxySecretRef", "name");
	struct gt_err err;

	if (!name)
		return true;
	int rc = src_proxy_get(c, name, &auth->proxy, &err);
	if (rc < 0) {
		c->code = rc;
		src_fail_cond(c, SRC_COND_FETCH_FAILED, SRC_GENERIC, SRC_REASON_AUTH_FAILED,
			      "failed to configure proxy options: %s", err.text);
		return false;
	}
	auth->auth.proxy_url = auth->proxy.url;
	auth->auth.proxy_user = auth->proxy.user;
	auth->auth.proxy_password = &auth->proxy.password;
	return true;
}

static void http_options(struct src_git *g, const struct gt_node *secret, const struct gt_url *url,
			 struct src_git_auth *o)
{
	struct gt_arena *a = g->call.a;

	if (src_secret_has(secret, "bearerToken")) {
		src_secret_value(secret, "bearerToken", &o->bearer);
	} else {
		o->username = src_secret_text(a, secret, "username").p;
		src_secret_value(secret, "password", &o->password);
	}
	src_secret_value(secret, "tls.crt", &o->cert);
	src_secret_value(secret, "tls.key", &o->key);
	o->auth.ca_pem = src_secret_text(a, secret, "ca.crt");
	if (!o->auth.ca_pem.n)
		o->auth.ca_pem = src_secret_text(a, secret, "caFile");
	if ((!o->username || !*o->username) && url->user)
		o->username = gt_arena_strdup(a, url->user);
	if (!o->password.n && url->password.n)
		gt_secret_copy(&o->password, &url->password);
	o->auth.username = o->username;
	o->auth.password = &o->password;
	o->auth.bearer = &o->bearer;
	if (gt_secret_is_set(&o->cert))
		o->auth.cert_pem = &o->cert;
	if (gt_secret_is_set(&o->key))
		o->auth.key_pem = &o->key;
}

static bool check_http(struct src_git *g, const char *scheme, const struct src_git_auth *o)
{
	bool user = o->username && *o->username;

	if (!user && o->password.n) {
		gt_autofree char *text = gt_xasprintf(
			"invalid '%s' auth option: 'password' requires 'username' to be set",
			scheme);
		return misconfigured(g, text);
	}
	if (user && o->bearer.n)
		return refuse(g, SRC_REASON_GIT_FAILED,
			      "failed to checkout and determine revision: basic auth and bearer "
			      "token cannot be set at the same time");
	return true;
}

static bool check_ssh(struct src_git *g, const char *secret_name, struct src_git_auth *o)
{
	struct gt_err err;

	if (!o->identity.n)
		return misconfigured(g, "invalid 'ssh' auth option: 'identity' is required");
	if (!o->auth.known_hosts.n)
		return misconfigured(g, "invalid 'ssh' auth option: 'known_hosts' is required");
	if (o->passphrase.n || gt_git_ssh_key_check(&o->identity, NULL, &err) != GT_E_AUTH)
		return true;
	gt_autofree char *text =
		gt_xasprintf("SSH identity key is encrypted but no 'password' field was provided "
			     "in the secret '%s/%s'",
			     g->call.r->key.ns, secret_name);
	return refuse(g, SRC_REASON_AUTH_FAILED, text);
}

static void ssh_options(struct src_git *g, const struct gt_node *secret, struct src_git_auth *o)
{
	src_secret_value(secret, "identity", &o->identity);
	src_secret_value(secret, "password", &o->passphrase);
	o->auth.known_hosts = src_secret_text(g->call.a, secret, "known_hosts");
	o->auth.identity = &o->identity;
	o->auth.passphrase = &o->passphrase;
	o->auth.kex_algos = g->call.src->kex_algos;
	o->auth.hostkey_algos = g->call.src->hostkey_algos;
}

bool src_git_credentials(struct src_git *g, const char *url_text, struct src_git_auth *o)
{
	struct src_call *c = &g->call;
	const char *name = gt_node_cstr_at(c->obj, "spec", "secretRef", "name");
	struct gt_node *secret = NULL;
	gt_auto_url url = {0};
	struct gt_err err;

	if (name && (c->code = src_secret_get(c, name, &secret, &err)) < 0) {
		src_fail_cond(c, SRC_COND_FETCH_FAILED, SRC_GENERIC, SRC_REASON_AUTH_FAILED,
			      "failed to get secret '%s/%s': %s", c->r->key.ns, name, err.text);
		return false;
	}
	if (gt_url_parse(gt_str(url_text), &url, &err) < 0)
		return misconfigured(g, err.text);
	bool ssh = gt_streq(url.scheme, "ssh");
	if (ssh)
		ssh_options(g, secret, o);
	else
		http_options(g, secret, &url, o);
	if (!(ssh ? check_ssh(g, name, o) : check_http(g, url.scheme, o)))
		return false;
	if (!src_secret_text(c->a, secret, "githubAppID").n)
		return true;
	gt_autofree char *text = gt_xasprintf(
		"secretRef '%s/%s' has github app data but provider is not set to github",
		c->r->key.ns, name);
	return refuse(g, SRC_REASON_INVALID_PROVIDER, text);
}
