#include "kustomize/kustomize.h"

#include "base/limits.h"
#include "kustomize/layer.h"
#include "kustomize/vars.h"
#include "text/yaml.h"

void kz_build_init(struct kz_build *b, struct gt_arena *a, int root,
		   const struct gt_kustomize_opts *opts, struct gt_err *err)
{
	static const struct gt_kustomize_opts none;

	if (!opts)
		opts = &none;
	*b = (struct kz_build){
		.a = a,
		.root = root,
		.opts = opts,
		.err = err,
		.max_file = opts->max_file_bytes ? opts->max_file_bytes : GT_LIMIT_FILE,
		.max_total =
			opts->max_total_bytes ? opts->max_total_bytes : GT_LIMIT_KUSTOMIZE_FILES,
		.max_objects = opts->max_objects ? opts->max_objects : GT_LIMIT_DOCUMENTS,
		.max_depth = opts->max_depth ? opts->max_depth : GT_LIMIT_KUSTOMIZE_DEPTH,
	};
}

/* What happens once, after all layers: names are settled, then references to them. */
static int settle(struct kz_build *b, struct kz_layer *top)
{
	int rc = kz_transform_hash(b, top->acc);

	if (rc == GT_OK)
		rc = kz_transform_references(b, top->acc);
	if (rc == GT_OK)
		rc = kz_vars_resolve(b, top->acc);
	if (rc == GT_OK)
		rc = kz_drop_local(top->acc);
	if (rc == GT_OK)
		rc = kz_accum_check_unique(b, top->acc);
	if (rc == GT_OK)
		rc = kz_sort(b, top->acc, gt_node_get(top->kust.doc, "sortOptions"));
	return rc;
}

int gt_kustomize_build(struct gt_arena *a, int root, const struct gt_kustomize_opts *opts,
		       struct gt_node **ret_docs, struct gt_err *err)
{
	struct gt_err own;
	struct kz_build b;
	struct kz_layer top;

	kz_build_init(&b, a, root, opts, err ? err : &own);
	b.defaults = kz_config_defaults(a);
	int rc = kz_check(&b);
	if (rc == GT_OK)
		rc = kz_top_run(&b, &top);
	if (rc == GT_OK)
		rc = settle(&b, &top);
	if (rc == GT_OK)
		rc = kz_finish(&b, top.acc, ret_docs);
	/* What went wrong for want of memory is not the input's fault. */
	return rc < 0 && a->failed ? kz_check(&b) : rc;
}

void gt_kustomize_write(struct gt_buf *out, const struct gt_node *docs)
{
	bool first = true;

	gt_seq_for_each (docs, doc) {
		if (!first)
			gt_buf_adds(out, "---\n");
		first = false;
		gt_yaml_write(out, doc, GT_YAML_SORTED);
	}
}
