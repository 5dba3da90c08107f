/*
 * Lists whose elements are told apart by keys.  The order of the result, and what happens to
 * elements without their keys, is kustomize's; see its walk over associative sequences.
 */
#include <string.h>

#include "base/limits.h"
#include "kustomize/scalar.h"
#include "kustomize/smp.h"

#define MAX_KEYS 4

struct tuple {
	struct gt_str v[MAX_KEYS];
};

struct merge {
	struct kz_build *b;
	const char *keys[MAX_KEYS]; /* "" for a list of plain values */
	uint32_t nkeys;
	bool valid[MAX_KEYS]; /* keys that some element has */
	struct kz_schema elem;
	struct gt_node *dest, *patch;
	KZ_VEC(struct tuple) tuples;
};

static bool is_empty_map(const struct gt_node *n)
{
	return gt_node_is(n, GT_MAP) && n->n == 0;
}

static struct gt_node *key_of(const struct gt_node *elem, const char *key)
{
	struct gt_node *n = gt_node_get(elem, key);

	return kz_is_null(n) ? NULL : n;
}

/* Whether the element has the key with the value; "" stands for any value. */
static bool has_key(const struct gt_node *elem, const char *key, struct gt_str value)
{
	if (!*key)
		return kz_is_scalar(elem) && gt_str_eq(kz_text(elem), value);
	const struct gt_node *n = gt_node_get(elem, key);
	return n && (!value.n || gt_str_eq(kz_text(n), value));
}

static struct tuple tuple_of(const struct merge *m, const struct gt_node *elem)
{
	struct tuple t = {0};

	for (uint32_t i = 0; i < m->nkeys; i++)
		t.v[i] = *m->keys[i] ? kz_text(key_of(elem, m->keys[i])) : kz_text(elem);
	return t;
}

static bool tuple_eq(const struct merge *m, const struct tuple *x, const struct tuple *y)
{
	for (uint32_t i = 0; i < m->nkeys; i++) {
		if (!gt_str_eq(x->v[i], y->v[i]))
			return false;
	}
	return true;
}

static void collect(struct merge *m, struct kz_index *seen, const struct gt_node *list)
{
	gt_seq_for_each (list, elem) {
		struct tuple t = tuple_of(m, elem);
		const struct kz_link *link = kz_index_find(seen, t.v[0]);

		while (link && !tuple_eq(m, &m->tuples.v[link->value], &t))
			link = kz_index_next(seen, link);
		if (link)
			continue;
		kz_index_add(m->b->a, seen, t.v[0], m->tuples.n);
		kz_push(m->b->a, &m->tuples, t);
	}
}

/* What two tuples are together; false if they share no key or contradict each other. */
static bool unite(const struct merge *m, const struct tuple *x, const struct tuple *y,
		  struct tuple *ret)
{
	bool common = false;

	for (uint32_t k = 0; k < m->nkeys; k++) {
		bool same = gt_str_eq(x->v[k], y->v[k]);

		if (!same && x->v[k].n && y->v[k].n)
			return false;
		common |= same;
		ret->v[k] = x->v[k].n ? x->v[k] : y->v[k];
	}
	return common;
}

/* Tuples that go together are made one; each is compared as it was when its turn came. */
static void unify(struct merge *m)
{
	for (uint32_t i = 0; i < m->tuples.n; i++) {
		struct tuple first = m->tuples.v[i], both = {0};

		for (uint32_t j = 0; j < m->tuples.n; j++) {
			if (unite(m, &first, &m->tuples.v[j], &both))
				m->tuples.v[i] = m->tuples.v[j] = both;
		}
	}
}

static void find_valid_keys(struct merge *m)
{
	bool any = false;

	for (uint32_t i = 0; i < m->tuples.n; i++) {
		for (uint32_t k = 0; k < m->nkeys; k++) {
			m->valid[k] |= m->tuples.v[i].v[k].n != 0;
			any |= m->valid[k];
		}
	}
	for (uint32_t k = 0; k < m->nkeys && !any; k++)
		m->valid[k] = true;
}

/* The first element with the tuple's keys, those that are not empty. */
static struct gt_node *find_element(const struct merge *m, const struct gt_node *list,
				    const struct tuple *t)
{
	bool blank = true;

	for (uint32_t k = 0; k < m->nkeys; k++)
		blank = blank && !t->v[k].n;
	gt_seq_for_each (list, elem) {
		bool match = true;

		for (uint32_t k = 0; k < m->nkeys && match; k++) {
			if (!m->valid[k] || (!blank && !t->v[k].n))
				continue;
			const struct gt_node *n =
				*m->keys[k] ? gt_node_get(elem, m->keys[k]) : elem;
			match = n && kz_is_scalar(n) && gt_str_eq(kz_text(n), t->v[k]);
		}
		if (match)
			return elem;
	}
	return NULL;
}

/*
 * Puts elem in place of every element that has the first nvalues valid keys with those values, or
 * at the end; NULL removes them.  Without any value nothing is recognised and the list is emptied.
 */
static void place(const struct merge *m, struct gt_node *list, const struct gt_str *values,
		  uint32_t nvalues, struct gt_node *elem)
{
	bool found_any = false;
	bool plain = !*m->keys[0];

	for (size_t i = 0; i < gt_node_count(list);) {
		struct gt_node *have = gt_node_item(list, i);
		bool found = nvalues > 0;
		uint32_t at = 0;

		if (kz_is_null(have) || is_empty_map(have)) {
			gt_node_remove(list, i);
			continue;
		}
		if (!gt_node_is(have, GT_MAP) && !plain) {
			i++;
			continue;
		}
		for (uint32_t k = 0; k < m->nkeys && found; k++) {
			if (!m->valid[k])
				continue;
			if (at < nvalues)
				found = has_key(have, m->keys[k], values[at++]);
		}
		if (!found && nvalues > 0) {
			i++;
			continue;
		}
		if (!found || !elem) {
			found_any |= found;
			gt_node_remove(list, i);
			continue;
		}
		found_any = true;
		gt_node_put(list, i++, elem);
	}
	if (elem && !found_any)
		gt_node_append(m->b->a, list, elem);
}

static uint32_t valid_values(const struct merge *m, const struct tuple *t, struct gt_str *ret)
{
	uint32_t n = 0;

	for (uint32_t k = 0; k < m->nkeys; k++) {
		if (m->valid[k])
			ret[n++] = t->v[k];
	}
	return n;
}

/* Merges the elements of one tuple into `out`. */
static int merge_tuple(struct merge *m, const struct tuple *t, struct gt_node *out)
{
	struct gt_node *mine = find_element(m, m->dest, t);
	struct gt_node *theirs = m->patch == m->dest ? mine
				 : m->patch          ? find_element(m, m->patch, t)
						     : NULL;
	struct gt_str values[MAX_KEYS];
	uint32_t n = valid_values(m, t, values);
	struct gt_node *merged = NULL;
	int rc = kz_smp(m->b, mine, theirs, &m->elem, &merged);

	if (rc < 0)
		return gt_wrap(m->b->err, "[%.*s]", GT_STR_ARG(t->v[0]));
	if (kz_is_null(merged) || is_empty_map(merged)) {
		place(m, m->dest, values, n, NULL);
		return GT_OK;
	}
	for (uint32_t k = 0; k < m->nkeys; k++) {
		if (*m->keys[k] && m->valid[k] && t->v[k].n && !gt_node_has(merged, m->keys[k]))
			gt_node_set(m->b->a, merged, m->keys[k],
				    kz_scalar(m->b->a, t->v[k], GT_RAW_NONE));
	}
	place(m, out, values, n, merged);
	return GT_OK;
}

/* Appends an original element: it takes the place of its merged self, or comes last. */
static void append_original(struct merge *m, struct gt_node *out, struct gt_node *elem)
{
	struct gt_str values[MAX_KEYS];
	uint32_t n = 0, nvalid = 0;

	for (uint32_t k = 0; k < m->nkeys; k++) {
		if (!m->valid[k])
			continue;
		nvalid++;
		if (!*m->keys[k])
			values[n++] = kz_text(elem);
		else if (gt_node_has(elem, m->keys[k]))
			values[n++] = kz_text(gt_node_get(elem, m->keys[k]));
		else
			gt_node_append(m->b->a, out, elem);
	}
	if (nvalid > 1)
		place(m, out, values, n, NULL);
	place(m, out, values, n, elem);
}

/*
 * One key, all elements have it, no value twice on one side: the usual list, merged in one pass
 * with the same result.
 */
static bool is_simple(const struct merge *m)
{
	if (m->nkeys != 1)
		return false;
	size_t n = gt_node_count(m->dest);
	if (m->patch && m->patch != m->dest)
		n += gt_node_count(m->patch);
	const struct gt_node *lists[2] = {m->dest, m->patch == m->dest ? NULL : m->patch};
	for (int i = 0; i < 2; i++) {
		gt_seq_for_each (lists[i], elem) {
			if (*m->keys[0] ? !gt_node_is(elem, GT_MAP) : !kz_is_scalar(elem))
				return false;
			if (!tuple_of(m, elem).v[0].n)
				return false;
		}
	}
	struct kz_index seen = {0};
	for (int i = 0; i < 2; i++) {
		seen = (struct kz_index){0};
		uint32_t at = 0;
		gt_seq_for_each (lists[i], elem) {
			struct gt_str key = tuple_of(m, elem).v[0];

			if (kz_index_find(&seen, key))
				return false;
			kz_index_add(m->b->a, &seen, key, at++);
		}
	}
	return n > 0;
}

/* One element of the result: the original, the patch's, or both merged. */
static int merge_element(struct merge *m, struct gt_node *original, struct gt_node *theirs,
			 struct gt_str name, struct gt_node *out)
{
	struct gt_node *merged = NULL;
	int rc = kz_smp(m->b, original, theirs, &m->elem, &merged);

	if (rc < 0)
		return gt_wrap(m->b->err, "[%.*s]", GT_STR_ARG(name));
	if (kz_is_null(merged) || is_empty_map(merged))
		return GT_OK;
	/* The original, merged in place, wins over whatever replaced it. */
	if (original && !kz_is_scalar(original))
		merged = original;
	if (*m->keys[0] && !gt_node_has(merged, m->keys[0]))
		gt_node_set(m->b->a, merged, m->keys[0], kz_scalar(m->b->a, name, GT_RAW_NONE));
	gt_node_append(m->b->a, out, merged);
	return kz_check(m->b);
}

static int merge_simple(struct merge *m, struct gt_node **ret)
{
	struct gt_node *out = gt_node_seq(m->b->a);
	struct kz_index mine = {0};
	bool *done = gt_arena_calloc(m->b->a, gt_node_count(m->dest) + 1, sizeof *done);
	bool same = m->patch == m->dest;
	uint32_t at = 0;

	gt_seq_for_each (m->dest, elem)
		kz_index_add(m->b->a, &mine, tuple_of(m, elem).v[0], at++);
	int rc = kz_check(m->b);
	gt_seq_for_each (same ? NULL : m->patch, elem) {
		struct gt_str name = tuple_of(m, elem).v[0];
		const struct kz_link *link = kz_index_find(&mine, name);

		if (rc < 0)
			return rc;
		if (link)
			done[link->value] = true;
		rc = merge_element(m, link ? gt_node_item(m->dest, link->value) : NULL, elem, name,
				   out);
	}
	at = 0;
	gt_seq_for_each (m->dest, elem) {
		if (rc < 0)
			return rc;
		if (!done[at++])
			rc = merge_element(m, elem, same ? elem : NULL, tuple_of(m, elem).v[0],
					   out);
	}
	*ret = out;
	return rc;
}

static int merge_general(struct merge *m, struct gt_node **ret)
{
	struct gt_node *out = gt_node_seq(m->b->a);
	struct kz_index seen = {0};
	int rc = GT_OK;

	if (gt_node_count(m->dest) + gt_node_count(m->patch) > GT_LIMIT_KUSTOMIZE_LIST)
		return gt_fail(m->b->err, GT_E_BUDGET,
			       "more than %d elements in a list that merges by several keys or "
			       "has repeated ones",
			       GT_LIMIT_KUSTOMIZE_LIST);
	rc = kz_work(m->b, (uint64_t)(gt_node_count(m->dest) + 1) *
				   (gt_node_count(m->dest) + gt_node_count(m->patch)));
	if (rc < 0)
		return rc;
	if (m->patch && m->patch != m->dest)
		collect(m, &seen, m->patch);
	collect(m, &seen, m->dest);
	if (!out || m->tuples.n == 0) {
		*ret = m->dest;
		return kz_check(m->b);
	}
	if (m->nkeys > 1)
		unify(m);
	find_valid_keys(m);
	for (uint32_t i = 0; i < m->tuples.n && rc == GT_OK; i++)
		rc = merge_tuple(m, &m->tuples.v[i], out);
	gt_seq_for_each (m->dest, elem)
		append_original(m, out, elem);
	*ret = out;
	return rc < 0 ? rc : kz_check(m->b);
}

/* A lone {$patch: ...} element says what happens to the whole list; it is taken out. */
static int list_directive(struct kz_build *b, struct gt_node *patch, enum kz_directive *ret)
{
	struct gt_node *first = NULL;

	*ret = KZ_PATCH_MERGE;
	gt_seq_for_each (patch, elem) {
		first = gt_node_get(elem, "$patch") ? elem : NULL;
		if (first)
			break;
	}
	if (!first || first->n > 1)
		return GT_OK;
	const struct gt_node *word = gt_node_get(first, "$patch");
	int rc = kz_smp_directive(b, word, ret);
	struct gt_str text = kz_text(word);
	for (size_t i = gt_node_count(patch); i-- > 0 && rc == GT_OK;) {
		struct gt_node *elem = gt_node_item(patch, i);
		const struct gt_node *have = gt_node_get(elem, "$patch");

		if (kz_is_null(elem) || is_empty_map(elem) ||
		    (have && gt_str_eq(kz_text(have), text)))
			gt_node_remove(patch, i);
	}
	return rc;
}

int kz_smp_list(struct kz_build *b, struct gt_node *dest, struct gt_node *patch,
		const struct kz_schema *schema, struct gt_node **ret)
{
	struct merge m = {.b = b, .dest = dest, .patch = patch};
	enum kz_directive directive = KZ_PATCH_MERGE;

	if (kz_is_null(dest)) {
		m.dest = patch;
	} else if (patch) {
		int rc = list_directive(b, patch, &directive);

		if (rc < 0)
			return rc;
		if (directive == KZ_PATCH_REPLACE)
			m.dest = patch;
	}
	if (directive == KZ_PATCH_DELETE) {
		*ret = NULL;
		return GT_OK;
	}
	m.elem = kz_schema_elem(b->openapi, schema);
	for (; m.nkeys < MAX_KEYS && schema->keys[m.nkeys]; m.nkeys++)
		m.keys[m.nkeys] = schema->keys[m.nkeys];
	if (m.nkeys == 0)
		m.keys[m.nkeys++] = "";
	return is_simple(&m) ? merge_simple(&m, ret) : merge_general(&m, ret);
}
