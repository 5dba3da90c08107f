/*
 * The YAML writer: block style throughout, as go-yaml's encoder lays it out.  How a scalar is
 * written is in yaml_emit_scalar.c.
 */
#include <stdlib.h>
#include <string.h>

#include "text/yaml_impl.h"

static void put_node(struct gt_yaml_out *o, const struct gt_node *n, unsigned indent,
		     bool under_key);

/* Starts a line at the indentation, or stays on the line of a "- " that just began. */
static void start_line(struct gt_yaml_out *o, unsigned indent, bool *joined)
{
	if (*joined) {
		size_t gap = indent > o->column ? indent - o->column : 0;
		gt_buf_fill(o->buf, ' ', gap);
		o->column += gap;
	} else {
		gt_yaml__newline(o, indent);
	}
	*joined = false;
}

static void put_pair(struct gt_yaml_out *o, const struct gt_pair *pair, unsigned indent)
{
	struct gt_str key = gt_strn(pair->key, pair->len);

	if (gt_yaml__is_simple_key(key)) {
		gt_yaml__put_key(o, key, true, indent + 2);
		gt_yaml__put(o, ":", 1);
		put_node(o, pair->value, indent, true);
		return;
	}
	gt_yaml__put(o, "? ", 2);
	gt_yaml__put_key(o, key, false, indent + 2);
	gt_yaml__newline(o, indent);
	gt_yaml__put(o, ":", 1);
	put_node(o, pair->value, indent, false);
}

static int pair_order(const struct gt_pair *p, const struct gt_pair *q)
{
	return gt_yaml_key_cmp(gt_strn(p->key, p->len), gt_strn(q->key, q->len));
}

/*
 * A merge sort, as the order is not transitive for every mix of digits and letters and the result
 * should at least be the same each time.
 */
static void sort_pairs(const struct gt_pair **v, const struct gt_pair **spare, size_t n)
{
	size_t half = n / 2, i = 0, j = half, at = 0;

	if (n < 2)
		return;
	sort_pairs(v, spare, half);
	sort_pairs(v + half, spare, n - half);
	if (pair_order(v[half - 1], v[half]) <= 0)
		return;
	while (i < half && j < n)
		spare[at++] = pair_order(v[i], v[j]) <= 0 ? v[i++] : v[j++];
	while (i < half)
		spare[at++] = v[i++];
	for (size_t k = 0; k < at; k++)
		v[k] = spare[k];
}

static const struct gt_pair **sorted_pairs(const struct gt_node *map, size_t n)
{
	const struct gt_pair **pairs = gt_xcalloc(2 * n, sizeof *pairs);

	for (size_t i = 0; i < n; i++)
		pairs[i] = gt_node_pair(map, i);
	sort_pairs(pairs, pairs + n, n);
	return pairs;
}

static void put_map(struct gt_yaml_out *o, const struct gt_node *map, unsigned indent, bool joined)
{
	size_t n = gt_node_count(map);
	gt_autofree const struct gt_pair **sorted =
		o->style & GT_YAML_SORTED && n > 1 ? sorted_pairs(map, n) : NULL;

	for (size_t i = 0; i < n && !o->buf->failed; i++) {
		start_line(o, indent, &joined);
		put_pair(o, sorted ? sorted[i] : gt_node_pair(map, i), indent);
	}
}

static void put_seq(struct gt_yaml_out *o, const struct gt_node *seq, unsigned indent, bool joined)
{
	size_t n = gt_node_count(seq);

	for (size_t i = 0; i < n && !o->buf->failed; i++) {
		start_line(o, indent, &joined);
		gt_yaml__put(o, "-", 1);
		put_node(o, gt_node_item(seq, i), indent, false);
	}
}

/* A scalar between brackets: what would end it there goes into quotes. */
static void put_flow_scalar(struct gt_yaml_out *o, const struct gt_node *n, unsigned indent)
{
	struct gt_node quoted;

	if (gt_node_is(n, GT_STR) && n->n && strcspn(n->s, ",[]{}") < n->n) {
		quoted = *n;
		quoted.style = GT_STYLE_SINGLE;
		n = &quoted;
	}
	gt_yaml__put_scalar(o, n, indent);
}

static void put_flow(struct gt_yaml_out *o, const struct gt_node *n, unsigned indent)
{
	bool map = gt_node_is(n, GT_MAP);

	if (gt_node_kind(n) < GT_SEQ) {
		put_flow_scalar(o, n, indent);
		return;
	}
	gt_yaml__put(o, map ? "{" : "[", 1);
	for (size_t i = 0; i < gt_node_count(n); i++) {
		const struct gt_pair *p = gt_node_pair(n, i);

		if (i)
			gt_yaml__put(o, ", ", 2);
		if (map) {
			gt_yaml__put_key(o, gt_strn(p->key, p->len), true, indent);
			gt_yaml__put(o, ": ", 2);
		}
		put_flow(o, map ? p->value : gt_node_item(n, i), indent);
	}
	gt_yaml__put(o, map ? "}" : "]", 1);
}

/*
 * A node after "key:" or after "-" and the ":" of a long key, on the same line where it can be.
 * indent is that of the collection it stands in.
 */
static void put_node(struct gt_yaml_out *o, const struct gt_node *n, unsigned indent,
		     bool under_key)
{
	enum gt_kind kind = gt_node_kind(n);
	bool is_block = kind >= GT_SEQ && gt_node_count(n);

	if (!is_block) {
		gt_yaml__put(o, " ", 1);
		if (kind == GT_MAP || kind == GT_SEQ)
			gt_yaml__put(o, kind == GT_MAP ? "{}" : "[]", 2);
		else
			gt_yaml__put_scalar(o, n, indent + 2);
	} else if (o->style & GT_YAML_KEEP_STYLE && n->style == GT_STYLE_FLOW) {
		gt_yaml__put(o, " ", 1);
		put_flow(o, n, indent + 2);
	} else if (kind == GT_MAP) {
		put_map(o, n, indent + 2, !under_key);
	} else if (under_key && !(o->style & GT_YAML_SEQ_INDENT)) {
		put_seq(o, n, indent, false);
	} else {
		put_seq(o, n, indent + 2, !under_key);
	}
}

void gt_yaml_write(struct gt_buf *out, const struct gt_node *n, unsigned style)
{
	struct gt_yaml_out o = {out, 0, true, style};
	enum gt_kind kind = gt_node_kind(n);

	if (kind == GT_MAP && gt_node_count(n))
		put_map(&o, n, 0, false);
	else if (kind == GT_SEQ && gt_node_count(n))
		put_seq(&o, n, 0, false);
	else if (kind == GT_MAP || kind == GT_SEQ)
		gt_yaml__put(&o, kind == GT_MAP ? "{}" : "[]", 2);
	else
		gt_yaml__put_scalar(&o, n, 2);
	if (!o.bol || o.column)
		gt_buf_addc(out, '\n');
}
