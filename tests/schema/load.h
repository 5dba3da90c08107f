/* Test data as strings. */
#ifndef GT_TESTS_SCHEMA_LOAD_H
#define GT_TESTS_SCHEMA_LOAD_H

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

static inline struct gt_buf load_file(const char *path)
{
	struct gt_buf b = {0};
	char chunk[65536];
	size_t n;
	FILE *f = fopen(path, "rb");

	while (f && (n = fread(chunk, 1, sizeof chunk, f)) > 0)
		gt_buf_add(&b, chunk, n);
	if (f)
		fclose(f);
	return b;
}

#endif
