/*
 * fake_api - an API server that says what it was told to: a script of answers on loopback, a log of
 * the requests it got, and watches that stay open until the test writes to them.
 *
 * Each request takes the first unused step whose method and path match; without one it is answered
 * 404 with a Status.  All functions may be called from the test's thread.
 */
#ifndef GT_TESTS_SUPPORT_FAKE_API_H
#define GT_TESTS_SUPPORT_FAKE_API_H

#include "kube/client.h"
#include "net/loop.h"

struct fake_step {
	const char *method; /* NULL: GET */
	const char *path;   /* without the query */
	const char *query;  /* a part of the query; NULL: any */
	int status;         /* 0: 200 */
	const char *body;   /* JSON */
	const char *header; /* "Name: value", NULL for none */
	const char *type;   /* Content-Type; NULL: application/json */
	bool watch;         /* body is written, and the answer stays open */
	bool sticky;        /* answers any number of requests */
	bool drop;          /* the connection is cut instead of an answer */
};

struct fake_api;

/* Starts loop thread and server. */
struct fake_api *fake_api_new(void);
void fake_api_free(struct fake_api *api);

/* The strings are borrowed. */
void fake_api_add(struct fake_api *api, const struct fake_step *steps, size_t n);
#define fake_api_script(api, ...)                                    \
	fake_api_add((api), (const struct fake_step[]){__VA_ARGS__}, \
		     sizeof((const struct fake_step[]){__VA_ARGS__}) / sizeof(struct fake_step))

struct gt_loop *fake_api_loop(struct fake_api *api);
const char *fake_api_url(struct fake_api *api);

/* A client of this server. */
struct gt_kube *fake_api_client(struct fake_api *api);

/* Requests so far, and one of them; the strings live as long as the server. */
struct fake_request {
	char *method, *path, *query, *body, *content_type, *accept, *impersonate;
};
size_t fake_api_count(struct fake_api *api);
const struct fake_request *fake_api_request(struct fake_api *api, size_t i);
/* Waits (up to 10 s) until there are n requests; false if they do not come. */
bool fake_api_await(struct fake_api *api, size_t n);

/* Writes to the open watches of a path; closes all of them properly. */
void fake_api_push(struct fake_api *api, const char *path, const char *bytes);
void fake_api_end_watches(struct fake_api *api);

/* Waits (up to 10 s) until cond(arg) holds. */
bool fake_await(bool (*cond)(void *arg), void *arg);

/* What a test of the client alone needs, its cmocka setup and teardown, and JSON in its arena. */
struct fake_fixture {
	struct fake_api *api;
	struct gt_kube *kube;
	struct gt_arena arena;
	struct gt_err err;
};
int fake_api_setup(void **state);
int fake_api_teardown(void **state);
struct gt_node *fake_api_json(struct fake_fixture *f, const char *text);

#endif
