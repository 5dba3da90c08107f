/* What a program asks of its manager, and what it registers with it. */
#include "runtime/manager.h"

#include "base/rand.h"
#include "runtime/manager_int.h"

/* --- accessors ------------------------------------------------------------------------------- */

const struct gt_common_flags *gt_manager_flags(const struct gt_manager *m)
{
	return &m->flags;
}

struct gt_loop *gt_manager_loop(struct gt_manager *m)
{
	return m->loop;
}

struct gt_kube *gt_manager_kube(struct gt_manager *m)
{
	return m->kube;
}

struct gt_metrics *gt_manager_metrics(struct gt_manager *m)
{
	return m->metrics;
}

struct gt_waiter *gt_manager_waiter(struct gt_manager *m)
{
	return m->waiter;
}

struct gt_events *gt_manager_events(struct gt_manager *m)
{
	return m->events;
}

struct gt_recorder *gt_manager_recorder(struct gt_manager *m)
{
	return m->recorder;
}

const struct gt_log *gt_manager_log(const struct gt_manager *m)
{
	return &m->log;
}

const char *gt_manager_name(const struct gt_manager *m)
{
	return m->program->name;
}

const char *gt_manager_namespace(const struct gt_manager *m)
{
	return m->ns;
}

bool gt_manager_feature(const struct gt_manager *m, const char *name)
{
	return gt_feature_enabled(m->program->features, name);
}

struct gt_ctx *gt_manager_ctx(struct gt_manager *m)
{
	return &m->ctx;
}

int64_t gt_manager_jitter(const struct gt_manager *m, int64_t interval_ns)
{
	double p = (double)m->flags.interval_jitter_percentage / 100;

	return (int64_t)((double)interval_ns * (1 + p * (2 * gt_rand_unit() - 1)));
}

/* --- registration ---------------------------------------------------------------------------- */

struct gt_informer *gt_manager_informer(struct gt_manager *m, const struct gt_resource *r,
					const char *const *paths)
{
	/* Only the program's own kinds are sharded by label. */
	bool own = gt_str_ends(gt_str(r->group), ".toolkit.fluxcd.io");

	for (size_t i = 0; i < m->informers.n; i++) {
		if (gt_gvk_eq(gt_resource_gvk(gt_informer_resource(m->informers.v[i])),
			      gt_resource_gvk(r))) {
			gt_informer_keep(m->informers.v[i], paths);
			return m->informers.v[i];
		}
	}
	struct gt_informer_opts opts = {
		.ns = m->flags.watch_all_namespaces ? NULL : m->ns,
		.label_selector = own ? m->flags.watch_label_selector : NULL,
		.paths = paths,
		.log = &m->log,
	};
	struct gt_informer *inf = gt_informer_new(m->kube, r, &opts);
	gt_vec_push(&m->informers, inf);
	return inf;
}

void gt_manager_runnable(struct gt_manager *m, int (*start)(void *arg, struct gt_err *err),
			 void (*stop)(void *arg), void *arg)
{
	gt_vec_push(&m->runnables, (struct gt_runnable){start, stop, arg, false});
}

void gt_manager_readiness(struct gt_manager *m, const char *name, bool (*fn)(void *arg), void *arg)
{
	pthread_mutex_lock(&m->lock);
	gt_vec_push(&m->readiness, (struct gt_readiness){gt_xstrdup(name), fn, arg});
	pthread_mutex_unlock(&m->lock);
}

void gt_manager_report(struct gt_manager *m, const char *name, const char *addr)
{
	pthread_mutex_lock(&m->lock);
	gt_map_put(&m->report, gt_str(name), gt_xstrdup(addr));
	pthread_mutex_unlock(&m->lock);
}

bool gt_manager__is_ready(struct gt_manager *m)
{
	bool ready = m->ready;

	pthread_mutex_lock(&m->lock);
	for (size_t i = 0; ready && i < m->readiness.n; i++)
		ready = m->readiness.v[i].fn(m->readiness.v[i].arg);
	pthread_mutex_unlock(&m->lock);
	return ready;
}

void gt_manager_stop(struct gt_manager *m)
{
	pthread_mutex_lock(&m->lock);
	m->stopping = true;
	pthread_cond_broadcast(&m->cond);
	pthread_mutex_unlock(&m->lock);
	gt_ctx_cancel(&m->ctx, "the controller is stopping");
}
