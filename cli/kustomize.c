/* gitops kustomize: what a folder builds to. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/limits.h"
#include "command.h"
#include "kustomize/kustomize.h"
#include "print.h"

static void warn(void *arg, const char *text)
{
	(void)arg;
	fprintf(stderr, "%s\n", text);
}

/* Everything is read below "/": an overlay may lie beside its base, wherever that is. */
static int build(const char *dir, const struct cli_call *call, struct gt_buf *out,
		 struct gt_err *err)
{
	gt_autofree char *real = realpath(dir, NULL);
	gt_auto_arena arena = {.budget = 16 * GT_BUDGET_RECONCILE};
	gt_autoclose int root = -1;
	struct gt_node *docs = NULL;

	if (!real)
		return gt_fail_errno(err, errno, "%s", dir);
	struct gt_kustomize_opts opts = {
		.path = real + 1,
		.restrict_to_dir = strcmp(cli_flag_string(call, "load-restrictor"),
					  "LoadRestrictionsNone") != 0,
		.order = strcmp(cli_flag_string(call, "reorder"), "none") == 0
				 ? GT_KUSTOMIZE_FIFO
				 : GT_KUSTOMIZE_LEGACY,
		.warn = warn,
	};
	int rc = gt_fs_open_root("/", &root, err);
	if (rc == GT_OK)
		rc = gt_kustomize_build(&arena, root, &opts, &docs, err);
	if (rc < 0)
		return rc;
	gt_kustomize_write(out, docs);
	return gt_buf_check(out, err);
}

int cli_kustomize(const struct cli_call *call)
{
	struct gt_err err = {0};
	gt_auto_buf out = {0};

	if (build(call->nargs ? call->args[0] : ".", call, &out, &err) < 0 ||
	    gt_fd_write_all(STDOUT_FILENO, out.p, out.n, &err) < 0)
		return cli_fail(&err);
	return 0;
}
