/* Tables: columns and cells as kubectl shows them.  Pure functions. */
#ifndef AS_PRINTER_H
#define AS_PRINTER_H

#include "resource.h"

struct as_printer;

/* The columnDefinitions of a version. */
struct gt_node *as_table_columns(struct gt_arena *a, const struct as_resource *r,
				 const struct as_version *v);

/* The cells of one object; now in wall nanoseconds. */
struct gt_node *as_table_cells(struct gt_arena *a, const struct as_resource *r,
			       const struct as_version *v, const struct gt_node *obj, int64_t now);

#endif
