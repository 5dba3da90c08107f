/* What a scalar's text means, as Go's YAML libraries decide it. */
#include "kustomize/scalar.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "kustomize/folded.h"
#include "kustomize/timestamp.h"
#include "text/number.h"

struct word {
	const char *text;
	enum gt_kind kind;
	bool truth;
	bool v2_only;
	bool bad;
};

static const struct word words[] = {
	{"~", GT_NULL, 0, 0, 0},      {"null", GT_NULL, 0, 0, 0},   {"Null", GT_NULL, 0, 0, 0},
	{"NULL", GT_NULL, 0, 0, 0},   {"true", GT_BOOL, 1, 0, 0},   {"True", GT_BOOL, 1, 0, 0},
	{"TRUE", GT_BOOL, 1, 0, 0},   {"false", GT_BOOL, 0, 0, 0},  {"False", GT_BOOL, 0, 0, 0},
	{"FALSE", GT_BOOL, 0, 0, 0},  {"y", GT_BOOL, 1, 1, 0},      {"Y", GT_BOOL, 1, 1, 0},
	{"yes", GT_BOOL, 1, 1, 0},    {"Yes", GT_BOOL, 1, 1, 0},    {"YES", GT_BOOL, 1, 1, 0},
	{"on", GT_BOOL, 1, 1, 0},     {"On", GT_BOOL, 1, 1, 0},     {"ON", GT_BOOL, 1, 1, 0},
	{"n", GT_BOOL, 0, 1, 0},      {"N", GT_BOOL, 0, 1, 0},      {"no", GT_BOOL, 0, 1, 0},
	{"No", GT_BOOL, 0, 1, 0},     {"NO", GT_BOOL, 0, 1, 0},     {"off", GT_BOOL, 0, 1, 0},
	{"Off", GT_BOOL, 0, 1, 0},    {"OFF", GT_BOOL, 0, 1, 0},    {".nan", GT_FLOAT, 0, 0, 1},
	{".NaN", GT_FLOAT, 0, 0, 1},  {".NAN", GT_FLOAT, 0, 0, 1},  {".inf", GT_FLOAT, 0, 0, 1},
	{".Inf", GT_FLOAT, 0, 0, 1},  {".INF", GT_FLOAT, 0, 0, 1},  {"+.inf", GT_FLOAT, 0, 0, 1},
	{"+.Inf", GT_FLOAT, 0, 0, 1}, {"+.INF", GT_FLOAT, 0, 0, 1}, {"-.inf", GT_FLOAT, 0, 0, 1},
	{"-.Inf", GT_FLOAT, 0, 0, 1}, {"-.INF", GT_FLOAT, 0, 0, 1},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t skip_digits(struct gt_str s, size_t i)
{
	while (i < s.n && is_digit(s.p[i]))
		i++;
	return i;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool looks_float(struct gt_str s)
{
	size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+'), start = i;

	i = skip_digits(s, i);
	if (i == start) {
		if (i >= s.n || s.p[i] != '.')
			return false;
		start = ++i;
		i = skip_digits(s, i);
		if (i == start)
			return false;
	} else if (i < s.n && s.p[i] == '.') {
		i = skip_digits(s, i + 1);
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
			i++;
		start = i;
		i = skip_digits(s, i);
		if (i == start)
			return false;
	}
	return i == s.n;
}

static int digit_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

/* Go's base-0 syntax, into a magnitude and a sign. */
static bool parse_int(struct gt_str s, uint64_t *ret_mag, bool *ret_neg)
{
	size_t i = s.n && (s.p[0] == '-' || s.p[0] == '+');
	uint64_t mag = 0;
	unsigned base = 10;

	*ret_neg = i && s.p[0] == '-';
	if (i + 1 < s.n && s.p[i] == '0') {
		char c = s.p[i + 1] | 0x20;

		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		i += c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
	}
	if (i >= s.n)
		return false;
	for (; i < s.n; i++) {
		unsigned d = (unsigned)digit_value(s.p[i]);

		if (d >= base || mag > (UINT64_MAX - d) / base)
			return false;
		mag = mag * base + d;
	}
	*ret_mag = mag;
	/* A signed number must fit int64; "+" is no unsigned number in Go either. */
	if (*ret_neg)
		return mag <= (uint64_t)INT64_MAX + 1;
	return s.p[0] != '+' || mag <= INT64_MAX;
}

static struct kz_value number_of(double d)
{
	struct kz_value v = {.kind = GT_FLOAT};

	if (!isfinite(d)) {
		v.bad = true;
		return v;
	}
	gt_double_json(d == 0 ? 0.0 : d, v.text);
	struct gt_str text = gt_str(v.text);
	int64_t i;
	uint64_t u;
	if (gt_str_i64(text, &i) || gt_str_u64(text, &u)) {
		v.kind = GT_INT;
		return v;
	}
	gt_double_g(d, v.text);
	return v;
}

static bool resolve_number(struct gt_str s, struct kz_value *v)
{
	char plain[320];
	size_t n = 0;
	uint64_t mag;
	bool neg;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '_')
			continue;
		if (n + 1 >= sizeof plain)
			return false;
		plain[n++] = s.p[i];
	}
	plain[n] = '\0';
	if (parse_int(gt_strn(plain, n), &mag, &neg)) {
		v->kind = GT_INT;
		snprintf(v->text, sizeof v->text, "%s%llu", neg && mag ? "-" : "",
			 (unsigned long long)mag);
		return true;
	}
	if (!looks_float(gt_strn(plain, n)))
		return false;
	double d = strtod(plain, NULL);
	if (!isfinite(d))
		return false; /* out of range is an error in Go, hence a string */
	*v = number_of(d);
	return true;
}

struct kz_value kz_resolve(enum kz_rules rules, struct gt_str s)
{
	struct kz_value v = {.kind = GT_STR};

	if (s.n == 0)
		return (struct kz_value){.kind = GT_NULL};
	char c = s.p[0];
	if (strchr("yYnNtTfFoO~.+-", c) && s.n <= 5) {
		for (size_t i = 0; i < GT_COUNT(words); i++) {
			const struct word *w = &words[i];

			if (!gt_str_is(s, w->text) || (w->v2_only && rules != KZ_YAML_V2))
				continue;
			return (struct kz_value){.kind = w->kind, .truth = w->truth, .bad = w->bad};
		}
	}
	if (is_digit(c) && kz_timestamp_read(s, NULL)) {
		v.time = true;
		return v;
	}
	if (is_digit(c) || c == '+' || c == '-') {
		resolve_number(s, &v);
	} else if (c == '.' && looks_float(s)) {
		char text[320];

		if (s.n < sizeof text) {
			memcpy(text, s.p, s.n);
			text[s.n] = '\0';
			double d = strtod(text, NULL);
			if (isfinite(d))
				v = number_of(d);
		}
	}
	return v;
}

static enum gt_raw_tag tag_of_kind(enum gt_kind kind)
{
	switch (kind) {
	case GT_NULL: return GT_RAW_NULL;
	case GT_BOOL: return GT_RAW_BOOL;
	case GT_INT: return GT_RAW_INT;
	case GT_FLOAT: return GT_RAW_FLOAT;
	default: return GT_RAW_STR;
	}
}

static enum gt_kind kind_of_tag(enum gt_raw_tag tag)
{
	switch (tag) {
	case GT_RAW_NULL: return GT_NULL;
	case GT_RAW_BOOL: return GT_BOOL;
	case GT_RAW_INT: return GT_INT;
	case GT_RAW_FLOAT: return GT_FLOAT;
	default: return GT_STR;
	}
}

static bool is_plain(const struct gt_node *n)
{
	return n->style == GT_STYLE_ANY || n->style == GT_STYLE_PLAIN;
}

enum gt_kind kz_kind(const struct gt_node *n)
{
	if (!n)
		return GT_NULL;
	if (n->kind != GT_STR)
		return (enum gt_kind)n->kind;
	if (n->flags != GT_RAW_NONE)
		return kind_of_tag((enum gt_raw_tag)n->flags);
	if (!is_plain(n))
		return GT_STR;
	return kz_resolve(KZ_YAML_V3, gt_strn(n->s, n->n)).kind;
}

enum gt_raw_tag kz_tag(const struct gt_node *n)
{
	if (n && n->kind == GT_STR && n->flags != GT_RAW_NONE)
		return (enum gt_raw_tag)n->flags;
	if (n && n->kind == GT_STR && is_plain(n)) {
		struct kz_value v = kz_resolve(KZ_YAML_V3, gt_strn(n->s, n->n));

		return v.time ? GT_RAW_TIME : tag_of_kind(v.kind);
	}
	return tag_of_kind(kz_kind(n));
}

bool kz_is_null(const struct gt_node *n)
{
	if (!n || n->kind == GT_NULL)
		return true;
	if (n->kind != GT_STR)
		return false;
	if (n->flags != GT_RAW_NONE)
		return n->flags == GT_RAW_NULL;
	return is_plain(n) && n->n <= 4 &&
	       (n->n == 0 || kz_resolve(KZ_YAML_V3, gt_strn(n->s, n->n)).kind == GT_NULL);
}

bool kz_is_implicit_null(const struct gt_node *n)
{
	return gt_node_is(n, GT_STR) && n->n == 0 && kz_is_null(n);
}

bool kz_is_scalar(const struct gt_node *n)
{
	return n && n->kind < GT_SEQ;
}

struct gt_str kz_text(const struct gt_node *n)
{
	switch (gt_node_kind(n)) {
	case GT_BOOL: return gt_str(n->truth ? "true" : "false");
	case GT_INT:
	case GT_FLOAT:
	case GT_STR: return gt_strn(n->s, n->n);
	case GT_NULL: return n ? GT_STR_LIT("null") : gt_strn("", 0);
	default: return gt_strn("", 0);
	}
}

struct gt_node *kz_scalar(struct gt_arena *a, struct gt_str text, enum gt_raw_tag tag)
{
	struct gt_node *n = gt_node_strn(a, text);

	if (n) {
		n->style = GT_STYLE_PLAIN;
		n->flags = (uint8_t)tag;
	}
	return n;
}

void kz_scalar_set(struct gt_arena *a, struct gt_node *n, struct gt_str text, enum gt_raw_tag tag)
{
	char *copy = n ? gt_arena_strndup(a, text.p ? text.p : "", text.n) : NULL;

	if (!copy)
		return;
	if (n->kind != GT_STR)
		n->style = GT_STYLE_PLAIN;
	n->kind = GT_STR;
	n->s = copy;
	n->n = (uint32_t)text.n;
	n->flags = (uint8_t)tag;
}

void kz_scalar_retext(struct gt_arena *a, struct gt_node *n, struct gt_str text)
{
	kz_scalar_set(a, n, text, kz_tag(n));
}

bool kz_key_is_string(struct gt_str key)
{
	struct kz_value v = kz_resolve(KZ_YAML_V3, key);

	return v.kind == GT_STR && !v.time;
}

bool kz_key_check(struct gt_arena *a, struct gt_str *key, enum gt_style style, enum gt_raw_tag tag,
		  bool top)
{
	(void)a;
	if (top || tag == GT_RAW_STR)
		return true;
	return tag == GT_RAW_NONE && (style != GT_STYLE_PLAIN || kz_key_is_string(*key));
}

bool kz_key_to_json(struct gt_arena *a, struct gt_str *key, enum gt_style style,
		    enum gt_raw_tag tag, bool top)
{
	(void)top;
	if (tag != GT_RAW_NONE || style != GT_STYLE_PLAIN)
		return true;
	struct kz_value v = kz_resolve(KZ_YAML_V2, *key);
	if (v.kind == GT_STR)
		return true;
	if (v.kind == GT_NULL || v.bad)
		return false;
	*key = gt_arena_str(a, v.kind == GT_BOOL ? gt_str(v.truth ? "true" : "false")
						 : gt_str(v.text));
	return true;
}

/* U+0085 is a line break to the reader of what kustomize prints: a blank comes back. */
static void blank_next_lines(struct gt_arena *a, struct gt_node *n)
{
	static const struct gt_str next_line = {"\xc2\x85", 2};
	struct gt_str s = gt_strn(n->s, n->n);
	gt_auto_buf out = {0};
	size_t at;

	if (!n->n || !memchr(n->s, '\xc2', n->n) || gt_str_search(s, next_line) == SIZE_MAX)
		return;
	while ((at = gt_str_search(s, next_line)) != SIZE_MAX) {
		gt_buf_add_str(&out, gt_str_sub(s, 0, at));
		gt_buf_addc(&out, ' ');
		s = gt_str_from(s, at + 2);
	}
	gt_buf_add_str(&out, s);
	kz_scalar_set(a, n, gt_buf_str(&out), GT_RAW_STR);
}

static void become_string(struct gt_node *n)
{
	n->flags = GT_RAW_STR;
	n->style = GT_STYLE_ANY;
}

static int bad_value(struct kz_build *b, const struct gt_node *n, const char *what)
{
	return kz_fail(b, "line %u: \"%.*s\" is not %s", n->line, GT_STR_ARG(kz_text(n)), what);
}

static int binary_to_value(struct kz_build *b, struct gt_node *n)
{
	gt_auto_buf bytes = {0};

	if (!gt_base64_decode(&bytes, gt_strn(n->s, n->n)))
		return bad_value(b, n, "base64");
	kz_scalar_set(b->a, n, gt_buf_str(&bytes), GT_RAW_STR);
	become_string(n);
	return GT_OK;
}

static void set_value(struct kz_build *b, struct gt_node *n, const struct kz_value *v)
{
	if (v->kind == GT_INT || v->kind == GT_FLOAT) {
		char *text = gt_arena_strdup(b->a, v->text);

		if (!text)
			return;
		n->s = text;
		n->n = (uint32_t)strlen(text);
	} else {
		n->n = 0;
		n->s = NULL;
	}
	n->kind = (uint8_t)v->kind;
	n->truth = v->truth;
	n->flags = 0;
	n->style = GT_STYLE_ANY;
}

static int plain_to_value(struct kz_build *b, struct gt_node *n, enum kz_rules rules)
{
	enum gt_raw_tag tag = (enum gt_raw_tag)n->flags;
	struct kz_value v = kz_resolve(rules, gt_strn(n->s, n->n));

	if (tag == GT_RAW_FLOAT && v.kind == GT_INT)
		v.kind = GT_INT;
	else if (tag != GT_RAW_NONE && tag != GT_RAW_TIME && v.kind != kind_of_tag(tag))
		return bad_value(b, n, tag == GT_RAW_BOOL ? "a boolean" : "a number");
	if (v.bad)
		return bad_value(b, n, "a number that JSON can hold (unsupported value)");
	if (v.kind != GT_STR) {
		set_value(b, n, &v);
		return GT_OK;
	}
	if (v.time && rules == KZ_YAML_V3) {
		char text[KZ_TIMESTAMP_TEXT];

		if (kz_timestamp_read(gt_strn(n->s, n->n), text))
			kz_scalar_set(b->a, n, gt_str(text), GT_RAW_STR);
	} else if (rules == KZ_YAML_V3) {
		blank_next_lines(b->a, n);
	}
	become_string(n);
	return GT_OK;
}

static int scalar_to_value(struct kz_build *b, struct gt_node *n, enum kz_rules rules)
{
	switch (n->flags) {
	case GT_RAW_BINARY: return binary_to_value(b, n);
	case GT_RAW_STR: break;
	case GT_RAW_NONE:
		if (is_plain(n))
			return plain_to_value(b, n, rules);
		break;
	default:
		/* A tag that the text has anyway is not written, so quotes make it a string. */
		if (is_plain(n))
			return plain_to_value(b, n, rules);
		break;
	}
	if (n->style == GT_STYLE_FOLDED && rules == KZ_YAML_V3)
		kz_folded_reread(b->a, n);
	if (rules == KZ_YAML_V3)
		blank_next_lines(b->a, n);
	become_string(n);
	return GT_OK;
}

int kz_to_values(struct kz_build *b, struct gt_node *n, enum kz_rules rules)
{
	int rc = GT_OK;

	if (!n)
		return GT_OK;
	if (n->kind == GT_STR)
		return scalar_to_value(b, n, rules);
	gt_map_each(n, p)
	{
		rc = p->value ? kz_to_values(b, p->value, rules) : GT_OK;
		if (rc < 0)
			return rc;
	}
	gt_seq_for_each (n, item) {
		rc = kz_to_values(b, item, rules);
		if (rc < 0)
			return rc;
	}
	return rc;
}

static void keep_text(struct gt_arena *a, struct gt_node *n)
{
	static const char *const names[] = {
		[GT_RAW_INT] = "int",
		[GT_RAW_FLOAT] = "float",
		[GT_RAW_BOOL] = "bool",
		[GT_RAW_NULL] = "null",
	};
	struct gt_str text = gt_strn(n->s, n->n);
	struct kz_value v = kz_resolve(KZ_YAML_V3, text);
	const char *name = n->flags < GT_COUNT(names) ? names[n->flags] : NULL;

	if (name && v.kind != kind_of_tag((enum gt_raw_tag)n->flags)) {
		const char *tagged = gt_arena_printf(a, "!!%s %.*s", name, GT_STR_ARG(text));

		if (tagged)
			kz_scalar_set(a, n, gt_str(tagged), GT_RAW_NONE);
		n->kind = GT_FLOAT;
	} else if (v.kind != GT_STR || v.time || kz_resolve(KZ_YAML_V2, text).kind != GT_STR) {
		n->kind = GT_FLOAT;
	}
}

void kz_keep_texts(struct gt_arena *a, struct gt_node *n)
{
	if (gt_node_is(n, GT_STR) && is_plain(n) && n->flags != GT_RAW_STR && n->n)
		keep_text(a, n);
	gt_map_each(n, p) kz_keep_texts(a, p->value);
	gt_seq_for_each (n, item)
		kz_keep_texts(a, item);
}

void kz_from_values(struct gt_arena *a, struct gt_node *n)
{
	if (!n)
		return;
	if (n->kind == GT_STR) {
		struct kz_value v = kz_resolve(KZ_YAML_V3, gt_strn(n->s, n->n));

		n->flags = GT_RAW_NONE;
		n->style = v.kind == GT_STR && !v.time ? GT_STYLE_PLAIN : GT_STYLE_DOUBLE;
	} else if (n->kind == GT_INT || n->kind == GT_FLOAT) {
		/* Numbers have been through a double. */
		struct kz_value v = number_of(strtod(n->s, NULL));

		if (v.bad || gt_str_is(gt_strn(n->s, n->n), v.text))
			return;
		char *text = gt_arena_strdup(a, v.text);
		if (!text)
			return;
		n->kind = (uint8_t)v.kind;
		n->s = text;
		n->n = (uint32_t)strlen(text);
	}
	gt_map_each(n, p) kz_from_values(a, p->value);
	gt_seq_for_each (n, item)
		kz_from_values(a, item);
}
