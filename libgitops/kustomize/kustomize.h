/*
 * gt_kustomize - builds a kustomization: what `kubectl kustomize DIR` prints, and what Flux's
 * kustomize-controller applies.
 *
 * The engine follows kustomize 5.8 (the version kubectl 1.36 embeds) in its output, byte for byte,
 * and in what it refuses.  Plugins are the builtin ones only; nothing is executed and nothing is
 * fetched: a remote base or file is GT_E_UNSUPPORTED with a text that names it.
 *
 * All paths are relative to a directory handle and are opened through gt_fs_*(), so nothing outside
 * of that directory is ever read.  A build keeps all its state in the arena and in its own frame:
 * any number of builds may run at the same time, one arena each.  Cost is linear in objects,
 * references and bytes read.
 */
#ifndef GT_KUSTOMIZE_KUSTOMIZE_H
#define GT_KUSTOMIZE_KUSTOMIZE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "text/node.h"

enum gt_kustomize_order {
	GT_KUSTOMIZE_FIFO,   /* as loaded, unless the top file has sortOptions: Flux, --reorder=none
			      */
	GT_KUSTOMIZE_LEGACY, /* by kind, unless the top file has sortOptions: the command's default
			      */
};

struct gt_kustomize_opts {
	/* The directory to build, relative to the root; NULL or "" is the root itself. */
	const char *path;

	/* Files must lie in or below the directory of the kustomization that names them (the
	 * command's default).  False: anywhere below the root, as Flux builds. */
	bool restrict_to_dir;

	enum gt_kustomize_order order;

	/* Flux keeps the built-in schema beside the one of the field `openapi`; the command forgets
	 * the built-in one then, and merges lists of built-in kinds no more. */
	bool openapi_adds;

	/* Stands for the kustomization file of `path`, which need not exist: a tree as
	 * gt_kustomize_generate() makes it.  Decoded strictly, as a file would be. */
	const struct gt_node *kustomization;
	const char *kustomization_name; /* for errors and origins; NULL: "kustomization.yaml" */

	/* Called for every deprecated field met; may be NULL. */
	void (*warn)(void *arg, const char *text);
	void *warn_arg;

	/* 0 means the defaults of base/limits.h. */
	size_t max_file_bytes;  /* one file */
	size_t max_total_bytes; /* all files of the build */
	size_t max_objects;
	unsigned max_depth; /* bases below bases */
};

/*
 * Builds.  *ret_docs is a sequence of objects in output order, made in the arena and free of the
 * engine's bookkeeping; empty when the kustomization yields nothing.  Errors name file, line and
 * field where they are known; the arena's budget is GT_E_BUDGET.
 * upstream: krusty.Kustomizer.Run
 */
int gt_kustomize_build(struct gt_arena *a, int root, const struct gt_kustomize_opts *opts,
		       struct gt_node **ret_docs, struct gt_err *err);

/* Appends the objects as a YAML stream: "---" between them, keys in kustomize's order. */
void gt_kustomize_write(struct gt_buf *out, const struct gt_node *docs);

/* The kustomization file names in the order in which they are looked for; NULL ends the list. */
extern const char *const gt_kustomize_file_names[];

#endif
