/* Keys and values of generators: literals, files and env files. */
#ifndef GT_KUSTOMIZE_KV_H
#define GT_KUSTOMIZE_KV_H

#include "kustomize/layer.h"

/*
 * *ret is a map of GT_STR nodes that hold the bytes as they are.  A key twice is an error.
 */
int kz_load_pairs(struct kz_layer *layer, const struct gt_node *args, struct gt_node **ret);

#endif
