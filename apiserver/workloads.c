/*
 * What workloads make: the ReplicaSets of Deployments, and the pods of everything.  Only objects
 * are made; their status is simulate.c's.
 */
#include <stdio.h>

#include "base/limits.h"
#include "base/rand.h"
#include "base/vec.h"
#include "control.h"
#include "text/json.h"

#define REVISION "deployment.kubernetes.io/revision"
#define HASH_LABEL "pod-template-hash"
#define PODS_MAX 500 /* of one workload */

/* An owner and what it owns of one resource. */
struct family {
	struct as_controllers *k;
	struct gt_arena *a;
	struct as_resource *r; /* of the owner */
	struct gt_node *owner;
	struct as_resource *kind; /* of the children, a reference */
	GT_VEC(struct gt_node *) children;
};

static const char *text_at(const struct gt_node *obj, const char *a, const char *b)
{
	return gt_node_cstr_or(gt_node_at(obj, a, b), "");
}

static bool is_controlled_by(const struct gt_node *obj, const char *uid)
{
	gt_seq_for_each (gt_node_at(obj, "metadata", "ownerReferences"), ref) {
		if (gt_node_truth(gt_node_get(ref, "controller"), false) &&
		    gt_node_is_text(gt_node_get(ref, "uid"), uid))
			return true;
	}
	return false;
}

/* Keeps a child that is not being deleted. */
static void add_child(void *arg, struct as_resource *r, struct gt_str ns, struct gt_str name)
{
	struct family *f = arg;
	struct as_object *o = r->table == f->kind->table ? as_table_get(r->table, ns, name) : NULL;
	struct gt_node *child = NULL;

	if (o && !o->deleting && as_object_parse(o, f->a, &child, NULL) == GT_OK &&
	    is_controlled_by(child, text_at(f->owner, "metadata", "uid")))
		gt_vec_push(&f->children, child);
	as_object_unref(o);
}

/*
 * The index of owners is complete here: the events of whatever this thread wrote before were
 * followed before this item ran.
 */
static void find_children(struct family *f)
{
	as_gc_each_dependent(as_control_gc(f->k), gt_str(text_at(f->owner, "metadata", "uid")),
			     add_child, f);
}

/* --- making ------------------------------------------------------------------------------- */

static void set_owner(struct family *f, struct gt_node *meta)
{
	struct gt_arena *a = f->a;
	struct gt_node *ref = gt_node_map(a);

	gt_node_set(a, ref, "apiVersion", gt_node_get(f->owner, "apiVersion"));
	gt_node_set(a, ref, "kind", gt_node_get(f->owner, "kind"));
	gt_node_set_str(a, ref, "name", text_at(f->owner, "metadata", "name"));
	gt_node_set_str(a, ref, "uid", text_at(f->owner, "metadata", "uid"));
	gt_node_set_bool(a, ref, "controller", true);
	gt_node_set_bool(a, ref, "blockOwnerDeletion", true);
	gt_node_append(a, gt_node_need_seq(a, meta, "ownerReferences"), ref);
}

/* A child named by hand, or else by a prefix. */
static struct gt_node *new_child(struct family *f, const char *name, const char *prefix)
{
	struct gt_node *obj = gt_node_map(f->a), *meta = gt_node_need_map(f->a, obj, "metadata");

	if (name)
		gt_node_set_str(f->a, meta, "name", name);
	else
		gt_node_set(f->a, meta, "generateName", gt_node_printf(f->a, "%s-", prefix));
	set_owner(f, meta);
	return obj;
}

static void create_child(struct family *f, struct gt_node *obj)
{
	as_control_create(f->k, f->kind, gt_str(text_at(f->owner, "metadata", "namespace")), f->a,
			  obj);
}

static void delete_child(struct family *f, const struct gt_node *child)
{
	as_control_delete(f->k, f->kind, gt_str(text_at(child, "metadata", "namespace")),
			  gt_str(text_at(child, "metadata", "name")),
			  gt_str(text_at(child, "metadata", "uid")), "Background");
}

static void copy_map(struct family *f, struct gt_node *meta, const char *key,
		     const struct gt_node *from)
{
	gt_map_each(from, p) gt_node_set(f->a, gt_node_need_map(f->a, meta, key), p->key, p->value);
}

/* --- ReplicaSets -------------------------------------------------------------------------- */

static int64_t revision_of(const struct gt_node *obj)
{
	int64_t n;
	struct gt_str s = gt_node_text(gt_node_at(obj, "metadata", "annotations", REVISION));

	return gt_str_i64(s, &n) ? n : 0;
}

static int64_t newest_revision(const struct family *f)
{
	int64_t newest = 0;

	for (size_t i = 0; i < f->children.n; i++) {
		int64_t n = revision_of(f->children.v[i]);
		newest = n > newest ? n : newest;
	}
	return newest;
}

static void create_replica_set(struct family *f, const char *name, const char *hash)
{
	struct gt_arena *a = f->a;
	struct gt_node *spec = gt_node_get(f->owner, "spec");
	struct gt_node *obj = new_child(f, name, NULL), *meta = gt_node_get(obj, "metadata");
	struct gt_node *tmpl = gt_node_dup(a, gt_node_get(spec, "template"));
	struct gt_node *out = gt_node_map(a), *selector;

	copy_map(f, meta, "labels", gt_node_at(tmpl, "metadata", "labels"));
	gt_node_set_str(a, gt_node_need_map(a, meta, "labels"), HASH_LABEL, hash);
	copy_map(f, meta, "annotations", gt_node_at(f->owner, "metadata", "annotations"));
	gt_node_unset(gt_node_get(meta, "annotations"),
		      "kubectl.kubernetes.io/last-applied-configuration");
	gt_node_set(a, gt_node_need_map(a, meta, "annotations"), REVISION,
		    gt_node_printf(a, "%lld", (long long)newest_revision(f) + 1));
	selector = gt_node_dup(a, gt_node_get(spec, "selector"));
	gt_node_set_str(a, gt_node_need_map(a, selector, "matchLabels"), HASH_LABEL, hash);
	gt_node_set_str(a, gt_node_need_map(a, gt_node_need_map(a, tmpl, "metadata"), "labels"),
			HASH_LABEL, hash);
	gt_node_set_int(a, out, "replicas", gt_node_int_or(gt_node_get(spec, "replicas"), 1));
	gt_node_set(a, out, "selector", selector);
	gt_node_set(a, out, "template", tmpl);
	gt_node_set(a, obj, "spec", out);
	create_child(f, obj);
}

/* What a ReplicaSet should be like now. */
struct rs_change {
	int64_t replicas, revision; /* revision 0: as it is */
};

static int set_replica_set(struct as_call *c, struct as_edit *e, void *arg)
{
	const struct rs_change *ch = arg;
	struct gt_node *meta;

	e->obj = gt_node_dup(&c->arena, e->live);
	gt_node_set_int(&c->arena, gt_node_get(e->obj, "spec"), "replicas", ch->replicas);
	meta = gt_node_get(e->obj, "metadata");
	if (ch->revision)
		gt_node_set(&c->arena, gt_node_need_map(&c->arena, meta, "annotations"), REVISION,
			    gt_node_printf(&c->arena, "%lld", (long long)ch->revision));
	return GT_OK;
}

static int set_revision(struct as_call *c, struct as_edit *e, void *arg)
{
	e->obj = gt_node_dup(&c->arena, e->live);
	gt_node_set(&c->arena,
		    gt_node_need_map(&c->arena, gt_node_get(e->obj, "metadata"), "annotations"),
		    REVISION, gt_node_printf(&c->arena, "%lld", (long long)*(int64_t *)arg));
	return GT_OK;
}

/* The one whose template is wanted has the replicas and the newest revision; the others have none.
 */
static void roll(struct family *f)
{
	const struct gt_node *spec = gt_node_get(f->owner, "spec");
	const char *hash = as_template_hash(f->a, f->owner);
	const char *name =
		gt_arena_printf(f->a, "%s-%s", text_at(f->owner, "metadata", "name"), hash);
	struct gt_str ns = gt_str(text_at(f->owner, "metadata", "namespace"));
	int64_t newest = newest_revision(f), revision = 0;

	for (size_t i = 0; i < f->children.n; i++) {
		const struct gt_node *rs = f->children.v[i];
		bool current = gt_node_is_text(gt_node_at(rs, "metadata", "name"), name);
		struct rs_change ch = {0};
		if (current) {
			ch.replicas = gt_node_int_or(gt_node_get(spec, "replicas"), 1);
			revision = revision_of(rs);
			if (revision < newest)
				ch.revision = revision = newest + 1;
		}
		if (ch.revision ||
		    ch.replicas != gt_node_int_or(gt_node_at(rs, "spec", "replicas"), -1))
			as_control_modify(f->k, f->kind, ns,
					  gt_str(text_at(rs, "metadata", "name")), NULL,
					  set_replica_set, &ch);
	}
	if (!revision) {
		create_replica_set(f, name, hash);
		revision = newest + 1;
	}
	if (revision_of(f->owner) != revision)
		as_control_modify(f->k, f->r, ns, gt_str(text_at(f->owner, "metadata", "name")),
				  "status", set_revision, &revision);
}

/* --- pods --------------------------------------------------------------------------------- */

static struct gt_node *new_pod(struct family *f, const char *name)
{
	struct gt_arena *a = f->a;
	const char *owner = text_at(f->owner, "metadata", "name");
	struct gt_node *tmpl = gt_node_at(f->owner, "spec", "template");
	struct gt_node *pod = new_child(f, name, owner), *meta = gt_node_get(pod, "metadata");
	struct gt_node *outcome =
		gt_node_at(f->owner, "metadata", "annotations", AS_SIMULATE_OUTCOME);

	copy_map(f, meta, "labels", gt_node_at(tmpl, "metadata", "labels"));
	copy_map(f, meta, "annotations", gt_node_at(tmpl, "metadata", "annotations"));
	if (outcome)
		gt_node_set(a, gt_node_need_map(a, meta, "annotations"), AS_SIMULATE_OUTCOME,
			    outcome);
	gt_node_set(a, pod, "spec", gt_node_dup(a, gt_node_get(tmpl, "spec")));
	gt_node_set_str(a, gt_node_get(pod, "spec"), "nodeName", "node-0");
	return pod;
}

/* Numbered pods of a StatefulSet: those beyond the count go, those missing come. */
static void number_pods(struct family *f, int64_t want)
{
	const char *owner = text_at(f->owner, "metadata", "name");

	for (size_t i = 0; i < f->children.n; i++) {
		struct gt_str name = gt_str(text_at(f->children.v[i], "metadata", "name"));
		size_t dash = gt_str_rfind(name, '-');
		int64_t n = -1;
		if (dash == SIZE_MAX || !gt_str_i64(gt_str_from(name, dash + 1), &n) || n >= want)
			delete_child(f, f->children.v[i]);
	}
	for (int64_t n = 0; n < want; n++) {
		const char *name = gt_arena_printf(f->a, "%s-%lld", owner, (long long)n);
		bool there = false;
		for (size_t i = 0; i < f->children.n && !there; i++)
			there = gt_node_is_text(gt_node_at(f->children.v[i], "metadata", "name"),
						name);
		if (!there)
			create_child(f, new_pod(f, name));
	}
}

static void count_pods(struct family *f, int64_t want)
{
	for (int64_t n = (int64_t)f->children.n; n > want; n--)
		delete_child(f, f->children.v[n - 1]);
	for (int64_t n = (int64_t)f->children.n; n < want; n++)
		create_child(f, new_pod(f, NULL));
}

static int64_t wanted_pods(struct family *f)
{
	const struct gt_node *spec = gt_node_get(f->owner, "spec");
	int64_t n = gt_node_int_or(gt_node_get(spec, "replicas"), 1);

	if (as_resource_is(f->r, "apps", "daemonsets")) {
		struct as_resource *nodes = as_builtin(f->k, "", "nodes");
		n = (int64_t)as_table_count(nodes->table);
		as_resource_unref(nodes);
	}
	return n < PODS_MAX ? n : PODS_MAX;
}

/* A Job has its pods once, whatever becomes of them. */
static void job_pods(struct family *f)
{
	const struct gt_node *spec = gt_node_get(f->owner, "spec");
	int64_t n = gt_node_int_or(gt_node_get(spec, "completions"),
				   gt_node_int_or(gt_node_get(spec, "parallelism"), 1));

	if (gt_node_truth(gt_node_get(spec, "suspend"), false) || f->children.n > 0 ||
	    gt_node_at(f->owner, "status", "completionTime"))
		return;
	count_pods(f, n < PODS_MAX ? n : PODS_MAX);
}

/* --- reconciling -------------------------------------------------------------------------- */

static const char *children_of(const struct as_resource *r)
{
	static const struct {
		const char *group, *plural, *children;
	} rows[] = {
		{"", "replicationcontrollers", "pods"}, {"apps", "daemonsets", "pods"},
		{"apps", "deployments", "replicasets"}, {"apps", "replicasets", "pods"},
		{"apps", "statefulsets", "pods"},       {"batch", "jobs", "pods"},
	};

	for (size_t i = 0; i < GT_COUNT(rows); i++) {
		if (as_resource_is(r, rows[i].group, rows[i].plural))
			return rows[i].children;
	}
	return NULL;
}

static void beget(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
		  struct gt_str name)
{
	gt_auto_arena a = {.budget = GT_BUDGET_REQUEST};
	struct family f = {.k = k, .a = &a, .r = r};
	struct as_object *o = as_table_get(r->table, ns, name);
	const char *children = children_of(r);

	if (o && !o->deleting && as_object_parse(o, &a, &f.owner, NULL) == GT_OK) {
		f.kind = as_builtin(k, gt_streq(children, "pods") ? "" : "apps", children);
		find_children(&f);
		if (gt_streq(children, "replicasets"))
			roll(&f);
		else if (as_resource_is(r, "apps", "statefulsets"))
			number_pods(&f, wanted_pods(&f));
		else if (as_resource_is(r, "batch", "jobs"))
			job_pods(&f);
		else
			count_pods(&f, wanted_pods(&f));
	}
	gt_vec_fini(&f.children);
	as_resource_unref(f.kind);
	as_object_unref(o);
}

/* A child that goes is missed by its owner. */
static void child_gone(struct as_controllers *k, const struct as_object *child)
{
	gt_auto_arena a = {.budget = GT_BUDGET_REQUEST};
	struct gt_node *obj = NULL;

	if (!child->owned || as_object_parse(child, &a, &obj, NULL) < 0)
		return;
	gt_seq_for_each (gt_node_at(obj, "metadata", "ownerReferences"), ref) {
		struct gt_str version = gt_node_text(gt_node_get(ref, "apiVersion"));
		size_t slash = gt_str_find(version, '/');
		struct as_resource *r = as_registry_find_kind(
			as_control_server(k)->registry,
			slash == SIZE_MAX ? gt_str("") : gt_str_sub(version, 0, slash),
			gt_node_text(gt_node_get(ref, "kind")));
		if (r && children_of(r) && gt_node_truth(gt_node_get(ref, "controller"), false))
			as_requeue(k, beget, r, child->ns, gt_node_text(gt_node_get(ref, "name")),
				   0);
		as_resource_unref(r);
	}
}

void as_workload_saw(struct as_controllers *k, const struct as_happening *h)
{
	bool child =
		as_resource_is(h->r, "", "pods") || as_resource_is(h->r, "apps", "replicasets");

	if (child && h->type == AS_DELETED)
		child_gone(k, h->obj);
	if (h->type != AS_DELETED && !h->obj->deleting && children_of(h->r))
		as_requeue(k, beget, h->r, h->obj->ns, h->obj->name, 0);
}
