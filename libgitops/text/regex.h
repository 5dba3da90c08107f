/*
 * Regular expressions in Go's syntax with linear running time (RE2 behind this header).
 * Invalid UTF-8 in a text matches as U+FFFD byte by byte, as in Go; \C is refused.  Compiled
 * expressions are immutable: any thread.
 */
#ifndef GT_TEXT_REGEX_H
#define GT_TEXT_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct gt_regex;

/* GT_E_INVALID with Go's text: "error parsing regexp: missing closing ]: `[a`". */
int gt_regex_new(struct gt_str pattern, struct gt_regex **ret_re, struct gt_err *err);
void gt_regex_free(struct gt_regex *re);

/* Unanchored search; full means the whole text must match. */
bool gt_regex_match(const struct gt_regex *re, struct gt_str text);
bool gt_regex_match_full(const struct gt_regex *re, struct gt_str text);

/* groups[0] is the match, then the capture groups; unmatched ones have p == NULL.  Search starts
 * at byte `from` of text; false when there is no match. */
bool gt_regex_find(const struct gt_regex *re, struct gt_str text, size_t from,
		   struct gt_str *groups, size_t ngroups);
size_t gt_regex_groups(const struct gt_regex *re); /* capture groups, without the whole match */

/* The number of the group (?P<name>...), from 1 on; 0 when there is none. */
size_t gt_regex_group(const struct gt_regex *re, struct gt_str name);

#endif
