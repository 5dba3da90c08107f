/* `gitops version --client=false`: the controllers of the cluster besides this program. */
#include <stdio.h>
#include <string.h>

#include "cluster.h"
#include "gt_version.h"
#include "text/json.h"
#include "text/yaml.h"

static const struct gt_resource deployments = {"apps", "v1", "Deployment", "deployments", true};

/* "registry/name:tag" to name and tag; false without a tag. */
static bool split_image(struct gt_str image, struct gt_str *ret_name, struct gt_str *ret_tag)
{
	size_t slash = gt_str_rfind(image, '/');
	struct gt_str last = slash == SIZE_MAX ? image : gt_str_from(image, slash + 1);
	size_t at = gt_str_find(last, '@');
	size_t colon;

	if (at != SIZE_MAX)
		last = gt_str_sub(last, 0, at);
	colon = gt_str_find(last, ':');
	if (colon == SIZE_MAX)
		return false;
	*ret_name = gt_str_sub(last, 0, colon);
	*ret_tag = gt_str_from(last, colon + 1);
	return true;
}

int cluster_version(struct cluster *c)
{
	struct gt_list_opts opts = {.label_selector = "app.kubernetes.io/part-of=flux"};
	struct gt_node *list, *out = gt_node_map(&c->arena);
	gt_auto_buf text = {0};
	struct gt_err err;

	if (gt_kube_list(c->kube, &c->ctx, &c->arena, &deployments, c->ns, &opts, &list, &err) < 0)
		return cli_fail(&err);
	if (gt_node_count(gt_node_get(list, "items")) == 0)
		return cli_failf("no deployments found in %s namespace", c->ns);
	gt_node_set_str(&c->arena, out, "gitops", "v" GT_VERSION);
	gt_seq_for_each (gt_node_get(list, "items"), deployment) {
		gt_seq_for_each (gt_node_at(deployment, "spec", "template", "spec", "containers"),
				 container) {
			struct gt_str name, tag;

			if (split_image(gt_node_text(gt_node_get(container, "image")), &name, &tag))
				gt_node_setn(&c->arena, out, name, gt_node_strn(&c->arena, tag));
		}
	}
	if (strcmp(cli_flag_string(c->call, "output"), "json") == 0) {
		gt_json_write(&text, out, GT_JSON_INDENT | GT_JSON_SORTED, 2);
		gt_buf_addc(&text, '\n');
	} else {
		gt_yaml_write(&text, out, 0);
	}
	fwrite(gt_buf_cstr(&text), 1, text.n, stdout);
	return 0;
}
