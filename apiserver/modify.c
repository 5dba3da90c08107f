/* Changing what exists. */
#include "base/limits.h"
#include "base/time.h"
#include "convert.h"
#include "decode.h"
#include "names.h"
#include "server.h"
#include "status.h"
#include "strategy.h"
#include "text/patch.h"
#include "track.h"

#define ATTEMPTS 6

int as_read(struct as_call *c, const struct as_object *o, struct gt_node **ret_obj)
{
	struct gt_err err = {0};
	struct gt_node *stored = NULL;

	if (as_object_parse(o, &c->arena, &stored, &err) < 0)
		return as_fail_err(c, &err);
	*ret_obj = as_convert(&c->arena, c->r, c->v, stored);
	if (c->r->flags & AS_R_CUSTOM)
		gt_openapi_default(c->v->schema, &c->arena, *ret_obj);
	return GT_OK;
}

struct gt_node *as_shallow(struct gt_arena *a, const struct gt_node *map)
{
	struct gt_node *copy = gt_node_map(a);

	gt_map_each(map, p) gt_node_setn(a, copy, gt_strn(p->key, p->len), p->value);
	return copy;
}

struct gt_node *as_without_managers(struct gt_arena *a, struct gt_node *obj)
{
	struct gt_node *meta = gt_node_get(obj, "metadata"), *copy;

	if (!gt_node_has(meta, "managedFields"))
		return obj;
	copy = as_shallow(a, obj);
	meta = as_shallow(a, meta);
	gt_node_unset(meta, "managedFields");
	gt_node_set(a, copy, "metadata", meta);
	return copy;
}

/* --- metadata ----------------------------------------------------------------------------- */

static struct gt_str meta_text(const struct gt_node *obj, const char *key)
{
	return gt_node_text(gt_node_at(obj, "metadata", key));
}

/* The object must still be the one, and the version, that the request is about. */
static int check_preconditions(struct as_call *c, struct as_edit *e)
{
	struct gt_str uid = meta_text(e->obj, "uid"), live_uid = meta_text(e->live, "uid");
	struct gt_str rv = meta_text(e->obj, "resourceVersion");
	struct gt_field_errors errs;
	gt_auto_buf why = {0};

	if (uid.n > 0 && !gt_str_eq(uid, live_uid)) {
		gt_buf_printf(&why,
			      "Precondition failed: UID in precondition: %.*s, UID in object meta: "
			      "%.*s",
			      GT_STR_ARG(uid), GT_STR_ARG(live_uid));
		return as_conflict(c, gt_buf_cstr(&why));
	}
	if (rv.n > 0 && !gt_str_eq(rv, meta_text(e->live, "resourceVersion")))
		return as_conflict_version(c);
	if (rv.n > 0 || !e->replace || !(c->r->flags & (AS_R_NEEDS_RV | AS_R_CUSTOM)))
		return GT_OK;
	gt_field_errors_init(&errs, &c->arena);
	gt_field_invalid(&errs, "metadata.resourceVersion", gt_node_int(&c->arena, 0),
			 "must be specified for an update");
	return as_invalid(c, c->to.name, &errs);
}

/* What only the server sets comes from what is stored. */
static void carry_metadata(struct as_call *c, struct as_edit *e)
{
	static const char *const kept[] = {
		"uid",
		"resourceVersion",
		"creationTimestamp",
		"deletionTimestamp",
		"selfLink",
		"deletionGracePeriodSeconds",
		"generation",
		"generateName",
	};
	struct gt_node *meta = gt_node_need_map(&c->arena, e->obj, "metadata");
	const struct gt_node *live = gt_node_get(e->live, "metadata");

	for (size_t i = 0; i < GT_COUNT(kept); i++) {
		struct gt_node *v = gt_node_get(live, kept[i]);
		if (v)
			gt_node_set(&c->arena, meta, kept[i], v);
		else
			gt_node_unset(meta, kept[i]);
	}
}

static bool has_text(const struct gt_node *seq, struct gt_str s)
{
	gt_seq_for_each (seq, item) {
		if (gt_str_eq(gt_node_text(item), s))
			return true;
	}
	return false;
}

static void check_new_finalizers(struct as_call *c, const struct as_edit *e,
				 struct gt_field_errors *errs)
{
	const struct gt_node *before = gt_node_at(e->live, "metadata", "finalizers");
	gt_auto_buf added = {0};

	(void)c;
	if (gt_node_is_null(gt_node_at(e->live, "metadata", "deletionTimestamp")))
		return;
	gt_seq_for_each (gt_node_at(e->obj, "metadata", "finalizers"), f) {
		if (!has_text(before, gt_node_text(f)))
			gt_buf_printf(&added, "%s\"%.*s\"", added.n ? ", " : "",
				      GT_STR_ARG(gt_node_text(f)));
	}
	if (added.n > 0)
		gt_field_forbidden(errs, "metadata.finalizers",
				   "no new finalizers can be added if the object is being deleted, "
				   "found new finalizers []string{%s}",
				   gt_buf_cstr(&added));
}

/* --- status and the rest ------------------------------------------------------------------ */

static void copy_field(struct as_call *c, struct gt_node *to, const struct gt_node *from,
		       const char *key)
{
	struct gt_node *v = gt_node_get(from, key);

	if (v)
		gt_node_set(&c->arena, to, key, v);
	else
		gt_node_unset(to, key);
}

/* On /status only the status counts, elsewhere everything but. */
static void split_status(struct as_call *c, struct as_edit *e)
{
	bool custom = c->r->flags & AS_R_CUSTOM;
	bool has_status = custom ? c->v->status : c->r->flags & AS_R_STATUS;
	struct gt_node *out;

	if (!gt_str_is(c->to.sub, "status")) {
		if (has_status)
			copy_field(c, e->obj, e->live, "status");
		return;
	}
	out = as_shallow(&c->arena, e->live);
	copy_field(c, out, e->obj, "status");
	if (!custom) {
		struct gt_node *meta = as_shallow(&c->arena, gt_node_get(e->obj, "metadata"));
		if (as_resource_is(c->r, "apps", "deployments"))
			copy_field(c, meta, gt_node_get(e->live, "metadata"), "labels");
		gt_node_set(&c->arena, out, "metadata", meta);
	} else {
		gt_node_set(&c->arena, out, "metadata",
			    as_shallow(&c->arena, gt_node_get(e->live, "metadata")));
		copy_field(c, gt_node_get(out, "metadata"), gt_node_get(e->obj, "metadata"),
			   "managedFields");
	}
	e->obj = out;
}

bool as_generation_changes(const struct as_resource *r, const struct as_version *v,
			   const struct gt_node *live, const struct gt_node *obj)
{
	bool custom = r->flags & AS_R_CUSTOM;
	bool ignore_status = custom ? v->status : true;
	const struct gt_node *sides[2] = {live, obj};

	for (size_t i = 0; i < 2; i++) {
		gt_map_each(sides[i], p)
		{
			if (gt_streq(p->key, "metadata") || gt_streq(p->key, "apiVersion") ||
			    gt_streq(p->key, "kind") ||
			    (ignore_status && gt_streq(p->key, "status")))
				continue;
			if (!gt_node_equal(p->value, gt_node_get(sides[1 - i], p->key)))
				return true;
		}
	}
	if (!as_resource_is(r, "apps", "deployments"))
		return false;
	const struct gt_node *before = gt_node_at(live, "metadata", "annotations");
	const struct gt_node *after = gt_node_at(obj, "metadata", "annotations");
	return !gt_node_equal(before, after) &&
	       (gt_node_count(before) > 0 || gt_node_count(after) > 0);
}

static void bump_generation(struct as_call *c, struct as_edit *e)
{
	struct gt_node *meta = gt_node_get(e->obj, "metadata");
	bool keeps = c->r->flags & (AS_R_GENERATION | AS_R_CUSTOM);
	int64_t generation = gt_node_int_or(gt_node_get(meta, "generation"), 0);

	if (!keeps || gt_str_is(c->to.sub, "status") ||
	    !as_generation_changes(c->r, c->v, e->live, e->obj))
		return;
	gt_node_set_int(&c->arena, meta, "generation", generation + 1);
}

/* --- one attempt -------------------------------------------------------------------------- */

static int validate_update(struct as_call *c, struct as_edit *e)
{
	const struct as_strategy *s = as_strategy_find(c->r);
	struct gt_field_errors errs;

	gt_field_errors_init(&errs, &c->arena);
	check_new_finalizers(c, e, &errs);
	as_check_metadata(gt_node_get(e->obj, "metadata"), as_name_rule(c->r->group, c->r->plural),
			  c->r->flags & AS_R_NAMESPACED, &errs);
	if (c->r->flags & AS_R_CUSTOM)
		gt_openapi_validate(c->v->schema, e->obj, e->live, &errs);
	else if (s && s->validate && c->to.sub.n == 0)
		s->validate(c, e->live, e->obj, &errs);
	return errs.n > 0 ? as_invalid(c, c->to.name, &errs) : GT_OK;
}

/* Deleting and nothing left to wait for. */
static bool finished(struct as_call *c, const struct gt_node *obj)
{
	if (gt_node_is_null(gt_node_at(obj, "metadata", "deletionTimestamp")) ||
	    gt_node_count(gt_node_at(obj, "metadata", "finalizers")) > 0)
		return false;
	return !as_resource_is(c->r, "", "namespaces") ||
	       gt_node_count(gt_node_at(obj, "spec", "finalizers")) == 0;
}

/* Returns GT_E_CONFLICT without a status when somebody was faster. */
static int store_change(struct as_call *c, struct as_edit *e)
{
	struct as_draft draft;
	struct gt_err err = {0};
	struct as_write w = {
		.table = c->r->table,
		.op = finished(c, e->obj) ? AS_DELETE : AS_UPDATE,
		.ns = e->old->ns,
		.name = e->old->name,
		.expect = e->old->rev,
	};
	struct gt_node *stored = as_convert_stored(&c->arena, c->r, e->obj);
	int rc = as_draft_init(&draft, &c->arena, stored, &err);

	if (rc < 0)
		return as_fail_err(c, &err);
	w.draft = &draft;
	rc = as_store_write(c->server->store, &w, &err);
	as_draft_fini(&draft);
	if (rc == GT_E_CONFLICT || rc == GT_E_NOT_FOUND)
		return GT_E_CONFLICT;
	if (rc < 0)
		return as_fail_err(c, &err);
	c->object = w.ret_after;
	as_server_written(c->server, c->r, w.op, c->object);
	return GT_OK;
}

static int finish_change(struct as_call *c, struct as_edit *e)
{
	as_keep_times(c, e->live, e->obj);
	if (gt_node_equal(e->live, e->obj) && !finished(c, e->obj)) {
		c->object = as_object_ref(e->old);
		return GT_OK;
	}
	if (c->query.dry_run) {
		c->result = e->obj;
		return GT_OK;
	}
	return store_change(c, e);
}

static int change(struct as_call *c, struct as_edit *e, as_transform_fn transform, void *arg)
{
	const struct as_strategy *s = as_strategy_find(c->r);
	struct gt_err err = {0};
	int rc = as_read(c, e->old, &e->live);

	if (rc == GT_OK)
		rc = transform(c, e, arg);
	if (rc == GT_OK)
		rc = check_preconditions(c, e);
	if (rc < 0)
		return rc;
	carry_metadata(c, e);
	if (!e->tracked)
		as_track(c, e);
	split_status(c, e);
	if (s && s->prepare_update && c->to.sub.n == 0)
		rc = s->prepare_update(c, e->live, e->obj);
	if (rc == GT_OK)
		rc = validate_update(c, e);
	if (rc < 0)
		return rc;
	bump_generation(c, e);
	if (gt_arena_check(&c->arena, &err) < 0)
		return as_fail_err(c, &err);
	return finish_change(c, e);
}

int as_modify(struct as_call *c, as_transform_fn transform, void *arg)
{
	int rc = GT_E_CONFLICT;

	for (int i = 0; i < ATTEMPTS && rc == GT_E_CONFLICT && !c->status; i++) {
		struct as_edit e = {.old = as_table_get(c->r->table, c->to.ns, c->to.name)};
		if (!e.old)
			return as_not_found(c);
		rc = change(c, &e, transform, arg);
		as_object_unref(e.old);
		if (rc == GT_E_CONFLICT && e.named_version && !c->status)
			break;
	}
	return rc == GT_E_CONFLICT && !c->status ? as_conflict_version(c) : rc;
}
