#include "runtime/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/time.h"
#include "base/vec.h"
#include "runtime/metrics.h"
#include "runtime/queue_metrics.h"

#define MIN_DELAY GT_MILLIS(750)
#define MAX_DELAY GT_SECONDS(900)

enum place { NOWHERE, READY, DELAYED };

struct item {
	struct gt_key key;
	enum place place;
	size_t at; /* index in its heap */
	int priority;
	int64_t ready_at; /* DELAYED: monotonic time */
	uint64_t seq;     /* READY: order of arrival */
	unsigned failures;
	int64_t added_at;   /* when it became ready, for metrics */
	int64_t started_at; /* when it was taken */
	bool processing;
	bool delayed; /* became ready because its time came */
	/* Added while processing: what to do at done. */
	bool dirty;
	int dirty_priority;
	int64_t dirty_at; /* 0: at once */
};

struct heap {
	struct item **v;
	size_t n, cap;
};

struct gt_queue {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct gt_queue_opts opts;
	struct gt_map items; /* "ns/name" -> struct item: waiting, processing or failing */
	struct heap ready, delayed;
	uint64_t seq;
	bool closed;
	struct gt_queue_metrics metrics;
};

/* --- heaps ----------------------------------------------------------------------------------- */

static bool before(const struct item *x, const struct item *y)
{
	if (x->place == DELAYED)
		return x->ready_at < y->ready_at;
	return x->priority != y->priority ? x->priority > y->priority : x->seq < y->seq;
}

static void put_at(struct heap *h, size_t i, struct item *it)
{
	h->v[i] = it;
	it->at = i;
}

static void sift_up(struct heap *h, size_t i)
{
	struct item *it = h->v[i];

	for (; i > 0 && before(it, h->v[(i - 1) / 2]); i = (i - 1) / 2)
		put_at(h, i, h->v[(i - 1) / 2]);
	put_at(h, i, it);
}

static void sift_down(struct heap *h, size_t i)
{
	struct item *it = h->v[i];

	for (;;) {
		size_t child = 2 * i + 1;
		if (child >= h->n)
			break;
		if (child + 1 < h->n && before(h->v[child + 1], h->v[child]))
			child++;
		if (!before(h->v[child], it))
			break;
		put_at(h, i, h->v[child]);
		i = child;
	}
	put_at(h, i, it);
}

static void heap_push(struct heap *h, struct item *it)
{
	h->v = gt__vec_grow(h->v, &h->cap, h->n, sizeof *h->v);
	h->v[h->n] = it;
	it->at = h->n++;
	sift_up(h, it->at);
}

static void heap_remove(struct heap *h, struct item *it)
{
	size_t i = it->at;
	struct item *last = h->v[--h->n];

	if (last == it)
		return;
	put_at(h, i, last);
	sift_up(h, i);
	sift_down(h, last->at);
}

/* --- items; called locked -------------------------------------------------------------------- */

static void item_free(void *p)
{
	free(p);
}

static struct item *find_or_make(struct gt_queue *q, struct gt_key key)
{
	gt_autofree char *name = gt_xasprintf("%s/%s", key.ns, key.name);
	struct item *it = gt_map_find(&q->items, gt_str(name));

	if (it)
		return it;
	size_t ns = strlen(key.ns) + 1, n = strlen(key.name) + 1;
	it = gt_xcalloc(1, sizeof *it + ns + n);
	char *text = (char *)(it + 1);
	memcpy(text, key.ns, ns);
	memcpy(text + ns, key.name, n);
	it->key = (struct gt_key){text, text + ns};
	gt_map_put(&q->items, gt_str(name), it);
	return it;
}

/* Forgets an item that is neither waiting nor processing nor failing. */
static void drop_if_idle(struct gt_queue *q, struct item *it)
{
	if (it->place != NOWHERE || it->processing || it->failures > 0)
		return;
	gt_autofree char *name = gt_xasprintf("%s/%s", it->key.ns, it->key.name);
	gt_map_del(&q->items, gt_str(name));
}

static void take_out(struct gt_queue *q, struct item *it)
{
	if (it->place == READY) {
		heap_remove(&q->ready, it);
		gt_queue_metrics_depth(&q->metrics, it->priority, -1);
	} else if (it->place == DELAYED) {
		heap_remove(&q->delayed, it);
	}
	it->place = NOWHERE;
}

static void make_ready(struct gt_queue *q, struct item *it, int priority)
{
	it->place = READY;
	it->priority = priority;
	it->seq = ++q->seq;
	it->added_at = gt_now_mono();
	heap_push(&q->ready, it);
	gt_queue_metrics_depth(&q->metrics, priority, 1);
	pthread_cond_signal(&q->cond);
}

static void make_delayed(struct gt_queue *q, struct item *it, int priority, int64_t at)
{
	it->place = DELAYED;
	it->priority = priority;
	it->ready_at = at;
	heap_push(&q->delayed, it);
	pthread_cond_signal(&q->cond);
}

/* at 0: now. */
static void insert(struct gt_queue *q, struct item *it, int priority, int64_t at)
{
	if (it->processing) {
		it->dirty_priority =
			it->dirty && it->dirty_priority > priority ? it->dirty_priority : priority;
		it->dirty_at = it->dirty && it->dirty_at < at ? it->dirty_at : at;
		it->dirty = true;
		return;
	}
	if (it->place == READY) {
		if (priority > it->priority) {
			take_out(q, it);
			make_ready(q, it, priority);
		}
		return;
	}
	if (it->place == DELAYED) {
		priority = it->priority > priority ? it->priority : priority;
		if (at != 0 && at > it->ready_at)
			at = it->ready_at;
		take_out(q, it);
	} else {
		gt_queue_metrics_added(&q->metrics);
	}
	it->delayed = at != 0;
	if (at == 0)
		make_ready(q, it, priority);
	else
		make_delayed(q, it, priority, at);
}

/* Moves what is due from the delayed heap to the ready one. */
static void promote(struct gt_queue *q)
{
	int64_t now = gt_now_mono();

	while (q->delayed.n > 0 && q->delayed.v[0]->ready_at <= now) {
		struct item *it = q->delayed.v[0];
		take_out(q, it);
		make_ready(q, it, it->priority);
	}
}

/* --- the interface --------------------------------------------------------------------------- */

struct gt_queue *gt_queue_new(const struct gt_queue_opts *opts)
{
	struct gt_queue *q = gt_new(struct gt_queue);
	pthread_condattr_t attr;

	q->opts = *opts;
	if (q->opts.min_delay_ns <= 0)
		q->opts.min_delay_ns = MIN_DELAY;
	if (q->opts.max_delay_ns <= 0)
		q->opts.max_delay_ns = MAX_DELAY;
	pthread_mutex_init(&q->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&q->cond, &attr);
	pthread_condattr_destroy(&attr);
	gt_map_init(&q->items, item_free);
	gt_queue_metrics_init(&q->metrics, opts->metrics, opts->name);
	return q;
}

void gt_queue_free(struct gt_queue *q)
{
	if (!q)
		return;
	gt_map_fini(&q->items);
	free(q->ready.v);
	free(q->delayed.v);
	pthread_cond_destroy(&q->cond);
	pthread_mutex_destroy(&q->lock);
	free(q);
}

static void notify(struct gt_queue *q)
{
	if (q->opts.ready)
		q->opts.ready(q->opts.arg);
}

void gt_queue_add_after(struct gt_queue *q, struct gt_key key, int priority, int64_t ns)
{
	pthread_mutex_lock(&q->lock);
	bool open = !q->closed;
	if (open)
		insert(q, find_or_make(q, key), priority, ns > 0 ? gt_now_mono() + ns : 0);
	pthread_mutex_unlock(&q->lock);
	if (open)
		notify(q);
}

void gt_queue_add(struct gt_queue *q, struct gt_key key, int priority)
{
	gt_queue_add_after(q, key, priority, 0);
}

static int64_t backoff(const struct gt_queue *q, unsigned failures)
{
	int64_t delay = q->opts.min_delay_ns;

	for (unsigned i = 0; i < failures && delay < q->opts.max_delay_ns; i++)
		delay *= 2;
	return delay < q->opts.max_delay_ns ? delay : q->opts.max_delay_ns;
}

int64_t gt_queue_add_backoff(struct gt_queue *q, struct gt_key key, int priority)
{
	int64_t delay = 0;

	pthread_mutex_lock(&q->lock);
	bool open = !q->closed;
	if (open) {
		struct item *it = find_or_make(q, key);
		delay = backoff(q, it->failures);
		if (it->failures < 62)
			it->failures++;
		insert(q, it, priority, gt_now_mono() + delay);
		gt_queue_metrics_retried(&q->metrics);
	}
	pthread_mutex_unlock(&q->lock);
	if (open)
		notify(q);
	return delay;
}

void gt_queue_forget(struct gt_queue *q, struct gt_key key)
{
	gt_autofree char *name = gt_xasprintf("%s/%s", key.ns, key.name);

	pthread_mutex_lock(&q->lock);
	struct item *it = gt_map_find(&q->items, gt_str(name));
	if (it) {
		it->failures = 0;
		drop_if_idle(q, it);
	}
	pthread_mutex_unlock(&q->lock);
}

/* Called locked. */
static bool take_ready(struct gt_queue *q, struct gt_work *ret_work)
{
	promote(q);
	if (q->closed || q->ready.n == 0)
		return false;
	struct item *it = q->ready.v[0];
	take_out(q, it);
	it->processing = true;
	it->started_at = gt_now_mono();
	gt_queue_metrics_taken(&q->metrics, it->started_at - it->added_at);
	*ret_work = (struct gt_work){
		.key = it->key, .priority = it->priority, .delayed = it->delayed, .item = it};
	return true;
}

bool gt_queue_try(struct gt_queue *q, struct gt_work *ret_work)
{
	pthread_mutex_lock(&q->lock);
	bool got = take_ready(q, ret_work);
	pthread_mutex_unlock(&q->lock);
	return got;
}

bool gt_queue_take(struct gt_queue *q, struct gt_work *ret_work)
{
	bool got;

	pthread_mutex_lock(&q->lock);
	while (!(got = take_ready(q, ret_work)) && !q->closed) {
		if (q->delayed.n == 0) {
			pthread_cond_wait(&q->cond, &q->lock);
			continue;
		}
		int64_t at = q->delayed.v[0]->ready_at;
		struct timespec until = {.tv_sec = at / GT_NS_PER_S, .tv_nsec = at % GT_NS_PER_S};
		pthread_cond_timedwait(&q->cond, &q->lock, &until);
	}
	pthread_mutex_unlock(&q->lock);
	return got;
}

void gt_queue_done(struct gt_queue *q, struct gt_work *work)
{
	struct item *it = work->item;

	pthread_mutex_lock(&q->lock);
	gt_queue_metrics_done(&q->metrics, gt_now_mono() - it->started_at);
	it->processing = false;
	bool again = it->dirty && !q->closed;
	it->dirty = false;
	if (again)
		insert(q, it, it->dirty_priority, it->dirty_at);
	else
		drop_if_idle(q, it);
	pthread_mutex_unlock(&q->lock);
	work->item = NULL;
	if (again)
		notify(q);
}

void gt_queue_close(struct gt_queue *q)
{
	pthread_mutex_lock(&q->lock);
	q->closed = true;
	pthread_cond_broadcast(&q->cond);
	pthread_mutex_unlock(&q->lock);
}

int64_t gt_queue_next(struct gt_queue *q)
{
	pthread_mutex_lock(&q->lock);
	int64_t at = q->ready.n > 0     ? gt_now_mono()
		     : q->delayed.n > 0 ? q->delayed.v[0]->ready_at
					: INT64_MAX;
	pthread_mutex_unlock(&q->lock);
	return at;
}

size_t gt_queue_len(struct gt_queue *q)
{
	pthread_mutex_lock(&q->lock);
	size_t n = q->ready.n + q->delayed.n;
	pthread_mutex_unlock(&q->lock);
	return n;
}

void gt_queue_longest(struct gt_queue *q, double *ret_unfinished, double *ret_longest)
{
	int64_t now = gt_now_mono(), sum = 0, longest = 0;

	pthread_mutex_lock(&q->lock);
	gt_map_for_each (&q->items, e) {
		const struct item *it = e->value;
		if (!it->processing)
			continue;
		int64_t age = now - it->started_at;
		sum += age;
		longest = age > longest ? age : longest;
	}
	pthread_mutex_unlock(&q->lock);
	*ret_unfinished = (double)sum / 1e9;
	*ret_longest = (double)longest / 1e9;
}
