/* `gitops suspend` and `gitops resume`. */
#include "objects.h"
#include "wait.h"

static int set_suspend(struct cluster *c, const struct kind *k, const char *name, bool suspend,
		       struct gt_err *err)
{
	struct gt_node *patch = gt_node_map(&c->arena);
	struct gt_node *spec = gt_node_need_map(&c->arena, patch, "spec");

	if (suspend)
		gt_node_set_bool(&c->arena, spec, "suspend", true);
	else
		gt_node_set(&c->arena, spec, "suspend", gt_node_null(&c->arena));
	return patch_object(c, k, c->ns, name, patch, err);
}

int cluster_suspend(struct cluster *c)
{
	const struct kind *k = kind_named(c->call->command->complete);
	struct gt_args names = {0};
	struct gt_err err;

	if (select_names(c, k, &names, &err) < 0)
		return cli_fail(&err);
	for (size_t i = 0; i < names.n; i++) {
		cli_action("suspending %s %s in %s namespace", k->human, names.v[i], c->ns);
		/* As upstream, a name that fails is told and does not stop the others. */
		if (set_suspend(c, k, names.v[i], true, &err) < 0)
			cli_fail(&err);
		else
			cli_success("%s suspended", k->human);
	}
	gt_args_fini(&names);
	return 0;
}

static int wait_resumed(struct cluster *c, const struct kind *k, const char *name)
{
	struct gt_node *obj;
	struct gt_err err;

	if (wait_until_ready(c, k, c->ns, name, NULL, &obj, &err) < 0) {
		cli_fail(&err);
		return -1;
	}
	cli_success("%s %s reconciliation completed", k->res->kind, name);
	if (k->success && *kind_revision(k, obj))
		report_success(k, name, obj);
	return 0;
}

int cluster_resume(struct cluster *c)
{
	const struct kind *k = kind_named(c->call->command->complete);
	struct gt_args names = {0}, resumed = {0};
	struct gt_err err;
	size_t failed = 0;

	if (select_names(c, k, &names, &err) < 0)
		return cli_fail(&err);
	for (size_t i = 0; i < names.n; i++) {
		cli_action("resuming %s %s in %s namespace", k->human, names.v[i], c->ns);
		if (set_suspend(c, k, names.v[i], false, &err) < 0) {
			cli_fail(&err);
			continue;
		}
		cli_success("%s resumed", k->human);
		gt_vec_push(&resumed, names.v[i]);
	}
	bool wait = cli_flag_given(c->call, "wait") ? cli_flag_bool(c->call, "wait")
						    : c->call->nargs == 1;
	if (wait && resumed.n)
		cli_waiting("waiting for %s reconciliation", k->res->kind);
	for (size_t i = 0; wait && i < resumed.n; i++)
		failed += wait_resumed(c, k, resumed.v[i]) < 0;
	gt_args_fini(&names);
	gt_args_fini(&resumed);
	if (failed)
		return cli_failf("reconciliation failed for %zu %s(s)", failed, k->res->kind);
	return 0;
}
