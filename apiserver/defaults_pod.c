/* Defaults of pods and of what looks like them. */
#include "defaults.h"

void as_default_str(struct gt_arena *a, struct gt_node *map, const char *key, const char *s)
{
	const struct gt_node *v = gt_node_get(map, key);

	if (gt_node_is_null(v) || (gt_node_is(v, GT_STR) && gt_node_text(v).n == 0))
		gt_node_set_str(a, map, key, s);
}

void as_default_int(struct gt_arena *a, struct gt_node *map, const char *key, int64_t i)
{
	if (gt_node_is_null(gt_node_get(map, key)))
		gt_node_set_int(a, map, key, i);
}

void as_default_bool(struct gt_arena *a, struct gt_node *map, const char *key, bool b)
{
	if (gt_node_is_null(gt_node_get(map, key)))
		gt_node_set_bool(a, map, key, b);
}

struct gt_node *as_default_map(struct gt_arena *a, struct gt_node *map, const char *key)
{
	return gt_node_need_map(a, map, key);
}

/* A tag other than latest, or a digest, is taken to be fixed. */
static const char *pull_policy(const char *image)
{
	struct gt_str s = gt_str(image ? image : "");
	size_t slash = gt_str_rfind(s, '/'), colon = gt_str_rfind(s, ':');

	if (gt_str_find(s, '@') != SIZE_MAX)
		return "IfNotPresent";
	if (colon == SIZE_MAX || (slash != SIZE_MAX && colon < slash))
		return "Always";
	return gt_str_is(gt_str_from(s, colon + 1), "latest") ? "Always" : "IfNotPresent";
}

static void default_http_get(struct gt_arena *a, struct gt_node *get)
{
	if (!get)
		return;
	as_default_str(a, get, "path", "/");
	as_default_str(a, get, "scheme", "HTTP");
}

static void default_probe(struct gt_arena *a, struct gt_node *probe)
{
	struct gt_node *grpc = gt_node_get(probe, "grpc");

	if (!probe)
		return;
	as_default_int(a, probe, "timeoutSeconds", 1);
	as_default_int(a, probe, "periodSeconds", 10);
	as_default_int(a, probe, "successThreshold", 1);
	as_default_int(a, probe, "failureThreshold", 3);
	default_http_get(a, gt_node_get(probe, "httpGet"));
	if (grpc && !gt_node_has(grpc, "service"))
		gt_node_set_str(a, grpc, "service", "");
}

static void default_field_ref(struct gt_arena *a, struct gt_node *ref)
{
	if (ref)
		as_default_str(a, ref, "apiVersion", "v1");
}

static void default_container(struct gt_arena *a, struct gt_node *c, bool host_network)
{
	static const char *const hooks[] = {"postStart", "preStop"};

	as_default_str(a, c, "imagePullPolicy", pull_policy(gt_node_cstr_at(c, "image")));
	as_default_str(a, c, "terminationMessagePath", "/dev/termination-log");
	as_default_str(a, c, "terminationMessagePolicy", "File");
	as_default_map(a, c, "resources");
	gt_seq_for_each (gt_node_get(c, "ports"), port) {
		as_default_str(a, port, "protocol", "TCP");
		if (host_network && !gt_node_has(port, "hostPort") &&
		    gt_node_get(port, "containerPort"))
			gt_node_set(a, port, "hostPort", gt_node_get(port, "containerPort"));
	}
	gt_seq_for_each (gt_node_get(c, "env"), env)
		default_field_ref(a, gt_node_at(env, "valueFrom", "fieldRef"));
	default_probe(a, gt_node_get(c, "livenessProbe"));
	default_probe(a, gt_node_get(c, "readinessProbe"));
	default_probe(a, gt_node_get(c, "startupProbe"));
	for (size_t i = 0; i < GT_COUNT(hooks); i++)
		default_http_get(a, gt_node_at(c, "lifecycle", hooks[i], "httpGet"));
}

static void default_projected(struct gt_arena *a, struct gt_node *projected)
{
	as_default_int(a, projected, "defaultMode", 420);
	gt_seq_for_each (gt_node_get(projected, "sources"), source) {
		struct gt_node *token = gt_node_get(source, "serviceAccountToken");
		if (token)
			as_default_int(a, token, "expirationSeconds", 3600);
		gt_seq_for_each (gt_node_at(source, "downwardAPI", "items"), item)
			default_field_ref(a, gt_node_get(item, "fieldRef"));
	}
}

static void default_volume(struct gt_arena *a, struct gt_node *v)
{
	static const char *const modes[] = {"secret", "configMap", "downwardAPI"};
	static const struct {
		const char *source, *key, *value;
	} texts[] = {
		{"iscsi", "iscsiInterface", "default"},
		{"rbd", "pool", "rbd"},
		{"rbd", "user", "admin"},
		{"rbd", "keyring", "/etc/ceph/keyring"},
		{"azureDisk", "cachingMode", "ReadWrite"},
		{"azureDisk", "kind", "Shared"},
		{"azureDisk", "fsType", "ext4"},
		{"scaleIO", "storageMode", "ThinProvisioned"},
		{"scaleIO", "fsType", "xfs"},
	};
	struct gt_node *source;

	/* Only a name: an empty directory. */
	if (gt_node_count(v) <= 1)
		gt_node_set(a, v, "emptyDir", gt_node_map(a));
	for (size_t i = 0; i < GT_COUNT(modes); i++) {
		source = gt_node_get(v, modes[i]);
		if (source)
			as_default_int(a, source, "defaultMode", 420);
	}
	gt_seq_for_each (gt_node_at(v, "downwardAPI", "items"), item)
		default_field_ref(a, gt_node_get(item, "fieldRef"));
	source = gt_node_get(v, "projected");
	if (source)
		default_projected(a, source);
	source = gt_node_get(v, "hostPath");
	if (source && !gt_node_has(source, "type"))
		gt_node_set_str(a, source, "type", "");
	for (size_t i = 0; i < GT_COUNT(texts); i++) {
		source = gt_node_get(v, texts[i].source);
		if (source)
			as_default_str(a, source, texts[i].key, texts[i].value);
	}
	source = gt_node_at(v, "ephemeral", "volumeClaimTemplate", "spec");
	if (source)
		as_default_str(a, source, "volumeMode", "Filesystem");
}

void as_default_pod_spec(struct gt_arena *a, struct gt_node *spec)
{
	static const char *const lists[] = {"containers", "initContainers", "ephemeralContainers"};
	bool host_network = gt_node_truth(gt_node_get(spec, "hostNetwork"), false);
	const char *account = gt_node_cstr_at(spec, "serviceAccountName");

	if (!spec)
		return;
	as_default_str(a, spec, "dnsPolicy", "ClusterFirst");
	as_default_str(a, spec, "restartPolicy", "Always");
	as_default_map(a, spec, "securityContext");
	as_default_int(a, spec, "terminationGracePeriodSeconds", 30);
	as_default_str(a, spec, "schedulerName", "default-scheduler");
	/* The old name of the field follows the new one, and the other way round. */
	if (!account)
		account = gt_node_cstr_at(spec, "serviceAccount");
	if (account && account[0]) {
		gt_node_set_str(a, spec, "serviceAccountName", account);
		gt_node_set_str(a, spec, "serviceAccount", account);
	}
	for (size_t i = 0; i < GT_COUNT(lists); i++) {
		gt_seq_for_each (gt_node_get(spec, lists[i]), c)
			default_container(a, c, host_network);
	}
	gt_seq_for_each (gt_node_get(spec, "volumes"), v)
		default_volume(a, v);
}

void as_default_pod_template(struct gt_arena *a, struct gt_node *tmpl)
{
	as_default_pod_spec(a, gt_node_get(tmpl, "spec"));
}

/* What is limited and not requested is requested. */
static void default_requests(struct gt_arena *a, struct gt_node *container)
{
	struct gt_node *resources = gt_node_get(container, "resources");
	const struct gt_node *limits = gt_node_get(resources, "limits");

	if (gt_node_count(limits) == 0)
		return;
	struct gt_node *requests = gt_node_need_map(a, resources, "requests");
	gt_map_each(limits, p)
	{
		if (!gt_node_has(requests, p->key))
			gt_node_set(a, requests, p->key, p->value);
	}
}

void as_default_pod(struct gt_arena *a, struct gt_node *obj)
{
	struct gt_node *spec = gt_node_get(obj, "spec");

	/* Of admission, not of defaulting; but nothing comes between the two here. */
	as_default_str(a, spec, "serviceAccountName", "default");
	as_default_pod_spec(a, spec);
	as_default_bool(a, spec, "enableServiceLinks", true);
	gt_seq_for_each (gt_node_get(spec, "containers"), c)
		default_requests(a, c);
	gt_seq_for_each (gt_node_get(spec, "initContainers"), c)
		default_requests(a, c);
}
