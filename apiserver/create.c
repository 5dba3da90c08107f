/* Creating objects. */
#include "base/limits.h"
#include "base/rand.h"
#include "base/time.h"
#include "convert.h"
#include "decode.h"
#include "names.h"
#include "server.h"
#include "status.h"
#include "strategy.h"
#include "track.h"

#define GENERATED_ATTEMPTS 8

static struct gt_node *metadata(struct as_call *c, struct gt_node *obj)
{
	return gt_node_need_map(&c->arena, obj, "metadata");
}

static int check_type_meta(struct as_call *c, struct gt_node *obj)
{
	struct gt_str version = gt_node_text(gt_node_get(obj, "apiVersion"));
	struct gt_str kind = gt_node_text(gt_node_get(obj, "kind"));
	bool custom = c->r->flags & AS_R_CUSTOM;

	if (kind.n == 0 && custom)
		return as_bad_request(c, "Object 'Kind' is missing");
	if (version.n == 0 && custom)
		return as_bad_request(c, "Object 'apiVersion' is missing");
	if (version.n > 0 && !gt_str_is(version, c->v->api_version))
		return as_bad_request(c,
				      "the API version in the data (%.*s) does not match the "
				      "expected API version (%s)",
				      GT_STR_ARG(version), c->v->api_version);
	if (kind.n > 0 && !gt_str_is(kind, c->r->kind))
		return as_bad_request(c,
				      "%s in version \"%s\" cannot be handled as a %.*s: the kind "
				      "in the data (%.*s) does not match the expected kind (%s)",
				      c->r->kind, c->v->name, GT_STR_ARG(kind), GT_STR_ARG(kind),
				      c->r->kind);
	gt_node_set_str(&c->arena, obj, "apiVersion", c->v->api_version);
	gt_node_set_str(&c->arena, obj, "kind", c->r->kind);
	return GT_OK;
}

static int check_namespace(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *meta = metadata(c, obj);
	struct gt_str ns = gt_node_text(gt_node_get(meta, "namespace"));

	if (!(c->r->flags & AS_R_NAMESPACED)) {
		if (ns.n > 0)
			return as_bad_request(c, "namespace is not allowed on this resource: the "
						 "object is cluster-scoped");
		gt_node_unset(meta, "namespace");
		return GT_OK;
	}
	if (ns.n > 0 && !gt_str_eq(ns, c->to.ns))
		return as_bad_request(c, "the namespace of the provided object does not match the "
					 "namespace sent on the request");
	gt_node_set(&c->arena, meta, "namespace", gt_node_strn(&c->arena, c->to.ns));
	return GT_OK;
}

int as_check_identity(struct as_call *c, struct gt_node *obj)
{
	struct gt_str name;
	int rc = check_type_meta(c, obj);

	if (rc == GT_OK)
		rc = check_namespace(c, obj);
	if (rc < 0 || c->to.name.n == 0)
		return rc;
	name = gt_node_text(gt_node_get(metadata(c, obj), "name"));
	if (name.n > 0 && !gt_str_eq(name, c->to.name))
		return as_bad_request(c,
				      "the name of the object (%.*s) does not match the name on "
				      "the URL (%.*s)",
				      GT_STR_ARG(name), GT_STR_ARG(c->to.name));
	gt_node_set(&c->arena, metadata(c, obj), "name", gt_node_strn(&c->arena, c->to.name));
	return GT_OK;
}

/* The namespace must exist and not be going away. */
static int check_namespace_alive(struct as_call *c)
{
	struct as_object *ns;
	bool deleting;

	if (!(c->r->flags & AS_R_NAMESPACED))
		return GT_OK;
	ns = as_table_get(c->server->namespaces, gt_str(""), c->to.ns);
	if (!ns) {
		as_fail(c, 404, "NotFound", "namespaces \"%.*s\" not found", GT_STR_ARG(c->to.ns));
		struct gt_node *details = gt_node_need_map(&c->arena, c->status, "details");
		gt_node_set(&c->arena, details, "name", gt_node_strn(&c->arena, c->to.ns));
		gt_node_set_str(&c->arena, details, "kind", "namespaces");
		return GT_E_NOT_FOUND;
	}
	deleting = ns->deleting;
	as_object_unref(ns);
	if (!deleting)
		return GT_OK;
	as_forbidden(
		c, "unable to create new content in namespace %.*s because it is being terminated",
		GT_STR_ARG(c->to.ns));
	as_cause(c, "NamespaceTerminating",
		 gt_arena_printf(&c->arena, "namespace %.*s is being terminated",
				 GT_STR_ARG(c->to.ns)),
		 "metadata.namespace");
	return GT_E_FORBIDDEN;
}

/* --- what the server sets ----------------------------------------------------------------- */

static int clean_metadata(struct as_call *c, struct gt_node *obj)
{
	static const char *const stripped[] = {
		"uid",      "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
		"selfLink", "generation",
	};
	struct gt_node *meta = metadata(c, obj);

	if (gt_node_text(gt_node_get(meta, "resourceVersion")).n > 0)
		return as_fail(c, 500, "",
			       "resourceVersion should not be set on objects to be created");
	gt_node_unset(meta, "resourceVersion");
	for (size_t i = 0; i < GT_COUNT(stripped); i++)
		gt_node_unset(meta, stripped[i]);
	return GT_OK;
}

static void generate_name(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *meta = metadata(c, obj);
	struct gt_str base = gt_node_text(gt_node_get(meta, "generateName"));
	char suffix[6];

	gt_rand_text(suffix, 5, "bcdfghjklmnpqrstvwxz2456789");
	if (base.n > 58)
		base.n = 58;
	gt_node_set(&c->arena, meta, "name",
		    gt_node_printf(&c->arena, "%.*s%s", GT_STR_ARG(base), suffix));
}

/* A new object starts with the status of an empty one. */
static void reset_status(struct as_call *c, struct as_edit *e)
{
	bool custom = c->r->flags & AS_R_CUSTOM;
	struct gt_node *status = gt_node_get(e->live, "status");

	if (custom ? !c->v->status : !(c->r->flags & AS_R_STATUS))
		return;
	gt_node_unset(e->obj, "status");
	if (status && !custom)
		gt_node_set(&c->arena, e->obj, "status", gt_node_dup(&c->arena, status));
	as_default(c, e->obj);
}

static void stamp(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *meta = metadata(c, obj);
	char uid[GT_UUID_TEXT];

	gt_node_set_str(&c->arena, meta, "uid", gt_uuid4(uid));
	gt_node_set_str(&c->arena, meta, "creationTimestamp", as_call_now(c));
	if (c->r->flags & (AS_R_GENERATION | AS_R_CUSTOM))
		gt_node_set_int(&c->arena, meta, "generation", 1);
}

static int validate(struct as_call *c, struct gt_node *obj)
{
	const struct as_strategy *s = as_strategy_find(c->r);
	struct gt_field_errors errs;
	struct gt_str name = gt_node_text(gt_node_at(obj, "metadata", "name"));

	gt_field_errors_init(&errs, &c->arena);
	as_check_metadata(gt_node_get(obj, "metadata"), as_name_rule(c->r->group, c->r->plural),
			  c->r->flags & AS_R_NAMESPACED, &errs);
	if (c->r->flags & AS_R_CUSTOM)
		gt_openapi_validate(c->v->schema, obj, NULL, &errs);
	else if (s && s->validate)
		s->validate(c, NULL, obj, &errs);
	return errs.n > 0 ? as_invalid(c, name, &errs) : GT_OK;
}

/* GT_E_EXISTS without a status when the name is taken. */
static int store_new(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *stored = as_convert_stored(&c->arena, c->r, obj);
	struct as_write w = {.table = c->r->table, .op = AS_CREATE};
	struct as_draft draft;
	struct gt_err err = {0};
	int rc = as_draft_init(&draft, &c->arena, stored, &err);

	if (rc < 0)
		return as_fail_err(c, &err);
	w.draft = &draft;
	w.ns = draft.ns;
	w.name = draft.name;
	rc = as_store_write(c->server->store, &w, &err);
	as_draft_fini(&draft);
	if (rc == GT_E_EXISTS)
		return rc;
	if (rc < 0)
		return as_fail_err(c, &err);
	c->object = w.ret_after;
	as_server_written(c->server, c->r, AS_CREATE, c->object);
	return GT_OK;
}

static int already_exists(struct as_call *c, struct gt_str name)
{
	struct as_object *o = as_table_get(c->r->table, c->to.ns, name);
	bool deleting = o && o->deleting;

	as_object_unref(o);
	as_exists(c, name);
	if (deleting) {
		const char *message = gt_node_cstr_or(gt_node_get(c->status, "message"), "");
		gt_node_set(&c->arena, c->status, "message",
			    gt_node_printf(&c->arena, "object is being deleted: %s", message));
	}
	return GT_E_EXISTS;
}

static int dry_create(struct as_call *c, struct gt_node *obj)
{
	struct gt_str name = gt_node_text(gt_node_at(obj, "metadata", "name"));
	struct as_object *o = as_table_get(c->r->table, c->to.ns, name);

	if (o) {
		as_object_unref(o);
		return already_exists(c, name);
	}
	c->result = obj;
	return GT_OK;
}

int as_create_object(struct as_call *c, struct as_edit *e)
{
	const struct as_strategy *s = as_strategy_find(c->r);
	struct gt_err err = {0};
	bool generated = gt_node_text(gt_node_at(e->obj, "metadata", "name")).n == 0 &&
			 gt_node_text(gt_node_at(e->obj, "metadata", "generateName")).n > 0;
	int rc = clean_metadata(c, e->obj);

	if (rc == GT_OK)
		rc = check_namespace_alive(c);
	if (rc < 0)
		return rc;
	if (c->r->flags & AS_R_DYING)
		return as_fail(
			c, 405, "MethodNotAllowed",
			"create not allowed while custom resource definition is terminating");
	if (generated)
		generate_name(c, e->obj);
	if (!e->tracked)
		as_track(c, e);
	reset_status(c, e);
	stamp(c, e->obj);
	if (s && s->prepare_create)
		rc = s->prepare_create(c, e->obj);
	if (rc == GT_OK)
		rc = validate(c, e->obj);
	if (rc == GT_OK && gt_arena_check(&c->arena, &err) < 0)
		rc = as_fail_err(c, &err);
	if (rc < 0)
		return rc;
	c->code = 201;
	if (c->query.dry_run)
		return dry_create(c, e->obj);
	rc = store_new(c, e->obj);
	for (int i = 0; rc == GT_E_EXISTS && generated && i < GENERATED_ATTEMPTS; i++) {
		generate_name(c, e->obj);
		rc = store_new(c, e->obj);
	}
	return rc == GT_E_EXISTS
		       ? already_exists(c, gt_node_text(gt_node_at(e->obj, "metadata", "name")))
		       : rc;
}

/* managedFields: [] or [{}] in a request empties them. */
static bool resets_managers(const struct gt_node *body)
{
	const struct gt_node *m = gt_node_at(body, "metadata", "managedFields");

	return gt_node_is(m, GT_SEQ) &&
	       (gt_node_count(m) == 0 ||
		(gt_node_count(m) == 1 && gt_node_count(gt_node_item(m, 0)) == 0));
}

int as_create(struct as_call *c)
{
	struct as_edit e = {.create = true, .reset_managers = resets_managers(c->body)};
	struct gt_node *body;
	int rc;

	if (!c->body)
		return as_bad_request(c, "the request body is empty");
	if (!gt_node_is(c->body, GT_MAP))
		return as_bad_request(c, "the object provided is not an object");
	body = as_shallow(&c->arena, c->body);
	gt_node_set(&c->arena, body, "metadata",
		    as_shallow(&c->arena, gt_node_get(c->body, "metadata")));
	rc = as_check_identity(c, body);
	if (rc == GT_OK)
		rc = as_empty_object(c, &e.live);
	if (rc == GT_OK)
		rc = as_admit(c, body, &e.obj);
	return rc < 0 ? rc : as_create_object(c, &e);
}
