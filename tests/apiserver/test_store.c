/* The store: order, history, conflicts, and what survives a kill. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

#include "base/fs.h"
#include "base/rand.h"
#include "store.h"
#include "text/json.h"

/* --- helpers ------------------------------------------------------------------------------ */

static struct as_store *open_store(const char *path)
{
	struct as_store_opts opts = {.path = path, .sync = AS_SYNC_NORMAL};
	struct as_store *s = NULL;
	struct gt_err err = {0};

	check_ok(as_store_open(&opts, &s, &err), &err);
	return s;
}

/* Writes {metadata: {name, namespace, labels}, value}. */
static int put(struct as_store *s, struct as_table *t, enum as_op op, const char *ns,
	       const char *name, int64_t expect, int64_t value, int64_t *ret_rev)
{
	gt_auto_arena a = {0};
	struct gt_node *obj = gt_node_map(&a), *meta = gt_node_need_map(&a, obj, "metadata");
	struct as_draft draft = {0};
	struct as_write w = {
		.table = t,
		.op = op,
		.ns = gt_str(ns),
		.name = gt_str(name),
		.expect = expect,
		.draft = &draft,
	};
	struct gt_err err = {0};
	int rc;

	gt_node_set_str(&a, obj, "kind", "T");
	gt_node_set_str(&a, obj, "apiVersion", "v1");
	gt_node_set_str(&a, meta, "name", name);
	if (ns[0])
		gt_node_set_str(&a, meta, "namespace", ns);
	gt_node_set_str(&a, meta, "uid", "u");
	gt_node_set_str(&a, gt_node_need_map(&a, meta, "labels"), "l", name);
	gt_node_set_int(&a, obj, "value", value);
	check_ok(as_draft_init(&draft, &a, obj, &err), &err);
	rc = as_store_write(s, &w, &err);
	as_draft_fini(&draft);
	if (rc == GT_OK) {
		if (ret_rev)
			*ret_rev = w.ret_after->rev;
		as_object_unref(w.ret_after);
	}
	return rc;
}

static void check_value(struct as_table *t, const char *ns, const char *name, int64_t want)
{
	struct as_object *o = as_table_get(t, gt_str(ns), gt_str(name));
	gt_auto_arena a = {0};
	struct gt_node *obj = NULL;
	struct gt_err err = {0};

	assert_non_null(o);
	check_ok(as_object_parse(o, &a, &obj, &err), &err);
	assert_int_equal(gt_node_int_or(gt_node_get(obj, "value"), -1), want);
	assert_int_equal(
		strtoll(gt_node_cstr_or(gt_node_at(obj, "metadata", "resourceVersion"), ""), NULL,
			10),
		o->rev);
	as_object_unref(o);
}

static void keys_at(struct as_table *t, const struct as_scan *scan, char *out, size_t size)
{
	struct as_snapshot snap = {0};
	struct gt_err err = {0};
	size_t n = 0;

	out[0] = '\0';
	check_ok(as_table_scan(t, scan, &snap, &err), &err);
	for (size_t i = 0; i < snap.n; i++)
		n += (size_t)snprintf(out + n, size - n, "%.*s ", GT_STR_ARG(snap.v[i]->key));
	as_snapshot_fini(&snap);
}

/* --- tests -------------------------------------------------------------------------------- */

static void test_writes(void **state)
{
	struct as_store *s = open_store(NULL);
	struct as_table *t = as_store_table(s, "/things");
	int64_t first, second, gone;

	(void)state;
	check_ok(put(s, t, AS_CREATE, "n", "a", 0, 1, &first), &(struct gt_err){0});
	check_fails(put(s, t, AS_CREATE, "n", "a", 0, 2, NULL), GT_E_EXISTS);
	check_fails(put(s, t, AS_UPDATE, "n", "b", first, 2, NULL), GT_E_NOT_FOUND);
	check_ok(put(s, t, AS_UPDATE, "n", "a", first, 2, &second), &(struct gt_err){0});
	assert_true(second > first);
	check_fails(put(s, t, AS_UPDATE, "n", "a", first, 3, NULL), GT_E_CONFLICT);
	check_value(t, "n", "a", 2);
	check_fails(put(s, t, AS_DELETE, "n", "a", first, 0, NULL), GT_E_CONFLICT);
	check_ok(put(s, t, AS_DELETE, "n", "a", second, 0, &gone), &(struct gt_err){0});
	assert_null(as_table_get(t, gt_str("n"), gt_str("a")));
	assert_int_equal(as_store_revision(s), gone);
	as_store_close(s);
}

static void test_scan(void **state)
{
	static const char *const keys[][2] = {
		{"b", "y"}, {"a", "z"}, {"a-b", "x"}, {"a", "x"}, {"b", "x"}};
	struct as_store *s = open_store(NULL);
	struct as_table *t = as_store_table(s, "/things");
	char out[256];

	(void)state;
	for (size_t i = 0; i < GT_COUNT(keys); i++)
		assert_int_equal(put(s, t, AS_CREATE, keys[i][0], keys[i][1], 0, 0, NULL), GT_OK);
	/* Order of the whole key, as etcd has it. */
	keys_at(t, &(struct as_scan){0}, out, sizeof out);
	assert_string_equal(out, "a-b/x a/x a/z b/x b/y ");
	keys_at(t, &(struct as_scan){.ns = gt_str("a")}, out, sizeof out);
	assert_string_equal(out, "a/x a/z ");
	keys_at(t, &(struct as_scan){.after = gt_str("a/x"), .limit = 2}, out, sizeof out);
	assert_string_equal(out, "a/z b/x ");
	keys_at(t, &(struct as_scan){.ns = gt_str("a"), .after = gt_str("a/x")}, out, sizeof out);
	assert_string_equal(out, "a/z ");
	as_store_close(s);
}

/* A list at an older revision is what it was then. */
static void test_past(void **state)
{
	struct as_store *s = open_store(NULL);
	struct as_table *t = as_store_table(s, "/things");
	struct as_snapshot snap = {0};
	struct gt_err err = {0};
	int64_t a, b, c;
	char out[256];

	(void)state;
	assert_int_equal(put(s, t, AS_CREATE, "n", "a", 0, 1, &a), GT_OK);
	assert_int_equal(put(s, t, AS_CREATE, "n", "b", 0, 1, &b), GT_OK);
	assert_int_equal(put(s, t, AS_UPDATE, "n", "a", a, 2, &c), GT_OK);
	assert_int_equal(put(s, t, AS_DELETE, "n", "b", b, 0, NULL), GT_OK);
	assert_int_equal(put(s, t, AS_CREATE, "n", "c", 0, 1, NULL), GT_OK);
	keys_at(t, &(struct as_scan){.rev = a}, out, sizeof out);
	assert_string_equal(out, "n/a ");
	keys_at(t, &(struct as_scan){.rev = c}, out, sizeof out);
	assert_string_equal(out, "n/a n/b ");
	check_ok(as_table_scan(t, &(struct as_scan){.rev = b}, &snap, &err), &err);
	assert_int_equal(snap.v[0]->rev, a);
	assert_int_equal(snap.rev, b);
	as_snapshot_fini(&snap);
	as_store_close(s);
}

static void test_events(void **state)
{
	struct as_store *s = open_store(NULL);
	struct as_table *t = as_store_table(s, "/things");
	struct as_event e[8];
	struct gt_err err = {0};
	int64_t a, b, seen;
	size_t n;

	(void)state;
	assert_int_equal(put(s, t, AS_CREATE, "n", "a", 0, 1, &a), GT_OK);
	assert_int_equal(put(s, t, AS_UPDATE, "n", "a", a, 2, &b), GT_OK);
	assert_int_equal(put(s, t, AS_DELETE, "n", "a", b, 0, NULL), GT_OK);
	check_ok(as_table_events(t, 0, e, 8, &n, &seen, &err), &err);
	assert_int_equal(n, 3);
	assert_int_equal(e[0].type, AS_ADDED);
	assert_null(e[0].old);
	assert_int_equal(e[1].type, AS_MODIFIED);
	assert_int_equal(e[1].old->rev, a);
	assert_int_equal(e[2].type, AS_DELETED);
	assert_int_equal(e[2].obj->rev, seen);
	assert_int_equal(e[2].old->rev, b);
	as_events_fini(e, n);
	check_ok(as_table_events(t, a, e, 1, &n, &seen, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(seen, b);
	as_events_fini(e, n);
	as_store_close(s);
}

/* What was forgotten is said to be gone, not left out. */
static void test_history_is_bounded(void **state)
{
	struct as_store *s = open_store(NULL);
	struct as_table *t = as_store_table(s, "/things");
	struct as_event e[1];
	struct gt_err err = {0};
	int64_t rev, seen;
	size_t n;

	(void)state;
	assert_int_equal(put(s, t, AS_CREATE, "n", "a", 0, 0, &rev), GT_OK);
	for (int i = 0; i < 17000; i++)
		assert_int_equal(put(s, t, AS_UPDATE, "n", "a", rev, i, &rev), GT_OK);
	check_fails(as_table_events(t, 1, e, 1, &n, &seen, &err), GT_E_GONE);
	assert_true(as_table_oldest(t) > 1);
	check_ok(as_table_events(t, as_table_oldest(t), e, 1, &n, &seen, &err), &err);
	as_events_fini(e, n);
	as_store_close(s);
}

/* --- on disk ------------------------------------------------------------------------------ */

static char *database(char **ret_dir)
{
	struct gt_err err = {0};

	check_ok(gt_fs_mkdtemp(NULL, "as-store-", ret_dir, &err), &err);
	return gt_xasprintf("%s/state.db", *ret_dir);
}

static void test_reopen(void **state)
{
	char *dir = NULL, *path = database(&dir);
	struct as_store *s = open_store(path);
	struct as_table *t = as_store_table(s, "/things");
	struct as_event e[1];
	struct gt_err err = {0};
	int64_t a, b, last, seen;
	size_t n;

	(void)state;
	assert_int_equal(put(s, t, AS_CREATE, "n", "a", 0, 1, &a), GT_OK);
	assert_int_equal(put(s, t, AS_UPDATE, "n", "a", a, 2, &a), GT_OK);
	assert_int_equal(put(s, t, AS_CREATE, "", "b", 0, 7, &b), GT_OK);
	assert_int_equal(put(s, t, AS_DELETE, "", "b", b, 0, &last), GT_OK);
	as_store_close(s);

	s = open_store(path);
	t = as_store_table(s, "/things");
	check_value(t, "n", "a", 2);
	assert_int_equal(as_table_count(t), 1);
	/* The counter goes on, and a watch may go on from where everything was seen. */
	assert_int_equal(as_store_revision(s), last);
	check_ok(as_table_events(t, last, e, 1, &n, &seen, &err), &err);
	check_fails(as_table_events(t, a, e, 1, &n, &seen, &err), GT_E_GONE);
	assert_int_equal(put(s, t, AS_CREATE, "", "b", 0, 8, &b), GT_OK);
	assert_true(b > last);
	as_store_close(s);
	gt_fs_remove_tree(dir);
	free(path);
	free(dir);
}

static void test_foreign_files(void **state)
{
	char *dir = NULL, *path = database(&dir);
	struct as_store_opts opts = {.path = path};
	struct as_store *s = NULL;
	struct gt_err err = {0};
	gt_autoclose int root = -1;

	(void)state;
	check_ok(gt_fs_open_root(dir, &root, &err), &err);
	check_ok(gt_fs_write_atomic(root, "state.db", gt_str("this is no database, whatever it is"),
				    0600, false, &err),
		 &err);
	check_fails(as_store_open(&opts, &s, &err), GT_E_INVALID);
	assert_non_null(strstr(err.text, "state.db"));
	gt_fs_remove_tree(dir);
	free(path);
	free(dir);
}

/* Writes without end, and says on the pipe what has been acknowledged. */
static void write_until_killed(const char *path, int fd, uint32_t seed)
{
	struct as_store_opts opts = {.path = path, .sync = AS_SYNC_NORMAL};
	struct as_store *s = NULL;
	struct as_table *t;
	struct as_object *o;
	int64_t rev = 0;

	if (as_store_open(&opts, &s, NULL) < 0)
		_exit(1);
	t = as_store_table(s, "/things");
	o = as_table_get(t, gt_str("n"), gt_str("k"));
	if (o)
		rev = o->rev;
	for (int64_t i = (int64_t)seed * 1000000;; i++) {
		enum as_op op = rev ? AS_UPDATE : AS_CREATE;
		if (put(s, t, op, "n", "k", rev, i, &rev) < 0)
			_exit(2);
		if (write(fd, &i, sizeof i) != sizeof i)
			_exit(3);
	}
}

static void test_kill(void **state)
{
	char *dir = NULL, *path = database(&dir);

	(void)state;
	for (uint32_t round = 1; round <= 8; round++) {
		int64_t value, last = -1, count = 0, want = 1 + gt_rand_below(200);
		int pipefd[2], status;
		assert_int_equal(pipe(pipefd), 0);
		pid_t pid = fork();
		if (pid == 0) {
			close(pipefd[0]);
			write_until_killed(path, pipefd[1], round);
		}
		close(pipefd[1]);
		while (count < want && read(pipefd[0], &value, sizeof value) == sizeof value) {
			last = value;
			count++;
		}
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		/* More may have been acknowledged before the kill arrived. */
		while (read(pipefd[0], &value, sizeof value) == sizeof value)
			last = value;
		close(pipefd[0]);

		struct as_store *s = open_store(path);
		struct as_object *o =
			as_table_get(as_store_table(s, "/things"), gt_str("n"), gt_str("k"));
		gt_auto_arena a = {0};
		struct gt_node *obj = NULL;
		assert_non_null(o);
		assert_int_equal(as_object_parse(o, &a, &obj, NULL), GT_OK);
		assert_true(gt_node_int_or(gt_node_get(obj, "value"), -1) >= last);
		as_object_unref(o);
		as_store_close(s);
	}
	gt_fs_remove_tree(dir);
	free(path);
	free(dir);
}

/* --- many writers ------------------------------------------------------------------------- */

struct writer {
	struct as_store *s;
	struct as_table *t;
	int id;
	int done;
};

/* Adds one to the same object, over and over. */
static void *increment(void *arg)
{
	struct writer *w = arg;

	while (w->done < 50) {
		struct as_object *o = as_table_get(w->t, gt_str("n"), gt_str("counter"));
		gt_auto_arena a = {0};
		struct gt_node *obj = NULL;
		if (as_object_parse(o, &a, &obj, NULL) < 0)
			abort();
		int64_t v = gt_node_int_or(gt_node_get(obj, "value"), -1);
		if (put(w->s, w->t, AS_UPDATE, "n", "counter", o->rev, v + 1, NULL) == GT_OK)
			w->done++;
		as_object_unref(o);
	}
	return NULL;
}

static void test_threads(void **state)
{
	char *dir = NULL, *path = database(&dir);
	struct as_store *s = open_store(path);
	struct as_table *t = as_store_table(s, "/things");
	struct writer w[4];
	pthread_t threads[4];

	(void)state;
	assert_int_equal(put(s, t, AS_CREATE, "n", "counter", 0, 0, NULL), GT_OK);
	for (int i = 0; i < 4; i++) {
		w[i] = (struct writer){.s = s, .t = t, .id = i};
		assert_int_equal(pthread_create(&threads[i], NULL, increment, &w[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	check_value(t, "n", "counter", 200);
	as_store_close(s);
	gt_fs_remove_tree(dir);
	free(path);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes),
		cmocka_unit_test(test_scan),
		cmocka_unit_test(test_past),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_history_is_bounded),
		cmocka_unit_test(test_reopen),
		cmocka_unit_test(test_foreign_files),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
