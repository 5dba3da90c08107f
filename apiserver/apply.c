/* PATCH application/apply-patch+yaml. */
#include "base/map.h"
#include "convert.h"
#include "decode.h"
#include "ssa/typed.h"
#include "status.h"
#include "text/json.h"
#include "track.h"

#define LAST_APPLIED "kubectl.kubernetes.io/last-applied-configuration"

static int check_config(struct as_call *c)
{
	const struct gt_node *meta = gt_node_get(c->body, "metadata");
	struct gt_str version = gt_node_text(gt_node_get(c->body, "apiVersion"));
	struct gt_str kind = gt_node_text(gt_node_get(c->body, "kind"));
	struct gt_field_errors errs;

	gt_field_errors_init(&errs, &c->arena);
	if (!gt_node_is(c->body, GT_MAP))
		return as_bad_request(c, "error decoding YAML: the configuration is not an object");
	if (c->query.field_manager.n == 0) {
		return as_fail(c, 422, "Invalid",
			       "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required "
			       "value: is required for apply patch");
	}
	if (!gt_str_is(version, c->v->api_version))
		return as_bad_request(c,
				      "Incorrect version specified in apply patch. Specified patch "
				      "version: %.*s, expected: %s",
				      GT_STR_ARG(version), c->v->api_version);
	if (!gt_str_is(kind, c->r->kind))
		return as_bad_request(c, "invalid object type: %.*s, Kind=%.*s",
				      GT_STR_ARG(version), GT_STR_ARG(kind));
	if (gt_node_get(meta, "managedFields") &&
	    !gt_node_is_null(gt_node_get(meta, "managedFields")))
		return as_bad_request(c, "metadata.managedFields must be nil");
	return GT_OK;
}

/* "(ns/name; group/version, Kind=Kind)" */
static int check_typed(struct as_call *c)
{
	const char *ns = gt_node_cstr_or(gt_node_at(c->body, "metadata", "namespace"), "");
	struct gt_err err = {0};

	if (gt_ssa_check(c->v->type, c->body, false, &err) == GT_OK)
		return GT_OK;
	if (err.code == GT_E_BUDGET)
		return as_fail_err(c, &err);
	return as_fail(c, 500, "",
		       "failed to create typed patch object (%s/%.*s; %s/%s, Kind=%s): %s", ns,
		       GT_STR_ARG(c->to.name), c->r->group, c->v->name, c->r->kind, err.text);
}

static int conflict_error(struct as_call *c, const struct gt_ssa_conflicts *conflicts)
{
	gt_auto_buf text = {0};

	gt_ssa_conflicts_print(&text, conflicts);
	as_fail(c, 409, "Conflict", "%s", gt_buf_cstr(&text));
	for (uint32_t i = 0; i < conflicts->n; i++) {
		const char *why = gt_arena_printf(&c->arena, "conflict with %.*s",
						  GT_STR_ARG(conflicts->v[i].manager));
		const char *path =
			gt_arena_strndup(&c->arena, conflicts->v[i].path.p, conflicts->v[i].path.n);
		as_cause(c, "FieldManagerConflict", why, path);
	}
	return GT_E_CONFLICT;
}

/* --- from client-side apply --------------------------------------------------------------- */

static void add_path(void *arg, const struct gt_ssa_elem *path, size_t n)
{
	struct gt_map *paths = arg;
	gt_auto_buf text = {0};

	for (size_t i = 0; i < n; i++)
		gt_ssa_elem_print(&text, &path[i]);
	gt_map_put(paths, gt_buf_str(&text), NULL);
}

/* Whether every conflict is about a field that kubectl last applied and nobody changed since. */
static bool was_applied_before(struct as_call *c, const struct gt_node *live,
			       const struct gt_ssa_conflicts *conflicts)
{
	struct gt_str text =
		gt_node_text(gt_node_at(live, "metadata", "annotations", LAST_APPLIED));
	struct gt_arena *a = &c->arena;
	struct gt_node *last = NULL;
	struct gt_map paths = {0};
	bool all = true;

	if (!gt_str_is(c->query.field_manager, "kubectl") || text.n == 0 ||
	    gt_json_parse(a, text, GT_JSON_DUP_LAST, &last, NULL) < 0 ||
	    !gt_node_is_text(gt_node_get(last, "apiVersion"), c->v->api_version))
		return false;
	struct gt_ssa_set *set = gt_ssa_to_set(a, c->v->type, last);
	struct gt_ssa_diff diff = gt_ssa_compare(a, c->v->type, last, live);
	set = gt_ssa_difference(a, set, diff.modified);
	set = gt_ssa_difference(a, set, diff.added);
	set = gt_ssa_difference(a, set, diff.removed);
	gt_ssa_set_each(set, add_path, &paths);
	for (uint32_t i = 0; i < conflicts->n && all; i++)
		all = gt_map_has(&paths, conflicts->v[i].path);
	gt_map_fini(&paths);
	return all;
}

/* kubectl's annotation, where there is one, follows what kubectl applies. */
static void refresh_last_applied(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *annotations = gt_node_at(obj, "metadata", "annotations");
	struct gt_node *config;
	gt_auto_buf text = {0};

	if (!gt_str_is(c->query.field_manager, "kubectl") ||
	    gt_node_text(gt_node_get(annotations, LAST_APPLIED)).n == 0)
		return;
	config = gt_node_dup(&c->arena, c->body);
	gt_node_unset(gt_node_at(config, "metadata", "annotations"), LAST_APPLIED);
	gt_json_write(&text, config, GT_JSON_SORTED | GT_JSON_HTML, 0);
	gt_buf_addc(&text, '\n');
	gt_node_set(&c->arena, annotations, LAST_APPLIED,
		    gt_node_strn(&c->arena, gt_buf_str(&text)));
}

/* --- applying ----------------------------------------------------------------------------- */

/* A created object is named by the path where the configuration leaves it out. */
static int name_config(struct as_call *c)
{
	struct gt_node *config = as_shallow(&c->arena, c->body);
	struct gt_node *meta = as_shallow(&c->arena, gt_node_get(c->body, "metadata"));

	gt_node_set(&c->arena, config, "metadata", meta);
	c->body = config;
	return as_check_identity(c, config);
}

static int merged(struct as_call *c, struct as_edit *e, struct gt_node *doc)
{
	enum as_field_validation fields = c->query.fields;
	int rc;

	if (!doc) {
		e->obj = as_without_managers(&c->arena, e->live);
		return GT_OK;
	}
	/* The configuration was checked; what comes out of the merge only takes its typed form. */
	c->query.fields = AS_FIELDS_IGNORE;
	rc = as_admit(c, doc, &e->obj);
	c->query.fields = fields;
	return rc;
}

static int run_apply(struct as_call *c, struct as_edit *e, struct gt_ssa_managers *ret_managers,
		     struct gt_node **ret_doc)
{
	struct gt_node *live = as_without_managers(&c->arena, e->live);
	const struct gt_node *entries = gt_node_at(e->live, "metadata", "managedFields");
	struct gt_ssa_conflicts conflicts = {0};
	struct gt_ssa_request req;
	struct gt_err err = {0};
	bool force = c->query.force;
	struct gt_node *empty = NULL;
	int rc = as_empty_object(c, &empty);

	if (rc < 0)
		return rc;
	as_track_request(c, &req);
	req.empty = empty;
	for (;;) {
		rc = gt_ssa_managers_parse(&c->arena, entries, ret_managers, &err);
		if (rc == GT_OK)
			rc = gt_ssa_apply(&req, live, c->body, force, ret_managers, ret_doc,
					  &conflicts, &err);
		if (rc == GT_E_CONFLICT && !force && was_applied_before(c, live, &conflicts)) {
			force = true;
			continue;
		}
		break;
	}
	if (rc == GT_E_CONFLICT)
		return conflict_error(c, &conflicts);
	if (rc == GT_E_INVALID)
		return as_fail(c, 500, "", "%s", err.text);
	return rc < 0 ? as_fail_err(c, &err) : GT_OK;
}

static int check_absent(struct as_call *c)
{
	const struct gt_node *meta = gt_node_get(c->body, "metadata");
	struct gt_str uid = gt_node_text(gt_node_get(meta, "uid"));

	if (uid.n > 0) {
		gt_auto_buf why = {0};
		gt_buf_printf(&why,
			      "uid mismatch: the provided object specified uid %.*s, and no "
			      "existing object was found",
			      GT_STR_ARG(uid));
		return as_conflict(c, gt_buf_cstr(&why));
	}
	return gt_node_text(gt_node_get(meta, "resourceVersion")).n > 0 ? as_not_found(c) : GT_OK;
}

int as_apply(struct as_call *c, struct as_edit *e, void *arg)
{
	struct gt_ssa_managers managers;
	struct gt_node *doc = NULL;
	int rc = check_config(c);

	(void)arg;
	if (rc == GT_OK)
		rc = name_config(c);
	if (rc == GT_OK)
		rc = check_typed(c);
	if (rc == GT_OK && e->create)
		rc = check_absent(c);
	if (rc == GT_OK)
		rc = run_apply(c, e, &managers, &doc);
	if (rc == GT_OK)
		rc = merged(c, e, doc);
	if (rc < 0)
		return rc;
	/* merged() shares nothing that is changed from here on. */
	e->obj = as_shallow(&c->arena, e->obj);
	gt_node_set(&c->arena, e->obj, "metadata",
		    gt_node_dup(&c->arena, gt_node_get(e->obj, "metadata")));
	as_set_managers(c, e->obj, &managers);
	refresh_last_applied(c, e->obj);
	e->tracked = true;
	e->named_version = gt_node_text(gt_node_at(c->body, "metadata", "resourceVersion")).n > 0;
	return GT_OK;
}
