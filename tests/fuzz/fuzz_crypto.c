/* Outside bytes of crypto/: certificates and digests as text, and ciphertext for a TLS server. */
#include <stdlib.h>

#include "base/time.h"
#include "crypto/digest.h"
#include "crypto/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct gt_tls *new_server(void)
{
	static struct gt_identity id;
	static struct gt_tls *tls;
	struct gt_x509_request request = {.common_name = "x", .lifetime_ns = GT_SECONDS(86400)};

	if (tls)
		return tls;
	must(gt_x509_make_ca(&request, &id, NULL) == GT_OK);
	struct gt_tls_server_opts opts = {
		.identity = &id,
		.client_ca = gt_str(id.cert_pem),
		.client_auth = GT_TLS_CLIENT_OPTIONAL,
	};
	must(gt_tls_server_new(&opts, &tls, NULL) == GT_OK);
	return tls;
}

static void check_server(struct gt_str s)
{
	struct gt_tls_conn *c;
	char plain[256];
	size_t n = 1, step = s.n / 3 + 1;

	must(gt_tls_conn_new(new_server(), NULL, &c, NULL) == GT_OK);
	for (size_t at = 0; at < s.n; at += step) {
		struct gt_str part = gt_str_sub(s, at, step);

		if (gt_tls_conn_feed(c, part.p, part.n, NULL) != GT_OK ||
		    gt_tls_conn_read(c, plain, sizeof plain, &n, NULL) != GT_OK)
			break;
	}
	must(!gt_tls_conn_is_open(c)); /* nobody finishes a handshake by chance */
	gt_tls_conn_close(c);
	gt_tls_conn_free(c);
}

static void check_texts(struct gt_str s)
{
	gt_auto_subject subject = {0};
	struct gt_digest digest, again;
	char text[GT_DIGEST_TEXT];

	if (gt_x509_read(s, &subject, NULL) == GT_OK)
		must(subject.common_name != NULL);
	if (gt_digest_parse(s, &digest, NULL) != GT_OK)
		return;
	must(gt_str_is(s, gt_digest_text(&digest, text)));
	must(gt_digest_parse(gt_str(text), &again, NULL) == GT_OK);
	must(gt_digest_eq(&digest, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct gt_str rest = gt_strn((const char *)data + 1, size - 1);
	if (data[0] % 2)
		check_server(rest);
	else
		check_texts(rest);
	return 0;
}
