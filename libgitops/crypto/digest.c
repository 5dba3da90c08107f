#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdio.h>

#include "base/enc.h"

#define ADLER_MOD 65521u
/* The most bytes whose sums fit 32 bits. */
#define ADLER_RUN 5552

static const struct {
	const char *name;
	const char *evp; /* NULL: made here */
	size_t size;
} algos[] = {
	[GT_SHA1] = {"sha1", "SHA1", 20},         [GT_SHA224] = {"sha224", "SHA2-224", 28},
	[GT_SHA256] = {"sha256", "SHA2-256", 32}, [GT_SHA384] = {"sha384", "SHA2-384", 48},
	[GT_SHA512] = {"sha512", "SHA2-512", 64}, [GT_ADLER32] = {"adler32", NULL, 4},
};

static EVP_MD *fetched[GT_COUNT(algos)];

static void fetch_all(void)
{
	for (size_t i = 0; i < GT_COUNT(algos); i++) {
		if (!algos[i].evp)
			continue;
		fetched[i] = EVP_MD_fetch(NULL, algos[i].evp, NULL);
		if (!fetched[i]) {
			fprintf(stderr, "the crypto library does not offer %s\n", algos[i].name);
			abort();
		}
	}
}

static const EVP_MD *md_of(enum gt_digest_algo algo)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, fetch_all);
	return fetched[algo];
}

int gt_digest_algo_parse(struct gt_str name, enum gt_digest_algo *ret_algo, struct gt_err *err)
{
	for (size_t i = 0; i < GT_COUNT(algos); i++) {
		if (gt_str_is(name, algos[i].name)) {
			*ret_algo = (enum gt_digest_algo)i;
			return GT_OK;
		}
	}
	if (gt_str_is(name, "blake3"))
		return gt_fail(err, GT_E_UNSUPPORTED, "digest algorithm blake3 is not supported");
	return gt_fail(err, GT_E_INVALID, "unknown digest algorithm \"%.*s\"",
		       GT_STR_ARG(gt_str_sub(name, 0, 64)));
}

const char *gt_digest_algo_name(enum gt_digest_algo algo)
{
	return algos[algo].name;
}

size_t gt_digest_size(enum gt_digest_algo algo)
{
	return algos[algo].size;
}

void gt_digester_init(struct gt_digester *d, enum gt_digest_algo algo)
{
	*d = (struct gt_digester){.algo = algo, .a = 1};
	if (algo == GT_ADLER32)
		return;
	d->md = EVP_MD_CTX_new();
	if (!d->md || EVP_DigestInit_ex2(d->md, md_of(algo), NULL) != 1)
		abort(); /* Only for want of a few hundred bytes. */
}

static void adler_add(struct gt_digester *d, const unsigned char *p, size_t n)
{
	while (n > 0) {
		size_t run = n < ADLER_RUN ? n : ADLER_RUN;

		for (size_t i = 0; i < run; i++) {
			d->a += p[i];
			d->b += d->a;
		}
		d->a %= ADLER_MOD;
		d->b %= ADLER_MOD;
		p += run;
		n -= run;
	}
}

void gt_digester_add(struct gt_digester *d, const void *p, size_t n)
{
	if (d->algo == GT_ADLER32)
		adler_add(d, p, n);
	else if (n && EVP_DigestUpdate(d->md, p, n) != 1)
		abort(); /* The built-in algorithms cannot fail here. */
}

struct gt_digest gt_digester_final(struct gt_digester *d)
{
	struct gt_digest digest = {.algo = d->algo, .n = algos[d->algo].size};

	if (d->algo == GT_ADLER32) {
		uint32_t sum = d->b << 16 | d->a;

		for (size_t i = 0; i < 4; i++)
			digest.bytes[i] = (unsigned char)(sum >> (24 - 8 * i));
	} else if (EVP_DigestFinal_ex(d->md, digest.bytes, NULL) != 1) {
		abort();
	}
	gt_digester_fini(d);
	return digest;
}

void gt_digester_fini(struct gt_digester *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->md);
	*d = (struct gt_digester){0};
}

struct gt_digest gt_digest_of(enum gt_digest_algo algo, struct gt_str bytes)
{
	struct gt_digester d;

	gt_digester_init(&d, algo);
	gt_digester_add(&d, bytes.p, bytes.n);
	return gt_digester_final(&d);
}

const char *gt_digest_hex(const struct gt_digest *d, char text[GT_DIGEST_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	char *at = text;

	for (size_t i = 0; i < d->n; i++) {
		*at++ = digits[d->bytes[i] >> 4];
		*at++ = digits[d->bytes[i] & 0x0f];
	}
	*at = '\0';
	return text;
}

const char *gt_digest_text(const struct gt_digest *d, char text[GT_DIGEST_TEXT])
{
	int n = snprintf(text, GT_DIGEST_TEXT, "%s:", algos[d->algo].name);

	gt_digest_hex(d, text + n);
	return text;
}

int gt_digest_parse(struct gt_str text, struct gt_digest *ret_digest, struct gt_err *err)
{
	struct gt_digest digest = {0};
	size_t colon = gt_str_find(text, ':');

	if (colon == SIZE_MAX)
		return gt_fail(err, GT_E_INVALID, "invalid digest \"%.*s\": no algorithm",
			       GT_STR_ARG(gt_str_sub(text, 0, 160)));
	int rc = gt_digest_algo_parse(gt_str_sub(text, 0, colon), &digest.algo, err);
	if (rc < 0)
		return rc;

	struct gt_str hex = gt_str_from(text, colon + 1);
	gt_auto_buf bytes = {.max = GT_DIGEST_MAX};
	bool lower = true;
	for (size_t i = 0; i < hex.n; i++)
		lower = lower && !(hex.p[i] >= 'A' && hex.p[i] <= 'F');
	digest.n = algos[digest.algo].size;
	if (hex.n != digest.n * 2 || !lower || !gt_hex_decode(&bytes, hex))
		return gt_fail(err, GT_E_INVALID,
			       "invalid digest \"%.*s\": not %zu lower-case hexadecimal digits",
			       GT_STR_ARG(gt_str_sub(text, 0, 160)), digest.n * 2);
	memcpy(digest.bytes, bytes.p, bytes.n);
	*ret_digest = digest;
	return GT_OK;
}

bool gt_digest_eq(const struct gt_digest *a, const struct gt_digest *b)
{
	return a->algo == b->algo && a->n == b->n && CRYPTO_memcmp(a->bytes, b->bytes, a->n) == 0;
}

int gt_digest_check(const struct gt_digest *want, struct gt_str bytes, struct gt_err *err)
{
	char want_text[GT_DIGEST_TEXT], got_text[GT_DIGEST_TEXT];
	struct gt_digest got = gt_digest_of(want->algo, bytes);

	if (gt_digest_eq(want, &got))
		return GT_OK;
	return gt_fail(err, GT_E_INVALID, "digest mismatch: want %s, got %s",
		       gt_digest_text(want, want_text), gt_digest_text(&got, got_text));
}
