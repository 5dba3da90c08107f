/* Setting an informer up, and reading it from any thread. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/time.h"
#include "kube/object.h"
#include "runtime/informer_int.h"

static char *dup_or_null(const char *s)
{
	return s && *s ? gt_xstrdup(s) : NULL;
}

struct gt_informer *gt_informer_new(struct gt_kube *k, const struct gt_resource *r,
				    const struct gt_informer_opts *opts)
{
	static const struct gt_informer_opts none;
	struct gt_informer *inf = gt_new(struct gt_informer);
	pthread_condattr_t attr;

	opts = opts ? opts : &none;
	inf->kube = gt_kube_ref(k);
	inf->res = r;
	inf->opts = *opts;
	inf->opts.ns = dup_or_null(opts->ns);
	inf->opts.label_selector = dup_or_null(opts->label_selector);
	inf->opts.field_selector = dup_or_null(opts->field_selector);
	inf->opts.paths = NULL;
	gt_informer_keep(inf, opts->paths);
	pthread_mutex_init(&inf->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&inf->cond, &attr);
	pthread_condattr_destroy(&attr);
	gt_objects_init(&inf->store);
	return inf;
}

void gt_informer_keep(struct gt_informer *inf, const char *const *paths)
{
	inf->whole |= paths == NULL;
	for (; paths && *paths; paths++) {
		if (inf->paths.n > 0)
			inf->paths.n--; /* the NULL at the end */
		gt_vec_push(&inf->paths, gt_xstrdup(*paths));
		gt_vec_push(&inf->paths, NULL);
	}
	if (inf->paths.n == 0)
		gt_vec_push(&inf->paths, NULL);
}

const char *const *gt_informer__paths(const struct gt_informer *inf)
{
	return inf->whole ? NULL : (const char *const *)inf->paths.v;
}

static void free_const(const char *s)
{
	free((char *)(uintptr_t)s);
}

void gt_informer__free_opts(struct gt_informer *inf)
{
	free_const(inf->opts.ns);
	free_const(inf->opts.label_selector);
	free_const(inf->opts.field_selector);
	for (size_t i = 0; i < inf->paths.n; i++)
		free(inf->paths.v[i]);
	gt_vec_fini(&inf->paths);
}

void gt_informer_index(struct gt_informer *inf, const char *name, gt_index_fn fn)
{
	gt_objects_index(&inf->store, name, fn);
}

void gt_informer_handle(struct gt_informer *inf, gt_informer_fn fn, void *arg)
{
	gt_vec_push(&inf->handlers, (struct gt_informer_handler){fn, arg});
}

void gt_informer_unhandle(struct gt_informer *inf, gt_informer_fn fn, void *arg)
{
	for (size_t i = inf->handlers.n; i-- > 0;) {
		if (inf->handlers.v[i].fn == fn && inf->handlers.v[i].arg == arg)
			gt_vec_remove(&inf->handlers, i);
	}
}

void gt_informer_observe(struct gt_informer *inf, void (*synced)(void *arg),
			 void (*problem)(void *arg, const struct gt_err *err), void *arg)
{
	inf->on_synced = synced;
	inf->on_problem = problem;
	inf->observer = arg;
}

const struct gt_resource *gt_informer_resource(const struct gt_informer *inf)
{
	return inf->res;
}

/* --- any thread ------------------------------------------------------------------------------ */

bool gt_informer_synced(struct gt_informer *inf)
{
	return inf->synced;
}

int gt_informer_problem(struct gt_informer *inf, struct gt_err *ret_problem)
{
	pthread_mutex_lock(&inf->lock);
	int code = inf->problem.code;
	if (code < 0 && ret_problem)
		*ret_problem = inf->problem;
	pthread_mutex_unlock(&inf->lock);
	return code;
}

struct waiting {
	struct gt_informer *inf;
	bool interrupted; /* guarded by the informer's lock */
};

static void interrupt(void *arg)
{
	struct waiting *w = arg;

	pthread_mutex_lock(&w->inf->lock);
	w->interrupted = true;
	pthread_cond_broadcast(&w->inf->cond);
	pthread_mutex_unlock(&w->inf->lock);
}

int gt_informer_wait(struct gt_informer *inf, struct gt_ctx *ctx, struct gt_err *err)
{
	struct waiting w = {.inf = inf};
	struct gt_ctx_watch on_cancel = {.fn = interrupt, .arg = &w};
	int64_t deadline = gt_ctx_deadline(ctx);
	struct timespec at = {.tv_sec = deadline / GT_NS_PER_S, .tv_nsec = deadline % GT_NS_PER_S};
	bool timed_out = false;

	if (!gt_ctx_watch(ctx, &on_cancel))
		interrupt(&w);
	pthread_mutex_lock(&inf->lock);
	while (!inf->synced && !w.interrupted && !timed_out) {
		if (deadline == INT64_MAX)
			pthread_cond_wait(&inf->cond, &inf->lock);
		else
			timed_out =
				pthread_cond_timedwait(&inf->cond, &inf->lock, &at) == ETIMEDOUT;
	}
	bool synced = inf->synced;
	struct gt_err why = inf->problem;
	pthread_mutex_unlock(&inf->lock);
	gt_ctx_unwatch(ctx, &on_cancel);
	if (synced)
		return GT_OK;
	if (!timed_out)
		return gt_ctx_check(ctx, err);
	return gt_fail(err, GT_E_TIMEOUT, "timed out waiting for %s to be listed%s%s",
		       inf->res->plural, why.code < 0 ? ": " : "", why.code < 0 ? why.text : "");
}

size_t gt_informer_count(struct gt_informer *inf)
{
	pthread_mutex_lock(&inf->lock);
	size_t n = inf->store.objects.n;
	pthread_mutex_unlock(&inf->lock);
	return n;
}

size_t gt_informer_bytes(struct gt_informer *inf)
{
	pthread_mutex_lock(&inf->lock);
	size_t n = inf->store.bytes;
	pthread_mutex_unlock(&inf->lock);
	return n;
}

int gt_informer_get(struct gt_informer *inf, struct gt_arena *a, const char *ns, const char *name,
		    struct gt_node **ret_obj, struct gt_err *err)
{
	gt_autofree char *key = gt_xasprintf("%s/%s", ns ? ns : "", name);
	int rc = GT_OK;

	pthread_mutex_lock(&inf->lock);
	const struct gt_object *o = gt_objects_find(&inf->store, key);
	if (o)
		rc = gt_object_parse(a, o, ret_obj, err);
	pthread_mutex_unlock(&inf->lock);
	if (!o)
		rc = gt_fail(err, GT_E_NOT_FOUND, "%s%s%s \"%s\" not found", inf->res->plural,
			     *inf->res->group ? "." : "", inf->res->group, name);
	return rc;
}

int gt_informer_list(struct gt_informer *inf, struct gt_arena *a, const char *ns,
		     bool (*match)(void *arg, const struct gt_node *obj), void *arg,
		     struct gt_node **ret_items, struct gt_err *err)
{
	struct gt_node *items = gt_node_seq(a);
	size_t ns_len = ns ? strlen(ns) : 0;
	int rc = GT_OK;

	pthread_mutex_lock(&inf->lock);
	gt_map_for_each (&inf->store.objects, e) {
		const struct gt_object *o = e->value;
		struct gt_node *obj;

		if (ns && (o->ns_len != ns_len || memcmp(o->key, ns, ns_len) != 0))
			continue;
		struct gt_arena_mark mark = gt_arena_mark(a);
		rc = gt_object_parse(a, o, &obj, err);
		if (rc < 0)
			break;
		if (match && !match(arg, obj))
			gt_arena_rewind(a, mark);
		else
			gt_node_append(a, items, obj);
	}
	pthread_mutex_unlock(&inf->lock);
	if (rc < 0)
		return rc;
	*ret_items = items;
	return gt_arena_check(a, err);
}

size_t gt_informer_by_index(struct gt_informer *inf, struct gt_arena *a, const char *index,
			    const char *value, struct gt_key **ret_keys)
{
	size_t n = 0;

	*ret_keys = NULL;
	pthread_mutex_lock(&inf->lock);
	const struct gt_bucket *b = gt_objects_lookup(&inf->store, index, value);
	if (b && b->v.n > 0)
		*ret_keys = gt_arena_calloc(a, b->v.n, sizeof **ret_keys);
	for (size_t i = 0; *ret_keys && i < b->v.n; i++) {
		const struct gt_object *o = b->v.v[i];
		const char *ns = gt_arena_strndup(a, o->key, o->ns_len);
		const char *name = gt_arena_strdup(a, o->key + o->ns_len + 1);

		if (ns && name)
			(*ret_keys)[n++] = (struct gt_key){ns, name};
	}
	pthread_mutex_unlock(&inf->lock);
	return n;
}
