/*
 * What Go's decoder says of a text that is no JSON: a scanner that knows where it stands, run only
 * over texts that have failed to parse.
 */
#include <string.h>

#include "base/utf8.h"
#include "text/sprig/sprig_impl.h"
#include "text/template/quote.h"

#define DEPTH_MAX 10000

struct scan {
	struct gt_str s;
	size_t i;
	struct gt_buf *out;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_space(struct scan *sc)
{
	while (sc->i < sc->s.n && is_space(sc->s.p[sc->i]))
		sc->i++;
}

/* Says what is wrong with the character at the position; false for the caller to return. */
static bool fail(struct scan *sc, const char *context)
{
	if (sc->i >= sc->s.n) {
		gt_buf_adds(sc->out, "unexpected end of JSON input");
		return false;
	}
	gt_buf_adds(sc->out, "invalid character ");
	if (sc->s.p[sc->i] == '\'')
		gt_buf_adds(sc->out, "'\\''");
	else if (sc->s.p[sc->i] == '"')
		gt_buf_adds(sc->out, "'\"'");
	else
		gt_go_quote_rune(sc->out, (unsigned char)sc->s.p[sc->i], false);
	gt_buf_printf(sc->out, " %s", context);
	return false;
}

static bool scan_string(struct scan *sc)
{
	for (sc->i++; sc->i < sc->s.n; sc->i++) {
		char c = sc->s.p[sc->i];

		if (c == '"') {
			sc->i++;
			return true;
		}
		if ((unsigned char)c < 0x20)
			return fail(sc, "in string literal");
		if (c != '\\')
			continue;
		sc->i++;
		if (sc->i >= sc->s.n)
			break;
		c = sc->s.p[sc->i];
		if (c == 'u') {
			for (int n = 0; n < 4; n++) {
				sc->i++;
				if (sc->i >= sc->s.n ||
				    !strchr("0123456789abcdefABCDEF", sc->s.p[sc->i]) ||
				    !sc->s.p[sc->i])
					return fail(sc, "in \\u hexadecimal character escape");
			}
		} else if (!c || !strchr("bfnrt\\/\"", c)) {
			return fail(sc, "in string escape code");
		}
	}
	return fail(sc, "");
}

static bool digit_at(const struct scan *sc)
{
	return sc->i < sc->s.n && sc->s.p[sc->i] >= '0' && sc->s.p[sc->i] <= '9';
}

static void digits(struct scan *sc)
{
	while (digit_at(sc))
		sc->i++;
}

static bool scan_number(struct scan *sc)
{
	if (sc->s.p[sc->i] == '-') {
		sc->i++;
		if (!digit_at(sc))
			return fail(sc, "in numeric literal");
	}
	if (sc->s.p[sc->i] == '0')
		sc->i++;
	else
		digits(sc);
	if (sc->i < sc->s.n && sc->s.p[sc->i] == '.') {
		sc->i++;
		if (!digit_at(sc))
			return fail(sc, "after decimal point in numeric literal");
		digits(sc);
	}
	if (sc->i < sc->s.n && (sc->s.p[sc->i] | 0x20) == 'e') {
		sc->i++;
		if (sc->i < sc->s.n && (sc->s.p[sc->i] == '+' || sc->s.p[sc->i] == '-'))
			sc->i++;
		if (!digit_at(sc))
			return fail(sc, "in exponent of numeric literal");
		digits(sc);
	}
	return true;
}

static bool scan_word(struct scan *sc, const char *word)
{
	char context[48];

	for (size_t n = 1; word[n]; n++) {
		sc->i++;
		if (sc->i < sc->s.n && sc->s.p[sc->i] == word[n])
			continue;
		memcpy(context, "in literal ", 11);
		memcpy(context + 11, word, strlen(word) + 1);
		size_t len = strlen(context);
		memcpy(context + len, " (expecting 'x')", 17);
		context[len + 13] = word[n];
		return fail(sc, context);
	}
	sc->i++;
	return true;
}

static bool scan_scalar(struct scan *sc)
{
	char c = sc->i < sc->s.n ? sc->s.p[sc->i] : '\0';

	switch (c) {
	case '"': return scan_string(sc);
	case 't': return scan_word(sc, "true");
	case 'f': return scan_word(sc, "false");
	case 'n': return scan_word(sc, "null");
	default: break;
	}
	if (c == '-' || (c >= '0' && c <= '9'))
		return scan_number(sc);
	return fail(sc, "looking for beginning of value");
}

/* A key with its colon; first: the map has just been opened and may end here. */
static bool scan_key(struct scan *sc)
{
	skip_space(sc);
	if (sc->i >= sc->s.n || sc->s.p[sc->i] != '"')
		return fail(sc, "looking for beginning of object key string");
	if (!scan_string(sc))
		return false;
	skip_space(sc);
	if (sc->i >= sc->s.n || sc->s.p[sc->i] != ':')
		return fail(sc, "after object key");
	sc->i++;
	return true;
}

/* After a value: closes what ends here; *ret_more when another value follows. */
static bool scan_after(struct scan *sc, char *open, size_t *depth, bool *ret_more)
{
	*ret_more = false;
	while (*depth) {
		bool map = open[*depth - 1] == '{';

		skip_space(sc);
		char c = sc->i < sc->s.n ? sc->s.p[sc->i] : '\0';
		if (c == ',') {
			sc->i++;
			*ret_more = true;
			return map ? scan_key(sc) : true;
		}
		if (c != (map ? '}' : ']'))
			return fail(sc,
				    map ? "after object key:value pair" : "after array element");
		sc->i++;
		--*depth;
	}
	return true;
}

/* A value or the beginning of one. */
static bool scan_begin(struct scan *sc, char *open, size_t *depth, bool *ret_value)
{
	skip_space(sc);
	char c = sc->i < sc->s.n ? sc->s.p[sc->i] : '\0';
	*ret_value = true;
	if (c != '{' && c != '[')
		return scan_scalar(sc);
	if (*depth == DEPTH_MAX) {
		gt_buf_adds(sc->out, "exceeded max depth");
		return false;
	}
	sc->i++;
	skip_space(sc);
	if (sc->i < sc->s.n && sc->s.p[sc->i] == (c == '{' ? '}' : ']')) {
		sc->i++;
		return true;
	}
	open[(*depth)++] = c;
	*ret_value = false;
	return c == '{' ? scan_key(sc) : true;
}

void sprig__json_error(struct gt_buf *out, struct gt_str text)
{
	gt_autofree char *open = gt_xmalloc(DEPTH_MAX + 1);
	struct scan sc = {.s = text, .out = out};
	size_t depth = 0;

	for (bool more = true, whole; more;) {
		if (!scan_begin(&sc, open, &depth, &whole))
			return;
		if (whole && !scan_after(&sc, open, &depth, &more))
			return;
	}
	skip_space(&sc);
	if (sc.i < text.n)
		fail(&sc, "after top-level value");
}
