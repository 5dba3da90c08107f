#include "crypto/pki.h"

#include <crypt.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/rand.h"
#include "base/time.h"
#include "crypto/ossl_impl.h"

#define SCRYPT_MEMORY_MAX ((uint64_t)64 << 20)
#define IV_SIZE 16

static void free_pkey_ctx(EVP_PKEY_CTX **ctx)
{
	EVP_PKEY_CTX_free(*ctx);
}
static void free_cipher_ctx(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

/* --- keys --------------------------------------------------------------------------------- */

static EVP_PKEY *new_dsa(void)
{
	gt_cleanup(free_pkey_ctx) EVP_PKEY_CTX *params = EVP_PKEY_CTX_new_id(EVP_PKEY_DSA, NULL);
	EVP_PKEY *domain = NULL, *key = NULL;

	if (!params || EVP_PKEY_paramgen_init(params) <= 0 ||
	    EVP_PKEY_CTX_set_dsa_paramgen_bits(params, 2048) <= 0 ||
	    EVP_PKEY_CTX_set_dsa_paramgen_q_bits(params, 256) <= 0 ||
	    EVP_PKEY_paramgen(params, &domain) <= 0)
		return NULL;
	gt_cleanup(free_pkey_ctx) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(domain, NULL);
	if (ctx && EVP_PKEY_keygen_init(ctx) > 0)
		EVP_PKEY_keygen(ctx, &key);
	EVP_PKEY_free(domain);
	return key;
}

static EVP_PKEY *new_key(enum gt_key_kind kind)
{
	switch (kind) {
	case GT_KEY_RSA_2048: return EVP_RSA_gen(2048);
	case GT_KEY_RSA_4096: return EVP_RSA_gen(4096);
	case GT_KEY_DSA: return new_dsa();
	case GT_KEY_ECDSA: return EVP_EC_gen("P-256");
	case GT_KEY_ED25519: return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	}
	return NULL;
}

static int take_bio(BIO *bio, struct gt_buf *out, struct gt_err *err)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);

	gt_buf_add(out, p, n > 0 ? (size_t)n : 0);
	return gt_buf_check(out, err);
}

/* RSA, DSA and EC keys in their traditional forms, others as PKCS#8. */
static int write_key(EVP_PKEY *key, struct gt_buf *out, struct gt_err *err)
{
	gt_auto_bio *bio = BIO_new(BIO_s_secmem());
	int ok = 0;

	if (bio && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
		ok = PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	else if (bio)
		ok = PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL);
	if (ok != 1)
		return gt_ossl__fail(err, GT_E_INTERNAL, "write key");
	return take_bio(bio, out, err);
}

int gt_pki_key(enum gt_key_kind kind, struct gt_buf *out, struct gt_err *err)
{
	gt_auto_pkey *key = new_key(kind);

	if (!key)
		return gt_ossl__fail(err, GT_E_INTERNAL, "failed to generate private key");
	return write_key(key, out, err);
}

/* --- certificates ------------------------------------------------------------------------- */

static int fill(X509 *cert, const struct gt_pki_request *request)
{
	unsigned char serial[16];
	X509_NAME *name = X509_get_subject_name(cert);
	time_t now = (time_t)(gt_now_wall() / GT_NS_PER_S);

	gt_rand_bytes(serial, sizeof serial);
	serial[0] &= 0x7f;
	BIGNUM *number = BN_bin2bn(serial, sizeof serial, NULL);
	bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	if (!ok || X509_set_version(cert, X509_VERSION_3) != 1 ||
	    !ASN1_TIME_set(X509_getm_notBefore(cert), now) ||
	    !ASN1_TIME_adj(X509_getm_notAfter(cert), now, (int)request->days, 0))
		return 0;
	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					  (const unsigned char *)request->common_name.p,
					  (int)request->common_name.n, -1, 0);
}

static int add_ext(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	int ok = ext ? X509_add_ext(cert, ext, -1) : 0;
	X509_EXTENSION_free(ext);
	return ok;
}

static int push_name(GENERAL_NAMES *names, int type, void *value)
{
	GENERAL_NAME *name = value ? GENERAL_NAME_new() : NULL;

	if (!name) {
		ASN1_STRING_free(value);
		return 0;
	}
	GENERAL_NAME_set0_value(name, type, value);
	if (sk_GENERAL_NAME_push(names, name))
		return 1;
	GENERAL_NAME_free(name);
	return 0;
}

static int add_names(X509 *cert, const struct gt_pki_request *request)
{
	GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
	int ok = names != NULL;

	for (const char *const *dns = request->dns_names; ok && dns && *dns; dns++) {
		ASN1_IA5STRING *text = ASN1_IA5STRING_new();

		ok = text && ASN1_STRING_set(text, *dns, -1) && push_name(names, GEN_DNS, text);
	}
	for (const char *const *ip = request->ip_addresses; ok && ip && *ip; ip++)
		ok = push_name(names, GEN_IPADD, a2i_IPADDRESS(*ip));
	if (ok && sk_GENERAL_NAME_num(names) > 0)
		ok = X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) == 1;
	GENERAL_NAMES_free(names);
	return ok;
}

static int add_exts(X509 *cert, X509 *issuer, const struct gt_pki_request *request)
{
	const char *usage = request->is_ca ? "critical,digitalSignature,keyEncipherment,keyCertSign"
					   : "critical,digitalSignature,keyEncipherment";

	return add_ext(cert, cert, NID_key_usage, usage) == 1 &&
	       add_ext(cert, cert, NID_ext_key_usage, "serverAuth,clientAuth") == 1 &&
	       add_ext(cert, cert, NID_basic_constraints,
		       request->is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE") == 1 &&
	       (!request->is_ca || add_ext(cert, cert, NID_subject_key_identifier, "hash") == 1) &&
	       (issuer == cert ||
		add_ext(cert, issuer, NID_authority_key_identifier, "keyid") == 1) &&
	       add_names(cert, request);
}

static int read_issuer(const struct gt_pki_request *request, X509 **ret_cert, EVP_PKEY **ret_key,
		       struct gt_err *err)
{
	gt_auto_bio *in = gt_ossl__reader(request->ca_cert_pem);
	int rc = GT_OK;

	if (!in)
		return gt_ossl__fail(err, GT_E_INTERNAL, "certificate authority");
	rc = gt_ossl__next_cert(in, true, "certificate authority", ret_cert, err);
	return rc < 0 ? rc : gt_ossl__read_key(request->ca_key_pem, ret_key, err);
}

int gt_pki_certificate(const struct gt_pki_request *request, struct gt_buf *out_cert,
		       struct gt_buf *out_key, struct gt_err *err)
{
	gt_auto_pkey *key = NULL;
	gt_auto_pkey *ca_key = NULL;
	gt_auto_x509 *issuer = NULL;
	gt_auto_x509 *cert = X509_new();
	gt_auto_bio *bio = BIO_new(BIO_s_mem());
	int rc = GT_OK;

	if (request->key_pem.n)
		rc = gt_ossl__read_key(request->key_pem, &key, err);
	else
		key = new_key(GT_KEY_RSA_2048);
	if (rc == GT_OK && request->ca_cert_pem.n)
		rc = read_issuer(request, &issuer, &ca_key, err);
	if (rc < 0)
		return rc;
	X509 *by = issuer ? issuer : cert;
	const EVP_MD *md = EVP_PKEY_get_base_id(ca_key ? ca_key : key) == EVP_PKEY_ED25519
				   ? NULL
				   : EVP_sha256();
	if (!cert || !key || !bio || fill(cert, request) != 1 || X509_set_pubkey(cert, key) != 1 ||
	    X509_set_issuer_name(cert, X509_get_subject_name(by)) != 1 ||
	    !add_exts(cert, by, request) || X509_sign(cert, ca_key ? ca_key : key, md) == 0 ||
	    PEM_write_bio_X509(bio, cert) != 1)
		return gt_ossl__fail(err, GT_E_INVALID, "error creating certificate");
	rc = take_bio(bio, out_cert, err);
	return rc < 0 ? rc : write_key(key, out_key, err);
}

bool gt_pki_is_certificate(struct gt_str pem)
{
	gt_auto_bio *in = gt_ossl__reader(pem);
	gt_auto_x509 *cert = NULL;

	return in && gt_ossl__next_cert(in, true, "certificate", &cert, NULL) >= 0 && cert;
}

bool gt_pki_is_key(struct gt_str pem)
{
	gt_auto_pkey *key = NULL;

	return gt_ossl__read_key(pem, &key, NULL) >= 0 && key;
}

/* --- passwords ---------------------------------------------------------------------------- */

int gt_scrypt(struct gt_str password, struct gt_str salt, uint64_t n, uint32_t r, uint32_t p,
	      unsigned char *out, size_t size, struct gt_err *err)
{
	if (EVP_PBE_scrypt(password.p ? password.p : "", password.n, (const unsigned char *)salt.p,
			   salt.n, n, r, p, SCRYPT_MEMORY_MAX, out, size) != 1)
		return gt_ossl__fail(err, GT_E_BUDGET, "scrypt");
	return GT_OK;
}

int gt_bcrypt(struct gt_str password, char text[64], struct gt_err *err)
{
	char salt[16], setting[CRYPT_GENSALT_OUTPUT_SIZE];
	gt_autofree char *phrase = gt_xstrndup(password.p ? password.p : "", password.n);
	gt_autofree struct crypt_data *data = gt_new(struct crypt_data);

	if (password.n > 72)
		return gt_fail(err, GT_E_INVALID, "bcrypt: password length exceeds 72 bytes");
	gt_rand_bytes(salt, sizeof salt);
	if (!crypt_gensalt_rn("$2a$", 10, salt, sizeof salt, setting, sizeof setting))
		return gt_fail(err, GT_E_UNSUPPORTED, "bcrypt is not available");
	const char *hash = crypt_r(phrase, setting, data);
	explicit_bzero(phrase, password.n);
	if (!hash || strlen(hash) != 60)
		return gt_fail(err, GT_E_UNSUPPORTED, "bcrypt is not available");
	memcpy(text, hash, 61);
	return GT_OK;
}

/* --- AES ---------------------------------------------------------------------------------- */

static int run_cipher(const unsigned char key[32], const unsigned char iv[IV_SIZE],
		      struct gt_str in, bool encrypt, struct gt_buf *out, struct gt_err *err)
{
	gt_cleanup(free_cipher_ctx) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned char *room;
	int n = 0, rest = 0;

	if (in.n > GT_BUF_MAX / 2)
		return gt_fail(err, GT_E_BUDGET, "text too large to encrypt");
	room = (unsigned char *)gt_buf_reserve(out, in.n + 2 * IV_SIZE);
	if (!room)
		return gt_buf_check(out, err);
	if (!ctx || EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), NULL, key, iv, encrypt) != 1 ||
	    EVP_CipherUpdate(ctx, room, &n, (const unsigned char *)in.p, (int)in.n) != 1 ||
	    EVP_CipherFinal_ex(ctx, room + n, &rest) != 1)
		return gt_ossl__fail(err, GT_E_INVALID, "cipher");
	gt_buf_commit(out, (size_t)(n + rest));
	return GT_OK;
}

int gt_aes_cbc_encrypt(const unsigned char key[32], struct gt_str plain, struct gt_buf *out,
		       struct gt_err *err)
{
	unsigned char iv[IV_SIZE];

	gt_rand_bytes(iv, sizeof iv);
	gt_buf_add(out, iv, sizeof iv);
	return run_cipher(key, iv, plain, true, out, err);
}

int gt_aes_cbc_decrypt(const unsigned char key[32], struct gt_str bytes, struct gt_buf *out,
		       struct gt_err *err)
{
	unsigned char iv[IV_SIZE];

	if (bytes.n < IV_SIZE)
		return gt_fail(err, GT_E_INVALID, "ciphertext too short");
	memcpy(iv, bytes.p, IV_SIZE);
	return run_cipher(key, iv, gt_str_from(bytes, IV_SIZE), false, out, err);
}
