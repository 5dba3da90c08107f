/*
 * The lexer.  Outside of actions it hands out text, inside of them operands and, as they matter,
 * spaces.  White space next to a trim marker is cut here, so the parser never sees it.
 */
#include <string.h>

#include "base/utf8.h"
#include "text/template/ast_impl.h"
#include "text/template/quote.h"
#include "text/template/unicode.h"

#define END_OF_INPUT 0x110000u

static bool is_space(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_alphanumeric(uint32_t c)
{
	return c == '_' || (c != END_OF_INPUT && (gt_uni_is_letter(c) || gt_uni_is_digit(c)));
}

static struct gt_str rest_at(const struct tlexer *l, size_t pos)
{
	return gt_str_from(l->in, pos);
}

static uint32_t peek(const struct tlexer *l)
{
	size_t len;

	if (l->pos >= l->in.n)
		return END_OF_INPUT;
	return gt_utf8_decode(rest_at(l, l->pos), &len);
}

static uint32_t next(struct tlexer *l)
{
	size_t len = 0;

	if (l->pos >= l->in.n)
		return END_OF_INPUT;
	uint32_t c = gt_utf8_decode(rest_at(l, l->pos), &len);
	l->pos += len;
	if (c == '\n')
		l->line++;
	return c;
}

static uint32_t count_lines(struct gt_str s)
{
	uint32_t n = 0;

	for (const char *p = s.p, *end = s.p + s.n; s.n && p < end; n++) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			break;
		p++;
	}
	return n;
}

static struct ttoken emit(struct tlexer *l, enum ttok type)
{
	struct ttoken t = {type, (uint32_t)l->start, l->start_line,
			   gt_str_sub(l->in, l->start, l->pos - l->start)};

	l->start = l->pos;
	l->start_line = l->line;
	return t;
}

/* Drops what was scanned without looking at its lines yet. */
static void ignore(struct tlexer *l)
{
	l->line += count_lines(gt_str_sub(l->in, l->start, l->pos - l->start));
	l->start = l->pos;
	l->start_line = l->line;
}

static struct ttoken fail_str(struct tlexer *l, struct gt_str message)
{
	struct ttoken t = {TT_ERROR, (uint32_t)l->start, l->start_line, message};

	l->done = true;
	return t;
}

static struct ttoken fail(struct tlexer *l, const char *message)
{
	return fail_str(l, gt_str(message));
}

/* U+002D '-' */
static struct ttoken fail_char(struct tlexer *l, const char *what, uint32_t c)
{
	gt_auto_buf text = {0};

	if (c == END_OF_INPUT) {
		gt_buf_printf(&text, "%s U+FFFFFFFFFFFFFFFF", what);
	} else {
		gt_buf_printf(&text, "%s U+%04X", what, c);
		if (gt_uni_is_print(c)) {
			gt_buf_adds(&text, " '");
			gt_utf8_encode(&text, c);
			gt_buf_addc(&text, '\'');
		}
	}
	return fail_str(l, gt_arena_str(l->a, gt_buf_str(&text)));
}

static bool left_trim_marker(struct gt_str s)
{
	return s.n >= 2 && s.p[0] == '-' && is_space((unsigned char)s.p[1]);
}

static bool right_trim_marker(struct gt_str s)
{
	return s.n >= 2 && s.p[1] == '-' && is_space((unsigned char)s.p[0]);
}

static bool at_right_delim(const struct tlexer *l, bool *ret_trim)
{
	struct gt_str s = rest_at(l, l->pos);

	*ret_trim = right_trim_marker(s) && gt_str_starts(gt_str_from(s, 2), "}}");
	return *ret_trim || gt_str_starts(s, "}}");
}

static void skip_spaces(struct tlexer *l)
{
	while (l->pos < l->in.n && is_space((unsigned char)l->in.p[l->pos]))
		l->pos++;
}

/* False when a comment was read and the text goes on behind it. */
static bool comment(struct tlexer *l, struct ttoken *ret)
{
	bool trim;

	l->pos += 2;
	size_t end = gt_str_search(rest_at(l, l->pos), GT_STR_LIT("*/"));
	if (end == SIZE_MAX) {
		*ret = fail(l, "unclosed comment");
		return true;
	}
	l->pos += end + 2;
	if (!at_right_delim(l, &trim)) {
		*ret = fail(l, "comment ends before closing delimiter");
		return true;
	}
	l->pos += trim ? 4 : 2;
	if (trim)
		skip_spaces(l);
	ignore(l);
	return false;
}

static bool left_delim(struct tlexer *l, struct ttoken *ret)
{
	size_t marker;

	l->pos += 2;
	marker = left_trim_marker(rest_at(l, l->pos)) ? 2 : 0;
	if (gt_str_starts(rest_at(l, l->pos + marker), "/*")) {
		l->pos += marker;
		ignore(l);
		return comment(l, ret);
	}
	*ret = emit(l, TT_LEFT_DELIM);
	l->inside = true;
	l->pos += marker;
	ignore(l);
	l->parens = 0;
	return true;
}

static struct ttoken lex_text(struct tlexer *l)
{
	struct ttoken t;

	for (;;) {
		size_t x = gt_str_search(rest_at(l, l->pos), GT_STR_LIT("{{"));

		if (x == SIZE_MAX) {
			l->pos = l->in.n;
			l->line += count_lines(gt_str_sub(l->in, l->start, l->pos - l->start));
			return emit(l, l->pos > l->start ? TT_TEXT : TT_EOF);
		}
		if (x > 0) {
			size_t delim = l->pos + x, end = delim;

			if (left_trim_marker(rest_at(l, delim + 2)))
				while (end > l->start && is_space((unsigned char)l->in.p[end - 1]))
					end--;
			l->pos = end;
			l->line += count_lines(gt_str_sub(l->in, l->start, end - l->start));
			t = emit(l, TT_TEXT);
			l->pos = delim;
			ignore(l);
			if (t.val.n)
				return t;
		}
		if (left_delim(l, &t))
			return t;
	}
}

static struct ttoken right_delim(struct tlexer *l)
{
	bool trim;

	at_right_delim(l, &trim);
	if (trim) {
		l->pos += 2;
		ignore(l);
	}
	l->pos += 2;
	struct ttoken t = emit(l, TT_RIGHT_DELIM);
	if (trim) {
		skip_spaces(l);
		ignore(l);
	}
	l->inside = false;
	return t;
}

static struct ttoken lex_space(struct tlexer *l)
{
	size_t n = 0;

	while (is_space(peek(l))) {
		next(l);
		n++;
	}
	/* The space before a trim marker belongs to it. */
	if (right_trim_marker(rest_at(l, l->pos - 1)) &&
	    gt_str_starts(rest_at(l, l->pos + 1), "}}")) {
		l->pos--;
		if (l->in.p[l->pos] == '\n')
			l->line--;
		if (n == 1)
			return right_delim(l);
	}
	return emit(l, TT_SPACE);
}

static bool at_terminator(const struct tlexer *l)
{
	uint32_t c = peek(l);

	if (is_space(c) || c == END_OF_INPUT || (c < 0x80 && c && strchr(".,|:)(", (int)c)))
		return true;
	return gt_str_starts(rest_at(l, l->pos), "}}");
}

static struct ttoken lex_identifier(struct tlexer *l)
{
	static const struct {
		const char *word;
		enum ttok type;
	} words[] = {
		{"block", TT_BLOCK},
		{"break", TT_BREAK},
		{"continue", TT_CONTINUE},
		{"define", TT_DEFINE},
		{"else", TT_ELSE},
		{"end", TT_END},
		{"if", TT_IF},
		{"nil", TT_NIL},
		{"range", TT_RANGE},
		{"template", TT_TEMPLATE},
		{"with", TT_WITH},
		{"true", TT_BOOL},
		{"false", TT_BOOL},
	};

	while (is_alphanumeric(peek(l)))
		next(l);
	if (!at_terminator(l))
		return fail_char(l, "bad character", peek(l));
	struct gt_str word = gt_str_sub(l->in, l->start, l->pos - l->start);
	for (size_t i = 0; i < GT_COUNT(words); i++) {
		if (gt_str_is(word, words[i].word))
			return emit(l, words[i].type);
	}
	return emit(l, TT_IDENT);
}

static struct ttoken lex_field(struct tlexer *l, enum ttok type)
{
	if (at_terminator(l))
		return emit(l, type == TT_VARIABLE ? type : TT_DOT);
	while (is_alphanumeric(peek(l)))
		next(l);
	if (!at_terminator(l))
		return fail_char(l, "bad character", peek(l));
	return emit(l, type);
}

/* A quoted text up to its end; the opening quote is behind us. */
static struct ttoken lex_quoted(struct tlexer *l, uint32_t quote, enum ttok type,
				const char *message)
{
	for (;;) {
		uint32_t c = next(l);

		if (c == '\\')
			c = next(l) == '\n' ? '\n' : c;
		if (c == END_OF_INPUT || c == '\n')
			return fail(l, message);
		if (c == quote)
			return emit(l, type);
	}
}

static struct ttoken lex_raw(struct tlexer *l)
{
	for (;;) {
		uint32_t c = next(l);

		if (c == END_OF_INPUT)
			return fail(l, "unterminated raw quoted string");
		if (c == '`')
			return emit(l, TT_RAW_STRING);
	}
}

static bool accept(struct tlexer *l, const char *set)
{
	uint32_t c = peek(l);

	if (c == 0 || c >= 0x80 || !strchr(set, (int)c))
		return false;
	next(l);
	return true;
}

static void accept_run(struct tlexer *l, const char *set)
{
	while (accept(l, set))
		;
}

static bool scan_number(struct tlexer *l)
{
	const char *digits = "0123456789_";
	bool decimal = true, hex = false;

	accept(l, "+-");
	if (accept(l, "0")) {
		if (accept(l, "xX")) {
			digits = "0123456789abcdefABCDEF_";
			decimal = false;
			hex = true;
		} else if (accept(l, "oO")) {
			digits = "01234567_";
			decimal = false;
		} else if (accept(l, "bB")) {
			digits = "01_";
			decimal = false;
		}
	}
	accept_run(l, digits);
	if (accept(l, "."))
		accept_run(l, digits);
	if ((decimal && accept(l, "eE")) || (hex && accept(l, "pP"))) {
		accept(l, "+-");
		accept_run(l, "0123456789_");
	}
	accept(l, "i");
	if (is_alphanumeric(peek(l))) {
		next(l);
		return false;
	}
	return true;
}

static struct ttoken bad_number(struct tlexer *l)
{
	gt_auto_buf text = {0};

	gt_buf_adds(&text, "bad number syntax: ");
	gt_go_quote(&text, gt_str_sub(l->in, l->start, l->pos - l->start), false);
	return fail_str(l, gt_arena_str(l->a, gt_buf_str(&text)));
}

static struct ttoken lex_number(struct tlexer *l)
{
	uint32_t sign;

	if (!scan_number(l))
		return bad_number(l);
	sign = peek(l);
	if (sign != '+' && sign != '-')
		return emit(l, TT_NUMBER);
	if (!scan_number(l) || l->in.p[l->pos - 1] != 'i')
		return bad_number(l);
	return emit(l, TT_COMPLEX);
}

static struct ttoken lex_paren(struct tlexer *l, uint32_t c)
{
	l->parens += c == '(' ? 1 : -1;
	if (l->parens < 0)
		return fail(l, "unexpected right paren");
	return emit(l, c == '(' ? TT_LEFT_PAREN : TT_RIGHT_PAREN);
}

static struct ttoken lex_action(struct tlexer *l)
{
	bool trim;
	uint32_t c;

	if (at_right_delim(l, &trim))
		return l->parens ? fail(l, "unclosed left paren") : right_delim(l);
	c = peek(l);
	if (is_space(c))
		return lex_space(l);
	if (c == '+' || c == '-' || (c >= '0' && c <= '9'))
		return lex_number(l);
	if (is_alphanumeric(c))
		return lex_identifier(l);
	if (c == '.' && l->pos + 1 < l->in.n && l->in.p[l->pos + 1] >= '0' &&
	    l->in.p[l->pos + 1] <= '9')
		return lex_number(l);
	next(l);
	switch (c) {
	case END_OF_INPUT: return fail(l, "unclosed action");
	case '=': return emit(l, TT_ASSIGN);
	case ':':
		if (next(l) != '=')
			return fail(l, "expected :=");
		return emit(l, TT_DECLARE);
	case '|': return emit(l, TT_PIPE);
	case '"': return lex_quoted(l, '"', TT_STRING, "unterminated quoted string");
	case '\'': return lex_quoted(l, '\'', TT_CHARCONST, "unterminated character constant");
	case '`': return lex_raw(l);
	case '$': return lex_field(l, TT_VARIABLE);
	case '.':
		if (l->pos >= l->in.n) /* as the number that it might have started */
			return bad_number(l);
		return lex_field(l, TT_FIELD);
	case '(':
	case ')': return lex_paren(l, c);
	default:
		if (c < 0x80 && gt_uni_is_print(c))
			return emit(l, TT_CHAR);
		return fail_char(l, "unrecognized character in action:", c);
	}
}

void gt_tmpl__lex_init(struct tlexer *l, struct gt_arena *a, struct gt_str text)
{
	*l = (struct tlexer){.a = a, .in = text, .line = 1, .start_line = 1};
}

struct ttoken gt_tmpl__lex(struct tlexer *l)
{
	if (l->done)
		return (struct ttoken){TT_EOF, 0, l->start_line, GT_STR_LIT("EOF")};
	struct ttoken t = l->inside ? lex_action(l) : lex_text(l);
	if (t.type == TT_EOF)
		t.val = GT_STR_LIT("EOF");
	return t;
}
