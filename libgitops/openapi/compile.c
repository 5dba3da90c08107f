/* From the text of a schema to its compiled form. */
#include "openapi/model.h"

#include <stdio.h>

struct compiling {
	struct gt_openapi *out;
	struct gt_arena *a;
	struct gt_err *err;
};

static int compile(struct compiling *c, const struct gt_node *n, unsigned depth,
		   struct oa_schema **ret);

static uint16_t type_bit(const char *name)
{
	static const char *const names[] = {"object",  "array",  "string",
					    "integer", "number", "boolean"};

	for (size_t i = 0; name && i < GT_COUNT(names); i++) {
		if (gt_streq(name, names[i]))
			return (uint16_t)(1u << i);
	}
	return 0;
}

const char *oa_type_names(uint16_t types, char text[64])
{
	static const char *const names[] = {"object",  "array",  "string",
					    "integer", "number", "boolean"};
	/* upstream lists integer before string for int-or-string */
	static const uint8_t order[] = {0, 1, 3, 2, 4, 5};
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < GT_COUNT(order); i++) {
		if (types & (1u << order[i]))
			n += (size_t)snprintf(text + n, 64 - n, "%s%s", n ? "," : "",
					      names[order[i]]);
	}
	return text;
}

static int prop_cmp(const void *x, const void *y)
{
	const struct oa_prop *a = x, *b = y;

	return gt_str_cmp(a->name, b->name);
}

const struct oa_schema *oa_prop(const struct oa_schema *s, struct gt_str name)
{
	struct oa_prop key = {.name = name};
	struct oa_prop *p =
		s && s->n_props ? bsearch(&key, s->props, s->n_props, sizeof key, prop_cmp) : NULL;

	return p ? p->schema : NULL;
}

static int compile_props(struct compiling *c, const struct gt_node *map, unsigned depth,
			 struct oa_schema *s)
{
	size_t n = gt_node_count(map);
	uint32_t i = 0;

	if (n == 0)
		return GT_OK;
	s->props = gt_arena_calloc(c->a, n, sizeof *s->props);
	if (!s->props)
		return gt_arena_check(c->a, c->err);
	gt_map_each(map, p)
	{
		int rc = compile(c, p->value, depth, &s->props[i].schema);
		if (rc < 0)
			return rc;
		s->props[i++].name = gt_arena_str(c->a, gt_strn(p->key, p->len));
	}
	s->n_props = i;
	qsort(s->props, s->n_props, sizeof *s->props, prop_cmp);
	return GT_OK;
}

static int compile_list(struct compiling *c, const struct gt_node *seq, unsigned depth,
			struct oa_list *ret)
{
	size_t n = gt_node_count(seq);

	if (n == 0)
		return GT_OK;
	ret->v = gt_arena_calloc(c->a, n, sizeof *ret->v);
	if (!ret->v)
		return gt_arena_check(c->a, c->err);
	for (size_t i = 0; i < n; i++) {
		int rc = compile(c, gt_node_item(seq, i), depth, &ret->v[ret->n]);
		if (rc < 0)
			return rc;
		ret->n++;
	}
	return GT_OK;
}

static struct gt_str *strings(struct compiling *c, const struct gt_node *seq, uint32_t *ret_n)
{
	size_t n = gt_node_count(seq);
	struct gt_str *v = n ? gt_arena_calloc(c->a, n, sizeof *v) : NULL;

	for (size_t i = 0; v && i < n; i++)
		v[i] = gt_arena_str(c->a, gt_node_text(gt_node_item(seq, i)));
	*ret_n = v ? (uint32_t)n : 0;
	return v;
}

static int64_t limit(const struct gt_node *n, const char *key)
{
	double d;

	return gt_node_get_double(gt_node_get(n, key), &d) && d >= 0 && d < 9e18 ? (int64_t)d : -1;
}

static struct gt_node *copy(struct compiling *c, const struct gt_node *n, const char *key)
{
	const struct gt_node *v = gt_node_get(n, key);

	return v ? gt_node_dup(c->a, v) : NULL;
}

static void compile_limits(struct compiling *c, const struct gt_node *n, struct oa_schema *s)
{
	s->min = copy(c, n, "minimum");
	s->max = copy(c, n, "maximum");
	s->multiple_of = copy(c, n, "multipleOf");
	s->min_length = limit(n, "minLength");
	s->max_length = limit(n, "maxLength");
	s->min_items = limit(n, "minItems");
	s->max_items = limit(n, "maxItems");
	s->min_props = limit(n, "minProperties");
	s->max_props = limit(n, "maxProperties");
	s->enumeration = copy(c, n, "enum");
	s->default_value = copy(c, n, "default");
	s->format = oa_format_find(gt_node_cstr_at(n, "format"));
	s->required = strings(c, gt_node_get(n, "required"), &s->n_required);
	s->keys = strings(c, gt_node_get(n, "x-kubernetes-list-map-keys"), &s->n_keys);
}

static void compile_flags(struct compiling *c, const struct gt_node *n, struct oa_schema *s)
{
	static const struct {
		const char *key;
		uint16_t flag;
	} flags[] = {
		{"nullable", OA_NULLABLE},
		{"x-kubernetes-preserve-unknown-fields", OA_PRESERVE},
		{"x-kubernetes-embedded-resource", OA_EMBEDDED},
		{"x-kubernetes-int-or-string", OA_INT_OR_STRING},
		{"exclusiveMinimum", OA_EXCLUSIVE_MIN},
		{"exclusiveMaximum", OA_EXCLUSIVE_MAX},
	};
	const char *list = gt_node_cstr_at(n, "x-kubernetes-list-type");

	s->types = type_bit(gt_node_cstr_at(n, "type"));
	for (size_t i = 0; i < GT_COUNT(flags); i++) {
		if (gt_node_truth(gt_node_get(n, flags[i].key), false))
			s->flags |= flags[i].flag;
	}
	if (s->flags & OA_INT_OR_STRING)
		s->types = OA_INTEGER | OA_STRING;
	if (gt_streq(list, "set"))
		s->flags |= OA_LIST_SET;
	if (gt_streq(list, "map"))
		s->flags |= OA_LIST_MAP;
	if (gt_node_count(gt_node_get(n, "x-kubernetes-validations")) > 0) {
		s->flags |= OA_RULES;
		c->out->has_rules = true;
	}
}

static int compile_pattern(struct compiling *c, const struct gt_node *n, struct oa_schema *s)
{
	struct gt_str pattern = gt_node_text(gt_node_get(n, "pattern"));

	if (pattern.n == 0)
		return GT_OK;
	s->pattern = gt_arena_strndup(c->a, pattern.p, pattern.n);
	if (!s->pattern)
		return gt_arena_check(c->a, c->err);
	int rc = gt_regex_new(pattern, &s->regex, c->err);
	return rc < 0 ? gt_wrap(c->err, "pattern %s", s->pattern) : GT_OK;
}

static int compile_extra(struct compiling *c, const struct gt_node *n, unsigned depth,
			 struct oa_schema *s)
{
	const struct gt_node *extra = gt_node_get(n, "additionalProperties");

	if (gt_node_is(extra, GT_BOOL))
		s->flags |= extra->truth ? OA_ANY_EXTRA : OA_NO_EXTRA;
	return gt_node_is(extra, GT_MAP) ? compile(c, extra, depth, &s->extra) : GT_OK;
}

static void mark_defaults(struct oa_schema *s)
{
	bool any = s->default_value || (s->items && s->items->flags & OA_DEFAULTS) ||
		   (s->extra && s->extra->flags & OA_DEFAULTS);

	for (uint32_t i = 0; i < s->n_props && !any; i++)
		any = s->props[i].schema->flags & OA_DEFAULTS;
	if (any)
		s->flags |= OA_DEFAULTS;
}

/* Remembers s for the release of its pattern. */
static bool remember(struct compiling *c, struct oa_schema *s)
{
	struct gt_openapi *o = c->out;

	if (o->compiled.n == o->cap) {
		uint32_t cap = o->cap ? o->cap * 2 : 64;
		o->compiled.v = gt_xrealloc(o->compiled.v, cap * sizeof *o->compiled.v);
		o->cap = cap;
	}
	o->compiled.v[o->compiled.n++] = s;
	return true;
}

static int compile(struct compiling *c, const struct gt_node *n, unsigned depth,
		   struct oa_schema **ret)
{
	struct oa_schema *s = gt_arena_new(c->a, struct oa_schema);
	int rc;

	if (!s)
		return gt_arena_check(c->a, c->err);
	if (depth > GT_LIMIT_DEPTH)
		return gt_fail(c->err, GT_E_BUDGET, "the schema is nested too deeply");
	if (!gt_node_is(n, GT_MAP))
		return gt_fail(c->err, GT_E_INVALID, "a schema must be an object");
	compile_flags(c, n, s);
	compile_limits(c, n, s);
	rc = compile_pattern(c, n, s);
	if (s->regex)
		remember(c, s);
	if (rc == GT_OK)
		rc = compile_props(c, gt_node_get(n, "properties"), depth + 1, s);
	if (rc == GT_OK)
		rc = compile_extra(c, n, depth + 1, s);
	if (rc == GT_OK && gt_node_is(gt_node_get(n, "items"), GT_MAP))
		rc = compile(c, gt_node_get(n, "items"), depth + 1, &s->items);
	if (rc == GT_OK)
		rc = compile_list(c, gt_node_get(n, "allOf"), depth + 1, &s->all_of);
	if (rc == GT_OK)
		rc = compile_list(c, gt_node_get(n, "anyOf"), depth + 1, &s->any_of);
	if (rc == GT_OK)
		rc = compile_list(c, gt_node_get(n, "oneOf"), depth + 1, &s->one_of);
	if (rc == GT_OK && gt_node_is(gt_node_get(n, "not"), GT_MAP))
		rc = compile(c, gt_node_get(n, "not"), depth + 1, &s->not );
	mark_defaults(s);
	*ret = s;
	return rc;
}

int gt_openapi_new(const struct gt_node *schema, struct gt_openapi **ret_schema, struct gt_err *err)
{
	struct gt_openapi *o = gt_new(struct gt_openapi);
	struct compiling c = {.out = o, .a = &o->arena, .err = err};
	int rc = GT_OK;

	gt_arena_init(&o->arena, GT_BUDGET_REQUEST);
	if (schema)
		rc = compile(&c, schema, 0, &o->root);
	if (rc == GT_OK)
		rc = gt_arena_check(&o->arena, err);
	if (rc < 0) {
		gt_openapi_free(o);
		return rc;
	}
	*ret_schema = o;
	return GT_OK;
}

void gt_openapi_free(struct gt_openapi *s)
{
	if (!s)
		return;
	for (uint32_t i = 0; i < s->compiled.n; i++)
		gt_regex_free(s->compiled.v[i]->regex);
	free(s->compiled.v);
	gt_arena_fini(&s->arena);
	free(s);
}

bool gt_openapi_has_rules(const struct gt_openapi *s)
{
	return s->has_rules;
}
