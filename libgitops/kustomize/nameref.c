/*
 * References by name: a field that holds the old name of another object gets its new one.  All
 * look-ups go through indexes of previous names and namespaces, so the cost follows the number of
 * references.
 */
#include <stdlib.h>
#include <string.h>

#include "kustomize/layer.h"
#include "kustomize/scalar.h"

/* One field of referrers that may name objects of one kind. */
struct rule {
	const struct kz_gvk *target;
	const struct kz_spec *field;
};

struct refs {
	struct kz_build *b;
	struct kz_accum *acc;
	KZ_VEC(struct rule) rules;   /* in order of processing */
	struct kz_index by_kind;     /* kind of the referrer -> rules; "" for any kind */
	struct kz_index by_name;     /* previous name -> objects */
	struct kz_index by_name_ns;  /* "previous name\0current namespace" -> objects */
	struct kz_index original_ns; /* original namespace -> objects */
	struct kz_index ns_pairs;    /* "original\0current" namespace -> objects */
};

/* The referrer at work. */
struct referrer {
	struct refs *refs;
	struct kz_res *res;
	const struct rule *rule;
	KZ_VEC(struct gt_str) subject_ns; /* namespaces of a RoleBinding's accounts */
};

struct candidates {
	struct kz_res **v;
	uint32_t n, cap;
};

/* --- rules ------------------------------------------------------------------------------------ */
struct sorted_ref {
	const struct kz_ref *ref;
	int64_t rank;
	struct gt_str key;
};

static int compare_refs(const void *x, const void *y)
{
	const struct sorted_ref *p = x, *q = y;

	if (p->rank != q->rank)
		return p->rank < q->rank ? -1 : 1;
	return gt_str_cmp(p->key, q->key);
}

static int collect_rules(struct refs *refs)
{
	const struct kz_config *config = refs->acc->config;
	uint32_t n = config->refs.n;
	struct sorted_ref *sorted = gt_arena_calloc(refs->b->a, n ? n : 1, sizeof *sorted);

	if (!sorted)
		return kz_check(refs->b);
	for (uint32_t i = 0; i < n; i++) {
		const struct kz_ref *ref = &config->refs.v[i];

		sorted[i] = (struct sorted_ref){ref, kz_kind_rank(ref->target.kind),
						kz_gvk_sort_key(refs->b->a, &ref->target)};
	}
	int rc = kz_check(refs->b);
	if (rc < 0)
		return rc;
	qsort(sorted, n, sizeof *sorted, compare_refs);
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t j = 0; j < sorted[i].ref->fields.n; j++) {
			const struct kz_spec *field = &sorted[i].ref->fields.v[j];

			kz_index_add(refs->b->a, &refs->by_kind, field->gvk.kind, refs->rules.n);
			kz_push(refs->b->a, &refs->rules,
				(struct rule){&sorted[i].ref->target, field});
		}
	}
	return kz_check(refs->b);
}

/* --- candidates ------------------------------------------------------------------------------- */
static struct gt_str pair_key(struct gt_arena *a, struct gt_str x, struct gt_str y)
{
	char *key = gt_arena_alloc(a, x.n + y.n + 1);

	if (!key)
		return gt_strn("", 0);
	if (x.n)
		memcpy(key, x.p, x.n);
	key[x.n] = '\0';
	if (y.n)
		memcpy(key + x.n + 1, y.p, y.n);
	return gt_strn(key, x.n + y.n + 1);
}

static void index_name(struct refs *refs, struct kz_res *r, struct gt_str name, uint32_t i)
{
	struct kz_build *b = refs->b;

	kz_index_add(b->a, &refs->by_name, name, i);
	kz_index_add(b->a, &refs->by_name_ns, pair_key(b->a, name, kz_res_id(b, r)->ns), i);
}

static int index_objects(struct refs *refs)
{
	struct kz_build *b = refs->b;

	for (uint32_t i = 0; i < refs->acc->res.n; i++) {
		struct kz_res *r = refs->acc->res.v[i];
		struct kz_id original = kz_res_original_id(b, r);

		for (uint32_t j = 0; j < r->prev.n; j++)
			index_name(refs, r, r->prev.v[j].name, i);
		kz_index_add(b->a, &refs->original_ns, original.ns, i);
		kz_index_add(b->a, &refs->ns_pairs,
			     pair_key(b->a, original.ns, kz_res_id(b, r)->ns), i);
	}
	return kz_check(b);
}

static bool is_subject_ns(const struct referrer *ref, struct gt_str ns)
{
	for (uint32_t i = 0; i < ref->subject_ns.n; i++) {
		if (gt_str_eq(ref->subject_ns.v[i], ns))
			return true;
	}
	return false;
}

/* Whether the referrer can see the object at all. */
static bool visible(const struct referrer *ref, struct kz_res *r)
{
	struct kz_build *b = ref->refs->b;
	struct gt_str mine = kz_res_id(b, ref->res)->ns, theirs = kz_res_id(b, r)->ns;

	return ref->res->cluster || r->cluster || gt_str_eq(mine, theirs) ||
	       is_subject_ns(ref, theirs);
}

static bool prev_matches(struct kz_build *b, struct kz_res *r, const struct kz_gvk *want)
{
	for (uint32_t i = 0; i < r->prev.n; i++) {
		struct kz_id id = kz_res_prev_id(b, r, i);

		if (kz_gvk_matches(&id.gvk, want))
			return true;
	}
	return false;
}

/* The kind that roleRef asks for; false when it does not say. */
static bool role_ref_gvk(const struct referrer *ref, struct kz_gvk *gvk)
{
	const struct gt_node *role = gt_node_get(ref->res->root, "roleRef");
	const struct gt_node *group = gt_node_get(role, "apiGroup");
	const struct gt_node *kind = gt_node_get(role, "kind");

	if (!gt_str_ends(ref->rule->field->path, "roleRef/name") || !group || !kind)
		return false;
	*gvk = (struct kz_gvk){.group = kz_text(group), .kind = kz_text(kind)};
	return true;
}

static bool same_ns(const struct referrer *ref, struct kz_res *r)
{
	struct kz_build *b = ref->refs->b;
	const struct kz_id *mine = kz_res_id(b, ref->res), *theirs = kz_res_id(b, r);

	return ref->res->cluster || r->cluster || gt_str_is(theirs->gvk.kind, "ServiceAccount") ||
	       gt_str_eq(mine->ns, theirs->ns);
}

/* Whether two lists of affixes end alike; either may be empty if allowed. */
static bool same_ending(const struct gt_str *x, uint32_t nx, const struct gt_str *y, uint32_t ny,
			bool allow_empty)
{
	if (nx == 0 || ny == 0)
		return allow_empty || nx == ny;
	while (nx > 0 && ny > 0) {
		if (!gt_str_eq(x[--nx], y[--ny]))
			return false;
	}
	return true;
}

static void keep_alike(const struct referrer *ref, struct candidates *c, bool allow_empty)
{
	const struct kz_res *me = ref->res;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < c->n; i++) {
		const struct kz_res *r = c->v[i];

		if (same_ending(r->prefixes.v, r->prefixes.n, me->prefixes.v, me->prefixes.n,
				allow_empty) &&
		    same_ending(r->suffixes.v, r->suffixes.n, me->suffixes.v, me->suffixes.n,
				allow_empty))
			c->v[kept++] = c->v[i];
	}
	c->n = kept;
}

static bool all_same(const struct candidates *c, bool with_ns)
{
	for (uint32_t i = 1; i < c->n; i++) {
		if (!gt_str_eq(kz_res_name(c->v[0]), kz_res_name(c->v[i])) ||
		    (with_ns && !gt_str_eq(kz_res_ns(c->v[0]), kz_res_ns(c->v[i]))))
			return false;
	}
	return true;
}

static int ambiguous(const struct referrer *ref, const struct candidates *c)
{
	struct kz_build *b = ref->refs->b;
	gt_auto_buf ids = {0};

	for (uint32_t i = 0; i < c->n && i < 8; i++)
		gt_buf_printf(&ids, "%s%s", i ? ", " : "", kz_id_text(b->a, kz_res_id(b, c->v[i])));
	return kz_fail(b, "found multiple possible referrals: %s", gt_buf_cstr(&ids));
}

/* What a map leaf's own namespace field narrows the candidates to. */
struct ns_filter {
	bool map; /* the leaf is a map: namespaces count */
	bool active, original;
	struct gt_str ns;
};

/* What is asked for: objects known by a name that the rule allows. */
struct question {
	const struct referrer *ref;
	struct gt_str name;
	const struct ns_filter *filter;
	struct kz_gvk role;
	bool has_role;
	struct candidates found;
};

static void consider(struct question *q, struct kz_res *r)
{
	const struct referrer *ref = q->ref;
	struct kz_build *b = ref->refs->b;

	b->work++;
	if (!prev_matches(b, r, ref->rule->target) || !visible(ref, r) ||
	    (q->has_role && !prev_matches(b, r, &q->role)) || !same_ns(ref, r))
		return;
	if (q->filter->active) {
		struct kz_id original = kz_res_original_id(b, r);
		struct gt_str ns = q->filter->original ? original.ns : kz_res_id(b, r)->ns;

		if (!gt_str_eq(ns, q->filter->ns))
			return;
	}
	kz_push(b->a, &q->found, r);
}

static void consider_all(struct question *q, const struct kz_index *ix, struct gt_str key)
{
	struct refs *refs = q->ref->refs;

	for (const struct kz_link *link = kz_index_find(ix, key); link;
	     link = kz_index_next(ix, link))
		consider(q, refs->acc->res.v[link->value]);
}

/* Looks only where the referrer can see: in its namespace, its subjects' and outside of any. */
static void consider_visible(struct question *q)
{
	const struct referrer *ref = q->ref;
	struct refs *refs = ref->refs;
	struct gt_arena *a = refs->b->a;
	struct gt_str mine = kz_res_id(refs->b, ref->res)->ns;

	if (!kz_index_find(&refs->by_name, q->name))
		return;
	if (ref->res->cluster) {
		consider_all(q, &refs->by_name, q->name);
		return;
	}
	consider_all(q, &refs->by_name_ns, pair_key(a, q->name, GT_STR_LIT(KZ_NS_CLUSTER)));
	consider_all(q, &refs->by_name_ns, pair_key(a, q->name, mine));
	for (uint32_t i = 0; i < ref->subject_ns.n; i++) {
		struct gt_str ns = ref->subject_ns.v[i];

		if (!gt_str_eq(ns, mine) && !gt_str_is(ns, KZ_NS_CLUSTER))
			consider_all(q, &refs->by_name_ns, pair_key(a, q->name, ns));
	}
}

/* *ret is NULL when nothing, or nothing certain, answers to the name. */
static int select_referral(const struct referrer *ref, struct gt_str old_name,
			   const struct ns_filter *filter, struct kz_res **ret)
{
	struct question q = {.ref = ref, .name = old_name, .filter = filter};
	struct candidates *c = &q.found;

	*ret = NULL;
	q.has_role = role_ref_gvk(ref, &q.role);
	consider_visible(&q);
	if (c->n != 1)
		keep_alike(ref, c, true);
	if (c->n > 1)
		keep_alike(ref, c, false);
	if (c->n > 1 && !all_same(c, filter->map))
		return ambiguous(ref, c);
	if (c->n > 0)
		*ret = c->v[0];
	int rc = kz_work(ref->refs->b, 1);
	return rc < 0 ? rc : kz_check(ref->refs->b);
}

/* --- leaves ----------------------------------------------------------------------------------- */
static int update_scalar(const struct referrer *ref, struct gt_node *n)
{
	static const struct ns_filter none;
	struct kz_res *found = NULL;
	int rc = select_referral(ref, kz_text(n), &none, &found);

	if (rc < 0 || !found)
		return rc;
	struct gt_str name = kz_res_name(found);
	if (!gt_str_eq(name, kz_text(n)))
		kz_scalar_set(ref->refs->b->a, n, name, GT_RAW_NONE);
	return GT_OK;
}

/* Whether the referrer sees any object whose original namespace this is. */
static bool sees_original_ns(const struct referrer *ref, struct gt_str ns)
{
	struct refs *refs = ref->refs;
	struct kz_build *b = refs->b;

	if (ref->res->cluster)
		return kz_index_find(&refs->original_ns, ns) != NULL;
	struct gt_str mine = kz_res_id(b, ref->res)->ns;
	if (kz_index_find(&refs->ns_pairs, pair_key(b->a, ns, mine)))
		return true;
	for (uint32_t i = 0; i < ref->subject_ns.n; i++) {
		if (kz_index_find(&refs->ns_pairs, pair_key(b->a, ns, ref->subject_ns.v[i])))
			return true;
	}
	return false;
}

static void set_field(struct gt_arena *a, struct gt_node *map, const char *key, struct gt_str text)
{
	struct gt_node *n = gt_node_get(map, key);

	if (kz_is_scalar(n))
		kz_scalar_set(a, n, text, GT_RAW_NONE);
	else
		gt_node_set(a, map, key, kz_scalar(a, text, GT_RAW_NONE));
}

static int update_map(const struct referrer *ref, struct gt_node *n)
{
	struct kz_build *b = ref->refs->b;
	const struct gt_node *name = gt_node_get(n, "name"), *ns = gt_node_get(n, "namespace");
	struct ns_filter filter = {.map = true};
	struct kz_res *found = NULL;

	if (!name)
		return kz_fail(b, "path config error; no 'name' field in node");
	if (ns) {
		filter.active = true;
		filter.ns = kz_text(ns);
		filter.original = sees_original_ns(ref, filter.ns);
	}
	int rc = select_referral(ref, kz_text(name), &filter, &found);
	if (rc < 0 || !found)
		return rc;
	struct gt_str new_name = kz_res_name(found), new_ns = kz_res_ns(found);
	if (gt_str_eq(new_name, kz_text(name)) && !new_ns.n)
		return GT_OK;
	set_field(b->a, n, "name", new_name);
	if (new_ns.n)
		set_field(b->a, n, "namespace", new_ns);
	return kz_check(b);
}

static int update(struct kz_build *b, void *arg, struct gt_node *n)
{
	const struct referrer *ref = arg;

	if (kz_is_null(n))
		return GT_OK;
	if (gt_node_is(n, GT_MAP))
		return update_map(ref, n);
	if (!gt_node_is(n, GT_SEQ))
		return update_scalar(ref, n);
	gt_seq_for_each (n, item) {
		int rc = update(b, arg, item);

		if (rc < 0)
			return rc;
	}
	return GT_OK;
}

/* --- referrers -------------------------------------------------------------------------------- */
static int find_subjects(struct referrer *ref)
{
	struct kz_build *b = ref->refs->b;

	if (!gt_str_is(kz_res_id(b, ref->res)->gvk.kind, "RoleBinding"))
		return GT_OK;
	gt_seq_for_each (gt_node_get(ref->res->root, "subjects"), subject) {
		const struct gt_node *ns = gt_node_get(subject, "namespace");

		if (!ns || !gt_str_is(kz_text(gt_node_get(subject, "kind")), "ServiceAccount"))
			continue;
		if (kz_tag(ns) != GT_RAW_STR)
			return kz_fail(b, "line %u: namespace is blank for resource %s", ns->line,
				       kz_id_text(b->a, kz_res_id(b, ref->res)));
		if (!is_subject_ns(ref, kz_text(ns)))
			kz_push(b->a, &ref->subject_ns, kz_text(ns));
	}
	return GT_OK;
}

static int apply_rule(struct referrer *ref, const struct rule *rule, const struct kz_gvk *original)
{
	struct kz_build *b = ref->refs->b;
	struct kz_setter setter = {.set = update, .arg = ref};
	struct kz_spec field = *rule->field;

	if (!kz_gvk_matches(original, &field.gvk))
		return GT_OK;
	field.gvk = (struct kz_gvk){0}; /* a patch may have changed the kind since */
	ref->rule = rule;
	int rc = kz_spec_apply(b, ref->res, &field, &setter);
	if (rc < 0)
		return gt_wrap(b->err, "updating name reference in '%.*s' field of '%s'",
			       GT_STR_ARG(rule->field->path),
			       kz_id_text(b->a, kz_res_id(b, ref->res)));
	return rc;
}

/* The rules for the kind and those for any kind, in their common order. */
static int update_object(struct refs *refs, struct kz_res *r)
{
	struct referrer ref = {.refs = refs, .res = r};
	struct kz_gvk original = kz_res_original_id(refs->b, r).gvk;
	const struct kz_link *x = kz_index_find(&refs->by_kind, original.kind);
	const struct kz_link *y = kz_index_find(&refs->by_kind, gt_strn("", 0));

	int found = x || y ? find_subjects(&ref) : GT_OK;
	if (found < 0)
		return found;
	while (x || y) {
		bool take_x = x && (!y || x->value < y->value);
		const struct kz_link *link = take_x ? x : y;
		int rc = apply_rule(&ref, &refs->rules.v[link->value], &original);

		if (rc < 0)
			return rc;
		if (take_x)
			x = kz_index_next(&refs->by_kind, x);
		else
			y = kz_index_next(&refs->by_kind, y);
	}
	return GT_OK;
}

int kz_transform_references(struct kz_build *b, struct kz_accum *acc)
{
	struct refs refs = {.b = b, .acc = acc};
	int rc = collect_rules(&refs);

	if (rc == GT_OK)
		rc = index_objects(&refs);
	for (uint32_t i = 0; i < acc->res.n && rc == GT_OK; i++)
		rc = update_object(&refs, acc->res.v[i]);
	return rc < 0 ? rc : kz_check(b);
}
