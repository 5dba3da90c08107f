/*
 * Simulated workloads: what a cluster would make of Deployments, Jobs, Pods, claims and so on,
 * reduced to their status.  Each kind is a row: which objects need work, and the status they get
 * after a delay.
 *
 * Two annotations of the object (or of its pod template) change what happens:
 *
 *	simulate.gitops.toolkit/outcome   ready (the default), fail, or never
 *	simulate.gitops.toolkit/delay     a duration such as 5s, in place of --simulate-delay
 */
#include "base/limits.h"
#include "base/time.h"
#include "control.h"
#include "text/json.h"

#define DELAY "simulate.gitops.toolkit/delay"

enum outcome { READY, FAIL, NEVER };

/* The status being made. */
struct sim {
	struct as_controllers *k;
	struct gt_arena *a;
	const struct gt_node *obj;
	struct gt_node *status;
	const char *now;
	enum outcome outcome;
};

static const char *annotation(const struct gt_node *obj, const char *key)
{
	const char *s = gt_node_cstr_at(obj, "metadata", "annotations", key);

	return s ? s : gt_node_cstr_at(obj, "spec", "template", "metadata", "annotations", key);
}

static enum outcome outcome_of(const struct gt_node *obj)
{
	const char *s = annotation(obj, AS_SIMULATE_OUTCOME);

	return gt_streq(s, "fail") ? FAIL : gt_streq(s, "never") ? NEVER : READY;
}

static void set_int(struct sim *s, const char *key, int64_t n)
{
	gt_node_set_int(s->a, s->status, key, n);
}

static void set_text(struct sim *s, const char *key, const char *text)
{
	gt_node_set_str(s->a, s->status, key, text);
}

static int64_t generation(const struct sim *s)
{
	return gt_node_int_or(gt_node_at(s->obj, "metadata", "generation"), 0);
}

static int64_t replicas(const struct sim *s)
{
	return gt_node_int_or(gt_node_at(s->obj, "spec", "replicas"), 1);
}

/* Sets a condition; times move only with the status. */
static void condition(struct sim *s, const char *type, const char *status, const char *reason,
		      const char *message)
{
	struct gt_node *list = gt_node_need_seq(s->a, s->status, "conditions"), *found = NULL;

	gt_seq_for_each (list, c) {
		if (gt_node_is_text(gt_node_get(c, "type"), type))
			found = c;
	}
	if (!found) {
		found = gt_node_map(s->a);
		gt_node_append(s->a, list, found);
	}
	if (!gt_node_is_text(gt_node_get(found, "status"), status))
		gt_node_set_str(s->a, found, "lastTransitionTime", s->now);
	if (message)
		gt_node_set_str(s->a, found, "message", message);
	if (reason)
		gt_node_set_str(s->a, found, "reason", reason);
	gt_node_set_str(s->a, found, "status", status);
	gt_node_set_str(s->a, found, "type", type);
}

/* FNV-1a of the pod template, in letters that make no words. */
const char *as_template_hash(struct gt_arena *a, const struct gt_node *workload)
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
	gt_auto_buf json = {0};
	char text[11];
	uint64_t h = 14695981039346656037u;

	gt_json_write(&json, gt_node_at(workload, "spec", "template"), GT_JSON_SORTED, 0);
	for (size_t i = 0; i < json.n; i++)
		h = (h ^ (uint8_t)json.p[i]) * 1099511628211u;
	for (size_t i = 0; i < 10; i++, h /= 27)
		text[i] = alphabet[h % 27];
	text[10] = '\0';
	return gt_arena_strdup(a, text);
}

static const char *name_of(const struct sim *s)
{
	return gt_node_cstr_or(gt_node_at(s->obj, "metadata", "name"), "");
}

/* --- kinds -------------------------------------------------------------------------------- */

static void counted(struct sim *s, const char *key, int64_t n)
{
	if (n > 0)
		set_int(s, key, n);
	else
		gt_node_unset(s->status, key);
}

static void deployment(struct sim *s)
{
	int64_t n = replicas(s), up = s->outcome == READY ? n : 0;
	const char *rs = gt_arena_printf(s->a, "ReplicaSet \"%s-%s\" has successfully progressed.",
					 name_of(s), as_template_hash(s->a, s->obj));

	set_int(s, "observedGeneration", generation(s));
	counted(s, "replicas", n);
	counted(s, "updatedReplicas", n);
	counted(s, "readyReplicas", up);
	counted(s, "availableReplicas", up);
	counted(s, "unavailableReplicas", n - up);
	if (s->outcome == READY) {
		condition(s, "Available", "True", "MinimumReplicasAvailable",
			  "Deployment has minimum availability.");
		condition(s, "Progressing", "True", "NewReplicaSetAvailable", rs);
		return;
	}
	condition(s, "Available", "False", "MinimumReplicasUnavailable",
		  "Deployment does not have minimum availability.");
	if (s->outcome == FAIL)
		condition(s, "Progressing", "False", "ProgressDeadlineExceeded",
			  gt_arena_printf(s->a, "ReplicaSet \"%s-%s\" has timed out progressing.",
					  name_of(s), as_template_hash(s->a, s->obj)));
	else
		condition(s, "Progressing", "True", "ReplicaSetUpdated",
			  gt_arena_printf(s->a, "ReplicaSet \"%s-%s\" is progressing.", name_of(s),
					  as_template_hash(s->a, s->obj)));
}

static void replica_set(struct sim *s)
{
	int64_t n = replicas(s), up = s->outcome == READY ? n : 0;

	set_int(s, "observedGeneration", generation(s));
	set_int(s, "replicas", n);
	counted(s, "fullyLabeledReplicas", n);
	counted(s, "readyReplicas", up);
	counted(s, "availableReplicas", up);
}

static void stateful_set(struct sim *s)
{
	int64_t n = replicas(s), up = s->outcome == READY ? n : 0;
	const char *revision =
		gt_arena_printf(s->a, "%s-%s", name_of(s), as_template_hash(s->a, s->obj));

	set_int(s, "observedGeneration", generation(s));
	set_int(s, "replicas", n);
	counted(s, "readyReplicas", up);
	set_int(s, "availableReplicas", up);
	counted(s, "currentReplicas", n);
	counted(s, "updatedReplicas", n);
	set_text(s, "currentRevision", revision);
	set_text(s, "updateRevision", revision);
	set_int(s, "collisionCount", 0);
}

static int64_t node_count(struct sim *s)
{
	struct as_resource *nodes = as_builtin(s->k, "", "nodes");
	int64_t n = (int64_t)as_table_count(nodes->table);

	as_resource_unref(nodes);
	return n;
}

static void daemon_set(struct sim *s)
{
	int64_t n = node_count(s), up = s->outcome == READY ? n : 0;

	set_int(s, "observedGeneration", generation(s));
	set_int(s, "desiredNumberScheduled", n);
	set_int(s, "currentNumberScheduled", n);
	set_int(s, "numberMisscheduled", 0);
	set_int(s, "numberReady", up);
	counted(s, "updatedNumberScheduled", n);
	counted(s, "numberAvailable", up);
	counted(s, "numberUnavailable", n - up);
}

static bool done(const struct gt_node *status)
{
	gt_seq_for_each (gt_node_get(status, "conditions"), c) {
		const char *type = gt_node_cstr_or(gt_node_get(c, "type"), "");
		if ((gt_streq(type, "Complete") || gt_streq(type, "Failed")) &&
		    gt_node_is_text(gt_node_get(c, "status"), "True"))
			return true;
	}
	return false;
}

static void job(struct sim *s)
{
	const struct gt_node *spec = gt_node_get(s->obj, "spec");
	int64_t n = gt_node_int_or(gt_node_get(spec, "completions"),
				   gt_node_int_or(gt_node_get(spec, "parallelism"), 1));

	if (done(s->status))
		return;
	if (gt_node_truth(gt_node_get(spec, "suspend"), false)) {
		condition(s, "Suspended", "True", "JobSuspended", "Job suspended");
		return;
	}
	if (!gt_node_get(s->status, "startTime"))
		set_text(s, "startTime", s->now);
	gt_node_need_map(s->a, s->status, "uncountedTerminatedPods");
	if (s->outcome == NEVER) {
		set_int(s, "active", gt_node_int_or(gt_node_get(spec, "parallelism"), 1));
		set_int(s, "ready", 0);
		return;
	}
	gt_node_unset(s->status, "active");
	set_int(s, "ready", 0);
	set_int(s, "terminating", 0);
	if (s->outcome == FAIL) {
		set_int(s, "failed", gt_node_int_or(gt_node_get(spec, "backoffLimit"), 6) + 1);
		condition(s, "FailureTarget", "True", "BackoffLimitExceeded",
			  "Job has reached the specified backoff limit");
		condition(s, "Failed", "True", "BackoffLimitExceeded",
			  "Job has reached the specified backoff limit");
		return;
	}
	set_int(s, "succeeded", n);
	set_text(s, "completionTime", s->now);
	condition(s, "SuccessCriteriaMet", "True", "CompletionsReached",
		  "Reached expected number of succeeded pods");
	condition(s, "Complete", "True", "CompletionsReached",
		  "Reached expected number of succeeded pods");
}

static void container_status(struct sim *s, const struct gt_node *c, const char *list, bool ended)
{
	struct gt_node *n = gt_node_map(s->a), *state = gt_node_map(s->a), *at = gt_node_map(s->a);

	gt_node_set(s->a, n, "name", gt_node_get(c, "name"));
	gt_node_set(s->a, n, "image", gt_node_get(c, "image"));
	gt_node_set_str(s->a, n, "imageID", "");
	gt_node_set_int(s->a, n, "restartCount", 0);
	gt_node_set_bool(s->a, n, "ready", !ended || gt_streq(list, "initContainerStatuses"));
	gt_node_set_bool(s->a, n, "started", !ended);
	if (ended) {
		gt_node_set_str(s->a, at, "reason", "Completed");
		gt_node_set_int(s->a, at, "exitCode", 0);
		gt_node_set_str(s->a, at, "startedAt", s->now);
		gt_node_set_str(s->a, at, "finishedAt", s->now);
	} else {
		gt_node_set_str(s->a, at, "startedAt", s->now);
	}
	gt_node_set(s->a, state, ended ? "terminated" : "running", at);
	gt_node_set(s->a, n, "state", state);
	gt_node_append(s->a, gt_node_need_seq(s->a, s->status, list), n);
}

/* A pod that is not restarted ends by itself. */
static bool once(const struct sim *s)
{
	return !gt_node_is_text(gt_node_at(s->obj, "spec", "restartPolicy"), "Always");
}

static void pod(struct sim *s)
{
	static const char *const types[] = {"PodReadyToStartContainers", "Initialized", "Ready",
					    "ContainersReady", "PodScheduled"};
	bool ended = once(s);
	const char *phase = gt_node_cstr_or(gt_node_get(s->status, "phase"), "");

	if (!gt_streq(phase, "Pending") || s->outcome == NEVER)
		return;
	if (s->outcome == FAIL) {
		set_text(s, "phase", "Failed");
		set_text(s, "reason", "Error");
		return;
	}
	set_text(s, "phase", ended ? "Succeeded" : "Running");
	set_text(s, "startTime", s->now);
	set_text(s, "hostIP", "127.0.0.1");
	set_text(s, "podIP", "127.0.0.1");
	for (size_t i = 0; i < GT_COUNT(types); i++)
		condition(s, types[i], ended && (i == 2 || i == 3) ? "False" : "True",
			  ended && i > 0 && i < 4 ? "PodCompleted" : NULL, NULL);
	gt_seq_for_each (gt_node_at(s->obj, "spec", "readinessGates"), gate)
		condition(s, gt_node_cstr_or(gt_node_get(gate, "conditionType"), ""), "True", NULL,
			  NULL);
	gt_node_unset(s->status, "containerStatuses");
	gt_node_unset(s->status, "initContainerStatuses");
	gt_seq_for_each (gt_node_at(s->obj, "spec", "initContainers"), c)
		container_status(s, c, "initContainerStatuses", true);
	gt_seq_for_each (gt_node_at(s->obj, "spec", "containers"), c)
		container_status(s, c, "containerStatuses", ended);
}

static void claim(struct sim *s)
{
	if (s->outcome != READY)
		return;
	set_text(s, "phase", "Bound");
	gt_node_set(s->a, s->status, "accessModes",
		    gt_node_dup(s->a, gt_node_at(s->obj, "spec", "accessModes")));
	gt_node_set(s->a, s->status, "capacity",
		    gt_node_dup(s->a, gt_node_at(s->obj, "spec", "resources", "requests")));
}

static void volume(struct sim *s)
{
	bool claimed = gt_node_at(s->obj, "spec", "claimRef") != NULL;

	if (s->outcome == READY)
		set_text(s, "phase", claimed ? "Bound" : "Available");
}

static void service(struct sim *s)
{
	const char *uid = gt_node_cstr_or(gt_node_at(s->obj, "metadata", "uid"), "");
	struct gt_node *lb, *ingress, *list;
	unsigned sum = 0;

	if (!gt_node_is_text(gt_node_at(s->obj, "spec", "type"), "LoadBalancer") ||
	    s->outcome != READY)
		return;
	lb = gt_node_need_map(s->a, s->status, "loadBalancer");
	list = gt_node_need_seq(s->a, lb, "ingress");
	if (gt_node_count(list) > 0)
		return;
	/* An address of the range that is set aside for examples. */
	for (const char *p = uid; *p; p++)
		sum = sum * 31 + (unsigned char)*p;
	ingress = gt_node_map(s->a);
	gt_node_set(s->a, ingress, "ip", gt_node_printf(s->a, "192.0.2.%u", 1 + sum % 254));
	gt_node_set_str(s->a, ingress, "ipMode", "VIP");
	gt_node_append(s->a, list, ingress);
}

static void disruption_budget(struct sim *s)
{
	set_int(s, "observedGeneration", generation(s));
	set_int(s, "disruptionsAllowed", 1);
	set_int(s, "currentHealthy", 1);
	set_int(s, "desiredHealthy", 0);
	set_int(s, "expectedPods", 1);
	condition(s, "DisruptionAllowed", "True", "SufficientPods", "");
}

static void autoscaler(struct sim *s)
{
	int64_t n = gt_node_int_or(gt_node_at(s->obj, "spec", "minReplicas"), 1);

	set_int(s, "currentReplicas", n);
	set_int(s, "desiredReplicas", n);
	condition(s, "AbleToScale", "True", "ReadyForNewScale",
		  "recommended size matches current size");
	condition(s, "ScalingActive", "True", "ValidMetricFound",
		  "the HPA was able to successfully calculate a replica count");
}

static void api_service(struct sim *s)
{
	condition(s, "Available", "True", "Passed", "all checks passed");
}

/* --- the table ---------------------------------------------------------------------------- */

static const struct kind {
	const char *group, *plural;
	void (*fn)(struct sim *s);
} kinds[] = {
	{"", "persistentvolumeclaims", claim},
	{"", "persistentvolumes", volume},
	{"", "pods", pod},
	{"", "replicationcontrollers", replica_set},
	{"", "services", service},
	{"apiregistration.k8s.io", "apiservices", api_service},
	{"apps", "daemonsets", daemon_set},
	{"apps", "deployments", deployment},
	{"apps", "replicasets", replica_set},
	{"apps", "statefulsets", stateful_set},
	{"autoscaling", "horizontalpodautoscalers", autoscaler},
	{"batch", "jobs", job},
	{"policy", "poddisruptionbudgets", disruption_budget},
};

static const struct kind *kind_of(const struct as_resource *r)
{
	for (size_t i = 0; i < GT_COUNT(kinds); i++) {
		if (as_resource_is(r, kinds[i].group, kinds[i].plural))
			return &kinds[i];
	}
	return NULL;
}

static int make_status(struct as_call *c, struct as_edit *e, void *arg)
{
	struct sim s = {
		.k = arg,
		.a = &c->arena,
		.obj = e->live,
		.now = as_call_now(c),
		.outcome = outcome_of(e->live),
	};

	e->obj = as_shallow(&c->arena, e->live);
	gt_node_set(&c->arena, e->obj, "metadata",
		    as_shallow(&c->arena, gt_node_get(e->live, "metadata")));
	s.status = gt_node_dup(&c->arena, gt_node_get(e->live, "status"));
	if (!gt_node_is(s.status, GT_MAP))
		s.status = gt_node_map(&c->arena);
	kind_of(c->r)->fn(&s);
	gt_node_set(&c->arena, e->obj, "status", s.status);
	return GT_OK;
}

/* A finished Job goes when its time is up. */
static void expire_job(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
		       struct gt_str name)
{
	as_control_delete(k, r, ns, name, gt_str(""), "Background");
}

static void schedule_expiry(struct as_controllers *k, struct as_resource *r,
			    const struct as_object *o)
{
	gt_auto_arena a = {.budget = GT_BUDGET_REQUEST};
	struct gt_node *obj = NULL;
	int64_t ttl;

	if (!as_resource_is(r, "batch", "jobs") || as_object_parse(o, &a, &obj, NULL) < 0 ||
	    !gt_node_get_int(gt_node_at(obj, "spec", "ttlSecondsAfterFinished"), &ttl) ||
	    !done(gt_node_get(obj, "status")))
		return;
	as_requeue(k, expire_job, r, o->ns, o->name, GT_SECONDS(ttl));
}

static void simulate(struct as_controllers *k, struct as_resource *r, struct gt_str ns,
		     struct gt_str name)
{
	struct as_object *o = as_table_get(r->table, ns, name);
	bool alive = o && !o->deleting;

	as_object_unref(o);
	if (alive)
		as_control_modify(k, r, ns, name, "status", make_status, k);
}

static int64_t delay_of(struct as_controllers *k, const struct as_object *o)
{
	gt_auto_arena a = {.budget = GT_BUDGET_REQUEST};
	struct gt_node *obj = NULL;
	const char *text;
	int64_t ns;

	if (gt_str_search(o->json, gt_str(DELAY)) != SIZE_MAX &&
	    as_object_parse(o, &a, &obj, NULL) == GT_OK && (text = annotation(obj, DELAY)) &&
	    gt_duration_parse(gt_str(text), &ns, NULL) == GT_OK && ns >= 0)
		return ns;
	return as_control_server(k)->opts.simulate_delay_ns;
}

void as_simulation_saw(struct as_controllers *k, const struct as_happening *h)
{
	if (h->type == AS_DELETED || h->obj->deleting || !kind_of(h->r))
		return;
	as_requeue(k, simulate, h->r, h->obj->ns, h->obj->name, delay_of(k, h->obj));
	schedule_expiry(k, h->r, h->obj);
}
