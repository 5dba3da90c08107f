#include "connect.h"

#include <stdlib.h>
#include <string.h>

#include "gt_version.h"
#include "kube/kubeconfig.h"
#include "local.h"
#include "net/loop.h"

#define DEFAULT_NAMESPACE "flux-system"

static bool is_dns_label(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 63 || s[0] == '-' || s[n - 1] == '-')
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

/* --namespace, the kube context's when asked to follow it, $FLUX_SYSTEM_NAMESPACE, the default. */
static int choose_namespace(struct cluster *c, struct gt_err *err)
{
	const struct cli_globals *g = c->call->globals;
	const char *env = getenv("FLUX_SYSTEM_NAMESPACE");
	const char *follow = getenv("FLUX_NS_FOLLOWS_KUBE_CONTEXT");

	c->ns = DEFAULT_NAMESPACE;
	if (env && *env) {
		if (is_dns_label(env))
			c->ns = env;
		else
			cli_warning("ignoring invalid FLUX_SYSTEM_NAMESPACE: \"%s\"", env);
	}
	if (g->namespace_given)
		c->ns = g->namespace_;
	else if ((g->ns_follows_kube_context || (follow && strcmp(follow, "true") == 0)) &&
		 c->config.namespace_ && *c->config.namespace_)
		c->ns = c->config.namespace_;
	if (!is_dns_label(c->ns))
		return gt_fail(err, GT_E_INVALID, "namespace \"%s\" is not a DNS-1123 label",
			       c->ns);
	return GT_OK;
}

static void replace(char **field, const char *value)
{
	if (!value || !*value)
		return;
	free(*field);
	*field = gt_xstrdup(value);
}

/* The flags that override single fields of the chosen context. */
static void override_config(struct gt_rest_config *config, const struct cli_globals *g)
{
	replace(&config->tls_server_name, g->tls_server_name);
	replace(&config->ca_file, g->certificate_authority);
	replace(&config->as_user, g->as);
	replace(&config->as_uid, g->as_uid);
	/* Credentials are never sent in clear. */
	if (gt_str_starts(gt_str(config->server), "https://")) {
		replace(&config->cert_file, g->client_certificate);
		replace(&config->key_file, g->client_key);
		if (g->token && *g->token)
			gt_secret_set(&config->token, gt_str(g->token));
	}
	if (g->insecure_skip_tls_verify)
		config->insecure = true;
	if (g->as_group.n) {
		config->as_groups = gt_xcalloc(g->as_group.n + 1, sizeof(char *));
		for (size_t i = 0; i < g->as_group.n; i++)
			config->as_groups[i] = gt_xstrdup(g->as_group.v[i]);
	}
}

/* The kubeconfig of the running local instance, NULL when none runs; malloc'ed. */
static char *local_kubeconfig(void)
{
	gt_autofree char *dir = NULL;

	if (cli_local_dir(NULL, &dir, NULL) < 0 || !cli_local_running(dir))
		return NULL;
	return gt_xasprintf("%s/kubeconfig", dir);
}

static int load_config(struct cluster *c, struct gt_err *err)
{
	const struct cli_globals *g = c->call->globals;
	struct gt_kubeconfig_opts opts = {
		.path = g->kubeconfig && *g->kubeconfig ? g->kubeconfig : NULL,
		.context = g->context,
		.cluster = g->cluster,
		.user = g->user,
		.server = g->server,
		.in_cluster = true,
	};
	int rc = gt_rest_config_load(&opts, &c->config, err);

	if (rc == GT_E_NOT_FOUND && !opts.path) {
		gt_autofree char *local = local_kubeconfig();

		opts.path = local;
		if (local)
			rc = gt_rest_config_load(&opts, &c->config, err);
	}
	if (rc == GT_OK)
		override_config(&c->config, g);
	return rc;
}

int cluster_open(struct cluster *c, bool offline, struct gt_err *err)
{
	int rc = GT_OK;

	gt_arena_init(&c->arena, 0);
	gt_ctx_init(&c->ctx, NULL, c->call->globals->timeout);
	if (!offline)
		rc = load_config(c, err);
	if (rc == GT_OK)
		rc = choose_namespace(c, err);
	if (rc < 0 || offline)
		return rc;
	struct gt_kube_opts opts = {.user_agent = "gitops/" GT_VERSION, .qps = -1};
	c->loop = gt_loop_new();
	rc = gt_loop_start_thread(c->loop, err);
	if (rc == GT_OK)
		rc = gt_kube_new(c->loop, &c->config, &opts, &c->kube, err);
	return rc;
}

void cluster_close(struct cluster *c)
{
	gt_kube_unref(c->kube);
	if (c->loop) {
		gt_loop_join(c->loop);
		gt_loop_free(c->loop);
	}
	gt_rest_config_fini(&c->config);
	gt_ctx_fini(&c->ctx);
	gt_arena_fini(&c->arena);
}
