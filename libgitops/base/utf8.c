#include "base/utf8.h"

/* The range of the second byte narrows after some first bytes: no overlong forms, no surrogates. */
static bool second_byte_fits(unsigned char first, unsigned char second)
{
	switch (first) {
	case 0xe0: return second >= 0xa0 && second <= 0xbf;
	case 0xed: return second >= 0x80 && second <= 0x9f;
	case 0xf0: return second >= 0x90 && second <= 0xbf;
	case 0xf4: return second >= 0x80 && second <= 0x8f;
	default: return second >= 0x80 && second <= 0xbf;
	}
}

uint32_t gt_utf8_decode(struct gt_str s, size_t *ret_len)
{
	const unsigned char *p = (const unsigned char *)s.p;

	*ret_len = s.n ? 1 : 0;
	if (s.n == 0)
		return GT_RUNE_ERROR;
	if (p[0] < 0x80)
		return p[0];
	size_t len = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	if (len == 0 || s.n < len || !second_byte_fits(p[0], p[1]))
		return GT_RUNE_ERROR;
	uint32_t rune = p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return GT_RUNE_ERROR;
		rune = rune << 6 | (p[i] & 0x3fu);
	}
	*ret_len = len;
	return rune;
}

/* Length of the leading ASCII, eight bytes a step. */
static size_t ascii_run(struct gt_str s)
{
	size_t i = 0;
	uint64_t word;

	for (; i + sizeof word <= s.n; i += sizeof word) {
		memcpy(&word, s.p + i, sizeof word);
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	while (i < s.n && (unsigned char)s.p[i] < 0x80)
		i++;
	return i;
}

bool gt_utf8_valid(struct gt_str s)
{
	for (;;) {
		s = gt_str_from(s, ascii_run(s));
		if (s.n == 0)
			return true;
		size_t len;
		if (gt_utf8_decode(s, &len) == GT_RUNE_ERROR && len == 1)
			return false;
		s = gt_str_from(s, len);
	}
}

size_t gt_utf8_count(struct gt_str s)
{
	size_t count = 0;

	while (s.n) {
		size_t len = ascii_run(s);

		if (len) {
			count += len;
		} else {
			gt_utf8_decode(s, &len);
			count++;
		}
		s = gt_str_from(s, len);
	}
	return count;
}

void gt_utf8_encode(struct gt_buf *out, uint32_t rune)
{
	char b[4];
	size_t n;

	if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff))
		rune = GT_RUNE_ERROR;
	if (rune < 0x80) {
		b[0] = (char)rune;
		n = 1;
	} else if (rune < 0x800) {
		b[0] = (char)(0xc0 | rune >> 6);
		n = 2;
	} else if (rune < 0x10000) {
		b[0] = (char)(0xe0 | rune >> 12);
		n = 3;
	} else {
		b[0] = (char)(0xf0 | rune >> 18);
		n = 4;
	}
	for (size_t i = 1; i < n; i++)
		b[i] = (char)(0x80 | (rune >> (6 * (n - 1 - i)) & 0x3f));
	gt_buf_add(out, b, n);
}

size_t gt_utf8_cut(struct gt_str s, size_t max)
{
	if (s.n <= max)
		return s.n;
	/* At most three bytes belong to a character that began before; more is not UTF-8 at all. */
	for (size_t back = 0; back < 4 && back <= max; back++) {
		if (((unsigned char)s.p[max - back] & 0xc0) != 0x80)
			return max - back;
	}
	return max;
}
