/* Making certificates: the half of crypto/x509.h that signs. */
#include "crypto/x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/rand.h"
#include "base/time.h"
#include "crypto/ossl_impl.h"

/* For clocks that are a little slow. */
#define BACKDATE GT_SECONDS(300)

static int add_name(X509_NAME *name, const char *field, const char *value)
{
	return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value,
					  -1, -1, 0);
}

static int set_subject(X509 *cert, const struct gt_x509_request *request, struct gt_err *err)
{
	X509_NAME *name = X509_get_subject_name(cert);
	int ok = 1;

	for (const char *const *o = request->organizations; ok == 1 && o && *o; o++)
		ok = add_name(name, "O", *o);
	if (ok == 1 && request->common_name)
		ok = add_name(name, "CN", request->common_name);
	return ok == 1 ? GT_OK : gt_ossl__fail(err, GT_E_INVALID, "certificate subject");
}

static int set_serial(X509 *cert, struct gt_err *err)
{
	unsigned char bytes[16];
	BIGNUM *number = NULL;

	gt_rand_bytes(bytes, sizeof bytes);
	bytes[0] = (unsigned char)((bytes[0] & 0x7f) | 0x40); /* positive, always 16 bytes */
	number = BN_bin2bn(bytes, sizeof bytes, NULL);
	bool ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return ok ? GT_OK : gt_ossl__fail(err, GT_E_INTERNAL, "certificate serial number");
}

static int set_validity(X509 *cert, int64_t lifetime_ns, X509 *issuer, struct gt_err *err)
{
	int64_t now = gt_now_wall();
	time_t from = (time_t)((now - BACKDATE) / GT_NS_PER_S);
	time_t to = (time_t)(now / GT_NS_PER_S + lifetime_ns / GT_NS_PER_S);

	if (lifetime_ns <= 0)
		return gt_fail(err, GT_E_INVALID, "certificate lifetime is not positive");
	if (!ASN1_TIME_set(X509_getm_notBefore(cert), from) ||
	    !ASN1_TIME_set(X509_getm_notAfter(cert), to))
		return gt_ossl__fail(err, GT_E_INVALID, "certificate validity");
	/* Nothing outlives its issuer. */
	const ASN1_TIME *end = issuer ? X509_get0_notAfter(issuer) : NULL;
	if (end && ASN1_TIME_compare(end, X509_get0_notAfter(cert)) < 0 &&
	    X509_set1_notAfter(cert, end) != 1)
		return gt_ossl__fail(err, GT_E_INTERNAL, "certificate validity");
	return GT_OK;
}

static void free_names(GENERAL_NAMES **names)
{
	GENERAL_NAMES_free(*names);
}

/* Takes ownership of value, which may be NULL for a failure before. */
static int push_name(GENERAL_NAMES *names, int type, void *value)
{
	GENERAL_NAME *name = value ? GENERAL_NAME_new() : NULL;

	if (!name) {
		ASN1_STRING_free(value);
		return 0;
	}
	GENERAL_NAME_set0_value(name, type, value);
	if (!sk_GENERAL_NAME_push(names, name)) {
		GENERAL_NAME_free(name);
		return 0;
	}
	return 1;
}

static int set_alt_names(X509 *cert, const struct gt_x509_request *request, struct gt_err *err)
{
	gt_cleanup(free_names) GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();

	for (const char *const *dns = request->dns_names; names && dns && *dns; dns++) {
		ASN1_IA5STRING *text = ASN1_IA5STRING_new();

		if (text && !ASN1_STRING_set(text, *dns, -1)) {
			ASN1_STRING_free(text);
			text = NULL;
		}
		if (!push_name(names, GEN_DNS, text))
			return gt_ossl__fail(err, GT_E_INTERNAL, "certificate DNS name");
	}
	for (const char *const *ip = request->ip_addresses; names && ip && *ip; ip++) {
		if (push_name(names, GEN_IPADD, a2i_IPADDRESS(*ip)))
			continue;
		ERR_clear_error();
		return gt_fail(err, GT_E_INVALID, "certificate: invalid IP address \"%s\"", *ip);
	}
	if (names && sk_GENERAL_NAME_num(names) == 0)
		return GT_OK;
	if (!names || X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, 0) != 1)
		return gt_ossl__fail(err, GT_E_INTERNAL, "certificate names");
	return GT_OK;
}

/* Adds an extension in OpenSSL's own notation, which never holds outside text. */
static int add_ext(X509 *cert, X509 *issuer, int nid, const char *value, struct gt_err *err)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	int ok = ext ? X509_add_ext(cert, ext, -1) : 0;
	X509_EXTENSION_free(ext);
	return ok == 1 ? GT_OK : gt_ossl__fail(err, GT_E_INTERNAL, "certificate extension");
}

static int add_leaf_exts(X509 *cert, X509 *issuer, const struct gt_x509_request *request,
			 struct gt_err *err)
{
	const char *usage = request->server && request->client ? "serverAuth,clientAuth"
			    : request->server                  ? "serverAuth"
							       : "clientAuth";

	int rc = add_ext(cert, issuer, NID_basic_constraints, "critical,CA:FALSE", err);
	if (rc == GT_OK)
		rc = add_ext(cert, issuer, NID_key_usage, "critical,digitalSignature", err);
	if (rc == GT_OK && (request->server || request->client))
		rc = add_ext(cert, issuer, NID_ext_key_usage, usage, err);
	if (rc == GT_OK)
		rc = add_ext(cert, issuer, NID_authority_key_identifier, "keyid", err);
	return rc == GT_OK ? set_alt_names(cert, request, err) : rc;
}

static int add_ca_exts(X509 *cert, struct gt_err *err)
{
	int rc = add_ext(cert, cert, NID_basic_constraints, "critical,CA:TRUE", err);

	if (rc == GT_OK)
		rc = add_ext(cert, cert, NID_key_usage,
			     "critical,digitalSignature,keyCertSign,cRLSign", err);
	return rc == GT_OK ? add_ext(cert, cert, NID_subject_key_identifier, "hash", err) : rc;
}

/* The text a memory BIO has collected. */
static struct gt_str bio_text(BIO *bio)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);

	return gt_strn(p, n > 0 ? (size_t)n : 0);
}

static int write_identity(X509 *cert, EVP_PKEY *key, struct gt_identity *ret_id, struct gt_err *err)
{
	gt_auto_bio *cert_out = BIO_new(BIO_s_mem());
	gt_auto_bio *key_out = BIO_new(BIO_s_secmem());

	if (!cert_out || !key_out || PEM_write_bio_X509(cert_out, cert) != 1 ||
	    PEM_write_bio_PKCS8PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL) != 1)
		return gt_ossl__fail(err, GT_E_INTERNAL, "write certificate");
	struct gt_str text = bio_text(cert_out);
	*ret_id = (struct gt_identity){.cert_pem = gt_xstrndup(text.p, text.n)};
	text = bio_text(key_out);
	gt_secret_set(&ret_id->key_pem, text);
	return GT_OK;
}

static int new_cert(EVP_PKEY *key, X509 **ret_cert, struct gt_err *err)
{
	gt_auto_x509 *cert = X509_new();

	if (!cert || X509_set_version(cert, X509_VERSION_3) != 1 || X509_set_pubkey(cert, key) != 1)
		return gt_ossl__fail(err, GT_E_INTERNAL, "certificate");
	int rc = set_serial(cert, err);
	if (rc == GT_OK)
		*ret_cert = gt_steal(cert);
	return rc;
}

int gt_x509_make_ca(const struct gt_x509_request *request, struct gt_identity *ret_ca,
		    struct gt_err *err)
{
	gt_auto_pkey *key = EVP_EC_gen("P-256");
	gt_auto_x509 *cert = NULL;

	if (!key)
		return gt_ossl__fail(err, GT_E_INTERNAL, "generate key");
	int rc = new_cert(key, &cert, err);
	if (rc == GT_OK)
		rc = set_subject(cert, request, err);
	if (rc == GT_OK)
		rc = set_validity(cert, request->lifetime_ns, NULL, err);
	if (rc == GT_OK)
		rc = add_ca_exts(cert, err);
	if (rc < 0)
		return rc;
	if (X509_set_issuer_name(cert, X509_get_subject_name(cert)) != 1 ||
	    X509_sign(cert, key, EVP_sha256()) == 0)
		return gt_ossl__fail(err, GT_E_INTERNAL, "sign certificate");
	return write_identity(cert, key, ret_ca, err);
}

int gt_x509_issue(const struct gt_identity *ca, const struct gt_x509_request *request,
		  struct gt_identity *ret_id, struct gt_err *err)
{
	gt_auto_bio *in = gt_ossl__reader(gt_str(ca->cert_pem));
	gt_auto_x509 *issuer = NULL;
	gt_auto_x509 *cert = NULL;
	gt_auto_pkey *ca_key = NULL;
	gt_auto_pkey *key = EVP_EC_gen("P-256");

	if (!in || !key)
		return gt_ossl__fail(err, GT_E_INTERNAL, "generate key");
	int rc = gt_ossl__next_cert(in, true, "certificate authority", &issuer, err);
	if (rc == GT_OK)
		rc = gt_ossl__read_key(gt_secret_bytes(&ca->key_pem), &ca_key, err);
	if (rc == GT_OK)
		rc = new_cert(key, &cert, err);
	if (rc == GT_OK)
		rc = set_subject(cert, request, err);
	if (rc == GT_OK)
		rc = set_validity(cert, request->lifetime_ns, issuer, err);
	if (rc == GT_OK)
		rc = add_leaf_exts(cert, issuer, request, err);
	if (rc < 0)
		return rc;
	if (X509_set_issuer_name(cert, X509_get_subject_name(issuer)) != 1 ||
	    X509_sign(cert, ca_key, EVP_sha256()) == 0)
		return gt_ossl__fail(err, GT_E_INTERNAL, "sign certificate");
	return write_identity(cert, key, ret_id, err);
}
