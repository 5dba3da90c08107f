/*
 * Directories and files of a build.  A directory is known by its real path below the root; the
 * chain of directories that led to it is kept, to refuse cycles and too deep nesting.
 */
#ifndef GT_KUSTOMIZE_LOAD_H
#define GT_KUSTOMIZE_LOAD_H

#include "kustomize/kz.h"

struct kz_dir {
	struct gt_str path; /* real, relative to the root; "" is the root */
	const char *show;   /* for messages: relative to the directory being built */
	const struct kz_dir *parent;
	unsigned depth;
};

int kz_dir_top(struct kz_build *b, const char *path, struct kz_dir **ret);
/* A base or component named in `from`. */
int kz_dir_enter(struct kz_build *b, const struct kz_dir *from, struct gt_str name,
		 struct kz_dir **ret);

enum kz_found {
	KZ_FOUND_FILE,
	KZ_FOUND_DIR,
};

/*
 * Reads a file named in a kustomization of the directory, under the build's load restriction.  A
 * directory is no error when ret_found is given.
 */
int kz_read(struct kz_build *b, const struct kz_dir *dir, struct gt_str name, struct gt_str *ret,
	    enum kz_found *ret_found);

/* A name that means something on another machine: a URL or a Git address. */
bool kz_is_remote(struct gt_str name);

/* The name as seen from the directory being built. */
const char *kz_show(struct kz_build *b, const struct kz_dir *dir, struct gt_str name);

#endif
