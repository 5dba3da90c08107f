/* A watch consumed by a thread that blocks. */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/limits.h"
#include "base/list.h"
#include "base/time.h"
#include "kube/object.h"
#include "kube/watch_int.h"
#include "net/loop.h"

struct element {
	struct gt_list node;
	size_t n;
	char text[];
};

/* Lives on the consumer's stack until the stream has ended. */
struct pipe {
	struct gt_kube *kube;
	const struct gt_resource *res;
	const char *ns;
	const struct gt_watch_opts *opts;
	struct gt_watch *watch; /* loop thread */

	pthread_mutex_t lock;
	pthread_cond_t cond;
	struct gt_list elements;
	bool ended, interrupted;
	bool failed;
	struct gt_err err;
};

static int put_element(void *arg, struct gt_str text, struct gt_err *err)
{
	struct pipe *p = arg;
	struct element *e = gt_xmalloc(sizeof *e + text.n);

	(void)err;
	e->n = text.n;
	memcpy(e->text, text.p, text.n);
	pthread_mutex_lock(&p->lock);
	gt_list_append(&p->elements, &e->node);
	pthread_cond_signal(&p->cond);
	pthread_mutex_unlock(&p->lock);
	return GT_OK;
}

static void stream_ended(void *arg, const struct gt_err *err)
{
	struct pipe *p = arg;

	pthread_mutex_lock(&p->lock);
	p->watch = NULL;
	p->ended = true;
	p->failed = err != NULL;
	if (err)
		p->err = *err;
	pthread_cond_signal(&p->cond);
	pthread_mutex_unlock(&p->lock);
}

static void start_stream(void *arg)
{
	struct pipe *p = arg;
	struct gt_watch_fns fns = {.end = stream_ended, .arg = p};

	p->watch = gt_watch__start(p->kube, p->res, p->ns, p->opts, &fns, put_element);
}

static void stop_stream(void *arg)
{
	struct pipe *p = arg;

	if (p->watch)
		gt_watch_stop(p->watch);
}

static void interrupt(void *arg)
{
	struct pipe *p = arg;

	pthread_mutex_lock(&p->lock);
	p->interrupted = true;
	pthread_cond_signal(&p->cond);
	pthread_mutex_unlock(&p->lock);
}

/* The next element, or NULL at the end of the stream or of the context.  Called locked. */
static struct element *next_element(struct pipe *p, int64_t deadline)
{
	struct timespec at = {.tv_sec = deadline / GT_NS_PER_S, .tv_nsec = deadline % GT_NS_PER_S};

	while (gt_list_empty(&p->elements) && !p->ended && !p->interrupted) {
		if (deadline == INT64_MAX)
			pthread_cond_wait(&p->cond, &p->lock);
		else if (pthread_cond_timedwait(&p->cond, &p->lock, &at) == ETIMEDOUT)
			return NULL;
	}
	if (gt_list_empty(&p->elements) || p->interrupted)
		return NULL;
	struct element *e = gt_container_of(p->elements.next, struct element, node);
	gt_list_remove(&e->node);
	return e;
}

static int consume(struct pipe *p, struct gt_ctx *ctx,
		   int (*fn)(void *arg, enum gt_event_type type, struct gt_node *obj,
			     struct gt_err *err),
		   void *arg, struct gt_err *err)
{
	struct element *e;
	int rc = GT_OK;

	pthread_mutex_lock(&p->lock);
	while (rc == GT_OK && (e = next_element(p, gt_ctx_deadline(ctx))) != NULL) {
		gt_auto_arena a = {.budget = 8 * GT_LIMIT_API_EVENT};
		enum gt_event_type type;
		struct gt_node *obj;

		pthread_mutex_unlock(&p->lock);
		rc = gt_watch_decode(&a, gt_strn(e->text, e->n), &type, &obj, err);
		if (rc == GT_OK && type == GT_EVENT_ERROR)
			rc = gt_status_error(obj, 0, err);
		if (rc == GT_OK)
			rc = fn(arg, type, obj, err);
		free(e);
		pthread_mutex_lock(&p->lock);
	}
	bool failed = rc == GT_OK && p->ended && p->failed;
	bool ended = p->ended;
	pthread_mutex_unlock(&p->lock);
	if (failed) {
		if (err)
			*err = p->err;
		return p->err.code;
	}
	if (rc != GT_OK || ended)
		return rc;
	rc = gt_ctx_check(ctx, err);
	return rc < 0 ? rc : gt_fail(err, GT_E_TIMEOUT, "context deadline exceeded");
}

int gt_watch_each(struct gt_kube *k, struct gt_ctx *ctx, const struct gt_resource *r,
		  const char *ns, const struct gt_watch_opts *opts,
		  int (*fn)(void *arg, enum gt_event_type type, struct gt_node *obj,
			    struct gt_err *err),
		  void *arg, struct gt_err *err)
{
	struct pipe p = {.kube = k, .res = r, .ns = ns, .opts = opts};
	struct gt_ctx_watch on_cancel = {.fn = interrupt, .arg = &p};
	pthread_condattr_t attr;

	pthread_mutex_init(&p.lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p.cond, &attr);
	pthread_condattr_destroy(&attr);
	gt_list_init(&p.elements);
	gt_loop_call(gt_kube_loop(k), start_stream, &p);
	if (!gt_ctx_watch(ctx, &on_cancel))
		interrupt(&p);
	int rc = consume(&p, ctx, fn, arg, err);
	gt_ctx_unwatch(ctx, &on_cancel);

	gt_loop_call(gt_kube_loop(k), stop_stream, &p);
	pthread_mutex_lock(&p.lock);
	while (!p.ended)
		pthread_cond_wait(&p.cond, &p.lock);
	pthread_mutex_unlock(&p.lock);
	gt_list_for_each (&p.elements, it)
		free(gt_container_of(it, struct element, node));
	pthread_cond_destroy(&p.cond);
	pthread_mutex_destroy(&p.lock);
	return rc;
}
