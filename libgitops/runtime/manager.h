/*
 * gt_manager - the frame of a controller program: flags, logs, loop, workers, client, informers,
 * health and metrics servers, leader election, signals, graceful stop.
 *
 *	int main(int argc, char **argv)
 *	{
 *		static const struct gt_program program = { .name = "source-controller", .setup =
 *setup
 *}; return gt_manager_main(&program, argc, argv);
 *	}
 *
 * setup() runs on the main thread, before anything starts: it registers controllers, informers and
 * runnables.  Start order: servers, informers (synced), leadership, runnables, workers; ready.
 */
#ifndef GT_RUNTIME_MANAGER_H
#define GT_RUNTIME_MANAGER_H

#include "base/flags.h"
#include "base/log.h"
#include "kube/events.h"
#include "runtime/controller.h"
#include "runtime/event_recorder.h"
#include "runtime/features.h"
#include "runtime/metrics.h"
#include "runtime/waiter.h"

struct gt_loop;
struct gt_pool;

struct gt_program {
	const char *name;               /* "source-controller" */
	struct gt_flag *flags;          /* its own, besides the common ones; may be NULL */
	struct gt_feature *features;    /* its gates; may be NULL */
	const char *default_concurrent; /* of --concurrent; NULL: "4" */
	/* Registers everything; main thread.  A failure ends the program with status 1. */
	int (*setup)(struct gt_manager *m, struct gt_err *err);
	/* After the workers are gone, before the loop ends; may be NULL.  Main thread. */
	void (*teardown)(struct gt_manager *m);
};

/* Runs the program; the exit status. */
int gt_manager_main(const struct gt_program *program, int argc, char **argv);

/* The values of the common flags. */
struct gt_common_flags {
	const char *metrics_addr, *health_addr, *events_addr;
	const char *log_level, *log_encoding;
	const char *kubeconfig, *context;
	const char *watch_label_selector, *watch_configs_label_selector;
	const char *feature_gates, *default_service_account;
	bool watch_all_namespaces, no_cross_namespace_refs, leader_election;
	bool insecure_kubeconfig_exec, insecure_kubeconfig_tls, leader_election_release;
	int64_t concurrent, interval_jitter_percentage, http_retry;
	int64_t min_retry_delay, max_retry_delay, requeue_dependency;
	int64_t lease_duration, renew_deadline, retry_period, graceful_timeout;
	double kube_api_qps;
	int64_t kube_api_burst;
	int64_t reconcile_memory_budget; /* bytes */
	int64_t report_fd;               /* -1: none */
};
const struct gt_common_flags *gt_manager_flags(const struct gt_manager *m);

struct gt_loop *gt_manager_loop(struct gt_manager *m);
struct gt_kube *gt_manager_kube(struct gt_manager *m);
struct gt_metrics *gt_manager_metrics(struct gt_manager *m);
struct gt_waiter *gt_manager_waiter(struct gt_manager *m);
struct gt_events *gt_manager_events(struct gt_manager *m);
/* Emits a Kubernetes Event and posts to --events-addr. */
struct gt_recorder *gt_manager_recorder(struct gt_manager *m);
const struct gt_log *gt_manager_log(const struct gt_manager *m);
const char *gt_manager_name(const struct gt_manager *m);      /* "source-controller" */
const char *gt_manager_namespace(const struct gt_manager *m); /* RUNTIME_NAMESPACE, the pod's, or
								 "flux-system" */
bool gt_manager_feature(const struct gt_manager *m, const char *name);
/* Cancelled when the program stops. */
struct gt_ctx *gt_manager_ctx(struct gt_manager *m);

/* --interval-jitter-percentage applied. */
int64_t gt_manager_jitter(const struct gt_manager *m, int64_t interval_ns);

/*
 * The informer of a resource, shared by everyone who asks with the same scope; NULL opts take the
 * manager's scope (--watch-all-namespaces).  Paths of a second caller are added before the start.
 */
struct gt_informer *gt_manager_informer(struct gt_manager *m, const struct gt_resource *r,
					const char *const *paths);

/* Something that starts after the informers have synced, and with leader election not before this
 * replica leads, and stops before they do (a file server, a garbage collector).  start runs on the
 * loop thread.  Both may be NULL. */
void gt_manager_runnable(struct gt_manager *m, int (*start)(void *arg, struct gt_err *err),
			 void (*stop)(void *arg), void *arg);

/* Must hold before /readyz says 200; NULL arg allowed.  Any thread calls fn. */
void gt_manager_readiness(struct gt_manager *m, const char *name, bool (*fn)(void *arg), void *arg);

/* Adds "name": "addr" to the line written to --report-fd.  Before readiness. */
void gt_manager_report(struct gt_manager *m, const char *name, const char *addr);

/* Ends the program as SIGTERM does.  Any thread. */
void gt_manager_stop(struct gt_manager *m);

#endif
