/* The hash that generated names end in. */
#ifndef GT_KUSTOMIZE_HASH_H
#define GT_KUSTOMIZE_HASH_H

#include "kustomize/kz.h"

#define KZ_HASH_TEXT 11

/* Of a ConfigMap's or Secret's content; other kinds are hashed whole. */
int kz_hash(struct kz_build *b, const struct kz_res *r, char ret[KZ_HASH_TEXT]);

#endif
