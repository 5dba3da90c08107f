/* The evaluator's state.  Private to libgitops/text/template. */
#ifndef GT_TEXT_TEMPLATE_EXEC_IMPL_H
#define GT_TEXT_TEMPLATE_EXEC_IMPL_H

#include "base/vec.h"
#include "text/template/ast_impl.h"

enum { /* outcomes of a walk beside GT_OK and errors */
       WALK_BREAK = 1,
       WALK_CONTINUE = 2,
};

struct tvar {
	struct gt_str name;
	struct gt_value value;
};

/* One template being executed. */
struct texec {
	struct gt_tmpl_set *set;
	struct gt_arena *a;
	struct texec_shared *shared;
	const struct ttree *tree; /* whose name errors give */
	struct gt_buf *out;
	const struct tnode *node; /* what errors point at */
	GT_VEC(struct tvar) vars;
};

int texec__fail(struct texec *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int texec__fail_str(struct texec *s, struct gt_str message);
/* message "what "quoted" rest" */
int texec__fail_quoted(struct texec *s, const char *before, struct gt_str what, const char *after);
int texec__fail_call(struct texec *s, const char *name); /* wraps the failure of a function */
int texec__budget(struct texec *s, const char *what);
int texec__step(struct texec *s);

/* exec_eval.c; a NULL final means that nothing is piped in. */
int texec__pipeline(struct texec *s, struct gt_value dot, const struct tnode *pipe,
		    struct gt_value *ret);
int texec__arg(struct texec *s, struct gt_value dot, char param, const struct tnode *n,
	       struct gt_value *ret);
int texec__check(struct texec *s, struct gt_value v, char param, struct gt_value *ret);

/* exec_call.c: node is what the error of the function is blamed on. */
int texec__call(struct texec *s, struct gt_value dot, const struct gt_tmpl_func *f,
		struct gt_value self, const struct tnode *node, struct tnode *const *args,
		size_t nargs, const struct gt_value *final, struct gt_value *ret);

#endif
