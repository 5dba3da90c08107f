/* The text that stands for a node in error messages, and blank bodies. */
#include "base/str.h"
#include "text/template/ast_impl.h"
#include "text/template/quote.h"

static void put_names(struct gt_buf *out, const struct tnode *n, uint32_t from)
{
	for (uint32_t i = from; i < n->n; i++) {
		gt_buf_addc(out, '.');
		gt_buf_add_str(out, n->names[i]);
	}
}

static void put_operand(struct gt_buf *out, const struct tnode *n)
{
	if (n->type == TN_PIPE) {
		gt_buf_addc(out, '(');
		gt_tmpl__node_text(out, n);
		gt_buf_addc(out, ')');
	} else {
		gt_tmpl__node_text(out, n);
	}
}

static void put_pipe(struct gt_buf *out, const struct tnode *n)
{
	for (unsigned i = 0; i < n->ndecl; i++) {
		if (i)
			gt_buf_adds(out, ", ");
		gt_buf_add_str(out, n->decl[i]);
	}
	if (n->ndecl)
		gt_buf_adds(out, n->is_assign ? " = " : " := ");
	for (uint32_t i = 0; i < n->n; i++) {
		if (i)
			gt_buf_adds(out, " | ");
		gt_tmpl__node_text(out, n->kids[i]);
	}
}

/* The depth is bounded by the parser. */
void gt_tmpl__node_text(struct gt_buf *out, const struct tnode *n)
{
	switch ((enum tnode_type)n->type) {
	case TN_ACTION:
		gt_buf_adds(out, "{{");
		put_pipe(out, n->pipe);
		gt_buf_adds(out, "}}");
		return;
	case TN_TEMPLATE:
		gt_buf_adds(out, "{{template ");
		gt_go_quote(out, n->text, false);
		if (n->pipe) {
			gt_buf_addc(out, ' ');
			put_pipe(out, n->pipe);
		}
		gt_buf_adds(out, "}}");
		return;
	case TN_PIPE: put_pipe(out, n); return;
	case TN_COMMAND:
		for (uint32_t i = 0; i < n->n; i++) {
			if (i)
				gt_buf_addc(out, ' ');
			put_operand(out, n->kids[i]);
		}
		return;
	case TN_IDENT:
	case TN_NUMBER:
	case TN_STRING: gt_buf_add_str(out, n->text); return;
	case TN_DOT: gt_buf_addc(out, '.'); return;
	case TN_NIL: gt_buf_adds(out, "nil"); return;
	case TN_BOOL: gt_buf_adds(out, n->truth ? "true" : "false"); return;
	case TN_FIELD: put_names(out, n, 0); return;
	case TN_VARIABLE:
		gt_buf_add_str(out, n->names[0]);
		put_names(out, n, 1);
		return;
	case TN_CHAIN:
		put_operand(out, n->base);
		put_names(out, n, 0);
		return;
	default: return; /* nothing fails at the others */
	}
}

bool gt_tmpl__is_blank(const struct tnode *n)
{
	if (!n)
		return true;
	if (n->type == TN_TEXT)
		return gt_str_trim(n->text).n == 0;
	if (n->type != TN_LIST)
		return false;
	for (uint32_t i = 0; i < n->n; i++) {
		if (!gt_tmpl__is_blank(n->kids[i]))
			return false;
	}
	return true;
}
