/*
 * Scenarios of applies and updates by several managers, replayed and held against what apimachinery
 * made of each step (golden.go): the object, every manager's fields, and the errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/fs.h"
#include "base/limits.h"
#include "schema/schema.h"
#include "ssa/apply.h"
#include "ssa/typed.h"
#include "text/json.h"

struct world {
	struct gt_arena *a;
	struct gt_schema_kind kind;
	struct gt_node *live;
	const struct gt_node *empty;
	struct gt_ssa_managers managers;
	struct gt_buf error;
};

static const char *json(struct gt_arena *a, const struct gt_node *n)
{
	gt_auto_buf out = {0};

	gt_json_write(&out, n, GT_JSON_SORTED, 0);
	return gt_arena_strdup(a, gt_buf_cstr(&out));
}

static struct gt_ssa_request request(struct world *w, const struct gt_node *step)
{
	return (struct gt_ssa_request){
		.arena = w->a,
		.type = w->kind.type,
		.version = gt_node_text(gt_node_get(w->empty, "apiVersion")),
		.manager = gt_node_text(gt_node_get(step, "manager")),
		.now = gt_str("2026-01-01T00:00:00Z"),
		.empty = w->empty,
	};
}

/* Managers are changed in place, so a failed step works on a copy. */
static struct gt_ssa_managers copy_managers(struct world *w)
{
	struct gt_ssa_managers m = {0};
	struct gt_node *n = gt_ssa_managers_node(w->a, &w->managers);

	assert_int_equal(gt_ssa_managers_parse(w->a, n, &m, NULL), GT_OK);
	return m;
}

static void apply(struct world *w, const struct gt_node *step)
{
	struct gt_ssa_request req = request(w, step);
	struct gt_ssa_managers m = copy_managers(w);
	struct gt_node *obj = gt_node_get(step, "obj"), *doc = NULL;
	struct gt_ssa_conflicts conflicts = {0};
	struct gt_err err = {0};
	int rc = gt_ssa_check(w->kind.type, obj, false, &err);

	if (rc < 0) {
		gt_buf_printf(&w->error,
			      "failed to create typed patch object (%s/%s; %s/%s, Kind=%s): %s",
			      gt_node_cstr_or(gt_node_at(obj, "metadata", "namespace"), ""),
			      gt_node_cstr_or(gt_node_at(obj, "metadata", "name"), ""),
			      w->kind.group, w->kind.version, w->kind.kind, err.text);
		return;
	}
	rc = gt_ssa_apply(&req, w->live, obj, gt_node_truth(gt_node_get(step, "force"), false), &m,
			  &doc, &conflicts, &err);
	if (rc == GT_E_CONFLICT) {
		gt_ssa_conflicts_print(&w->error, &conflicts);
		return;
	}
	if (rc < 0)
		fail_msg("apply: %s", err.text);
	w->managers = m;
	if (doc)
		w->live = doc;
}

static void update(struct world *w, const struct gt_node *step)
{
	struct gt_ssa_request req = request(w, step);
	struct gt_node *obj = gt_node_get(step, "obj");
	struct gt_err err = {0};

	if (gt_ssa_update(&req, w->live, obj, &w->managers, &err) < 0)
		fail_msg("update: %s", err.text);
	w->live = obj;
}

/* The times of entries, and so their order, are not part of the golden data. */
static void check_fields(struct world *w, size_t line, size_t i, const struct gt_node *want)
{
	struct gt_node *got = gt_ssa_managers_node(w->a, &w->managers);

	gt_seq_for_each (got, entry)
		gt_node_unset(entry, "time");
	gt_seq_for_each (want, entry) {
		bool found = false;
		gt_seq_for_each (got, mine)
			found |= gt_node_equal(entry, mine);
		if (!found)
			fail_msg("scenario %zu step %zu: missing %s\nin %s", line, i,
				 json(w->a, entry), json(w->a, got));
	}
	if (gt_node_count(got) != gt_node_count(want))
		fail_msg("scenario %zu step %zu: too many managers: %s", line, i, json(w->a, got));
}

static void check_step(struct world *w, size_t line, size_t i, const struct gt_node *step)
{
	const char *want = gt_node_cstr_or(gt_node_get(step, "err"), "");

	if (strcmp(want, gt_buf_cstr(&w->error)) != 0)
		fail_msg("scenario %zu step %zu: error \"%s\", want \"%s\"", line, i,
			 gt_buf_cstr(&w->error), want);
	if (!gt_node_equal(w->live, gt_node_get(step, "live")))
		fail_msg("scenario %zu step %zu:\n%s, want\n%s", line, i, json(w->a, w->live),
			 json(w->a, gt_node_get(step, "live")));
	check_fields(w, line, i, gt_node_get(step, "fields"));
}

static void replay(size_t line, struct gt_str text)
{
	gt_auto_arena a = {0};
	struct world w = {.a = &a};
	struct gt_node *scenario = NULL, *empty = gt_node_map(&a);
	size_t i = 0;

	assert_int_equal(gt_json_parse(&a, text, 0, &scenario, NULL), GT_OK);
	const char *group = gt_node_cstr_or(gt_node_get(scenario, "group"), "");
	const char *version = gt_node_cstr_or(gt_node_get(scenario, "version"), "");
	const char *kind = gt_node_cstr_or(gt_node_get(scenario, "kind"), "");
	assert_true(
		gt_schema_find_kind(gt_schema_get(GT_SCHEMA_K8S), group, version, kind, &w.kind));
	gt_node_set(&a, empty, "apiVersion",
		    gt_node_printf(&a, "%s%s%s", group, group[0] ? "/" : "", version));
	gt_node_set_str(&a, empty, "kind", kind);
	w.live = empty;
	w.empty = empty;
	gt_seq_for_each (gt_node_get(scenario, "steps"), step) {
		gt_buf_reset(&w.error);
		if (gt_node_is_text(gt_node_get(step, "op"), "apply"))
			apply(&w, step);
		else
			update(&w, step);
		assert_int_equal(gt_arena_check(&a, NULL), GT_OK);
		check_step(&w, line, i++, step);
	}
	gt_buf_fini(&w.error);
}

static void test_scenarios(void **state)
{
	gt_auto_buf text = {0};
	gt_autoclose int root = -1;
	struct gt_err err = {0};
	struct gt_str line;
	size_t n = 0;

	(void)state;
	assert_int_equal(gt_fs_open_root(TEST_DATA "/ssa", &root, &err), GT_OK);
	assert_int_equal(gt_fs_read(root, "scenarios.jsonl", GT_MIB(16), &text, &err), GT_OK);
	struct gt_split it = {.rest = gt_buf_str(&text)};
	while (gt_split_next(&it, '\n', &line)) {
		if (line.n > 0)
			replay(++n, line);
	}
	assert_int_equal(n, 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scenarios),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
