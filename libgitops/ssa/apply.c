#include "ssa/apply.h"

#include "ssa/managers.h"
#include "ssa/typed.h"

#define UPDATERS_MAX 10

/* A document in one version. */
struct versioned {
	struct gt_str version;
	struct gt_type type;
	const struct gt_node *doc;
};

/* GT_E_NOT_FOUND when the version is gone. */
static int convert(const struct gt_ssa_request *req, const struct versioned *from,
		   struct gt_str version, struct versioned *ret, struct gt_err *err)
{
	struct versioned to = {.version = version};
	struct gt_node *doc = NULL;

	if (gt_str_eq(from->version, version)) {
		*ret = *from;
		return GT_OK;
	}
	if (!req->convert)
		return gt_fail(err, GT_E_NOT_FOUND, "no version %.*s", GT_STR_ARG(version));
	if (from->doc) {
		int rc = req->convert(req->convert_arg, from->doc, version, &doc, &to.type, err);
		if (rc < 0)
			return rc;
	}
	to.doc = doc;
	*ret = to;
	return GT_OK;
}

static struct gt_ssa_set *filter(const struct gt_ssa_request *req, struct gt_ssa_set *s)
{
	if (req->only)
		s = gt_ssa_only_below(req->arena, s, req->only);
	if (req->reset)
		s = gt_ssa_recursive_difference(req->arena, s, req->reset);
	return s;
}

static struct gt_ssa_diff compare(const struct gt_ssa_request *req, struct gt_type type,
				  const struct gt_node *live, const struct gt_node *doc)
{
	struct gt_ssa_diff d = gt_ssa_compare(req->arena, type, live, doc);

	d.added = filter(req, d.added);
	d.modified = filter(req, d.modified);
	d.removed = filter(req, d.removed);
	return d;
}

/* The paths that are never anybody's. */
static struct gt_ssa_set *untracked(struct gt_arena *a)
{
	static const char *const below_metadata[] = {
		"name",        "namespace",  "creationTimestamp", "selfLink",        "uid",
		"clusterName", "generation", "managedFields",     "resourceVersion",
	};
	struct gt_ssa_set *s = gt_ssa_set_new(a);
	struct gt_ssa_elem path[2] = {gt_ssa_field(gt_str("apiVersion"))};

	gt_ssa_set_insert(a, s, path, 1);
	path[0] = gt_ssa_field(gt_str("kind"));
	gt_ssa_set_insert(a, s, path, 1);
	path[0] = gt_ssa_field(gt_str("metadata"));
	gt_ssa_set_insert(a, s, path, 1);
	for (size_t i = 0; i < GT_COUNT(below_metadata); i++) {
		path[1] = gt_ssa_field(gt_str(below_metadata[i]));
		gt_ssa_set_insert(a, s, path, 2);
	}
	return s;
}

/* Sets that were written under an older schema of their version. */
static int reconcile(const struct gt_ssa_request *req, const struct versioned *live,
		     struct gt_ssa_managers *m, struct gt_err *err)
{
	for (uint32_t i = 0; i < m->n;) {
		struct versioned as;
		int rc = convert(req, live, m->v[i].version, &as, err);
		if (rc == GT_E_NOT_FOUND) {
			ssa_manager_drop(m, i);
			continue;
		}
		if (rc < 0)
			return rc;
		m->v[i].set = gt_ssa_reconcile(req->arena, as.type, m->v[i].set);
		i++;
	}
	return GT_OK;
}

/* --- who loses what ----------------------------------------------------------------------- */

static void print_manager(struct gt_buf *out, const struct gt_ssa_manager *m)
{
	gt_buf_printf(out, "\"%.*s\"", GT_STR_ARG(m->name));
	if (m->subresource.n > 0)
		gt_buf_printf(out, " with subresource \"%.*s\"", GT_STR_ARG(m->subresource));
	/* upstream prints no time: the identity it prints from has none */
	if (!m->applied)
		gt_buf_printf(out, " using %.*s", GT_STR_ARG(m->version));
}

struct conflict_sink {
	struct gt_arena *a;
	struct gt_ssa_conflicts *list;
	struct gt_str manager;
};

static void add_conflict(void *arg, const struct gt_ssa_elem *path, size_t n)
{
	struct conflict_sink *sink = arg;
	struct gt_ssa_conflicts *list = sink->list;
	gt_auto_buf text = {0};

	if (list->n == list->cap) {
		uint32_t cap = list->cap ? list->cap * 2 : 8;
		struct gt_ssa_conflict *v = gt_arena_grow(sink->a, list->v, list->cap * sizeof *v,
							  (size_t)cap * sizeof *v);
		if (!v)
			return;
		list->v = v;
		list->cap = cap;
	}
	for (size_t i = 0; i < n; i++)
		gt_ssa_elem_print(&text, &path[i]);
	list->v[list->n++] =
		(struct gt_ssa_conflict){sink->manager, gt_arena_str(sink->a, gt_buf_str(&text))};
}

static void note_conflicts(struct gt_arena *a, const struct gt_ssa_manager *m,
			   const struct gt_ssa_set *set, struct gt_ssa_conflicts *ret_conflicts)
{
	struct conflict_sink sink = {.a = a, .list = ret_conflicts};
	gt_auto_buf name = {0};

	print_manager(&name, m);
	sink.manager = gt_arena_str(a, gt_buf_str(&name));
	gt_ssa_set_each(set, add_conflict, &sink);
}

/* One manager's view of the change. */
struct loss {
	struct gt_ssa_set *conflict, *removed;
	bool gone; /* its version is no longer there */
};

static int find_loss(const struct gt_ssa_request *req, const struct gt_ssa_manager *m,
		     const struct versioned *live, const struct versioned *doc,
		     const struct gt_ssa_diff *diff, struct loss *ret_loss, struct gt_err *err)
{
	struct gt_arena *a = req->arena;
	struct gt_ssa_diff mine = *diff;
	struct loss loss = {0};

	if (!gt_str_eq(m->version, req->version)) {
		struct versioned x, y;
		int rc = convert(req, live, m->version, &x, err);
		if (rc == GT_OK)
			rc = convert(req, doc, m->version, &y, err);
		if (rc == GT_E_NOT_FOUND) {
			ret_loss->gone = true;
			return GT_OK;
		}
		if (rc < 0)
			return rc;
		mine = compare(req, y.doc ? y.type : x.type, x.doc, y.doc);
	}
	loss.conflict = gt_ssa_intersection(a, m->set, gt_ssa_union(a, mine.modified, mine.added));
	loss.removed = mine.removed;
	*ret_loss = loss;
	return GT_OK;
}

/*
 * Takes from every manager but self what the change touches.  Without force nobody may lose
 * anything that changed value.
 */
static int take_over(const struct gt_ssa_request *req, const struct versioned *live,
		     const struct versioned *doc, const struct gt_ssa_manager *self, bool force,
		     struct gt_ssa_managers *m, struct gt_ssa_conflicts *ret_conflicts,
		     struct gt_ssa_diff *ret_diff, struct gt_err *err)
{
	struct gt_arena *a = req->arena;
	struct gt_ssa_diff diff = compare(req, doc->type, live->doc, doc->doc);
	struct loss *losses = gt_arena_calloc(a, m->n + 1, sizeof *losses);
	bool conflicts = false;

	if (!losses)
		return gt_arena_check(a, err);
	for (uint32_t i = 0; i < m->n; i++) {
		if (ssa_manager_find(m, self) == &m->v[i])
			continue;
		int rc = find_loss(req, &m->v[i], live, doc, &diff, &losses[i], err);
		if (rc < 0)
			return rc;
		if (gt_ssa_set_empty(losses[i].conflict))
			continue;
		conflicts = true;
		if (!force && ret_conflicts)
			note_conflicts(a, &m->v[i], losses[i].conflict, ret_conflicts);
	}
	if (conflicts && !force)
		return gt_fail(err, GT_E_CONFLICT, "Apply failed with conflicts");
	for (uint32_t i = m->n; i-- > 0;) {
		struct gt_ssa_manager *e = &m->v[i];
		e->set = gt_ssa_difference(a, e->set, losses[i].conflict);
		e->set = gt_ssa_difference(a, e->set, losses[i].removed);
		if (losses[i].gone || gt_ssa_set_empty(e->set))
			ssa_manager_drop(m, i);
	}
	*ret_diff = diff;
	return GT_OK;
}

void gt_ssa_conflicts_print(struct gt_buf *out, const struct gt_ssa_conflicts *c)
{
	gt_buf_printf(out, "Apply failed with %u conflict%s: ", c->n, c->n == 1 ? "" : "s");
	if (c->n == 1) {
		gt_buf_printf(out, "conflict with %.*s: %.*s", GT_STR_ARG(c->v[0].manager),
			      GT_STR_ARG(c->v[0].path));
		return;
	}
	/* Conflicts of a manager stand together; managers are printed in byte order. */
	const struct gt_str *last = NULL;
	bool first = true;
	for (;;) {
		const struct gt_str *next = NULL;
		for (uint32_t i = 0; i < c->n; i++) {
			const struct gt_str *name = &c->v[i].manager;
			if ((!last || gt_str_cmp(*name, *last) > 0) &&
			    (!next || gt_str_cmp(*name, *next) < 0))
				next = name;
		}
		if (!next)
			return;
		gt_buf_printf(out, "%sconflicts with %.*s:", first ? "" : "\n", GT_STR_ARG(*next));
		first = false;
		for (uint32_t i = 0; i < c->n; i++) {
			if (gt_str_eq(c->v[i].manager, *next))
				gt_buf_printf(out, "\n- %.*s", GT_STR_ARG(c->v[i].path));
		}
		last = next;
	}
}

/* --- updates ------------------------------------------------------------------------------ */

static int updater_cmp(const void *x, const void *y)
{
	const struct gt_ssa_manager *const *a = x, *const *b = y;
	int64_t ta = ssa_manager_seconds(*a), tb = ssa_manager_seconds(*b);

	if (ta != tb)
		return ta < tb ? -1 : 1;
	int c = gt_str_cmp((*a)->name, (*b)->name);
	return c != 0 ? c : gt_str_cmp((*a)->version, (*b)->version);
}

/* Merges the oldest updaters of each version until few enough are left. */
static void cap_updaters(struct gt_arena *a, struct gt_ssa_managers *m)
{
	struct gt_ssa_manager **by_age = gt_arena_calloc(a, m->n + 1, sizeof *by_age);
	uint32_t n = 0, left;

	for (uint32_t i = 0; by_age && i < m->n; i++) {
		if (!m->v[i].applied)
			by_age[n++] = &m->v[i];
	}
	if (n <= UPDATERS_MAX)
		return;
	qsort(by_age, n, sizeof *by_age, updater_cmp);
	left = n;
	for (uint32_t i = 0; i < n && left > UPDATERS_MAX; i++) {
		struct gt_ssa_manager *bucket = NULL;
		for (uint32_t j = 0; j < i && !bucket; j++) {
			if (by_age[j]->set && gt_str_eq(by_age[j]->version, by_age[i]->version))
				bucket = by_age[j];
		}
		if (!bucket)
			continue;
		bucket->name = gt_str("ancient-changes");
		bucket->subresource = gt_str("");
		bucket->set = gt_ssa_union(a, bucket->set, by_age[i]->set);
		bucket->time = by_age[i]->time;
		by_age[i]->set = NULL;
		left--;
	}
	for (uint32_t i = m->n; i-- > 0;) {
		if (!m->v[i].applied && !m->v[i].set)
			ssa_manager_drop(m, i);
	}
}

static int record(const struct gt_ssa_request *req, struct gt_ssa_managers *m,
		  const struct gt_ssa_diff *diff, struct gt_err *err)
{
	struct gt_arena *a = req->arena;
	struct gt_ssa_set *set = filter(req, gt_ssa_union(a, diff->modified, diff->added));
	struct gt_ssa_manager self = {
		.name = req->manager.n ? req->manager : gt_str("unknown"),
		.version = req->version,
		.subresource = req->subresource,
		.time = req->now,
	};
	struct gt_ssa_manager *mine;

	set = gt_ssa_difference(a, set, untracked(a));
	if (gt_ssa_set_empty(set))
		return gt_arena_check(a, err);
	mine = ssa_manager_find(m, &self);
	if (mine) {
		mine->set = gt_ssa_union(a, set, mine->set);
		mine->time = req->now;
	} else {
		self.set = set;
		ssa_manager_add(a, m, &self);
	}
	cap_updaters(a, m);
	return gt_arena_check(a, err);
}

int gt_ssa_update(const struct gt_ssa_request *req, const struct gt_node *live,
		  const struct gt_node *doc, struct gt_ssa_managers *managers, struct gt_err *err)
{
	struct versioned x = {req->version, req->type, live}, y = {req->version, req->type, doc};
	struct gt_ssa_manager self = {.self = true};
	struct gt_ssa_diff diff;
	int rc = reconcile(req, live ? &x : &y, managers, err);

	if (rc == GT_OK)
		rc = take_over(req, &x, &y, &self, true, managers, NULL, &diff, err);
	if (rc == GT_OK)
		rc = record(req, managers, &diff, err);
	return rc;
}

/* --- apply -------------------------------------------------------------------------------- */

/* Everything in merged but what is neither in pruned nor owned. */
static struct gt_node *keep_owned(struct gt_arena *a, const struct versioned *merged,
				  const struct gt_node *pruned, const struct gt_ssa_set *owned)
{
	struct gt_type t = merged->type;
	struct gt_ssa_set *all = gt_ssa_ensure_named(a, gt_ssa_to_set(a, t, merged->doc), t);
	struct gt_ssa_set *kept = gt_ssa_ensure_named(a, gt_ssa_to_set(a, t, pruned), t);

	kept = gt_ssa_union(a, kept, gt_ssa_ensure_named(a, owned, t));
	return gt_ssa_remove(a, t, merged->doc, gt_ssa_difference(a, all, kept));
}

/* Adds back what others, or the applier's new set, own; version by version. */
static int add_back_owned(const struct gt_ssa_request *req, struct versioned *merged,
			  struct versioned *pruned, const struct gt_ssa_managers *m,
			  struct gt_err *err)
{
	struct gt_str first = merged->version;

	/* The version of the pruned set first, then the others, each once. */
	for (uint32_t i = 0; i <= m->n; i++) {
		struct gt_str version = i == 0 ? first : m->v[i - 1].version;
		struct gt_ssa_set *owned = NULL;
		bool seen = i > 0 && gt_str_eq(version, first);
		for (uint32_t j = 0; j < m->n; j++) {
			if (!gt_str_eq(m->v[j].version, version))
				continue;
			if (i > 0 && j < i - 1)
				seen = true;
			owned = gt_ssa_union(req->arena, owned, m->v[j].set);
		}
		if (seen || !owned)
			continue;
		struct versioned mv, pv;
		int rc = convert(req, merged, version, &mv, err);
		if (rc == GT_OK)
			rc = convert(req, pruned, version, &pv, err);
		if (rc == GT_E_NOT_FOUND)
			continue;
		if (rc < 0)
			return rc;
		pv.doc = keep_owned(req->arena, &mv, pv.doc, owned);
		*merged = mv;
		pv.type = mv.type;
		*pruned = pv;
	}
	return GT_OK;
}

/* Removes what the applier owned before, owns no more, and nobody else owns. */
static int prune(const struct gt_ssa_request *req, struct gt_node **doc,
		 const struct gt_ssa_manager *last, const struct gt_ssa_managers *m,
		 struct gt_err *err)
{
	struct gt_arena *a = req->arena;
	struct versioned merged = {req->version, req->type, *doc}, in_last, pruned, back;
	int rc = convert(req, &merged, last->version, &in_last, err);

	if (rc < 0)
		return rc == GT_E_NOT_FOUND ? GT_OK : rc;
	struct gt_type t = in_last.type;
	struct gt_ssa_set *named = gt_ssa_ensure_named(a, last->set, t);
	pruned = in_last;
	pruned.doc = gt_ssa_remove(a, t, in_last.doc, named);
	merged = in_last;
	rc = add_back_owned(req, &merged, &pruned, m, err);
	if (rc < 0)
		return rc;
	rc = convert(req, &pruned, last->version, &back, err);
	if (rc < 0)
		return rc == GT_E_NOT_FOUND ? GT_OK : rc;
	struct gt_ssa_set *all = gt_ssa_ensure_named(a, gt_ssa_to_set(a, t, in_last.doc), t);
	struct gt_ssa_set *left = gt_ssa_ensure_named(a, gt_ssa_to_set(a, t, back.doc), t);
	struct gt_ssa_set *gone = gt_ssa_difference(a, all, left);
	back = in_last;
	back.doc = gt_ssa_remove(a, t, in_last.doc, gt_ssa_intersection(a, gone, named));
	rc = convert(req, &back, req->version, &merged, err);
	if (rc == GT_OK)
		*doc = (struct gt_node *)(uintptr_t)merged.doc;
	return rc;
}

/* What stands before the first apply is recorded as somebody's. */
static int adopt(const struct gt_ssa_request *req, const struct gt_node *live,
		 struct gt_ssa_managers *m, struct gt_err *err)
{
	struct gt_ssa_request before = *req;
	const struct gt_node *empty = req->empty ? req->empty : gt_node_map(req->arena);

	before.manager = gt_str("before-first-apply");
	return gt_ssa_update(&before, empty, live, m, err);
}

/* The applier's own entry, and what it owned before (an empty set at first). */
static int claim(const struct gt_ssa_request *req, const struct gt_node *config,
		 struct gt_ssa_managers *m, struct gt_ssa_manager *self,
		 struct gt_ssa_manager *ret_last, struct gt_err *err)
{
	struct gt_ssa_set *set = filter(req, gt_ssa_to_set(req->arena, req->type, config));
	struct gt_ssa_manager *mine = ssa_manager_find(m, self);

	*ret_last = mine ? *mine : *self;
	self->set = set;
	if (mine) {
		mine->set = set;
		mine->version = req->version;
	} else if (!ssa_manager_add(req->arena, m, self)) {
		return gt_arena_check(req->arena, err);
	}
	return GT_OK;
}

static int merge_and_prune(const struct gt_ssa_request *req, const struct gt_node *live,
			   const struct gt_node *config, struct gt_ssa_managers *m,
			   struct gt_ssa_manager *self, struct gt_node **ret_doc,
			   struct gt_err *err)
{
	struct gt_ssa_manager last;
	struct gt_node *doc;
	int rc = gt_ssa_merge(req->arena, req->type, live, config, &doc, err);

	if (rc < 0)
		return gt_wrap(err, "failed to merge config");
	rc = claim(req, config, m, self, &last, err);
	if (rc == GT_OK && !gt_ssa_set_empty(last.set))
		rc = prune(req, &doc, &last, m, err);
	if (rc == GT_OK)
		*ret_doc = doc ? doc : gt_node_map(req->arena);
	return rc;
}

int gt_ssa_apply(const struct gt_ssa_request *req, const struct gt_node *live,
		 const struct gt_node *config, bool force, struct gt_ssa_managers *managers,
		 struct gt_node **ret_doc, struct gt_ssa_conflicts *ret_conflicts,
		 struct gt_err *err)
{
	struct gt_arena *a = req->arena;
	struct versioned x = {req->version, req->type, live}, y = x;
	struct gt_ssa_manager self = {
		.name = req->manager.n ? req->manager : gt_str("unknown"),
		.version = req->version,
		.subresource = req->subresource,
		.applied = true,
	};
	struct gt_ssa_diff diff;
	struct gt_ssa_manager *mine;
	struct gt_node *doc = NULL;
	int rc = GT_OK;

	ret_conflicts->n = 0;
	if (managers->n == 0)
		rc = adopt(req, live, managers, err);
	if (rc == GT_OK)
		rc = reconcile(req, &x, managers, err);
	if (rc == GT_OK)
		rc = merge_and_prune(req, live, config, managers, &self, &doc, err);
	if (rc < 0)
		return rc;
	y.doc = doc;
	rc = take_over(req, &x, &y, &self, force, managers, ret_conflicts, &diff, err);
	if (rc < 0)
		return rc;
	bool same = gt_node_equal(live, doc);
	mine = ssa_manager_find(managers, &self);
	if (mine) {
		mine->set = gt_ssa_difference(a, mine->set, untracked(a));
		if (!same)
			mine->time = req->now;
		if (gt_ssa_set_empty(mine->set))
			ssa_manager_drop(managers, (uint32_t)(mine - managers->v));
	}
	*ret_doc = same ? NULL : doc;
	return gt_arena_check(a, err);
}
