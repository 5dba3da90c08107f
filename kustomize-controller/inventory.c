/* status.inventory: what belongs to a Kustomization, as "<ns>_<name>_<group>_<kind>" and version.
 */
#include <string.h>

#include "base/map.h"
#include "ks.h"

#define RBAC_GROUP "rbac.authorization.k8s.io"

/* Names of RBAC objects may hold colons, which the form has no room for: "__" stands for one. */
static const char *escape_name(struct gt_arena *a, const struct gt_ref *ref)
{
	gt_auto_buf out = {0};

	if (strcmp(ref->gvk.group, RBAC_GROUP) != 0)
		return ref->name;
	for (const char *p = ref->name; *p; p++)
		gt_buf_adds(&out, *p == ':' ? "__" : (const char[]){*p, '\0'});
	return gt_arena_strdup(a, gt_buf_cstr(&out));
}

const char *ks_inventory_id(struct gt_arena *a, const struct gt_ref *ref)
{
	return gt_arena_printf(a, "%s_%s_%s_%s", ref->ns, escape_name(a, ref), ref->gvk.group,
			       ref->gvk.kind);
}

static const char *unescape_name(struct gt_arena *a, struct gt_str name)
{
	gt_auto_buf out = {0};

	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '_' && i + 1 < name.n && name.p[i + 1] == '_') {
			gt_buf_addc(&out, ':');
			i++;
		} else {
			gt_buf_addc(&out, name.p[i]);
		}
	}
	return gt_arena_strndup(a, gt_buf_cstr(&out), out.n);
}

bool ks_inventory_parse(struct gt_arena *a, const char *id, const char *version,
			struct gt_ref *ret_ref)
{
	struct gt_str s = gt_str(id);
	size_t first = gt_str_find(s, '_');
	size_t last = gt_str_rfind(s, '_');

	if (first == SIZE_MAX || last == first)
		return false;
	size_t group = gt_str_rfind(gt_str_sub(s, 0, last), '_');
	if (group == SIZE_MAX || group <= first)
		return false;
	struct gt_str name = gt_str_sub(s, first + 1, group - first - 1);
	*ret_ref = (struct gt_ref){
		.gvk =
			{
				.group = gt_arena_strndup(a, s.p + group + 1, last - group - 1),
				.version = version,
				.kind = gt_arena_strdup(a, s.p + last + 1),
			},
		.ns = gt_arena_strndup(a, s.p, first),
		.name = unescape_name(a, name),
	};
	return name.n > 0 && s.p[last + 1] != '\0';
}

struct gt_node *ks_inventory_of(struct gt_arena *a, const struct ks_entry *entries, size_t n)
{
	struct gt_node *inventory = gt_node_map(a);
	struct gt_node *list = gt_node_need_seq(a, inventory, "entries");

	for (size_t i = 0; i < n; i++) {
		struct gt_node *item = gt_node_map(a);

		gt_node_set_str(a, item, "id", ks_inventory_id(a, &entries[i].ref));
		gt_node_set_str(a, item, "v", entries[i].ref.gvk.version);
		gt_node_append(a, list, item);
	}
	return inventory;
}

struct gt_node *ks_inventory_stale(struct gt_arena *a, const struct gt_node *old,
				   const struct gt_node *current)
{
	struct gt_node *stale = gt_node_seq(a);
	struct gt_map ids = {0};

	gt_seq_for_each (gt_node_get(current, "entries"), item)
		gt_map_put(&ids, gt_node_text(gt_node_get(item, "id")), &ids);
	gt_seq_for_each (gt_node_get(old, "entries"), item) {
		if (!gt_map_has(&ids, gt_node_text(gt_node_get(item, "id"))))
			gt_node_append(a, stale, item);
	}
	gt_map_fini(&ids);
	return stale;
}
