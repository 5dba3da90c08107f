/* Whether an applied document fits its type; every violation is listed. */
#include "ssa/walk.h"

#include "base/limits.h"
#include "text/json.h"

#define CHECK_ERRORS_MAX 64

struct checking {
	struct gt_arena *a;
	struct gt_buf path; /* where the walk is */
	struct gt_buf list; /* "path: what", one a line */
	unsigned errors;
	unsigned depth;
	bool allow_doubles;
};

static void complain(struct checking *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void complain(struct checking *c, const char *fmt, ...)
{
	va_list ap;

	if (++c->errors > CHECK_ERRORS_MAX)
		return;
	if (c->list.n > 0)
		gt_buf_addc(&c->list, '\n');
	if (c->path.n > 0) {
		gt_buf_add_str(&c->list, gt_buf_str(&c->path));
		gt_buf_adds(&c->list, ": ");
	}
	va_start(ap, fmt);
	gt_buf_vprintf(&c->list, fmt, ap);
	va_end(ap);
}

/* A value as Go prints it with %v. */
static void go_print(struct gt_buf *out, const struct gt_node *n)
{
	bool first = true;

	switch (gt_node_kind(n)) {
	case GT_NULL: gt_buf_adds(out, "<nil>"); break;
	case GT_BOOL: gt_buf_adds(out, n->truth ? "true" : "false"); break;
	case GT_SEQ:
		gt_buf_addc(out, '[');
		gt_seq_for_each (n, item) {
			if (!first)
				gt_buf_addc(out, ' ');
			first = false;
			go_print(out, item);
		}
		gt_buf_addc(out, ']');
		break;
	case GT_MAP:
		gt_buf_adds(out, "map[");
		gt_map_each(n, p)
		{
			if (!first)
				gt_buf_addc(out, ' ');
			first = false;
			gt_buf_printf(out, "%s:", p->key);
			go_print(out, p->value);
		}
		gt_buf_addc(out, ']');
		break;
	default: gt_buf_add_str(out, gt_node_text(n)); break;
	}
}

static void expected(struct checking *c, const char *what, const struct gt_node *n)
{
	gt_auto_buf text = {0};

	go_print(&text, n);
	complain(c, "expected %s, got &{%s}", what, gt_buf_cstr(&text));
}

static const char *go_type(const struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_BOOL: return "bool";
	case GT_STR: return "string";
	case GT_SEQ: return "[]interface {}";
	case GT_MAP: return "map[string]interface {}";
	default: return "<nil>";
	}
}

static void check_scalar(struct checking *c, struct gt_type type, const struct gt_node *n)
{
	enum gt_kind kind = gt_node_kind(n);
	bool number = kind == GT_INT || kind == GT_FLOAT;

	if (kind == GT_NULL)
		return;
	switch (gt_type_scalar(type)) {
	case GT_SCALAR_INT32:
	case GT_SCALAR_INT64:
	case GT_SCALAR_DOUBLE:
		if (!number)
			complain(c, "expected numeric (int or float), got %s", go_type(n));
		break;
	case GT_SCALAR_STRING:
	case GT_SCALAR_BYTES:
	case GT_SCALAR_DURATION:
		if (kind != GT_STR) {
			gt_auto_buf text = {0};
			go_print(&text, n);
			complain(c, "expected string, got &value.valueUnstructured{Value:%s}",
				 gt_buf_cstr(&text));
		}
		break;
	case GT_SCALAR_BOOL:
		if (kind != GT_BOOL)
			expected(c, "boolean", n);
		break;
	default:
		if (kind == GT_SEQ || kind == GT_MAP)
			expected(c, "any scalar", n);
		break;
	}
}

static void check(struct checking *c, struct gt_type type, const struct gt_node *n);

static void check_at(struct checking *c, const struct gt_ssa_elem *e, struct gt_type type,
		     const struct gt_node *n)
{
	size_t was = c->path.n;

	if (c->depth >= GT_LIMIT_DEPTH)
		return;
	c->depth++;
	gt_ssa_elem_print(&c->path, e);
	check(c, type, n);
	c->path.n = was;
	if (c->path.p)
		c->path.p[was] = '\0';
	c->depth--;
}

static void complain_item(struct checking *c, struct gt_type type, size_t i, const char *why)
{
	gt_auto_buf keys = {0};

	if (gt_type_list(type) == GT_LIST_MAP && gt_str_ends(gt_str(why), "all key fields")) {
		for (size_t k = 0; gt_type_key(type, k); k++)
			gt_buf_printf(&keys, "%s\"%s\"", k ? " " : "", gt_type_key(type, k));
		complain(
			c,
			"element %zu: %s [%s] (and doesn't have default values for any key fields)",
			i, why, gt_buf_cstr(&keys));
		return;
	}
	complain(c, "element %zu: %s", i, why);
}

static void check_list(struct checking *c, struct gt_type type, const struct gt_node *list)
{
	bool named = gt_type_list(type) != GT_LIST_ATOMIC;
	struct ssa_index ix = {0};

	if (named)
		ssa_index(c->a, type, list, &ix);
	for (uint32_t i = 0; i < gt_node_count(list); i++) {
		struct gt_ssa_elem e = {.kind = GT_SSA_INDEX, .index = i};
		uint32_t first = i;
		const char *why =
			named ? ssa_item_elem(c->a, type, gt_node_item(list, i), i, &e) : NULL;
		if (why) {
			complain_item(c, type, i, why);
			return;
		}
		if (named && !c->allow_doubles && ssa_index_find(&ix, &e, &first) > 1 &&
		    first != i) {
			gt_auto_buf text = {0};
			gt_ssa_elem_print(&text, &e);
			complain(c, "duplicate entries for key %s", gt_buf_cstr(&text));
		}
		check_at(c, &e, gt_type_elem(type), gt_node_item(list, i));
	}
}

static void check_map(struct checking *c, struct gt_type type, const struct gt_node *map)
{
	gt_map_each(map, p)
	{
		struct gt_ssa_elem e = gt_ssa_field(gt_strn(p->key, p->len));
		struct gt_type below = gt_type_child(type, p->key, p->len);
		if (gt_type_kind(below) == GT_TYPE_NONE) {
			size_t was = c->path.n;
			gt_ssa_elem_print(&c->path, &e);
			complain(c, "field not declared in schema");
			c->path.n = was;
			if (c->path.p)
				c->path.p[was] = '\0';
			continue;
		}
		check_at(c, &e, below, p->value);
	}
}

static void check(struct checking *c, struct gt_type type, const struct gt_node *n)
{
	if (gt_node_is_null(n))
		return;
	switch (gt_type_kind(type)) {
	case GT_TYPE_SCALAR: check_scalar(c, type, n); break;
	case GT_TYPE_LIST:
		if (!gt_node_is(n, GT_SEQ))
			expected(c, "list", n);
		else
			check_list(c, type, n);
		break;
	case GT_TYPE_MAP:
	case GT_TYPE_STRUCT:
		if (!gt_node_is(n, GT_MAP))
			expected(c, "map", n);
		else
			check_map(c, type, n);
		break;
	case GT_TYPE_UNTYPED:
	case GT_TYPE_NONE: break;
	}
}

int gt_ssa_check(struct gt_type type, const struct gt_node *doc, bool allow_doubles,
		 struct gt_err *err)
{
	gt_auto_arena arena = {.budget = GT_BUDGET_REQUEST};
	struct checking c = {.a = &arena, .allow_doubles = allow_doubles};
	int rc = GT_OK;

	check(&c, type, doc);
	if (c.errors == 1)
		rc = gt_fail(err, GT_E_INVALID, "%s", gt_buf_cstr(&c.list));
	else if (c.errors > 1) {
		gt_auto_buf all = {0};
		struct gt_split it = {.rest = gt_buf_str(&c.list)};
		struct gt_str line;
		gt_buf_adds(&all, "errors:");
		while (gt_split_next(&it, '\n', &line))
			gt_buf_printf(&all, "\n  %.*s", GT_STR_ARG(line));
		rc = gt_fail(err, GT_E_INVALID, "%s", gt_buf_cstr(&all));
	} else {
		rc = gt_arena_check(&arena, err);
	}
	gt_buf_fini(&c.path);
	gt_buf_fini(&c.list);
	return rc;
}
