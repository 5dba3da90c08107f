/* Names for the shell's completion: objects of the command's kind that start as typed. */
#include <stdio.h>
#include <string.h>

#include "kinds.h"

int cluster_complete(struct cluster *c)
{
	const struct kind *k = kind_named(c->call->command->complete);
	const char *prefix = c->call->nargs ? c->call->args[c->call->nargs - 1] : "";
	struct gt_node *list;

	if (!k || gt_kube_list(c->kube, &c->ctx, &c->arena, k->res, c->ns, NULL, &list, NULL) < 0)
		return 1;
	gt_seq_for_each (gt_node_get(list, "items"), item) {
		if (strncmp(gt_obj_name(item), prefix, strlen(prefix)) == 0)
			puts(gt_obj_name(item));
	}
	return 0;
}
