/* The flags that every controller has, with Flux's names and defaults. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/time.h"
#include "gt_version.h"
#include "runtime/manager_int.h"

static void set_defaults(struct gt_common_flags *f, const char *concurrent)
{
	uint64_t n = 4;

	if (concurrent)
		gt_str_u64(gt_str(concurrent), &n);
	*f = (struct gt_common_flags){
		.metrics_addr = ":8080",
		.health_addr = ":9440",
		.events_addr = "",
		.log_level = "info",
		.log_encoding = "json",
		.kubeconfig = "",
		.context = "",
		.watch_label_selector = "",
		.watch_configs_label_selector = "reconcile.fluxcd.io/watch=Enabled",
		.feature_gates = "",
		.default_service_account = "",
		.watch_all_namespaces = true,
		.leader_election_release = true,
		.concurrent = (int64_t)n,
		.interval_jitter_percentage = 5,
		.http_retry = 9,
		.min_retry_delay = GT_MILLIS(750),
		.max_retry_delay = GT_SECONDS(900),
		.requeue_dependency = GT_SECONDS(30),
		.lease_duration = GT_SECONDS(35),
		.renew_deadline = GT_SECONDS(30),
		.retry_period = GT_SECONDS(5),
		.graceful_timeout = GT_SECONDS(30),
		.kube_api_qps = 50,
		.kube_api_burst = 300,
		.reconcile_memory_budget = (int64_t)GT_BUDGET_RECONCILE,
		.report_fd = -1,
	};
}

#define COMMON_FLAGS 40

static const char *const log_levels[] = {"trace", "debug", "info", "error", NULL};
static const char *const log_encodings[] = {"json", "console", NULL};

#define ROW(n, k, v, u, ...)                                                              \
	{                                                                                 \
		.name = (n), .kind = GT_FLAG_##k, .value = (v), .usage = (u), __VA_ARGS__ \
	}

static void fill_table(struct gt_flag *t, struct gt_common_flags *f)
{
	const struct gt_flag rows[] = {
		ROW("concurrent", INT, &f->concurrent,
		    "The number of concurrent reconciles per controller."),
		ROW("context", STRING, &f->context, "The kubeconfig context to use."),
		ROW("default-service-account", STRING, &f->default_service_account,
		    "Default service account used for impersonation."),
		ROW("enable-leader-election", BOOL, &f->leader_election,
		    "Ensure that only one of several replicas is active."),
		ROW("events-addr", STRING, &f->events_addr, "The address of the events receiver."),
		ROW("feature-gates", STRING, &f->feature_gates,
		    "A comma separated list of key=value pairs that turn features on and off."),
		ROW("graceful-shutdown-timeout", DURATION, &f->graceful_timeout,
		    "How long running reconciles may take to finish when the controller stops."),
		ROW("health-addr", STRING, &f->health_addr,
		    "The address the health endpoint binds to."),
		ROW("http-retry", INT, &f->http_retry,
		    "The maximum number of retries when fetching artifacts over HTTP."),
		ROW("insecure-kubeconfig-exec", BOOL, &f->insecure_kubeconfig_exec,
		    "Allow exec plugins in kubeconfigs of remote clusters."),
		ROW("insecure-kubeconfig-tls", BOOL, &f->insecure_kubeconfig_tls,
		    "Allow kubeconfigs of remote clusters to skip the verification of TLS."),
		ROW("interval-jitter-percentage", INT, &f->interval_jitter_percentage,
		    "Percentage of jitter to apply to the interval between reconciles."),
		ROW("kube-api-burst", INT, &f->kube_api_burst,
		    "The maximum burst of requests to an API server without priority and "
		    "fairness."),
		ROW("kube-api-qps", DOUBLE, &f->kube_api_qps,
		    "Requests a second to an API server without priority and fairness."),
		ROW("kubeconfig", STRING, &f->kubeconfig,
		    "Path of a kubeconfig; the default is the pod's service account."),
		ROW("leader-election-lease-duration", DURATION, &f->lease_duration,
		    "How long others wait before they take over from a silent leader."),
		ROW("leader-election-release-on-cancel", BOOL, &f->leader_election_release,
		    "Step down as leader when the controller stops."),
		ROW("leader-election-renew-deadline", DURATION, &f->renew_deadline,
		    "How long the leader tries to renew before it gives up."),
		ROW("leader-election-retry-period", DURATION, &f->retry_period,
		    "How long to wait between attempts to lead."),
		ROW("log-encoding", STRING, &f->log_encoding,
		    "Log encoding format. Can be 'json' or 'console'.", .choices = log_encodings),
		ROW("log-level", STRING, &f->log_level,
		    "Log verbosity level. Can be one of 'trace', 'debug', 'info', 'error'.",
		    .choices = log_levels),
		ROW("max-retry-delay", DURATION, &f->max_retry_delay,
		    "The maximum amount of time to wait between retries of a failing object."),
		ROW("metrics-addr", STRING, &f->metrics_addr,
		    "The address the metric endpoint binds to."),
		ROW("min-retry-delay", DURATION, &f->min_retry_delay,
		    "The minimum amount of time to wait between retries of a failing object."),
		ROW("no-cross-namespace-refs", BOOL, &f->no_cross_namespace_refs,
		    "Disallow references between objects of different namespaces."),
		ROW("reconcile-memory-budget", INT, &f->reconcile_memory_budget,
		    "Bytes of documents that one reconcile may hold."),
		ROW("report-fd", INT, &f->report_fd,
		    "File descriptor that gets one line of JSON when the controller is ready.",
		    .hidden = true),
		ROW("requeue-dependency", DURATION, &f->requeue_dependency,
		    "The interval at which failing dependencies are reevaluated."),
		ROW("watch-all-namespaces", BOOL, &f->watch_all_namespaces,
		    "Watch all namespaces, else only that of the controller."),
		ROW("watch-configs-label-selector", STRING, &f->watch_configs_label_selector,
		    "Watch only ConfigMaps and Secrets with matching labels."),
		ROW("watch-label-selector", STRING, &f->watch_label_selector,
		    "Watch only objects with matching labels."),
		GT_FLAG_END,
	};
	_Static_assert(GT_COUNT(rows) <= COMMON_FLAGS, "the table is too small");
	memcpy(t, rows, sizeof rows);
}

static int check(const struct gt_common_flags *f, struct gt_err *err)
{
	if (f->interval_jitter_percentage < 0 || f->interval_jitter_percentage >= 100)
		return gt_fail(err, GT_E_INVALID,
			       "the interval jitter percentage must be a non-negative value and "
			       "less than 100");
	if (f->concurrent < 1 || f->concurrent > 1000)
		return gt_fail(err, GT_E_INVALID,
			       "invalid argument \"%lld\" for \"--concurrent\" flag: must be "
			       "between 1 and 1000",
			       (long long)f->concurrent);
	if (f->min_retry_delay <= 0 || f->max_retry_delay < f->min_retry_delay)
		return gt_fail(err, GT_E_INVALID,
			       "--min-retry-delay must be positive and at most --max-retry-delay");
	if (f->reconcile_memory_budget < (int64_t)GT_MIB(1))
		return gt_fail(err, GT_E_INVALID,
			       "--reconcile-memory-budget must be at least 1048576 (1 MiB)");
	return GT_OK;
}

static void print_help(const struct gt_program *program, const struct gt_flag *common)
{
	gt_auto_buf out = {0};

	gt_buf_printf(&out, "Usage of %s:\n", program->name);
	if (program->flags)
		gt_flags_help(&out, program->flags);
	gt_flags_help(&out, common);
	fputs(gt_buf_cstr(&out), stdout);
}

/* --help and --version answer and end. */
static bool answered(const struct gt_program *program, const struct gt_flag *common, int argc,
		     char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			print_help(program, common);
			return true;
		}
		if (strcmp(argv[i], "--version") == 0) {
			printf("%s %s\n", program->name, GT_VERSION);
			return true;
		}
	}
	return false;
}

int gt_manager__parse_flags(struct gt_manager *m, int argc, char **argv, struct gt_err *err)
{
	const struct gt_program *program = m->program;
	struct gt_flag common[COMMON_FLAGS] = {0};
	struct gt_flag none = GT_FLAG_END;
	struct gt_args args = {0};

	set_defaults(&m->flags, program->default_concurrent);
	fill_table(common, &m->flags);
	if (answered(program, common, argc, argv))
		return gt_fail(err, GT_E_CANCELLED, "answered");
	struct gt_flag_set sets[] = {
		{"Flags", program->flags ? program->flags : &none},
		{"Common flags", common},
		{NULL, NULL},
	};
	int rc = gt_flags_parse(sets, argc - 1, argv + 1, false, &args, err);
	if (rc == GT_OK && args.n > 0)
		rc = gt_fail(err, GT_E_INVALID, "unexpected argument \"%s\"", args.v[0]);
	gt_args_fini(&args);
	return rc < 0 ? rc : check(&m->flags, err);
}
