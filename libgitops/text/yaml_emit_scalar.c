/*
 * How a scalar is written: the analysis and the four notations of go-yaml's emitter, which are
 * those of libyaml.  A notation is chosen from what the text contains; where one does not fit, the
 * next more careful one is taken: plain, single quotes, double quotes.
 */
#include <string.h>

#include "base/utf8.h"
#include "text/number.h"
#include "text/yaml_impl.h"

#define BEST_WIDTH 80
#define SIMPLE_KEY_MAX 128

/* What a text allows. */
struct analysis {
	bool multiline;
	bool plain; /* in block context */
	bool flow_plain;
	bool single;
	bool block;
};

static bool is_break(uint32_t c)
{
	return c == '\n' || c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

static bool is_printable(uint32_t c)
{
	if (c < 0x80)
		return c == '\n' || (c >= 0x20 && c <= 0x7e);
	return c >= 0xa0 && c <= 0xfffd && c != 0xfeff && !(c >= 0xd800 && c < 0xe000);
}

static uint32_t rune_at(struct gt_str s, size_t i, size_t *ret_len)
{
	if ((unsigned char)s.p[i] < 0x80) {
		*ret_len = 1;
		return (unsigned char)s.p[i];
	}
	return gt_utf8_decode(gt_str_from(s, i), ret_len);
}

static bool is_blank_at(struct gt_str s, size_t i)
{
	return i >= s.n || s.p[i] == ' ' || s.p[i] == '\t';
}

/* Indicators at the position, as bits: 1 forbids plain in flow context, 2 in block context. */
static unsigned indicators(struct gt_str s, size_t i, size_t len, bool after_blank)
{
	char c = s.p[i];
	bool before_blank = is_blank_at(s, i + len);

	if (i == 0) {
		if (c && strchr("#,[]{}&*!|>'\"%@`", c))
			return 3;
		if (c == '?' || c == ':')
			return before_blank ? 3 : 1;
		return c == '-' && before_blank ? 3 : 0;
	}
	if (c && strchr(",?[]{}", c))
		return 1;
	if (c == ':')
		return before_blank ? 3 : 1;
	return c == '#' && after_blank ? 3 : 0;
}

/*
 * Most texts are words like app-1 or apps/v1, about which nothing needs to be found out: they start
 * with a letter or a digit and go on with those and a few signs.
 */
static bool is_tame(struct gt_str s)
{
	static const unsigned char tame[256] = {
		['-'] = 1, ['.'] = 1,         ['/'] = 1,         ['_'] = 1,         ['+'] = 1,
		['='] = 1, ['0' ... '9'] = 3, ['A' ... 'Z'] = 3, ['a' ... 'z'] = 3,
	};

	if (s.n == 0 || tame[(unsigned char)s.p[0]] != 3)
		return false;
	for (size_t i = 1; i < s.n; i++) {
		if (!tame[(unsigned char)s.p[i]])
			return false;
	}
	return true;
}

static bool is_document_marker(struct gt_str s)
{
	return s.n >= 3 && (memcmp(s.p, "---", 3) == 0 || memcmp(s.p, "...", 3) == 0);
}

static struct analysis analyze(struct gt_str s, bool tabs_in_block)
{
	bool special = false, tabs = false, breaks = false, outer = false, trailing_space = false;
	bool break_space = false, space_break = false, was_space = false, was_break = false;
	bool after_blank = true;
	unsigned found = is_document_marker(s) ? 3 : 0;
	size_t len;

	if (s.n == 0)
		return (struct analysis){.plain = true, .single = true};
	for (size_t i = 0; i < s.n; i += len) {
		uint32_t c = rune_at(s, i, &len);
		bool edge = i == 0 || i + len == s.n;
		bool space = c == ' ', brk = is_break(c);

		found |= indicators(s, i, len, after_blank);
		if (c == '\t')
			tabs = true;
		else if (!is_printable(c))
			special = true;
		outer |= edge && (space || brk);
		trailing_space |= space && i + len == s.n;
		break_space |= space && was_break;
		space_break |= brk && was_space;
		breaks |= brk;
		was_space = space;
		was_break = brk;
		after_blank = space || brk || c == '\t' || c == 0;
	}
	bool bad = space_break || special || (tabs && !tabs_in_block);
	return (struct analysis){
		.multiline = breaks,
		.plain = !(outer || break_space || bad || tabs || breaks || (found & 2)),
		.flow_plain = !(outer || break_space || bad || tabs || breaks || (found & 1)),
		.single = !(break_space || bad || tabs),
		.block = !(trailing_space || bad),
	};
}

/* --- output ------------------------------------------------------------------------------- */

void gt_yaml__put(struct gt_yaml_out *o, const char *ascii, size_t n)
{
	gt_buf_add(o->buf, ascii, n);
	o->column += n;
	o->bol = false;
}

void gt_yaml__newline(struct gt_yaml_out *o, unsigned indent)
{
	if (!o->bol || o->column > indent) {
		gt_buf_addc(o->buf, '\n');
		o->column = 0;
	}
	gt_buf_fill(o->buf, ' ', indent - o->column);
	o->column = indent;
	o->bol = true;
}

/* Copies text in which nothing can break a line. */
static void put_run(struct gt_yaml_out *o, struct gt_str s)
{
	gt_buf_add_str(o->buf, s);
	o->column += gt_utf8_count(s);
	o->bol = false;
}

/* Copies one character that is no break. */
static void put_rune(struct gt_yaml_out *o, struct gt_str s, size_t i, size_t len)
{
	gt_buf_add(o->buf, s.p + i, len);
	o->column++;
	o->bol = false;
}

static void put_break(struct gt_yaml_out *o, struct gt_str s, size_t i, size_t len)
{
	gt_buf_add(o->buf, s.p + i, len);
	o->column = 0;
	o->bol = true;
}

static bool space_at(struct gt_str s, size_t i)
{
	return i < s.n && s.p[i] == ' ';
}

static bool may_fold(const struct gt_yaml_out *o, bool fold, bool after_space)
{
	return fold && !after_space && o->column > BEST_WIDTH;
}

static void put_plain(struct gt_yaml_out *o, struct gt_str s, bool fold, unsigned indent)
{
	bool spaces = false;
	size_t len;

	if (!fold || o->column + s.n <= BEST_WIDTH) {
		put_run(o, s);
		return;
	}
	for (size_t i = 0; i < s.n; i += len) {
		rune_at(s, i, &len);
		if (s.p[i] == ' ' && may_fold(o, fold, spaces) && !space_at(s, i + 1))
			gt_yaml__newline(o, indent);
		else
			put_rune(o, s, i, len);
		spaces = s.p[i] == ' ';
	}
}

static void put_single(struct gt_yaml_out *o, struct gt_str s, bool fold, unsigned indent)
{
	bool spaces = false, breaks = false;
	size_t len;

	gt_yaml__put(o, "'", 1);
	for (size_t i = 0; i < s.n; i += len) {
		uint32_t c = rune_at(s, i, &len);

		if (is_break(c)) {
			if (!breaks && c == '\n')
				put_break(o, s, i, len);
			put_break(o, s, i, len);
			breaks = true;
			continue;
		}
		if (c == ' ') {
			if (may_fold(o, fold, spaces) && i > 0 && i + 1 < s.n &&
			    !space_at(s, i + 1))
				gt_yaml__newline(o, indent);
			else
				put_rune(o, s, i, len);
			spaces = true;
			continue;
		}
		if (breaks)
			gt_yaml__newline(o, indent);
		if (c == '\'')
			gt_yaml__put(o, "'", 1);
		put_rune(o, s, i, len);
		spaces = breaks = false;
	}
	gt_yaml__put(o, "'", 1);
}

static void put_escape(struct gt_yaml_out *o, uint32_t c)
{
	static const struct {
		uint32_t rune;
		char name;
	} names[] = {
		{0, '0'},     {7, 'a'},    {8, 'b'},    {9, 't'},      {10, 'n'},
		{11, 'v'},    {12, 'f'},   {13, 'r'},   {27, 'e'},     {'"', '"'},
		{'\\', '\\'}, {0x85, 'N'}, {0xa0, '_'}, {0x2028, 'L'}, {0x2029, 'P'},
	};

	for (size_t i = 0; i < GT_COUNT(names); i++) {
		if (names[i].rune == c) {
			char text[2] = {'\\', names[i].name};
			gt_yaml__put(o, text, 2);
			return;
		}
	}
	int digits = c <= 0xff ? 2 : c <= 0xffff ? 4 : 8;
	size_t before = o->buf->n;
	gt_buf_printf(o->buf, "\\%c%0*X", digits == 2 ? 'x' : digits == 4 ? 'u' : 'U', digits, c);
	o->column += o->buf->n - before;
	o->bol = false;
}

static void put_double(struct gt_yaml_out *o, struct gt_str s, bool fold, unsigned indent)
{
	bool escape_all = gt_str_starts(s, "\xef\xbb\xbf"); /* go-yaml looks at the first only */
	bool spaces = false;
	size_t len;

	gt_yaml__put(o, "\"", 1);
	for (size_t i = 0; i < s.n; i += len) {
		uint32_t c = rune_at(s, i, &len);

		if (escape_all || !is_printable(c) || is_break(c) || c == '"' || c == '\\') {
			put_escape(o, c);
			spaces = false;
		} else if (c == ' ' && may_fold(o, fold, spaces) && i > 0 && i + 1 < s.n) {
			gt_yaml__newline(o, indent);
			if (space_at(s, i + 1))
				gt_yaml__put(o, "\\", 1);
			spaces = true;
		} else {
			put_rune(o, s, i, len);
			spaces = c == ' ';
		}
	}
	gt_yaml__put(o, "\"", 1);
}

/* The header of a block scalar: an indentation hint, and how the end is chomped. */
static void put_block_header(struct gt_yaml_out *o, struct gt_str s, char indicator)
{
	size_t len, breaks = 0;

	gt_yaml__put(o, &indicator, 1);
	uint32_t first = s.n ? rune_at(s, 0, &len) : 'x';
	if (first == ' ' || is_break(first))
		gt_yaml__put(o, "2", 1);

	struct gt_str rest = s;
	while (rest.n && breaks < 2) {
		size_t at = rest.n - 1;

		while (at > 0 && ((unsigned char)rest.p[at] & 0xc0) == 0x80)
			at--;
		if (!is_break(rune_at(rest, at, &len)))
			break;
		breaks++;
		rest.n = at;
	}
	if (breaks == 0)
		gt_yaml__put(o, "-", 1);
	else if (breaks == 2 || rest.n == 0)
		gt_yaml__put(o, "+", 1);
	put_break(o, GT_STR_LIT("\n"), 0, 1);
}

/* The first line break at or after a position, or the end. */
static size_t find_break(struct gt_str s, size_t i, bool separators, size_t *ret_len)
{
	*ret_len = 1;
	if (!separators) {
		size_t n = gt_str_find(gt_str_from(s, i), '\n');
		return n == SIZE_MAX ? s.n : i + n;
	}
	while (i < s.n && !is_break(rune_at(s, i, ret_len)))
		i += *ret_len;
	return i;
}

static void put_literal(struct gt_yaml_out *o, struct gt_str s, unsigned indent)
{
	/* Of the other breaks only U+2028 and U+2029 can stand in a literal. */
	bool separators = gt_str_search(s, GT_STR_LIT("\xe2\x80")) != SIZE_MAX;
	size_t len;

	put_block_header(o, s, '|');
	for (size_t i = 0; i < s.n; i += len) {
		size_t end = find_break(s, i, separators, &len);

		if (end > i) {
			gt_yaml__newline(o, indent);
			put_run(o, gt_str_sub(s, i, end - i));
		}
		if (end == s.n)
			return;
		put_break(o, s, end, len);
		len += end - i;
	}
}

/* --- choice ------------------------------------------------------------------------------- */

static bool reads_as_string(struct gt_str s)
{
	return gt_yaml__resolve(s, GT_YAML_GO_V2) == GT_YAML_STR && !gt_yaml__is_base60(s);
}

/* The notation Go's encoders ask for, before the analysis of the text has its say. */
static enum gt_style wanted_style(const struct gt_yaml_out *o, struct gt_str s, enum gt_style hint)
{
	if (o->style & GT_YAML_KEEP_STYLE && hint >= GT_STYLE_SINGLE && hint <= GT_STYLE_FOLDED)
		return hint == GT_STYLE_FOLDED ? GT_STYLE_LITERAL : hint;
	if (gt_str_find(s, '\n') != SIZE_MAX)
		return GT_STYLE_LITERAL;
	return reads_as_string(s) ? GT_STYLE_PLAIN : GT_STYLE_DOUBLE;
}

static void put_string(struct gt_yaml_out *o, struct gt_str s, enum gt_style hint, bool simple_key,
		       unsigned indent)
{
	bool fold = !simple_key && !(o->style & GT_YAML_NO_FOLD);

	if (is_tame(s) && !(o->style & GT_YAML_KEEP_STYLE)) {
		if (reads_as_string(s))
			gt_yaml__put(o, s.p, s.n);
		else
			put_double(o, s, fold, indent);
		return;
	}
	struct analysis a = analyze(s, o->style & GT_YAML_KEEP_STYLE);
	enum gt_style style = wanted_style(o, s, hint);

	if (simple_key && a.multiline)
		style = GT_STYLE_DOUBLE;
	if (style == GT_STYLE_PLAIN && (!a.plain || (s.n == 0 && simple_key)))
		style = GT_STYLE_SINGLE;
	if (style == GT_STYLE_SINGLE && !a.single)
		style = GT_STYLE_DOUBLE;
	if (style == GT_STYLE_LITERAL && (!a.block || simple_key))
		style = GT_STYLE_DOUBLE;

	switch (style) {
	case GT_STYLE_PLAIN: put_plain(o, s, fold, indent); break;
	case GT_STYLE_SINGLE: put_single(o, s, fold, indent); break;
	case GT_STYLE_LITERAL: put_literal(o, s, indent); break;
	default: put_double(o, s, fold, indent); break;
	}
}

/* Numbers as Go prints them after reading them as int64, uint64 or else float64. */
static void put_number(struct gt_yaml_out *o, const struct gt_node *n)
{
	char text[GT_DOUBLE_TEXT];
	struct gt_str s = gt_node_text(n);
	double d;
	int64_t i;
	uint64_t u;

	if (o->style & GT_YAML_KEEP_STYLE) {
		gt_yaml__put(o, s.p, s.n);
		return;
	}
	if (n->kind == GT_FLOAT && gt_number_double(s, &d)) {
		gt_double_json(d, text);
		s = gt_str(text);
	}
	if (gt_str_is(s, "-0"))
		s = gt_str("0");
	if (!gt_str_i64(s, &i) && !gt_str_u64(s, &u) && gt_number_double(s, &d)) {
		gt_double_g(d, text);
		s = gt_str(text);
	}
	gt_yaml__put(o, s.p, s.n);
}

/* Invalid UTF-8 cannot be written; each bad byte becomes U+FFFD. */
static struct gt_str repair(struct gt_buf *buf, struct gt_str s)
{
	size_t len;

	if (is_tame(s) || gt_utf8_valid(s))
		return s;
	for (size_t i = 0; i < s.n; i += len)
		gt_utf8_encode(buf, gt_utf8_decode(gt_str_from(s, i), &len));
	return gt_buf_str(buf);
}

void gt_yaml__put_scalar(struct gt_yaml_out *o, const struct gt_node *n, unsigned indent)
{
	gt_auto_buf repaired = {0};

	switch (gt_node_kind(n)) {
	case GT_BOOL: gt_yaml__put(o, n->truth ? "true" : "false", n->truth ? 4 : 5); break;
	case GT_INT:
	case GT_FLOAT: put_number(o, n); break;
	case GT_STR:
		put_string(o, repair(&repaired, gt_node_text(n)), (enum gt_style)n->style, false,
			   indent);
		break;
	default: gt_yaml__put(o, "null", 4); break;
	}
}

bool gt_yaml__is_simple_key(struct gt_str key)
{
	return key.n <= SIMPLE_KEY_MAX && (is_tame(key) || !analyze(key, false).multiline);
}

void gt_yaml__put_key(struct gt_yaml_out *o, struct gt_str key, bool simple, unsigned indent)
{
	gt_auto_buf repaired = {0};

	put_string(o, repair(&repaired, key), GT_STYLE_ANY, simple, indent);
}
