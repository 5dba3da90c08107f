/* What a table shows of the built-in kinds: a row of columns a kind.  Private to the printer. */
#ifndef AS_CELLS_H
#define AS_CELLS_H

#include "printer.h"

/* What a cell is made from. */
struct as_cell {
	struct gt_arena *a;
	const struct gt_node *obj;
	int64_t now;
};

struct as_cells_column {
	const char *name, *type;
	int priority; /* above 0: only in wide output */
	struct gt_node *(*fn)(struct as_cell *c);
};

struct as_cells {
	const char *group, *plural; /* NULL ends a list */
	struct as_cells_column columns[12];
};

extern const struct as_cells as_cells_workload[];
extern const struct as_cells as_cells_core[];
extern const struct as_cells as_cells_other[];

#define AS_CELLS_NAME                             \
	{                                         \
		"Name", "string", 0, as_cell_name \
	}
#define AS_CELLS_AGE                            \
	{                                       \
		"Age", "string", 0, as_cell_age \
	}

/* --- cells that several kinds have -------------------------------------------------------- */
struct gt_node *as_cell_text(struct as_cell *c, const char *s);
struct gt_node *as_cell_since(struct as_cell *c, const struct gt_node *time);
struct gt_node *as_cell_name(struct as_cell *c);
struct gt_node *as_cell_age(struct as_cell *c);
struct gt_node *as_cell_created_at(struct as_cell *c);
struct gt_node *as_cell_integer(struct as_cell *c, const struct gt_node *n);
struct gt_node *as_cell_or_none(struct as_cell *c, const char *s);
struct gt_node *as_cell_ratio(struct as_cell *c, const struct gt_node *x, const struct gt_node *y);
struct gt_node *as_cell_built(struct as_cell *c, const struct gt_buf *b);
void as_cell_join(struct gt_buf *out, const char *sep, struct gt_str s);
const struct gt_node *as_cell_pod_spec(const struct gt_node *obj);
struct gt_node *as_cell_containers(struct as_cell *c);
struct gt_node *as_cell_images(struct as_cell *c);
struct gt_node *as_cell_selector_of(struct as_cell *c, const struct gt_node *n);
struct gt_node *as_cell_selector(struct as_cell *c);
struct gt_node *as_cell_plain_selector(struct as_cell *c, const struct gt_node *map);
bool as_cell_condition_true(const struct gt_node *obj, const char *type);
struct gt_node *as_cell_svc_selector(struct as_cell *c);
struct gt_node *as_cell_phase(struct as_cell *c);

#endif
