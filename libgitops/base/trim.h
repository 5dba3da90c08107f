/*
 * Giving memory back when there is nothing to do.  Any thread; takes about a millisecond, so it is
 * for the end of a busy time, not for the middle of one.
 */
#ifndef GT_BASE_TRIM_H
#define GT_BASE_TRIM_H

/*
 * What malloc keeps goes back to the kernel, and the pages of program text are unmapped: those that
 * are still needed come back from the page cache at the next use, the many that only starting up
 * needed (relocation, tables of error strings, configuration) stay away.
 */
void gt_trim_memory(void);

#endif
