/*
 * Certificates: making a small authority of one's own, and reading who a certificate is for.
 *
 * Keys are EC P-256, signatures ECDSA with SHA-256.  Everything goes in and out as PEM.  Any
 * thread.
 */
#ifndef GT_CRYPTO_X509_H
#define GT_CRYPTO_X509_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/vec.h"

/* A certificate and its private key. */
struct gt_identity {
	char *cert_pem; /* NUL-terminated; a chain has the leaf first */
	struct gt_secret key_pem;
};

void gt_identity_fini(struct gt_identity *id);

#define gt_auto_identity gt_cleanup(gt_identity_fini) struct gt_identity

/* What to put into a certificate.  Lists end with NULL; a NULL list is empty. */
struct gt_x509_request {
	const char *common_name;
	const char *const *organizations;
	const char *const *dns_names;
	const char *const *ip_addresses; /* "10.0.0.1", "::1" */
	int64_t lifetime_ns;
	bool server; /* extended key usage serverAuth */
	bool client; /* extended key usage clientAuth */
};

/* A self-signed authority; only the name and the lifetime of the request count. */
int gt_x509_make_ca(const struct gt_x509_request *request, struct gt_identity *ret_ca,
		    struct gt_err *err);

/* A certificate signed by the authority, valid from five minutes ago. */
int gt_x509_issue(const struct gt_identity *ca, const struct gt_x509_request *request,
		  struct gt_identity *ret_id, struct gt_err *err);

/* Whom a certificate names. */
struct gt_subject {
	char *common_name; /* "" when absent */
	GT_VEC(char *) organizations;
	int64_t not_before, not_after; /* wall clock */
	bool is_ca;
};

void gt_subject_fini(struct gt_subject *s);

#define gt_auto_subject gt_cleanup(gt_subject_fini) struct gt_subject

/* Reads the first certificate of the PEM text.  GT_E_INVALID if there is none. */
int gt_x509_read(struct gt_str pem, struct gt_subject *ret_subject, struct gt_err *err);

/* GT_E_INVALID unless the private key belongs to the first certificate. */
int gt_identity_check(const struct gt_identity *id, struct gt_err *err);

#endif
