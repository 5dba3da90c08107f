/* Constraints on versions: OR of AND groups. */
#include <string.h>

#include "text/semver.h"

#define CONSTRAINT_MAX 512
#define GROUPS_MAX 32

enum op {
	OP_EQUAL,
	OP_NOT_EQUAL,
	OP_GREATER,
	OP_LESS,
	OP_GREATER_EQUAL,
	OP_LESS_EQUAL,
	OP_TILDE,
	OP_CARET
};

struct part {
	struct part *next;
	enum op op;
	struct gt_semver v; /* missing and wildcard numbers are 0 */
	bool partial;       /* some number is missing or a wildcard */
	bool no_minor;      /* ... the minor is, and not the major */
	bool no_patch;      /* ... only the patch is */
};

struct group {
	struct group *next;
	struct part *parts;
	bool has_pre;
};

struct gt_constraint {
	struct group *groups;
};

/* --- parsing ------------------------------------------------------------------------------ */

/* The pieces of a version in a constraint; numbers may be wildcards. */
struct pieces {
	struct gt_str number[3];
	struct gt_str pre, meta; /* with their - and + */
	struct gt_str all;
};

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

static bool is_number_char(char c)
{
	return (c >= '0' && c <= '9') || c == 'x' || c == 'X' || c == '*' || c == '|';
}

static bool is_ident_char(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static size_t count_while(struct gt_str s, size_t from, bool (*fits)(char))
{
	size_t n = 0;

	while (from + n < s.n && fits(s.p[from + n]))
		n++;
	return n;
}

/* The length of -a.b or +a.b at a position, 0 when there is none. */
static size_t suffix_length(struct gt_str s, size_t from, char sign)
{
	size_t n = 1, more;

	if (from >= s.n || s.p[from] != sign)
		return 0;
	more = count_while(s, from + n, is_ident_char);
	if (!more)
		return 0;
	n += more;
	while (from + n < s.n && s.p[from + n] == '.' &&
	       (more = count_while(s, from + n + 1, is_ident_char)) > 0)
		n += 1 + more;
	return n;
}

/* A version at the front of *s, which is moved past it. */
static bool take_version(struct gt_str *s, struct pieces *ret)
{
	size_t at = s->n && s->p[0] == 'v';

	*ret = (struct pieces){0};
	for (int i = 0; i < 3; i++) {
		size_t dot = i > 0;

		if (dot && (at >= s->n || s->p[at] != '.'))
			break;
		size_t n = count_while(*s, at + dot, is_number_char);
		if (n == 0) {
			if (i == 0)
				return false;
			break;
		}
		ret->number[i] = gt_str_sub(*s, at + dot, n);
		at += dot + n;
	}
	size_t n = suffix_length(*s, at, '-');
	ret->pre = gt_str_sub(*s, at, n);
	at += n;
	n = suffix_length(*s, at, '+');
	ret->meta = gt_str_sub(*s, at, n);
	at += n;
	ret->all = gt_str_sub(*s, 0, at);
	*s = gt_str_from(*s, at);
	return true;
}

static void skip_space(struct gt_str *s)
{
	*s = gt_str_from(*s, count_while(*s, 0, is_space));
}

/* An operator that is followed by a version; none at all means equal. */
static enum op take_op(struct gt_str *s)
{
	static const struct {
		const char *text;
		enum op op;
	} ops[] = {
		{"!=", OP_NOT_EQUAL},  {">=", OP_GREATER_EQUAL}, {"=>", OP_GREATER_EQUAL},
		{"<=", OP_LESS_EQUAL}, {"=<", OP_LESS_EQUAL},    {"~>", OP_TILDE},
		{"=", OP_EQUAL},       {">", OP_GREATER},        {"<", OP_LESS},
		{"~", OP_TILDE},       {"^", OP_CARET},
	};

	for (size_t i = 0; i < GT_COUNT(ops); i++) {
		if (gt_str_starts(*s, ops[i].text)) {
			*s = gt_str_from(*s, strlen(ops[i].text));
			return ops[i].op;
		}
	}
	return OP_EQUAL;
}

static bool is_wildcard(struct gt_str s)
{
	return s.n == 0 || gt_str_is(s, "x") || gt_str_is(s, "X") || gt_str_is(s, "*");
}

static int make_part(struct gt_arena *a, enum op op, const struct pieces *from,
		     struct part **ret_part, struct gt_err *err)
{
	struct part *p = gt_arena_new(a, struct part);
	const struct gt_str *n = from->number;
	char *text;

	if (!p)
		return gt_arena_check(a, err);
	p->op = op;
	if (is_wildcard(n[0])) {
		p->partial = true;
		text = gt_arena_printf(a, "0.0.0%.*s", GT_STR_ARG(from->pre));
	} else if (is_wildcard(n[1])) {
		p->partial = p->no_minor = true;
		text = gt_arena_printf(a, "%.*s.0.0%.*s", GT_STR_ARG(n[0]), GT_STR_ARG(from->pre));
	} else if (is_wildcard(n[2])) {
		p->partial = p->no_patch = true;
		text = gt_arena_printf(a, "%.*s.%.*s.0%.*s", GT_STR_ARG(n[0]), GT_STR_ARG(n[1]),
				       GT_STR_ARG(from->pre));
	} else {
		text = gt_arena_strndup(a, from->all.p, from->all.n);
	}
	if (!text)
		return gt_arena_check(a, err);
	if (gt_semver_parse(gt_str(text), &p->v, NULL) < 0)
		return gt_fail(err, GT_E_INVALID, "constraint parser error");
	*ret_part = p;
	return GT_OK;
}

static int improper(struct gt_str text, struct gt_err *err)
{
	return gt_fail(err, GT_E_INVALID, "improper constraint: \"%.*s\"", GT_STR_ARG(text));
}

static int parse_group(struct gt_arena *a, struct gt_str text, struct group *g, struct gt_err *err)
{
	struct part **tail = &g->parts;
	struct gt_str s = text;

	skip_space(&s);
	for (;;) {
		struct pieces pieces;
		enum op op = take_op(&s);

		skip_space(&s);
		if (!take_version(&s, &pieces))
			return improper(text, err);
		int rc = make_part(a, op, &pieces, tail, err);
		if (rc < 0)
			return rc;
		g->has_pre |= (*tail)->v.pre.n > 0;
		tail = &(*tail)->next;

		size_t before = s.n;
		skip_space(&s);
		if (s.n == 0)
			return GT_OK;
		if (s.p[0] == ',') {
			s = gt_str_from(s, 1);
			skip_space(&s);
		} else if (s.n == before) {
			return improper(text, err);
		}
	}
}

/* "A - B" at the front of s, spaces around it included. */
static bool take_range(struct gt_str *s, struct pieces *low, struct pieces *high)
{
	struct gt_str at = *s;

	skip_space(&at);
	if (!take_version(&at, low) || at.n == 0 || !is_space(at.p[0]))
		return false;
	skip_space(&at);
	if (at.n < 2 || at.p[0] != '-' || !is_space(at.p[1]))
		return false;
	at = gt_str_from(at, 1);
	skip_space(&at);
	if (!take_version(&at, high))
		return false;
	skip_space(&at);
	*s = at;
	return true;
}

static void rewrite_ranges(struct gt_buf *out, struct gt_str s)
{
	struct pieces low, high;

	while (s.n) {
		if (take_range(&s, &low, &high)) {
			gt_buf_printf(out, ">= %.*s, <= %.*s ", GT_STR_ARG(low.all),
				      GT_STR_ARG(high.all));
		} else {
			gt_buf_addc(out, s.p[0]);
			s = gt_str_from(s, 1);
		}
	}
}

int gt_constraint_parse(struct gt_arena *a, struct gt_str text, struct gt_constraint **ret_c,
			struct gt_err *err)
{
	gt_auto_buf plain = {0};
	struct gt_constraint *c = gt_arena_new(a, struct gt_constraint);
	struct group **tail = c ? &c->groups : NULL;
	int count = 0;

	if (text.n > CONSTRAINT_MAX)
		return gt_fail(err, GT_E_INVALID, "constraint string is too long (max %d bytes)",
			       CONSTRAINT_MAX);
	rewrite_ranges(&plain, text);
	struct gt_str rest = gt_buf_str(&plain);
	for (bool more = true; more;) {
		size_t end = gt_str_search(rest, GT_STR_LIT("||"));
		struct gt_str one = gt_str_sub(rest, 0, end);
		struct group *g = gt_arena_new(a, struct group);

		if (!c || !g)
			return gt_arena_check(a, err);
		if (++count > GROUPS_MAX)
			return gt_fail(err, GT_E_INVALID, "too many constraint groups (max %d)",
				       GROUPS_MAX);
		int rc = parse_group(a, one, g, err);
		if (rc < 0)
			return rc;
		*tail = g;
		tail = &g->next;
		more = end != SIZE_MAX;
		if (more)
			rest = gt_str_from(rest, end + 2);
	}
	*ret_c = c;
	return GT_OK;
}

/* --- matching ----------------------------------------------------------------------------- */

static bool match_not_equal(const struct part *p, const struct gt_semver *v)
{
	if (!p->partial)
		return gt_semver_cmp(v, &p->v) != 0;
	if (p->v.major != v->major)
		return true;
	if (p->no_minor)
		return false;
	if (p->v.minor != v->minor)
		return true;
	if (p->no_patch) {
		struct gt_semver x = {.pre = v->pre}, y = {.pre = p->v.pre};

		return gt_semver_cmp(&x, &y) != 0;
	}
	return p->v.patch != v->patch || gt_semver_cmp(v, &p->v) != 0;
}

static bool match_greater(const struct part *p, const struct gt_semver *v)
{
	if (!p->partial || p->v.major != v->major || !(p->no_minor || p->no_patch))
		return p->partial && p->v.major != v->major ? v->major > p->v.major
							    : gt_semver_cmp(v, &p->v) > 0;
	return p->no_patch && v->minor > p->v.minor;
}

static bool match_less_equal(const struct part *p, const struct gt_semver *v)
{
	if (!p->partial)
		return gt_semver_cmp(v, &p->v) <= 0;
	if (v->major > p->v.major)
		return false;
	return !(v->major == p->v.major && v->minor > p->v.minor && !p->no_minor);
}

static bool match_tilde(const struct part *p, const struct gt_semver *v)
{
	if (gt_semver_cmp(v, &p->v) < 0)
		return false;
	if (!p->v.major && !p->v.minor && !p->v.patch && !p->no_minor && !p->no_patch)
		return true;
	return v->major == p->v.major && (v->minor == p->v.minor || p->no_minor);
}

static bool match_caret(const struct part *p, const struct gt_semver *v)
{
	if (gt_semver_cmp(v, &p->v) < 0)
		return false;
	if (p->v.major > 0 || p->no_minor)
		return v->major == p->v.major;
	if (v->major > 0)
		return false;
	if (p->v.minor > 0 || p->no_patch)
		return v->minor == p->v.minor;
	return v->minor == 0 && v->patch == p->v.patch;
}

static bool match_part(const struct part *p, const struct gt_semver *v)
{
	switch (p->op) {
	case OP_EQUAL: return p->partial ? match_tilde(p, v) : gt_semver_cmp(v, &p->v) == 0;
	case OP_NOT_EQUAL: return match_not_equal(p, v);
	case OP_GREATER: return match_greater(p, v);
	case OP_LESS: return gt_semver_cmp(v, &p->v) < 0;
	case OP_GREATER_EQUAL: return gt_semver_cmp(v, &p->v) >= 0;
	case OP_LESS_EQUAL: return match_less_equal(p, v);
	case OP_TILDE: return match_tilde(p, v);
	case OP_CARET: return match_caret(p, v);
	}
	return false;
}

bool gt_constraint_match(const struct gt_constraint *c, const struct gt_semver *v)
{
	for (const struct group *g = c->groups; g; g = g->next) {
		const struct part *p = g->parts;

		if (v->pre.n && !g->has_pre)
			continue;
		while (p && match_part(p, v))
			p = p->next;
		if (!p)
			return true;
	}
	return false;
}

bool gt_constraint_match_text(const struct gt_constraint *c, struct gt_str version)
{
	struct gt_semver v;

	return gt_semver_parse(version, &v, NULL) >= 0 && gt_constraint_match(c, &v);
}
