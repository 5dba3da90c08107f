/* Who is woken by whose change, with a controller that is only a queue. */
#include "support/check.h"

#include <stdio.h>
#include <string.h>

#include "runtime/manager_int.h"

struct fixture {
	struct gt_controller c;
	struct gt_manager m;
	struct gt_depends *d;
	struct gt_arena arena;
};

static int setup(void **state)
{
	struct fixture *f = gt_new(struct fixture);
	struct gt_queue_opts opts = {.name = "test"};

	f->c.opts.name = "test";
	f->c.manager = &f->m;
	f->c.queue = gt_queue_new(&opts);
	f->d = gt_depends_new();
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	gt_queue_free(f->c.queue);
	gt_depends_free(f->d);
	gt_arena_fini(&f->arena);
	free(f);
	return 0;
}

static void change(struct fixture *f, const char *name, const char *rv)
{
	struct gt_arena *a = &f->arena;
	struct gt_node *obj = gt_node_map(a);
	struct gt_node *meta = gt_node_need_map(a, obj, "metadata");

	gt_node_set_str(a, obj, "apiVersion", "g/v1");
	gt_node_set_str(a, obj, "kind", "K");
	gt_node_set_str(a, meta, "name", name);
	gt_node_set_str(a, meta, "namespace", "ns");
	gt_node_set_str(a, meta, "resourceVersion", rv);
	gt_depends_changed(f->d, &(struct gt_informer_event){.type = GT_CHANGE_ADDED, .obj = obj});
}

/* Key "me" waits for the objects named. */
static void wait_for(struct fixture *f, const char *one, const char *two, uint64_t since)
{
	struct gt_ref refs[2] = {{{"g", "v2", "K"}, "ns", one}, {{"g", "v2", "K"}, "ns", two}};

	gt_depends_register(f->d, &f->c, (struct gt_key){"ns", "me"}, refs, two ? 2 : 1, since);
}

static bool woken(struct fixture *f)
{
	struct gt_work w;

	if (!gt_queue_try(f->c.queue, &w))
		return false;
	assert_string_equal(w.key.name, "me");
	gt_queue_done(f->c.queue, &w);
	return true;
}

static void test_wakes_once(void **state)
{
	struct fixture *f = *state;

	wait_for(f, "a", "b", gt_depends_now(f->d));
	change(f, "c", "1");
	assert_false(woken(f));
	change(f, "b", "1");
	assert_true(woken(f));
	change(f, "b", "2");
	assert_false(woken(f));
	/* A run forgets what the last one waited for. */
	gt_depends_forget(f->d, &f->c, (struct gt_key){"ns", "me"});
	change(f, "a", "1");
	assert_false(woken(f));
}

/* The change came while the reconcile was deciding. */
static void test_late(void **state)
{
	struct fixture *f = *state;
	uint64_t since = gt_depends_now(f->d);

	change(f, "x", "1");
	change(f, "a", "1");
	wait_for(f, "a", NULL, since);
	assert_true(woken(f));
	change(f, "a", "2");
	assert_false(woken(f));
	wait_for(f, "a", NULL, gt_depends_now(f->d));
	assert_false(woken(f));
}

/* So many changes ago that nobody knows. */
static void test_very_late(void **state)
{
	struct fixture *f = *state;
	uint64_t since = gt_depends_now(f->d);

	for (int i = 0; i < 5000; i++) {
		char name[16];
		snprintf(name, sizeof name, "o%d", i);
		change(f, name, "1");
	}
	wait_for(f, "a", NULL, since);
	assert_true(woken(f));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {T(test_wakes_once), T(test_late), T(test_very_late)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
