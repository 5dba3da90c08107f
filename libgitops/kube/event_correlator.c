#include "kube/event_correlator.h"

#include <string.h>

#include "base/map.h"
#include "base/time.h"
#include "kube/object.h"
#include "text/json.h"

#define CACHE_MAX 4096
#define SPAM_BURST 25
#define SPAM_REFILL GT_SECONDS(300) /* one more */
#define SIMILAR_MAX 10
#define SIMILAR_WITHIN GT_SECONDS(600)
#define COMBINED "(combined from similar events): "

struct bucket { /* per source and object */
	double tokens;
	int64_t at;
};

struct similar { /* per source, object, type and reason */
	struct gt_map messages;
	int64_t last;
};

struct written { /* per event */
	int64_t count;
	char *name; /* NULL until written */
	char *first;
};

struct gt_correlator {
	struct gt_map buckets, similar, written;
};

static void plain_free(void *p)
{
	free(p);
}

static void similar_free(void *p)
{
	struct similar *s = p;

	gt_map_fini(&s->messages);
	free(s);
}

static void written_free(void *p)
{
	struct written *w = p;

	free(w->name);
	free(w->first);
	free(w);
}

struct gt_correlator *gt_correlator_new(void)
{
	struct gt_correlator *c = gt_new(struct gt_correlator);

	gt_map_init(&c->buckets, plain_free);
	gt_map_init(&c->similar, similar_free);
	gt_map_init(&c->written, written_free);
	return c;
}

void gt_correlator_free(struct gt_correlator *c)
{
	if (!c)
		return;
	gt_map_fini(&c->buckets);
	gt_map_fini(&c->similar);
	gt_map_fini(&c->written);
	free(c);
}

/* Finds and makes the youngest, or makes; the oldest goes when there are too many. */
static void *touch(struct gt_map *map, const char *key, size_t size, bool *ret_fresh)
{
	void *v = gt_map_take(map, gt_str(key));

	*ret_fresh = !v;
	if (!v)
		v = gt_xcalloc(1, size);
	if (map->n >= CACHE_MAX) {
		gt_map_for_each (map, e) {
			gt_map_del(map, gt_strn(e->key, e->len));
			break;
		}
	}
	gt_map_put(map, gt_str(key), v);
	return v;
}

/* The values of some fields, as one text. */
static const char *fields(struct gt_arena *a, const struct gt_node *n, const char *const *names)
{
	gt_auto_buf out = {0};

	for (; *names; names++) {
		const struct gt_node *v = gt_node_get(n, *names);
		if (v)
			gt_json_write(&out, v, GT_JSON_COMPACT, 0);
		gt_buf_addc(&out, '\n');
	}
	return gt_arena_strndup(a, gt_buf_cstr(&out), out.n);
}

static bool flood(struct gt_correlator *c, struct gt_arena *a, const struct gt_node *event,
		  int64_t now)
{
	static const char *const names[] = {"kind", "namespace", "name", "uid", "apiVersion", NULL};
	const char *object = fields(a, gt_node_get(event, "involvedObject"), names);
	const char *key = gt_arena_printf(
		a, "%s\n%s", gt_node_cstr_or(gt_node_at(event, "source", "component"), ""), object);
	bool fresh;
	struct bucket *b = touch(&c->buckets, key ? key : "", sizeof *b, &fresh);

	if (fresh) {
		b->tokens = SPAM_BURST;
	} else {
		b->tokens += (double)(now - b->at) / (double)SPAM_REFILL;
		b->tokens = b->tokens > SPAM_BURST ? SPAM_BURST : b->tokens;
	}
	b->at = now;
	if (b->tokens < 1)
		return true;
	b->tokens -= 1;
	return false;
}

/* The identity of the event; many different messages of one kind become one. */
static const char *combine(struct gt_correlator *c, struct gt_arena *a, struct gt_node *event,
			   int64_t now)
{
	static const char *const names[] = {"source", "involvedObject",     "type",
					    "reason", "reportingComponent", "reportingInstance",
					    NULL};
	const char *group = fields(a, event, names);
	const char *message = gt_node_cstr_or(gt_node_get(event, "message"), "");
	bool fresh;

	group = group ? group : "";
	struct similar *s = touch(&c->similar, group, sizeof *s, &fresh);
	if (now - s->last > SIMILAR_WITHIN)
		gt_map_fini(&s->messages);
	s->last = now;
	if (s->messages.n < SIMILAR_MAX)
		gt_map_put(&s->messages, gt_str(message), NULL);
	if (s->messages.n < SIMILAR_MAX)
		return gt_arena_printf(a, "%s%s", group, message);
	gt_node_set_str(a, event, "message", gt_arena_printf(a, COMBINED "%s", message));
	return group;
}

static struct gt_node *count_patch(struct gt_arena *a, const struct gt_node *event, int64_t count)
{
	static const char *const copied[] = {"message", "lastTimestamp", NULL};
	struct gt_node *patch = gt_node_map(a);

	for (const char *const *f = copied; *f; f++)
		gt_node_set(a, patch, *f, gt_node_get(event, *f));
	gt_node_set_int(a, patch, "count", count);
	const struct gt_node *ann = gt_node_at(event, "metadata", "annotations");
	if (ann)
		gt_node_set(a, gt_node_need_map(a, patch, "metadata"), "annotations",
			    gt_node_dup(a, ann));
	return patch;
}

bool gt_correlator_take(struct gt_correlator *c, struct gt_arena *a, struct gt_node *event,
			int64_t now_wall, struct gt_correlated *ret)
{
	bool fresh;
	const char *key = combine(c, a, event, now_wall);

	*ret = (struct gt_correlated){.key = key ? key : ""};
	struct written *w = touch(&c->written, ret->key, sizeof *w, &fresh);
	w->count++;
	if (!w->first)
		w->first = gt_xstrdup(gt_node_cstr_or(gt_node_get(event, "firstTimestamp"), ""));
	if (w->count > 1) {
		gt_node_set_int(a, event, "count", w->count);
		gt_node_set_str(a, event, "firstTimestamp", w->first);
		if (w->name) {
			ret->ns = gt_obj_namespace(event);
			ret->name = gt_arena_strdup(a, w->name);
			ret->patch = count_patch(a, event, w->count);
		}
	}
	return !flood(c, a, event, now_wall) && gt_arena_check(a, NULL) == GT_OK;
}

void gt_correlator_written(struct gt_correlator *c, const struct gt_correlated *what,
			   const char *name)
{
	struct written *w = gt_map_find(&c->written, gt_str(what->key));

	if (!w || !*name || gt_streq(w->name, name))
		return;
	free(w->name);
	w->name = gt_xstrdup(name);
}
