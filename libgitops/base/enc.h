/*
 * Encodings of bytes as text: base64, base64url, hex, percent.  Encoders append to a gt_buf.
 * Decoders are strict: canonical alphabet, correct padding, nothing after it.  Any thread.
 */
#ifndef GT_BASE_ENC_H
#define GT_BASE_ENC_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

void gt_base64_encode(struct gt_buf *out, struct gt_str bytes);
void gt_base64url_encode(struct gt_buf *out, struct gt_str bytes); /* without padding */

/* False if malformed; line breaks (\r, \n) are ignored, as Go's decoder does. */
bool gt_base64_decode(struct gt_buf *out, struct gt_str text);
bool gt_base64url_decode(struct gt_buf *out, struct gt_str text); /* padding optional */

void gt_hex_encode(struct gt_buf *out, struct gt_str bytes); /* lower case */
bool gt_hex_decode(struct gt_buf *out, struct gt_str text);  /* either case */

/* RFC 3986: everything but unreserved characters becomes %XX; keep_slash leaves '/' alone. */
void gt_percent_encode(struct gt_buf *out, struct gt_str s, bool keep_slash);
/* form: '+' means a space.  False on a malformed escape. */
bool gt_percent_decode(struct gt_buf *out, struct gt_str s, bool form);

/* Equality in time that depends on the lengths only.  For secrets. */
bool gt_const_time_eq(struct gt_str a, struct gt_str b);

#endif
