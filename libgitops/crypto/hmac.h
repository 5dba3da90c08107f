/* HMAC over the digests of crypto/digest.h (not ADLER32).  Any thread. */
#ifndef GT_CRYPTO_HMAC_H
#define GT_CRYPTO_HMAC_H

#include <stdbool.h>

#include "base/str.h"
#include "crypto/digest.h"

struct gt_digest gt_hmac(enum gt_digest_algo algo, struct gt_str key, struct gt_str message);

/* Whether mac (raw bytes) is the HMAC of the message; constant time. */
bool gt_hmac_check(enum gt_digest_algo algo, struct gt_str key, struct gt_str message,
		   struct gt_str mac);

#endif
