/* Paths and queries of the Kubernetes API. */
#include <stdio.h>

#include "base/enc.h"
#include "kube/conn.h"
#include "net/url.h"

/* client-go refuses names that would change the path. */
static int add_segment(struct gt_buf *out, const char *name, const char *what, struct gt_err *err)
{
	struct gt_str s = gt_str(name);

	if (gt_str_is(s, ".") || gt_str_is(s, "..") || gt_str_find(s, '/') != SIZE_MAX ||
	    gt_str_find(s, '%') != SIZE_MAX)
		return gt_fail(err, GT_E_INVALID,
			       "invalid %s name \"%s\": may not be '.' or '..', nor contain '/' or "
			       "'%%'",
			       what, name);
	gt_buf_addc(out, '/');
	gt_percent_encode(out, s, false);
	return GT_OK;
}

int gt_kube__path(struct gt_buf *out, const struct gt_resource *r, const char *ns, const char *name,
		  const char *subresource, struct gt_err *err)
{
	int rc = GT_OK;

	if (*r->group) {
		gt_buf_adds(out, "/apis");
		rc = add_segment(out, r->group, "group", err);
	} else {
		gt_buf_adds(out, "/api");
	}
	if (rc == GT_OK)
		rc = add_segment(out, r->version, "version", err);
	if (rc == GT_OK && r->namespaced && ns && *ns) {
		gt_buf_adds(out, "/namespaces");
		rc = add_segment(out, ns, "namespace", err);
	}
	if (rc == GT_OK)
		rc = add_segment(out, r->plural, "resource", err);
	if (rc == GT_OK && name && *name)
		rc = add_segment(out, name, "resource", err);
	if (rc == GT_OK && subresource)
		rc = add_segment(out, subresource, "subresource", err);
	return rc;
}

void gt_kube__list_query(struct gt_buf *path, const struct gt_list_opts *opts, const char *token)
{
	gt_auto_buf query = {0};
	char limit[16];

	if (opts->label_selector && *opts->label_selector)
		gt_query_add(&query, gt_str("labelSelector"), gt_str(opts->label_selector));
	if (opts->field_selector && *opts->field_selector)
		gt_query_add(&query, gt_str("fieldSelector"), gt_str(opts->field_selector));
	if (opts->limit) {
		snprintf(limit, sizeof limit, "%u", opts->limit);
		gt_query_add(&query, gt_str("limit"), gt_str(limit));
	}
	if (token && *token)
		gt_query_add(&query, gt_str("continue"), gt_str(token));
	else if (opts->resource_version && *opts->resource_version)
		gt_query_add(&query, gt_str("resourceVersion"), gt_str(opts->resource_version));
	if (query.n > 0) {
		gt_buf_addc(path, '?');
		gt_buf_add_str(path, gt_buf_str(&query));
	}
}
