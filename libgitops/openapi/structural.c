/*
 * Whether a schema is structural: every place has a type, and what stands in allOf, anyOf, oneOf
 * and not only restricts places that are declared outside.
 */
#include "openapi/model.h"

enum level { ROOT, FIELD, ITEM };

struct checking {
	struct gt_field_errors *errs;
	unsigned depth;
};

static void check(struct checking *c, const struct gt_node *s, enum level level, const char *at);
static void check_values(struct checking *c, const struct gt_node *s, const struct gt_node *outer,
			 const char *at);

static const char *child(struct checking *c, const char *at, const char *name)
{
	const char *path = gt_arena_printf(c->errs->arena, "%s.%s", at, name);

	return path ? path : at;
}

static const char *keyed(struct checking *c, const char *at, const char *name, const char *key)
{
	const char *path = gt_arena_printf(c->errs->arena, "%s.%s[%s]", at, name, key);

	return path ? path : at;
}

static const char *indexed(struct checking *c, const char *at, const char *name, size_t i)
{
	const char *path = gt_arena_printf(c->errs->arena, "%s.%s[%zu]", at, name, i);

	return path ? path : at;
}

static bool flag(const struct gt_node *s, const char *key)
{
	return gt_node_truth(gt_node_get(s, key), false);
}

static struct gt_node *text(struct checking *c, const char *s)
{
	return gt_node_str(c->errs->arena, s ? s : "");
}

/* [{type: integer}, {type: string}] */
static bool is_int_or_string(const struct gt_node *any_of)
{
	return gt_node_count(any_of) == 2 &&
	       gt_node_is_text(gt_node_get(gt_node_item(any_of, 0), "type"), "integer") &&
	       gt_node_is_text(gt_node_get(gt_node_item(any_of, 1), "type"), "string") &&
	       gt_node_count(gt_node_item(any_of, 0)) == 1 &&
	       gt_node_count(gt_node_item(any_of, 1)) == 1;
}

/* --- inside allOf, anyOf, oneOf, not ------------------------------------------------------ */

static void check_nested(struct checking *c, const struct gt_node *s, const struct gt_node *outer,
			 bool idiom, const char *at)
{
	static const char *const forbidden[] = {
		"type",
		"description",
		"title",
		"default",
		"nullable",
		"additionalProperties",
		"x-kubernetes-preserve-unknown-fields",
		"x-kubernetes-embedded-resource",
		"x-kubernetes-int-or-string",
		"x-kubernetes-list-type",
		"x-kubernetes-list-map-keys",
		"x-kubernetes-map-type",
		"x-kubernetes-validations",
	};
	const struct gt_node *props = gt_node_get(s, "properties");
	const struct gt_node *items = gt_node_get(s, "items");

	if (!gt_node_is(s, GT_MAP) || ++c->depth > GT_LIMIT_DEPTH)
		return;
	for (size_t i = 0; i < GT_COUNT(forbidden); i++) {
		const struct gt_node *v = gt_node_get(s, forbidden[i]);
		bool set = v && !(gt_node_is(v, GT_BOOL) && !v->truth);
		if (set && !(idiom && i == 0))
			gt_field_forbidden(c->errs, child(c, at, forbidden[i]),
					   i == 5 ? "must be undefined to be structural"
						  : "must be empty to be structural");
	}
	gt_map_each(props, p)
	{
		const struct gt_node *declared =
			gt_node_get(gt_node_get(outer, "properties"), p->key);
		const char *below = keyed(c, at, "properties", p->key);
		if (!declared)
			declared = gt_node_get(outer, "additionalProperties");
		if (!gt_node_is(declared, GT_MAP) &&
		    !flag(outer, "x-kubernetes-preserve-unknown-fields"))
			gt_field_required(c->errs, below,
					  "because it is defined in a nested value validation");
		check_nested(c, p->value, declared, false, below);
	}
	if (items)
		check_nested(c, items, gt_node_get(outer, "items"), false, child(c, at, "items"));
	check_values(c, s, outer, at);
	c->depth--;
}

static void check_values(struct checking *c, const struct gt_node *s, const struct gt_node *outer,
			 const char *at)
{
	static const char *const lists[] = {"anyOf", "allOf", "oneOf"};
	const struct gt_node *pattern = gt_node_get(s, "pattern");
	struct gt_regex *re = NULL;
	struct gt_err err;

	for (size_t k = 0; k < GT_COUNT(lists); k++) {
		const struct gt_node *list = gt_node_get(s, lists[k]);
		bool idiom = k == 0 && flag(outer, "x-kubernetes-int-or-string") &&
			     is_int_or_string(list);
		for (size_t i = 0; i < gt_node_count(list); i++)
			check_nested(c, gt_node_item(list, i), outer, idiom,
				     indexed(c, at, lists[k], i));
	}
	if (gt_node_get(s, "not"))
		check_nested(c, gt_node_get(s, "not"), outer, false, child(c, at, "not"));
	if (gt_node_is(pattern, GT_STR) && gt_regex_new(gt_node_text(pattern), &re, &err) < 0)
		gt_field_invalid(c->errs, child(c, at, "pattern"), pattern,
				 "must be a valid regular expression, but isn't: %s", err.text);
	gt_regex_free(re);
}

/* --- declared places ---------------------------------------------------------------------- */

static void check_forbidden(struct checking *c, const struct gt_node *s, const char *at)
{
	static const struct {
		const char *key, *why;
	} keys[] = {
		{"$ref", "$ref is not supported"},
		{"definitions", "definitions is not supported"},
		{"dependencies", "dependencies is not supported"},
		{"patternProperties", "patternProperties is not supported"},
		{"additionalItems", "additionalItems is not supported"},
		{"deprecated", "deprecated is not supported"},
		{"discriminator", "discriminator is not supported"},
		{"id", "id is not supported"},
		{"readOnly", "readOnly is not supported"},
		{"writeOnly", "writeOnly is not supported"},
		{"xml", "xml is not supported"},
	};

	for (size_t i = 0; i < GT_COUNT(keys); i++) {
		if (gt_node_get(s, keys[i].key))
			gt_field_forbidden(c->errs, child(c, at, keys[i].key), "%s", keys[i].why);
	}
	if (flag(s, "uniqueItems"))
		gt_field_forbidden(c->errs, child(c, at, "uniqueItems"),
				   "uniqueItems cannot be set to true since the runtime complexity "
				   "becomes quadratic");
	if (gt_node_get(s, "properties") && gt_node_count(gt_node_get(s, "properties")) > 0 &&
	    gt_node_get(s, "additionalProperties"))
		gt_field_forbidden(c->errs, child(c, at, "additionalProperties"),
				   "additionalProperties and properties are mutual exclusive");
	if (gt_node_is(gt_node_get(s, "items"), GT_SEQ))
		gt_field_forbidden(c->errs, child(c, at, "items"),
				   "items must be a schema object and not an array");
}

static void check_type(struct checking *c, const struct gt_node *s, enum level level,
		       const char *at)
{
	static const char *const missing[] = {
		"must not be empty at the root",
		"must not be empty for specified object fields",
		"must not be empty for specified array items",
	};
	static const char *const types[] = {"array",  "boolean", "integer", "number",
					    "object", "string",  NULL};
	const char *type = gt_node_cstr_at(s, "type");
	const char *where = child(c, at, "type");
	size_t known = 0;

	if (!type) {
		if (flag(s, "x-kubernetes-embedded-resource"))
			gt_field_required(
				c->errs, where,
				"must be object if x-kubernetes-embedded-resource is true");
		else if (!flag(s, "x-kubernetes-int-or-string") &&
			 !flag(s, "x-kubernetes-preserve-unknown-fields"))
			gt_field_required(c->errs, where, missing[level]);
		return;
	}
	while (types[known] && !gt_streq(types[known], type))
		known++;
	if (!types[known])
		gt_field_not_supported(c->errs, where, text(c, type), types);
	else if (level == ROOT && !gt_streq(type, "object"))
		gt_field_invalid(c->errs, where, text(c, type), "must be object at the root");
	else if (flag(s, "x-kubernetes-embedded-resource") && !gt_streq(type, "object"))
		gt_field_invalid(c->errs, where, text(c, type),
				 "must be object if x-kubernetes-embedded-resource is true");
	if (gt_streq(type, "array") && !gt_node_get(s, "items"))
		gt_field_required(c->errs, child(c, at, "items"), "must be specified");
}

static void check_metadata(struct checking *c, const struct gt_node *meta, const char *at)
{
	if (!gt_node_is_text(gt_node_get(meta, "type"), "object"))
		gt_field_invalid(c->errs, child(c, at, "type"),
				 text(c, gt_node_cstr_at(meta, "type")), "must be object");
	gt_map_each(gt_node_get(meta, "properties"), p)
	{
		if (!gt_streq(p->key, "name") && !gt_streq(p->key, "generateName")) {
			gt_field_forbidden(c->errs, at,
					   "must not specify anything other than name and "
					   "generateName, but metadata is implicitly specified");
			return;
		}
	}
}

static void check_list(struct checking *c, const struct gt_node *s, const char *at)
{
	static const char *const known[] = {"atomic", "set", "map", NULL};
	const char *type = gt_node_cstr_at(s, "x-kubernetes-list-type");
	const struct gt_node *keys = gt_node_get(s, "x-kubernetes-list-map-keys");
	const struct gt_node *items = gt_node_get(s, "items");

	if (!type) {
		if (gt_node_count(keys) > 0)
			gt_field_forbidden(c->errs, child(c, at, "x-kubernetes-list-map-keys"),
					   "must be empty if x-kubernetes-list-type is not map");
		return;
	}
	if (!gt_streq(type, "atomic") && !gt_streq(type, "set") && !gt_streq(type, "map")) {
		gt_field_not_supported(c->errs, child(c, at, "x-kubernetes-list-type"),
				       text(c, type), known);
		return;
	}
	if (!gt_node_is_text(gt_node_get(s, "type"), "array"))
		gt_field_invalid(c->errs, child(c, at, "type"), text(c, gt_node_cstr_at(s, "type")),
				 "must be array if x-kubernetes-list-type is specified");
	if (gt_streq(type, "map") && gt_node_count(keys) == 0)
		gt_field_required(c->errs, child(c, at, "x-kubernetes-list-map-keys"),
				  "must not be empty if x-kubernetes-list-type is map");
	for (size_t i = 0; gt_streq(type, "map") && i < gt_node_count(keys); i++) {
		struct gt_str key = gt_node_text(gt_node_item(keys, i));
		const struct gt_node *prop = gt_node_getn(gt_node_get(items, "properties"), key);
		bool required = prop && gt_node_get(prop, "default");
		gt_seq_for_each (gt_node_get(items, "required"), name)
			required |= gt_str_eq(gt_node_text(name), key);
		if (!prop)
			gt_field_invalid(c->errs, indexed(c, at, "x-kubernetes-list-map-keys", i),
					 gt_node_item(keys, i),
					 "entries must all be names of item properties");
		else if (!required)
			gt_field_required(
				c->errs,
				child(c,
				      keyed(c, child(c, at, "items"), "properties",
					    gt_node_cstr_or(gt_node_item(keys, i), "")),
				      "default"),
				"this property is in x-kubernetes-list-map-keys, so it must "
				"have a default or be a required property");
	}
}

static void check_below(struct checking *c, const struct gt_node *s, enum level level,
			const char *at)
{
	const struct gt_node *extra = gt_node_get(s, "additionalProperties");
	const struct gt_node *items = gt_node_get(s, "items");

	gt_map_each(gt_node_get(s, "properties"), p)
	{
		const char *where = keyed(c, at, "properties", p->key);
		bool meta = level == ROOT && gt_streq(p->key, "metadata");
		if (meta)
			check_metadata(c, p->value, where);
		check(c, p->value, FIELD, where);
	}
	if (extra && level == ROOT)
		gt_field_forbidden(c->errs, child(c, at, "additionalProperties"),
				   "must not be used at the root");
	if (gt_node_is(extra, GT_MAP))
		check(c, extra, FIELD, child(c, at, "additionalProperties"));
	if (gt_node_is(items, GT_MAP))
		check(c, items, ITEM, child(c, at, "items"));
}

static void check(struct checking *c, const struct gt_node *s, enum level level, const char *at)
{
	if (c->depth > GT_LIMIT_DEPTH || c->errs->n > 50)
		return;
	if (!gt_node_is(s, GT_MAP)) {
		gt_field_invalid(c->errs, at, s, "must be an object");
		return;
	}
	c->depth++;
	check_forbidden(c, s, at);
	check_type(c, s, level, at);
	check_list(c, s, at);
	check_values(c, s, s, at);
	check_below(c, s, level, at);
	c->depth--;
}

void gt_openapi_check_schema(const struct gt_node *schema, const char *field,
			     struct gt_field_errors *errs)
{
	struct checking c = {.errs = errs};

	check(&c, schema, ROOT, field);
}
