/* Label and field selectors of requests. */
#include "base/limits.h"
#include "read.h"
#include "status.h"

/* The fields, beyond metadata.name and metadata.namespace, that a built-in kind may select by. */
static const struct {
	const char *group, *plural;
	const char *fields[12];
} selectable[] = {
	{"",
	 "pods",
	 {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
	  "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"}},
	{"",
	 "events",
	 {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
	  "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
	  "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"}},
	{"events.k8s.io",
	 "events",
	 {"regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid",
	  "regarding.apiVersion", "regarding.resourceVersion", "regarding.fieldPath", "reason",
	  "reportingController", "type"}},
	{"", "secrets", {"type"}},
	{"", "namespaces", {"status.phase"}},
	{"", "nodes", {"spec.unschedulable"}},
	{"", "services", {"spec.clusterIP", "spec.type"}},
	{"", "replicationcontrollers", {"status.replicas"}},
	{"apps", "replicasets", {"status.replicas"}},
	{"batch", "jobs", {"status.successful"}},
	{"certificates.k8s.io", "certificatesigningrequests", {"spec.signerName"}},
};

static bool is_selectable(const struct as_call *c, struct gt_str field)
{
	if (gt_str_is(field, "metadata.name") ||
	    (c->r->flags & AS_R_NAMESPACED && gt_str_is(field, "metadata.namespace")))
		return true;
	for (size_t i = 0; i < GT_COUNT(selectable); i++) {
		if (!as_resource_is(c->r, selectable[i].group, selectable[i].plural))
			continue;
		for (size_t k = 0; k < 12 && selectable[i].fields[k]; k++) {
			if (gt_str_is(field, selectable[i].fields[k]))
				return true;
		}
	}
	for (size_t i = 0; i < c->v->n_selectable; i++) {
		const char *path = c->v->selectable[i];
		if (gt_str_is(field, path + (path[0] == '.')))
			return true;
	}
	return false;
}

int as_filter_parse(struct as_call *c, struct as_filter *ret_filter)
{
	struct as_filter f = {.plain_fields = true};
	struct gt_err err = {0};

	if (gt_selector_parse(&c->arena, c->query.label_selector, &f.labels, &err) < 0)
		return as_bad_request(c, "%s", err.text);
	if (gt_field_selector_parse(&c->arena, c->query.field_selector, &f.fields, &err) < 0)
		return as_bad_request(c, "%s", err.text);
	for (size_t i = 0; i < f.fields.n; i++) {
		const struct gt_requirement *r = &f.fields.v[i];
		if (!is_selectable(c, r->key))
			return as_bad_request(c, "field label not supported: %.*s",
					      GT_STR_ARG(r->key));
		if (r->op == GT_SEL_EQUAL && gt_str_is(r->key, "metadata.name"))
			f.name = r->values[0];
		else if (r->op == GT_SEL_EQUAL && gt_str_is(r->key, "metadata.namespace"))
			f.ns = r->values[0];
		else
			f.plain_fields = false;
	}
	f.any = f.labels.n > 0 || f.fields.n > 0;
	*ret_filter = f;
	return GT_OK;
}

/* --- labels, without a tree ---------------------------------------------------------------- */

static bool one_of(const struct gt_requirement *r, struct gt_str value)
{
	for (size_t i = 0; i < r->nvalues; i++) {
		if (gt_str_eq(r->values[i], value))
			return true;
	}
	return false;
}

static bool label_holds(const struct gt_requirement *r, struct gt_str value)
{
	bool there = value.p != NULL;
	int64_t have, want;

	switch (r->op) {
	case GT_SEL_EQUAL:
	case GT_SEL_IN: return there && one_of(r, value);
	case GT_SEL_NOT_EQUAL:
	case GT_SEL_NOT_IN: return !there || !one_of(r, value);
	case GT_SEL_EXISTS: return there;
	case GT_SEL_NOT_EXISTS: return !there;
	case GT_SEL_GREATER:
	case GT_SEL_LESS: break;
	}
	if (!there || !gt_str_i64(value, &have) || !gt_str_i64(r->values[0], &want))
		return false;
	return r->op == GT_SEL_GREATER ? have > want : have < want;
}

static bool labels_match(const struct gt_selector *s, const struct as_object *o)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!label_holds(&s->v[i], as_object_label(o, s->v[i].key)))
			return false;
	}
	return true;
}

/* --- fields ------------------------------------------------------------------------------- */

/* Fields whose empty value has a text all the same. */
static struct gt_str zero_text(struct gt_str field)
{
	if (gt_str_is(field, "spec.unschedulable") || gt_str_is(field, "spec.hostNetwork"))
		return gt_str("false");
	if (gt_str_is(field, "status.replicas") || gt_str_is(field, "status.successful"))
		return gt_str("0");
	return gt_str("");
}

struct lookup {
	const struct gt_node *obj;
};

static struct gt_str field_text(void *arg, struct gt_str field)
{
	const struct lookup *l = arg;
	const struct gt_node *n = l->obj;
	struct gt_split it = {.rest = field};
	struct gt_str part;

	if (gt_str_is(field, "status.successful"))
		n = gt_node_at(l->obj, "status", "succeeded");
	else if (gt_str_is(field, "source"))
		n = gt_node_at(l->obj, "source", "component");
	else
		while (n && gt_split_next(&it, '.', &part))
			n = gt_node_getn(n, part);
	if (gt_node_is(n, GT_BOOL))
		return gt_str(n->truth ? "true" : "false");
	return gt_node_is_null(n) ? zero_text(field) : gt_node_text(n);
}

static struct gt_str plain_text(void *arg, struct gt_str field)
{
	const struct as_object *o = arg;

	return gt_str_is(field, "metadata.name") ? o->name : o->ns;
}

bool as_filter_match(const struct as_filter *f, const struct as_object *o)
{
	struct lookup l = {0};
	struct gt_node *obj = NULL;
	gt_auto_arena arena = {.budget = GT_BUDGET_REQUEST};

	if (!labels_match(&f->labels, o))
		return false;
	if (f->fields.n == 0)
		return true;
	if (f->plain_fields)
		return gt_field_selector_match(&f->fields, plain_text, (void *)(uintptr_t)o);
	if (as_object_parse(o, &arena, &obj, NULL) < 0)
		return false;
	l.obj = obj;
	return gt_field_selector_match(&f->fields, field_text, &l);
}
