/*
 * Shell patterns as Go's path.Match reads them: `*` any run of characters but '/', `?` one
 * character but '/', `[a-z]` and `[^a-z]` a set, `\c` the character itself.  A pattern matches the
 * whole name; characters are code points.  Time is bounded by pattern times name.  Any thread.
 */
#ifndef GT_BASE_GLOB_H
#define GT_BASE_GLOB_H

#include <stdbool.h>

#include "base/err.h"
#include "base/str.h"

/* GT_E_INVALID if the pattern is malformed, whatever the name. */
int gt_glob_match(struct gt_str pattern, struct gt_str name, bool *ret_match, struct gt_err *err);

/* GT_E_INVALID if the pattern is malformed. */
int gt_glob_check(struct gt_str pattern, struct gt_err *err);

/* Whether the pattern has a character that is not taken literally. */
bool gt_glob_is_pattern(struct gt_str s);

#endif
