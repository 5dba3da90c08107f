/* Garbage collection by owner references. */
#include "base/limits.h"
#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "control.h"

#define FOREGROUND "foregroundDeletion"
#define ORPHAN "orphan"
#define CHECK_NS GT_MILLIS(500) /* an owner may be created right after its dependent */
#define AGAIN_NS GT_MILLIS(50)

/* Somebody who names an owner. */
struct dependent {
	struct as_resource *r;
	char *ns, *name;
};

struct dependents {
	GT_VEC(struct dependent) v;
};

struct as_gc {
	struct gt_map by_owner; /* uid to struct dependents */
};

static void free_dependents(void *p)
{
	struct dependents *d = p;

	for (size_t i = 0; i < d->v.n; i++) {
		as_resource_unref(d->v.v[i].r);
		free(d->v.v[i].ns);
		free(d->v.v[i].name);
	}
	gt_vec_fini(&d->v);
	free(d);
}

struct as_gc *as_gc_new(void)
{
	struct as_gc *gc = gt_new(struct as_gc);

	gt_map_init(&gc->by_owner, free_dependents);
	return gc;
}

void as_gc_free(struct as_gc *gc)
{
	if (!gc)
		return;
	gt_map_fini(&gc->by_owner);
	free(gc);
}

/* --- the index ---------------------------------------------------------------------------- */

static void remember(struct as_gc *gc, struct gt_str uid, struct as_resource *r,
		     const struct as_object *o)
{
	struct dependents *d = gt_map_find(&gc->by_owner, uid);

	if (!d) {
		d = gt_new(struct dependents);
		gt_map_put(&gc->by_owner, uid, d);
	}
	for (size_t i = 0; i < d->v.n; i++) {
		if (d->v.v[i].r->table == r->table && gt_str_is(o->ns, d->v.v[i].ns) &&
		    gt_str_is(o->name, d->v.v[i].name))
			return;
	}
	gt_vec_push(&d->v, (struct dependent){as_resource_ref(r),
					      gt_xstrndup(o->ns.p ? o->ns.p : "", o->ns.n),
					      gt_xstrndup(o->name.p, o->name.n)});
}

void as_gc_each_dependent(struct as_gc *gc, struct gt_str uid,
			  void (*fn)(void *arg, struct as_resource *r, struct gt_str ns,
				     struct gt_str name),
			  void *arg)
{
	struct dependents *d = gt_map_find(&gc->by_owner, uid);

	for (size_t i = 0; d && i < d->v.n; i++)
		fn(arg, d->v.v[i].r, gt_str(d->v.v[i].ns), gt_str(d->v.v[i].name));
}

static struct gt_node *owners_of(const struct as_object *o, struct gt_arena *a)
{
	struct gt_node *obj = NULL;

	return as_object_parse(o, a, &obj, NULL) == GT_OK
		       ? gt_node_at(obj, "metadata", "ownerReferences")
		       : NULL;
}

/* --- one dependent ------------------------------------------------------------------------ */

enum owner_state { SOLID, WAITING, DANGLING, UNKNOWN };

static bool has_finalizer(const struct as_object *o, const char *name)
{
	gt_auto_arena a = {.budget = GT_BUDGET_REQUEST};
	struct gt_node *obj = NULL;

	if (as_object_parse(o, &a, &obj, NULL) < 0)
		return false;
	gt_seq_for_each (gt_node_at(obj, "metadata", "finalizers"), f) {
		if (gt_node_is_text(f, name))
			return true;
	}
	return false;
}

static enum owner_state owner_state(struct as_controllers *k, const struct gt_node *ref,
				    struct gt_str ns)
{
	struct gt_str version = gt_node_text(gt_node_get(ref, "apiVersion"));
	size_t slash = gt_str_find(version, '/');
	struct gt_str group = slash == SIZE_MAX ? gt_str("") : gt_str_sub(version, 0, slash);
	struct as_resource *r = as_registry_find_kind(as_control_server(k)->registry, group,
						      gt_node_text(gt_node_get(ref, "kind")));
	struct as_object *o = NULL;
	enum owner_state state = UNKNOWN;

	/* Of a kind nobody serves nothing can be said. */
	if (!r || !r->table)
		goto out;
	/* A cluster-scoped object cannot have an owner in a namespace. */
	if (r->flags & AS_R_NAMESPACED && ns.n == 0)
		goto out;
	o = as_table_get(r->table, r->flags & AS_R_NAMESPACED ? ns : gt_str(""),
			 gt_node_text(gt_node_get(ref, "name")));
	if (!o || !gt_str_eq(o->uid, gt_node_text(gt_node_get(ref, "uid"))))
		state = DANGLING;
	else
		state = o->deleting && has_finalizer(o, FOREGROUND) ? WAITING : SOLID;
out:
	as_object_unref(o);
	as_resource_unref(r);
	return state;
}

struct count {
	size_t solid, waiting, dangling;
};

struct drop {
	struct as_controllers *k;
	struct gt_str ns;
	struct gt_str uid; /* only references to this owner; all that are not solid when empty */
};

static int drop_references(struct as_call *c, struct as_edit *e, void *arg)
{
	struct drop *d = arg;
	struct gt_node *meta, *refs;

	e->obj = gt_node_dup(&c->arena, e->live);
	meta = gt_node_get(e->obj, "metadata");
	refs = gt_node_get(meta, "ownerReferences");
	for (size_t i = gt_node_count(refs); i-- > 0;) {
		const struct gt_node *ref = gt_node_item(refs, i);
		enum owner_state s = SOLID;
		if (d->uid.n > 0)
			s = gt_str_eq(gt_node_text(gt_node_get(ref, "uid")), d->uid) ? DANGLING
										     : SOLID;
		else
			s = owner_state(d->k, ref, d->ns);
		if (s == DANGLING || s == WAITING)
			gt_node_remove(refs, i);
	}
	if (gt_node_count(refs) == 0)
		gt_node_unset(meta, "ownerReferences");
	return GT_OK;
}

static bool has_dependents(struct as_controllers *k, struct gt_str uid);

/* Decides about an object by what became of its owners. */
static void check_dependent(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
			    struct gt_str name)
{
	struct as_object *o = as_table_get(r->table, ns, name);
	gt_auto_arena a = {.budget = GT_BUDGET_REQUEST};
	struct count n = {0};

	if (!o || !o->owned || o->deleting) {
		as_object_unref(o);
		return;
	}
	gt_seq_for_each (owners_of(o, &a), ref) {
		enum owner_state s = owner_state(k, ref, ns);
		n.solid += s == SOLID || s == UNKNOWN;
		n.waiting += s == WAITING;
		n.dangling += s == DANGLING;
	}
	if (n.solid > 0 && n.waiting + n.dangling > 0) {
		struct drop d = {.k = k, .ns = ns};
		as_control_modify(k, r, ns, name, NULL, drop_references, &d);
	} else if (n.solid == 0 && n.waiting > 0) {
		as_control_delete(k, r, ns, name, o->uid,
				  has_dependents(k, o->uid) ? "Foreground" : "Background");
	} else if (n.solid == 0 && n.dangling > 0) {
		const char *policy = has_finalizer(o, ORPHAN)       ? "Orphan"
				     : has_finalizer(o, FOREGROUND) ? "Foreground"
								    : "Background";
		as_control_delete(k, r, ns, name, o->uid, policy);
	}
	as_object_unref(o);
}

/* --- owners that go ----------------------------------------------------------------------- */

/* Whether the remembered object still names the owner; *ret_blocks: and holds it up. */
static bool still_depends(const struct dependent *d, struct gt_str uid, bool *ret_blocks)
{
	struct as_object *o = as_table_get(d->r->table, gt_str(d->ns), gt_str(d->name));
	gt_auto_arena a = {.budget = GT_BUDGET_REQUEST};
	bool yes = false;

	*ret_blocks = false;
	gt_seq_for_each (o && o->owned ? owners_of(o, &a) : NULL, ref) {
		if (!gt_str_eq(gt_node_text(gt_node_get(ref, "uid")), uid))
			continue;
		yes = true;
		*ret_blocks |= gt_node_truth(gt_node_get(ref, "blockOwnerDeletion"), false);
	}
	as_object_unref(o);
	return yes;
}

static bool has_dependents(struct as_controllers *k, struct gt_str uid)
{
	struct dependents *d = gt_map_find(&as_control_gc(k)->by_owner, uid);
	bool blocks;

	for (size_t i = 0; d && i < d->v.n; i++) {
		if (still_depends(&d->v.v[i], uid, &blocks))
			return true;
	}
	return false;
}

static int drop_finalizer(struct as_call *c, struct as_edit *e, void *arg)
{
	struct gt_node *meta, *list;

	e->obj = gt_node_dup(&c->arena, e->live);
	meta = gt_node_get(e->obj, "metadata");
	list = gt_node_get(meta, "finalizers");
	for (size_t i = gt_node_count(list); i-- > 0;) {
		if (gt_node_is_text(gt_node_item(list, i), arg))
			gt_node_remove(list, i);
	}
	if (gt_node_count(list) == 0)
		gt_node_unset(meta, "finalizers");
	return GT_OK;
}

static void orphan_dependents(struct as_controllers *k, struct gt_str uid)
{
	struct dependents *d = gt_map_find(&as_control_gc(k)->by_owner, uid);
	bool blocks;

	for (size_t i = 0; d && i < d->v.n; i++) {
		struct dependent *one = &d->v.v[i];
		struct drop drop = {.k = k, .uid = uid};
		if (still_depends(one, uid, &blocks))
			as_control_modify(k, one->r, gt_str(one->ns), gt_str(one->name), NULL,
					  drop_references, &drop);
	}
}

/* Deletes dependents; true when some still hold the owner up. */
static bool delete_dependents(struct as_controllers *k, struct gt_str uid)
{
	struct dependents *d = gt_map_find(&as_control_gc(k)->by_owner, uid);
	bool held = false, blocks;

	for (size_t i = 0; d && i < d->v.n; i++) {
		struct dependent *one = &d->v.v[i];
		if (!still_depends(one, uid, &blocks))
			continue;
		as_requeue(k, check_dependent, one->r, gt_str(one->ns), gt_str(one->name), 0);
		held |= blocks;
	}
	return held;
}

static void finish_owner(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
			 struct gt_str name)
{
	struct as_object *o = as_table_get(r->table, ns, name);
	static char foreground[] = FOREGROUND, orphan[] = ORPHAN;

	if (o && o->deleting && has_finalizer(o, ORPHAN)) {
		orphan_dependents(k, o->uid);
		as_control_modify(k, r, ns, name, NULL, drop_finalizer, orphan);
	} else if (o && o->deleting && has_finalizer(o, FOREGROUND)) {
		if (delete_dependents(k, o->uid))
			as_requeue(k, finish_owner, r, ns, name, AGAIN_NS);
		else
			as_control_modify(k, r, ns, name, NULL, drop_finalizer, foreground);
	}
	as_object_unref(o);
}

/* --- events ------------------------------------------------------------------------------- */

void as_gc_saw(struct as_gc *gc, struct as_controllers *k, const struct as_happening *h)
{
	if (h->type == AS_DELETED) {
		struct dependents *d = gt_map_find(&gc->by_owner, h->obj->uid);
		for (size_t i = 0; d && i < d->v.n; i++)
			as_requeue(k, check_dependent, d->v.v[i].r, gt_str(d->v.v[i].ns),
				   gt_str(d->v.v[i].name), 0);
		gt_map_del(&gc->by_owner, h->obj->uid);
		return;
	}
	if (h->obj->owned) {
		gt_auto_arena a = {.budget = GT_BUDGET_REQUEST};
		gt_seq_for_each (owners_of(h->obj, &a), ref)
			remember(gc, gt_node_text(gt_node_get(ref, "uid")), h->r, h->obj);
		if (h->type == AS_ADDED)
			as_requeue(k, check_dependent, h->r, h->obj->ns, h->obj->name, CHECK_NS);
	}
	if (h->obj->deleting)
		as_requeue(k, finish_owner, h->r, h->obj->ns, h->obj->name, 0);
}
