/*
 * A transfer's TLS options.  The pool compares blobs, not what an SSL_CTX callback did: so the
 * three sorts of trust (the system's roots, a client's own, both) must differ in them.
 */
#include "crypto/tls.h"
#include "net/http_priv.h"

static CURLcode use_system_roots(CURL *easy, void *ssl_ctx, void *arg)
{
	(void)easy;
	(void)arg;
	gt_tls_use_system_store(ssl_ctx);
	return CURLE_OK;
}

static CURLcode add_system_roots(CURL *easy, void *ssl_ctx, void *arg)
{
	(void)easy;
	(void)arg;
	gt_tls_add_system_store(ssl_ctx);
	return CURLE_OK;
}

static CURLcode set_blob(CURL *easy, CURLoption option, struct gt_str bytes)
{
	struct curl_blob blob = {
		.data = (void *)(uintptr_t)bytes.p,
		.len = bytes.n,
		.flags = CURL_BLOB_COPY,
	};

	return curl_easy_setopt(easy, option, &blob);
}

static CURLcode set_roots(CURL *easy, const struct gt_http_client *client)
{
	/* The bundle would be parsed anew, 20 ms of the loop's time, for each connection. */
	CURLcode rc = curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);

	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (rc != CURLE_OK)
		return rc;
	if (!gt_secret_is_set(&client->ca_pem))
		return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, use_system_roots);
	if (!client->ca_extends)
		return set_blob(easy, CURLOPT_CAINFO_BLOB, gt_secret_bytes(&client->ca_pem));

	gt_auto_buf both = {0};
	gt_buf_add_str(&both, gt_secret_bytes(&client->ca_pem));
	gt_buf_adds(&both, "\n# and the system's\n");
	rc = set_blob(easy, CURLOPT_CAINFO_BLOB, gt_buf_str(&both));
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, add_system_roots);
	return rc;
}

static CURLcode set_identity(CURL *easy, const struct gt_http_client *client)
{
	if (!gt_secret_is_set(&client->cert_pem))
		return CURLE_OK;

	CURLcode rc = set_blob(easy, CURLOPT_SSLCERT_BLOB, gt_secret_bytes(&client->cert_pem));
	if (rc == CURLE_OK)
		rc = set_blob(easy, CURLOPT_SSLKEY_BLOB, gt_secret_bytes(&client->key_pem));
	return rc;
}

int gt_http__setup_tls(struct gt_http__transfer *t, struct gt_err *err)
{
	const struct gt_http_client *client = t->client;
	CURLcode rc = curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);

	if (rc == CURLE_OK)
		rc = set_roots(t->easy, client);
	if (rc == CURLE_OK)
		rc = set_identity(t->easy, client);
	if (rc == CURLE_OK && client->insecure)
		rc = curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 0L);
	if (rc == CURLE_OK && client->insecure)
		rc = curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	if (rc != CURLE_OK)
		return gt_fail(err, GT_E_INTERNAL, "curl refused a TLS option: %s",
			       curl_easy_strerror(rc));
	return GT_OK;
}
