/* `gitops delete`. */
#include "objects.h"

int cluster_delete(struct cluster *c)
{
	const struct kind *k = kind_named(c->call->command->complete);
	const char *name = c->call->args[0];
	struct gt_node *obj;
	struct gt_err err;

	if (get_object(c, k, c->ns, name, &obj, &err) < 0)
		return cli_fail(&err);
	if (!cli_flag_bool(c->call, "silent")) {
		const char *question = gt_arena_printf(
			&c->arena, "Are you sure you want to delete this %s", k->human);

		if (!cli_confirm(question))
			return cli_failf("aborting");
	}
	cli_action("deleting %s %s in %s namespace", k->human, name, c->ns);
	if (gt_kube_delete(c->kube, &c->ctx, k->res, c->ns, name, NULL, &err) < 0)
		return cli_fail(&err);
	cli_success("%s deleted", k->human);
	return 0;
}
