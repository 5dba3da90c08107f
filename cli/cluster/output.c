#include "output.h"

#include <stdio.h>
#include <string.h>

#include "text/json.h"
#include "text/yaml.h"

int output_objects(struct cluster *c, struct gt_node *items, bool single)
{
	const struct gt_node *root = gt_node_item(items, 0);
	gt_auto_buf out = {0};
	struct gt_err err;

	if (!single) {
		struct gt_node *list = gt_node_map(&c->arena);

		gt_node_set_str(&c->arena, list, "apiVersion", "v1");
		gt_node_set_str(&c->arena, list, "kind", "List");
		gt_node_set(&c->arena, list, "items", items);
		gt_node_set(&c->arena, list, "metadata", gt_node_map(&c->arena));
		root = list;
	}
	gt_seq_for_each (items, item)
		gt_node_unset(gt_node_get(item, "metadata"), "managedFields");
	if (strcmp(cli_flag_string(c->call, "output"), "json") == 0) {
		gt_json_write(&out, root, GT_JSON_INDENT | GT_JSON_SORTED, 4);
		gt_buf_addc(&out, '\n');
	} else {
		gt_yaml_write(&out, root, GT_YAML_SORTED);
	}
	if (gt_arena_check(&c->arena, &err) < 0 || gt_buf_check(&out, &err) < 0)
		return cli_fail(&err);
	fwrite(out.p, 1, out.n, stdout);
	return 0;
}

void output_yaml_document(const struct gt_node *obj)
{
	gt_auto_buf out = {0};

	gt_buf_adds(&out, "---\n");
	gt_yaml_write(&out, obj, GT_YAML_SORTED);
	fwrite(gt_buf_cstr(&out), 1, out.n, stdout);
}
