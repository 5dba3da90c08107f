/* Splitting what was rendered into documents, hooks and manifests, and putting them in order. */
#include <stdlib.h>
#include <string.h>

#include "helm/render.h"
#include "text/number.h"
#include "text/template/unicode.h"
#include "base/utf8.h"
#include "text/yaml.h"

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

static struct gt_str trim_left(struct gt_str s)
{
	size_t len;

	while (s.n && gt_uni_is_space(gt_utf8_decode(s, &len)))
		s = gt_str_from(s, len);
	return s;
}

/* "---" at the front, or after white space that ends in a line break; both go with the dashes. */
static bool next_separator(struct gt_str s, size_t from, size_t *ret_start, size_t *ret_end)
{
	for (size_t i = from;; i++) {
		size_t at = gt_str_search(gt_str_from(s, i), GT_STR_LIT("---"));

		if (at == SIZE_MAX)
			return false;
		i += at;
		if (i != 0 && (i == from || s.p[i - 1] != '\n'))
			continue;
		size_t start = i, end = i + 3;
		while (start > from && is_space(s.p[start - 1]))
			start--;
		while (end < s.n && is_space(s.p[end]))
			end++;
		*ret_start = start;
		*ret_end = end;
		return true;
	}
}

struct gt_value gt_helm_split(struct gt_arena *a, struct gt_str text)
{
	struct gt_value docs = gt_vlist_new(a, GT_V_STRS, 0);
	size_t from = 0, start, end;
	bool more;

	text = trim_left(text);
	do {
		more = next_separator(text, from, &start, &end);
		struct gt_str doc = gt_str_sub(text, from, (more ? start : text.n) - from);

		doc = trim_left(doc);
		if (doc.n)
			gt_vlist_add(a, docs, gt_vstr(doc));
		from = end;
	} while (more && !a->failed);
	return docs;
}

/* --- the head of a document --------------------------------------------------------------- */

struct head {
	struct gt_str kind, api_version, name;
	const struct gt_node *annotations;
};

static const char *json_type(const struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_BOOL: return "bool";
	case GT_STR: return "string";
	case GT_SEQ: return "array";
	case GT_MAP: return "object";
	default: return "number";
	}
}

static int wrong(struct gt_str path, const struct gt_node *n, const char *where, const char *want,
		 struct gt_err *err)
{
	return gt_fail(err, GT_E_INVALID,
		       "YAML parse error on %.*s: error unmarshaling JSON: while decoding JSON: "
		       "json: cannot unmarshal %s into %s of type %s",
		       GT_STR_ARG(path), json_type(n), where, want);
}

/* Strings; numbers and booleans become their text. */
static int head_text(struct gt_arena *a, struct gt_str path, const struct gt_node *map,
		     const char *key, const char *where, struct gt_str *ret, struct gt_err *err)
{
	const struct gt_node *n = gt_node_get(map, key);
	char text[GT_DOUBLE_TEXT];
	double d;

	switch (gt_node_kind(n)) {
	case GT_NULL: *ret = GT_STR_LIT(""); return GT_OK;
	case GT_STR:
	case GT_INT: *ret = gt_node_text(n); return GT_OK;
	case GT_BOOL: *ret = n->truth ? GT_STR_LIT("true") : GT_STR_LIT("false"); return GT_OK;
	case GT_FLOAT:
		gt_node_get_double(n, &d);
		gt_double_g(d, text);
		*ret = gt_arena_str(a, gt_str(text));
		return GT_OK;
	default: return wrong(path, n, where, "string", err);
	}
}

static int check_annotations(struct gt_str path, const struct gt_node *n, struct gt_err *err)
{
	if (gt_node_is_null(n))
		return GT_OK;
	if (n->kind != GT_MAP)
		return wrong(path, n, "Go struct field .metadata.annotations", "map[string]string",
			     err);
	gt_map_each(n, pair)
	{
		if (gt_node_is(pair->value, GT_MAP) || gt_node_is(pair->value, GT_SEQ))
			return wrong(path, pair->value, "Go struct field .metadata.annotations",
				     "string", err);
	}
	return GT_OK;
}

static int read_head(struct gt_arena *a, struct gt_str path, struct gt_str doc, struct head *ret,
		     struct gt_err *err)
{
	struct gt_yaml_opts opts = {.rules = GT_YAML_GO_V2, .dup_keys_ok = true};
	struct gt_node *docs;
	struct gt_err inner;
	int rc = gt_yaml_parse_all(a, doc, &opts, &docs, &inner);

	*ret = (struct head){0};
	if (rc < 0)
		return gt_fail(err, (enum gt_code)rc,
			       "YAML parse error on %.*s: error converting YAML to JSON: yaml: %s",
			       GT_STR_ARG(path), inner.text);
	const struct gt_node *n = gt_node_item(docs, 0);
	if (gt_node_is_null(n))
		return GT_OK;
	if (n->kind != GT_MAP)
		return wrong(path, n, "Go value", "util.SimpleHead", err);
	const struct gt_node *meta = gt_node_get(n, "metadata");
	if (!gt_node_is_null(meta) && meta->kind != GT_MAP)
		return wrong(path, meta, "Go struct field SimpleHead.metadata",
			     "struct { Name string \"json:\\\"name\\\"\"; Annotations "
			     "map[string]string \"json:\\\"annotations\\\"\" }",
			     err);
	rc = head_text(a, path, n, "apiVersion", "Go struct field SimpleHead.apiVersion",
		       &ret->api_version, err);
	if (rc == GT_OK)
		rc = head_text(a, path, n, "kind", "Go struct field SimpleHead.kind", &ret->kind,
			       err);
	if (rc == GT_OK)
		rc = head_text(a, path, meta, "name", "Go struct field .metadata.name", &ret->name,
			       err);
	ret->annotations = gt_node_get(meta, "annotations");
	return rc < 0 ? rc : check_annotations(path, ret->annotations, err);
}

/* --- hooks -------------------------------------------------------------------------------- */

static struct gt_value words(struct gt_arena *a, struct gt_str text)
{
	struct gt_split parts = {.rest = text};
	struct gt_value list = gt_vlist_new(a, GT_V_STRS, 0);
	struct gt_str part;

	while (gt_split_next(&parts, ',', &part)) {
		gt_auto_buf lower = {0};

		part = gt_str_trim(part);
		for (size_t i = 0; i < part.n; i++)
			gt_buf_addc(&lower, part.p[i] >= 'A' && part.p[i] <= 'Z'
						    ? (char)(part.p[i] + 32)
						    : part.p[i]);
		gt_vlist_add(a, list, gt_vstr_buf(a, &lower));
	}
	return list;
}

static bool is_event(struct gt_str s)
{
	static const char *const events[] = {
		"pre-install",  "post-install", "pre-delete",    "post-delete", "pre-upgrade",
		"post-upgrade", "pre-rollback", "post-rollback", "test",
	};

	for (size_t i = 0; i < GT_COUNT(events); i++) {
		if (gt_str_is(s, events[i]))
			return true;
	}
	return false;
}

/* False for a hook of a kind that is not known, which is dropped. */
static bool read_events(struct gt_arena *a, struct gt_str text, struct gt_value *ret)
{
	struct gt_value names = words(a, text);

	*ret = gt_vlist_new(a, GT_V_STRS, 0);
	for (uint32_t i = 0; i < gt_vlist_n(names); i++) {
		struct gt_str name = names.list->v[i].s;

		if (gt_str_is(name, "test-success"))
			name = GT_STR_LIT("test");
		if (!is_event(name))
			return false;
		gt_vlist_add(a, *ret, gt_vstr(name));
	}
	return true;
}

static struct gt_value policy_words(struct gt_arena *a, const struct gt_node *annotations,
				    const char *key)
{
	const struct gt_node *n = gt_node_get(annotations, key);

	return n ? words(a, gt_node_text(n)) : gt_vlist_new(a, GT_V_STRS, 0);
}

/* --- order -------------------------------------------------------------------------------- */

static size_t kind_rank(struct gt_str kind)
{
	static const char *const order[] = {
		"PriorityClass",
		"Namespace",
		"NetworkPolicy",
		"ResourceQuota",
		"LimitRange",
		"PodSecurityPolicy",
		"PodDisruptionBudget",
		"ServiceAccount",
		"Secret",
		"SecretList",
		"ConfigMap",
		"StorageClass",
		"PersistentVolume",
		"PersistentVolumeClaim",
		"CustomResourceDefinition",
		"ClusterRole",
		"ClusterRoleList",
		"ClusterRoleBinding",
		"ClusterRoleBindingList",
		"Role",
		"RoleList",
		"RoleBinding",
		"RoleBindingList",
		"Service",
		"DaemonSet",
		"Pod",
		"ReplicationController",
		"ReplicaSet",
		"Deployment",
		"HorizontalPodAutoscaler",
		"StatefulSet",
		"Job",
		"CronJob",
		"IngressClass",
		"Ingress",
		"APIService",
		"MutatingWebhookConfiguration",
		"ValidatingWebhookConfiguration",
	};

	for (size_t i = 0; i < GT_COUNT(order); i++) {
		if (gt_str_is(kind, order[i]))
			return i;
	}
	return GT_COUNT(order);
}

/* Where a document goes, and where it was, which decides among equals. */
struct place {
	size_t rank, at;
	struct gt_str kind;
};

static int place_order(const void *x, const void *y)
{
	const struct place *p = x, *q = y;

	if (p->rank != q->rank)
		return p->rank < q->rank ? -1 : 1;
	int order = gt_str_cmp(p->kind, q->kind);
	if (order)
		return order;
	return p->at < q->at ? -1 : p->at > q->at;
}

static struct place *places(struct gt_arena *a, size_t n)
{
	return gt_arena_calloc(a, n + 1, sizeof(struct place));
}

static void sort_manifests(struct gt_arena *a, struct gt_helm_output *out)
{
	struct place *order = places(a, out->nmanifests);
	struct gt_manifest *sorted = gt_arena_calloc(a, out->nmanifests + 1, sizeof *sorted);

	if (!order || !sorted)
		return;
	for (size_t i = 0; i < out->nmanifests; i++)
		order[i] = (struct place){kind_rank(out->manifests[i].kind), i,
					  out->manifests[i].kind};
	qsort(order, out->nmanifests, sizeof *order, place_order);
	for (size_t i = 0; i < out->nmanifests; i++)
		sorted[i] = out->manifests[order[i].at];
	out->manifests = sorted;
}

static void sort_hooks(struct gt_arena *a, struct gt_helm_output *out)
{
	struct place *order = places(a, out->nhooks);
	struct gt_hook *sorted = gt_arena_calloc(a, out->nhooks + 1, sizeof *sorted);

	if (!order || !sorted)
		return;
	for (size_t i = 0; i < out->nhooks; i++)
		order[i] = (struct place){kind_rank(out->hooks[i].manifest.kind), i,
					  out->hooks[i].manifest.kind};
	qsort(order, out->nhooks, sizeof *order, place_order);
	for (size_t i = 0; i < out->nhooks; i++)
		sorted[i] = out->hooks[order[i].at];
	out->hooks = sorted;
}

/* --- sorting files ------------------------------------------------------------------------ */

static void *grow(struct gt_arena *a, void *v, size_t n, size_t size)
{
	if (n && (n & (n - 1)))
		return v;
	return gt_arena_grow(a, v, n * size, (n ? n * 2 : 1) * size);
}

static void add_document(struct gt_arena *a, struct gt_helm_output *out, struct gt_manifest m,
			 const struct gt_node *annotations)
{
	const struct gt_node *hook = gt_node_get(annotations, "helm.sh/hook");
	struct gt_hook h = {.manifest = m};
	int64_t weight = 0;

	if (!hook) {
		struct gt_manifest *v = grow(a, out->manifests, out->nmanifests, sizeof m);

		if (!v)
			return;
		out->manifests = v;
		v[out->nmanifests++] = m;
		return;
	}
	if (!read_events(a, gt_node_text(hook), &h.events))
		return;
	gt_str_i64(gt_node_text(gt_node_get(annotations, "helm.sh/hook-weight")), &weight);
	h.weight = weight;
	h.delete_policies = policy_words(a, annotations, "helm.sh/hook-delete-policy");
	h.log_policies = policy_words(a, annotations, "helm.sh/hook-output-log-policy");
	struct gt_hook *v = grow(a, out->hooks, out->nhooks, sizeof h);
	if (!v)
		return;
	out->hooks = v;
	v[out->nhooks++] = h;
}

static int sort_file(struct gt_arena *a, struct gt_str path, struct gt_str text,
		     struct gt_helm_output *out, struct gt_err *err)
{
	struct gt_value docs = gt_helm_split(a, text);

	for (uint32_t i = 0; i < gt_vlist_n(docs); i++) {
		gt_auto_arena nodes = {.budget = a->budget};
		struct head head;
		int rc = read_head(&nodes, path, docs.list->v[i].s, &head, err);

		if (rc < 0)
			return rc;
		struct gt_manifest m = {.path = path,
					.content = docs.list->v[i].s,
					.kind = gt_arena_str(a, head.kind),
					.api_version = gt_arena_str(a, head.api_version),
					.name = gt_arena_str(a, head.name)};
		add_document(a, out, m, head.annotations);
	}
	return gt_arena_check(a, err);
}

int gt_helm_sort(struct gt_arena *a, struct gt_value files, struct gt_helm_output *ret,
		 struct gt_err *err)
{
	const struct gt_ventry *e;

	for (uint32_t i = 0; (e = gt_vmap_at(a, files.map, i)) != NULL; i++) {
		struct gt_str path = gt_strn(e->key, e->len);
		size_t slash = gt_str_rfind(path, '/');

		if (gt_str_starts(gt_str_from(path, slash == SIZE_MAX ? 0 : slash + 1), "_"))
			continue;
		if (trim_left(e->value.s).n == 0)
			continue;
		int rc = sort_file(a, path, e->value.s, ret, err);
		if (rc < 0)
			return rc;
	}
	sort_hooks(a, ret);
	sort_manifests(a, ret);
	return gt_arena_check(a, err);
}
