/* Parsing JSONPath templates, with the grammar of Kubernetes' client library. */
#include "text/jsonpath.h"

#include <string.h>

#include "base/utf8.h"
#include "base/vec.h"
#include "text/jsonpath_impl.h"

#define PATH_MAX_BYTES 65536
#define NESTING_MAX 8

struct parser {
	struct gt_arena *a;
	struct gt_str in; /* the inside of one action */
	size_t at;
	struct gt_jp_list *list;
	unsigned nesting;
	struct gt_err *err;
};

static int parse_action(struct gt_arena *a, struct gt_str text, unsigned nesting,
			struct gt_jp_list *list, struct gt_err *err);

static int fail(struct parser *p, const char *cause)
{
	return gt_fail(p->err, GT_E_INVALID, "jsonpath: %s at byte %zu of '%.*s'", cause, p->at,
		       GT_STR_ARG(p->in));
}

static struct gt_jp_step *add_step(struct gt_arena *a, struct gt_jp_list *list,
				   enum gt_jp_kind kind)
{
	struct gt_jp_step *s = gt_arena_new(a, struct gt_jp_step);

	if (!s)
		return NULL;
	s->kind = kind;
	if (list->last)
		list->last->next = s;
	else
		list->first = s;
	list->last = s;
	return s;
}

static void add_literal(struct parser *p, struct gt_node *n)
{
	struct gt_jp_step *s = add_step(p->a, p->list, GT_JP_LITERAL);

	if (s)
		s->literal = n;
}

static bool is_terminator(char c)
{
	return c && strchr(" \t\r\n.,[]$@{}", c);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return c == '_' || is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (unsigned char)c >= 0x80;
}

static struct gt_str rest_of(const struct parser *p)
{
	return gt_str_from(p->in, p->at);
}

/* The text up to a terminator; a backslash takes the next character along. */
static struct gt_str take_name(struct parser *p)
{
	size_t start = p->at;

	while (p->at < p->in.n && !is_terminator(p->in.p[p->at]))
		p->at += p->in.p[p->at] == '\\' && p->at + 1 < p->in.n ? 2 : 1;
	return gt_str_sub(p->in, start, p->at - start);
}

static int parse_field(struct parser *p)
{
	struct gt_str name = take_name(p);

	if (gt_str_is(name, "*")) {
		add_step(p->a, p->list, GT_JP_WILDCARD);
		return GT_OK;
	}
	struct gt_jp_step *s = add_step(p->a, p->list, GT_JP_FIELD);
	char *plain = gt_arena_alloc(p->a, name.n + 1);
	if (!s || !plain)
		return GT_OK;
	size_t n = 0;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] != '\\')
			plain[n++] = name.p[i];
	}
	plain[n] = '\0';
	s->name = gt_strn(plain, n);
	return GT_OK;
}

static int parse_recursive(struct parser *p)
{
	if (p->list->last && p->list->last->kind == GT_JP_RECURSIVE)
		return fail(p, "invalid multiple recursive descent");
	p->at += 2;
	add_step(p->a, p->list, GT_JP_RECURSIVE);
	return p->at < p->in.n && is_alnum(p->in.p[p->at]) ? parse_field(p) : GT_OK;
}

static int parse_number(struct parser *p)
{
	size_t start = p->at;
	double d;
	int64_t i;

	if (p->in.p[p->at] == '+' || p->in.p[p->at] == '-')
		p->at++;
	while (p->at < p->in.n && (p->in.p[p->at] == '.' || is_digit(p->in.p[p->at])))
		p->at++;
	struct gt_str text = gt_str_sub(p->in, start, p->at - start);
	if (gt_str_i64(text, &i))
		add_literal(p, gt_node_int(p->a, i));
	else if (gt_str_double(text, &d))
		add_literal(p, gt_node_float(p->a, d));
	else
		return fail(p, "cannot parse a number");
	return GT_OK;
}

static int parse_identifier(struct parser *p)
{
	struct gt_str word = take_name(p);

	if (gt_str_is(word, "true") || gt_str_is(word, "false"))
		add_literal(p, gt_node_bool(p->a, gt_str_is(word, "true")));
	else if (gt_str_is(word, "range"))
		add_step(p->a, p->list, GT_JP_RANGE);
	else if (gt_str_is(word, "end"))
		add_step(p->a, p->list, GT_JP_END);
	else
		return fail(p, "unrecognized identifier");
	return GT_OK;
}

/* --- quoted text -------------------------------------------------------------------------- */

static bool take_digits(struct gt_str *s, size_t count, unsigned base, uint32_t *ret)
{
	uint32_t v = 0;

	if (s->n < count)
		return false;
	for (size_t i = 0; i < count; i++) {
		char c = s->p[i];
		unsigned d = is_digit(c) ? (unsigned)(c - '0')
			     : ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
				     ? (unsigned)((c | 0x20) - 'a' + 10)
				     : 99;
		if (d >= base)
			return false;
		v = v * base + d;
	}
	*s = gt_str_from(*s, count);
	*ret = v;
	return true;
}

/* One escape of Go's string syntax, *s after the backslash. */
static bool unescape(struct gt_buf *out, struct gt_str *s)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	uint32_t v;

	if (s->n == 0)
		return false;
	char c = s->p[0];
	const char *at = c ? strchr(from, c) : NULL;
	if (at) {
		gt_buf_addc(out, to[at - from]);
		*s = gt_str_from(*s, 1);
		return true;
	}
	if (is_digit(c)) {
		if (!take_digits(s, 3, 8, &v) || v > 255)
			return false;
		gt_buf_addc(out, (char)v);
		return true;
	}
	*s = gt_str_from(*s, 1);
	if (c == 'x' && take_digits(s, 2, 16, &v)) {
		gt_buf_addc(out, (char)v);
		return true;
	}
	if ((c == 'u' && take_digits(s, 4, 16, &v)) || (c == 'U' && take_digits(s, 8, 16, &v))) {
		gt_utf8_encode(out, v);
		return true;
	}
	return false;
}

static int parse_quoted(struct parser *p)
{
	char quote = p->in.p[p->at];
	size_t end = p->at + 1;
	gt_auto_buf text = {0};

	while (end < p->in.n && (p->in.p[end] != quote || p->in.p[end - 1] == '\\'))
		end++;
	if (end >= p->in.n)
		return fail(p, "unterminated quoted string");
	struct gt_str s = gt_str_sub(p->in, p->at + 1, end - p->at - 1);
	while (s.n) {
		char c = s.p[0];

		s = gt_str_from(s, 1);
		if (c != '\\')
			gt_buf_addc(&text, c);
		else if (!unescape(&text, &s))
			return fail(p, "invalid escape in a quoted string");
	}
	add_literal(p, gt_node_strn(p->a, gt_buf_str(&text)));
	p->at = end + 1;
	return GT_OK;
}

/* --- brackets ----------------------------------------------------------------------------- */

static bool take_int(struct gt_str *s, int64_t *ret, bool *ret_known)
{
	size_t n = s->n && s->p[0] == '-';

	while (n < s->n && is_digit(s->p[n]))
		n++;
	*ret_known = n > 0;
	*ret = 0;
	if (n && !gt_str_i64(gt_str_sub(*s, 0, n), ret))
		return false;
	*s = gt_str_from(*s, n);
	return true;
}

/* [n], [from:to], [from:to:step] */
static int parse_slice(struct parser *p, struct gt_str text)
{
	struct gt_jp_bound b[3] = {0};
	struct gt_str s = text;
	int i = 0;
	bool fits = take_int(&s, &b[0].value, &b[0].known);

	for (i = 1; fits && i < 3 && s.n && s.p[0] == ':'; i++) {
		s = gt_str_from(s, 1);
		fits = take_int(&s, &b[i].value, &b[i].known);
	}
	if (!fits || s.n || text.n == 0)
		return fail(p, "invalid array index");
	if (i == 1)
		b[1] = (struct gt_jp_bound){true, true, b[0].value + (b[0].value < INT64_MAX)};
	struct gt_jp_step *step = add_step(p->a, p->list, GT_JP_SLICE);
	if (step)
		memcpy(step->bounds, b, sizeof b);
	return GT_OK;
}

static int parse_union(struct parser *p, struct gt_str text)
{
	struct gt_jp_step *step = add_step(p->a, p->list, GT_JP_UNION);
	struct gt_split it = {.rest = text};
	struct gt_str part;
	struct gt_jp_list **tail = step ? &step->lists : NULL;

	while (step && gt_split_next(&it, ',', &part)) {
		struct gt_jp_list *list = gt_arena_new(p->a, struct gt_jp_list);
		char *inner = gt_arena_printf(p->a, "[%.*s]", GT_STR_ARG(gt_str_trim(part)));

		if (!list || !inner)
			break;
		int rc = parse_action(p->a, gt_str(inner), p->nesting + 1, list, p->err);
		if (rc < 0)
			return rc;
		*tail = list;
		tail = &list->next;
	}
	return GT_OK;
}

static int parse_brackets(struct parser *p)
{
	size_t close = gt_str_find(rest_of(p), ']');

	if (close == SIZE_MAX)
		return fail(p, "unterminated array");
	struct gt_str text = gt_str_sub(p->in, p->at + 1, close - 1);
	p->at += close + 1;
	if (gt_str_is(text, "*"))
		text = GT_STR_LIT(":");
	if (gt_str_find(text, ',') != SIZE_MAX)
		return parse_union(p, text);
	if (text.n >= 2 && text.p[0] == '\'' && text.p[text.n - 1] == '\'') {
		struct gt_str key = gt_str_sub(text, 1, text.n - 2);
		char *inner = gt_arena_printf(p->a, ".%.*s", GT_STR_ARG(key));

		return inner ? parse_action(p->a, gt_str(inner), p->nesting + 1, p->list, p->err)
			     : GT_OK;
	}
	return parse_slice(p, text);
}

static bool read_op(struct gt_str text, enum gt_jp_op *ret_op)
{
	static const char *const ops[] = {
		[GT_JP_LT] = "<",  [GT_JP_GT] = ">",  [GT_JP_EQ] = "==",
		[GT_JP_NE] = "!=", [GT_JP_LE] = "<=", [GT_JP_GE] = ">=",
	};

	for (size_t i = GT_JP_LT; i < GT_COUNT(ops); i++) {
		if (gt_str_is(text, ops[i])) {
			*ret_op = (enum gt_jp_op)i;
			return true;
		}
	}
	return false;
}

static bool is_op_char(char c)
{
	return c && strchr("!<>=", c);
}

/* The end of a filter's condition: the ')' that is not inside of quotes. */
static size_t condition_end(struct gt_str s)
{
	char quote = '\0';

	for (size_t i = 0; i < s.n; i++) {
		if (quote) {
			if (s.p[i] == quote && s.p[i - 1] != '\\')
				quote = '\0';
		} else if (s.p[i] == '"' || s.p[i] == '\'') {
			quote = s.p[i];
		} else if (s.p[i] == ')') {
			return i;
		}
	}
	return SIZE_MAX;
}

static int parse_filter(struct parser *p)
{
	p->at += 3;
	size_t end = condition_end(rest_of(p));
	if (end == SIZE_MAX)
		return fail(p, "unterminated filter");
	struct gt_str text = gt_str_sub(p->in, p->at, end), right;
	p->at += end + 1;
	if (p->at >= p->in.n || p->in.p[p->at] != ']')
		return fail(p, "unclosed array, expected ]");
	p->at++;

	struct gt_jp_step *s = add_step(p->a, p->list, GT_JP_FILTER);
	struct gt_jp_list *lists = gt_arena_calloc(p->a, 2, sizeof *lists);
	if (!s || !lists)
		return GT_OK;
	s->lists = lists;
	size_t op = 0, op_end;
	while (op < text.n && !is_op_char(text.p[op]))
		op++;
	for (op_end = op; op_end < text.n && is_op_char(text.p[op_end]);)
		op_end++;
	right = gt_str_from(text, op_end);
	if (op == 0 || op == text.n || right.n == 0)
		return parse_action(p->a, text, p->nesting + 1, &lists[0], p->err);
	if (!read_op(gt_str_sub(text, op, op_end - op), &s->op))
		return fail(p, "unrecognized filter operator");
	int rc = parse_action(p->a, gt_str_sub(text, 0, op), p->nesting + 1, &lists[0], p->err);
	return rc < 0 ? rc : parse_action(p->a, right, p->nesting + 1, &lists[1], p->err);
}

/* --- actions and templates ---------------------------------------------------------------- */

static int parse_step(struct parser *p)
{
	char c = p->in.p[p->at];

	if (gt_str_starts(rest_of(p), "[?("))
		return parse_filter(p);
	if (gt_str_starts(rest_of(p), ".."))
		return parse_recursive(p);
	if (c == ' ' || c == '@' || c == '$') {
		p->at++;
		return GT_OK;
	}
	if (c == '[')
		return parse_brackets(p);
	if (c == '"' || c == '\'')
		return parse_quoted(p);
	if (c == '.') {
		p->at++;
		return parse_field(p);
	}
	if (c == '+' || c == '-' || is_digit(c))
		return parse_number(p);
	if (is_alnum(c))
		return parse_identifier(p);
	return fail(p, "unrecognized character in action");
}

static int parse_action(struct gt_arena *a, struct gt_str text, unsigned nesting,
			struct gt_jp_list *list, struct gt_err *err)
{
	struct parser p = {.a = a, .in = text, .list = list, .nesting = nesting, .err = err};
	int rc = GT_OK;

	if (nesting > NESTING_MAX)
		return fail(&p, "nested too deeply");
	while (p.at < p.in.n && rc >= 0)
		rc = parse_step(&p);
	return rc;
}

/* The end of an action: the '}' that is not inside of quotes. */
static size_t action_end(struct gt_str s)
{
	char quote = '\0';

	for (size_t i = 0; i < s.n; i++) {
		if (quote) {
			if (s.p[i] == quote && s.p[i - 1] != '\\')
				quote = '\0';
		} else if (s.p[i] == '"' || s.p[i] == '\'') {
			quote = s.p[i];
		} else if (s.p[i] == '}') {
			return i;
		}
	}
	return SIZE_MAX;
}

/* Takes the next stretch of text or the next action off the template. */
static int parse_part(struct gt_arena *a, struct gt_str *rest, struct gt_jp_part *part,
		      struct gt_err *err)
{
	size_t open = gt_str_find(*rest, '{');

	if (open != 0) {
		struct gt_str text = gt_str_sub(*rest, 0, open);
		struct gt_jp_step *s = add_step(a, &part->list, GT_JP_LITERAL);

		if (s)
			s->literal = gt_node_strn(a, text);
		part->is_text = true;
		*rest = gt_str_from(*rest, text.n);
		return GT_OK;
	}
	struct gt_str body = gt_str_from(*rest, 1);
	size_t end = action_end(body);
	if (end == SIZE_MAX)
		return gt_fail(err, GT_E_INVALID, "jsonpath: unclosed action in '%.*s'",
			       GT_STR_ARG(*rest));
	*rest = gt_str_from(body, end + 1);
	return parse_action(a, gt_str_sub(body, 0, end), 0, &part->list, err);
}

static int parse_template(struct gt_arena *a, struct gt_str text, struct gt_jsonpath *path,
			  struct gt_err *err)
{
	GT_VEC(struct gt_jp_part) parts = {0};
	int rc = GT_OK;

	while (text.n && rc >= 0) {
		struct gt_jp_part part = {0};

		rc = parse_part(a, &text, &part, err);
		gt_vec_push(&parts, part);
	}
	if (rc >= 0)
		rc = gt_arena_check(a, err);
	if (rc >= 0 && parts.n) {
		path->parts = gt_arena_alloc(a, parts.n * sizeof *parts.v);
		path->n = parts.n;
		if (path->parts)
			memcpy(path->parts, parts.v, parts.n * sizeof *parts.v);
	}
	gt_vec_fini(&parts);
	return rc < 0 ? rc : gt_arena_check(a, err);
}

int gt_jsonpath_parse(struct gt_arena *a, struct gt_str text, struct gt_jsonpath **ret_path,
		      struct gt_err *err)
{
	struct gt_jsonpath *path = gt_arena_new(a, struct gt_jsonpath);

	if (text.n > PATH_MAX_BYTES)
		return gt_fail(err, GT_E_BUDGET, "jsonpath: larger than %d bytes", PATH_MAX_BYTES);
	if (gt_str_find(text, '{') == SIZE_MAX) {
		bool name = text.n && is_alnum(text.p[0]);
		char *wrapped = gt_arena_printf(a, "{%s%.*s}", name ? "." : "", GT_STR_ARG(text));

		text = gt_str(wrapped);
	}
	int rc = path ? parse_template(a, text, path, err) : gt_arena_check(a, err);
	if (rc >= 0)
		*ret_path = path;
	return rc;
}
