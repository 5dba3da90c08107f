/*
 * Semantic versions and constraints, with the rules of the Masterminds/semver library that Flux and
 * Helm use.  Versions and constraints borrow the text they were parsed from.  Any thread.
 */
#ifndef GT_TEXT_SEMVER_H
#define GT_TEXT_SEMVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

struct gt_semver {
	uint64_t major, minor, patch;
	struct gt_str pre;      /* without the '-' */
	struct gt_str meta;     /* without the '+' */
	struct gt_str original; /* as it was written */
};

/*
 * Lenient: v?N(.N)?(.N)?(-pre)?(+meta)?, missing parts are 0, leading zeros are accepted in the
 * numbers.  GT_E_INVALID otherwise.
 */
int gt_semver_parse(struct gt_str text, struct gt_semver *ret_version, struct gt_err *err);

/* Semantic Versioning 2.0 as it is written: three parts, no 'v', no leading zeros. */
int gt_semver_parse_strict(struct gt_str text, struct gt_semver *ret_version, struct gt_err *err);

/*
 * A tag or the version of a chart as Flux takes it: at least two dots in it, then as
 * gt_semver_parse().
 */
int gt_semver_parse_tag(struct gt_str text, struct gt_semver *ret_version, struct gt_err *err);

/* Precedence of SemVer 2.0; metadata does not count. */
int gt_semver_cmp(const struct gt_semver *x, const struct gt_semver *y);

/* Appends MAJOR.MINOR.PATCH-pre+meta. */
void gt_semver_write(struct gt_buf *out, const struct gt_semver *v);

struct gt_constraint;

/*
 * Groups joined by ||, in a group parts joined by comma or space: = != > < >= <= ~ ^, wildcards,
 * "A - B".  "*" matches every release; the empty text is no constraint.  The constraint lives in
 * the arena.  GT_E_INVALID with `improper constraint: "..."` otherwise.
 */
int gt_constraint_parse(struct gt_arena *a, struct gt_str text, struct gt_constraint **ret_c,
			struct gt_err *err);

/* A version with a prerelease matches a group only if a part of that group has a prerelease. */
bool gt_constraint_match(const struct gt_constraint *c, const struct gt_semver *v);

/* Both in one step, for callers with one version: false for what is no version. */
bool gt_constraint_match_text(const struct gt_constraint *c, struct gt_str version);

#endif
