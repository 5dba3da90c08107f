#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "base/fs.h"
#include "base/limits.h"
#include "kube/kubeconfig_int.h"

#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

void gt_rest_config_fini(struct gt_rest_config *c)
{
	if (!c)
		return;
	char *strings[] = {c->server,    c->namespace_, c->tls_server_name, c->ca_file,
			   c->proxy_url, c->cert_file,  c->key_file,        c->token_file,
			   c->username,  c->as_user,    c->as_uid,          c->exec_command};
	struct gt_secret *secrets[] = {&c->ca, &c->cert, &c->key, &c->token, &c->password};

	for (size_t i = 0; i < GT_COUNT(strings); i++)
		free(strings[i]);
	for (size_t i = 0; i < GT_COUNT(secrets); i++)
		gt_secret_fini(secrets[i]);
	for (char **g = c->as_groups; g && *g; g++)
		free(*g);
	free(c->as_groups);
	*c = (struct gt_rest_config){0};
}

/* A file of the pod's service account, or NULL. */
static char *read_small(const char *path)
{
	gt_auto_buf text = {0};
	gt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || gt_fd_read_all(fd, GT_KIB(64), &text, NULL) < 0)
		return NULL;
	struct gt_str s = gt_str_trim(gt_buf_str(&text));
	return s.n ? gt_xstrndup(s.p, s.n) : NULL;
}

int gt_rest_config_in_cluster(struct gt_rest_config *ret_config, struct gt_err *err)
{
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");

	if (!host || !*host || !port || !*port)
		return gt_fail(err, GT_E_NOT_FOUND,
			       "unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST "
			       "and KUBERNETES_SERVICE_PORT must be defined");
	gt_autofree char *token = read_small(SERVICE_ACCOUNT "/token");
	if (!token)
		return gt_fail(err, GT_E_AUTH, "open %s: cannot be read", SERVICE_ACCOUNT "/token");

	struct gt_rest_config c = {0};
	bool v6 = gt_str_find(gt_str(host), ':') != SIZE_MAX;
	c.server = gt_xasprintf("https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
	gt_secret_set(&c.token, gt_str(token));
	gt_wipe(token, strlen(token));
	c.token_file = gt_xstrdup(SERVICE_ACCOUNT "/token");
	if (access(SERVICE_ACCOUNT "/ca.crt", R_OK) == 0)
		c.ca_file = gt_xstrdup(SERVICE_ACCOUNT "/ca.crt");
	c.namespace_ = read_small(SERVICE_ACCOUNT "/namespace");
	if (!c.namespace_)
		c.namespace_ = gt_xstrdup("default");
	*ret_config = c;
	return GT_OK;
}

int gt_rest_config_load(const struct gt_kubeconfig_opts *opts, struct gt_rest_config *ret_config,
			struct gt_err *err)
{
	const char *env = getenv("KUBECONFIG");
	const char *home = getenv("HOME");
	int rc;

	bool named = opts->path && *opts->path;
	bool addressed = opts->server && *opts->server;
	if (!named && !addressed && !(env && *env) && opts->in_cluster) {
		rc = gt_rest_config_in_cluster(ret_config, err);
		if (rc != GT_E_NOT_FOUND)
			return rc;
	}
	struct gt_kubeconfig *kc = gt_kubeconfig_new();
	if (named) {
		rc = gt_kubeconfig_merge_file(kc, opts->path, err);
	} else if (env && *env) {
		rc = gt_kubeconfig_merge_list(kc, env, err);
	} else {
		gt_autofree char *path = gt_xasprintf("%s/.kube/config", home ? home : "");
		rc = gt_kubeconfig_merge_list(kc, path, err);
	}
	if (rc == GT_OK)
		rc = gt_kubeconfig_select(kc, opts, ret_config, err);
	gt_kubeconfig_free(kc);
	return rc;
}

static void drop(char **s)
{
	free(*s);
	*s = NULL;
}

int gt_rest_config_restricted(struct gt_str text, bool allow_exec, bool allow_insecure,
			      struct gt_rest_config *ret_config, struct gt_err *err)
{
	struct gt_kubeconfig *kc = gt_kubeconfig_new();
	gt_auto_rest_config c = {0};

	int rc = gt_kubeconfig_merge(kc, text, NULL, "kubeconfig", err);
	if (rc == GT_OK)
		rc = gt_kubeconfig__select_remote(kc, &c, err);
	gt_kubeconfig_free(kc);
	if (rc < 0)
		return rc;
	drop(&c.as_user);
	drop(&c.as_uid);
	for (char **g = c.as_groups; g && *g; g++)
		free(*g);
	drop((char **)(void *)&c.as_groups);
	if (!allow_exec)
		drop(&c.exec_command);
	if (!allow_insecure)
		c.insecure = false;
	c.timeout_ns = INT64_C(30000000000);
	*ret_config = c;
	c = (struct gt_rest_config){0};
	return GT_OK;
}
