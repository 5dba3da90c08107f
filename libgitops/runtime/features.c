#include "runtime/features.h"

#include <string.h>

static struct gt_feature *find(struct gt_feature *features, struct gt_str name)
{
	for (; features && features->name; features++) {
		if (gt_str_is(name, features->name))
			return features;
	}
	return NULL;
}

static bool parse_bool(struct gt_str s, bool *ret)
{
	static const char *const yes[] = {"1", "t", "T", "TRUE", "true", "True", NULL};
	static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False", NULL};

	for (size_t i = 0; yes[i]; i++) {
		if (gt_str_is(s, yes[i]))
			return *ret = true;
		if (gt_str_is(s, no[i])) {
			*ret = false;
			return true;
		}
	}
	return false;
}

int gt_features_parse(struct gt_feature *features, const char *text, const struct gt_log *log,
		      struct gt_err *err)
{
	struct gt_split it = {.rest = gt_str(text)};
	struct gt_str part;

	while (gt_split_next(&it, ',', &part)) {
		part = gt_str_trim(part);
		if (part.n == 0)
			continue;
		size_t eq = gt_str_find(part, '=');
		struct gt_str name = gt_str_trim(gt_str_sub(part, 0, eq));
		bool on;

		if (eq == SIZE_MAX || !parse_bool(gt_str_trim(gt_str_from(part, eq + 1)), &on))
			return gt_fail(err, GT_E_INVALID,
				       "feature-gate '%.*s' must be given as NAME=true or "
				       "NAME=false",
				       GT_STR_ARG(part));
		struct gt_feature *f = find(features, name);
		if (!f)
			return gt_fail(err, GT_E_INVALID, "feature-gate '%.*s' not supported",
				       GT_STR_ARG(name));
		f->enabled = on;
		if (log)
			gt_log_info(log, "loading feature gate", gt_kv_bool(f->name, on));
	}
	return GT_OK;
}

bool gt_feature_enabled(const struct gt_feature *features, const char *name)
{
	for (; features && features->name; features++) {
		if (strcmp(features->name, name) == 0)
			return features->enabled;
	}
	return false;
}
