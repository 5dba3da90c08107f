/* What curl's result codes mean to us, and how they read. */
#include "base/alloc.h"
#include "net/http_priv.h"

static const struct meaning {
	CURLcode curl;
	enum gt_code code;
	bool broken; /* the connection broke: worth another attempt */
} meanings[] = {
	{CURLE_UNSUPPORTED_PROTOCOL, GT_E_INVALID, false},
	{CURLE_URL_MALFORMAT, GT_E_INVALID, false},
	{CURLE_COULDNT_RESOLVE_PROXY, GT_E_UNAVAILABLE, true},
	{CURLE_COULDNT_RESOLVE_HOST, GT_E_UNAVAILABLE, true},
	{CURLE_COULDNT_CONNECT, GT_E_UNAVAILABLE, true},
	{CURLE_PROXY, GT_E_UNAVAILABLE, true},
	{CURLE_WEIRD_SERVER_REPLY, GT_E_UNAVAILABLE, false},
	{CURLE_PARTIAL_FILE, GT_E_UNAVAILABLE, true},
	{CURLE_GOT_NOTHING, GT_E_UNAVAILABLE, true},
	{CURLE_SEND_ERROR, GT_E_UNAVAILABLE, true},
	{CURLE_RECV_ERROR, GT_E_UNAVAILABLE, true},
	{CURLE_HTTP2, GT_E_UNAVAILABLE, true},
	{CURLE_HTTP2_STREAM, GT_E_UNAVAILABLE, true},
	{CURLE_SSL_CONNECT_ERROR, GT_E_UNAVAILABLE, true},
	{CURLE_BAD_CONTENT_ENCODING, GT_E_UNAVAILABLE, false},
	{CURLE_OPERATION_TIMEDOUT, GT_E_TIMEOUT, false},
	{CURLE_PEER_FAILED_VERIFICATION, GT_E_AUTH, false},
	{CURLE_SSL_CERTPROBLEM, GT_E_AUTH, false},
	{CURLE_SSL_CACERT_BADFILE, GT_E_AUTH, false},
	{CURLE_SSL_ISSUER_ERROR, GT_E_AUTH, false},
	{CURLE_OUT_OF_MEMORY, GT_E_BUDGET, false},
};

static struct meaning meaning_of(const struct gt_http__transfer *t, CURLcode code)
{
	struct meaning m = {code, GT_E_UNAVAILABLE, false};

	for (size_t i = 0; i < GT_COUNT(meanings); i++) {
		if (meanings[i].curl == code)
			m = meanings[i];
	}
	/* With TLS 1.3 a refused client certificate is seen only when the answer is read. */
	if (strstr(t->text, "alert") && strstr(t->text, "certificate")) {
		m.code = GT_E_AUTH;
		m.broken = false;
	}
	return m;
}

int gt_http__fail(struct gt_http__transfer *t, CURLcode code, struct gt_err *err)
{
	struct meaning m = meaning_of(t, code);
	gt_auto_buf url = {0};
	gt_auto_buf text = {0};

	if (t->abort.code != GT_OK) {
		*err = t->abort;
		m = (struct meaning){code, t->abort.code, false};
	} else {
		gt_buf_adds(&text, t->text[0] ? t->text : curl_easy_strerror(code));
		/* "Could not resolve" but "SSL certificate": our texts are parts of a sentence. */
		if (text.n > 1 && text.p[0] >= 'A' && text.p[0] <= 'Z' && text.p[1] >= 'a')
			text.p[0] = (char)(text.p[0] + 32);
		gt_fail(err, m.code, "%s", gt_buf_cstr(&text));
	}
	t->broken = m.broken;
	gt_url_show(t->url, &url);
	return gt_wrap(err, "%s %s", t->method, gt_buf_cstr(&url));
}
