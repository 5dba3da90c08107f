/* What the tests of the document tree share. */
#ifndef TEST_TEXT_SUPPORT_H
#define TEST_TEXT_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "text/json.h"

/* The tree of a JSON text that is known to be valid. */
static inline struct gt_node *json(struct gt_arena *a, const char *text)
{
	struct gt_node *n = NULL;
	struct gt_err err;

	if (gt_json_parse(a, gt_str(text), 0, &n, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return n;
}

/* The compact JSON of a tree; the buffer is the caller's. */
static inline const char *show(struct gt_buf *buf, const struct gt_node *n)
{
	gt_buf_reset(buf);
	gt_json_write(buf, n, GT_JSON_COMPACT, 0);
	return gt_buf_cstr(buf);
}

static inline void expect_json(const struct gt_node *n, const char *want)
{
	gt_auto_buf buf = {0};

	assert_string_equal(show(&buf, n), want);
}

/* A whole file below the test data. */
static inline void read_data(struct gt_buf *out, const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", TEST_DATA, name);
	FILE *f = fopen(path, "rb");
	if (!f)
		fail_msg("cannot open %s", path);
	for (size_t n = 1; n > 0;) {
		char *at = gt_buf_reserve(out, 65536);
		n = fread(at, 1, 65536, f);
		gt_buf_commit(out, n);
	}
	fclose(f);
}

/*
 * Runs fn with the first, the second, ... allocation failing until it succeeds.  Each failure must
 * be reported as GT_E_BUDGET.
 */
static inline void fail_each_allocation(int (*fn)(struct gt_arena *a, struct gt_err *err))
{
	for (uint64_t nth = 1;; nth++) {
		gt_auto_arena a = {.fail_after = nth};
		struct gt_err err = {0};
		int rc = fn(&a, &err);

		if (rc >= 0) {
			assert_true(nth > 1);
			return;
		}
		assert_int_equal(rc, GT_E_BUDGET);
		assert_true(nth < 10000);
	}
}

#endif
