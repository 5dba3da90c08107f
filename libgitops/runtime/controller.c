/* Watches feed a controller's queue; the loop hands ready keys to workers. */
#include "runtime/controller.h"

#include <string.h>

#include "base/time.h"
#include "kube/object.h"
#include "net/loop.h"
#include "runtime/manager_int.h"

/* --- predicates ------------------------------------------------------------------------------ */

bool gt_predicate_spec_or_request(const struct gt_node *old, const struct gt_node *obj)
{
	const char *at = gt_obj_annotation(obj, GT_ANN_REQUESTED_AT);

	if (gt_obj_generation(old) != gt_obj_generation(obj))
		return true;
	return at && !gt_streq(at, gt_obj_annotation(old, GT_ANN_REQUESTED_AT));
}

bool gt_predicate_any(const struct gt_node *old, const struct gt_node *obj)
{
	return strcmp(gt_obj_rv(old), gt_obj_rv(obj)) != 0;
}

bool gt_predicate_artifact(const struct gt_node *old, const struct gt_node *obj)
{
	static const char *const fields[] = {"revision", "digest", "url", NULL};
	const struct gt_node *before = gt_node_at(old, "status", "artifact");
	const struct gt_node *after = gt_node_at(obj, "status", "artifact");

	for (const char *const *f = fields; *f; f++) {
		if (!gt_node_equal(gt_node_get(before, *f), gt_node_get(after, *f)))
			return true;
	}
	return false;
}

/* --- workers --------------------------------------------------------------------------------- */

struct job {
	struct gt_controller *controller;
	struct gt_work work;
};

static void leave(void *arg)
{
	struct gt_controller *c = arg;

	c->running--;
	gt_controller__dispatch(c);
}

static void count_running(struct gt_manager *m, int change)
{
	pthread_mutex_lock(&m->lock);
	m->running += (unsigned)change;
	if (m->running == 0)
		pthread_cond_broadcast(&m->cond);
	pthread_mutex_unlock(&m->lock);
}

/* A worker stays as long as there are ready keys. */
static void work(void *arg)
{
	struct job *job = arg;
	struct gt_controller *c = job->controller;

	do {
		gt_controller__run(c, &job->work);
		gt_queue_done(c->queue, &job->work);
	} while (gt_queue_try(c->queue, &job->work));
	free(job);
	/* Posted before it is counted: whoever waits for the count and then for a turn of the loop
	 * knows that nothing refers to c any more. */
	gt_loop_post(c->manager->loop, leave, c);
	count_running(c->manager, -1);
}

static void on_timer(void *arg)
{
	gt_controller__dispatch(arg);
}

/* Loop thread: gives ready keys to workers, and asks to be called when the next one is due. */
static void dispatch(void *arg)
{
	struct gt_controller *c = arg;
	struct gt_manager *m = c->manager;
	struct gt_work next;

	c->posted = false;
	if (!m->active)
		return;
	while (c->running < c->opts.concurrency && gt_queue_try(c->queue, &next)) {
		struct job *job = gt_new(struct job);

		*job = (struct job){c, next};
		c->running++;
		count_running(m, 1);
		gt_pool_submit(m->pool, work, job);
	}
	int64_t at = gt_queue_next(c->queue);
	if (c->running < c->opts.concurrency && at != INT64_MAX) {
		int64_t wait = at - gt_now_mono();

		if (!c->timer)
			c->timer = gt_timer_new(m->loop, on_timer, c);
		gt_timer_start(c->timer, wait > 0 ? wait : GT_NS_PER_MS, 0);
	}
}

void gt_controller__dispatch(struct gt_controller *c)
{
	if (c->manager->active && !atomic_exchange(&c->posted, true))
		gt_loop_post(c->manager->loop, dispatch, c);
}

static void queue_ready(void *arg)
{
	gt_controller__dispatch(arg);
}

/* --- registration ---------------------------------------------------------------------------- */

static void on_own_change(void *arg, const struct gt_informer_event *ev)
{
	struct gt_controller *c = arg;
	struct gt_key key = {gt_obj_namespace(ev->obj), gt_obj_name(ev->obj)};

	if (ev->type == GT_CHANGE_MODIFIED && !c->opts.predicate(ev->old, ev->obj))
		return;
	gt_queue_add(c->queue, key, ev->initial ? GT_PRIORITY_LOW : GT_PRIORITY_NORMAL);
}

struct gt_controller *gt_controller_add(struct gt_manager *m, const struct gt_controller_opts *opts)
{
	struct gt_controller *c = gt_new(struct gt_controller);

	c->manager = m;
	c->opts = *opts;
	if (c->opts.concurrency == 0)
		c->opts.concurrency = m->flags.concurrent > 0 ? (unsigned)m->flags.concurrent : 1;
	if (c->opts.budget == 0)
		c->opts.budget = (size_t)m->flags.reconcile_memory_budget;
	if (!c->opts.predicate)
		c->opts.predicate = gt_predicate_spec_or_request;
	pthread_mutex_init(&c->lock, NULL);
	struct gt_queue_opts queue = {
		.name = opts->name,
		.metrics = m->metrics,
		.min_delay_ns = m->flags.min_retry_delay,
		.max_delay_ns = m->flags.max_retry_delay,
		.ready = queue_ready,
		.arg = c,
	};
	c->queue = gt_queue_new(&queue);
	gt_controller__metrics_init(c);
	/* A live read each run needs no more than metadata in the cache. */
	static const char *const none[] = {NULL};
	const char *const *paths =
		opts->source == GT_OBJECT_LIVE && !opts->paths ? none : opts->paths;
	c->informer = gt_manager_informer(m, opts->res, paths);
	gt_informer_handle(c->informer, on_own_change, c);
	gt_vec_push(&m->controllers, c);
	return c;
}

struct gt_informer *gt_controller_informer(struct gt_controller *c)
{
	return c->informer;
}

const char *gt_controller_name(const struct gt_controller *c)
{
	return c->opts.name;
}

void gt_controller_enqueue(struct gt_controller *c, struct gt_key key)
{
	gt_queue_add(c->queue, key, GT_PRIORITY_NORMAL);
}

/* --- other watches --------------------------------------------------------------------------- */

struct mapping {
	struct gt_controller *controller;
	bool (*predicate)(const struct gt_node *old, const struct gt_node *obj);
	gt_map_fn map;
	const char *index;
};

struct sink {
	struct gt_controller *controller;
	int priority;
};

static void enqueue(void *arg, const char *ns, const char *name)
{
	struct sink *s = arg;

	gt_queue_add(s->controller->queue, (struct gt_key){ns, name}, s->priority);
}

static void enqueue_indexed(const struct mapping *m, const struct gt_node *obj, struct sink *s)
{
	gt_auto_arena a = {0};
	struct gt_key *keys;
	const char *value = gt_arena_printf(&a, "%s/%s", gt_obj_namespace(obj), gt_obj_name(obj));
	size_t n = gt_informer_by_index(m->controller->informer, &a, m->index, value ? value : "",
					&keys);

	for (size_t i = 0; i < n; i++)
		enqueue(s, keys[i].ns, keys[i].name);
}

static void on_mapped_change(void *arg, const struct gt_informer_event *ev)
{
	const struct mapping *m = arg;
	struct sink s = {m->controller, ev->initial ? GT_PRIORITY_LOW : GT_PRIORITY_NORMAL};

	if (ev->type == GT_CHANGE_MODIFIED && m->predicate && !m->predicate(ev->old, ev->obj))
		return;
	if (m->map)
		m->map(m->controller, ev->old, ev->obj, enqueue, &s);
	else
		enqueue_indexed(m, ev->obj, &s);
}

static void add_mapping(struct gt_controller *c, struct gt_informer *inf,
			bool (*predicate)(const struct gt_node *old, const struct gt_node *obj),
			gt_map_fn map, const char *index)
{
	struct mapping *m = gt_new(struct mapping);

	*m = (struct mapping){c, predicate, map, index};
	gt_vec_push(&c->mappings, m);
	gt_informer_handle(inf, on_mapped_change, m);
}

void gt_controller_watch(struct gt_controller *c, struct gt_informer *inf,
			 bool (*predicate)(const struct gt_node *old, const struct gt_node *obj),
			 gt_map_fn map)
{
	add_mapping(c, inf, predicate, map, NULL);
}

void gt_controller_watch_index(struct gt_controller *c, struct gt_informer *inf,
			       bool (*predicate)(const struct gt_node *old,
						 const struct gt_node *obj),
			       const char *index)
{
	add_mapping(c, inf, predicate, NULL, index);
}

/* --- the end --------------------------------------------------------------------------------- */

void gt_controller__free(struct gt_controller *c)
{
	gt_map_for_each (&c->states, e)
		gt_keystate__free(e->value);
	gt_map_fini(&c->states);
	for (size_t i = 0; i < c->mappings.n; i++)
		free(c->mappings.v[i]);
	gt_vec_fini(&c->mappings);
	gt_queue_free(c->queue);
	pthread_mutex_destroy(&c->lock);
	free(c);
}
