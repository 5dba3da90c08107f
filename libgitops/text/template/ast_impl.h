/* The syntax tree of a template and what makes it.  Private to libgitops/text/template. */
#ifndef GT_TEXT_TEMPLATE_AST_IMPL_H
#define GT_TEXT_TEMPLATE_AST_IMPL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "text/template/template.h"

enum tnode_type {
	TN_TEXT,
	TN_ACTION,
	TN_IF,
	TN_WITH,
	TN_RANGE,
	TN_TEMPLATE,
	TN_LIST,
	TN_BREAK,
	TN_CONTINUE,
	TN_PIPE,
	TN_COMMAND,
	TN_IDENT,
	TN_DOT,
	TN_NIL,
	TN_FIELD,    /* .A.B */
	TN_VARIABLE, /* $v.A */
	TN_CHAIN,    /* (...).A */
	TN_BOOL,
	TN_NUMBER,
	TN_STRING,
	TN_END, /* these two are seen by the parser alone */
	TN_ELSE,
};

/* The file a node was read from. */
struct tsource {
	const char *name;
	struct gt_str text;
};

struct tnode {
	uint8_t type;
	bool is_assign;                 /* pipe: = and not := */
	bool is_int, is_uint, is_float; /* number: what it can be */
	bool is_complex;
	uint8_t ndecl;   /* pipe */
	uint32_t pos;    /* in the source */
	uint32_t n, cap; /* kids or names */
	const struct tsource *src;
	struct gt_str text;   /* text, literal as written, name */
	struct tnode **kids;  /* of lists, pipes (commands), commands (arguments) */
	struct gt_str *names; /* of fields; variable: its own name first */
	union {
		struct gt_str decl[2]; /* pipe */
		struct {
			struct tnode *pipe, *list, *else_list; /* control structures, action */
		};
		struct tnode *base;              /* chain */
		const struct gt_tmpl_func *func; /* identifier */
		struct gt_str string;            /* string: unquoted */
		struct {
			int64_t i;
			uint64_t u;
			double f, im;
		} num;
		bool truth;
	};
};

/* A named template. */
struct ttree {
	struct gt_str name;
	struct tnode *root; /* a list */
};

struct gt_tmpl_set {
	struct gt_arena *a;
	const struct gt_tmpl_opts *opts;
	struct gt_tmpl_set *parent; /* a clone looks here for what it has not defined itself */
	struct gt_map trees;        /* name -> struct ttree */
	struct gt_map *funcs;       /* name -> struct gt_tmpl_func; shared by clones */
	struct gt_map *included;    /* name -> depth as intptr_t; shared by clones */
	struct texec_shared *shared;
};

/* What one execution shares with those nested in it. */
struct texec_shared {
	uint64_t steps, max_steps;
	const char *stack_base;
	size_t max_stack;
	struct gt_tmpl_error *failure;
	bool exhausted;
	unsigned depth;
};

struct ttree *gt_tmpl__find(const struct gt_tmpl_set *set, struct gt_str name);
struct gt_tmpl_set *gt_tmpl__clone(struct gt_tmpl_set *set);

/* Parses; *ret_main is the tree of the text itself. */
int gt_tmpl__parse(struct gt_tmpl_set *set, struct gt_str name, struct gt_str text,
		   struct ttree **ret_main, struct gt_str *ret_error);

/* The text a node is regenerated as. */
void gt_tmpl__node_text(struct gt_buf *out, const struct tnode *n);
bool gt_tmpl__is_blank(const struct tnode *n);

/* Wraps the failure of a nested execution. */
int gt_tmpl__throw_from(struct gt_tmpl_call *c, struct gt_str text);

/* Runs a tree; the error is in set->shared->failure. */
int gt_tmpl__run(struct gt_tmpl_set *set, const struct ttree *tree, struct gt_value dot,
		 struct gt_buf *out);

/* --- tokens ------------------------------------------------------------------------------- */

enum ttok {
	TT_ERROR,
	TT_BOOL,
	TT_CHAR, /* a printable ASCII character such as ',' */
	TT_CHARCONST,
	TT_COMPLEX,
	TT_ASSIGN,
	TT_DECLARE,
	TT_EOF,
	TT_FIELD,
	TT_IDENT,
	TT_LEFT_DELIM,
	TT_LEFT_PAREN,
	TT_NUMBER,
	TT_PIPE,
	TT_RAW_STRING,
	TT_RIGHT_DELIM,
	TT_RIGHT_PAREN,
	TT_SPACE,
	TT_STRING,
	TT_TEXT,
	TT_VARIABLE,
	TT_KEYWORD, /* what follows is one */
	TT_BLOCK,
	TT_BREAK,
	TT_CONTINUE,
	TT_DOT,
	TT_DEFINE,
	TT_ELSE,
	TT_END,
	TT_IF,
	TT_NIL,
	TT_RANGE,
	TT_TEMPLATE,
	TT_WITH,
};

struct ttoken {
	enum ttok type;
	uint32_t pos, line;
	struct gt_str val; /* of the input, or the message of an error */
};

struct tlexer {
	struct gt_arena *a;
	struct gt_str in;
	size_t pos, start;
	uint32_t line, start_line;
	int parens;
	bool inside;
	bool done; /* after an error: only EOF comes */
};

/* Fills a number node; the beginning of a message when the literal is none, else NULL. */
const char *gt_tmpl__number(struct tnode *n, const struct ttoken *t);

void gt_tmpl__lex_init(struct tlexer *l, struct gt_arena *a, struct gt_str text);
struct ttoken gt_tmpl__lex(struct tlexer *l);

#endif
