/* The kustomization that kustomize-controller builds with: made by scanning, or rewritten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "kustomize/generate.h"
#include "kustomize/kustomize.h"
#include "text/json.h"
#include "tree.h"

#define MAP(name) "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " name "}\n"
#define TYPE                                                           \
	"\"apiVersion\":\"kustomize.config.k8s.io/v1beta1\",\"kind\":" \
	"\"Kustomization\""

static const struct {
	const char *what, *tree;
	const char *spec; /* JSON */
	const char *want; /* JSON; NULL: it fails */
	const char *says; /* in the error */
} cases[] = {
	{"nothing there", "=== note.txt\nx\n", "{}", "{" TYPE ",\"namespace\":\"_placeholder\"}",
	 NULL},
	{"scan",
	 "=== b.yml\n" MAP("b") "=== a.yaml\n" MAP("a") "=== sub/c.yaml\n" MAP(
		 "c") "=== app/kustomization.yml\nresources: [x.yaml]\n"
		      "=== app/broken.yaml\n}\n=== .hidden.yaml\n" MAP("h") "=== x.json\n{}\n",
	 "{}",
	 "{" TYPE ",\"resources\":[\"./.hidden.yaml\",\"./a.yaml\",\"./app\",\"./b.yml\","
	 "\"./sub/c.yaml\"]}",
	 NULL},
	{"scan of what is no object", "=== a.yaml\nfoo: bar\n", "{}", NULL,
	 "failed to decode Kubernetes YAML from ./a.yaml"},
	{"scan follows no link out", "=== a.yaml -> /etc/passwd\n\n", "{}", NULL, "a.yaml"},
	{"lenient",
	 "=== kustomization.yaml\nResources: [a.yaml]\nnope: 1\nnamespace: 7\n"
	 "images:\n- {name: x, newTag: 1.20}\ncommonLabels: {a: yes}\n",
	 "{}",
	 "{" TYPE ",\"commonLabels\":{\"a\":\"true\"},\"images\":[{\"name\":\"x\",\"newTag\":"
	 "\"1.2\"}],\"namespace\":\"7\",\"resources\":[\"a.yaml\"]}",
	 NULL},
	{"first name wins",
	 "=== kustomization.yaml\nresources: [a]\n=== Kustomization\nresources: [b]\n", "{}",
	 "{" TYPE ",\"resources\":[\"a\"]}", NULL},
	{"no resources",
	 "=== kustomization.yaml\ncomponents: [c]\nbuildMetadata: [managedByLabel]\n", "{}",
	 "{" TYPE ",\"buildMetadata\":[\"originAnnotations\"],\"components\":[\"c\"]}", NULL},
	{"fields of the spec",
	 "=== kustomization.yaml\nresources: [a]\nnamespace: old\nnamePrefix: old-\n"
	 "patches: [{path: p.yaml}]\n",
	 "{\"targetNamespace\":\"new\",\"namePrefix\":\"n-\",\"nameSuffix\":\"-s\",\"patches\":[{"
	 "\"patch\":\"x\",\"target\":{\"kind\":\"Pod\"},\"options\":{}}],\"buildMetadata\":["
	 "\"originAnnotations\"]}",
	 "{" TYPE ",\"buildMetadata\":[\"originAnnotations\"],\"namePrefix\":\"n-\",\"nameSuffix\":"
	 "\"-s\",\"namespace\":\"new\",\"patches\":[{\"path\":\"p.yaml\"},{\"patch\":\"x\","
	 "\"target\":{\"kind\":\"Pod\"}}],\"resources\":[\"a\"]}",
	 NULL},
	{"images",
	 "=== kustomization.yaml\nresources: [a]\nimages: [{name: a, newName: aa, digest: d}, "
	 "{name: "
	 "b, newTag: '1'}, {name: c, newTag: '1'}]\n",
	 "{\"images\":[{\"name\":\"a\",\"newTag\":\"2\"},{\"name\":\"b\",\"newName\":\"bb\"},{"
	 "\"name\":\"d\",\"digest\":\"e\"}]}",
	 "{" TYPE ",\"images\":[{\"name\":\"a\",\"newName\":\"aa\",\"newTag\":\"2\"},{\"name\":"
	 "\"b\",\"newName\":\"bb\",\"newTag\":\"1\"},{\"name\":\"c\",\"newTag\":\"1\"},{\"digest\":"
	 "\"e\",\"name\":\"d\"}],\"resources\":[\"a\"]}",
	 NULL},
	{"components",
	 "=== kustomization.yaml\nresources: [a]\n=== comp/kustomization.yaml\nkind: Component\n",
	 "{\"components\":[\"comp\",\"missing\",\"../../..\"],\"ignoreMissingComponents\":true}",
	 "{" TYPE ",\"components\":[\"comp\"],\"resources\":[\"a\"]}", NULL},
	{"remote component", "=== kustomization.yaml\nresources: [a]\n",
	 "{\"components\":[\"GitHub.com/org/repo\"]}", NULL, "must be local and relative"},
};

static struct gt_kustomize_spec read_spec(const struct gt_node *n)
{
	return (struct gt_kustomize_spec){
		.target_namespace = gt_node_cstr(gt_node_get(n, "targetNamespace")),
		.name_prefix = gt_node_cstr(gt_node_get(n, "namePrefix")),
		.name_suffix = gt_node_cstr(gt_node_get(n, "nameSuffix")),
		.patches = gt_node_get(n, "patches"),
		.components = gt_node_get(n, "components"),
		.ignore_missing_components =
			gt_node_truth(gt_node_get(n, "ignoreMissingComponents"), false),
		.images = gt_node_get(n, "images"),
		.build_metadata = gt_node_get(n, "buildMetadata"),
	};
}

static void test_generate(void **state)
{
	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {.budget = 16 << 20};
		gt_auto_buf got = {0};
		struct gt_node *json = NULL, *kust = NULL;
		struct gt_err err = {0};
		struct tree t;

		assert_int_equal(gt_json_parse(&a, gt_str(cases[i].spec), 0, &json, NULL), GT_OK);
		struct gt_kustomize_spec spec = read_spec(json);
		assert_true(tree_make(&t, gt_str(cases[i].tree)));
		int rc = gt_kustomize_generate(&a, t.fd, "", &spec, &kust, NULL, NULL, &err);
		tree_remove(&t);
		if (!cases[i].want) {
			if (rc == GT_OK || !strstr(err.text, cases[i].says))
				fail_msg("%s: %s", cases[i].what, err.text);
			continue;
		}
		if (rc < 0)
			fail_msg("%s: %s", cases[i].what, err.text);
		gt_json_write(&got, kust, GT_JSON_SORTED, 0);
		assert_int_equal(gt_json_parse(&a, gt_str(cases[i].want), 0, &json, NULL), GT_OK);
		if (!gt_node_equal(kust, json))
			fail_msg("%s:\n got %s\nwant %s", cases[i].what, gt_buf_cstr(&got),
				 cases[i].want);
	}
}

/* A generated tree is built in place of the file, which stays as it is. */
static void test_build_generated(void **state)
{
	(void)state;
	static const char tree[] = "=== dir/a.yaml\n" MAP("a") "=== dir/sub/b.yaml\n" MAP("b");
	const struct gt_kustomize_spec spec = {.target_namespace = "apps", .name_prefix = "x-"};
	gt_auto_arena a = {.budget = 16 << 20};
	gt_auto_buf got = {0};
	struct gt_node *kust = NULL, *docs = NULL;
	struct gt_err err = {0};
	struct tree t;

	assert_true(tree_make(&t, gt_str(tree)));
	assert_int_equal(gt_kustomize_generate(&a, t.fd, "dir", &spec, &kust, NULL, NULL, &err),
			 GT_OK);
	struct gt_kustomize_opts opts = {.path = "dir", .kustomization = kust};
	int rc = gt_kustomize_build(&a, t.fd, &opts, &docs, &err);
	assert_false(gt_fs_is_file(t.fd, "dir/kustomization.yaml"));
	tree_remove(&t);
	if (rc < 0)
		fail_msg("%s", err.text);
	gt_kustomize_write(&got, docs);
	assert_string_equal(gt_buf_cstr(&got),
			    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x-a\n  namespace: "
			    "apps\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x-b\n  "
			    "namespace: apps\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_generate),
		cmocka_unit_test(test_build_generated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
