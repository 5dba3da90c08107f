/* Strings, byte by byte and line by line. */
#include <string.h>

#include "base/rand.h"
#include "base/utf8.h"
#include "text/sprig/sprig_impl.h"
#include "text/template/format.h"
#include "text/template/quote.h"
#include "text/template/unicode.h"

/* --- trimming ----------------------------------------------------------------------------- */

static uint32_t last_rune(struct gt_str s, size_t *ret_len)
{
	size_t at = s.n - 1;

	while (at > 0 && s.n - at < 4 && ((unsigned char)s.p[at] & 0xc0) == 0x80)
		at--;
	uint32_t c = gt_utf8_decode(gt_str_from(s, at), ret_len);
	if (at + *ret_len != s.n) {
		*ret_len = 1;
		return GT_RUNE_ERROR;
	}
	return c;
}

static struct gt_str trim_space(struct gt_str s)
{
	size_t len;

	while (s.n && gt_uni_is_space(gt_utf8_decode(s, &len)))
		s = gt_str_from(s, len);
	while (s.n && gt_uni_is_space(last_rune(s, &len)))
		s.n -= len;
	return s;
}

static int fn_trim(struct gt_tmpl_call *c)
{
	return sprig__str(c, trim_space(c->arg[0].s));
}

static bool in_set(struct gt_str set, uint32_t rune)
{
	size_t len;

	for (; set.n; set = gt_str_from(set, len)) {
		if (gt_utf8_decode(set, &len) == rune)
			return true;
	}
	return false;
}

static int fn_trim_all(struct gt_tmpl_call *c)
{
	struct gt_str set = c->arg[0].s, s = c->arg[1].s;
	size_t len;

	while (s.n && in_set(set, gt_utf8_decode(s, &len)))
		s = gt_str_from(s, len);
	while (s.n && in_set(set, last_rune(s, &len)))
		s.n -= len;
	return sprig__str(c, s);
}

static bool has_prefix(struct gt_str s, struct gt_str prefix)
{
	return s.n >= prefix.n && gt_str_eq(gt_str_sub(s, 0, prefix.n), prefix);
}

static bool has_suffix(struct gt_str s, struct gt_str suffix)
{
	return s.n >= suffix.n && gt_str_eq(gt_str_from(s, s.n - suffix.n), suffix);
}

static int fn_trim_prefix(struct gt_tmpl_call *c)
{
	struct gt_str s = c->arg[1].s;

	return sprig__str(c, has_prefix(s, c->arg[0].s) ? gt_str_from(s, c->arg[0].s.n) : s);
}

static int fn_trim_suffix(struct gt_tmpl_call *c)
{
	struct gt_str s = c->arg[1].s;

	if (has_suffix(s, c->arg[0].s))
		s.n -= c->arg[0].s.n;
	return sprig__str(c, s);
}

static int fn_contains(struct gt_tmpl_call *c)
{
	return sprig__bool(c, gt_str_search(c->arg[1].s, c->arg[0].s) != SIZE_MAX);
}

static int fn_has_prefix(struct gt_tmpl_call *c)
{
	return sprig__bool(c, has_prefix(c->arg[1].s, c->arg[0].s));
}

static int fn_has_suffix(struct gt_tmpl_call *c)
{
	return sprig__bool(c, has_suffix(c->arg[1].s, c->arg[0].s));
}

/* --- cutting ------------------------------------------------------------------------------ */

static int fn_trunc(struct gt_tmpl_call *c)
{
	int64_t n = c->arg[0].i;
	struct gt_str s = c->arg[1].s;

	if (n < 0 && (uint64_t)-n < s.n)
		s = gt_str_from(s, s.n - (size_t)-n);
	else if (n >= 0 && (uint64_t)n < s.n)
		s = gt_str_sub(s, 0, (size_t)n);
	return sprig__str(c, s);
}

static int fn_substr(struct gt_tmpl_call *c)
{
	int64_t start = c->arg[0].i, end = c->arg[1].i;
	struct gt_str s = c->arg[2].s;
	int64_t n = (int64_t)s.n;

	if (start < 0) {
		if (end < 0)
			return gt_tmpl_throw(c, "runtime error: slice bounds out of range [:%lld]",
					     (long long)end);
		if (end > n)
			return gt_tmpl_throw(c,
					     "runtime error: slice bounds out of range [:%lld] "
					     "with length %lld",
					     (long long)end, (long long)n);
		return sprig__str(c, gt_str_sub(s, 0, (size_t)end));
	}
	if (end < 0 || end > n) {
		if (start > n)
			return gt_tmpl_throw(c,
					     "runtime error: slice bounds out of range [%lld:%lld]",
					     (long long)start, (long long)n);
		return sprig__str(c, gt_str_from(s, (size_t)start));
	}
	if (start > end)
		return gt_tmpl_throw(c, "runtime error: slice bounds out of range [%lld:%lld]",
				     (long long)start, (long long)end);
	return sprig__str(c, gt_str_sub(s, (size_t)start, (size_t)(end - start)));
}

/* Keeps `left` bytes in front and `width` altogether, dots included. */
static struct gt_str abbreviate(struct gt_arena *a, struct gt_str s, int64_t left, int64_t width)
{
	int64_t n = (int64_t)s.n, min = left > 0 ? 7 : 4;

	if (width < min || n <= width)
		return s;
	if (left > n)
		left = n;
	if (n - left < width - 3)
		left = n - (width - 3);
	if (left <= 4) {
		char *text = gt_arena_printf(a, "%.*s...", (int)(width - 3), s.p);
		return gt_str(text);
	}
	if (width < 7)
		return GT_STR_LIT("");
	if (left + width - 3 < n) {
		struct gt_str rest = abbreviate(a, gt_str_from(s, (size_t)left), 0, width - 3);
		return gt_str(gt_arena_printf(a, "...%.*s", GT_STR_ARG(rest)));
	}
	struct gt_str tail = gt_str_from(s, (size_t)(n - (width - 3)));
	return gt_str(gt_arena_printf(a, "...%.*s", GT_STR_ARG(tail)));
}

static int fn_abbrev(struct gt_tmpl_call *c)
{
	if (c->arg[0].i < 4)
		return sprig__str(c, c->arg[1].s);
	return sprig__str(c, abbreviate(c->a, c->arg[1].s, 0, c->arg[0].i));
}

static int fn_abbrevboth(struct gt_tmpl_call *c)
{
	int64_t left = c->arg[0].i, width = c->arg[1].i;

	if (width < 4 || (left > 0 && width < 7))
		return sprig__str(c, c->arg[2].s);
	return sprig__str(c, abbreviate(c->a, c->arg[2].s, left, width));
}

/* --- composing ---------------------------------------------------------------------------- */

static int repeat(struct gt_tmpl_call *c, struct gt_buf *out, struct gt_str s, int64_t n)
{
	if (n < 0)
		return gt_tmpl_throw(c, "strings: negative Repeat count");
	if (s.n && (uint64_t)n > GT_BUF_MAX / s.n)
		return gt_tmpl_throw_budget(c, "size");
	if (s.n == 1) {
		gt_buf_fill(out, s.p[0], (size_t)n);
		return GT_OK;
	}
	for (int64_t i = 0; s.n && i < n; i++)
		gt_buf_add_str(out, s);
	return GT_OK;
}

static int fn_repeat(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};
	int rc = repeat(c, &out, c->arg[1].s, c->arg[0].i);

	return rc < 0 ? rc : gt_tmpl_return_buf(c, &out);
}

static void replace_empty(struct gt_buf *out, struct gt_str s, struct gt_str to)
{
	size_t len;

	gt_buf_add_str(out, to);
	for (; s.n; s = gt_str_from(s, len)) {
		gt_utf8_decode(s, &len);
		gt_buf_add(out, s.p, len);
		gt_buf_add_str(out, to);
	}
}

static void replace_all(struct gt_buf *out, struct gt_str s, struct gt_str from, struct gt_str to)
{
	if (from.n == 0) {
		replace_empty(out, s, to);
		return;
	}
	for (size_t at; (at = gt_str_search(s, from)) != SIZE_MAX;
	     s = gt_str_from(s, at + from.n)) {
		gt_buf_add(out, s.p, at);
		gt_buf_add_str(out, to);
	}
	gt_buf_add_str(out, s);
}

static int fn_replace(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	replace_all(&out, c->arg[2].s, c->arg[0].s, c->arg[1].s);
	return gt_tmpl_return_buf(c, &out);
}

static int indent(struct gt_tmpl_call *c, const char *before)
{
	gt_auto_buf out = {0}, pad = {0};
	struct gt_str s = c->arg[1].s;
	int rc = repeat(c, &pad, GT_STR_LIT(" "), c->arg[0].i);

	if (rc < 0)
		return rc;
	gt_buf_adds(&out, before);
	gt_buf_add_str(&out, gt_buf_str(&pad));
	for (size_t at; (at = gt_str_find(s, '\n')) != SIZE_MAX; s = gt_str_from(s, at + 1)) {
		gt_buf_add(&out, s.p, at + 1);
		gt_buf_add_str(&out, gt_buf_str(&pad));
	}
	gt_buf_add_str(&out, s);
	return gt_tmpl_return_buf(c, &out);
}

static int fn_indent(struct gt_tmpl_call *c)
{
	return indent(c, "");
}

static int fn_nindent(struct gt_tmpl_call *c)
{
	return indent(c, "\n");
}

static int fn_quote(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	for (size_t i = 0; i < c->n; i++) {
		if (gt_value_is_nil(c->arg[i]))
			continue;
		if (out.n)
			gt_buf_addc(&out, ' ');
		gt_go_quote(&out, gt_value_str(c->a, c->arg[i]), false);
	}
	return gt_tmpl_return_buf(c, &out);
}

static int fn_squote(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	for (size_t i = 0; i < c->n; i++) {
		if (gt_value_is_nil(c->arg[i]))
			continue;
		if (out.n)
			gt_buf_addc(&out, ' ');
		gt_buf_addc(&out, '\'');
		gt_value_print(&out, c->a, c->arg[i]);
		gt_buf_addc(&out, '\'');
	}
	return gt_tmpl_return_buf(c, &out);
}

static int fn_cat(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};
	bool first = true;

	for (size_t i = 0; i < c->n; i++) {
		if (gt_value_is_nil(c->arg[i]))
			continue;
		if (!first)
			gt_buf_addc(&out, ' ');
		gt_value_print(&out, c->a, c->arg[i]);
		first = false;
	}
	return gt_tmpl_return_buf(c, &out);
}

static int fn_plural(struct gt_tmpl_call *c)
{
	c->ret = c->arg[c->arg[2].i == 1 ? 0 : 1];
	return GT_OK;
}

static int fn_hello(struct gt_tmpl_call *c)
{
	return sprig__str(c, GT_STR_LIT("Hello!"));
}

/* --- wrapping ----------------------------------------------------------------------------- */

/* Breaks lines at a space, or within words where `cut` says so. */
static void wrap(struct gt_buf *out, struct gt_str s, int64_t width, struct gt_str sep, bool cut)
{
	size_t w = width < 1 ? 1 : (size_t)width;

	while (s.n > w) {
		if (s.p[0] == ' ') {
			s = gt_str_from(s, 1);
			continue;
		}
		size_t space = gt_str_rfind(gt_str_sub(s, 0, w + 1), ' ');
		if (space != SIZE_MAX) {
			gt_buf_add(out, s.p, space);
			gt_buf_add_str(out, sep);
			s = gt_str_from(s, space + 1);
		} else if (cut) {
			gt_buf_add(out, s.p, w);
			gt_buf_add_str(out, sep);
			s = gt_str_from(s, w);
		} else {
			size_t next = gt_str_find(gt_str_from(s, w), ' ');
			if (next == SIZE_MAX)
				break;
			gt_buf_add(out, s.p, w + next);
			gt_buf_add_str(out, sep);
			s = gt_str_from(s, w + next + 1);
		}
	}
	gt_buf_add_str(out, s);
}

static int fn_wrap(struct gt_tmpl_call *c)
{
	gt_auto_buf out = {0};

	wrap(&out, c->arg[1].s, c->arg[0].i, GT_STR_LIT("\n"), false);
	return gt_tmpl_return_buf(c, &out);
}

static int fn_wrap_with(struct gt_tmpl_call *c)
{
	struct gt_str sep = c->arg[1].s.n ? c->arg[1].s : GT_STR_LIT("\n");
	gt_auto_buf out = {0};

	wrap(&out, c->arg[2].s, c->arg[0].i, sep, true);
	return gt_tmpl_return_buf(c, &out);
}

/* --- splitting and joining ---------------------------------------------------------------- */

static void explode(struct gt_arena *a, struct gt_value list, struct gt_str s, int64_t n)
{
	size_t len;

	for (; s.n; s = gt_str_from(s, len)) {
		gt_utf8_decode(s, &len);
		if (n > 0 && (int64_t)gt_vlist_n(list) == n - 1)
			len = s.n;
		gt_vlist_add(a, list, gt_vstr(gt_str_sub(s, 0, len)));
	}
}

struct gt_value sprig__split(struct gt_arena *a, struct gt_str s, struct gt_str sep, int64_t n)
{
	struct gt_value list = gt_vlist_new(a, GT_V_STRS, 0);
	size_t at;

	if (n == 0)
		return (struct gt_value){.kind = GT_V_STRS};
	if (sep.n == 0) {
		explode(a, list, s, n);
		return list;
	}
	while ((n < 0 || (int64_t)gt_vlist_n(list) < n - 1) &&
	       (at = gt_str_search(s, sep)) != SIZE_MAX && !a->failed) {
		gt_vlist_add(a, list, gt_vstr(gt_str_sub(s, 0, at)));
		s = gt_str_from(s, at + sep.n);
	}
	gt_vlist_add(a, list, gt_vstr(s));
	return list;
}

static int numbered(struct gt_tmpl_call *c, struct gt_value parts)
{
	c->ret = gt_vmap_new(c->a, GT_V_STRMAP);
	for (uint32_t i = 0; i < gt_vlist_n(parts); i++) {
		char *key = gt_arena_printf(c->a, "_%u", i);

		if (key)
			gt_vmap_put(c->a, c->ret, key, parts.list->v[i]);
	}
	return GT_OK;
}

static int fn_split(struct gt_tmpl_call *c)
{
	return numbered(c, sprig__split(c->a, c->arg[1].s, c->arg[0].s, -1));
}

static int fn_splitn(struct gt_tmpl_call *c)
{
	return numbered(c, sprig__split(c->a, c->arg[2].s, c->arg[0].s, c->arg[1].i));
}

static int fn_split_list(struct gt_tmpl_call *c)
{
	c->ret = sprig__split(c->a, c->arg[1].s, c->arg[0].s, -1);
	return GT_OK;
}

struct gt_value sprig__strings(struct gt_arena *a, struct gt_value v)
{
	struct gt_value list;

	if (v.kind == GT_V_STRS)
		return v;
	list = gt_vlist_new(a, GT_V_STRS, gt_vlist_n(v));
	if (gt_value_is_list(v)) {
		for (uint32_t i = 0; i < gt_vlist_n(v); i++) {
			if (!gt_value_is_nil(v.list->v[i]))
				gt_vlist_add(a, list, gt_vstr(gt_value_str(a, v.list->v[i])));
		}
	} else if (!gt_value_is_nil(v)) {
		gt_vlist_add(a, list, gt_vstr(gt_value_str(a, v)));
	}
	return list;
}

static int fn_to_strings(struct gt_tmpl_call *c)
{
	c->ret = sprig__strings(c->a, c->arg[0]);
	return GT_OK;
}

static int fn_join(struct gt_tmpl_call *c)
{
	struct gt_value list = sprig__strings(c->a, c->arg[1]);
	gt_auto_buf out = {0};

	for (uint32_t i = 0; i < gt_vlist_n(list); i++) {
		if (i)
			gt_buf_add_str(&out, c->arg[0].s);
		gt_buf_add_str(&out, list.list->v[i].s);
	}
	return gt_tmpl_return_buf(c, &out);
}

static int fn_to_string(struct gt_tmpl_call *c)
{
	return sprig__str(c, gt_value_str(c->a, c->arg[0]));
}

/* --- chance ------------------------------------------------------------------------------- */

static int random_text(struct gt_tmpl_call *c, const char *alphabet)
{
	uint32_t n = (uint32_t)strlen(alphabet);
	gt_auto_buf out = {0};

	if (c->arg[0].i > (int64_t)GT_BUF_MAX)
		return gt_tmpl_throw_budget(c, "size");
	int rc = gt_tmpl_charge(c, c->arg[0].i > 0 ? (uint64_t)c->arg[0].i : 0);
	for (int64_t i = 0; rc == GT_OK && i < c->arg[0].i; i++)
		gt_buf_addc(&out, alphabet[gt_rand_below(n)]);
	return rc < 0 ? rc : gt_tmpl_return_buf(c, &out);
}

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static int fn_rand_alpha(struct gt_tmpl_call *c)
{
	return random_text(c, LETTERS);
}

static int fn_rand_alpha_num(struct gt_tmpl_call *c)
{
	return random_text(c, LETTERS DIGITS);
}

static int fn_rand_numeric(struct gt_tmpl_call *c)
{
	return random_text(c, DIGITS);
}

static int fn_rand_ascii(struct gt_tmpl_call *c)
{
	return random_text(c, " !\"#$%&'()*+,-./" DIGITS ":;<=>?@" LETTERS "[\\]^_`{|}~");
}

static int fn_shuffle(struct gt_tmpl_call *c)
{
	struct gt_value runes = gt_vlist_new(c->a, GT_V_STRS, 0);
	gt_auto_buf out = {0};

	explode(c->a, runes, c->arg[0].s, -1);
	for (uint32_t i = gt_vlist_n(runes); i > 1; i--) {
		uint32_t j = gt_rand_below(i);
		struct gt_value swap = runes.list->v[i - 1];

		runes.list->v[i - 1] = runes.list->v[j];
		runes.list->v[j] = swap;
	}
	for (uint32_t i = 0; i < gt_vlist_n(runes); i++)
		gt_buf_add_str(&out, runes.list->v[i].s);
	return gt_tmpl_return_buf(c, &out);
}

static int fn_uuidv4(struct gt_tmpl_call *c)
{
	char text[GT_UUID_TEXT];

	return sprig__str(c, gt_arena_str(c->a, gt_str(gt_uuid4(text))));
}

const struct gt_tmpl_func gt_sprig_strings[] = {
	{"abbrev", "is", fn_abbrev},
	{"abbrevboth", "iis", fn_abbrevboth},
	{"cat", "a*", fn_cat},
	{"contains", "ss", fn_contains},
	{"hasPrefix", "ss", fn_has_prefix},
	{"hasSuffix", "ss", fn_has_suffix},
	{"hello", "", fn_hello},
	{"indent", "is", fn_indent},
	{"join", "sa", fn_join},
	{"nindent", "is", fn_nindent},
	{"plural", "ssi", fn_plural},
	{"quote", "a*", fn_quote},
	{"randAlpha", "i", fn_rand_alpha},
	{"randAlphaNum", "i", fn_rand_alpha_num},
	{"randAscii", "i", fn_rand_ascii},
	{"randNumeric", "i", fn_rand_numeric},
	{"repeat", "is", fn_repeat},
	{"replace", "sss", fn_replace},
	{"shuffle", "s", fn_shuffle},
	{"split", "ss", fn_split},
	{"splitList", "ss", fn_split_list},
	{"splitn", "sis", fn_splitn},
	{"squote", "a*", fn_squote},
	{"substr", "iis", fn_substr},
	{"toString", "a", fn_to_string},
	{"toStrings", "a", fn_to_strings},
	{"trim", "s", fn_trim},
	{"trimAll", "ss", fn_trim_all},
	{"trimPrefix", "ss", fn_trim_prefix},
	{"trimSuffix", "ss", fn_trim_suffix},
	{"trimall", "ss", fn_trim_all},
	{"trunc", "is", fn_trunc},
	{"uuidv4", "", fn_uuidv4},
	{"wrap", "is", fn_wrap},
	{"wrapWith", "iss", fn_wrap_with},
	{0},
};
