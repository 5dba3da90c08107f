/* `gitops export`: objects as they belong into Git. */
#include "objects.h"
#include "output.h"

static void keep(struct gt_arena *a, struct gt_node *to, const struct gt_node *from,
		 const char *const *keys)
{
	for (; *keys; keys++) {
		struct gt_node *value = gt_node_get(from, *keys);

		if (value)
			gt_node_set(a, to, *keys, value);
	}
}

static void export_object(struct cluster *c, const struct gt_node *obj)
{
	static const char *const top[] = {"apiVersion", "kind", "spec", NULL};
	static const char *const metadata[] = {"name", "namespace", "labels", "annotations", NULL};
	struct gt_node *out = gt_node_map(&c->arena);

	keep(&c->arena, out, obj, top);
	keep(&c->arena, gt_node_need_map(&c->arena, out, "metadata"), gt_node_get(obj, "metadata"),
	     metadata);
	output_yaml_document(out);
}

int cluster_export(struct cluster *c)
{
	const struct kind *k = kind_named(c->call->command->complete);
	struct gt_node *obj, *list;
	struct gt_err err;

	if (!cli_flag_bool(c->call, "all")) {
		if (c->call->nargs == 0)
			return cli_failf("name is required");
		if (get_object(c, k, c->ns, c->call->args[0], &obj, &err) < 0)
			return cli_fail(&err);
		export_object(c, obj);
		return 0;
	}
	if (gt_kube_list(c->kube, &c->ctx, &c->arena, k->res, c->ns, NULL, &list, &err) < 0)
		return cli_fail(&err);
	if (gt_node_count(gt_node_get(list, "items")) == 0)
		return cli_failf("no objects found in %s namespace", c->ns);
	gt_seq_for_each (gt_node_get(list, "items"), item) {
		if (!gt_node_get(item, "kind")) {
			gt_node_set_str(&c->arena, item, "kind", k->res->kind);
			gt_node_set_str(&c->arena, item, "apiVersion",
					gt_gvk_api_version(&c->arena, gt_resource_gvk(k->res)));
		}
		export_object(c, item);
	}
	return 0;
}
