#include "base/str.h"

#include <errno.h>
#include <stdlib.h>

bool gt_str_starts(struct gt_str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

bool gt_str_ends(struct gt_str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && (n == 0 || memcmp(s.p + s.n - n, suffix, n) == 0);
}

int gt_str_cmp(struct gt_str a, struct gt_str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int cmp = n ? memcmp(a.p, b.p, n) : 0;

	if (cmp)
		return cmp;
	return a.n < b.n ? -1 : a.n > b.n;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool gt_str_ieq(struct gt_str a, struct gt_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	}
	return true;
}

size_t gt_str_find(struct gt_str s, char c)
{
	const char *p = s.n ? memchr(s.p, c, s.n) : NULL;

	return p ? (size_t)(p - s.p) : SIZE_MAX;
}

size_t gt_str_rfind(struct gt_str s, char c)
{
	const char *p = s.n ? memrchr(s.p, c, s.n) : NULL;

	return p ? (size_t)(p - s.p) : SIZE_MAX;
}

size_t gt_str_search(struct gt_str s, struct gt_str needle)
{
	if (needle.n == 0)
		return 0;
	const char *p = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
	return p ? (size_t)(p - s.p) : SIZE_MAX;
}

struct gt_str gt_str_from(struct gt_str s, size_t from)
{
	if (from > s.n)
		from = s.n;
	return (struct gt_str){s.p ? s.p + from : NULL, s.n - from};
}

struct gt_str gt_str_sub(struct gt_str s, size_t from, size_t n)
{
	struct gt_str part = gt_str_from(s, from);

	if (n < part.n)
		part.n = n;
	return part;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct gt_str gt_str_trim(struct gt_str s)
{
	while (s.n && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool gt_split_next(struct gt_split *it, char sep, struct gt_str *ret_part)
{
	if (it->done)
		return false;
	size_t at = gt_str_find(it->rest, sep);
	if (at == SIZE_MAX) {
		*ret_part = it->rest;
		it->done = true;
		return true;
	}
	*ret_part = gt_str_sub(it->rest, 0, at);
	it->rest = gt_str_from(it->rest, at + 1);
	return true;
}

bool gt_str_u64(struct gt_str s, uint64_t *ret_n)
{
	uint64_t n = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)(s.p[i] - '0');

		if (digit > 9 || __builtin_mul_overflow(n, (uint64_t)10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)digit, &n))
			return false;
	}
	*ret_n = n;
	return true;
}

bool gt_str_i64(struct gt_str s, int64_t *ret_n)
{
	bool negative = s.n && s.p[0] == '-';
	uint64_t n;

	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		s = gt_str_from(s, 1);
	if (!gt_str_u64(s, &n) || n > (uint64_t)INT64_MAX + negative)
		return false;
	*ret_n = negative ? (int64_t)-n : (int64_t)n;
	return true;
}

bool gt_str_double(struct gt_str s, double *ret_d)
{
	char text[64];
	char *end;

	if (s.n == 0 || s.n >= sizeof text)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!strchr("0123456789+-.eE", s.p[i]) || s.p[i] == '\0')
			return false;
	}
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	double d = strtod(text, &end);
	if (end != text + s.n)
		return false;
	*ret_d = d;
	return true;
}
