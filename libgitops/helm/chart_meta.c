/* Chart.yaml: the fields Helm knows, as the texts Helm makes of them. */
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "helm/chart_impl.h"
#include "text/number.h"
#include "text/semver.h"
#include "text/template/unicode.h"
#include "text/yaml.h"

/* Upstream's decoder makes strings of numbers and booleans where it wants strings. */
static bool text_of(struct gt_arena *a, const struct gt_node *n, struct gt_str *ret)
{
	char text[GT_DOUBLE_TEXT];
	double d;

	switch (gt_node_kind(n)) {
	case GT_NULL: *ret = GT_STR_LIT(""); return true;
	case GT_STR: *ret = gt_node_text(n); return true;
	case GT_BOOL: *ret = n->truth ? GT_STR_LIT("true") : GT_STR_LIT("false"); return true;
	case GT_INT: *ret = gt_node_text(n); return true;
	case GT_FLOAT:
		if (!gt_node_get_double(n, &d))
			return false;
		gt_double_g(d, text);
		*ret = gt_arena_str(a, gt_str(text));
		return true;
	default: return false;
	}
}

/* White space becomes a space, what cannot be printed goes. */
static struct gt_str clean(struct gt_arena *a, struct gt_str s)
{
	gt_auto_buf out = {0};
	size_t len;

	for (; s.n; s = gt_str_from(s, len)) {
		uint32_t c = gt_utf8_decode(s, &len);

		if (gt_uni_is_space(c))
			gt_buf_addc(&out, ' ');
		else if (gt_uni_is_print(c))
			gt_utf8_encode(&out, c);
	}
	return gt_arena_str(a, gt_buf_str(&out));
}

static const char *json_type(const struct gt_node *n)
{
	return gt_node_is(n, GT_MAP) ? "object" : gt_node_is(n, GT_SEQ) ? "array" : "string";
}

struct reader {
	struct gt_arena *a;
	const char *file;
	struct gt_err *err;
	int rc;
};

static void wrong_type(struct reader *r, const char *object, const char *field,
		       const struct gt_node *n, const char *want)
{
	if (r->rc == GT_OK)
		r->rc = gt_fail(r->err, GT_E_INVALID,
				"cannot load %s: error unmarshaling JSON: while decoding JSON: "
				"json: cannot unmarshal %s into Go struct field %s.%s of type %s",
				r->file, json_type(n), object, field, want);
}

static struct gt_str read_text(struct reader *r, const struct gt_node *map, const char *object,
			       const char *field)
{
	const struct gt_node *n = gt_node_get(map, field);
	struct gt_str s = {0};

	if (!text_of(r->a, n, &s))
		wrong_type(r, object, field, n, "string");
	return s;
}

static struct gt_value read_texts(struct reader *r, const struct gt_node *map, const char *object,
				  const char *field, bool cleaned)
{
	const struct gt_node *n = gt_node_get(map, field);
	struct gt_value list = gt_vlist_new(r->a, GT_V_LIST, gt_node_count(n));

	if (!gt_node_is_null(n) && !gt_node_is(n, GT_SEQ))
		wrong_type(r, object, field, n, "[]string");
	gt_seq_for_each (n, item) {
		struct gt_str s = {0};

		if (!text_of(r->a, item, &s))
			wrong_type(r, object, field, item, "string");
		gt_vlist_add(r->a, list, gt_vstr(cleaned ? clean(r->a, s) : s));
	}
	return list;
}

static struct gt_value read_maintainers(struct reader *r, const struct gt_node *map)
{
	const struct gt_node *n = gt_node_get(map, "maintainers");
	struct gt_value list = gt_vlist_new(r->a, GT_V_LIST, gt_node_count(n));

	gt_seq_for_each (n, item) {
		struct gt_value m = gt_vmap_new(r->a, GT_V_MAP);

		if (!gt_node_is(item, GT_MAP)) {
			wrong_type(r, "Metadata", "maintainers", item, "v2.Maintainer");
			break;
		}
		gt_vmap_put(r->a, m, "Name",
			    gt_vstr(clean(r->a, read_text(r, item, "Maintainer", "name"))));
		gt_vmap_put(r->a, m, "Email",
			    gt_vstr(clean(r->a, read_text(r, item, "Maintainer", "email"))));
		gt_vmap_put(r->a, m, "URL",
			    gt_vstr(clean(r->a, read_text(r, item, "Maintainer", "url"))));
		gt_vlist_add(r->a, list, m);
	}
	return list;
}

static struct gt_value read_annotations(struct reader *r, const struct gt_node *map)
{
	const struct gt_node *n = gt_node_get(map, "annotations");
	struct gt_value out = {.kind = GT_V_STRMAP};

	if (gt_node_is(n, GT_MAP))
		out = gt_vmap_new(r->a, GT_V_STRMAP);
	gt_map_each(n, pair)
	{
		struct gt_str s = {0};

		if (!text_of(r->a, pair->value, &s))
			wrong_type(r, "Metadata", "annotations", pair->value, "string");
		gt_vmap_set(r->a, out.map, gt_strn(pair->key, pair->len), gt_vstr(s));
	}
	return out;
}

static void read_deps(struct reader *r, struct gt_chart *c, const struct gt_node *map)
{
	const struct gt_node *n = gt_node_get(map, "dependencies");

	if (!gt_node_is(n, GT_SEQ))
		return;
	c->has_deps = true;
	c->deps = gt_arena_calloc(r->a, gt_node_count(n) + 1, sizeof *c->deps);
	c->ndeps = 0;
	gt_seq_for_each (n, item) {
		if (!c->deps || gt_node_is_null(item))
			continue;
		c->deps[c->ndeps++] = (struct gt_chart_dep){
			.name = clean(r->a, read_text(r, item, "Dependency", "name")),
			.version = clean(r->a, read_text(r, item, "Dependency", "version")),
			.repository = clean(r->a, read_text(r, item, "Dependency", "repository")),
			.condition = clean(r->a, read_text(r, item, "Dependency", "condition")),
			.alias = read_text(r, item, "Dependency", "alias"),
			.tags = read_texts(r, item, "Dependency", "tags", true),
			.import_values =
				gt_value_of_node(r->a, gt_node_get(item, "import-values"), false),
		};
	}
}

static void put_texts(struct reader *r, struct gt_chart *c, const struct gt_node *map)
{
	static const struct {
		const char *field, *name;
		bool raw;
	} texts[] = {
		{"name", "Name", false},
		{"home", "Home", false},
		{"version", "Version", true},
		{"description", "Description", false},
		{"icon", "Icon", false},
		{"apiVersion", "APIVersion", true},
		{"condition", "Condition", false},
		{"tags", "Tags", false},
		{"appVersion", "AppVersion", false},
		{"kubeVersion", "KubeVersion", false},
		{"type", "Type", true},
	};

	for (size_t i = 0; i < GT_COUNT(texts); i++) {
		struct gt_str s = read_text(r, map, "Metadata", texts[i].field);

		if (gt_node_has(map, texts[i].field) ||
		    !gt_vmap_find(c->meta.map, gt_str(texts[i].name)))
			gt_vmap_put(r->a, c->meta, texts[i].name,
				    gt_vstr(texts[i].raw ? s : clean(r->a, s)));
	}
}

static struct gt_str meta_text(const struct gt_chart *c, const char *name)
{
	const struct gt_value *v = gt_vmap_find(c->meta.map, gt_str(name));

	return v && v->kind == GT_V_STR ? v->s : GT_STR_LIT("");
}

static void read_fields(struct reader *r, struct gt_chart *c, const struct gt_node *map)
{
	const struct gt_node *deprecated = gt_node_get(map, "deprecated");

	put_texts(r, c, map);
	gt_vmap_put(r->a, c->meta, "Sources", read_texts(r, map, "Metadata", "sources", true));
	gt_vmap_put(r->a, c->meta, "Keywords", read_texts(r, map, "Metadata", "keywords", true));
	gt_vmap_put(r->a, c->meta, "Maintainers", read_maintainers(r, map));
	gt_vmap_put(r->a, c->meta, "Annotations", read_annotations(r, map));
	if (!gt_node_is_null(deprecated) && !gt_node_is(deprecated, GT_BOOL))
		wrong_type(r, "Metadata", "deprecated", deprecated, "bool");
	c->deprecated = gt_node_truth(deprecated, false);
	gt_vmap_put(r->a, c->meta, "Deprecated", gt_vbool(c->deprecated));
}

int chart__read_meta(struct gt_arena *a, struct gt_chart *c, const char *file, struct gt_str text,
		     struct gt_err *err)
{
	struct gt_yaml_opts opts = {.rules = GT_YAML_GO_V2, .dup_keys_ok = true};
	struct reader r = {.a = a, .file = file, .err = err};
	struct gt_node *docs;
	struct gt_err inner;
	bool requirements = strcmp(file, "requirements.yaml") == 0;

	if (gt_yaml_parse_all(a, text, &opts, &docs, &inner) < 0)
		return gt_fail(err, inner.code,
			       "cannot load %s: error converting YAML to JSON: yaml: %s", file,
			       inner.text);
	const struct gt_node *map = gt_node_item(docs, 0);
	if (!gt_node_is_null(map) && !gt_node_is(map, GT_MAP))
		return gt_fail(
			err, GT_E_INVALID,
			"cannot load %s: error unmarshaling JSON: while decoding JSON: json: "
			"cannot unmarshal %s into Go value of type v2.Metadata",
			file, json_type(map));
	if (!c->meta.map)
		c->meta = gt_vmap_new(a, GT_V_MAP);
	if (!requirements)
		read_fields(&r, c, map);
	read_deps(&r, c, map);
	return r.rc < 0 ? r.rc : gt_arena_check(a, err);
}

static int invalid(struct gt_err *err, const char *field, const char *what)
{
	return gt_fail(err, GT_E_INVALID, "validation: chart.metadata.%s %s", field, what);
}

static int check_deps(const struct gt_chart *c, struct gt_err *err)
{
	for (size_t i = 0; i < c->ndeps; i++) {
		struct gt_str key = c->deps[i].alias.n ? c->deps[i].alias : c->deps[i].name;

		for (size_t j = 0; j < i; j++) {
			struct gt_str other =
				c->deps[j].alias.n ? c->deps[j].alias : c->deps[j].name;

			if (gt_str_eq(key, other))
				return gt_fail(err, GT_E_INVALID,
					       "validation: more than one dependency with name or "
					       "alias \"%.*s\"",
					       GT_STR_ARG(key));
		}
	}
	return GT_OK;
}

int chart__check_meta(struct gt_arena *a, struct gt_chart *c, struct gt_err *err)
{
	struct gt_semver v;

	if (meta_text(c, "APIVersion").n == 0)
		gt_vmap_put(a, c->meta, "APIVersion", gt_vcstr("v1"));
	c->name = meta_text(c, "Name");
	c->version = meta_text(c, "Version");
	c->api_version = meta_text(c, "APIVersion");
	c->app_version = meta_text(c, "AppVersion");
	c->kube_version = meta_text(c, "KubeVersion");
	c->type = meta_text(c, "Type");
	if (c->name.n == 0)
		return invalid(err, "name", "is required");
	if (gt_str_is(c->name, ".") || gt_str_is(c->name, ".."))
		return gt_fail(err, GT_E_INVALID,
			       "validation: chart.metadata.name \"%.*s\" is not allowed",
			       GT_STR_ARG(c->name));
	if (gt_str_find(c->name, '/') != SIZE_MAX)
		return gt_fail(err, GT_E_INVALID,
			       "validation: chart.metadata.name \"%.*s\" is invalid",
			       GT_STR_ARG(c->name));
	if (c->version.n == 0)
		return invalid(err, "version", "is required");
	if (gt_semver_parse(c->version, &v, NULL) < 0)
		return gt_fail(err, GT_E_INVALID,
			       "validation: chart.metadata.version \"%.*s\" is invalid",
			       GT_STR_ARG(c->version));
	if (c->type.n && !gt_str_is(c->type, "application") && !gt_str_is(c->type, "library"))
		return invalid(err, "type", "must be application or library");
	return check_deps(c, err);
}
