/*
 * .helmignore: shell patterns, one a line.  They are not gitignore's: a pattern without a slash
 * looks at the last component, one with a slash at the whole path, and a negated one ignores what
 * it does not match.
 */
#include "base/fs.h"
#include "base/glob.h"
#include "helm/chart_impl.h"

struct rule {
	struct rule *next;
	struct gt_str pattern;
	bool negate, must_dir, whole_path;
};

struct chart__ignore {
	struct rule *rules, **tail;
};

static int add_rule(struct gt_arena *a, struct chart__ignore *ig, struct gt_str line,
		    struct gt_err *err)
{
	struct rule *rule;

	line = gt_str_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return GT_OK;
	if (gt_str_search(line, GT_STR_LIT("**")) != SIZE_MAX)
		return gt_fail(err, GT_E_INVALID, "double-star (**) syntax is not supported");
	if (gt_glob_check(line, NULL) < 0)
		return gt_fail(err, GT_E_INVALID, "syntax error in pattern");
	rule = gt_arena_new(a, struct rule);
	if (!rule)
		return gt_arena_check(a, err);
	rule->negate = line.p[0] == '!';
	line = gt_str_from(line, rule->negate);
	rule->must_dir = gt_str_ends(line, "/");
	line.n -= rule->must_dir;
	rule->whole_path = gt_str_find(line, '/') != SIZE_MAX;
	rule->pattern = gt_str_from(line, gt_str_starts(line, "/"));
	*ig->tail = rule;
	ig->tail = &rule->next;
	return GT_OK;
}

int chart__ignore_new(struct gt_arena *a, struct gt_str text, struct chart__ignore **ret,
		      struct gt_err *err)
{
	struct chart__ignore *ig = gt_arena_new(a, struct chart__ignore);
	struct gt_split lines = {.rest = text};
	struct gt_str line;

	if (!ig)
		return gt_arena_check(a, err);
	ig->tail = &ig->rules;
	if (gt_str_starts(text, "\xef\xbb\xbf"))
		lines.rest = gt_str_from(text, 3);
	while (gt_split_next(&lines, '\n', &line)) {
		int rc = add_rule(a, ig, line, err);

		if (rc < 0)
			return rc;
	}
	*ret = ig;
	return add_rule(a, ig, GT_STR_LIT("templates/.?*"), err);
}

static bool matches(const struct rule *rule, struct gt_str path)
{
	struct gt_str name = rule->whole_path ? path : gt_path_base(path);
	bool match = false;

	return gt_glob_match(rule->pattern, name, &match, NULL) >= 0 && match;
}

bool chart__ignored(const struct chart__ignore *ig, struct gt_str path, bool is_dir)
{
	for (const struct rule *rule = ig->rules; rule; rule = rule->next) {
		bool wrong_kind = rule->must_dir && !is_dir;

		if (rule->negate) {
			if (wrong_kind || !matches(rule, path))
				return true;
		} else if (!wrong_kind && matches(rule, path)) {
			return true;
		}
	}
	return false;
}
