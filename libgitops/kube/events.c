#include "kube/events.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/rand.h"
#include "base/time.h"
#include "kube/event_correlator.h"
#include "kube/object.h"
#include "net/pool.h"

#define QUEUE_MAX 1000
#define TRIES 12
#define TRY_EVERY GT_SECONDS(10)
#define NAME_MAX_LEN 253

static const struct gt_resource events_resource = {"", "v1", "Event", "events", true};

struct gt_events {
	struct gt_kube *kube;
	char *component;
	char host[256];
	struct gt_pool *pool;
	struct gt_ctx ctx;
	struct gt_correlator *correlator; /* of the pool's one thread */
};

struct job {
	struct gt_events *events;
	struct gt_arena arena;
	struct gt_node *event;
};

struct gt_events *gt_events_new(struct gt_kube *kube, const char *component)
{
	struct gt_events *e = gt_new(struct gt_events);

	e->kube = gt_kube_ref(kube);
	e->component = gt_xstrdup(component);
	if (gethostname(e->host, sizeof e->host - 1) < 0)
		e->host[0] = '\0';
	e->pool = gt_pool_new("events", 1, 0);
	e->correlator = gt_correlator_new();
	gt_ctx_init(&e->ctx, NULL, 0);
	return e;
}

void gt_events_free(struct gt_events *e)
{
	if (!e)
		return;
	for (int i = 0; i < 200; i++) {
		if (gt_pool_queued(e->pool) == 0 && gt_pool_running(e->pool) == 0)
			break;
		gt_ctx_sleep(gt_ctx_background(), GT_MILLIS(10), NULL);
	}
	gt_ctx_cancel(&e->ctx, "the controller is stopping");
	gt_pool_free(e->pool);
	gt_correlator_free(e->correlator);
	gt_kube_unref(e->kube);
	gt_ctx_fini(&e->ctx);
	free(e->component);
	free(e);
}

/* --- making ---------------------------------------------------------------------------------- */

/* A DNS subdomain. */
static bool valid_name(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > NAME_MAX_LEN)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool alnum = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9');
		bool edge = i == 0 || i + 1 == n || s[i - 1] == '.' || s[i + 1] == '.';
		if (!alnum && (edge || (s[i] != '-' && s[i] != '.')))
			return false;
	}
	return true;
}

static const char *event_name(struct gt_arena *a, const struct gt_node *obj, int64_t now)
{
	char uuid[GT_UUID_TEXT];
	const char *name = gt_arena_printf(a, "%s.%llx", gt_obj_name(obj), (unsigned long long)now);

	return name && valid_name(name) ? name : gt_arena_strdup(a, gt_uuid4(uuid));
}

static struct gt_node *make_event(struct gt_events *e, struct gt_arena *a,
				  const struct gt_node *obj, const char *type, const char *reason,
				  const struct gt_node *annotations, const char *message)
{
	int64_t now = gt_now_wall();
	char text[GT_TIME_TEXT];
	const char *ns = *gt_obj_namespace(obj) ? gt_obj_namespace(obj) : "default";
	struct gt_node *ev = gt_obj_new(a, &events_resource, ns, event_name(a, obj, now));
	struct gt_node *source = gt_node_need_map(a, ev, "source");

	gt_rfc3339(now, text);
	if (gt_node_count(annotations) > 0)
		gt_node_set(a, gt_node_get(ev, "metadata"), "annotations",
			    gt_node_dup(a, annotations));
	gt_node_set(a, ev, "involvedObject", gt_obj_reference(a, obj));
	gt_node_set_str(a, ev, "reason", reason);
	gt_node_set_str(a, ev, "message", message);
	gt_node_set_str(a, source, "component", e->component);
	gt_node_set_str(a, ev, "firstTimestamp", text);
	gt_node_set_str(a, ev, "lastTimestamp", text);
	gt_node_set_int(a, ev, "count", 1);
	gt_node_set_str(a, ev, "type", strcmp(type, "Warning") == 0 ? "Warning" : "Normal");
	gt_node_set_str(a, ev, "reportingComponent", e->component);
	gt_node_set_str(a, ev, "reportingInstance", e->host);
	return ev;
}

/* --- writing; the pool's thread -------------------------------------------------------------- */

static int write_once(struct job *job, const struct gt_correlated *c, struct gt_err *err)
{
	struct gt_events *e = job->events;
	struct gt_node *answer = NULL;
	int rc = GT_E_NOT_FOUND;

	if (c->patch)
		rc = gt_kube_patch(e->kube, &e->ctx, &job->arena, &events_resource, c->ns, c->name,
				   GT_PATCH_STRATEGIC, c->patch, NULL, &answer, err);
	/* Events expire: then it is a new one. */
	if (rc == GT_E_NOT_FOUND)
		rc = gt_kube_create(e->kube, &e->ctx, &job->arena, &events_resource, job->event,
				    NULL, &answer, err);
	if (rc == GT_OK)
		gt_correlator_written(e->correlator, c, gt_obj_name(answer));
	return rc;
}

/* An answer of the server is final; silence is not. */
static bool worth_retrying(const struct gt_err *err)
{
	return err->http_status == 0 && err->code != GT_E_CANCELLED;
}

static void write_event(void *arg)
{
	struct job *job = arg;
	struct gt_events *e = job->events;
	struct gt_correlated c;
	struct gt_err err;

	gt_err_reset(&err);
	if (gt_correlator_take(e->correlator, &job->arena, job->event, gt_now_wall(), &c)) {
		for (int i = 0; i < TRIES; i++) {
			double part = i == 0 ? gt_rand_unit() : 1;

			if (write_once(job, &c, &err) == GT_OK || !worth_retrying(&err))
				break;
			if (gt_ctx_sleep(&e->ctx, (int64_t)(part * (double)TRY_EVERY), NULL) < 0)
				break;
		}
	}
	gt_arena_fini(&job->arena);
	free(job);
}

void gt_events_emit(struct gt_events *e, const struct gt_node *obj, const char *type,
		    const char *reason, const struct gt_node *annotations, const char *message)
{
	if (!e || gt_pool_queued(e->pool) >= QUEUE_MAX)
		return;
	struct job *job = gt_new(struct job);
	job->events = e;
	gt_arena_init(&job->arena, GT_MIB(8));
	job->event = make_event(e, &job->arena, obj, type, reason, annotations, message);
	if (gt_arena_check(&job->arena, NULL) < 0) {
		gt_arena_fini(&job->arena);
		free(job);
		return;
	}
	gt_pool_submit(e->pool, write_event, job);
}
