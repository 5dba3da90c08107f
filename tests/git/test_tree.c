/* Trees a hostile server may send: names, modes, order, depth. */
#include "support/check.h"

#include "base/ctx.h"
#include "git/tree.h"
#include "support/git_server.h"

static struct git_server server; /* for its folder and scripts */
static char *work;
static struct gt_git_pack *pack;

static int setup(void **state)
{
	struct gt_err err;

	(void)state;
	git_server_init(&server);
	free(git_shell(&server, "git init -q --bare r.git"));
	if (gt_fs_mkdtemp(NULL, "work-", &work, &err) < 0)
		return -1;
	return gt_git_pack_new(work, &pack, &err);
}

static int teardown(void **state)
{
	(void)state;
	gt_git_pack_free(pack);
	git_server_fini(&server);
	gt_fs_remove_tree(work);
	free(work);
	return 0;
}

/* Makes a tree object of raw entries by a script that prints its bytes, and packs it with all
 * that it needs. */
static struct gt_oid make_tree(const char *python)
{
	gt_autofree char *script = gt_xasprintf(
		"cd r.git; B=$(echo content | git hash-object -w --stdin); export B; "
		"python3 -c '%s' > raw; T=$(git hash-object -w -t tree --literally raw); "
		"printf \"$T\\n$B\\n\" | git pack-objects -q --stdout > pack; echo $T",
		python);
	gt_autofree char *hex = git_shell(&server, script);
	gt_autofree char *path = gt_xasprintf("%s/repos/r.git/pack", server.dir);
	gt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	gt_auto_buf bytes = {0};
	struct gt_err err;
	struct gt_oid id;

	assert_true(gt_oid_parse(gt_str(hex), &id));
	check_ok(gt_fd_read_all(fd, 1 << 24, &bytes, &err), &err);
	check_ok(gt_git_pack_begin(pack, gt_ctx_background(), &err), &err);
	check_ok(gt_sink_write(gt_git_pack_sink(pack), bytes.p, bytes.n, &err), &err);
	check_ok(gt_git_pack_end(pack, &err), &err);
	return id;
}

#define PRELUDE                                                                          \
	"import os,sys; b=bytes.fromhex(os.environ[\"B\"]); w=sys.stdout.buffer.write; " \
	"e=lambda m,n: w(m.encode()+b\" \"+n.encode()+bytes(1)+b); "

static void test_refused(void **state)
{
	static const struct {
		const char *python, *text;
	} cases[] = {
		{PRELUDE "e(\"100644\",\".git\")", "invalid path '.git'"},
		{PRELUDE "e(\"100644\",\".GiT\")", "invalid path '.GiT'"},
		{PRELUDE "e(\"100644\",\".git.\")", "invalid path '.git.'"},
		{PRELUDE "e(\"100644\",\"git~1\")", "invalid path 'git~1'"},
		{PRELUDE "e(\"100644\",\"..\")", "invalid path '..'"},
		{PRELUDE "e(\"100644\",\".\")", "invalid path '.'"},
		{PRELUDE "e(\"100644\",\"a/b\")", "invalid path 'a/b'"},
		{PRELUDE "e(\"100644\",\"\")", "invalid path ''"},
		{PRELUDE "e(\"100644\",\"x\"); e(\"100755\",\"x\")", "path 'x' occurs twice"},
		{PRELUDE "e(\"10644\",\"x\")", "unknown mode"},
		{PRELUDE "e(\"9\",\"x\")", "malformed tree"},
		{PRELUDE "w(b\"100644 x\")", "malformed tree"},
		{PRELUDE "w(b\"100644 x\"+bytes(1)+b[:10])", "malformed tree"},
		{PRELUDE "e(\"40000\",\"dir\")", "is a blob, not a tree"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_oid id = make_tree(cases[i].python);
		struct gt_git_tree tree;
		struct gt_err err = {0};
		int rc = gt_git_tree_list(pack, gt_ctx_background(), &id, NULL, &tree, &err);

		if (rc == GT_OK || !strstr(err.text, cases[i].text))
			fail_msg("%s: %d %s", cases[i].text, rc, err.text);
	}
}

static void test_kinds_and_order(void **state)
{
	/* Links are dropped, a submodule is a directory, the order is that of bytes. */
	struct gt_oid id = make_tree(PRELUDE "e(\"100644\",\"b.txt\"); e(\"160000\",\"b\"); "
					     "e(\"120000\",\"link\"); e(\"100755\",\"run\"); "
					     "e(\"100664\",\"a\"); e(\"100644\",\"B\")");
	static const struct {
		const char *path;
		enum gt_git_mode mode;
	} want[] = {{"B", GT_GIT_FILE},
		    {"a", GT_GIT_FILE},
		    {"b", GT_GIT_DIR},
		    {"b.txt", GT_GIT_FILE},
		    {"run", GT_GIT_EXEC}};
	struct gt_git_tree tree;
	struct gt_err err;

	(void)state;
	check_ok(gt_git_tree_list(pack, gt_ctx_background(), &id, NULL, &tree, &err), &err);
	assert_int_equal(tree.n, GT_COUNT(want));
	for (size_t i = 0; i < tree.n; i++) {
		assert_string_equal(tree.v[i].path, want[i].path);
		assert_int_equal(tree.v[i].mode, want[i].mode);
	}
	assert_non_null(gt_git_tree_find(&tree, "b.txt"));
	assert_null(gt_git_tree_find(&tree, "link"));
	gt_git_tree_fini(&tree);
}

static void test_missing_objects(void **state)
{
	struct gt_oid id = {{1}};
	struct gt_git_tree tree;
	struct gt_git_object object;

	(void)state;
	check_fails(gt_git_tree_list(pack, gt_ctx_background(), &id, NULL, &tree, NULL),
		    GT_E_NOT_FOUND);
	check_fails(gt_git_pack_read(pack, &id, GT_GIT_BLOB, 10, &object, NULL), GT_E_NOT_FOUND);
}

static void test_size_is_checked_before_reading(void **state)
{
	struct gt_oid id = make_tree(PRELUDE "e(\"100644\",\"x\")");
	struct gt_git_tree tree;
	struct gt_git_object object;
	struct gt_err err;

	(void)state;
	check_ok(gt_git_tree_list(pack, gt_ctx_background(), &id, NULL, &tree, &err), &err);
	check_fails(gt_git_pack_read(pack, &tree.v[0].id, GT_GIT_BLOB, 7, &object, NULL),
		    GT_E_BUDGET);
	check_fails(gt_git_pack_read(pack, &tree.v[0].id, GT_GIT_TREE, 100, &object, NULL),
		    GT_E_INVALID);
	check_ok(gt_git_pack_read(pack, &tree.v[0].id, GT_GIT_BLOB, 8, &object, &err), &err);
	check_str(object.data, "content\n");
	gt_git_object_fini(&object);
	gt_git_tree_fini(&tree);
}

static void test_damaged_packs(void **state)
{
	gt_auto_buf bytes = {0};
	struct gt_oid id = make_tree(PRELUDE "e(\"100644\",\"y\")");
	gt_autofree char *path = gt_xasprintf("%s/repos/r.git/pack", server.dir);
	gt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct gt_err err;

	(void)state;
	(void)id;
	check_ok(gt_fd_read_all(fd, 1 << 20, &bytes, &err), &err);
	for (size_t cut = 0; cut < bytes.n; cut += 3) {
		check_ok(gt_git_pack_begin(pack, gt_ctx_background(), &err), &err);
		int rc = gt_sink_write(gt_git_pack_sink(pack), bytes.p, cut, &err);
		if (rc == GT_OK)
			rc = gt_git_pack_end(pack, &err);
		assert_true(rc < 0);
	}
	for (size_t i = 0; i < bytes.n; i += 5) {
		bytes.p[i] ^= 0x55;
		check_ok(gt_git_pack_begin(pack, gt_ctx_background(), &err), &err);
		int rc = gt_sink_write(gt_git_pack_sink(pack), bytes.p, bytes.n, &err);
		if (rc == GT_OK)
			rc = gt_git_pack_end(pack, &err);
		assert_true(rc < 0);
		bytes.p[i] ^= 0x55;
	}
}

static void test_cancelled(void **state)
{
	struct gt_ctx ctx;
	struct gt_err err;

	(void)state;
	gt_ctx_init(&ctx, NULL, 0);
	check_ok(gt_git_pack_begin(pack, &ctx, &err), &err);
	gt_ctx_cancel(&ctx, "stop");
	check_fails(gt_sink_write(gt_git_pack_sink(pack), "PACK", 4, &err), GT_E_CANCELLED);
	gt_ctx_fini(&ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_kinds_and_order),
		cmocka_unit_test(test_missing_objects),
		cmocka_unit_test(test_damaged_packs),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_size_is_checked_before_reading),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
