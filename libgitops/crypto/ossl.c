#include "crypto/ossl_impl.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>

int gt_ossl__fail(struct gt_err *err, enum gt_code code, const char *what)
{
	unsigned long last = ERR_peek_last_error();
	const char *reason = last ? ERR_reason_error_string(last) : NULL;

	ERR_clear_error();
	if (!reason)
		return gt_fail(err, code, "%s", what);
	return gt_fail(err, code, "%s: %s", what, reason);
}

BIO *gt_ossl__reader(struct gt_str bytes)
{
	return BIO_new_mem_buf(bytes.n ? bytes.p : "", bytes.n > INT_MAX ? 0 : (int)bytes.n);
}

int gt_ossl__next_cert(BIO *pem, bool first, const char *what, X509 **ret_cert, struct gt_err *err)
{
	char text[128];

	ERR_clear_error();
	*ret_cert = PEM_read_bio_X509(pem, NULL, NULL, NULL);
	if (*ret_cert)
		return GT_OK;
	bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	if (at_end) {
		ERR_clear_error();
		return first ? gt_fail(err, GT_E_INVALID, "%s: no PEM certificate", what) : GT_OK;
	}
	snprintf(text, sizeof text, "%s: damaged PEM certificate", what);
	return gt_ossl__fail(err, GT_E_INVALID, text);
}

/* Without this OpenSSL would ask the terminal. */
static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

int gt_ossl__read_key(struct gt_str pem, EVP_PKEY **ret_key, struct gt_err *err)
{
	gt_auto_bio *in = gt_ossl__reader(pem);

	ERR_clear_error();
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_password, NULL) : NULL;
	if (!key && gt_str_search(pem, GT_STR_LIT("ENCRYPTED")) != SIZE_MAX) {
		ERR_clear_error();
		return gt_fail(err, GT_E_UNSUPPORTED, "private key: it is encrypted");
	}
	if (!key)
		return gt_ossl__fail(err, GT_E_INVALID, "private key: not a PEM private key");
	*ret_key = key;
	return GT_OK;
}
