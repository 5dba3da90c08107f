/* What the sources of this folder share of OpenSSL; nobody else includes this. */
#ifndef GT_CRYPTO_OSSL_IMPL_H
#define GT_CRYPTO_OSSL_IMPL_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/alloc.h"
#include "base/err.h"
#include "crypto/x509.h"

#define GT_OSSL_AUTO(type, free_fn)                          \
	static inline void gt_ossl__##type##_freep(type **p) \
	{                                                    \
		free_fn(*p);                                 \
	}

GT_OSSL_AUTO(BIO, BIO_free_all)
GT_OSSL_AUTO(EVP_PKEY, EVP_PKEY_free)
GT_OSSL_AUTO(X509, X509_free)

#define gt_auto_bio gt_cleanup(gt_ossl__BIO_freep) BIO
#define gt_auto_pkey gt_cleanup(gt_ossl__EVP_PKEY_freep) EVP_PKEY
#define gt_auto_x509 gt_cleanup(gt_ossl__X509_freep) X509

/* "<what>: <OpenSSL's reason>"; empties the thread's error queue. */
int gt_ossl__fail(struct gt_err *err, enum gt_code code, const char *what);

/* A BIO that reads the bytes where they are. */
BIO *gt_ossl__reader(struct gt_str bytes);

/*
 * The next certificate of a PEM text; NULL without an error at the end.  A text without any, and
 * one with a damaged block, are GT_E_INVALID; `what` names it.
 */
int gt_ossl__next_cert(BIO *pem, bool first, const char *what, X509 **ret_cert, struct gt_err *err);

/* An unencrypted private key. */
int gt_ossl__read_key(struct gt_str pem, EVP_PKEY **ret_key, struct gt_err *err);

int gt_ossl__subject(X509 *cert, struct gt_subject *ret_subject, struct gt_err *err);

#endif
