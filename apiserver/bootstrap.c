/* What exists from the start. */
#include "base/limits.h"
#include "controllers.h"
#include "services.h"
#include "status.h"
#include "text/json.h"
#include "write.h"

/* In order; an object that exists already is left alone. */
static const struct {
	const char *group, *plural, *ns, *json;
} objects[] = {
	{"", "namespaces", "", "{\"metadata\":{\"name\":\"default\"}}"},
	{"", "namespaces", "", "{\"metadata\":{\"name\":\"kube-node-lease\"}}"},
	{"", "namespaces", "", "{\"metadata\":{\"name\":\"kube-public\"}}"},
	{"", "namespaces", "", "{\"metadata\":{\"name\":\"kube-system\"}}"},
	{"", "nodes", "",
	 "{\"metadata\":{\"name\":\"node-0\",\"labels\":{\"kubernetes.io/hostname\":\"node-0\","
	 "\"kubernetes.io/os\":\"linux\",\"node-role.kubernetes.io/control-plane\":\"\"}}}"},
	{"", "services", "default",
	 "{\"metadata\":{\"name\":\"kubernetes\",\"labels\":{\"component\":\"apiserver\","
	 "\"provider\":\"kubernetes\"}},\"spec\":{\"clusterIP\":\"" AS_SERVICE_FIRST_IP "\","
	 "\"ports\":[{\"name\":\"https\",\"port\":443,\"protocol\":\"TCP\",\"targetPort\":6443}]}"
	 "}"},
	{"storage.k8s.io", "storageclasses", "",
	 "{\"metadata\":{\"name\":\"standard\",\"annotations\":{"
	 "\"storageclass.kubernetes.io/is-default-class\":\"true\"}},"
	 "\"provisioner\":\"simulate.gitops.toolkit/none\"}"},
	{"scheduling.k8s.io", "priorityclasses", "",
	 "{\"metadata\":{\"name\":\"system-cluster-critical\"},\"value\":2000000000}"},
	{"scheduling.k8s.io", "priorityclasses", "",
	 "{\"metadata\":{\"name\":\"system-node-critical\"},\"value\":2000001000}"},
	{"rbac.authorization.k8s.io", "clusterroles", "",
	 "{\"metadata\":{\"name\":\"cluster-admin\"},\"rules\":[{\"apiGroups\":[\"*\"],"
	 "\"resources\":[\"*\"],\"verbs\":[\"*\"]},{\"nonResourceURLs\":[\"*\"],"
	 "\"verbs\":[\"*\"]}]}"},
	{"rbac.authorization.k8s.io", "clusterrolebindings", "",
	 "{\"metadata\":{\"name\":\"cluster-admin\"},\"roleRef\":{\"kind\":\"ClusterRole\","
	 "\"name\":\"cluster-admin\"},\"subjects\":[{\"kind\":\"Group\","
	 "\"name\":\"system:masters\"}]}"},
};

static const char node_status[] =
	"{\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\",\"reason\":\"KubeletReady\","
	"\"message\":\"simulated\"}],\"nodeInfo\":{\"kubeletVersion\":\"v1.36.3\","
	"\"operatingSystem\":\"linux\"},\"capacity\":{\"cpu\":\"64\",\"memory\":\"256Gi\","
	"\"pods\":\"1000\"},\"allocatable\":{\"cpu\":\"64\",\"memory\":\"256Gi\","
	"\"pods\":\"1000\"},\"addresses\":[{\"type\":\"InternalIP\",\"address\":\"127.0.0.1\"},"
	"{\"type\":\"Hostname\",\"address\":\"node-0\"}]}";

static int fail(struct as_call *c, const char *name, struct gt_err *err)
{
	return gt_fail(err, GT_E_INTERNAL, "create %s: %s", name,
		       gt_node_cstr_or(gt_node_get(c->status, "message"), ""));
}

static int create(struct as_server *s, size_t i, struct gt_err *err)
{
	struct as_resource *r =
		as_registry_find(s->registry, gt_str(objects[i].group), gt_str(objects[i].plural));
	struct as_object *there;
	struct as_call c;
	int rc;

	as_call_inside(&c, s, "gitops-apiserver", r, AS_V_CREATE, gt_str(objects[i].ns),
		       gt_str(""));
	as_resource_unref(r);
	rc = gt_json_parse(&c.arena, gt_str(objects[i].json), 0, &c.body, err);
	if (rc == GT_OK) {
		there = as_table_get(c.r->table, c.to.ns,
				     gt_node_text(gt_node_at(c.body, "metadata", "name")));
		if (!there && as_create(&c) < 0)
			rc = fail(&c, objects[i].plural, err);
		as_object_unref(there);
	}
	as_call_fini(&c);
	return rc;
}

static int set_node_status(struct as_call *c, struct as_edit *e, void *arg)
{
	struct gt_node *status = NULL;
	struct gt_err err = {0};

	(void)arg;
	if (gt_json_parse(&c->arena, gt_str(node_status), 0, &status, &err) < 0)
		return as_fail_err(c, &err);
	e->obj = gt_node_dup(&c->arena, e->live);
	gt_node_set(&c->arena, e->obj, "status", status);
	return GT_OK;
}

static int ready_node(struct as_server *s, struct gt_err *err)
{
	struct as_resource *r = as_registry_find(s->registry, gt_str(""), gt_str("nodes"));
	struct as_call c;
	int rc;

	as_call_inside(&c, s, "gitops-apiserver", r, AS_V_UPDATE, gt_str(""), gt_str("node-0"));
	as_resource_unref(r);
	c.to.sub = gt_str("status");
	rc = as_modify(&c, set_node_status, NULL);
	/* Somebody may have deleted it. */
	if (rc < 0 && as_status_code(c.status) != 404)
		rc = fail(&c, "node-0", err);
	else
		rc = GT_OK;
	as_call_fini(&c);
	return rc;
}

int as_bootstrap(struct as_server *s, struct gt_err *err)
{
	int rc = GT_OK;

	/* Only a store that was never used gets them: what users delete stays deleted. */
	if (as_store_revision(s->store) > 0)
		return GT_OK;
	for (size_t i = 0; i < GT_COUNT(objects) && rc == GT_OK; i++)
		rc = create(s, i, err);
	return rc == GT_OK ? ready_node(s, err) : rc;
}
