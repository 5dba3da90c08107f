/*
 * Kubernetes label selectors ("app=web,tier in (a,b),!old") and field selectors
 * ("metadata.name=x,status.phase!=Running").  They live in an arena and borrow nothing.  Parsed
 * selectors are immutable: any thread.
 */
#ifndef GT_TEXT_SELECTOR_H
#define GT_TEXT_SELECTOR_H

#include "text/node.h"

enum gt_selector_op {
	GT_SEL_EQUAL,     /* = and == */
	GT_SEL_NOT_EQUAL, /* != ; also true of an absent key */
	GT_SEL_IN,
	GT_SEL_NOT_IN, /* also true of an absent key */
	GT_SEL_EXISTS,
	GT_SEL_NOT_EXISTS,
	GT_SEL_GREATER, /* integers */
	GT_SEL_LESS,
};

struct gt_requirement {
	enum gt_selector_op op;
	struct gt_str key;
	const struct gt_str *values;
	size_t nvalues;
};

/* A conjunction; zeroed or NULL matches everything. */
struct gt_selector {
	const struct gt_requirement *v;
	size_t n;
	bool nothing; /* matches nothing at all */
};

/* Errors read as the API server's: "unable to parse requirement: ...". */
int gt_selector_parse(struct gt_arena *a, struct gt_str text, struct gt_selector *ret_sel,
		      struct gt_err *err);

/*
 * From a LabelSelector object (matchLabels, matchExpressions).  NULL and null match nothing, an
 * empty object matches everything, as in Kubernetes.
 */
int gt_selector_from_node(struct gt_arena *a, const struct gt_node *label_selector,
			  struct gt_selector *ret_sel, struct gt_err *err);

/* labels: a map of strings; NULL counts as empty. */
bool gt_selector_match(const struct gt_selector *sel, const struct gt_node *labels);

/* Appends the string form: k=v,k in (a,b),!k. */
void gt_selector_write(struct gt_buf *out, const struct gt_selector *sel);

/*
 * Field selectors: the keys are paths of their own (metadata.name), only =, == and != exist, and
 * backslash escapes comma, equals sign and backslash in values.
 */
int gt_field_selector_parse(struct gt_arena *a, struct gt_str text, struct gt_selector *ret_sel,
			    struct gt_err *err);

/* value_of gives the text of a field ("" when unset); it is called once per requirement. */
bool gt_field_selector_match(const struct gt_selector *sel,
			     struct gt_str (*value_of)(void *arg, struct gt_str key), void *arg);

/* Label rules, for validation elsewhere: NULL when fine, else what is wrong. */
const char *gt_label_key_problem(struct gt_str key);
const char *gt_label_value_problem(struct gt_str value);

#endif
