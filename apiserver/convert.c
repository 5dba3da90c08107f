#include "convert.h"

#include "text/json.h"

#define METRICS_ANNOTATION "autoscaling.alpha.kubernetes.io/metrics"

/* --- autoscalers -------------------------------------------------------------------------- */

static bool is_cpu(const struct gt_node *metric)
{
	return gt_node_is_text(gt_node_get(metric, "type"), "Resource") &&
	       gt_node_is_text(gt_node_at(metric, "resource", "name"), "cpu") &&
	       gt_node_at(metric, "resource", "target", "averageUtilization");
}

static struct gt_node *cpu_metric(struct gt_arena *a, struct gt_node *percent)
{
	struct gt_node *metric = gt_node_map(a), *resource = gt_node_map(a);
	struct gt_node *target = gt_node_map(a);

	gt_node_set_str(a, metric, "type", "Resource");
	gt_node_set(a, metric, "resource", resource);
	gt_node_set_str(a, resource, "name", "cpu");
	gt_node_set(a, resource, "target", target);
	gt_node_set_str(a, target, "type", "Utilization");
	gt_node_set(a, target, "averageUtilization", percent);
	return metric;
}

/* The metrics that v1 has no field for travel in an annotation. */
static void hpa_to_v1(struct gt_arena *a, struct gt_node *obj)
{
	struct gt_node *spec = gt_node_get(obj, "spec"), *status = gt_node_get(obj, "status");
	struct gt_node *rest = gt_node_seq(a);
	gt_auto_buf text = {0};

	gt_seq_for_each (gt_node_get(spec, "metrics"), metric) {
		if (is_cpu(metric) && !gt_node_get(spec, "targetCPUUtilizationPercentage"))
			gt_node_set(a, spec, "targetCPUUtilizationPercentage",
				    gt_node_at(metric, "resource", "target", "averageUtilization"));
		else
			gt_node_append(a, rest, metric);
	}
	gt_node_unset(spec, "metrics");
	if (gt_node_count(rest) > 0) {
		struct gt_node *meta = gt_node_dup(a, gt_node_get(obj, "metadata"));
		gt_json_write(&text, rest, GT_JSON_COMPACT, 0);
		gt_node_set(a, gt_node_need_map(a, meta, "annotations"), METRICS_ANNOTATION,
			    gt_node_strn(a, gt_buf_str(&text)));
		gt_node_set(a, obj, "metadata", meta);
	}
	gt_node_unset(status, "currentMetrics");
	gt_node_unset(status, "conditions");
}

static void hpa_to_v2(struct gt_arena *a, struct gt_node *obj)
{
	struct gt_node *spec = gt_node_get(obj, "spec");
	struct gt_node *percent = gt_node_get(spec, "targetCPUUtilizationPercentage");
	struct gt_node *meta = gt_node_dup(a, gt_node_get(obj, "metadata")), *rest = NULL;
	struct gt_node *annotations = gt_node_get(meta, "annotations");
	struct gt_str text = gt_node_text(gt_node_get(annotations, METRICS_ANNOTATION));
	struct gt_node *metrics = gt_node_need_seq(a, spec, "metrics");

	if (percent)
		gt_node_append(a, metrics, cpu_metric(a, percent));
	gt_node_unset(spec, "targetCPUUtilizationPercentage");
	gt_node_unset(gt_node_get(obj, "status"), "currentCPUUtilizationPercentage");
	if (text.n > 0 && gt_json_parse(a, text, 0, &rest, NULL) == GT_OK) {
		gt_seq_for_each (rest, metric)
			gt_node_append(a, metrics, metric);
		gt_node_unset(annotations, METRICS_ANNOTATION);
		gt_node_set(a, obj, "metadata", meta);
	}
	if (gt_node_count(metrics) == 0)
		gt_node_unset(spec, "metrics");
}

/* --- events ------------------------------------------------------------------------------- */

static const struct {
	const char *core, *events;
} event_names[] = {
	{"involvedObject", "regarding"},
	{"message", "note"},
	{"source", "deprecatedSource"},
	{"firstTimestamp", "deprecatedFirstTimestamp"},
	{"lastTimestamp", "deprecatedLastTimestamp"},
	{"count", "deprecatedCount"},
	{"reportingComponent", "reportingController"},
};

static void event_rename(struct gt_arena *a, struct gt_node *obj, bool to_core)
{
	for (size_t i = 0; i < GT_COUNT(event_names); i++) {
		const char *from = to_core ? event_names[i].events : event_names[i].core;
		const char *to = to_core ? event_names[i].core : event_names[i].events;
		gt_node_rename(a, obj, gt_str(from), gt_str(to));
	}
}

/* --- all ---------------------------------------------------------------------------------- */

static bool is_hpa(const struct as_resource *r)
{
	return as_resource_is(r, "autoscaling", "horizontalpodautoscalers");
}

static bool is_new_event(const struct as_resource *r)
{
	return as_resource_is(r, "events.k8s.io", "events");
}

bool as_convert_needed(const struct as_resource *r, const struct as_version *v)
{
	return is_new_event(r) || v != as_resource_storage(r);
}

static struct gt_node *shallow(struct gt_arena *a, const struct gt_node *map)
{
	struct gt_node *copy = gt_node_map(a);

	gt_map_each(map, p) gt_node_setn(a, copy, gt_strn(p->key, p->len), p->value);
	return copy;
}

static struct gt_node *retyped(struct gt_arena *a, const struct gt_node *obj,
			       const char *api_version)
{
	struct gt_node *copy = shallow(a, obj);

	gt_node_set_str(a, copy, "apiVersion", api_version);
	return copy;
}

struct gt_node *as_convert(struct gt_arena *a, const struct as_resource *r,
			   const struct as_version *to, struct gt_node *obj)
{
	const char *from = gt_node_cstr_or(gt_node_get(obj, "apiVersion"), "");
	struct gt_node *copy;

	if (gt_streq(from, to->api_version))
		return obj;
	copy = retyped(a, obj, to->api_version);
	if (is_new_event(r))
		event_rename(a, copy, false);
	if (is_hpa(r)) {
		gt_node_set(a, copy, "spec", shallow(a, gt_node_get(obj, "spec")));
		gt_node_set(a, copy, "status", shallow(a, gt_node_get(obj, "status")));
		if (gt_streq(to->name, "v1"))
			hpa_to_v1(a, copy);
		else
			hpa_to_v2(a, copy);
	}
	return copy;
}

struct gt_node *as_convert_stored(struct gt_arena *a, const struct as_resource *r,
				  struct gt_node *obj)
{
	struct gt_node *copy;

	if (!is_new_event(r))
		return as_convert(a, r, as_resource_storage(r), obj);
	if (gt_node_is_text(gt_node_get(obj, "apiVersion"), "v1"))
		return obj;
	copy = retyped(a, obj, "v1");
	event_rename(a, copy, true);
	return copy;
}
