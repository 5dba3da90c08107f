/* The deprecated `vars`: $(NAME) in chosen fields stands for a field of some object. */
#ifndef GT_KUSTOMIZE_VARS_H
#define GT_KUSTOMIZE_VARS_H

#include "kustomize/kz.h"

/* Adds the vars of a kustomization, finding their objects among those accumulated so far. */
int kz_vars_add(struct kz_build *b, struct kz_accum *acc, const struct gt_node *vars);
/* A name twice is an error. */
int kz_vars_merge(struct kz_build *b, struct kz_accum *acc, const struct kz_accum *from);
/* Replaces every $(NAME), at the end of the build. */
int kz_vars_resolve(struct kz_build *b, struct kz_accum *acc);

#endif
