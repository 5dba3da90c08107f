/* TOML 1.0 into values. */
#include <stdarg.h>
#include <string.h>

#include "base/limits.h"
#include "base/enc.h"
#include "base/utf8.h"
#include "text/sprig/gotime_impl.h"
#include "text/sprig/sprig_impl.h"
#include "text/template/gonum.h"

struct reader {
	struct gt_arena *a;
	struct gt_str s;
	size_t i;
	unsigned line;
	struct gt_str last_key; /* dotted, for errors */
	const char *error;
};

static bool fail(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool fail(struct reader *r, const char *fmt, ...)
{
	gt_auto_buf text = {0};
	va_list ap;

	if (r->error)
		return false;
	va_start(ap, fmt);
	gt_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	if (r->last_key.n)
		r->error = gt_arena_printf(r->a, "toml: line %u (last key \"%.*s\"): %s", r->line,
					   GT_STR_ARG(r->last_key), gt_buf_cstr(&text));
	else
		r->error = gt_arena_printf(r->a, "toml: line %u: %s", r->line, gt_buf_cstr(&text));
	if (!r->error)
		r->error = "toml: out of memory";
	return false;
}

static char peek(const struct reader *r)
{
	return r->i < r->s.n ? r->s.p[r->i] : '\0';
}

static bool at_end(const struct reader *r)
{
	return r->i >= r->s.n;
}

static void skip_blanks(struct reader *r)
{
	while (peek(r) == ' ' || peek(r) == '\t')
		r->i++;
}

static void skip_comment(struct reader *r)
{
	if (peek(r) == '#')
		while (!at_end(r) && peek(r) != '\n')
			r->i++;
}

/* Blanks, comments and line breaks. */
static void skip_all(struct reader *r)
{
	for (;;) {
		skip_blanks(r);
		skip_comment(r);
		if (peek(r) == '\r' && r->i + 1 < r->s.n && r->s.p[r->i + 1] == '\n')
			r->i++;
		if (peek(r) != '\n')
			return;
		r->i++;
		r->line++;
	}
}

static bool end_line(struct reader *r)
{
	skip_blanks(r);
	skip_comment(r);
	if (peek(r) == '\r')
		r->i++;
	if (at_end(r))
		return true;
	if (peek(r) != '\n')
		return fail(r,
			    "expected a top-level item to end with a newline, comment, or EOF, "
			    "but got '%c' instead",
			    peek(r));
	r->i++;
	r->line++;
	return true;
}

/* --- strings ------------------------------------------------------------------------------ */

static bool take_escape(struct reader *r, struct gt_buf *out)
{
	static const char letters[] = "btnfre\"\\", values[] = "\b\t\n\f\r\x1b\"\\";
	char c = peek(r);
	const char *at = c ? strchr(letters, c) : NULL;
	uint32_t rune = 0;

	r->i++;
	if (at) {
		gt_buf_addc(out, values[at - letters]);
		return true;
	}
	size_t n = c == 'u' ? 4 : c == 'U' ? 8 : c == 'x' ? 2 : 0;
	gt_auto_buf bytes = {0};
	if (!n || gt_str_sub(r->s, r->i, n).n < n ||
	    !gt_hex_decode(&bytes, gt_str_sub(r->s, r->i, n)))
		return fail(r,
			    "invalid escape character '%c'; only the following escape characters "
			    "are allowed: \\b, \\t, \\n, \\f, \\r, \\\", \\\\, \\uXXXX, and "
			    "\\UXXXXXXXX",
			    c ? c : ' ');
	for (size_t i = 0; i < bytes.n; i++)
		rune = rune << 8 | (unsigned char)bytes.p[i];
	gt_utf8_encode(out, rune);
	r->i += n;
	return true;
}

static bool take_string(struct reader *r, struct gt_str *ret)
{
	char quote = peek(r);
	bool many = r->i + 2 < r->s.n && r->s.p[r->i + 1] == quote && r->s.p[r->i + 2] == quote;
	gt_auto_buf out = {0};

	r->i += many ? 3 : 1;
	if (many && peek(r) == '\r' && r->i + 1 < r->s.n && r->s.p[r->i + 1] == '\n')
		r->i++;
	if (many && peek(r) == '\n') {
		r->i++;
		r->line++;
	}
	for (;;) {
		char c = peek(r);

		if (at_end(r) || (c == '\n' && !many))
			return at_end(r) ? fail(r, "unexpected EOF; expected '%c'", quote)
					 : fail(r, "strings cannot contain newlines");
		r->i++;
		if (c == quote && !many)
			break;
		if (c == quote && r->i + 1 < r->s.n && peek(r) == quote &&
		    r->s.p[r->i + 1] == quote) {
			r->i += 2;
			while (peek(r) == quote) { /* up to two more belong to the text */
				gt_buf_addc(&out, quote);
				r->i++;
			}
			break;
		}
		r->line += c == '\n';
		if (c != '\\' || quote == '\'') {
			gt_buf_addc(&out, c);
		} else if (many && (peek(r) == '\n' || peek(r) == ' ' || peek(r) == '\t' ||
				    peek(r) == '\r')) {
			while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\r' ||
			       peek(r) == '\n')
				r->line += r->s.p[r->i++] == '\n';
		} else if (!take_escape(r, &out)) {
			return false;
		}
	}
	*ret = gt_arena_str(r->a, gt_buf_str(&out));
	return true;
}

/* --- keys --------------------------------------------------------------------------------- */

static bool is_bare(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
	       c == '-';
}

static bool take_key_part(struct reader *r, struct gt_str *ret)
{
	size_t start = r->i;

	if (peek(r) == '"' || peek(r) == '\'')
		return take_string(r, ret);
	while (is_bare(peek(r)))
		r->i++;
	*ret = gt_str_sub(r->s, start, r->i - start);
	if (ret->n)
		return true;
	return at_end(r) ? fail(r, "unexpected EOF; expected key")
			 : fail(r, "expected '.' or '=', but got '%c' instead", peek(r));
}

/* a.b.c as a list of strings. */
static bool take_key(struct reader *r, struct gt_value *ret)
{
	gt_auto_buf dotted = {0};

	*ret = gt_vlist_new(r->a, GT_V_STRS, 0);
	for (;;) {
		struct gt_str part;

		skip_blanks(r);
		if (!take_key_part(r, &part))
			return false;
		if (gt_vlist_n(*ret) >= GT_LIMIT_DEPTH)
			return fail(r, "key nested too deep");
		gt_vlist_add(r->a, *ret, gt_vstr(part));
		gt_buf_add_str(&dotted, part);
		skip_blanks(r);
		if (peek(r) != '.')
			break;
		gt_buf_addc(&dotted, '.');
		r->i++;
	}
	r->last_key = gt_arena_str(r->a, gt_buf_str(&dotted));
	return true;
}

/* The table that a key leads to, made where it is missing; of an array of tables the last. */
static bool descend(struct reader *r, struct gt_value *table, struct gt_str key)
{
	struct gt_value *found = gt_vmap_find(table->map, key);

	if (!found) {
		struct gt_value made = gt_vmap_new(r->a, GT_V_MAP);

		gt_vmap_set(r->a, table->map, key, made);
		*table = made;
		return made.map != NULL;
	}
	struct gt_value v = *found;
	if (v.kind == GT_V_MAPS && gt_vlist_n(v))
		v = v.list->v[gt_vlist_n(v) - 1];
	if (v.kind != GT_V_MAP || !v.map)
		return fail(r, "Key '%.*s' has already been defined.", GT_STR_ARG(key));
	*table = v;
	return true;
}

static bool set_key(struct reader *r, struct gt_value table, struct gt_value key, struct gt_value v)
{
	uint32_t n = gt_vlist_n(key);

	for (uint32_t i = 0; i + 1 < n; i++) {
		if (!descend(r, &table, key.list->v[i].s))
			return false;
	}
	struct gt_str last = n ? key.list->v[n - 1].s : GT_STR_LIT("");
	if (gt_vmap_find(table.map, last))
		return fail(r, "Key '%.*s' has already been defined.", GT_STR_ARG(r->last_key));
	gt_vmap_set(r->a, table.map, last, v);
	return true;
}

/* --- values ------------------------------------------------------------------------------- */

static bool take_value(struct reader *r, struct gt_value *ret, unsigned depth);

static bool take_list(struct reader *r, struct gt_value *ret, unsigned depth)
{
	*ret = gt_vlist_new(r->a, GT_V_LIST, 0);
	r->i++;
	for (;;) {
		struct gt_value v;

		skip_all(r);
		if (peek(r) == ']')
			break;
		if (!take_value(r, &v, depth + 1))
			return false;
		gt_vlist_add(r->a, *ret, v);
		skip_all(r);
		if (peek(r) == ',')
			r->i++;
		else if (peek(r) != ']')
			return fail(r, "expected a comma (',') or array terminator (']')");
	}
	r->i++;
	return true;
}

static bool take_inline(struct reader *r, struct gt_value *ret, unsigned depth)
{
	*ret = gt_vmap_new(r->a, GT_V_MAP);
	r->i++;
	skip_blanks(r);
	if (peek(r) == '}') {
		r->i++;
		return true;
	}
	for (;;) {
		struct gt_value key, v;

		if (!take_key(r, &key))
			return false;
		if (peek(r) != '=')
			return fail(r, "expected key separator '=', but got '%c' instead", peek(r));
		r->i++;
		skip_blanks(r);
		if (!take_value(r, &v, depth + 1) || !set_key(r, *ret, key, v))
			return false;
		skip_blanks(r);
		if (peek(r) == '}')
			break;
		if (peek(r) != ',')
			return fail(r,
				    "expected a comma or an inline table terminator '}', but got "
				    "'%c' instead",
				    peek(r));
		r->i++;
	}
	r->i++;
	return true;
}

static bool take_time(struct reader *r, struct gt_str word, struct gt_value *ret)
{
	static const char *const layouts[] = {"2006-01-02T15:04:05.999999999Z07:00",
					      "2006-01-02 15:04:05.999999999Z07:00",
					      "2006-01-02T15:04:05.999999999",
					      "2006-01-02 15:04:05.999999999",
					      "2006-01-02",
					      "15:04:05.999999999"};
	struct gotime t;

	for (size_t i = 0; i < GT_COUNT(layouts); i++) {
		gt_auto_buf error = {0};

		if (gotime_parse(r->a, gt_str(layouts[i]), word, sprig__zone_local(r->a), &t,
				 &error)) {
			*ret = sprig__time_value(r->a, t);
			return true;
		}
	}
	return fail(r, "Invalid TOML Datetime: \"%.*s\".", GT_STR_ARG(word));
}

static bool take_number(struct reader *r, struct gt_str word, struct gt_value *ret)
{
	int64_t i;
	double f;
	bool signed_word = word.n && (word.p[0] == '+' || word.p[0] == '-');
	struct gt_str digits = gt_str_from(word, signed_word);

	if (digits.n > 1 && digits.p[0] == '0' && digits.p[1] >= '0' && digits.p[1] <= '9')
		return fail(r, "number has leading zero");
	if (gt_go_int0(word, &i)) {
		*ret = gt_vint64(i);
		return true;
	}
	if (gt_go_float(word, &f)) {
		*ret = gt_vfloat(f);
		return true;
	}
	return fail(r, "expected value but found '%c' instead", word.n ? word.p[0] : ' ');
}

static bool take_word(struct reader *r, struct gt_value *ret)
{
	size_t start = r->i;

	while (is_bare(peek(r)) || peek(r) == '+' || peek(r) == '.' || peek(r) == ':')
		r->i++;
	/* A date and its time may stand apart. */
	if (r->i - start == 10 && r->s.p[start + 4] == '-' && peek(r) == ' ' && r->i + 3 < r->s.n &&
	    r->s.p[r->i + 3] == ':') {
		r->i++;
		while (is_bare(peek(r)) || peek(r) == '+' || peek(r) == '.' || peek(r) == ':')
			r->i++;
	}
	struct gt_str word = gt_str_sub(r->s, start, r->i - start);
	if (gt_str_is(word, "true") || gt_str_is(word, "false")) {
		*ret = gt_vbool(word.n == 4);
		return true;
	}
	bool date = word.n > 4 && word.p[4] == '-' && word.p[0] >= '0' && word.p[0] <= '9';
	bool clock = word.n > 2 && word.p[2] == ':';
	if (date || clock)
		return take_time(r, word, ret);
	return take_number(r, word, ret);
}

static bool take_value(struct reader *r, struct gt_value *ret, unsigned depth)
{
	struct gt_str text;

	if (depth > GT_LIMIT_DEPTH)
		return fail(r, "nested too deep");
	switch (peek(r)) {
	case '"':
	case '\'':
		if (!take_string(r, &text))
			return false;
		*ret = gt_vstr(text);
		return true;
	case '[': return take_list(r, ret, depth);
	case '{': return take_inline(r, ret, depth);
	default: break;
	}
	if (at_end(r))
		return fail(r, "unexpected EOF; expected value");
	return take_word(r, ret);
}

/* --- lines -------------------------------------------------------------------------------- */

static bool open_table(struct reader *r, struct gt_value root, struct gt_value *ret,
		       struct gt_value defined)
{
	struct gt_value key, table = root;
	bool array = r->i + 1 < r->s.n && r->s.p[r->i + 1] == '[';

	r->i += array ? 2 : 1;
	if (!take_key(r, &key))
		return false;
	for (int n = 0; n < (array ? 2 : 1); n++) {
		if (peek(r) != ']')
			return fail(r,
				    "expected '.' or ']' to end table name, but got '%c' instead",
				    peek(r) ? peek(r) : ' ');
		r->i++;
	}
	uint32_t parts = gt_vlist_n(key);
	for (uint32_t i = 0; i + 1 < parts; i++) {
		if (!descend(r, &table, key.list->v[i].s))
			return false;
	}
	struct gt_str last = key.list->v[parts - 1].s;
	if (!array) {
		if (gt_vmap_find(defined.map, r->last_key))
			return fail(r, "Key '%.*s' has already been defined.",
				    GT_STR_ARG(r->last_key));
		gt_vmap_set(r->a, defined.map, r->last_key, gt_vbool(true));
		*ret = table;
		return descend(r, ret, last);
	}
	struct gt_value *list = gt_vmap_find(table.map, last);
	struct gt_value v = list ? *list : gt_vlist_new(r->a, GT_V_MAPS, 0);
	if (v.kind != GT_V_MAPS)
		return fail(r, "Key '%.*s' has already been defined.", GT_STR_ARG(r->last_key));
	*ret = gt_vmap_new(r->a, GT_V_MAP);
	gt_vlist_add(r->a, v, *ret);
	gt_vmap_set(r->a, table.map, last, v);
	return !r->a->failed;
}

static bool pair(struct reader *r, struct gt_value table)
{
	struct gt_value key, v;
	struct gt_str before = r->last_key;

	if (!take_key(r, &key))
		return false;
	if (peek(r) != '=') {
		r->last_key = before;
		return at_end(r) ? fail(r, "unexpected EOF; expected key separator '='")
				 : fail(r, "expected '.' or '=', but got '%c' instead", peek(r));
	}
	r->i++;
	skip_blanks(r);
	struct gt_str name = r->last_key;
	if (!take_value(r, &v, 0))
		return false;
	r->last_key = name;
	return set_key(r, table, key, v);
}

const char *sprig__toml_read(struct gt_arena *a, struct gt_str text, struct gt_value *ret)
{
	struct reader r = {.a = a, .s = text, .line = 1};
	struct gt_value root = gt_vmap_new(a, GT_V_MAP), defined = gt_vmap_new(a, GT_V_MAP);
	struct gt_value table = root;

	for (;;) {
		skip_all(&r);
		if (at_end(&r) || a->failed)
			break;
		bool ok = peek(&r) == '[' ? open_table(&r, root, &table, defined) : pair(&r, table);

		if (!ok || !end_line(&r))
			return r.error ? r.error : "toml: out of memory";
	}
	*ret = root;
	return NULL;
}
