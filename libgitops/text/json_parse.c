/*
 * The JSON parser: one pass, no recursion.  Open maps and sequences lie on a stack of frames, their
 * finished children on a stack of pairs, from which a closing bracket takes them in one piece.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "text/json.h"
#include "text/json_scan.h"
#include "text/node_impl.h"

#define KEY_CACHE 256

struct frame {
	size_t base; /* of its children in the stack of pairs */
	bool is_map;
	uint32_t line, col;
};

struct parser {
	struct gt_arena *a;
	const char *p, *end;
	const char *line_start;
	uint32_t line;
	unsigned flags;
	struct gt_err *err;
	struct gt_pair *pairs;
	size_t npairs, cap;
	unsigned depth;
	struct frame frames[GT_LIMIT_DEPTH];
	struct gt_buf text;            /* of a string with escapes */
	struct gt_str keys[KEY_CACHE]; /* seen lately: documents repeat theirs */
};

static uint32_t column(const struct parser *ps, const char *at)
{
	return (uint32_t)(at - ps->line_start) + 1;
}

static int fail_at(const struct parser *ps, const char *at, const char *cause)
{
	return gt_fail(ps->err, GT_E_INVALID, "line %u, column %u: %s", ps->line, column(ps, at),
		       cause);
}

static int fail_expected(const struct parser *ps, const char *wanted)
{
	if (ps->p >= ps->end)
		return gt_fail(ps->err, GT_E_INVALID,
			       "line %u, column %u: unexpected end of JSON input, expected %s",
			       ps->line, column(ps, ps->p), wanted);
	unsigned char c = (unsigned char)*ps->p;
	if (c < 0x20 || c > 0x7e)
		return gt_fail(ps->err, GT_E_INVALID,
			       "line %u, column %u: invalid byte 0x%02x, expected %s", ps->line,
			       column(ps, ps->p), c, wanted);
	return gt_fail(ps->err, GT_E_INVALID,
		       "line %u, column %u: invalid character '%c', expected %s", ps->line,
		       column(ps, ps->p), c, wanted);
}

static inline void skip_space(struct parser *ps)
{
	const char *p = ps->p, *end = ps->end;

	if (p < end && (unsigned char)*p > ' ')
		return;
	for (; p < end; p++) {
		if (*p == '\n') {
			ps->line++;
			ps->line_start = p + 1;
		} else if (*p != ' ' && *p != '\t' && *p != '\r') {
			break;
		}
	}
	ps->p = p;
}

static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;
		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

/* \uXXXX with p after the u; surrogates that are no pair become U+FFFD. */
static const char *unescape_rune(struct gt_buf *out, const char *p, const char *end)
{
	int hi = hex4(p, end);

	if (hi < 0)
		return NULL;
	p += 4;
	if (hi >= 0xd800 && hi < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
		int lo = hex4(p + 2, end);

		if (lo >= 0xdc00 && lo < 0xe000) {
			gt_utf8_encode(out, 0x10000u + ((uint32_t)(hi - 0xd800) << 10) +
						    (uint32_t)(lo - 0xdc00));
			return p + 6;
		}
	}
	gt_utf8_encode(out, (uint32_t)hi);
	return p;
}

/* One escape, p at the backslash.  NULL when there is no such escape. */
static const char *unescape(struct gt_buf *out, const char *p, const char *end)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

	if (end - p < 2)
		return NULL;
	if (p[1] == 'u')
		return unescape_rune(out, p + 2, end);
	const char *at = p[1] ? strchr(from, p[1]) : NULL;
	if (!at)
		return NULL;
	gt_buf_addc(out, to[at - from]);
	return p + 2;
}

/* The text between p and end with escapes resolved and invalid UTF-8 replaced, in ps->text. */
static int decode_string(struct parser *ps, const char *p, const char *end)
{
	gt_buf_reset(&ps->text);
	while (p < end) {
		if (*p == '\\') {
			const char *next = unescape(&ps->text, p, end);

			if (!next)
				return fail_at(ps, p, "invalid escape in string");
			p = next;
		} else if ((unsigned char)*p < 0x80) {
			gt_buf_addc(&ps->text, *p++);
		} else {
			size_t len;

			gt_utf8_encode(&ps->text,
				       gt_utf8_decode(gt_strn(p, (size_t)(end - p)), &len));
			p += len;
		}
	}
	return gt_buf_check(&ps->text, ps->err);
}

/*
 * Reads a string, ps->p at its opening quote.  *ret_raw is set when the bytes of *ret_s are those
 * of the input; else they are in ps->text.
 */
static int scan_string(struct parser *ps, struct gt_str *ret_s, bool *ret_raw)
{
	const char *start = ps->p + 1, *p = start;
	uint64_t high = 0;
	bool escapes = false;

	for (;;) {
		p = gt_json__skip_plain(p, ps->end, &high);
		if (p >= ps->end)
			return fail_at(ps, start - 1, "string without an end");
		if (*p == '"')
			break;
		if (*p != '\\')
			return fail_at(ps, p, "control character in string");
		escapes = true;
		p += ps->end - p >= 2 ? 2 : 1;
	}
	*ret_s = gt_strn(start, (size_t)(p - start));
	*ret_raw = !escapes && (!high || gt_utf8_valid(*ret_s));
	if (!*ret_raw) {
		int rc = decode_string(ps, start, p);
		if (rc < 0)
			return rc;
		*ret_s = gt_buf_str(&ps->text);
	}
	ps->p = p + 1;
	return GT_OK;
}

/* Puts the NUL where the closing quote of a raw string was. */
static const char *borrow(struct gt_str s)
{
	((char *)(uintptr_t)s.p)[s.n] = '\0';
	return s.p;
}

static int parse_string(struct parser *ps, struct gt_node **ret_node)
{
	struct gt_str s;
	bool raw;
	int rc = scan_string(ps, &s, &raw);

	if (rc < 0)
		return rc;
	if (raw && ps->flags & GT_JSON_BORROW) {
		*ret_node = gt_node_str_take(ps->a, borrow(s), s.n);
		return GT_OK;
	}
	*ret_node = gt_node__text(ps->a, GT_STR, s.n);
	if (*ret_node && s.n)
		memcpy(*ret_node + 1, s.p, s.n);
	return GT_OK;
}

static int parse_key(struct parser *ps, struct gt_pair *ret_pair)
{
	struct gt_str s;
	bool raw;

	if (ps->p >= ps->end || *ps->p != '"')
		return fail_expected(ps, "a string as key");
	ret_pair->line = ps->line;
	int rc = scan_string(ps, &s, &raw);
	if (rc < 0)
		return rc;
	unsigned h = (unsigned)s.n;
	if (s.n)
		h += 31u * (unsigned char)s.p[0] + 7u * (unsigned char)s.p[s.n - 1] +
		     131u * (unsigned char)s.p[s.n / 2];
	struct gt_str *seen = &ps->keys[h % KEY_CACHE];
	if (!seen->p || !gt_str_eq(*seen, s)) {
		*seen = raw && ps->flags & GT_JSON_BORROW ? gt_strn(borrow(s), s.n)
							  : gt_arena_str(ps->a, s);
	}
	if (!seen->p)
		return gt_arena_check(ps->a, ps->err);
	ret_pair->key = seen->p;
	ret_pair->len = (uint32_t)seen->n;
	return GT_OK;
}

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static int parse_number(struct parser *ps, struct gt_node **ret_node)
{
	const char *start = ps->p, *p = start, *end = ps->end;
	enum gt_kind kind = GT_INT;

	p += *p == '-';
	const char *digits = p;
	p = skip_digits(p, end);
	if (p == digits || (*digits == '0' && p - digits > 1))
		return fail_at(ps, start, "invalid number");
	if (p < end && *p == '.') {
		kind = GT_FLOAT;
		digits = ++p;
		p = skip_digits(p, end);
		if (p == digits)
			return fail_at(ps, start, "invalid number");
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		kind = GT_FLOAT;
		p++;
		p += p < end && (*p == '-' || *p == '+');
		digits = p;
		p = skip_digits(p, end);
		if (p == digits)
			return fail_at(ps, start, "invalid number");
	}
	*ret_node = gt_node_number(ps->a, kind, gt_strn(start, (size_t)(p - start)));
	ps->p = p;
	return GT_OK;
}

static bool take_word(struct parser *ps, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(ps->end - ps->p) < n || memcmp(ps->p, word, n) != 0)
		return false;
	ps->p += n;
	return true;
}

static int parse_word(struct parser *ps, struct gt_node **ret_node)
{
	if (take_word(ps, "true"))
		*ret_node = gt_node_bool(ps->a, true);
	else if (take_word(ps, "false"))
		*ret_node = gt_node_bool(ps->a, false);
	else if (take_word(ps, "null"))
		*ret_node = gt_node_null(ps->a);
	else
		return fail_expected(ps, "a value");
	return GT_OK;
}

static int parse_scalar(struct parser *ps, struct gt_node **ret_node)
{
	uint32_t line = ps->line, col = column(ps, ps->p);
	char c = *ps->p;
	int rc;

	if (c == '"')
		rc = parse_string(ps, ret_node);
	else if (c == '-' || (c >= '0' && c <= '9'))
		rc = parse_number(ps, ret_node);
	else
		rc = parse_word(ps, ret_node);
	if (rc < 0)
		return rc;
	if (!*ret_node)
		return gt_arena_check(ps->a, ps->err);
	(*ret_node)->line = line;
	(*ret_node)->col = col;
	return GT_OK;
}

/* Pairs are at most as large as the nodes they point to, so the arena's budget bounds them. */
static struct gt_pair *push_pair(struct parser *ps)
{
	if (ps->npairs == ps->cap) {
		ps->cap = ps->cap ? ps->cap * 2 : 64;
		ps->pairs = gt_xrealloc(ps->pairs, ps->cap * sizeof *ps->pairs);
	}
	ps->pairs[ps->npairs] = (struct gt_pair){0};
	return &ps->pairs[ps->npairs++];
}

static int open_frame(struct parser *ps)
{
	if (ps->depth == GT_LIMIT_DEPTH)
		return gt_fail(ps->err, GT_E_BUDGET,
			       "line %u, column %u: nested deeper than %d levels", ps->line,
			       column(ps, ps->p), GT_LIMIT_DEPTH);
	ps->frames[ps->depth++] =
		(struct frame){ps->npairs, *ps->p == '{', ps->line, column(ps, ps->p)};
	ps->p++;
	return GT_OK;
}

static int close_frame(struct parser *ps, struct gt_node **ret_node)
{
	struct frame *f = &ps->frames[--ps->depth];
	const struct gt_pair *pairs = ps->pairs ? ps->pairs + f->base : NULL;
	size_t n = ps->npairs - f->base;
	size_t dup = SIZE_MAX;

	struct gt_node *node = f->is_map ? gt_node__map_of(ps->a, pairs, n, &dup)
					 : gt_node__seq_of(ps->a, pairs, n);
	if (!node)
		return gt_arena_check(ps->a, ps->err);
	if (dup != SIZE_MAX && ps->flags & GT_JSON_DUP_ERROR)
		return gt_fail(ps->err, GT_E_INVALID, "line %u: duplicate key \"%s\"",
			       pairs[dup].line, pairs[dup].key);
	node->line = f->line;
	node->col = f->col;
	ps->npairs = f->base;
	ps->p++;
	*ret_node = node;
	return GT_OK;
}

/* Reads up to where the next value starts: the key of a map, nothing in a sequence. */
static int begin_child(struct parser *ps)
{
	struct gt_pair *pair = push_pair(ps);

	if (!ps->frames[ps->depth - 1].is_map)
		return GT_OK;
	int rc = parse_key(ps, pair);
	if (rc < 0)
		return rc;
	skip_space(ps);
	if (ps->p >= ps->end || *ps->p != ':')
		return fail_expected(ps, "':' after the key");
	ps->p++;
	skip_space(ps);
	return GT_OK;
}

/* Opens containers until a scalar or an empty container stands complete in *ret_node. */
static int parse_first(struct parser *ps, struct gt_node **ret_node)
{
	for (;;) {
		if (ps->p >= ps->end)
			return fail_expected(ps, "a value");
		if (*ps->p != '{' && *ps->p != '[')
			return parse_scalar(ps, ret_node);
		char closing = *ps->p == '{' ? '}' : ']';
		int rc = open_frame(ps);
		if (rc < 0)
			return rc;
		skip_space(ps);
		if (ps->p < ps->end && *ps->p == closing)
			return close_frame(ps, ret_node);
		rc = begin_child(ps);
		if (rc < 0)
			return rc;
	}
}

static int parse_value(struct parser *ps, struct gt_node **ret_node)
{
	struct gt_node *node;
	int rc = parse_first(ps, &node);

	while (rc >= 0 && ps->depth > 0) {
		bool is_map = ps->frames[ps->depth - 1].is_map;

		ps->pairs[ps->npairs - 1].value = node;
		skip_space(ps);
		if (ps->p < ps->end && *ps->p == ',') {
			ps->p++;
			skip_space(ps);
			rc = begin_child(ps);
			if (rc >= 0)
				rc = parse_first(ps, &node);
		} else if (ps->p < ps->end && *ps->p == (is_map ? '}' : ']')) {
			rc = close_frame(ps, &node);
		} else {
			rc = fail_expected(ps, is_map ? "',' or '}'" : "',' or ']'");
		}
	}
	if (rc >= 0)
		*ret_node = node;
	return rc;
}

int gt_json_parse(struct gt_arena *a, struct gt_str text, unsigned flags, struct gt_node **ret_node,
		  struct gt_err *err)
{
	struct parser ps;
	struct gt_node *node;

	if (text.n > UINT32_MAX)
		return gt_fail(err, GT_E_BUDGET, "JSON text larger than 4 GiB");
	memset(&ps, 0, offsetof(struct parser, frames));
	memset(&ps.text, 0, sizeof ps - offsetof(struct parser, text));
	ps.a = a;
	ps.p = ps.line_start = text.p ? text.p : "";
	ps.end = ps.p + text.n;
	ps.line = 1;
	ps.flags = flags;
	ps.err = err;
	skip_space(&ps);
	int rc = parse_value(&ps, &node);
	if (rc >= 0) {
		skip_space(&ps);
		if (ps.p < ps.end)
			rc = fail_expected(&ps, "nothing after the value");
	}
	gt_buf_fini(&ps.text);
	free(ps.pairs);
	if (rc < 0)
		return rc;
	*ret_node = node;
	return GT_OK;
}
