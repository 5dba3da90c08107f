/* fieldsV1 in and out, and how elements read for people. */
#include "ssa/set.h"

#include "base/limits.h"
#include "text/json.h"

void gt_ssa_elem_print(struct gt_buf *out, const struct gt_ssa_elem *e)
{
	switch (e->kind) {
	case GT_SSA_FIELD:
		gt_buf_addc(out, '.');
		gt_buf_add_str(out, e->name);
		break;
	case GT_SSA_KEY:
		gt_buf_addc(out, '[');
		for (uint32_t i = 0; i < e->n_keys; i++) {
			if (i > 0)
				gt_buf_addc(out, ',');
			gt_buf_add_str(out, e->keys[i].name);
			gt_buf_addc(out, '=');
			gt_json_write(out, e->keys[i].value, GT_JSON_COMPACT, 0);
		}
		gt_buf_addc(out, ']');
		break;
	case GT_SSA_VALUE:
		gt_buf_adds(out, "[=");
		gt_json_write(out, e->value, GT_JSON_COMPACT, 0);
		gt_buf_addc(out, ']');
		break;
	case GT_SSA_INDEX: gt_buf_printf(out, "[%lld]", (long long)e->index); break;
	}
}

/* --- reading ------------------------------------------------------------------------------ */

static int key_cmp(const void *x, const void *y)
{
	const struct gt_ssa_key *a = x, *b = y;

	return gt_str_cmp(a->name, b->name);
}

static int parse_keys(struct gt_arena *a, const struct gt_node *map, struct gt_ssa_elem *ret_elem,
		      struct gt_err *err)
{
	size_t n = gt_node_count(map);
	struct gt_ssa_key *keys;
	uint32_t i = 0;

	if (!gt_node_is(map, GT_MAP))
		return gt_fail(err, GT_E_INVALID, "not an object");
	keys = gt_arena_calloc(a, n ? n : 1, sizeof *keys);
	if (!keys)
		return gt_arena_check(a, err);
	gt_map_each(map, p) keys[i++] = (struct gt_ssa_key){gt_strn(p->key, p->len), p->value};
	qsort(keys, n, sizeof *keys, key_cmp);
	*ret_elem = (struct gt_ssa_elem){.kind = GT_SSA_KEY, .n_keys = (uint32_t)n, .keys = keys};
	return GT_OK;
}

/* Sets *ret_known to false for an element of a kind from the future. */
static int parse_elem(struct gt_arena *a, struct gt_str text, struct gt_ssa_elem *ret_elem,
		      bool *ret_known, struct gt_err *err)
{
	struct gt_str rest = gt_str_from(text, 2);
	struct gt_node *value = NULL;
	int64_t index;

	if (text.n < 2 || text.p[1] != ':')
		return gt_fail(err, GT_E_INVALID, "no kind of path element");
	*ret_known = true;
	switch (text.p[0]) {
	case 'f': *ret_elem = gt_ssa_field(rest); return GT_OK;
	case 'i':
		if (!gt_str_i64(rest, &index))
			return gt_fail(err, GT_E_INVALID, "not an index");
		*ret_elem = (struct gt_ssa_elem){.kind = GT_SSA_INDEX, .index = index};
		return GT_OK;
	case 'k':
	case 'v':
		if (gt_json_parse(a, rest, GT_JSON_DUP_LAST, &value, err) < 0)
			return err ? err->code : GT_E_INVALID;
		if (text.p[0] == 'k')
			return parse_keys(a, value, ret_elem, err);
		*ret_elem = (struct gt_ssa_elem){.kind = GT_SSA_VALUE, .value = value};
		return GT_OK;
	default: *ret_known = false; return GT_OK;
	}
}

static int parse_level(struct gt_arena *a, const struct gt_node *fields, struct gt_ssa_set *set,
		       bool *ret_member, unsigned depth, struct gt_err *err)
{
	if (!gt_node_is(fields, GT_MAP))
		return gt_fail(err, GT_E_INVALID, "fieldsV1: not an object");
	if (depth > GT_LIMIT_DEPTH)
		return gt_fail(err, GT_E_BUDGET, "fieldsV1: nested too deeply");
	*ret_member = gt_node_count(fields) == 0;
	gt_map_each(fields, p)
	{
		struct gt_str text = gt_strn(p->key, p->len);
		struct gt_ssa_elem elem;
		bool known, member;
		if (gt_str_is(text, ".")) {
			*ret_member = true;
			continue;
		}
		int rc = parse_elem(a, text, &elem, &known, err);
		if (rc < 0)
			return gt_wrap(err, "fieldsV1: %.*s", GT_STR_ARG(text));
		if (!known)
			continue;
		struct gt_ssa_set *child = gt_ssa_set_new(a);
		if (!child)
			return gt_arena_check(a, err);
		rc = parse_level(a, p->value, child, &member, depth + 1, err);
		if (rc < 0)
			return rc;
		struct gt_ssa_entry *entry = gt_ssa_set_entry(a, set, &elem);
		if (!entry)
			return gt_arena_check(a, err);
		entry->member |= member;
		if (child->n > 0)
			entry->child = child;
	}
	return GT_OK;
}

int gt_ssa_fields_parse(struct gt_arena *a, const struct gt_node *fields,
			struct gt_ssa_set **ret_set, struct gt_err *err)
{
	struct gt_ssa_set *set = gt_ssa_set_new(a);
	bool member;

	if (set && fields) {
		int rc = parse_level(a, fields, set, &member, 0, err);
		if (rc < 0)
			return rc;
	}
	if (gt_arena_check(a, err) < 0)
		return GT_E_BUDGET;
	*ret_set = set;
	return GT_OK;
}

/* --- writing ------------------------------------------------------------------------------ */

static void elem_text(struct gt_buf *out, const struct gt_ssa_elem *e)
{
	switch (e->kind) {
	case GT_SSA_FIELD:
		gt_buf_adds(out, "f:");
		gt_buf_add_str(out, e->name);
		break;
	case GT_SSA_KEY:
		gt_buf_adds(out, "k:{");
		for (uint32_t i = 0; i < e->n_keys; i++) {
			if (i > 0)
				gt_buf_addc(out, ',');
			gt_json_write_str(out, e->keys[i].name, true);
			gt_buf_addc(out, ':');
			gt_json_write(out, e->keys[i].value, GT_JSON_SORTED | GT_JSON_HTML, 0);
		}
		gt_buf_addc(out, '}');
		break;
	case GT_SSA_VALUE:
		gt_buf_adds(out, "v:");
		gt_json_write(out, e->value, GT_JSON_SORTED | GT_JSON_HTML, 0);
		break;
	case GT_SSA_INDEX: gt_buf_printf(out, "i:%lld", (long long)e->index); break;
	}
}

/* "." comes first in a map that is a member itself and has more below. */
static struct gt_node *with_dots(struct gt_arena *a, const struct gt_ssa_set *s,
				 struct gt_buf *scratch, bool self)
{
	struct gt_node *map = gt_node_map(a);

	if (self)
		gt_node_set(a, map, ".", gt_node_map(a));
	for (uint32_t i = 0; s && i < s->n; i++) {
		const struct gt_ssa_entry *e = &s->v[i];
		bool below = !gt_ssa_set_empty(e->child);
		if (!e->member && !below)
			continue;
		struct gt_node *child =
			below ? with_dots(a, e->child, scratch, e->member) : gt_node_map(a);
		gt_buf_reset(scratch);
		elem_text(scratch, &e->elem);
		gt_node_setn(a, map, gt_buf_str(scratch), child);
	}
	return map;
}

struct gt_node *gt_ssa_fields_node(struct gt_arena *a, const struct gt_ssa_set *s)
{
	gt_auto_buf scratch = {0};

	return with_dots(a, s, &scratch, false);
}
