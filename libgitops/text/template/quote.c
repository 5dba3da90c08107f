#include "text/template/quote.h"

#include <string.h>

#include "base/utf8.h"
#include "text/template/unicode.h"

static void put_escaped(struct gt_buf *out, uint32_t c, char quote, bool ascii)
{
	static const char controls[] = "\a\b\f\n\r\t\v", letters[] = "abfnrtv";
	const char *at;

	if (c == (uint32_t)quote || c == '\\') {
		gt_buf_addc(out, '\\');
		gt_buf_addc(out, (char)c);
	} else if (ascii ? c < 0x80 && gt_uni_is_print(c) : gt_uni_is_print(c)) {
		gt_utf8_encode(out, c);
	} else if (c && c < 0x80 && (at = strchr(controls, (int)c)) != NULL) {
		gt_buf_addc(out, '\\');
		gt_buf_addc(out, letters[at - controls]);
	} else if (c < ' ' || c == 0x7f) {
		gt_buf_printf(out, "\\x%02x", c);
	} else if (c < 0x10000) {
		gt_buf_printf(out, "\\u%04x", c);
	} else {
		gt_buf_printf(out, "\\U%08x", c);
	}
}

void gt_go_quote(struct gt_buf *out, struct gt_str s, bool ascii)
{
	size_t len;

	gt_buf_addc(out, '"');
	for (size_t i = 0; i < s.n; i += len) {
		uint32_t c = gt_utf8_decode(gt_str_from(s, i), &len);

		if (c == GT_RUNE_ERROR && len == 1)
			gt_buf_printf(out, "\\x%02x", (unsigned char)s.p[i]);
		else
			put_escaped(out, c, '"', ascii);
	}
	gt_buf_addc(out, '"');
}

void gt_go_quote_rune(struct gt_buf *out, uint32_t rune, bool ascii)
{
	if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
		rune = GT_RUNE_ERROR;
	gt_buf_addc(out, '\'');
	put_escaped(out, rune, '\'', ascii);
	gt_buf_addc(out, '\'');
}

static bool hex_run(struct gt_str *s, size_t n, uint32_t *ret)
{
	uint32_t v = 0;

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = s->p[i], lower = (char)(c | 0x20);

		if (c >= '0' && c <= '9')
			v = v * 16 + (uint32_t)(c - '0');
		else if (lower >= 'a' && lower <= 'f')
			v = v * 16 + (uint32_t)(lower - 'a' + 10);
		else
			return false;
	}
	*s = gt_str_from(*s, n);
	*ret = v;
	return true;
}

static bool octal_run(struct gt_str *s, uint32_t *ret)
{
	uint32_t v = 0;

	if (s->n < 3)
		return false;
	for (size_t i = 0; i < 3; i++) {
		if (s->p[i] < '0' || s->p[i] > '7')
			return false;
		v = v * 8 + (uint32_t)(s->p[i] - '0');
	}
	*s = gt_str_from(*s, 3);
	*ret = v;
	return v <= 255;
}

/* One escape after its backslash; *ret_byte: the value is a byte and no code point. */
static bool take_escape(struct gt_str *s, char quote, uint32_t *ret, bool *ret_byte)
{
	static const char letters[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
	const char *at;
	char c;

	if (s->n == 0)
		return false;
	c = s->p[0];
	*ret_byte = false;
	if (c >= '0' && c <= '7') {
		*ret_byte = true;
		return octal_run(s, ret);
	}
	*s = gt_str_from(*s, 1);
	if (c == quote) {
		*ret = (uint32_t)c;
		return true;
	}
	if (c && (at = strchr(letters, c)) != NULL) {
		*ret = (uint32_t)values[at - letters];
		return true;
	}
	if (c == 'x') {
		*ret_byte = true;
		return hex_run(s, 2, ret);
	}
	if (c != 'u' && c != 'U')
		return false;
	return hex_run(s, c == 'u' ? 4 : 8, ret) && *ret <= 0x10ffff &&
	       !(*ret >= 0xd800 && *ret < 0xe000);
}

static bool unquote_raw(struct gt_buf *out, struct gt_str body)
{
	for (size_t i = 0; i < body.n; i++) {
		if (body.p[i] == '`')
			return false;
		if (body.p[i] != '\r')
			gt_buf_addc(out, body.p[i]);
	}
	return true;
}

bool gt_go_unquote(struct gt_buf *out, struct gt_str quoted)
{
	if (quoted.n < 2 || quoted.p[0] != quoted.p[quoted.n - 1])
		return false;
	char quote = quoted.p[0];
	struct gt_str s = gt_str_sub(quoted, 1, quoted.n - 2);
	if (quote == '`')
		return unquote_raw(out, s);
	if (quote != '"')
		return false;
	while (s.n) {
		uint32_t c;
		bool byte;

		if (s.p[0] == '"' || s.p[0] == '\n')
			return false;
		if (s.p[0] != '\\') {
			gt_buf_addc(out, s.p[0]);
			s = gt_str_from(s, 1);
			continue;
		}
		s = gt_str_from(s, 1);
		if (!take_escape(&s, quote, &c, &byte))
			return false;
		if (byte)
			gt_buf_addc(out, (char)c);
		else
			gt_utf8_encode(out, c);
	}
	return true;
}

bool gt_go_unquote_rune(struct gt_str quoted, uint32_t *ret_rune)
{
	size_t len;
	bool byte;

	if (quoted.n < 3 || quoted.p[0] != '\'' || quoted.p[quoted.n - 1] != '\'')
		return false;
	struct gt_str s = gt_str_sub(quoted, 1, quoted.n - 2);
	if (s.p[0] == '\\') {
		s = gt_str_from(s, 1);
		return take_escape(&s, '\'', ret_rune, &byte) && s.n == 0;
	}
	*ret_rune = gt_utf8_decode(s, &len);
	return len == s.n && s.p[0] != '\'' && s.p[0] != '\n';
}
