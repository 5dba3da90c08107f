/* Merging an applied configuration into the live document. */
#include "ssa/walk.h"

struct merging {
	struct gt_arena *a;
	struct gt_err *err;
	int rc;
};

static struct gt_node *merge(struct merging *m, struct gt_type type, const struct gt_node *live,
			     const struct gt_node *config);

static struct gt_node *keep(const struct gt_node *live, const struct gt_node *config)
{
	const struct gt_node *n = config ? config : live;

	return (struct gt_node *)(uintptr_t)n;
}

static struct gt_node *merge_map(struct merging *m, struct gt_type type, const struct gt_node *live,
				 const struct gt_node *config)
{
	struct gt_node *out = gt_node_map(m->a);

	gt_map_each(live, p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		struct gt_node *value = merge(m, gt_type_child(type, p->key, p->len), p->value,
					      gt_node_getn(config, key));
		if (value)
			gt_node_setn(m->a, out, key, value);
	}
	gt_map_each(config, p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		if (gt_node_getn(live, key))
			continue;
		struct gt_node *value =
			merge(m, gt_type_child(type, p->key, p->len), NULL, p->value);
		if (value)
			gt_node_setn(m->a, out, key, value);
	}
	return gt_node_count(out) > 0 ? out : NULL;
}

/*
 * Two fingers, l on live and r on config.  Items in both appear where config has them, relative to
 * each other; live's other items keep their place before the next shared one.
 */
struct lists {
	struct merging *m;
	struct gt_type item;
	const struct gt_node *live, *config;
	struct ssa_index lx, rx;
	bool *done;      /* of config's items: already merged */
	uint32_t shared; /* position in config of the next item that live has too */
	struct gt_node *out;
};

static uint32_t next_shared(const struct lists *s, uint32_t from)
{
	uint32_t first;

	while (from < s->rx.n && ssa_index_find(&s->lx, &s->rx.elems[from], &first) == 0)
		from++;
	return from;
}

static void emit_live(struct lists *s, uint32_t l)
{
	struct gt_node *item = merge(s->m, s->item, gt_node_item(s->live, l), NULL);

	if (item)
		gt_node_append(s->m->a, s->out, item);
}

static void emit_config(struct lists *s, uint32_t r)
{
	uint32_t l, count = ssa_index_find(&s->lx, &s->rx.elems[r], &l);
	/* A doubled live item says nothing about the content. */
	const struct gt_node *live = count == 1  ? gt_node_item(s->live, l)
				     : count > 1 ? gt_node_null(s->m->a)
						 : NULL;
	struct gt_node *item = merge(s->m, s->item, live, gt_node_item(s->config, r));

	if (item)
		gt_node_append(s->m->a, s->out, item);
	s->done[r] = true;
	if (r == s->shared)
		s->shared = next_shared(s, r + 1);
}

static void zip_lists(struct lists *s)
{
	uint32_t l = 0, r = 0;

	while (l < s->lx.n || r < s->rx.n) {
		uint32_t at = 0;
		bool in_config = l < s->lx.n && ssa_index_find(&s->rx, &s->lx.elems[l], &at) > 0;
		if (l < s->lx.n && r < s->rx.n) {
			if (in_config && at == r) {
				emit_config(s, r++);
				l++;
				continue;
			}
			if (in_config && s->shared < s->rx.n && at != s->shared) {
				l++; /* shared, but not the one whose turn it is */
				continue;
			}
		}
		if (l < s->lx.n) {
			if (!in_config) {
				emit_live(s, l++);
				continue;
			}
			if (s->done[at])
				l++;
		}
		if (r < s->rx.n)
			emit_config(s, r++);
	}
}

/* Doubled items in config are refused. */
static int check_doubles(struct merging *m, const struct ssa_index *ix)
{
	for (uint32_t i = 1; i < ix->n; i++) {
		const struct gt_ssa_elem *e = &ix->elems[ix->order[i]];
		gt_auto_buf text = {0};
		if (gt_ssa_elem_cmp(&ix->elems[ix->order[i - 1]], e) != 0)
			continue;
		gt_ssa_elem_print(&text, e);
		m->rc = gt_fail(m->err, GT_E_INVALID, "duplicate entries for key %s",
				gt_buf_cstr(&text));
		return m->rc;
	}
	return GT_OK;
}

static struct gt_node *merge_list(struct merging *m, struct gt_type type,
				  const struct gt_node *live, const struct gt_node *config)
{
	struct lists s = {.m = m, .item = gt_type_elem(type), .live = live, .config = config};

	ssa_index(m->a, type, live, &s.lx);
	ssa_index(m->a, type, config, &s.rx);
	if (check_doubles(m, &s.rx) < 0)
		return NULL;
	s.done = gt_arena_calloc(m->a, s.rx.n + 1, sizeof *s.done);
	s.out = gt_node_seq(m->a);
	if (!s.done || !s.out)
		return NULL;
	s.shared = next_shared(&s, 0);
	zip_lists(&s);
	return gt_node_count(s.out) > 0 ? s.out : NULL;
}

static struct gt_node *merge(struct merging *m, struct gt_type type, const struct gt_node *live,
			     const struct gt_node *config)
{
	/* Where the two have different forms config's decides, and live counts for nothing. */
	enum ssa_shape shape = ssa_shape(type, config ? config : live);
	enum gt_kind kind = shape == SSA_LIST ? GT_SEQ : GT_MAP;
	const struct gt_node *l = ssa_as(live, kind), *c = ssa_as(config, kind);

	if (m->rc < 0)
		return NULL;
	if (shape == SSA_LEAF || (ssa_blank(l) && ssa_blank(c)))
		return keep(live, config);
	return shape == SSA_LIST ? merge_list(m, type, l, c) : merge_map(m, type, l, c);
}

int gt_ssa_merge(struct gt_arena *a, struct gt_type type, const struct gt_node *live,
		 const struct gt_node *config, struct gt_node **ret_doc, struct gt_err *err)
{
	struct merging m = {.a = a, .err = err};
	struct gt_node *doc = merge(&m, type, live, config);

	if (m.rc < 0)
		return m.rc;
	if (gt_arena_check(a, err) < 0)
		return GT_E_BUDGET;
	*ret_doc = doc;
	return GT_OK;
}
