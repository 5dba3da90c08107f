/* Paths and queries of requests, and what may be a name. */
#include "support/check.h"

#include "call.h"
#include "names.h"
#include "status.h"

static void test_targets(void **state)
{
	static const struct {
		const char *path, *want; /* group|version|resource|namespace|name|sub, NULL: none */
	} cases[] = {
		{"/api/v1/pods", "|v1|pods|||"},
		{"/api/v1/namespaces", "|v1|namespaces|||"},
		{"/api/v1/namespaces/a", "|v1|namespaces||a|"},
		{"/api/v1/namespaces/a/status", "|v1|namespaces||a|status"},
		{"/api/v1/namespaces/a/finalize", "|v1|namespaces||a|finalize"},
		{"/api/v1/namespaces/a/pods", "|v1|pods|a||"},
		{"/api/v1/namespaces/a/pods/", "|v1|pods|a||"},
		{"/api/v1/namespaces/a/pods/b/log", "|v1|pods|a|b|log"},
		{"/apis/apps/v1/deployments", "apps|v1|deployments|||"},
		{"/apis/apps/v1/namespaces/a/deployments/b", "apps|v1|deployments|a|b|"},
		{"/apis/g/v1/things/system%3Aadmin", "g|v1|things||system:admin|"},
		{"/api/v1", NULL},
		{"/apis/apps/v1", NULL},
		{"/apis", NULL},
		{"/", NULL},
		{"", NULL},
		{"/api/v1//pods", NULL},
		{"/api/v1/pods/%00", NULL},
		{"/api/v1/pods/%zz", NULL},
		{"/api/v1/pods/%ff", NULL},
		{"/version/x/y", NULL},
		{"/api/v1/a/b/c/d/e/f/g/h/i/j/k/l/m", NULL},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		gt_auto_arena a = {0};
		gt_auto_buf got = {0};
		struct as_target t = {0};
		bool ok = as_target_parse(&a, gt_str(cases[i].path), &t);
		gt_buf_printf(&got, "%.*s|%.*s|%.*s|%.*s|%.*s|%.*s", GT_STR_ARG(t.group),
			      GT_STR_ARG(t.version), GT_STR_ARG(t.resource), GT_STR_ARG(t.ns),
			      GT_STR_ARG(t.name), GT_STR_ARG(t.sub));
		if (ok != (cases[i].want != NULL) ||
		    (ok && strcmp(gt_buf_cstr(&got), cases[i].want) != 0))
			fail_msg("%s: %d %s", cases[i].path, ok, gt_buf_cstr(&got));
	}
}

static void test_queries(void **state)
{
	static const struct {
		const char *query;
		int code; /* of the status, 0 for none */
	} cases[] = {
		{"", 0},
		{"limit=5&watch=true&dryRun=All&fieldValidation=Strict&unknown=x", 0},
		{"limit=five", 400},
		{"timeoutSeconds=1.5", 400},
		{"dryRun=Some", 422},
		{"fieldValidation=Maybe", 422},
		{"fieldManager=%01", 422},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct as_call c;
		as_call_init(&c, NULL);
		int rc = as_query_parse(&c, gt_str(cases[i].query));
		int code = c.status ? as_status_code(c.status) : 0;
		if (code != cases[i].code || (rc < 0) != (code != 0))
			fail_msg("%s: %d", cases[i].query, code);
		as_call_fini(&c);
	}
}

static void test_names(void **state)
{
	static const struct {
		enum as_name_rule rule;
		const char *name;
		bool prefix, ok;
	} cases[] = {
		{AS_NAME_SUBDOMAIN, "a.b-c.1", false, true},
		{AS_NAME_SUBDOMAIN, "", false, false},
		{AS_NAME_SUBDOMAIN, "A", false, false},
		{AS_NAME_SUBDOMAIN, "a_b", false, false},
		{AS_NAME_SUBDOMAIN, "a..b", false, false},
		{AS_NAME_SUBDOMAIN, "-a", false, false},
		{AS_NAME_SUBDOMAIN, "a-", false, false},
		{AS_NAME_SUBDOMAIN, "a-", true, true},
		{AS_NAME_LABEL, "a.b", false, false},
		{AS_NAME_LABEL, "1a", false, true},
		{AS_NAME_LABEL_1035, "1a", false, false},
		{AS_NAME_LABEL_1035, "a1", false, true},
		{AS_NAME_PATH, "system:admin", false, true},
		{AS_NAME_PATH, "..", false, false},
		{AS_NAME_PATH, "a/b", false, false},
		{AS_NAME_LABEL, "a234567890123456789012345678901234567890123456789012345678901234",
		 false, false},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		const char *why =
			as_name_problem(cases[i].rule, gt_str(cases[i].name), cases[i].prefix);
		if ((why == NULL) != cases[i].ok)
			fail_msg("%s: %s", cases[i].name, why ? why : "accepted");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
