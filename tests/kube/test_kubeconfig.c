#include "support/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "kube/kubeconfig.h"

#define CLUSTER(extra) "clusters: [{name: c, cluster: {server: 'https://h:1'" extra "}}]\n"
#define CONTEXT "current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\n"
#define USER(body) "users: [{name: u, user: {" body "}}]\n"

static void test_errors(void **state)
{
	static const struct {
		const char *text, *context, *error;
	} cases[] = {
		{CONTEXT "clusters: [{name: c, cluster: {}}]\n" USER(""), NULL,
		 "invalid configuration: no server found for cluster \"c\""},
		{CONTEXT CLUSTER("") USER(""), "nope", "context \"nope\" does not exist"},
		{CONTEXT "clusters: []\n", NULL, "cluster \"c\" does not exist"},
		{CONTEXT CLUSTER(""), NULL, "auth info \"u\" does not exist"},
		{CLUSTER(""), NULL,
		 "invalid configuration: no configuration has been provided, try setting "
		 "KUBECONFIG or --kubeconfig"},
		{CONTEXT CLUSTER("") USER("token: t, username: joe"), NULL,
		 "invalid configuration: more than one authentication method found for u; found "
		 "[token basicAuth], only one is allowed"},
		{CONTEXT CLUSTER("") USER("client-certificate-data: eA=="), NULL,
		 "invalid configuration: client-key-data or client-key must be specified for u to "
		 "use the clientCert authentication method."},
		{CONTEXT CLUSTER("") USER("client-certificate: /nope, client-key-data: eA=="), NULL,
		 "invalid configuration: unable to read client-cert /nope for u due to open "
		 "/nope: No such file or directory"},
		{CONTEXT CLUSTER(", insecure-skip-tls-verify: true, certificate-authority-data: "
				 "eA==") USER(""),
		 NULL,
		 "invalid configuration: specifying a root certificates file with the insecure "
		 "flag is not allowed"},
		{CONTEXT CLUSTER("") USER("as-uid: x"), NULL,
		 "invalid configuration: requesting uid, groups or user-extra for u without "
		 "impersonating a user"},
		{CONTEXT CLUSTER(", certificate-authority-data: '!'") USER("as-groups: [g]"), NULL,
		 "invalid configuration: [certificate-authority-data is not valid base64, "
		 "requesting uid, groups or user-extra for u without impersonating a user]"},
		{CONTEXT CLUSTER("") USER("exec: {apiVersion: v}"), NULL,
		 "invalid configuration: command must be specified for u to use exec "
		 "authentication plugin"},
		{"clusters: [{name: c}, {name: c}]", NULL,
		 "error loading config file \"f\": duplicate name \"c\" in list clusters"},
		{"kind: Pod", NULL,
		 "error loading config file \"f\": not a kubeconfig (kind must be Config)"},
		{"clusters: 7", NULL,
		 "error loading config file \"f\": line 1: clusters must be array, not integer"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_kubeconfig *kc = gt_kubeconfig_new();
		struct gt_kubeconfig_opts opts = {.context = cases[i].context};
		struct gt_rest_config c = {0};
		struct gt_err err;

		int rc = gt_kubeconfig_merge(kc, gt_str(cases[i].text), NULL, "f", &err);
		if (rc == GT_OK)
			rc = gt_kubeconfig_select(kc, &opts, &c, &err);
		gt_kubeconfig_free(kc);
		if (rc == GT_OK) {
			gt_rest_config_fini(&c);
			fail_msg("case %zu passes", i);
		}
		assert_string_equal(err.text, cases[i].error);
	}
}

static void test_merge(void **state)
{
	struct gt_kubeconfig *kc = gt_kubeconfig_new();
	gt_auto_rest_config c = {0};
	struct gt_err err;

	(void)state;
	check_ok(gt_kubeconfig_merge(kc,
				     gt_str("clusters: [{name: c, cluster: {server: "
					    "'https://first'}}]\n"),
				     "/a", "1", &err),
		 &err);
	check_ok(gt_kubeconfig_merge(kc,
				     gt_str(CONTEXT "clusters: [{name: c, cluster: {server: "
						    "'https://second', tls-server-name: "
						    "x}}]\n" USER("tokenFile: t/oken")),
				     "/b", "2", &err),
		 &err);
	assert_string_equal(gt_kubeconfig_current(kc), "x");
	check_ok(gt_kubeconfig_select(kc, NULL, &c, &err), &err);
	/* Whole entries of the first file; paths from where they stood. */
	assert_string_equal(c.server, "https://first");
	assert_null(c.tls_server_name);
	assert_string_equal(c.token_file, "/b/t/oken");
	assert_string_equal(c.namespace_, "default");
	gt_kubeconfig_free(kc);
}

static void test_plain_http_has_no_user(void **state)
{
	struct gt_kubeconfig *kc = gt_kubeconfig_new();
	gt_auto_rest_config c = {0};
	struct gt_err err;

	(void)state;
	check_ok(gt_kubeconfig_merge(
			 kc,
			 gt_str(CONTEXT
				"clusters: [{name: c, cluster: {server: 'http://h'}}]\n" USER(
					"token: secret")),
			 NULL, "f", &err),
		 &err);
	check_ok(gt_kubeconfig_select(kc, NULL, &c, &err), &err);
	assert_false(gt_secret_is_set(&c.token));
	gt_kubeconfig_free(kc);
}

/* As client-go: an address is enough, and what is said of credentials holds for it. */
static void test_server(void **state)
{
	struct gt_kubeconfig *kc = gt_kubeconfig_new();
	struct gt_kubeconfig_opts opts = {.server = "https://other"};
	gt_auto_rest_config alone = {0}, tls = {0}, clear = {0};
	struct gt_err err;

	(void)state;
	check_ok(gt_kubeconfig_select(kc, &opts, &alone, &err), &err);
	assert_string_equal(alone.server, "https://other");
	assert_string_equal(alone.namespace_, "default");
	check_ok(gt_kubeconfig_merge(kc, gt_str(CONTEXT CLUSTER("") USER("token: secret")), NULL,
				     "f", &err),
		 &err);
	check_ok(gt_kubeconfig_select(kc, &opts, &tls, &err), &err);
	assert_string_equal(tls.server, "https://other");
	assert_true(gt_secret_is_set(&tls.token));
	opts.server = "http://other";
	check_ok(gt_kubeconfig_select(kc, &opts, &clear, &err), &err);
	assert_string_equal(clear.server, "http://other");
	assert_false(gt_secret_is_set(&clear.token));
	gt_kubeconfig_free(kc);
}

/* What came from a tenant reads no file and takes no other identity. */
static void test_restricted(void **state)
{
	static const char text[] = CONTEXT CLUSTER(
		", certificate-authority: /etc/passwd, insecure-skip-tls-verify: true")
		USER("tokenFile: /etc/shadow, token: t, as: admin, as-groups: [g], client-key: /k, "
		     "exec: {apiVersion: v, command: sh}");
	struct gt_rest_config c = {0};
	struct gt_err err;

	(void)state;
	check_ok(gt_rest_config_restricted(gt_str(text), false, false, &c, &err), &err);
	assert_null(c.ca_file);
	assert_null(c.token_file);
	assert_null(c.key_file);
	assert_null(c.as_user);
	assert_null(c.as_groups);
	assert_null(c.exec_command);
	assert_false(c.insecure);
	check_str(gt_secret_bytes(&c.token), "t");
	gt_rest_config_fini(&c);
	check_ok(gt_rest_config_restricted(gt_str(text), true, true, &c, &err), &err);
	assert_true(c.insecure);
	assert_string_equal(c.exec_command, "sh");
	gt_rest_config_fini(&c);
}

static void test_load(void **state)
{
	char dir[] = "/tmp/test-kubeconfig-XXXXXX";
	struct gt_kubeconfig_opts opts = {0};
	gt_auto_rest_config c = {0};
	struct gt_err err;

	(void)state;
	assert_non_null(mkdtemp(dir));
	gt_autofree char *path = gt_xasprintf("%s/config", dir);
	gt_autofree char *list = gt_xasprintf("%s/missing:%s:%s", dir, path, path);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(CONTEXT CLUSTER("") USER("token: t"), f);
	fclose(f);
	setenv("KUBECONFIG", list, 1);
	check_ok(gt_rest_config_load(&opts, &c, &err), &err);
	assert_string_equal(c.server, "https://h:1");
	opts.path = "/nonexistent/config";
	check_fails(gt_rest_config_load(&opts, &c, &err), GT_E_NOT_FOUND);
	assert_string_equal(err.text, "stat /nonexistent/config: No such file or directory");
	unsetenv("KUBECONFIG");
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_plain_http_has_no_user),
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_restricted),
		cmocka_unit_test(test_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
