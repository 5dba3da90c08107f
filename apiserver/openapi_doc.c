/*
 * OpenAPI v3 documents of a group-version: as much as clients read.  That is, for each kind, the
 * schema with its group-version-kind and patch strategies, and the operations with their kind,
 * parameters and media types.
 */
#include <stdio.h>

#include "base/map.h"
#include "documents.h"
#include "gt_version.h"
#include "schema/schema.h"
#include "server.h"
#include "text/json.h"

struct writing {
	struct gt_buf *out;
	const struct as_resource *r;
	const struct as_version *v;
	struct gt_map *needed; /* names of schemas that are referred to */
};

/* --- schemas ------------------------------------------------------------------------------ */

static void write_type(struct gt_buf *out, struct gt_type t, struct gt_map *needed);

static void write_scalar(struct gt_buf *out, struct gt_type t)
{
	static const char *const texts[] = {
		[GT_SCALAR_ANY] = "{}",
		[GT_SCALAR_STRING] = "{\"type\":\"string\"}",
		[GT_SCALAR_INT32] = "{\"type\":\"integer\",\"format\":\"int32\"}",
		[GT_SCALAR_INT64] = "{\"type\":\"integer\",\"format\":\"int64\"}",
		[GT_SCALAR_DOUBLE] = "{\"type\":\"number\",\"format\":\"double\"}",
		[GT_SCALAR_BOOL] = "{\"type\":\"boolean\"}",
		[GT_SCALAR_BYTES] = "{\"type\":\"string\",\"format\":\"byte\"}",
		[GT_SCALAR_QUANTITY] = "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"number\"}]}",
		[GT_SCALAR_INT_OR_STRING] =
			("{\"format\":\"int-or-string\",\"oneOf\":[{\"type\":\"integer\"},"
			 "{\"type\":\"string\"}]}"),
		[GT_SCALAR_TIME] = "{\"type\":\"string\",\"format\":\"date-time\"}",
		[GT_SCALAR_MICRO_TIME] = "{\"type\":\"string\",\"format\":\"date-time\"}",
		[GT_SCALAR_DURATION] = "{\"type\":\"string\"}",
	};

	if (!gt_type_enum(t, 0)) {
		gt_buf_adds(out, texts[gt_type_scalar(t)]);
		return;
	}
	gt_buf_adds(out, "{\"type\":\"string\",\"enum\":[");
	for (size_t i = 0; gt_type_enum(t, i); i++) {
		if (i > 0)
			gt_buf_addc(out, ',');
		gt_json_write_str(out, gt_str(gt_type_enum(t, i)), false);
	}
	gt_buf_adds(out, "]}");
}

static void need(struct gt_map *needed, const char *name, struct gt_type t)
{
	struct gt_type *copy;

	if (gt_map_has(needed, gt_str(name)))
		return;
	copy = gt_new(struct gt_type);
	*copy = t;
	gt_map_put(needed, gt_str(name), copy);
}

/* A list or map, or one value: what stands for a type in a property. */
static void write_type(struct gt_buf *out, struct gt_type t, struct gt_map *needed)
{
	char name[256];

	switch (gt_type_kind(t)) {
	case GT_TYPE_SCALAR: write_scalar(out, t); return;
	case GT_TYPE_LIST:
		gt_buf_adds(out, "{\"type\":\"array\",\"items\":");
		write_type(out, gt_type_elem(t), needed);
		gt_buf_addc(out, '}');
		return;
	case GT_TYPE_MAP:
		gt_buf_adds(out, "{\"type\":\"object\",\"additionalProperties\":");
		write_type(out, gt_type_elem(t), needed);
		gt_buf_addc(out, '}');
		return;
	case GT_TYPE_STRUCT:
		if (gt_schema_type_name(t, name, sizeof name) < sizeof name && name[0]) {
			need(needed, name, t);
			gt_buf_printf(out, "{\"allOf\":[{\"$ref\":\"#/components/schemas/%s\"}]}",
				      name);
			return;
		}
		break;
	case GT_TYPE_UNTYPED:
	case GT_TYPE_NONE: break;
	}
	gt_buf_adds(out, "{\"type\":\"object\"}");
}

/* The extensions of a list go beside its type. */
static void write_list_extensions(struct gt_buf *out, const struct gt_field *f)
{
	static const char *const types[] = {"atomic", "set", "map"};
	bool merge = f->strategy & GT_PATCH_MERGE, retain = f->strategy & GT_PATCH_RETAIN_KEYS;

	if (gt_type_kind(f->type) == GT_TYPE_LIST) {
		gt_buf_printf(out, ",\"x-kubernetes-list-type\":\"%s\"",
			      types[gt_type_list(f->type)]);
		for (size_t i = 0; gt_type_key(f->type, i); i++)
			gt_buf_printf(out, "%s\"%s\"",
				      i ? "," : ",\"x-kubernetes-list-map-keys\":[",
				      gt_type_key(f->type, i));
		if (gt_type_key(f->type, 0))
			gt_buf_addc(out, ']');
	}
	if (merge || retain)
		gt_buf_printf(out, ",\"x-kubernetes-patch-strategy\":\"%s%s%s\"",
			      merge ? "merge" : "", merge && retain ? "," : "",
			      retain ? "retainKeys" : "");
	else if (f->flags & GT_FIELD_REPLACE)
		gt_buf_adds(out, ",\"x-kubernetes-patch-strategy\":\"replace\"");
	if (f->merge_key)
		gt_buf_printf(out, ",\"x-kubernetes-patch-merge-key\":\"%s\"", f->merge_key);
}

static void write_property(struct gt_buf *out, const struct gt_field *f, struct gt_map *needed)
{
	write_type(out, f->type, needed);
	/* Into the object just written. */
	if (out->n > 0 && out->p[out->n - 1] == '}' && gt_type_kind(f->type) != GT_TYPE_SCALAR) {
		out->n--;
		write_list_extensions(out, f);
		gt_buf_addc(out, '}');
	}
}

static void write_gvk(struct gt_buf *out, const char *group, const char *version, const char *kind,
		      bool list)
{
	gt_buf_printf(out,
		      ",\"x-kubernetes-group-version-kind\":%s{\"group\":\"%s\",\"kind\":\"%s\","
		      "\"version\":\"%s\"}%s",
		      list ? "[" : "", group, kind, version, list ? "]" : "");
}

static void write_struct(struct gt_buf *out, struct gt_type t, struct gt_map *needed)
{
	size_t n = gt_type_field_count(t);
	struct gt_field f;
	bool any = false;

	gt_buf_adds(out, "{\"type\":\"object\"");
	for (size_t i = 0; i < n; i++) {
		gt_type_field_at(t, i, &f);
		if (!(f.flags & GT_FIELD_REQUIRED))
			continue;
		gt_buf_printf(out, "%s\"%s\"", any ? "," : ",\"required\":[", f.name);
		any = true;
	}
	gt_buf_adds(out, any ? "],\"properties\":{" : ",\"properties\":{");
	for (size_t i = 0; i < n; i++) {
		gt_type_field_at(t, i, &f);
		gt_buf_printf(out, "%s\"%s\":", i ? "," : "", f.name);
		write_property(out, &f, needed);
	}
	gt_buf_addc(out, '}');
	if (gt_type_is_atomic(t))
		gt_buf_adds(out, ",\"x-kubernetes-map-type\":\"atomic\"");
}

/* --- operations --------------------------------------------------------------------------- */

static void write_parameter(struct gt_buf *out, const char *name, const char *in, const char *type)
{
	gt_buf_printf(out, "{\"name\":\"%s\",\"in\":\"%s\",\"schema\":{\"type\":\"%s\"}%s}", name,
		      in, type, gt_streq(in, "path") ? ",\"required\":true" : "");
}

static const struct op {
	const char *method, *action;
	uint16_t verb;
	bool on_item, body;
} ops[] = {
	{"get", "list", GT_VERB_LIST, false, false},
	{"post", "post", GT_VERB_CREATE, false, true},
	{"delete", "deletecollection", GT_VERB_DELETECOLLECTION, false, false},
	{"get", "get", GT_VERB_GET, true, false},
	{"put", "put", GT_VERB_UPDATE, true, true},
	{"patch", "patch", GT_VERB_PATCH, true, true},
	{"delete", "delete", GT_VERB_DELETE, true, false},
};

static const char *schema_name(const struct writing *w, char *buf, size_t size)
{
	if (w->v->kind)
		gt_schema_type_name(w->v->type, buf, size);
	else
		as_custom_schema_name(w->r, w->v, buf, size);
	return buf;
}

static void write_content(struct writing *w, bool patch)
{
	static const char *const patches[] = {
		"application/apply-patch+yaml",
		"application/json-patch+json",
		"application/merge-patch+json",
		"application/strategic-merge-patch+json",
	};
	size_t n = w->r->flags & AS_R_CUSTOM ? 3 : 4;
	char name[256];

	gt_buf_adds(w->out, "{");
	for (size_t i = 0; patch && i < n; i++)
		gt_buf_printf(w->out, "%s\"%s\":{\"schema\":{\"type\":\"object\"}}", i ? "," : "",
			      patches[i]);
	if (!patch)
		gt_buf_printf(w->out,
			      "\"application/json\":{\"schema\":{\"$ref\":"
			      "\"#/components/schemas/%s\"}}",
			      schema_name(w, name, sizeof name));
	gt_buf_adds(w->out, "}");
}

static void write_operation(struct writing *w, const struct op *op)
{
	bool writes = gt_streq(op->method, "post") || gt_streq(op->method, "put") ||
		      gt_streq(op->method, "patch");

	gt_buf_printf(w->out, "\"%s\":{\"parameters\":[", op->method);
	if (writes) {
		write_parameter(w->out, "dryRun", "query", "string");
		gt_buf_addc(w->out, ',');
		write_parameter(w->out, "fieldManager", "query", "string");
		gt_buf_addc(w->out, ',');
		write_parameter(w->out, "fieldValidation", "query", "string");
		if (gt_streq(op->method, "patch")) {
			gt_buf_addc(w->out, ',');
			write_parameter(w->out, "force", "query", "boolean");
		}
	}
	gt_buf_addc(w->out, ']');
	if (op->body) {
		gt_buf_adds(w->out, ",\"requestBody\":{\"required\":true,\"content\":");
		write_content(w, gt_streq(op->method, "patch"));
		gt_buf_addc(w->out, '}');
	}
	gt_buf_adds(w->out, ",\"responses\":{\"200\":{\"description\":\"OK\",\"content\":");
	write_content(w, false);
	gt_buf_printf(w->out, "}},\"x-kubernetes-action\":\"%s\"", op->action);
	write_gvk(w->out, w->r->group, w->v->name, w->r->kind, false);
	gt_buf_addc(w->out, '}');
}

static void write_path(struct writing *w, bool namespaced, bool item, bool *first)
{
	bool core = w->r->group[0] == '\0', any = false;

	gt_buf_printf(w->out, "%s\"/%s%s%s/%s/%s%s%s\":{", *first ? "" : ",", core ? "api" : "apis",
		      core ? "" : "/", w->r->group, w->v->name,
		      namespaced ? "namespaces/{namespace}/" : "", w->r->plural,
		      item ? "/{name}" : "");
	*first = false;
	for (size_t i = 0; i < GT_COUNT(ops); i++) {
		if (ops[i].on_item != item || !(w->r->verbs & ops[i].verb))
			continue;
		if (any)
			gt_buf_addc(w->out, ',');
		any = true;
		write_operation(w, &ops[i]);
	}
	gt_buf_printf(w->out, "%s\"parameters\":[", any ? "," : "");
	if (item)
		write_parameter(w->out, "name", "path", "string");
	if (namespaced) {
		if (item)
			gt_buf_addc(w->out, ',');
		write_parameter(w->out, "namespace", "path", "string");
	}
	gt_buf_adds(w->out, "]}");
}

/* --- custom resources --------------------------------------------------------------------- */

void as_custom_schema_name(const struct as_resource *r, const struct as_version *v, char *buf,
			   size_t size)
{
	struct gt_str rest = gt_str(r->group);
	gt_auto_buf name = {0};

	/* The group from back to front: com.example.v1.Kind. */
	while (rest.n > 0) {
		size_t dot = gt_str_rfind(rest, '.');
		gt_buf_add_str(&name, gt_str_from(rest, dot == SIZE_MAX ? 0 : dot + 1));
		gt_buf_addc(&name, '.');
		rest.n = dot == SIZE_MAX ? 0 : dot;
	}
	gt_buf_printf(&name, "%s.%s", v->name, r->kind);
	snprintf(buf, size, "%s", gt_buf_cstr(&name));
}

static void write_custom(struct writing *w)
{
	gt_auto_arena a = {0};
	struct gt_node *doc = w->v->document ? gt_node_dup(&a, w->v->document) : gt_node_map(&a);
	struct gt_node *props = gt_node_need_map(&a, doc, "properties"), *ref = gt_node_map(&a);
	struct gt_node *all = gt_node_map(&a);
	static const char meta[] = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
	struct gt_node *gvks = gt_node_seq(&a), *gvk = gt_node_map(&a);

	need(w->needed, meta, gt_schema_find_type(gt_schema_get(GT_SCHEMA_K8S), meta));
	gt_node_set_str(&a, ref, "$ref",
			"#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
	gt_node_append(&a, gt_node_need_seq(&a, all, "allOf"), ref);
	gt_node_set(&a, props, "metadata", all);
	static const char *const texts[] = {"apiVersion", "kind"};
	for (size_t i = 0; i < GT_COUNT(texts); i++) {
		if (!gt_node_has(props, texts[i]))
			gt_node_set_str(&a, gt_node_need_map(&a, props, texts[i]), "type",
					"string");
	}
	gt_node_set_str(&a, doc, "type", "object");
	gt_node_set_str(&a, gvk, "group", w->r->group);
	gt_node_set_str(&a, gvk, "kind", w->r->kind);
	gt_node_set_str(&a, gvk, "version", w->v->name);
	gt_node_append(&a, gvks, gvk);
	gt_node_set(&a, doc, "x-kubernetes-group-version-kind", gvks);
	gt_json_write(w->out, doc, GT_JSON_COMPACT, 0);
}

/* --- the document ------------------------------------------------------------------------- */

static void write_root_schema(struct writing *w, bool *first)
{
	char name[256];

	schema_name(w, name, sizeof name);
	if (!*first)
		gt_buf_addc(w->out, ',');
	*first = false;
	gt_buf_printf(w->out, "\"%s\":", name);
	if (!w->v->kind) {
		write_custom(w);
		return;
	}
	gt_map_put(w->needed, gt_str(name), NULL); /* written here, not again */
	write_struct(w->out, w->v->type, w->needed);
	write_gvk(w->out, w->r->group, w->v->name, w->r->kind, true);
	gt_buf_addc(w->out, '}');
}

/* Schemas that others refer to; they may refer to more. */
static void write_needed(struct gt_buf *out, struct gt_map *needed, bool *first)
{
	for (size_t i = 0; i < needed->used; i++) {
		struct gt_type *t = needed->entries[i].value, copy;
		if (!t || !needed->entries[i].key)
			continue;
		copy = *t;
		gt_buf_printf(out, "%s\"%s\":", *first ? "" : ",", needed->entries[i].key);
		*first = false;
		write_struct(out, copy, needed);
		gt_buf_addc(out, '}');
	}
}

static void free_type(void *t)
{
	free(t);
}

bool as_openapi_document(struct as_server *s, struct gt_buf *out, struct gt_str group,
			 struct gt_str version)
{
	struct gt_map needed;
	struct writing w = {.out = out, .needed = &needed};
	size_t n;
	struct as_resource **all = as_registry_all(s->registry, &n);
	bool first = true, found = false;

	gt_map_init(&needed, free_type);
	gt_buf_adds(out, "{\"openapi\":\"3.0.0\",\"info\":{\"title\":\"Kubernetes\",\"version\":"
			 "\"v" GT_COMPAT_KUBERNETES "\"},\"paths\":{");
	for (size_t i = 0; i < n; i++) {
		w.r = all[i];
		w.v = gt_str_is(group, w.r->group) ? as_resource_version(w.r, version) : NULL;
		if (!w.v)
			continue;
		found = true;
		bool namespaced = w.r->flags & AS_R_NAMESPACED;
		write_path(&w, namespaced, false, &first);
		write_path(&w, namespaced, true, &first);
	}
	gt_buf_adds(out, "},\"components\":{\"schemas\":{");
	first = true;
	for (size_t i = 0; i < n; i++) {
		w.r = all[i];
		w.v = gt_str_is(group, w.r->group) ? as_resource_version(w.r, version) : NULL;
		if (w.v)
			write_root_schema(&w, &first);
	}
	write_needed(out, &needed, &first);
	gt_buf_adds(out, "}}}");
	gt_map_fini(&needed);
	as_resources_free(all, n);
	return found;
}
