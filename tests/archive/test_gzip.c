#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "archive/gzip.h"
#include "base/buf.h"

static void compress(struct gt_buf *out, const char *text, size_t n, size_t step)
{
	struct gt_gzip_writer *w = gt_gzip_writer_new(gt_sink_buf(out));

	for (size_t at = 0; at < n; at += step)
		assert_int_equal(gt_gzip_write(w, text + at, n - at < step ? n - at : step, NULL),
				 GT_OK);
	assert_int_equal(gt_gzip_finish(w, NULL), GT_OK);
	gt_gzip_writer_free(w);
}

static int expand(struct gt_str bytes, struct gt_buf *out, struct gt_err *err)
{
	gt_auto_gzip_reader *r = gt_gzip_reader_new(gt_source_mem(&bytes));

	return gt_copy(gt_gzip_source(r), gt_sink_buf(out), 1 << 20, NULL, err);
}

static char text[200000];

static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + (i * i / 7) % 23);
	return 0;
}

static void test_header_is_fixed(void **state)
{
	static const unsigned char want[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
	struct gt_buf out = {0};

	(void)state;
	compress(&out, "x", 1, 1);
	assert_memory_equal(out.p, want, sizeof want);
	gt_buf_fini(&out);
}

static void test_chunks_do_not_matter(void **state)
{
	struct gt_buf one = {0}, many = {0}, back = {0};

	(void)state;
	compress(&one, text, sizeof text, sizeof text);
	compress(&many, text, sizeof text, 777);
	assert_int_equal(one.n, many.n);
	assert_memory_equal(one.p, many.p, one.n);
	assert_int_equal(expand(gt_buf_str(&one), &back, NULL), GT_OK);
	assert_int_equal(back.n, sizeof text);
	assert_memory_equal(back.p, text, sizeof text);
	gt_buf_fini(&one);
	gt_buf_fini(&many);
	gt_buf_fini(&back);
}

static void test_members(void **state)
{
	struct gt_buf two = {0}, back = {0};

	(void)state;
	compress(&two, "hello ", 6, 6);
	compress(&two, "world", 5, 5);
	assert_int_equal(expand(gt_buf_str(&two), &back, NULL), GT_OK);
	assert_string_equal(back.p, "hello world");
	gt_buf_fini(&two);
	gt_buf_fini(&back);
}

static void test_bad_streams(void **state)
{
	struct gt_buf good = {0}, back = {0};
	struct gt_err err;

	(void)state;
	compress(&good, text, 5000, 5000);
	assert_int_equal(expand(gt_str(""), &back, &err), GT_E_INVALID);
	assert_int_equal(expand(gt_str("plain text, no gzip"), &back, &err), GT_E_INVALID);
	for (size_t cut = 1; cut < good.n; cut += 11)
		assert_int_equal(expand(gt_strn(good.p, cut), &back, &err), GT_E_INVALID);
	good.p[good.n - 6] ^= 1; /* the checksum */
	assert_int_equal(expand(gt_buf_str(&good), &back, &err), GT_E_INVALID);
	good.p[good.n - 6] ^= 1;
	gt_buf_adds(&good, "garbage");
	assert_int_equal(expand(gt_buf_str(&good), &back, &err), GT_E_INVALID);
	gt_buf_fini(&good);
	gt_buf_fini(&back);
}

static void test_copy_limit(void **state)
{
	struct gt_buf out = {0};
	struct gt_str in = gt_str("0123456789");
	struct gt_err err;

	(void)state;
	assert_int_equal(gt_copy(gt_source_mem(&in), gt_sink_buf(&out), 9, NULL, &err),
			 GT_E_BUDGET);
	gt_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header_is_fixed), cmocka_unit_test(test_chunks_do_not_matter),
		cmocka_unit_test(test_members),         cmocka_unit_test(test_bad_streams),
		cmocka_unit_test(test_copy_limit),
	};
	return cmocka_run_group_tests(tests, setup, NULL);
}
