/*
 * What Go's unicode package says of code points: categories that templates can observe, and simple
 * (one to one) case mapping.  No locale is consulted.  Any thread.
 */
#ifndef GT_TEXT_TEMPLATE_UNICODE_H
#define GT_TEXT_TEMPLATE_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

bool gt_uni_is_letter(uint32_t c);
bool gt_uni_is_digit(uint32_t c);  /* decimal digits (Nd) */
bool gt_uni_is_number(uint32_t c); /* all of N */
bool gt_uni_is_punct(uint32_t c);
bool gt_uni_is_print(uint32_t c); /* letters, marks, numbers, punctuation, symbols, U+0020 */
bool gt_uni_is_upper(uint32_t c);
bool gt_uni_is_lower(uint32_t c);
bool gt_uni_is_title(uint32_t c);
bool gt_uni_is_space(uint32_t c);

uint32_t gt_uni_upper(uint32_t c);
uint32_t gt_uni_lower(uint32_t c);
uint32_t gt_uni_title(uint32_t c);

#endif
