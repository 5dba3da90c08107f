/*
 * gt_queue - the keys that wait for a reconcile (upstream: controller-runtime's priority queue).
 *
 * A key is in the queue at most once: adding it again keeps the higher priority and the earlier
 * time.  A key being worked on is never handed out a second time; added meanwhile, it comes back
 * after gt_queue_done().  Ready keys leave by priority, then first in, first out.  Any thread.
 */
#ifndef GT_RUNTIME_QUEUE_H
#define GT_RUNTIME_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kube/resource.h"

#define GT_PRIORITY_NORMAL 0
#define GT_PRIORITY_LOW (-100) /* initial listing, resync */

struct gt_queue;
struct gt_metrics;

struct gt_queue_opts {
	const char *name;           /* label of the workqueue_* metrics */
	struct gt_metrics *metrics; /* may be NULL */
	int64_t min_delay_ns;       /* first back-off; 0: 750 ms */
	int64_t max_delay_ns;       /* cap of the back-off; 0: 15 min */
	/* Told, without the queue's lock, that a key may have become ready; may be NULL. */
	void (*ready)(void *arg);
	void *arg;
};

struct gt_queue *gt_queue_new(const struct gt_queue_opts *opts);
/* Nobody may be blocked in gt_queue_take(). */
void gt_queue_free(struct gt_queue *q);

void gt_queue_add(struct gt_queue *q, struct gt_key key, int priority);
/* ns <= 0 is now. */
void gt_queue_add_after(struct gt_queue *q, struct gt_key key, int priority, int64_t ns);
/* After the key's back-off, which doubles each time; returns the delay. */
int64_t gt_queue_add_backoff(struct gt_queue *q, struct gt_key key, int priority);
/* The key's next back-off starts at the minimum again. */
void gt_queue_forget(struct gt_queue *q, struct gt_key key);

/* A key handed out; its strings live until gt_queue_done(). */
struct gt_work {
	struct gt_key key;
	int priority;
	bool delayed; /* its time came; nobody asked for it meanwhile */
	void *item;   /* private */
};

/* Waits for a ready key.  False once the queue is closed. */
bool gt_queue_take(struct gt_queue *q, struct gt_work *ret_work);
/* As above without waiting: false when nothing is ready. */
bool gt_queue_try(struct gt_queue *q, struct gt_work *ret_work);
void gt_queue_done(struct gt_queue *q, struct gt_work *work);

/* Nothing more is handed out; blocked takers return. */
void gt_queue_close(struct gt_queue *q);

/* Monotonic time of the next delayed key, INT64_MAX for none; and whether a key is ready. */
int64_t gt_queue_next(struct gt_queue *q);
size_t gt_queue_len(struct gt_queue *q); /* waiting keys, delayed ones included */

/* Seconds that the keys being worked on have taken so far: all of them, and the slowest. */
void gt_queue_longest(struct gt_queue *q, double *ret_unfinished, double *ret_longest);

#endif
