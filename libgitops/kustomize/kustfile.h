/* The kustomization file of a directory. */
#ifndef GT_KUSTOMIZE_KUSTFILE_H
#define GT_KUSTOMIZE_KUSTFILE_H

#include "kustomize/kz.h"
#include "kustomize/load.h"

struct kz_kust {
	struct gt_node *doc; /* decoded, deprecated fields moved to where they belong */
	const char *name;    /* of the file */
	const char *show;    /* its path, for messages and origins */
	bool component;
};

int kz_kust_load(struct kz_build *b, const struct kz_dir *dir, struct kz_kust *ret);

/* A tree of values instead of a file. */
int kz_kust_take(struct kz_build *b, const struct kz_dir *dir, const struct gt_node *doc,
		 const char *name, struct kz_kust *ret);

/* Finds the file: GT_E_NOT_FOUND when there is none, GT_E_INVALID when there are several. */
int kz_kust_find(struct kz_build *b, const struct kz_dir *dir, const char **ret_name);

#endif
