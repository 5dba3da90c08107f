/*
 * values.schema.json: JSON Schema from draft 4 to 2020-12 over the values of a chart and the charts
 * below it.  References stay within the document: what would have to be fetched is an error.
 * Any thread.
 */
#ifndef GT_HELM_SCHEMA_IMPL_H
#define GT_HELM_SCHEMA_IMPL_H

#include "helm/chart.h"

/* GT_E_INVALID with a line for each fault, chart by chart, in Helm's words. */
int helm__check_schemas(struct gt_arena *a, const struct gt_chart *chart, struct gt_value values,
			struct gt_err *err);

/* Appends the faults of one document, a line each; false when there are none. */
bool helm__check_schema(struct gt_arena *a, struct gt_str schema, const struct gt_node *values,
			struct gt_buf *out);

#endif
