/* A pack from a server: indexed, and when it is well formed every object read as what it may be. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/fs.h"
#include "git/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The commit of the seed corpus; a mutation that keeps it is looked at as a checkout would. */
static const char tip[] = "71402ce1f271b23d9527ac846c38f7070363c757";

static void look(struct gt_git_pack *pack)
{
	struct gt_git_commit commit = {0};
	struct gt_git_tree tree = {0};
	struct gt_oid id;

	gt_oid_parse(gt_str(tip), &id);
	if (gt_git_commit_read(pack, &id, &commit, NULL) < 0)
		return;
	if (gt_git_tree_list(pack, gt_ctx_background(), &commit.tree, NULL, &tree, NULL) == GT_OK)
		gt_git_tree_fini(&tree);
	gt_git_commit_fini(&commit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_git_pack *pack;
	gt_autofree char *dir = NULL;
	struct gt_err err;

	if (size > 65536 || gt_fs_mkdtemp(NULL, "fuzz-pack-", &dir, &err) < 0)
		return 0;
	if (gt_git_pack_new(dir, &pack, &err) == GT_OK) {
		if (gt_git_pack_begin(pack, gt_ctx_background(), &err) == GT_OK &&
		    gt_sink_write(gt_git_pack_sink(pack), data, size, &err) == GT_OK &&
		    gt_git_pack_end(pack, &err) == GT_OK)
			look(pack);
		gt_git_pack_free(pack);
	}
	gt_fs_remove_tree(dir);
	return 0;
}
