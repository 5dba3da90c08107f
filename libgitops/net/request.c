/* What the server knows of a request besides its bytes, and reading its headers. */
#include "base/alloc.h"
#include "net/server_priv.h"

struct gt_str gt_http_request_header(const struct gt_http_request *req, const char *name)
{
	for (size_t i = 0; i < req->n_fields; i++) {
		if (gt_str_ieq(req->fields[i].name, gt_str(name)))
			return req->fields[i].value;
	}
	return (struct gt_str){0};
}

/* A quality of "0", "0.0", ... after "q=". */
static bool is_refused(struct gt_str params)
{
	struct gt_split it = {.rest = params};
	struct gt_str param;

	while (gt_split_next(&it, ';', &param)) {
		param = gt_str_trim(param);
		if (!gt_str_starts(param, "q=") && !gt_str_starts(param, "Q="))
			continue;
		for (size_t i = 2; i < param.n; i++) {
			if (param.p[i] >= '1' && param.p[i] <= '9')
				return false;
		}
		return true;
	}
	return false;
}

bool gt_http_request_accepts_gzip(const struct gt_http_request *req)
{
	struct gt_split it = {.rest = gt_http_request_header(req, "Accept-Encoding")};
	struct gt_str part;

	while (gt_split_next(&it, ',', &part)) {
		size_t semi = gt_str_find(part, ';');
		struct gt_str coding =
			gt_str_trim(gt_str_sub(part, 0, semi == SIZE_MAX ? part.n : semi));
		struct gt_str params =
			semi == SIZE_MAX ? (struct gt_str){0} : gt_str_from(part, semi + 1);

		if (gt_str_ieq(coding, GT_STR_LIT("gzip")))
			return !is_refused(params);
	}
	return false;
}

/* Copied, as a reply outlives its connection. */
void gt_reply__set_peer(struct gt_reply *reply)
{
	const struct gt_conn *c = reply->conn;
	struct gt_http_request *req = &reply->req;

	memcpy(req->peer, c->peer, sizeof req->peer);
	req->tls = c->tls != NULL;
	if (!c->has_subject)
		return;
	size_t n = c->subject.organizations.n;
	const char **orgs = gt_arena_calloc(&reply->mem, n + 1, sizeof *orgs);
	for (size_t i = 0; i < n; i++)
		orgs[i] = gt_arena_strdup(&reply->mem, c->subject.organizations.v[i]);
	req->peer_cn = gt_arena_strdup(&reply->mem, c->subject.common_name);
	req->peer_orgs = orgs;
	req->n_peer_orgs = n;
}

void gt_reply__route(struct gt_reply *reply)
{
	struct gt_http_server *server = reply->conn->server;

	if (server->opts.route)
		reply->target = server->opts.route(server->opts.route_arg, &reply->req);
}
