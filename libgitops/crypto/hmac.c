#include "crypto/hmac.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>

#include "base/enc.h"

static EVP_MAC *hmac;

static void fetch(void)
{
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (!hmac)
		abort();
}

struct gt_digest gt_hmac(enum gt_digest_algo algo, struct gt_str key, struct gt_str message)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static char names[][8] = {"SHA1", "SHA224", "SHA256", "SHA384", "SHA512"};
	struct gt_digest mac = {.algo = algo, .n = gt_digest_size(algo)};

	if (algo == GT_ADLER32)
		abort(); /* A checksum authenticates nothing. */
	pthread_once(&once, fetch);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, names[algo], 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac);
	/* An empty key is a key; OpenSSL takes NULL for "keep the old one". */
	const void *key_bytes = key.n ? key.p : "";
	const void *bytes = message.n ? message.p : "";
	if (!ctx || EVP_MAC_init(ctx, key_bytes, key.n, params) != 1 ||
	    EVP_MAC_update(ctx, bytes, message.n) != 1 ||
	    EVP_MAC_final(ctx, mac.bytes, NULL, sizeof mac.bytes) != 1)
		abort(); /* Only for want of a few hundred bytes. */
	EVP_MAC_CTX_free(ctx);
	return mac;
}

bool gt_hmac_check(enum gt_digest_algo algo, struct gt_str key, struct gt_str message,
		   struct gt_str mac)
{
	struct gt_digest want = gt_hmac(algo, key, message);

	return gt_const_time_eq(mac, gt_strn((const char *)want.bytes, want.n));
}
