/* metadata.managedFields in and out. */
#include "ssa/apply.h"
#include "ssa/managers.h"

#include "base/time.h"

struct gt_ssa_manager *ssa_manager_add(struct gt_arena *a, struct gt_ssa_managers *m,
				       const struct gt_ssa_manager *entry)
{
	if (m->n == m->cap) {
		uint32_t cap = m->cap ? m->cap * 2 : 8;
		struct gt_ssa_manager *v =
			gt_arena_grow(a, m->v, m->cap * sizeof *v, (size_t)cap * sizeof *v);
		if (!v)
			return NULL;
		m->v = v;
		m->cap = cap;
	}
	m->v[m->n] = *entry;
	return &m->v[m->n++];
}

void ssa_manager_drop(struct gt_ssa_managers *m, uint32_t i)
{
	memmove(&m->v[i], &m->v[i + 1], (m->n - i - 1) * sizeof *m->v);
	m->n--;
}

struct gt_ssa_manager *ssa_manager_find(struct gt_ssa_managers *m,
					const struct gt_ssa_manager *like)
{
	for (uint32_t i = 0; i < m->n; i++) {
		struct gt_ssa_manager *e = &m->v[i];
		if (e->self == like->self && e->applied == like->applied &&
		    gt_str_eq(e->name, like->name) &&
		    gt_str_eq(e->subresource, like->subresource) &&
		    (e->applied || gt_str_eq(e->version, like->version)))
			return e;
	}
	return NULL;
}

static int parse_entry(struct gt_arena *a, const struct gt_node *n, struct gt_ssa_manager *ret,
		       struct gt_err *err)
{
	struct gt_str operation = gt_node_text(gt_node_get(n, "operation"));
	struct gt_str type = gt_node_text(gt_node_get(n, "fieldsType"));
	struct gt_ssa_manager m = {
		.name = gt_node_text(gt_node_get(n, "manager")),
		.version = gt_node_text(gt_node_get(n, "apiVersion")),
		.subresource = gt_node_text(gt_node_get(n, "subresource")),
		.time = gt_node_text(gt_node_get(n, "time")),
		.applied = gt_str_is(operation, "Apply"),
	};

	if (!m.applied && !gt_str_is(operation, "Update"))
		return gt_fail(err, GT_E_INVALID, "operation must be `Apply` or `Update`");
	if (m.version.n == 0)
		return gt_fail(err, GT_E_INVALID, "apiVersion must not be empty");
	if (type.n == 0)
		return gt_fail(err, GT_E_INVALID, "missing fieldsType");
	if (!gt_str_is(type, "FieldsV1"))
		return gt_fail(err, GT_E_INVALID, "invalid fieldsType \"%.*s\"", GT_STR_ARG(type));
	int rc = gt_ssa_fields_parse(a, gt_node_get(n, "fieldsV1"), &m.set, err);
	if (rc < 0)
		return rc;
	*ret = m;
	return GT_OK;
}

int gt_ssa_managers_parse(struct gt_arena *a, const struct gt_node *entries,
			  struct gt_ssa_managers *ret_managers, struct gt_err *err)
{
	struct gt_ssa_managers m = {0};

	for (size_t i = 0; i < gt_node_count(entries); i++) {
		struct gt_ssa_manager entry;
		int rc = parse_entry(a, gt_node_item(entries, i), &entry, err);
		if (rc < 0)
			return gt_wrap(err, "managed fields entry %zu", i);
		struct gt_ssa_manager *old = ssa_manager_find(&m, &entry);
		if (old)
			*old = entry;
		else if (!ssa_manager_add(a, &m, &entry))
			return gt_arena_check(a, err);
	}
	*ret_managers = m;
	return GT_OK;
}

int64_t ssa_manager_seconds(const struct gt_ssa_manager *m)
{
	int64_t ns;

	return gt_rfc3339_parse(m->time, &ns) ? ns / GT_NS_PER_S : 0;
}

static int entry_cmp(const void *x, const void *y)
{
	const struct gt_ssa_manager *a = x, *b = y;
	int64_t ta, tb;
	int c;

	if (a->applied != b->applied)
		return a->applied ? -1 : 1;
	ta = ssa_manager_seconds(a);
	tb = ssa_manager_seconds(b);
	if (ta != tb)
		return ta < tb ? -1 : 1;
	c = gt_str_cmp(a->name, b->name);
	if (c == 0)
		c = gt_str_cmp(a->version, b->version);
	return c != 0 ? c : gt_str_cmp(a->subresource, b->subresource);
}

static void set_text(struct gt_arena *a, struct gt_node *map, const char *key, struct gt_str s)
{
	if (s.n > 0)
		gt_node_set(a, map, key, gt_node_strn(a, s));
}

struct gt_node *gt_ssa_managers_node(struct gt_arena *a, const struct gt_ssa_managers *m)
{
	struct gt_node *seq = gt_node_seq(a);
	struct gt_ssa_manager *sorted;

	if (m->n == 0)
		return seq;
	sorted = gt_arena_calloc(a, m->n, sizeof *sorted);
	if (!sorted)
		return seq;
	memcpy(sorted, m->v, m->n * sizeof *sorted);
	qsort(sorted, m->n, sizeof *sorted, entry_cmp);
	for (uint32_t i = 0; i < m->n; i++) {
		struct gt_node *entry = gt_node_map(a);
		set_text(a, entry, "manager", sorted[i].name);
		gt_node_set_str(a, entry, "operation", sorted[i].applied ? "Apply" : "Update");
		set_text(a, entry, "apiVersion", sorted[i].version);
		set_text(a, entry, "time", sorted[i].time);
		gt_node_set_str(a, entry, "fieldsType", "FieldsV1");
		gt_node_set(a, entry, "fieldsV1", gt_ssa_fields_node(a, sorted[i].set));
		set_text(a, entry, "subresource", sorted[i].subresource);
		gt_node_append(a, seq, entry);
	}
	return seq;
}
