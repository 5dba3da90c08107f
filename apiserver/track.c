#include "track.h"

#include "convert.h"
#include "decode.h"
#include "status.h"

/* --- what is not recorded ----------------------------------------------------------------- */

static void reset_path(struct gt_arena *a, struct gt_ssa_set *s, const char *first,
		       const char *second)
{
	struct gt_ssa_elem path[2] = {gt_ssa_field(gt_str(first))};

	if (second)
		path[1] = gt_ssa_field(gt_str(second));
	gt_ssa_set_insert(a, s, path, second ? 2 : 1);
}

/* upstream: the strategies' reset fields */
static struct gt_ssa_set *reset_fields(struct as_call *c)
{
	struct gt_ssa_set *s = gt_ssa_set_new(&c->arena);
	bool custom = c->r->flags & AS_R_CUSTOM;
	bool has_status = custom ? c->v->status : c->r->flags & AS_R_STATUS;

	if (c->to.sub.n == 0 && has_status)
		reset_path(&c->arena, s, "status", NULL);
	if (gt_str_is(c->to.sub, "status")) {
		reset_path(&c->arena, s, "spec", NULL);
		if (custom)
			reset_path(&c->arena, s, "metadata", NULL);
		else if (as_resource_is(c->r, "apps", "deployments"))
			reset_path(&c->arena, s, "metadata", "labels");
	}
	return s;
}

/* --- versions ----------------------------------------------------------------------------- */

static int convert(void *arg, const struct gt_node *doc, struct gt_str version,
		   struct gt_node **ret_doc, struct gt_type *ret_type, struct gt_err *err)
{
	struct as_call *c = arg;

	for (uint32_t i = 0; i < c->r->n_versions; i++) {
		const struct as_version *v = &c->r->versions[i];
		if (!gt_str_is(version, v->api_version))
			continue;
		*ret_doc = as_convert(&c->arena, c->r, v, (struct gt_node *)(uintptr_t)doc);
		*ret_type = v->type;
		return GT_OK;
	}
	return gt_fail(err, GT_E_NOT_FOUND, "no version %.*s", GT_STR_ARG(version));
}

void as_track_request(struct as_call *c, struct gt_ssa_request *ret_req)
{
	*ret_req = (struct gt_ssa_request){
		.arena = &c->arena,
		.type = c->v->type,
		.version = gt_str(c->v->api_version),
		.manager = as_call_manager(c),
		.subresource = c->to.sub,
		.now = gt_str(as_call_now(c)),
		.reset = reset_fields(c),
		.convert = convert,
		.convert_arg = c,
	};
}

/* --- updates ------------------------------------------------------------------------------ */

void as_set_managers(struct as_call *c, struct gt_node *obj, const struct gt_ssa_managers *m)
{
	struct gt_node *meta = gt_node_need_map(&c->arena, obj, "metadata");

	if (m->n == 0)
		gt_node_unset(meta, "managedFields");
	else
		gt_node_set(&c->arena, meta, "managedFields", gt_ssa_managers_node(&c->arena, m));
}

static const struct gt_node *managed_fields(const struct gt_node *obj)
{
	return gt_node_at(obj, "metadata", "managedFields");
}

/* The managers before this write: those the request sends, if it may, else the stored ones. */
static void current_managers(struct as_call *c, struct as_edit *e, struct gt_ssa_managers *m)
{
	*m = (struct gt_ssa_managers){0};
	if (c->to.sub.n == 0) {
		if (e->reset_managers)
			return;
		if (gt_ssa_managers_parse(&c->arena, managed_fields(e->obj), m, NULL) == GT_OK &&
		    m->n > 0)
			return;
	}
	if (gt_ssa_managers_parse(&c->arena, managed_fields(e->live), m, NULL) < 0)
		*m = (struct gt_ssa_managers){0};
}

void as_track(struct as_call *c, struct as_edit *e)
{
	struct gt_ssa_managers m;
	struct gt_ssa_request req;
	struct gt_err err = {0};

	current_managers(c, e, &m);
	/* What nobody tracks stays so until somebody applies. */
	if (m.n == 0 && !e->create) {
		as_set_managers(c, e->obj, &m);
		return;
	}
	as_track_request(c, &req);
	struct gt_node *live = as_without_managers(&c->arena, e->live);
	struct gt_node *obj = as_without_managers(&c->arena, e->obj);
	if (gt_ssa_update(&req, live, obj, &m, &err) < 0)
		m.n = 0;
	as_set_managers(c, e->obj, &m);
}

static bool same_but_time(const struct gt_node *x, const struct gt_node *y)
{
	size_t n = 0;

	gt_map_each(x, p)
	{
		if (gt_streq(p->key, "time"))
			continue;
		if (!gt_node_equal(p->value, gt_node_get(y, p->key)))
			return false;
		n++;
	}
	return n == gt_node_count(y) - gt_node_has(y, "time");
}

void as_keep_times(struct as_call *c, const struct gt_node *live, struct gt_node *obj)
{
	const struct gt_node *before = managed_fields(live), *after = managed_fields(obj);
	size_t n = gt_node_count(before);

	if (!before || n != gt_node_count(after))
		return;
	for (size_t i = 0; i < n; i++) {
		bool found = false;
		for (size_t j = 0; j < n && !found; j++)
			found = same_but_time(gt_node_item(before, i), gt_node_item(after, j));
		if (!found)
			return;
	}
	/* Only if nothing else differs either. */
	if (!gt_node_equal(as_without_managers(&c->arena, (struct gt_node *)(uintptr_t)live),
			   as_without_managers(&c->arena, obj)))
		return;
	gt_node_set(&c->arena, gt_node_get(obj, "metadata"), "managedFields",
		    (struct gt_node *)(uintptr_t)before);
}
