/* ValueAddTransformer: one text into a field, or into one element of a path in a field. */
#include <string.h>

#include "kustomize/layer.h"
#include "kustomize/scalar.h"
#include "kustomize/select.h"

struct addition {
	struct gt_str value;
	int64_t position; /* 0: the whole field; n: the n-th element of a file path */
};

/* The text with the value put in at the position between slashes. */
static void insert_element(struct gt_buf *out, struct gt_str text, const struct addition *add)
{
	struct gt_split it = {.rest = text};
	bool absolute = text.n && text.p[0] == '/';
	int64_t at = 0;
	struct gt_str part;

	if (absolute)
		gt_split_next(&it, '/', &part);
	while (gt_split_next(&it, '/', &part)) {
		if (absolute || at)
			gt_buf_addc(out, '/');
		if (++at == add->position) {
			gt_buf_add_str(out, add->value);
			gt_buf_addc(out, '/');
		}
		gt_buf_add_str(out, part);
	}
	if (at < add->position)
		gt_buf_printf(out, "/%.*s", GT_STR_ARG(add->value));
}

static int set_value(struct kz_build *b, void *arg, struct gt_node *n)
{
	const struct addition *add = arg;
	gt_auto_buf text = {0};

	if (!kz_is_scalar(n))
		return kz_fail(b, "line %u: expected a scalar", n->line);
	if (add->position <= 0)
		gt_buf_add_str(&text, add->value);
	else
		insert_element(&text, kz_text(n), add);
	kz_scalar_set(b->a, n, gt_buf_str(&text), GT_RAW_NONE);
	return GT_OK;
}

static int add_to_target(struct kz_build *b, struct kz_accum *acc, const struct gt_node *target,
			 struct addition *add)
{
	struct kz_setter setter = {set_value, add, GT_STR, GT_RAW_NONE};
	struct kz_gvk any = {0};
	struct kz_spec spec =
		kz_spec_make(b->a, &any, gt_node_text(gt_node_get(target, "fieldPath")), true);
	struct kz_select sel;
	int rc = kz_select_make(b, gt_node_get(target, "selector"), &sel);

	for (uint32_t i = 0; i < acc->res.n && rc == GT_OK; i++) {
		if (!kz_select_match(b, &sel, acc->res.v[i]))
			continue;
		rc = kz_spec_apply(b, acc->res.v[i], &spec, &setter);
		kz_res_touch(acc->res.v[i]);
	}
	kz_select_fini(&sel);
	kz_accum_touch(acc);
	return rc;
}

int kz_transform_value_add(struct kz_build *b, struct kz_accum *acc, struct gt_str value,
			   const struct gt_node *targets)
{
	gt_seq_for_each (targets, target) {
		struct addition add = {
			value,
			gt_node_int_or(gt_node_get(target, "filePathPosition"), 0),
		};
		int rc = add_to_target(b, acc, target, &add);

		if (rc < 0)
			return rc;
	}
	return kz_check(b);
}
