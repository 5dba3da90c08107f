/* Versions: parsing, comparing, printing. */
#include "text/semver.h"

#include <string.h>

#define VERSION_MAX 256

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_ident(char c)
{
	return is_digit(c) || c == '-' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool is_number(struct gt_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
	}
	return s.n > 0;
}

/* Cuts dot-separated identifiers off the front of *s; false when there are none. */
static bool take_idents(struct gt_str *s, struct gt_str *ret)
{
	size_t n = 0;

	for (;;) {
		size_t start = n;

		while (n < s->n && is_ident(s->p[n]))
			n++;
		if (n == start)
			return false;
		if (n >= s->n || s->p[n] != '.')
			break;
		n++;
	}
	*ret = gt_str_sub(*s, 0, n);
	*s = gt_str_from(*s, n);
	return true;
}

static int bad_version(struct gt_err *err)
{
	return gt_fail(err, GT_E_INVALID, "invalid semantic version");
}

/* -pre and +meta up to the end of the text. */
static int parse_tail(struct gt_str s, struct gt_semver *v, struct gt_err *err)
{
	if (s.n && s.p[0] == '-') {
		s = gt_str_from(s, 1);
		if (!take_idents(&s, &v->pre))
			return bad_version(err);
	}
	if (s.n && s.p[0] == '+') {
		s = gt_str_from(s, 1);
		if (!take_idents(&s, &v->meta))
			return bad_version(err);
	}
	if (s.n)
		return bad_version(err);
	struct gt_split it = {.rest = v->pre};
	struct gt_str part;
	while (v->pre.n && gt_split_next(&it, '.', &part)) {
		if (part.n > 1 && part.p[0] == '0' && is_number(part))
			return gt_fail(err, GT_E_INVALID, "version segment starts with 0");
	}
	return GT_OK;
}

/* Up to three numbers; *ret_count says how many there were. */
static bool take_numbers(struct gt_str *s, struct gt_semver *v, int *ret_count)
{
	uint64_t *const parts[] = {&v->major, &v->minor, &v->patch};

	*ret_count = 0;
	for (int i = 0; i < 3; i++) {
		struct gt_str at = *s;
		size_t n = 0;

		if (i > 0) {
			if (at.n < 2 || at.p[0] != '.' || !is_digit(at.p[1]))
				break;
			at = gt_str_from(at, 1);
		}
		while (n < at.n && is_digit(at.p[n]))
			n++;
		if (!gt_str_u64(gt_str_sub(at, 0, n), parts[i]))
			return false;
		*s = gt_str_from(at, n);
		++*ret_count;
	}
	return *ret_count > 0;
}

static int too_long(struct gt_err *err)
{
	return gt_fail(err, GT_E_INVALID, "version string is too long (max %d bytes)", VERSION_MAX);
}

int gt_semver_parse(struct gt_str text, struct gt_semver *ret_version, struct gt_err *err)
{
	struct gt_semver v = {.original = text};
	struct gt_str s = text;
	int count;

	if (s.n > VERSION_MAX)
		return too_long(err);
	if (s.n && s.p[0] == 'v')
		s = gt_str_from(s, 1);
	if (!take_numbers(&s, &v, &count))
		return bad_version(err);
	int rc = parse_tail(s, &v, err);
	if (rc >= 0)
		*ret_version = v;
	return rc;
}

int gt_semver_parse_strict(struct gt_str text, struct gt_semver *ret_version, struct gt_err *err)
{
	struct gt_semver v = {.original = text};
	struct gt_str s = text;
	int count;

	if (s.n == 0)
		return gt_fail(err, GT_E_INVALID, "version string empty");
	if (s.n > VERSION_MAX)
		return too_long(err);
	if (!take_numbers(&s, &v, &count) || count != 3)
		return bad_version(err);
	for (size_t i = 0; i + 1 < text.n && text.p + i < s.p; i++) {
		bool first = i == 0 || text.p[i - 1] == '.';

		if (first && text.p[i] == '0' && is_digit(text.p[i + 1]))
			return gt_fail(err, GT_E_INVALID, "version segment starts with 0");
	}
	int rc = parse_tail(s, &v, err);
	if (rc >= 0)
		*ret_version = v;
	return rc;
}

int gt_semver_parse_tag(struct gt_str text, struct gt_semver *ret_version, struct gt_err *err)
{
	size_t dot = gt_str_find(text, '.');

	if (dot == SIZE_MAX || gt_str_find(gt_str_from(text, dot + 1), '.') == SIZE_MAX)
		return bad_version(err);
	return gt_semver_parse(text, ret_version, err);
}

static int cmp_u64(uint64_t x, uint64_t y)
{
	return (x > y) - (x < y);
}

static int cmp_ident(struct gt_str x, struct gt_str y)
{
	uint64_t i, j;
	bool xn = gt_str_u64(x, &i), yn = gt_str_u64(y, &j);

	if (xn && yn)
		return cmp_u64(i, j);
	if (xn != yn)
		return xn ? -1 : 1;
	int c = gt_str_cmp(x, y);
	return (c > 0) - (c < 0);
}

static int cmp_pre(struct gt_str x, struct gt_str y)
{
	struct gt_split ix = {.rest = x}, iy = {.rest = y};
	struct gt_str px, py;

	if (!x.n || !y.n) /* a release is above its prereleases */
		return (x.n == 0) - (y.n == 0);
	for (;;) {
		bool more_x = gt_split_next(&ix, '.', &px), more_y = gt_split_next(&iy, '.', &py);

		if (!more_x || !more_y)
			return more_x - more_y;
		int c = cmp_ident(px, py);
		if (c)
			return c;
	}
}

int gt_semver_cmp(const struct gt_semver *x, const struct gt_semver *y)
{
	int c = cmp_u64(x->major, y->major);

	if (!c)
		c = cmp_u64(x->minor, y->minor);
	if (!c)
		c = cmp_u64(x->patch, y->patch);
	return c ? c : cmp_pre(x->pre, y->pre);
}

void gt_semver_write(struct gt_buf *out, const struct gt_semver *v)
{
	gt_buf_printf(out, "%llu.%llu.%llu", (unsigned long long)v->major,
		      (unsigned long long)v->minor, (unsigned long long)v->patch);
	if (v->pre.n) {
		gt_buf_addc(out, '-');
		gt_buf_add_str(out, v->pre);
	}
	if (v->meta.n) {
		gt_buf_addc(out, '+');
		gt_buf_add_str(out, v->meta);
	}
}
