#include "support/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "store/scratch.h"

static char *tmp;

static int setup(void **state)
{
	(void)state;
	if (gt_fs_mkdtemp("/tmp", "scratch-test-", &tmp, NULL) < 0)
		return -1;
	return setenv("TMPDIR", tmp, 1);
}

static int teardown(void **state)
{
	(void)state;
	unsetenv("TMPDIR");
	gt_fs_remove_tree(tmp);
	free(tmp);
	return 0;
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void test_dead_processes_leave_nothing(void **state)
{
	gt_autofree char *others = gt_xasprintf("%s/program-x-abc", tmp);
	gt_autofree char *unrelated = gt_xasprintf("%s/programs", tmp);
	struct gt_scratch *mine, *second;
	struct gt_err err;
	char left[256] = "";
	int fds[2];

	(void)state;
	mkdir(others, 0700);
	mkdir(unrelated, 0700);
	/* A process that dies without a word. */
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct gt_scratch *s;

		if (gt_scratch_open("program", &s, NULL) == GT_OK) {
			gt_autofree char *file = gt_xasprintf("%s/sub", gt_scratch_path(s));
			mkdir(file, 0700);
			(void)!write(fds[1], gt_scratch_path(s), strlen(gt_scratch_path(s)));
		}
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	assert_true(read(fds[0], left, sizeof left - 1) > 0);
	close(fds[0]);
	close(fds[1]);
	assert_true(is_there(left));

	check_ok(gt_scratch_open("program", &mine, &err), &err);
	assert_false(is_there(left));
	/* Those that live keep theirs, and nothing else is touched. */
	check_ok(gt_scratch_open("program", &second, &err), &err);
	assert_true(is_there(gt_scratch_path(mine)));
	assert_true(is_there(others));
	assert_true(is_there(unrelated));
	gt_autofree char *path = gt_xstrdup(gt_scratch_path(mine));
	gt_scratch_close(mine);
	gt_scratch_close(second);
	assert_false(is_there(path));
}

static void test_no_temporary_folder(void **state)
{
	struct gt_scratch *s;
	struct gt_err err;

	(void)state;
	setenv("TMPDIR", "/nonexistent/folder", 1);
	assert_true(gt_scratch_open("program", &s, &err) < 0);
	assert_non_null(strstr(err.text, "/nonexistent/folder"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_dead_processes_leave_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_temporary_folder, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
