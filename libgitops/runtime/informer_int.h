/* What the two halves of an informer share: runtime/informer.c (the reflector, loop thread) and
 * runtime/informer_read.c (set-up and readers). */
#ifndef GT_RUNTIME_INFORMER_INT_H
#define GT_RUNTIME_INFORMER_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "runtime/informer.h"
#include "runtime/objects_int.h"

struct gt_watch;
struct gt_list_call;
struct gt_timer;

struct gt_informer_handler {
	gt_informer_fn fn;
	void *arg;
};

struct gt_informer {
	struct gt_kube *kube;
	const struct gt_resource *res;
	struct gt_informer_opts opts; /* strings owned */
	GT_VEC(char *) paths;         /* owned, NULL-terminated when used */
	bool whole;                   /* keep everything */

	pthread_mutex_t lock; /* store, synced, problem; the loop alone writes them */
	pthread_cond_t cond;  /* synced */
	struct gt_objects store;
	atomic_bool synced;
	struct gt_err problem;

	/* Loop thread only. */
	GT_VEC(struct gt_informer_handler) handlers;
	void (*on_synced)(void *arg);
	void (*on_problem)(void *arg, const struct gt_err *err);
	void *observer;
	struct gt_map incoming; /* snapshot being received: key -> struct gt_object */
	struct gt_watch *watch;
	struct gt_list_call *list;
	struct gt_timer *timer, *resync;
	char *rv; /* of the last event or list; NULL at first, "" when it expired */
	int64_t backoff, round_started, opened_at;
	bool opened; /* the server answered the watch of this round */
	bool started, stopping, dying;
	bool initial_phase; /* gathering the snapshot from a stream */
	bool events_seen;   /* in this round */
	bool relist;        /* the next round cannot go on from rv */
	bool no_watch_list; /* the server does not stream lists */
	bool paged, no_pages;
};

/* What to keep, as gt_project takes it. */
const char *const *gt_informer__paths(const struct gt_informer *inf);
void gt_informer__free_opts(struct gt_informer *inf);

#endif
