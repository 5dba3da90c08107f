#include "printer.h"

#include <stdio.h>

#include "base/time.h"
#include "text/jsonpath.h"
#include "text/selector.h"

/* What a cell is made from. */
struct cell {
	struct gt_arena *a;
	const struct gt_node *obj;
	int64_t now;
};

/* --- common cells ------------------------------------------------------------------------- */

static struct gt_node *text(struct cell *c, const char *s)
{
	return gt_node_str(c->a, s ? s : "");
}

static struct gt_node *since(struct cell *c, const struct gt_node *time)
{
	char buf[GT_TIME_TEXT];
	int64_t ns;

	if (!gt_rfc3339_parse(gt_node_text(time), &ns))
		return text(c, "<unknown>");
	return text(c, gt_human_duration(c->now - ns, buf));
}

static struct gt_node *name(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "metadata", "name"));
}

static struct gt_node *age(struct cell *c)
{
	return since(c, gt_node_at(c->obj, "metadata", "creationTimestamp"));
}

static struct gt_node *created_at(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "metadata", "creationTimestamp"));
}

static struct gt_node *integer(struct cell *c, const struct gt_node *n)
{
	return gt_node_int(c->a, gt_node_int_or(n, 0));
}

static struct gt_node *or_none(struct cell *c, const char *s)
{
	return text(c, s && s[0] ? s : "<none>");
}

static struct gt_node *ratio(struct cell *c, const struct gt_node *x, const struct gt_node *y)
{
	return gt_node_printf(c->a, "%lld/%lld", (long long)gt_node_int_or(x, 0),
			      (long long)gt_node_int_or(y, 0));
}

static struct gt_node *built(struct cell *c, const struct gt_buf *b)
{
	return gt_node_strn(c->a, gt_buf_str(b));
}

static void join(struct gt_buf *out, const char *sep, struct gt_str s)
{
	if (out->n > 0)
		gt_buf_adds(out, sep);
	gt_buf_add_str(out, s);
}

static const struct gt_node *pod_spec(const struct gt_node *obj)
{
	const struct gt_node *t = gt_node_at(obj, "spec", "template", "spec");

	return t ? t : gt_node_at(obj, "spec", "jobTemplate", "spec", "template", "spec");
}

static struct gt_node *container_field(struct cell *c, const char *field)
{
	gt_auto_buf out = {0};

	gt_seq_for_each (gt_node_get(pod_spec(c->obj), "containers"), k)
		join(&out, ",", gt_node_text(gt_node_get(k, field)));
	return built(c, &out);
}

static struct gt_node *containers(struct cell *c)
{
	return container_field(c, "name");
}

static struct gt_node *images(struct cell *c)
{
	return container_field(c, "image");
}

static struct gt_node *selector_of(struct cell *c, const struct gt_node *n)
{
	struct gt_selector sel;
	gt_auto_buf out = {0};

	if (gt_selector_from_node(c->a, n, &sel, NULL) == GT_OK)
		gt_selector_write(&out, &sel);
	return built(c, &out);
}

static struct gt_node *selector(struct cell *c)
{
	return or_none(c, gt_node_cstr(selector_of(c, gt_node_at(c->obj, "spec", "selector"))));
}

static struct gt_node *plain_selector(struct cell *c, const struct gt_node *map)
{
	gt_auto_buf out = {0};

	gt_map_each(map, p)
	{
		gt_buf_printf(&out, "%s%s=%s", out.n ? "," : "", p->key,
			      gt_node_cstr_or(p->value, ""));
	}
	return or_none(c, gt_buf_cstr(&out));
}

/* --- pods --------------------------------------------------------------------------------- */

static struct gt_node *pod_ready(struct cell *c)
{
	int64_t ready = 0;

	gt_seq_for_each (gt_node_at(c->obj, "status", "containerStatuses"), s)
		ready += gt_node_truth(gt_node_get(s, "ready"), false);
	return gt_node_printf(c->a, "%lld/%zu", (long long)ready,
			      gt_node_count(gt_node_at(c->obj, "spec", "containers")));
}

static struct gt_node *pod_status(struct cell *c)
{
	const char *phase = gt_node_cstr_or(gt_node_at(c->obj, "status", "phase"), "");
	const char *reason = gt_node_cstr_at(c->obj, "status", "reason");

	if (!gt_node_is_null(gt_node_at(c->obj, "metadata", "deletionTimestamp")))
		return text(c, "Terminating");
	gt_seq_for_each (gt_node_at(c->obj, "status", "containerStatuses"), s) {
		const char *waiting = gt_node_cstr_at(s, "state", "waiting", "reason");
		const char *ended = gt_node_cstr_at(s, "state", "terminated", "reason");
		if (waiting || ended)
			reason = waiting ? waiting : ended;
	}
	return text(c, reason && reason[0] ? reason : phase);
}

static struct gt_node *pod_restarts(struct cell *c)
{
	int64_t n = 0;

	gt_seq_for_each (gt_node_at(c->obj, "status", "containerStatuses"), s)
		n += gt_node_int_or(gt_node_get(s, "restartCount"), 0);
	return gt_node_printf(c->a, "%lld", (long long)n);
}

static struct gt_node *pod_ip(struct cell *c)
{
	return or_none(c, gt_node_cstr_at(c->obj, "status", "podIP"));
}

static struct gt_node *pod_node(struct cell *c)
{
	return or_none(c, gt_node_cstr_at(c->obj, "spec", "nodeName"));
}

static struct gt_node *pod_nominated(struct cell *c)
{
	return or_none(c, gt_node_cstr_at(c->obj, "status", "nominatedNodeName"));
}

static struct gt_node *pod_gates(struct cell *c)
{
	const struct gt_node *gates = gt_node_at(c->obj, "spec", "readinessGates");
	size_t ready = 0;

	if (gt_node_count(gates) == 0)
		return text(c, "<none>");
	gt_seq_for_each (gates, g) {
		gt_seq_for_each (gt_node_at(c->obj, "status", "conditions"), k) {
			if (gt_node_equal(gt_node_get(k, "type"),
					  gt_node_get(g, "conditionType")) &&
			    gt_node_is_text(gt_node_get(k, "status"), "True"))
				ready++;
		}
	}
	return gt_node_printf(c->a, "%zu/%zu", ready, gt_node_count(gates));
}

/* --- workloads ---------------------------------------------------------------------------- */

static struct gt_node *ready_of_desired(struct cell *c)
{
	return ratio(c, gt_node_at(c->obj, "status", "readyReplicas"),
		     gt_node_at(c->obj, "spec", "replicas"));
}

static struct gt_node *up_to_date(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "status", "updatedReplicas"));
}

static struct gt_node *available(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "status", "availableReplicas"));
}

static struct gt_node *desired(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "spec", "replicas"));
}

static struct gt_node *current(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "status", "replicas"));
}

static struct gt_node *ready(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "status", "readyReplicas"));
}

static struct gt_node *ds_desired(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "status", "desiredNumberScheduled"));
}

static struct gt_node *ds_current(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "status", "currentNumberScheduled"));
}

static struct gt_node *ds_ready(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "status", "numberReady"));
}

static struct gt_node *ds_updated(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "status", "updatedNumberScheduled"));
}

static struct gt_node *ds_available(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "status", "numberAvailable"));
}

static struct gt_node *ds_nodes(struct cell *c)
{
	return plain_selector(c, gt_node_get(pod_spec(c->obj), "nodeSelector"));
}

static bool condition_true(const struct gt_node *obj, const char *type)
{
	gt_seq_for_each (gt_node_at(obj, "status", "conditions"), k) {
		if (gt_node_is_text(gt_node_get(k, "type"), type))
			return gt_node_is_text(gt_node_get(k, "status"), "True");
	}
	return false;
}

static struct gt_node *job_status(struct cell *c)
{
	static const struct {
		const char *condition, *status;
	} states[] = {
		{"Complete", "Complete"},
		{"Failed", "Failed"},
		{"Suspended", "Suspended"},
		{"FailureTarget", "FailureTarget"},
		{"SuccessCriteriaMet", "SuccessCriteriaMet"},
	};

	for (size_t i = 0; i < GT_COUNT(states); i++) {
		if (condition_true(c->obj, states[i].condition))
			return text(c, states[i].status);
	}
	return text(c, "Running");
}

static struct gt_node *job_completions(struct cell *c)
{
	const struct gt_node *n = gt_node_at(c->obj, "spec", "completions");

	return ratio(c, gt_node_at(c->obj, "status", "succeeded"),
		     n ? n : gt_node_at(c->obj, "spec", "parallelism"));
}

static struct gt_node *job_duration(struct cell *c)
{
	int64_t start, end = c->now;
	char buf[GT_TIME_TEXT];

	if (!gt_rfc3339_parse(gt_node_text(gt_node_at(c->obj, "status", "startTime")), &start))
		return text(c, "");
	gt_rfc3339_parse(gt_node_text(gt_node_at(c->obj, "status", "completionTime")), &end);
	return text(c, gt_human_duration(end - start, buf));
}

static struct gt_node *cron_schedule(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "spec", "schedule"));
}

static struct gt_node *cron_zone(struct cell *c)
{
	return or_none(c, gt_node_cstr_at(c->obj, "spec", "timeZone"));
}

static struct gt_node *cron_suspend(struct cell *c)
{
	return text(c,
		    gt_node_truth(gt_node_at(c->obj, "spec", "suspend"), false) ? "True" : "False");
}

static struct gt_node *cron_active(struct cell *c)
{
	return gt_node_int(c->a, (int64_t)gt_node_count(gt_node_at(c->obj, "status", "active")));
}

static struct gt_node *cron_last(struct cell *c)
{
	const struct gt_node *t = gt_node_at(c->obj, "status", "lastScheduleTime");

	return t ? since(c, t) : text(c, "<none>");
}

/* --- network ------------------------------------------------------------------------------ */

static struct gt_node *svc_type(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "spec", "type"));
}

static struct gt_node *svc_cluster_ip(struct cell *c)
{
	return or_none(c, gt_node_cstr_at(c->obj, "spec", "clusterIP"));
}

static void add_ingress(struct gt_buf *out, const struct gt_node *obj)
{
	gt_seq_for_each (gt_node_at(obj, "status", "loadBalancer", "ingress"), i) {
		const struct gt_node *ip = gt_node_get(i, "ip");
		join(out, ",", gt_node_text(ip ? ip : gt_node_get(i, "hostname")));
	}
}

static struct gt_node *svc_external_ip(struct cell *c)
{
	const char *type = gt_node_cstr_or(gt_node_at(c->obj, "spec", "type"), "");
	gt_auto_buf out = {0};

	if (gt_streq(type, "ExternalName"))
		return text(c, gt_node_cstr_at(c->obj, "spec", "externalName"));
	if (gt_streq(type, "LoadBalancer"))
		add_ingress(&out, c->obj);
	gt_seq_for_each (gt_node_at(c->obj, "spec", "externalIPs"), ip)
		join(&out, ",", gt_node_text(ip));
	if (out.n == 0 && gt_streq(type, "LoadBalancer"))
		return text(c, "<pending>");
	return or_none(c, gt_buf_cstr(&out));
}

static struct gt_node *svc_ports(struct cell *c)
{
	gt_auto_buf out = {0};

	gt_seq_for_each (gt_node_at(c->obj, "spec", "ports"), p) {
		int64_t node = gt_node_int_or(gt_node_get(p, "nodePort"), 0);
		gt_buf_printf(&out, "%s%lld", out.n ? "," : "",
			      (long long)gt_node_int_or(gt_node_get(p, "port"), 0));
		if (node)
			gt_buf_printf(&out, ":%lld", (long long)node);
		gt_buf_printf(&out, "/%s", gt_node_cstr_or(gt_node_get(p, "protocol"), ""));
	}
	return or_none(c, gt_buf_cstr(&out));
}

static struct gt_node *svc_selector(struct cell *c)
{
	return plain_selector(c, gt_node_at(c->obj, "spec", "selector"));
}

static struct gt_node *ing_class(struct cell *c)
{
	return or_none(c, gt_node_cstr_at(c->obj, "spec", "ingressClassName"));
}

static struct gt_node *ing_hosts(struct cell *c)
{
	gt_auto_buf out = {0};

	gt_seq_for_each (gt_node_at(c->obj, "spec", "rules"), r) {
		if (gt_node_text(gt_node_get(r, "host")).n > 0)
			join(&out, ",", gt_node_text(gt_node_get(r, "host")));
	}
	return text(c, out.n ? gt_buf_cstr(&out) : "*");
}

static struct gt_node *ing_address(struct cell *c)
{
	gt_auto_buf out = {0};

	add_ingress(&out, c->obj);
	return built(c, &out);
}

static struct gt_node *ing_ports(struct cell *c)
{
	return text(c, gt_node_count(gt_node_at(c->obj, "spec", "tls")) > 0 ? "80, 443" : "80");
}

static struct gt_node *netpol_selector(struct cell *c)
{
	return or_none(c, gt_node_cstr(selector_of(c, gt_node_at(c->obj, "spec", "podSelector"))));
}

/* --- configuration ------------------------------------------------------------------------ */

static struct gt_node *data_count(struct cell *c)
{
	return gt_node_int(c->a, (int64_t)(gt_node_count(gt_node_get(c->obj, "data")) +
					   gt_node_count(gt_node_get(c->obj, "binaryData"))));
}

static struct gt_node *secret_type(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "type"));
}

static struct gt_node *sa_secrets(struct cell *c)
{
	return gt_node_int(c->a, (int64_t)gt_node_count(gt_node_get(c->obj, "secrets")));
}

static struct gt_node *phase(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "status", "phase"));
}

/* --- nodes and volumes -------------------------------------------------------------------- */

static struct gt_node *node_status(struct cell *c)
{
	const char *state = condition_true(c->obj, "Ready") ? "Ready" : "NotReady";
	bool cordoned = gt_node_truth(gt_node_at(c->obj, "spec", "unschedulable"), false);

	return gt_node_printf(c->a, "%s%s", state, cordoned ? ",SchedulingDisabled" : "");
}

static struct gt_node *node_roles(struct cell *c)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	gt_auto_buf out = {0};

	gt_map_each(gt_node_at(c->obj, "metadata", "labels"), p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		if (gt_str_starts(key, prefix))
			join(&out, ",", gt_str_from(key, sizeof prefix - 1));
	}
	return or_none(c, gt_buf_cstr(&out));
}

static struct gt_node *node_version(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "status", "nodeInfo", "kubeletVersion"));
}

static void add_modes(struct gt_buf *out, const struct gt_node *modes)
{
	static const struct {
		const char *mode, *brief;
	} names[] = {{"ReadWriteOnce", "RWO"},
		     {"ReadOnlyMany", "ROX"},
		     {"ReadWriteMany", "RWX"},
		     {"ReadWriteOncePod", "RWOP"}};

	for (size_t i = 0; i < GT_COUNT(names); i++) {
		gt_seq_for_each (modes, m) {
			if (gt_node_is_text(m, names[i].mode))
				join(out, ",", gt_str(names[i].brief));
		}
	}
}

static struct gt_node *modes_cell(struct cell *c, const struct gt_node *modes)
{
	gt_auto_buf out = {0};

	add_modes(&out, modes);
	return built(c, &out);
}

static struct gt_node *pvc_volume(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "spec", "volumeName"));
}

static struct gt_node *pvc_capacity(struct cell *c)
{
	const char *bound = gt_node_cstr_at(c->obj, "spec", "volumeName");

	return text(c, bound && bound[0] ? gt_node_cstr_at(c->obj, "status", "capacity", "storage")
					 : "");
}

static struct gt_node *pvc_modes(struct cell *c)
{
	const char *bound = gt_node_cstr_at(c->obj, "spec", "volumeName");

	return bound && bound[0] ? modes_cell(c, gt_node_at(c->obj, "status", "accessModes"))
				 : text(c, "");
}

static struct gt_node *storage_class_of(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "spec", "storageClassName"));
}

static struct gt_node *attributes_class(struct cell *c)
{
	const char *s = gt_node_cstr_at(c->obj, "spec", "volumeAttributesClassName");

	return text(c, s && s[0] ? s : "<unset>");
}

static struct gt_node *volume_mode(struct cell *c)
{
	const char *s = gt_node_cstr_at(c->obj, "spec", "volumeMode");

	return text(c, s ? s : "<unset>");
}

static struct gt_node *pv_capacity(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "spec", "capacity", "storage"));
}

static struct gt_node *pv_modes(struct cell *c)
{
	return modes_cell(c, gt_node_at(c->obj, "spec", "accessModes"));
}

static struct gt_node *pv_reclaim(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "spec", "persistentVolumeReclaimPolicy"));
}

static struct gt_node *pv_claim(struct cell *c)
{
	const struct gt_node *ref = gt_node_at(c->obj, "spec", "claimRef");

	return ref ? gt_node_printf(c->a, "%s/%s",
				    gt_node_cstr_or(gt_node_get(ref, "namespace"), ""),
				    gt_node_cstr_or(gt_node_get(ref, "name"), ""))
		   : text(c, "");
}

static struct gt_node *pv_reason(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "status", "reason"));
}

static struct gt_node *sc_provisioner(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "provisioner"));
}

static struct gt_node *sc_name(struct cell *c)
{
	bool is_default = gt_node_is_text(gt_node_at(c->obj, "metadata", "annotations",
						     "storageclass.kubernetes.io/is-default-class"),
					  "true");

	return gt_node_printf(c->a, "%s%s",
			      gt_node_cstr_or(gt_node_at(c->obj, "metadata", "name"), ""),
			      is_default ? " (default)" : "");
}

static struct gt_node *sc_reclaim(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "reclaimPolicy"));
}

static struct gt_node *sc_binding(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "volumeBindingMode"));
}

static struct gt_node *sc_expansion(struct cell *c)
{
	return gt_node_bool(c->a,
			    gt_node_truth(gt_node_get(c->obj, "allowVolumeExpansion"), false));
}

/* --- events, roles and others ------------------------------------------------------------- */

static struct gt_node *ev_last(struct cell *c)
{
	static const char *const times[] = {"lastTimestamp", "deprecatedLastTimestamp", "eventTime",
					    "firstTimestamp"};

	for (size_t i = 0; i < GT_COUNT(times); i++) {
		if (!gt_node_is_null(gt_node_get(c->obj, times[i])))
			return since(c, gt_node_get(c->obj, times[i]));
	}
	return text(c, "<unknown>");
}

static struct gt_node *ev_first(struct cell *c)
{
	const struct gt_node *t = gt_node_get(c->obj, "firstTimestamp");

	return since(c, gt_node_is_null(t) ? gt_node_get(c->obj, "eventTime") : t);
}

static struct gt_node *ev_type(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "type"));
}

static struct gt_node *ev_reason(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "reason"));
}

static const struct gt_node *ev_target(const struct cell *c)
{
	const struct gt_node *t = gt_node_get(c->obj, "involvedObject");

	return t ? t : gt_node_get(c->obj, "regarding");
}

static struct gt_node *ev_object(struct cell *c)
{
	const char *kind = gt_node_cstr_or(gt_node_get(ev_target(c), "kind"), "");
	char *lower = gt_arena_strdup(c->a, kind);

	for (char *p = lower; p && *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	return gt_node_printf(c->a, "%s/%s", lower ? lower : "",
			      gt_node_cstr_or(gt_node_get(ev_target(c), "name"), ""));
}

static struct gt_node *ev_subobject(struct cell *c)
{
	return text(c, gt_node_cstr_at(ev_target(c), "fieldPath"));
}

static struct gt_node *ev_source(struct cell *c)
{
	const char *component = gt_node_cstr_at(c->obj, "source", "component");
	const char *host = gt_node_cstr_at(c->obj, "source", "host");

	if (!component || !component[0])
		component = gt_node_cstr_at(c->obj, "reportingComponent");
	return gt_node_printf(c->a, "%s%s%s", component ? component : "",
			      host && host[0] ? ", " : "", host ? host : "");
}

static struct gt_node *ev_message(struct cell *c)
{
	const char *m = gt_node_cstr_at(c->obj, "message");

	return text(c, m ? m : gt_node_cstr_at(c->obj, "note"));
}

static struct gt_node *ev_count(struct cell *c)
{
	const struct gt_node *series = gt_node_at(c->obj, "series", "count");
	int64_t n = gt_node_int_or(series ? series : gt_node_get(c->obj, "count"), 0);

	return gt_node_int(c->a, n ? n : 1);
}

static struct gt_node *rb_role(struct cell *c)
{
	return gt_node_printf(c->a, "%s/%s",
			      gt_node_cstr_or(gt_node_at(c->obj, "roleRef", "kind"), ""),
			      gt_node_cstr_or(gt_node_at(c->obj, "roleRef", "name"), ""));
}

static struct gt_node *subjects(struct cell *c, const char *kind)
{
	gt_auto_buf out = {0};

	gt_seq_for_each (gt_node_get(c->obj, "subjects"), s) {
		const char *ns = gt_node_cstr_at(s, "namespace");
		if (!gt_node_is_text(gt_node_get(s, "kind"), kind))
			continue;
		gt_buf_printf(&out, "%s%s%s%s", out.n ? ", " : "", ns ? ns : "", ns ? "/" : "",
			      gt_node_cstr_or(gt_node_get(s, "name"), ""));
	}
	return built(c, &out);
}

static struct gt_node *rb_users(struct cell *c)
{
	return subjects(c, "User");
}

static struct gt_node *rb_groups(struct cell *c)
{
	return subjects(c, "Group");
}

static struct gt_node *rb_accounts(struct cell *c)
{
	return subjects(c, "ServiceAccount");
}

static struct gt_node *lease_holder(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "spec", "holderIdentity"));
}

static struct gt_node *hpa_reference(struct cell *c)
{
	const struct gt_node *ref = gt_node_at(c->obj, "spec", "scaleTargetRef");

	return gt_node_printf(c->a, "%s/%s", gt_node_cstr_or(gt_node_get(ref, "kind"), ""),
			      gt_node_cstr_or(gt_node_get(ref, "name"), ""));
}

static struct gt_node *hpa_targets(struct cell *c)
{
	gt_auto_buf out = {0};

	gt_seq_for_each (gt_node_at(c->obj, "spec", "metrics"), m) {
		const struct gt_node *r = gt_node_get(m, "resource");
		int64_t want = gt_node_int_or(gt_node_at(r, "target", "averageUtilization"), 0);
		gt_buf_printf(&out, "%s%s: <unknown>/%lld%%", out.n ? ", " : "",
			      gt_node_cstr_or(gt_node_get(r, "name"), ""), (long long)want);
	}
	return or_none(c, gt_buf_cstr(&out));
}

static struct gt_node *hpa_min(struct cell *c)
{
	return gt_node_printf(
		c->a, "%lld",
		(long long)gt_node_int_or(gt_node_at(c->obj, "spec", "minReplicas"), 1));
}

static struct gt_node *hpa_max(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "spec", "maxReplicas"));
}

static struct gt_node *hpa_replicas(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "status", "currentReplicas"));
}

static struct gt_node *int_or_string(struct cell *c, const struct gt_node *n)
{
	struct gt_str s = gt_node_text(n);

	return n ? gt_node_strn(c->a, s) : text(c, "N/A");
}

static struct gt_node *pdb_min(struct cell *c)
{
	return int_or_string(c, gt_node_at(c->obj, "spec", "minAvailable"));
}

static struct gt_node *pdb_max(struct cell *c)
{
	return int_or_string(c, gt_node_at(c->obj, "spec", "maxUnavailable"));
}

static struct gt_node *pdb_allowed(struct cell *c)
{
	return integer(c, gt_node_at(c->obj, "status", "disruptionsAllowed"));
}

static struct gt_node *pc_value(struct cell *c)
{
	return integer(c, gt_node_get(c->obj, "value"));
}

static struct gt_node *pc_default(struct cell *c)
{
	return gt_node_bool(c->a, gt_node_truth(gt_node_get(c->obj, "globalDefault"), false));
}

static struct gt_node *ic_controller(struct cell *c)
{
	return text(c, gt_node_cstr_at(c->obj, "spec", "controller"));
}

static struct gt_node *ic_parameters(struct cell *c)
{
	return or_none(c, gt_node_cstr_at(c->obj, "spec", "parameters", "name"));
}

/* --- the table ---------------------------------------------------------------------------- */

struct column {
	const char *name, *type;
	int priority;
	struct gt_node *(*fn)(struct cell *c);
};

#define NAME                              \
	{                                 \
		"Name", "string", 0, name \
	}
#define AGE                             \
	{                               \
		"Age", "string", 0, age \
	}
#define PODS                                     \
	{"Containers", "string", 1, containers}, \
	{                                        \
		"Images", "string", 1, images    \
	}

static const struct table {
	const char *group, *plural;
	struct column columns[12];
} tables[] = {
	{"",
	 "pods",
	 {NAME,
	  {"Ready", "string", 0, pod_ready},
	  {"Status", "string", 0, pod_status},
	  {"Restarts", "string", 0, pod_restarts},
	  AGE,
	  {"IP", "string", 1, pod_ip},
	  {"Node", "string", 1, pod_node},
	  {"Nominated Node", "string", 1, pod_nominated},
	  {"Readiness Gates", "string", 1, pod_gates}}},
	{"apps",
	 "deployments",
	 {NAME,
	  {"Ready", "string", 0, ready_of_desired},
	  {"Up-to-date", "integer", 0, up_to_date},
	  {"Available", "integer", 0, available},
	  AGE,
	  PODS,
	  {"Selector", "string", 1, selector}}},
	{"apps",
	 "replicasets",
	 {NAME,
	  {"Desired", "integer", 0, desired},
	  {"Current", "integer", 0, current},
	  {"Ready", "integer", 0, ready},
	  AGE,
	  PODS,
	  {"Selector", "string", 1, selector}}},
	{"",
	 "replicationcontrollers",
	 {NAME,
	  {"Desired", "integer", 0, desired},
	  {"Current", "integer", 0, current},
	  {"Ready", "integer", 0, ready},
	  AGE,
	  PODS,
	  {"Selector", "string", 1, svc_selector}}},
	{"apps", "statefulsets", {NAME, {"Ready", "string", 0, ready_of_desired}, AGE, PODS}},
	{"apps",
	 "daemonsets",
	 {NAME,
	  {"Desired", "integer", 0, ds_desired},
	  {"Current", "integer", 0, ds_current},
	  {"Ready", "integer", 0, ds_ready},
	  {"Up-to-date", "integer", 0, ds_updated},
	  {"Available", "integer", 0, ds_available},
	  {"Node Selector", "string", 0, ds_nodes},
	  AGE,
	  PODS,
	  {"Selector", "string", 1, selector}}},
	{"batch",
	 "jobs",
	 {NAME,
	  {"Status", "string", 0, job_status},
	  {"Completions", "string", 0, job_completions},
	  {"Duration", "string", 0, job_duration},
	  AGE,
	  PODS,
	  {"Selector", "string", 1, selector}}},
	{"batch",
	 "cronjobs",
	 {NAME,
	  {"Schedule", "string", 0, cron_schedule},
	  {"Timezone", "string", 0, cron_zone},
	  {"Suspend", "boolean", 0, cron_suspend},
	  {"Active", "integer", 0, cron_active},
	  {"Last Schedule", "string", 0, cron_last},
	  AGE,
	  PODS}},
	{"",
	 "services",
	 {NAME,
	  {"Type", "string", 0, svc_type},
	  {"Cluster-IP", "string", 0, svc_cluster_ip},
	  {"External-IP", "string", 0, svc_external_ip},
	  {"Port(s)", "string", 0, svc_ports},
	  AGE,
	  {"Selector", "string", 1, svc_selector}}},
	{"networking.k8s.io",
	 "ingresses",
	 {NAME,
	  {"Class", "string", 0, ing_class},
	  {"Hosts", "string", 0, ing_hosts},
	  {"Address", "string", 0, ing_address},
	  {"Ports", "string", 0, ing_ports},
	  AGE}},
	{"networking.k8s.io",
	 "ingressclasses",
	 {NAME,
	  {"Controller", "string", 0, ic_controller},
	  {"Parameters", "string", 0, ic_parameters},
	  AGE}},
	{"networking.k8s.io",
	 "networkpolicies",
	 {NAME, {"Pod-Selector", "string", 0, netpol_selector}, AGE}},
	{"", "configmaps", {NAME, {"Data", "string", 0, data_count}, AGE}},
	{"",
	 "secrets",
	 {NAME, {"Type", "string", 0, secret_type}, {"Data", "string", 0, data_count}, AGE}},
	{"", "namespaces", {NAME, {"Status", "string", 0, phase}, AGE}},
	{"", "serviceaccounts", {NAME, {"Secrets", "string", 0, sa_secrets}, AGE}},
	{"",
	 "nodes",
	 {NAME,
	  {"Status", "string", 0, node_status},
	  {"Roles", "string", 0, node_roles},
	  AGE,
	  {"Version", "string", 0, node_version}}},
	{"",
	 "persistentvolumeclaims",
	 {NAME,
	  {"Status", "string", 0, phase},
	  {"Volume", "string", 0, pvc_volume},
	  {"Capacity", "string", 0, pvc_capacity},
	  {"Access Modes", "string", 0, pvc_modes},
	  {"StorageClass", "string", 0, storage_class_of},
	  {"VolumeAttributesClass", "string", 0, attributes_class},
	  AGE,
	  {"VolumeMode", "string", 1, volume_mode}}},
	{"",
	 "persistentvolumes",
	 {NAME,
	  {"Capacity", "string", 0, pv_capacity},
	  {"Access Modes", "string", 0, pv_modes},
	  {"Reclaim Policy", "string", 0, pv_reclaim},
	  {"Status", "string", 0, phase},
	  {"Claim", "string", 0, pv_claim},
	  {"StorageClass", "string", 0, storage_class_of},
	  {"VolumeAttributesClass", "string", 0, attributes_class},
	  {"Reason", "string", 0, pv_reason},
	  AGE,
	  {"VolumeMode", "string", 1, volume_mode}}},
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
	  {"Name", "string", 1, name}}},
	{"events.k8s.io",
	 "events",
	 {{"Last Seen", "string", 0, ev_last},
	  {"Type", "string", 0, ev_type},
	  {"Reason", "string", 0, ev_reason},
	  {"Object", "string", 0, ev_object},
	  {"Message", "string", 0, ev_message},
	  {"Name", "string", 1, name}}},
	{"rbac.authorization.k8s.io",
	 "rolebindings",
	 {NAME,
	  {"Role", "string", 0, rb_role},
	  AGE,
	  {"Users", "string", 1, rb_users},
	  {"Groups", "string", 1, rb_groups},
	  {"ServiceAccounts", "string", 1, rb_accounts}}},
	{"rbac.authorization.k8s.io",
	 "clusterrolebindings",
	 {NAME,
	  {"Role", "string", 0, rb_role},
	  AGE,
	  {"Users", "string", 1, rb_users},
	  {"Groups", "string", 1, rb_groups},
	  {"ServiceAccounts", "string", 1, rb_accounts}}},
	{"rbac.authorization.k8s.io", "roles", {NAME, {"Created At", "date", 0, created_at}}},
	{"rbac.authorization.k8s.io",
	 "clusterroles",
	 {NAME, {"Created At", "date", 0, created_at}}},
	{"apiextensions.k8s.io",
	 "customresourcedefinitions",
	 {NAME, {"Created At", "date", 0, created_at}}},
	{"coordination.k8s.io", "leases", {NAME, {"Holder", "string", 0, lease_holder}, AGE}},
	{"autoscaling",
	 "horizontalpodautoscalers",
	 {NAME,
	  {"Reference", "string", 0, hpa_reference},
	  {"Targets", "string", 0, hpa_targets},
	  {"MinPods", "string", 0, hpa_min},
	  {"MaxPods", "string", 0, hpa_max},
	  {"Replicas", "string", 0, hpa_replicas},
	  AGE}},
	{"policy",
	 "poddisruptionbudgets",
	 {NAME,
	  {"Min Available", "string", 0, pdb_min},
	  {"Max Unavailable", "string", 0, pdb_max},
	  {"Allowed Disruptions", "integer", 0, pdb_allowed},
	  AGE}},
	{"scheduling.k8s.io",
	 "priorityclasses",
	 {NAME,
	  {"Value", "integer", 0, pc_value},
	  {"Global-Default", "boolean", 0, pc_default},
	  AGE}},
	{"storage.k8s.io",
	 "storageclasses",
	 {{"Name", "string", 0, sc_name},
	  {"Provisioner", "string", 0, sc_provisioner},
	  {"ReclaimPolicy", "string", 0, sc_reclaim},
	  {"VolumeBindingMode", "string", 0, sc_binding},
	  {"AllowVolumeExpansion", "string", 0, sc_expansion},
	  AGE}},
};

static const struct table plain_table = {"", "", {NAME, AGE}};

static const struct table *table_of(const struct as_resource *r)
{
	for (size_t i = 0; i < GT_COUNT(tables); i++) {
		if (as_resource_is(r, tables[i].group, tables[i].plural))
			return &tables[i];
	}
	return &plain_table;
}

static void add_column(struct gt_arena *a, struct gt_node *list, const char *column_name,
		       const char *type, const char *format, const char *description,
		       int64_t priority)
{
	struct gt_node *n = gt_node_map(a);

	gt_node_set_str(a, n, "name", column_name);
	gt_node_set_str(a, n, "type", type);
	gt_node_set_str(a, n, "format", format ? format : "");
	gt_node_set_str(a, n, "description", description ? description : "");
	gt_node_set_int(a, n, "priority", priority);
	gt_node_append(a, list, n);
}

struct gt_node *as_table_columns(struct gt_arena *a, const struct as_resource *r,
				 const struct as_version *v)
{
	struct gt_node *list = gt_node_seq(a);
	const struct table *t = table_of(r);

	if (r->flags & AS_R_CUSTOM && v->n_columns > 0) {
		add_column(a, list, "Name", "string", "name", "", 0);
		for (size_t i = 0; i < v->n_columns; i++)
			add_column(a, list, v->columns[i].name, v->columns[i].type,
				   v->columns[i].format, v->columns[i].description,
				   v->columns[i].priority);
		return list;
	}
	for (size_t i = 0; t->columns[i].name; i++)
		add_column(a, list, t->columns[i].name, t->columns[i].type, i == 0 ? "name" : "",
			   "", t->columns[i].priority);
	return list;
}

/* --- custom columns ----------------------------------------------------------------------- */

static struct gt_node *custom_cell(struct cell *c, const struct as_column *col)
{
	struct gt_jsonpath *path = NULL;
	struct gt_node *values = NULL, *first;
	gt_auto_buf out = {0};

	if (gt_jsonpath_parse(c->a, gt_str(col->path), &path, NULL) < 0 ||
	    gt_jsonpath_find(c->a, path, c->obj, true, &values, NULL) < 0 ||
	    gt_node_count(values) == 0)
		return gt_node_null(c->a);
	first = gt_node_item(values, 0);
	if (gt_streq(col->type, "date"))
		return since(c, first);
	if (!gt_streq(col->type, "string"))
		return first;
	if (gt_node_is(first, GT_STR) && gt_node_count(values) == 1)
		return first;
	if (gt_jsonpath_print(c->a, &out, path, c->obj, true, NULL) < 0)
		return gt_node_null(c->a);
	return built(c, &out);
}

struct gt_node *as_table_cells(struct gt_arena *a, const struct as_resource *r,
			       const struct as_version *v, const struct gt_node *obj, int64_t now)
{
	struct cell c = {.a = a, .obj = obj, .now = now};
	struct gt_node *cells = gt_node_seq(a);
	const struct table *t = table_of(r);

	if (r->flags & AS_R_CUSTOM && v->n_columns > 0) {
		gt_node_append(a, cells, name(&c));
		for (size_t i = 0; i < v->n_columns; i++)
			gt_node_append(a, cells, custom_cell(&c, &v->columns[i]));
		return cells;
	}
	for (size_t i = 0; t->columns[i].name; i++)
		gt_node_append(a, cells, t->columns[i].fn(&c));
	return cells;
}
