/* libcurl's multi interface driven by the loop: sockets by uv_poll, its clock by a timer. */
#include <pthread.h>

#include "base/alloc.h"
#include "net/http_priv.h"

#define SPARE_HANDLES 8
#define CACHED_CONNECTIONS 64L
#define STREAMS_PER_CONNECTION 250L /* the server may allow less */

struct pool {
	CURLM *multi;
	struct gt_http_engine *engine;
	struct gt_timer *timer;
};

struct gt_http_engine {
	struct gt_loop_part part;
	struct gt_loop *loop;
	struct pool pools[GT_HTTP__POOLS];
	struct gt_list transfers;
	struct gt_list sockets;
	CURL *spare[SPARE_HANDLES]; /* easy handles to use again */
	unsigned n_spare;
	bool started;
};

struct poll_socket {
	uv_poll_t uv;
	struct gt_list node;
	struct pool *pool;
	curl_socket_t fd;
};

static void finish(struct gt_http__transfer *t, int rc, const struct gt_err *err)
{
	struct gt_http_engine *engine = t->engine;

	t->running = false;
	gt_list_remove(&t->node);
	gt_timer_free(gt_steal(t->head_timer));
	curl_slist_free_all(gt_steal(t->connect_to));
	gt_http__headers_free(gt_steal(t->headers));
	if (engine->n_spare < SPARE_HANDLES) {
		curl_easy_reset(t->easy);
		engine->spare[engine->n_spare++] = t->easy;
	} else {
		curl_easy_cleanup(t->easy);
	}
	t->easy = NULL;
	t->ops->done(t, rc, err);
}

static void note_end(struct gt_http__transfer *t)
{
	curl_off_t us = 0;
	long sent = 0;

	curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &us);
	curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
	t->total_ns = us * 1000;
	t->reached = sent > 0;
}

/* Hands every finished transfer of a pool to its owner. */
static void reap(struct pool *pool)
{
	CURLMsg *msg;
	int left;

	while ((msg = curl_multi_info_read(pool->multi, &left)) != NULL) {
		struct gt_http__transfer *t = NULL;
		CURLcode code = msg->data.result;
		struct gt_err err = {0};

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		int rc = code == CURLE_OK ? GT_OK : gt_http__fail(t, code, &err);
		note_end(t);
		curl_multi_remove_handle(pool->multi, t->easy);
		finish(t, rc, &err);
	}
}

static void act(struct pool *pool, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(pool->multi, fd, events, &running);
	reap(pool);
}

static void on_poll(uv_poll_t *uv, int status, int events)
{
	struct poll_socket *s = uv->data;
	int flags = 0;

	if (status < 0)
		flags |= CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	act(s->pool, s->fd, flags);
}

static void free_socket(uv_handle_t *handle)
{
	free(handle->data);
}

static void close_socket(struct poll_socket *s)
{
	gt_list_remove(&s->node);
	uv_poll_stop(&s->uv);
	uv_close((uv_handle_t *)&s->uv, free_socket);
}

static struct poll_socket *open_socket(struct pool *pool, curl_socket_t fd)
{
	struct poll_socket *s = gt_new(struct poll_socket);

	s->pool = pool;
	s->fd = fd;
	s->uv.data = s;
	if (uv_poll_init_socket(gt_loop__uv(pool->engine->loop), &s->uv, fd) != 0) {
		free(s);
		return NULL;
	}
	gt_list_append(&pool->engine->sockets, &s->node);
	curl_multi_assign(pool->multi, fd, s);
	return s;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct pool *pool = arg;
	struct poll_socket *s = known;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s) {
			curl_multi_assign(pool->multi, fd, NULL);
			close_socket(s);
		}
		return 0;
	}
	if (!s)
		s = open_socket(pool, fd);
	if (!s)
		return -1;
	int events =
		(what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
	return uv_poll_start(&s->uv, events, on_poll) == 0 ? 0 : -1;
}

static void on_timeout(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
	struct pool *pool = arg;

	(void)multi;
	if (ms < 0)
		gt_timer_stop(pool->timer);
	else
		gt_timer_start(pool->timer, (int64_t)ms * 1000000, 0);
	return 0;
}

static void open_pool(struct gt_http_engine *engine, struct pool *pool)
{
	pool->engine = engine;
	pool->timer = gt_timer_new(engine->loop, on_timeout, pool);
	pool->multi = curl_multi_init();
	if (!pool->multi)
		abort();
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	curl_multi_setopt(pool->multi, CURLMOPT_MAXCONNECTS, CACHED_CONNECTIONS);
	curl_multi_setopt(pool->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, STREAMS_PER_CONNECTION);
}

static void cancel_all(struct gt_http_engine *engine)
{
	while (!gt_list_empty(&engine->transfers))
		gt_http__cancel(
			gt_container_of(engine->transfers.next, struct gt_http__transfer, node));
}

static void close_engine(struct gt_loop_part *part)
{
	struct gt_http_engine *engine = gt_container_of(part, struct gt_http_engine, part);

	cancel_all(engine);
	for (unsigned i = 0; i < engine->n_spare; i++)
		curl_easy_cleanup(engine->spare[i]);
	for (unsigned i = 0; i < GT_HTTP__POOLS; i++) {
		if (engine->pools[i].multi)
			curl_multi_cleanup(engine->pools[i].multi);
		gt_timer_free(engine->pools[i].timer);
	}
	while (!gt_list_empty(&engine->sockets))
		close_socket(gt_container_of(engine->sockets.next, struct poll_socket, node));
	free(engine);
}

static void attach(void *arg)
{
	struct gt_http_engine *engine = arg;

	gt_loop__attach(engine->loop, &engine->part);
}

static void init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static struct gt_http_engine *make_engine(struct gt_loop *loop)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct gt_http_engine *engine = gt_new(struct gt_http_engine);

	pthread_once(&once, init_curl);
	engine->loop = loop;
	engine->part.close = close_engine;
	gt_list_init(&engine->transfers);
	gt_list_init(&engine->sockets);
	/* Posted, so it comes before the first transfer, which is posted too. */
	gt_loop_post(loop, attach, engine);
	return engine;
}

struct gt_http_engine *gt_http__engine(struct gt_loop *loop)
{
	return gt_loop__http(loop, make_engine);
}

/* The pools are opened when first used: a process that never watches has no pool for it. */
static struct pool *engine_pool(struct gt_http_engine *engine, enum gt_http__pool which)
{
	struct pool *pool = &engine->pools[which];

	if (!pool->multi)
		open_pool(engine, pool);
	return pool;
}

/*
 * Takes a transfer off its connection before its end.  libcurl 7.88 queues the reset of an HTTP/2
 * stream and sends it only with the connection's next traffic; one that has no other streams is
 * closed instead, so that the server learns of it at once.
 */
static void tear_off(struct gt_http__transfer *t)
{
	curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
	curl_multi_remove_handle(engine_pool(t->engine, t->pool)->multi, t->easy);
}

static void on_head_timeout(void *arg)
{
	struct gt_http__transfer *t = arg;
	struct gt_err err = {0};

	tear_off(t);
	int rc = gt_http__fail(t, CURLE_OPERATION_TIMEDOUT, &err);
	finish(t, rc, &err);
}

void gt_http__start(struct gt_http__transfer *t)
{
	struct gt_http_engine *engine = t->client->engine;
	struct pool *pool = engine_pool(engine, t->pool);
	struct gt_err err = {0};

	t->engine = engine;
	t->running = true;
	t->easy = engine->n_spare > 0 ? engine->spare[--engine->n_spare] : curl_easy_init();
	if (!t->easy)
		abort();
	gt_list_append(&engine->transfers, &t->node);
	int rc = gt_http__setup(t, &err);
	if (rc == GT_OK && curl_multi_add_handle(pool->multi, t->easy) != CURLM_OK)
		rc = gt_fail(&err, GT_E_INTERNAL, "curl refused the transfer");
	if (rc < 0) {
		finish(t, rc, &err);
		return;
	}
	if (t->head_timeout_ns > 0) {
		t->head_timer = gt_timer_new(engine->loop, on_head_timeout, t);
		gt_timer_start(t->head_timer, t->head_timeout_ns, 0);
	}
}

void gt_http__cancel(struct gt_http__transfer *t)
{
	struct gt_err err = {0};

	if (!t->running)
		return;
	tear_off(t);
	gt_fail(&err, GT_E_CANCELLED, "context canceled");
	finish(t, GT_E_CANCELLED, &err);
}

void gt_http__resume(struct gt_http__transfer *t)
{
	if (t->running)
		curl_easy_pause(t->easy, CURLPAUSE_CONT);
}
