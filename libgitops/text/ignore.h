/*
 * Patterns that keep files out of an artifact: .sourceignore files and spec.ignore, with the
 * matching rules of Flux's source-controller (those of go-git, which differ from git's own).
 *
 * A list is built in order of priority, lowest first, and then asked about each path; the last
 * pattern that matches decides.  Program-sized.  One owner while it is built, then any thread.
 */
#ifndef GT_TEXT_IGNORE_H
#define GT_TEXT_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct gt_ignore;

/* Never returns NULL.  An empty list ignores nothing. */
struct gt_ignore *gt_ignore_new(void);
void gt_ignore_free(struct gt_ignore *ig);

/*
 * Adds the patterns of a file's text.  domain is the directory the file lies in, relative to the
 * root of the archive ("" for the root itself and for spec.ignore): only what is strictly below it
 * can match.  GT_E_BUDGET when there are more than GT_LIMIT_IGNORE_PATTERNS.
 */
int gt_ignore_add(struct gt_ignore *ig, struct gt_str text, const char *domain, struct gt_err *err);

/* The default lists of Flux: .git and friends; and images, archives, CI files, Flux's own. */
void gt_ignore_add_vcs(struct gt_ignore *ig);
void gt_ignore_add_defaults(struct gt_ignore *ig);

/* Patterns in the list. */
size_t gt_ignore_count(const struct gt_ignore *ig);

/*
 * The list for one artifact: user patterns on top of the VCS list, or the VCS list and all defaults
 * when there are no user patterns.  Takes user (may be NULL).
 */
struct gt_ignore *gt_ignore_compose_take(struct gt_ignore *user);

/* path is relative to the root, with single slashes.  Directories may be excluded while a file
 * below them is not: a walk asks about every file. */
bool gt_ignore_match(const struct gt_ignore *ig, const char *path, bool is_dir);

/* Go's path.Match: * ? [set] with ^ and \ escapes; a malformed pattern matches nothing. */
bool gt_ignore_glob(struct gt_str pattern, struct gt_str name);

#endif
