/*
 * What was learnt of a Git server over HTTP, kept for the life of the process: where a repository
 * that redirects really is, and which version of the protocol it speaks.  It saves round trips,
 * nothing else depends on it.  Bounded; the oldest goes first.  Any thread.
 */
#ifndef GT_GIT_HINTS_H
#define GT_GIT_HINTS_H

#include <stdbool.h>

/* *ret_url is malloc'ed. */
bool gt_git_hint_get(const char *url, char **ret_url, int *ret_version);
void gt_git_hint_put(const char *url, const char *real_url, int version);
void gt_git_hint_forget(const char *url);

#endif
