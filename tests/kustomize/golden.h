/* The golden cases in tests/data/kustomize: what to build there and what must come out. */
#ifndef TESTS_KUSTOMIZE_GOLDEN_H
#define TESTS_KUSTOMIZE_GOLDEN_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fs.h"
#include "kustomize/kustomize.h"

#define GOLDEN_DIR TEST_DATA "/kustomize"

struct golden {
	char name[256];
	struct gt_buf target; /* directory to build below input/ */
	struct gt_buf mode;   /* "flux" or "cli" */
	struct gt_buf want;   /* output */
	bool fails;
	int root; /* of input/ */
};

static inline void golden_trim(struct gt_buf *b)
{
	while (b->n && (b->p[b->n - 1] == '\n' || b->p[b->n - 1] == ' '))
		b->p[--b->n] = '\0';
}

static inline void golden_fini(struct golden *g)
{
	gt_buf_fini(&g->target);
	gt_buf_fini(&g->mode);
	gt_buf_fini(&g->want);
	if (g->root >= 0)
		close(g->root);
}

/* False when the directory is no case. */
static inline bool golden_open(int dir, const char *name, struct golden *g)
{
	*g = (struct golden){.root = -1};
	snprintf(g->name, sizeof g->name, "%s", name);
	gt_autoclose int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || gt_fs_read(fd, "target", 4096, &g->target, NULL) < 0)
		return false;
	gt_fs_read(fd, "mode", 4096, &g->mode, NULL);
	golden_trim(&g->target);
	golden_trim(&g->mode);
	g->fails = gt_fs_read(fd, "expected.yaml", 1 << 20, &g->want, NULL) < 0;
	g->root = openat(fd, "input", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return g->root >= 0;
}

static inline struct gt_kustomize_opts golden_opts(const struct golden *g)
{
	bool cli = strcmp(gt_buf_cstr(&g->mode), "cli") == 0;

	return (struct gt_kustomize_opts){
		.path = gt_buf_cstr(&g->target),
		.restrict_to_dir = cli,
		.order = cli ? GT_KUSTOMIZE_LEGACY : GT_KUSTOMIZE_FIFO,
	};
}

#endif
