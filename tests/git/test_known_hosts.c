#include "support/check.h"

#include <string.h>

#include "base/buf.h"
#include "git/known_hosts.h"

/* Well-formed base64; what is in it does not matter here. */
#define KEY_A "AAAAC3NzaC1lZDI1NTE5AAAAIA=="
#define KEY_B "AAAAC3NzaC1lZDI1NTE5AAAAIB=="

static void test_match(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
		const char *type, *key;
		const char *error; /* NULL: known */
	} cases[] = {
		{"h t " KEY_A, "h", 22, "t", KEY_A, NULL},
		{"h t " KEY_A " comment here", "h", 22, "t", KEY_A, NULL},
		{"# c\n\n  h t " KEY_A "\r\n", "h", 22, "t", KEY_A, NULL},
		{"h t " KEY_A, "other", 22, "t", KEY_A, "knownhosts: key is unknown"},
		{"h t " KEY_A, "h", 22, "t", KEY_B, "knownhosts: key mismatch"},
		{"h t " KEY_A, "h", 22, "u", KEY_A, "knownhosts: key mismatch"},
		{"h t " KEY_A, "h", 2222, "t", KEY_A, "knownhosts: key is unknown"},
		{"[h]:2222 t " KEY_A, "h", 2222, "t", KEY_A, NULL},
		{"[h]:2222 t " KEY_A, "h", 22, "t", KEY_A, "knownhosts: key is unknown"},
		{"a,h,b t " KEY_A, "h", 22, "t", KEY_A, NULL},
		{"*.example.org t " KEY_A, "git.example.org", 22, "t", KEY_A, NULL},
		{"*.example.org t " KEY_A, "example.org", 22, "t", KEY_A,
		 "knownhosts: key is unknown"},
		{"g?t t " KEY_A, "git", 22, "t", KEY_A, NULL},
		{"*,!h t " KEY_A, "h", 22, "t", KEY_A, "knownhosts: key is unknown"},
		{"*,!h t " KEY_A, "i", 22, "t", KEY_A, NULL},
		/* Per type the first line counts. */
		{"h t " KEY_A "\nh t " KEY_B, "h", 22, "t", KEY_B, "knownhosts: key mismatch"},
		{"h u " KEY_A "\nh t " KEY_B, "h", 22, "t", KEY_B, NULL},
		{"@revoked * t " KEY_A "\nh t " KEY_A, "h", 22, "t", KEY_A,
		 "knownhosts: key is revoked"},
		{"h t " KEY_A "\n@revoked x t " KEY_A, "h", 22, "t", KEY_A,
		 "knownhosts: key is revoked"},
		{"@cert-authority h t " KEY_A, "h", 22, "t", KEY_A, "knownhosts: key is unknown"},
		{"", "h", 22, "t", KEY_A, "knownhosts: key is unknown"},
		/* Hashed: "hashed.example.org" and "[hashed.example.org]:2222". */
		{"|1|AAECAwQFBgcICQoLDA0ODxAREhM=|emvzvS2vTJ34JNqnfcpRf3m8Aqg= t " KEY_A,
		 "hashed.example.org", 22, "t", KEY_A, NULL},
		{"|1|AAECAwQFBgcICQoLDA0ODxAREhM=|emvzvS2vTJ34JNqnfcpRf3m8Aqg= t " KEY_A,
		 "hashed.example.org", 2222, "t", KEY_A, "knownhosts: key is unknown"},
		{"|1|AAECAwQFBgcICQoLDA0ODxAREhM=|zdxb6YUf0v+wyiyEXskgaYBXlH4= t " KEY_A,
		 "hashed.example.org", 2222, "t", KEY_A, NULL},
		{"|1|AAECAwQFBgcICQoLDA0ODxAREhM=|emvzvS2vTJ34JNqnfcpRf3m8Aqg= t " KEY_A, "nobody",
		 22, "t", KEY_A, "knownhosts: key is unknown"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_err err = {0};
		int rc = gt_known_hosts_match(gt_str(cases[i].text), cases[i].host, cases[i].port,
					      gt_str(cases[i].type), gt_str(cases[i].key), &err);

		if (rc == GT_OK && cases[i].error)
			fail_msg("case %zu: accepted", i);
		if (rc < 0 && (!cases[i].error || strcmp(err.text, cases[i].error) != 0))
			fail_msg("case %zu: %s", i, err.text);
	}
}

static void test_check(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{"", NULL},
		{"# only a comment", NULL},
		{"h t " KEY_A, NULL},
		{"h t", "knownhosts: line 1: missing host pattern, key type or key"},
		{"h t " KEY_A "\nh t %%%%", "knownhosts: line 2: malformed key"},
		{"@unknown h t " KEY_A, "knownhosts: line 1: unknown marker"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_err err = {0};
		int rc = gt_known_hosts_check(gt_str(cases[i].text), &err);

		assert_int_equal(rc == GT_OK, cases[i].error == NULL);
		if (rc < 0)
			assert_string_equal(err.text, cases[i].error);
	}
}

static void test_types(void **state)
{
	gt_auto_buf rsa = {0}, mixed = {0};

	(void)state;
	gt_known_hosts_types(gt_str("h ssh-rsa " KEY_A), &rsa);
	assert_string_equal(rsa.p, "rsa-sha2-512,rsa-sha2-256,ssh-rsa");
	gt_known_hosts_types(gt_str("h ssh-ed25519 " KEY_A "\ni ssh-ed25519 " KEY_A
				    "\nj ecdsa-sha2-nistp256 " KEY_A),
			     &mixed);
	assert_string_equal(mixed.p, "ssh-ed25519,ecdsa-sha2-nistp256");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_types),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
