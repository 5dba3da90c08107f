/*
 * Keys, certificates and password hashes as templates make them: unlike crypto/x509.h, with the
 * kinds and extensions that Sprig's functions are known for.  PEM in and out.  Any thread.
 */
#ifndef GT_CRYPTO_PKI_H
#define GT_CRYPTO_PKI_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum gt_key_kind {
	GT_KEY_RSA_2048, /* PKCS#1 */
	GT_KEY_RSA_4096, /* PKCS#1 */
	GT_KEY_DSA,      /* 2048 and 256 bits, OpenSSL's own form */
	GT_KEY_ECDSA,    /* P-256, SEC 1 */
	GT_KEY_ED25519,  /* PKCS#8 */
};

int gt_pki_key(enum gt_key_kind kind, struct gt_buf *out, struct gt_err *err);

/* Lists end with NULL; a NULL list is empty. */
struct gt_pki_request {
	struct gt_str common_name;
	const char *const *dns_names;
	const char *const *ip_addresses;
	int64_t days;
	bool is_ca;
	struct gt_str key_pem;                 /* empty: a new RSA key of 2048 bits */
	struct gt_str ca_cert_pem, ca_key_pem; /* empty: signed by itself */
};

/* Appends certificate and key.  GT_E_INVALID for keys and authorities that cannot be read. */
int gt_pki_certificate(const struct gt_pki_request *request, struct gt_buf *out_cert,
		       struct gt_buf *out_key, struct gt_err *err);

bool gt_pki_is_certificate(struct gt_str pem);
bool gt_pki_is_key(struct gt_str pem);

/* scrypt; n is a power of two.  GT_E_BUDGET when it would take more than 64 MiB. */
int gt_scrypt(struct gt_str password, struct gt_str salt, uint64_t n, uint32_t r, uint32_t p,
	      unsigned char *out, size_t size, struct gt_err *err);

/* The password hashed by bcrypt with cost 10 and a random salt: "$2a$10$...". */
int gt_bcrypt(struct gt_str password, char text[64], struct gt_err *err);

/* AES-256 in CBC mode with PKCS#7 padding; the initialisation vector stands in front. */
int gt_aes_cbc_encrypt(const unsigned char key[32], struct gt_str plain, struct gt_buf *out,
		       struct gt_err *err);
int gt_aes_cbc_decrypt(const unsigned char key[32], struct gt_str bytes, struct gt_buf *out,
		       struct gt_err *err);

#endif
