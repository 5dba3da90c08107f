/* Upper, lower, camel and snake. */
#include "base/utf8.h"
#include "text/sprig/sprig_impl.h"
#include "text/template/unicode.h"

static int map_runes(struct gt_tmpl_call *c, uint32_t (*map)(uint32_t))
{
	struct gt_str s = c->arg[0].s;
	gt_auto_buf out = {0};
	size_t len;

	for (; s.n; s = gt_str_from(s, len))
		gt_utf8_encode(&out, map(gt_utf8_decode(s, &len)));
	return gt_tmpl_return_buf(c, &out);
}

static int fn_upper(struct gt_tmpl_call *c)
{
	return map_runes(c, gt_uni_upper);
}

static int fn_lower(struct gt_tmpl_call *c)
{
	return map_runes(c, gt_uni_lower);
}

/* What ends a word for strings.Title. */
static bool is_separator(uint32_t r)
{
	if (r < 0x80)
		return !(gt_uni_is_letter(r) || gt_uni_is_digit(r) || r == '_');
	if (gt_uni_is_letter(r) || gt_uni_is_digit(r))
		return false;
	return gt_uni_is_space(r);
}

static int fn_title(struct gt_tmpl_call *c)
{
	struct gt_str s = c->arg[0].s;
	uint32_t before = ' ';
	gt_auto_buf out = {0};
	size_t len;

	for (; s.n; s = gt_str_from(s, len)) {
		uint32_t r = gt_utf8_decode(s, &len);

		gt_utf8_encode(&out, is_separator(before) ? gt_uni_title(r) : r);
		before = r;
	}
	return gt_tmpl_return_buf(c, &out);
}

static int fn_untitle(struct gt_tmpl_call *c)
{
	struct gt_str s = c->arg[0].s;
	bool start = true;
	gt_auto_buf out = {0};
	size_t len;

	for (; s.n; s = gt_str_from(s, len)) {
		uint32_t r = gt_utf8_decode(s, &len);

		gt_utf8_encode(&out, start ? gt_uni_lower(r) : r);
		start = gt_uni_is_space(r);
	}
	return gt_tmpl_return_buf(c, &out);
}

static int fn_swapcase(struct gt_tmpl_call *c)
{
	struct gt_str s = c->arg[0].s;
	bool start = true;
	gt_auto_buf out = {0};
	size_t len;

	for (; s.n; s = gt_str_from(s, len)) {
		uint32_t r = gt_utf8_decode(s, &len);

		if (gt_uni_is_upper(r) || gt_uni_is_title(r))
			gt_utf8_encode(&out, gt_uni_lower(r));
		else if (gt_uni_is_lower(r))
			gt_utf8_encode(&out, start ? gt_uni_title(r) : gt_uni_upper(r));
		else
			gt_utf8_encode(&out, r);
		start = gt_uni_is_space(r);
	}
	return gt_tmpl_return_buf(c, &out);
}

/* Upstream looks at bytes as if they were Latin-1, and writes what it takes as such. */
static int fn_initials(struct gt_tmpl_call *c)
{
	struct gt_str s = c->arg[0].s;
	bool start = true;
	gt_auto_buf out = {0};

	for (size_t i = 0; i < s.n; i++) {
		unsigned char b = (unsigned char)s.p[i];
		bool space = gt_uni_is_space(b);

		if (start && !space)
			gt_utf8_encode(&out, b);
		start = space;
	}
	return gt_tmpl_return_buf(c, &out);
}

/* Bytes as Latin-1 here too. */
static int fn_nospace(struct gt_tmpl_call *c)
{
	struct gt_str s = c->arg[0].s;
	gt_auto_buf out = {0};
	bool any = false;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char b = (unsigned char)s.p[i];

		if (gt_uni_is_space(b))
			any = true;
		else
			gt_utf8_encode(&out, b);
	}
	return any ? gt_tmpl_return_buf(c, &out) : sprig__str(c, s);
}

/* --- camel -------------------------------------------------------------------------------- */

static bool is_connector(uint32_t r)
{
	return r == '-' || r == '_' || gt_uni_is_space(r);
}

struct runes {
	uint32_t *v;
	size_t n;
};

static struct runes runes_of(struct gt_arena *a, struct gt_str s)
{
	struct runes r = {gt_arena_alloc(a, (s.n + 1) * sizeof *r.v), 0};
	size_t len;

	for (; r.v && s.n; s = gt_str_from(s, len))
		r.v[r.n++] = gt_utf8_decode(s, &len);
	return r;
}

/* A word from i on: its first letter large, a run of large ones after it small. */
static size_t put_camel_word(struct gt_buf *out, struct runes r, size_t i)
{
	bool small = false;

	gt_utf8_encode(out, gt_uni_upper(r.v[i++]));
	for (; i < r.n && !is_connector(r.v[i]); i++) {
		bool upper = gt_uni_is_upper(r.v[i]);

		small |= gt_uni_is_lower(r.v[i]);
		gt_utf8_encode(out, upper && !small ? gt_uni_lower(r.v[i]) : r.v[i]);
	}
	return i;
}

static int fn_camelcase(struct gt_tmpl_call *c)
{
	struct runes r = runes_of(c->a, c->arg[0].s);
	gt_auto_buf out = {0};
	size_t i = 0;

	for (; i < r.n && is_connector(r.v[i]); i++)
		gt_utf8_encode(&out, r.v[i]);
	while (i < r.n) {
		i = put_camel_word(&out, r, i);
		if (i >= r.n)
			break;
		size_t first = i++;
		for (; i < r.n && is_connector(r.v[i]); i++)
			gt_utf8_encode(&out, r.v[i]);
		if (i == r.n) /* nothing follows: all of the run stays */
			gt_utf8_encode(&out, r.v[first]);
	}
	return gt_tmpl_return_buf(c, &out);
}

/* --- snake and kebab ---------------------------------------------------------------------- */

enum word_type { W_NONE, W_NUMBER, W_UPPER, W_ALPHABET, W_CONNECTOR, W_PUNCT, W_OTHER };

static enum word_type type_of(uint32_t r)
{
	if (is_connector(r))
		return W_CONNECTOR;
	if (gt_uni_is_punct(r))
		return W_PUNCT;
	if (gt_uni_is_upper(r))
		return W_UPPER;
	if (gt_uni_is_letter(r) && (gt_uni_is_lower(r) || gt_uni_is_title(r) || r < 0x2e80))
		return W_ALPHABET;
	if (gt_uni_is_letter(r) && !(r >= 0x2e80 && r < 0xa000) && !(r >= 0xf900 && r < 0xfb00) &&
	    r < 0x20000)
		return W_ALPHABET;
	return gt_uni_is_number(r) ? W_NUMBER : W_OTHER;
}

/* The end of the word that starts at i. */
static size_t word_end(struct runes r, size_t i, enum word_type type)
{
	size_t start = i++;

	if (type == W_UPPER) {
		if (i < r.n && type_of(r.v[i]) == W_UPPER) {
			while (i < r.n && type_of(r.v[i]) == W_UPPER)
				i++;
			/* The last capital starts a word of its own when a letter follows. */
			if (i < r.n && type_of(r.v[i]) == W_ALPHABET && i - start > 1)
				i--;
			return i;
		}
		while (i < r.n && type_of(r.v[i]) == W_ALPHABET)
			i++;
		return i;
	}
	while (i < r.n && type_of(r.v[i]) == type)
		i++;
	return i;
}

struct word {
	enum word_type type;
	size_t start, end;
};

static struct word next_word(struct runes r, size_t i)
{
	struct word w = {W_NONE, i, i};

	if (i < r.n) {
		w.type = type_of(r.v[i]);
		w.end = word_end(r, i, w.type);
	}
	return w;
}

static void put_word(struct gt_buf *out, struct runes r, struct word w, uint32_t connector)
{
	for (size_t i = w.start; i < w.end; i++) {
		uint32_t rune = r.v[i];

		if (w.type == W_UPPER)
			rune = gt_uni_lower(rune);
		else if (w.type == W_CONNECTOR)
			rune = connector;
		gt_utf8_encode(out, rune);
	}
}

static bool is_solid(enum word_type type)
{
	return type != W_NONE && type != W_CONNECTOR && type != W_PUNCT;
}

/* Numbers and letter runs that stay glued together after a number. */
static struct word put_number_run(struct gt_buf *out, struct runes r, struct word w,
				  uint32_t connector)
{
	for (;;) {
		put_word(out, r, w, connector);
		struct word next = next_word(r, w.end);
		if (next.type != W_NUMBER && next.type != W_ALPHABET)
			return next;
		w = next;
	}
}

static int snake(struct gt_tmpl_call *c, uint32_t connector)
{
	struct runes r = runes_of(c->a, c->arg[0].s);
	struct word w = next_word(r, 0), before = {W_NONE, 0, 0};
	gt_auto_buf out = {0};

	while (w.type != W_NONE) {
		struct word next = next_word(r, w.end);
		bool joined = is_solid(before.type);

		if (w.type == W_NUMBER && next.type == W_ALPHABET) {
			if (joined)
				gt_utf8_encode(&out, connector);
			before = w;
			w = put_number_run(&out, r, w, connector);
			continue;
		}
		if (joined && is_solid(w.type) && w.type != W_NUMBER)
			gt_utf8_encode(&out, connector);
		put_word(&out, r, w, connector);
		before = w;
		w = next;
	}
	return gt_tmpl_return_buf(c, &out);
}

static int fn_snakecase(struct gt_tmpl_call *c)
{
	return snake(c, '_');
}

static int fn_kebabcase(struct gt_tmpl_call *c)
{
	return snake(c, '-');
}

const struct gt_tmpl_func gt_sprig_cases[] = {
	{"camelcase", "s", fn_camelcase},
	{"initials", "s", fn_initials},
	{"kebabcase", "s", fn_kebabcase},
	{"lower", "s", fn_lower},
	{"nospace", "s", fn_nospace},
	{"snakecase", "s", fn_snakecase},
	{"swapcase", "s", fn_swapcase},
	{"title", "s", fn_title},
	{"untitle", "s", fn_untitle},
	{"upper", "s", fn_upper},
	{0},
};
