#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Cuts the last character off a text of n bytes that filled its buffer, unless it is whole. */
static void cut_at_character(char *text, size_t n)
{
	size_t i = n;

	while (i > 0 && n - i < 3 && ((unsigned char)text[i - 1] & 0xc0) == 0x80)
		i--;
	unsigned char lead = i > 0 ? (unsigned char)text[i - 1] : 0;
	size_t len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (len > 1 && n - (i - 1) < len)
		text[i - 1] = '\0';
}

static void format_text(char *text, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void format_text(char *text, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(text, size, fmt, ap);

	if (n < 0)
		text[0] = '\0';
	else if ((size_t)n >= size)
		cut_at_character(text, size - 1);
}

int gt_vfail(struct gt_err *err, enum gt_code code, const char *fmt, va_list ap)
{
	char text[GT_ERR_TEXT_MAX];

	if (!err)
		return code;
	/* Not in place: the text of *err itself may be among the arguments. */
	format_text(text, sizeof text, fmt, ap);
	gt_err_reset(err);
	err->code = code;
	memcpy(err->text, text, strlen(text) + 1);
	return code;
}

int gt_fail(struct gt_err *err, enum gt_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	gt_vfail(err, code, fmt, ap);
	va_end(ap);
	return code;
}

static enum gt_code code_of_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR: return GT_E_NOT_FOUND;
	case EEXIST: return GT_E_EXISTS;
	case EXDEV:
	case ELOOP:
	case EINVAL:
	case ENAMETOOLONG: return GT_E_INVALID;
	case EACCES:
	case EPERM: return GT_E_FORBIDDEN;
	case ETIMEDOUT: return GT_E_TIMEOUT;
	case ECANCELED: return GT_E_CANCELLED;
	case ENOMEM: return GT_E_BUDGET;
	case ECONNREFUSED:
	case ECONNRESET:
	case EHOSTUNREACH:
	case ENETUNREACH: return GT_E_UNAVAILABLE;
	default: return GT_E_IO;
	}
}

int gt_fail_errno(struct gt_err *err, int errnum, const char *fmt, ...)
{
	enum gt_code code = code_of_errno(errnum);
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	gt_vfail(err, code, fmt, ap);
	va_end(ap);

	char reason[128];
	size_t n = strlen(err->text);
	snprintf(err->text + n, sizeof err->text - n, ": %s",
		 strerror_r(errnum, reason, sizeof reason));
	return code;
}

int gt_wrap(struct gt_err *err, const char *fmt, ...)
{
	char context[1024];
	va_list ap;

	if (!err)
		return GT_E_INTERNAL;
	va_start(ap, fmt);
	format_text(context, sizeof context - 2, fmt, ap);
	va_end(ap);
	size_t len = strlen(context);
	memcpy(context + len, ": ", 3);
	len += 2;

	size_t have = strlen(err->text);
	size_t keep = have;
	if (len + keep >= sizeof err->text)
		keep = sizeof err->text - len - 1;
	memmove(err->text + len, err->text, keep);
	memcpy(err->text, context, len);
	err->text[len + keep] = '\0';
	if (keep < have)
		cut_at_character(err->text, len + keep);
	return err->code;
}

void gt_err_reset(struct gt_err *err)
{
	err->code = GT_OK;
	err->http_status = 0;
	err->retry_after_ms = 0;
	err->reason[0] = '\0';
	err->text[0] = '\0';
}

const char *gt_code_name(enum gt_code code)
{
	switch (code) {
	case GT_OK: return "OK";
	case GT_E_INVALID: return "Invalid";
	case GT_E_NOT_FOUND: return "NotFound";
	case GT_E_EXISTS: return "AlreadyExists";
	case GT_E_CONFLICT: return "Conflict";
	case GT_E_AUTH: return "Unauthorized";
	case GT_E_FORBIDDEN: return "Forbidden";
	case GT_E_THROTTLED: return "Throttled";
	case GT_E_UNAVAILABLE: return "Unavailable";
	case GT_E_TIMEOUT: return "Timeout";
	case GT_E_CANCELLED: return "Cancelled";
	case GT_E_BUDGET: return "Budget";
	case GT_E_GONE: return "Gone";
	case GT_E_UNSUPPORTED: return "Unsupported";
	case GT_E_IO: return "IO";
	case GT_E_INTERNAL: return "Internal";
	}
	return "Unknown";
}
