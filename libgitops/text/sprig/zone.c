/* TZif files (RFC 8536) and the rule at their end. */
#include "text/sprig/zone_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "text/sprig/gotime_impl.h"

#define ZONE_FILE_MAX ((size_t)64 << 10)
#define ZONE_DIR "/usr/share/zoneinfo"

struct kind {
	int offset;
	bool dst;
	const char *abbreviation;
};

/* One change of a rule: the n-th weekday of a month, or a day of the year. */
struct change {
	char type; /* 'M', 'J' or 'N' (a day counted from 0) */
	int month, week, day;
	int seconds; /* of the day, local time */
};

struct rule {
	struct kind standard, summer;
	bool has_summer;
	struct change start, end;
};

struct sprig_zone {
	size_t n;
	const int64_t *at;
	const unsigned char *kind_of;
	size_t nkinds;
	const struct kind *kinds;
	bool has_rule;
	struct rule rule;
};

static const struct kind utc_kind = {0, false, "UTC"};
static const struct sprig_zone utc = {.nkinds = 1, .kinds = &utc_kind};

const struct sprig_zone *sprig__zone_utc(void)
{
	return &utc;
}

const struct sprig_zone *sprig__zone_fixed(struct gt_arena *a, struct gt_str abbreviation,
					   int offset)
{
	struct sprig_zone *z = gt_arena_new(a, struct sprig_zone);
	struct kind *k = gt_arena_new(a, struct kind);
	char *name = gt_arena_strndup(a, abbreviation.p ? abbreviation.p : "", abbreviation.n);

	if (!z || !k || !name)
		return &utc;
	*k = (struct kind){offset, false, name};
	z->nkinds = 1;
	z->kinds = k;
	return z;
}

/* --- the rule ----------------------------------------------------------------------------- */

static bool take_number(struct gt_str *s, int *ret)
{
	int v = 0;
	size_t n = 0;

	while (n < s->n && n < 5 && s->p[n] >= '0' && s->p[n] <= '9')
		v = v * 10 + (s->p[n++] - '0');
	*s = gt_str_from(*s, n);
	*ret = v;
	return n > 0;
}

static bool take(struct gt_str *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = gt_str_from(*s, 1);
	return true;
}

/* [+-]hh[:mm[:ss]] in seconds */
static bool take_time(struct gt_str *s, int *ret)
{
	int sign = take(s, '-') ? -1 : 1, h, m = 0, sec = 0;

	if (sign > 0)
		take(s, '+');
	if (!take_number(s, &h))
		return false;
	if (take(s, ':') && !take_number(s, &m))
		return false;
	if (take(s, ':') && !take_number(s, &sec))
		return false;
	*ret = sign * (h * 3600 + m * 60 + sec);
	return true;
}

static bool take_name(struct gt_arena *a, struct gt_str *s, const char **ret)
{
	size_t n = 0;

	if (take(s, '<')) {
		n = gt_str_find(*s, '>');
		if (n == SIZE_MAX)
			return false;
		*ret = gt_arena_strndup(a, s->p, n);
		*s = gt_str_from(*s, n + 1);
		return *ret != NULL;
	}
	while (n < s->n && ((s->p[n] | 0x20) >= 'a' && (s->p[n] | 0x20) <= 'z'))
		n++;
	*ret = gt_arena_strndup(a, s->p ? s->p : "", n);
	*s = gt_str_from(*s, n);
	return n >= 3 && *ret;
}

static bool take_change(struct gt_str *s, struct change *c)
{
	c->seconds = 7200;
	if (take(s, 'M')) {
		c->type = 'M';
		if (!take_number(s, &c->month) || !take(s, '.') || !take_number(s, &c->week) ||
		    !take(s, '.') || !take_number(s, &c->day))
			return false;
	} else {
		c->type = take(s, 'J') ? 'J' : 'N';
		if (!take_number(s, &c->day))
			return false;
	}
	return !take(s, '/') || take_time(s, &c->seconds);
}

/* EST5EDT,M3.2.0,M11.1.0 */
static bool parse_rule(struct gt_arena *a, struct gt_str s, struct rule *r)
{
	int offset;

	if (!take_name(a, &s, &r->standard.abbreviation) || !take_time(&s, &offset))
		return false;
	r->standard.offset = -offset;
	if (s.n == 0)
		return true;
	r->has_summer = true;
	r->summer.dst = true;
	if (!take_name(a, &s, &r->summer.abbreviation))
		return false;
	r->summer.offset = r->standard.offset + 3600;
	if (s.n && s.p[0] != ',') {
		if (!take_time(&s, &offset))
			return false;
		r->summer.offset = -offset;
	}
	return take(&s, ',') && take_change(&s, &r->start) && take(&s, ',') &&
	       take_change(&s, &r->end);
}

/* Seconds from the start of the year. */
static int64_t change_at(const struct change *c, int64_t year)
{
	int64_t first = gotime_days(year, 1, 1), day;
	bool leap = gotime_is_leap(year);

	switch (c->type) {
	case 'J': day = c->day - 1 + (leap && c->day >= 60); break;
	case 'N': day = c->day; break;
	default: {
		int64_t month = gotime_days(year, c->month, 1);
		int weekday = (int)(((month + 4) % 7 + 7) % 7);
		int skip = (c->day - weekday + 7) % 7 + 7 * (c->week - 1);

		while (skip >= gotime_month_days(year, c->month))
			skip -= 7;
		day = month + skip - first;
	}
	}
	return day * 86400 + c->seconds;
}

static const struct kind *rule_at(const struct rule *r, int64_t t)
{
	int64_t year, start, end, at;
	int month, day;

	if (!r->has_summer)
		return &r->standard;
	gotime_civil(
		(t + r->standard.offset - (((t + r->standard.offset) % 86400 + 86400) % 86400)) /
			86400,
		&year, &month, &day);
	at = t - gotime_days(year, 1, 1) * 86400;
	start = change_at(&r->start, year) - r->standard.offset;
	end = change_at(&r->end, year) - r->summer.offset;
	bool summer = start < end ? at >= start && at < end : at >= start || at < end;
	return summer ? &r->summer : &r->standard;
}

/* --- files -------------------------------------------------------------------------------- */

static int64_t be(const unsigned char *p, size_t n)
{
	uint64_t v = n && p[0] & 0x80 ? UINT64_MAX : 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return (int64_t)v;
}

struct header {
	size_t isut, isstd, leap, times, types, chars;
};

static bool read_header(struct gt_str s, struct header *h)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (s.n < 44 || memcmp(s.p, "TZif", 4) != 0)
		return false;
	size_t *fields[] = {&h->isut, &h->isstd, &h->leap, &h->times, &h->types, &h->chars};
	for (size_t i = 0; i < 6; i++) {
		int64_t v = be(p + 20 + 4 * i, 4);
		if (v < 0 || v > 10000)
			return false;
		*fields[i] = (size_t)v;
	}
	return true;
}

static size_t body_size(const struct header *h, size_t wide)
{
	return h->times * wide + h->times + h->types * 6 + h->chars + h->leap * (wide + 4) +
	       h->isstd + h->isut;
}

static bool read_body(struct gt_arena *a, const struct header *h, struct gt_str s,
		      struct sprig_zone *z)
{
	const unsigned char *p = (const unsigned char *)s.p;
	const unsigned char *types = p + h->times * 9, *chars = types + h->types * 6;
	int64_t *at = gt_arena_calloc(a, h->times + 1, sizeof *at);
	unsigned char *kind_of = gt_arena_calloc(a, h->times + 1, 1);
	struct kind *kinds = gt_arena_calloc(a, h->types + 1, sizeof *kinds);

	if (!at || !kind_of || !kinds || h->types == 0)
		return false;
	for (size_t i = 0; i < h->times; i++) {
		at[i] = be(p + 8 * i, 8);
		kind_of[i] = p[8 * h->times + i];
		if (kind_of[i] >= h->types)
			return false;
	}
	for (size_t i = 0; i < h->types; i++) {
		size_t name = types[6 * i + 5];
		const char *text = (const char *)chars + name;

		if (name >= h->chars)
			return false;
		kinds[i] = (struct kind){(int)be(types + 6 * i, 4), types[6 * i + 4] != 0,
					 gt_arena_strndup(a, text, strnlen(text, h->chars - name))};
	}
	z->n = h->times;
	z->at = at;
	z->kind_of = kind_of;
	z->nkinds = h->types;
	z->kinds = kinds;
	return !a->failed;
}

static const struct sprig_zone *parse_file(struct gt_arena *a, struct gt_str s)
{
	struct sprig_zone *z = gt_arena_new(a, struct sprig_zone);
	struct header h;

	if (!z || !read_header(s, &h) || s.p[4] < '2' || s.n < 44 + body_size(&h, 4))
		return NULL;
	s = gt_str_from(s, 44 + body_size(&h, 4));
	if (!read_header(s, &h) || s.n < 44 + body_size(&h, 8))
		return NULL;
	s = gt_str_from(s, 44);
	if (!read_body(a, &h, s, z))
		return NULL;
	struct gt_str footer = gt_str_trim(gt_str_from(s, body_size(&h, 8)));
	z->has_rule = footer.n && parse_rule(a, footer, &z->rule);
	return z;
}

const struct sprig_zone *sprig__zone(struct gt_arena *a, struct gt_str name)
{
	gt_autoclose int root = -1;
	gt_auto_buf bytes = {0};
	char *path;

	if (name.n == 0 || gt_str_is(name, "UTC"))
		return &utc;
	if (gt_str_is(name, "Local"))
		return sprig__zone_local(a);
	if (gt_str_search(name, GT_STR_LIT("..")) != SIZE_MAX || name.p[0] == '/' ||
	    gt_str_find(name, '\\') != SIZE_MAX)
		return NULL;
	path = gt_arena_strndup(a, name.p, name.n);
	if (!path || gt_fs_open_root(ZONE_DIR, &root, NULL) < 0 ||
	    gt_fs_read(root, path, ZONE_FILE_MAX, &bytes, NULL) < 0)
		return NULL;
	return parse_file(a, gt_buf_str(&bytes));
}

const struct sprig_zone *sprig__zone_local(struct gt_arena *a)
{
	const char *tz = getenv("TZ");
	gt_autoclose int root = -1;
	gt_auto_buf bytes = {0};
	const struct sprig_zone *z = NULL;

	if (tz && *tz == ':')
		tz++;
	if (tz)
		z = *tz && strcmp(tz, "Local") != 0 ? sprig__zone(a, gt_str(tz)) : &utc;
	else if (gt_fs_open_root("/etc", &root, NULL) >= 0 &&
		 gt_fs_read(root, "localtime", ZONE_FILE_MAX, &bytes, NULL) >= 0)
		z = parse_file(a, gt_buf_str(&bytes));
	return z ? z : &utc;
}

static const struct kind *kind_at(const struct sprig_zone *z, int64_t t)
{
	size_t low = 0, high = z->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (z->at[mid] <= t)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == z->n && z->has_rule)
		return rule_at(&z->rule, t);
	if (low > 0)
		return &z->kinds[z->kind_of[low - 1]];
	for (size_t i = 0; i < z->nkinds; i++) {
		if (!z->kinds[i].dst)
			return &z->kinds[i];
	}
	return &z->kinds[0];
}

struct sprig_offset sprig__zone_at(const struct sprig_zone *z, int64_t t)
{
	const struct kind *k = kind_at(z, t);

	return (struct sprig_offset){k->offset, k->abbreviation};
}

bool sprig__zone_abbreviation(const struct sprig_zone *z, struct gt_str name, int64_t local,
			      int *ret_offset)
{
	for (size_t i = 0; i < z->nkinds; i++) {
		if (gt_str_is(name, z->kinds[i].abbreviation)) {
			struct sprig_offset o = sprig__zone_at(z, local - z->kinds[i].offset);

			*ret_offset = z->kinds[i].offset;
			if (gt_str_is(name, o.abbreviation))
				*ret_offset = o.seconds;
			return true;
		}
	}
	return false;
}
