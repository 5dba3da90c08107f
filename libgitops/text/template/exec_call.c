/* Calling functions: arity, arguments, and what their errors become. */
#include <string.h>

#include "text/template/exec_impl.h"

#define ARGS_ON_STACK 8

/* What a list of parameters says. */
struct arity {
	const char *params;
	size_t fixed;
	bool variadic;
};

static struct arity arity_of(const char *params)
{
	size_t n = strlen(params);
	bool variadic = n && params[n - 1] == '*';

	return (struct arity){params, variadic ? n - 2 : n, variadic};
}

static char param_at(const struct arity *ar, size_t i)
{
	return ar->params[i < ar->fixed ? i : ar->fixed];
}

static int check_arity(struct texec *s, const struct gt_tmpl_func *f, const struct arity *ar,
		       size_t explicit_args, size_t all)
{
	if (ar->variadic && all < ar->fixed)
		return texec__fail(s, "wrong number of args for %s: want at least %zu got %zu",
				   f->name, ar->fixed, explicit_args);
	if (!ar->variadic && all != ar->fixed)
		return texec__fail(s, "wrong number of args for %s: want %zu got %zu", f->name,
				   ar->fixed, all);
	return GT_OK;
}

/* and, or: arguments after the deciding one are not evaluated. */
static int short_circuit(struct texec *s, struct gt_value dot, bool is_or,
			 struct tnode *const *args, size_t nargs, const struct gt_value *final,
			 struct gt_value *ret)
{
	for (size_t i = 0; i < nargs; i++) {
		int rc = texec__arg(s, dot, 'v', args[i], ret);

		if (rc < 0 || gt_value_truth(*ret) == is_or)
			return rc;
	}
	if (final)
		*ret = *final;
	return GT_OK;
}

static int evaluate(struct texec *s, struct gt_value dot, const struct arity *ar,
		    struct tnode *const *args, size_t nargs, const struct gt_value *final,
		    struct gt_value *argv)
{
	int rc = GT_OK;

	for (size_t i = 0; rc == GT_OK && i < nargs; i++)
		rc = texec__arg(s, dot, param_at(ar, i), args[i], &argv[i]);
	if (rc == GT_OK && final)
		rc = texec__check(s, *final, param_at(ar, nargs), &argv[nargs]);
	return rc;
}

/* What `call` names in its errors. */
static struct gt_value operand_text(struct texec *s, const struct tnode *n)
{
	gt_auto_buf text = {0};

	gt_tmpl__node_text(&text, n);
	return gt_vstr_buf(s->a, &text);
}

int texec__call(struct texec *s, struct gt_value dot, const struct gt_tmpl_func *f,
		struct gt_value self, const struct tnode *node, struct tnode *const *args,
		size_t nargs, const struct gt_value *final, struct gt_value *ret)
{
	struct gt_value few[ARGS_ON_STACK], *argv = few;
	struct arity ar = arity_of(f->params);
	size_t n = nargs + (final != NULL);
	int rc = check_arity(s, f, &ar, nargs, n);

	if (rc == GT_OK)
		rc = texec__step(s);
	if (rc < 0)
		return rc;
	if (!f->fn)
		return short_circuit(s, dot, strcmp(f->name, "or") == 0, args, nargs, final, ret);
	if (n > ARGS_ON_STACK)
		argv = gt_arena_calloc(s->a, n, sizeof *argv);
	if (!argv)
		return texec__budget(s, "memory");
	rc = evaluate(s, dot, &ar, args, nargs, final, argv);
	if (rc < 0)
		return rc;

	struct gt_tmpl_call c = {.set = s->set,
				 .a = s->a,
				 .env = s->set->opts->env,
				 .f = f,
				 .self = self,
				 .arg = argv,
				 .n = n};
	if (strcmp(f->name, "call") == 0 && nargs)
		c.self = operand_text(s, args[0]);
	rc = f->fn(&c);
	if (s->a->failed)
		return texec__budget(s, "memory");
	if (rc == GT_E_BUDGET)
		return rc;
	if (rc < 0) {
		s->node = node;
		return texec__fail_call(s, f->name);
	}
	*ret = c.ret;
	return GT_OK;
}
