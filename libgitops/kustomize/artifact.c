#include "kustomize/artifact.h"

#include "archive/untar.h"
#include "base/fs.h"

static int build_below(struct gt_arena *a, const char *dir, struct gt_source archive,
		       const struct gt_kustomize_opts *opts, struct gt_node **ret_docs,
		       struct gt_err *err)
{
	struct gt_untar_opts untar = {.skip_symlinks = true};
	gt_autoclose int root = -1;
	int rc = gt_fs_open_root(dir, &root, err);

	if (rc < 0)
		return rc;
	rc = gt_untar(root, archive, &untar, err);
	if (rc < 0) {
		gt_wrap(err, "failed to extract archive");
		return rc;
	}
	return gt_kustomize_build(a, root, opts, ret_docs, err);
}

int gt_kustomize_build_artifact(struct gt_arena *a, struct gt_source archive,
				const struct gt_kustomize_opts *opts, struct gt_node **ret_docs,
				struct gt_err *err)
{
	gt_autofree char *dir = NULL;
	int rc = gt_fs_mkdtemp(NULL, "kustomize-", &dir, err);

	if (rc < 0)
		return rc;
	rc = build_below(a, dir, archive, opts, ret_docs, err);
	gt_fs_remove_tree(dir);
	return rc;
}
