/* `gitops check`: can the toolkit run here, and does it? */
#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "kinds.h"
#include "kube/kstatus.h"
#include "local.h"
#include "text/json.h"
#include "text/semver.h"

#define KUBERNETES_RANGE ">=1.33.0-0"

static const struct gt_resource deployments = {"apps", "v1", "Deployment", "deployments", true};

static const struct gt_list_opts part_of_flux = {.label_selector =
							 "app.kubernetes.io/part-of=flux"};

static int server_version(struct cluster *c, const char **ret_version, struct gt_err *err)
{
	gt_auto_buf body = {0};
	struct gt_node *version;
	int rc = gt_kube_get_raw(c->kube, &c->ctx, "/version", &body, err);

	if (rc == GT_OK)
		rc = gt_json_parse(&c->arena, gt_buf_str(&body), 0, &version, err);
	if (rc < 0)
		return gt_wrap(err, "/version");
	*ret_version = gt_node_cstr_or(gt_node_get(version, "gitVersion"), "");
	return GT_OK;
}

static bool in_range(struct cluster *c, const char *text)
{
	struct gt_constraint *range;
	struct gt_semver version;

	return gt_constraint_parse(&c->arena, gt_str(KUBERNETES_RANGE), &range, NULL) == GT_OK &&
	       gt_semver_parse(gt_str(text), &version, NULL) == GT_OK &&
	       gt_constraint_match(range, &version);
}

static bool check_kubernetes(struct cluster *c)
{
	const char *version;
	struct gt_err err;

	if (server_version(c, &version, &err) < 0) {
		cli_fail(&err);
		return false;
	}
	if (!in_range(c, version)) {
		cli_failure("Kubernetes version %s does not match %s", version, KUBERNETES_RANGE);
		return false;
	}
	cli_success("Kubernetes %s %s", version, KUBERNETES_RANGE);
	return true;
}

static bool check_local(struct cluster *c, bool *ret_is_local)
{
	gt_autofree char *dir = NULL;
	struct gt_node *state;

	*ret_is_local = false;
	if (cli_local_dir(cli_flag_string(c->call, "data"), &dir, NULL) < 0 ||
	    cli_local_read_state(&c->arena, dir, &state, NULL) < 0 ||
	    strcmp(gt_node_cstr_or(gt_node_get(state, "server"), ""), gt_kube_server(c->kube)) != 0)
		return true;
	*ret_is_local = true;
	if (!cli_local_running(dir)) {
		cli_failure("the local instance in %s is not running", dir);
		return false;
	}
	gt_map_each(gt_node_get(state, "processes"), process)
		cli_success("%s: process %lld", process->key,
			    (long long)gt_node_int_or(gt_node_get(process->value, "pid"), 0));
	return true;
}

static bool check_deployment(struct cluster *c, const struct gt_node *deployment)
{
	struct gt_kstatus status;
	struct gt_err err;

	if (gt_kstatus(&c->arena, deployment, &status, &err) < 0) {
		cli_failure("%s: %s", gt_obj_name(deployment), err.text);
		return false;
	}
	if (status.status != GT_STATUS_CURRENT) {
		cli_failure("%s: %s", gt_obj_name(deployment), status.message);
		return false;
	}
	cli_success("%s: deployment ready", gt_obj_name(deployment));
	gt_seq_for_each (gt_node_at(deployment, "spec", "template", "spec", "containers"),
			 container)
		cli_action("%s", gt_node_cstr_or(gt_node_get(container, "image"), ""));
	return true;
}

static bool check_controllers(struct cluster *c)
{
	struct gt_node *list;
	struct gt_err err;
	bool local, ok;

	cli_action("checking controllers");
	ok = check_local(c, &local);
	if (local)
		return ok;
	if (gt_kube_list(c->kube, &c->ctx, &c->arena, &deployments, c->ns, &part_of_flux, &list,
			 &err) < 0) {
		cli_fail(&err);
		return false;
	}
	if (gt_node_count(gt_node_get(list, "items")) == 0) {
		cli_failure("no controllers found in the '%s' namespace with the label selector "
			    "'%s'",
			    c->ns, part_of_flux.label_selector);
		return false;
	}
	gt_seq_for_each (gt_node_get(list, "items"), item)
		ok = check_deployment(c, item) && ok;
	return ok;
}

static const char *last_stored_version(const struct gt_node *crd)
{
	const struct gt_node *stored = gt_node_at(crd, "status", "storedVersions");
	size_t n = gt_node_count(stored);

	return n ? gt_node_cstr_or(gt_node_item(stored, n - 1), "") : "";
}

static bool check_crds(struct cluster *c)
{
	bool ok = true;

	cli_action("checking crds");
	for (const struct kind *k = kinds; k->res; k++) {
		const char *name =
			gt_arena_printf(&c->arena, "%s.%s", k->res->plural, k->res->group);
		struct gt_node *crd;
		struct gt_err err;

		if (gt_kube_get(c->kube, &c->ctx, &c->arena, &gt_res_crd, "", name, &crd, &err) <
		    0) {
			cli_fail(&err);
			ok = false;
		} else {
			cli_success("%s/%s", name, last_stored_version(crd));
		}
	}
	return ok;
}

int cluster_check(struct cluster *c)
{
	cli_action("checking prerequisites");
	bool ok = check_kubernetes(c);
	if (cli_flag_bool(c->call, "pre")) {
		if (ok)
			cli_success("prerequisites checks passed");
		return !ok;
	}
	ok = check_controllers(c) && ok;
	ok = check_crds(c) && ok;
	if (!ok)
		return cli_failf("check failed");
	cli_success("all checks passed");
	return 0;
}
