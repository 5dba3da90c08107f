/*
 * Digests: streaming, one-shot, and as the text "sha256:<hex>" that OCI and Flux use.
 *
 * Algorithms are looked up in OpenSSL once; a process without them aborts at the first use.
 * gt_digester: one owner at a time.  Everything else: any thread.
 */
#ifndef GT_CRYPTO_DIGEST_H
#define GT_CRYPTO_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/str.h"

enum gt_digest_algo {
	GT_SHA1,
	GT_SHA224,
	GT_SHA256,
	GT_SHA384,
	GT_SHA512,
	GT_ADLER32,
};

#define GT_DIGEST_MAX 64
/* Large enough for "sha512:<hex>" and a NUL. */
#define GT_DIGEST_TEXT 144

struct gt_digest {
	enum gt_digest_algo algo;
	size_t n; /* bytes, never more than GT_DIGEST_MAX */
	unsigned char bytes[GT_DIGEST_MAX];
};

/* GT_E_INVALID for an unknown name, GT_E_UNSUPPORTED for blake3. */
int gt_digest_algo_parse(struct gt_str name, enum gt_digest_algo *ret_algo, struct gt_err *err);
const char *gt_digest_algo_name(enum gt_digest_algo algo);
size_t gt_digest_size(enum gt_digest_algo algo);

struct gt_digest gt_digest_of(enum gt_digest_algo algo, struct gt_str bytes);

struct gt_digester {
	enum gt_digest_algo algo;
	void *md; /* OpenSSL's state, NULL for ADLER32 */
	uint32_t a, b;
};

/* A zeroed struct may be given to _fini.  _final ends the stream; _init it again for another. */
void gt_digester_init(struct gt_digester *d, enum gt_digest_algo algo);
void gt_digester_add(struct gt_digester *d, const void *p, size_t n);
struct gt_digest gt_digester_final(struct gt_digester *d);
void gt_digester_fini(struct gt_digester *d);

#define gt_auto_digester gt_cleanup(gt_digester_fini) struct gt_digester

/* "sha256:<hex>" and "<hex>", lower case; return text. */
const char *gt_digest_text(const struct gt_digest *d, char text[GT_DIGEST_TEXT]);
const char *gt_digest_hex(const struct gt_digest *d, char text[GT_DIGEST_TEXT]);

/* Takes "<algorithm>:<lower-case hex>" of the right length; errors as gt_digest_algo_parse. */
int gt_digest_parse(struct gt_str text, struct gt_digest *ret_digest, struct gt_err *err);

/* In constant time. */
bool gt_digest_eq(const struct gt_digest *a, const struct gt_digest *b);

/* GT_E_INVALID, naming both digests, unless the bytes have the digest. */
int gt_digest_check(const struct gt_digest *want, struct gt_str bytes, struct gt_err *err);

#endif
