#include "schema/normalize.h"

#include <string.h>

#include "base/enc.h"
#include "schema/schema.h"

/* Where a pod template stands in the kinds whose container ports are completed. */
static const struct {
	const char *group, *kind;
	const char *path[6];
} pod_kinds[] = {
	{"", "Pod", {"spec"}},
	{"apps", "Deployment", {"spec", "template", "spec"}},
	{"apps", "StatefulSet", {"spec", "template", "spec"}},
	{"apps", "DaemonSet", {"spec", "template", "spec"}},
	{"apps", "ReplicaSet", {"spec", "template", "spec"}},
	{"batch", "Job", {"spec", "template", "spec"}},
	{"batch", "CronJob", {"spec", "jobTemplate", "spec", "template", "spec"}},
};

static void complete_ports(struct gt_arena *a, struct gt_node *ports)
{
	for (size_t i = 0; i < gt_node_count(ports); i++) {
		struct gt_node *port = gt_node_item(ports, i);

		if (gt_node_text(gt_node_get(port, "protocol")).n > 0)
			continue;
		gt_node_set_str(a, port, "protocol", "TCP");
		gt_node_sort_keys(port, false);
	}
}

static void complete_containers(struct gt_arena *a, struct gt_node *pod_spec)
{
	struct gt_node *containers = gt_node_get(pod_spec, "containers");

	for (size_t i = 0; i < gt_node_count(containers); i++)
		complete_ports(a, gt_node_get(gt_node_item(containers, i), "ports"));
}

static void fold_string_data(struct gt_arena *a, struct gt_node *secret)
{
	struct gt_node *plain = gt_node_get(secret, "stringData");

	if (gt_node_count(plain) == 0)
		return;
	struct gt_node *data = gt_node_need_map(a, secret, "data");
	for (size_t i = 0; i < gt_node_count(plain); i++) {
		const struct gt_pair *p = gt_node_pair(plain, i);
		gt_auto_buf text = {0};

		gt_base64_encode(&text, gt_node_text(p->value));
		gt_node_setn(a, data, gt_strn(p->key, p->len), gt_node_strn(a, gt_buf_str(&text)));
	}
	gt_node_sort_keys(data, false);
	gt_node_unset(secret, "stringData");
	gt_node_sort_keys(secret, false);
}

static void complete(struct gt_arena *a, const struct gt_schema_kind *k, struct gt_node *obj)
{
	if (strcmp(k->version, "v1") != 0)
		return;
	for (size_t i = 0; i < GT_COUNT(pod_kinds); i++)
		if (!strcmp(pod_kinds[i].group, k->group) && !strcmp(pod_kinds[i].kind, k->kind))
			complete_containers(a, gt_node__at(obj, pod_kinds[i].path));
	if (*k->group)
		return;
	if (!strcmp(k->kind, "Service"))
		complete_ports(a, gt_node_at(obj, "spec", "ports"));
	else if (!strcmp(k->kind, "Secret"))
		fold_string_data(a, obj);
}

static bool is_role(const char *api_version, const char *kind)
{
	return gt_streq(api_version, "rbac.authorization.k8s.io/v1") &&
	       (gt_streq(kind, "Role") || gt_streq(kind, "ClusterRole"));
}

static bool is_crd(const char *api_version, const char *kind)
{
	return gt_streq(kind, "CustomResourceDefinition") && api_version &&
	       gt_str_starts(gt_str(api_version), "apiextensions.k8s.io/");
}

/* The kind of an object that client-go has a type for. */
static bool find_typed(struct gt_arena *a, const char *api_version, const char *kind,
		       struct gt_schema_kind *ret)
{
	const char *slash = api_version ? strchr(api_version, '/') : NULL;
	const char *group = "";

	if (!api_version || !kind)
		return false;
	if (slash)
		group = gt_arena_strndup(a, api_version, (size_t)(slash - api_version));
	return gt_schema_find_kind(gt_schema_get(GT_SCHEMA_K8S), group,
				   slash ? slash + 1 : api_version, kind, ret) &&
	       (ret->flags & GT_KIND_CLIENT_GO) && !(ret->flags & GT_KIND_LIST);
}

int gt_normalize(struct gt_arena *a, struct gt_node *obj, struct gt_err *err)
{
	const char *api_version = gt_node_cstr_at(obj, "apiVersion");
	const char *kind = gt_node_cstr_at(obj, "kind");
	struct gt_node *typed = NULL;
	struct gt_schema_kind k;

	if (is_role(api_version, kind))
		return GT_OK;
	if (find_typed(a, api_version, kind, &k) &&
	    gt_typed_round_trip(a, k.type, obj, &typed, NULL) == GT_OK) {
		complete(a, &k, typed);
		gt_node_become(obj, typed);
	}
	gt_node_set(a, gt_node_need_map(a, obj, "metadata"), "creationTimestamp", gt_node_null(a));
	if (!is_crd(api_version, kind))
		gt_node_unset(obj, "status");
	return gt_arena_check(a, err);
}
