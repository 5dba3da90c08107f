/* Answers of the API server as typed errors. */
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "kube/watch.h"

static const struct {
	const char *reason;
	enum gt_code code;
} by_reason[] = {
	{"NotFound", GT_E_NOT_FOUND},
	{"AlreadyExists", GT_E_EXISTS},
	{"Conflict", GT_E_CONFLICT},
	{"Invalid", GT_E_INVALID},
	{"BadRequest", GT_E_INVALID},
	{"Unauthorized", GT_E_AUTH},
	{"Forbidden", GT_E_FORBIDDEN},
	{"Gone", GT_E_GONE},
	{"Expired", GT_E_GONE},
	{"TooManyRequests", GT_E_THROTTLED},
	{"ServerTimeout", GT_E_UNAVAILABLE},
	{"Timeout", GT_E_TIMEOUT},
	{"ServiceUnavailable", GT_E_UNAVAILABLE},
	{"RequestEntityTooLarge", GT_E_BUDGET},
	{"MethodNotAllowed", GT_E_UNSUPPORTED},
	{"NotAcceptable", GT_E_UNSUPPORTED},
	{"UnsupportedMediaType", GT_E_UNSUPPORTED},
};

/* What an answer without a Status stands for, as client-go words it. */
static const struct {
	unsigned status;
	enum gt_code code;
	const char *reason, *message;
} by_status[] = {
	{400, GT_E_INVALID, "BadRequest", "the server rejected our request for an unknown reason"},
	{401, GT_E_AUTH, "Unauthorized",
	 "the server has asked for the client to provide credentials"},
	{403, GT_E_FORBIDDEN, "Forbidden", "the server does not allow access to the resource"},
	{404, GT_E_NOT_FOUND, "NotFound", "the server could not find the requested resource"},
	{405, GT_E_UNSUPPORTED, "MethodNotAllowed",
	 "the server does not allow this method on the requested resource"},
	{406, GT_E_UNSUPPORTED, "NotAcceptable",
	 "the server was unable to respond with a content type that the client supports"},
	{409, GT_E_CONFLICT, "Conflict", "the server reported a conflict"},
	{410, GT_E_GONE, "Gone", "the resource is no longer available"},
	{413, GT_E_BUDGET, "RequestEntityTooLarge", "the request is too large"},
	{415, GT_E_UNSUPPORTED, "UnsupportedMediaType",
	 "the body of the request was in an unknown format"},
	{422, GT_E_INVALID, "Invalid",
	 "the server rejected our request due to an error in our request"},
	{429, GT_E_THROTTLED, "TooManyRequests",
	 "the server has received too many requests and has asked us to try again later"},
	{500, GT_E_UNAVAILABLE, "InternalError",
	 "an error on the server has prevented the request from succeeding"},
	{503, GT_E_UNAVAILABLE, "ServiceUnavailable",
	 "the server is currently unable to handle the request"},
	{504, GT_E_TIMEOUT, "Timeout",
	 "the server was unable to return a response in the time allotted"},
};

static enum gt_code code_of_status(unsigned status, const char **ret_reason,
				   const char **ret_message)
{
	for (size_t i = 0; i < GT_COUNT(by_status); i++) {
		if (by_status[i].status != status)
			continue;
		*ret_reason = by_status[i].reason;
		*ret_message = by_status[i].message;
		return by_status[i].code;
	}
	*ret_reason = status >= 500 ? "InternalError" : "Unknown";
	*ret_message = "the server responded with an unexpected status";
	return status >= 500 ? GT_E_UNAVAILABLE : GT_E_INVALID;
}

int gt_status_error(const struct gt_node *status, unsigned http_status, struct gt_err *err)
{
	const struct gt_node *details = gt_node_get(status, "details");
	bool is_status = gt_node_is_text(gt_node_get(status, "kind"), "Status");
	unsigned code = http_status;
	const char *reason, *message;

	if (is_status && code == 0)
		code = (unsigned)gt_node_int_or(gt_node_get(status, "code"), 500);
	enum gt_code kind = code_of_status(code, &reason, &message);
	if (is_status) {
		reason = gt_node_cstr_or(gt_node_get(status, "reason"), reason);
		message = gt_node_cstr_or(gt_node_get(status, "message"), message);
		for (size_t i = 0; i < GT_COUNT(by_reason); i++) {
			if (strcmp(by_reason[i].reason, reason) == 0)
				kind = by_reason[i].code;
		}
	}
	gt_fail(err, kind, "%s", message);
	if (!err)
		return kind;
	err->http_status = code;
	snprintf(err->reason, sizeof err->reason, "%s", reason);
	int64_t after = gt_node_int_or(gt_node_get(details, "retryAfterSeconds"), 0);
	if (after > 0 && after < 3600)
		err->retry_after_ms = (uint32_t)after * 1000;
	return kind;
}

bool gt_err_is_no_match(const struct gt_err *err)
{
	return err->code == GT_E_NOT_FOUND && strcmp(err->reason, "NoMatch") == 0;
}

bool gt_err_is_expired(const struct gt_err *err)
{
	return err->code == GT_E_GONE;
}
