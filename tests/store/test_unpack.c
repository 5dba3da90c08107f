#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "archive/gzip.h"
#include "archive/tar.h"
#include "base/buf.h"
#include "base/fs.h"
#include "base/time.h"
#include "crypto/digest.h"
#include "store/unpack.h"

static char *dir;
static struct gt_unpack *cache;

/* A remote archive: what it holds, and how often it was asked for. */
struct remote {
	struct gt_buf bytes;
	char digest[GT_DIGEST_TEXT];
	int calls;
	int fail; /* a code, instead of bytes */
	pthread_barrier_t *barrier;
};

static void make_remote(struct remote *r, const char *text)
{
	struct gt_tar_writer tar;

	*r = (struct remote){.fail = 0};
	struct gt_gzip_writer *gz = gt_gzip_writer_new(gt_sink_buf(&r->bytes));
	gt_tar_writer_init(&tar, gt_gzip_sink(gz));
	gt_tar_add_dir(&tar, gt_str("."), NULL);
	gt_tar_add_file(&tar, gt_str("sub/file"), strlen(text), false, NULL);
	gt_tar_write(&tar, text, strlen(text), NULL);
	gt_tar_finish(&tar, NULL);
	gt_gzip_finish(gz, NULL);
	gt_gzip_writer_free(gz);
	struct gt_digest d = gt_digest_of(GT_SHA256, gt_buf_str(&r->bytes));
	gt_digest_text(&d, r->digest);
}

static int fetch(void *arg, struct gt_ctx *ctx, struct gt_sink to, struct gt_err *err)
{
	struct remote *r = arg;

	(void)ctx;
	__atomic_add_fetch(&r->calls, 1, __ATOMIC_SEQ_CST);
	if (r->barrier)
		pthread_barrier_wait(r->barrier);
	if (r->fail)
		return gt_fail(err, (enum gt_code)r->fail, "no such archive");
	return gt_sink_write(to, r->bytes.p, r->bytes.n, err);
}

static int setup(void **state)
{
	(void)state;
	if (gt_fs_mkdtemp(NULL, "unpack-", &dir, NULL) < 0)
		return -1;
	struct gt_unpack_opts opts = {
		.dir = dir, .keep = GT_SECONDS(60), .max_bytes = 100, .max_trees = 3};
	return gt_unpack_open(&opts, &cache, NULL);
}

static int teardown(void **state)
{
	(void)state;
	gt_time_freeze(0);
	gt_unpack_free(cache);
	gt_fs_remove_tree(dir);
	free(dir);
	return 0;
}

static struct gt_unpack_tree *get(struct remote *r)
{
	struct gt_unpack_tree *t = NULL;
	struct gt_err err;

	if (gt_unpack_acquire(cache, gt_ctx_background(), r->digest, fetch, r, &t, &err) < 0)
		fail_msg("%s", err.text);
	return t;
}

static void test_once_for_all(void **state)
{
	struct remote r;
	struct gt_buf text = {0};

	(void)state;
	make_remote(&r, "hello");
	struct gt_unpack_tree *a = get(&r), *b = get(&r);
	assert_int_equal(r.calls, 1);
	assert_ptr_equal(a, b);
	assert_int_equal(gt_fs_read(gt_unpack_dirfd(a), "sub/file", 100, &text, NULL), GT_OK);
	assert_string_equal(text.p, "hello");
	gt_unpack_release(a);
	gt_unpack_release(b);
	a = get(&r); /* still there */
	assert_int_equal(r.calls, 1);
	gt_unpack_release(a);
	gt_buf_fini(&text);
	gt_buf_fini(&r.bytes);
}

static void *take(void *arg)
{
	return get(arg);
}

static void test_many_threads_one_fetch(void **state)
{
	struct remote r;
	pthread_barrier_t barrier;
	pthread_t threads[4];
	void *trees[4];

	(void)state;
	make_remote(&r, "shared");
	pthread_barrier_init(&barrier, NULL, 2);
	r.barrier = &barrier;
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, take, &r);
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], &trees[i]);
	assert_int_equal(r.calls, 1);
	for (int i = 0; i < 4; i++) {
		assert_ptr_equal(trees[i], trees[0]);
		gt_unpack_release(trees[i]);
	}
	pthread_barrier_destroy(&barrier);
	gt_buf_fini(&r.bytes);
}

static void test_errors(void **state)
{
	struct gt_unpack_tree *t = NULL;
	struct gt_ctx *ctx = gt_ctx_background();
	struct gt_err err;
	struct remote r;

	(void)state;
	make_remote(&r, "text");
	assert_int_equal(gt_unpack_acquire(cache, ctx, "", fetch, &r, &t, &err), GT_E_INVALID);
	assert_string_equal(err.text, "empty digest");
	r.fail = GT_E_NOT_FOUND;
	assert_int_equal(gt_unpack_acquire(cache, ctx, r.digest, fetch, &r, &t, &err),
			 GT_E_NOT_FOUND);
	r.fail = 0;
	r.bytes.p[r.bytes.n / 2] ^= 1;
	assert_int_equal(gt_unpack_acquire(cache, ctx, r.digest, fetch, &r, &t, &err),
			 GT_E_CONFLICT);
	assert_non_null(strstr(err.text, "failed to verify archive: computed digest doesn't match "
					 "provided 'sha256:"));
	/* Damaged before it was digested: the digest is right, the archive is not. */
	struct gt_digest d = gt_digest_of(GT_SHA256, gt_buf_str(&r.bytes));
	gt_digest_text(&d, r.digest);
	assert_true(gt_unpack_acquire(cache, ctx, r.digest, fetch, &r, &t, &err) < 0);
	assert_non_null(strstr(err.text, "failed to extract archive (check whether file size "
					 "exceeds max download size): "));
	/* A failure is not remembered. */
	r.bytes.p[r.bytes.n / 2] ^= 1;
	d = gt_digest_of(GT_SHA256, gt_buf_str(&r.bytes));
	gt_digest_hex(&d, r.digest); /* a digest without algorithm is SHA-256 */
	t = get(&r);
	gt_unpack_release(t);
	gt_buf_fini(&r.bytes);
}

static void test_unused_trees_go(void **state)
{
	struct remote a, b;
	int64_t now = gt_now_wall();

	(void)state;
	make_remote(&a, "first tree");
	make_remote(&b, "second tree");
	gt_time_freeze(now);
	gt_unpack_release(get(&a));
	gt_unpack_release(get(&b));
	gt_time_freeze(now + GT_SECONDS(61));
	gt_unpack_sweep(cache);
	struct gt_unpack_tree *t = get(&a);
	assert_int_equal(a.calls, 2);
	gt_unpack_release(t);
	gt_buf_fini(&a.bytes);
	gt_buf_fini(&b.bytes);
}

static void test_unused_trees_are_few(void **state)
{
	struct remote r[4];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		make_remote(&r[i], (const char *const[]){"a", "b", "c", "d"}[i]);
		gt_unpack_release(get(&r[i]));
	}
	gt_unpack_release(get(&r[3])); /* still there */
	assert_int_equal(r[3].calls, 1);
	gt_unpack_release(get(&r[0]));
	assert_int_equal(r[0].calls, 2);
	for (size_t i = 0; i < 4; i++)
		gt_buf_fini(&r[i].bytes);
}

static void test_unused_bytes_are_bounded(void **state)
{
	struct remote a, b;
	char big[80];

	(void)state;
	memset(big, 'a', sizeof big);
	big[sizeof big - 1] = '\0';
	make_remote(&a, big);
	big[0] = 'b';
	make_remote(&b, big);
	struct gt_unpack_tree *ta = get(&a), *tb = get(&b);
	gt_unpack_release(ta);
	gt_unpack_release(tb); /* 158 bytes unused: the first one goes */
	tb = get(&b);
	assert_int_equal(b.calls, 1);
	ta = get(&a);
	assert_int_equal(a.calls, 2);
	gt_unpack_release(ta);
	gt_unpack_release(tb);
	gt_buf_fini(&a.bytes);
	gt_buf_fini(&b.bytes);
}

static void test_waiter_gives_up(void **state)
{
	struct remote r;
	pthread_barrier_t barrier;
	pthread_t owner;
	void *tree;
	struct gt_unpack_tree *t = NULL;
	struct gt_ctx ctx;
	struct gt_err err;

	(void)state;
	make_remote(&r, "late");
	pthread_barrier_init(&barrier, NULL, 2);
	r.barrier = &barrier;
	pthread_create(&owner, NULL, take, &r);
	while (!__atomic_load_n(&r.calls, __ATOMIC_SEQ_CST))
		usleep(100);
	gt_ctx_init(&ctx, NULL, GT_MILLIS(1));
	assert_int_equal(gt_unpack_acquire(cache, &ctx, r.digest, fetch, &r, &t, &err),
			 GT_E_TIMEOUT);
	gt_ctx_fini(&ctx);
	pthread_barrier_wait(&barrier);
	pthread_join(owner, &tree);
	gt_unpack_release(tree);
	pthread_barrier_destroy(&barrier);
	gt_buf_fini(&r.bytes);
}

#define CASE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_once_for_all),
		CASE(test_many_threads_one_fetch),
		CASE(test_errors),
		CASE(test_unused_trees_go),
		CASE(test_waiter_gives_up),
		CASE(test_unused_bytes_are_bounded),
		CASE(test_unused_trees_are_few),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
