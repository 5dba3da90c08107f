/* Regular expressions; the subject is the second argument. */
#include <string.h>

#include "base/utf8.h"
#include "text/regex.h"
#include "text/sprig/sprig_impl.h"
#include "text/template/unicode.h"

#define GROUPS_MAX 100

static void free_regex(struct gt_regex **re)
{
	gt_regex_free(*re);
}
#define auto_regex __attribute__((cleanup(free_regex))) struct gt_regex

/* must: the error is returned; else it is Go's panic, which quotes the pattern first. */
static int compile(struct gt_tmpl_call *c, bool must, struct gt_regex **ret)
{
	struct gt_err err;

	if (gt_regex_new(c->arg[0].s, ret, &err) >= 0)
		return GT_OK;
	if (must)
		return gt_tmpl_throw(c, "%s", err.text);
	return gt_tmpl_throw(c, "regexp: Compile(`%.*s`): %s", GT_STR_ARG(c->arg[0].s), err.text);
}

static bool is_must(const struct gt_tmpl_call *c)
{
	return strncmp(c->f->name, "must", 4) == 0;
}

static int fn_match(struct gt_tmpl_call *c)
{
	auto_regex *re = NULL;
	struct gt_err err;

	if (gt_regex_new(c->arg[0].s, &re, &err) < 0)
		return is_must(c) ? gt_tmpl_throw(c, "%s", err.text) : sprig__bool(c, false);
	return sprig__bool(c, gt_regex_match(re, c->arg[1].s));
}

static int fn_find(struct gt_tmpl_call *c)
{
	auto_regex *re = NULL;
	struct gt_str found;
	int rc = compile(c, is_must(c), &re);

	if (rc < 0)
		return rc;
	return sprig__str(c, gt_regex_find(re, c->arg[1].s, 0, &found, 1) ? found : GT_STR_LIT(""));
}

/* Walks over the matches; an empty one right after another is skipped. */
struct matches {
	const struct gt_regex *re;
	struct gt_str s;
	size_t at, last_end;
	bool any;
};

static bool next_match(struct matches *m, struct gt_str *groups, size_t n)
{
	size_t len;

	while (m->at <= m->s.n && gt_regex_find(m->re, m->s, m->at, groups, n)) {
		size_t start = (size_t)(groups[0].p - m->s.p), end = start + groups[0].n;
		bool empty = groups[0].n == 0, skip = empty && m->any && start == m->last_end;

		if (!empty) {
			m->at = end;
		} else if (end < m->s.n) {
			gt_utf8_decode(gt_str_from(m->s, end), &len);
			m->at = end + len;
		} else {
			m->at = m->s.n + 1;
		}
		m->last_end = end;
		m->any = true;
		if (!skip)
			return true;
	}
	return false;
}

static struct gt_str subject(const struct gt_tmpl_call *c)
{
	struct gt_str s = c->arg[1].s;

	return s.p ? s : GT_STR_LIT("");
}

static int fn_find_all(struct gt_tmpl_call *c)
{
	auto_regex *re = NULL;
	struct gt_str found;
	int64_t n = c->arg[2].i;
	int rc = compile(c, is_must(c), &re);

	if (rc < 0)
		return rc;
	struct matches m = {.re = re, .s = subject(c)};
	c->ret = (struct gt_value){.kind = GT_V_STRS};
	while ((n < 0 || (int64_t)gt_vlist_n(c->ret) < n) && next_match(&m, &found, 1) &&
	       !c->a->failed) {
		if (!c->ret.list)
			c->ret = gt_vlist_new(c->a, GT_V_STRS, 0);
		gt_vlist_add(c->a, c->ret, gt_vstr(found));
	}
	return GT_OK;
}

static int fn_split(struct gt_tmpl_call *c)
{
	auto_regex *re = NULL;
	struct gt_str found, s = subject(c);
	int64_t n = c->arg[2].i;
	size_t begin = 0;
	int rc = compile(c, is_must(c), &re);

	if (rc < 0)
		return rc;
	c->ret = (struct gt_value){.kind = GT_V_STRS};
	if (n == 0)
		return GT_OK;
	c->ret = gt_vlist_new(c->a, GT_V_STRS, 0);
	if (c->arg[0].s.n && s.n == 0) {
		gt_vlist_add(c->a, c->ret, gt_vstr(GT_STR_LIT("")));
		return GT_OK;
	}
	struct matches m = {.re = re, .s = s};
	size_t end = 0;
	while ((n < 0 || (int64_t)gt_vlist_n(c->ret) < n - 1) && next_match(&m, &found, 1) &&
	       !c->a->failed) {
		size_t start = (size_t)(found.p - s.p);

		end = start;
		if (start + found.n != 0)
			gt_vlist_add(c->a, c->ret, gt_vstr(gt_str_sub(s, begin, start - begin)));
		begin = start + found.n;
	}
	if (end != s.n)
		gt_vlist_add(c->a, c->ret, gt_vstr(gt_str_from(s, begin)));
	return GT_OK;
}

/* --- replacing ---------------------------------------------------------------------------- */

static bool is_name_rune(uint32_t r)
{
	return r == '_' || gt_uni_is_letter(r) || gt_uni_is_digit(r);
}

/* The name after a '$'; *ret_n is what it takes of the text, 0 when it is malformed. */
static struct gt_str group_name(struct gt_str s, size_t *ret_n)
{
	bool brace = s.n && s.p[0] == '{';
	size_t i = brace, len;

	while (i < s.n && is_name_rune(gt_utf8_decode(gt_str_from(s, i), &len)))
		i += len;
	struct gt_str name = gt_str_sub(s, brace, i - brace);
	*ret_n = i;
	if (name.n == 0 || (brace && (i >= s.n || s.p[i] != '}')))
		*ret_n = 0;
	else if (brace)
		*ret_n = i + 1;
	return name;
}

static void put_group(struct gt_buf *out, const struct gt_regex *re, struct gt_str name,
		      const struct gt_str *groups, size_t n)
{
	uint64_t index;

	if (!gt_str_u64(name, &index))
		index = gt_regex_group(re, name);
	else if (index == 0 && n) {
		gt_buf_add_str(out, groups[0]);
		return;
	}
	if (index > 0 && index < n && groups[index].p)
		gt_buf_add_str(out, groups[index]);
}

static void expand(struct gt_buf *out, const struct gt_regex *re, struct gt_str to,
		   const struct gt_str *groups, size_t n)
{
	size_t at, used;

	while ((at = gt_str_find(to, '$')) != SIZE_MAX) {
		gt_buf_add(out, to.p, at);
		to = gt_str_from(to, at + 1);
		if (to.n && to.p[0] == '$') {
			gt_buf_addc(out, '$');
			to = gt_str_from(to, 1);
			continue;
		}
		struct gt_str name = group_name(to, &used);
		if (used == 0) {
			gt_buf_addc(out, '$');
			continue;
		}
		put_group(out, re, name, groups, n);
		to = gt_str_from(to, used);
	}
	gt_buf_add_str(out, to);
}

static int replace(struct gt_tmpl_call *c, bool literal)
{
	auto_regex *re = NULL;
	struct gt_str groups[GROUPS_MAX], s = subject(c);
	gt_auto_buf out = {0};
	size_t begin = 0;
	int rc = compile(c, is_must(c), &re);

	if (rc < 0)
		return rc;
	size_t n = gt_regex_groups(re) + 1;
	if (n > GROUPS_MAX)
		n = GROUPS_MAX;
	struct matches m = {.re = re, .s = s};
	while (next_match(&m, groups, literal ? 1 : n) && !out.failed) {
		size_t start = (size_t)(groups[0].p - s.p);

		gt_buf_add(&out, s.p + begin, start - begin);
		if (literal)
			gt_buf_add_str(&out, c->arg[2].s);
		else
			expand(&out, re, c->arg[2].s, groups, n);
		begin = start + groups[0].n;
	}
	gt_buf_add_str(&out, gt_str_from(s, begin));
	return gt_tmpl_return_buf(c, &out);
}

static int fn_replace_all(struct gt_tmpl_call *c)
{
	return replace(c, false);
}

static int fn_replace_literal(struct gt_tmpl_call *c)
{
	return replace(c, true);
}

static int fn_quote_meta(struct gt_tmpl_call *c)
{
	struct gt_str s = c->arg[0].s;
	gt_auto_buf out = {0};

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] && strchr("\\.+*?()|[]{}^$", s.p[i]))
			gt_buf_addc(&out, '\\');
		gt_buf_addc(&out, s.p[i]);
	}
	return gt_tmpl_return_buf(c, &out);
}

const struct gt_tmpl_func gt_sprig_regexes[] = {
	{"mustRegexFind", "ss", fn_find},
	{"mustRegexFindAll", "ssi", fn_find_all},
	{"mustRegexMatch", "ss", fn_match},
	{"mustRegexReplaceAll", "sss", fn_replace_all},
	{"mustRegexReplaceAllLiteral", "sss", fn_replace_literal},
	{"mustRegexSplit", "ssi", fn_split},
	{"regexFind", "ss", fn_find},
	{"regexFindAll", "ssi", fn_find_all},
	{"regexMatch", "ss", fn_match},
	{"regexQuoteMeta", "s", fn_quote_meta},
	{"regexReplaceAll", "sss", fn_replace_all},
	{"regexReplaceAllLiteral", "sss", fn_replace_literal},
	{"regexSplit", "ssi", fn_split},
	{0},
};
