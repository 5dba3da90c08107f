/* Reading a response. */
#include "base/alloc.h"
#include "base/time.h"
#include "net/http.h"

void gt_http_resp_fini(struct gt_http_resp *resp)
{
	if (!resp)
		return;
	free(resp->url);
	gt_buf_fini(&resp->head);
	gt_buf_fini(&resp->body);
	*resp = (struct gt_http_resp){0};
}

bool gt_http_header_next(const struct gt_http_resp *resp, const char *name, size_t *pos,
			 struct gt_str *ret_value)
{
	struct gt_str head = gt_buf_str(&resp->head);

	while (*pos < head.n) {
		struct gt_str rest = gt_str_from(head, *pos);
		size_t end = gt_str_find(rest, '\n');
		struct gt_str line = gt_str_sub(rest, 0, end == SIZE_MAX ? rest.n : end);
		size_t colon = gt_str_find(line, ':');

		*pos += line.n + 1;
		if (colon != SIZE_MAX && gt_str_ieq(gt_str_sub(line, 0, colon), gt_str(name))) {
			*ret_value = gt_str_trim(gt_str_from(line, colon + 1));
			return true;
		}
	}
	return false;
}

struct gt_str gt_http_header(const struct gt_http_resp *resp, const char *name)
{
	struct gt_str value = {0};
	size_t pos = 0;

	return gt_http_header_next(resp, name, &pos, &value) ? value : (struct gt_str){0};
}

int64_t gt_http_retry_after(const struct gt_http_resp *resp)
{
	struct gt_str value = gt_http_header(resp, "Retry-After");
	uint64_t seconds;
	int64_t at;

	if (gt_str_u64(value, &seconds))
		return seconds > INT32_MAX ? GT_SECONDS(INT32_MAX) : GT_SECONDS((int64_t)seconds);
	if (gt_http_date_parse(value, &at)) {
		int64_t now = gt_now_wall();

		return at > now ? at - now : 0;
	}
	return -1;
}

static enum gt_code code_of(int status)
{
	switch (status) {
	case 401:
	case 407: return GT_E_AUTH;
	case 403: return GT_E_FORBIDDEN;
	case 404: return GT_E_NOT_FOUND;
	case 409:
	case 412: return GT_E_CONFLICT;
	case 410: return GT_E_GONE;
	case 413: return GT_E_BUDGET;
	case 429: return GT_E_THROTTLED;
	case 501: return GT_E_UNSUPPORTED;
	case 408:
	case 504: return GT_E_TIMEOUT;
	default: return status >= 500 ? GT_E_UNAVAILABLE : GT_E_INVALID;
	}
}

int gt_http_check(const struct gt_http_resp *resp, const char *what, struct gt_err *err)
{
	if (resp->status >= 200 && resp->status < 400)
		return GT_OK;

	const char *text = gt_http_status_text(resp->status);
	int rc = gt_fail(err, code_of(resp->status), "%s: unexpected HTTP status %d%s%s", what,
			 resp->status, *text ? " " : "", text);
	if (err) {
		int64_t wait = gt_http_retry_after(resp);

		err->http_status = (uint32_t)resp->status;
		if (wait > 0)
			err->retry_after_ms = wait / GT_NS_PER_MS > UINT32_MAX
						      ? UINT32_MAX
						      : (uint32_t)(wait / GT_NS_PER_MS);
	}
	return rc;
}

const char *gt_http_status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} known[] = {
		{100, "Continue"},
		{101, "Switching Protocols"},
		{200, "OK"},
		{201, "Created"},
		{202, "Accepted"},
		{204, "No Content"},
		{206, "Partial Content"},
		{301, "Moved Permanently"},
		{302, "Found"},
		{303, "See Other"},
		{304, "Not Modified"},
		{307, "Temporary Redirect"},
		{308, "Permanent Redirect"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{402, "Payment Required"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{406, "Not Acceptable"},
		{407, "Proxy Authentication Required"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{410, "Gone"},
		{411, "Length Required"},
		{412, "Precondition Failed"},
		{413, "Request Entity Too Large"},
		{414, "Request URI Too Long"},
		{415, "Unsupported Media Type"},
		{416, "Requested Range Not Satisfiable"},
		{417, "Expectation Failed"},
		{421, "Misdirected Request"},
		{422, "Unprocessable Entity"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < GT_COUNT(known); i++) {
		if (known[i].status == status)
			return known[i].text;
	}
	return "";
}
