/* Values as YAML and JSON, and back. */
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "text/json.h"
#include "text/number.h"
#include "text/sprig/sprig_impl.h"
#include "text/template/quote.h"
#include "text/yaml.h"

#define YAML_KEY_MAX 1022 /* the longest key that upstream's parser takes back */

/* --- YAML out ----------------------------------------------------------------------------- */

/* Upstream writes JSON and reads that as YAML, whose reader takes no control characters. */
static bool readable(struct gt_str s)
{
	size_t len;

	for (size_t i = 0; i < s.n; i += len) {
		uint32_t c = (unsigned char)s.p[i];

		if (c < 0x7f) {
			len = 1;
			continue;
		}
		c = gt_utf8_decode(gt_str_from(s, i), &len);
		if (c == 0x7f || (c >= 0x80 && c < 0xa0 && c != 0x85) || c == 0xfffe || c == 0xffff)
			return false;
	}
	return true;
}

/* U+0085 is a line break to upstream's reader, which folds it into a space. */
static void fold_breaks(struct gt_arena *a, struct gt_node *n)
{
	struct gt_str s = gt_node_text(n), nel = GT_STR_LIT("\xc2\x85");
	gt_auto_buf out = {0};
	size_t at = gt_str_search(s, nel);

	if (at == SIZE_MAX)
		return;
	for (; at != SIZE_MAX; at = gt_str_search(s, nel)) {
		gt_buf_add(&out, s.p, at);
		gt_buf_addc(&out, ' ');
		s = gt_str_from(s, at + nel.n);
	}
	gt_buf_add_str(&out, s);
	struct gt_node *folded = gt_node_strn(a, gt_buf_str(&out));
	if (folded)
		gt_node_become(n, folded);
}

static bool readable_tree(struct gt_arena *a, struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_STR: fold_breaks(a, n); return readable(gt_node_text(n));
	case GT_SEQ:
		gt_seq_for_each (n, item) {
			if (!readable_tree(a, item))
				return false;
		}
		return true;
	case GT_MAP:
		gt_map_each(n, pair)
		{
			struct gt_str key = gt_strn(pair->key, pair->len);

			if (key.n > YAML_KEY_MAX || !readable(key) ||
			    !readable_tree(a, pair->value))
				return false;
		}
		return true;
	default: return true;
	}
}

static bool write_yaml(struct gt_buf *out, struct gt_arena *a, struct gt_value v, unsigned style)
{
	gt_auto_arena nodes = {.budget = a->budget};
	struct gt_node *n = gt_value_node(&nodes, a, v);

	if (!n || nodes.failed || !readable_tree(&nodes, n))
		return false;
	size_t before = out->n;
	gt_yaml_write(out, n, style);
	if (out->n > before && out->p[out->n - 1] == '\n')
		out->p[--out->n] = '\0';
	return true;
}

bool gt_sprig_yaml(struct gt_buf *out, struct gt_arena *a, struct gt_value v)
{
	return write_yaml(out, a, v, GT_YAML_SORTED);
}

static int yaml_out(struct gt_tmpl_call *c, unsigned style, bool must)
{
	gt_auto_buf out = {0};

	if (!write_yaml(&out, c->a, c->arg[0], style)) {
		if (must)
			return gt_tmpl_throw(c,
					     "error marshaling into JSON: json: unsupported value");
		return sprig__str(c, GT_STR_LIT(""));
	}
	return gt_tmpl_return_buf(c, &out);
}

static int fn_to_yaml(struct gt_tmpl_call *c)
{
	return yaml_out(c, GT_YAML_SORTED, false);
}

static int fn_must_to_yaml(struct gt_tmpl_call *c)
{
	return yaml_out(c, GT_YAML_SORTED, true);
}

/* Values as another encoder sees them, which takes no detour over JSON: floats as %v prints them.
 */
static struct gt_node *pretty_node(struct gt_arena *nodes, struct gt_arena *a, struct gt_value v,
				   unsigned depth)
{
	struct gt_node *out = NULL;
	char text[GT_DOUBLE_TEXT];
	const struct gt_ventry *e;

	if (depth > GT_LIMIT_DEPTH)
		return NULL;
	if (v.kind == GT_V_FLOAT) {
		gt_double_g(v.f, text);
		return gt_node_number(nodes, GT_FLOAT,
				      gt_str(isnan(v.f)   ? ".nan"
					     : isinf(v.f) ? (v.f > 0 ? ".inf" : "-.inf")
							  : text));
	}
	if (gt_value_is_list(v)) {
		out = gt_node_seq(nodes);
		for (uint32_t i = 0; i < gt_vlist_n(v); i++)
			gt_node_append(nodes, out, pretty_node(nodes, a, v.list->v[i], depth + 1));
		return out;
	}
	if (!gt_value_is_map(v))
		return gt_value_node(nodes, a, v);
	out = gt_node_map(nodes);
	for (uint32_t i = 0; (e = gt_vmap_at(a, v.map, i)) != NULL; i++)
		gt_node_setn(nodes, out, gt_strn(e->key, e->len),
			     pretty_node(nodes, a, e->value, depth + 1));
	return out;
}

static int fn_to_yaml_pretty(struct gt_tmpl_call *c)
{
	gt_auto_arena nodes = {.budget = c->a->budget};
	struct gt_node *n = pretty_node(&nodes, c->a, c->arg[0], 0);
	gt_auto_buf out = {0};

	if (!n || nodes.failed)
		return sprig__str(c, GT_STR_LIT(""));
	gt_yaml_write(&out, n,
		      GT_YAML_SORTED | GT_YAML_SEQ_INDENT | GT_YAML_NO_FOLD | GT_YAML_KEEP_STYLE);
	if (out.n && out.p[out.n - 1] == '\n')
		out.p[--out.n] = '\0';
	return gt_tmpl_return_buf(c, &out);
}

/* --- YAML in ------------------------------------------------------------------------------ */

static const char *json_type(const struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_BOOL: return "bool";
	case GT_INT:
	case GT_FLOAT: return "number";
	case GT_STR: return "string";
	case GT_SEQ: return "array";
	default: return "object";
	}
}

static struct gt_value error_text(struct gt_arena *a, const char *before, const char *text)
{
	return gt_vstr(gt_str(gt_arena_printf(a, "%s%s", before, text)));
}

static struct gt_value wrong_type(struct gt_arena *a, const char *before, const struct gt_node *n,
				  const char *want)
{
	return gt_vstr(
		gt_str(gt_arena_printf(a, "%sjson: cannot unmarshal %s into Go value of type %s",
				       before, json_type(n), want)));
}

/* What stands after the first colon of a line. */
static struct gt_str value_of_line(struct gt_str text, uint64_t line)
{
	struct gt_split lines = {.rest = text};
	struct gt_str one = {0};

	for (uint64_t i = 0; i < line; i++)
		gt_split_next(&lines, '\n', &one);
	size_t colon = gt_str_find(one, ':');
	return gt_str_trim(gt_str_from(one, colon == SIZE_MAX ? one.n : colon + 1));
}

/* Two errors that the parser words for people are worded for templates here. */
static struct gt_value yaml_error(struct gt_arena *a, struct gt_str text, const char *error)
{
	static const char anchor[] = ": unknown anchor referenced: ",
			  key[] = ": null cannot be a key";
	struct gt_str e = gt_str(error), number = {0};
	size_t at = gt_str_search(e, gt_str(anchor)), colon = gt_str_find(e, ':');
	gt_auto_buf out = {0};
	uint64_t line = 1;

	if (at != SIZE_MAX) {
		gt_buf_adds(&out, "error converting YAML to JSON: yaml: unknown anchor '");
		gt_buf_add_str(&out, gt_str_from(e, at + sizeof anchor - 1));
		gt_buf_adds(&out, "' referenced");
		return gt_vstr_buf(a, &out);
	}
	if (gt_str_search(e, gt_str(key)) == SIZE_MAX)
		return error_text(a, "error converting YAML to JSON: yaml: ", error);
	if (gt_str_starts(e, "line ") && colon != SIZE_MAX)
		number = gt_str_sub(e, 5, colon - 5);
	gt_str_u64(number, &line);
	gt_buf_adds(&out, "error converting YAML to JSON: unsupported map key of type: %!s(<nil>), "
			  "key: <nil>, value: ");
	gt_go_quote(&out, value_of_line(text, line), false);
	return gt_vstr_buf(a, &out);
}

/* The first document; *ret_error is set instead when there is none to be had. */
static const struct gt_node *read_yaml(struct gt_tmpl_call *c, struct gt_value *ret_error)
{
	struct gt_yaml_opts opts = {.rules = GT_YAML_GO_V2, .dup_keys_ok = true};
	struct gt_node *docs;
	struct gt_err err;

	if (gt_yaml_parse_all(c->a, c->arg[0].s, &opts, &docs, &err) >= 0)
		return gt_node_item(docs, 0);
	*ret_error = yaml_error(c->a, c->arg[0].s, err.text);
	return NULL;
}

#define UNMARSHALING "error unmarshaling JSON: while decoding JSON: "

static int fn_from_yaml(struct gt_tmpl_call *c)
{
	struct gt_value error = GT_VALUE_INVALID;
	const struct gt_node *n = read_yaml(c, &error);

	if (error.kind == GT_V_INVALID && !gt_node_is_null(n) && n->kind != GT_MAP)
		error = wrong_type(c->a, UNMARSHALING, n, "map[string]interface {}");
	c->ret = gt_node_is(n, GT_MAP) ? gt_value_of_node(c->a, n, false)
				       : gt_vmap_new(c->a, GT_V_MAP);
	if (error.kind != GT_V_INVALID)
		gt_vmap_put(c->a, c->ret, "Error", error);
	return GT_OK;
}

static int fn_from_yaml_array(struct gt_tmpl_call *c)
{
	struct gt_value error = GT_VALUE_INVALID;
	const struct gt_node *n = read_yaml(c, &error);

	if (error.kind == GT_V_INVALID && !gt_node_is_null(n) && n->kind != GT_SEQ)
		error = wrong_type(c->a, UNMARSHALING, n, "[]interface {}");
	c->ret = gt_node_is(n, GT_SEQ) ? gt_value_of_node(c->a, n, false)
				       : gt_vlist_new(c->a, GT_V_LIST, 0);
	if (error.kind != GT_V_INVALID)
		gt_vlist_add(c->a, c->ret, error);
	return GT_OK;
}

/* --- JSON --------------------------------------------------------------------------------- */

static const char *bad_number(struct gt_value v, unsigned depth)
{
	const char *bad = NULL;

	if (v.kind == GT_V_FLOAT && !isfinite(v.f))
		return isnan(v.f) ? "NaN" : v.f > 0 ? "+Inf" : "-Inf";
	if (depth > 100)
		return "encountered a cycle";
	for (uint32_t i = 0; !bad && i < gt_vlist_n(v); i++)
		bad = bad_number(v.list->v[i], depth + 1);
	for (uint32_t i = 0; !bad && gt_value_is_map(v) && v.map && i < v.map->used; i++) {
		if (v.map->e[i].key)
			bad = bad_number(v.map->e[i].value, depth + 1);
	}
	return bad;
}

/* must: what cannot be written is an error; else it is the empty text. */
static int json_out(struct gt_tmpl_call *c, unsigned style, bool must)
{
	gt_auto_arena nodes = {.budget = c->a->budget};
	const struct gt_node *n = gt_value_node(&nodes, c->a, c->arg[0]);
	gt_auto_buf out = {0};

	if (!n || nodes.failed) {
		const char *bad = bad_number(c->arg[0], 0);

		if (must)
			return gt_tmpl_throw(c, "json: unsupported value: %s", bad ? bad : "");
		return sprig__str(c, GT_STR_LIT(""));
	}
	gt_json_write(&out, n, style, 2);
	return gt_tmpl_return_buf(c, &out);
}

static int fn_to_json(struct gt_tmpl_call *c)
{
	return json_out(c, GT_JSON_HTML, false);
}

static int fn_must_to_json(struct gt_tmpl_call *c)
{
	return json_out(c, GT_JSON_HTML, true);
}

static int fn_to_pretty_json(struct gt_tmpl_call *c)
{
	return json_out(c, GT_JSON_HTML | GT_JSON_INDENT, false);
}

static int fn_must_to_pretty_json(struct gt_tmpl_call *c)
{
	return json_out(c, GT_JSON_HTML | GT_JSON_INDENT, true);
}

static int fn_to_raw_json(struct gt_tmpl_call *c)
{
	return json_out(c, 0, true);
}

static const struct gt_node *read_json(struct gt_tmpl_call *c, struct gt_value *ret_error)
{
	struct gt_node *n;
	gt_auto_buf text = {0};

	if (gt_json_parse(c->a, c->arg[0].s, GT_JSON_DUP_LAST, &n, NULL) >= 0)
		return n;
	sprig__json_error(&text, c->arg[0].s);
	*ret_error = gt_vstr_buf(c->a, &text);
	return NULL;
}

static int fn_from_json(struct gt_tmpl_call *c)
{
	struct gt_value error = GT_VALUE_INVALID;
	const struct gt_node *n = read_json(c, &error);

	if (error.kind == GT_V_INVALID && gt_node_is_null(n)) {
		c->ret = (struct gt_value){.kind = GT_V_MAP};
		return GT_OK;
	}
	if (error.kind == GT_V_INVALID && n->kind != GT_MAP)
		error = wrong_type(c->a, "", n, "map[string]interface {}");
	c->ret = gt_node_is(n, GT_MAP) ? gt_value_of_node(c->a, n, false)
				       : gt_vmap_new(c->a, GT_V_MAP);
	if (error.kind != GT_V_INVALID)
		gt_vmap_put(c->a, c->ret, "Error", error);
	return GT_OK;
}

static int fn_from_json_array(struct gt_tmpl_call *c)
{
	struct gt_value error = GT_VALUE_INVALID;
	const struct gt_node *n = read_json(c, &error);

	if (error.kind == GT_V_INVALID && gt_node_is_null(n)) {
		c->ret = (struct gt_value){.kind = GT_V_LIST};
		return GT_OK;
	}
	if (error.kind == GT_V_INVALID && n->kind != GT_SEQ)
		error = wrong_type(c->a, "", n, "[]interface {}");
	c->ret = gt_node_is(n, GT_SEQ) ? gt_value_of_node(c->a, n, false)
				       : gt_vlist_new(c->a, GT_V_LIST, 0);
	if (error.kind != GT_V_INVALID)
		gt_vlist_add(c->a, c->ret, error);
	return GT_OK;
}

static int fn_must_from_json(struct gt_tmpl_call *c)
{
	struct gt_value error = GT_VALUE_INVALID;
	const struct gt_node *n = read_json(c, &error);

	if (error.kind != GT_V_INVALID)
		return gt_tmpl_throw_str(c, error.s);
	c->ret = gt_value_of_node(c->a, n, false);
	return GT_OK;
}

const struct gt_tmpl_func gt_sprig_documents[] = {
	{"fromJson", "s", fn_from_json},
	{"fromJsonArray", "s", fn_from_json_array},
	{"fromYaml", "s", fn_from_yaml},
	{"fromYamlArray", "s", fn_from_yaml_array},
	{"mustFromJson", "s", fn_must_from_json},
	{"mustToJson", "a", fn_must_to_json},
	{"mustToPrettyJson", "a", fn_must_to_pretty_json},
	{"mustToRawJson", "a", fn_to_raw_json},
	{"mustToYaml", "a", fn_must_to_yaml},
	{"toJson", "a", fn_to_json},
	{"toPrettyJson", "a", fn_to_pretty_json},
	{"toRawJson", "a", fn_to_raw_json},
	{"toYaml", "a", fn_to_yaml},
	{"toYamlPretty", "a", fn_to_yaml_pretty},
	{0},
};
