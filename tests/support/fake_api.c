#include "support/fake_api.h"

#include "support/check.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "base/vec.h"
#include "net/server.h"
#include "text/json.h"

struct step {
	struct fake_step s;
	bool used;
};

struct fake_api {
	struct gt_loop *loop;
	struct gt_http_server *server;
	char *url;
	pthread_mutex_t lock; /* steps and requests */
	GT_VEC(struct step) steps;
	GT_VEC(struct fake_request *) requests;
	GT_VEC(struct gt_reply *) watches; /* loop thread */
};

static char *dup_str(struct gt_str s)
{
	return gt_xstrndup(s.p ? s.p : "", s.n);
}

static void record(struct fake_api *api, const struct gt_http_request *req)
{
	struct fake_request *r = gt_new(struct fake_request);

	r->method = dup_str(req->method);
	r->path = dup_str(req->path);
	r->query = dup_str(req->query);
	r->body = dup_str(req->body);
	r->content_type = dup_str(gt_http_request_header(req, "Content-Type"));
	r->accept = dup_str(gt_http_request_header(req, "Accept"));
	r->impersonate = dup_str(gt_http_request_header(req, "Impersonate-User"));
	gt_vec_push(&api->requests, r);
}

/* Called locked. */
static const struct fake_step *find_step(struct fake_api *api, const struct gt_http_request *req)
{
	for (size_t i = 0; i < api->steps.n; i++) {
		struct step *st = &api->steps.v[i];
		const char *method = st->s.method ? st->s.method : "GET";

		if (st->used || !gt_str_is(req->method, method) ||
		    !gt_str_is(req->path, st->s.path))
			continue;
		if (st->s.query && gt_str_search(req->query, gt_str(st->s.query)) == SIZE_MAX)
			continue;
		st->used = !st->s.sticky;
		return &st->s;
	}
	return NULL;
}

static void watch_gone(void *arg)
{
	(void)arg;
}

static void answer(void *arg, const struct gt_http_request *req, struct gt_reply *reply)
{
	static const char missing[] =
		"{\"kind\":\"Status\",\"code\":404,\"reason\":\"NotFound\",\"message\":\"nothing "
		"is scripted for this request\"}";
	struct fake_api *api = arg;

	pthread_mutex_lock(&api->lock);
	record(api, req);
	const struct fake_step *s = find_step(api, req);
	struct fake_step step = s ? *s : (struct fake_step){.status = 404, .body = missing};
	pthread_mutex_unlock(&api->lock);

	if (step.drop) {
		gt_reply_abort(reply);
		return;
	}
	if (step.header) {
		size_t colon = strcspn(step.header, ":");
		gt_autofree char *name = gt_xstrndup(step.header, colon);
		gt_reply_header(reply, name, step.header + colon + 2);
	}
	if (step.watch) {
		gt_reply_header(reply, "Content-Type", "application/json");
		gt_reply_start(reply, 200, -1);
		if (step.body)
			gt_reply_write(reply, gt_str(step.body));
		gt_vec_push(&api->watches, reply);
		gt_reply_on_close(reply, watch_gone, NULL);
		return;
	}
	gt_reply_send(reply, step.status ? step.status : 200,
		      step.type ? step.type : "application/json", gt_str(step.body));
}

static struct gt_http_target route(void *arg, const struct gt_http_request *req)
{
	(void)req;
	return (struct gt_http_target){answer, arg, 1 << 20};
}

struct fake_api *fake_api_new(void)
{
	struct fake_api *api = gt_new(struct fake_api);
	struct gt_http_server_opts opts = {
		.address = "127.0.0.1:0", .route = route, .route_arg = api};
	struct gt_err err;

	pthread_mutex_init(&api->lock, NULL);
	api->loop = gt_loop_new();
	if (gt_http_server_new(api->loop, &opts, &api->server, &err) < 0 ||
	    gt_loop_start_thread(api->loop, &err) < 0) {
		fprintf(stderr, "fake API server: %s\n", err.text);
		abort();
	}
	api->url = gt_xasprintf("http://127.0.0.1:%u", gt_http_server_port(api->server));
	return api;
}

static void end_watches(void *arg)
{
	struct fake_api *api = arg;

	for (size_t i = 0; i < api->watches.n; i++)
		gt_reply_end(api->watches.v[i]);
	api->watches.n = 0;
}

void fake_api_end_watches(struct fake_api *api)
{
	gt_loop_call(api->loop, end_watches, api);
}

static void turn(void *arg)
{
	(void)arg;
}

void fake_api_free(struct fake_api *api)
{
	fake_api_end_watches(api);
	gt_http_server_free(api->server);
	gt_loop_call(api->loop, turn, NULL);
	gt_loop_join(api->loop);
	gt_loop_free(api->loop);
	for (size_t i = 0; i < api->requests.n; i++) {
		struct fake_request *r = api->requests.v[i];
		free(r->method);
		free(r->path);
		free(r->query);
		free(r->body);
		free(r->content_type);
		free(r->accept);
		free(r->impersonate);
		free(r);
	}
	gt_vec_fini(&api->requests);
	gt_vec_fini(&api->steps);
	gt_vec_fini(&api->watches);
	pthread_mutex_destroy(&api->lock);
	free(api->url);
	free(api);
}

void fake_api_add(struct fake_api *api, const struct fake_step *steps, size_t n)
{
	pthread_mutex_lock(&api->lock);
	for (size_t i = 0; i < n; i++)
		gt_vec_push(&api->steps, (struct step){.s = steps[i]});
	pthread_mutex_unlock(&api->lock);
}

struct gt_loop *fake_api_loop(struct fake_api *api)
{
	return api->loop;
}

const char *fake_api_url(struct fake_api *api)
{
	return api->url;
}

struct gt_kube *fake_api_client(struct fake_api *api)
{
	struct gt_rest_config config = {.server = api->url};
	struct gt_kube_opts opts = {.user_agent = "tester/1", .qps = -1};
	struct gt_kube *kube;
	struct gt_err err;

	if (gt_kube_new(api->loop, &config, &opts, &kube, &err) < 0) {
		fprintf(stderr, "client: %s\n", err.text);
		abort();
	}
	return kube;
}

size_t fake_api_count(struct fake_api *api)
{
	pthread_mutex_lock(&api->lock);
	size_t n = api->requests.n;
	pthread_mutex_unlock(&api->lock);
	return n;
}

const struct fake_request *fake_api_request(struct fake_api *api, size_t i)
{
	pthread_mutex_lock(&api->lock);
	const struct fake_request *r = i < api->requests.n ? api->requests.v[i] : NULL;
	pthread_mutex_unlock(&api->lock);
	return r;
}

bool fake_await(bool (*cond)(void *arg), void *arg)
{
	struct timespec pause = {.tv_nsec = 1000000};

	for (int i = 0; i < 10000; i++) {
		if (cond(arg))
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

struct counting {
	struct fake_api *api;
	size_t n;
};

static bool has_requests(void *arg)
{
	struct counting *c = arg;

	return fake_api_count(c->api) >= c->n;
}

bool fake_api_await(struct fake_api *api, size_t n)
{
	struct counting c = {api, n};

	return fake_await(has_requests, &c);
}

struct pushing {
	struct fake_api *api;
	const char *path, *bytes;
};

static void push(void *arg)
{
	struct pushing *p = arg;

	for (size_t i = 0; i < p->api->watches.n; i++) {
		struct gt_reply *reply = p->api->watches.v[i];
		if (gt_str_is(gt_reply_request(reply)->path, p->path))
			gt_reply_write(reply, gt_str(p->bytes));
	}
}

void fake_api_push(struct fake_api *api, const char *path, const char *bytes)
{
	struct pushing p = {api, path, bytes};

	gt_loop_call(api->loop, push, &p);
}

int fake_api_setup(void **state)
{
	struct fake_fixture *f = gt_new(struct fake_fixture);

	f->api = fake_api_new();
	f->kube = fake_api_client(f->api);
	*state = f;
	return 0;
}

int fake_api_teardown(void **state)
{
	struct fake_fixture *f = *state;

	gt_kube_unref(f->kube);
	fake_api_free(f->api);
	gt_arena_fini(&f->arena);
	free(f);
	return 0;
}

struct gt_node *fake_api_json(struct fake_fixture *f, const char *text)
{
	struct gt_node *n = NULL;

	check_ok(gt_json_parse(&f->arena, gt_str(text), 0, &n, &f->err), &f->err);
	return n;
}
