/* Metadata that other tools left on an object, and fields that they own. */
#include <string.h>

#include "kube/object.h"
#include "kube/ssa_int.h"
#include "text/patch.h"

bool gt_ssa__policy(const struct gt_node *obj, const char *group, const char *key,
		    const char *value)
{
	gt_autofree char *name = gt_xasprintf("%s/%s", group, key);
	const char *label = gt_obj_label(obj, name);
	const char *annotation = gt_obj_annotation(obj, name);

	return (label && gt_str_ieq(gt_str(label), gt_str(value))) ||
	       (annotation && gt_str_ieq(gt_str(annotation), gt_str(value)));
}

static void add_op(struct gt_arena *a, struct gt_node *ops, const char *op, const char *path,
		   struct gt_node *value)
{
	struct gt_node *n = gt_node_map(a);

	gt_node_set_str(a, n, "op", op);
	gt_node_set_str(a, n, "path", path);
	if (value)
		gt_node_set(a, n, "value", value);
	gt_node_append(a, ops, n);
}

static void remove_keys(struct gt_arena *a, struct gt_node *ops, const struct gt_node *live,
			const char *map, const char *const *keys)
{
	const struct gt_node *present = gt_node_get(gt_node_get(live, "metadata"), map);

	for (; keys && *keys; keys++) {
		gt_auto_buf path = {0};

		if (!gt_node_has(present, *keys))
			continue;
		gt_buf_printf(&path, "/metadata/%s/", map);
		gt_pointer_escape(&path, gt_str(*keys));
		add_op(a, ops, "remove", gt_buf_cstr(&path), NULL);
	}
}

/* --- managed fields -------------------------------------------------------------------------- */

static const char *field(const struct gt_node *entry, const char *name)
{
	return gt_node_cstr_or(gt_node_get(entry, name), "");
}

static bool starts(const char *s, const char *prefix)
{
	return gt_str_starts(gt_str(s), prefix);
}

/* Whether the entry's fields are to become ours. */
static bool is_taken(const struct gt_node *entry, const struct gt_ssa_opts *opts)
{
	const char *manager = field(entry, "manager");
	const char *operation = field(entry, "operation");
	bool update = strcmp(operation, "Update") == 0;
	bool apply = strcmp(operation, "Apply") == 0;

	if (*field(entry, "subresource") || (!update && !apply))
		return false;
	if (starts(manager, "kubectl"))
		return true;
	if (update &&
	    (starts(manager, "before-first-apply") || starts(manager, opts->field_manager)))
		return true;
	for (const char *const *m = opts->override_managers; m && *m; m++) {
		if (starts(manager, *m))
			return true;
	}
	return false;
}

static bool is_ours(const struct gt_node *entry, const struct gt_ssa_opts *opts)
{
	return !*field(entry, "subresource") && strcmp(field(entry, "operation"), "Apply") == 0 &&
	       strcmp(field(entry, "manager"), opts->field_manager) == 0;
}

/* The union of two field sets (fieldsV1 is a tree of keys). */
static void unite(struct gt_arena *a, struct gt_node *into, const struct gt_node *from)
{
	gt_map_each(from, pair)
	{
		struct gt_str key = gt_strn(pair->key, pair->len);
		struct gt_node *there = gt_node_getn(into, key);

		if (there)
			unite(a, there, pair->value);
		else
			gt_node_setn(a, into, key, gt_node_dup(a, pair->value));
	}
}

/* The managed fields with everything taken over, or NULL when there is nothing to take. */
static struct gt_node *take_over(struct gt_arena *a, const struct gt_node *entries,
				 const struct gt_ssa_opts *opts)
{
	struct gt_node *rest = gt_node_seq(a);
	struct gt_node *ours = NULL;
	bool any = false;

	gt_seq_for_each (entries, entry) {
		if (is_ours(entry, opts))
			ours = gt_node_dup(a, entry);
	}
	gt_seq_for_each (entries, entry) {
		if (is_ours(entry, opts))
			continue;
		if (!is_taken(entry, opts)) {
			gt_node_append(a, rest, entry);
			continue;
		}
		any = true;
		if (ours) {
			unite(a, gt_node_need_map(a, ours, "fieldsV1"),
			      gt_node_get(entry, "fieldsV1"));
			continue;
		}
		ours = gt_node_dup(a, entry);
		gt_node_set_str(a, ours, "manager", opts->field_manager);
		gt_node_set_str(a, ours, "operation", "Apply");
	}
	if (!any)
		return NULL;
	gt_node_append(a, rest, ours);
	return rest;
}

struct gt_node *gt_ssa__cleanup_ops(struct gt_arena *a, const struct gt_node *live,
				    const struct gt_ssa_opts *opts)
{
	struct gt_node *ops = gt_node_seq(a);
	struct gt_node *fields = take_over(a, gt_node_at(live, "metadata", "managedFields"), opts);

	remove_keys(a, ops, live, "annotations", opts->cleanup_annotations);
	remove_keys(a, ops, live, "labels", opts->cleanup_labels);
	if (fields)
		add_op(a, ops, "replace", "/metadata/managedFields", fields);
	return ops;
}
