/*
 * Kubernetes' JSONPath: what additionalPrinterColumns, `kubectl -o jsonpath` and CRD selectable
 * fields are written in.  Compiled templates live in an arena and are immutable: any thread.
 */
#ifndef GT_TEXT_JSONPATH_H
#define GT_TEXT_JSONPATH_H

#include "text/node.h"

struct gt_jsonpath;

/*
 * A bare path (.spec.containers[*].name, with or without the leading dot) or a template with
 * {...} parts and text between them.  Fields (a dot inside a name is escaped: .labels.a\.b/c or
 * .labels['a\.b/c']), indices, slices [a:b:c], unions, wildcards, .., filters
 * [?(@.type=="Ready")], range/end, quoted text.  GT_E_INVALID otherwise.
 */
int gt_jsonpath_parse(struct gt_arena *a, struct gt_str text, struct gt_jsonpath **ret_path,
		      struct gt_err *err);

/*
 * The values the first path of the template names, as a sequence of the document's own nodes;
 * empty when nothing is there.  With allow_missing false a missing field is an error
 * (GT_E_NOT_FOUND, "<name> is not found").
 */
int gt_jsonpath_find(struct gt_arena *a, const struct gt_jsonpath *path, const struct gt_node *root,
		     bool allow_missing, struct gt_node **ret_values, struct gt_err *err);

/* Prints the whole template as kubectl does: strings bare, values separated by a space. */
int gt_jsonpath_print(struct gt_arena *a, struct gt_buf *out, const struct gt_jsonpath *path,
		      const struct gt_node *root, bool allow_missing, struct gt_err *err);

#endif
