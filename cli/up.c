/*
 * `gitops up`: the API server and the controllers as supervised child processes.
 *
 * One thread, one poll loop: signals arrive on a signalfd, children report readiness on pipes.  A
 * child that ends by itself is started again, with a growing delay; the supervisor's own end ends
 * them all.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/time.h"
#include "command.h"
#include "gt_version.h"
#include "local.h"
#include "print.h"
#include "spawn.h"
#include "text/json.h"

#define API_SERVER 0
#define SOURCE_CONTROLLER 1
#define MAX_ARGS 16
#define STOP_GRACE GT_SECONDS(15)
/* For a killed supervisor's children to end. */
#define ADDRESS_GRACE GT_SECONDS(2)
#define RESTART_MIN GT_MILLIS(250)
#define RESTART_MAX GT_SECONDS(30)
/* A child that ran this long is forgiven its earlier crashes. */
#define RESTART_FORGIVE GT_SECONDS(60)

static const char *const programs[] = {
	"gitops-apiserver", "source-controller",       "kustomize-controller",
	"helm-controller",  "notification-controller",
};
#define CHILDREN GT_COUNT(programs)

struct up {
	const struct cli_call *call;
	char *dir;
	char *kubeconfig;            /* what the children use */
	const char *user_kubeconfig; /* where the user wants a copy, NULL for nowhere else */
	char *server;
	struct cli_child children[CHILDREN];
	int64_t started[CHILDREN], restart_at[CHILDREN], delay[CHILDREN];
	struct gt_arena arena; /* of reports */
	struct gt_node *reports[CHILDREN];
	int signals;
	bool stopping;
	int64_t began;
};

/* The port asked for; once the API server was up, the one it had, as clients know it. */
static char *port_flag(const struct up *up)
{
	const char *colon = up->server ? strrchr(up->server, ':') : NULL;

	if (colon)
		return gt_xasprintf("--port=%s", colon + 1);
	return gt_xasprintf("--port=%lld", (long long)cli_flag_int(up->call, "port"));
}

static bool is_free(const char *address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	const char *colon = strrchr(address, ':');
	gt_autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	in.sin_port = htons((uint16_t)strtoul(colon ? colon + 1 : "0", NULL, 10));
	return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
	       bind(fd, (const struct sockaddr *)&in, sizeof in) == 0;
}

/*
 * Objects name the address of their artifacts: source-controller gets the one it had in the last
 * run, once a killed one's is given up, unless somebody else has it by now.
 */
static void recall_storage(struct up *up, size_t i)
{
	int64_t deadline = gt_now_mono() + ADDRESS_GRACE;
	struct gt_node *state;

	if (cli_local_read_state(&up->arena, up->dir, &state, NULL) < 0)
		return;
	struct gt_node *had = gt_node_at(state, "processes", programs[i], "addresses");
	const char *address = gt_node_cstr_at(had, "storage");
	while (address && !is_free(address)) {
		struct timespec pause = {.tv_nsec = GT_MILLIS(20)};

		if (gt_now_mono() > deadline)
			return;
		nanosleep(&pause, NULL);
	}
	up->reports[i] = had;
}

static char *storage_flag(const struct up *up, size_t i)
{
	const char *had = gt_node_cstr_at(up->reports[i], "storage");

	return gt_xasprintf("--storage-addr=%s", had ? had : "127.0.0.1:0");
}

static int start_child(struct up *up, size_t i, struct gt_err *err)
{
	const char *args[MAX_ARGS];
	gt_autofree char *log = gt_xasprintf("%s/logs/%s.log", up->dir, programs[i]);
	gt_autofree char *kubeconfig = gt_xasprintf("--kubeconfig=%s", up->kubeconfig);
	gt_autofree char *level =
		gt_xasprintf("--log-level=%s", cli_flag_string(up->call, "log-level"));
	gt_autofree char *data = gt_xasprintf(
		i == API_SERVER ? "--data=%s/apiserver" : "--storage-path=%s/storage", up->dir);
	gt_autofree char *port = port_flag(up);
	gt_autofree char *storage = storage_flag(up, i);
	gt_autofree char *delay =
		gt_xasprintf("--simulate-delay=%s", cli_flag_string(up->call, "simulate-delay"));
	gt_autofree char *tmp = gt_xasprintf("TMPDIR=%s/tmp", up->dir);
	const char *const env[] = {"RUNTIME_NAMESPACE=flux-system", tmp, NULL};
	size_t n = 0;

	args[n++] = kubeconfig;
	if (i == API_SERVER) {
		args[n++] = data;
		args[n++] = port;
		if (*cli_flag_string(up->call, "simulate-delay"))
			args[n++] = delay;
	} else {
		args[n++] = level;
		args[n++] = "--metrics-addr=127.0.0.1:0";
		args[n++] = "--health-addr=127.0.0.1:0";
	}
	if (i == SOURCE_CONTROLLER) {
		args[n++] = data;
		args[n++] = storage;
	}
	if (strcmp(programs[i], "notification-controller") == 0) {
		args[n++] = "--events-addr=127.0.0.1:0";
		args[n++] = "--receiverAddr=127.0.0.1:0";
	}
	args[n] = NULL;
	up->started[i] = gt_now_mono();
	up->restart_at[i] = 0;
	return cli_spawn(&up->children[i], programs[i], args, env, log, err);
}

/* The last lines of a child's log, for the user who waits for it. */
static void show_log_tail(const struct up *up, size_t i)
{
	gt_auto_buf text = {0};
	gt_autofree char *path = gt_xasprintf("%s/logs/%s.log", up->dir, programs[i]);
	gt_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);

	if (fd < 0 || lseek(fd, end > 2048 ? end - 2048 : 0, SEEK_SET) < 0 ||
	    gt_fd_read_all(fd, 4096, &text, NULL) < 0)
		return;
	fprintf(stderr, "%s:\n%s\n", path, gt_buf_cstr(&text));
}

static int take_report(struct up *up, size_t i, struct gt_err *err)
{
	struct cli_child *c = &up->children[i];
	struct gt_str line = gt_buf_str(&c->report);
	size_t end = gt_str_find(line, '\n');

	if (end == SIZE_MAX)
		return gt_fail(err, GT_E_UNAVAILABLE, "%s ended before it was ready", c->name);
	if (gt_json_parse(&up->arena, gt_str_sub(line, 0, end), 0, &up->reports[i], err) < 0)
		return gt_wrap(err, "report of %s", c->name);
	c->ready = true;
	return GT_OK;
}

static void child_ended(struct up *up, pid_t pid, int status)
{
	for (size_t i = 0; i < CHILDREN; i++) {
		if (up->children[i].pid != pid)
			continue;
		/* Perhaps it could not have the address it had. */
		if (!up->children[i].ready)
			up->reports[i] = NULL;
		cli_child_fini(&up->children[i]);
		up->children[i].name = programs[i];
		if (up->stopping)
			return;
		int64_t now = gt_now_mono();
		if (now - up->started[i] > RESTART_FORGIVE || up->delay[i] == 0)
			up->delay[i] = RESTART_MIN;
		else if (up->delay[i] < RESTART_MAX)
			up->delay[i] *= 2;
		up->restart_at[i] = now + up->delay[i];
		if (WIFSIGNALED(status))
			cli_warning("%s was ended by signal %d, starting it again", programs[i],
				    WTERMSIG(status));
		else
			cli_warning("%s exited with status %d, starting it again", programs[i],
				    WEXITSTATUS(status));
	}
}

static void reap(struct up *up)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		child_ended(up, pid, status);
}

/* One turn: signals, reports, ended children.  Returns at the latest at `until`. */
static void turn(struct up *up, int64_t until)
{
	struct pollfd fds[CHILDREN + 1];
	size_t of[CHILDREN + 1];
	nfds_t n = 1;
	int64_t left = until == INT64_MAX ? -1 : (until - gt_now_mono()) / GT_NS_PER_MS + 1;

	fds[0] = (struct pollfd){.fd = up->signals, .events = POLLIN};
	for (size_t i = 0; i < CHILDREN; i++) {
		if (up->children[i].pid == 0 || up->children[i].report_fd < 0)
			continue;
		fds[n] = (struct pollfd){.fd = up->children[i].report_fd, .events = POLLIN};
		of[n++] = i;
	}
	if (poll(fds, n, left > 60000 ? 60000 : left < 0 && until != INT64_MAX ? 0 : (int)left) < 0)
		return;
	struct signalfd_siginfo info;
	while (fds[0].revents && read(up->signals, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo != SIGCHLD)
			up->stopping = true;
	}
	for (nfds_t k = 1; k < n; k++) {
		struct gt_err err;
		struct cli_child *c = &up->children[of[k]];

		if (fds[k].revents && cli_child_read(c) && !c->ready && c->report.n &&
		    take_report(up, of[k], &err) < 0 && !up->stopping)
			cli_warning("%s", err.text);
	}
	reap(up);
}

/* Waits until children [from, to) have reported. */
static int wait_ready(struct up *up, size_t from, size_t to, struct gt_err *err)
{
	int64_t deadline = gt_now_mono() + up->call->globals->timeout;

	for (;;) {
		bool all = true;

		for (size_t i = from; i < to; i++) {
			all = all && up->children[i].ready;
			if (up->restart_at[i]) {
				show_log_tail(up, i);
				return gt_fail(err, GT_E_UNAVAILABLE,
					       "%s ended before it was ready", programs[i]);
			}
		}
		if (all)
			return GT_OK;
		if (up->stopping)
			return gt_fail(err, GT_E_CANCELLED, "interrupted");
		if (gt_now_mono() > deadline)
			return gt_fail(err, GT_E_TIMEOUT, "not ready in time");
		turn(up, deadline);
	}
}

static void signal_children(const struct up *up, size_t from, size_t to, int signum)
{
	for (size_t i = from; i < to; i++) {
		if (up->children[i].pid > 0)
			kill(up->children[i].pid, signum);
	}
}

static bool any_running(const struct up *up, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		if (up->children[i].pid > 0)
			return true;
	}
	return false;
}

/* The controllers first: their last writes need the API server. */
static void stop_children(struct up *up)
{
	static const size_t steps[][2] = {{API_SERVER + 1, CHILDREN}, {API_SERVER, 1}};

	up->stopping = true;
	for (size_t s = 0; s < GT_COUNT(steps); s++) {
		int64_t deadline = gt_now_mono() + STOP_GRACE;

		signal_children(up, steps[s][0], steps[s][1], SIGTERM);
		while (any_running(up, steps[s][0], steps[s][1]) && gt_now_mono() < deadline)
			turn(up, deadline);
		signal_children(up, steps[s][0], steps[s][1], SIGKILL);
		while (any_running(up, steps[s][0], steps[s][1]))
			turn(up, gt_now_mono() + GT_SECONDS(1));
	}
}

static struct gt_node *state_of(struct up *up, struct gt_arena *a)
{
	struct gt_node *state = gt_node_map(a);

	gt_node_set_int(a, state, "pid", getpid());
	gt_node_set_str(a, state, "version", GT_VERSION);
	gt_node_set_str(a, state, "server", up->server);
	gt_node_set_str(a, state, "kubeconfig", up->kubeconfig);
	struct gt_node *children = gt_node_need_map(a, state, "processes");
	for (size_t i = 0; i < CHILDREN; i++) {
		struct gt_node *child = gt_node_need_map(a, children, programs[i]);
		gt_autofree char *log = gt_xasprintf("%s/logs/%s.log", up->dir, programs[i]);

		gt_node_set_int(a, child, "pid", up->children[i].pid);
		gt_node_set_str(a, child, "log", log);
		if (up->reports[i])
			gt_node_set(a, child, "addresses", gt_node_dup(a, up->reports[i]));
	}
	return state;
}

static void write_state(struct up *up)
{
	gt_auto_arena a = {0};
	struct gt_err err;

	if (cli_local_write_state(up->dir, state_of(up, &a), &err) < 0)
		cli_warning("%s", err.text);
}

static int make_folders(struct up *up, struct gt_err *err)
{
	static const char *const folders[] = {"logs", "storage", "apiserver", "tmp"};
	gt_autoclose int root = -1;
	int rc = gt_fs_open_root(up->dir, &root, err);

	/* What a killed controller left behind. */
	if (rc == GT_OK)
		rc = gt_fs_remove_all(root, "tmp", err);
	for (size_t i = 0; i < GT_COUNT(folders) && rc == GT_OK; i++)
		rc = gt_fs_mkdirs(root, folders[i], 0700, err);
	return rc;
}

static int open_signals(struct gt_err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return fd < 0 ? gt_fail_errno(err, errno, "signalfd") : fd;
}

static int copy_kubeconfig(struct up *up, struct gt_err *err)
{
	gt_auto_buf text = {0};
	gt_autoclose int fd = open(up->kubeconfig, O_RDONLY | O_CLOEXEC);

	if (!up->user_kubeconfig)
		return GT_OK;
	if (fd < 0)
		return gt_fail_errno(err, errno, "open %s", up->kubeconfig);
	if (gt_fd_read_all(fd, 1 << 20, &text, err) < 0)
		return gt_wrap(err, "%s", up->kubeconfig);
	gt_autoclose int cwd = -1;
	struct gt_str dir = gt_path_dir(gt_str(up->user_kubeconfig));
	gt_autofree char *parent = gt_xstrndup(dir.p, dir.n);
	gt_autofree char *name = gt_xstrdup(gt_path_base(gt_str(up->user_kubeconfig)).p);
	if (gt_fs_open_root(parent, &cwd, err) < 0 ||
	    gt_fs_write_atomic(cwd, name, gt_buf_str(&text), 0600, false, err) < 0)
		return gt_wrap(err, "kubeconfig %s", up->user_kubeconfig);
	return GT_OK;
}

/* Namespace and CRDs, by a process of its own: the supervisor stays free of network libraries. */
static int install(struct up *up, struct gt_err *err)
{
	gt_autofree char *kubeconfig = gt_xasprintf("--kubeconfig=%s", up->kubeconfig);
	const char *const args[] = {"__install", kubeconfig, NULL};
	int status = cli_run_program("gitops", args, err);

	if (status < 0)
		return status;
	return status == 0 ? GT_OK
			   : gt_fail(err, GT_E_UNAVAILABLE,
				     "namespace and CRDs could not be installed");
}

static int start_all(struct up *up, struct gt_err *err)
{
	int rc = make_folders(up, err);

	if (rc < 0 || (rc = start_child(up, API_SERVER, err)) < 0 ||
	    (rc = wait_ready(up, API_SERVER, 1, err)) < 0)
		return rc;
	const char *server = gt_node_cstr_at(up->reports[API_SERVER], "address");
	up->server = gt_xasprintf("%s%s", server && strstr(server, "://") ? "" : "https://",
				  server ? server : "");
	cli_success("API server listens on %s", up->server);
	if ((rc = install(up, err)) < 0)
		return rc;
	recall_storage(up, SOURCE_CONTROLLER);
	for (size_t i = API_SERVER + 1; i < CHILDREN; i++) {
		if ((rc = start_child(up, i, err)) < 0)
			return rc;
	}
	if ((rc = wait_ready(up, API_SERVER + 1, CHILDREN, err)) < 0)
		return rc;
	write_state(up);
	return copy_kubeconfig(up, err);
}

static void report_to_parent(int64_t fd)
{
	static const char line[] = "{\"ready\":true}\n";

	if (fd < 0)
		return;
	if (write((int)fd, line, sizeof line - 1) < 0)
		cli_warning("report of readiness: %m");
	close((int)fd);
}

static void say_ready(const struct up *up)
{
	const char *kubeconfig = up->user_kubeconfig ? up->user_kubeconfig : up->kubeconfig;

	for (size_t i = API_SERVER + 1; i < CHILDREN; i++)
		cli_success("%s: ready", programs[i]);
	printf("ready in %lld ms\n", (long long)((gt_now_mono() - up->began) / GT_NS_PER_MS));
	printf("export KUBECONFIG=%s\n", kubeconfig);
	fflush(stdout);
}

static void supervise(struct up *up)
{
	while (!up->stopping) {
		int64_t next = INT64_MAX;
		bool changed = false;

		for (size_t i = 0; i < CHILDREN; i++) {
			struct gt_err err;

			if (up->restart_at[i] && up->restart_at[i] <= gt_now_mono()) {
				if (start_child(up, i, &err) < 0)
					cli_warning("%s", err.text);
				changed = true;
			}
			if (up->restart_at[i] && up->restart_at[i] < next)
				next = up->restart_at[i];
		}
		turn(up, next);
		if (changed)
			write_state(up);
	}
}

static int run_in_foreground(struct up *up)
{
	struct gt_err err;
	gt_autoclose int lock = -1;
	int rc = cli_local_lock(up->dir, &lock, &err);

	if (rc == GT_OK)
		rc = up->signals = open_signals(&err);
	if (rc >= 0)
		rc = start_all(up, &err);
	if (rc == GT_OK) {
		say_ready(up);
		report_to_parent(cli_flag_int(up->call, "report-fd"));
		supervise(up);
		cli_action("stopping");
	}
	if (up->signals > 0)
		stop_children(up);
	if (rc < 0)
		return cli_fail(&err);
	cli_success("stopped");
	return 0;
}

/* Starts the supervisor again, away from the terminal, and waits for its report. */
static int run_detached(struct up *up)
{
	const struct cli_globals *g = up->call->globals;
	gt_autofree char *data = gt_xasprintf("--data=%s", up->dir);
	gt_autofree char *port =
		gt_xasprintf("--port=%lld", (long long)cli_flag_int(up->call, "port"));
	gt_autofree char *level =
		gt_xasprintf("--log-level=%s", cli_flag_string(up->call, "log-level"));
	gt_autofree char *delay =
		gt_xasprintf("--simulate-delay=%s", cli_flag_string(up->call, "simulate-delay"));
	gt_autofree char *kubeconfig =
		gt_xasprintf("--kubeconfig=%s", g->kubeconfig ? g->kubeconfig : "");
	gt_autofree char *log = gt_xasprintf("%s/logs/up.log", up->dir);
	const char *const args[] = {"up", data, port, level, kubeconfig, delay, NULL};
	struct cli_child child = {.report_fd = -1};
	struct gt_err err;
	pid_t running = cli_local_running(up->dir);

	if (running)
		return cli_failf("already running in %s as process %d", up->dir, (int)running);
	gt_autoclose int lock = -1;
	if (cli_local_lock(up->dir, &lock, &err) < 0 || make_folders(up, &err) < 0)
		return cli_fail(&err);
	close(gt_steal_fd(&lock));
	if (cli_spawn_detached(&child, "gitops", args, log, &err) < 0)
		return cli_fail(&err);
	bool ready = cli_child_wait(&child, g->timeout);
	if (ready) {
		printf("ready in %lld ms\n",
		       (long long)((gt_now_mono() - up->began) / GT_NS_PER_MS));
		printf("export KUBECONFIG=%s\n", g->kubeconfig ? g->kubeconfig : up->kubeconfig);
		fprintf(stderr, "stop it with: gitops down --data %s\n", up->dir);
	} else {
		cli_failure("not ready in time; see %s", log);
		kill(child.pid, SIGTERM);
	}
	cli_child_fini(&child);
	return ready ? 0 : 1;
}

int cli_up(const struct cli_call *call)
{
	struct up up = {.call = call, .began = gt_now_mono(), .signals = 0};
	struct gt_err err;
	int rc;

	for (size_t i = 0; i < CHILDREN; i++)
		up.children[i] = (struct cli_child){.name = programs[i], .report_fd = -1};
	if (cli_flag_int(call, "port") < 0 || cli_flag_int(call, "port") > 65535)
		return cli_failf("--port %lld is not between 0 and 65535",
				 (long long)cli_flag_int(call, "port"));
	if (cli_local_dir(cli_flag_string(call, "data"), &up.dir, &err) < 0)
		return cli_fail(&err);
	up.kubeconfig = gt_xasprintf("%s/kubeconfig", up.dir);
	if (call->globals->kubeconfig && *call->globals->kubeconfig)
		up.user_kubeconfig = call->globals->kubeconfig;
	rc = cli_flag_bool(call, "detach") ? run_detached(&up) : run_in_foreground(&up);
	for (size_t i = 0; i < CHILDREN; i++)
		cli_child_fini(&up.children[i]);
	gt_arena_fini(&up.arena);
	free(up.dir);
	free(up.kubeconfig);
	free(up.server);
	return rc;
}
