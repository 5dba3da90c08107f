/* Columns of network, configuration, nodes and volumes. */
#include "cells.h"

/* --- network ------------------------------------------------------------------------------ */

static struct gt_node *svc_type(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "spec", "type"));
}

static struct gt_node *svc_cluster_ip(struct as_cell *c)
{
	return as_cell_or_none(c, gt_node_cstr_at(c->obj, "spec", "clusterIP"));
}

static void add_ingress(struct gt_buf *out, const struct gt_node *obj)
{
	gt_seq_for_each (gt_node_at(obj, "status", "loadBalancer", "ingress"), i) {
		const struct gt_node *ip = gt_node_get(i, "ip");
		as_cell_join(out, ",", gt_node_text(ip ? ip : gt_node_get(i, "hostname")));
	}
}

static struct gt_node *svc_external_ip(struct as_cell *c)
{
	const char *type = gt_node_cstr_or(gt_node_at(c->obj, "spec", "type"), "");
	gt_auto_buf out = {0};

	if (gt_streq(type, "ExternalName"))
		return as_cell_text(c, gt_node_cstr_at(c->obj, "spec", "externalName"));
	if (gt_streq(type, "LoadBalancer"))
		add_ingress(&out, c->obj);
	gt_seq_for_each (gt_node_at(c->obj, "spec", "externalIPs"), ip)
		as_cell_join(&out, ",", gt_node_text(ip));
	if (out.n == 0 && gt_streq(type, "LoadBalancer"))
		return as_cell_text(c, "<pending>");
	return as_cell_or_none(c, gt_buf_cstr(&out));
}

static struct gt_node *svc_ports(struct as_cell *c)
{
	gt_auto_buf out = {0};

	gt_seq_for_each (gt_node_at(c->obj, "spec", "ports"), p) {
		int64_t node = gt_node_int_or(gt_node_get(p, "nodePort"), 0);
		gt_buf_printf(&out, "%s%lld", out.n ? "," : "",
			      (long long)gt_node_int_or(gt_node_get(p, "port"), 0));
		if (node)
			gt_buf_printf(&out, ":%lld", (long long)node);
		gt_buf_printf(&out, "/%s", gt_node_cstr_or(gt_node_get(p, "protocol"), ""));
	}
	return as_cell_or_none(c, gt_buf_cstr(&out));
}

static struct gt_node *ing_class(struct as_cell *c)
{
	return as_cell_or_none(c, gt_node_cstr_at(c->obj, "spec", "ingressClassName"));
}

static struct gt_node *ing_hosts(struct as_cell *c)
{
	gt_auto_buf out = {0};

	gt_seq_for_each (gt_node_at(c->obj, "spec", "rules"), r) {
		if (gt_node_text(gt_node_get(r, "host")).n > 0)
			as_cell_join(&out, ",", gt_node_text(gt_node_get(r, "host")));
	}
	return as_cell_text(c, out.n ? gt_buf_cstr(&out) : "*");
}

static struct gt_node *ing_address(struct as_cell *c)
{
	gt_auto_buf out = {0};

	add_ingress(&out, c->obj);
	return as_cell_built(c, &out);
}

static struct gt_node *ing_ports(struct as_cell *c)
{
	return as_cell_text(c, gt_node_count(gt_node_at(c->obj, "spec", "tls")) > 0 ? "80, 443"
										    : "80");
}

static struct gt_node *netpol_selector(struct as_cell *c)
{
	return as_cell_or_none(
		c, gt_node_cstr(as_cell_selector_of(c, gt_node_at(c->obj, "spec", "podSelector"))));
}

static struct gt_node *ic_controller(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "spec", "controller"));
}

static struct gt_node *ic_parameters(struct as_cell *c)
{
	return as_cell_or_none(c, gt_node_cstr_at(c->obj, "spec", "parameters", "name"));
}

/* --- configuration ------------------------------------------------------------------------ */

static struct gt_node *data_count(struct as_cell *c)
{
	return gt_node_int(c->a, (int64_t)(gt_node_count(gt_node_get(c->obj, "data")) +
					   gt_node_count(gt_node_get(c->obj, "binaryData"))));
}

static struct gt_node *secret_type(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "type"));
}

static struct gt_node *sa_secrets(struct as_cell *c)
{
	return gt_node_int(c->a, (int64_t)gt_node_count(gt_node_get(c->obj, "secrets")));
}

/* --- nodes and volumes -------------------------------------------------------------------- */

static struct gt_node *node_status(struct as_cell *c)
{
	const char *state = as_cell_condition_true(c->obj, "Ready") ? "Ready" : "NotReady";
	bool cordoned = gt_node_truth(gt_node_at(c->obj, "spec", "unschedulable"), false);

	return gt_node_printf(c->a, "%s%s", state, cordoned ? ",SchedulingDisabled" : "");
}

static struct gt_node *node_roles(struct as_cell *c)
{
	static const char prefix[] = "node-role.kubernetes.io/";
	gt_auto_buf out = {0};

	gt_map_each(gt_node_at(c->obj, "metadata", "labels"), p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		if (gt_str_starts(key, prefix))
			as_cell_join(&out, ",", gt_str_from(key, sizeof prefix - 1));
	}
	return as_cell_or_none(c, gt_buf_cstr(&out));
}

static struct gt_node *node_version(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "status", "nodeInfo", "kubeletVersion"));
}

static void add_modes(struct gt_buf *out, const struct gt_node *modes)
{
	static const struct {
		const char *mode, *brief;
	} names[] = {{"ReadWriteOnce", "RWO"},
		     {"ReadOnlyMany", "ROX"},
		     {"ReadWriteMany", "RWX"},
		     {"ReadWriteOncePod", "RWOP"}};

	for (size_t i = 0; i < GT_COUNT(names); i++) {
		gt_seq_for_each (modes, m) {
			if (gt_node_is_text(m, names[i].mode))
				as_cell_join(out, ",", gt_str(names[i].brief));
		}
	}
}

static struct gt_node *modes_cell(struct as_cell *c, const struct gt_node *modes)
{
	gt_auto_buf out = {0};

	add_modes(&out, modes);
	return as_cell_built(c, &out);
}

static struct gt_node *pvc_volume(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "spec", "volumeName"));
}

static struct gt_node *pvc_capacity(struct as_cell *c)
{
	const char *bound = gt_node_cstr_at(c->obj, "spec", "volumeName");

	return as_cell_text(c, bound && bound[0]
				       ? gt_node_cstr_at(c->obj, "status", "capacity", "storage")
				       : "");
}

static struct gt_node *pvc_modes(struct as_cell *c)
{
	const char *bound = gt_node_cstr_at(c->obj, "spec", "volumeName");

	return bound && bound[0] ? modes_cell(c, gt_node_at(c->obj, "status", "accessModes"))
				 : as_cell_text(c, "");
}

static struct gt_node *storage_class_of(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "spec", "storageClassName"));
}

static struct gt_node *attributes_class(struct as_cell *c)
{
	const char *s = gt_node_cstr_at(c->obj, "spec", "volumeAttributesClassName");

	return as_cell_text(c, s && s[0] ? s : "<unset>");
}

static struct gt_node *volume_mode(struct as_cell *c)
{
	const char *s = gt_node_cstr_at(c->obj, "spec", "volumeMode");

	return as_cell_text(c, s ? s : "<unset>");
}

static struct gt_node *pv_capacity(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "spec", "capacity", "storage"));
}

static struct gt_node *pv_modes(struct as_cell *c)
{
	return modes_cell(c, gt_node_at(c->obj, "spec", "accessModes"));
}

static struct gt_node *pv_reclaim(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "spec", "persistentVolumeReclaimPolicy"));
}

static struct gt_node *pv_claim(struct as_cell *c)
{
	const struct gt_node *ref = gt_node_at(c->obj, "spec", "claimRef");

	return ref ? gt_node_printf(c->a, "%s/%s",
				    gt_node_cstr_or(gt_node_get(ref, "namespace"), ""),
				    gt_node_cstr_or(gt_node_get(ref, "name"), ""))
		   : as_cell_text(c, "");
}

static struct gt_node *pv_reason(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "status", "reason"));
}

static struct gt_node *sc_provisioner(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "provisioner"));
}

static struct gt_node *sc_name(struct as_cell *c)
{
	bool is_default = gt_node_is_text(gt_node_at(c->obj, "metadata", "annotations",
						     "storageclass.kubernetes.io/is-default-class"),
					  "true");

	return gt_node_printf(c->a, "%s%s",
			      gt_node_cstr_or(gt_node_at(c->obj, "metadata", "name"), ""),
			      is_default ? " (default)" : "");
}

static struct gt_node *sc_reclaim(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "reclaimPolicy"));
}

static struct gt_node *sc_binding(struct as_cell *c)
{
	return as_cell_text(c, gt_node_cstr_at(c->obj, "volumeBindingMode"));
}

static struct gt_node *sc_expansion(struct as_cell *c)
{
	return gt_node_bool(c->a,
			    gt_node_truth(gt_node_get(c->obj, "allowVolumeExpansion"), false));
}

/* --- the table ---------------------------------------------------------------------------- */

const struct as_cells as_cells_core[] = {
	{"",
	 "services",
	 {AS_CELLS_NAME,
	  {"Type", "string", 0, svc_type},
	  {"Cluster-IP", "string", 0, svc_cluster_ip},
	  {"External-IP", "string", 0, svc_external_ip},
	  {"Port(s)", "string", 0, svc_ports},
	  AS_CELLS_AGE,
	  {"Selector", "string", 1, as_cell_svc_selector}}},
	{"networking.k8s.io",
	 "ingresses",
	 {AS_CELLS_NAME,
	  {"Class", "string", 0, ing_class},
	  {"Hosts", "string", 0, ing_hosts},
	  {"Address", "string", 0, ing_address},
	  {"Ports", "string", 0, ing_ports},
	  AS_CELLS_AGE}},
	{"networking.k8s.io",
	 "ingressclasses",
	 {AS_CELLS_NAME,
	  {"Controller", "string", 0, ic_controller},
	  {"Parameters", "string", 0, ic_parameters},
	  AS_CELLS_AGE}},
	{"networking.k8s.io",
	 "networkpolicies",
	 {AS_CELLS_NAME, {"Pod-Selector", "string", 0, netpol_selector}, AS_CELLS_AGE}},
	{"", "configmaps", {AS_CELLS_NAME, {"Data", "string", 0, data_count}, AS_CELLS_AGE}},
	{"",
	 "secrets",
	 {AS_CELLS_NAME,
	  {"Type", "string", 0, secret_type},
	  {"Data", "string", 0, data_count},
	  AS_CELLS_AGE}},
	{"", "namespaces", {AS_CELLS_NAME, {"Status", "string", 0, as_cell_phase}, AS_CELLS_AGE}},
	{"",
	 "serviceaccounts",
	 {AS_CELLS_NAME, {"Secrets", "string", 0, sa_secrets}, AS_CELLS_AGE}},
	{"",
	 "nodes",
	 {AS_CELLS_NAME,
	  {"Status", "string", 0, node_status},
	  {"Roles", "string", 0, node_roles},
	  AS_CELLS_AGE,
	  {"Version", "string", 0, node_version}}},
	{"",
	 "persistentvolumeclaims",
	 {AS_CELLS_NAME,
	  {"Status", "string", 0, as_cell_phase},
	  {"Volume", "string", 0, pvc_volume},
	  {"Capacity", "string", 0, pvc_capacity},
	  {"Access Modes", "string", 0, pvc_modes},
	  {"StorageClass", "string", 0, storage_class_of},
	  {"VolumeAttributesClass", "string", 0, attributes_class},
	  AS_CELLS_AGE,
	  {"VolumeMode", "string", 1, volume_mode}}},
	{"",
	 "persistentvolumes",
	 {AS_CELLS_NAME,
	  {"Capacity", "string", 0, pv_capacity},
	  {"Access Modes", "string", 0, pv_modes},
	  {"Reclaim Policy", "string", 0, pv_reclaim},
	  {"Status", "string", 0, as_cell_phase},
	  {"Claim", "string", 0, pv_claim},
	  {"StorageClass", "string", 0, storage_class_of},
	  {"VolumeAttributesClass", "string", 0, attributes_class},
	  {"Reason", "string", 0, pv_reason},
	  AS_CELLS_AGE,
	  {"VolumeMode", "string", 1, volume_mode}}},
	{"storage.k8s.io",
	 "storageclasses",
	 {{"Name", "string", 0, sc_name},
	  {"Provisioner", "string", 0, sc_provisioner},
	  {"ReclaimPolicy", "string", 0, sc_reclaim},
	  {"VolumeBindingMode", "string", 0, sc_binding},
	  {"AllowVolumeExpansion", "string", 0, sc_expansion},
	  AS_CELLS_AGE}},
	{0},
};
