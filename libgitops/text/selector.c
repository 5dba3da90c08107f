/* Label selectors: building from text or from an object, matching, printing. */
#include "text/selector.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum token {
	T_END,
	T_WORD,
	T_COMMA,
	T_OPEN,
	T_CLOSE,
	T_NOT,
	T_EQUAL,
	T_NOT_EQUAL,
	T_GREATER,
	T_LESS
};

struct parser {
	struct gt_arena *a;
	struct gt_str rest;
	enum token token; /* the current one */
	struct gt_str text;
	GT_VEC(struct gt_requirement) reqs;
	GT_VEC(struct gt_str) values;
	struct gt_err *err;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_special(char c)
{
	return c && strchr("=!(),><", c);
}

static void advance(struct parser *p)
{
	static const struct {
		const char *text;
		enum token token;
	} symbols[] = {
		{"==", T_EQUAL}, {"!=", T_NOT_EQUAL}, {"=", T_EQUAL},
		{"!", T_NOT},    {">", T_GREATER},    {"<", T_LESS},
		{"(", T_OPEN},   {")", T_CLOSE},      {",", T_COMMA},
	};
	size_t n = 0;

	while (p->rest.n && is_space(p->rest.p[0]))
		p->rest = gt_str_from(p->rest, 1);
	p->token = p->rest.n ? T_WORD : T_END;
	for (size_t i = 0; i < GT_COUNT(symbols) && p->token == T_WORD; i++) {
		if (gt_str_starts(p->rest, symbols[i].text)) {
			p->token = symbols[i].token;
			n = strlen(symbols[i].text);
		}
	}
	if (p->token == T_WORD) {
		while (n < p->rest.n && !is_special(p->rest.p[n]) && !is_space(p->rest.p[n]))
			n++;
	}
	p->text = gt_str_sub(p->rest, 0, n);
	p->rest = gt_str_from(p->rest, n);
}

static int unexpected(struct parser *p, const char *wanted)
{
	return gt_fail(p->err, GT_E_INVALID, "found '%.*s', expected: %s", GT_STR_ARG(p->text),
		       wanted);
}

/* Sorts the values, drops repeated ones and copies everything into the arena. */
static int value_order(const void *x, const void *y)
{
	const struct gt_str *s = x, *t = y;

	return gt_str_cmp(*s, *t);
}

static int check_values(struct parser *p, enum gt_selector_op op, struct gt_str key)
{
	for (size_t i = 0; i < p->values.n; i++) {
		struct gt_str value = p->values.v[i];
		const char *problem = gt_label_value_problem(value);
		int64_t number;

		if (problem)
			return gt_fail(p->err, GT_E_INVALID,
				       "values[%.*s]: Invalid value: \"%.*s\": %s", GT_STR_ARG(key),
				       GT_STR_ARG(value), problem);
		if ((op == GT_SEL_GREATER || op == GT_SEL_LESS) && !gt_str_i64(value, &number))
			return gt_fail(p->err, GT_E_INVALID,
				       "values[0]: Invalid value: \"%.*s\": for 'Gt', 'Lt' "
				       "operators, the value must be an integer",
				       GT_STR_ARG(value));
	}
	return GT_OK;
}

/* Makes a requirement of the key and the values collected. */
static int add_requirement(struct parser *p, enum gt_selector_op op, struct gt_str key)
{
	int rc = check_values(p, op, key);
	struct gt_str *values;
	size_t n = 0;

	if (rc < 0)
		return rc;
	if (p->values.n > 1)
		qsort(p->values.v, p->values.n, sizeof *p->values.v, value_order);
	values = gt_arena_calloc(p->a, p->values.n ? p->values.n : 1, sizeof *values);
	for (size_t i = 0; values && i < p->values.n; i++) {
		if (i == 0 || !gt_str_eq(p->values.v[i - 1], p->values.v[i]))
			values[n++] = gt_arena_str(p->a, p->values.v[i]);
	}
	gt_vec_push(&p->reqs, (struct gt_requirement){op, gt_arena_str(p->a, key), values, n});
	p->values.n = 0;
	return gt_arena_check(p->a, p->err);
}

/* "(a,b)"; an empty place between commas is the empty value. */
static int parse_values(struct parser *p)
{
	if (p->token != T_OPEN)
		return unexpected(p, "'('");
	advance(p);
	for (;;) {
		struct gt_str value = {0};

		if (p->token == T_WORD) {
			value = p->text;
			advance(p);
		}
		gt_vec_push(&p->values, value);
		if (p->token == T_CLOSE)
			break;
		if (p->token != T_COMMA)
			return unexpected(p, "',', ')' or identifier");
		advance(p);
	}
	advance(p);
	return GT_OK;
}

static int parse_operator(struct parser *p, enum gt_selector_op *ret_op)
{
	switch (p->token) {
	case T_EQUAL: *ret_op = GT_SEL_EQUAL; break;
	case T_NOT_EQUAL: *ret_op = GT_SEL_NOT_EQUAL; break;
	case T_GREATER: *ret_op = GT_SEL_GREATER; break;
	case T_LESS: *ret_op = GT_SEL_LESS; break;
	default:
		if (p->token == T_WORD && gt_str_is(p->text, "in"))
			*ret_op = GT_SEL_IN;
		else if (p->token == T_WORD && gt_str_is(p->text, "notin"))
			*ret_op = GT_SEL_NOT_IN;
		else
			return unexpected(p, "in, notin, =, ==, !=, gt, lt");
	}
	advance(p);
	return GT_OK;
}

static int parse_requirement(struct parser *p)
{
	bool absent = p->token == T_NOT;
	enum gt_selector_op op = GT_SEL_EQUAL;

	if (absent)
		advance(p);
	if (p->token != T_WORD)
		return unexpected(p, "identifier");
	struct gt_str key = p->text;
	const char *problem = gt_label_key_problem(key);
	if (problem)
		return gt_fail(p->err, GT_E_INVALID, "<nil>: Invalid value: \"%.*s\": %s",
			       GT_STR_ARG(key), problem);
	advance(p);
	if (absent || p->token == T_END || p->token == T_COMMA)
		return add_requirement(p, absent ? GT_SEL_NOT_EXISTS : GT_SEL_EXISTS, key);

	int rc = parse_operator(p, &op);
	if (rc < 0)
		return rc;
	if (op == GT_SEL_IN || op == GT_SEL_NOT_IN) {
		rc = parse_values(p);
	} else if (p->token == T_END || p->token == T_COMMA) {
		gt_vec_push(&p->values, (struct gt_str){0});
	} else if (p->token == T_WORD) {
		gt_vec_push(&p->values, p->text);
		advance(p);
	} else {
		rc = unexpected(p, "identifier");
	}
	return rc < 0 ? rc : add_requirement(p, op, key);
}

static int parse_all(struct parser *p)
{
	advance(p);
	while (p->token != T_END) {
		if (p->token != T_WORD && p->token != T_NOT)
			return unexpected(p, "!, identifier, or 'end of string'");
		int rc = parse_requirement(p);
		if (rc < 0)
			return gt_wrap(p->err, "unable to parse requirement"), rc;
		if (p->token == T_END)
			break;
		if (p->token != T_COMMA)
			return unexpected(p, "',' or 'end of string'");
		advance(p);
		if (p->token != T_WORD && p->token != T_NOT)
			return unexpected(p, "identifier after ','");
	}
	return GT_OK;
}

static int requirement_order(const void *x, const void *y)
{
	const struct gt_requirement *r = x, *q = y;
	int c = gt_str_cmp(r->key, q->key);

	return c ? c : (int)r->op - (int)q->op;
}

/* Moves the requirements into the arena and lets go of the scratch memory. */
static int finish(struct parser *p, int rc, struct gt_selector *ret_sel)
{
	struct gt_requirement *v = NULL;

	if (rc >= 0 && p->reqs.n) {
		v = gt_arena_calloc(p->a, p->reqs.n, sizeof *v);
		rc = gt_arena_check(p->a, p->err);
	}
	if (rc >= 0) {
		if (p->reqs.n) {
			memcpy(v, p->reqs.v, p->reqs.n * sizeof *v);
			qsort(v, p->reqs.n, sizeof *v, requirement_order);
		}
		*ret_sel = (struct gt_selector){v, p->reqs.n, false};
	}
	gt_vec_fini(&p->reqs);
	gt_vec_fini(&p->values);
	return rc;
}

int gt_selector_parse(struct gt_arena *a, struct gt_str text, struct gt_selector *ret_sel,
		      struct gt_err *err)
{
	struct parser p = {.a = a, .rest = text, .err = err};

	return finish(&p, parse_all(&p), ret_sel);
}

/* --- from an object ----------------------------------------------------------------------- */

static int check_key(struct parser *p, struct gt_str key)
{
	const char *problem = gt_label_key_problem(key);

	if (!problem)
		return GT_OK;
	return gt_fail(p->err, GT_E_INVALID, "key: Invalid value: \"%.*s\": %s", GT_STR_ARG(key),
		       problem);
}

static int add_labels(struct parser *p, const struct gt_node *labels)
{
	gt_map_each(labels, pair)
	{
		struct gt_str key = gt_strn(pair->key, pair->len);
		int rc = check_key(p, key);

		if (rc < 0)
			return rc;
		if (!gt_node_is(pair->value, GT_STR))
			return gt_fail(p->err, GT_E_INVALID,
				       "matchLabels.%s: expected a string, found %s", pair->key,
				       gt_kind_name(gt_node_kind(pair->value)));
		gt_vec_push(&p->values, gt_node_text(pair->value));
		rc = add_requirement(p, GT_SEL_EQUAL, key);
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

static int add_expression(struct parser *p, const struct gt_node *expr)
{
	static const struct {
		const char *name;
		enum gt_selector_op op;
	} ops[] = {
		{"In", GT_SEL_IN},
		{"NotIn", GT_SEL_NOT_IN},
		{"Exists", GT_SEL_EXISTS},
		{"DoesNotExist", GT_SEL_NOT_EXISTS},
	};
	const char *name = gt_node_cstr_or(gt_node_get(expr, "operator"), "");
	struct gt_str key = gt_node_text(gt_node_get(expr, "key"));
	size_t i = 0;

	while (i < GT_COUNT(ops) && strcmp(ops[i].name, name) != 0)
		i++;
	if (i == GT_COUNT(ops))
		return gt_fail(p->err, GT_E_INVALID,
			       "\"%s\" is not a valid label selector operator", name);
	int rc = check_key(p, key);
	if (rc < 0)
		return rc;
	gt_seq_for_each (gt_node_get(expr, "values"), value)
		gt_vec_push(&p->values, gt_node_text(value));
	bool needs_values = ops[i].op == GT_SEL_IN || ops[i].op == GT_SEL_NOT_IN;
	if (needs_values && p->values.n == 0)
		return gt_fail(p->err, GT_E_INVALID,
			       "values: Invalid value: []: for 'in', 'notin' operators, values set "
			       "can't be empty");
	if (!needs_values && p->values.n)
		return gt_fail(
			p->err, GT_E_INVALID,
			"values: Invalid value: values set must be empty for exists and does "
			"not exist");
	return add_requirement(p, ops[i].op, key);
}

int gt_selector_from_node(struct gt_arena *a, const struct gt_node *label_selector,
			  struct gt_selector *ret_sel, struct gt_err *err)
{
	struct parser p = {.a = a, .err = err};

	if (gt_node_is_null(label_selector)) {
		*ret_sel = (struct gt_selector){.nothing = true};
		return GT_OK;
	}
	if (!gt_node_is(label_selector, GT_MAP))
		return gt_fail(err, GT_E_INVALID, "a label selector must be an object, found %s",
			       gt_kind_name(gt_node_kind(label_selector)));
	int rc = add_labels(&p, gt_node_get(label_selector, "matchLabels"));
	gt_seq_for_each (gt_node_get(label_selector, "matchExpressions"), expr) {
		if (rc >= 0)
			rc = add_expression(&p, expr);
	}
	return finish(&p, rc, ret_sel);
}

/* --- matching and printing ---------------------------------------------------------------- */

static bool has_value(const struct gt_requirement *r, struct gt_str value)
{
	for (size_t i = 0; i < r->nvalues; i++) {
		if (gt_str_eq(r->values[i], value))
			return true;
	}
	return false;
}

static bool match_requirement(const struct gt_requirement *r, const struct gt_node *labels)
{
	const struct gt_node *label = gt_node_getn(labels, r->key);
	struct gt_str value = gt_node_text(label);
	int64_t have, want;

	switch (r->op) {
	case GT_SEL_EQUAL:
	case GT_SEL_IN: return label && has_value(r, value);
	case GT_SEL_NOT_EQUAL:
	case GT_SEL_NOT_IN: return !label || !has_value(r, value);
	case GT_SEL_EXISTS: return label;
	case GT_SEL_NOT_EXISTS: return !label;
	case GT_SEL_GREATER:
	case GT_SEL_LESS:
		if (!label || r->nvalues != 1 || !gt_str_i64(value, &have) ||
		    !gt_str_i64(r->values[0], &want))
			return false;
		return r->op == GT_SEL_GREATER ? have > want : have < want;
	}
	return false;
}

bool gt_selector_match(const struct gt_selector *sel, const struct gt_node *labels)
{
	if (sel && sel->nothing)
		return false;
	for (size_t i = 0; sel && i < sel->n; i++) {
		if (!match_requirement(&sel->v[i], labels))
			return false;
	}
	return true;
}

static void write_requirement(struct gt_buf *out, const struct gt_requirement *r)
{
	static const char *const ops[] = {
		[GT_SEL_EQUAL] = "=",         [GT_SEL_NOT_EQUAL] = "!=", [GT_SEL_IN] = " in (",
		[GT_SEL_NOT_IN] = " notin (", [GT_SEL_GREATER] = ">",    [GT_SEL_LESS] = "<",
		[GT_SEL_EXISTS] = "",         [GT_SEL_NOT_EXISTS] = "",
	};

	if (r->op == GT_SEL_NOT_EXISTS)
		gt_buf_addc(out, '!');
	gt_buf_add_str(out, r->key);
	gt_buf_adds(out, ops[r->op]);
	for (size_t i = 0; i < r->nvalues; i++) {
		if (i)
			gt_buf_addc(out, ',');
		gt_buf_add_str(out, r->values[i]);
	}
	if (r->op == GT_SEL_IN || r->op == GT_SEL_NOT_IN)
		gt_buf_addc(out, ')');
}

void gt_selector_write(struct gt_buf *out, const struct gt_selector *sel)
{
	for (size_t i = 0; sel && i < sel->n; i++) {
		if (i)
			gt_buf_addc(out, ',');
		write_requirement(out, &sel->v[i]);
	}
}
