/* Reading certificates; x509_issue.c makes them. */
#include "crypto/x509.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/time.h"
#include "crypto/ossl_impl.h"

void gt_identity_fini(struct gt_identity *id)
{
	if (!id)
		return;
	free(id->cert_pem);
	gt_secret_fini(&id->key_pem);
	*id = (struct gt_identity){0};
}

void gt_subject_fini(struct gt_subject *s)
{
	if (!s)
		return;
	free(s->common_name);
	for (size_t i = 0; i < s->organizations.n; i++)
		free(s->organizations.v[i]);
	gt_vec_fini(&s->organizations);
	*s = (struct gt_subject){0};
}

static int wall_of(const ASN1_TIME *t, int64_t *ret_wall, struct gt_err *err)
{
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days, seconds;
	int ok = epoch && ASN1_TIME_diff(&days, &seconds, epoch, t);

	ASN1_TIME_free(epoch);
	if (!ok)
		return gt_ossl__fail(err, GT_E_INVALID, "certificate: malformed validity");
	__int128_t ns = ((__int128_t)days * 86400 + seconds) * GT_NS_PER_S;
	*ret_wall = ns > INT64_MAX ? INT64_MAX : ns < INT64_MIN ? INT64_MIN : (int64_t)ns;
	return GT_OK;
}

/* A part of a name as UTF-8.  One with a NUL inside would read as another name. */
static int entry_text(const X509_NAME_ENTRY *entry, char **ret_text, struct gt_err *err)
{
	unsigned char *utf8 = NULL;
	int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));

	if (n < 0)
		return gt_ossl__fail(err, GT_E_INVALID, "certificate: malformed subject");
	bool clean = memchr(utf8, '\0', (size_t)n) == NULL;
	if (clean)
		*ret_text = gt_xstrndup((const char *)utf8, (size_t)n);
	OPENSSL_free(utf8);
	return clean ? GT_OK : gt_fail(err, GT_E_INVALID, "certificate: NUL in the subject");
}

/* Of several common names the last counts, as in Go. */
static int read_name(const X509_NAME *name, struct gt_subject *s, struct gt_err *err)
{
	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
		char *text = NULL;

		if (nid != NID_commonName && nid != NID_organizationName)
			continue;
		int rc = entry_text(entry, &text, err);
		if (rc < 0)
			return rc;
		if (nid == NID_organizationName) {
			gt_vec_push(&s->organizations, text);
			continue;
		}
		free(s->common_name);
		s->common_name = text;
	}
	if (!s->common_name)
		s->common_name = gt_xstrdup("");
	return GT_OK;
}

int gt_ossl__subject(X509 *cert, struct gt_subject *ret_subject, struct gt_err *err)
{
	gt_auto_subject s = {.is_ca = X509_check_ca(cert) > 0};

	int rc = read_name(X509_get_subject_name(cert), &s, err);
	if (rc == GT_OK)
		rc = wall_of(X509_get0_notBefore(cert), &s.not_before, err);
	if (rc == GT_OK)
		rc = wall_of(X509_get0_notAfter(cert), &s.not_after, err);
	if (rc < 0)
		return rc;
	*ret_subject = s;
	s = (struct gt_subject){0};
	return GT_OK;
}

int gt_x509_read(struct gt_str pem, struct gt_subject *ret_subject, struct gt_err *err)
{
	gt_auto_bio *in = gt_ossl__reader(pem);
	gt_auto_x509 *cert = NULL;

	if (!in)
		return gt_ossl__fail(err, GT_E_BUDGET, "certificate");
	int rc = gt_ossl__next_cert(in, true, "certificate", &cert, err);
	return rc < 0 ? rc : gt_ossl__subject(cert, ret_subject, err);
}

int gt_identity_check(const struct gt_identity *id, struct gt_err *err)
{
	gt_auto_bio *in = gt_ossl__reader(gt_str(id->cert_pem));
	gt_auto_x509 *cert = NULL;
	gt_auto_pkey *key = NULL;

	if (!in)
		return gt_ossl__fail(err, GT_E_BUDGET, "certificate");
	int rc = gt_ossl__next_cert(in, true, "certificate", &cert, err);
	if (rc == GT_OK)
		rc = gt_ossl__read_key(gt_secret_bytes(&id->key_pem), &key, err);
	if (rc < 0)
		return rc;
	if (X509_check_private_key(cert, key) != 1) {
		ERR_clear_error();
		return gt_fail(err, GT_E_INVALID, "private key does not belong to the certificate");
	}
	return GT_OK;
}
