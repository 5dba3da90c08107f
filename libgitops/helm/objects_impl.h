/* What templates see beside values: .Capabilities, and the methods of Values and Files. */
#ifndef GT_HELM_OBJECTS_IMPL_H
#define GT_HELM_OBJECTS_IMPL_H

#include "helm/chart.h"
#include "text/template/template.h"

extern const struct gt_tmpl_func helm__values_methods[];
extern const struct gt_tmpl_func helm__files_methods[];
extern const struct gt_tmpl_func helm__versions_methods[];
extern const struct gt_tmpl_func helm__functions[]; /* lookup */

/* .Capabilities; the version is empty for the built-in one.  GT_E_INVALID for what is none. */
int helm__capabilities(struct gt_arena *a, struct gt_str kube_version,
		       const char *const *api_versions, struct gt_value *ret_caps,
		       struct gt_str *ret_version, struct gt_err *err);

struct gt_value helm__files(struct gt_arena *a, const struct gt_chart *chart);

/* gobwas' globs with '/' as the separator.  *ret_valid is false for a malformed pattern. */
bool helm__glob(struct gt_str pattern, struct gt_str name, bool *ret_valid);

#endif
