/*
 * --set and its kin: name=value pairs, names with dots and indexes, lists in braces, a backslash
 * before what is meant literally.
 */
#include <stdarg.h>
#include <string.h>

#include "base/utf8.h"
#include "helm/values.h"
#include "text/json.h"
#include "text/template/gonum.h"
#include "text/template/unicode.h"

#define INDEX_MAX 65536
#define NESTING_MAX 30

struct parser {
	struct gt_arena *a;
	struct gt_str in;
	size_t i;
	enum gt_set_kind kind;
	gt_set_read_fn read;
	void *arg;
	struct gt_err *err;
};

enum { DONE = 1 }; /* the end of the input was reached, which is no error */

static int fail(struct parser *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int fail(struct parser *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int rc = gt_vfail(p->err, GT_E_INVALID, fmt, ap);
	va_end(ap);
	return rc;
}

/* Text up to one of the characters, which is consumed; *ret_last is 0 at the end of the input. */
static struct gt_str until(struct parser *p, const char *stop, char *ret_last)
{
	gt_auto_buf out = {0};

	*ret_last = '\0';
	while (p->i < p->in.n) {
		char c = p->in.p[p->i++];

		if (c && strchr(stop, c)) {
			*ret_last = c;
			break;
		}
		if (c == '\\') {
			if (p->i >= p->in.n)
				break;
			c = p->in.p[p->i++];
		}
		gt_buf_addc(&out, c);
	}
	return gt_arena_str(p->a, gt_buf_str(&out));
}

static struct gt_value typed(struct gt_str s)
{
	int64_t i;

	if (gt_str_ieq(s, GT_STR_LIT("true")))
		return gt_vbool(true);
	if (gt_str_ieq(s, GT_STR_LIT("false")))
		return gt_vbool(false);
	if (gt_str_ieq(s, GT_STR_LIT("null")))
		return GT_VALUE_NIL;
	if (gt_str_is(s, "0"))
		return gt_vint64(0);
	if (s.n && s.p[0] != '0' && gt_go_int(s, 10, &i))
		return gt_vint64(i);
	return gt_vstr(s);
}

static int make_value(struct parser *p, struct gt_str text, struct gt_value *ret)
{
	gt_auto_buf content = {.max = GT_LIMIT_CHART};

	if (p->kind != GT_SET_FILE) {
		*ret = p->kind == GT_SET_STRING ? gt_vstr(text) : typed(text);
		return GT_OK;
	}
	int rc = p->read(p->arg, text, &content, p->err);
	*ret = gt_vstr_buf(p->a, &content);
	return rc;
}

static void set(struct parser *p, struct gt_value map, struct gt_str key, struct gt_value v)
{
	if (key.n)
		gt_vmap_set(p->a, map.map, key, v);
}

/* --- right of the '=' --------------------------------------------------------------------- */

/* Skips white space; true at the end or after a comma: there is no value. */
static bool empty_value(struct parser *p)
{
	while (p->i < p->in.n) {
		size_t len;
		uint32_t c = gt_utf8_decode(gt_str_from(p->in, p->i), &len);

		if (c == ',') {
			p->i++;
			return true;
		}
		if (!gt_uni_is_space(c))
			return false;
		p->i += len;
	}
	return true;
}

/* The length of the JSON value at the front. */
static size_t json_length(struct gt_str s)
{
	unsigned depth = 0;
	bool in_string = false;
	size_t i = 0;

	for (; i < s.n; i++) {
		char c = s.p[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			if (!in_string && depth == 0)
				return i + 1;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				return i;
			if (--depth == 0)
				return i + 1;
		} else if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\n')) {
			return i;
		}
	}
	return s.n;
}

static int json_value(struct parser *p, struct gt_value *ret)
{
	struct gt_node *n;

	*ret = GT_VALUE_NIL;
	if (empty_value(p))
		return GT_OK;
	size_t len = json_length(gt_str_from(p->in, p->i));
	int rc = gt_json_parse(p->a, gt_str_sub(p->in, p->i, len), GT_JSON_DUP_LAST, &n, p->err);
	if (rc < 0)
		return rc;
	*ret = gt_value_of_node(p->a, n, false);
	p->i += len;
	empty_value(p);
	return GT_OK;
}

static int list_value(struct parser *p, struct gt_value *ret)
{
	*ret = gt_vlist_new(p->a, GT_V_LIST, 0);
	for (;;) {
		char last;
		struct gt_value v;
		struct gt_str text = until(p, ",}", &last);

		if (!last)
			return fail(p, "list must terminate with '}'");
		int rc = make_value(p, text, &v);
		if (rc < 0)
			return rc;
		gt_vlist_add(p->a, *ret, v);
		if (last == '}')
			break;
	}
	if (p->i < p->in.n && p->in.p[p->i] == ',')
		p->i++;
	return GT_OK;
}

/* DONE when nothing follows the '='. */
static int any_value(struct parser *p, struct gt_value *ret)
{
	char last;

	if (p->kind == GT_SET_JSON)
		return json_value(p, ret);
	if (p->i >= p->in.n) {
		*ret = gt_vstr(GT_STR_LIT(""));
		return DONE;
	}
	if (p->in.p[p->i] == '{') {
		p->i++;
		return list_value(p, ret);
	}
	return make_value(p, until(p, ",", &last), ret);
}

/* --- left of it --------------------------------------------------------------------------- */

static int key(struct parser *p, struct gt_value map, unsigned nesting);

static int key_index(struct parser *p, int64_t *ret)
{
	char last;
	struct gt_str text = until(p, "]", &last);

	if (!last) /* upstream takes the end for the end of all */
		return DONE;
	if (!gt_go_int(text, 10, ret))
		return fail(p,
			    "error parsing index: strconv.Atoi: parsing \"%.*s\": invalid syntax",
			    GT_STR_ARG(text));
	return GT_OK;
}

static int set_index(struct parser *p, struct gt_value *list, int64_t i, struct gt_value v)
{
	if (i < 0)
		return fail(p, "negative %lld index not allowed", (long long)i);
	if (i > INDEX_MAX)
		return fail(p, "index of %lld is greater than maximum supported index of %d",
			    (long long)i, INDEX_MAX);
	if (gt_vlist_n(*list) <= i) {
		struct gt_value longer = gt_vlist_new(p->a, GT_V_LIST, (size_t)i + 1);

		for (uint32_t j = 0; j <= i; j++)
			gt_vlist_add(p->a, longer,
				     j < gt_vlist_n(*list) ? list->list->v[j] : GT_VALUE_NIL);
		*list = longer;
	}
	if (gt_vlist_n(*list) > i) {
		v.iface = false;
		list->list->v[i] = v;
	}
	return GT_OK;
}

static int list_item(struct parser *p, struct gt_value *list, int64_t i, unsigned nesting);

/* x[1][2] */
static int nested_list(struct parser *p, struct gt_value *list, int64_t i, unsigned nesting)
{
	struct gt_value inner = gt_vlist_new(p->a, GT_V_LIST, 0);
	int64_t next;
	int rc = key_index(p, &next);

	if (rc != GT_OK)
		return rc;
	if (gt_vlist_n(*list) > i && !gt_value_is_nil(list->list->v[i])) {
		inner = list->list->v[i];
		if (inner.kind != GT_V_LIST)
			return fail(p,
				    "unable to parse key: interface conversion: interface {} is "
				    "%s, not []interface {}",
				    gt_value_type(inner));
	}
	rc = list_item(p, &inner, next, nesting);
	if (rc < 0)
		return rc;
	int set_rc = set_index(p, list, i, inner);
	return set_rc < 0 ? set_rc : rc;
}

/* x[1].y */
static int map_in_list(struct parser *p, struct gt_value *list, int64_t i, unsigned nesting)
{
	struct gt_value inner = gt_vmap_new(p->a, GT_V_MAP);

	if (gt_vlist_n(*list) > i) {
		if (list->list->v[i].kind == GT_V_MAP)
			inner = list->list->v[i];
		else
			list->list->v[i] = inner;
	}
	int rc = key(p, inner, nesting);
	if (rc < 0)
		return rc;
	int set_rc = set_index(p, list, i, inner);
	return set_rc < 0 ? set_rc : rc;
}

static int list_item(struct parser *p, struct gt_value *list, int64_t i, unsigned nesting)
{
	char last;
	struct gt_value v;
	int rc;

	if (i < 0)
		return fail(p, "negative %lld index not allowed", (long long)i);
	if (i > INDEX_MAX)
		return set_index(p, list, i, GT_VALUE_NIL);
	if (nesting > NESTING_MAX)
		return fail(p,
			    "value name nested level is greater than maximum supported nested "
			    "level of %d",
			    NESTING_MAX);
	struct gt_str text = until(p, "[.=", &last);
	if (text.n)
		return fail(p, "unexpected data at end of array index: \"%.*s\"", GT_STR_ARG(text));
	switch (last) {
	case '=':
		rc = any_value(p, &v);
		if (rc < 0)
			return rc;
		int set_rc = set_index(p, list, i, v);
		return set_rc < 0 ? set_rc : rc;
	case '[': return nested_list(p, list, i, nesting + 1);
	case '.': return map_in_list(p, list, i, nesting + 1);
	default: return DONE;
	}
}

static int bad_conversion(struct parser *p, struct gt_value v, const char *want)
{
	return fail(p, "unable to parse key: interface conversion: interface {} is %s, not %s",
		    gt_value_is_nil(v) ? "nil" : gt_value_type(v), want);
}

static int key_list(struct parser *p, struct gt_value map, struct gt_str name, unsigned nesting)
{
	const struct gt_value *old = gt_vmap_find(map.map, name);
	struct gt_value list = gt_vlist_new(p->a, GT_V_LIST, 0);
	int64_t i;
	int rc = key_index(p, &i);

	if (rc != GT_OK)
		return rc;
	if (old && old->kind != GT_V_LIST)
		return bad_conversion(p, *old, "[]interface {}");
	if (old) /* a copy: the list may be one of somebody's defaults */
		for (uint32_t j = 0; j < gt_vlist_n(*old); j++)
			gt_vlist_add(p->a, list, old->list->v[j]);
	rc = list_item(p, &list, i, nesting);
	set(p, map, name, list);
	return rc;
}

static int key_map(struct parser *p, struct gt_value map, struct gt_str name, unsigned nesting)
{
	const struct gt_value *old = gt_vmap_find(map.map, name);
	struct gt_value inner = gt_vmap_new(p->a, GT_V_MAP);
	int rc;

	if (nesting + 1 > NESTING_MAX)
		return fail(p,
			    "value name nested level is greater than maximum supported nested "
			    "level of %d",
			    NESTING_MAX);
	if (old && old->kind != GT_V_MAP)
		return bad_conversion(p, *old, "map[string]interface {}");
	if (old)
		inner = *old;
	rc = key(p, inner, nesting + 1);
	if (rc == GT_OK && gt_vmap_n(inner) == 0)
		return fail(p, "key map \"%.*s\" has no value", GT_STR_ARG(name));
	if (gt_vmap_n(inner))
		set(p, map, name, inner);
	return rc;
}

static int key(struct parser *p, struct gt_value map, unsigned nesting)
{
	char last;
	struct gt_value v;
	struct gt_str name = until(p, "=[,.", &last);
	int rc;

	if (p->a->failed)
		return gt_arena_check(p->a, p->err);
	switch (last) {
	case '[': return key_list(p, map, name, nesting);
	case '.': return key_map(p, map, name, nesting);
	case ',':
		set(p, map, name, gt_vstr(GT_STR_LIT("")));
		return fail(p, "key \"%.*s\" has no value (cannot end with ,)", GT_STR_ARG(name));
	case '=':
		rc = any_value(p, &v);
		if (rc >= 0)
			set(p, map, name, v);
		return rc;
	default: break;
	}
	if (name.n == 0)
		return DONE;
	return fail(p, "key \"%.*s\" has no value", GT_STR_ARG(name));
}

/* name=text, all of it: names are split at dots, nothing is special in the text. */
static int set_literal(struct parser *p, struct gt_value map)
{
	size_t at = gt_str_find(p->in, '=');
	struct gt_split parts = {.rest = gt_str_sub(p->in, 0, at == SIZE_MAX ? p->in.n : at)};
	struct gt_str part, next;

	if (at == SIZE_MAX)
		return fail(p, "key \"%.*s\" has no value", GT_STR_ARG(p->in));
	gt_split_next(&parts, '.', &part);
	while (gt_split_next(&parts, '.', &next)) {
		const struct gt_value *old = gt_vmap_find(map.map, part);
		struct gt_value inner = gt_vmap_new(p->a, GT_V_MAP);

		if (old && old->kind != GT_V_MAP)
			return bad_conversion(p, *old, "map[string]interface {}");
		if (old)
			inner = *old;
		set(p, map, part, inner);
		map = inner;
		part = next;
	}
	set(p, map, part, gt_vstr(gt_str_from(p->in, at + 1)));
	return GT_OK;
}

int gt_values_set(struct gt_arena *a, struct gt_value values, struct gt_str text,
		  enum gt_set_kind kind, gt_set_read_fn read, void *arg, struct gt_err *err)
{
	struct parser p = {.a = a,
			   .in = gt_arena_str(a, text),
			   .kind = kind,
			   .read = read,
			   .arg = arg,
			   .err = err};
	int rc = GT_OK;

	if (!p.in.p || !values.map)
		return gt_arena_check(a, err);
	if (kind == GT_SET_LITERAL)
		return set_literal(&p, values);
	while (rc == GT_OK)
		rc = key(&p, values, 0);
	return rc < 0 ? rc : gt_arena_check(a, err);
}
