/*
 * Finding the next byte of a JSON string that is not itself, eight bytes at a time.  Private to
 * libgitops/text.
 */
#ifndef GT_TEXT_JSON_SCAN_H
#define GT_TEXT_JSON_SCAN_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define GT_BYTES(c) (0x0101010101010101ull * (unsigned char)(c))

/* The high bit of every byte of w that is a quote, a backslash or below 0x20; exact up to and
 * including the lowest such byte.  Bytes from 0x80 on are never reported. */
static inline uint64_t gt_json__special(uint64_t w)
{
	uint64_t quote = w ^ GT_BYTES('"'), slash = w ^ GT_BYTES('\\');

	return ((quote - GT_BYTES(1)) | (slash - GT_BYTES(1)) | (w - GT_BYTES(0x20))) & ~w &
	       GT_BYTES(0x80);
}

/*
 * The first quote, backslash or control byte from p on, or end.  *high gets the high bit of a byte
 * set when a byte from 0x80 on was passed.
 */
static inline const char *gt_json__skip_plain(const char *p, const char *end, uint64_t *high)
{
	while (end - p >= 8) {
		uint64_t w;

		memcpy(&w, p, 8);
		w = le64toh(w);
		uint64_t hit = gt_json__special(w);
		if (hit) {
			unsigned n = (unsigned)__builtin_ctzll(hit) / 8;
			*high |= w & GT_BYTES(0x80) & (((uint64_t)1 << (8 * n)) - 1);
			return p + n;
		}
		*high |= w & GT_BYTES(0x80);
		p += 8;
	}
	for (; p < end; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\' || c < 0x20)
			break;
		*high |= c & 0x80;
	}
	return p;
}

#endif
