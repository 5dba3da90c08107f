#include "subresource.h"

#include <stdio.h>

#include "decode.h"
#include "read.h"
#include "server.h"
#include "status.h"
#include "text/patch.h"
#include "text/selector.h"
#include "track.h"
#include "write.h"

static int no_method(struct as_call *c)
{
	return as_method_not_allowed(c, "the method");
}

/* --- status, finalize --------------------------------------------------------------------- */

static int plain(struct as_call *c)
{
	switch (c->verb) {
	case AS_V_GET: return as_get(c);
	case AS_V_UPDATE: return as_update(c);
	case AS_V_PATCH: return as_patch(c);
	default: return no_method(c);
	}
}

static int set_finalizers(struct as_call *c, struct as_edit *e, void *arg)
{
	struct gt_node *spec;

	(void)arg;
	e->obj = as_shallow(&c->arena, e->live);
	gt_node_set(&c->arena, e->obj, "metadata",
		    as_shallow(&c->arena, gt_node_get(e->live, "metadata")));
	spec = as_shallow(&c->arena, gt_node_get(e->live, "spec"));
	gt_node_unset(spec, "finalizers");
	if (gt_node_count(gt_node_at(c->body, "spec", "finalizers")) > 0)
		gt_node_set(&c->arena, spec, "finalizers",
			    gt_node_at(c->body, "spec", "finalizers"));
	gt_node_set(&c->arena, e->obj, "spec", spec);
	return GT_OK;
}

static int finalize(struct as_call *c)
{
	if (c->verb != AS_V_UPDATE)
		return no_method(c);
	return as_modify(c, set_finalizers, NULL);
}

/* --- scale -------------------------------------------------------------------------------- */

/* ".spec.replicas" as a chain of keys. */
static struct gt_node *at_path(const struct gt_node *obj, const char *path)
{
	struct gt_split it = {.rest = gt_str(path + (path[0] == '.'))};
	struct gt_node *n = (struct gt_node *)(uintptr_t)obj;
	struct gt_str part;

	while (n && gt_split_next(&it, '.', &part))
		n = gt_node_getn(n, part);
	return n;
}

static const char *replicas_path(const struct as_call *c)
{
	return c->v->replicas_path ? c->v->replicas_path : ".spec.replicas";
}

static struct gt_node *make_scale(struct as_call *c, struct gt_node *obj)
{
	static const char *const kept[] = {"name", "namespace", "uid", "resourceVersion",
					   "creationTimestamp"};
	struct gt_arena *a = &c->arena;
	struct gt_node *s = gt_node_map(a), *meta = gt_node_map(a), *status = gt_node_map(a);
	const char *in_status =
		c->v->status_replicas_path ? c->v->status_replicas_path : ".status.replicas";
	struct gt_selector sel;
	gt_auto_buf text = {0};

	gt_node_set_str(a, s, "kind", "Scale");
	gt_node_set_str(a, s, "apiVersion", "autoscaling/v1");
	for (size_t i = 0; i < GT_COUNT(kept); i++) {
		struct gt_node *v = gt_node_at(obj, "metadata", kept[i]);
		if (v)
			gt_node_set(a, meta, kept[i], v);
	}
	gt_node_set(a, s, "metadata", meta);
	gt_node_set_int(a, gt_node_need_map(a, s, "spec"), "replicas",
			gt_node_int_or(at_path(obj, replicas_path(c)), 0));
	gt_node_set_int(a, status, "replicas", gt_node_int_or(at_path(obj, in_status), 0));
	if (c->r->flags & AS_R_CUSTOM) {
		struct gt_node *v = c->v->selector_path ? at_path(obj, c->v->selector_path) : NULL;
		if (v)
			gt_node_set(a, status, "selector", v);
	} else if (gt_selector_from_node(a, gt_node_at(obj, "spec", "selector"), &sel, NULL) ==
		   GT_OK) {
		gt_selector_write(&text, &sel);
		gt_node_set(a, status, "selector", gt_node_strn(a, gt_buf_str(&text)));
	}
	gt_node_set(a, s, "status", status);
	return s;
}

/* The Scale that the request wants. */
static int wanted_scale(struct as_call *c, struct gt_node *obj, struct gt_node **ret)
{
	struct gt_node *now = make_scale(c, obj);
	struct gt_err err = {0};

	if (c->verb == AS_V_UPDATE)
		*ret = c->body;
	else if (c->patch == AS_PATCH_JSON) {
		if (gt_json_patch(&c->arena, now, c->body, NULL, ret, &err) < 0)
			return as_fail_err(c, &err);
	} else {
		*ret = gt_merge_patch(&c->arena, now, c->body);
	}
	return GT_OK;
}

/* Puts the value at the path into a copy of the maps on the way. */
static struct gt_node *with_value(struct as_call *c, const struct gt_node *obj, struct gt_str path,
				  struct gt_node *value)
{
	struct gt_node *copy = as_shallow(&c->arena, obj);
	size_t dot = gt_str_find(path, '.');
	struct gt_str key = gt_str_sub(path, 0, dot == SIZE_MAX ? path.n : dot);

	gt_node_setn(&c->arena, copy, key,
		     dot == SIZE_MAX ? value
				     : with_value(c, gt_node_getn(obj, key),
						  gt_str_from(path, dot + 1), value));
	return copy;
}

static int set_scale(struct as_call *c, struct as_edit *e, void *arg)
{
	struct gt_node *scale = NULL, *n, *meta;
	const char *path = replicas_path(c);
	int64_t replicas;
	int rc = wanted_scale(c, e->live, &scale);

	(void)arg;
	if (rc < 0)
		return rc;
	n = gt_node_at(scale, "spec", "replicas");
	if (n && !gt_node_get_int(n, &replicas))
		return as_bad_request(c, "spec.replicas must be an integer");
	replicas = gt_node_int_or(n, 0);
	if (replicas < 0) {
		struct gt_field_errors errs;
		gt_field_errors_init(&errs, &c->arena);
		gt_field_invalid(&errs, "spec.replicas", n, "must be greater than or equal to 0");
		return as_invalid(c, c->to.name, &errs);
	}
	e->obj = with_value(c, e->live, gt_str(path + (path[0] == '.')),
			    gt_node_int(&c->arena, replicas));
	meta = as_shallow(&c->arena, gt_node_get(e->obj, "metadata"));
	gt_node_set(&c->arena, e->obj, "metadata", meta);
	struct gt_node *rv = gt_node_at(scale, "metadata", "resourceVersion");
	e->named_version = gt_node_text(rv).n > 0 && c->verb == AS_V_UPDATE;
	if (e->named_version)
		gt_node_set(&c->arena, meta, "resourceVersion", rv);
	return GT_OK;
}

static int scale(struct as_call *c)
{
	struct gt_node *obj = NULL;
	int rc;

	if (c->r->flags & AS_R_CUSTOM ? !c->v->scale : !(c->r->flags & AS_R_SCALE))
		return as_not_found_path(c);
	if (c->verb == AS_V_GET)
		rc = as_get(c);
	else if (c->verb == AS_V_UPDATE || (c->verb == AS_V_PATCH && c->patch != AS_PATCH_APPLY))
		rc = as_modify(c, set_scale, NULL);
	else
		return no_method(c);
	if (rc < 0)
		return rc;
	if (c->object)
		rc = as_read(c, c->object, &obj);
	else
		obj = c->result;
	if (rc < 0)
		return rc;
	c->result = make_scale(c, obj);
	as_object_unref(c->object);
	c->object = NULL;
	return GT_OK;
}

/* --- pods --------------------------------------------------------------------------------- */

static int evict(struct as_call *c)
{
	struct as_call del;
	int rc;

	if (c->verb != AS_V_CREATE)
		return no_method(c);
	as_call_inside(&del, c->server, c->user.name, c->r, AS_V_DELETE, c->to.ns, c->to.name);
	del.body = gt_node_get(c->body, "deleteOptions");
	del.query.dry_run = c->query.dry_run;
	rc = as_delete(&del);
	if (rc < 0)
		c->status = gt_node_dup(&c->arena, del.status);
	else
		c->result = as_success(c, gt_str(""), gt_str(""));
	c->code = 201;
	as_call_fini(&del);
	return rc;
}

static int no_kubelet(struct as_call *c)
{
	int rc = as_get(c);

	if (rc < 0)
		return rc;
	return as_fail(c, 501, "NotImplemented",
		       "this server runs no containers: %.*s of a pod is not available",
		       GT_STR_ARG(c->to.sub));
}

static int pod_log(struct as_call *c)
{
	return c->verb == AS_V_GET ? no_kubelet(c) : no_method(c);
}

/* --- the table ---------------------------------------------------------------------------- */

int as_subresource(struct as_call *c)
{
	static const struct {
		const char *group, *plural, *sub;
		int (*fn)(struct as_call *c);
	} subs[] = {
		{"", "namespaces", "finalize", finalize},
		{"", "pods", "attach", no_kubelet},
		{"", "pods", "eviction", evict},
		{"", "pods", "exec", no_kubelet},
		{"", "pods", "log", pod_log},
		{"", "pods", "portforward", no_kubelet},
		{"", "pods", "ephemeralcontainers", plain},
		{"", "pods", "resize", plain},
		{"certificates.k8s.io", "certificatesigningrequests", "approval", plain},
	};

	if (gt_str_is(c->to.sub, "status")) {
		bool has = c->r->flags & AS_R_CUSTOM ? c->v->status : c->r->flags & AS_R_STATUS;
		return has ? plain(c) : as_not_found_path(c);
	}
	if (gt_str_is(c->to.sub, "scale"))
		return scale(c);
	for (size_t i = 0; i < GT_COUNT(subs); i++) {
		if (as_resource_is(c->r, subs[i].group, subs[i].plural) &&
		    gt_str_is(c->to.sub, subs[i].sub))
			return subs[i].fn(c);
	}
	return as_not_found_path(c);
}
