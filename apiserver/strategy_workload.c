/* Particulars of pods and of what makes pods. */
#include <stdio.h>

#include "base/limits.h"
#include "names.h"
#include "status.h"
#include "strategy.h"
#include "text/selector.h"

/* --- pod specs ---------------------------------------------------------------------------- */

struct spec_check {
	struct gt_field_errors *errs;
	const char *at; /* "spec.template.spec" */
	const struct gt_node *spec;
};

static const char *at_item(struct spec_check *k, const char *list, size_t i, const char *field)
{
	return gt_arena_printf(k->errs->arena, "%s.%s[%zu].%s", k->at, list, i, field);
}

static bool has_volume(const struct gt_node *spec, const struct gt_node *name)
{
	gt_seq_for_each (gt_node_get(spec, "volumes"), v) {
		if (gt_node_equal(gt_node_get(v, "name"), name))
			return true;
	}
	return false;
}

static void check_mounts(struct spec_check *k, const char *list, size_t i, const struct gt_node *c)
{
	const struct gt_node *mounts = gt_node_get(c, "volumeMounts");

	for (size_t m = 0; m < gt_node_count(mounts); m++) {
		const struct gt_node *name = gt_node_get(gt_node_item(mounts, m), "name");
		char field[64];
		snprintf(field, sizeof field, "volumeMounts[%zu].name", m);
		if (!has_volume(k->spec, name))
			gt_field_invalid(k->errs, at_item(k, list, i, field), name, NULL);
		if (!has_volume(k->spec, name) && k->errs->n > 0)
			k->errs->v[k->errs->n - 1] = (struct gt_field_error){
				"FieldValueNotFound", at_item(k, list, i, field),
				gt_arena_printf(k->errs->arena, "Not found: \"%s\"",
						gt_node_cstr_or(name, ""))};
	}
}

static void check_container(struct spec_check *k, const char *list, size_t i,
			    const struct gt_node *c)
{
	struct gt_str name = gt_node_text(gt_node_get(c, "name"));
	const struct gt_node *ports = gt_node_get(c, "ports");
	const char *why = as_name_problem(AS_NAME_LABEL, name, false);

	if (name.n == 0)
		gt_field_required(k->errs, at_item(k, list, i, "name"), "");
	else if (why)
		gt_field_invalid(k->errs, at_item(k, list, i, "name"), gt_node_get(c, "name"), "%s",
				 why);
	if (gt_node_text(gt_node_get(c, "image")).n == 0)
		gt_field_required(k->errs, at_item(k, list, i, "image"), "");
	for (size_t p = 0; p < gt_node_count(ports); p++) {
		int64_t n = gt_node_int_or(gt_node_get(gt_node_item(ports, p), "containerPort"), 0);
		char field[64];
		snprintf(field, sizeof field, "ports[%zu].containerPort", p);
		if (n < 1 || n > 65535)
			gt_field_invalid(k->errs, at_item(k, list, i, field),
					 gt_node_int(k->errs->arena, n),
					 "must be between 1 and 65535, inclusive");
	}
	check_mounts(k, list, i, c);
}

static void check_containers(struct spec_check *k, const char *list)
{
	const struct gt_node *v = gt_node_get(k->spec, list);

	for (size_t i = 0; i < gt_node_count(v); i++) {
		const struct gt_node *name = gt_node_get(gt_node_item(v, i), "name");
		check_container(k, list, i, gt_node_item(v, i));
		for (size_t j = 0; j < i; j++) {
			if (gt_node_equal(name, gt_node_get(gt_node_item(v, j), "name")))
				gt_field_duplicate(k->errs, at_item(k, list, i, "name"), name);
		}
	}
}

static void check_pod_spec(const struct gt_node *spec, const char *at, struct gt_field_errors *errs)
{
	struct spec_check k = {.errs = errs, .at = at, .spec = spec};

	if (gt_node_count(gt_node_get(spec, "containers")) == 0)
		gt_field_required(errs, gt_arena_printf(errs->arena, "%s.containers", at), "");
	check_containers(&k, "containers");
	check_containers(&k, "initContainers");
}

/* --- templates ---------------------------------------------------------------------------- */

static void check_selector(const struct gt_node *spec, struct gt_field_errors *errs)
{
	const struct gt_node *selector = gt_node_get(spec, "selector");
	const struct gt_node *labels = gt_node_at(spec, "template", "metadata", "labels");
	struct gt_selector sel;
	struct gt_err err = {0};

	if (!selector) {
		gt_field_required(errs, "spec.selector", "");
		return;
	}
	if (gt_node_count(gt_node_get(selector, "matchLabels")) == 0 &&
	    gt_node_count(gt_node_get(selector, "matchExpressions")) == 0)
		gt_field_invalid(errs, "spec.selector", selector,
				 "empty selector is invalid for deployment");
	if (gt_selector_from_node(errs->arena, selector, &sel, &err) < 0)
		gt_field_invalid(errs, "spec.selector", selector, "%s", err.text);
	else if (!gt_selector_match(&sel, labels))
		gt_field_invalid(errs, "spec.template.metadata.labels",
				 labels ? labels : gt_node_null(errs->arena),
				 "`selector` does not match template `labels`");
}

static void check_restart(const struct gt_node *spec, bool job, struct gt_field_errors *errs)
{
	static const char *const always[] = {"Always", NULL};
	static const char *const once[] = {"OnFailure", "Never", NULL};
	const struct gt_node *policy = gt_node_at(spec, "template", "spec", "restartPolicy");
	bool is_always = gt_node_is_text(policy, "Always");

	if (job ? is_always : !is_always)
		gt_field_not_supported(errs, "spec.template.spec.restartPolicy", policy,
				       job ? once : always);
}

static void check_replicas(const struct gt_node *spec, struct gt_field_errors *errs)
{
	const struct gt_node *n = gt_node_get(spec, "replicas");

	if (gt_node_int_or(n, 0) < 0)
		gt_field_invalid(errs, "spec.replicas", n, "must be greater than or equal to 0");
}

static void check_template(const struct gt_node *spec, bool job, struct gt_field_errors *errs)
{
	as_check_labels(gt_node_at(spec, "template", "metadata", "labels"), "spec.template.labels",
			errs);
	check_pod_spec(gt_node_at(spec, "template", "spec"), "spec.template.spec", errs);
	check_restart(spec, job, errs);
}

static void validate_scaled(struct as_call *c, const struct gt_node *live,
			    const struct gt_node *obj, struct gt_field_errors *errs)
{
	const struct gt_node *spec = gt_node_get(obj, "spec");

	(void)c;
	check_selector(spec, errs);
	check_replicas(spec, errs);
	check_template(spec, false, errs);
	if (live)
		as_immutable(errs, "spec.selector", gt_node_at(live, "spec", "selector"),
			     gt_node_get(spec, "selector"));
}

static void validate_stateful_set(struct as_call *c, const struct gt_node *live,
				  const struct gt_node *obj, struct gt_field_errors *errs)
{
	static const char *const may[] = {
		"replicas",
		"ordinals",
		"template",
		"updateStrategy",
		"revisionHistoryLimit",
		"persistentVolumeClaimRetentionPolicy",
		"minReadySeconds",
	};
	const struct gt_node *spec = gt_node_get(obj, "spec"), *before = gt_node_get(live, "spec");
	const struct gt_node *sides[2] = {before, spec};

	validate_scaled(c, NULL, obj, errs);
	for (size_t s = 0; live && s < 2; s++) {
		gt_map_each(sides[s], p)
		{
			bool free_field = false;
			for (size_t i = 0; i < GT_COUNT(may) && !free_field; i++)
				free_field = gt_streq(p->key, may[i]);
			if (free_field ||
			    gt_node_equal(p->value, gt_node_get(sides[1 - s], p->key)))
				continue;
			gt_field_forbidden(
				errs, "spec",
				"updates to statefulset spec for fields other than 'replicas', "
				"'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', "
				"'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are "
				"forbidden");
			return;
		}
	}
}

/* --- jobs --------------------------------------------------------------------------------- */

static void label_both(struct as_call *c, struct gt_node *labels, const char *key,
		       const char *value)
{
	if (!gt_node_has(labels, key))
		gt_node_set_str(&c->arena, labels, key, value);
}

static int prepare_job(struct as_call *c, struct gt_node *obj)
{
	struct gt_arena *a = &c->arena;
	struct gt_node *spec = gt_node_get(obj, "spec");
	const char *uid = gt_node_cstr_or(gt_node_at(obj, "metadata", "uid"), "");
	const char *name = gt_node_cstr_or(gt_node_at(obj, "metadata", "name"), "");
	struct gt_node *meta, *labels, *selector;

	if (gt_node_truth(gt_node_get(spec, "manualSelector"), false))
		return GT_OK;
	meta = gt_node_need_map(a, gt_node_need_map(a, spec, "template"), "metadata");
	labels = gt_node_need_map(a, meta, "labels");
	label_both(c, labels, "batch.kubernetes.io/controller-uid", uid);
	label_both(c, labels, "batch.kubernetes.io/job-name", name);
	label_both(c, labels, "controller-uid", uid);
	label_both(c, labels, "job-name", name);
	selector = gt_node_need_map(a, gt_node_need_map(a, spec, "selector"), "matchLabels");
	label_both(c, selector, "batch.kubernetes.io/controller-uid", uid);
	return GT_OK;
}

static void validate_job(struct as_call *c, const struct gt_node *live, const struct gt_node *obj,
			 struct gt_field_errors *errs)
{
	static const char *const frozen[] = {"template", "selector", "completionMode",
					     "podFailurePolicy", "backoffLimitPerIndex"};
	const struct gt_node *spec = gt_node_get(obj, "spec"), *before = gt_node_get(live, "spec");
	bool suspended = gt_node_truth(gt_node_get(before, "suspend"), false) &&
			 !gt_node_at(live, "status", "startTime");

	(void)c;
	check_template(spec, true, errs);
	for (size_t i = 0; live && i < GT_COUNT(frozen); i++) {
		char field[64];
		snprintf(field, sizeof field, "spec.%s", frozen[i]);
		if (i == 0 && suspended)
			continue;
		as_immutable(errs, field, gt_node_get(before, frozen[i]),
			     gt_node_get(spec, frozen[i]));
	}
	if (live && !gt_node_is_text(gt_node_get(spec, "completionMode"), "Indexed"))
		as_immutable(errs, "spec.completions", gt_node_get(before, "completions"),
			     gt_node_get(spec, "completions"));
}

static void validate_cron_job(struct as_call *c, const struct gt_node *live,
			      const struct gt_node *obj, struct gt_field_errors *errs)
{
	const struct gt_node *spec = gt_node_get(obj, "spec");
	struct gt_str schedule = gt_node_text(gt_node_get(spec, "schedule"));
	struct gt_split it = {.rest = schedule};
	struct gt_str part;
	size_t fields = 0;

	(void)c;
	(void)live;
	while (gt_split_next(&it, ' ', &part))
		fields += part.n > 0;
	if (schedule.n == 0)
		gt_field_required(errs, "spec.schedule", "");
	else if (schedule.p[0] != '@' && fields != 5)
		gt_field_invalid(errs, "spec.schedule", gt_node_get(spec, "schedule"),
				 "expected exactly 5 fields, found %zu: [%.*s]", fields,
				 GT_STR_ARG(schedule));
	check_pod_spec(gt_node_at(spec, "jobTemplate", "spec", "template", "spec"),
		       "spec.jobTemplate.spec.template.spec", errs);
}

/* --- pods --------------------------------------------------------------------------------- */

static int prepare_pod(struct as_call *c, struct gt_node *obj)
{
	struct gt_node *status = gt_node_need_map(&c->arena, obj, "status");
	bool requests = false, limits = true;

	gt_seq_for_each (gt_node_at(obj, "spec", "containers"), k) {
		const struct gt_node *r = gt_node_get(k, "resources");
		requests |= gt_node_count(gt_node_get(r, "requests")) > 0;
		limits &= gt_node_count(gt_node_get(r, "limits")) >= 2 &&
			  gt_node_equal(gt_node_get(r, "limits"), gt_node_get(r, "requests"));
	}
	gt_node_set_str(&c->arena, status, "phase", "Pending");
	gt_node_set_str(&c->arena, status, "qosClass",
			requests && limits ? "Guaranteed"
			: requests         ? "Burstable"
					   : "BestEffort");
	return GT_OK;
}

/* The spec without what may change. */
static struct gt_node *frozen_spec(struct gt_arena *a, const struct gt_node *obj)
{
	static const char *const lists[] = {"containers", "initContainers"};
	static const char *const may[] = {"activeDeadlineSeconds", "tolerations",
					  "terminationGracePeriodSeconds", "schedulingGates",
					  "nodeName"};
	struct gt_node *spec = gt_node_dup(a, gt_node_get(obj, "spec"));

	for (size_t i = 0; i < GT_COUNT(lists); i++) {
		gt_seq_for_each (gt_node_get(spec, lists[i]), k)
			gt_node_unset(k, "image");
	}
	for (size_t i = 0; i < GT_COUNT(may); i++)
		gt_node_unset(spec, may[i]);
	return spec;
}

static void validate_pod(struct as_call *c, const struct gt_node *live, const struct gt_node *obj,
			 struct gt_field_errors *errs)
{
	(void)c;
	check_pod_spec(gt_node_get(obj, "spec"), "spec", errs);
	if (live && !gt_node_equal(frozen_spec(errs->arena, live), frozen_spec(errs->arena, obj)))
		gt_field_forbidden(
			errs, "spec",
			"pod updates may not change fields other than "
			"`spec.containers[*].image`,`spec.initContainers[*].image`,"
			"`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
			"existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to "
			"be set to 1 if it was previously negative)");
}

const struct as_strategy as_strategies_workload[] = {
	{"", "pods", prepare_pod, NULL, validate_pod},
	{"apps", "daemonsets", NULL, NULL, validate_scaled},
	{"apps", "deployments", NULL, NULL, validate_scaled},
	{"apps", "replicasets", NULL, NULL, validate_scaled},
	{"apps", "statefulsets", NULL, NULL, validate_stateful_set},
	{"batch", "cronjobs", NULL, NULL, validate_cron_job},
	{"batch", "jobs", prepare_job, NULL, validate_job},
	{0},
};
