/* Discovery documents, aggregated and in the old form. */
#include "documents.h"
#include "server.h"
#include "text/json.h"

/* --- common ------------------------------------------------------------------------------- */

static void put_str(struct gt_arena *a, struct gt_node *map, const char *key, const char *s)
{
	gt_node_set_str(a, map, key, s);
}

static void put_names(struct gt_arena *a, struct gt_node *map, const char *key,
		      const char *const *names)
{
	struct gt_node *seq = NULL;

	for (size_t i = 0; names && names[i]; i++) {
		if (!seq)
			seq = gt_node_need_seq(a, map, key);
		gt_node_append(a, seq, gt_node_str(a, names[i]));
	}
}

static void put_verbs(struct gt_arena *a, struct gt_node *map, uint16_t verbs)
{
	struct gt_node *seq = gt_node_need_seq(a, map, "verbs");

	for (size_t bit = 0; gt_verb_name(bit); bit++) {
		if (verbs & (1u << bit))
			gt_node_append(a, seq, gt_node_str(a, gt_verb_name(bit)));
	}
}

/* A subresource, whoever has it. */
struct sub {
	const char *name, *group, *version, *kind;
	uint16_t verbs;
};

#define STATUS_VERBS (GT_VERB_GET | GT_VERB_PATCH | GT_VERB_UPDATE)

/* The i-th subresource of a version; false beyond the last. */
static bool sub_at(const struct as_resource *r, const struct as_version *v, size_t i,
		   struct sub *ret)
{
	struct gt_schema_sub s;

	if (v->kind) {
		if (!gt_schema_sub_at(v->kind, i, &s))
			return false;
		*ret = (struct sub){s.name, s.group, s.version, s.kind, s.verbs};
		return true;
	}
	if (i == 0 && v->scale) {
		*ret = (struct sub){"scale", "autoscaling", "v1", "Scale", STATUS_VERBS};
		return true;
	}
	if (i == (v->scale ? 1 : 0) && v->status) {
		*ret = (struct sub){"status", r->group, v->name, r->kind, STATUS_VERBS};
		return true;
	}
	return false;
}

/* Runs of resources with the same group in a list that is ordered by group. */
struct groups {
	struct as_resource **all;
	size_t n, at;
};

static bool next_group(struct groups *g, size_t *ret_first, size_t *ret_end)
{
	size_t end = g->at;

	if (g->at >= g->n)
		return false;
	while (end < g->n && gt_streq(g->all[end]->group, g->all[g->at]->group))
		end++;
	*ret_first = g->at;
	*ret_end = end;
	g->at = end;
	return true;
}

/* The served versions of a group, preferred first, as found in its resources. */
static size_t group_versions(struct as_resource **all, size_t first, size_t end,
			     const char *versions[16])
{
	const struct gt_schema *s = gt_schema_get(GT_SCHEMA_K8S);
	struct gt_schema_group g;
	size_t n = 0;

	for (size_t i = 0; i < gt_schema_group_count(s) && !(all[first]->flags & AS_R_CUSTOM);
	     i++) {
		gt_schema_group_at(s, i, &g);
		if (!gt_streq(g.name, all[first]->group))
			continue;
		for (size_t v = 0; gt_schema_group_version(&g, v) && n < 16; v++)
			versions[n++] = gt_schema_group_version(&g, v);
	}
	for (size_t i = first; i < end; i++) {
		for (uint32_t k = 0; k < all[i]->n_versions; k++) {
			const struct as_version *v = &all[i]->versions[k];
			bool there = !v->served;
			for (size_t j = 0; j < n && !there; j++)
				there = gt_streq(versions[j], v->name);
			if (!there && n < 16)
				versions[n++] = v->name;
		}
	}
	return n;
}

static const struct as_version *version_named(const struct as_resource *r, const char *name)
{
	return as_resource_version(r, gt_str(name));
}

/* --- aggregated --------------------------------------------------------------------------- */

static struct gt_node *kind_node(struct gt_arena *a, const char *group, const char *version,
				 const char *kind)
{
	struct gt_node *n = gt_node_map(a);

	put_str(a, n, "group", group);
	put_str(a, n, "version", version);
	put_str(a, n, "kind", kind);
	return n;
}

static struct gt_node *resource_node(struct gt_arena *a, const struct as_resource *r,
				     const struct as_version *v)
{
	struct gt_node *n = gt_node_map(a);
	struct sub s;

	put_str(a, n, "resource", r->plural);
	gt_node_set(a, n, "responseKind", kind_node(a, r->group, v->name, r->kind));
	put_str(a, n, "scope", r->flags & AS_R_NAMESPACED ? "Namespaced" : "Cluster");
	put_str(a, n, "singularResource", r->singular);
	put_verbs(a, n, r->verbs);
	put_names(a, n, "shortNames", r->short_names);
	put_names(a, n, "categories", r->categories);
	for (size_t i = 0; sub_at(r, v, i, &s); i++) {
		struct gt_node *sub = gt_node_map(a);
		put_str(a, sub, "subresource", s.name);
		gt_node_set(a, sub, "responseKind", kind_node(a, s.group, s.version, s.kind));
		put_verbs(a, sub, s.verbs);
		gt_node_append(a, gt_node_need_seq(a, n, "subresources"), sub);
	}
	return n;
}

static struct gt_node *group_node(struct gt_arena *a, struct as_resource **all, size_t first,
				  size_t end)
{
	const char *versions[16];
	size_t n = group_versions(all, first, end, versions);
	struct gt_node *g = gt_node_map(a), *meta = gt_node_map(a), *list;

	if (all[first]->group[0])
		put_str(a, meta, "name", all[first]->group);
	gt_node_set(a, meta, "creationTimestamp", gt_node_null(a));
	gt_node_set(a, g, "metadata", meta);
	list = gt_node_need_seq(a, g, "versions");
	for (size_t i = 0; i < n; i++) {
		struct gt_node *ver = gt_node_map(a), *resources = gt_node_seq(a);
		for (size_t k = first; k < end; k++) {
			const struct as_version *v = version_named(all[k], versions[i]);
			if (v)
				gt_node_append(a, resources, resource_node(a, all[k], v));
		}
		put_str(a, ver, "version", versions[i]);
		gt_node_set(a, ver, "resources", resources);
		put_str(a, ver, "freshness", "Current");
		gt_node_append(a, list, ver);
	}
	return g;
}

void as_discovery_aggregated(struct as_server *s, struct gt_buf *out, bool core, bool beta)
{
	gt_auto_arena arena = {0};
	struct gt_node *doc = gt_node_map(&arena), *items = gt_node_seq(&arena);
	struct groups g = {0};
	size_t first, end;

	put_str(&arena, doc, "kind", "APIGroupDiscoveryList");
	put_str(&arena, doc, "apiVersion",
		beta ? "apidiscovery.k8s.io/v2beta1" : "apidiscovery.k8s.io/v2");
	gt_node_set(&arena, doc, "metadata", gt_node_map(&arena));
	gt_node_set(&arena, doc, "items", items);
	g.all = as_registry_all(s->registry, &g.n);
	while (next_group(&g, &first, &end)) {
		if ((g.all[first]->group[0] == '\0') == core)
			gt_node_append(&arena, items, group_node(&arena, g.all, first, end));
	}
	gt_json_write(out, doc, GT_JSON_COMPACT, 0);
	as_resources_free(g.all, g.n);
}

/* --- the old form ------------------------------------------------------------------------- */

static struct gt_node *old_version(struct gt_arena *a, const char *group, const char *version)
{
	struct gt_node *n = gt_node_map(a);

	gt_node_set(a, n, "groupVersion", gt_node_printf(a, "%s/%s", group, version));
	put_str(a, n, "version", version);
	return n;
}

static struct gt_node *old_group(struct gt_arena *a, struct as_resource **all, size_t first,
				 size_t end)
{
	const char *versions[16];
	size_t n = group_versions(all, first, end, versions);
	struct gt_node *g = gt_node_map(a), *list;

	put_str(a, g, "name", all[first]->group);
	list = gt_node_need_seq(a, g, "versions");
	for (size_t i = 0; i < n; i++)
		gt_node_append(a, list, old_version(a, all[first]->group, versions[i]));
	if (n > 0)
		gt_node_set(a, g, "preferredVersion",
			    old_version(a, all[first]->group, versions[0]));
	return g;
}

void as_discovery_groups(struct as_server *s, struct gt_buf *out)
{
	gt_auto_arena arena = {0};
	struct gt_node *doc = gt_node_map(&arena), *groups = gt_node_seq(&arena);
	struct groups g = {0};
	size_t first, end;

	put_str(&arena, doc, "kind", "APIGroupList");
	put_str(&arena, doc, "apiVersion", "v1");
	gt_node_set(&arena, doc, "groups", groups);
	g.all = as_registry_all(s->registry, &g.n);
	while (next_group(&g, &first, &end)) {
		if (g.all[first]->group[0])
			gt_node_append(&arena, groups, old_group(&arena, g.all, first, end));
	}
	gt_json_write(out, doc, GT_JSON_COMPACT, 0);
	as_resources_free(g.all, g.n);
}

bool as_discovery_group(struct as_server *s, struct gt_buf *out, struct gt_str group)
{
	gt_auto_arena arena = {0};
	struct groups g = {0};
	size_t first, end;
	bool found = false;

	g.all = as_registry_all(s->registry, &g.n);
	while (!found && next_group(&g, &first, &end)) {
		if (!gt_str_is(group, g.all[first]->group) || group.n == 0)
			continue;
		struct gt_node *doc = old_group(&arena, g.all, first, end);
		struct gt_node *typed = gt_node_map(&arena);
		put_str(&arena, typed, "kind", "APIGroup");
		put_str(&arena, typed, "apiVersion", "v1");
		gt_map_each(doc, p) gt_node_set(&arena, typed, p->key, p->value);
		gt_json_write(out, typed, GT_JSON_COMPACT, 0);
		found = true;
	}
	as_resources_free(g.all, g.n);
	return found;
}

void as_discovery_core_versions(struct as_server *s, struct gt_buf *out)
{
	gt_buf_printf(out,
		      "{\"kind\":\"APIVersions\",\"versions\":[\"v1\"],"
		      "\"serverAddressByClientCIDRs\":[{\"clientCIDR\":\"0.0.0.0/0\","
		      "\"serverAddress\":\"%s\"}]}",
		      s->url + (gt_str_starts(gt_str(s->url), "https://") ? 8 : 0));
}

static void old_resource(struct gt_arena *a, struct gt_node *list, const struct as_resource *r,
			 const struct as_version *v)
{
	struct gt_node *n = gt_node_map(a);
	bool namespaced = r->flags & AS_R_NAMESPACED;
	struct sub s;

	put_str(a, n, "name", r->plural);
	put_str(a, n, "singularName", r->singular);
	gt_node_set_bool(a, n, "namespaced", namespaced);
	put_str(a, n, "kind", r->kind);
	put_verbs(a, n, r->verbs);
	put_names(a, n, "shortNames", r->short_names);
	put_names(a, n, "categories", r->categories);
	gt_node_append(a, list, n);
	for (size_t i = 0; sub_at(r, v, i, &s); i++) {
		n = gt_node_map(a);
		gt_node_set(a, n, "name", gt_node_printf(a, "%s/%s", r->plural, s.name));
		put_str(a, n, "singularName", "");
		gt_node_set_bool(a, n, "namespaced", namespaced);
		if (!gt_streq(s.group, r->group) || !gt_streq(s.version, v->name)) {
			put_str(a, n, "group", s.group);
			put_str(a, n, "version", s.version);
		}
		put_str(a, n, "kind", s.kind);
		put_verbs(a, n, s.verbs);
		gt_node_append(a, list, n);
	}
}

bool as_discovery_resources(struct as_server *s, struct gt_buf *out, struct gt_str group,
			    struct gt_str version)
{
	gt_auto_arena arena = {0};
	struct gt_node *doc = gt_node_map(&arena), *list = gt_node_seq(&arena);
	size_t n;
	struct as_resource **all = as_registry_all(s->registry, &n);

	put_str(&arena, doc, "kind", "APIResourceList");
	put_str(&arena, doc, "apiVersion", "v1");
	gt_node_set(&arena, doc, "groupVersion",
		    gt_node_printf(&arena, "%.*s%s%.*s", GT_STR_ARG(group), group.n ? "/" : "",
				   GT_STR_ARG(version)));
	gt_node_set(&arena, doc, "resources", list);
	for (size_t i = 0; i < n; i++) {
		const struct as_version *v = gt_str_is(group, all[i]->group)
						     ? as_resource_version(all[i], version)
						     : NULL;
		if (v)
			old_resource(&arena, list, all[i], v);
	}
	if (gt_node_count(list) > 0)
		gt_json_write(out, doc, GT_JSON_COMPACT, 0);
	as_resources_free(all, n);
	return out->n > 0;
}

void as_each_group_version(struct as_server *s,
			   void (*fn)(void *arg, const char *group, const char *version), void *arg)
{
	struct groups g = {0};
	size_t first, end;
	const char *versions[16];

	g.all = as_registry_all(s->registry, &g.n);
	while (next_group(&g, &first, &end)) {
		size_t n = group_versions(g.all, first, end, versions);
		for (size_t i = 0; i < n; i++)
			fn(arg, g.all[first]->group, versions[i]);
	}
	as_resources_free(g.all, g.n);
}
