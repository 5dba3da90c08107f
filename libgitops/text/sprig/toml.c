/* Values as TOML; the reader is toml_read.c. */
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "text/number.h"
#include "text/sprig/sprig_impl.h"

struct writer {
	struct gt_buf *out;
	struct gt_arena *a;
	const char *error;
};

static void put_value(struct writer *w, struct gt_value v, unsigned depth);

static bool is_table(struct gt_value v)
{
	return gt_value_is_map(v) && v.map;
}

static bool is_table_array(struct gt_value v)
{
	if (gt_vlist_n(v) == 0)
		return false;
	for (uint32_t i = 0; i < gt_vlist_n(v); i++) {
		if (!is_table(v.list->v[i]))
			return false;
	}
	return true;
}

static void put_string(struct gt_buf *out, struct gt_str s)
{
	gt_buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		switch (c) {
		case '\t': gt_buf_adds(out, "\\t"); break;
		case '\n': gt_buf_adds(out, "\\n"); break;
		case '\r': gt_buf_adds(out, "\\r"); break;
		case '\b': gt_buf_adds(out, "\\b"); break;
		case '\f': gt_buf_adds(out, "\\f"); break;
		case '"': gt_buf_adds(out, "\\\""); break;
		case '\\': gt_buf_adds(out, "\\\\"); break;
		default:
			if (c < 0x20 || c == 0x7f)
				gt_buf_printf(out, "\\u%04x", c);
			else
				gt_buf_addc(out, (char)c);
		}
	}
	gt_buf_addc(out, '"');
}

static void put_key(struct gt_buf *out, struct gt_str key)
{
	bool bare = key.n > 0;

	for (size_t i = 0; i < key.n; i++) {
		char c = key.p[i];

		bare &= (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
			c == '_' || c == '-';
	}
	if (bare)
		gt_buf_add_str(out, key);
	else
		put_string(out, key);
}

/* A float is told from an integer by its point. */
static void put_float(struct gt_buf *out, double f)
{
	char text[GT_DOUBLE_TEXT];

	if (isnan(f)) {
		gt_buf_adds(out, "nan");
		return;
	}
	if (isinf(f)) {
		gt_buf_adds(out, f > 0 ? "inf" : "-inf");
		return;
	}
	gt_double_g(f, text);
	gt_buf_adds(out, text);
	if (!strpbrk(text, ".e"))
		gt_buf_adds(out, ".0");
}

static void put_list(struct writer *w, struct gt_value v, unsigned depth)
{
	gt_buf_addc(w->out, '[');
	for (uint32_t i = 0; i < gt_vlist_n(v); i++) {
		if (i)
			gt_buf_adds(w->out, ", ");
		if (gt_value_is_nil(v.list->v[i]))
			w->error = "toml: cannot encode array with nil element";
		put_value(w, v.list->v[i], depth + 1);
	}
	gt_buf_addc(w->out, ']');
}

static void put_inline(struct writer *w, struct gt_value v, unsigned depth)
{
	const struct gt_ventry *e;
	bool first = true;

	gt_buf_addc(w->out, '{');
	for (uint32_t i = 0; (e = gt_vmap_at(w->a, v.map, i)) != NULL; i++) {
		if (gt_value_is_nil(e->value))
			continue;
		if (!first)
			gt_buf_adds(w->out, ", ");
		first = false;
		put_key(w->out, gt_strn(e->key, e->len));
		gt_buf_adds(w->out, " = ");
		put_value(w, e->value, depth + 1);
	}
	gt_buf_addc(w->out, '}');
}

static void put_value(struct writer *w, struct gt_value v, unsigned depth)
{
	if (depth > GT_LIMIT_DEPTH) {
		w->error = "toml: nested too deep";
	} else if (v.kind == GT_V_STR) {
		put_string(w->out, v.s);
	} else if (v.kind == GT_V_FLOAT) {
		put_float(w->out, v.f);
	} else if (gt_value_is_list(v)) {
		put_list(w, v, depth);
	} else if (gt_value_is_map(v)) {
		put_inline(w, v, depth);
	} else if (v.kind == GT_V_OBJ && v.obj->cls->plain) {
		struct gt_value plain = v.obj->cls->plain(w->a, v.obj);

		if (strcmp(v.obj->cls->type, "time.Time") == 0)
			gt_buf_add_str(w->out, plain.s);
		else
			put_value(w, plain, depth + 1);
	} else {
		gt_value_print(w->out, w->a, v);
	}
}

/* The names of the tables around, innermost first. */
struct path {
	struct gt_str key;
	const struct path *above;
	unsigned n;
};

static void put_path(struct gt_buf *out, const struct path *p)
{
	if (!p)
		return;
	if (p->above) {
		put_path(out, p->above);
		gt_buf_addc(out, '.');
	}
	put_key(out, p->key);
}

static void put_table(struct writer *w, struct gt_value v, const struct path *path);

static void put_header(struct writer *w, const struct path *path, const char *open,
		       const char *close)
{
	bool array = open[1] == '[';

	if (w->out->n && (array || path->n == 1))
		gt_buf_addc(w->out, '\n');
	gt_buf_fill(w->out, ' ', 2 * (size_t)(path->n - 1));
	gt_buf_adds(w->out, open);
	put_path(w->out, path);
	gt_buf_adds(w->out, close);
	gt_buf_addc(w->out, '\n');
}

static void put_sub(struct writer *w, struct gt_value v, const struct path *path)
{
	if (is_table(v)) {
		put_header(w, path, "[", "]");
		put_table(w, v, path);
		return;
	}
	for (uint32_t i = 0; i < gt_vlist_n(v); i++) {
		put_header(w, path, "[[", "]]");
		put_table(w, v.list->v[i], path);
	}
}

static void put_table(struct writer *w, struct gt_value v, const struct path *path)
{
	unsigned n = path ? path->n : 0;
	const struct gt_ventry *e;

	if (n > GT_LIMIT_DEPTH) {
		w->error = "toml: nested too deep";
		return;
	}
	for (uint32_t i = 0; (e = gt_vmap_at(w->a, v.map, i)) != NULL; i++) {
		if (gt_value_is_nil(e->value) || is_table(e->value) || is_table_array(e->value))
			continue;
		gt_buf_fill(w->out, ' ', 2 * (size_t)n);
		put_key(w->out, gt_strn(e->key, e->len));
		gt_buf_adds(w->out, " = ");
		put_value(w, e->value, 0);
		gt_buf_addc(w->out, '\n');
	}
	for (uint32_t i = 0; (e = gt_vmap_at(w->a, v.map, i)) != NULL && !w->error; i++) {
		struct path below = {gt_strn(e->key, e->len), path, n + 1};

		if (is_table(e->value) || is_table_array(e->value))
			put_sub(w, e->value, &below);
	}
}

static int to_toml(struct gt_tmpl_call *c, bool must)
{
	gt_auto_buf out = {0};
	struct writer w = {.out = &out, .a = c->a};

	if (gt_value_is_nil(c->arg[0]))
		return gt_tmpl_throw(c, "reflect: call of reflect.Value.Type on zero Value");
	if (is_table(c->arg[0]))
		put_table(&w, c->arg[0], NULL);
	else
		put_value(&w, c->arg[0], 0);
	if (w.error)
		return must ? gt_tmpl_throw(c, "%s", w.error) : sprig__str(c, gt_str(w.error));
	return gt_tmpl_return_buf(c, &out);
}

static int fn_to_toml(struct gt_tmpl_call *c)
{
	return to_toml(c, false);
}

static int fn_must_to_toml(struct gt_tmpl_call *c)
{
	return to_toml(c, true);
}

static int fn_from_toml(struct gt_tmpl_call *c)
{
	const char *error = sprig__toml_read(c->a, c->arg[0].s, &c->ret);

	if (!error)
		return GT_OK;
	c->ret = gt_vmap_new(c->a, GT_V_MAP);
	gt_vmap_put(c->a, c->ret, "Error", gt_vcstr(error));
	return GT_OK;
}

const struct gt_tmpl_func gt_sprig_toml[] = {
	{"fromToml", "s", fn_from_toml},
	{"mustToToml", "a", fn_must_to_toml},
	{"toToml", "a", fn_to_toml},
	{0},
};
