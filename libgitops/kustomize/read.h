/* Reading objects out of manifests. */
#ifndef GT_KUSTOMIZE_READ_H
#define GT_KUSTOMIZE_READ_H

#include "kustomize/kz.h"

struct kz_objects {
	struct kz_res **v;
	uint32_t n, cap;
};

/*
 * Every object of the text, lists expanded, appended to *ret.  `file` is kept for messages; it may
 * be NULL.  Text without objects is no error.
 */
int kz_read_objects(struct kz_build *b, const char *file, struct gt_str text,
		    struct kz_objects *ret);

/* A new object around a tree. */
struct kz_res *kz_res_new(struct kz_build *b, struct gt_node *root, const char *file);

#endif
