/* Random bytes from the kernel, and the identifiers made of them.  Any thread. */
#ifndef GT_BASE_RAND_H
#define GT_BASE_RAND_H

#include <stddef.h>
#include <stdint.h>

#define GT_UUID_TEXT 37

void gt_rand_bytes(void *p, size_t n);
double gt_rand_unit(void);          /* uniform in [0, 1) */
uint32_t gt_rand_below(uint32_t n); /* uniform in [0, n), without bias; n > 0 */

/* A version 4 UUID in lower case; returns text. */
const char *gt_uuid4(char text[GT_UUID_TEXT]);

/* n characters of the given alphabet and a NUL. */
void gt_rand_text(char *text, size_t n, const char *alphabet);

#endif
