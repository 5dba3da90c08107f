#include "kube/kubeconfig_int.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/enc.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/map.h"
#include "text/yaml.h"

#define KUBECONFIG_MAX GT_MIB(4)

/* A named cluster, user or context, and the folder its relative paths start from. */
struct entry {
	const struct gt_node *value;
	const char *dir; /* NULL: keep paths as they are */
};

struct gt_kubeconfig {
	struct gt_arena arena;
	struct gt_map clusters, users, contexts; /* of struct entry, in the arena */
	const char *current;
	bool remote; /* came from a tenant: names no file of ours */
};

struct gt_kubeconfig *gt_kubeconfig_new(void)
{
	struct gt_kubeconfig *kc = gt_new(struct gt_kubeconfig);

	gt_arena_init(&kc->arena, GT_MIB(64));
	return kc;
}

void gt_kubeconfig_free(struct gt_kubeconfig *kc)
{
	if (!kc)
		return;
	gt_map_fini(&kc->clusters);
	gt_map_fini(&kc->users);
	gt_map_fini(&kc->contexts);
	gt_arena_fini(&kc->arena);
	free(kc);
}

const char *gt_kubeconfig_current(const struct gt_kubeconfig *kc)
{
	return kc->current;
}

/* --- merging -------------------------------------------------------------------------------- */

static int expect(const struct gt_node *n, enum gt_kind kind, const char *field, struct gt_err *err)
{
	if (gt_node_is_null(n) || n->kind == kind)
		return GT_OK;
	return gt_fail(err, GT_E_INVALID, "line %u: %s must be %s, not %s", n->line, field,
		       gt_kind_name(kind), gt_kind_name((enum gt_kind)n->kind));
}

static int merge_list(struct gt_kubeconfig *kc, struct gt_map *into, const struct gt_node *root,
		      const char *list, const char *member, const char *dir, struct gt_err *err)
{
	const struct gt_node *seq = gt_node_get(root, list);
	struct gt_map seen = {0};
	int rc = expect(seq, GT_SEQ, list, err);

	gt_seq_for_each (seq, item) {
		const char *name = gt_node_cstr(gt_node_get(item, "name"));
		const struct gt_node *value = gt_node_get(item, member);

		if (!gt_node_is(item, GT_MAP) || !name) {
			rc = gt_fail(err, GT_E_INVALID, "line %u: %s: an entry without a name",
				     item ? item->line : 0, list);
		} else if (gt_map_has(&seen, gt_str(name))) {
			rc = gt_fail(err, GT_E_INVALID, "duplicate name \"%s\" in list %s", name,
				     list);
		} else {
			rc = expect(value, GT_MAP, member, err);
		}
		if (rc < 0)
			break;
		gt_map_put(&seen, gt_str(name), NULL);
		if (gt_map_has(into, gt_str(name)))
			continue; /* the first file wins, entry taken whole */
		struct entry *e = gt_arena_new(&kc->arena, struct entry);
		if (!e)
			break;
		*e = (struct entry){.value = value, .dir = dir};
		gt_map_put(into, gt_str(name), e);
	}
	gt_map_fini(&seen);
	return rc;
}

static int merge(struct gt_kubeconfig *kc, struct gt_str text, const char *dir, struct gt_err *err)
{
	struct gt_node *root = NULL;
	struct gt_yaml_opts opts = {.rules = GT_YAML_GO_V2};

	if (text.n > KUBECONFIG_MAX)
		return gt_fail(err, GT_E_BUDGET, "larger than %zu bytes", KUBECONFIG_MAX);
	int rc = gt_yaml_or_json_parse(&kc->arena, text, &opts, &root, err);
	if (rc < 0)
		return rc;
	if (gt_node_is_null(root))
		return GT_OK;
	const char *kind = gt_node_cstr_at(root, "kind");
	if (!gt_node_is(root, GT_MAP) || (kind && *kind && !gt_streq(kind, "Config")))
		return gt_fail(err, GT_E_INVALID, "not a kubeconfig (kind must be Config)");
	if (dir)
		dir = gt_arena_strdup(&kc->arena, dir);
	rc = merge_list(kc, &kc->clusters, root, "clusters", "cluster", dir, err);
	if (rc == GT_OK)
		rc = merge_list(kc, &kc->users, root, "users", "user", dir, err);
	if (rc == GT_OK)
		rc = merge_list(kc, &kc->contexts, root, "contexts", "context", dir, err);
	if (rc == GT_OK)
		rc = gt_arena_check(&kc->arena, err);
	const char *current = gt_node_cstr_at(root, "current-context");
	if (rc == GT_OK && !kc->current && current && *current)
		kc->current = current;
	return rc;
}

int gt_kubeconfig_merge(struct gt_kubeconfig *kc, struct gt_str text, const char *dir,
			const char *name, struct gt_err *err)
{
	int rc = merge(kc, text, dir, err);

	return rc < 0 ? gt_wrap(err, "error loading config file \"%s\"", name) : GT_OK;
}

int gt_kubeconfig_merge_file(struct gt_kubeconfig *kc, const char *path, struct gt_err *err)
{
	gt_auto_buf text = {0};
	gt_auto_buf dir = {0};
	gt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return gt_fail_errno(err, errno, "stat %s", path);
	if (fd < 0)
		return gt_fail_errno(err, errno, "error loading config file \"%s\": open %s", path,
				     path);
	int rc = gt_fd_read_all(fd, KUBECONFIG_MAX, &text, err);
	if (rc < 0)
		return gt_wrap(err, "error loading config file \"%s\"", path);
	gt_buf_add_str(&dir, gt_path_dir(gt_str(path)));
	rc = gt_kubeconfig_merge(kc, gt_buf_str(&text), gt_buf_cstr(&dir), path, err);
	gt_wipe(text.p, text.n);
	return rc;
}

int gt_kubeconfig_merge_list(struct gt_kubeconfig *kc, const char *paths, struct gt_err *err)
{
	struct gt_map seen = {0};
	struct gt_split it = {.rest = gt_str(paths)};
	struct gt_str part;
	int rc = GT_OK;

	while (rc == GT_OK && gt_split_next(&it, ':', &part)) {
		if (part.n == 0 || !gt_map_put(&seen, part, NULL))
			continue;
		gt_autofree char *path = gt_xstrndup(part.p, part.n);
		if (access(path, F_OK) == 0)
			rc = gt_kubeconfig_merge_file(kc, path, err);
	}
	gt_map_fini(&seen);
	return rc;
}

/* --- choosing -------------------------------------------------------------------------------- */

/* Problems of a configuration, joined as Go's error lists are. */
struct problems {
	struct gt_buf text;
	size_t n;
	bool remote;
};

__attribute__((format(printf, 2, 3))) static void problem(struct problems *p, const char *fmt, ...)
{
	va_list ap;

	if (p->n++ > 0)
		gt_buf_adds(&p->text, ", ");
	va_start(ap, fmt);
	gt_buf_vprintf(&p->text, fmt, ap);
	va_end(ap);
}

static int problems_end(struct problems *p, struct gt_err *err)
{
	int rc = GT_OK;

	if (p->n == 1)
		rc = gt_fail(err, GT_E_INVALID, "invalid configuration: %s", gt_buf_cstr(&p->text));
	else if (p->n > 1)
		rc = gt_fail(err, GT_E_INVALID, "invalid configuration: [%s]",
			     gt_buf_cstr(&p->text));
	gt_buf_fini(&p->text);
	return rc;
}

static char *copy_field(const struct entry *e, const char *field)
{
	const char *s = e ? gt_node_cstr(gt_node_get(e->value, field)) : NULL;

	return s && *s ? gt_xstrdup(s) : NULL;
}

/* A file name, relative to the file that named it. */
static char *copy_path(const struct problems *p, const struct entry *e, const char *field)
{
	const char *s = e ? gt_node_cstr(gt_node_get(e->value, field)) : NULL;

	if (!s || !*s || p->remote)
		return NULL;
	if (s[0] == '/' || !e->dir)
		return gt_xstrdup(s);
	gt_auto_buf path = {0};
	gt_path_join(&path, gt_str(e->dir), gt_str(s));
	return gt_buf_take(&path);
}

static void copy_data(struct problems *p, const struct entry *e, const char *field,
		      struct gt_secret *to)
{
	struct gt_str s = e ? gt_node_text(gt_node_get(e->value, field)) : (struct gt_str){0};
	gt_auto_buf bytes = {0};

	if (s.n == 0)
		return;
	if (!gt_base64_decode(&bytes, s))
		problem(p, "%s is not valid base64", field);
	else
		gt_secret_set(to, gt_buf_str(&bytes));
	gt_wipe(bytes.p, bytes.n);
}

static void check_readable(struct problems *p, const char *path, const char *what, const char *name)
{
	if (!path || access(path, R_OK) == 0)
		return;
	char text[128];
	problem(p, "unable to read %s %s for %s due to open %s: %s", what, path, name, path,
		strerror_r(errno, text, sizeof text));
}

static void select_cluster(struct problems *p, const struct entry *e, const char *name,
			   const char *server, struct gt_rest_config *c)
{
	c->server = server ? gt_xstrdup(server) : copy_field(e, "server");
	if (!c->server)
		problem(p, "no server found for cluster \"%s\"", name);
	else if (!gt_str_starts(gt_str(c->server), "http://") &&
		 !gt_str_starts(gt_str(c->server), "https://"))
		problem(p, "server \"%s\" of cluster \"%s\" is not an http or https URL", c->server,
			name);
	c->tls_server_name = copy_field(e, "tls-server-name");
	c->insecure =
		gt_node_truth(e ? gt_node_get(e->value, "insecure-skip-tls-verify") : NULL, false);
	c->disable_compression =
		gt_node_truth(e ? gt_node_get(e->value, "disable-compression") : NULL, false);
	c->proxy_url = copy_field(e, "proxy-url");
	c->ca_file = copy_path(p, e, "certificate-authority");
	copy_data(p, e, "certificate-authority-data", &c->ca);
	if (c->ca_file && gt_secret_is_set(&c->ca))
		problem(p,
			"certificate-authority-data and certificate-authority are both specified "
			"for %s. certificate-authority-data will override.",
			name);
	check_readable(p, c->ca_file, "certificate-authority", name);
	if (c->insecure && (c->ca_file || gt_secret_is_set(&c->ca)))
		problem(p, "specifying a root certificates file with the insecure flag is not "
			   "allowed");
}

static void select_certificate(struct problems *p, const struct entry *e, const char *name,
			       struct gt_rest_config *c)
{
	c->cert_file = copy_path(p, e, "client-certificate");
	c->key_file = copy_path(p, e, "client-key");
	copy_data(p, e, "client-certificate-data", &c->cert);
	copy_data(p, e, "client-key-data", &c->key);
	bool have_cert = c->cert_file || gt_secret_is_set(&c->cert);
	bool have_key = c->key_file || gt_secret_is_set(&c->key);

	if (c->cert_file && gt_secret_is_set(&c->cert))
		problem(p,
			"client-cert-data and client-cert are both specified for %s. "
			"client-cert-data will override.",
			name);
	if (c->key_file && gt_secret_is_set(&c->key))
		problem(p,
			"client-key-data and client-key are both specified for %s; client-key-data "
			"will override",
			name);
	if (have_cert && !have_key)
		problem(p,
			"client-key-data or client-key must be specified for %s to use the "
			"clientCert authentication method.",
			name);
	check_readable(p, c->cert_file, "client-cert", name);
	check_readable(p, c->key_file, "client-key", name);
}

static void select_impersonation(struct problems *p, const struct entry *e, const char *name,
				 struct gt_rest_config *c)
{
	const struct gt_node *groups = gt_node_get(e->value, "as-groups");
	const struct gt_node *extra = gt_node_get(e->value, "as-user-extra");
	size_t n = gt_node_count(groups);

	c->as_user = copy_field(e, "as");
	c->as_uid = copy_field(e, "as-uid");
	if (n > 0) {
		c->as_groups = gt_xcalloc(n + 1, sizeof *c->as_groups);
		for (size_t i = 0; i < n; i++)
			c->as_groups[i] = gt_xstrdup(gt_node_cstr_or(gt_node_item(groups, i), ""));
	}
	if (!c->as_user && (c->as_uid || n > 0 || gt_node_count(extra) > 0))
		problem(p,
			"requesting uid, groups or user-extra for %s without impersonating a "
			"user",
			name);
	if (gt_node_count(extra) > 0)
		problem(p, "as-user-extra of %s is not supported", name);
}

static void select_user(struct problems *p, const struct entry *e, const char *name,
			struct gt_rest_config *c)
{
	if (!e || !e->value)
		return;
	const struct gt_node *exec = gt_node_get(e->value, "exec");
	const char *token = gt_node_cstr(gt_node_get(e->value, "token"));
	const char *password = gt_node_cstr(gt_node_get(e->value, "password"));

	select_certificate(p, e, name, c);
	if (token && *token)
		gt_secret_set(&c->token, gt_str(token));
	c->token_file = copy_path(p, e, "tokenFile");
	c->username = copy_field(e, "username");
	if (password && *password)
		gt_secret_set(&c->password, gt_str(password));
	if (gt_secret_is_set(&c->token) && (c->username || gt_secret_is_set(&c->password)))
		problem(p,
			"more than one authentication method found for %s; found [token "
			"basicAuth], only one is allowed",
			name);
	if (gt_node_is(gt_node_get(e->value, "auth-provider"), GT_MAP))
		problem(p, "auth-provider of %s is no longer supported; use an exec plugin", name);
	if (gt_node_is(exec, GT_MAP)) {
		const char *command = gt_node_cstr(gt_node_get(exec, "command"));

		if (!command || !*command)
			problem(p,
				"command must be specified for %s to use exec authentication "
				"plugin",
				name);
		else
			c->exec_command = gt_xstrdup(command);
		if (!gt_node_cstr(gt_node_get(exec, "apiVersion")))
			problem(p,
				"apiVersion must be specified for %s to use exec authentication "
				"plugin",
				name);
	}
	select_impersonation(p, e, name, c);
}

/* The name that an option gives, else the context's. */
static const char *chosen(const char *option, const struct entry *context, const char *field)
{
	if (option && *option)
		return option;
	return context ? gt_node_cstr_or(gt_node_get(context->value, field), "") : "";
}

static int select_entry(const struct gt_map *map, const char *name, const char *what,
			const struct entry **ret_e, struct gt_err *err)
{
	*ret_e = gt_map_find(map, gt_str(name));
	if (!*ret_e && *name)
		return gt_fail(err, GT_E_INVALID, "%s \"%s\" does not exist", what, name);
	return GT_OK;
}

int gt_kubeconfig_select(const struct gt_kubeconfig *kc, const struct gt_kubeconfig_opts *opts,
			 struct gt_rest_config *ret_config, struct gt_err *err)
{
	static const struct gt_kubeconfig_opts none;
	struct problems p = {.remote = kc->remote};
	gt_auto_rest_config c = {0};
	const struct entry *context, *cluster, *user;
	const char *server = NULL;

	if (!opts)
		opts = &none;
	const char *name = opts->context && *opts->context ? opts->context : kc->current;
	int rc = select_entry(&kc->contexts, name ? name : "", "context", &context, err);
	if (rc < 0)
		return rc;
	const char *cluster_name = chosen(opts->cluster, context, "cluster");
	const char *user_name = chosen(opts->user, context, "user");
	rc = select_entry(&kc->clusters, cluster_name, "cluster", &cluster, err);
	if (rc == GT_OK)
		rc = select_entry(&kc->users, user_name, "auth info", &user, err);
	if (rc < 0)
		return rc;
	if (opts->server && *opts->server)
		server = opts->server;
	if (!cluster && !server)
		return gt_fail(err, GT_E_NOT_FOUND,
			       "invalid configuration: no configuration has been provided, try "
			       "setting KUBECONFIG or --kubeconfig");
	select_cluster(&p, cluster, cluster_name, server, &c);
	/* Credentials are never sent in clear. */
	if (c.server && gt_str_starts(gt_str(c.server), "https://"))
		select_user(&p, user, user_name, &c);
	rc = problems_end(&p, err);
	if (rc < 0)
		return rc;
	const char *ns = chosen(opts->namespace_, context, "namespace");
	c.namespace_ = gt_xstrdup(*ns ? ns : "default");
	*ret_config = c;
	c = (struct gt_rest_config){0};
	return GT_OK;
}

int gt_kubeconfig__select_remote(struct gt_kubeconfig *kc, struct gt_rest_config *ret_config,
				 struct gt_err *err)
{
	kc->remote = true;
	return gt_kubeconfig_select(kc, NULL, ret_config, err);
}
