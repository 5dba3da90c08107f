#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "archive/tar.h"
#include "base/fs.h"

struct want {
	char name[320];
	bool dir, executable;
	const char *body;
};

static void repeat(char *to, const char *part, size_t count)
{
	size_t n = strlen(part);

	for (size_t i = 0; i < count; i++)
		memcpy(to + i * n, part, n);
	to[count * n] = '\0';
}

/* The entries of golden.go. */
static size_t golden_entries(struct want e[16])
{
	static char block[513];
	char d60[61], n101[102], n100[101], q120[121], dd[181], e99[100], f101[102], g155[156],
		h100[101];

	repeat(block, "x", 512);
	repeat(d60, "d", 60);
	repeat(n101, "n", 101);
	repeat(n100, "n", 100);
	repeat(q120, "q", 120);
	repeat(dd, "d/", 90);
	repeat(e99, "e", 99);
	repeat(f101, "f", 101);
	repeat(g155, "g", 155);
	repeat(h100, "h", 100);
	const struct want fixed[] = {
		{".", true, false, ""},
		{"a", true, false, ""},
		{"a/b.txt", false, false, "hello\n"},
		{"a/run.sh", false, true, "#!/bin/sh\n"},
		{"a/empty", false, false, ""},
		{"a/block", false, false, block},
		{"", false, false, "long: split\n"},
		{"", true, false, ""},
		{"", false, false, "no slash to split at\n"},
		{"", false, false, "just fits\n"},
		{"", false, false, "base too long\n"},
		{"", false, false, "many\n"},
		{"", false, false, "cut at a slash\n"},
		{"", false, false, "exact\n"},
		{"caf\xc3\xa9/men\xc3\xbc.yaml", false, false, "utf: 8\n"},
		{"\xc3\xbc", true, false, ""},
	};
	memcpy(e, fixed, sizeof fixed);
	snprintf(e[6].name, sizeof e[6].name, "%s/%s/f.yaml", d60, d60);
	snprintf(e[7].name, sizeof e[7].name, "%s/%s", d60, d60);
	snprintf(e[8].name, sizeof e[8].name, "%s", n101);
	snprintf(e[9].name, sizeof e[9].name, "%s", n100);
	snprintf(e[10].name, sizeof e[10].name, "p/%s", q120);
	snprintf(e[11].name, sizeof e[11].name, "%sdeep", dd);
	snprintf(e[12].name, sizeof e[12].name, "%s/%s", e99, f101);
	snprintf(e[13].name, sizeof e[13].name, "%s/%s", g155, h100);
	return 16;
}

static void read_golden(struct gt_buf *out)
{
	gt_autoclose int dir = -1;

	assert_int_equal(gt_fs_open_root(TEST_DATA "/archive", &dir, NULL), GT_OK);
	assert_int_equal(gt_fs_read(dir, "golden.tar", 1 << 20, out, NULL), GT_OK);
}

static void add(struct gt_tar_writer *w, const struct want *e)
{
	size_t n = strlen(e->body);

	if (e->dir) {
		assert_int_equal(gt_tar_add_dir(w, gt_str(e->name), NULL), GT_OK);
		return;
	}
	assert_int_equal(gt_tar_add_file(w, gt_str(e->name), n, e->executable, NULL), GT_OK);
	/* In two parts, as a stream comes. */
	assert_int_equal(gt_tar_write(w, e->body, n / 2, NULL), GT_OK);
	assert_int_equal(gt_tar_write(w, e->body + n / 2, n - n / 2, NULL), GT_OK);
}

static void test_write_equals_go(void **state)
{
	struct want entries[16];
	size_t n = golden_entries(entries);
	struct gt_buf got = {0}, want = {0};
	struct gt_tar_writer w;

	(void)state;
	gt_tar_writer_init(&w, gt_sink_buf(&got));
	for (size_t i = 0; i < n; i++)
		add(&w, &entries[i]);
	assert_int_equal(gt_tar_finish(&w, NULL), GT_OK);
	read_golden(&want);
	assert_int_equal(got.n, want.n);
	for (size_t i = 0; i < got.n; i++)
		if (got.p[i] != want.p[i])
			fail_msg("differs at block %zu, byte %zu", i / 512, i % 512);
	gt_buf_fini(&got);
	gt_buf_fini(&want);
}

static void test_read_golden(void **state)
{
	struct want entries[16];
	size_t n = golden_entries(entries);
	struct gt_buf bytes = {0};
	char body[1024];

	(void)state;
	read_golden(&bytes);
	struct gt_str view = gt_buf_str(&bytes);
	struct gt_tar_reader *r = gt_tar_reader_new(gt_source_mem(&view));
	const struct gt_tar_entry *e;
	for (size_t i = 0; i < n; i++) {
		size_t want = strlen(entries[i].body), have = 0, got = 1;

		assert_int_equal(gt_tar_next(r, &e, NULL), GT_OK);
		assert_non_null(e);
		assert_string_equal(e->name.p, entries[i].name);
		assert_int_equal(e->type, entries[i].dir ? GT_TAR_DIR : GT_TAR_FILE);
		assert_int_equal(e->size, want);
		if (i % 3 == 0)
			continue; /* skipped bodies are skipped by the next header */
		while (got) {
			assert_int_equal(gt_tar_read(r, body + have, 100, &got, NULL), GT_OK);
			have += got;
		}
		assert_int_equal(have, want);
		assert_memory_equal(body, entries[i].body, want);
	}
	assert_int_equal(gt_tar_next(r, &e, NULL), GT_OK);
	assert_null(e);
	gt_tar_reader_free(r);
	gt_buf_fini(&bytes);
}

static void test_huge_size_needs_pax(void **state)
{
	struct gt_buf out = {0};
	struct gt_tar_writer w;
	const struct gt_tar_entry *e;
	uint64_t size = (uint64_t)9 << 30;

	(void)state;
	gt_tar_writer_init(&w, gt_sink_buf(&out));
	assert_int_equal(gt_tar_add_file(&w, gt_str("huge"), size, false, NULL), GT_OK);
	struct gt_str view = gt_buf_str(&out);
	struct gt_tar_reader *r = gt_tar_reader_new(gt_source_mem(&view));
	assert_int_equal(gt_tar_next(r, &e, NULL), GT_OK);
	assert_true(e->size == size);
	assert_int_equal(gt_tar_next(r, &e, NULL), GT_E_INVALID); /* the body is missing */
	gt_tar_reader_free(r);
	gt_buf_fini(&out);
}

static void test_writer_guards(void **state)
{
	struct gt_buf out = {0};
	struct gt_tar_writer w;

	(void)state;
	gt_tar_writer_init(&w, gt_sink_buf(&out));
	assert_int_equal(gt_tar_add_file(&w, gt_str(""), 0, false, NULL), GT_E_INVALID);
	assert_int_equal(gt_tar_add_file(&w, gt_strn("a\0b", 3), 0, false, NULL), GT_E_INVALID);
	assert_int_equal(gt_tar_add_file(&w, gt_str("f"), 3, false, NULL), GT_OK);
	assert_int_equal(gt_tar_write(&w, "abcd", 4, NULL), GT_E_INTERNAL);
	assert_int_equal(gt_tar_finish(&w, NULL), GT_E_INTERNAL);
	assert_int_equal(gt_tar_add_dir(&w, gt_str("d"), NULL), GT_E_INTERNAL);
	gt_buf_fini(&out);
}

/* Every cut of the golden archive is an error or a clean end at a header; nothing is read past
 * it. */
static void test_cut_anywhere(void **state)
{
	struct gt_buf bytes = {0};

	(void)state;
	read_golden(&bytes);
	for (size_t cut = 0; cut < bytes.n; cut += 37) {
		char *copy = malloc(cut ? cut : 1);
		const struct gt_tar_entry *e = NULL;
		int rc;

		memcpy(copy, bytes.p, cut);
		struct gt_str view = gt_strn(copy, cut);
		struct gt_tar_reader *r = gt_tar_reader_new(gt_source_mem(&view));
		do
			rc = gt_tar_next(r, &e, NULL);
		while (rc == GT_OK && e);
		assert_true(rc == GT_OK || rc == GT_E_INVALID);
		if (cut % 512)
			assert_int_equal(rc, GT_E_INVALID);
		gt_tar_reader_free(r);
		free(copy);
	}
	gt_buf_fini(&bytes);
}

static void test_bad_checksum(void **state)
{
	struct gt_buf bytes = {0};
	const struct gt_tar_entry *e;

	(void)state;
	read_golden(&bytes);
	bytes.p[3] ^= 1;
	struct gt_str view = gt_buf_str(&bytes);
	struct gt_tar_reader *r = gt_tar_reader_new(gt_source_mem(&view));
	assert_int_equal(gt_tar_next(r, &e, NULL), GT_E_INVALID);
	gt_tar_reader_free(r);
	gt_buf_fini(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_equals_go),     cmocka_unit_test(test_read_golden),
		cmocka_unit_test(test_huge_size_needs_pax), cmocka_unit_test(test_writer_guards),
		cmocka_unit_test(test_cut_anywhere),        cmocka_unit_test(test_bad_checksum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
