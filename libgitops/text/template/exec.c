/* Walking over the tree of a template. */
#include "text/template/exec_impl.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text/template/quote.h"

static int walk(struct texec *s, struct gt_value dot, const struct tnode *n);

/* --- errors ------------------------------------------------------------------------------- */

static void put_location(struct gt_buf *out, const struct tnode *n)
{
	struct gt_str before = gt_str_sub(n->src->text, 0, n->pos);
	size_t newline = gt_str_rfind(before, '\n');
	size_t col = newline == SIZE_MAX ? n->pos : n->pos - newline - 1;
	unsigned line = 1;

	for (size_t i = 0; i < before.n; i++)
		line += before.p[i] == '\n';
	gt_buf_printf(out, "%s:%u:%zu", n->src->name, line, col);
}

static int fail_with(struct texec *s, struct gt_str message, struct gt_tmpl_error *cause)
{
	gt_auto_buf text = {.max = (size_t)1 << 20};
	struct gt_tmpl_error *e = gt_arena_new(s->a, struct gt_tmpl_error);

	gt_buf_adds(&text, "template: ");
	if (s->node) {
		put_location(&text, s->node);
		gt_buf_adds(&text, ": executing ");
		gt_go_quote(&text, s->tree->name, false);
		gt_buf_adds(&text, " at <");
		gt_tmpl__node_text(&text, s->node);
		gt_buf_adds(&text, ">: ");
	} else {
		gt_buf_add_str(&text, s->tree->name);
		gt_buf_adds(&text, ": ");
	}
	gt_buf_add_str(&text, message);
	struct gt_str prefix = gt_arena_str(s->a, gt_buf_str(&text));
	if (!e || !prefix.p)
		return texec__budget(s, "memory");
	*e = (struct gt_tmpl_error){.prefix = prefix, .cause = cause, .exec = true};
	s->shared->failure = e;
	return GT_E_INVALID;
}

int texec__fail_str(struct texec *s, struct gt_str message)
{
	return fail_with(s, message, NULL);
}

int texec__fail(struct texec *s, const char *fmt, ...)
{
	gt_auto_buf text = {0};
	va_list ap;

	va_start(ap, fmt);
	gt_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	return fail_with(s, gt_buf_str(&text), NULL);
}

int texec__fail_quoted(struct texec *s, const char *before, struct gt_str what, const char *after)
{
	gt_auto_buf text = {0};

	gt_buf_adds(&text, before);
	gt_go_quote(&text, what, false);
	gt_buf_adds(&text, after);
	return fail_with(s, gt_buf_str(&text), NULL);
}

int texec__fail_call(struct texec *s, const char *name)
{
	gt_auto_buf text = {0};

	gt_buf_printf(&text, "error calling %s: ", name);
	return fail_with(s, gt_buf_str(&text), s->shared->failure);
}

int texec__budget(struct texec *s, const char *what)
{
	static struct gt_tmpl_error memory = {.prefix = {"template: memory budget exceeded", 32}};
	struct gt_tmpl_error *e = &memory;

	if (!s->shared->exhausted) {
		char *text = gt_arena_printf(s->a, "template: %.*s: %s budget exceeded",
					     GT_STR_ARG(s->tree->name), what);
		struct gt_tmpl_error *made = gt_arena_new(s->a, struct gt_tmpl_error);
		if (text && made) {
			made->prefix = gt_str(text);
			e = made;
		}
		s->shared->failure = e;
		s->shared->exhausted = true;
	}
	return GT_E_BUDGET;
}

int texec__step(struct texec *s)
{
	const char *here = __builtin_frame_address(0);
	size_t used = here < s->shared->stack_base ? (size_t)(s->shared->stack_base - here)
						   : (size_t)(here - s->shared->stack_base);

	if (used > s->shared->max_stack)
		return texec__budget(s, "stack");
	if (++s->shared->steps > s->shared->max_steps)
		return texec__budget(s, "step");
	if (s->a->failed)
		return texec__budget(s, "memory");
	return GT_OK;
}

/* --- variables ---------------------------------------------------------------------------- */

static void set_top(struct texec *s, size_t from_top, struct gt_value v)
{
	s->vars.v[s->vars.n - from_top].value = v;
}

static int assign(struct texec *s, struct gt_str name, struct gt_value v)
{
	for (size_t i = s->vars.n; i-- > 0;) {
		if (gt_str_eq(s->vars.v[i].name, name)) {
			s->vars.v[i].value = v;
			return GT_OK;
		}
	}
	return texec__fail(s, "undefined variable: %.*s", GT_STR_ARG(name));
}

/* --- range -------------------------------------------------------------------------------- */

struct iteration {
	struct texec *s;
	const struct tnode *range;
	size_t mark;
};

static int bind(struct iteration *it, struct gt_value index, struct gt_value elem)
{
	const struct tnode *pipe = it->range->pipe;
	struct texec *s = it->s;
	int rc;

	if (pipe->ndecl == 0)
		return GT_OK;
	if (pipe->is_assign) {
		rc = assign(s, pipe->decl[0], pipe->ndecl > 1 ? index : elem);
		if (rc == GT_OK && pipe->ndecl > 1)
			rc = assign(s, pipe->decl[1], elem);
		return rc;
	}
	set_top(s, 1, elem);
	if (pipe->ndecl > 1)
		set_top(s, 2, index);
	return GT_OK;
}

static int iterate(struct iteration *it, struct gt_value index, struct gt_value elem)
{
	int rc = bind(it, index, elem);

	if (rc == GT_OK)
		rc = walk(it->s, elem, it->range->list);
	it->s->vars.n = it->mark;
	return rc == WALK_CONTINUE ? GT_OK : rc;
}

static int range_list(struct iteration *it, struct gt_value v)
{
	int rc = GT_OK;

	for (uint32_t i = 0; rc == GT_OK && i < gt_vlist_n(v); i++)
		rc = iterate(it, gt_vint(i), gt_vlist_at(v, i));
	return rc;
}

static int range_bytes(struct iteration *it, struct gt_str bytes)
{
	int rc = GT_OK;

	for (size_t i = 0; rc == GT_OK && i < bytes.n; i++) {
		struct gt_value byte = {.kind = GT_V_UINT8, .u = (unsigned char)bytes.p[i]};
		rc = iterate(it, gt_vint((int64_t)i), byte);
	}
	return rc;
}

/* The keys are those at the start, in order; what the body removes meanwhile is skipped. */
static int range_map(struct iteration *it, struct gt_value v)
{
	uint32_t n = gt_vmap_n(v);
	struct gt_ventry *copy = gt_arena_calloc(it->s->a, n + 1, sizeof *copy);
	int rc = GT_OK;

	for (uint32_t i = 0; copy && i < n; i++) {
		const struct gt_ventry *e = gt_vmap_at(it->s->a, v.map, i);

		if (e)
			copy[i] = *e;
	}
	if (it->s->a->failed)
		return texec__budget(it->s, "memory");
	for (uint32_t i = 0; rc == GT_OK && i < n; i++) {
		struct gt_value value = copy[i].value;

		value.iface = v.kind == GT_V_MAP || v.kind == GT_V_VALUES;
		rc = iterate(it, gt_vstr(gt_strn(copy[i].key, copy[i].len)), value);
	}
	return rc;
}

static int range_number(struct iteration *it, struct gt_value v)
{
	int rc = GT_OK;
	bool is_signed = gt_value_is_int(v);

	for (uint64_t i = 0; rc == GT_OK && i < v.u; i++) {
		struct gt_value elem = {.kind = v.kind};

		if (is_signed)
			elem.i = (int64_t)i;
		else
			elem.u = i;
		rc = iterate(it, GT_VALUE_INVALID, elem);
	}
	return rc;
}

static bool is_empty_range(struct gt_value v)
{
	if (gt_value_is_nil(v))
		return true;
	if (gt_value_is_list(v))
		return gt_vlist_n(v) == 0;
	if (gt_value_is_map(v))
		return gt_vmap_n(v) == 0;
	if (v.kind == GT_V_BYTES)
		return v.s.n == 0;
	if (gt_value_is_int(v))
		return v.i <= 0;
	return gt_value_is_uint(v) && v.u == 0;
}

static int fail_range(struct texec *s, struct gt_value v, const char *before, const char *after)
{
	gt_auto_buf text = {0};

	gt_buf_adds(&text, before);
	gt_value_print(&text, s->a, v);
	gt_buf_adds(&text, after);
	return texec__fail_str(s, gt_buf_str(&text));
}

static int range_over(struct texec *s, const struct tnode *n, struct gt_value v)
{
	struct iteration it = {.s = s, .range = n, .mark = s->vars.n};

	if (gt_value_is_list(v))
		return range_list(&it, v);
	if (gt_value_is_map(v))
		return range_map(&it, v);
	if (v.kind == GT_V_BYTES)
		return range_bytes(&it, v.s);
	return range_number(&it, v);
}

static int walk_range(struct texec *s, struct gt_value dot, const struct tnode *n)
{
	size_t mark = s->vars.n;
	struct gt_value v;
	int rc = texec__pipeline(s, dot, n->pipe, &v);

	if (rc < 0)
		return rc;
	bool number = gt_value_is_int(v) || gt_value_is_uint(v);
	if (number && n->pipe->ndecl > 1)
		return fail_range(s, v, "can't use ", " to iterate over more than one variable");
	if (!number && !gt_value_is_nil(v) && !gt_value_is_list(v) && !gt_value_is_map(v) &&
	    v.kind != GT_V_BYTES)
		return fail_range(s, v, "range can't iterate over ", "");
	if (!is_empty_range(v)) {
		rc = range_over(s, n, v);
		if (rc == WALK_BREAK)
			rc = GT_OK;
	} else if (n->else_list) {
		rc = walk(s, dot, n->else_list);
	}
	s->vars.n = mark;
	return rc;
}

/* --- the other nodes ---------------------------------------------------------------------- */

static int walk_branch(struct texec *s, struct gt_value dot, const struct tnode *n)
{
	size_t mark = s->vars.n;
	struct gt_value v;
	int rc = texec__pipeline(s, dot, n->pipe, &v);

	if (rc < 0)
		return rc;
	if (gt_value_truth(v))
		rc = walk(s, n->type == TN_WITH ? v : dot, n->list);
	else if (n->else_list)
		rc = walk(s, dot, n->else_list);
	s->vars.n = mark;
	return rc;
}

static int run(struct texec *s, struct gt_value dot)
{
	int rc;

	gt_vec_push(&s->vars, (struct tvar){GT_STR_LIT("$"), dot});
	rc = walk(s, dot, s->tree->root);
	gt_vec_fini(&s->vars);
	return rc;
}

static int walk_template(struct texec *s, struct gt_value dot, const struct tnode *n)
{
	const struct ttree *tree = gt_tmpl__find(s->set, n->text);
	struct gt_value arg = GT_VALUE_INVALID;
	int rc = GT_OK;

	if (!tree)
		return texec__fail_quoted(s, "template ", n->text, " not defined");
	if (n->pipe)
		rc = texec__pipeline(s, dot, n->pipe, &arg);
	if (rc < 0)
		return rc;
	struct texec inner = {.set = s->set,
			      .a = s->a,
			      .shared = s->shared,
			      .tree = tree,
			      .out = s->out,
			      .node = s->node};
	return run(&inner, arg);
}

static int walk_action(struct texec *s, struct gt_value dot, const struct tnode *n)
{
	struct gt_value v;
	int rc = texec__pipeline(s, dot, n->pipe, &v);

	if (rc < 0 || n->pipe->ndecl)
		return rc;
	if (gt_value_is_nil(v))
		gt_buf_adds(s->out, "<no value>");
	else if (v.kind == GT_V_OBJ && v.obj->cls->show)
		v.obj->cls->show(s->out, v.obj);
	else
		gt_value_print(s->out, s->a, v);
	return s->out->failed ? texec__budget(s, "output") : GT_OK;
}

static int walk_list(struct texec *s, struct gt_value dot, const struct tnode *list)
{
	int rc = GT_OK;

	for (uint32_t i = 0; rc == GT_OK && i < list->n; i++)
		rc = walk(s, dot, list->kids[i]);
	return rc;
}

static int walk(struct texec *s, struct gt_value dot, const struct tnode *n)
{
	int rc = texec__step(s);

	if (rc < 0)
		return rc;
	s->node = n;
	switch ((enum tnode_type)n->type) {
	case TN_TEXT:
		gt_buf_add_str(s->out, n->text);
		return s->out->failed ? texec__budget(s, "output") : GT_OK;
	case TN_ACTION: return walk_action(s, dot, n);
	case TN_IF:
	case TN_WITH: return walk_branch(s, dot, n);
	case TN_RANGE: return walk_range(s, dot, n);
	case TN_TEMPLATE: return walk_template(s, dot, n);
	case TN_LIST: return walk_list(s, dot, n);
	case TN_BREAK: return WALK_BREAK;
	case TN_CONTINUE: return WALK_CONTINUE;
	default: return texec__fail(s, "unknown node");
	}
}

int gt_tmpl__run(struct gt_tmpl_set *set, const struct ttree *tree, struct gt_value dot,
		 struct gt_buf *out)
{
	struct texec s = {.set = set, .a = set->a, .shared = set->shared, .tree = tree, .out = out};

	if (dot.kind == GT_V_NIL)
		dot = GT_VALUE_INVALID;
	dot.iface = false;
	return run(&s, dot);
}
