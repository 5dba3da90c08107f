#include "net/pool.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "base/alloc.h"
#include "base/future.h"
#include "base/str.h"
#include "base/time.h"
#include "base/trim.h"
#include "base/vec.h"

/*
 * A thread without work for so long ends: its stack goes back, and with the last one what malloc
 * kept for all of them.  An idle process is then as small as a fresh one.
 */
#define IDLE_NS GT_SECONDS(5)

struct job {
	struct gt_list node;
	void (*fn)(void *arg);
	void *arg;
};

struct gt_pool {
	pthread_mutex_t lock;
	pthread_cond_t work; /* a job was queued, or the pool is closing */
	pthread_cond_t idle; /* nothing is queued or running */
	struct gt_list jobs;
	size_t queued;
	unsigned running;
	unsigned waiting; /* threads with nothing to do */
	unsigned max;
	size_t stack;
	bool closing;
	char name[16];
	GT_VEC(pthread_t) threads;
	GT_VEC(pthread_t) ended; /* to be joined */
};

struct gt_pool *gt_pool_new(const char *name, unsigned threads, size_t stack)
{
	struct gt_pool *pool = gt_new(struct gt_pool);

	pthread_condattr_t monotonic;

	pthread_mutex_init(&pool->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&pool->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pthread_cond_init(&pool->idle, NULL);
	gt_list_init(&pool->jobs);
	pool->max = threads ? threads : 1;
	pool->stack = stack ? stack : GT_POOL_STACK;
	snprintf(pool->name, sizeof pool->name, "%s", name);
	return pool;
}

/* The next job; NULL when the pool is closing, or there was none for IDLE_NS.  Called locked. */
static struct job *next_job(struct gt_pool *pool)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += IDLE_NS / GT_NS_PER_S;
	while (gt_list_empty(&pool->jobs)) {
		if (pool->closing || rc == ETIMEDOUT)
			return NULL;
		pool->waiting++;
		rc = pthread_cond_timedwait(&pool->work, &pool->lock, &until);
		pool->waiting--;
	}
	struct job *job = gt_container_of(pool->jobs.next, struct job, node);
	gt_list_remove(&job->node);
	pool->queued--;
	pool->running++;
	return job;
}

/* The calling thread is one of the pool's no more; whether it was the last.  Called locked. */
static bool leave(struct gt_pool *pool)
{
	pthread_t self = pthread_self();

	for (size_t i = 0; i < pool->threads.n; i++) {
		if (!pthread_equal(pool->threads.v[i], self))
			continue;
		gt_vec_remove(&pool->threads, i);
		gt_vec_push(&pool->ended, self);
		break;
	}
	return pool->threads.n == 0;
}

static void *worker(void *arg)
{
	struct gt_pool *pool = arg;
	struct job *job;

	pthread_mutex_lock(&pool->lock);
	while ((job = next_job(pool)) != NULL) {
		pthread_mutex_unlock(&pool->lock);
		job->fn(job->arg);
		free(job);
		pthread_mutex_lock(&pool->lock);
		if (--pool->running == 0 && pool->queued == 0)
			pthread_cond_broadcast(&pool->idle);
	}
	bool last = !pool->closing && leave(pool);
	pthread_mutex_unlock(&pool->lock);
	if (last)
		gt_trim_memory();
	return NULL;
}

/* Called locked: nobody else joins what is in the list. */
static void join_ended(struct gt_pool *pool)
{
	for (size_t i = 0; i < pool->ended.n; i++)
		pthread_join(pool->ended.v[i], NULL);
	pool->ended.n = 0;
}

/* Called locked.  Without a single thread there would be no progress, hence the abort. */
static void start_thread(struct gt_pool *pool)
{
	pthread_attr_t attr;
	pthread_t thread;

	join_ended(pool);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, pool->stack);
	int rc = pthread_create(&thread, &attr, worker, pool);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		if (pool->threads.n > 0)
			return;
		fprintf(stderr, "start a thread of pool %s: error %d\n", pool->name, rc);
		abort();
	}
	pthread_setname_np(thread, pool->name);
	gt_vec_push(&pool->threads, thread);
}

void gt_pool_submit(struct gt_pool *pool, void (*fn)(void *arg), void *arg)
{
	struct job *job = gt_new(struct job);

	job->fn = fn;
	job->arg = arg;
	pthread_mutex_lock(&pool->lock);
	gt_list_append(&pool->jobs, &job->node);
	pool->queued++;
	if (pool->queued > pool->waiting && pool->threads.n < pool->max)
		start_thread(pool);
	pthread_cond_signal(&pool->work);
	pthread_mutex_unlock(&pool->lock);
}

void gt_pool_drain(struct gt_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->queued > 0 || pool->running > 0)
		pthread_cond_wait(&pool->idle, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

void gt_pool_free(struct gt_pool *pool)
{
	if (!pool)
		return;
	gt_pool_drain(pool);
	pthread_mutex_lock(&pool->lock);
	pool->closing = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; i < pool->threads.n; i++)
		pthread_join(pool->threads.v[i], NULL);
	join_ended(pool);
	gt_vec_fini(&pool->threads);
	gt_vec_fini(&pool->ended);
	pthread_cond_destroy(&pool->work);
	pthread_cond_destroy(&pool->idle);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

unsigned gt_pool_running(struct gt_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	unsigned n = pool->running;
	pthread_mutex_unlock(&pool->lock);
	return n;
}

size_t gt_pool_queued(struct gt_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	size_t n = pool->queued;
	pthread_mutex_unlock(&pool->lock);
	return n;
}

/* The processors that the cgroup's quota amounts to, rounded up; 0 for no quota. */
static unsigned cgroup_cpus(void)
{
	gt_autofree char *line = NULL;
	size_t cap = 0;
	FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
	uint64_t quota, period;
	unsigned n = 0;

	if (!f)
		return 0;
	ssize_t len = getline(&line, &cap, f);
	fclose(f);
	if (len <= 0)
		return 0;
	struct gt_str text = gt_str_trim(gt_strn(line, (size_t)len));
	size_t space = gt_str_find(text, ' ');
	if (space != SIZE_MAX && gt_str_u64(gt_str_sub(text, 0, space), &quota) &&
	    gt_str_u64(gt_str_from(text, space + 1), &period) && period > 0 && quota > 0)
		n = (unsigned)((quota - 1) / period + 1);
	return n;
}

unsigned gt_cpu_count(void)
{
	cpu_set_t set;
	unsigned n = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		n = (unsigned)CPU_COUNT(&set);
	unsigned quota = cgroup_cpus();
	if (quota > 0 && quota < n)
		n = quota;
	return n ? n : 1;
}

struct waiter {
	struct gt_list node;
	struct gt_gate *gate;
	struct gt_future granted;
	bool gave_up;
};

void gt_gate_init(struct gt_gate *gate, unsigned slots)
{
	pthread_mutex_init(&gate->lock, NULL);
	gate->free = slots ? slots : gt_cpu_count();
	gt_list_init(&gate->waiters);
}

void gt_gate_fini(struct gt_gate *gate)
{
	pthread_mutex_destroy(&gate->lock);
}

/* The waiter's context ended: delivers unless a slot was granted at the same time. */
static void give_up(void *arg)
{
	struct waiter *w = arg;

	pthread_mutex_lock(&w->gate->lock);
	bool waiting = !gt_list_empty(&w->node);
	if (waiting) {
		gt_list_remove(&w->node);
		w->gave_up = true;
	}
	pthread_mutex_unlock(&w->gate->lock);
	if (waiting)
		gt_future_deliver(&w->granted);
}

int gt_gate_enter(struct gt_gate *gate, struct gt_ctx *ctx, struct gt_err *err)
{
	struct waiter w = {.gate = gate};
	int rc = gt_ctx_check(ctx, err);

	if (rc < 0)
		return rc;
	pthread_mutex_lock(&gate->lock);
	if (gate->free > 0) {
		gate->free--;
		pthread_mutex_unlock(&gate->lock);
		return GT_OK;
	}
	gt_future_init(&w.granted);
	gt_list_append(&gate->waiters, &w.node);
	pthread_mutex_unlock(&gate->lock);

	rc = gt_future_wait(&w.granted, ctx, give_up, &w, err);
	gt_future_fini(&w.granted);
	if (rc < 0 && !w.gave_up)
		gt_gate_leave(gate);
	return rc;
}

void gt_gate_leave(struct gt_gate *gate)
{
	struct waiter *w = NULL;

	pthread_mutex_lock(&gate->lock);
	if (gt_list_empty(&gate->waiters)) {
		gate->free++;
	} else {
		w = gt_container_of(gate->waiters.next, struct waiter, node);
		gt_list_remove(&w->node);
	}
	pthread_mutex_unlock(&gate->lock);
	if (w)
		gt_future_deliver(&w->granted);
}
