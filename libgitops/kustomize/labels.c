/* labels, commonLabels, commonAnnotations: transformers that add pairs to maps. */
#include <string.h>

#include "kustomize/layer.h"
#include "kustomize/scalar.h"

static int set_pairs(struct kz_build *b, void *arg, struct gt_node *n)
{
	const struct gt_node *pairs = arg;

	if (!gt_node_is(n, GT_MAP))
		return kz_fail(b, "line %u: expected a map but got %s", n->line,
			       gt_node_is(n, GT_SEQ) ? "a list" : "a scalar");
	gt_map_each(pairs, p)
	{
		struct gt_str key = gt_strn(p->key, p->len), text = kz_text(p->value);
		struct gt_node *old = gt_node_getn(n, key);

		if (kz_is_scalar(old)) {
			kz_scalar_set(b->a, old, text, GT_RAW_STR);
			continue;
		}
		if (!old && !kz_key_is_string(key))
			return kz_fail(b, "the key %s would not be read as a string", p->key);
		gt_node_setn(b->a, n, key, kz_scalar(b->a, text, GT_RAW_STR));
	}
	return GT_OK;
}

int kz_transform_map(struct kz_build *b, struct kz_accum *acc, const struct gt_node *pairs,
		     const struct kz_specs *specs)
{
	struct gt_node *arg = gt_node_copy(b->a, pairs);
	struct kz_setter setter = {.set = set_pairs, .arg = arg, .create = GT_MAP};

	if (!gt_node_count(pairs))
		return GT_OK;
	for (uint32_t i = 0; i < acc->res.n; i++) {
		for (uint32_t j = 0; j < specs->n; j++) {
			int rc = kz_spec_apply(b, acc->res.v[i], &specs->v[j], &setter);

			if (rc < 0)
				return rc;
		}
	}
	return kz_check(b);
}
