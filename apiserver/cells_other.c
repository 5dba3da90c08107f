/* Columns of events, roles and the remaining kinds. */
#include "cells.h"

/* --- events, roles and others ------------------------------------------------------------- */

static struct gt_node *ev_last(struct as_cell *c)
{
	static const char *const times[] = {"lastTimestamp", "deprecatedLastTimestamp", "eventTime",
					    "firstTimestamp"};

	for (size_t i = 0; i < GT_COUNT(times); i++) {
		if (!gt_node_is_null(gt_node_get(c->obj, times[i])))
			return as_cell_since(c, gt_node_get(c->obj, times[i]));
	}
	return as_cell_text(c, "<unknown>");
}

static struct gt_node *ev_first(struct as_cell *c)
{
	const struct gt_node *t = gt_node_get(c->obj, "firstTimestamp");

	return as_cell_since(c, gt_node_is_null(t) ? gt_node_get(c->obj, "eventTime") : t);
}

static struct gt_node *ev_type(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "type"));
}

static struct gt_node *ev_reason(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "reason"));
}

static const struct gt_node *ev_target(const struct as_cell *c)
{
	const struct gt_node *t = gt_node_get(c->obj, "involvedObject");

	return t ? t : gt_node_get(c->obj, "regarding");
}

static struct gt_node *ev_object(struct as_cell *c)
{
	const char *kind = gt_node_cstr_or(gt_node_get(ev_target(c), "kind"), "");
	char *lower = gt_arena_strdup(c->a, kind);

	for (char *p = lower; p && *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	return gt_node_printf(c->a, "%s/%s", lower ? lower : "",
			      gt_node_cstr_or(gt_node_get(ev_target(c), "name"), ""));
}

static struct gt_node *ev_subobject(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(ev_target(c), "fieldPath"));
}

static struct gt_node *ev_source(struct as_cell *c)
{
	const char *component = gt_node_cstr_at(c->obj, "source", "component");
	const char *host = gt_node_cstr_at(c->obj, "source", "host");

	if (!component || !component[0])
		component = gt_node_cstr_at(c->obj, "reportingComponent");
	return gt_node_printf(c->a, "%s%s%s", component ? component : "",
			      host && host[0] ? ", " : "", host ? host : "");
}

static struct gt_node *ev_message(struct as_cell *c)
{
	const char *m = gt_node_cstr_at(c->obj, "message");

	return as_cell_text(c, m ? m : gt_node_cstr_at(c->obj, "note"));
}

static struct gt_node *ev_count(struct as_cell *c)
{
	const struct gt_node *series = gt_node_at(c->obj, "series", "count");
	int64_t n = gt_node_int_or(series ? series : gt_node_get(c->obj, "count"), 0);

	return gt_node_int(c->a, n ? n : 1);
}

static struct gt_node *rb_role(struct as_cell *c)
{
	return gt_node_printf(c->a, "%s/%s",
			      gt_node_cstr_or(gt_node_at(c->obj, "roleRef", "kind"), ""),
			      gt_node_cstr_or(gt_node_at(c->obj, "roleRef", "name"), ""));
}

static struct gt_node *subjects(struct as_cell *c, const char *kind)
{
	gt_auto_buf out = {0};

	gt_seq_for_each (gt_node_get(c->obj, "subjects"), s) {
		const char *ns = gt_node_cstr_at(s, "namespace");
		if (!gt_node_is_text(gt_node_get(s, "kind"), kind))
			continue;
		gt_buf_printf(&out, "%s%s%s%s", out.n ? ", " : "", ns ? ns : "", ns ? "/" : "",
			      gt_node_cstr_or(gt_node_get(s, "name"), ""));
	}
	return as_cell_built(c, &out);
}

static struct gt_node *rb_users(struct as_cell *c)
{
	return subjects(c, "User");
}

static struct gt_node *rb_groups(struct as_cell *c)
{
	return subjects(c, "Group");
}

static struct gt_node *rb_accounts(struct as_cell *c)
{
	return subjects(c, "ServiceAccount");
}

static struct gt_node *lease_holder(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "spec", "holderIdentity"));
}

static struct gt_node *hpa_reference(struct as_cell *c)
{
	const struct gt_node *ref = gt_node_at(c->obj, "spec", "scaleTargetRef");

	return gt_node_printf(c->a, "%s/%s", gt_node_cstr_or(gt_node_get(ref, "kind"), ""),
			      gt_node_cstr_or(gt_node_get(ref, "name"), ""));
}

static struct gt_node *hpa_targets(struct as_cell *c)
{
	gt_auto_buf out = {0};

	gt_seq_for_each (gt_node_at(c->obj, "spec", "metrics"), m) {
		const struct gt_node *r = gt_node_get(m, "resource");
		int64_t want = gt_node_int_or(gt_node_at(r, "target", "averageUtilization"), 0);
		gt_buf_printf(&out, "%s%s: <unknown>/%lld%%", out.n ? ", " : "",
			      gt_node_cstr_or(gt_node_get(r, "name"), ""), (long long)want);
	}
	return as_cell_or_none(c, gt_buf_cstr(&out));
}

static struct gt_node *hpa_min(struct as_cell *c)
{
	return gt_node_printf(
		c->a, "%lld",
		(long long)gt_node_int_or(gt_node_at(c->obj, "spec", "minReplicas"), 1));
}

static struct gt_node *hpa_max(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "spec", "maxReplicas"));
}

static struct gt_node *hpa_replicas(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "status", "currentReplicas"));
}

static struct gt_node *int_or_string(struct as_cell *c, const struct gt_node *n)
{
	struct gt_str s = gt_node_text(n);

	return n ? gt_node_strn(c->a, s) : as_cell_text(c, "N/A");
}

static struct gt_node *pdb_min(struct as_cell *c)
{
	return int_or_string(c, gt_node_at(c->obj, "spec", "minAvailable"));
}

static struct gt_node *pdb_max(struct as_cell *c)
{
	return int_or_string(c, gt_node_at(c->obj, "spec", "maxUnavailable"));
}

static struct gt_node *pdb_allowed(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "status", "disruptionsAllowed"));
}

static struct gt_node *pc_value(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_get(c->obj, "value"));
}

static struct gt_node *pc_default(struct as_cell *c)
{
	return gt_node_bool(c->a, gt_node_truth(gt_node_get(c->obj, "globalDefault"), false));
}

/* --- the table ---------------------------------------------------------------------------- */

const struct as_cells as_cells_other[] = {
	{"",
	 "events",
	 {{"Last Seen", "string", 0, ev_last},
	  {"Type", "string", 0, ev_type},
	  {"Reason", "string", 0, ev_reason},
	  {"Object", "string", 0, ev_object},
	  {"Subobject", "string", 1, ev_subobject},
	  {"Source", "string", 1, ev_source},
	  {"Message", "string", 0, ev_message},
	  {"First Seen", "string", 1, ev_first},
	  {"Count", "string", 1, ev_count},
	  {"Name", "string", 1, as_cell_name}}},
	{"events.k8s.io",
	 "events",
	 {{"Last Seen", "string", 0, ev_last},
	  {"Type", "string", 0, ev_type},
	  {"Reason", "string", 0, ev_reason},
	  {"Object", "string", 0, ev_object},
	  {"Message", "string", 0, ev_message},
	  {"Name", "string", 1, as_cell_name}}},
	{"rbac.authorization.k8s.io",
	 "rolebindings",
	 {AS_CELLS_NAME,
	  {"Role", "string", 0, rb_role},
	  AS_CELLS_AGE,
	  {"Users", "string", 1, rb_users},
	  {"Groups", "string", 1, rb_groups},
	  {"ServiceAccounts", "string", 1, rb_accounts}}},
	{"rbac.authorization.k8s.io",
	 "clusterrolebindings",
	 {AS_CELLS_NAME,
	  {"Role", "string", 0, rb_role},
	  AS_CELLS_AGE,
	  {"Users", "string", 1, rb_users},
	  {"Groups", "string", 1, rb_groups},
	  {"ServiceAccounts", "string", 1, rb_accounts}}},
	{"rbac.authorization.k8s.io",
	 "roles",
	 {AS_CELLS_NAME, {"Created At", "date", 0, as_cell_created_at}}},
	{"rbac.authorization.k8s.io",
	 "clusterroles",
	 {AS_CELLS_NAME, {"Created At", "date", 0, as_cell_created_at}}},
	{"apiextensions.k8s.io",
	 "customresourcedefinitions",
	 {AS_CELLS_NAME, {"Created At", "date", 0, as_cell_created_at}}},
	{"coordination.k8s.io",
	 "leases",
	 {AS_CELLS_NAME, {"Holder", "string", 0, lease_holder}, AS_CELLS_AGE}},
	{"autoscaling",
	 "horizontalpodautoscalers",
	 {AS_CELLS_NAME,
	  {"Reference", "string", 0, hpa_reference},
	  {"Targets", "string", 0, hpa_targets},
	  {"MinPods", "string", 0, hpa_min},
	  {"MaxPods", "string", 0, hpa_max},
	  {"Replicas", "string", 0, hpa_replicas},
	  AS_CELLS_AGE}},
	{"policy",
	 "poddisruptionbudgets",
	 {AS_CELLS_NAME,
	  {"Min Available", "string", 0, pdb_min},
	  {"Max Unavailable", "string", 0, pdb_max},
	  {"Allowed Disruptions", "integer", 0, pdb_allowed},
	  AS_CELLS_AGE}},
	{"scheduling.k8s.io",
	 "priorityclasses",
	 {AS_CELLS_NAME,
	  {"Value", "integer", 0, pc_value},
	  {"Global-Default", "boolean", 0, pc_default},
	  AS_CELLS_AGE}},
	{0},
};
