/* Files below a root, and what must not be reached from there. */
#include "support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/limits.h"

static struct gt_err err;

/* Each test has a fresh directory: outside/secret is what nobody may see from root. */
struct place {
	char *path;
	int base, root;
};

static int setup(void **state)
{
	struct place *p = gt_new(struct place);

	check_ok(gt_fs_mkdtemp(NULL, "test-fs-", &p->path, &err), &err);
	check_ok(gt_fs_open_root(p->path, &p->base, &err), &err);
	check_ok(gt_fs_mkdirs(p->base, "outside", 0755, &err), &err);
	check_ok(gt_fs_mkdirs(p->base, "root/a/b", 0755, &err), &err);
	check_ok(gt_fs_write_atomic(p->base, "outside/secret", gt_str("secret"), 0600, false, &err),
		 &err);
	check_ok(gt_fs_write_atomic(p->base, "root/a/file", gt_str("inside"), 0644, true, &err),
		 &err);
	check_ok(gt_fs_open(p->base, "root", O_RDONLY | O_DIRECTORY, 0, &p->root, &err), &err);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	close(p->root);
	close(p->base);
	gt_fs_remove_tree(p->path);
	assert_int_equal(access(p->path, F_OK), -1);
	free(p->path);
	free(p);
	return 0;
}

static void test_escapes(void **state)
{
	static const char *const paths[] = {
		"..",
		"../outside/secret",
		"a/../../outside/secret",
		"/etc/passwd",
		"link_out",
		"link_dir/secret",
		"a/up/outside/secret",
		"link_abs",
		"proc_magic",
		"loop",
		"link_two",
	};
	struct place *p = *state;
	gt_autofree char *absolute = gt_xasprintf("%s/outside/secret", p->path);

	assert_int_equal(symlinkat("../outside/secret", p->root, "link_out"), 0);
	assert_int_equal(symlinkat("../outside", p->root, "link_dir"), 0);
	assert_int_equal(symlinkat("../..", p->root, "a/up"), 0);
	assert_int_equal(symlinkat(absolute, p->root, "link_abs"), 0);
	assert_int_equal(symlinkat("/proc/self/root", p->root, "proc_magic"), 0);
	assert_int_equal(symlinkat("loop", p->root, "loop"), 0);
	assert_int_equal(symlinkat("a/../link_out", p->root, "link_two"), 0);
	for (size_t i = 0; i < GT_COUNT(paths); i++) {
		gt_auto_buf out = {0};
		struct stat st;
		int fd = -1;

		check_fails(gt_fs_open(p->root, paths[i], O_RDONLY, 0, &fd, &err), GT_E_INVALID);
		assert_non_null(strstr(err.text, paths[i]));
		check_fails(gt_fs_read(p->root, paths[i], 100, &out, &err), GT_E_INVALID);
		check_fails(gt_fs_stat(p->root, paths[i], true, &st, &err), GT_E_INVALID);
		assert_false(gt_fs_is_file(p->root, paths[i]));
		assert_int_equal(fd, -1);
		assert_int_equal(out.n, 0);
	}
}

/* Writing, making, renaming and removing through links that lead out fails too. */
static void test_escapes_that_write(void **state)
{
	struct place *p = *state;

	assert_int_equal(symlinkat("../outside", p->root, "out"), 0);
	check_fails(gt_fs_write_atomic(p->root, "out/x", gt_str("x"), 0644, false, &err),
		    GT_E_INVALID);
	check_fails(gt_fs_write_atomic(p->root, "../x", gt_str("x"), 0644, false, &err),
		    GT_E_INVALID);
	check_fails(gt_fs_mkdirs(p->root, "out/x/y", 0755, &err), GT_E_INVALID);
	check_fails(gt_fs_mkdirs(p->root, "../x", 0755, &err), GT_E_INVALID);
	check_fails(gt_fs_mkdirs(p->root, "/x", 0755, &err), GT_E_INVALID);
	check_fails(gt_fs_rename(p->root, "a/file", "out/file", &err), GT_E_INVALID);
	check_fails(gt_fs_rename(p->root, "out/secret", "stolen", &err), GT_E_INVALID);
	check_fails(gt_fs_remove_all(p->root, "out/secret", &err), GT_E_INVALID);
	check_fails(gt_fs_remove_all(p->root, "../outside", &err), GT_E_INVALID);
	check_fails(gt_fs_remove_all(p->root, "a/..", &err), GT_E_INVALID);
	check_fails(gt_fs_remove_all(p->root, ".", &err), GT_E_INVALID);
	check_fails(gt_fs_remove_all(p->root, "", &err), GT_E_INVALID);
	/* The link itself goes, not what it names. */
	check_ok(gt_fs_remove_all(p->root, "out", &err), &err);
	assert_true(gt_fs_is_file(p->base, "outside/secret"));
	assert_false(gt_fs_is_dir(p->base, "outside/x"));
}

static void test_inside_links(void **state)
{
	struct place *p = *state;
	gt_auto_buf out = {0};
	struct stat st;

	assert_int_equal(symlinkat("a/file", p->root, "link"), 0);
	assert_int_equal(symlinkat("../a", p->root, "a/self"), 0);
	check_ok(gt_fs_read(p->root, "link", 6, &out, &err), &err);
	check_str(gt_buf_str(&out), "inside");
	check_ok(gt_fs_read(p->root, "a/self/self/file", 100, &out, &err), &err);
	check_str(gt_buf_str(&out), "insideinside");
	check_ok(gt_fs_stat(p->root, "link", false, &st, &err), &err);
	assert_true(S_ISLNK(st.st_mode));
	check_ok(gt_fs_stat(p->root, "link", true, &st, &err), &err);
	assert_true(S_ISREG(st.st_mode));
	assert_true(gt_fs_is_dir(p->root, ""));
	assert_true(gt_fs_is_dir(p->root, "a/b/.."));
	/* An atomic write replaces a link, and leaves its target alone. */
	check_ok(gt_fs_write_atomic(p->root, "link", gt_str("new"), 0644, false, &err), &err);
	gt_buf_reset(&out);
	check_ok(gt_fs_read(p->root, "a/file", 100, &out, &err), &err);
	check_str(gt_buf_str(&out), "inside");
}

/* Nobody waits for the other end of a FIFO. */
static void test_special_files(void **state)
{
	struct place *p = *state;
	gt_auto_buf out = {0};

	assert_int_equal(mkfifoat(p->root, "fifo", 0644), 0);
	check_fails(gt_fs_read(p->root, "fifo", 100, &out, &err), GT_E_INVALID);
	assert_string_equal(err.text, "read fifo: not a regular file");
	check_fails(gt_fs_read(p->root, "a", 100, &out, &err), GT_E_INVALID);
	assert_false(gt_fs_is_file(p->root, "fifo"));
	check_fails(gt_fs_read(p->root, "absent", 100, &out, &err), GT_E_NOT_FOUND);
	check_fails(gt_fs_read(p->root, "a/file/x", 100, &out, &err), GT_E_NOT_FOUND);
}

static void test_read_limits(void **state)
{
	struct place *p = *state;
	gt_auto_buf out = {0};
	gt_auto_buf small = {.max = 5};
	gt_auto_buf big = {0};
	int ends[2];

	gt_buf_adds(&out, "before-");
	check_fails(gt_fs_read(p->root, "a/file", 5, &out, &err), GT_E_BUDGET);
	assert_string_equal(err.text, "read a/file: larger than 5 bytes");
	assert_string_equal(out.p, "before-");
	check_ok(gt_fs_read(p->root, "a/file", 6, &out, &err), &err);
	assert_string_equal(out.p, "before-inside");
	check_fails(gt_fs_read(p->root, "a/file", 100, &small, &err), GT_E_BUDGET);

	gt_buf_fill(&big, 'x', 300000);
	check_ok(gt_fs_write_atomic(p->root, "big", gt_buf_str(&big), 0644, false, &err), &err);
	gt_buf_reset(&out);
	check_ok(gt_fs_read(p->root, "big", 300000, &out, &err), &err);
	assert_true(gt_str_eq(gt_buf_str(&out), gt_buf_str(&big)));

	/* From a pipe, whose size nobody knows. */
	assert_int_equal(pipe(ends), 0);
	check_ok(gt_fd_write_all(ends[1], "hello", 5, &err), &err);
	close(ends[1]);
	gt_buf_reset(&out);
	check_ok(gt_fd_read_all(ends[0], SIZE_MAX, &out, &err), &err);
	check_str(gt_buf_str(&out), "hello");
	close(ends[0]);
}

static void test_write_atomic(void **state)
{
	struct place *p = *state;
	struct stat st;

	check_ok(gt_fs_write_atomic(p->root, "a/file", gt_str("two"), 0751, true, &err), &err);
	check_ok(gt_fs_stat(p->root, "a/file", true, &st, &err), &err);
	assert_int_equal(st.st_mode & 07777, 0751); /* whatever the umask */
	assert_int_equal(st.st_size, 3);
	check_fails(gt_fs_write_atomic(p->root, "absent/x", gt_str(""), 0644, false, &err),
		    GT_E_NOT_FOUND);
	check_fails(gt_fs_write_atomic(p->root, "a/..", gt_str(""), 0644, false, &err),
		    GT_E_INVALID);
	/* A directory in the way: an error, and no temporary file stays behind. */
	assert_int_not_equal(gt_fs_write_atomic(p->root, "a/b", gt_str("x"), 0644, false, &err),
			     GT_OK);
	check_ok(gt_fs_rename(p->root, "a/file", "a/b/moved", &err), &err);
	check_ok(gt_fs_remove_all(p->root, "a/b", &err), &err);
	assert_int_equal(unlinkat(p->root, "a", AT_REMOVEDIR), 0); /* empty now */
}

static void test_mkdirs(void **state)
{
	struct place *p = *state;
	struct stat st;

	check_ok(gt_fs_mkdirs(p->root, "x/./y//z/../w/", 0700, &err), &err);
	assert_true(gt_fs_is_dir(p->root, "x/y/w"));
	assert_false(gt_fs_is_dir(p->root, "x/y/z"));
	check_ok(gt_fs_stat(p->root, "x/y", true, &st, &err), &err);
	assert_int_equal(st.st_mode & 0777, 0700);
	check_ok(gt_fs_mkdirs(p->root, "x/y/w", 0700, &err), &err);
	check_ok(gt_fs_mkdirs(p->root, "", 0700, &err), &err);
	check_fails(gt_fs_mkdirs(p->root, "a/file/x", 0700, &err), GT_E_NOT_FOUND);
	assert_int_equal(symlinkat("a", p->root, "to_a"), 0);
	check_ok(gt_fs_mkdirs(p->root, "to_a/new", 0700, &err), &err);
	assert_true(gt_fs_is_dir(p->root, "a/new"));
}

static int record(void *arg, const struct gt_fs_entry *e, struct gt_err *walk_err)
{
	struct gt_buf *out = arg;
	struct stat again;

	(void)walk_err;
	assert_int_equal(fstatat(e->dirfd, e->name, &again, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(again.st_ino == e->st.st_ino);
	gt_buf_printf(out, "%u:%s%s ", e->depth, e->path,
		      S_ISDIR(e->st.st_mode)   ? "/"
		      : S_ISLNK(e->st.st_mode) ? "@"
					       : "");
	return gt_streq(e->name, "skipped") ? GT_FS_SKIP : GT_FS_CONTINUE;
}

static int stop(void *arg, const struct gt_fs_entry *e, struct gt_err *walk_err)
{
	int *left = arg;

	if (--*left == 0)
		return gt_fail(walk_err, GT_E_CONFLICT, "stopped at %s", e->path);
	return GT_FS_CONTINUE;
}

static void test_walk(void **state)
{
	struct place *p = *state;
	gt_auto_buf out = {0};
	int left = 3;

	check_ok(gt_fs_mkdirs(p->root, "skipped/deep", 0755, &err), &err);
	check_ok(gt_fs_mkdirs(p->root, "B", 0755, &err), &err);
	assert_int_equal(symlinkat("../outside", p->root, "link"), 0);
	check_ok(gt_fs_walk(p->root, "", record, &out, &err), &err);
	check_str(gt_buf_str(&out), "0:/ 1:B/ 1:a/ 2:a/b/ 2:a/file 1:link@ 1:skipped/ ");
	gt_buf_reset(&out);
	check_ok(gt_fs_walk(p->root, "a", record, &out, &err), &err);
	check_str(gt_buf_str(&out), "0:/ 1:b/ 1:file ");
	gt_buf_reset(&out);
	check_ok(gt_fs_walk(p->root, "a/file", record, &out, &err), &err);
	check_str(gt_buf_str(&out), "0: ");
	gt_buf_reset(&out);
	check_ok(gt_fs_walk(p->root, "link", record, &out, &err), &err);
	check_str(gt_buf_str(&out), "0:@ ");
	check_fails(gt_fs_walk(p->root, "../outside", record, &out, &err), GT_E_INVALID);
	check_fails(gt_fs_walk(p->root, "absent", record, &out, &err), GT_E_NOT_FOUND);
	check_fails(gt_fs_walk(p->root, "", stop, &left, &err), GT_E_CONFLICT);
	assert_string_equal(err.text, "stopped at a");
}

/* Makes a chain of directories, each with a file in it. */
static void make_chain(int root, int depth)
{
	int at = dup(root);

	for (int i = 0; i < depth; i++) {
		assert_int_equal(mkdirat(at, "d", 0755), 0);
		int next = openat(at, "d", O_RDONLY | O_DIRECTORY);
		assert_true(next >= 0);
		close(at);
		at = next;
		int fd = openat(at, "f", O_WRONLY | O_CREAT, 0644);
		assert_true(fd >= 0);
		close(fd);
	}
	close(at);
}

static int ignore(void *arg, const struct gt_fs_entry *e, struct gt_err *walk_err)
{
	(void)arg, (void)e, (void)walk_err;
	return GT_FS_CONTINUE;
}

static void test_deep_trees(void **state)
{
	struct place *p = *state;

	make_chain(p->root, GT_LIMIT_DIR_DEPTH - 1);
	check_ok(gt_fs_walk(p->root, "", ignore, NULL, &err), &err);
	check_ok(gt_fs_remove_all(p->root, "d", &err), &err);
	make_chain(p->root, 3000);
	check_fails(gt_fs_walk(p->root, "", ignore, NULL, &err), GT_E_BUDGET);
	check_ok(gt_fs_remove_all(p->root, "d", &err), &err);
	assert_false(gt_fs_is_dir(p->root, "d"));
	check_ok(gt_fs_remove_all(p->root, "d", &err), &err); /* absent is fine */
	check_ok(gt_fs_remove_all(p->root, "x/y/z", &err), &err);
}

int main(void)
{
#define with_place(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		with_place(test_escapes),      with_place(test_escapes_that_write),
		with_place(test_inside_links), with_place(test_special_files),
		with_place(test_read_limits),  with_place(test_write_atomic),
		with_place(test_mkdirs),       with_place(test_walk),
		with_place(test_deep_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
