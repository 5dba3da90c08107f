/* PUT and PATCH. */
#include "decode.h"
#include "status.h"
#include "text/patch.h"
#include "text/smp.h"
#include "track.h"

/* --- PUT ---------------------------------------------------------------------------------- */

static bool resets_managers(const struct gt_node *obj)
{
	const struct gt_node *m = gt_node_at(obj, "metadata", "managedFields");

	return gt_node_is(m, GT_SEQ) &&
	       (gt_node_count(m) == 0 ||
		(gt_node_count(m) == 1 && gt_node_count(gt_node_item(m, 0)) == 0));
}

static struct gt_node *body_copy(struct as_call *c)
{
	struct gt_node *body = as_shallow(&c->arena, c->body);

	gt_node_set(&c->arena, body, "metadata",
		    as_shallow(&c->arena, gt_node_get(c->body, "metadata")));
	return body;
}

static int replace(struct as_call *c, struct as_edit *e, void *arg)
{
	struct gt_node *body = body_copy(c);
	int rc = as_check_identity(c, body);

	(void)arg;
	if (rc < 0)
		return rc;
	e->replace = true;
	e->reset_managers = resets_managers(c->body);
	e->named_version = gt_node_text(gt_node_at(body, "metadata", "resourceVersion")).n > 0;
	return as_admit(c, body, &e->obj);
}

/* A PUT of what does not exist, for the few kinds that allow it. */
static int put_new(struct as_call *c)
{
	struct as_edit e = {.create = true};
	struct gt_node *body = body_copy(c);
	int rc = as_check_identity(c, body);

	if (rc == GT_OK)
		rc = as_empty_object(c, &e.live);
	if (rc == GT_OK)
		rc = as_admit(c, body, &e.obj);
	return rc < 0 ? rc : as_create_object(c, &e);
}

int as_update(struct as_call *c)
{
	struct as_object *o;
	bool exists;

	if (!c->body)
		return as_bad_request(c, "the request body is empty");
	if (!gt_node_is(c->body, GT_MAP))
		return as_bad_request(c, "the object provided is not an object");
	if (c->r->flags & AS_R_UPSERT && c->to.sub.n == 0) {
		o = as_table_get(c->r->table, c->to.ns, c->to.name);
		exists = o != NULL;
		as_object_unref(o);
		if (!exists)
			return put_new(c);
	}
	return as_modify(c, replace, NULL);
}

/* --- strategic merge ---------------------------------------------------------------------- */

/* The tables' view for the patch: types are copies in the arena. */
static const void *boxed(struct gt_arena *a, struct gt_type t)
{
	struct gt_type *copy;

	if (gt_type_kind(t) == GT_TYPE_NONE)
		return NULL;
	copy = gt_arena_new(a, struct gt_type);
	if (copy)
		*copy = t;
	return copy;
}

static bool smp_field(const struct gt_smp_schema *s, const void *type, struct gt_str name,
		      struct gt_smp_field *ret_field)
{
	const struct gt_type *t = type;
	struct gt_field f;

	if (!t || !gt_type_field(*t, name.p, name.n, &f))
		return false;
	*ret_field = (struct gt_smp_field){
		.merge_key = f.merge_key,
		.type = boxed(s->arg, f.type),
	};
	if (f.strategy & GT_PATCH_MERGE)
		ret_field->strategy |= GT_SMP_MERGE;
	if (f.strategy & GT_PATCH_RETAIN_KEYS)
		ret_field->strategy |= GT_SMP_RETAIN_KEYS;
	if (f.flags & GT_FIELD_REPLACE)
		ret_field->strategy |= GT_SMP_REPLACE_MAP;
	return true;
}

static const void *smp_element(const struct gt_smp_schema *s, const void *type)
{
	const struct gt_type *t = type;

	return t ? boxed(s->arg, gt_type_elem(*t)) : NULL;
}

/* --- PATCH -------------------------------------------------------------------------------- */

static int patch_error(struct as_call *c, const struct gt_err *err)
{
	if (err->code == GT_E_BUDGET)
		return as_fail_err(c, err);
	if (c->patch == AS_PATCH_STRATEGIC)
		return as_bad_request(c, "%s", err->text);
	/* upstream keeps the cause to itself */
	return as_fail(c, 422, "Invalid",
		       "the server rejected our request due to an error in our request");
}

static int run_patch(struct as_call *c, const struct gt_node *live, struct gt_node **ret_doc)
{
	struct gt_smp_schema schema = {
		.field = smp_field, .element = smp_element, .arg = &c->arena};
	struct gt_err err = {0};
	int rc = GT_OK;

	switch (c->patch) {
	case AS_PATCH_JSON:
		rc = gt_json_patch(&c->arena, live, c->body, NULL, ret_doc, &err);
		break;
	case AS_PATCH_MERGE: *ret_doc = gt_merge_patch(&c->arena, live, c->body); break;
	default:
		rc = gt_smp_apply(&c->arena, &schema, boxed(&c->arena, c->v->type), live, c->body,
				  ret_doc, &err);
		break;
	}
	return rc < 0 ? patch_error(c, &err) : GT_OK;
}

static int patch(struct as_call *c, struct as_edit *e, void *arg)
{
	struct gt_node *doc = NULL;
	int rc = run_patch(c, e->live, &doc);

	(void)arg;
	if (rc < 0)
		return rc;
	if (!gt_node_is(doc, GT_MAP))
		return as_bad_request(c, "the patch does not give an object");
	doc = as_shallow(&c->arena, doc);
	gt_node_set(&c->arena, doc, "metadata",
		    as_shallow(&c->arena, gt_node_get(doc, "metadata")));
	e->reset_managers = resets_managers(doc);
	e->named_version = gt_node_at(c->body, "metadata", "resourceVersion") != NULL;
	rc = as_check_identity(c, doc);
	return rc < 0 ? rc : as_admit(c, doc, &e->obj);
}

static int check_patch(struct as_call *c)
{
	if (!c->body)
		return as_bad_request(c, "the request body is empty");
	if (c->query.has_force && c->patch != AS_PATCH_APPLY)
		return as_fail(
			c, 422, "Invalid",
			"PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not "
			"be specified for non-apply patch");
	if (c->patch == AS_PATCH_JSON && !gt_node_is(c->body, GT_SEQ))
		return as_bad_request(c, "json: cannot unmarshal object into Go value of type "
					 "jsonpatch.Patch");
	if (c->patch == AS_PATCH_JSON && gt_node_count(c->body) > 10000)
		return as_fail(c, 413, "RequestEntityTooLarge",
			       "The allowed maximum operations in a JSON patch is 10000, got %zu",
			       gt_node_count(c->body));
	if (c->patch != AS_PATCH_JSON && !gt_node_is(c->body, GT_MAP))
		return as_bad_request(c, "the patch is not an object");
	return GT_OK;
}

/* An apply creates what does not exist. */
static int apply_new(struct as_call *c)
{
	struct as_edit e = {.create = true};
	int rc = as_empty_object(c, &e.live);

	if (rc == GT_OK)
		rc = as_apply(c, &e, NULL);
	return rc < 0 ? rc : as_create_object(c, &e);
}

int as_patch(struct as_call *c)
{
	struct as_object *o;
	bool exists;
	int rc = check_patch(c);

	if (rc < 0)
		return rc;
	if (c->patch != AS_PATCH_APPLY)
		return as_modify(c, patch, NULL);
	o = as_table_get(c->r->table, c->to.ns, c->to.name);
	exists = o != NULL;
	as_object_unref(o);
	if (!exists && c->to.sub.n == 0) {
		rc = apply_new(c);
		/* Somebody else created it in between. */
		if (rc != GT_E_EXISTS)
			return rc;
		c->status = NULL;
		c->code = 200;
	}
	return as_modify(c, as_apply, NULL);
}
