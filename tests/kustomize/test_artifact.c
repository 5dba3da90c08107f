/* Builds straight from an artifact: the same documents as from the folder, and bad archives. */
#include "support/check.h"

#include <dirent.h>
#include <stdlib.h>

#include "archive/gzip.h"
#include "archive/tar.h"
#include "base/fs.h"
#include "kustomize/artifact.h"

static const struct {
	const char *path, *text;
} files[] = {
	{"base/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n"},
	{"base/kustomization.yaml", "resources:\n- cm.yaml\n"},
	{"prod/kustomization.yaml", "namePrefix: prod-\nresources:\n- ../base\n"},
};

static int sink_write(void *arg, const void *bytes, size_t n, struct gt_err *err)
{
	(void)err;
	gt_buf_add(arg, bytes, n);
	return GT_OK;
}

static void make_archive(struct gt_buf *out)
{
	struct gt_sink sink = {sink_write, out};
	gt_auto_gzip_writer *gzip = gt_gzip_writer_new(sink);
	struct gt_tar_writer tar;
	struct gt_err err;

	gt_tar_writer_init(&tar, gt_gzip_sink(gzip));
	for (size_t i = 0; i < GT_COUNT(files); i++) {
		struct gt_str text = gt_str(files[i].text);

		check_ok(gt_tar_add_file(&tar, gt_str(files[i].path), text.n, false, &err), &err);
		check_ok(gt_tar_write(&tar, text.p, text.n, &err), &err);
	}
	check_ok(gt_tar_finish(&tar, &err), &err);
	check_ok(gt_gzip_finish(gzip, &err), &err);
}

/* Entries of the temporary folder that this test was given. */
static size_t left_behind(const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, NULL, NULL);

	for (int i = 0; i < n; i++)
		free(names[i]);
	if (n >= 0)
		free(names);
	return n < 2 ? 0 : (size_t)n - 2;
}

static int build(struct gt_str bytes, const char *path, struct gt_buf *out, struct gt_err *err)
{
	gt_auto_arena a = {.budget = (size_t)64 << 20};
	struct gt_kustomize_opts opts = {.path = path};
	struct gt_node *docs;
	int rc = gt_kustomize_build_artifact(&a, gt_source_mem(&bytes), &opts, &docs, err);

	if (rc == GT_OK)
		gt_kustomize_write(out, docs);
	return rc;
}

static void test_builds(void **state)
{
	gt_auto_buf archive = {0}, out = {0};
	struct gt_err err;

	make_archive(&archive);
	check_ok(build(gt_buf_str(&archive), "prod", &out, &err), &err);
	assert_string_equal(gt_buf_cstr(&out), "apiVersion: v1\ndata:\n  k: v\nkind: ConfigMap\n"
					       "metadata:\n  name: prod-a\n");
	assert_int_equal(left_behind(*state), 0);
}

static void test_bad_archives(void **state)
{
	gt_auto_buf archive = {0}, out = {0};
	struct gt_err err;

	make_archive(&archive);
	struct gt_str whole = gt_buf_str(&archive);
	for (size_t n = 0; n < whole.n; n += whole.n / 7 + 1) {
		assert_true(build(gt_str_sub(whole, 0, n), "prod", &out, &err) < 0);
		assert_true(gt_str_starts(gt_str(err.text), "failed to extract archive"));
	}
	assert_true(build(whole, "nowhere", &out, &err) < 0);
	assert_int_equal(out.n, 0);
	assert_int_equal(left_behind(*state), 0);
}

static int setup(void **state)
{
	char *dir;

	if (gt_fs_mkdtemp(NULL, "test-artifact-", &dir, NULL) < 0)
		return -1;
	*state = dir;
	return setenv("TMPDIR", dir, 1);
}

static int teardown(void **state)
{
	gt_fs_remove_tree(*state);
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_builds),
		cmocka_unit_test(test_bad_archives),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
