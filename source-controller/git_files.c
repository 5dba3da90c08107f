/* The list of files that an artifact is made of. */
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/vec.h"
#include "git.h"

/* '/' comes before every other byte, and the end of a path before it. */
static int rank(const char *p)
{
	return *p == '\0' ? 0 : *p == '/' ? 1 : (unsigned char)*p + 1;
}

int src_path_cmp(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return rank(a) - rank(b);
}

void src_files_add(struct src_files *files, struct src_file file)
{
	gt_vec_push(files, file);
}

static int by_path(const void *a, const void *b)
{
	return src_path_cmp(((const struct src_file *)a)->path, ((const struct src_file *)b)->path);
}

void src_files_sort(struct src_files *files)
{
	if (files->n)
		qsort(files->v, files->n, sizeof *files->v, by_path);
}

const char *src_path_clamp(struct gt_arena *a, const char *path)
{
	gt_auto_buf rooted = {0}, clean = {0};

	/* As an absolute path ".." ends at the root. */
	gt_buf_addc(&rooted, '/');
	gt_buf_adds(&rooted, path);
	gt_path_clean(&clean, gt_buf_str(&rooted));
	return gt_arena_strdup(a, gt_buf_cstr(&clean) + 1);
}
