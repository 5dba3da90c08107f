/* Schemas: merge keys and scope of kinds, built in or from the field `openapi`. */
#ifndef GT_KUSTOMIZE_OPENAPI_H
#define GT_KUSTOMIZE_OPENAPI_H

#include "kustomize/kz.h"
#include "schema/type.h"

/* What strategic merge needs to know of one place in an object; zeroed: nothing is known. */
struct kz_schema {
	struct gt_type type;          /* built in */
	const struct gt_node *custom; /* a definition of b->openapi */
	bool merge;                   /* a list whose elements are merged */
	const char *keys[4];          /* that tell elements apart, NULL ends them; none: values */
};

bool kz_is_cluster_scoped(const struct kz_openapi *api, const struct kz_gvk *gvk);

struct kz_schema kz_schema_of(const struct kz_openapi *api, const struct kz_gvk *gvk);
struct kz_schema kz_schema_child(const struct kz_openapi *api, const struct kz_schema *s,
				 struct gt_str field);
struct kz_schema kz_schema_elem(const struct kz_openapi *api, const struct kz_schema *s);

/* Reads a swagger document, JSON or YAML; it adds to the built-in schema. */
int kz_openapi_load(struct kz_build *b, const struct gt_node *doc, struct kz_openapi **ret,
		    struct gt_err *err);

#endif
