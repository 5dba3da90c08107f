/*
 * The parser.  The first error sticks: from then on only the end of the input is seen, so every
 * loop ends and the callers need not look after each step.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "base/vec.h"
#include "text/template/ast_impl.h"
#include "text/template/quote.h"

#define NESTING_MAX 1000

/* What the trees of one text share. */
struct pctx {
	struct gt_tmpl_set *set;
	struct tlexer lex;
	const struct tsource *src;
	struct gt_map trees; /* name -> struct ttree, of this text alone */
	struct gt_str error;
	bool failed;
	unsigned nesting;
};

/* One tree being parsed; a definition within another has tokens and variables of its own. */
struct parser {
	struct pctx *ctx;
	struct gt_arena *a;
	struct gt_str name;
	struct ttoken token[3];
	int peeked;
	GT_VEC(struct gt_str) vars;
	unsigned range_depth;
	uint32_t action_line;
};

static struct tnode *item_list(struct parser *p, struct tnode **ret_end);
static struct tnode *pipeline(struct parser *p, const char *context, enum ttok end);

static void perror_str(struct parser *p, struct gt_str message)
{
	if (p->ctx->failed)
		return;
	p->ctx->failed = true;
	char *text = gt_arena_printf(p->a, "template: %s:%u: %.*s", p->ctx->src->name,
				     p->token[0].line, GT_STR_ARG(message));
	p->ctx->error = gt_str(text ? text : "template: out of memory");
}

static void __attribute__((format(printf, 2, 3))) perror_at(struct parser *p, const char *fmt, ...)
{
	gt_auto_buf text = {0};
	va_list ap;

	va_start(ap, fmt);
	gt_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	perror_str(p, gt_buf_str(&text));
}

static void perror_quoted(struct parser *p, const char *before, struct gt_str what,
			  const char *after)
{
	gt_auto_buf text = {0};

	gt_buf_adds(&text, before);
	gt_go_quote(&text, what, false);
	gt_buf_adds(&text, after);
	perror_str(p, gt_buf_str(&text));
}

/* --- tokens ------------------------------------------------------------------------------- */

static struct ttoken read_token(struct parser *p)
{
	if (p->ctx->failed)
		return (struct ttoken){.type = TT_EOF, .val = GT_STR_LIT("EOF")};
	return gt_tmpl__lex(&p->ctx->lex);
}

static struct ttoken next(struct parser *p)
{
	if (p->peeked > 0)
		p->peeked--;
	else
		p->token[0] = read_token(p);
	return p->token[p->peeked];
}

static void backup(struct parser *p)
{
	p->peeked++;
}

static struct ttoken peek(struct parser *p)
{
	if (p->peeked > 0)
		return p->token[p->peeked - 1];
	p->peeked = 1;
	p->token[0] = read_token(p);
	return p->token[0];
}

static struct ttoken next_non_space(struct parser *p)
{
	struct ttoken t;

	do
		t = next(p);
	while (t.type == TT_SPACE);
	return t;
}

static struct ttoken peek_non_space(struct parser *p)
{
	struct ttoken t = next_non_space(p);

	backup(p);
	return t;
}

static void token_text(struct gt_buf *out, const struct ttoken *t)
{
	if (t->type == TT_EOF || t->type == TT_ERROR) {
		gt_buf_add_str(out, t->val);
	} else if (t->type > TT_KEYWORD) {
		gt_buf_printf(out, "<%.*s>", GT_STR_ARG(t->val));
	} else if (t->val.n > 10) {
		size_t len, i = 0;

		for (int n = 0; n < 10 && i < t->val.n; n++, i += len)
			gt_utf8_decode(gt_str_from(t->val, i), &len);
		gt_go_quote(out, gt_str_sub(t->val, 0, i), false);
		gt_buf_adds(out, "...");
	} else {
		gt_go_quote(out, t->val, false);
	}
}

static void unexpected(struct parser *p, struct ttoken t, const char *context)
{
	gt_auto_buf text = {0};

	if (t.type == TT_ERROR) {
		gt_buf_add_str(&text, t.val);
		if (p->action_line && p->action_line != t.line)
			gt_buf_printf(&text, "%s started at %s:%u",
				      gt_str_ends(t.val, " action") ? "" : " in action",
				      p->ctx->src->name, p->action_line);
	} else {
		gt_buf_adds(&text, "unexpected ");
		token_text(&text, &t);
		gt_buf_printf(&text, " in %s", context);
	}
	perror_str(p, gt_buf_str(&text));
}

static struct ttoken expect(struct parser *p, enum ttok type, const char *context)
{
	struct ttoken t = next_non_space(p);

	if (t.type != type)
		unexpected(p, t, context);
	return t;
}

/* --- nodes -------------------------------------------------------------------------------- */

static struct tnode *new_node(struct parser *p, enum tnode_type type, uint32_t pos)
{
	static _Thread_local struct tnode
		none; /* stands in once memory has run out; never read afterwards */
	struct tnode *n = gt_arena_new(p->a, struct tnode);

	if (!n) {
		perror_str(p, GT_STR_LIT("out of memory"));
		return &none;
	}
	n->type = (uint8_t)type;
	n->pos = pos;
	n->src = p->ctx->src;
	return n;
}

static void add_kid(struct parser *p, struct tnode *n, struct tnode *kid)
{
	if (p->ctx->failed)
		return;
	if (n->n == n->cap) {
		uint32_t cap = n->cap ? n->cap * 2 : 4;
		struct tnode **kids =
			gt_arena_grow(p->a, n->kids, n->n * sizeof *kids, cap * sizeof *kids);

		if (!kids) {
			perror_str(p, GT_STR_LIT("out of memory"));
			return;
		}
		n->kids = kids;
		n->cap = cap;
	}
	n->kids[n->n++] = kid;
}

static void add_name(struct parser *p, struct tnode *n, struct gt_str name)
{
	struct gt_str *names =
		gt_arena_grow(p->a, n->names, n->n * sizeof *names, (n->n + 1) * sizeof *names);

	if (p->ctx->failed)
		return;
	if (!names) {
		perror_str(p, GT_STR_LIT("out of memory"));
		return;
	}
	n->names = names;
	n->names[n->n++] = name;
}

static struct gt_str unquoted(struct parser *p, struct gt_str literal)
{
	gt_auto_buf text = {0};

	if (!gt_go_unquote(&text, literal)) {
		perror_str(p, GT_STR_LIT("invalid syntax"));
		return GT_STR_LIT("");
	}
	return gt_arena_str(p->a, gt_buf_str(&text));
}

static struct tnode *number_node(struct parser *p, struct ttoken t)
{
	struct tnode *n = new_node(p, TN_NUMBER, t.pos);
	const char *fault = p->ctx->failed ? NULL : gt_tmpl__number(n, &t);

	if (fault && t.type == TT_CHARCONST)
		perror_at(p, "%s%.*s", fault, GT_STR_ARG(t.val));
	else if (fault)
		perror_quoted(p, fault, t.val, "");
	return n;
}

static struct tnode *variable_node(struct parser *p, struct ttoken t)
{
	struct tnode *n = new_node(p, TN_VARIABLE, t.pos);

	add_name(p, n, t.val);
	return n;
}

static struct tnode *use_variable(struct parser *p, struct ttoken t)
{
	for (size_t i = 0; i < p->vars.n; i++) {
		if (gt_str_eq(p->vars.v[i], t.val))
			return variable_node(p, t);
	}
	perror_quoted(p, "undefined variable ", t.val, "");
	return NULL;
}

static struct tnode *identifier(struct parser *p, struct ttoken t)
{
	struct tnode *n = new_node(p, TN_IDENT, t.pos);

	n->text = t.val;
	n->func = gt_map_find(p->ctx->set->funcs, t.val);
	if (!n->func)
		perror_quoted(p, "function ", t.val, " not defined");
	return n;
}

static struct tnode *parenthesized(struct parser *p)
{
	struct tnode *n;

	if (p->ctx->nesting >= NESTING_MAX) {
		perror_str(p, GT_STR_LIT("max expression depth exceeded"));
		return NULL;
	}
	p->ctx->nesting++;
	n = pipeline(p, "parenthesized pipeline", TT_RIGHT_PAREN);
	p->ctx->nesting--;
	return n;
}

/* NULL when what comes next is no operand; it is left where it is. */
static struct tnode *term(struct parser *p)
{
	struct ttoken t = next_non_space(p);
	struct tnode *n;

	switch (t.type) {
	case TT_IDENT: return identifier(p, t);
	case TT_DOT: return new_node(p, TN_DOT, t.pos);
	case TT_NIL: return new_node(p, TN_NIL, t.pos);
	case TT_VARIABLE: return use_variable(p, t);
	case TT_FIELD:
		n = new_node(p, TN_FIELD, t.pos);
		add_name(p, n, gt_str_from(t.val, 1));
		return n;
	case TT_BOOL:
		n = new_node(p, TN_BOOL, t.pos);
		n->truth = gt_str_is(t.val, "true");
		return n;
	case TT_CHARCONST:
	case TT_COMPLEX:
	case TT_NUMBER: return number_node(p, t);
	case TT_LEFT_PAREN: return parenthesized(p);
	case TT_STRING:
	case TT_RAW_STRING:
		n = new_node(p, TN_STRING, t.pos);
		n->text = t.val;
		n->string = unquoted(p, t.val);
		return n;
	default: backup(p); return NULL;
	}
}

/* A term with the fields that follow it without a space. */
static struct tnode *operand(struct parser *p)
{
	struct tnode *n = term(p), *chain;
	uint32_t pos;

	if (!n || p->ctx->failed || peek(p).type != TT_FIELD)
		return n;
	pos = peek(p).pos;
	switch (n->type) {
	case TN_FIELD:
	case TN_VARIABLE:
		n->pos = pos; /* a longer path is placed at its second step */
		chain = n;
		break;
	case TN_BOOL:
	case TN_STRING:
	case TN_NUMBER:
	case TN_NIL:
	case TN_DOT: {
		gt_auto_buf text = {0};

		gt_tmpl__node_text(&text, n);
		perror_quoted(p, "unexpected . after term ", gt_buf_str(&text), "");
		return n;
	}
	default: chain = new_node(p, TN_CHAIN, pos); chain->base = n;
	}
	while (peek(p).type == TT_FIELD)
		add_name(p, chain, gt_str_from(next(p).val, 1));
	return chain;
}

static struct tnode *command(struct parser *p)
{
	struct tnode *cmd = new_node(p, TN_COMMAND, peek_non_space(p).pos);

	for (bool more = true; more && !p->ctx->failed;) {
		peek_non_space(p);
		struct tnode *n = operand(p);
		if (n)
			add_kid(p, cmd, n);
		struct ttoken t = next(p);
		more = t.type == TT_SPACE;
		if (t.type == TT_RIGHT_DELIM || t.type == TT_RIGHT_PAREN)
			backup(p);
		else if (!more && t.type != TT_PIPE)
			unexpected(p, t, "operand");
	}
	if (cmd->n == 0)
		perror_str(p, GT_STR_LIT("empty command"));
	return cmd;
}

static void declare(struct parser *p, struct tnode *pipe, struct gt_str name)
{
	pipe->decl[pipe->ndecl++] = name;
	gt_vec_push(&p->vars, name);
}

/* "$v :=", "$v =" or "$k, $v :=" at the front of a pipeline, if it is there. */
static void declarations(struct parser *p, struct tnode *pipe, const char *context)
{
	while (!p->ctx->failed) {
		struct ttoken v = peek_non_space(p);

		if (v.type != TT_VARIABLE)
			return;
		next(p);
		struct ttoken after = peek(p), t = peek_non_space(p);
		if (t.type == TT_ASSIGN || t.type == TT_DECLARE) {
			pipe->is_assign = t.type == TT_ASSIGN;
			next_non_space(p);
			if (pipe->ndecl < 2)
				declare(p, pipe, v.val);
			return;
		}
		if (t.type == TT_CHAR && gt_str_is(t.val, ",")) {
			next_non_space(p);
			if (pipe->ndecl < 2)
				declare(p, pipe, v.val);
			if (strcmp(context, "range") == 0 && pipe->ndecl < 2) {
				enum ttok type = peek_non_space(p).type;
				if (type == TT_VARIABLE || type == TT_RIGHT_DELIM ||
				    type == TT_RIGHT_PAREN)
					continue;
				perror_str(p, GT_STR_LIT("range can only initialize variables"));
				return;
			}
			perror_at(p, "too many declarations in %s", context);
			return;
		}
		if (after.type == TT_SPACE) {
			p->token[1] = after;
			p->token[2] = v;
			p->peeked = 3;
		} else {
			p->token[1] = v;
			p->peeked = 2;
		}
		return;
	}
}

static void check_pipeline(struct parser *p, const struct tnode *pipe, const char *context)
{
	if (pipe->n == 0)
		perror_at(p, "missing value for %s", context);
	for (uint32_t i = 1; i < pipe->n && !p->ctx->failed; i++) {
		enum tnode_type type = (enum tnode_type)pipe->kids[i]->kids[0]->type;

		if (type == TN_BOOL || type == TN_DOT || type == TN_NIL || type == TN_NUMBER ||
		    type == TN_STRING)
			perror_at(p, "non executable command in pipeline stage %u", i + 1);
	}
}

static struct tnode *pipeline(struct parser *p, const char *context, enum ttok end)
{
	struct tnode *pipe = new_node(p, TN_PIPE, peek_non_space(p).pos);

	declarations(p, pipe, context);
	while (!p->ctx->failed) {
		struct ttoken t = next_non_space(p);

		if (t.type == end) {
			check_pipeline(p, pipe, context);
			break;
		}
		switch (t.type) {
		case TT_BOOL:
		case TT_CHARCONST:
		case TT_COMPLEX:
		case TT_DOT:
		case TT_FIELD:
		case TT_IDENT:
		case TT_NUMBER:
		case TT_NIL:
		case TT_RAW_STRING:
		case TT_STRING:
		case TT_VARIABLE:
		case TT_LEFT_PAREN:
			backup(p);
			add_kid(p, pipe, command(p));
			break;
		default: unexpected(p, t, context);
		}
	}
	return pipe;
}

/* --- control structures ------------------------------------------------------------------- */

static struct tnode *control(struct parser *p, enum tnode_type type, const char *context);

static void else_branch(struct parser *p, struct tnode *n, enum tnode_type type,
			const struct tnode *els)
{
	enum ttok again = type == TN_IF ? TT_IF : TT_WITH;
	struct tnode *end = NULL;

	if ((type == TN_IF || type == TN_WITH) && peek(p).type == again) {
		next(p);
		n->else_list = new_node(p, TN_LIST, els->pos);
		struct tnode *nested = control(p, type, type == TN_IF ? "if" : "with");
		add_kid(p, n->else_list, nested);
		return;
	}
	n->else_list = item_list(p, &end);
	if (end && end->type != TN_END)
		perror_str(p, GT_STR_LIT("expected end; found {{else}}"));
}

static struct tnode *control(struct parser *p, enum tnode_type type, const char *context)
{
	size_t vars = p->vars.n;
	struct tnode *n = new_node(p, type, 0), *end = NULL;

	if (p->ctx->nesting >= NESTING_MAX)
		perror_str(p, GT_STR_LIT("nested too deep"));
	p->ctx->nesting++;
	struct tnode *pipe = pipeline(p, context, TT_RIGHT_DELIM);
	if (!p->ctx->failed) {
		n->pos = pipe->pos;
		n->pipe = pipe;
		p->range_depth += type == TN_RANGE;
		n->list = item_list(p, &end);
		p->range_depth -= type == TN_RANGE;
		if (end && end->type == TN_ELSE)
			else_branch(p, n, type, end);
	}
	p->ctx->nesting--;
	p->vars.n = vars;
	return n;
}

static struct tnode *jump(struct parser *p, struct ttoken at, enum tnode_type type,
			  const char *context)
{
	struct ttoken t = next_non_space(p);

	if (t.type != TT_RIGHT_DELIM)
		unexpected(p, t, context);
	if (p->range_depth == 0)
		perror_at(p, "%s outside {{range}}", context);
	return new_node(p, type, at.pos);
}

static struct tnode *else_control(struct parser *p)
{
	struct ttoken t = peek_non_space(p);

	if (t.type != TT_IF && t.type != TT_WITH)
		t = expect(p, TT_RIGHT_DELIM, "else");
	return new_node(p, TN_ELSE, t.pos);
}

static struct gt_str template_name(struct parser *p, struct ttoken t, const char *context)
{
	if (t.type == TT_STRING || t.type == TT_RAW_STRING)
		return unquoted(p, t.val);
	unexpected(p, t, context);
	return GT_STR_LIT("");
}

static struct tnode *template_node(struct parser *p, struct ttoken at, struct gt_str name,
				   struct tnode *pipe)
{
	struct tnode *n = new_node(p, TN_TEMPLATE, at.pos);

	n->text = name;
	n->pipe = pipe;
	return n;
}

static struct tnode *template_control(struct parser *p)
{
	const char *context = "template clause";
	struct ttoken at = next_non_space(p);
	struct gt_str name = template_name(p, at, context);
	struct tnode *pipe = NULL;

	if (next_non_space(p).type != TT_RIGHT_DELIM) {
		backup(p);
		pipe = pipeline(p, context, TT_RIGHT_DELIM);
	}
	return template_node(p, at, name, pipe);
}

static void add_tree(struct parser *p, struct gt_str name, struct tnode *root)
{
	struct ttree *old = gt_map_find(&p->ctx->trees, name), *tree;

	if (p->ctx->failed)
		return;
	if (old && !gt_tmpl__is_blank(old->root)) {
		if (!gt_tmpl__is_blank(root))
			perror_quoted(p, "template: multiple definition of template ", name, "");
		return;
	}
	tree = gt_arena_new(p->a, struct ttree);
	if (!tree) {
		perror_str(p, GT_STR_LIT("out of memory"));
		return;
	}
	*tree = (struct ttree){name, root};
	gt_map_put(&p->ctx->trees, name, tree);
}

/* The body of a define or block up to its end, as a tree of its own. */
static void definition_body(struct parser *sub, struct gt_str name, const char *context)
{
	struct tnode *end = NULL;
	struct tnode *root = item_list(sub, &end);

	if (end && end->type != TN_END)
		perror_at(sub, "unexpected {{else}} in %s", context);
	add_tree(sub, name, root);
}

static struct parser sub_parser(const struct parser *p)
{
	struct parser sub = {.ctx = p->ctx, .a = p->a};

	gt_vec_push(&sub.vars, GT_STR_LIT("$"));
	return sub;
}

static struct tnode *block_control(struct parser *p)
{
	const char *context = "block clause";
	struct ttoken at = next_non_space(p);
	struct gt_str name = template_name(p, at, context);
	struct tnode *pipe = pipeline(p, context, TT_RIGHT_DELIM);
	struct parser sub = sub_parser(p);

	if (p->ctx->nesting >= NESTING_MAX)
		perror_str(p, GT_STR_LIT("nested too deep"));
	p->ctx->nesting++;
	definition_body(&sub, name, context);
	p->ctx->nesting--;
	gt_vec_fini(&sub.vars);
	return template_node(p, at, name, pipe);
}

static struct tnode *action(struct parser *p)
{
	struct ttoken t = next_non_space(p);
	struct tnode *n;

	switch (t.type) {
	case TT_BLOCK: return block_control(p);
	case TT_BREAK: return jump(p, t, TN_BREAK, "{{break}}");
	case TT_CONTINUE: return jump(p, t, TN_CONTINUE, "{{continue}}");
	case TT_ELSE: return else_control(p);
	case TT_END: return new_node(p, TN_END, expect(p, TT_RIGHT_DELIM, "end").pos);
	case TT_IF: return control(p, TN_IF, "if");
	case TT_RANGE: return control(p, TN_RANGE, "range");
	case TT_TEMPLATE: return template_control(p);
	case TT_WITH: return control(p, TN_WITH, "with");
	default: break;
	}
	backup(p);
	n = new_node(p, TN_ACTION, peek(p).pos);
	n->pipe = pipeline(p, "command", TT_RIGHT_DELIM);
	return n;
}

static struct tnode *text_or_action(struct parser *p)
{
	struct ttoken t = next_non_space(p);
	struct tnode *n = NULL;

	if (t.type == TT_TEXT) {
		n = new_node(p, TN_TEXT, t.pos);
		n->text = t.val;
	} else if (t.type == TT_LEFT_DELIM) {
		p->action_line = t.line;
		n = action(p);
		p->action_line = 0;
	} else {
		unexpected(p, t, "input");
	}
	return n;
}

static struct tnode *item_list(struct parser *p, struct tnode **ret_end)
{
	struct tnode *list = new_node(p, TN_LIST, peek_non_space(p).pos);

	while (!p->ctx->failed && peek_non_space(p).type != TT_EOF) {
		struct tnode *n = text_or_action(p);

		if (p->ctx->failed)
			return list;
		if (n->type == TN_END || n->type == TN_ELSE) {
			*ret_end = n;
			return list;
		}
		add_kid(p, list, n);
	}
	perror_str(p, GT_STR_LIT("unexpected EOF"));
	return list;
}

static void definition(struct parser *p)
{
	const char *context = "define clause";
	struct parser sub = sub_parser(p);
	struct ttoken t = next_non_space(&sub);
	struct gt_str name = template_name(&sub, t, context);

	expect(&sub, TT_RIGHT_DELIM, context);
	definition_body(&sub, name, context);
	gt_vec_fini(&sub.vars);
}

static struct tnode *parse_text(struct parser *p)
{
	struct tnode *root = new_node(p, TN_LIST, peek(p).pos);

	while (!p->ctx->failed && peek(p).type != TT_EOF) {
		if (peek(p).type == TT_LEFT_DELIM) {
			struct ttoken delim = next(p);

			if (next_non_space(p).type == TT_DEFINE) {
				definition(p);
				continue;
			}
			backup(p);
			p->token[1] = delim;
			p->peeked = 2;
		}
		struct tnode *n = text_or_action(p);
		if (p->ctx->failed)
			break;
		if (n->type == TN_END || n->type == TN_ELSE)
			perror_at(p, "unexpected {{%s}}", n->type == TN_END ? "end" : "else");
		add_kid(p, root, n);
	}
	add_tree(p, p->name, root);
	return root;
}

/* Definitions of a text replace those of earlier ones, blank bodies do not. */
static void publish(struct gt_tmpl_set *set, struct gt_map *trees)
{
	gt_map_for_each (trees, e) {
		struct ttree *tree = e->value;
		const struct ttree *old = gt_tmpl__find(set, tree->name);

		if (!old || !gt_tmpl__is_blank(tree->root))
			gt_map_put(&set->trees, tree->name, tree);
	}
}

int gt_tmpl__parse(struct gt_tmpl_set *set, struct gt_str name, struct gt_str text,
		   struct ttree **ret_main, struct gt_str *ret_error)
{
	struct tsource *src = gt_arena_new(set->a, struct tsource);
	struct pctx ctx = {.set = set, .src = src};
	struct parser p = {.ctx = &ctx, .a = set->a, .name = name};
	struct ttree *main_tree = gt_arena_new(set->a, struct ttree);

	*ret_error = GT_STR_LIT("template: out of memory");
	if (!src || !main_tree)
		return GT_E_BUDGET;
	if (text.n >= UINT32_MAX) {
		*ret_error = GT_STR_LIT("template: text larger than 4 GiB");
		return GT_E_BUDGET;
	}
	*src = (struct tsource){gt_arena_strndup(set->a, name.p, name.n), text};
	gt_tmpl__lex_init(&ctx.lex, set->a, text);
	gt_vec_push(&p.vars, GT_STR_LIT("$"));
	main_tree->name = name;
	main_tree->root = parse_text(&p);
	if (!ctx.failed)
		publish(set, &ctx.trees);
	gt_vec_fini(&p.vars);
	gt_map_fini(&ctx.trees);
	*ret_error = ctx.error;
	*ret_main = main_tree;
	if (set->a->failed)
		return GT_E_BUDGET;
	return ctx.failed ? GT_E_INVALID : GT_OK;
}
