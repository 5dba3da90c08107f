#include "base/glob.h"

#include "base/utf8.h"

static bool take(struct gt_str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = gt_str_from(*s, 1);
	return true;
}

/* One end of a range in a set, perhaps escaped.  False if the pattern is malformed here. */
static bool take_bound(struct gt_str *pattern, uint32_t *ret_rune)
{
	size_t len;

	if (pattern->n && (pattern->p[0] == '-' || pattern->p[0] == ']'))
		return false;
	take(pattern, '\\');
	if (pattern->n == 0)
		return false;
	*ret_rune = gt_utf8_decode(*pattern, &len);
	if (*ret_rune == GT_RUNE_ERROR && len == 1)
		return false;
	*pattern = gt_str_from(*pattern, len);
	return pattern->n > 0;
}

/* The rest of a set after its '['.  False if malformed. */
static bool take_set(struct gt_str *pattern, uint32_t rune, bool *ret_match)
{
	bool negated = take(pattern, '^');
	bool match = false;

	for (size_t ranges = 0; ranges == 0 || !take(pattern, ']'); ranges++) {
		uint32_t low, high;

		if (!take_bound(pattern, &low))
			return false;
		high = low;
		if (take(pattern, '-') && !take_bound(pattern, &high))
			return false;
		match = match || (rune >= low && rune <= high);
	}
	*ret_match = match != negated;
	return true;
}

/*
 * Takes one element other than '*' off the pattern, and what it matches off the name.  False when
 * it does not match.  *ret_valid tells whether the element is well formed.
 */
static bool take_element(struct gt_str *pattern, struct gt_str *name, bool *ret_valid)
{
	size_t len;
	uint32_t rune = gt_utf8_decode(*name, &len);
	bool match;

	*ret_valid = true;
	if (take(pattern, '[')) {
		*ret_valid = take_set(pattern, rune, &match);
		match = *ret_valid && match && name->n;
	} else if (take(pattern, '?')) {
		match = name->n && name->p[0] != '/';
	} else {
		take(pattern, '\\');
		*ret_valid = pattern->n > 0;
		len = 1;
		match = *ret_valid && name->n && pattern->p[0] == name->p[0];
		*pattern = gt_str_from(*pattern, 1);
	}
	if (match)
		*name = gt_str_from(*name, len);
	return match;
}

int gt_glob_check(struct gt_str pattern, struct gt_err *err)
{
	struct gt_str rest = pattern;

	while (rest.n) {
		struct gt_str nothing = {0};
		bool valid;

		if (take(&rest, '*'))
			continue;
		take_element(&rest, &nothing, &valid);
		if (!valid)
			return gt_fail(err, GT_E_INVALID, "syntax error in pattern \"%.*s\"",
				       GT_STR_ARG(gt_str_sub(pattern, 0, 256)));
	}
	return GT_OK;
}

int gt_glob_match(struct gt_str pattern, struct gt_str name, bool *ret_match, struct gt_err *err)
{
	struct gt_str after_star = {0}, star_name = {0};
	bool star = false, valid;

	int rc = gt_glob_check(pattern, err);
	if (rc < 0)
		return rc;
	while (pattern.n || name.n) {
		if (take(&pattern, '*')) {
			star = true;
			after_star = pattern;
			star_name = name;
			continue;
		}
		if (pattern.n && take_element(&pattern, &name, &valid))
			continue;
		/* No match here: the last star takes one more byte, never a slash. */
		*ret_match = false;
		if (!star || star_name.n == 0 || star_name.p[0] == '/')
			return GT_OK;
		star_name = gt_str_from(star_name, 1);
		name = star_name;
		pattern = after_star;
	}
	*ret_match = true;
	return GT_OK;
}

bool gt_glob_is_pattern(struct gt_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '*' || s.p[i] == '?' || s.p[i] == '[' || s.p[i] == '\\')
			return true;
	}
	return false;
}
