/* Go's path.Match over one name. */
#include "base/utf8.h"
#include "text/ignore.h"

static uint32_t next_rune(struct gt_str *s)
{
	size_t len;
	uint32_t c = gt_utf8_decode(*s, &len);

	*s = gt_str_from(*s, len);
	return c;
}

/* One bound of a range in a class; false when it is malformed. */
static bool take_bound(struct gt_str *p, uint32_t *ret_c)
{
	if (p->n == 0 || p->p[0] == '-' || p->p[0] == ']')
		return false;
	if (p->p[0] == '\\') {
		*p = gt_str_from(*p, 1);
		if (p->n == 0)
			return false;
	}
	size_t before = p->n;
	*ret_c = next_rune(p);
	if (*ret_c == GT_RUNE_ERROR && before - p->n == 1)
		return false;
	return p->n > 0; /* a class must be closed */
}

/* A class, *p after its [.  False when it is malformed. */
static bool take_class(struct gt_str *p, uint32_t c, bool *ret_hit)
{
	bool negated = p->n && p->p[0] == '^', hit = false;

	if (negated)
		*p = gt_str_from(*p, 1);
	for (size_t count = 0;; count++) {
		uint32_t low, high;

		if (p->n && p->p[0] == ']' && count > 0) {
			*p = gt_str_from(*p, 1);
			break;
		}
		if (!take_bound(p, &low))
			return false;
		high = low;
		if (p->p[0] == '-') {
			*p = gt_str_from(*p, 1);
			if (!take_bound(p, &high))
				return false;
		}
		hit |= low <= c && c <= high;
	}
	*ret_hit = hit != negated;
	return true;
}

/* One element of the pattern that is no star against the front of the name; moves both. */
static bool match_element(struct gt_str *p, struct gt_str *s, bool *ret_bad)
{
	bool hit;

	switch (p->p[0]) {
	case '[': {
		*p = gt_str_from(*p, 1);
		bool some = s->n > 0;
		uint32_t c = some ? next_rune(s) : 0;
		if (!take_class(p, c, &hit)) {
			*ret_bad = true;
			return false;
		}
		return some && hit;
	}
	case '?':
		*p = gt_str_from(*p, 1);
		if (s->n == 0 || s->p[0] == '/')
			return false;
		next_rune(s);
		return true;
	case '\\':
		*p = gt_str_from(*p, 1);
		if (p->n == 0) {
			*ret_bad = true;
			return false;
		}
		break;
	default: break;
	}
	hit = s->n && s->p[0] == p->p[0];
	*p = gt_str_from(*p, 1);
	if (s->n)
		*s = gt_str_from(*s, 1);
	return hit;
}

/* Whether the elements of the whole pattern are well formed. */
static bool is_valid(struct gt_str p)
{
	bool bad = false;

	while (p.n && !bad) {
		struct gt_str none = {0};

		if (p.p[0] == '*')
			p = gt_str_from(p, 1);
		else
			match_element(&p, &none, &bad);
	}
	return !bad;
}

/* On a mismatch only the last star can take one character more, so the time is O(n m) at worst. */
bool gt_ignore_glob(struct gt_str pattern, struct gt_str name)
{
	struct gt_str p = pattern, s = name, star_p = {0}, star_s = {0};
	bool starred = false, bad = false;

	if (!is_valid(pattern))
		return false;
	for (;;) {
		if (p.n && p.p[0] == '*') {
			while (p.n && p.p[0] == '*')
				p = gt_str_from(p, 1);
			starred = true;
			star_p = p;
			star_s = s;
			continue;
		}
		if (p.n == 0 && s.n == 0)
			return true;
		if (p.n && match_element(&p, &s, &bad))
			continue;
		if (!starred || star_s.n == 0 || star_s.p[0] == '/')
			return false;
		star_s = gt_str_from(star_s, 1);
		p = star_p;
		s = star_s;
	}
}
