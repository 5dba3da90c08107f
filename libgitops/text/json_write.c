/* The JSON writer: the bytes Go's encoding/json would write. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/json.h"
#include "text/json_scan.h"
#include "text/number.h"

struct writer {
	struct gt_buf *out;
	unsigned style;
	unsigned indent;
};

static void write_escape(struct gt_buf *out, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char named[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
	const char *at = c ? strchr(named, c) : NULL;

	if (at) {
		char text[2] = {'\\', names[at - named]};
		gt_buf_add(out, text, sizeof text);
	} else {
		char text[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
		gt_buf_add(out, text, sizeof text);
	}
}

static bool is_html(char c)
{
	return c == '<' || c == '>' || c == '&';
}

/* How many bytes can be written as they are; look: bytes from 0x80 on are for write_special. */
static size_t plain_run(struct gt_str s, bool html, bool look)
{
	const char *p = s.p, *end = s.p + s.n;
	uint64_t ignored = 0;

	if (!html && !look)
		return (size_t)(gt_json__skip_plain(p, end, &ignored) - p);
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c < 0x20 || c == '"' || c == '\\' || (html && is_html(*p)) ||
		    (look && c >= 0x80))
			break;
	}
	return (size_t)(p - s.p);
}

/* One character that is not plain: an escape, or one from U+0080 on.  Returns its length. */
static size_t write_special(struct gt_buf *out, struct gt_str s)
{
	unsigned char c = (unsigned char)s.p[0];
	size_t len;

	if (c < 0x80) {
		write_escape(out, c);
		return 1;
	}

	uint32_t rune = gt_utf8_decode(s, &len);
	if (rune == GT_RUNE_ERROR && len == 1)
		gt_buf_adds(out, "\\ufffd");
	else if (rune == 0x2028 || rune == 0x2029)
		gt_buf_adds(out, rune == 0x2028 ? "\\u2028" : "\\u2029");
	else
		gt_buf_add(out, s.p, len);
	return len;
}

/* Whether a string with bytes from 0x80 on needs a look at each: not valid, or U+2028/9 in it. */
static bool needs_look(struct gt_str s)
{
	uint64_t high = 0;
	const char *p = s.p, *end = s.p + s.n;

	while (p < end && !high) {
		p = gt_json__skip_plain(p, end, &high);
		p += p < end;
	}
	if (!high)
		return false;
	return !gt_utf8_valid(s) || gt_str_search(s, GT_STR_LIT("\xe2\x80\xa8")) != SIZE_MAX ||
	       gt_str_search(s, GT_STR_LIT("\xe2\x80\xa9")) != SIZE_MAX;
}

void gt_json_write_str(struct gt_buf *out, struct gt_str s, bool html)
{
	uint64_t high = 0;
	const char *stop = gt_json__skip_plain(s.p, s.p + s.n, &high);

	/* The common case: nothing to escape, one copy. */
	if (stop == s.p + s.n && !high && !html) {
		char *at = gt_buf_reserve(out, s.n + 2);
		if (!at)
			return;
		at[0] = '"';
		if (s.n)
			memcpy(at + 1, s.p, s.n);
		at[s.n + 1] = '"';
		gt_buf_commit(out, s.n + 2);
		return;
	}
	bool look = needs_look(s);
	gt_buf_addc(out, '"');
	while (s.n) {
		size_t n = plain_run(s, html, look);

		gt_buf_add(out, s.p, n);
		s = gt_str_from(s, n);
		if (s.n)
			s = gt_str_from(s, write_special(out, s));
	}
	gt_buf_addc(out, '"');
}

static void write_value(const struct writer *w, const struct gt_node *n, unsigned level);

static void break_line(const struct writer *w, unsigned level)
{
	if (!(w->style & GT_JSON_INDENT))
		return;
	gt_buf_addc(w->out, '\n');
	gt_buf_fill(w->out, ' ', (size_t)level * w->indent);
}

static void write_pair(const struct writer *w, const struct gt_pair *pair, unsigned level)
{
	gt_json_write_str(w->out, gt_strn(pair->key, pair->len), w->style & GT_JSON_HTML);
	gt_buf_add(w->out, ": ", w->style & GT_JSON_INDENT ? 2 : 1);
	write_value(w, pair->value, level);
}

static int pair_order(const void *x, const void *y)
{
	const struct gt_pair *p = *(const struct gt_pair *const *)x;
	const struct gt_pair *q = *(const struct gt_pair *const *)y;

	return gt_str_cmp(gt_strn(p->key, p->len), gt_strn(q->key, q->len));
}

/* The pairs in byte order of their keys, or NULL when they are in it already. */
static const struct gt_pair **sorted_pairs(const struct gt_node *map)
{
	size_t n = gt_node_count(map), i;

	for (i = 1; i < n; i++) {
		const struct gt_pair *two[] = {gt_node_pair(map, i - 1), gt_node_pair(map, i)};
		if (pair_order(&two[0], &two[1]) > 0)
			break;
	}
	if (i >= n)
		return NULL;
	const struct gt_pair **pairs = gt_xcalloc(n, sizeof *pairs);
	for (i = 0; i < n; i++)
		pairs[i] = gt_node_pair(map, i);
	qsort(pairs, n, sizeof *pairs, pair_order);
	return pairs;
}

static void write_map(const struct writer *w, const struct gt_node *map, unsigned level)
{
	size_t n = gt_node_count(map);
	gt_autofree const struct gt_pair **sorted =
		w->style & GT_JSON_SORTED ? sorted_pairs(map) : NULL;

	gt_buf_addc(w->out, '{');
	for (size_t i = 0; i < n && !w->out->failed; i++) {
		if (i)
			gt_buf_addc(w->out, ',');
		break_line(w, level + 1);
		write_pair(w, sorted ? sorted[i] : gt_node_pair(map, i), level + 1);
	}
	if (n)
		break_line(w, level);
	gt_buf_addc(w->out, '}');
}

static void write_seq(const struct writer *w, const struct gt_node *seq, unsigned level)
{
	size_t n = gt_node_count(seq);

	gt_buf_addc(w->out, '[');
	for (size_t i = 0; i < n && !w->out->failed; i++) {
		if (i)
			gt_buf_addc(w->out, ',');
		break_line(w, level + 1);
		write_value(w, gt_node_item(seq, i), level + 1);
	}
	if (n)
		break_line(w, level);
	gt_buf_addc(w->out, ']');
}

/* Go keeps what fits int64 or uint64 and makes a double of every other number. */
static bool is_go_integer(struct gt_str text)
{
	int64_t i;
	uint64_t u;

	return gt_str_i64(text, &i) || gt_str_u64(text, &u);
}

static void write_number(const struct writer *w, const struct gt_node *n)
{
	struct gt_str s = gt_node_text(n);
	char text[GT_DOUBLE_TEXT];
	double d;

	if (w->style & GT_JSON_GO_NUMBERS && (n->kind == GT_FLOAT || !is_go_integer(s)) &&
	    gt_number_double(s, &d) && isfinite(d)) {
		gt_double_json(d, text);
		s = gt_str(text);
	}
	gt_buf_add_str(w->out, s);
}

static void write_value(const struct writer *w, const struct gt_node *n, unsigned level)
{
	switch (gt_node_kind(n)) {
	case GT_NULL: gt_buf_add(w->out, "null", 4); break;
	case GT_BOOL: gt_buf_adds(w->out, n->truth ? "true" : "false"); break;
	case GT_INT:
	case GT_FLOAT: write_number(w, n); break;
	case GT_STR: gt_json_write_str(w->out, gt_strn(n->s, n->n), w->style & GT_JSON_HTML); break;
	case GT_SEQ: write_seq(w, n, level); break;
	case GT_MAP: write_map(w, n, level); break;
	}
}

void gt_json_write(struct gt_buf *out, const struct gt_node *n, unsigned style, unsigned indent)
{
	struct writer w = {out, style, indent};

	write_value(&w, n, 0);
}
