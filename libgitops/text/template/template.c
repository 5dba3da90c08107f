/* Sets of templates: the entry points. */
#include "text/template/template.h"

#include <stdarg.h>
#include <string.h>

#include "text/template/ast_impl.h"

struct ttree *gt_tmpl__find(const struct gt_tmpl_set *set, struct gt_str name)
{
	for (; set; set = set->parent) {
		struct ttree *tree = gt_map_find(&set->trees, name);

		if (tree)
			return tree;
	}
	return NULL;
}

struct gt_tmpl_set *gt_tmpl_set_new(const struct gt_tmpl_opts *opts)
{
	struct gt_tmpl_set *set = gt_arena_new(opts->arena, struct gt_tmpl_set);
	struct gt_tmpl_opts *own = gt_arena_new(opts->arena, struct gt_tmpl_opts);
	struct texec_shared *shared = gt_arena_new(opts->arena, struct texec_shared);

	if (!set || !own || !shared)
		return NULL;
	*own = *opts;
	shared->max_steps = opts->max_steps ? opts->max_steps : GT_LIMIT_TEMPLATE_STEPS;
	shared->max_stack = opts->max_stack ? opts->max_stack : GT_LIMIT_TEMPLATE_STACK;
	set->a = opts->arena;
	set->opts = own;
	set->shared = shared;
	set->funcs = gt_new(struct gt_map);
	set->included = gt_new(struct gt_map);
	for (const struct gt_tmpl_func *const *t = opts->tables; *t; t++) {
		for (const struct gt_tmpl_func *f = *t; f->name; f++) {
			/* The map borrows; functions are never changed through it. */
			union {
				const struct gt_tmpl_func *f;
				void *p;
			} u = {.f = f};
			gt_map_put(set->funcs, gt_str(f->name), u.p);
		}
	}
	return set;
}

void gt_tmpl_set_fini(struct gt_tmpl_set *set)
{
	if (!set)
		return;
	gt_map_fini(&set->trees);
	gt_map_fini(set->funcs);
	gt_map_fini(set->included);
	free(set->funcs);
	free(set->included);
	set->funcs = set->included = NULL;
}

struct gt_tmpl_set *gt_tmpl__clone(struct gt_tmpl_set *set)
{
	struct gt_tmpl_set *clone = gt_arena_new(set->a, struct gt_tmpl_set);

	if (!clone)
		return NULL;
	*clone = *set;
	clone->parent = set;
	clone->trees = (struct gt_map){0};
	return clone;
}

bool gt_tmpl_has(const struct gt_tmpl_set *set, struct gt_str name)
{
	return gt_tmpl__find(set, name) != NULL;
}

int gt_tmpl_parse(struct gt_tmpl_set *set, const char *name, struct gt_str text, struct gt_err *err)
{
	struct gt_str own = gt_arena_str(set->a, gt_str(name)), error;
	struct ttree *tree;
	int rc;

	if (!own.p)
		return gt_arena_check(set->a, err);
	rc = gt_tmpl__parse(set, own, text, &tree, &error);
	if (rc == GT_E_BUDGET)
		return gt_fail(err, rc, "template: %s: memory budget exceeded", name);
	if (rc < 0)
		return gt_fail(err, (enum gt_code)rc, "%.*s", GT_STR_ARG(error));
	return GT_OK;
}

int gt_tmpl_execute(struct gt_tmpl_set *set, struct gt_str name, struct gt_value dot,
		    struct gt_buf *out, struct gt_err *err)
{
	const struct ttree *tree = gt_tmpl__find(set, name);
	gt_auto_buf text = {0};
	int rc;

	set->shared->failure = NULL;
	set->shared->stack_base = __builtin_frame_address(0);
	if (!tree)
		return gt_fail(err, GT_E_NOT_FOUND, "template: no template \"%.*s\"",
			       GT_STR_ARG(name));
	rc = gt_tmpl__run(set, tree, dot, out);
	if (rc >= 0)
		return GT_OK;
	gt_tmpl_error_text(&text, set->shared->failure);
	return gt_fail(err, (enum gt_code)rc, "%.*s", GT_STR_ARG(gt_buf_str(&text)));
}

const struct gt_tmpl_error *gt_tmpl_failure(const struct gt_tmpl_set *set)
{
	return set->shared->failure;
}

bool gt_tmpl_exhausted(const struct gt_tmpl_set *set)
{
	return set->shared->exhausted;
}

void gt_tmpl_error_text(struct gt_buf *out, const struct gt_tmpl_error *e)
{
	for (; e; e = e->cause)
		gt_buf_add_str(out, e->prefix);
}

/* --- for functions ------------------------------------------------------------------------ */

static int throw_error(struct gt_tmpl_call *c, struct gt_str text, struct gt_tmpl_error *cause,
		       bool warning)
{
	struct gt_tmpl_error *e = gt_arena_new(c->a, struct gt_tmpl_error);
	struct gt_str own = gt_arena_str(c->a, text);

	if (!e || !own.p)
		return GT_E_BUDGET;
	*e = (struct gt_tmpl_error){.prefix = own, .cause = cause, .warning = warning};
	c->set->shared->failure = e;
	return GT_E_INVALID;
}

int gt_tmpl_throw_str(struct gt_tmpl_call *c, struct gt_str text)
{
	return throw_error(c, text, NULL, false);
}

int gt_tmpl_throw_warning(struct gt_tmpl_call *c, struct gt_str text)
{
	return throw_error(c, text, NULL, true);
}

int gt_tmpl__throw_from(struct gt_tmpl_call *c, struct gt_str text)
{
	return throw_error(c, text, c->set->shared->failure, false);
}

int gt_tmpl_throw(struct gt_tmpl_call *c, const char *fmt, ...)
{
	gt_auto_buf text = {0};
	va_list ap;

	va_start(ap, fmt);
	gt_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	return throw_error(c, gt_buf_str(&text), NULL, false);
}

int gt_tmpl_throw_budget(struct gt_tmpl_call *c, const char *what)
{
	char *text = gt_arena_printf(c->a, "template: %s: %s budget exceeded", c->f->name, what);

	if (text)
		throw_error(c, gt_str(text), NULL, false);
	c->set->shared->exhausted = true;
	return GT_E_BUDGET;
}

int gt_tmpl_charge(struct gt_tmpl_call *c, uint64_t n)
{
	struct texec_shared *shared = c->set->shared;

	if (n > shared->max_steps -
			(shared->steps < shared->max_steps ? shared->steps : shared->max_steps))
		return gt_tmpl_throw_budget(c, "step");
	shared->steps += n;
	return GT_OK;
}

int gt_tmpl_return_buf(struct gt_tmpl_call *c, struct gt_buf *buf)
{
	if (buf->failed)
		return gt_tmpl_throw_budget(c, "size");
	c->ret = gt_vstr_buf(c->a, buf);
	gt_buf_reset(buf);
	return c->a->failed ? GT_E_BUDGET : GT_OK;
}
