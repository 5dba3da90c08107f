#include "support/check.h"

#include <pthread.h>

#include "crypto/digest.h"
#include "crypto/hmac.h"

static struct gt_err err;

static void test_vectors(void **state)
{
	static const struct {
		enum gt_digest_algo algo;
		const char *in, *want;
	} cases[] = {
		{GT_SHA1, "abc", "sha1:a9993e364706816aba3e25717850c26c9cd0d89d"},
		{GT_SHA224, "abc",
		 "sha224:23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
		{GT_SHA256, "",
		 "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{GT_SHA256, "abc",
		 "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{GT_SHA384, "abc",
		 "sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
		 "8086072ba1e7cc2358baeca134c825a7"},
		{GT_SHA512, "abc",
		 "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
		{GT_ADLER32, "", "adler32:00000001"},
		{GT_ADLER32, "Wikipedia", "adler32:11e60398"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		char text[GT_DIGEST_TEXT];
		struct gt_digest got = gt_digest_of(cases[i].algo, gt_str(cases[i].in)), back;

		assert_string_equal(gt_digest_text(&got, text), cases[i].want);
		assert_int_equal(got.n, gt_digest_size(cases[i].algo));
		check_ok(gt_digest_parse(gt_str(text), &back, &err), &err);
		assert_true(gt_digest_eq(&got, &back));
		check_ok(gt_digest_check(&back, gt_str(cases[i].in), &err), &err);
		check_fails(gt_digest_check(&back, gt_str("other"), &err), GT_E_INVALID);
		assert_non_null(strstr(err.text, cases[i].want));
	}
}

/* However a stream is cut up, its digest is that of the whole. */
static void test_streaming(void **state)
{
	static char bytes[20000];

	(void)state;
	memset(bytes, 0xff, sizeof bytes);
	for (int algo = GT_SHA1; algo <= GT_ADLER32; algo++) {
		struct gt_digest want =
			gt_digest_of((enum gt_digest_algo)algo, gt_strn(bytes, sizeof bytes));

		for (size_t step = 1; step < sizeof bytes; step = step * 7 + 1) {
			gt_auto_digester d;

			gt_digester_init(&d, (enum gt_digest_algo)algo);
			for (size_t at = 0; at < sizeof bytes; at += step)
				gt_digester_add(&d, bytes + at,
						at + step < sizeof bytes ? step
									 : sizeof bytes - at);
			struct gt_digest got = gt_digester_final(&d);
			assert_true(gt_digest_eq(&got, &want));
		}
	}
	gt_auto_digester abandoned;
	gt_digester_init(&abandoned, GT_SHA256);
}

static void test_parse(void **state)
{
	static const struct {
		const char *in;
		int want;
	} cases[] = {
		{"sha1:a9993e364706816aba3e25717850c26c9cd0d89d", GT_OK},
		{"sha1:A9993e364706816aba3e25717850c26c9cd0d89d", GT_E_INVALID},
		{"sha1:a9993e364706816aba3e25717850c26c9cd0d8", GT_E_INVALID},
		{"sha1:a9993e364706816aba3e25717850c26c9cd0d89d00", GT_E_INVALID},
		{"sha1:g9993e364706816aba3e25717850c26c9cd0d89d", GT_E_INVALID},
		{"sha1:", GT_E_INVALID},
		{"sha1", GT_E_INVALID},
		{"", GT_E_INVALID},
		{":abc", GT_E_INVALID},
		{"md5:d41d8cd98f00b204e9800998ecf8427e", GT_E_INVALID},
		{"SHA1:a9993e364706816aba3e25717850c26c9cd0d89d", GT_E_INVALID},
		{"blake3:00", GT_E_UNSUPPORTED},
	};
	enum gt_digest_algo algo;

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		struct gt_digest d;

		check_fails(gt_digest_parse(gt_str(cases[i].in), &d, &err), cases[i].want);
	}
	check_ok(gt_digest_algo_parse(gt_str("sha512"), &algo, &err), &err);
	assert_int_equal(algo, GT_SHA512);
	assert_string_equal(gt_digest_algo_name(algo), "sha512");
}

static void test_eq(void **state)
{
	struct gt_digest a = gt_digest_of(GT_SHA256, gt_str("a")), b = a;

	(void)state;
	assert_true(gt_digest_eq(&a, &b));
	b.bytes[31] ^= 1;
	assert_false(gt_digest_eq(&a, &b));
	b = a;
	b.algo = GT_SHA512;
	assert_false(gt_digest_eq(&a, &b));
}

/* RFC 4231, and one key of no bytes at all. */
static void test_hmac(void **state)
{
	static const struct {
		enum gt_digest_algo algo;
		const char *key, *message, *want;
	} cases[] = {
		{GT_SHA256, "Jefe", "what do ya want for nothing?",
		 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{GT_SHA224, "Jefe", "what do ya want for nothing?",
		 "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"},
		{GT_SHA1, "key", "The quick brown fox jumps over the lazy dog",
		 "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"},
		{GT_SHA512, "Jefe", "what do ya want for nothing?",
		 "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		 "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"},
		{GT_SHA384, "Jefe", "what do ya want for nothing?",
		 "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
		 "8e2240ca5e69e2c78b3239ecfab21649"},
		{GT_SHA256, "", "",
		 "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"},
	};

	(void)state;
	for (size_t i = 0; i < GT_COUNT(cases); i++) {
		char hex[GT_DIGEST_TEXT];
		struct gt_str key = gt_str(cases[i].key), message = gt_str(cases[i].message);
		struct gt_digest mac = gt_hmac(cases[i].algo, key, message);
		struct gt_str raw = gt_strn((const char *)mac.bytes, mac.n);

		assert_string_equal(gt_digest_hex(&mac, hex), cases[i].want);
		assert_true(gt_hmac_check(cases[i].algo, key, message, raw));
		assert_false(gt_hmac_check(cases[i].algo, key, message, gt_str_sub(raw, 0, 4)));
		mac.bytes[0] ^= 0x80;
		assert_false(gt_hmac_check(cases[i].algo, key, message, raw));
	}
}

static void *digest_many(void *arg)
{

	for (int i = 0; i < 50; i++) {
		struct gt_digest d = gt_digest_of(GT_SHA256, gt_str("abc"));
		struct gt_digest m = gt_hmac(GT_SHA256, gt_str("k"), gt_str("m"));

		if (d.bytes[0] != 0xba || m.n != 32)
			return arg;
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, digest_many, threads);
	for (int i = 0; i < 4; i++) {
		void *fault;

		pthread_join(threads[i], &fault);
		assert_null(fault);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads), /* first, so that the look-ups race */
		cmocka_unit_test(test_vectors), cmocka_unit_test(test_streaming),
		cmocka_unit_test(test_parse),   cmocka_unit_test(test_eq),
		cmocka_unit_test(test_hmac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
