/*
 * Builds whole small trees: the input is files one after the other, each behind a line "=== path".
 * The folder "top" is built where there is one, under both load rules.
 */
#include <stddef.h>
#include <stdint.h>

#include "kustomize/generate.h"
#include "kustomize/kustomize.h"
#include "../kustomize/tree.h"

static void build(const struct tree *t, const char *path, bool restricted)
{
	struct gt_kustomize_opts opts = {
		.path = path,
		.restrict_to_dir = restricted,
		.order = restricted ? GT_KUSTOMIZE_LEGACY : GT_KUSTOMIZE_FIFO,
	};
	const struct gt_kustomize_spec spec = {.target_namespace = "ns"};
	gt_auto_arena a = {.budget = 64 << 20};
	gt_auto_buf out = {.max = 64 << 20};
	struct gt_node *docs = NULL, *kust = NULL;
	struct gt_err err = {0};

	if (gt_kustomize_build(&a, t->fd, &opts, &docs, &err) == GT_OK)
		gt_kustomize_write(&out, docs);
	else if (!*err.text)
		abort();
	if (!restricted &&
	    gt_kustomize_generate(&a, t->fd, path, &spec, &kust, NULL, NULL, &err) == GT_OK) {
		opts.kustomization = kust;
		gt_kustomize_build(&a, t->fd, &opts, &docs, &err);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tree t;

	if (size > 64 << 10)
		return 0;
	if (tree_make(&t, gt_strn((const char *)data, size))) {
		const char *path = gt_fs_is_dir(t.fd, "top") ? "top" : "";

		build(&t, path, false);
		build(&t, path, true);
	}
	tree_remove(&t);
	return 0;
}
