/* What the two halves of the waiter share: runtime/waiter.c (waits) and runtime/waiter_share.c
 * (the watches they share).  Loop thread, unless a lock is named. */
#ifndef GT_RUNTIME_WAITER_INT_H
#define GT_RUNTIME_WAITER_INT_H

#include <pthread.h>

#include "base/list.h"
#include "base/map.h"
#include "base/vec.h"
#include "runtime/informer.h"
#include "runtime/waiter.h"

struct gt_share;
struct gt_timer;

/* One object that one wait is about. */
struct gt_slot {
	struct gt_pending *pending;
	struct gt_ref ref;             /* strings in the pending's arena */
	const struct gt_resource *res; /* NULL: the server does not know the kind */
	const char *key;               /* "ns/name" */
	const char *seen;              /* NULL: not looked at */
	struct gt_share *share;
	bool settled;
	bool failed;
	bool ttl; /* a Job that is deleted when it has finished */
};

struct gt_slots {
	GT_VEC(struct gt_slot *) v;
};

/* One watch, shared.  Loop thread, but for the fields that the waiter's lock guards. */
struct gt_share {
	struct gt_waiter *waiter;
	char *key;
	struct gt_informer *informer; /* guarded for readers; NULL when it may not be watched */
	struct gt_map slots;          /* "ns/name" -> struct gt_slots */
	size_t users;                 /* waits */
	struct gt_timer *linger;
	/* Where it may not be watched: what is read instead. */
	struct gt_kube *kube;
	const struct gt_resource *res;
	struct gt_timer *poll;
	struct gt_list reads; /* of struct read.node, under way */
	int64_t refused_at;   /* monotonic; 0: never */
};

struct gt_waiter {
	struct gt_loop *loop;
	const struct gt_log *log;
	pthread_mutex_t lock; /* shares, and share.informer, against readers */
	struct gt_map shares; /* key -> struct gt_share */
	bool closing;
};

struct gt_pending {
	struct gt_waiter *waiter;
	struct gt_kube *kube;
	struct gt_arena arena;
	struct gt_slot *slots;
	size_t n;
	enum gt_wait_mode mode;
	bool fail_fast;
	gt_judge_fn judge;
	void *judge_arg;
	bool whole;
	int64_t deadline; /* monotonic; INT64_MAX: none */
	void (*wake)(void *arg, enum gt_wake why);
	void *arg;

	/* Loop thread. */
	struct gt_timer *timer;
	size_t unsettled;
	bool begun, over;
	bool abandoned; /* cancelled before it began: begin() frees it */
};

/* waiter.c: the slot's object is in a (new) state; NULL: it does not exist. */
void gt_slot__changed(struct gt_slot *s, const struct gt_node *obj);

/* waiter_share.c */
void gt_share__join(struct gt_waiter *w, struct gt_slot *s);
void gt_share__leave(struct gt_slot *s);
/* Tells a slot that has joined what is known already, or asks for it. */
void gt_share__look(struct gt_slot *s);
void gt_share__free(struct gt_share *sh);

#endif
