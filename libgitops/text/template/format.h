/* Go's fmt for gt_values: Sprint, Sprintln, Sprintf.  Any thread. */
#ifndef GT_TEXT_TEMPLATE_FORMAT_H
#define GT_TEXT_TEMPLATE_FORMAT_H

#include "text/template/value.h"

/* Operands are separated by a space when neither is a string. */
void gt_fmt_print(struct gt_buf *out, struct gt_arena *a, const struct gt_value *v, size_t n);
void gt_fmt_println(struct gt_buf *out, struct gt_arena *a, const struct gt_value *v, size_t n);
void gt_fmt_printf(struct gt_buf *out, struct gt_arena *a, struct gt_str format,
		   const struct gt_value *v, size_t n);

#endif
