/*
 * Feature gates: a table a program owns, changed by --feature-gates=A=true,B=false at start.
 */
#ifndef GT_RUNTIME_FEATURES_H
#define GT_RUNTIME_FEATURES_H

#include <stdbool.h>

#include "base/err.h"
#include "base/log.h"

struct gt_feature {
	const char *name; /* NULL ends a table */
	bool enabled;     /* the default */
};

/* Applies the flag's text; an unknown name is `feature-gate 'X' not supported`.  Each explicit
 * setting is logged; log and features may be NULL. */
int gt_features_parse(struct gt_feature *features, const char *text, const struct gt_log *log,
		      struct gt_err *err);
bool gt_feature_enabled(const struct gt_feature *features, const char *name);

#endif
