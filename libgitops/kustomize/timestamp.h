/* Timestamps as YAML 1.1 writes them, for scalars that are dates without being quoted. */
#ifndef GT_KUSTOMIZE_TIMESTAMP_H
#define GT_KUSTOMIZE_TIMESTAMP_H

#include <stdbool.h>

#include "base/str.h"

#define KZ_TIMESTAMP_TEXT 64

/*
 * Whether the text is a timestamp: Y-M-D, Y-M-D[Tt]h:m:s[.f](Z|+hh:mm), Y-M-D h:m:s[.f].  Writes it
 * in RFC 3339 unless ret is NULL.
 */
bool kz_timestamp_read(struct gt_str s, char ret[KZ_TIMESTAMP_TEXT]);

#endif
