#include "kustomize/openapi.h"

#include <string.h>

#include "kustomize/scalar.h"
#include "schema/schema.h"

struct kz_openapi {
	const struct gt_node *definitions;
	bool alone;            /* the built-in types do not count */
	struct kz_index kinds; /* identity of a kind -> position in kind_defs */
	KZ_VEC(const struct gt_node *) kind_defs;
	struct kz_index scopes; /* identity of a kind -> 1 namespaced, 0 not */
};

static struct gt_str gvk_key(struct gt_arena *a, const struct kz_gvk *gvk)
{
	struct kz_id id = {.gvk = *gvk};

	return kz_id_key(a, &id);
}

static const struct gt_schema *facts(void)
{
	return gt_schema_get(GT_SCHEMA_KUSTOMIZE);
}

/* Views of the tree's own strings are NUL-terminated unless they were cut out of an apiVersion. */
static const char *cstr(char *buf, size_t size, struct gt_str s)
{
	size_t n = s.n < size ? s.n : size - 1;

	if (n)
		memcpy(buf, s.p, n);
	buf[n] = '\0';
	return buf;
}

static const struct kz_link *find_kind(const struct kz_index *ix, const struct kz_gvk *gvk)
{
	gt_auto_arena scratch = {0};

	return kz_index_find(ix, gvk_key(&scratch, gvk));
}

bool kz_is_cluster_scoped(const struct kz_openapi *api, const struct kz_gvk *gvk)
{
	char group[128], version[64], kind[128];
	bool known = false;

	if (api) {
		const struct kz_link *link = find_kind(&api->scopes, gvk);

		if (link)
			return link->value == 0;
	}
	bool namespaced = gt_schema_is_namespaced(facts(), cstr(group, sizeof group, gvk->group),
						  cstr(version, sizeof version, gvk->version),
						  cstr(kind, sizeof kind, gvk->kind), &known);
	return known && !namespaced;
}

/* The keys of a list, from what a custom definition says of it. */
static void read_custom_list(struct kz_schema *s)
{
	const char *strategy =
		gt_node_cstr_or(gt_node_get(s->custom, "x-kubernetes-patch-strategy"), "");
	const struct gt_node *keys = gt_node_get(s->custom, "x-kubernetes-list-map-keys");
	size_t n = 0;

	s->merge = false;
	for (const char *p = strategy; (p = strstr(p, "merge")); p++) {
		bool start = p == strategy || p[-1] == ',', end = p[5] == '\0' || p[5] == ',';

		s->merge |= start && end;
	}
	if (!s->merge)
		return;
	gt_seq_for_each (keys, key) {
		if (n + 1 < GT_COUNT(s->keys) && gt_node_cstr(key))
			s->keys[n++] = gt_node_cstr(key);
	}
	if (!keys)
		s->keys[0] = gt_node_cstr(gt_node_get(s->custom, "x-kubernetes-patch-merge-key"));
}

/* A schema node, its $ref followed: to another custom definition, or to a built-in type. */
static struct kz_schema custom_schema(const struct kz_openapi *api, const struct gt_node *n)
{
	static const char prefix[] = "#/definitions/";
	struct kz_schema s = {.custom = n};

	read_custom_list(&s);
	const char *ref = gt_node_cstr(gt_node_get(n, "$ref"));
	for (int hops = 0; ref && hops < 16; hops++) {
		if (strncmp(ref, prefix, sizeof prefix - 1) != 0)
			return s;
		const char *name = ref + sizeof prefix - 1;
		const struct gt_node *def = gt_node_get(api->definitions, name);

		if (!def) {
			s.custom = NULL;
			if (!api->alone)
				s.type = gt_schema_find_type(facts(), name);
			return s;
		}
		s.custom = def;
		ref = gt_node_cstr(gt_node_get(def, "$ref"));
	}
	return s;
}

struct kz_schema kz_schema_of(const struct kz_openapi *api, const struct kz_gvk *gvk)
{
	char group[128], version[64], kind[128];
	struct gt_schema_kind found;

	if (api) {
		const struct kz_link *link = find_kind(&api->kinds, gvk);

		if (link)
			return custom_schema(api, api->kind_defs.v[link->value]);
		if (api->alone)
			return (struct kz_schema){0};
	}
	if (!gt_schema_find_kind(facts(), cstr(group, sizeof group, gvk->group),
				 cstr(version, sizeof version, gvk->version),
				 cstr(kind, sizeof kind, gvk->kind), &found))
		return (struct kz_schema){0};
	return (struct kz_schema){.type = found.type};
}

static struct kz_schema builtin_child(const struct kz_schema *s, struct gt_str field)
{
	struct kz_schema sub = {0};
	struct gt_field f;

	if (!gt_type_field(s->type, field.p, field.n, &f)) {
		sub.type = gt_type_child(s->type, field.p, field.n);
		return sub;
	}
	sub.type = f.type;
	if (gt_type_kind(f.type) != GT_TYPE_LIST || !(f.strategy & GT_PATCH_MERGE))
		return sub;
	sub.merge = true;
	for (size_t i = 0; i + 1 < GT_COUNT(sub.keys); i++)
		sub.keys[i] = gt_type_key(f.type, i);
	if (!sub.keys[0])
		sub.keys[0] = f.merge_key;
	return sub;
}

struct kz_schema kz_schema_child(const struct kz_openapi *api, const struct kz_schema *s,
				 struct gt_str field)
{
	if (!s->custom)
		return builtin_child(s, field);
	const struct gt_node *child = gt_node_getn(gt_node_get(s->custom, "properties"), field);
	if (!child)
		child = gt_node_get(s->custom, "additionalProperties");
	return gt_node_is(child, GT_MAP) ? custom_schema(api, child) : (struct kz_schema){0};
}

struct kz_schema kz_schema_elem(const struct kz_openapi *api, const struct kz_schema *s)
{
	if (!s->custom)
		return (struct kz_schema){.type = gt_type_elem(s->type)};
	const struct gt_node *items = gt_node_get(s->custom, "items");
	return gt_node_is(items, GT_MAP) ? custom_schema(api, items) : (struct kz_schema){0};
}

static struct kz_gvk read_gvk(const struct gt_node *n)
{
	return (struct kz_gvk){
		gt_node_text(gt_node_get(n, "group")),
		gt_node_text(gt_node_get(n, "version")),
		gt_node_text(gt_node_get(n, "kind")),
	};
}

static void add_definitions(struct gt_arena *a, struct kz_openapi *api)
{
	gt_map_each(api->definitions, p)
	{
		const struct gt_node *gvks =
			gt_node_get(p->value, "x-kubernetes-group-version-kind");

		/* A definition that stands for several kinds stands for none. */
		if (gt_node_count(gvks) != 1 || !gt_node_is(gvks, GT_SEQ))
			continue;
		struct kz_gvk gvk = read_gvk(gt_node_item(gvks, 0));
		kz_index_add(a, &api->kinds, gvk_key(a, &gvk), api->kind_defs.n);
		kz_push(a, &api->kind_defs, p->value);
	}
}

static void add_scopes(struct gt_arena *a, struct kz_openapi *api, const struct gt_node *paths,
		       bool namespaced)
{
	gt_map_each(paths, p)
	{
		const struct gt_node *n =
			gt_node_at(p->value, "get", "x-kubernetes-group-version-kind");

		if (!n || (strstr(p->key, "namespaces/{namespace}") != NULL) != namespaced)
			continue;
		struct kz_gvk gvk = read_gvk(n);
		struct gt_str key = gvk_key(a, &gvk);
		if (!kz_index_find(&api->scopes, key))
			kz_index_add(a, &api->scopes, key, namespaced);
	}
}

int kz_openapi_load(struct kz_build *b, const struct gt_node *doc, struct kz_openapi **ret,
		    struct gt_err *err)
{
	struct kz_openapi *api = gt_arena_new(b->a, struct kz_openapi);

	if (!api)
		return gt_arena_check(b->a, err);
	if (!gt_node_is(doc, GT_MAP))
		return gt_fail(err, GT_E_INVALID, "not an OpenAPI document");
	api->definitions = gt_node_get(doc, "definitions");
	api->alone = !b->opts->openapi_adds;
	add_definitions(b->a, api);
	/* One path inside of namespaces is enough; the others are lists over all of them. */
	add_scopes(b->a, api, gt_node_get(doc, "paths"), true);
	add_scopes(b->a, api, gt_node_get(doc, "paths"), false);
	*ret = api;
	return gt_arena_check(b->a, err);
}
