/*
 * Globs as .Files.Glob reads them: '*' stays within a path component, "**" does not, {a,b} are
 * alternatives.  Matching backtracks, so the work is bounded; beyond the bound nothing matches.
 */
#include "base/utf8.h"
#include "helm/objects_impl.h"

#define WORK_MAX 200000
#define DEPTH_MAX 200

struct matcher {
	unsigned work;
	unsigned depth;
};

static uint32_t take(struct gt_str *s)
{
	size_t len;
	uint32_t c = gt_utf8_decode(*s, &len);

	*s = gt_str_from(*s, len);
	return c;
}

/* The end of the [set] at the front, SIZE_MAX when it is not closed. */
static size_t set_end(struct gt_str p)
{
	size_t i = 1;

	if (i < p.n && p.p[i] == '!')
		i++;
	if (i < p.n && p.p[i] == ']')
		return SIZE_MAX;
	for (; i < p.n; i++) {
		if (p.p[i] == ']')
			return i;
	}
	return SIZE_MAX;
}

/* A set is one range or a list of characters. */
static bool in_set(struct gt_str set, uint32_t c)
{
	bool negate = set.n && set.p[0] == '!', found = false;
	struct gt_str s = gt_str_from(set, negate), range = s;
	uint32_t low = s.n ? take(&range) : 0;

	if (range.n >= 2 && range.p[0] == '-') {
		range = gt_str_from(range, 1);
		found = c >= low && c <= take(&range);
	} else {
		while (s.n && !found)
			found = take(&s) == c;
	}
	return found != negate;
}

/* The length of {...} at the front, both braces included. */
static size_t braces_end(struct gt_str p)
{
	unsigned depth = 0;

	for (size_t i = 0; i < p.n; i++) {
		if (p.p[i] == '\\')
			i++;
		else if (p.p[i] == '{')
			depth++;
		else if (p.p[i] == '}' && --depth == 0)
			return i + 1;
	}
	return SIZE_MAX;
}

/* What comes after a pattern: the rest of the one around it. */
struct tail {
	struct gt_str pattern;
	const struct tail *next;
};

static bool match(struct matcher *m, struct gt_str p, const struct tail *tail, struct gt_str s);

static bool match_star(struct matcher *m, struct gt_str p, const struct tail *tail, struct gt_str s,
		       bool slashes)
{
	for (;;) {
		if (match(m, p, tail, s))
			return true;
		if (s.n == 0 || (!slashes && s.p[0] == '/') || m->work > WORK_MAX)
			return false;
		take(&s);
	}
}

static bool match_braces(struct matcher *m, struct gt_str p, const struct tail *tail,
			 struct gt_str s)
{
	size_t end = braces_end(p), start = 1;
	struct tail after = {gt_str_from(p, end), tail};
	unsigned depth = 0;

	for (size_t i = 1; i < end; i++) {
		if (p.p[i] == '\\') {
			i++;
		} else if (p.p[i] == '{') {
			depth++;
		} else if (i == end - 1 || (p.p[i] == ',' && depth == 0)) {
			if (match(m, gt_str_sub(p, start, i - start), &after, s))
				return true;
			start = i + 1;
		} else if (p.p[i] == '}') {
			depth--;
		}
	}
	return false;
}

static bool step(struct matcher *m, struct gt_str p, const struct tail *tail, struct gt_str s)
{
	while (p.n) {
		size_t end;

		if (++m->work > WORK_MAX)
			return false;
		switch (p.p[0]) {
		case '*': {
			bool two = p.n > 1 && p.p[1] == '*';

			return match_star(m, gt_str_from(p, two ? 2 : 1), tail, s, two);
		}
		case '{': return match_braces(m, p, tail, s);
		case '?':
			if (s.n == 0 || take(&s) == '/')
				return false;
			p = gt_str_from(p, 1);
			continue;
		case '[':
			end = set_end(p);
			if (s.n == 0 || !in_set(gt_str_sub(p, 1, end - 1), take(&s)))
				return false;
			p = gt_str_from(p, end + 1);
			continue;
		case '\\': p = gt_str_from(p, p.n > 1); break;
		default: break;
		}
		if (s.n == 0 || take(&p) != take(&s))
			return false;
	}
	return tail ? match(m, tail->pattern, tail->next, s) : s.n == 0;
}

static bool match(struct matcher *m, struct gt_str p, const struct tail *tail, struct gt_str s)
{
	bool ok;

	if (++m->depth > DEPTH_MAX) {
		m->depth--;
		return false;
	}
	ok = step(m, p, tail, s);
	m->depth--;
	return ok;
}

static bool is_valid(struct gt_str p)
{
	unsigned depth = 0;

	for (size_t i = 0; i < p.n; i++) {
		if (p.p[i] == '\\') {
			if (++i >= p.n)
				return false;
		} else if (p.p[i] == '{') {
			depth++;
		} else if (p.p[i] == '}') {
			if (depth-- == 0)
				return false;
		} else if (p.p[i] == '[') {
			size_t end = set_end(gt_str_from(p, i));

			if (end == SIZE_MAX)
				return false;
			i += end;
		}
	}
	return depth == 0;
}

bool helm__glob(struct gt_str pattern, struct gt_str name, bool *ret_valid)
{
	struct matcher m = {0};
	size_t at = gt_str_search(pattern, GT_STR_LIT("**"));

	*ret_valid = is_valid(pattern);
	if (!*ret_valid)
		return false;
	if (match(&m, pattern, NULL, name))
		return true;
	/* Upstream lets the texts around a "**" overlap: foo/ and /bar both match in foo/bar. */
	if (at == SIZE_MAX)
		return false;
	struct gt_str before = gt_str_sub(pattern, 0, at), after = gt_str_from(pattern, at + 2);
	for (size_t i = 0; i < pattern.n; i++) {
		if ((i < at || i > at + 1) && pattern.p[i] &&
		    gt_str_find(GT_STR_LIT("*?[]{}\\"), pattern.p[i]) != SIZE_MAX)
			return false;
	}
	return name.n >= before.n && name.n >= after.n &&
	       gt_str_eq(gt_str_sub(name, 0, before.n), before) &&
	       gt_str_eq(gt_str_from(name, name.n - after.n), after);
}
