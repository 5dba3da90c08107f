#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"
#include "base/vec.h"

#define REPORT_FD 3
#define REPORT_MAX 65536

struct argv {
	char **v;
	size_t n, cap;
};

struct start {
	const char *path;
	char **argv, **env;
	bool detached;
};

char *cli_program_dir(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

	if (n <= 0)
		return gt_xstrdup(".");
	path[n] = '\0';
	char *slash = strrchr(path, '/');
	if (slash && slash != path)
		*slash = '\0';
	return gt_xstrdup(path);
}

static void fill_argv(struct argv *argv, char *program, const char *const *args)
{
	gt_vec_push(argv, program);
	for (; *args; args++)
		gt_vec_push(argv, gt_xstrdup(*args));
}

static void free_argv(struct argv *argv)
{
	for (size_t i = 1; i < argv->n; i++)
		free(argv->v[i]);
	gt_vec_fini(argv);
}

/* In the child, between fork and exec: only async-signal-safe calls. */
static void become(const struct start *s, int report, int log, pid_t parent)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (s->detached) {
		setsid();
	} else {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(1);
		setpgid(0, 0);
	}
	int null = open("/dev/null", O_RDWR);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0)
		_exit(126);
	if (log >= 0 && (dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0))
		_exit(126);
	/* dup2() onto itself would keep close-on-exec. */
	if (report == REPORT_FD ? fcntl(report, F_SETFD, 0) < 0 : dup2(report, REPORT_FD) < 0)
		_exit(126);
	execve(s->path, s->argv, s->env);
	_exit(127);
}

/* The environment with the additions, as one block of borrowed strings. */
static void fill_env(struct argv *env, const char *const *add)
{
	for (char **e = environ; *e; e++)
		gt_vec_push(env, *e);
	for (; add && *add; add++)
		gt_vec_push(env, (char *)(uintptr_t)*add);
	gt_vec_push(env, NULL);
}

/* Forks; the child's end of the report pipe is closed here in any case. */
static int fork_child(struct cli_child *c, const struct start *start, int log, struct gt_err *err)
{
	int pipe_fds[2];
	pid_t parent = getpid();

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return gt_fail_errno(err, errno, "pipe");
	c->pid = fork();
	if (c->pid == 0)
		become(start, pipe_fds[1], log, parent);
	int fork_errno = errno;
	close(pipe_fds[1]);
	if (c->pid < 0) {
		c->pid = 0;
		close(pipe_fds[0]);
		return gt_fail_errno(err, fork_errno, "start %s", c->name);
	}
	c->report_fd = pipe_fds[0];
	fcntl(c->report_fd, F_SETFL, O_NONBLOCK);
	return GT_OK;
}

static int spawn(struct cli_child *c, const char *name, const char *const *args,
		 const char *const *env, const char *log_path, bool detached, struct gt_err *err)
{
	gt_autofree char *dir = cli_program_dir();
	gt_autofree char *path = gt_xasprintf("%s/%s", dir, name);
	struct argv argv = {0}, envv = {0};

	cli_child_fini(c);
	*c = (struct cli_child){.name = name, .report_fd = -1, .report = {.max = REPORT_MAX}};
	if (access(path, X_OK) < 0)
		return gt_fail_errno(err, errno, "program %s", path);
	gt_autoclose int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		return gt_fail_errno(err, errno, "open %s", log_path);

	fill_argv(&argv, path, args);
	gt_vec_push(&argv, gt_xasprintf("--report-fd=%d", REPORT_FD));
	gt_vec_push(&argv, NULL);
	fill_env(&envv, env);
	struct start start = {path, argv.v, envv.v, detached};
	int rc = fork_child(c, &start, log, err);
	gt_vec_fini(&envv);
	free_argv(&argv);
	return rc;
}

int cli_spawn(struct cli_child *c, const char *name, const char *const *args,
	      const char *const *env, const char *log_path, struct gt_err *err)
{
	return spawn(c, name, args, env, log_path, false, err);
}

int cli_spawn_detached(struct cli_child *c, const char *name, const char *const *args,
		       const char *log_path, struct gt_err *err)
{
	return spawn(c, name, args, NULL, log_path, true, err);
}

bool cli_child_wait(struct cli_child *c, int64_t timeout_ns)
{
	int64_t deadline = gt_now_mono() + timeout_ns;

	while (!cli_child_read(c)) {
		struct pollfd fd = {.fd = c->report_fd, .events = POLLIN};
		int64_t left = (deadline - gt_now_mono()) / GT_NS_PER_MS;

		if (left <= 0)
			return false;
		poll(&fd, 1, left > 60000 ? 60000 : (int)left);
	}
	return c->report.n > 0;
}

bool cli_child_read(struct cli_child *c)
{
	char bytes[4096];

	while (c->report_fd >= 0) {
		ssize_t n = read(c->report_fd, bytes, sizeof bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n > 0)
			gt_buf_add(&c->report, bytes, (size_t)n);
		if (n <= 0 || c->report.failed) {
			close(c->report_fd);
			c->report_fd = -1;
		}
	}
	return c->report_fd < 0 || gt_str_find(gt_buf_str(&c->report), '\n') != SIZE_MAX;
}

int cli_run_program(const char *name, const char *const *args, struct gt_err *err)
{
	gt_autofree char *dir = cli_program_dir();
	gt_autofree char *path = gt_xasprintf("%s/%s", dir, name);
	struct argv argv = {0};
	int status;

	fill_argv(&argv, path, args);
	gt_vec_push(&argv, NULL);
	pid_t pid = fork();
	if (pid == 0) {
		execve(path, argv.v, environ);
		_exit(127);
	}
	int fork_errno = errno;
	free_argv(&argv);
	if (pid < 0)
		return gt_fail_errno(err, fork_errno, "start %s", name);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return gt_fail_errno(err, errno, "wait for %s", name);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void cli_child_fini(struct cli_child *c)
{
	if (c->pid != 0 || c->report.p) {
		if (c->report_fd >= 0)
			close(c->report_fd);
		gt_buf_fini(&c->report);
	}
	*c = (struct cli_child){.report_fd = -1};
}
