/*
 * A real Git server for tests: repositories made by git in a temporary folder, served by
 * tests/support/git_http.py on loopback.  Header only; programs are started by posix_spawn.
 */
#ifndef GT_TESTS_SUPPORT_GIT_SERVER_H
#define GT_TESTS_SUPPORT_GIT_SERVER_H

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/str.h"

#define GIT_SERVER_SCRIPT TEST_DATA "/../support/git_http.py"

struct git_server {
	char *dir; /* has repos/, and files of the server */
	char *url; /* without a slash at the end */
	pid_t pid;
};

/* Runs a program to its end; its output goes to out, which may be NULL.  Returns its status. */
static inline int run_program(const char *const *argv, struct gt_buf *out)
{
	posix_spawn_file_actions_t actions;
	int pipe_fds[2], status = -1;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return -1;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	extern char **environ;
	int rc = posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
			      environ);
	close(pipe_fds[1]);
	posix_spawn_file_actions_destroy(&actions);
	char chunk[4096];
	ssize_t n;
	while (rc == 0 && (n = read(pipe_fds[0], chunk, sizeof chunk)) > 0)
		if (out)
			gt_buf_add(out, chunk, (size_t)n);
	close(pipe_fds[0]);
	if (rc == 0)
		waitpid(pid, &status, 0);
	return rc ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* Runs a shell script in the folder of the server with quiet, reproducible git settings; fails
 * the test when it fails.  What it prints last is returned, without the newline. */
static inline char *git_shell(struct git_server *s, const char *script)
{
	gt_autofree char *text = gt_xasprintf(
		"set -e; cd '%s/repos'; export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null "
		"GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C "
		"GIT_COMMITTER_EMAIL=c@example.org GIT_AUTHOR_DATE=${D:-1700000000} "
		"GIT_COMMITTER_DATE=${D:-1700000000}; %s",
		s->dir, script);
	const char *argv[] = {"bash", "-c", text, NULL};
	gt_auto_buf out = {0};

	if (run_program(argv, &out) != 0)
		fail_msg("script failed: %s", script);
	struct gt_str trimmed = gt_str_trim(gt_buf_str(&out));
	return gt_xstrndup(trimmed.p ? trimmed.p : "", trimmed.n);
}

static inline void git_server_init(struct git_server *s)
{
	memset(s, 0, sizeof *s);
	if (gt_fs_mkdtemp(NULL, "git-server-", &s->dir, NULL) < 0)
		fail_msg("no temporary folder");
	gt_autofree char *repos = gt_xasprintf("%s/repos", s->dir);
	mkdir(repos, 0700);
}

static inline void git_server_stop(struct git_server *s)
{
	if (s->pid > 0) {
		kill(s->pid, SIGKILL);
		waitpid(s->pid, NULL, 0);
	}
	s->pid = 0;
	free(gt_steal(s->url));
}

/* Starts the server with more options (NULL-terminated, may be NULL itself). */
static inline void git_server_start(struct git_server *s, const char *const *options)
{
	gt_autofree char *root = gt_xasprintf("%s/repos", s->dir);
	gt_autofree char *ready = gt_xasprintf("%s/ready", s->dir);
	gt_autofree char *log = gt_xasprintf("%s/log", s->dir);
	const char *argv[24] = {"python3", GIT_SERVER_SCRIPT, "--root", root, "--ready",
				ready,     "--log",           log};
	posix_spawn_file_actions_t actions;
	size_t n = 8;

	git_server_stop(s);
	for (; options && *options && n < 23; options++)
		argv[n++] = *options;
	unlink(ready);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	extern char **environ;
	if (posix_spawnp(&s->pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
			 environ) != 0)
		fail_msg("cannot start python3");
	posix_spawn_file_actions_destroy(&actions);
	for (int i = 0; i < 10000 && access(ready, R_OK) < 0; i++) {
		if (waitpid(s->pid, NULL, WNOHANG) != 0)
			fail_msg("the Git server ended at its start");
		usleep(1000);
	}
	gt_auto_buf url = {0};
	gt_autoclose int fd = open(ready, O_RDONLY | O_CLOEXEC);
	gt_fd_read_all(fd, 4096, &url, NULL);
	s->url = gt_buf_take(&url);
}

static inline void git_server_fini(struct git_server *s)
{
	git_server_stop(s);
	gt_fs_remove_tree(s->dir);
	free(s->dir);
}

/* Requests answered since the last call. */
static inline size_t git_server_requests(struct git_server *s, struct gt_buf *ret_lines)
{
	gt_autofree char *log = gt_xasprintf("%s/log", s->dir);
	gt_autoclose int fd = open(log, O_RDWR | O_CLOEXEC);
	gt_auto_buf text = {0};
	size_t n = 0;

	if (fd < 0)
		return 0;
	gt_fd_read_all(fd, 1 << 20, &text, NULL);
	if (ftruncate(fd, 0) < 0)
		return 0;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	if (ret_lines)
		gt_buf_add_str(ret_lines, gt_buf_str(&text));
	return n;
}

#endif
