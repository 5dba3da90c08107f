/* UTF-8, code point by code point, as Go sees it.  Any thread. */
#ifndef GT_BASE_UTF8_H
#define GT_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define GT_RUNE_ERROR 0xfffdu

/* The first code point and its length; an invalid byte gives GT_RUNE_ERROR and length 1. */
uint32_t gt_utf8_decode(struct gt_str s, size_t *ret_len);
bool gt_utf8_valid(struct gt_str s);
size_t gt_utf8_count(struct gt_str s);

/* Appends a code point; surrogates and values over 0x10ffff become U+FFFD. */
void gt_utf8_encode(struct gt_buf *out, uint32_t rune);

/* The longest prefix of at most max bytes that ends at a code point. */
size_t gt_utf8_cut(struct gt_str s, size_t max);

#endif
