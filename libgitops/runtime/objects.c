#include "runtime/objects_int.h"

#include <string.h>

#include "kube/object.h"
#include "text/json.h"

/* --- blocks ---------------------------------------------------------------------------------- */

struct gt_object *gt_object_new(const struct gt_node *obj)
{
	gt_auto_buf json = {0};
	gt_auto_buf key = {0};
	const char *rv = gt_obj_rv(obj);
	size_t rv_n = strlen(rv) + 1;

	gt_json_write(&json, obj, GT_JSON_COMPACT, 0);
	gt_buf_printf(&key, "%s/%s", gt_obj_namespace(obj), gt_obj_name(obj));
	struct gt_object *o = gt_xcalloc(1, sizeof *o + key.n + 1 + rv_n + json.n + 1);
	o->key = (char *)(o + 1);
	o->rv = o->key + key.n + 1;
	o->json = o->rv + rv_n;
	o->n = json.n;
	o->ns_len = strlen(gt_obj_namespace(obj));
	memcpy(o->key, gt_buf_cstr(&key), key.n);
	memcpy(o->rv, rv, rv_n);
	memcpy(o->json, gt_buf_cstr(&json), json.n);
	return o;
}

void gt_object_free(struct gt_object *o)
{
	if (!o)
		return;
	free(o->buckets);
	free(o);
}

int gt_object_parse(struct gt_arena *a, const struct gt_object *o, struct gt_node **ret_obj,
		    struct gt_err *err)
{
	char *text = gt_arena_strndup(a, o->json, o->n);

	if (!text)
		return gt_arena_check(a, err);
	return gt_json_parse(a, gt_strn(text, o->n), GT_JSON_BORROW, ret_obj, err);
}

const char *gt_objects_key(struct gt_arena *a, const struct gt_node *obj)
{
	const char *key = gt_arena_printf(a, "%s/%s", gt_obj_namespace(obj), gt_obj_name(obj));

	return key ? key : "/";
}

/* --- projection ------------------------------------------------------------------------------ */

static void keep_path(struct gt_arena *a, struct gt_node *to, const struct gt_node *from,
		      const char *path)
{
	for (;;) {
		size_t n = strcspn(path, ".");
		struct gt_str key = gt_strn(path, n);
		struct gt_node *child = gt_node_getn(from, key);

		if (!child)
			return;
		if (!path[n]) {
			gt_node_setn(a, to, key, child);
			return;
		}
		if (!gt_node_is(child, GT_MAP))
			return;
		struct gt_node *next = gt_node_getn(to, key);
		if (!next) {
			next = gt_node_map(a);
			gt_node_setn(a, to, key, next);
		}
		to = next;
		from = child;
		path += n + 1;
	}
}

/* A copy of a map without one key. */
static struct gt_node *without(struct gt_arena *a, const struct gt_node *map, const char *key)
{
	struct gt_node *copy = gt_node_map(a);

	gt_map_each(map, pair)
	{
		if (strcmp(pair->key, key) != 0)
			gt_node_setn(a, copy, gt_strn(pair->key, pair->len), pair->value);
	}
	return copy;
}

struct gt_node *gt_project(struct gt_arena *a, const struct gt_node *obj, const char *const *paths)
{
	struct gt_node *kept = gt_node_map(a);

	if (!paths) {
		kept = without(a, obj, "metadata");
	} else {
		keep_path(a, kept, obj, "apiVersion");
		keep_path(a, kept, obj, "kind");
		for (; *paths; paths++)
			keep_path(a, kept, obj, *paths);
	}
	gt_node_set(a, kept, "metadata", without(a, gt_node_get(obj, "metadata"), "managedFields"));
	return kept;
}

/* --- the store ------------------------------------------------------------------------------- */

static void stored_free(void *p)
{
	gt_object_free(p);
}

static void bucket_free(void *p)
{
	struct gt_bucket *b = p;

	gt_vec_fini(&b->v);
	free(b);
}

void gt_objects_init(struct gt_objects *s)
{
	*s = (struct gt_objects){0};
	gt_map_init(&s->objects, stored_free);
}

void gt_objects_fini(struct gt_objects *s)
{
	gt_map_fini(&s->objects);
	for (size_t i = 0; i < s->n_indexes; i++) {
		gt_map_fini(&s->indexes[i].values);
		free(s->indexes[i].name);
	}
	s->n_indexes = 0;
}

void gt_objects_index(struct gt_objects *s, const char *name, gt_objects_index_fn fn)
{
	if (s->n_indexes == GT_STORE_INDEXES)
		abort(); /* a program registers more than GT_STORE_INDEXES: a bug */
	s->indexes[s->n_indexes].name = gt_xstrdup(name);
	s->indexes[s->n_indexes].fn = fn;
	gt_map_init(&s->indexes[s->n_indexes].values, bucket_free);
	s->n_indexes++;
}

struct adding {
	struct gt_map *values;
	struct gt_object *o;
	GT_VEC(struct gt_bucket *) in;
};

static void add_value(void *sink, const char *value)
{
	struct adding *add = sink;
	struct gt_bucket *b = gt_map_find(add->values, gt_str(value));

	if (!b) {
		b = gt_new(struct gt_bucket);
		gt_map_put(add->values, gt_str(value), b);
	}
	for (size_t i = 0; i < add->in.n; i++) {
		if (add->in.v[i] == b)
			return; /* the same value twice */
	}
	gt_vec_push(&b->v, add->o);
	gt_vec_push(&add->in, b);
}

static void index_object(struct gt_objects *s, struct gt_object *o, const struct gt_node *obj)
{
	struct adding add = {.o = o};

	for (size_t i = 0; i < s->n_indexes; i++) {
		add.values = &s->indexes[i].values;
		s->indexes[i].fn(obj, add_value, &add);
	}
	if (add.in.n > 0) {
		gt_vec_push(&add.in, NULL);
		o->buckets = add.in.v;
	}
}

static void unindex(struct gt_object *o)
{
	for (struct gt_bucket **b = o->buckets; b && *b; b++) {
		for (size_t i = 0; i < (*b)->v.n; i++) {
			if ((*b)->v.v[i] != o)
				continue;
			(*b)->v.v[i] = (*b)->v.v[--(*b)->v.n];
			break;
		}
	}
	free(o->buckets);
	o->buckets = NULL;
}

void gt_objects_put_take(struct gt_objects *s, struct gt_object *o, const struct gt_node *obj)
{
	gt_objects_del(s, o->key);
	gt_map_put(&s->objects, gt_str(o->key), o);
	s->bytes += o->n;
	index_object(s, o, obj);
}

void gt_objects_del(struct gt_objects *s, const char *key)
{
	struct gt_object *o = gt_map_take(&s->objects, gt_str(key));

	if (!o)
		return;
	unindex(o);
	s->bytes -= o->n;
	gt_object_free(o);
}

struct gt_object *gt_objects_find(const struct gt_objects *s, const char *key)
{
	return gt_map_find(&s->objects, gt_str(key));
}

const struct gt_bucket *gt_objects_lookup(const struct gt_objects *s, const char *index,
					  const char *value)
{
	for (size_t i = 0; i < s->n_indexes; i++) {
		if (strcmp(s->indexes[i].name, index) == 0)
			return gt_map_find(&s->indexes[i].values, gt_str(value));
	}
	return NULL;
}
