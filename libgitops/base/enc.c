#include "base/enc.h"

#include <string.h>

static const char base64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void base64_encode(struct gt_buf *out, struct gt_str s, const char *alphabet, bool pad)
{
	const unsigned char *in = (const unsigned char *)s.p;
	size_t rest = s.n % 3;
	size_t n =
		s.n / 3 > SIZE_MAX / 8 ? SIZE_MAX : s.n / 3 * 4 + (rest ? pad ? 4 : rest + 1 : 0);
	char *start = gt_buf_reserve(out, n);
	char *at = start;

	if (!at)
		return;
	for (size_t i = 0; i + 3 <= s.n; i += 3, in += 3) {
		*at++ = alphabet[in[0] >> 2];
		*at++ = alphabet[(in[0] & 0x03) << 4 | in[1] >> 4];
		*at++ = alphabet[(in[1] & 0x0f) << 2 | in[2] >> 6];
		*at++ = alphabet[in[2] & 0x3f];
	}
	if (rest) {
		unsigned second = rest == 2 ? in[1] : 0;

		*at++ = alphabet[in[0] >> 2];
		*at++ = alphabet[(in[0] & 0x03) << 4 | second >> 4];
		if (rest == 2)
			*at++ = alphabet[(second & 0x0f) << 2];
		while (pad && at < start + n)
			*at++ = '=';
	}
	gt_buf_commit(out, n);
}

void gt_base64_encode(struct gt_buf *out, struct gt_str bytes)
{
	base64_encode(out, bytes, base64_std, true);
}

void gt_base64url_encode(struct gt_buf *out, struct gt_str bytes)
{
	base64_encode(out, bytes, base64_url, false);
}

/* What each byte stands for in an alphabet, or -1. */
static void invert(const char *alphabet, signed char values[256])
{
	memset(values, -1, 256);
	for (signed char i = 0; i < 64; i++)
		values[(unsigned char)alphabet[i]] = i;
}

/* Decodes whole groups of four characters up to the first that holds anything else. */
static size_t decode_groups(char *to, struct gt_str s, const signed char values[256])
{
	const unsigned char *in = (const unsigned char *)s.p;
	size_t i = 0;

	for (; i + 4 <= s.n; i += 4, to += 3) {
		int a = values[in[i]], b = values[in[i + 1]];
		int c = values[in[i + 2]], d = values[in[i + 3]];

		if ((a | b | c | d) < 0)
			break;
		to[0] = (char)(a << 2 | b >> 4);
		to[1] = (char)(b << 4 | c >> 2);
		to[2] = (char)(c << 6 | d);
	}
	return i;
}

enum padding { PAD_REQUIRED, PAD_OPTIONAL };

/*
 * Decodes into `to`, which has room for 3 bytes per 4 characters.  Bits left over in the last
 * character are not looked at, as in Go's standard encoding.
 */
static bool base64_decode(char *to, struct gt_str s, const char *alphabet, enum padding padding,
			  size_t *ret_n)
{
	signed char values[256];
	uint32_t bits = 0;
	size_t chars = 0, pads = 0;

	invert(alphabet, values);
	size_t i = decode_groups(to, s, values);
	char *at = to + i / 4 * 3;
	for (; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			pads++;
			continue;
		}
		int value = values[(unsigned char)c];
		if (value < 0 || pads)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if (++chars % 4 == 0) {
			*at++ = (char)(bits >> 16);
			*at++ = (char)(bits >> 8);
			*at++ = (char)bits;
		}
	}
	size_t rest = chars % 4;
	if (rest == 1 || (rest == 0 && pads))
		return false;
	if (rest && pads != 4 - rest && !(pads == 0 && padding == PAD_OPTIONAL))
		return false;
	if (rest >= 2)
		*at++ = (char)(rest == 2 ? bits >> 4 : bits >> 10);
	if (rest == 3)
		*at++ = (char)(bits >> 2);
	*ret_n = (size_t)(at - to);
	return true;
}

static bool decode_into(struct gt_buf *out, struct gt_str text, const char *alphabet,
			enum padding padding)
{
	char *to = gt_buf_reserve(out, text.n / 4 * 3 + 3);
	size_t n;

	if (!to || !base64_decode(to, text, alphabet, padding, &n)) {
		if (to)
			gt_buf_commit(out, 0);
		return false;
	}
	gt_buf_commit(out, n);
	return true;
}

bool gt_base64_decode(struct gt_buf *out, struct gt_str text)
{
	return decode_into(out, text, base64_std, PAD_REQUIRED);
}

bool gt_base64url_decode(struct gt_buf *out, struct gt_str text)
{
	return decode_into(out, text, base64_url, PAD_OPTIONAL);
}

static const char hex_lower[] = "0123456789abcdef";
static const char hex_upper[] = "0123456789ABCDEF";

void gt_hex_encode(struct gt_buf *out, struct gt_str bytes)
{
	char *at = gt_buf_reserve(out, bytes.n > SIZE_MAX / 2 ? SIZE_MAX : bytes.n * 2);

	if (!at)
		return;
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		*at++ = hex_lower[c >> 4];
		*at++ = hex_lower[c & 0x0f];
	}
	gt_buf_commit(out, bytes.n * 2);
}

/* The value of a hexadecimal digit, or -1. */
static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool gt_hex_decode(struct gt_buf *out, struct gt_str text)
{
	char *at = text.n % 2 ? NULL : gt_buf_reserve(out, text.n / 2);

	if (!at)
		return false;
	for (size_t i = 0; i < text.n; i += 2) {
		int high = nibble(text.p[i]), low = nibble(text.p[i + 1]);

		if (high < 0 || low < 0) {
			gt_buf_commit(out, 0);
			return false;
		}
		*at++ = (char)(high << 4 | low);
	}
	gt_buf_commit(out, text.n / 2);
	return true;
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void gt_percent_encode(struct gt_buf *out, struct gt_str s, bool keep_slash)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_unreserved(c) || (keep_slash && c == '/')) {
			gt_buf_addc(out, c);
			continue;
		}
		char escape[3] = {'%', hex_upper[(unsigned char)c >> 4],
				  hex_upper[(unsigned char)c & 0x0f]};
		gt_buf_add(out, escape, sizeof escape);
	}
}

bool gt_percent_decode(struct gt_buf *out, struct gt_str s, bool form)
{
	char *start = gt_buf_reserve(out, s.n);
	char *at = start;

	if (!at)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			int high = i + 2 < s.n ? nibble(s.p[i + 1]) : -1;
			int low = i + 2 < s.n ? nibble(s.p[i + 2]) : -1;

			if (high < 0 || low < 0) {
				gt_buf_commit(out, 0);
				return false;
			}
			c = (char)(high << 4 | low);
			i += 2;
		} else if (form && c == '+') {
			c = ' ';
		}
		*at++ = c;
	}
	gt_buf_commit(out, (size_t)(at - start));
	return true;
}

bool gt_const_time_eq(struct gt_str a, struct gt_str b)
{
	volatile unsigned char difference = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		difference = difference | (unsigned char)(a.p[i] ^ b.p[i]);
	return difference == 0;
}
