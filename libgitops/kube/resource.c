#include "kube/resource.h"

#include "kube/object.h"

bool gt_gvk_eq(struct gt_gvk a, struct gt_gvk b)
{
	return gt_gvk_same_kind(a, b) && gt_streq(a.version, b.version);
}

bool gt_gvk_same_kind(struct gt_gvk a, struct gt_gvk b)
{
	return gt_streq(a.group, b.group) && gt_streq(a.kind, b.kind);
}

bool gt_api_version_split(struct gt_arena *a, struct gt_str api_version, const char **ret_group,
			  const char **ret_version)
{
	size_t slash = gt_str_find(api_version, '/');
	struct gt_str group = {0};
	struct gt_str version = api_version;

	if (slash != SIZE_MAX) {
		group = gt_str_sub(api_version, 0, slash);
		version = gt_str_from(api_version, slash + 1);
	}
	*ret_group = gt_arena_strndup(a, group.p ? group.p : "", group.n);
	*ret_version = gt_arena_strndup(a, version.p ? version.p : "", version.n);
	return *ret_group && *ret_version && version.n > 0 && gt_str_find(version, '/') == SIZE_MAX;
}

struct gt_gvk gt_gvk_of(struct gt_arena *a, const struct gt_node *obj)
{
	struct gt_gvk gvk = {"", "", ""};
	const char *kind = gt_arena_strdup(a, gt_obj_kind(obj));

	gt_api_version_split(a, gt_str(gt_obj_api_version(obj)), &gvk.group, &gvk.version);
	if (kind)
		gvk.kind = kind;
	if (!gvk.group || !gvk.version)
		gvk.group = gvk.version = "";
	return gvk;
}

const char *gt_gvk_api_version(struct gt_arena *a, struct gt_gvk gvk)
{
	if (!*gvk.group)
		return gt_arena_strdup(a, gvk.version);
	return gt_arena_printf(a, "%s/%s", gvk.group, gvk.version);
}

const char *gt_ref_text(struct gt_arena *a, const struct gt_ref *ref)
{
	const char *s;

	if (ref->ns && *ref->ns)
		s = gt_arena_printf(a, "%s/%s/%s", ref->gvk.kind, ref->ns, ref->name);
	else
		s = gt_arena_printf(a, "%s/%s", ref->gvk.kind, ref->name);
	return s ? s : "";
}

struct gt_ref gt_ref_of(struct gt_arena *a, const struct gt_node *obj)
{
	struct gt_ref ref = {.gvk = gt_gvk_of(a, obj)};

	ref.ns = gt_arena_strdup(a, gt_obj_namespace(obj));
	ref.name = gt_arena_strdup(a, gt_obj_name(obj));
	if (!ref.ns || !ref.name)
		ref.ns = ref.name = "";
	return ref;
}
