/* The keywords that look at one value: types, numbers, strings, enumerations. */
#include <arpa/inet.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "base/utf8.h"
#include "helm/schema_check_impl.h"
#include "text/number.h"
#include "text/regex.h"

/* Types in the order in which messages name them. */
static const char *const types[] = {"null",   "boolean", "number", "integer",
				    "string", "array",   "object"};

static const char *type_of(const struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_NULL: return "null";
	case GT_BOOL: return "boolean";
	case GT_INT:
	case GT_FLOAT: return "number";
	case GT_STR: return "string";
	case GT_SEQ: return "array";
	case GT_MAP: return "object";
	}
	return "null";
}

static bool is_integer(const struct gt_node *n)
{
	double d;

	if (gt_node_is(n, GT_INT))
		return true;
	return gt_node_is(n, GT_FLOAT) && gt_node_get_double(n, &d) && isfinite(d) && d == floor(d);
}

static bool has_type(const struct gt_node *n, const char *type)
{
	return strcmp(type, "integer") == 0 ? is_integer(n) : strcmp(type, type_of(n)) == 0;
}

static bool is_listed(const struct gt_node *want, const char *type)
{
	if (gt_node_is(want, GT_STR))
		return gt_node_is_text(want, type);
	gt_seq_for_each (want, item) {
		if (gt_node_is_text(item, type))
			return true;
	}
	return false;
}

bool schema__type(struct checker *c, const struct gt_node *schema, struct spot s, struct faults *to)
{
	const struct gt_node *want = gt_node_get(schema, "type");
	gt_auto_buf names = {0};
	unsigned known = 0;

	if (!want)
		return true;
	for (size_t i = 0; i < GT_COUNT(types); i++) {
		if (!is_listed(want, types[i]))
			continue;
		if (has_type(s.value, types[i]))
			return true;
		gt_buf_printf(&names, "%s%s", names.n ? " or " : "", types[i]);
		known++;
	}
	if (known == 0 || (want->kind == GT_SEQ && known < gt_node_count(want)))
		c->broken = "a type that is none";
	schema__add(c, to, s.at, NULL, "got %s, want %s", type_of(s.value), gt_buf_cstr(&names));
	return false;
}

/* --- numbers ------------------------------------------------------------------------------ */

/* With commas between the thousands; from a million on floats are written as powers of ten. */
static struct gt_str english(struct checker *c, const struct gt_node *n)
{
	static const char *const superscript[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
	struct gt_str s = gt_node_text(n);
	gt_auto_buf out = {0};
	char digits[GT_DOUBLE_TEXT];
	int point;
	double d;

	if (gt_node_get_double(n, &d) && isfinite(d) && fabs(d) >= 1e6) {
		int len = gt_double_digits(d, digits, &point);

		gt_buf_printf(&out, "%s%c", d < 0 ? "-" : "", digits[0]);
		if (len > 1)
			gt_buf_printf(&out, ".%.*s", len - 1, digits + 1);
		gt_buf_adds(&out, "×10");
		gt_buf_adds(&out, superscript[(point - 1) / 10 % 10]);
		gt_buf_adds(&out, superscript[(point - 1) % 10]);
		return gt_arena_str(c->a, gt_buf_str(&out));
	}
	bool minus = s.n && s.p[0] == '-';
	size_t dot = gt_str_find(s, '.'), whole = dot == SIZE_MAX ? s.n : dot;
	for (size_t i = 0; i < s.n; i++) {
		if (i < whole && i > minus && (whole - i) % 3 == 0)
			gt_buf_addc(&out, ',');
		gt_buf_addc(&out, s.p[i]);
	}
	return gt_arena_str(c->a, gt_buf_str(&out));
}

static void bound(struct checker *c, const struct gt_node *limit, const char *keyword, bool fails,
		  struct spot s, struct faults *to)
{
	struct gt_str got = english(c, s.value), want = english(c, limit);

	if (fails)
		schema__add(c, to, s.at, NULL, "%s: got %.*s, want %.*s", keyword, GT_STR_ARG(got),
			    GT_STR_ARG(want));
}

static bool is_number(const struct gt_node *n)
{
	return gt_node_is(n, GT_INT) || gt_node_is(n, GT_FLOAT);
}

static bool is_multiple(const struct gt_node *n, const struct gt_node *of)
{
	double x, y;

	if (!gt_node_get_double(n, &x) || !gt_node_get_double(of, &y) || y == 0)
		return true;
	double q = x / y;
	return fabs(q - nearbyint(q)) <= 1e-9 * fmax(1, fabs(q));
}

static void check_number(struct checker *c, const struct gt_node *schema, struct spot s,
			 struct faults *to)
{
	static const struct {
		const char *keyword, *exclusive; /* draft 4: a flag beside it */
		int sign;
	} bounds[] = {{"minimum", "exclusiveMinimum", 1}, {"maximum", "exclusiveMaximum", -1}};
	struct gt_str text = gt_node_text(s.value);

	for (size_t i = 0; i < 2; i++) {
		const struct gt_node *limit = gt_node_get(schema, bounds[i].keyword);
		const struct gt_node *open = gt_node_get(schema, bounds[i].exclusive);
		bool strict = gt_node_truth(open, false);

		if (is_number(limit)) {
			int order = gt_number_cmp(text, gt_node_text(limit)) * bounds[i].sign;
			bound(c, limit, strict ? bounds[i].exclusive : bounds[i].keyword,
			      order < 0 || (strict && order == 0), s, to);
		}
		if (is_number(open))
			bound(c, open, bounds[i].exclusive,
			      gt_number_cmp(text, gt_node_text(open)) * bounds[i].sign <= 0, s, to);
	}
	const struct gt_node *of = gt_node_get(schema, "multipleOf");
	if (is_number(of))
		bound(c, of, "multipleOf", !is_multiple(s.value, of), s, to);
}

/* --- strings ------------------------------------------------------------------------------ */

void schema__limit(struct checker *c, const struct gt_node *schema, const char *keyword, size_t got,
		   bool is_max, struct spot s, struct faults *to)
{
	const struct gt_node *limit = gt_node_get(schema, keyword);
	double want;

	if (!is_number(limit) || !gt_node_get_double(limit, &want))
		return;
	if (is_max ? (double)got > want : (double)got < want) {
		struct gt_node *n = gt_node_int(c->a, (int64_t)got);
		struct gt_str text = english(c, limit), have = n ? english(c, n) : GT_STR_LIT("");

		schema__add(c, to, s.at, NULL, "%s: got %.*s, want %.*s", keyword, GT_STR_ARG(have),
			    GT_STR_ARG(text));
	}
}

static const char *bad_date_time(struct gt_str s)
{
	int64_t t;

	if (s.n < 20)
		return "less than 20 characters long";
	return gt_rfc3339_parse(s, &t) ? NULL : "not a time of RFC 3339";
}

static const char *bad_ip(struct gt_str s, int family)
{
	char text[64];
	unsigned char bytes[16];

	if (s.n >= sizeof text)
		return "too long";
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(family, text, bytes) == 1)
		return NULL;
	unsigned dots = 0;
	for (size_t i = 0; i < s.n; i++)
		dots += s.p[i] == '.';
	return family == AF_INET && dots != 3 ? "expected four decimals" : "malformed";
}

static const char *bad_hostname(struct gt_str s)
{
	if (s.n == 0 || s.n > 253)
		return "more than 253 characters long";
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		      c == '-' || c == '.'))
			return "invalid character";
	}
	return NULL;
}

/* What is wrong with a text of the format, NULL for nothing and for formats that are unknown. */
static const char *bad_format(struct gt_str format, struct gt_str s)
{
	if (gt_str_is(format, "date-time"))
		return bad_date_time(s);
	if (gt_str_is(format, "ipv4"))
		return bad_ip(s, AF_INET);
	if (gt_str_is(format, "ipv6"))
		return bad_ip(s, AF_INET6);
	if (gt_str_is(format, "hostname"))
		return bad_hostname(s);
	if (gt_str_is(format, "email"))
		return gt_str_find(s, '@') == SIZE_MAX ? "missing @" : NULL;
	if (gt_str_is(format, "uri"))
		return gt_str_find(s, ':') == SIZE_MAX ? "relative url" : NULL;
	return NULL;
}

static void check_pattern(struct checker *c, struct gt_str pattern, struct spot s,
			  struct faults *to)
{
	struct gt_regex *re;

	if (gt_regex_new(pattern, &re, NULL) < 0) {
		c->broken = "a pattern that is no regular expression";
		return;
	}
	if (!gt_regex_match(re, gt_node_text(s.value))) {
		struct gt_str got = schema__quote(c->a, gt_node_text(s.value));
		struct gt_str want = schema__quote(c->a, pattern);

		schema__add(c, to, s.at, NULL, "%.*s does not match pattern %.*s", GT_STR_ARG(got),
			    GT_STR_ARG(want));
	}
	gt_regex_free(re);
}

static void check_string(struct checker *c, const struct gt_node *schema, struct spot s,
			 struct faults *to)
{
	size_t n = gt_utf8_count(gt_node_text(s.value));
	const struct gt_node *pattern = gt_node_get(schema, "pattern");
	const struct gt_node *format = gt_node_get(schema, "format");

	schema__limit(c, schema, "minLength", n, false, s, to);
	schema__limit(c, schema, "maxLength", n, true, s, to);
	if (gt_node_is(pattern, GT_STR))
		check_pattern(c, gt_node_text(pattern), s, to);
	const char *bad = c->draft <= 7 && gt_node_is(format, GT_STR)
				  ? bad_format(gt_node_text(format), gt_node_text(s.value))
				  : NULL;
	if (bad) {
		struct gt_str got = schema__quote(c->a, gt_node_text(s.value));

		schema__add(c, to, s.at, NULL, "%.*s is not valid %.*s: %s", GT_STR_ARG(got),
			    GT_STR_ARG(gt_node_text(format)), bad);
	}
}

/* --- enum, const -------------------------------------------------------------------------- */

static bool put_scalar(struct checker *c, struct gt_buf *out, const struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_NULL: gt_buf_adds(out, "null"); return true;
	case GT_BOOL: gt_buf_adds(out, n->truth ? "true" : "false"); return true;
	case GT_INT:
	case GT_FLOAT: gt_buf_add_str(out, gt_node_text(n)); return true;
	case GT_STR: gt_buf_add_str(out, schema__quote(c->a, gt_node_text(n))); return true;
	default: return false;
	}
}

static void check_enum(struct checker *c, const struct gt_node *schema, struct spot s,
		       struct faults *to)
{
	const struct gt_node *allowed = gt_node_get(schema, "enum");
	gt_auto_buf names = {0};
	bool scalars = true;

	if (!gt_node_is(allowed, GT_SEQ))
		return;
	gt_seq_for_each (allowed, item) {
		if (gt_node_equal(item, s.value))
			return;
		if (names.n)
			gt_buf_adds(&names, ", ");
		scalars &= put_scalar(c, &names, item);
	}
	if (scalars)
		schema__add(c, to, s.at, NULL, "value must be one of %s", gt_buf_cstr(&names));
	else
		schema__add(c, to, s.at, NULL, "'enum' failed");
}

void schema__scalars(struct checker *c, const struct gt_node *schema, struct spot s,
		     struct faults *to)
{
	const struct gt_node *constant = gt_node_get(schema, "const");
	gt_auto_buf text = {0};

	if (constant && !gt_node_equal(constant, s.value)) {
		if (put_scalar(c, &text, constant))
			schema__add(c, to, s.at, NULL, "value must be %s", gt_buf_cstr(&text));
		else
			schema__add(c, to, s.at, NULL, "'const' failed");
	}
	check_enum(c, schema, s, to);
	if (is_number(s.value))
		check_number(c, schema, s, to);
	else if (gt_node_is(s.value, GT_STR))
		check_string(c, schema, s, to);
}
