/* Namespaces and definitions: what comes with them, and what must go before they go. */
#include "base/limits.h"
#include "base/time.h"
#include "control.h"
#include "services.h"
#include "status.h"

#define AGAIN_NS GT_MILLIS(50)
#define CLEANUP "customresourcecleanup.apiextensions.k8s.io"

/* --- what every namespace has ------------------------------------------------------------- */

static bool exists(struct as_resource *r, struct gt_str ns, const char *name)
{
	struct as_object *o = as_table_get(r->table, ns, gt_str(name));
	bool yes = o != NULL;

	as_object_unref(o);
	return yes;
}

static struct gt_node *named(struct gt_arena *a, const char *name)
{
	struct gt_node *obj = gt_node_map(a);

	gt_node_set_str(a, gt_node_need_map(a, obj, "metadata"), "name", name);
	return obj;
}

static void furnish(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
		    struct gt_str name)
{
	struct as_resource *accounts = as_builtin(k, "", "serviceaccounts");
	struct as_resource *maps = as_builtin(k, "", "configmaps");
	struct as_object *o = as_table_get(r->table, ns, name);
	gt_auto_arena a = {0};

	if (o && !o->deleting && !exists(accounts, name, "default"))
		as_control_create(k, accounts, name, &a, named(&a, "default"));
	if (o && !o->deleting && !exists(maps, name, "kube-root-ca.crt")) {
		struct gt_node *map = named(&a, "kube-root-ca.crt");
		gt_node_set_str(&a, gt_node_need_map(&a, map, "data"), "ca.crt",
				as_control_server(k)->ca_pem);
		as_control_create(k, maps, name, &a, map);
	}
	as_object_unref(o);
	as_resource_unref(accounts);
	as_resource_unref(maps);
}

/* --- namespaces that go ------------------------------------------------------------------- */

/* What is left of a namespace. */
struct remains {
	size_t objects, finalizers;
	struct gt_buf resources, waiting; /* as the conditions tell them */
};

static void note_remains(struct remains *left, struct as_resource *r,
			 const struct as_snapshot *snap)
{
	size_t stuck = 0;

	for (size_t i = 0; i < snap->n; i++)
		stuck += gt_str_search(snap->v[i]->json, gt_str("\"finalizers\":[")) != SIZE_MAX;
	left->objects += snap->n;
	left->finalizers += stuck;
	gt_buf_printf(&left->resources, "%s%s. has %zu resource instances",
		      left->resources.n ? ", " : "", r->qualified, snap->n);
	for (size_t i = 0; i < snap->n && stuck; i++) {
		gt_auto_arena a = {.budget = GT_BUDGET_REQUEST};
		struct gt_node *obj = NULL;
		if (as_object_parse(snap->v[i], &a, &obj, NULL) < 0)
			continue;
		gt_seq_for_each (gt_node_at(obj, "metadata", "finalizers"), f)
			gt_buf_printf(&left->waiting, "%s%s in 1 resource instances",
				      left->waiting.n ? ", " : "", gt_node_cstr_or(f, ""));
	}
}

/* Deletes what is in the namespace; what is still there afterwards is counted. */
static void empty(struct as_controllers *k, struct gt_str ns, struct remains *left)
{
	size_t n;
	struct as_resource **all = as_registry_all(as_control_server(k)->registry, &n);
	struct as_scan scan = {.ns = ns};

	for (size_t i = 0; i < n; i++) {
		struct as_snapshot snap = {0};
		if (!all[i]->table || !(all[i]->flags & AS_R_NAMESPACED) ||
		    as_table_scan(all[i]->table, &scan, &snap, NULL) < 0)
			continue;
		for (size_t j = 0; j < snap.n; j++) {
			if (!snap.v[j]->deleting)
				as_control_delete(k, all[i], ns, snap.v[j]->name, gt_str(""),
						  "Background");
		}
		as_snapshot_fini(&snap);
		if (as_table_scan(all[i]->table, &scan, &snap, NULL) == GT_OK && snap.n > 0)
			note_remains(left, all[i], &snap);
		as_snapshot_fini(&snap);
	}
	as_resources_free(all, n);
}

static int tell_remains(struct as_call *c, struct as_edit *e, void *arg)
{
	struct remains *left = arg;
	gt_auto_buf some = {0};
	gt_auto_buf held = {0};
	struct gt_node *list;

	e->obj = gt_node_dup(&c->arena, e->live);
	list = gt_node_need_seq(&c->arena, gt_node_need_map(&c->arena, e->obj, "status"),
				"conditions");
	gt_buf_printf(&some, "Some resources are remaining: %s", gt_buf_cstr(&left->resources));
	gt_buf_printf(&held, "Some content in the namespace has finalizers remaining: %s",
		      gt_buf_cstr(&left->waiting));
	as_set_condition(c, list, "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered",
			 "All resources successfully discovered");
	as_set_condition(c, list, "NamespaceDeletionGroupVersionParsingFailure", false,
			 "ParsedGroupVersions", "All legacy kube types successfully parsed");
	as_set_condition(c, list, "NamespaceDeletionContentFailure", false, "ContentDeleted",
			 "All content successfully deleted, may be waiting on finalization");
	as_set_condition(c, list, "NamespaceContentRemaining", left->objects > 0,
			 left->objects ? "SomeResourcesRemain" : "ContentRemoved",
			 left->objects ? gt_buf_cstr(&some) : "All content successfully removed");
	as_set_condition(c, list, "NamespaceFinalizersRemaining", left->finalizers > 0,
			 left->finalizers ? "SomeFinalizersRemain" : "ContentHasNoFinalizers",
			 left->finalizers ? gt_buf_cstr(&held)
					  : "All content-preserving finalizers finished");
	return GT_OK;
}

static int drop_kubernetes(struct as_call *c, struct as_edit *e, void *arg)
{
	struct gt_node *list;

	(void)arg;
	e->obj = gt_node_dup(&c->arena, e->live);
	list = gt_node_at(e->obj, "spec", "finalizers");
	for (size_t i = gt_node_count(list); i-- > 0;) {
		if (gt_node_is_text(gt_node_item(list, i), "kubernetes"))
			gt_node_remove(list, i);
	}
	if (gt_node_count(list) == 0)
		gt_node_unset(gt_node_get(e->obj, "spec"), "finalizers");
	return GT_OK;
}

static void clear_namespace(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
			    struct gt_str name)
{
	struct as_object *o = as_table_get(r->table, ns, name);
	bool going = o && o->deleting;
	struct remains left = {0};

	as_object_unref(o);
	if (!going)
		return;
	empty(k, name, &left);
	if (left.objects == 0) {
		as_control_modify(k, r, ns, name, "finalize", drop_kubernetes, NULL);
	} else {
		as_control_modify(k, r, ns, name, "status", tell_remains, &left);
		as_requeue(k, clear_namespace, r, ns, name, AGAIN_NS);
	}
	gt_buf_fini(&left.resources);
	gt_buf_fini(&left.waiting);
}

void as_namespace_saw(struct as_controllers *k, const struct as_happening *h)
{
	if (!as_resource_is(h->r, "", "namespaces") || h->type == AS_DELETED)
		return;
	as_requeue(k, h->obj->deleting ? clear_namespace : furnish, h->r, gt_str(""), h->obj->name,
		   0);
}

/* --- definitions that go ------------------------------------------------------------------ */

static int drop_cleanup(struct as_call *c, struct as_edit *e, void *arg)
{
	struct gt_node *list;

	(void)arg;
	e->obj = gt_node_dup(&c->arena, e->live);
	list = gt_node_at(e->obj, "metadata", "finalizers");
	for (size_t i = gt_node_count(list); i-- > 0;) {
		if (gt_node_is_text(gt_node_item(list, i), CLEANUP))
			gt_node_remove(list, i);
	}
	if (gt_node_count(list) == 0)
		gt_node_unset(gt_node_get(e->obj, "metadata"), "finalizers");
	return GT_OK;
}

static void clear_definition(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
			     struct gt_str name)
{
	struct as_object *o = as_table_get(r->table, ns, name);
	bool going = o && o->deleting;
	size_t dot = gt_str_find(name, '.'), left = 0;
	struct as_resource *custom;

	as_object_unref(o);
	if (!going || dot == SIZE_MAX)
		return;
	/* The name is plural.group. */
	custom = as_registry_find(as_control_server(k)->registry, gt_str_from(name, dot + 1),
				  gt_str_sub(name, 0, dot));
	if (custom) {
		struct as_snapshot snap = {0};
		struct as_scan scan = {0};
		if (as_table_scan(custom->table, &scan, &snap, NULL) == GT_OK) {
			for (size_t i = 0; i < snap.n; i++) {
				if (!snap.v[i]->deleting)
					as_control_delete(k, custom, snap.v[i]->ns, snap.v[i]->name,
							  gt_str(""), "Background");
			}
			as_snapshot_fini(&snap);
		}
		left = as_table_count(custom->table);
		as_resource_unref(custom);
	}
	if (left == 0)
		as_control_modify(k, r, ns, name, NULL, drop_cleanup, NULL);
	else
		as_requeue(k, clear_definition, r, ns, name, AGAIN_NS);
}

void as_definition_saw(struct as_controllers *k, const struct as_happening *h)
{
	if (as_resource_is(h->r, "apiextensions.k8s.io", "customresourcedefinitions") &&
	    h->type != AS_DELETED && h->obj->deleting)
		as_requeue(k, clear_definition, h->r, gt_str(""), h->obj->name, 0);
}

/* --- events ------------------------------------------------------------------------------- */

#define EVENT_TTL_NS GT_SECONDS(3600)

/* An event is worth keeping for an hour after it was last written. */
static int64_t event_time(const struct as_object *o)
{
	gt_auto_arena a = {.budget = GT_BUDGET_REQUEST};
	static const char *const times[] = {"lastTimestamp", "eventTime"};
	struct gt_node *obj = NULL;
	int64_t newest = 0, ns;

	if (as_object_parse(o, &a, &obj, NULL) < 0)
		return INT64_MAX;
	for (size_t i = 0; i < GT_COUNT(times); i++) {
		if (gt_rfc3339_parse(gt_node_text(gt_node_get(obj, times[i])), &ns) && ns > newest)
			newest = ns;
	}
	if (gt_rfc3339_parse(gt_node_text(gt_node_at(obj, "series", "lastObservedTime")), &ns) &&
	    ns > newest)
		newest = ns;
	if (!newest)
		gt_rfc3339_parse(gt_node_text(gt_node_at(obj, "metadata", "creationTimestamp")),
				 &newest);
	return newest;
}

void as_events_expire(struct as_controllers *k)
{
	struct as_resource *events = as_builtin(k, "", "events");
	struct as_snapshot snap = {0};
	struct as_scan scan = {0};
	int64_t now = gt_now_wall();

	if (as_table_scan(events->table, &scan, &snap, NULL) == GT_OK) {
		for (size_t i = 0; i < snap.n; i++) {
			if (now - event_time(snap.v[i]) > EVENT_TTL_NS)
				as_control_delete(k, events, snap.v[i]->ns, snap.v[i]->name,
						  snap.v[i]->uid, NULL);
		}
	}
	as_snapshot_fini(&snap);
	as_resource_unref(events);
}
