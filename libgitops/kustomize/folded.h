/* What becomes of folded block scalars. */
#ifndef GT_KUSTOMIZE_FOLDED_H
#define GT_KUSTOMIZE_FOLDED_H

#include "base/arena.h"
#include "text/node.h"

/*
 * kustomize prints a folded scalar and reads it back, and its printer does not give the text back
 * that it was given: line breaks come and go around indented lines.  Users' manifests have lived
 * with the result for years, so the text changes here in the same way.
 */
void kz_folded_reread(struct gt_arena *a, struct gt_node *n);

#endif
