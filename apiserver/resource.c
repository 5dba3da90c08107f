#include "resource.h"

#include <pthread.h>

#include "base/map.h"

struct as_resource *as_resource_ref(struct as_resource *r)
{
	if (r)
		atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
	return r;
}

void as_resource_unref(struct as_resource *r)
{
	if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (uint32_t i = 0; i < r->n_versions; i++)
		gt_openapi_free(r->versions[i].schema);
	gt_arena_fini(&r->arena);
	free(r);
}

const struct as_version *as_resource_version(const struct as_resource *r, struct gt_str version)
{
	for (uint32_t i = 0; i < r->n_versions; i++) {
		if (r->versions[i].served && gt_str_is(version, r->versions[i].name))
			return &r->versions[i];
	}
	return NULL;
}

/* --- the registry ------------------------------------------------------------------------- */

struct as_registry {
	pthread_mutex_t lock;
	struct gt_map by_name; /* "group/plural" to struct as_resource */
	uint64_t generation;
};

static void free_resource(void *p)
{
	as_resource_unref(p);
}

static void build_name(struct gt_buf *out, struct gt_str group, struct gt_str plural)
{
	gt_buf_add_str(out, group);
	gt_buf_addc(out, '/');
	gt_buf_add_str(out, plural);
}

struct as_resource *as_registry_find(struct as_registry *reg, struct gt_str group,
				     struct gt_str plural)
{
	gt_auto_buf name = {0};

	build_name(&name, group, plural);
	pthread_mutex_lock(&reg->lock);
	struct as_resource *r = as_resource_ref(gt_map_find(&reg->by_name, gt_buf_str(&name)));
	pthread_mutex_unlock(&reg->lock);
	return r;
}

struct as_resource *as_registry_find_kind(struct as_registry *reg, struct gt_str group,
					  struct gt_str kind)
{
	struct as_resource *found = NULL;

	pthread_mutex_lock(&reg->lock);
	gt_map_for_each (&reg->by_name, e) {
		struct as_resource *r = e->value;
		if (gt_str_is(kind, r->kind) && gt_str_is(group, r->group)) {
			found = as_resource_ref(r);
			break;
		}
	}
	pthread_mutex_unlock(&reg->lock);
	return found;
}

void as_registry_put(struct as_registry *reg, struct as_resource *r)
{
	gt_auto_buf name = {0};

	build_name(&name, gt_str(r->group), gt_str(r->plural));
	pthread_mutex_lock(&reg->lock);
	gt_map_put(&reg->by_name, gt_buf_str(&name), r);
	reg->generation++;
	pthread_mutex_unlock(&reg->lock);
}

void as_registry_drop(struct as_registry *reg, struct gt_str group, struct gt_str plural)
{
	gt_auto_buf name = {0};

	build_name(&name, group, plural);
	pthread_mutex_lock(&reg->lock);
	gt_map_del(&reg->by_name, gt_buf_str(&name));
	reg->generation++;
	pthread_mutex_unlock(&reg->lock);
}

uint64_t as_registry_generation(struct as_registry *reg)
{
	pthread_mutex_lock(&reg->lock);
	uint64_t g = reg->generation;
	pthread_mutex_unlock(&reg->lock);
	return g;
}

/* Where a group stands in discovery; custom ones come last. */
static uint32_t group_priority(const char *group)
{
	const struct gt_schema *s = gt_schema_get(GT_SCHEMA_K8S);
	struct gt_schema_group g;

	for (size_t i = 0; i < gt_schema_group_count(s); i++) {
		gt_schema_group_at(s, i, &g);
		if (gt_streq(g.name, group))
			return g.priority;
	}
	return 1000;
}

static int resource_cmp(const void *x, const void *y)
{
	struct as_resource *const *a = x, *const *b = y;
	uint32_t pa = group_priority((*a)->group), pb = group_priority((*b)->group);

	if (pa != pb)
		return pa > pb ? -1 : 1;
	int c = strcmp((*a)->group, (*b)->group);
	return c != 0 ? c : strcmp((*a)->plural, (*b)->plural);
}

struct as_resource **as_registry_all(struct as_registry *reg, size_t *ret_n)
{
	size_t n = 0;

	pthread_mutex_lock(&reg->lock);
	struct as_resource **v = gt_xcalloc(reg->by_name.n + 1, sizeof *v);
	gt_map_for_each (&reg->by_name, e)
		v[n++] = as_resource_ref(e->value);
	pthread_mutex_unlock(&reg->lock);
	qsort(v, n, sizeof *v, resource_cmp);
	*ret_n = n;
	return v;
}

void as_resources_free(struct as_resource **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		as_resource_unref(v[i]);
	free(v);
}

/* --- built-in resources ------------------------------------------------------------------- */

/* What the fact tables do not say. */
static const struct {
	const char *group, *plural;
	uint16_t flags;
} traits[] = {
	{"", "bindings", AS_R_VIRTUAL},
	{"", "componentstatuses", AS_R_VIRTUAL},
	{"", "services", AS_R_UPSERT},
	{"", "endpoints", AS_R_UPSERT},
	{"", "events", AS_R_UPSERT},
	{"", "limitranges", AS_R_UPSERT},
	{"rbac.authorization.k8s.io", "roles", AS_R_UPSERT},
	{"rbac.authorization.k8s.io", "rolebindings", AS_R_UPSERT},
	{"rbac.authorization.k8s.io", "clusterroles", AS_R_UPSERT},
	{"rbac.authorization.k8s.io", "clusterrolebindings", AS_R_UPSERT},
	{"coordination.k8s.io", "leases", AS_R_UPSERT | AS_R_NEEDS_RV},
	{"policy", "poddisruptionbudgets", AS_R_NEEDS_RV},
	{"apiextensions.k8s.io", "customresourcedefinitions", AS_R_NEEDS_RV},
	{"apiregistration.k8s.io", "apiservices", AS_R_NEEDS_RV},
	{"authentication.k8s.io", NULL, AS_R_VIRTUAL},
	{"authorization.k8s.io", NULL, AS_R_VIRTUAL},
};

static uint16_t builtin_flags(const struct gt_schema_kind *k)
{
	uint16_t flags = 0;
	struct gt_schema_sub sub;

	if (k->flags & GT_KIND_NAMESPACED)
		flags |= AS_R_NAMESPACED;
	if (k->flags & GT_KIND_STATUS)
		flags |= AS_R_STATUS;
	if (k->flags & GT_KIND_GENERATION)
		flags |= AS_R_GENERATION;
	for (size_t i = 0; gt_schema_sub_at(k, i, &sub); i++) {
		if (gt_streq(sub.name, "scale"))
			flags |= AS_R_SCALE;
	}
	for (size_t i = 0; i < GT_COUNT(traits); i++) {
		if (gt_streq(traits[i].group, k->group) &&
		    (!traits[i].plural || gt_streq(traits[i].plural, k->resource)))
			flags |= traits[i].flags;
	}
	return flags;
}

static const char *const *names_of(struct gt_arena *a, const struct gt_schema_kind *k,
				   const char *(*at)(const struct gt_schema_kind *, size_t))
{
	size_t n = 0;

	while (at(k, n))
		n++;
	const char **v = gt_arena_calloc(a, n + 1, sizeof *v);
	for (size_t i = 0; v && i < n; i++)
		v[i] = at(k, i);
	return v;
}

static struct as_resource *new_builtin(struct as_store *store, const struct gt_schema_kind *k)
{
	struct as_resource *r = gt_new(struct as_resource);
	struct gt_arena *a = &r->arena;

	gt_arena_init(a, 0);
	atomic_init(&r->refs, 1);
	r->group = k->group;
	r->plural = k->resource;
	r->singular = k->singular;
	r->kind = k->kind;
	r->list_kind = gt_arena_printf(a, "%sList", k->kind);
	r->qualified =
		k->group[0] ? gt_arena_printf(a, "%s.%s", k->resource, k->group) : k->resource;
	r->short_names = names_of(a, k, gt_schema_short_name);
	r->categories = names_of(a, k, gt_schema_category);
	r->verbs = k->verbs;
	r->flags = builtin_flags(k);
	/* Events have one storage under two names. */
	bool events = gt_streq(k->resource, "events");
	char *table = gt_xasprintf("%s/%s", events ? "" : k->group, k->resource);
	if (!(r->flags & AS_R_VIRTUAL))
		r->table = as_store_table(store, table);
	free(table);
	r->versions = gt_arena_calloc(a, 4, sizeof *r->versions);
	return r;
}

static void add_version(struct as_resource *r, const struct gt_schema_kind *k)
{
	struct as_version *v = &r->versions[r->n_versions++];
	struct gt_schema_kind *kind = gt_arena_new(&r->arena, struct gt_schema_kind);

	*kind = *k;
	*v = (struct as_version){
		.name = k->version,
		.api_version = k->group[0]
				       ? gt_arena_printf(&r->arena, "%s/%s", k->group, k->version)
				       : k->version,
		.type = k->type,
		.served = true,
		.kind = kind,
	};
}

/* Adds every served kind; the versions of one resource in the order of its group. */
static void add_builtins(struct as_registry *reg, struct as_store *store)
{
	const struct gt_schema *s = gt_schema_get(GT_SCHEMA_K8S);
	struct gt_schema_group g;
	struct gt_schema_kind k;

	for (size_t gi = 0; gi < gt_schema_group_count(s); gi++) {
		gt_schema_group_at(s, gi, &g);
		for (size_t vi = 0; gt_schema_group_version(&g, vi); vi++) {
			const char *version = gt_schema_group_version(&g, vi);
			for (size_t i = 0; i < gt_schema_kind_count(s); i++) {
				gt_auto_buf name = {0};
				gt_schema_kind_at(s, i, &k);
				if (!(k.flags & GT_KIND_SERVED) || !gt_streq(k.group, g.name) ||
				    !gt_streq(k.version, version) || !k.resource[0])
					continue;
				build_name(&name, gt_str(k.group), gt_str(k.resource));
				struct as_resource *r =
					gt_map_find(&reg->by_name, gt_buf_str(&name));
				if (!r) {
					r = new_builtin(store, &k);
					gt_map_put(&reg->by_name, gt_buf_str(&name), r);
				}
				if (r->n_versions < 4)
					add_version(r, &k);
			}
		}
	}
}

struct as_registry *as_registry_new(struct as_store *store)
{
	struct as_registry *reg = gt_new(struct as_registry);

	pthread_mutex_init(&reg->lock, NULL);
	gt_map_init(&reg->by_name, free_resource);
	add_builtins(reg, store);
	/* The preferred version is the one stored. */
	gt_map_for_each (&reg->by_name, e) {
		struct as_resource *r = e->value;
		r->storage = 0;
		r->versions[0].storage = true;
	}
	reg->generation = 1;
	return reg;
}

void as_registry_free(struct as_registry *reg)
{
	if (!reg)
		return;
	gt_map_fini(&reg->by_name);
	pthread_mutex_destroy(&reg->lock);
	free(reg);
}
