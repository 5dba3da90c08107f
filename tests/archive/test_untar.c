#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/gzip.h"
#include "archive/tar.h"
#include "archive/untar.h"
#include "base/fs.h"

/* A header block of any kind, with a right checksum. */
static void add_raw(struct gt_buf *out, const char *name, char type, unsigned mode,
		    const char *link, const char *body)
{
	unsigned char h[512] = {0};
	unsigned sum = 0;
	size_t n = strlen(body);

	snprintf((char *)h, 100, "%s", name);
	snprintf((char *)h + 100, 8, "%07o", mode);
	snprintf((char *)h + 124, 12, "%011o", (unsigned)n);
	snprintf((char *)h + 136, 12, "%011o", 1000000000u);
	h[156] = (unsigned char)type;
	snprintf((char *)h + 157, 100, "%s", link);
	memcpy(h + 257,
	       "ustar\0"
	       "00",
	       8);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < sizeof h; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	gt_buf_add(out, h, sizeof h);
	gt_buf_add(out, body, n);
	gt_buf_fill(out, '\0', (512 - n % 512) % 512);
}

struct fixture {
	char *path;
	int dir;
};

static int setup(void **state)
{
	static struct fixture f;

	f.dir = -1;
	if (gt_fs_mkdtemp(NULL, "untar-", &f.path, NULL) < 0 ||
	    gt_fs_open_root(f.path, &f.dir, NULL) < 0)
		return -1;
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->dir);
	gt_fs_remove_tree(f->path);
	free(f->path);
	return 0;
}

static int unpack(struct fixture *f, struct gt_buf *tar, struct gt_untar_opts opts,
		  struct gt_err *err)
{
	struct gt_str view = gt_buf_str(tar);

	opts.plain = true;
	return gt_untar(f->dir, gt_source_mem(&view), &opts, err);
}

static void test_rejects(void **state)
{
	static const struct {
		const char *name;
		char type;
		const char *text;
	} cases[] = {
		{"", '0', "invalid name"},
		{"/etc/passwd", '0', "invalid name"},
		{"../up", '0', "invalid name"},
		{"a/../../up", '0', "invalid name"},
		{"..", '5', "invalid name"},
		{"a\\b", '0', "invalid name"},
		{"dev", '3', "unsupported file type"},
		{"blk", '4', "unsupported file type"},
		{"fifo", '6', "unsupported file type"},
		{"weird", 'Q', "unsupported file type"},
		{"link", '2', "is a symlink"},
		{"sparse", 'S', "sparse"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct gt_buf tar = {0};
		struct gt_err err = {0};

		add_raw(&tar, cases[i].name, cases[i].type, 0644, "target", "");
		int rc = unpack(*state, &tar, (struct gt_untar_opts){0}, &err);
		if (rc == GT_OK || !strstr(err.text, cases[i].text))
			fail_msg("'%s': %d %s", cases[i].name, rc, err.text);
		gt_buf_fini(&tar);
	}
}

static void test_modes_and_parents(void **state)
{
	struct fixture *f = *state;
	struct gt_buf tar = {0};
	struct stat st;

	add_raw(&tar, "x/y/file", '0', 0644, "", "body");
	add_raw(&tar, "closed", '5', 0, "", "");
	add_raw(&tar, "hard", '1', 0600, "x/y/file", "");
	add_raw(&tar, "soft", '2', 0777, "/etc/passwd", "");
	add_raw(&tar, "x/y/file", '0', 0644, "", "again");
	assert_int_equal(unpack(f, &tar, (struct gt_untar_opts){.skip_symlinks = true}, NULL),
			 GT_OK);
	assert_int_equal(gt_fs_stat(f->dir, "x/y", false, &st, NULL), GT_OK);
	assert_int_equal(st.st_mode & 07777, 0750);
	assert_int_equal(gt_fs_stat(f->dir, "closed", false, &st, NULL), GT_OK);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(gt_fs_stat(f->dir, "hard", false, &st, NULL), GT_OK);
	assert_true(S_ISREG(st.st_mode) && st.st_size == 0);
	assert_int_equal(gt_fs_stat(f->dir, "x/y/file", false, &st, NULL), GT_OK);
	assert_int_equal(st.st_size, 5);
	assert_int_equal(st.st_mtime, 1000000000);
	assert_int_equal(gt_fs_stat(f->dir, "soft", false, &st, NULL), GT_E_NOT_FOUND);
	gt_buf_fini(&tar);
}

/* Nothing is written through a link that was in the tree before. */
static void test_no_write_through_links(void **state)
{
	struct fixture *f = *state;
	struct gt_buf tar = {0};
	char outside[] = "/tmp/untar-outside-XXXXXX";

	int fd = mkstemp(outside);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(symlinkat(outside, f->dir, "soft"), 0);
	assert_int_equal(symlinkat("/tmp", f->dir, "dirlink"), 0);
	add_raw(&tar, "soft", '0', 0644, "", "boom");
	assert_int_not_equal(unpack(f, &tar, (struct gt_untar_opts){0}, NULL), GT_OK);
	gt_buf_reset(&tar);
	add_raw(&tar, "dirlink/boom", '0', 0644, "", "boom");
	assert_int_not_equal(unpack(f, &tar, (struct gt_untar_opts){0}, NULL), GT_OK);
	struct stat st;
	assert_int_equal(stat(outside, &st), 0);
	assert_int_equal(st.st_size, 0);
	unlink(outside);
	gt_buf_fini(&tar);
}

static void test_limits(void **state)
{
	struct gt_buf tar = {0};
	struct gt_err err = {0};

	add_raw(&tar, "a", '0', 0644, "", "12345");
	add_raw(&tar, "b", '0', 0644, "", "12345");
	assert_int_equal(unpack(*state, &tar, (struct gt_untar_opts){.max_bytes = 9}, &err),
			 GT_E_BUDGET);
	assert_non_null(strstr(err.text, "tar \"b\" is bigger than max archive size of 9 bytes"));
	assert_int_equal(unpack(*state, &tar, (struct gt_untar_opts){.max_entries = 1}, &err),
			 GT_E_BUDGET);
	gt_buf_fini(&tar);
}

static void test_read_only(void **state)
{
	struct fixture *f = *state;
	struct gt_buf tar = {0};
	struct stat st;

	add_raw(&tar, "f", '0', 0600, "", "x");
	add_raw(&tar, "g", '0', 0711, "", "x");
	assert_int_equal(unpack(f, &tar, (struct gt_untar_opts){.read_only = true}, NULL), GT_OK);
	assert_int_equal(gt_fs_stat(f->dir, "f", false, &st, NULL), GT_OK);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(gt_fs_stat(f->dir, "g", false, &st, NULL), GT_OK);
	assert_int_equal(st.st_mode & 07777, 0511);
	gt_buf_fini(&tar);
}

static void test_gzip_is_mandatory(void **state)
{
	struct fixture *f = *state;
	struct gt_buf tar = {0}, gz = {0};
	struct gt_err err;

	add_raw(&tar, "f", '0', 0600, "", "x");
	struct gt_str plain = gt_buf_str(&tar);
	assert_int_equal(gt_untar(f->dir, gt_source_mem(&plain), NULL, &err), GT_E_INVALID);
	struct gt_gzip_writer *w = gt_gzip_writer_new(gt_sink_buf(&gz));
	assert_int_equal(gt_gzip_write(w, tar.p, tar.n, NULL), GT_OK);
	assert_int_equal(gt_gzip_finish(w, NULL), GT_OK);
	gt_gzip_writer_free(w);
	struct gt_str packed = gt_buf_str(&gz);
	assert_int_equal(gt_untar(f->dir, gt_source_mem(&packed), NULL, &err), GT_OK);
	assert_true(gt_fs_is_file(f->dir, "f"));
	gt_buf_fini(&tar);
	gt_buf_fini(&gz);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_rejects), CASE(test_modes_and_parents), CASE(test_no_write_through_links),
		CASE(test_limits),  CASE(test_read_only),         CASE(test_gzip_is_mandatory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
