/*
 * gt_pool - worker threads with small stacks, for straight-line code that may block; and gt_gate,
 * the semaphore that keeps the number of CPU-heavy stages at the number of processors.
 */
#ifndef GT_NET_POOL_H
#define GT_NET_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/ctx.h"
#include "base/err.h"
#include "base/list.h"

#define GT_POOL_STACK ((size_t)512 << 10)

struct gt_pool;

/*
 * Up to `threads` threads, named after `name` (at most 15 bytes shown), each started when work
 * first needs it, and ended after some seconds without.  stack 0 means GT_POOL_STACK.  Never NULL.
 */
struct gt_pool *gt_pool_new(const char *name, unsigned threads, size_t stack);

/* Waits for all submitted work, then ends the threads.  NULL is allowed. */
void gt_pool_free(struct gt_pool *pool);

/* Queues fn(arg), first in first out.  Any thread, the pool's own included; not after _free. */
void gt_pool_submit(struct gt_pool *pool, void (*fn)(void *arg), void *arg);

/* Waits until nothing is queued or running.  Any thread but the pool's own. */
void gt_pool_drain(struct gt_pool *pool);

/* Counts at this instant, for metrics.  Any thread. */
unsigned gt_pool_running(struct gt_pool *pool);
size_t gt_pool_queued(struct gt_pool *pool);

/* Processors this process may use (the affinity mask and the cgroup's quota), at least 1. */
unsigned gt_cpu_count(void);

/* A counting semaphore, first come first served. */
struct gt_gate {
	pthread_mutex_t lock;
	unsigned free;
	struct gt_list waiters;
};

/* slots 0 means gt_cpu_count(). */
void gt_gate_init(struct gt_gate *gate, unsigned slots);
void gt_gate_fini(struct gt_gate *gate); /* nobody inside or waiting */

/* Waits for a slot; the context's error when it ends first, and then no slot is held. */
int gt_gate_enter(struct gt_gate *gate, struct gt_ctx *ctx, struct gt_err *err);
void gt_gate_leave(struct gt_gate *gate);

#endif
