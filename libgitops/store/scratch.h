/*
 * gt_scratch - the temporary folder of a process, and the end of those that dead processes left.
 *
 * Made below $TMPDIR (or /tmp) as `<name>-<random>` and locked while the process lives; the next
 * process of the same name and user removes what it finds unlocked.  So a kill at any instant
 * leaves nothing for long.  Any thread.
 */
#ifndef GT_STORE_SCRATCH_H
#define GT_STORE_SCRATCH_H

#include "base/err.h"

struct gt_scratch;

int gt_scratch_open(const char *name, struct gt_scratch **ret_scratch, struct gt_err *err);
/* Removes the folder with all that is in it.  NULL is allowed. */
void gt_scratch_close(struct gt_scratch *scratch);
/* The absolute path, without a slash at the end. */
const char *gt_scratch_path(const struct gt_scratch *scratch);

#endif
