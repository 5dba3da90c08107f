/* `gitops create source git`. */
#include <string.h>

#include "create.h"

static int check_url(const char *url, struct gt_err *err)
{
	const char *colon = strstr(url, "://");

	if (!*url)
		return gt_fail(err, GT_E_INVALID, "url is required");
	size_t n = colon ? (size_t)(colon - url) : 0;
	struct gt_str scheme = gt_strn(url, n);
	if (!gt_str_is(scheme, "ssh") && !gt_str_is(scheme, "http") && !gt_str_is(scheme, "https"))
		return gt_fail(err, GT_E_INVALID,
			       "git URL scheme '%.*s' not supported, can be: ssh, http and https",
			       GT_STR_ARG(scheme));
	return GT_OK;
}

static int fill_ref(struct cluster *c, struct gt_node *spec, struct gt_err *err)
{
	static const struct {
		const char *flag, *field;
	} refs[] = {
		{"branch", "branch"}, {"tag", "tag"},       {"tag-semver", "semver"},
		{"commit", "commit"}, {"ref-name", "name"},
	};
	struct gt_node *ref = gt_node_map(&c->arena);

	for (size_t i = 0; i < GT_COUNT(refs); i++)
		set_if(&c->arena, ref, refs[i].field, cli_flag_string(c->call, refs[i].flag));
	if (gt_node_count(ref) == 0)
		return gt_fail(err, GT_E_INVALID,
			       "a Git ref is required, use one of the following: --branch, --tag, "
			       "--commit, --ref-name or --tag-semver");
	gt_node_set(&c->arena, spec, "ref", ref);
	return GT_OK;
}

static void fill_ignore(struct cluster *c, struct gt_node *spec)
{
	const struct gt_flag_list *ignore = cli_flag_list(c->call, "ignore-paths");
	const struct gt_flag_list *sparse = cli_flag_list(c->call, "sparse-checkout-paths");
	gt_auto_buf text = {0};

	for (size_t i = 0; i < ignore->n; i++)
		gt_buf_printf(&text, "%s%s", i ? "\n" : "", ignore->v[i]);
	if (ignore->n)
		gt_node_set_str(&c->arena, spec, "ignore", gt_buf_cstr(&text));
	for (size_t i = 0; i < sparse->n; i++)
		gt_node_append(&c->arena, gt_node_need_seq(&c->arena, spec, "sparseCheckout"),
			       gt_node_str(&c->arena, sparse->v[i]));
}

static int add_file(struct cluster *c, struct gt_node *values, const char *flag, const char *key,
		    struct gt_err *err)
{
	gt_auto_buf text = {0};

	if (!*cli_flag_string(c->call, flag))
		return GT_OK;
	if (read_flag_file(c, flag, &text, err) < 0)
		return err->code;
	gt_node_set(&c->arena, values, key, gt_node_strn(&c->arena, gt_buf_str(&text)));
	return GT_OK;
}

/* The values of the Secret to write along, an empty map for none. */
static int fill_secret(struct cluster *c, struct gt_node *values, struct gt_err *err)
{
	bool ssh = strncmp(cli_flag_string(c->call, "url"), "ssh://", 6) == 0;
	int rc = add_file(c, values, "ca-file", "ca.crt", err);

	if (rc == GT_OK)
		rc = add_file(c, values, "private-key-file", "identity", err);
	if (rc == GT_OK)
		rc = add_file(c, values, "known-hosts-file", "known_hosts", err);
	if (rc < 0)
		return rc;
	if (ssh && gt_node_count(values) && !gt_node_get(values, "known_hosts"))
		return gt_fail(err, GT_E_INVALID, "--known-hosts-file is required with ssh");
	if (!ssh)
		set_if(&c->arena, values, "username", cli_flag_string(c->call, "username"));
	set_if(&c->arena, values, "password", cli_flag_string(c->call, "password"));
	return GT_OK;
}

int cluster_create_source_git(struct cluster *c)
{
	const struct kind *k = kind_named("GitRepository");
	struct gt_arena *a = &c->arena;
	struct gt_node *obj, *values = gt_node_map(a);
	struct gt_err err;

	if (check_url(cli_flag_string(c->call, "url"), &err) < 0 ||
	    create_object(c, k->res, &obj, &err) < 0)
		return cli_fail(&err);
	struct gt_node *spec = gt_node_need_map(a, obj, "spec");
	set_duration(a, spec, "interval", cli_flag_int(c->call, "interval"));
	if (cli_flag_int(c->call, "fetch-timeout") > 0)
		set_duration(a, spec, "timeout", cli_flag_int(c->call, "fetch-timeout"));
	gt_node_set_str(a, spec, "url", cli_flag_string(c->call, "url"));
	if (fill_ref(c, spec, &err) < 0 || fill_secret(c, values, &err) < 0)
		return cli_fail(&err);
	fill_ignore(c, spec);
	set_if(a, spec, "provider", cli_flag_string(c->call, "provider"));
	set_ref_if(a, spec, "proxySecretRef", cli_flag_string(c->call, "proxy-secret-ref"));
	if (cli_flag_bool(c->call, "recurse-submodules"))
		gt_node_set_bool(a, spec, "recurseSubmodules", true);

	const char *secret = cli_flag_string(c->call, "secret-ref");
	bool own_secret = !*secret && gt_node_count(values) > 0;
	set_ref_if(a, spec, "secretRef", own_secret ? gt_obj_name(obj) : secret);
	return create_finish(c, k, obj, own_secret ? values : NULL);
}
