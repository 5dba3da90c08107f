/*
 * What every test begins with: cmocka and the headers it wants before it, and checks that say
 * more when they fail.
 */
#ifndef GT_TESTS_SUPPORT_CHECK_H
#define GT_TESTS_SUPPORT_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/str.h"

/* The call succeeds; else the test fails with the error's text. */
#define check_ok(call, err)                                                                    \
	do {                                                                                   \
		if ((call) != GT_OK)                                                           \
			fail_msg("%s: %s: %s", #call, gt_code_name((err)->code), (err)->text); \
	} while (0)

/* The call fails with this code. */
#define check_fails(call, want)                                                                  \
	do {                                                                                     \
		int check__rc = (call);                                                          \
		if (check__rc != (want))                                                         \
			fail_msg("%s: %s, not %s", #call, gt_code_name((enum gt_code)check__rc), \
				 gt_code_name(want));                                            \
	} while (0)

/* A view has exactly these bytes. */
#define check_str(got, want)                                                                   \
	do {                                                                                   \
		struct gt_str check__got = (got);                                              \
		if (!gt_str_is(check__got, want))                                              \
			fail_msg("%s: got \"%.*s\", not \"%s\"", #got, GT_STR_ARG(check__got), \
				 want);                                                        \
	} while (0)

#endif
