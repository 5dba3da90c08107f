/* `gitops create kustomization`. */
#include <string.h>

#include "create.h"

/* "[kind/]name[.namespace]"; the default kind is GitRepository. */
static int fill_source(struct cluster *c, struct gt_node *spec, struct gt_err *err)
{
	static const char *const allowed[] = {"OCIRepository", "GitRepository", "Bucket"};
	const char *text = cli_flag_string(c->call, "source");
	const char *slash = strchr(text, '/');
	const char *name = slash ? slash + 1 : text;
	const char *dot = strchr(name, '.');
	const struct kind *k = kind_named("GitRepository");
	bool ok = false;

	if (!*text)
		return gt_fail(err, GT_E_INVALID, "source is required");
	if (slash)
		k = kind_named(gt_arena_strndup(&c->arena, text, (size_t)(slash - text)));
	for (size_t i = 0; k && i < GT_COUNT(allowed); i++)
		ok = ok || strcmp(k->res->kind, allowed[i]) == 0;
	if (!ok)
		return gt_fail(err, GT_E_INVALID,
			       "source '%s' is invalid, its kind must be one of: OCIRepository, "
			       "GitRepository, Bucket",
			       text);
	size_t n = dot ? (size_t)(dot - name) : strlen(name);
	if (n == 0)
		return gt_fail(err, GT_E_INVALID, "source '%s' has no name", text);
	struct gt_node *ref = gt_node_need_map(&c->arena, spec, "sourceRef");
	gt_node_set_str(&c->arena, ref, "kind", k->res->kind);
	gt_node_set(&c->arena, ref, "name", gt_node_strn(&c->arena, gt_strn(name, n)));
	set_if(&c->arena, ref, "namespace", dot ? dot + 1 : NULL);
	return GT_OK;
}

static void fill_dependencies(struct cluster *c, struct gt_node *spec)
{
	const struct gt_flag_list *list = cli_flag_list(c->call, "depends-on");

	for (size_t i = 0; i < list->n; i++) {
		const char *slash = strchr(list->v[i], '/');
		struct gt_node *item = gt_node_map(&c->arena);

		if (slash)
			gt_node_set(&c->arena, item, "namespace",
				    gt_node_strn(&c->arena, gt_strn(list->v[i],
								    (size_t)(slash - list->v[i]))));
		gt_node_set_str(&c->arena, item, "name", slash ? slash + 1 : list->v[i]);
		gt_node_append(&c->arena, gt_node_need_seq(&c->arena, spec, "dependsOn"), item);
	}
}

/* "Kind/name.namespace" of a workload that can be checked. */
static int fill_checks(struct cluster *c, struct gt_node *spec, struct gt_err *err)
{
	static const struct {
		const char *kind, *api_version;
	} allowed[] = {
		{"Deployment", "apps/v1"},
		{"DaemonSet", "apps/v1"},
		{"StatefulSet", "apps/v1"},
		{"HelmRelease", "helm.toolkit.fluxcd.io/v2"},
	};
	const struct gt_flag_list *list = cli_flag_list(c->call, "health-check");

	for (size_t i = 0; i < list->n; i++) {
		const char *slash = strchr(list->v[i], '/');
		const char *dot = slash ? strchr(slash, '.') : NULL;
		const char *api_version = NULL;

		for (size_t k = 0; dot && k < GT_COUNT(allowed); k++) {
			if (gt_str_is(gt_strn(list->v[i], (size_t)(slash - list->v[i])),
				      allowed[k].kind))
				api_version = allowed[k].api_version;
		}
		if (!api_version)
			return gt_fail(err, GT_E_INVALID,
				       "invalid health check '%s', must be in format "
				       "<kind>/<name>.<namespace>, of kind Deployment, DaemonSet, "
				       "StatefulSet or HelmRelease",
				       list->v[i]);
		struct gt_node *check = gt_node_map(&c->arena);
		gt_node_set_str(&c->arena, check, "apiVersion", api_version);
		gt_node_set(
			&c->arena, check, "kind",
			gt_node_strn(&c->arena, gt_strn(list->v[i], (size_t)(slash - list->v[i]))));
		gt_node_set(&c->arena, check, "name",
			    gt_node_strn(&c->arena, gt_strn(slash + 1, (size_t)(dot - slash - 1))));
		gt_node_set_str(&c->arena, check, "namespace", dot + 1);
		gt_node_append(&c->arena, gt_node_need_seq(&c->arena, spec, "healthChecks"), check);
	}
	return GT_OK;
}

/* Relative and inside of the source, in Flux's form "./path". */
static int fill_path(struct cluster *c, struct gt_node *spec, struct gt_err *err)
{
	const char *path = cli_flag_string(c->call, "path");
	struct gt_split it = {.rest = gt_str(path)};
	struct gt_str part;
	gt_auto_buf clean = {0};

	gt_buf_addc(&clean, '.');
	while (gt_split_next(&it, '/', &part)) {
		if (gt_str_is(part, ".."))
			return gt_fail(err, GT_E_INVALID, "path '%s' leaves the source", path);
		if (part.n && !gt_str_is(part, "."))
			gt_buf_printf(&clean, "/%.*s", GT_STR_ARG(part));
	}
	gt_node_set_str(&c->arena, spec, "path", clean.n > 1 ? gt_buf_cstr(&clean) : "./");
	return GT_OK;
}

static void fill_decryption(struct cluster *c, struct gt_node *spec)
{
	const char *provider = cli_flag_string(c->call, "decryption-provider");

	if (!*provider)
		return;
	struct gt_node *decryption = gt_node_need_map(&c->arena, spec, "decryption");
	gt_node_set_str(&c->arena, decryption, "provider", provider);
	set_ref_if(&c->arena, decryption, "secretRef",
		   cli_flag_string(c->call, "decryption-secret"));
}

int cluster_create_kustomization(struct cluster *c)
{
	const struct kind *k = kind_named("Kustomization");
	struct gt_arena *a = &c->arena;
	struct gt_node *obj;
	struct gt_err err;

	if (create_object(c, k->res, &obj, &err) < 0)
		return cli_fail(&err);
	struct gt_node *spec = gt_node_need_map(a, obj, "spec");
	set_duration(a, spec, "interval", cli_flag_int(c->call, "interval"));
	if (fill_source(c, spec, &err) < 0 || fill_path(c, spec, &err) < 0 ||
	    (!cli_flag_bool(c->call, "wait") && fill_checks(c, spec, &err) < 0))
		return cli_fail(&err);
	gt_node_set_bool(a, spec, "prune", cli_flag_bool(c->call, "prune"));
	if (cli_flag_bool(c->call, "wait"))
		gt_node_set_bool(a, spec, "wait", true);
	if (cli_flag_int(c->call, "health-check-timeout") > 0)
		set_duration(a, spec, "timeout", cli_flag_int(c->call, "health-check-timeout"));
	if (cli_flag_int(c->call, "retry-interval") > 0)
		set_duration(a, spec, "retryInterval", cli_flag_int(c->call, "retry-interval"));
	fill_dependencies(c, spec);
	fill_decryption(c, spec);
	set_if(a, spec, "serviceAccountName", cli_flag_string(c->call, "service-account"));
	set_if(a, spec, "targetNamespace", cli_flag_string(c->call, "target-namespace"));
	const char *kubeconfig = cli_flag_string(c->call, "kubeconfig-secret-ref");
	if (*kubeconfig)
		set_ref_if(a, gt_node_need_map(a, spec, "kubeConfig"), "secretRef", kubeconfig);
	return create_finish(c, k, obj, NULL);
}
