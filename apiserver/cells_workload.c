/* Columns of pods and of what makes pods. */
#include "base/time.h"
#include "cells.h"

/* --- pods --------------------------------------------------------------------------------- */

static struct gt_node *pod_ready(struct as_cell *c)
{
	int64_t ready = 0;

	gt_seq_for_each (gt_node_at(c->obj, "status", "containerStatuses"), s)
		ready += gt_node_truth(gt_node_get(s, "ready"), false);
	return gt_node_printf(c->a, "%lld/%zu", (long long)ready,
			      gt_node_count(gt_node_at(c->obj, "spec", "containers")));
}

static struct gt_node *pod_status(struct as_cell *c)
{
	const char *phase = gt_node_cstr_or(gt_node_at(c->obj, "status", "phase"), "");
	const char *reason = gt_node_cstr_at(c->obj, "status", "reason");

	if (!gt_node_is_null(gt_node_at(c->obj, "metadata", "deletionTimestamp")))
		return as_cell_text(c, "Terminating");
	gt_seq_for_each (gt_node_at(c->obj, "status", "containerStatuses"), s) {
		const char *waiting = gt_node_cstr_at(s, "state", "waiting", "reason");
		const char *ended = gt_node_cstr_at(s, "state", "terminated", "reason");
		if (waiting || ended)
			reason = waiting ? waiting : ended;
	}
	return as_cell_text(c, reason && reason[0] ? reason : phase);
}

static struct gt_node *pod_restarts(struct as_cell *c)
{
	int64_t n = 0;

	gt_seq_for_each (gt_node_at(c->obj, "status", "containerStatuses"), s)
		n += gt_node_int_or(gt_node_get(s, "restartCount"), 0);
	return gt_node_printf(c->a, "%lld", (long long)n);
}

static struct gt_node *pod_ip(struct as_cell *c)
{
	return as_cell_or_none(c, gt_node_cstr_at(c->obj, "status", "podIP"));
}

static struct gt_node *pod_node(struct as_cell *c)
{
	return as_cell_or_none(c, gt_node_cstr_at(c->obj, "spec", "nodeName"));
}

static struct gt_node *pod_nominated(struct as_cell *c)
{
	return as_cell_or_none(c, gt_node_cstr_at(c->obj, "status", "nominatedNodeName"));
}

static struct gt_node *pod_gates(struct as_cell *c)
{
	const struct gt_node *gates = gt_node_at(c->obj, "spec", "readinessGates");
	size_t ready = 0;

	if (gt_node_count(gates) == 0)
		return as_cell_text(c, "<none>");
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

static struct gt_node *ready_of_desired(struct as_cell *c)
{
	return as_cell_ratio(c, gt_node_at(c->obj, "status", "readyReplicas"),
			     gt_node_at(c->obj, "spec", "replicas"));
}

static struct gt_node *up_to_date(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "status", "updatedReplicas"));
}

static struct gt_node *available(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "status", "availableReplicas"));
}

static struct gt_node *desired(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "spec", "replicas"));
}

static struct gt_node *current(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "status", "replicas"));
}

static struct gt_node *ready(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "status", "readyReplicas"));
}

static struct gt_node *ds_desired(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "status", "desiredNumberScheduled"));
}

static struct gt_node *ds_current(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "status", "currentNumberScheduled"));
}

static struct gt_node *ds_ready(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "status", "numberReady"));
}

static struct gt_node *ds_updated(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "status", "updatedNumberScheduled"));
}

static struct gt_node *ds_available(struct as_cell *c)
{
	return as_cell_integer(c, gt_node_at(c->obj, "status", "numberAvailable"));
}

static struct gt_node *ds_nodes(struct as_cell *c)
{
	return as_cell_plain_selector(c, gt_node_get(as_cell_pod_spec(c->obj), "nodeSelector"));
}

static struct gt_node *job_status(struct as_cell *c)
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
		if (as_cell_condition_true(c->obj, states[i].condition))
			return as_cell_text(c, states[i].status);
	}
	return as_cell_text(c, "Running");
}

static struct gt_node *job_completions(struct as_cell *c)
{
	const struct gt_node *n = gt_node_at(c->obj, "spec", "completions");

	return as_cell_ratio(c, gt_node_at(c->obj, "status", "succeeded"),
			     n ? n : gt_node_at(c->obj, "spec", "parallelism"));
}

static struct gt_node *job_duration(struct as_cell *c)
{
	int64_t start, end = c->now;
	char buf[GT_TIME_TEXT];

	if (!gt_rfc3339_parse(gt_node_text(gt_node_at(c->obj, "status", "startTime")), &start))
		return as_cell_text(c, "");
	gt_rfc3339_parse(gt_node_text(gt_node_at(c->obj, "status", "completionTime")), &end);
	return as_cell_text(c, gt_human_duration(end - start, buf));
}

static struct gt_node *cron_schedule(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "spec", "schedule"));
}

static struct gt_node *cron_zone(struct as_cell *c)
{
	return as_cell_or_none(c, gt_node_cstr_at(c->obj, "spec", "timeZone"));
}

static struct gt_node *cron_suspend(struct as_cell *c)
{
	return as_cell_text(
		c, gt_node_truth(gt_node_at(c->obj, "spec", "suspend"), false) ? "True" : "False");
}

static struct gt_node *cron_active(struct as_cell *c)
{
	return gt_node_int(c->a, (int64_t)gt_node_count(gt_node_at(c->obj, "status", "active")));
}

static struct gt_node *cron_last(struct as_cell *c)
{
	const struct gt_node *t = gt_node_at(c->obj, "status", "lastScheduleTime");

	return t ? as_cell_since(c, t) : as_cell_text(c, "<none>");
}

/* --- the table ---------------------------------------------------------------------------- */

#define PODS                                             \
	{"Containers", "string", 1, as_cell_containers}, \
	{                                                \
		"Images", "string", 1, as_cell_images    \
	}

const struct as_cells as_cells_workload[] = {
	{"",
	 "pods",
	 {AS_CELLS_NAME,
	  {"Ready", "string", 0, pod_ready},
	  {"Status", "string", 0, pod_status},
	  {"Restarts", "string", 0, pod_restarts},
	  AS_CELLS_AGE,
	  {"IP", "string", 1, pod_ip},
	  {"Node", "string", 1, pod_node},
	  {"Nominated Node", "string", 1, pod_nominated},
	  {"Readiness Gates", "string", 1, pod_gates}}},
	{"apps",
	 "deployments",
	 {AS_CELLS_NAME,
	  {"Ready", "string", 0, ready_of_desired},
	  {"Up-to-date", "integer", 0, up_to_date},
	  {"Available", "integer", 0, available},
	  AS_CELLS_AGE,
	  PODS,
	  {"Selector", "string", 1, as_cell_selector}}},
	{"apps",
	 "replicasets",
	 {AS_CELLS_NAME,
	  {"Desired", "integer", 0, desired},
	  {"Current", "integer", 0, current},
	  {"Ready", "integer", 0, ready},
	  AS_CELLS_AGE,
	  PODS,
	  {"Selector", "string", 1, as_cell_selector}}},
	{"",
	 "replicationcontrollers",
	 {AS_CELLS_NAME,
	  {"Desired", "integer", 0, desired},
	  {"Current", "integer", 0, current},
	  {"Ready", "integer", 0, ready},
	  AS_CELLS_AGE,
	  PODS,
	  {"Selector", "string", 1, as_cell_svc_selector}}},
	{"apps",
	 "statefulsets",
	 {AS_CELLS_NAME, {"Ready", "string", 0, ready_of_desired}, AS_CELLS_AGE, PODS}},
	{"apps",
	 "daemonsets",
	 {AS_CELLS_NAME,
	  {"Desired", "integer", 0, ds_desired},
	  {"Current", "integer", 0, ds_current},
	  {"Ready", "integer", 0, ds_ready},
	  {"Up-to-date", "integer", 0, ds_updated},
	  {"Available", "integer", 0, ds_available},
	  {"Node Selector", "string", 0, ds_nodes},
	  AS_CELLS_AGE,
	  PODS,
	  {"Selector", "string", 1, as_cell_selector}}},
	{"batch",
	 "jobs",
	 {AS_CELLS_NAME,
	  {"Status", "string", 0, job_status},
	  {"Completions", "string", 0, job_completions},
	  {"Duration", "string", 0, job_duration},
	  AS_CELLS_AGE,
	  PODS,
	  {"Selector", "string", 1, as_cell_selector}}},
	{"batch",
	 "cronjobs",
	 {AS_CELLS_NAME,
	  {"Schedule", "string", 0, cron_schedule},
	  {"Timezone", "string", 0, cron_zone},
	  {"Suspend", "boolean", 0, cron_suspend},
	  {"Active", "integer", 0, cron_active},
	  {"Last Schedule", "string", 0, cron_last},
	  AS_CELLS_AGE,
	  PODS}},
	{0},
};
