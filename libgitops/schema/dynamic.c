#include "schema/dynamic.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "schema/dyn.h"
#include "schema/schema.h"

struct builder {
	struct gt_arena *a;
	struct gt_err *err;
	unsigned depth;
};

static int build(struct builder *b, const struct gt_node *schema, bool keeps_unknown, bool root,
		 struct gt_type *ret);

static bool is_true(const struct gt_node *schema, const char *key)
{
	return gt_node_truth(gt_node_get(schema, key), false);
}

static bool is_text(const struct gt_node *schema, const char *key, const char *want)
{
	return gt_node_is_text(gt_node_get(schema, key), want);
}

/* Copies the strings of a sequence; NULL when there are none. */
static const char *const *copy_strings(struct builder *b, const struct gt_node *seq)
{
	size_t n = gt_node_count(seq), used = 0;
	const char **v = n ? gt_arena_calloc(b->a, n + 1, sizeof *v) : NULL;

	for (size_t i = 0; v && i < n; i++) {
		const char *s = gt_node_cstr(gt_node_item(seq, i));

		if (s)
			v[used++] = gt_arena_strdup(b->a, s);
	}
	return v;
}

/* --- fields -------------------------------------------------------------------------------- */

static bool requires(const struct gt_node *schema, struct gt_str name)
{
	const struct gt_node *list = gt_node_get(schema, "required");

	for (size_t i = 0; i < gt_node_count(list); i++)
		if (gt_str_eq(gt_node_text(gt_node_item(list, i)), name))
			return true;
	return false;
}

static int add_field(struct builder *b, const struct gt_node *schema, const struct gt_pair *p,
		     bool keeps_unknown, struct gt_dyn_field *f)
{
	const struct gt_node *def = gt_node_get(p->value, "default");
	struct gt_str name = gt_strn(p->key, p->len);

	f->name = gt_arena_strndup(b->a, name.p, name.n);
	f->n = name.n;
	if (requires(schema, name))
		f->flags |= GT_FIELD_REQUIRED;
	if (is_true(p->value, "nullable"))
		f->flags |= GT_FIELD_NULLABLE;
	if (gt_node_is(def, GT_STR) || gt_node_is(def, GT_INT) || gt_node_is(def, GT_FLOAT)) {
		struct gt_str text = gt_node_text(def);
		f->key_default = gt_arena_strndup(b->a, text.p, text.n);
	} else if (gt_node_is(def, GT_BOOL)) {
		f->key_default = gt_node_truth(def, false) ? "true" : "false";
	}
	return build(b, p->value, keeps_unknown, false, &f->type);
}

static int by_name(const void *x, const void *y)
{
	const struct gt_dyn_field *f = x, *g = y;

	return gt_str_cmp(gt_strn(f->name, f->n), gt_strn(g->name, g->n));
}

/* The three fields of every object, with their built-in types. */
static void add_object_fields(struct gt_dyn_field *fields, size_t *n)
{
	const char *names[] = {"apiVersion", "kind", "metadata"};
	struct gt_type pod =
		gt_schema_find_type(gt_schema_get(GT_SCHEMA_K8S), "io.k8s.api.core.v1.Pod");

	for (size_t i = 0; i < GT_COUNT(names); i++) {
		struct gt_field f;

		if (!gt_type_field(pod, names[i], strlen(names[i]), &f))
			continue;
		fields[(*n)++] =
			(struct gt_dyn_field){.name = f.name, .n = strlen(f.name), .type = f.type};
	}
}

static bool is_object_field(const struct gt_pair *p)
{
	struct gt_str s = gt_strn(p->key, p->len);

	return gt_str_is(s, "apiVersion") || gt_str_is(s, "kind") || gt_str_is(s, "metadata");
}

static int build_fields(struct builder *b, const struct gt_node *schema, bool whole_object,
			struct gt_dyn_type *t)
{
	const struct gt_node *props = gt_node_get(schema, "properties");
	size_t n = 0, most = gt_node_count(props) + 3;
	struct gt_dyn_field *fields = gt_arena_calloc(b->a, most, sizeof *fields);

	if (!fields)
		return gt_arena_check(b->a, b->err);
	for (size_t i = 0; i < gt_node_count(props); i++) {
		const struct gt_pair *p = gt_node_pair(props, i);

		if (whole_object && is_object_field(p))
			continue;
		if (add_field(b, schema, p, t->keeps_unknown, &fields[n++]) < 0)
			return gt_wrap(b->err, "properties.%.*s", (int)p->len, p->key);
		if (gt_arena_check(b->a, b->err) < 0)
			return GT_E_BUDGET;
	}
	if (whole_object)
		add_object_fields(fields, &n);
	qsort(fields, n, sizeof *fields, by_name);
	t->kind = GT_TYPE_STRUCT;
	t->fields = fields;
	t->n_fields = n;
	return GT_OK;
}

/* --- kinds of schema ----------------------------------------------------------------------- */

/* Whether additionalProperties lets in what properties do not name. */
static bool allows_undeclared(const struct gt_node *extra, bool declares)
{
	if (gt_node_is(extra, GT_BOOL))
		return gt_node_truth(extra, false);
	return extra || !declares;
}

static int build_object(struct builder *b, const struct gt_node *schema, bool root,
			struct gt_dyn_type *t)
{
	const struct gt_node *extra = gt_node_get(schema, "additionalProperties");
	bool declares = gt_node_count(gt_node_get(schema, "properties")) > 0;

	t->embedded = is_true(schema, "x-kubernetes-embedded-resource");
	t->atomic = is_text(schema, "x-kubernetes-map-type", "atomic");
	if (declares || root || t->embedded) {
		t->keeps_unknown = t->keeps_unknown || allows_undeclared(extra, declares);
		return build_fields(b, schema, root || t->embedded, t);
	}
	if (gt_node_is(extra, GT_BOOL) && !gt_node_truth(extra, true) && !t->keeps_unknown) {
		t->kind = GT_TYPE_STRUCT;
		return GT_OK;
	}
	t->kind = GT_TYPE_MAP;
	t->elem = gt_type_deduced();
	if (gt_node_is(extra, GT_MAP) && build(b, extra, t->keeps_unknown, false, &t->elem) < 0)
		return gt_wrap(b->err, "additionalProperties");
	return GT_OK;
}

static int build_list(struct builder *b, const struct gt_node *schema, struct gt_dyn_type *t)
{
	const struct gt_node *items = gt_node_get(schema, "items");
	const char *list = gt_node_cstr_or(gt_node_get(schema, "x-kubernetes-list-type"), "atomic");

	t->kind = GT_TYPE_LIST;
	t->elem = gt_dyn__type(&gt_dyn__opaque);
	if (!strcmp(list, "set")) {
		t->list = GT_LIST_SET;
	} else if (!strcmp(list, "map")) {
		t->list = GT_LIST_MAP;
		t->keys = copy_strings(b, gt_node_get(schema, "x-kubernetes-list-map-keys"));
		if (!t->keys)
			return gt_fail(b->err, GT_E_INVALID,
				       "x-kubernetes-list-map-keys: Required value");
	} else if (strcmp(list, "atomic") != 0) {
		return gt_fail(b->err, GT_E_INVALID,
			       "x-kubernetes-list-type: unknown list type \"%.40s\"", list);
	}
	t->atomic = t->list == GT_LIST_ATOMIC;
	if (items && build(b, items, t->keeps_unknown, false, &t->elem) < 0)
		return gt_wrap(b->err, "items");
	return GT_OK;
}

static enum gt_type_scalar string_scalar(const struct gt_node *schema)
{
	const char *format = gt_node_cstr_or(gt_node_get(schema, "format"), "");

	if (!*format)
		return GT_SCALAR_STRING;
	return strcmp(format, "byte") == 0 ? GT_SCALAR_BYTES : GT_SCALAR_ANY;
}

static int build_scalar(struct builder *b, const struct gt_node *schema, const char *type,
			struct gt_dyn_type *t)
{
	t->kind = GT_TYPE_SCALAR;
	t->atomic = true;
	if (!strcmp(type, "string")) {
		t->scalar = (uint8_t)string_scalar(schema);
		t->enums = copy_strings(b, gt_node_get(schema, "enum"));
	} else if (!strcmp(type, "integer")) {
		t->scalar = GT_SCALAR_INT64;
	} else if (!strcmp(type, "number")) {
		t->scalar = GT_SCALAR_DOUBLE;
	} else if (!strcmp(type, "boolean")) {
		t->scalar = GT_SCALAR_BOOL;
	} else {
		return gt_fail(b->err, GT_E_INVALID, "type: unrecognized type \"%.40s\"", type);
	}
	return GT_OK;
}

static int build_any(struct builder *b, const struct gt_node *schema, bool root,
		     struct gt_dyn_type *t)
{
	const char *type = gt_node_cstr_or(gt_node_get(schema, "type"), "");

	t->keeps_unknown =
		t->keeps_unknown || is_true(schema, "x-kubernetes-preserve-unknown-fields");
	if (is_true(schema, "x-kubernetes-int-or-string")) {
		t->kind = GT_TYPE_SCALAR;
		t->scalar = GT_SCALAR_INT_OR_STRING;
		t->atomic = true;
		return GT_OK;
	}
	if (!strcmp(type, "object") || (root && !*type))
		return build_object(b, schema, root, t);
	if (!strcmp(type, "array"))
		return build_list(b, schema, t);
	if (*type)
		return build_scalar(b, schema, type, t);
	if (gt_node_count(gt_node_get(schema, "properties")) > 0)
		return build_object(b, schema, root, t);
	t->kind = GT_TYPE_UNTYPED;
	return GT_OK;
}

static int build(struct builder *b, const struct gt_node *schema, bool keeps_unknown, bool root,
		 struct gt_type *ret)
{
	struct gt_dyn_type *t = gt_arena_new(b->a, struct gt_dyn_type);

	if (!t)
		return gt_arena_check(b->a, b->err);
	if (b->depth >= GT_LIMIT_DEPTH)
		return gt_fail(b->err, GT_E_BUDGET, "nested deeper than %d", GT_LIMIT_DEPTH);
	if (!gt_node_is(schema, GT_MAP))
		return gt_fail(b->err, GT_E_INVALID, "a schema must be an object");

	t->keeps_unknown = keeps_unknown;
	b->depth++;
	int rc = build_any(b, schema, root, t);
	b->depth--;
	if (rc == GT_OK)
		*ret = gt_dyn__type(t);
	return rc;
}

int gt_dynamic_type(struct gt_arena *a, const struct gt_node *schema, struct gt_type *ret,
		    struct gt_err *err)
{
	struct gt_err own;
	struct builder b = {.a = a, .err = err ? err : &own};
	struct gt_type t;

	if (gt_node_is_null(schema)) {
		*ret = gt_type_deduced();
		return GT_OK;
	}
	int rc = build(&b, schema, false, true, &t);
	if (gt_arena_check(a, err) < 0)
		return GT_E_BUDGET;
	if (rc == GT_OK)
		*ret = t;
	return rc;
}
