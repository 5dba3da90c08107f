/* What the files of the manager and the controllers share. */
#ifndef GT_RUNTIME_MANAGER_INT_H
#define GT_RUNTIME_MANAGER_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "base/vec.h"
#include "kube/lease.h"
#include "net/pool.h"
#include "runtime/depends.h"
#include "runtime/manager.h"

struct gt_http_server;
struct gt_router;
struct gt_timer;

/* Counters of reconciles; see runtime/controller_metrics.c. */
struct gt_controller_metrics {
	struct gt_metric *total, *errors, *terminal, *panics, *timeouts, *time, *max, *active;
	struct gt_metric *duration; /* gotk_reconcile_duration_seconds */
};

/* What a key keeps between runs; only while it waits. */
struct gt_keystate {
	struct gt_controller *controller;
	char *ns, *name;
	int priority;
	struct gt_pending *pending;
	atomic_bool woken;
	enum gt_wake why; /* written before woken */
	void *wait_state;
	void (*wait_state_free)(void *);
};

struct gt_controller {
	struct gt_manager *manager;
	struct gt_controller_opts opts;
	struct gt_informer *informer;
	struct gt_queue *queue;
	struct gt_timer *timer; /* for delayed keys; loop thread */
	unsigned running;       /* workers at it; loop thread */
	atomic_bool posted;     /* a dispatch is on its way to the loop */
	pthread_mutex_t lock;   /* guards states */
	struct gt_map states;   /* "ns/name" -> struct gt_keystate */
	struct gt_controller_metrics metrics;
	GT_VEC(void *) mappings; /* of other watches; malloc'ed */
};

struct gt_runnable {
	int (*start)(void *arg, struct gt_err *err);
	void (*stop)(void *arg);
	void *arg;
	bool started;
};

struct gt_readiness {
	char *name;
	bool (*fn)(void *arg);
	void *arg;
};

struct gt_manager {
	const struct gt_program *program;
	struct gt_common_flags flags;
	struct gt_log log;
	char *ns;
	struct gt_ctx ctx;
	struct gt_loop *loop;
	struct gt_pool *pool;
	struct gt_kube *kube;
	struct gt_metrics *metrics;
	struct gt_metric *requests; /* rest_client_requests_total */
	struct gt_waiter *waiter;
	struct gt_depends *depends;
	struct gt_events *events;
	struct gt_recorder *recorder;
	struct gt_lease *lease;
	struct gt_http_server *metrics_server, *health_server;
	struct gt_router *metrics_router, *health_router;
	GT_VEC(struct gt_informer *) informers;
	GT_VEC(struct gt_controller *) controllers;
	GT_VEC(struct gt_runnable) runnables;
	GT_VEC(struct gt_readiness) readiness;
	struct gt_map report; /* name -> address */

	atomic_bool active; /* workers may run: leading, or no election */
	atomic_bool ready;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t cond;
	bool stopping;
	bool lost;        /* leadership */
	unsigned running; /* reconciles under way */
};

/* controller.c */
void gt_controller__dispatch(struct gt_controller *c); /* any thread */
void gt_controller__free(struct gt_controller *c);
/* controller_run.c: one key, on a worker. */
void gt_controller__run(struct gt_controller *c, const struct gt_work *work);
void gt_keystate__free(struct gt_keystate *ks);
void gt_keystate__end_wait(struct gt_keystate *ks);

/* controller_metrics.c */
void gt_controller__metrics_init(struct gt_controller *c);
void gt_controller__refresh_metrics(void *controller);

/* flags of every controller: manager_flags.c.  Returns GT_E_CANCELLED after --help. */
int gt_manager__parse_flags(struct gt_manager *m, int argc, char **argv, struct gt_err *err);

/* probes.c; loop thread. */
int gt_manager__start_servers(struct gt_manager *m, struct gt_err *err);
void gt_manager__stop_servers(struct gt_manager *m);

/* Informers that a program asked for have synced and the rest holds. */
bool gt_manager__is_ready(struct gt_manager *m);

#endif
