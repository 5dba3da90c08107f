#include "kube/object.h"

static const struct gt_node *metadata(const struct gt_node *obj)
{
	return gt_node_get(obj, "metadata");
}

const char *gt_obj_name(const struct gt_node *obj)
{
	return gt_node_cstr_or(gt_node_get(metadata(obj), "name"), "");
}

const char *gt_obj_namespace(const struct gt_node *obj)
{
	return gt_node_cstr_or(gt_node_get(metadata(obj), "namespace"), "");
}

const char *gt_obj_uid(const struct gt_node *obj)
{
	return gt_node_cstr_or(gt_node_get(metadata(obj), "uid"), "");
}

const char *gt_obj_rv(const struct gt_node *obj)
{
	return gt_node_cstr_or(gt_node_get(metadata(obj), "resourceVersion"), "");
}

const char *gt_obj_kind(const struct gt_node *obj)
{
	return gt_node_cstr_or(gt_node_get(obj, "kind"), "");
}

const char *gt_obj_api_version(const struct gt_node *obj)
{
	return gt_node_cstr_or(gt_node_get(obj, "apiVersion"), "");
}

int64_t gt_obj_generation(const struct gt_node *obj)
{
	return gt_node_int_or(gt_node_get(metadata(obj), "generation"), 0);
}

bool gt_obj_deleting(const struct gt_node *obj)
{
	const char *t = gt_node_cstr(gt_node_get(metadata(obj), "deletionTimestamp"));

	return t && *t;
}

const char *gt_obj_label(const struct gt_node *obj, const char *key)
{
	return gt_node_cstr(gt_node_get(gt_node_get(metadata(obj), "labels"), key));
}

const char *gt_obj_annotation(const struct gt_node *obj, const char *key)
{
	return gt_node_cstr(gt_node_get(gt_node_get(metadata(obj), "annotations"), key));
}

static void set_meta(struct gt_arena *a, struct gt_node *obj, const char *map, const char *key,
		     const char *value)
{
	struct gt_node *meta = gt_node_need_map(a, obj, "metadata");

	gt_node_set_str(a, gt_node_need_map(a, meta, map), key, value);
}

void gt_obj_set_label(struct gt_arena *a, struct gt_node *obj, const char *key, const char *value)
{
	set_meta(a, obj, "labels", key, value);
}

void gt_obj_set_annotation(struct gt_arena *a, struct gt_node *obj, const char *key,
			   const char *value)
{
	set_meta(a, obj, "annotations", key, value);
}

static size_t find_finalizer(const struct gt_node *obj, const char *finalizer)
{
	const struct gt_node *list = gt_node_get(metadata(obj), "finalizers");

	for (size_t i = 0; i < gt_node_count(list); i++) {
		if (gt_node_is_text(gt_node_item(list, i), finalizer))
			return i;
	}
	return SIZE_MAX;
}

bool gt_obj_has_finalizer(const struct gt_node *obj, const char *finalizer)
{
	return find_finalizer(obj, finalizer) != SIZE_MAX;
}

bool gt_obj_add_finalizer(struct gt_arena *a, struct gt_node *obj, const char *finalizer)
{
	if (gt_obj_has_finalizer(obj, finalizer))
		return false;
	struct gt_node *meta = gt_node_need_map(a, obj, "metadata");
	gt_node_append(a, gt_node_need_seq(a, meta, "finalizers"), gt_node_str(a, finalizer));
	return true;
}

bool gt_obj_remove_finalizer(struct gt_node *obj, const char *finalizer)
{
	struct gt_node *meta = gt_node_get(obj, "metadata");
	struct gt_node *list = gt_node_get(meta, "finalizers");
	size_t i = find_finalizer(obj, finalizer);

	if (i == SIZE_MAX)
		return false;
	gt_node_remove(list, i);
	if (gt_node_count(list) == 0)
		gt_node_unset(meta, "finalizers");
	return true;
}

/* A decimal integer as the API server counts: no sign, no leading zero. */
static bool is_number(struct gt_str s)
{
	uint64_t n;

	return s.n > 0 && s.p[0] >= '1' && s.p[0] <= '9' && gt_str_u64(s, &n);
}

bool gt_rv_at_least(const char *a, const char *b)
{
	struct gt_str x = gt_str(a), y = gt_str(b);

	if (!is_number(x) || !is_number(y))
		return gt_str_eq(x, y);
	return x.n != y.n ? x.n > y.n : gt_str_cmp(x, y) >= 0;
}

static void set_filled(struct gt_arena *a, struct gt_node *map, const char *key, const char *s)
{
	if (s && *s)
		gt_node_set_str(a, map, key, s);
}

struct gt_node *gt_obj_reference(struct gt_arena *a, const struct gt_node *obj)
{
	struct gt_node *ref = gt_node_map(a);

	set_filled(a, ref, "kind", gt_obj_kind(obj));
	set_filled(a, ref, "namespace", gt_obj_namespace(obj));
	set_filled(a, ref, "name", gt_obj_name(obj));
	set_filled(a, ref, "uid", gt_obj_uid(obj));
	set_filled(a, ref, "apiVersion", gt_obj_api_version(obj));
	set_filled(a, ref, "resourceVersion", gt_obj_rv(obj));
	return ref;
}

struct gt_node *gt_obj_new(struct gt_arena *a, const struct gt_resource *r, const char *ns,
			   const char *name)
{
	struct gt_node *obj = gt_node_map(a);

	gt_node_set_str(a, obj, "apiVersion", gt_gvk_api_version(a, gt_resource_gvk(r)));
	gt_node_set_str(a, obj, "kind", r->kind);
	struct gt_node *meta = gt_node_need_map(a, obj, "metadata");
	gt_node_set_str(a, meta, "name", name);
	set_filled(a, meta, "namespace", ns);
	return obj;
}
