/*
 * Small trees of files for one test: written from one text into a temporary folder and removed
 * again.  In the text a line "=== path" starts a file, "=== path -> target" is a symbolic link.
 */
#ifndef TESTS_KUSTOMIZE_TREE_H
#define TESTS_KUSTOMIZE_TREE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/str.h"

struct tree {
	char *path;
	int fd;
};

/* False for a path that a tree may not have. */
static inline bool tree_add(struct tree *t, struct gt_str head, struct gt_str body)
{
	size_t arrow = gt_str_search(head, GT_STR_LIT(" -> "));
	char path[256], target[256] = "", parent[256];

	if (arrow != SIZE_MAX) {
		snprintf(target, sizeof target, "%.*s", GT_STR_ARG(gt_str_from(head, arrow + 4)));
		head = gt_str_sub(head, 0, arrow);
	}
	if (!head.n || head.n >= sizeof path || !gt_path_inside(head))
		return false;
	snprintf(path, sizeof path, "%.*s", GT_STR_ARG(head));
	snprintf(parent, sizeof parent, "%.*s", GT_STR_ARG(gt_path_dir(head)));
	gt_fs_mkdirs(t->fd, parent, 0700, NULL);
	if (*target)
		return symlinkat(target, t->fd, path) == 0;
	return gt_fs_write_atomic(t->fd, path, body, 0600, false, NULL) == GT_OK;
}

static inline void tree_write(struct tree *t, struct gt_str text)
{
	static const struct gt_str mark = {"=== ", 4};

	while (text.n) {
		size_t next = gt_str_search(gt_str_from(text, 1), GT_STR_LIT("\n=== "));
		size_t end = next == SIZE_MAX ? text.n : next + 2;
		struct gt_str part = gt_str_sub(text, 0, end);
		size_t nl = gt_str_find(part, '\n');

		if (gt_str_starts(part, mark.p) && nl != SIZE_MAX)
			tree_add(t, gt_str_sub(part, 4, nl - 4), gt_str_from(part, nl + 1));
		text = gt_str_from(text, end);
	}
}

static inline bool tree_make(struct tree *t, struct gt_str text)
{
	*t = (struct tree){.fd = -1};
	if (gt_fs_mkdtemp(NULL, "gt-kustomize-", &t->path, NULL) < 0)
		return false;
	t->fd = open(t->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd >= 0)
		tree_write(t, text);
	return t->fd >= 0;
}

static inline void tree_remove(struct tree *t)
{
	if (t->fd >= 0)
		close(t->fd);
	if (t->path)
		gt_fs_remove_tree(t->path);
	free(t->path);
}

#endif
