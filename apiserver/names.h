/* What may be a name.  Pure; any thread. */
#ifndef AS_NAMES_H
#define AS_NAMES_H

#include "base/str.h"
#include "openapi/openapi.h"

enum as_name_rule {
	AS_NAME_SUBDOMAIN, /* RFC 1123 subdomain */
	AS_NAME_LABEL,     /* RFC 1123 label */
	AS_NAME_LABEL_1035,
	AS_NAME_PATH, /* a path segment */
};

/* NULL when fine, else what is wrong.  prefix: a generateName, which may end in '-'. */
const char *as_name_problem(enum as_name_rule rule, struct gt_str name, bool prefix);

/* The rule for names of a resource. */
enum as_name_rule as_name_rule(const char *group, const char *plural);

/* "[prefix/]name", as labels, annotations and finalizers are named. */
const char *as_qualified_name_problem(struct gt_str name);

/* Labels, annotations, finalizers, owner references, name and generateName of an object. */
void as_check_metadata(const struct gt_node *meta, enum as_name_rule rule, bool namespaced,
		       struct gt_field_errors *errs);
void as_check_labels(const struct gt_node *labels, const char *field, struct gt_field_errors *errs);

#endif
