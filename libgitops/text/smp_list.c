/* Strategic merge of lists: by a key of their maps, or as sets of scalars. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "text/smp_impl.h"

/* Positions of a list's items by what tells them apart. */
struct index {
	struct gt_map positions; /* position + 1; the first item of each identity */
	struct gt_buf identity;
};

static void index_fini(struct index *ix)
{
	gt_map_fini(&ix->positions);
	gt_buf_fini(&ix->identity);
}

/* What tells the item apart: its kind and text; numbers written differently are different. */
static bool identify(struct gt_buf *out, const struct gt_node *item, const char *key)
{
	const struct gt_node *n = key ? gt_node_get(item, key) : item;

	gt_buf_reset(out);
	if (!n || gt_node_is(n, GT_MAP) || gt_node_is(n, GT_SEQ))
		return false;
	gt_buf_addc(out, (char)('0' + n->kind));
	if (gt_node_is(n, GT_BOOL))
		gt_buf_addc(out, n->truth ? 't' : 'f');
	else
		gt_buf_add_str(out, gt_node_text(n));
	return true;
}

static void index_add(struct index *ix, const struct gt_node *item, const char *key, size_t at)
{
	if (identify(&ix->identity, item, key) &&
	    !gt_map_has(&ix->positions, gt_buf_str(&ix->identity)))
		gt_map_put(&ix->positions, gt_buf_str(&ix->identity), (void *)(uintptr_t)(at + 1));
}

static struct index index_of(const struct gt_node *list, const char *key)
{
	struct index ix = {0};

	for (size_t i = 0; i < gt_node_count(list); i++)
		index_add(&ix, gt_node_item(list, i), key, i);
	return ix;
}

/* SIZE_MAX when there is none. */
static size_t index_find(struct index *ix, const struct gt_node *item, const char *key)
{
	if (!identify(&ix->identity, item, key))
		return SIZE_MAX;
	void *at = gt_map_find(&ix->positions, gt_buf_str(&ix->identity));
	return at ? (size_t)(uintptr_t)at - 1 : SIZE_MAX;
}

static int no_merge_key(struct gt_smp *s, const char *key)
{
	return gt_smp__fail(s, 500, "map: does not contain declared merge key: %s", key);
}

struct gt_node *gt_smp__delete_from(struct gt_smp *s, const struct gt_node *list,
				    const struct gt_node *del)
{
	struct index ix = index_of(del, NULL);
	struct gt_node *out = gt_node_seq(s->a);

	gt_seq_for_each (list, item) {
		if (index_find(&ix, item, NULL) == SIZE_MAX)
			gt_node_append(s->a, out, item);
	}
	index_fini(&ix);
	return out;
}

/* --- order -------------------------------------------------------------------------------- */

struct placed {
	struct gt_node *item;
	size_t rank;   /* in the order given */
	size_t server; /* in the server's list */
	size_t at;     /* in the merged list, so that sorting is stable */
};

static int by_rank(const void *x, const void *y)
{
	const struct placed *p = x, *q = y;

	if (p->rank != q->rank)
		return p->rank < q->rank ? -1 : 1;
	return p->at < q->at ? -1 : p->at > q->at;
}

static int by_server(const void *x, const void *y)
{
	const struct placed *p = x, *q = y;

	if (p->server != q->server)
		return p->server < q->server ? -1 : 1;
	return p->at < q->at ? -1 : p->at > q->at;
}

/*
 * Merges the two: an item of the server's alone goes first only while it stands before the next
 * named item in the server's list.
 */
static struct gt_node *interleave(struct gt_smp *s, const struct placed *named, size_t nnamed,
				  const struct placed *others, size_t nothers)
{
	struct gt_node *out = gt_node_seq(s->a);
	size_t i = 0, j = 0;

	while (i < nothers || j < nnamed) {
		bool other = j == nnamed ||
			     (i < nothers && others[i].server != SIZE_MAX &&
			      named[j].server != SIZE_MAX && others[i].server < named[j].server);

		gt_node_append(s->a, out, other ? others[i++].item : named[j++].item);
	}
	return out;
}

int gt_smp__reorder(struct gt_smp *s, const struct gt_node *list, const struct gt_node *order,
		    const struct gt_node *server, const char *key, struct gt_node **ret)
{
	GT_VEC(struct placed) named = {0}, others = {0};
	struct index order_ix = index_of(order, key), server_ix = index_of(server, key);
	int rc = GT_OK;

	for (size_t i = 0; i < gt_node_count(list) && rc >= 0; i++) {
		struct gt_node *item = gt_node_item(list, i);
		struct placed p = {item, index_find(&order_ix, item, key),
				   index_find(&server_ix, item, key), i};

		if (key && !gt_node_has(item, key))
			rc = no_merge_key(s, key);
		else if (p.rank == SIZE_MAX)
			gt_vec_push(&others, p);
		else
			gt_vec_push(&named, p);
	}
	if (rc >= 0) {
		if (named.n)
			qsort(named.v, named.n, sizeof *named.v, by_rank);
		if (others.n)
			qsort(others.v, others.n, sizeof *others.v, by_server);
		*ret = interleave(s, named.v, named.n, others.v, others.n);
		rc = gt_arena_check(s->a, s->err);
	}
	gt_vec_fini(&named);
	gt_vec_fini(&others);
	index_fini(&order_ix);
	index_fini(&server_ix);
	return rc;
}

int gt_smp__check_order(struct gt_smp *s, const struct gt_node *patch, const struct gt_node *order,
			const char *key)
{
	struct index ix = {0};
	size_t at = 0, n = gt_node_count(order);

	if (n == 0)
		return GT_OK;
	gt_seq_for_each (patch, item) {
		if (gt_node_has(item, "$patch"))
			continue;
		index_fini(&ix);
		index_add(&ix, item, key, 0);
		while (at < n && index_find(&ix, gt_node_item(order, at), key) == SIZE_MAX)
			at++;
		if (at == n) {
			index_fini(&ix);
			return gt_smp__fail(s, 400,
					    "the order in the patch list doesn't match the "
					    "$setElementOrder list");
		}
		at++;
	}
	index_fini(&ix);
	return GT_OK;
}

/* --- merging ------------------------------------------------------------------------------ */

/* All items must be maps, or none of them. */
static int check_items(struct gt_smp *s, const struct gt_node *doc, const struct gt_node *patch,
		       bool *ret_maps)
{
	const struct gt_node *const lists[] = {doc, patch};
	size_t maps = 0, all = 0;

	for (int i = 0; i < 2; i++) {
		gt_seq_for_each (lists[i], item) {
			if (gt_node_is(item, GT_SEQ))
				return gt_smp__fail(s, 422, "lists of lists are not supported");
			maps += gt_node_is(item, GT_MAP);
			all++;
		}
	}
	if (maps && maps != all)
		return gt_smp__fail(s, 422, "list element types are not identical");
	*ret_maps = maps > 0;
	return GT_OK;
}

static int merge_scalars(struct gt_smp *s, const struct gt_node *doc, const struct gt_node *patch,
			 struct gt_node **ret)
{
	const struct gt_node *const lists[] = {doc, patch};
	struct gt_node *both = gt_node_seq(s->a);
	struct index ix = {0};

	for (int i = 0; i < 2; i++) {
		gt_seq_for_each (lists[i], item) {
			if (index_find(&ix, item, NULL) != SIZE_MAX)
				continue;
			index_add(&ix, item, NULL, gt_node_count(both));
			gt_node_append(s->a, both, item);
		}
	}
	index_fini(&ix);
	return gt_smp__reorder(s, both, patch, doc, NULL, ret);
}

/* The patch's items apart: what to delete, what to merge; *ret_replace when all others go. */
static int sort_out(struct gt_smp *s, const struct gt_node *patch, const char *key,
		    struct gt_node *deletes, struct gt_node *regular, bool *ret_replace)
{
	*ret_replace = false;
	gt_seq_for_each (patch, item) {
		const struct gt_node *directive = gt_node_get(item, "$patch");

		if (directive && gt_node_is_text(directive, "replace")) {
			*ret_replace = true;
			continue;
		}
		if (directive && gt_node_is_text(directive, "merge"))
			return gt_smp__fail(s, 400,
					    "merging lists cannot yet be specified in the patch");
		if (directive && !gt_node_is_text(directive, "delete"))
			return gt_smp__fail(s, 400, "unknown patch type '%s' found",
					    gt_node_cstr_or(directive, ""));
		if (!gt_node_has(item, key))
			return no_merge_key(s, key);
		gt_node_append(s->a, directive ? deletes : regular, item);
	}
	return GT_OK;
}

/* Merges or appends each regular item of the patch. */
static int merge_items(struct gt_smp *s, const struct gt_smp_field *f, struct gt_node *list,
		       const struct gt_node *items)
{
	const void *type = f->type && s->schema ? s->schema->element(s->schema, f->type) : NULL;
	struct index ix = index_of(list, f->merge_key);
	int rc = GT_OK;

	gt_seq_for_each (items, item) {
		size_t at = index_find(&ix, item, f->merge_key);
		struct gt_node *merged = NULL;

		if (at == SIZE_MAX) {
			index_add(&ix, item, f->merge_key, gt_node_count(list));
			gt_node_append(s->a, list, gt_smp__clean(s, item));
			continue;
		}
		rc = gt_smp__merge_map(s, type, gt_node_item(list, at), item, &merged);
		if (rc < 0)
			break;
		gt_node_put(list, at, merged);
	}
	index_fini(&ix);
	return rc;
}

static int merge_maps(struct gt_smp *s, const struct gt_smp_field *f, const struct gt_node *doc,
		      const struct gt_node *patch, struct gt_node **ret)
{
	struct gt_node *deletes = gt_node_seq(s->a), *regular = gt_node_seq(s->a);
	struct gt_node *base = gt_node_seq(s->a);
	bool replace;

	if (!f->merge_key)
		return gt_smp__fail(s, 500, "cannot merge lists without merge key");
	int rc = sort_out(s, patch, f->merge_key, deletes, regular, &replace);
	if (rc < 0)
		return rc;
	if (replace) {
		*ret = gt_smp__clean(s, regular);
		return gt_arena_check(s->a, s->err);
	}
	struct index gone = index_of(deletes, f->merge_key);
	gt_seq_for_each (doc, item) {
		if (index_find(&gone, item, f->merge_key) == SIZE_MAX)
			gt_node_append(s->a, base, item);
	}
	index_fini(&gone);

	struct gt_node *merged = gt_node_copy(s->a, base);
	rc = gt_arena_check(s->a, s->err);
	if (rc >= 0)
		rc = merge_items(s, f, merged, regular);
	if (rc >= 0)
		rc = gt_smp__reorder(s, merged, regular, base, f->merge_key, ret);
	return rc;
}

int gt_smp__merge_list(struct gt_smp *s, const struct gt_smp_field *f, const struct gt_node *doc,
		       const struct gt_node *patch, struct gt_node **ret)
{
	bool maps = false;
	int rc = check_items(s, doc, patch, &maps);

	if (rc < 0)
		return rc;
	return maps ? merge_maps(s, f, doc, patch, ret) : merge_scalars(s, doc, patch, ret);
}
