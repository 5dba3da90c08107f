#include "net/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/future.h"
#include "base/list.h"
#include "base/time.h"
#include "base/vec.h"
#include "net/loop_uv.h"

#define LOOP_STACK ((size_t)2 << 20)

struct job {
	gt_loop_fn fn;
	void *arg;
};

typedef GT_VEC(struct job) job_list;

struct gt_loop {
	uv_loop_t uv;
	uv_async_t wake;
	pthread_mutex_t lock; /* guards posted */
	job_list posted;
	job_list running; /* the other half of the double buffer; loop thread */
	pthread_mutex_t http_lock;
	struct gt_http_engine *http;
	atomic_bool stop;
	atomic_ulong owner; /* pthread_t of the loop thread */
	pthread_t thread;
	bool has_thread;
	struct gt_list timers;
	struct gt_list signals;
	struct gt_list parts;
	char *scratch;
};

struct gt_timer {
	uv_timer_t uv;
	struct gt_list node;
	gt_loop_fn fn;
	void *arg;
};

struct loop_signal {
	uv_signal_t uv;
	struct gt_list node;
	gt_loop_fn fn;
	void *arg;
};

static void must(int rc, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, uv_strerror(rc));
	abort();
}

static void run_posted(struct gt_loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	job_list batch = loop->posted;
	loop->posted = loop->running;
	loop->running = (job_list){0};
	pthread_mutex_unlock(&loop->lock);

	for (size_t i = 0; i < batch.n; i++)
		batch.v[i].fn(batch.v[i].arg);
	batch.n = 0;
	/* A burst's memory is not kept. */
	if (batch.cap > 1024)
		gt_vec_fini(&batch);
	loop->running = batch;
}

static void on_wake(uv_async_t *wake)
{
	struct gt_loop *loop = wake->data;

	run_posted(loop);
	if (atomic_load(&loop->stop))
		uv_stop(&loop->uv);
}

static void own(struct gt_loop *loop)
{
	atomic_store(&loop->owner, (unsigned long)pthread_self());
}

struct gt_loop *gt_loop_new(void)
{
	struct gt_loop *loop = gt_new(struct gt_loop);

	signal(SIGPIPE, SIG_IGN);
	must(uv_loop_init(&loop->uv), "uv_loop_init");
	must(uv_async_init(&loop->uv, &loop->wake, on_wake), "uv_async_init");
	loop->wake.data = loop;
	pthread_mutex_init(&loop->lock, NULL);
	pthread_mutex_init(&loop->http_lock, NULL);
	gt_list_init(&loop->timers);
	gt_list_init(&loop->signals);
	gt_list_init(&loop->parts);
	own(loop);
	return loop;
}

static void free_signal(uv_handle_t *handle)
{
	free(handle->data);
}

static void close_handles(struct gt_loop *loop)
{
	while (!gt_list_empty(&loop->parts)) {
		struct gt_loop_part *part =
			gt_container_of(loop->parts.next, struct gt_loop_part, node);

		gt_loop__detach(part);
		part->close(part);
	}
	while (!gt_list_empty(&loop->timers))
		gt_timer_free(gt_container_of(loop->timers.next, struct gt_timer, node));
	gt_list_for_each (&loop->signals, it) {
		struct loop_signal *s = gt_container_of(it, struct loop_signal, node);

		gt_list_remove(it);
		uv_close((uv_handle_t *)&s->uv, free_signal);
	}
}

void gt_loop_drain(struct gt_loop *loop)
{
	own(loop);
	do
		run_posted(loop);
	while (loop->posted.n > 0);
}

void gt_loop_free(struct gt_loop *loop)
{
	if (!loop)
		return;
	gt_loop_drain(loop);
	close_handles(loop);
	/* The closing posts, and waits for what is under way in the background. */
	uv_unref((uv_handle_t *)&loop->wake);
	do {
		uv_run(&loop->uv, UV_RUN_DEFAULT);
		run_posted(loop);
	} while (loop->posted.n > 0 || uv_loop_alive(&loop->uv));
	uv_close((uv_handle_t *)&loop->wake, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	must(uv_loop_close(&loop->uv), "uv_loop_close");
	gt_vec_fini(&loop->posted);
	gt_vec_fini(&loop->running);
	pthread_mutex_destroy(&loop->lock);
	pthread_mutex_destroy(&loop->http_lock);
	free(loop->scratch);
	free(loop);
}

void gt_loop_run(struct gt_loop *loop)
{
	own(loop);
	if (!atomic_load(&loop->stop))
		uv_run(&loop->uv, UV_RUN_DEFAULT);
	atomic_store(&loop->stop, false);
}

struct start {
	struct gt_loop *loop;
	struct gt_future running;
};

static void *loop_thread(void *arg)
{
	struct start *start = arg;
	struct gt_loop *loop = start->loop;

	own(loop);
	gt_future_deliver(&start->running);
	gt_loop_run(loop);
	return NULL;
}

int gt_loop_start_thread(struct gt_loop *loop, struct gt_err *err)
{
	struct start start = {.loop = loop};
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, LOOP_STACK);
	gt_future_init(&start.running);
	int rc = pthread_create(&loop->thread, &attr, loop_thread, &start);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		gt_future_fini(&start.running);
		return gt_fail_errno(err, rc, "start the loop's thread");
	}
	pthread_setname_np(loop->thread, "loop");
	loop->has_thread = true;
	gt_future_wait(&start.running, gt_ctx_background(), NULL, NULL, NULL);
	gt_future_fini(&start.running);
	return GT_OK;
}

void gt_loop_stop(struct gt_loop *loop)
{
	atomic_store(&loop->stop, true);
	uv_async_send(&loop->wake);
}

void gt_loop_join(struct gt_loop *loop)
{
	if (!loop->has_thread)
		return;
	gt_loop_stop(loop);
	pthread_join(loop->thread, NULL);
	loop->has_thread = false;
	own(loop);
}

bool gt_loop_inside(const struct gt_loop *loop)
{
	return atomic_load(&loop->owner) == (unsigned long)pthread_self();
}

void gt_loop_post(struct gt_loop *loop, gt_loop_fn fn, void *arg)
{
	pthread_mutex_lock(&loop->lock);
	bool first = loop->posted.n == 0;
	gt_vec_push(&loop->posted, (struct job){fn, arg});
	/* Under the lock: the loop must not be freed between the push and the wake. */
	if (first)
		uv_async_send(&loop->wake);
	pthread_mutex_unlock(&loop->lock);
}

struct call {
	gt_loop_fn fn;
	void *arg;
	struct gt_future done;
};

static void run_call(void *arg)
{
	struct call *call = arg;

	call->fn(call->arg);
	gt_future_deliver(&call->done);
}

void gt_loop_call(struct gt_loop *loop, gt_loop_fn fn, void *arg)
{
	struct call call = {.fn = fn, .arg = arg};

	if (gt_loop_inside(loop)) {
		fn(arg);
		return;
	}
	gt_future_init(&call.done);
	gt_loop_post(loop, run_call, &call);
	gt_future_wait(&call.done, gt_ctx_background(), NULL, NULL, NULL);
	gt_future_fini(&call.done);
}

int64_t gt_loop_now(const struct gt_loop *loop)
{
	return (int64_t)uv_now(&loop->uv) * GT_NS_PER_MS;
}

static void on_timer(uv_timer_t *uv)
{
	struct gt_timer *timer = uv->data;

	timer->fn(timer->arg);
}

struct gt_timer *gt_timer_new(struct gt_loop *loop, gt_loop_fn fn, void *arg)
{
	struct gt_timer *timer = gt_new(struct gt_timer);

	timer->fn = fn;
	timer->arg = arg;
	timer->uv.data = timer;
	uv_timer_init(&loop->uv, &timer->uv);
	gt_list_append(&loop->timers, &timer->node);
	return timer;
}

static void free_timer(uv_handle_t *handle)
{
	free(handle->data);
}

void gt_timer_free(struct gt_timer *timer)
{
	if (!timer)
		return;
	gt_list_remove(&timer->node);
	uv_close((uv_handle_t *)&timer->uv, free_timer);
}

static uint64_t to_ms(int64_t ns)
{
	return ns <= 0 ? 0 : (uint64_t)((ns - 1) / GT_NS_PER_MS + 1);
}

void gt_timer_start(struct gt_timer *timer, int64_t after_ns, int64_t repeat_ns)
{
	uv_update_time(timer->uv.loop);
	uv_timer_start(&timer->uv, on_timer, to_ms(after_ns), to_ms(repeat_ns));
}

void gt_timer_stop(struct gt_timer *timer)
{
	uv_timer_stop(&timer->uv);
}

bool gt_timer_active(const struct gt_timer *timer)
{
	return uv_is_active((const uv_handle_t *)&timer->uv) != 0;
}

static void on_signal(uv_signal_t *uv, int signum)
{
	struct loop_signal *s = uv->data;

	(void)signum;
	s->fn(s->arg);
}

int gt_loop_on_signal(struct gt_loop *loop, int signum, gt_loop_fn fn, void *arg,
		      struct gt_err *err)
{
	struct loop_signal *s = gt_new(struct loop_signal);

	s->fn = fn;
	s->arg = arg;
	s->uv.data = s;
	uv_signal_init(&loop->uv, &s->uv);
	int rc = uv_signal_start(&s->uv, on_signal, signum);
	if (rc != 0) {
		uv_close((uv_handle_t *)&s->uv, free_signal);
		return gt_fail_errno(err, -rc, "watch signal %d", signum);
	}
	gt_list_append(&loop->signals, &s->node);
	return GT_OK;
}

uv_loop_t *gt_loop__uv(struct gt_loop *loop)
{
	return &loop->uv;
}

void gt_loop__attach(struct gt_loop *loop, struct gt_loop_part *part)
{
	gt_list_append(&loop->parts, &part->node);
}

void gt_loop__detach(struct gt_loop_part *part)
{
	gt_list_remove(&part->node);
}

struct gt_http_engine *gt_loop__http(struct gt_loop *loop,
				     struct gt_http_engine *(*make)(struct gt_loop *loop))
{
	pthread_mutex_lock(&loop->http_lock);
	if (!loop->http)
		loop->http = make(loop);
	struct gt_http_engine *engine = loop->http;
	pthread_mutex_unlock(&loop->http_lock);
	return engine;
}

char *gt_loop__scratch(struct gt_loop *loop)
{
	if (!loop->scratch)
		loop->scratch = gt_xmalloc(GT_LOOP_SCRATCH);
	return loop->scratch;
}
