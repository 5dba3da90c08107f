#include "support/check.h"

#include "base/time.h"
#include "crypto/x509.h"

static struct gt_err err;
static struct gt_identity ca;

static int setup(void **state)
{
	struct gt_x509_request request = {
		.common_name = "test authority",
		.lifetime_ns = GT_SECONDS(86400),
	};

	(void)state;
	check_ok(gt_x509_make_ca(&request, &ca, &err), &err);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	gt_identity_fini(&ca);
	return 0;
}

static void test_ca(void **state)
{
	gt_auto_subject s = {0};

	(void)state;
	assert_true(gt_str_starts(gt_str(ca.cert_pem), "-----BEGIN CERTIFICATE-----\n"));
	assert_true(gt_str_starts(gt_secret_bytes(&ca.key_pem), "-----BEGIN PRIVATE KEY-----\n"));
	check_ok(gt_identity_check(&ca, &err), &err);
	check_ok(gt_x509_read(gt_str(ca.cert_pem), &s, &err), &err);
	assert_string_equal(s.common_name, "test authority");
	assert_int_equal(s.organizations.n, 0);
	assert_true(s.is_ca);
	int64_t now = gt_now_wall();
	assert_true(s.not_before <= now - GT_SECONDS(299) && s.not_before > now - GT_SECONDS(360));
	assert_true(s.not_after > now + GT_SECONDS(86000) &&
		    s.not_after <= now + GT_SECONDS(86400));
}

static void test_client_certificate(void **state)
{
	static const char *const organizations[] = {"system:masters", "d\xc3\xa9v, ops=x", NULL};
	struct gt_x509_request request = {
		.common_name = "kubernetes-admin",
		.organizations = organizations,
		.lifetime_ns = GT_SECONDS(3600),
		.client = true,
	};
	gt_auto_identity id = {0};
	gt_auto_subject s = {0};

	(void)state;
	check_ok(gt_x509_issue(&ca, &request, &id, &err), &err);
	check_ok(gt_identity_check(&id, &err), &err);
	check_ok(gt_x509_read(gt_str(id.cert_pem), &s, &err), &err);
	assert_string_equal(s.common_name, "kubernetes-admin");
	assert_int_equal(s.organizations.n, 2);
	assert_string_equal(s.organizations.v[0], "system:masters");
	assert_string_equal(s.organizations.v[1], "d\xc3\xa9v, ops=x");
	assert_false(s.is_ca);
}

/* A certificate does not outlive its authority, and needs a lifetime of its own. */
static void test_lifetime(void **state)
{
	struct gt_x509_request request = {
		.common_name = "x", .lifetime_ns = GT_SECONDS(86400 * 30), .server = true};
	gt_auto_identity id = {0};
	gt_auto_subject leaf = {0};
	gt_auto_subject root = {0};

	(void)state;
	check_ok(gt_x509_issue(&ca, &request, &id, &err), &err);
	check_ok(gt_x509_read(gt_str(id.cert_pem), &leaf, &err), &err);
	check_ok(gt_x509_read(gt_str(ca.cert_pem), &root, &err), &err);
	assert_true(leaf.not_after == root.not_after);
	request.lifetime_ns = 0;
	check_fails(gt_x509_issue(&ca, &request, &id, &err), GT_E_INVALID);
}

static void test_bad_requests(void **state)
{
	static const char *const ips[] = {"10.0.0.1", "300.1.1.1", NULL};
	struct gt_x509_request request = {
		.common_name = "x", .lifetime_ns = GT_SECONDS(60), .ip_addresses = ips};
	struct gt_identity broken = {.cert_pem = ca.cert_pem}, id = {0};

	(void)state;
	check_fails(gt_x509_issue(&ca, &request, &id, &err), GT_E_INVALID);
	assert_string_equal(err.text, "certificate: invalid IP address \"300.1.1.1\"");
	request.ip_addresses = NULL;
	check_fails(gt_x509_issue(&broken, &request, &id, &err), GT_E_INVALID);
	assert_null(id.cert_pem);
}

static void test_read_malformed(void **state)
{
	static const struct {
		const char *pem, *want;
	} cases[] = {
		{"", "certificate: no PEM certificate"},
		{"hello", "certificate: no PEM certificate"},
		{"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		 "certificate: damaged PEM certificate"},
		{"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n",
		 "certificate: damaged PEM certificate"},
		{"-----BEGIN CERTIFICATE-----\nMIIB", "certificate: damaged PEM certificate"},
	};
	struct gt_subject s;

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		check_fails(gt_x509_read(gt_str(cases[i].pem), &s, &err), GT_E_INVALID);
		if (!gt_str_starts(gt_str(err.text), cases[i].want))
			fail_msg("\"%s\": %s", cases[i].pem, err.text);
	}
	/* A real one cut short anywhere is refused as well. */
	struct gt_str whole = gt_str(ca.cert_pem);
	for (size_t n = 0; n < whole.n - 2; n += 13)
		check_fails(gt_x509_read(gt_str_sub(whole, 0, n), &s, NULL), GT_E_INVALID);
}

static void test_identity_check(void **state)
{
	struct gt_x509_request request = {.common_name = "x", .lifetime_ns = GT_SECONDS(60)};
	gt_auto_identity id = {0};
	gt_auto_identity other = {0};

	(void)state;
	check_ok(gt_x509_issue(&ca, &request, &id, &err), &err);
	check_ok(gt_x509_issue(&ca, &request, &other, &err), &err);
	gt_secret_copy(&id.key_pem, &other.key_pem);
	check_fails(gt_identity_check(&id, &err), GT_E_INVALID);
	assert_string_equal(err.text, "private key does not belong to the certificate");
	gt_secret_set(&id.key_pem, gt_str("nothing"));
	check_fails(gt_identity_check(&id, &err), GT_E_INVALID);
	/* Never asks for a password. */
	gt_secret_set(&id.key_pem,
		      gt_str("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
			     "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjYNYQm3VvJMQICCAAw\n"
			     "-----END ENCRYPTED PRIVATE KEY-----\n"));
	check_fails(gt_identity_check(&id, &err), GT_E_UNSUPPORTED);
	assert_string_equal(err.text, "private key: it is encrypted");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ca),
		cmocka_unit_test(test_client_certificate),
		cmocka_unit_test(test_lifetime),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_read_malformed),
		cmocka_unit_test(test_identity_check),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
