/*
 * JSON pointers and JSON patches.  A patch copies what it changes and nothing else: each container
 * on the way to a change is copied once per patch and marked, then changed in place.
 */
#include "text/patch.h"

#include <string.h>

#include "base/limits.h"
#include "base/vec.h"
#include "text/node_impl.h"

/* --- pointers ----------------------------------------------------------------------------- */

/* Cuts the next token, still escaped, off a pointer that starts with a slash. */
static struct gt_str next_token(struct gt_str *pointer)
{
	struct gt_str rest = gt_str_from(*pointer, 1);
	size_t end = gt_str_find(rest, '/');

	if (end == SIZE_MAX)
		end = rest.n;
	*pointer = gt_str_from(rest, end);
	return gt_str_sub(rest, 0, end);
}

static struct gt_str unescape(struct gt_buf *buf, struct gt_str token)
{
	if (gt_str_find(token, '~') == SIZE_MAX)
		return token;
	gt_buf_reset(buf);
	for (size_t i = 0; i < token.n; i++) {
		char c = token.p[i];

		if (c == '~' && i + 1 < token.n && (token.p[i + 1] == '0' || token.p[i + 1] == '1'))
			c = token.p[++i] == '0' ? '~' : '/';
		gt_buf_addc(buf, c);
	}
	return gt_buf_str(buf);
}

void gt_pointer_escape(struct gt_buf *out, struct gt_str token)
{
	for (size_t i = 0; i < token.n; i++) {
		if (token.p[i] == '~')
			gt_buf_adds(out, "~0");
		else if (token.p[i] == '/')
			gt_buf_adds(out, "~1");
		else
			gt_buf_addc(out, token.p[i]);
	}
}

static struct gt_node *child(const struct gt_node *n, struct gt_str token, bool negative)
{
	int64_t i;

	if (gt_node_is(n, GT_MAP))
		return gt_node_getn(n, token);
	if (!gt_node_is(n, GT_SEQ) || !gt_str_i64(token, &i))
		return NULL;
	if (i < 0 && negative)
		i += (int64_t)gt_node_count(n);
	return i < 0 ? NULL : gt_node_item(n, (size_t)i);
}

struct gt_node *gt_pointer_get(const struct gt_node *root, struct gt_str pointer)
{
	gt_auto_buf buf = {0};
	struct gt_node *n = (struct gt_node *)(uintptr_t)root;

	if (pointer.n && pointer.p[0] != '/')
		return NULL;
	while (n && pointer.n)
		n = child(n, unescape(&buf, next_token(&pointer)), false);
	return n;
}

/* --- JSON patch --------------------------------------------------------------------------- */

struct patcher {
	struct gt_arena *a;
	const struct gt_json_patch_opts *opts;
	struct gt_node *root;
	GT_VEC(struct gt_node *) own; /* marked nodes, to be unmarked at the end */
	struct gt_buf buf;
	struct gt_err *err;
};

struct place {
	struct gt_node *parent; /* NULL for the root itself */
	struct gt_str key;      /* last token, unescaped; in the patcher's buffer or the patch */
};

static struct gt_node *own(struct patcher *p, struct gt_node *n)
{
	if (!n || n->flags & GT_NODE_MARK)
		return n;
	n = gt_node_copy(p->a, n);
	if (!n)
		return NULL;
	n->flags |= GT_NODE_MARK;
	gt_vec_push(&p->own, n);
	return n;
}

/* Puts a child in place of the one that is there. */
static void replace_child(struct patcher *p, struct gt_node *parent, struct gt_str token,
			  struct gt_node *n)
{
	int64_t i;

	if (gt_node_is(parent, GT_MAP)) {
		gt_node_setn(p->a, parent, token, n);
	} else if (gt_str_i64(token, &i)) {
		if (i < 0)
			i += (int64_t)gt_node_count(parent);
		gt_node_put(parent, (size_t)i, n);
	}
}

/* What EnsurePathExistsOnAdd makes for a missing parent: a list when an index comes next. */
static struct gt_node *make_parent(struct patcher *p, struct gt_node *in, struct gt_str token,
				   struct gt_str rest)
{
	gt_auto_buf buf = {0};
	struct gt_str next = unescape(&buf, next_token(&rest));
	int64_t i;
	bool list = gt_str_is(next, "-") || (gt_str_i64(next, &i) && i >= 0);
	struct gt_node *made = list ? gt_node_seq(p->a) : gt_node_map(p->a);

	if (!made)
		return NULL;
	made->flags |= GT_NODE_MARK;
	gt_vec_push(&p->own, made);
	if (gt_node_is(in, GT_MAP))
		gt_node_setn(p->a, in, token, made);
	else if (gt_str_is(token, "-") ||
		 (gt_str_i64(token, &i) && i == (int64_t)gt_node_count(in)))
		gt_node_append(p->a, in, made);
	else
		return NULL;
	return made;
}

/*
 * Finds the container that holds the pointer's last token; with write it and all above it become
 * the patch's own.  False when a container on the way is missing.
 */
static bool locate(struct patcher *p, struct gt_str pointer, bool write, bool create,
		   struct place *ret)
{
	*ret = (struct place){0};
	if (pointer.n == 0)
		return true;
	if (pointer.p[0] != '/')
		return false;
	if (write)
		p->root = own(p, p->root);
	struct gt_node *n = p->root;
	for (;;) {
		struct gt_str token = unescape(&p->buf, next_token(&pointer));

		if (!gt_node_is(n, GT_MAP) && !gt_node_is(n, GT_SEQ))
			return false;
		if (pointer.n == 0) {
			*ret = (struct place){n, token};
			return true;
		}
		struct gt_node *next = child(n, token, p->opts->negative_indices);
		if (!next && create) {
			next = make_parent(p, n, token, pointer);
		} else if (next && write && next->kind >= GT_SEQ) {
			struct gt_node *mine = own(p, next);
			if (mine && mine != next)
				replace_child(p, n, token, mine);
			next = mine;
		}
		n = next;
	}
}

static int fail_op(struct patcher *p, const char *op, struct gt_str path, const char *cause)
{
	return gt_fail(p->err, GT_E_INVALID, "%s operation does not apply: doc is missing %s: %.*s",
		       op, cause, GT_STR_ARG(path));
}

static int fail_index(struct patcher *p, const char *op, struct gt_str path, struct gt_str key)
{
	int64_t i;

	if (!gt_str_i64(key, &i))
		return gt_fail(p->err, GT_E_INVALID,
			       "error in %s for path: '%.*s': value was not a proper array index: "
			       "'%.*s'",
			       op, GT_STR_ARG(path), GT_STR_ARG(key));
	return gt_fail(p->err, GT_E_INVALID,
		       "error in %s for path: '%.*s': Unable to access invalid index: %.*s: "
		       "invalid index referenced",
		       op, GT_STR_ARG(path), GT_STR_ARG(key));
}

/* An index below limit; negative ones count from the end of a list of that many. */
static bool read_index(const struct patcher *p, struct gt_str key, size_t limit, size_t *ret_i)
{
	int64_t i;

	if (!gt_str_i64(key, &i))
		return false;
	if (i < 0 && p->opts->negative_indices)
		i += (int64_t)limit;
	if (i < 0 || (uint64_t)i >= limit)
		return false;
	*ret_i = (size_t)i;
	return true;
}

static int op_add(struct patcher *p, struct gt_str path, struct gt_node *value, const char *op)
{
	struct place at;
	size_t i;

	if (!locate(p, path, true, p->opts->create_missing, &at)) {
		int rc = gt_arena_check(p->a, p->err);
		return rc < 0 ? rc
			      : gt_fail(p->err, GT_E_INVALID,
					"%s operation does not apply: doc is missing path: "
					"\"%.*s\": missing value",
					op, GT_STR_ARG(path));
	}
	if (!at.parent)
		p->root = value;
	else if (gt_node_is(at.parent, GT_MAP))
		gt_node_setn(p->a, at.parent, at.key, value);
	else if (gt_str_is(at.key, "-"))
		gt_node_append(p->a, at.parent, value);
	else if (read_index(p, at.key, gt_node_count(at.parent) + 1, &i))
		gt_node_insert(p->a, at.parent, i, value);
	else
		return fail_index(p, op, path, at.key);
	return GT_OK;
}

static int op_remove(struct patcher *p, struct gt_str path, const char *op)
{
	struct place at;
	size_t i;

	if (!locate(p, path, true, false, &at) || !at.parent)
		return gt_fail(
			p->err, GT_E_INVALID,
			"%s operation does not apply: doc is missing path: \"%.*s\": missing "
			"value",
			op, GT_STR_ARG(path));
	if (gt_node_is(at.parent, GT_MAP)) {
		if (!gt_node_unsetn(at.parent, at.key))
			return gt_fail(p->err, GT_E_INVALID,
				       "error in %s for path: '%.*s': Unable to remove nonexistent "
				       "key: %.*s: missing value",
				       op, GT_STR_ARG(path), GT_STR_ARG(at.key));
		return GT_OK;
	}
	if (!read_index(p, at.key, gt_node_count(at.parent), &i))
		return fail_index(p, op, path, at.key);
	gt_node_remove(at.parent, i);
	return GT_OK;
}

static int op_replace(struct patcher *p, struct gt_str path, struct gt_node *value)
{
	struct place at;

	if (!locate(p, path, true, false, &at))
		return fail_op(p, "replace", path, "path");
	if (!at.parent) {
		p->root = value;
		return GT_OK;
	}
	if (p->opts->replace_adds && gt_node_is(at.parent, GT_MAP)) {
		gt_node_setn(p->a, at.parent, at.key, value);
		return GT_OK;
	}
	if (!child(at.parent, at.key, p->opts->negative_indices))
		return gt_node_is(at.parent, GT_SEQ) ? fail_index(p, "replace", path, at.key)
						     : fail_op(p, "replace", path, "key");
	replace_child(p, at.parent, at.key, value);
	return GT_OK;
}

static struct gt_node *look_up(struct patcher *p, struct gt_str path)
{
	struct place at;

	if (!locate(p, path, false, false, &at))
		return NULL;
	return at.parent ? child(at.parent, at.key, p->opts->negative_indices) : p->root;
}

static bool too_deep(const struct gt_node *n, unsigned room)
{
	if (!gt_node_is(n, GT_MAP) && !gt_node_is(n, GT_SEQ))
		return false;
	if (room == 0)
		return true;
	gt_map_each(n, pair)
	{
		if (too_deep(pair->value, room - 1))
			return true;
	}
	gt_seq_for_each (n, item) {
		if (too_deep(item, room - 1))
			return true;
	}
	return false;
}

static int fail_deep(struct patcher *p)
{
	return gt_fail(p->err, GT_E_BUDGET, "the patched document is nested deeper than %d levels",
		       GT_LIMIT_DEPTH);
}

/* The copy is a deep one, so that its size counts against the budget. */
static int op_copy(struct patcher *p, struct gt_str from, struct gt_str path)
{
	const struct gt_node *n = look_up(p, from);

	if (!n)
		return fail_op(p, "copy", from, "from path");
	if (too_deep(n, GT_LIMIT_DEPTH))
		return fail_deep(p);
	return op_add(p, path, gt_node_dup(p->a, n), "copy");
}

static int op_move(struct patcher *p, struct gt_str from, struct gt_str path)
{
	struct gt_node *n = look_up(p, from);

	if (!n)
		return fail_op(p, "move", from, "from path");
	if (path.n > from.n && memcmp(path.p, from.p ? from.p : "", from.n) == 0 &&
	    path.p[from.n] == '/')
		return gt_fail(
			p->err, GT_E_INVALID,
			"move operation does not apply: %.*s cannot move into itself at %.*s",
			GT_STR_ARG(from), GT_STR_ARG(path));
	if (gt_str_eq(from, path))
		return GT_OK;
	int rc = op_remove(p, from, "move");
	return rc < 0 ? rc : op_add(p, path, n, "move");
}

static int op_test(struct patcher *p, struct gt_str path, const struct gt_node *value)
{
	struct place at;

	if (!locate(p, path, false, false, &at))
		return gt_fail(
			p->err, GT_E_INVALID,
			"test operation does not apply: is missing path: %.*s: missing value",
			GT_STR_ARG(path));
	const struct gt_node *n =
		at.parent ? child(at.parent, at.key, p->opts->negative_indices) : p->root;
	if (!n && gt_node_is(at.parent, GT_SEQ))
		return fail_index(p, "test", path, at.key);
	if (!gt_node_equal(n, value))
		return gt_fail(p->err, GT_E_INVALID, "testing value %.*s failed: test failed",
			       GT_STR_ARG(path));
	return GT_OK;
}

static int missing(struct patcher *p, const char *op, const char *field)
{
	return gt_fail(p->err, GT_E_INVALID, "%s operation failed to decode %s: missing value", op,
		       field);
}

static int apply_op(struct patcher *p, const struct gt_node *op)
{
	const char *name = gt_node_cstr(gt_node_get(op, "op"));
	const struct gt_node *path = gt_node_get(op, "path"), *from = gt_node_get(op, "from");
	struct gt_node *value = gt_node_get(op, "value");

	if (!gt_node_is(op, GT_MAP))
		return gt_fail(p->err, GT_E_INVALID, "expected an object, found %s",
			       gt_kind_name(gt_node_kind(op)));
	if (!name)
		return gt_fail(p->err, GT_E_INVALID, "Unexpected kind: unknown");
	if (!gt_node_is(path, GT_STR))
		return missing(p, name, "path");
	struct gt_str to = gt_node_text(path);
	if (gt_streq(name, "add"))
		return value ? op_add(p, to, value, "add") : missing(p, name, "value");
	if (gt_streq(name, "remove"))
		return op_remove(p, to, "remove");
	if (gt_streq(name, "replace"))
		return value ? op_replace(p, to, value) : missing(p, name, "value");
	if (gt_streq(name, "test"))
		return op_test(p, to, value);
	if (!gt_streq(name, "move") && !gt_streq(name, "copy"))
		return gt_fail(p->err, GT_E_INVALID, "Unexpected kind: %s", name);
	if (!gt_node_is(from, GT_STR))
		return missing(p, name, "from");
	return gt_streq(name, "move") ? op_move(p, gt_node_text(from), to)
				      : op_copy(p, gt_node_text(from), to);
}

static int apply_ops(struct patcher *p, const struct gt_node *ops)
{
	size_t n = gt_node_count(ops);

	if (!gt_node_is(ops, GT_SEQ))
		return gt_fail(p->err, GT_E_INVALID, "a JSON patch must be a list, found %s",
			       gt_kind_name(gt_node_kind(ops)));
	if (n > GT_LIMIT_PATCH_OPS)
		return gt_fail(p->err, GT_E_BUDGET, "a JSON patch of more than %d operations",
			       GT_LIMIT_PATCH_OPS);
	for (size_t i = 0; i < n; i++) {
		int rc = apply_op(p, gt_node_item(ops, i));

		if (rc >= 0)
			rc = gt_arena_check(p->a, p->err);
		if (rc < 0)
			return n > 1 ? gt_wrap(p->err, "operation %zu", i + 1), rc : rc;
	}
	return too_deep(p->root, GT_LIMIT_DEPTH) ? fail_deep(p) : GT_OK;
}

int gt_json_patch(struct gt_arena *a, const struct gt_node *doc, const struct gt_node *ops,
		  const struct gt_json_patch_opts *opts, struct gt_node **ret_doc,
		  struct gt_err *err)
{
	static const struct gt_json_patch_opts defaults = {.negative_indices = true};
	struct patcher p = {.a = a, .opts = opts ? opts : &defaults, .err = err};

	p.root = (struct gt_node *)(uintptr_t)doc; /* copied before any change */
	int rc = apply_ops(&p, ops);
	for (size_t i = 0; i < p.own.n; i++)
		p.own.v[i]->flags &= (uint8_t)~GT_NODE_MARK;
	gt_vec_fini(&p.own);
	gt_buf_fini(&p.buf);
	if (rc >= 0)
		*ret_doc = p.root;
	return rc;
}
