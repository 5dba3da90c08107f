#include "kube/discovery.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/vec.h"
#include "kube/conn.h"
#include "text/json.h"

#define ACCEPT_AGGREGATED                                                            \
	"application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"      \
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList," \
	"application/json"
#define ANSWER_BUDGET GT_MIB(256)
#define KEEP_BUDGET GT_MIB(64)

struct gt_discovery {
	pthread_mutex_t lock;   /* also held while asking: everybody else wants the same answer */
	struct gt_arena keep;   /* interned strings and mappings; lives as long as the client */
	struct gt_map strings;  /* text -> the same text in keep */
	struct gt_map mappings; /* "g/v/kind/plural/scope" -> struct gt_resource in keep */
	GT_VEC(struct gt_api_resource) list; /* what the server has now, in its order */
	bool loaded;
};

static struct gt_discovery *discovery_of(struct gt_kube *k)
{
	struct gt_kube_conn *conn = k->conn;

	pthread_mutex_lock(&conn->lock);
	if (!conn->discovery) {
		conn->discovery = gt_new(struct gt_discovery);
		pthread_mutex_init(&conn->discovery->lock, NULL);
		gt_arena_init(&conn->discovery->keep, KEEP_BUDGET);
	}
	struct gt_discovery *d = conn->discovery;
	pthread_mutex_unlock(&conn->lock);
	return d;
}

void gt_discovery__free(struct gt_discovery *d)
{
	if (!d)
		return;
	pthread_mutex_destroy(&d->lock);
	gt_map_fini(&d->strings);
	gt_map_fini(&d->mappings);
	gt_vec_fini(&d->list);
	gt_arena_fini(&d->keep);
	free(d);
}

/* --- what the server says -------------------------------------------------------------------- */

static const char *intern(struct gt_discovery *d, const char *s)
{
	char *kept = gt_map_find(&d->strings, gt_str(s));

	if (!kept && (kept = gt_arena_strdup(&d->keep, s)) != NULL)
		gt_map_put(&d->strings, gt_str(s), kept);
	return kept ? kept : "";
}

static const char *const *intern_list(struct gt_discovery *d, const struct gt_node *seq)
{
	static const char *const none[] = {NULL};
	gt_auto_buf text = {0};
	size_t n = gt_node_count(seq);

	if (n == 0)
		return none;
	/* Equal lists are kept once: the key is the list itself. */
	gt_json_write(&text, seq, GT_JSON_COMPACT, 0);
	const char **list = gt_map_find(&d->strings, gt_buf_str(&text));
	if (list)
		return (const char *const *)list;
	list = gt_arena_calloc(&d->keep, n + 1, sizeof *list);
	if (!list)
		return none;
	for (size_t i = 0; i < n; i++)
		list[i] = intern(d, gt_node_cstr_or(gt_node_item(seq, i), ""));
	gt_map_put(&d->strings, gt_buf_str(&text), list);
	return (const char *const *)list;
}

static const struct gt_resource *intern_mapping(struct gt_discovery *d, const struct gt_resource *r)
{
	gt_autofree char *key = gt_xasprintf("%s/%s/%s/%s/%d", r->group, r->version, r->kind,
					     r->plural, r->namespaced);
	struct gt_resource *kept = gt_map_find(&d->mappings, gt_str(key));

	if (kept)
		return kept;
	kept = gt_arena_new(&d->keep, struct gt_resource);
	if (!kept)
		return NULL;
	*kept = (struct gt_resource){intern(d, r->group), intern(d, r->version), intern(d, r->kind),
				     intern(d, r->plural), r->namespaced};
	gt_map_put(&d->mappings, gt_str(key), kept);
	return kept;
}

static void add_resource(struct gt_discovery *d, const struct gt_resource *r,
			 const struct gt_node *facts, const char *singular, bool preferred)
{
	const struct gt_resource *kept = intern_mapping(d, r);

	if (!kept || !*r->kind || !*r->plural)
		return;
	struct gt_api_resource api = {
		.res = *kept,
		.singular = intern(d, singular),
		.short_names = intern_list(d, gt_node_get(facts, "shortNames")),
		.categories = intern_list(d, gt_node_get(facts, "categories")),
		.verbs = intern_list(d, gt_node_get(facts, "verbs")),
		.preferred = preferred,
	};
	gt_vec_push(&d->list, api);
}

/* An APIGroupDiscoveryList. */
static void add_aggregated(struct gt_discovery *d, const struct gt_node *root)
{
	gt_seq_for_each (gt_node_get(root, "items"), group) {
		const char *name = gt_node_cstr_or(gt_node_at(group, "metadata", "name"), "");
		bool first = true;

		gt_seq_for_each (gt_node_get(group, "versions"), version) {
			const char *v = gt_node_cstr_or(gt_node_get(version, "version"), "");

			gt_seq_for_each (gt_node_get(version, "resources"), res) {
				struct gt_resource r = {
					name, v,
					gt_node_cstr_or(gt_node_at(res, "responseKind", "kind"),
							""),
					gt_node_cstr_or(gt_node_get(res, "resource"), ""),
					gt_node_is_text(gt_node_get(res, "scope"), "Namespaced")};
				add_resource(
					d, &r, res,
					gt_node_cstr_or(gt_node_get(res, "singularResource"), ""),
					first);
			}
			first = false;
		}
	}
}

/* An APIResourceList of one group-version. */
static void add_legacy(struct gt_discovery *d, const char *group, const char *version,
		       const struct gt_node *root, bool preferred)
{
	gt_seq_for_each (gt_node_get(root, "resources"), res) {
		const char *plural = gt_node_cstr_or(gt_node_get(res, "name"), "");
		struct gt_resource r = {group, version,
					gt_node_cstr_or(gt_node_get(res, "kind"), ""), plural,
					gt_node_truth(gt_node_get(res, "namespaced"), false)};

		if (!strchr(plural, '/'))
			add_resource(d, &r, res,
				     gt_node_cstr_or(gt_node_get(res, "singularName"), ""),
				     preferred);
	}
}

/* --- asking ---------------------------------------------------------------------------------- */

static int ask(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a, const char *path,
	       const char *accept, bool *ret_aggregated, struct gt_node **ret_root,
	       struct gt_err *err)
{
	gt_auto_http_resp resp = {0};
	struct gt_kube__req req = {.path = path, .accept = accept, .unlimited = true};

	*ret_aggregated = false;
	int rc = gt_kube__do(k, ctx, &req, &resp, err);
	if (rc < 0)
		return rc;
	struct gt_str type = gt_http_header(&resp, "Content-Type");
	*ret_aggregated = gt_str_search(type, gt_str("as=APIGroupDiscoveryList")) != SIZE_MAX;
	rc = gt_json_parse(a, gt_buf_str(&resp.body), 0, ret_root, err);
	return rc < 0 ? gt_wrap(err, "discovery of %s", path) : GT_OK;
}

static int ask_version(struct gt_kube *k, struct gt_ctx *ctx, struct gt_discovery *d,
		       const char *group, const char *version, bool preferred, struct gt_err *err)
{
	gt_auto_arena a = {.budget = ANSWER_BUDGET};
	struct gt_resource probe = {group, version, "", "", false};
	gt_auto_buf path = {0};
	struct gt_node *root;
	bool aggregated;

	int rc = gt_kube__path(&path, &probe, NULL, NULL, NULL, err);
	if (rc < 0)
		return rc;
	while (path.n > 0 && path.p[path.n - 1] == '/')
		path.p[--path.n] = '\0';
	rc = ask(k, ctx, &a, gt_buf_cstr(&path), NULL, &aggregated, &root, err);
	if (rc == GT_OK)
		add_legacy(d, group, version, root, preferred);
	return rc;
}

static int load_legacy_groups(struct gt_kube *k, struct gt_ctx *ctx, struct gt_discovery *d,
			      const struct gt_node *root, struct gt_err *err)
{
	int rc = GT_OK;

	/* /api: versions of core. */
	gt_seq_for_each (gt_node_get(root, "versions"), version) {
		if (rc == GT_OK && gt_node_cstr(version))
			rc = ask_version(k, ctx, d, "", gt_node_cstr(version), true, err);
	}
	gt_seq_for_each (gt_node_get(root, "groups"), group) {
		const char *name = gt_node_cstr_or(gt_node_get(group, "name"), "");
		bool first = true;

		gt_seq_for_each (gt_node_get(group, "versions"), version) {
			const char *v = gt_node_cstr_or(gt_node_get(version, "version"), "");
			struct gt_err ignored;

			/* A group whose server is down does not hide the others. */
			ask_version(k, ctx, d, name, v, first, &ignored);
			first = false;
		}
	}
	return rc;
}

static int load_all(struct gt_kube *k, struct gt_ctx *ctx, struct gt_discovery *d,
		    struct gt_err *err)
{
	static const char *const roots[] = {"/api", "/apis"};

	d->list.n = 0;
	for (size_t i = 0; i < GT_COUNT(roots); i++) {
		gt_auto_arena a = {.budget = ANSWER_BUDGET};
		struct gt_node *root;
		bool aggregated;
		int rc = ask(k, ctx, &a, roots[i], ACCEPT_AGGREGATED, &aggregated, &root, err);

		if (rc == GT_E_NOT_FOUND)
			continue;
		if (rc < 0)
			return rc;
		if (aggregated)
			add_aggregated(d, root);
		else
			rc = load_legacy_groups(k, ctx, d, root, err);
		if (rc < 0)
			return rc;
	}
	int rc = gt_arena_check(&d->keep, err);
	d->loaded = rc == GT_OK;
	return rc;
}

/* Asks again about one group-version; one that the server does not know is dropped. */
static int reload_version(struct gt_kube *k, struct gt_ctx *ctx, struct gt_discovery *d,
			  const char *group, const char *version, struct gt_err *err)
{
	bool preferred = true;

	for (size_t i = d->list.n; i-- > 0;) {
		struct gt_resource *r = &d->list.v[i].res;
		if (!gt_streq(r->group, group))
			continue;
		if (gt_streq(r->version, version)) {
			preferred = d->list.v[i].preferred;
			gt_vec_remove(&d->list, i);
		} else if (d->list.v[i].preferred) {
			preferred = false;
		}
	}
	int rc = ask_version(k, ctx, d, group, version, preferred, err);
	return rc == GT_E_NOT_FOUND ? GT_OK : rc;
}

/* --- answers --------------------------------------------------------------------------------- */

static const struct gt_resource *find_kind(struct gt_discovery *d, struct gt_gvk gvk)
{
	for (size_t i = 0; i < d->list.n; i++) {
		const struct gt_api_resource *r = &d->list.v[i];

		if (!gt_streq(r->res.kind, gvk.kind) || !gt_streq(r->res.group, gvk.group))
			continue;
		if (*gvk.version ? gt_streq(r->res.version, gvk.version) : r->preferred)
			return intern_mapping(d, &r->res);
	}
	return NULL;
}

static int no_match(struct gt_gvk gvk, struct gt_err *err)
{
	if (*gvk.group)
		gt_fail(err, GT_E_NOT_FOUND, "no matches for kind \"%s\" in version \"%s/%s\"",
			gvk.kind, gvk.group, gvk.version);
	else
		gt_fail(err, GT_E_NOT_FOUND, "no matches for kind \"%s\" in version \"%s\"",
			gvk.kind, gvk.version);
	if (err)
		snprintf(err->reason, sizeof err->reason, "NoMatch");
	return GT_E_NOT_FOUND;
}

int gt_kube_resource(struct gt_kube *k, struct gt_ctx *ctx, struct gt_gvk gvk,
		     const struct gt_resource **ret_resource, struct gt_err *err)
{
	struct gt_discovery *d = discovery_of(k);
	const struct gt_resource *r = NULL;
	int rc = GT_OK;

	pthread_mutex_lock(&d->lock);
	bool fresh = !d->loaded;
	if (fresh)
		rc = load_all(k, ctx, d, err);
	if (rc == GT_OK)
		r = find_kind(d, gvk);
	if (rc == GT_OK && !r && !fresh) {
		rc = *gvk.version ? reload_version(k, ctx, d, gvk.group, gvk.version, err)
				  : load_all(k, ctx, d, err);
		if (rc == GT_OK)
			r = find_kind(d, gvk);
	}
	pthread_mutex_unlock(&d->lock);
	if (rc < 0)
		return gt_wrap(err, "discovery");
	if (!r)
		return no_match(gvk, err);
	*ret_resource = r;
	return GT_OK;
}

int gt_kube_resources(struct gt_kube *k, struct gt_ctx *ctx, struct gt_arena *a,
		      const struct gt_api_resource **ret_v, size_t *ret_n, struct gt_err *err)
{
	struct gt_discovery *d = discovery_of(k);
	struct gt_api_resource *v = NULL;
	size_t n = 0;

	pthread_mutex_lock(&d->lock);
	int rc = d->loaded ? GT_OK : load_all(k, ctx, d, err);
	if (rc == GT_OK) {
		n = d->list.n;
		v = gt_arena_alloc(a, n * sizeof *v + 1);
		if (v && n > 0)
			memcpy(v, d->list.v, n * sizeof *v);
	}
	pthread_mutex_unlock(&d->lock);
	if (rc == GT_OK)
		rc = gt_arena_check(a, err);
	if (rc < 0)
		return rc;
	*ret_v = v;
	*ret_n = n;
	return GT_OK;
}

/* Whether the first part of what was typed names the resource. */
static bool has_name(const struct gt_api_resource *r, struct gt_str name)
{
	if (gt_str_ieq(name, gt_str(r->res.plural)) || gt_str_ieq(name, gt_str(r->singular)) ||
	    gt_str_ieq(name, gt_str(r->res.kind)))
		return true;
	for (const char *const *s = r->short_names; *s; s++) {
		if (gt_str_ieq(name, gt_str(*s)))
			return true;
	}
	return false;
}

/* "name", "name.group" or "name.version.group". */
static bool is_named(const struct gt_api_resource *r, struct gt_str typed)
{
	size_t dot = gt_str_find(typed, '.');

	if (dot == SIZE_MAX)
		return r->preferred && has_name(r, typed);
	if (!has_name(r, gt_str_sub(typed, 0, dot)))
		return false;
	struct gt_str rest = gt_str_from(typed, dot + 1);
	if (r->preferred && gt_str_is(rest, r->res.group))
		return true;
	dot = gt_str_find(rest, '.');
	if (dot == SIZE_MAX)
		return gt_str_is(rest, r->res.version) && !*r->res.group;
	return gt_str_eq(gt_str_sub(rest, 0, dot), gt_str(r->res.version)) &&
	       gt_str_is(gt_str_from(rest, dot + 1), r->res.group);
}

static const struct gt_resource *find_named(struct gt_discovery *d, struct gt_str typed)
{
	for (size_t i = 0; i < d->list.n; i++) {
		if (is_named(&d->list.v[i], typed))
			return intern_mapping(d, &d->list.v[i].res);
	}
	return NULL;
}

int gt_kube_resource_named(struct gt_kube *k, struct gt_ctx *ctx, const char *name,
			   const struct gt_resource **ret_resource, struct gt_err *err)
{
	struct gt_discovery *d = discovery_of(k);
	const struct gt_resource *r = NULL;
	int rc = GT_OK;

	pthread_mutex_lock(&d->lock);
	bool fresh = !d->loaded;
	if (!fresh)
		r = find_named(d, gt_str(name));
	if (!r) {
		rc = load_all(k, ctx, d, err);
		if (rc == GT_OK)
			r = find_named(d, gt_str(name));
	}
	pthread_mutex_unlock(&d->lock);
	if (rc < 0)
		return gt_wrap(err, "discovery");
	if (!r) {
		gt_fail(err, GT_E_NOT_FOUND, "the server doesn't have a resource type \"%s\"",
			name);
		if (err)
			snprintf(err->reason, sizeof err->reason, "NoMatch");
		return GT_E_NOT_FOUND;
	}
	*ret_resource = r;
	return GT_OK;
}

void gt_kube_discovery_forget(struct gt_kube *k)
{
	struct gt_discovery *d = discovery_of(k);

	pthread_mutex_lock(&d->lock);
	d->loaded = false;
	pthread_mutex_unlock(&d->lock);
}
