#include "net/h1.h"

#include "base/limits.h"

size_t gt_h1_head_length(struct gt_str bytes, size_t *scanned)
{
	for (size_t i = *scanned; i < bytes.n; i++) {
		if (bytes.p[i] != '\n')
			continue;
		/* An empty line: "\n\n" or "\n\r\n". */
		if (i + 1 < bytes.n && bytes.p[i + 1] == '\n')
			return i + 2;
		if (i + 2 < bytes.n && bytes.p[i + 1] == '\r' && bytes.p[i + 2] == '\n')
			return i + 3;
	}
	*scanned = bytes.n > 2 ? bytes.n - 2 : 0;
	return 0;
}

static bool is_token(struct gt_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= 0x20 || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return s.n > 0;
}

static bool is_field_value(struct gt_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool is_target(struct gt_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= 0x20 || s.p[i] == 0x7f)
			return false;
	}
	return s.n > 0;
}

/* Cuts a line off *rest, without its line end. */
static bool next_line(struct gt_str *rest, struct gt_str *ret_line)
{
	size_t end = gt_str_find(*rest, '\n');

	if (end == SIZE_MAX)
		return false;
	*ret_line = gt_str_sub(*rest, 0, end);
	*rest = gt_str_from(*rest, end + 1);
	if (ret_line->n > 0 && ret_line->p[ret_line->n - 1] == '\r')
		ret_line->n--;
	return true;
}

static int parse_request_line(struct gt_str line, struct gt_arena *a, struct gt_h1_head *head)
{
	size_t first = gt_str_find(line, ' ');
	size_t last = gt_str_rfind(line, ' ');

	if (first == SIZE_MAX || first == last)
		return 400;
	struct gt_str version = gt_str_from(line, last + 1);
	head->method = gt_arena_str(a, gt_str_sub(line, 0, first));
	head->target = gt_arena_str(a, gt_str_sub(line, first + 1, last - first - 1));
	if (!is_token(head->method) || !is_target(head->target))
		return 400;
	if (gt_str_is(version, "HTTP/1.1"))
		head->version = 11;
	else if (gt_str_is(version, "HTTP/1.0"))
		head->version = 10;
	else
		return gt_str_starts(version, "HTTP/") ? 505 : 400;
	return 0;
}

static int parse_field(struct gt_str line, struct gt_arena *a, struct gt_http_field *field)
{
	size_t colon = gt_str_find(line, ':');

	/* A folded line starts with white space, so it fails the token test here. */
	if (colon == SIZE_MAX)
		return 400;
	field->name = gt_arena_str(a, gt_str_sub(line, 0, colon));
	field->value = gt_arena_str(a, gt_str_trim(gt_str_from(line, colon + 1)));
	return is_token(field->name) && is_field_value(field->value) ? 0 : 400;
}

static bool is_name(const struct gt_http_field *field, const char *name)
{
	return gt_str_ieq(field->name, gt_str(name));
}

/* Whether a comma-separated list holds the word. */
static bool has_word(struct gt_str list, const char *word)
{
	struct gt_split it = {.rest = list};
	struct gt_str part;

	while (gt_split_next(&it, ',', &part)) {
		if (gt_str_ieq(gt_str_trim(part), gt_str(word)))
			return true;
	}
	return false;
}

/* What of the fields decides where the request ends, seen so far. */
struct framing {
	bool length, host;
	bool close, keep_alive;
};

static int note_length(struct gt_str value, struct gt_h1_head *head, struct framing *f)
{
	uint64_t n;

	/* Only digits: neither a sign nor a list of two equal lengths. */
	if (!gt_str_u64(value, &n) || n > INT64_MAX)
		return 400;
	if (f->length && n != head->content_length)
		return 400;
	f->length = true;
	head->content_length = n;
	return 0;
}

static int note_field(const struct gt_http_field *field, struct gt_h1_head *head, struct framing *f)
{
	if (is_name(field, "Content-Length"))
		return note_length(field->value, head, f);
	if (is_name(field, "Transfer-Encoding")) {
		if (head->chunked || !gt_str_ieq(field->value, GT_STR_LIT("chunked")))
			return 501;
		head->chunked = true;
	} else if (is_name(field, "Host")) {
		if (f->host)
			return 400;
		f->host = true;
		head->host = field->value;
	} else if (is_name(field, "Connection")) {
		f->close |= has_word(field->value, "close");
		f->keep_alive |= has_word(field->value, "keep-alive");
	} else if (is_name(field, "Expect")) {
		if (!gt_str_ieq(field->value, GT_STR_LIT("100-continue")))
			return 417;
		head->expect_continue = true;
	}
	return 0;
}

static int check_framing(struct gt_h1_head *head, const struct framing *f)
{
	if (head->chunked && (f->length || head->version == 10))
		return 400;
	if (head->version == 11 && !f->host)
		return 400;
	head->keep_alive = !f->close && (head->version == 11 || f->keep_alive);
	head->expect_continue &= head->version == 11;
	return 0;
}

static size_t count_lines(struct gt_str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

int gt_h1_parse_head(struct gt_str text, struct gt_arena *a, struct gt_h1_head *ret_head)
{
	struct gt_h1_head head = {0};
	struct framing framing = {0};
	struct gt_str line;
	size_t lines = count_lines(text);

	if (lines > GT_H1_FIELDS_MAX + 2)
		return 431;
	head.fields = gt_arena_calloc(a, lines, sizeof *head.fields);
	if (!head.fields || !next_line(&text, &line))
		return 400;
	int status = parse_request_line(line, a, &head);
	while (status == 0 && next_line(&text, &line) && line.n > 0) {
		struct gt_http_field *field = &head.fields[head.n_fields++];

		status = parse_field(line, a, field);
		if (status == 0)
			status = note_field(field, &head, &framing);
	}
	if (status == 0)
		status = check_framing(&head, &framing);
	if (status == 0 && gt_arena_check(a, NULL) < 0)
		status = 431;
	if (status == 0)
		*ret_head = head;
	return status;
}

bool gt_h1_split_target(struct gt_str target, struct gt_str *ret_path, struct gt_str *ret_query)
{
	if (gt_str_starts(target, "http://") || gt_str_starts(target, "https://")) {
		size_t slashes = gt_str_search(target, GT_STR_LIT("//"));
		struct gt_str rest = gt_str_from(target, slashes + 2);
		size_t end = 0;

		while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?')
			end++;
		target = gt_str_from(rest, end);
		if (target.n == 0)
			target = GT_STR_LIT("/");
	}
	if (!gt_str_is(target, "*") && !gt_str_starts(target, "/"))
		return false;
	size_t mark = gt_str_find(target, '?');
	*ret_path = gt_str_sub(target, 0, mark == SIZE_MAX ? target.n : mark);
	*ret_query = mark == SIZE_MAX ? (struct gt_str){0} : gt_str_from(target, mark + 1);
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static bool size_byte(struct gt_h1_chunked *c, char byte)
{
	int value = hex_value(byte);

	if (value >= 0) {
		c->left = c->left * 16 + (unsigned)value;
		return ++c->digits <= 15;
	}
	if (c->digits == 0)
		return false;
	if (byte == '\r')
		c->state = GT_H1_SIZE_LF;
	else if (byte == ';' || byte == ' ' || byte == '\t')
		c->state = GT_H1_EXTENSION;
	else
		return false;
	return true;
}

static bool end_of_size(struct gt_h1_chunked *c, char byte)
{
	if (byte != '\n')
		return false;
	c->digits = 0;
	c->state = c->left > 0 ? GT_H1_DATA : GT_H1_TRAILER;
	return true;
}

/* One byte that is not data.  False if it is out of place. */
static bool framing_byte(struct gt_h1_chunked *c, char byte)
{
	switch (c->state) {
	case GT_H1_SIZE: return size_byte(c, byte);
	case GT_H1_EXTENSION:
		if (byte == '\r')
			c->state = GT_H1_SIZE_LF;
		/* A sender of one-byte chunks with long extensions costs more than it carries. */
		return byte != '\n' && ++c->overhead <= GT_LIMIT_HTTP_HEADERS;
	case GT_H1_SIZE_LF: return end_of_size(c, byte);
	case GT_H1_DATA_CR: c->state = GT_H1_DATA_LF; return byte == '\r';
	case GT_H1_DATA_LF: c->state = GT_H1_SIZE; return byte == '\n';
	case GT_H1_TRAILER:
		if (byte == '\r') {
			c->state = GT_H1_DONE;
			return true;
		}
		c->state = GT_H1_TRAILER_LINE;
		return byte != '\n' && ++c->overhead <= GT_LIMIT_HTTP_HEADERS;
	case GT_H1_TRAILER_LINE:
		if (byte == '\n')
			c->state = GT_H1_TRAILER;
		return ++c->overhead <= GT_LIMIT_HTTP_HEADERS;
	default: return false;
	}
}

static int take_data(struct gt_h1_chunked *c, struct gt_str *bytes, size_t max, struct gt_buf *out)
{
	size_t n = bytes->n < c->left ? bytes->n : (size_t)c->left;

	if (n > max - out->n)
		return -2;
	gt_buf_add(out, bytes->p, n);
	*bytes = gt_str_from(*bytes, n);
	c->left -= n;
	if (c->left == 0)
		c->state = GT_H1_DATA_CR;
	return 0;
}

int gt_h1_chunked_decode(struct gt_h1_chunked *c, struct gt_str *bytes, size_t max,
			 struct gt_buf *out)
{
	while (bytes->n > 0) {
		if (c->state == GT_H1_DATA) {
			int rc = take_data(c, bytes, max, out);

			if (rc < 0)
				return rc;
			continue;
		}
		char byte = bytes->p[0];
		*bytes = gt_str_from(*bytes, 1);
		if (c->state == GT_H1_DONE)
			return byte == '\n' ? 1 : -1;
		if (!framing_byte(c, byte))
			return -1;
		if (c->state == GT_H1_DATA && c->left > max - out->n)
			return -2;
	}
	return 0;
}
