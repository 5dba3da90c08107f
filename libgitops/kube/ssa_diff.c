/* Whether an apply would change anything. */
#include <string.h>

#include "base/enc.h"
#include "crypto/x509.h"
#include "kube/object.h"
#include "kube/ssa_int.h"

static bool same_map(const struct gt_node *live, const struct gt_node *merged, const char *map)
{
	const struct gt_node *x = gt_node_get(gt_node_get(live, "metadata"), map);
	const struct gt_node *y = gt_node_get(gt_node_get(merged, "metadata"), map);

	if (gt_node_count(x) == 0 && gt_node_count(y) == 0)
		return true;
	return gt_node_equal(x, y);
}

/* An autoscaler's metrics without repetitions and without those that have no type. */
static struct gt_node *distinct_metrics(struct gt_arena *a, const struct gt_node *metrics)
{
	struct gt_node *kept = gt_node_seq(a);

	gt_seq_for_each (metrics, metric) {
		bool repeated = false;

		if (!*gt_node_cstr_or(gt_node_get(metric, "type"), ""))
			continue;
		gt_seq_for_each (kept, other)
			repeated |= gt_node_equal(metric, other);
		if (!repeated)
			gt_node_append(a, kept, metric);
	}
	return kept;
}

/* The object without metadata and status. */
static struct gt_node *body(struct gt_arena *a, const struct gt_node *obj)
{
	struct gt_node *part = gt_node_map(a);

	gt_map_each(obj, pair)
	{
		if (strcmp(pair->key, "metadata") != 0 && strcmp(pair->key, "status") != 0)
			gt_node_setn(a, part, gt_strn(pair->key, pair->len), pair->value);
	}
	const struct gt_node *metrics = gt_node_at(part, "spec", "metrics");
	if (metrics && strcmp(gt_obj_kind(obj), "HorizontalPodAutoscaler") == 0) {
		struct gt_node *spec = gt_node_dup(a, gt_node_get(part, "spec"));
		gt_node_set(a, spec, "metrics", distinct_metrics(a, metrics));
		gt_node_set(a, part, "spec", spec);
	}
	return part;
}

bool gt_ssa__differs(struct gt_arena *a, const struct gt_node *live, const struct gt_node *merged)
{
	return !same_map(live, merged, "labels") || !same_map(live, merged, "annotations") ||
	       !gt_node_equal(body(a, live), body(a, merged));
}

static bool holds_certificate(struct gt_str base64)
{
	gt_auto_buf pem = {0};
	gt_auto_subject subject = {0};

	return gt_base64_decode(&pem, base64) &&
	       gt_x509_read(gt_buf_str(&pem), &subject, NULL) == GT_OK;
}

void gt_ssa__fix_crd(struct gt_node *crd)
{
	struct gt_node *config = gt_node_at(crd, "spec", "conversion", "webhook", "clientConfig");
	struct gt_str bundle = gt_node_text(gt_node_get(config, "caBundle"));

	if (strcmp(gt_obj_kind(crd), "CustomResourceDefinition") == 0 && bundle.n > 0 &&
	    !holds_certificate(bundle))
		gt_node_unset(config, "caBundle");
}
