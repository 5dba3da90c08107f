/*
 * One depth-1 fetch as source-controller makes it, measured.
 *
 *	git_fetch URL [BRANCH [ROUNDS]]
 *
 * Prints one line of JSON: the seconds of the fastest round, the peak of resident memory in KiB,
 * the revision, the files of the tree.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/time.h"
#include "git/checkout.h"
#include "git/tree.h"
#include "net/loop.h"

static int fetch(struct gt_loop *loop, const char *url, const char *branch,
		 struct gt_git_checkout *ret, char **ret_dir, struct gt_err *err)
{
	struct gt_git_want want = {.branch = branch};
	struct gt_git_transport *t;
	gt_auto_ctx ctx;

	int rc = gt_fs_mkdtemp(NULL, "bench-git-", ret_dir, err);
	if (rc == GT_OK)
		rc = gt_git_http_new(loop, url, NULL, &t, err);
	if (rc < 0)
		return rc;
	gt_ctx_init(&ctx, NULL, GT_SECONDS(600));
	rc = gt_git_checkout_do(t, &ctx, url, &want, *ret_dir, ret, err);
	t->ops->free(t);
	return rc;
}

static int round_trip(struct gt_loop *loop, const char *url, const char *branch, double *best,
		      char revision[256], size_t *ret_files, struct gt_err *err)
{
	struct gt_git_checkout c = {0};
	struct gt_git_tree tree = {0};
	gt_autofree char *dir = NULL;
	int64_t began = gt_now_mono();

	int rc = fetch(loop, url, branch, &c, &dir, err);
	if (rc == GT_OK)
		rc = gt_git_tree_list(c.pack, gt_ctx_background(), &c.info.tree, NULL, &tree, err);
	double seconds = (double)(gt_now_mono() - began) / 1e9;
	if (seconds < *best)
		*best = seconds;
	if (rc == GT_OK)
		snprintf(revision, 256, "%s", c.revision);
	*ret_files = tree.n;
	gt_git_tree_fini(&tree);
	gt_git_checkout_fini(&c);
	if (dir)
		gt_fs_remove_tree(dir);
	return rc;
}

/* getrusage() would count what the parent had before the exec. */
static long peak_kb(void)
{
	char line[256];
	long kb = 0;
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "VmHWM:", 6) == 0)
			kb = strtol(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return kb;
}

int main(int argc, char **argv)
{
	const char *branch = argc > 2 ? argv[2] : "main";
	long rounds = argc > 3 ? strtol(argv[3], NULL, 10) : 1;
	struct gt_loop *loop = gt_loop_new();
	char revision[256] = "";
	double best = 1e9;
	size_t files = 0;
	struct gt_err err;

	if (argc < 2) {
		fprintf(stderr, "usage: git_fetch URL [BRANCH [ROUNDS]]\n");
		return 2;
	}
	int rc = gt_loop_start_thread(loop, &err);
	for (long i = 0; rc == GT_OK && i < rounds; i++)
		rc = round_trip(loop, argv[1], branch, &best, revision, &files, &err);
	gt_loop_join(loop);
	gt_loop_free(loop);
	if (rc < 0) {
		fprintf(stderr, "git_fetch: %s\n", err.text);
		return 1;
	}
	printf("{\"seconds\": %.4f, \"peak_rss_kb\": %ld, \"files\": %zu, \"revision\": \"%s\"}\n",
	       best, peak_kb(), files, revision);
	return 0;
}
