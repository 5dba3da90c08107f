/*
 * Builds straight from an artifact: the tar.gz that source-controller stores, as bytes or a stream.
 *
 * For pipelines that build an artifact once.  What builds many from one artifact unpacks it once
 * (store/unpack.h) and builds from the directory.  Any thread.
 */
#ifndef GT_KUSTOMIZE_ARTIFACT_H
#define GT_KUSTOMIZE_ARTIFACT_H

#include "archive/io.h"
#include "kustomize/kustomize.h"

/*
 * As gt_kustomize_build(), with the content of the archive as the root.  It is unpacked below
 * $TMPDIR by Flux's rules (archive/untar.h; symbolic links are left out) within its limits,
 * and removed again before the return, whatever that is.  Errors of the archive read
 * "failed to extract archive: ...".
 */
int gt_kustomize_build_artifact(struct gt_arena *a, struct gt_source archive,
				const struct gt_kustomize_opts *opts, struct gt_node **ret_docs,
				struct gt_err *err);

#endif
