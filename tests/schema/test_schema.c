#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "schema/schema.h"

static const struct gt_schema *k8s(void)
{
	return gt_schema_get(GT_SCHEMA_K8S);
}

/* Follows a dotted path of field names; "[]" steps into a list or map. */
static bool walk(struct gt_type t, const char *path, struct gt_field *ret)
{
	struct gt_str rest = gt_str(path);

	*ret = (struct gt_field){.type = t};
	while (rest.n > 0) {
		size_t dot = gt_str_find(rest, '.');
		struct gt_str step = gt_strn(rest.p, dot == SIZE_MAX ? rest.n : dot);

		rest = gt_str_from(rest, dot == SIZE_MAX ? rest.n : dot + 1);
		if (gt_str_is(step, "[]"))
			ret->type = gt_type_elem(ret->type);
		else if (!gt_type_field(ret->type, step.p, step.n, ret))
			return false;
	}
	return gt_type_kind(ret->type) != GT_TYPE_NONE;
}

static struct gt_schema_kind must_find(const struct gt_schema *s, const char *group,
				       const char *version, const char *kind)
{
	struct gt_schema_kind k;

	if (!gt_schema_find_kind(s, group, version, kind, &k))
		fail_msg("no %s/%s %s", group, version, kind);
	return k;
}

static void test_kinds(void **state)
{
	(void)state;
	enum {
		NS = GT_KIND_NAMESPACED,
		SERVED = GT_KIND_SERVED,
		STATUS = GT_KIND_STATUS,
		GEN = GT_KIND_GENERATION
	};
	static const struct {
		const char *group, *version, *kind, *resource, *short_name;
		unsigned flags;
	} cases[] = {
		{"", "v1", "Pod", "pods", "po", NS | SERVED | STATUS | GEN},
		{"", "v1", "Namespace", "namespaces", "ns", SERVED | STATUS},
		{"", "v1", "ConfigMap", "configmaps", "cm", NS | SERVED},
		{"", "v1", "Endpoints", "endpoints", "ep", NS | SERVED},
		{"apps", "v1", "Deployment", "deployments", "deploy", NS | SERVED | STATUS | GEN},
		{"autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa",
		 NS | SERVED | STATUS},
		{"networking.k8s.io", "v1", "Ingress", "ingresses", "ing",
		 NS | SERVED | STATUS | GEN},
		{"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", NULL, SERVED},
		{"apiextensions.k8s.io", "v1", "CustomResourceDefinition",
		 "customresourcedefinitions", "crd", SERVED | STATUS | GEN},
		{"storage.k8s.io", "v1beta1", "VolumeAttributesClass", "volumeattributesclasses",
		 "vac", 0},
		{"policy", "v1beta1", "PodDisruptionBudget", "", NULL, 0},
		{"apps", "v1", "DeploymentList", "", NULL, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gt_schema_kind k =
			must_find(k8s(), cases[i].group, cases[i].version, cases[i].kind);
		struct gt_schema_kind same;

		assert_string_equal(k.resource, cases[i].resource);
		if (!gt_streq(gt_schema_short_name(&k, 0), cases[i].short_name))
			fail_msg("%s: short name %s", k.kind, gt_schema_short_name(&k, 0));
		if ((k.flags & (NS | SERVED | STATUS | GEN)) != cases[i].flags)
			fail_msg("%s: flags %x", k.kind, k.flags);
		assert_int_equal(gt_type_kind(k.type), GT_TYPE_STRUCT);
		if (!*k.resource)
			continue;
		assert_true(gt_schema_find_resource(k8s(), k.group, k.version, k.resource, &same));
		assert_int_equal(same.row, k.row);
	}
}

static void test_unknown_kinds(void **state)
{
	(void)state;
	struct gt_schema_kind k = {.row = 12345};

	assert_false(gt_schema_find_kind(k8s(), "", "v1", "Deployment", &k));
	assert_false(gt_schema_find_kind(k8s(), "apps", "v2", "Deployment", &k));
	assert_false(gt_schema_find_kind(k8s(), "apps", "v1", "", &k));
	assert_false(gt_schema_find_kind(k8s(), "apps", NULL, "Deployment", &k));
	assert_false(gt_schema_find_resource(k8s(), "apps", "v1", "", &k));
	assert_false(gt_schema_find_resource(k8s(), "apps", "v1", "deployment", &k));
	assert_int_equal(k.row, 12345);
}

static void test_every_kind_is_found(void **state)
{
	(void)state;
	for (int set = GT_SCHEMA_K8S; set <= GT_SCHEMA_KUSTOMIZE; set++) {
		const struct gt_schema *s = gt_schema_get((enum gt_schema_set)set);

		assert_true(gt_schema_kind_count(s) > 100);
		for (size_t i = 0; i < gt_schema_kind_count(s); i++) {
			struct gt_schema_kind k, again;

			gt_schema_kind_at(s, i, &k);
			again = must_find(s, k.group, k.version, k.kind);
			assert_int_equal(again.row, k.row);
			assert_false((k.flags & GT_KIND_SERVED) && !*k.resource);
		}
	}
}

static void test_option_kinds(void **state)
{
	(void)state;
	struct gt_schema_kind k = must_find(k8s(), "policy", "v1", "DeleteOptions");
	struct gt_field f;

	assert_string_equal(k.group, "meta.k8s.io");
	assert_true(walk(k.type, "propagationPolicy", &f));
	must_find(k8s(), "", "v1", "DeleteOptions");
}

static void test_subresources(void **state)
{
	(void)state;
	struct gt_schema_kind k = must_find(k8s(), "", "v1", "Pod");
	struct gt_schema_sub s;
	bool eviction = false;

	for (size_t i = 0; gt_schema_sub_at(&k, i, &s); i++) {
		if (strcmp(s.name, "eviction") != 0)
			continue;
		eviction = true;
		assert_string_equal(s.group, "policy");
		assert_string_equal(s.kind, "Eviction");
		assert_int_equal(s.verbs, GT_VERB_CREATE);
	}
	assert_true(eviction);
	k = must_find(k8s(), "apps", "v1", "StatefulSet");
	assert_true(gt_schema_sub_at(&k, 0, &s));
	assert_string_equal(s.name, "scale");
	assert_string_equal(s.group, "autoscaling");
	assert_string_equal(s.version, "v1");
	assert_int_equal(s.verbs, GT_VERB_GET | GT_VERB_PATCH | GT_VERB_UPDATE);
	assert_false(gt_schema_sub_at(&k, 2, &s));
	assert_string_equal(gt_schema_category(&k, 0), "all");
	assert_null(gt_schema_category(&k, 1));
}

static void test_groups(void **state)
{
	(void)state;
	struct gt_schema_group g;
	bool autoscaling = false;

	gt_schema_group_at(k8s(), 0, &g);
	assert_string_equal(g.name, "");
	for (size_t i = 1; i < gt_schema_group_count(k8s()); i++) {
		uint32_t before = i > 1 ? g.priority : UINT32_MAX;

		gt_schema_group_at(k8s(), i, &g);
		assert_true(g.priority <= before);
		if (strcmp(g.name, "autoscaling") != 0)
			continue;
		autoscaling = true;
		assert_string_equal(gt_schema_group_version(&g, 0), "v2");
		assert_string_equal(gt_schema_group_version(&g, 1), "v1");
		assert_null(gt_schema_group_version(&g, 2));
	}
	assert_true(autoscaling);
}

static void test_scope(void **state)
{
	(void)state;
	static const struct {
		const char *group, *version, *kind;
		bool known, namespaced;
	} cases[] = {
		{"", "v1", "Namespace", true, false},
		{"", "v1", "Pod", true, true},
		{"apiregistration.k8s.io", "v1", "APIService", true, false},
		{"networking.k8s.io", "v1beta1", "IngressClass", true, false},
		{"extensions", "v1beta1", "Ingress", true, true},
		{"policy", "v1beta1", "PodSecurityPolicy", true, false},
		{"", "v1", "PodList", false, false},
		{"example.com", "v1", "Thing", false, false},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bool known;
		bool ns =
			gt_schema_is_namespaced(gt_schema_get(GT_SCHEMA_KUSTOMIZE), cases[i].group,
						cases[i].version, cases[i].kind, &known);

		if (known != cases[i].known || ns != cases[i].namespaced)
			fail_msg("%s: %d %d", cases[i].kind, known, ns);
	}
}

static void test_fields(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum gt_type_scalar scalar;
		uint16_t number;
		unsigned flags;
	} cases[] = {
		{"apiVersion", GT_SCALAR_STRING, 2, GT_FIELD_OMITEMPTY},
		{"spec.replicas", GT_SCALAR_INT32, 1, GT_FIELD_OMITEMPTY | GT_FIELD_POINTER},
		{"metadata.creationTimestamp", GT_SCALAR_TIME, 8,
		 GT_FIELD_OMITEMPTY | GT_FIELD_OMITZERO},
		{"spec.template.spec.containers.[].image", GT_SCALAR_STRING, 2, GT_FIELD_OMITEMPTY},
		{"spec.template.spec.containers.[].name", GT_SCALAR_STRING, 1, GT_FIELD_REQUIRED},
		{"spec.template.spec.containers.[].livenessProbe.httpGet.port",
		 GT_SCALAR_INT_OR_STRING, 2, GT_FIELD_REQUIRED},
		{"spec.template.spec.containers.[].env.[].valueFrom.secretKeyRef.name",
		 GT_SCALAR_STRING, 1, GT_FIELD_OMITEMPTY},
		{"spec.template.spec.volumes.[].emptyDir.sizeLimit", GT_SCALAR_QUANTITY, 2,
		 GT_FIELD_OMITEMPTY | GT_FIELD_POINTER},
		{"status.observedGeneration", GT_SCALAR_INT64, 1, GT_FIELD_OMITEMPTY},
	};
	struct gt_schema_kind k = must_find(k8s(), "apps", "v1", "Deployment");

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gt_field f;

		if (!walk(k.type, cases[i].path, &f))
			fail_msg("no %s", cases[i].path);
		if (gt_type_kind(f.type) != GT_TYPE_SCALAR ||
		    gt_type_scalar(f.type) != cases[i].scalar || f.number != cases[i].number ||
		    f.flags != cases[i].flags)
			fail_msg("%s: scalar %d number %d flags %x", cases[i].path,
				 gt_type_scalar(f.type), f.number, f.flags);
	}
}

static void test_lists(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum gt_list_type list;
		const char *key0, *key1, *merge_key;
		unsigned strategy;
	} cases[] = {
		{"containers", GT_LIST_MAP, "name", NULL, "name", GT_PATCH_MERGE},
		{"containers.[].ports", GT_LIST_MAP, "containerPort", "protocol", "containerPort",
		 GT_PATCH_MERGE},
		{"ephemeralContainers.[].ports", GT_LIST_MAP, "containerPort", "protocol",
		 "containerPort", GT_PATCH_MERGE},
		{"containers.[].volumeMounts", GT_LIST_MAP, "mountPath", NULL, "mountPath",
		 GT_PATCH_MERGE},
		{"containers.[].args", GT_LIST_ATOMIC, NULL, NULL, NULL, 0},
		{"volumes", GT_LIST_MAP, "name", NULL, "name",
		 GT_PATCH_MERGE | GT_PATCH_RETAIN_KEYS},
		{"tolerations", GT_LIST_ATOMIC, NULL, NULL, NULL, 0},
		{"topologySpreadConstraints", GT_LIST_MAP, "topologyKey", "whenUnsatisfiable",
		 "topologyKey", GT_PATCH_MERGE},
	};
	struct gt_schema_kind k = must_find(k8s(), "", "v1", "Pod");
	struct gt_field spec, f;

	assert_true(walk(k.type, "spec", &spec));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (!walk(spec.type, cases[i].path, &f))
			fail_msg("no %s", cases[i].path);
		if (gt_type_list(f.type) != cases[i].list || f.strategy != cases[i].strategy ||
		    !gt_streq(gt_type_key(f.type, 0), cases[i].key0) ||
		    !gt_streq(cases[i].key0 ? gt_type_key(f.type, 1) : NULL, cases[i].key1) ||
		    !gt_streq(f.merge_key, cases[i].merge_key) ||
		    gt_type_is_atomic(f.type) != (cases[i].list == GT_LIST_ATOMIC))
			fail_msg("%s", cases[i].path);
	}
	assert_true(walk(k.type, "metadata.finalizers", &f));
	assert_int_equal(gt_type_list(f.type), GT_LIST_SET);
	assert_true(walk(spec.type, "containers.[].ports.[].protocol", &f));
	assert_string_equal(f.key_default, "TCP");
	assert_true(walk(spec.type, "nodeSelector", &f));
	assert_true(gt_type_is_atomic(f.type));
	assert_true(walk(k.type, "metadata.labels", &f));
	assert_false(gt_type_is_atomic(f.type));
	k = must_find(k8s(), "apps", "v1", "Deployment");
	assert_true(walk(k.type, "spec.selector", &f));
	assert_true(gt_type_is_atomic(f.type));
	assert_true(walk(k.type, "spec.strategy", &f));
	assert_int_equal(f.strategy, GT_PATCH_RETAIN_KEYS);
}

static void test_children(void **state)
{
	(void)state;
	struct gt_schema_kind k = must_find(k8s(), "", "v1", "ConfigMap");
	struct gt_field f;
	struct gt_type t;

	assert_true(walk(k.type, "data", &f));
	t = gt_type_child(f.type, "anything", 8);
	assert_int_equal(gt_type_scalar(t), GT_SCALAR_STRING);
	assert_int_equal(gt_type_kind(gt_type_child(t, "x", 1)), GT_TYPE_NONE);
	assert_int_equal(gt_type_kind(gt_type_child(k.type, "nope", 4)), GT_TYPE_NONE);
	assert_int_equal(gt_type_kind(gt_type_child(gt_type_deduced(), "x", 1)), GT_TYPE_UNTYPED);
	k = must_find(k8s(), "apps", "v1", "ControllerRevision");
	assert_true(walk(k.type, "data", &f));
	assert_int_equal(gt_type_kind(f.type), GT_TYPE_UNTYPED);
	assert_true(gt_type_is_atomic(f.type));
	assert_int_equal(gt_type_kind((struct gt_type){0}), GT_TYPE_NONE);
	assert_int_equal(gt_type_field_count((struct gt_type){0}), 0);
}

static void test_enums(void **state)
{
	(void)state;
	struct gt_schema_kind k = must_find(k8s(), "", "v1", "Pod");
	struct gt_field f;

	assert_true(walk(k.type, "spec.restartPolicy", &f));
	assert_string_equal(gt_type_enum(f.type, 0), "Always");
	assert_string_equal(gt_type_enum(f.type, 1), "Never");
	assert_string_equal(gt_type_enum(f.type, 2), "OnFailure");
	assert_null(gt_type_enum(f.type, 3));
	assert_true(walk(k.type, "spec.nodeName", &f));
	assert_null(gt_type_enum(f.type, 0));
}

/* Every field of every struct is found by its name, and its number finds a field. */
static void test_whole_tables(void **state)
{
	(void)state;
	for (int set = GT_SCHEMA_K8S; set <= GT_SCHEMA_KUSTOMIZE; set++) {
		const struct gt_schema *s = gt_schema_get((enum gt_schema_set)set);

		for (size_t i = 0; i < gt_schema_type_count(s); i++) {
			struct gt_type t = gt_schema_type_at(s, i);
			char name[256];

			assert_true(gt_schema_type_name(t, name, sizeof name) < sizeof name);
			assert_true(gt_type_same(t, gt_schema_find_type(s, name)));
			for (size_t j = 0; j < gt_type_field_count(t); j++) {
				struct gt_field f, g;

				gt_type_field_at(t, j, &f);
				assert_true(gt_type_field(t, f.name, strlen(f.name), &g));
				assert_true(f.name == g.name);
				assert_int_not_equal(gt_type_kind(f.type), GT_TYPE_NONE);
			}
		}
	}
}

static void test_proto_view(void **state)
{
	(void)state;
	struct gt_type probe = gt_schema_find_type(k8s(), "io.k8s.api.core.v1.Probe");
	struct gt_field f;

	assert_true(gt_schema_proto_field(probe, 1, &f));
	assert_string_equal(f.name, "");
	assert_true(gt_schema_proto_field(f.type, 2, &f));
	assert_string_equal(f.name, "httpGet");
	assert_false(gt_schema_proto_field(probe, 999, &f));
	assert_false(gt_schema_proto_field((struct gt_type){0}, 1, &f));
	assert_int_equal(gt_type_kind(gt_schema_find_type(k8s(), "io.k8s.Nope")), GT_TYPE_NONE);
}

static void test_kustomize_merges(void **state)
{
	(void)state;
	struct gt_schema_kind k =
		must_find(gt_schema_get(GT_SCHEMA_KUSTOMIZE), "apps", "v1", "Deployment");
	struct gt_field f;

	assert_true(walk(k.type, "spec.template.spec.containers", &f));
	assert_string_equal(f.merge_key, "name");
	assert_int_equal(f.strategy, GT_PATCH_MERGE);
	assert_true(walk(k.type, "spec.template.spec.containers.[].ports", &f));
	assert_string_equal(gt_type_key(f.type, 1), "protocol");
	assert_true(walk(k.type, "spec.template.spec.tolerations", &f));
	assert_int_equal(f.strategy, GT_PATCH_REPLACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_unknown_kinds),
		cmocka_unit_test(test_every_kind_is_found),
		cmocka_unit_test(test_option_kinds),
		cmocka_unit_test(test_subresources),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_enums),
		cmocka_unit_test(test_whole_tables),
		cmocka_unit_test(test_proto_view),
		cmocka_unit_test(test_kustomize_merges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
