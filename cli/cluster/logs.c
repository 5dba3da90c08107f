/* `gitops logs`: from the controllers' pods, or from the files of the local instance. */
#include "logs.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "local.h"

static const struct gt_resource pods = {"", "v1", "Pod", "pods", true};

static int fill_filter(struct cluster *c, struct log_filter *f, struct gt_err *err)
{
	const char *time = cli_flag_string(c->call, "since-time");
	int64_t since = cli_flag_int(c->call, "since");

	f->level = cli_flag_string(c->call, "level");
	f->kind = cli_flag_string(c->call, "kind");
	f->name = cli_flag_string(c->call, "name");
	f->ns = cli_flag_bool(c->call, "all-namespaces") || !c->call->globals->namespace_given
			? NULL
			: c->ns;
	if (since && *time)
		return gt_fail(err, GT_E_INVALID,
			       "at most one of `--since` or `--since-time` may be specified");
	if (*time && !gt_rfc3339_parse(gt_str(time), &f->since))
		return gt_fail(err, GT_E_INVALID, "invalid --since-time '%s'", time);
	if (since)
		f->since = gt_now_wall() - since;
	return GT_OK;
}

/* The local instance's state, if the API server in use is its own. */
static struct gt_node *local_state(struct cluster *c)
{
	gt_autofree char *dir = NULL;
	struct gt_node *state;

	if (cli_local_dir(cli_flag_string(c->call, "data"), &dir, NULL) < 0 ||
	    cli_local_read_state(&c->arena, dir, &state, NULL) < 0)
		return NULL;
	bool asked = *cli_flag_string(c->call, "data") != '\0';
	const char *server = gt_node_cstr_or(gt_node_get(state, "server"), "");
	return asked || strcmp(server, gt_kube_server(c->kube)) == 0 ? state : NULL;
}

static int print_pod(struct cluster *c, const struct log_filter *f, const struct gt_node *pod,
		     struct gt_err *err)
{
	gt_auto_buf path = {0}, body = {0};
	int64_t tail = cli_flag_int(c->call, "tail");
	struct gt_split it;
	struct gt_str line;

	gt_buf_printf(&path, "/api/v1/namespaces/%s/pods/%s/log?container=manager",
		      gt_obj_namespace(pod), gt_obj_name(pod));
	if (tail >= 0)
		gt_buf_printf(&path, "&tailLines=%lld", (long long)tail);
	int rc = gt_kube_get_raw(c->kube, &c->ctx, gt_buf_cstr(&path), &body, err);
	if (rc < 0)
		return gt_wrap(err, "logs of pod %s", gt_obj_name(pod));
	it = (struct gt_split){.rest = gt_buf_str(&body)};
	while (gt_split_next(&it, '\n', &line))
		log_print_line(f, line);
	return GT_OK;
}

static int logs_from_pods(struct cluster *c, const struct log_filter *f)
{
	const char *ns = cli_flag_string(c->call, "flux-namespace");
	struct gt_list_opts opts = {.label_selector = "app.kubernetes.io/part-of=flux"};
	struct gt_node *list;
	struct gt_err err;
	size_t shown = 0;

	if (cli_flag_bool(c->call, "follow"))
		return cli_failf("--follow is supported for the local instance only; use "
				 "`kubectl logs -f` on a cluster");
	if (gt_kube_list(c->kube, &c->ctx, &c->arena, &pods, ns, &opts, &list, &err) < 0)
		return cli_fail(&err);
	gt_seq_for_each (gt_node_get(list, "items"), pod) {
		if (!gt_node_is_text(gt_node_at(pod, "status", "phase"), "Running"))
			continue;
		shown++;
		if (print_pod(c, f, pod, &err) < 0)
			return cli_fail(&err);
	}
	return shown ? 0 : cli_failf("no Flux pods found in namespace \"%s\"", ns);
}

int cluster_logs(struct cluster *c)
{
	struct log_filter filter = {0};
	struct gt_err err;

	if (fill_filter(c, &filter, &err) < 0)
		return cli_fail(&err);
	struct gt_node *state = local_state(c);
	return state ? logs_from_files(c, &filter, state) : logs_from_pods(c, &filter);
}
