/* Evaluating compiled JSONPath: each step turns a list of nodes into another. */
#include "base/limits.h"
#include "text/json.h"
#include "text/jsonpath_impl.h"
#include "text/number.h"

struct eval {
	struct gt_arena *a;
	bool allow_missing;
	struct gt_err *err;
	/* The state of range and end, as in the original. */
	unsigned begin, in, end;
	size_t last_end;
};

static int eval_list(struct eval *e, const struct gt_jp_list *list, struct gt_node *in,
		     struct gt_node **ret);

static bool is_container(const struct gt_node *n)
{
	return gt_node_is(n, GT_MAP) || gt_node_is(n, GT_SEQ);
}

static int eval_field(struct eval *e, const struct gt_jp_step *s, const struct gt_node *in,
		      struct gt_node *out)
{
	gt_seq_for_each (in, item)
		gt_node_append(e->a, out, gt_node_getn(item, s->name));
	if (gt_node_count(in) && !gt_node_count(out) && !e->allow_missing)
		return gt_fail(e->err, GT_E_NOT_FOUND, "%.*s is not found", GT_STR_ARG(s->name));
	return GT_OK;
}

/* Resolves the bounds against a list of n items. */
static int slice_bounds(struct eval *e, const struct gt_jp_bound *b, int64_t n, int64_t *ret_from,
			int64_t *ret_to, int64_t *ret_step)
{
	int64_t from = b[0].known ? b[0].value : 0, to = b[1].known ? b[1].value : n;
	int64_t step = b[2].known ? b[2].value : 1;

	if (from < 0)
		from += n;
	if (to < 0 || (to == 0 && b[1].derived))
		to += n;
	*ret_from = from;
	*ret_to = to;
	*ret_step = step;
	if (from == to)
		return GT_OK;
	if (from < 0 || from >= n || to < 0 || to > n)
		return gt_fail(e->err, GT_E_NOT_FOUND,
			       "array index out of bounds: index %lld, length %lld",
			       (long long)(from < 0 || from >= n ? from : to - 1), (long long)n);
	if (from > to)
		return gt_fail(e->err, GT_E_INVALID,
			       "starting index %lld is greater than ending index %lld",
			       (long long)from, (long long)to);
	return step > 0 ? GT_OK : gt_fail(e->err, GT_E_INVALID, "step must be > 0");
}

static int eval_slice(struct eval *e, const struct gt_jp_step *s, const struct gt_node *in,
		      struct gt_node *out)
{
	gt_seq_for_each (in, item) {
		int64_t from, to, step;

		if (gt_node_is_null(item))
			continue;
		if (!gt_node_is(item, GT_SEQ))
			return gt_fail(e->err, GT_E_INVALID, "%s is not array or slice",
				       gt_kind_name(gt_node_kind(item)));
		int rc =
			slice_bounds(e, s->bounds, (int64_t)gt_node_count(item), &from, &to, &step);
		if (rc < 0)
			return rc;
		for (; from<to; from = to - from> step ? from + step : to)
			gt_node_append(e->a, out, gt_node_item(item, (size_t)from));
	}
	return GT_OK;
}

static void add_children(struct eval *e, const struct gt_node *n, struct gt_node *out)
{
	gt_map_each(n, pair) gt_node_append(e->a, out, pair->value);
	gt_seq_for_each (n, item)
		gt_node_append(e->a, out, item);
}

/* What has something in it, strings included, and then all such below it. */
static void descend(struct eval *e, struct gt_node *n, struct gt_node *out)
{
	bool empty = is_container(n) ? gt_node_count(n) == 0
				     : !gt_node_is(n, GT_STR) || gt_node_text(n).n == 0;

	if (empty || e->a->failed)
		return;
	gt_node_append(e->a, out, n);
	gt_map_each(n, pair) descend(e, pair->value, out);
	gt_seq_for_each (n, item)
		descend(e, item, out);
}

static bool is_number(const struct gt_node *n)
{
	return gt_node_is(n, GT_INT) || gt_node_is(n, GT_FLOAT);
}

static int compare(struct eval *e, enum gt_jp_op op, const struct gt_node *x,
		   const struct gt_node *y, bool *ret_pass)
{
	int c;

	if (is_number(x) && is_number(y)) {
		c = gt_number_cmp(gt_node_text(x), gt_node_text(y));
	} else if (gt_node_is(x, GT_STR) && gt_node_is(y, GT_STR)) {
		c = gt_str_cmp(gt_node_text(x), gt_node_text(y));
	} else if (gt_node_is(x, GT_BOOL) && gt_node_is(y, GT_BOOL) &&
		   (op == GT_JP_EQ || op == GT_JP_NE)) {
		c = x->truth != y->truth;
	} else {
		return gt_fail(e->err, GT_E_INVALID, "incompatible types for comparison");
	}
	switch (op) {
	case GT_JP_LT: *ret_pass = c < 0; break;
	case GT_JP_GT: *ret_pass = c > 0; break;
	case GT_JP_EQ: *ret_pass = c == 0; break;
	case GT_JP_NE: *ret_pass = c != 0; break;
	case GT_JP_LE: *ret_pass = c <= 0; break;
	default: *ret_pass = c >= 0; break;
	}
	return GT_OK;
}

/* Whether one item passes; a side without a value never does. */
static int test_item(struct eval *e, const struct gt_jp_step *s, struct gt_node *item,
		     bool *ret_pass)
{
	struct gt_node *one = gt_node_seq(e->a), *left, *right;

	*ret_pass = false;
	gt_node_append(e->a, one, item);
	int rc = eval_list(e, &s->lists[0], one, &left);
	if (s->op == GT_JP_EXISTS) {
		*ret_pass = rc >= 0 && gt_node_count(left);
		return rc == GT_E_BUDGET ? rc : GT_OK;
	}
	if (rc < 0 || gt_node_count(left) == 0)
		return rc;
	rc = eval_list(e, &s->lists[1], one, &right);
	if (rc < 0 || gt_node_count(right) == 0)
		return rc;
	if (gt_node_count(left) > 1 || gt_node_count(right) > 1)
		return gt_fail(e->err, GT_E_INVALID, "can only compare one element at a time");
	return compare(e, s->op, gt_node_item(left, 0), gt_node_item(right, 0), ret_pass);
}

static int eval_filter(struct eval *e, const struct gt_jp_step *s, const struct gt_node *in,
		       struct gt_node *out)
{
	gt_seq_for_each (in, list) {
		if (!gt_node_is(list, GT_SEQ))
			return gt_fail(e->err, GT_E_INVALID,
				       "%s is not array or slice and cannot be filtered",
				       gt_kind_name(gt_node_kind(list)));
		gt_seq_for_each (list, item) {
			bool pass;
			int rc = test_item(e, s, item, &pass);

			if (rc < 0)
				return rc;
			if (pass)
				gt_node_append(e->a, out, item);
		}
	}
	return GT_OK;
}

static int eval_union(struct eval *e, const struct gt_jp_step *s, struct gt_node *in,
		      struct gt_node *out)
{
	for (const struct gt_jp_list *list = s->lists; list; list = list->next) {
		struct gt_node *found;
		int rc = eval_list(e, list, in, &found);

		if (rc < 0)
			return rc;
		gt_seq_for_each (found, item)
			gt_node_append(e->a, out, item);
	}
	return GT_OK;
}

static int eval_step(struct eval *e, const struct gt_jp_step *s, struct gt_node *in,
		     struct gt_node **ret)
{
	struct gt_node *out = gt_node_seq(e->a);

	*ret = out;
	switch (s->kind) {
	case GT_JP_LITERAL: gt_node_append(e->a, out, s->literal); break;
	case GT_JP_FIELD: return eval_field(e, s, in, out);
	case GT_JP_SLICE: return eval_slice(e, s, in, out);
	case GT_JP_FILTER: return eval_filter(e, s, in, out);
	case GT_JP_UNION: return eval_union(e, s, in, out);
	case GT_JP_WILDCARD:
		gt_seq_for_each (in, item)
			add_children(e, item, out);
		break;
	case GT_JP_RECURSIVE:
		gt_seq_for_each (in, item)
			descend(e, item, out);
		break;
	case GT_JP_RANGE:
		e->begin++;
		*ret = in;
		break;
	case GT_JP_END:
		if (e->in == 0)
			return gt_fail(e->err, GT_E_INVALID, "not in range, nothing to end");
		e->end++;
		break;
	}
	return GT_OK;
}

static int eval_list(struct eval *e, const struct gt_jp_list *list, struct gt_node *in,
		     struct gt_node **ret)
{
	int rc = GT_OK;

	for (const struct gt_jp_step *s = list->first; s && rc >= 0; s = s->next) {
		rc = eval_step(e, s, in, &in);
		if (rc >= 0)
			rc = gt_arena_check(e->a, e->err);
	}
	*ret = in;
	return rc;
}

static struct gt_node *start_with(struct gt_arena *a, const struct gt_node *root)
{
	struct gt_node *seq = gt_node_seq(a);

	gt_node_append(a, seq, root ? (struct gt_node *)(uintptr_t)root : gt_node_null(a));
	return seq;
}

int gt_jsonpath_find(struct gt_arena *a, const struct gt_jsonpath *path, const struct gt_node *root,
		     bool allow_missing, struct gt_node **ret_values, struct gt_err *err)
{
	struct eval e = {.a = a, .allow_missing = allow_missing, .err = err};
	size_t i = 0;

	while (i < path->n && path->parts[i].is_text)
		i++;
	if (i == path->n) {
		*ret_values = gt_node_seq(a);
		return gt_arena_check(a, err);
	}
	struct gt_node *values;
	int rc = eval_list(&e, &path->parts[i].list, start_with(a, root), &values);
	if (rc >= 0)
		*ret_values = values;
	return rc;
}

/* --- printing ----------------------------------------------------------------------------- */

static void print_value(struct gt_buf *out, const struct gt_node *n)
{
	char text[GT_DOUBLE_TEXT];
	double d;

	if (gt_node_is(n, GT_STR)) {
		gt_buf_add_str(out, gt_node_text(n));
	} else if (gt_node_is(n, GT_FLOAT) && gt_node_get_double(n, &d)) {
		gt_double_g(d, text);
		gt_buf_adds(out, text);
	} else {
		gt_json_write(out, n, GT_JSON_SORTED | GT_JSON_HTML | GT_JSON_GO_NUMBERS, 0);
	}
}

static void print_values(struct gt_buf *out, const struct gt_node *values)
{
	for (size_t i = 0; i < gt_node_count(values); i++) {
		if (i)
			gt_buf_addc(out, ' ');
		print_value(out, gt_node_item(values, i));
	}
}

/*
 * Runs the template from a part on.  A range runs what follows it once per value, each time up to
 * the matching end; out is NULL while only the end is looked for.
 */
static int run(struct eval *e, const struct gt_jsonpath *path, size_t start,
	       const struct gt_node *data, struct gt_buf *out)
{
	for (size_t i = start; i < path->n; i++) {
		struct gt_node *values;
		int rc = eval_list(e, &path->parts[i].list, start_with(e->a, data), &values);

		if (rc < 0)
			return rc;
		if (e->end > 0 && e->end <= e->in) {
			e->end--;
			e->last_end = i;
			return GT_OK;
		}
		if (e->begin == 0) {
			if (out)
				print_values(out, values);
			continue;
		}
		e->begin--;
		if (++e->in > GT_LIMIT_DEPTH)
			return gt_fail(e->err, GT_E_BUDGET, "ranges nested deeper than %d levels",
				       GT_LIMIT_DEPTH);
		if (gt_node_count(values) == 0)
			rc = run(e, path, i + 1, NULL, NULL);
		gt_seq_for_each (values, value) {
			if (rc >= 0)
				rc = run(e, path, i + 1, value, out);
		}
		if (rc < 0)
			return rc;
		e->in--;
		if (e->last_end > i && e->last_end < path->n)
			i = e->last_end;
	}
	return GT_OK;
}

int gt_jsonpath_print(struct gt_arena *a, struct gt_buf *out, const struct gt_jsonpath *path,
		      const struct gt_node *root, bool allow_missing, struct gt_err *err)
{
	struct eval e = {.a = a, .allow_missing = allow_missing, .err = err};
	int rc = run(&e, path, 0, root, out);

	return rc < 0 ? rc : gt_buf_check(out, err);
}
