/* From a stored CRD to a resource that is served. */
#include "crd.h"

#include "base/limits.h"
#include "schema/dynamic.h"
#include "server.h"

#define CRDS "apiextensions.k8s.io/customresourcedefinitions"

static const char *text(struct gt_arena *a, const struct gt_node *n, const char *key)
{
	const char *s = gt_node_cstr_at(n, key);

	return s ? gt_arena_strdup(a, s) : NULL;
}

static const char *const *texts(struct gt_arena *a, const struct gt_node *seq)
{
	size_t n = gt_node_count(seq);
	const char **v = gt_arena_calloc(a, n + 1, sizeof *v);

	for (size_t i = 0; v && i < n; i++)
		v[i] = gt_arena_strdup(a, gt_node_cstr_or(gt_node_item(seq, i), ""));
	return v;
}

static bool status_is(const struct gt_node *obj, const char *type, const char *status)
{
	gt_seq_for_each (gt_node_at(obj, "status", "conditions"), c) {
		if (gt_node_is_text(gt_node_get(c, "type"), type))
			return gt_node_is_text(gt_node_get(c, "status"), status);
	}
	return false;
}

/* --- versions ----------------------------------------------------------------------------- */

static void add_columns(struct gt_arena *a, const struct gt_node *list, struct as_version *v)
{
	size_t n = gt_node_count(list);

	v->columns = n ? gt_arena_calloc(a, n, sizeof *v->columns) : NULL;
	for (size_t i = 0; v->columns && i < n; i++) {
		const struct gt_node *col = gt_node_item(list, i);
		v->columns[v->n_columns++] = (struct as_column){
			.name = text(a, col, "name"),
			.type = text(a, col, "type"),
			.format = text(a, col, "format"),
			.description = text(a, col, "description"),
			.path = text(a, col, "jsonPath"),
			.priority = gt_node_int_or(gt_node_get(col, "priority"), 0),
		};
	}
}

static void add_selectable(struct gt_arena *a, const struct gt_node *list, struct as_version *v)
{
	size_t n = gt_node_count(list);
	const char **paths = gt_arena_calloc(a, n + 1, sizeof *paths);

	for (size_t i = 0; paths && i < n; i++)
		paths[i] = text(a, gt_node_item(list, i), "jsonPath");
	v->selectable = paths;
	v->n_selectable = paths ? n : 0;
}

static int add_version(struct as_resource *r, const struct gt_node *spec, struct gt_err *err)
{
	struct gt_arena *a = &r->arena;
	struct as_version *v = &r->versions[r->n_versions];
	const struct gt_node *schema = gt_node_at(spec, "schema", "openAPIV3Schema");
	const struct gt_node *scale = gt_node_at(spec, "subresources", "scale");
	int rc;

	v->name = text(a, spec, "name");
	v->api_version = gt_arena_printf(a, "%s/%s", r->group, v->name);
	v->served = gt_node_truth(gt_node_get(spec, "served"), false);
	v->storage = gt_node_truth(gt_node_get(spec, "storage"), false);
	v->deprecated = gt_node_truth(gt_node_get(spec, "deprecated"), false);
	v->deprecation = text(a, spec, "deprecationWarning");
	if (v->deprecated && !v->deprecation)
		v->deprecation =
			gt_arena_printf(a, "%s/%s %s is deprecated", r->group, v->name, r->kind);
	v->document = gt_node_dup(a, schema);
	v->status = gt_node_at(spec, "subresources", "status") != NULL;
	v->scale = scale != NULL;
	v->replicas_path = text(a, scale, "specReplicasPath");
	v->status_replicas_path = text(a, scale, "statusReplicasPath");
	v->selector_path = text(a, scale, "labelSelectorPath");
	add_columns(a, gt_node_get(spec, "additionalPrinterColumns"), v);
	add_selectable(a, gt_node_get(spec, "selectableFields"), v);
	r->n_versions++;
	if (v->storage)
		r->storage = r->n_versions - 1;
	rc = gt_dynamic_type(a, schema, &v->type, err);
	return rc < 0 ? rc : gt_openapi_new(schema, &v->schema, err);
}

/* GA before beta before alpha, higher numbers first, other names last. */
struct rank {
	int level; /* 3 GA, 2 beta, 1 alpha, 0 other */
	int64_t major, minor;
};

static int64_t number(const char **p)
{
	int64_t n = 0;

	while (**p >= '0' && **p <= '9' && n < INT32_MAX)
		n = n * 10 + (*(*p)++ - '0');
	return n;
}

static struct rank rank_of(const char *version)
{
	struct rank r = {0};
	const char *p = version;

	if (*p++ != 'v' || *p < '1' || *p > '9')
		return r;
	r.major = number(&p);
	r.level = *p == '\0' ? 3 : strncmp(p, "beta", 4) == 0 ? 2 : strncmp(p, "alpha", 5) == 0;
	if (r.level == 1 || r.level == 2) {
		p += r.level == 2 ? 4 : 5;
		r.minor = number(&p);
	}
	return *p == '\0' ? r : (struct rank){0};
}

static int version_cmp(const void *x, const void *y)
{
	const struct gt_node *const *a = x, *const *b = y;
	const char *na = gt_node_cstr_or(gt_node_get(*a, "name"), "");
	const char *nb = gt_node_cstr_or(gt_node_get(*b, "name"), "");
	struct rank ra = rank_of(na), rb = rank_of(nb);

	if (ra.level != rb.level)
		return ra.level > rb.level ? -1 : 1;
	if (ra.major != rb.major)
		return ra.major > rb.major ? -1 : 1;
	if (ra.minor != rb.minor)
		return ra.minor > rb.minor ? -1 : 1;
	return strcmp(na, nb);
}

static int add_versions(struct as_resource *r, const struct gt_node *list, struct gt_err *err)
{
	size_t n = gt_node_count(list);
	const struct gt_node **sorted = gt_arena_calloc(&r->arena, n + 1, sizeof *sorted);

	r->versions = gt_arena_calloc(&r->arena, n + 1, sizeof *r->versions);
	if (!sorted || !r->versions)
		return gt_arena_check(&r->arena, err);
	for (size_t i = 0; i < n; i++)
		sorted[i] = gt_node_item(list, i);
	qsort(sorted, n, sizeof *sorted, version_cmp);
	for (size_t i = 0; i < n; i++) {
		int rc = add_version(r, sorted[i], err);
		if (rc < 0)
			return gt_wrap(err, "version %s",
				       gt_node_cstr_or(gt_node_get(sorted[i], "name"), ""));
	}
	return GT_OK;
}

/* --- the resource ------------------------------------------------------------------------- */

#define ALL_VERBS                                                                                  \
	(GT_VERB_CREATE | GT_VERB_DELETE | GT_VERB_DELETECOLLECTION | GT_VERB_GET | GT_VERB_LIST | \
	 GT_VERB_PATCH | GT_VERB_UPDATE | GT_VERB_WATCH)

static int build(struct as_server *s, const struct gt_node *obj, struct as_resource **ret,
		 struct gt_err *err)
{
	const struct gt_node *spec = gt_node_get(obj, "spec");
	const struct gt_node *names = gt_node_at(obj, "status", "acceptedNames");
	struct as_resource *r = gt_new(struct as_resource);
	struct gt_arena *a = &r->arena;
	int rc;

	atomic_init(&r->refs, 1);
	gt_arena_init(a, GT_BUDGET_REQUEST);
	r->group = text(a, spec, "group");
	r->plural = text(a, names, "plural");
	r->singular = text(a, names, "singular");
	r->kind = text(a, names, "kind");
	r->list_kind = text(a, names, "listKind");
	r->short_names = texts(a, gt_node_get(names, "shortNames"));
	r->categories = texts(a, gt_node_get(names, "categories"));
	r->qualified = gt_arena_printf(a, "%s.%s", r->plural, r->group);
	r->verbs = ALL_VERBS;
	r->flags = AS_R_CUSTOM | AS_R_NEEDS_RV;
	if (gt_node_is_text(gt_node_get(spec, "scope"), "Namespaced"))
		r->flags |= AS_R_NAMESPACED;
	if (!gt_node_is_null(gt_node_at(obj, "metadata", "deletionTimestamp")))
		r->flags |= AS_R_DYING;
	rc = add_versions(r, gt_node_get(spec, "versions"), err);
	if (rc == GT_OK)
		rc = gt_arena_check(a, err);
	if (rc < 0) {
		as_resource_unref(r);
		return rc;
	}
	char *table = gt_xasprintf("%s/%s", r->group, r->plural);
	r->table = as_store_table(s->store, table);
	free(table);
	*ret = r;
	return GT_OK;
}

int as_crd_publish(struct as_server *s, struct as_object *o, bool deleted, struct gt_err *err)
{
	gt_auto_arena arena = {.budget = GT_BUDGET_REQUEST};
	struct as_resource *r = NULL;
	struct gt_node *obj = NULL;
	int rc = as_object_parse(o, &arena, &obj, err);

	if (rc < 0)
		return rc;
	struct gt_str group = gt_node_text(gt_node_at(obj, "spec", "group"));
	struct gt_str plural = gt_node_text(gt_node_at(obj, "status", "acceptedNames", "plural"));
	pthread_mutex_lock(&s->crd_lock);
	if (deleted || !status_is(obj, "Established", "True")) {
		if (plural.n > 0)
			as_registry_drop(s->registry, group, plural);
	} else {
		rc = build(s, obj, &r, err);
		if (rc == GT_OK) {
			r->defined = o->rev;
			as_registry_put(s->registry, r);
		}
	}
	pthread_mutex_unlock(&s->crd_lock);
	return rc;
}

int as_crd_publish_all(struct as_server *s, struct gt_err *err)
{
	struct as_snapshot snap = {0};
	struct as_scan scan = {0};
	int rc = as_table_scan(as_store_table(s->store, CRDS), &scan, &snap, err);

	/* One that cannot be served does not keep the others from being. */
	for (size_t i = 0; i < snap.n; i++) {
		struct gt_err why = {0};
		if (as_crd_publish(s, snap.v[i], false, &why) < 0)
			gt_log_error(s->opts.log, &why, "custom resource not served",
				     gt_kv_strn("definition", snap.v[i]->name));
	}
	as_snapshot_fini(&snap);
	return rc;
}
