/*
 * kubeconfig - where the API server is and who we are: files merged as kubectl merges them, one
 * context chosen and validated, or the service account of the pod.
 *
 * A struct gt_kubeconfig is the whole merged configuration, a struct gt_rest_config what a client
 * needs of one context.  Both are read-only once made: any thread.  Secrets are gt_secret.
 */
#ifndef GT_KUBE_KUBECONFIG_H
#define GT_KUBE_KUBECONFIG_H

#include "base/secret.h"
#include "text/node.h"

struct gt_kubeconfig;

/* One server and one identity.  Zeroed is valid; everything is owned. */
struct gt_rest_config {
	char *server; /* https://host:port[/path] */
	char *namespace_;
	char *tls_server_name;
	struct gt_secret ca; /* PEM; unset means the system's roots */
	char *ca_file;       /* re-read when it changes */
	bool insecure;
	bool disable_compression;
	char *proxy_url;

	struct gt_secret cert, key; /* PEM */
	char *cert_file, *key_file;
	struct gt_secret token;
	char *token_file; /* re-read every minute; wins over token once read */
	char *username;
	struct gt_secret password;

	char *as_user; /* impersonation */
	char *as_uid;
	char **as_groups; /* NULL-terminated, or NULL */

	char *exec_command; /* set: credentials come from a program; refused by the controllers */
	int64_t timeout_ns; /* per request, 0 for none */
};

void gt_rest_config_fini(struct gt_rest_config *c);
#define gt_auto_rest_config gt_cleanup(gt_rest_config_fini) struct gt_rest_config

struct gt_kubeconfig_opts {
	const char *path;    /* --kubeconfig; must exist.  NULL: $KUBECONFIG, else ~/.kube/config */
	const char *context; /* --context, NULL: current-context */
	const char *cluster; /* --cluster */
	const char *user;    /* --user */
	const char *server;  /* --server; overrides the cluster's, and needs no kubeconfig */
	const char *namespace_; /* --namespace; overrides the context's */
	bool in_cluster; /* without server, try the pod's service account after $KUBECONFIG */
};

/*
 * The configuration a program uses: explicit path, $KUBECONFIG, in-cluster (when asked for),
 * ~/.kube/config.  Errors are kubectl's, and name file and field.  GT_E_NOT_FOUND when there is
 * no configuration at all.
 */
int gt_rest_config_load(const struct gt_kubeconfig_opts *opts, struct gt_rest_config *ret_config,
			struct gt_err *err);

/* The pod's own service account; GT_E_NOT_FOUND outside of a cluster. */
int gt_rest_config_in_cluster(struct gt_rest_config *ret_config, struct gt_err *err);

/* --- the parts ------------------------------------------------------------------------------ */
struct gt_kubeconfig *gt_kubeconfig_new(void);
void gt_kubeconfig_free(struct gt_kubeconfig *kc);

/*
 * Merges a file's content below what is there: the first file to define a name wins, entries are
 * taken whole.  dir is what relative paths are relative to (NULL: kept as they are); name is for
 * errors.
 */
int gt_kubeconfig_merge(struct gt_kubeconfig *kc, struct gt_str text, const char *dir,
			const char *name, struct gt_err *err);
int gt_kubeconfig_merge_file(struct gt_kubeconfig *kc, const char *path, struct gt_err *err);

/* Every path of a list separated by ':'; missing files are skipped, repeated ones read once. */
int gt_kubeconfig_merge_list(struct gt_kubeconfig *kc, const char *paths, struct gt_err *err);

/* NULL when unset. */
const char *gt_kubeconfig_current(const struct gt_kubeconfig *kc);

/* Chooses a context and validates what it names. */
int gt_kubeconfig_select(const struct gt_kubeconfig *kc, const struct gt_kubeconfig_opts *opts,
			 struct gt_rest_config *ret_config, struct gt_err *err);

/*
 * A configuration that came from a tenant (spec.kubeConfig): file paths, tokenFile, impersonation,
 * auth providers, and unless allowed exec and insecure-skip-tls-verify, are dropped.
 */
int gt_rest_config_restricted(struct gt_str text, bool allow_exec, bool allow_insecure,
			      struct gt_rest_config *ret_config, struct gt_err *err);

#endif
