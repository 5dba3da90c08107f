/* The string formats that are checked; others are accepted, as upstream accepts them. */
#include "openapi/model.h"

#include <stdio.h>

#include <arpa/inet.h>

#include "base/enc.h"
#include "base/time.h"

struct oa_format {
	const char *name;
	bool (*check)(struct gt_str s);
};

static bool all(struct gt_str s, const char *accept)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!strchr(accept, s.p[i]) || s.p[i] == '\0')
			return false;
	}
	return s.n > 0;
}

#define DIGITS "0123456789"
#define HEX DIGITS "abcdefABCDEF"

static bool is_byte(struct gt_str s)
{
	gt_auto_buf out = {0};

	return gt_base64_decode(&out, s);
}

static bool is_date(struct gt_str s)
{
	char text[32];
	int64_t ns;

	if (s.n != 10)
		return false;
	snprintf(text, sizeof text, "%.10sT00:00:00Z", s.p);
	return gt_rfc3339_parse(gt_str(text), &ns);
}

static bool is_date_time(struct gt_str s)
{
	int64_t ns;

	return gt_rfc3339_parse(s, &ns);
}

/* Go's durations, and "<number> <unit>" with units up to weeks. */
static bool is_duration(struct gt_str s)
{
	static const char *const units[] = {
		"ns",  "nano",   "us", "micro", "ms",   "milli", "s",   "sec", "second", "m",
		"min", "minute", "h",  "hr",    "hour", "d",     "day", "w",   "week",   "wk",
	};
	int64_t ns;

	if (gt_duration_parse(s, &ns, NULL) == GT_OK)
		return true;
	size_t digits = 0;
	while (digits < s.n && strchr(DIGITS ".", s.p[digits]))
		digits++;
	struct gt_str unit = gt_str_trim(gt_str_from(s, digits));
	if (digits == 0 || unit.n == 0)
		return false;
	if (unit.n > 1 && unit.p[unit.n - 1] == 's' && !gt_str_is(unit, "ns") &&
	    !gt_str_is(unit, "us") && !gt_str_is(unit, "ms"))
		unit.n--;
	for (size_t i = 0; i < GT_COUNT(units); i++) {
		if (gt_str_ieq(unit, gt_str(units[i])))
			return true;
	}
	return false;
}

static bool is_ip(struct gt_str s, int family)
{
	char text[64];
	unsigned char address[16];

	if (s.n == 0 || s.n >= sizeof text)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(family, text, address) == 1;
}

static bool is_ipv4(struct gt_str s)
{
	return is_ip(s, AF_INET);
}

static bool is_ipv6(struct gt_str s)
{
	return is_ip(s, AF_INET6);
}

static bool is_cidr(struct gt_str s)
{
	size_t slash = gt_str_find(s, '/');
	uint64_t bits;

	if (slash == SIZE_MAX || !gt_str_u64(gt_str_from(s, slash + 1), &bits))
		return false;
	s.n = slash;
	return (is_ipv4(s) && bits <= 32) || (is_ipv6(s) && bits <= 128);
}

static bool is_hostname(struct gt_str s)
{
	struct gt_split it = {.rest = s};
	struct gt_str label;

	if (s.n == 0 || s.n > 255)
		return false;
	while (gt_split_next(&it, '.', &label)) {
		if (label.n == 0 || label.n > 63 || label.p[0] == '-' ||
		    label.p[label.n - 1] == '-' ||
		    !all(label, DIGITS "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
			return false;
	}
	return true;
}

static bool is_email(struct gt_str s)
{
	size_t at = gt_str_rfind(s, '@');

	return at != SIZE_MAX && at > 0 && gt_str_find(gt_str_sub(s, 0, at), ' ') == SIZE_MAX &&
	       is_hostname(gt_str_from(s, at + 1));
}

/* An absolute URI, or an absolute path (as Go's url.ParseRequestURI). */
static bool is_uri(struct gt_str s)
{
	size_t colon = gt_str_find(s, ':');

	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	}
	if (s.n > 0 && s.p[0] == '/')
		return true;
	return colon != SIZE_MAX && colon > 0 &&
	       all(gt_str_sub(s, 0, colon),
		   DIGITS "+-.abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static bool is_mac(struct gt_str s)
{
	if (s.n != 17 && s.n != 23)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool separator = i % 3 == 2;
		if (separator ? (s.p[i] != ':' && s.p[i] != '-')
			      : !strchr(HEX, s.p[i]) || s.p[i] == '\0')
			return false;
	}
	return true;
}

static bool is_uuid(struct gt_str s)
{
	if (s.n == 32)
		return all(s, HEX);
	if (s.n != 36)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? s.p[i] != '-' : !all(gt_str_sub(s, i, 1), HEX))
			return false;
	}
	return true;
}

static bool is_hex_color(struct gt_str s)
{
	if (s.n > 0 && s.p[0] == '#')
		s = gt_str_from(s, 1);
	return (s.n == 3 || s.n == 6) && all(s, HEX);
}

static bool is_short_name(struct gt_str s)
{
	return s.n > 0 && s.n <= 63 && all(s, DIGITS "-abcdefghijklmnopqrstuvwxyz") &&
	       s.p[0] != '-' && s.p[s.n - 1] != '-';
}

static bool is_long_name(struct gt_str s)
{
	struct gt_split it = {.rest = s};
	struct gt_str label;

	if (s.n == 0 || s.n > 253)
		return false;
	while (gt_split_next(&it, '.', &label)) {
		if (!is_short_name(label))
			return false;
	}
	return true;
}

static bool is_anything(struct gt_str s)
{
	(void)s;
	return true;
}

static const struct oa_format formats[] = {
	{"byte", is_byte},
	{"cidr", is_cidr},
	{"date", is_date},
	{"date-time", is_date_time},
	{"datetime", is_date_time},
	{"double", is_anything},
	{"duration", is_duration},
	{"email", is_email},
	{"float", is_anything},
	{"hexcolor", is_hex_color},
	{"hostname", is_hostname},
	{"int32", is_anything},
	{"int64", is_anything},
	{"ipv4", is_ipv4},
	{"ipv6", is_ipv6},
	{"k8s-long-name", is_long_name},
	{"k8s-short-name", is_short_name},
	{"mac", is_mac},
	{"password", is_anything},
	{"uri", is_uri},
	{"uuid", is_uuid},
	{"uuid3", is_uuid},
	{"uuid4", is_uuid},
	{"uuid5", is_uuid},
};

const struct oa_format *oa_format_find(const char *name)
{
	for (size_t i = 0; name && i < GT_COUNT(formats); i++) {
		if (gt_streq(name, formats[i].name))
			return &formats[i];
	}
	return NULL;
}

const char *oa_format_name(const struct oa_format *f)
{
	return f->name;
}

bool oa_format_check(const struct oa_format *f, struct gt_str text)
{
	return f->check(text);
}

bool oa_format_is_int32(const struct oa_format *f)
{
	return f && gt_streq(f->name, "int32");
}
