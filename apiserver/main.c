/* gitops-apiserver: a Kubernetes-compatible API server for laptops, tests and CI. */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/flags.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/time.h"
#include "gt_version.h"
#include "server.h"
#include "text/json.h"

struct settings {
	const char *data, *bind, *kubeconfig, *sync;
	int64_t port, report_fd, delay, threads;
	bool memory, help, version;
};

static const char *const sync_modes[] = {"full", "normal", NULL};

static int usage(struct gt_flag *flags, FILE *to)
{
	gt_auto_buf out = {0};

	gt_buf_adds(&out, "Serves the Kubernetes API from one process.\n\nUsage:\n"
			  "  gitops-apiserver --data DIR [flags]\n"
			  "  gitops-apiserver --memory --kubeconfig FILE [flags]\n\nFlags:\n");
	gt_flags_help(&out, flags);
	fputs(gt_buf_cstr(&out), to);
	return to == stdout ? 0 : 2;
}

static int fail(const struct gt_err *err)
{
	fprintf(stderr, "gitops-apiserver: %s\n", err->text);
	return 1;
}

static void stop(void *arg)
{
	gt_loop_stop(arg);
}

/* One line of JSON for whoever started us. */
static void report(int fd, const struct as_server *s)
{
	gt_auto_buf line = {0};

	gt_buf_adds(&line, "{\"address\":");
	gt_json_write_str(&line, gt_str(s->url), false);
	gt_buf_adds(&line, ",\"kubeconfig\":");
	gt_json_write_str(&line, gt_str(s->kubeconfig_path ? s->kubeconfig_path : ""), false);
	gt_buf_adds(&line, "}\n");
	gt_fd_write_all(fd, line.p, line.n, NULL);
	close(fd);
}

static int check(const struct settings *o, struct gt_err *err)
{
	if (o->memory && o->data)
		return gt_fail(err, GT_E_INVALID, "--memory and --data exclude each other");
	if (!o->memory && !o->data)
		return gt_fail(err, GT_E_INVALID, "one of --data and --memory is needed");
	if (o->port < 0 || o->port > 65535)
		return gt_fail(err, GT_E_INVALID, "--port must be between 0 and 65535");
	if (o->threads < 1 || o->threads > 256)
		return gt_fail(err, GT_E_INVALID, "--threads must be between 1 and 256");
	if (o->delay < 0)
		return gt_fail(err, GT_E_INVALID, "--simulate-delay must not be negative");
	if (o->data && mkdir(o->data, 0700) < 0 && errno != EEXIST)
		return gt_fail_errno(err, errno, "%s", o->data);
	return GT_OK;
}

static int run(const struct settings *o)
{
	struct gt_err err = {0};
	char *address = gt_xasprintf("%s:%lld", o->bind, (long long)o->port);
	struct as_server_opts opts = {
		.data = o->data,
		.memory = o->memory,
		.sync = gt_streq(o->sync, "normal") ? AS_SYNC_NORMAL : AS_SYNC_FULL,
		.address = address,
		.kubeconfig = o->kubeconfig,
		.simulate_delay_ns = o->delay,
		.threads = (unsigned)o->threads,
	};
	struct gt_loop *loop = gt_loop_new();
	struct as_server *server = NULL;
	int rc = as_server_start(&opts, loop, &server, &err);

	if (rc == GT_OK)
		rc = gt_loop_on_signal(loop, SIGTERM, stop, loop, &err);
	if (rc == GT_OK)
		rc = gt_loop_on_signal(loop, SIGINT, stop, loop, &err);
	if (rc == GT_OK) {
		if (o->report_fd >= 0)
			report((int)o->report_fd, server);
		else
			fprintf(stderr, "serving on %s\n", server->url);
		gt_loop_run(loop);
	}
	as_server_free(server);
	gt_loop_free(loop);
	free(address);
	return rc < 0 ? fail(&err) : 0;
}

/* After the flags were read. */
static int obey(const struct settings *o)
{
	struct gt_err err = {0};

	if (o->version)
		return printf("gitops-apiserver %s\n", GT_VERSION) < 0;
	if (check(o, &err) < 0) {
		fail(&err);
		return 2;
	}
	return run(o);
}

int main(int argc, char **argv)
{
	struct settings o = {
		.bind = "127.0.0.1",
		.sync = "full",
		.report_fd = -1,
		.delay = GT_MILLIS(20),
		.threads = 16,
	};
	struct gt_flag flags[] = {
		{.name = "data",
		 .kind = GT_FLAG_STRING,
		 .value = &o.data,
		 .arg = "DIR",
		 .usage = "folder of the database, the certificates and the kubeconfig"},
		{.name = "memory",
		 .kind = GT_FLAG_BOOL,
		 .value = &o.memory,
		 .usage = "keep everything in memory only"},
		{.name = "port",
		 .kind = GT_FLAG_INT,
		 .value = &o.port,
		 .arg = "N",
		 .usage = "port to listen on, 0 for any free one"},
		{.name = "bind",
		 .kind = GT_FLAG_STRING,
		 .value = &o.bind,
		 .arg = "ADDRESS",
		 .usage = "address to listen on"},
		{.name = "kubeconfig",
		 .kind = GT_FLAG_STRING,
		 .value = &o.kubeconfig,
		 .arg = "FILE",
		 .usage = "where to write the administrator's kubeconfig (default DIR/kubeconfig)"},
		{.name = "report-fd",
		 .kind = GT_FLAG_INT,
		 .value = &o.report_fd,
		 .arg = "N",
		 .usage = "file descriptor that gets a line of JSON when the server is ready"},
		{.name = "synchronous",
		 .kind = GT_FLAG_STRING,
		 .value = &o.sync,
		 .choices = sync_modes,
		 .usage = "full: writes survive a loss of power; normal: they survive a crash"},
		{.name = "simulate-delay",
		 .kind = GT_FLAG_DURATION,
		 .value = &o.delay,
		 .usage = "how long simulated workloads take to become ready"},
		{.name = "threads",
		 .kind = GT_FLAG_INT,
		 .value = &o.threads,
		 .arg = "N",
		 .usage = "requests worked on at a time"},
		{.name = "version",
		 .kind = GT_FLAG_BOOL,
		 .value = &o.version,
		 .usage = "print the version"},
		{.name = "help",
		 .short_name = 'h',
		 .kind = GT_FLAG_BOOL,
		 .value = &o.help,
		 .usage = "print this"},
		GT_FLAG_END,
	};
	struct gt_flag_set sets[] = {{"Flags", flags}, {0}};
	struct gt_args args = {0};
	struct gt_err err = {0};

	/* Worker threads would each keep a heap of their own. */
	mallopt(M_ARENA_MAX, 2);
	umask(077);
	/* A file that may not grow is an error of the write, as a full disk is. */
	signal(SIGXFSZ, SIG_IGN);
	if (gt_flags_parse(sets, argc - 1, argv + 1, false, &args, &err) < 0 ||
	    (args.n > 0 && gt_fail(&err, GT_E_INVALID, "unexpected argument: %s", args.v[0]) < 0)) {
		gt_args_fini(&args);
		fail(&err);
		return 2;
	}
	gt_args_fini(&args);
	return o.help ? usage(flags, stdout) : obey(&o);
}
