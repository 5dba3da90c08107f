#include "support/check.h"

#include <stdio.h>
#include <string.h>

#include "git/pkt.h"

struct seen {
	char text[256];
	int stop_at; /* packets until a stop */
	int n;
};

static int note(void *arg, const struct gt_pkt *pkt, struct gt_err *err)
{
	static const char *const names[] = {"", "<flush>", "<delim>", "<end>"};
	struct seen *s = arg;
	size_t at = strlen(s->text);

	(void)err;
	snprintf(s->text + at, sizeof s->text - at, "%s%.*s;", names[pkt->type],
		 GT_STR_ARG(gt_pkt_line(pkt)));
	return ++s->n == s->stop_at ? 1 : GT_OK;
}

static void test_feed(void **state)
{
	static const char bytes[] = "0006a\n0005b00000001000200040009hello";

	(void)state;
	/* In pieces of every size the same packets come out. */
	for (size_t piece = 1; piece <= sizeof bytes; piece++) {
		struct gt_pkt_reader r = {0};
		struct seen s = {0};

		for (size_t at = 0; at < sizeof bytes - 1; at += piece) {
			size_t left = sizeof bytes - 1 - at;
			assert_int_equal(
				gt_pkt_feed(&r, gt_strn(bytes + at, left < piece ? left : piece),
					    note, &s, NULL),
				GT_OK);
		}
		assert_string_equal(s.text, "a;b;<flush>;<delim>;<end>;;hello;");
		assert_false(gt_pkt_partial(&r));
		gt_pkt_reader_fini(&r);
	}
}

static void test_malformed(void **state)
{
	static const char *const cases[] = {"zzzz", "0003", "fff5", "-001", "00 4", "ffff"};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gt_pkt_reader r = {0};
		struct seen s = {0};

		check_fails(gt_pkt_feed(&r, gt_str(cases[i]), note, &s, NULL), GT_E_INVALID);
		gt_pkt_reader_fini(&r);
	}
}

static void test_stop(void **state)
{
	struct gt_pkt_reader r = {0};
	struct seen s = {.stop_at = 1};

	(void)state;
	assert_int_equal(gt_pkt_feed(&r, gt_str("0005a0005b"), note, &s, NULL), 1);
	assert_string_equal(s.text, "a;");
	gt_pkt_reader_fini(&r);
}

static void test_write(void **state)
{
	gt_auto_buf out = {0};

	(void)state;
	gt_pkt_add(&out, "want %s\n", "x");
	gt_pkt_add_delim(&out);
	gt_pkt_add_flush(&out);
	assert_string_equal(out.p, "000bwant x\n00010000");
	gt_auto_buf big = {0};
	gt_auto_buf long_text = {0};
	gt_buf_fill(&long_text, 'x', GT_PKT_MAX);
	gt_pkt_add(&big, "%s", long_text.p);
	assert_true(big.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_feed),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_write),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
