/* include and tpl: templates that call templates and use what they print. */
#include <stdint.h>
#include <string.h>

#include "text/template/ast_impl.h"
#include "text/template/quote.h"

#define INCLUDE_DEPTH_MAX 1000

static void replace_all(struct gt_buf *out, struct gt_str s, struct gt_str old)
{
	for (size_t at; (at = gt_str_search(s, old)) != SIZE_MAX; s = gt_str_from(s, at + old.n))
		gt_buf_add(out, s.p, at);
	gt_buf_add_str(out, s);
}

static int fail_missing(struct gt_tmpl_call *c, struct gt_str name)
{
	gt_auto_buf text = {0};

	gt_buf_adds(&text, "template: no template ");
	gt_go_quote(&text, name, false);
	gt_buf_adds(&text, " associated with template \"gotpl\"");
	return gt_tmpl_throw_str(c, gt_buf_str(&text));
}

/* How often a name is being included right now. */
static uintptr_t depth_of(const struct gt_tmpl_set *set, struct gt_str name)
{
	return (uintptr_t)gt_map_find(set->included, name);
}

static void set_depth(struct gt_tmpl_set *set, struct gt_str name, uintptr_t depth)
{
	gt_map_put(set->included, name, (void *)depth);
}

static int include(struct gt_tmpl_call *c)
{
	struct gt_str name = c->arg[0].s;
	uintptr_t depth = depth_of(c->set, name);
	const struct ttree *tree;
	gt_auto_buf out = {.max = c->set->opts->max_output};
	int rc;

	if (depth > INCLUDE_DEPTH_MAX)
		return gt_tmpl_throw(c,
				     "rendering template has a nested reference name: %.*s: "
				     "unable to execute template",
				     GT_STR_ARG(name));
	tree = gt_tmpl__find(c->set, name);
	if (!tree)
		return fail_missing(c, name);
	set_depth(c->set, name, depth + 1);
	rc = gt_tmpl__run(c->set, tree, c->arg[1], &out);
	set_depth(c->set, name, depth);
	if (rc < 0)
		return rc;
	return gt_tmpl_return_buf(c, &out);
}

static int fail_tpl(struct gt_tmpl_call *c, const char *what, struct gt_str text)
{
	gt_auto_buf message = {.max = (size_t)1 << 20};

	gt_buf_adds(&message, what);
	gt_go_quote(&message, text, false);
	gt_buf_adds(&message, ": ");
	return gt_tmpl__throw_from(c, gt_buf_str(&message));
}

static int tpl_run(struct gt_tmpl_call *c, struct gt_tmpl_set *clone, struct gt_str text)
{
	struct gt_str error;
	struct ttree *tree;
	gt_auto_buf out = {.max = c->set->opts->max_output}, clean = {.max = out.max};
	int rc = gt_tmpl__parse(clone, GT_STR_LIT("gotpl"), text, &tree, &error);

	if (rc == GT_E_BUDGET)
		return gt_tmpl_throw_budget(c, "memory");
	if (rc < 0) {
		gt_tmpl_throw_str(c, error);
		return fail_tpl(c, "cannot parse template ", text);
	}
	rc = gt_tmpl__run(clone, tree, c->arg[1], &out);
	if (rc == GT_E_BUDGET)
		return rc;
	if (rc < 0)
		return fail_tpl(c, "error during tpl function execution for ", text);
	if (gt_str_search(gt_buf_str(&out), GT_STR_LIT("<no value>")) == SIZE_MAX)
		return gt_tmpl_return_buf(c, &out);
	replace_all(&clean, gt_buf_str(&out), GT_STR_LIT("<no value>"));
	return gt_tmpl_return_buf(c, &clean);
}

static int tpl(struct gt_tmpl_call *c)
{
	struct gt_str text = c->arg[0].s;
	struct gt_tmpl_set *clone;
	int rc;

	/* Text without an action is its own result. */
	if (gt_str_search(text, GT_STR_LIT("{{")) == SIZE_MAX &&
	    gt_str_search(text, GT_STR_LIT("<no value>")) == SIZE_MAX) {
		c->ret = c->arg[0];
		return GT_OK;
	}
	clone = gt_tmpl__clone(c->set);
	if (!clone)
		return GT_E_BUDGET;
	rc = tpl_run(c, clone, text);
	gt_map_fini(&clone->trees);
	return rc;
}

const struct gt_tmpl_func gt_tmpl_engine_funcs[] = {
	{"include", "sa", include},
	{"tpl", "sa", tpl},
	{0},
};
