/* Go's quoted strings, both ways.  Any thread. */
#ifndef GT_TEXT_TEMPLATE_QUOTE_H
#define GT_TEXT_TEMPLATE_QUOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* strconv.Quote; ascii: QuoteToASCII. */
void gt_go_quote(struct gt_buf *out, struct gt_str s, bool ascii);
void gt_go_quote_rune(struct gt_buf *out, uint32_t rune, bool ascii);

/* strconv.Unquote of "...", `...` or '...'; false when the text is malformed. */
bool gt_go_unquote(struct gt_buf *out, struct gt_str quoted);
/* The code point of a character constant with its quotes. */
bool gt_go_unquote_rune(struct gt_str quoted, uint32_t *ret_rune);

#endif
