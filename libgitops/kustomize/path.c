#include "kustomize/path.h"

#include <string.h>

#include "base/limits.h"
#include "kustomize/scalar.h"
#include "text/regex.h"

static bool is_number(struct gt_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n > 0;
}

static bool is_matcher(struct gt_str s)
{
	return s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']';
}

static bool split_matcher(struct gt_str s, struct gt_str *key, struct gt_str *value)
{
	size_t eq = gt_str_find(s, '=');

	if (!is_matcher(s) || eq == SIZE_MAX)
		return false;
	*key = gt_str_sub(s, 1, eq - 1);
	*value = gt_str_sub(s, eq + 1, s.n - eq - 2);
	return true;
}

static void push_part(struct kz_build *b, struct kz_path *path, const struct gt_buf *part)
{
	struct gt_str s = gt_arena_str(b->a, gt_buf_str(part));

	/* Brackets without "=" only protect dots. */
	if (is_matcher(s) && gt_str_find(s, '=') == SIZE_MAX && gt_str_find(s, '.') != SIZE_MAX)
		s = gt_str_sub(s, 1, s.n - 2);
	kz_push(b->a, path, s);
}

int kz_path_split(struct kz_build *b, struct gt_str text, struct kz_path *ret)
{
	gt_auto_buf part = {0};
	bool bracket = false;

	if (text.n > 1 && text.p[0] == '.')
		text = gt_str_from(text, 1);
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '\\' && i + 1 < text.n && text.p[i + 1] == '.') {
			gt_buf_addc(&part, '.');
			i++;
			continue;
		}
		if (c == '[' && part.n == 0)
			bracket = true;
		if (c == ']' && (i + 1 == text.n || text.p[i + 1] == '.'))
			bracket = false;
		if (c == '.' && !bracket) {
			push_part(b, ret, &part);
			gt_buf_reset(&part);
		} else {
			gt_buf_addc(&part, c);
		}
	}
	push_part(b, ret, &part);
	return kz_check(b);
}

static struct gt_node *get_one(const struct gt_node *n, struct gt_str part)
{
	struct gt_str key, value;
	uint64_t index;

	if (gt_node_is(n, GT_MAP))
		return gt_node_getn(n, part);
	if (!gt_node_is(n, GT_SEQ))
		return NULL;
	if (gt_str_is(part, "-"))
		return n->n ? gt_node_item(n, n->n - 1) : NULL;
	if (is_number(part))
		return gt_str_u64(part, &index) ? gt_node_item(n, (size_t)index) : NULL;
	if (!split_matcher(part, &key, &value))
		return NULL;
	gt_seq_for_each (n, item) {
		const struct gt_node *have = key.n ? gt_node_getn(item, key) : item;

		if (have && kz_is_scalar(have) && gt_str_eq(kz_text(have), value))
			return item;
	}
	return NULL;
}

struct gt_node *kz_path_get(const struct gt_node *root, const struct gt_str *path, uint32_t n)
{
	struct gt_node *at = NULL;

	for (uint32_t i = 0; i < n; i++) {
		struct gt_str part = gt_str_trim(path[i]);

		if (!part.n) /* as in ".metadata.name" */
			continue;
		at = get_one(at ? at : root, part);
		if (!at)
			return NULL;
	}
	return at;
}

const struct gt_node *kz_path_get_indexed(const struct gt_node *root, struct gt_str path)
{
	struct gt_split it = {.rest = path};
	const struct gt_node *n = root;
	struct gt_str part;

	while (n && gt_split_next(&it, '.', &part)) {
		size_t open = gt_str_find(part, '[');
		struct gt_str key = gt_str_sub(part, 0, open == SIZE_MAX ? part.n : open);

		if (key.n)
			n = gt_node_getn(n, key);
		while (n && open != SIZE_MAX && open < part.n && part.p[open] == '[') {
			struct gt_str rest = gt_str_from(part, open + 1);
			size_t close = gt_str_find(rest, ']');
			uint64_t index;

			if (close == SIZE_MAX || !gt_str_u64(gt_str_sub(rest, 0, close), &index))
				return NULL;
			n = gt_node_item(n, (size_t)index);
			open += close + 2;
		}
	}
	return n;
}

/* --- matching --------------------------------------------------------------------------------- */
struct matcher {
	struct kz_build *b;
	const struct gt_str *path;
	uint32_t n;
	enum gt_kind create;
	struct kz_nodes *out;
	unsigned depth;
};

static int match_at(struct matcher *m, struct gt_node *n, uint32_t i);

/* The node that a missing part is created as: what the next part needs. */
static struct gt_node *create_for(struct matcher *m, uint32_t next)
{
	enum gt_kind kind = m->create;

	if (next < m->n) {
		struct gt_str part = m->path[next];

		kind = is_number(part) || is_matcher(part) || gt_str_is(part, "-") ? GT_SEQ
										   : GT_MAP;
	}
	if (kind == GT_MAP)
		return gt_node_map(m->b->a);
	if (kind == GT_SEQ)
		return gt_node_seq(m->b->a);
	return kz_scalar(m->b->a, gt_strn("", 0), GT_RAW_NONE);
}

static int not_a(struct matcher *m, const struct gt_node *n, const char *what, struct gt_str part)
{
	return kz_fail(m->b, "line %u: expected a %s for path segment '%.*s'", n ? n->line : 0,
		       what, GT_STR_ARG(part));
}

/* Text below which the path goes on: read as YAML, and what is found there is changed in vain. */
static int match_inside(struct matcher *m, const struct gt_node *n, uint32_t i)
{
	struct gt_node *inner = NULL;
	int rc = gt_yaml_raw_parse(m->b->a, kz_text(n), NULL, &inner, m->b->err);

	if (rc < 0)
		return rc;
	return inner ? match_at(m, inner, i) : GT_OK;
}

static int match_field(struct matcher *m, struct gt_node *n, uint32_t i)
{
	struct gt_node *field;

	if (!gt_node_is(n, GT_MAP))
		return not_a(m, n, "map", m->path[i]);
	field = gt_node_getn(n, m->path[i]);
	if (!field && m->create == GT_NULL)
		return GT_OK;
	if (!field) {
		field = create_for(m, i + 1);
		gt_node_setn(m->b->a, n, m->path[i], field);
		if (!field)
			return kz_check(m->b);
	}
	if (kz_is_scalar(field) && i + 1 < m->n && !kz_is_null(field))
		return match_inside(m, field, i + 1);
	return match_at(m, field, i + 1);
}

static int match_index(struct matcher *m, struct gt_node *n, uint32_t i)
{
	uint64_t index = 0;

	if (!gt_node_is(n, GT_SEQ))
		return not_a(m, n, "list", m->path[i]);
	if (!gt_str_u64(m->path[i], &index))
		index = UINT64_MAX;
	if (index == n->n && m->create != GT_NULL)
		gt_node_append(m->b->a, n, create_for(m, i + 1));
	struct gt_node *item = index < n->n ? gt_node_item(n, (size_t)index) : NULL;
	if (!item)
		return kz_fail(m->b, "index %.*s specified but only %u elements found",
			       GT_STR_ARG(m->path[i]), n->n);
	return match_at(m, item, i + 1);
}

static int match_elements(struct matcher *m, struct gt_node *n, uint32_t i, struct gt_str key,
			  const struct gt_regex *re)
{
	gt_seq_for_each (n, item) {
		const struct gt_node *have = key.n ? gt_node_getn(item, key) : item;
		int rc;

		if (!have || !kz_is_scalar(have) || !gt_regex_match(re, kz_text(have)))
			continue;
		if (key.n) {
			rc = match_at(m, item, i + 1);
		} else {
			kz_push(m->b->a, m->out, item);
			rc = kz_check(m->b);
		}
		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

static int match_keyed(struct matcher *m, struct gt_node *n, uint32_t i)
{
	struct gt_str key, value;
	struct gt_regex *re = NULL;
	uint32_t before = m->out->n;

	if (!gt_node_is(n, GT_SEQ))
		return not_a(m, n, "list", m->path[i]);
	if (!split_matcher(m->path[i], &key, &value))
		return kz_fail(m->b, "invalid path segment '%.*s'", GT_STR_ARG(m->path[i]));
	int rc = gt_regex_new(value, &re, m->b->err);
	if (rc == GT_OK)
		rc = match_elements(m, n, i, key, re);
	gt_regex_free(re);
	if (rc < 0 || m->create == GT_NULL || m->out->n != before)
		return rc;
	struct gt_node *elem = kz_scalar(m->b->a, value, GT_RAW_NONE);
	if (key.n) {
		struct gt_node *map = gt_node_map(m->b->a);

		gt_node_setn(m->b->a, map, key, elem);
		elem = map;
	}
	gt_node_append(m->b->a, n, elem);
	if (key.n)
		return elem ? match_at(m, elem, i + 1) : kz_check(m->b);
	kz_push(m->b->a, m->out, elem);
	return kz_check(m->b);
}

static int match_every(struct matcher *m, struct gt_node *n, uint32_t i)
{
	if (!gt_node_is(n, GT_SEQ))
		return not_a(m, n, "list", m->path[i]);
	gt_seq_for_each (n, item) {
		int rc = match_at(m, item, i + 1);

		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

static int match_at(struct matcher *m, struct gt_node *n, uint32_t i)
{
	if (i == m->n) {
		kz_push(m->b->a, m->out, n);
		return kz_check(m->b);
	}
	if (m->depth > GT_LIMIT_DEPTH)
		return gt_fail(m->b->err, GT_E_BUDGET, "path too deep");
	m->depth++;
	struct gt_str part = m->path[i];
	int rc;
	if (is_number(part))
		rc = match_index(m, n, i);
	else if (is_matcher(part))
		rc = match_keyed(m, n, i);
	else if (gt_str_is(part, "*"))
		rc = match_every(m, n, i);
	else
		rc = match_field(m, n, i);
	m->depth--;
	return rc;
}

int kz_path_match(struct kz_build *b, struct gt_node *root, const struct gt_str *path, uint32_t n,
		  enum gt_kind create, struct kz_nodes *ret)
{
	struct matcher m = {b, path, n, create, ret, 0};

	return match_at(&m, root, 0);
}
