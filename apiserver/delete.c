/* Deleting: finalizers, propagation, preconditions. */
#include "base/limits.h"
#include "base/time.h"
#include "convert.h"
#include "read.h"
#include "server.h"
#include "status.h"
#include "write.h"

#define FOREGROUND "foregroundDeletion"
#define ORPHAN "orphan"
#define ATTEMPTS 6

struct options {
	struct gt_str uid, rv;     /* preconditions */
	struct gt_str propagation; /* "" for the default */
};

static int read_options(struct as_call *c, struct options *ret)
{
	const struct gt_node *pre = gt_node_get(c->body, "preconditions");
	const struct gt_node *orphan = gt_node_get(c->body, "orphanDependents");
	struct gt_str policy = gt_node_text(gt_node_get(c->body, "propagationPolicy"));

	*ret = (struct options){
		.uid = gt_node_text(gt_node_get(pre, "uid")),
		.rv = gt_node_text(gt_node_get(pre, "resourceVersion")),
		.propagation = policy.n ? policy : c->query.propagation,
	};
	if (gt_node_is(orphan, GT_BOOL) && ret->propagation.n == 0)
		ret->propagation = gt_str(orphan->truth ? "Orphan" : "Background");
	gt_seq_for_each (gt_node_get(c->body, "dryRun"), item) {
		if (!gt_node_is_text(item, "All"))
			return as_bad_request(c, "dryRun: Unsupported value");
		c->query.dry_run = true;
	}
	if (ret->propagation.n > 0 && !gt_str_is(ret->propagation, "Foreground") &&
	    !gt_str_is(ret->propagation, "Background") && !gt_str_is(ret->propagation, "Orphan"))
		return as_fail(c, 422, "Invalid",
			       "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: "
			       "Unsupported value: \"%.*s\": supported values: \"Foreground\", "
			       "\"Background\", \"Orphan\"",
			       GT_STR_ARG(ret->propagation));
	return GT_OK;
}

static int check_preconditions(struct as_call *c, const struct options *o,
			       const struct as_object *old)
{
	gt_auto_buf why = {0};

	if (o->uid.n > 0 && !gt_str_eq(o->uid, old->uid))
		gt_buf_printf(&why,
			      "Precondition failed: UID in precondition: %.*s, UID in object meta: "
			      "%.*s",
			      GT_STR_ARG(o->uid), GT_STR_ARG(old->uid));
	else if (o->rv.n > 0 && !gt_str_eq(o->rv, gt_strn(old->json.p + old->rv_at, old->rv_len)))
		gt_buf_printf(&why,
			      "Precondition failed: ResourceVersion in precondition: %.*s, "
			      "ResourceVersion in object meta: %lld",
			      GT_STR_ARG(o->rv), (long long)old->rev);
	return why.n > 0 ? as_conflict(c, gt_buf_cstr(&why)) : GT_OK;
}

/* The finalizers that the propagation asks for; true when they change. */
static bool set_finalizer(struct as_call *c, struct gt_node *meta, const char *name, bool want)
{
	struct gt_node *list = gt_node_get(meta, "finalizers");

	for (size_t i = 0; i < gt_node_count(list); i++) {
		if (!gt_node_is_text(gt_node_item(list, i), name))
			continue;
		if (want)
			return false;
		gt_node_remove(list, i);
		if (gt_node_count(list) == 0)
			gt_node_unset(meta, "finalizers");
		return true;
	}
	if (want)
		gt_node_append(&c->arena, gt_node_need_seq(&c->arena, meta, "finalizers"),
			       gt_node_str(&c->arena, name));
	return want;
}

static bool propagate(struct as_call *c, struct gt_node *meta, const struct options *o)
{
	bool foreground = gt_str_is(o->propagation, "Foreground");
	bool orphan = gt_str_is(o->propagation, "Orphan");

	/* Without a policy what the object already says stays. */
	if (o->propagation.n == 0)
		return false;
	bool changed = set_finalizer(c, meta, FOREGROUND, foreground);
	return set_finalizer(c, meta, ORPHAN, orphan) || changed;
}

/* True when the object now says that it is being deleted, and did not before. */
static bool mark(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *meta = gt_node_get(obj, "metadata");
	int64_t generation = gt_node_int_or(gt_node_get(meta, "generation"), 0);

	if (!gt_node_is_null(gt_node_get(meta, "deletionTimestamp")))
		return false;
	gt_node_set_str(&c->arena, meta, "deletionTimestamp", as_call_now(c));
	gt_node_set_int(&c->arena, meta, "deletionGracePeriodSeconds", 0);
	if (generation > 0)
		gt_node_set_int(&c->arena, meta, "generation", generation + 1);
	if (as_resource_is(c->r, "", "namespaces"))
		gt_node_set_str(&c->arena, gt_node_need_map(&c->arena, obj, "status"), "phase",
				"Terminating");
	return true;
}

static bool has_finalizers(struct as_call *c, const struct gt_node *obj)
{
	return gt_node_count(gt_node_at(obj, "metadata", "finalizers")) > 0 ||
	       (as_resource_is(c->r, "", "namespaces") &&
		gt_node_count(gt_node_at(obj, "spec", "finalizers")) > 0);
}

static int write_mark(struct as_call *c, const struct as_object *old, struct gt_node *obj)
{
	struct as_draft draft;
	struct gt_err err = {0};
	struct as_write w = {
		.table = c->r->table,
		.op = AS_UPDATE,
		.ns = old->ns,
		.name = old->name,
		.expect = old->rev,
		.draft = &draft,
	};
	int rc = as_draft_init(&draft, &c->arena, as_convert_stored(&c->arena, c->r, obj), &err);

	if (rc < 0)
		return as_fail_err(c, &err);
	rc = as_store_write(c->server->store, &w, &err);
	as_draft_fini(&draft);
	if (rc == GT_E_CONFLICT || rc == GT_E_NOT_FOUND)
		return GT_E_CONFLICT;
	if (rc < 0)
		return as_fail_err(c, &err);
	c->object = w.ret_after;
	as_server_written(c->server, c->r, AS_UPDATE, c->object);
	return GT_OK;
}

static int remove_now(struct as_call *c, const struct as_object *old)
{
	struct gt_err err = {0};
	struct as_write w = {
		.table = c->r->table,
		.op = AS_DELETE,
		.ns = old->ns,
		.name = old->name,
		.expect = old->rev,
	};
	int rc;

	if (c->query.dry_run) {
		c->result = as_success(c, old->name, old->uid);
		return GT_OK;
	}
	rc = as_store_write(c->server->store, &w, &err);
	if (rc == GT_E_CONFLICT || rc == GT_E_NOT_FOUND)
		return GT_E_CONFLICT;
	if (rc < 0)
		return as_fail_err(c, &err);
	as_server_written(c->server, c->r, AS_DELETE, w.ret_after);
	c->result = as_success(c, w.ret_after->name, w.ret_after->uid);
	as_object_unref(w.ret_after);
	return GT_OK;
}

static int attempt(struct as_call *c, const struct options *o, struct as_object *old)
{
	struct gt_node *obj = NULL;
	bool changed;
	int rc = check_preconditions(c, o, old);

	if (rc == GT_OK)
		rc = as_read(c, old, &obj);
	if (rc < 0)
		return rc;
	changed = propagate(c, gt_node_get(obj, "metadata"), o);
	if (!has_finalizers(c, obj))
		return remove_now(c, old);
	changed = mark(c, obj) || changed;
	if (!changed)
		c->object = as_object_ref(old);
	else if (c->query.dry_run)
		c->result = obj;
	else
		return write_mark(c, old, obj);
	return GT_OK;
}

static int check_protected(struct as_call *c)
{
	static const char *const kept[] = {"default", "kube-system", "kube-public"};

	for (size_t i = 0; as_resource_is(c->r, "", "namespaces") && i < GT_COUNT(kept); i++) {
		if (gt_str_is(c->to.name, kept[i]))
			return as_forbidden(c, "this namespace may not be deleted");
	}
	return GT_OK;
}

int as_delete(struct as_call *c)
{
	struct options o;
	int rc = read_options(c, &o);

	if (rc == GT_OK)
		rc = check_protected(c);
	if (rc < 0)
		return rc;
	rc = GT_E_CONFLICT;
	for (int i = 0; i < ATTEMPTS && rc == GT_E_CONFLICT && !c->status; i++) {
		struct as_object *old = as_table_get(c->r->table, c->to.ns, c->to.name);
		if (!old)
			return as_not_found(c);
		rc = attempt(c, &o, old);
		as_object_unref(old);
	}
	return rc == GT_E_CONFLICT && !c->status ? as_conflict_version(c) : rc;
}

int as_delete_collection(struct as_call *c)
{
	struct as_snapshot snap = {0};
	struct gt_node *items = gt_node_seq(&c->arena);
	int rc = as_list_snapshot(c, &snap);

	for (size_t i = 0; rc == GT_OK && i < snap.n; i++) {
		struct as_call one;
		struct gt_node *obj = NULL;
		rc = as_read(c, snap.v[i], &obj);
		if (rc < 0)
			break;
		gt_node_append(&c->arena, items, obj);
		as_call_inside(&one, c->server, c->user.name, c->r, AS_V_DELETE, snap.v[i]->ns,
			       snap.v[i]->name);
		one.body = c->body;
		one.query.propagation = c->query.propagation;
		one.query.dry_run = c->query.dry_run;
		/* One that went away in between is no failure. */
		if (as_delete(&one) < 0 && as_status_code(one.status) != 404) {
			c->status = gt_node_dup(&c->arena, one.status);
			rc = GT_E_INVALID;
		}
		as_call_fini(&one);
	}
	if (rc == GT_OK)
		c->result = as_list_object(c, items, snap.rev);
	as_snapshot_fini(&snap);
	return rc;
}
