#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/ctx.h"
#include "base/fs.h"
#include "base/time.h"
#include "store/artifact.h"

static char *root;
static struct gt_store *store;

static int setup(void **state)
{
	(void)state;
	if (gt_fs_mkdtemp(NULL, "store-", &root, NULL) < 0)
		return -1;
	struct gt_store_opts opts = {
		.root = root, .address = "localhost:9090", .ttl = GT_SECONDS(60), .records = 2};
	return gt_store_open(&opts, &store, NULL);
}

static int teardown(void **state)
{
	(void)state;
	gt_store_free(store);
	gt_fs_remove_tree(root);
	free(root);
	return 0;
}

static struct gt_stored put(const char *path, const char *text)
{
	struct gt_store_put *p;
	struct gt_stored stored;

	assert_int_equal(gt_store_mkdir(store, path, NULL), GT_OK);
	assert_int_equal(gt_store_begin(store, path, &p, NULL), GT_OK);
	assert_int_equal(gt_sink_write(gt_store_sink(p), text, strlen(text), NULL), GT_OK);
	assert_int_equal(gt_store_commit(p, &stored, NULL), GT_OK);
	return stored;
}

static size_t count_files(const char *dir)
{
	gt_autofree char *path = gt_xasprintf("%s/%s", root, dir);
	gt_autoclose int fd = -1;
	size_t n = 0;

	gt_fs_open_root(path, &fd, NULL);
	for (int i = 0; i < 20; i++) {
		char name[8];
		snprintf(name, sizeof name, "%d", i);
		n += gt_fs_is_file(fd, name);
	}
	return n;
}

static void test_put_and_verify(void **state)
{
	const char *path = "gitrepository/default/app/abc.tar.gz";
	struct stat st;
	struct gt_err err;

	(void)state;
	struct gt_stored s = put(path, "hello");
	assert_string_equal(s.digest, "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e7304"
				      "3362938b9824");
	assert_int_equal(s.size, 5);
	assert_int_equal(gt_fs_stat(gt_store_root(store), path, false, &st, NULL), GT_OK);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(
		gt_fs_stat(gt_store_root(store), "gitrepository/default/app", false, &st, NULL),
		GT_OK);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(gt_store_verify(store, path, s.digest, &err), GT_OK);
	put(path, "other");
	assert_int_equal(gt_store_verify(store, path, s.digest, &err), GT_E_CONFLICT);
	assert_non_null(strstr(err.text, "computed digest doesn't match"));
	assert_int_equal(gt_store_verify(store, path, "", &err), GT_E_CONFLICT);
	assert_int_equal(gt_store_verify(store, path, "sha256:zz", &err), GT_E_CONFLICT);
	assert_int_equal(gt_store_verify(store, "gitrepository/default/app/nope", s.digest, &err),
			 GT_E_NOT_FOUND);
	assert_int_equal(gt_store_verify(store, "gitrepository/default/app", s.digest, &err),
			 GT_E_NOT_FOUND);
}

static void test_abort_leaves_the_old_file(void **state)
{
	const char *path = "gitrepository/default/app/abc.tar.gz";
	struct gt_store_put *p;

	(void)state;
	struct gt_stored s = put(path, "good");
	assert_int_equal(gt_store_begin(store, path, &p, NULL), GT_OK);
	assert_int_equal(gt_sink_write(gt_store_sink(p), "half", 4, NULL), GT_OK);
	gt_store_abort(p);
	assert_int_equal(gt_store_verify(store, path, s.digest, NULL), GT_OK);
}

static void test_escape(void **state)
{
	struct gt_store_put *p;

	(void)state;
	assert_int_not_equal(gt_store_mkdir(store, "../x/y", NULL), GT_OK);
	assert_int_not_equal(gt_store_begin(store, "../x", &p, NULL), GT_OK);
}

static void test_urls(void **state)
{
	static const struct {
		const char *address, *want;
	} cases[] = {
		{"localhost:9090", "http://localhost:9090/a/b"},
		{"source.flux-system.svc.cluster.local.",
		 "http://source.flux-system.svc.cluster.local./a/b"},
		{"https://files.example.org", "https://files.example.org/a/b"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		gt_auto_buf url = {0};

		gt_store_set_address(store, cases[i].address);
		gt_store_url(store, &url, "a/b");
		assert_string_equal(url.p, cases[i].want);
	}
	gt_auto_buf path = {0};
	gt_store_path(&path, "GitRepository", "ns", "n", "f.tar.gz");
	assert_string_equal(path.p, "gitrepository/ns/n/f.tar.gz");
}

/* Files named 0, 1, 2 ... with the ages given, in seconds; 0 is the newest and current. */
static void test_gc_matrix(void **state)
{
	static const struct {
		int ages[8];
		unsigned keep_first, removed;
	} cases[] = {
		{{0, -1}, 1, 0},
		{{0, 10, -1}, 2, 0},
		{{0, 10, 20, -1}, 2, 1}, /* three fresh ones, two may stay */
		{{0, 10, 20, 30, -1}, 2, 2},
		{{0, 100, -1}, 1, 1}, /* past its time */
		{{0, 10, 100, 200, -1}, 2, 2},
		{{500, 10, 20, -1}, 0, 1}, /* the current one stays, however old */
	};

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		gt_autofree char *dir = gt_xasprintf("gitrepository/ns/case%zu", c);
		gt_autofree char *current = gt_xasprintf("%s/0", dir);
		size_t removed, n = 0;

		for (; cases[c].ages[n] >= 0; n++) {
			gt_autofree char *path = gt_xasprintf("%s/%zu", dir, n);
			struct timespec t[2] = {{.tv_sec = time(NULL) - cases[c].ages[n]}};
			t[1] = t[0];
			put(path, "x");
			utimensat(gt_store_root(store), path, t, 0);
		}
		assert_int_equal(gt_store_gc(store, gt_ctx_background(), current, &removed, NULL),
				 GT_OK);
		if (removed != cases[c].removed || count_files(dir) != n - removed ||
		    !gt_store_exists(store, current))
			fail_msg("case %zu: removed %zu of %zu", c, removed, n);
	}
}

static void test_gc_takes_temporary_files_and_locks(void **state)
{
	struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	size_t removed;

	(void)state;
	put("k/ns/n/1", "x");
	put("k/ns/n/0", "x");
	put("k/ns/n/123", "what a killed writer left");
	utimensat(gt_store_root(store), "k/ns/n/123", old, 0);
	assert_int_equal(gt_store_gc(store, gt_ctx_background(), "k/ns/n/0", &removed, NULL),
			 GT_OK);
	assert_int_equal(removed, 1);
	assert_false(gt_store_exists(store, "k/ns/n/123.lock"));
	assert_true(gt_store_exists(store, "k/ns/n/1.lock"));
	assert_int_equal(gt_store_gc(store, gt_ctx_background(), "no/such/dir/f", &removed, NULL),
			 GT_OK);
}

static void test_remove_all_and_link(void **state)
{
	bool existed;
	struct gt_buf bytes = {0};

	(void)state;
	put("bucket/ns/n/f", "body");
	assert_int_equal(gt_store_link(store, "bucket/ns/n/f", "latest.tar.gz", NULL), GT_OK);
	assert_int_equal(gt_store_link(store, "bucket/ns/n/f", "latest.tar.gz", NULL), GT_OK);
	gt_autofree char *link = gt_xasprintf("%s/bucket/ns/n/latest.tar.gz", root);
	gt_autoclose int fd = open(link, O_RDONLY);
	assert_int_equal(gt_fd_read_all(fd, 100, &bytes, NULL), GT_OK);
	assert_string_equal(bytes.p, "body");
	gt_buf_fini(&bytes);
	assert_int_equal(gt_store_remove_all(store, "Bucket", "ns", "n", &existed, NULL), GT_OK);
	assert_true(existed);
	assert_int_equal(gt_store_remove_all(store, "Bucket", "ns", "n", &existed, NULL), GT_OK);
	assert_false(existed);
	assert_false(gt_fs_is_dir(gt_store_root(store), "bucket/ns/n"));
}

static void test_bad_options(void **state)
{
	struct gt_store *s;
	struct gt_err err;

	(void)state;
	struct gt_store_opts none = {.root = "/nonexistent/dir"};
	assert_int_equal(gt_store_open(&none, &s, &err), GT_E_INVALID);
	assert_string_equal(err.text, "invalid dir path: /nonexistent/dir");
	struct gt_store_opts algo = {.root = root, .algorithm = "md5"};
	assert_int_equal(gt_store_open(&algo, &s, &err), GT_E_INVALID);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_put_and_verify),
		CASE(test_abort_leaves_the_old_file),
		CASE(test_escape),
		CASE(test_urls),
		CASE(test_gc_matrix),
		CASE(test_gc_takes_temporary_files_and_locks),
		CASE(test_remove_all_and_link),
		CASE(test_bad_options),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
