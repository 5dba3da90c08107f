/* `gitops __install`: what `gitops up` puts into a fresh API server. */
#include "cluster.h"
#include "text/yaml.h"

/* The CRDs below deploy/crds, one YAML stream; see gt_embed() in cmake/gitops.cmake. */
extern const char cluster_crds[], cluster_crds_end[];

#define MANAGER "gitops-up"

static int apply_namespace(struct cluster *c, const struct gt_write_opts *opts, struct gt_err *err)
{
	struct gt_node *ns = gt_obj_new(&c->arena, &gt_res_namespace, "", c->ns);

	gt_obj_set_label(&c->arena, ns, "app.kubernetes.io/part-of", "flux");
	return gt_kube_apply(c->kube, &c->ctx, &c->arena, &gt_res_namespace, ns, opts, NULL, err);
}

int cluster_install(struct cluster *c)
{
	struct gt_yaml_opts yaml = {.rules = GT_YAML_GO_V2, .name = "crds"};
	struct gt_write_opts opts = {.field_manager = MANAGER, .force = true};
	struct gt_str text = {cluster_crds, (size_t)(cluster_crds_end - cluster_crds)};
	struct gt_node *docs;
	struct gt_err err;

	if (apply_namespace(c, &opts, &err) < 0 ||
	    gt_yaml_parse_all(&c->arena, text, &yaml, &docs, &err) < 0)
		return cli_fail(&err);
	gt_seq_for_each (docs, crd) {
		if (gt_node_is_null(crd))
			continue;
		if (gt_kube_apply(c->kube, &c->ctx, &c->arena, &gt_res_crd, crd, &opts, NULL,
				  &err) < 0) {
			gt_wrap(&err, "%s", gt_obj_name(crd));
			return cli_fail(&err);
		}
	}
	return 0;
}
