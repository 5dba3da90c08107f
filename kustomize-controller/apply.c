/*
 * The staged apply: definitions and classes must settle before what uses them.
 *
 * Per stage two phases: every object is compared with the cluster, several at a time; then what
 * differs is written, in order.  The first failure of the comparison ends the stage with nothing of
 * it applied.
 */
#include <pthread.h>
#include <string.h>

#include "base/time.h"
#include "ks.h"
#include "kube/discovery.h"
#include "kube/kstatus.h"

static const char *const cleanup_annotations[] = {
	"kubectl.kubernetes.io/last-applied-configuration",
	KS_GROUP "/checksum",
	"fluxcd.io/sync-checksum",
	NULL,
};
static const char *const cleanup_labels[] = {"fluxcd.io/sync-gc-mark", NULL};

/* The comparison of one stage, shared by its lanes. */
struct plan {
	struct ks_call *c;
	const struct gt_ssa_opts *opts;
	size_t first, n;
	struct gt_ssa_entry *entries;
	size_t lanes_left;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	size_t next; /* object to take */
	bool failed; /* the error below is set */
	struct gt_err err;
};

struct lane {
	struct plan *plan;
	struct gt_arena arena;
};

static bool take(struct plan *p, size_t *ret_i)
{
	pthread_mutex_lock(&p->lock);
	bool more = !p->failed && p->next < p->n;
	if (more)
		*ret_i = p->next++;
	pthread_mutex_unlock(&p->lock);
	return more;
}

static void run_lane(struct lane *lane)
{
	struct plan *p = lane->plan;
	struct ks_run *run = p->c->run;
	size_t i;

	while (take(p, &i)) {
		struct gt_err err;
		struct gt_node *obj = gt_node_item(run->objects, p->first + i);

		if (gt_ssa_plan(run->target, p->c->r->ctx, &lane->arena, obj, p->opts,
				&p->entries[i], &err) == GT_OK)
			continue;
		pthread_mutex_lock(&p->lock);
		if (!p->failed)
			p->err = err;
		p->failed = true;
		pthread_mutex_unlock(&p->lock);
	}
}

static void lane_main(void *arg)
{
	struct lane *lane = arg;
	struct plan *p = lane->plan;

	run_lane(lane);
	pthread_mutex_lock(&p->lock);
	p->lanes_left--;
	pthread_cond_signal(&p->cond);
	pthread_mutex_unlock(&p->lock);
}

/* This thread is a lane too, so an apply goes on when all the pool's threads are busy. */
static void run_lanes(struct plan *p, struct lane *lanes, size_t n)
{
	p->lanes_left = n - 1;
	for (size_t i = 1; i < n; i++)
		gt_pool_submit(p->c->ks->lanes, lane_main, &lanes[i]);
	run_lane(&lanes[0]);
	pthread_mutex_lock(&p->lock);
	while (p->lanes_left)
		pthread_cond_wait(&p->cond, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

static struct ks_entry entry_of(struct ks_run *run, const struct gt_ssa_entry *e)
{
	struct gt_arena *a = &run->arena;
	const struct gt_node *now = e->merged ? e->merged : e->live;
	gt_auto_arena scratch = {0};
	struct gt_kstatus status = {.status = GT_STATUS_UNKNOWN};

	if (now)
		gt_kstatus(&scratch, now, &status, NULL);
	return (struct ks_entry){
		.action = e->action,
		.ref =
			{
				.gvk =
					{
						.group = gt_arena_strdup(a, e->ref.gvk.group),
						.version = gt_arena_strdup(a, e->ref.gvk.version),
						.kind = gt_arena_strdup(a, e->ref.gvk.kind),
					},
				.ns = gt_arena_strdup(a, e->ref.ns),
				.name = gt_arena_strdup(a, e->ref.name),
			},
		.rv = gt_arena_strdup(a, gt_obj_rv(now)),
		.current = status.status == GT_STATUS_CURRENT && e->action == GT_SSA_UNCHANGED,
		.expires = strcmp(e->ref.gvk.kind, "Job") == 0 &&
			   gt_node_at(now, "spec", "ttlSecondsAfterFinished"),
	};
}

/*
 * What is about to be created is put into the inventory first: a run that is killed before its end
 * must not leave objects behind that nobody knows to be ours.
 */
static int remember_created(struct ks_call *c, const struct plan *p, struct gt_err *err)
{
	struct gt_node *status = gt_node_need_map(c->a, c->obj, "status");
	GT_VEC(struct ks_entry) created = {0};

	for (size_t i = 0; i < p->n; i++) {
		if (p->entries[i].action == GT_SSA_CREATED)
			gt_vec_push(&created, entry_of(c->run, &p->entries[i]));
	}
	struct gt_node *added =
		ks_inventory_stale(c->a, ks_inventory_of(c->a, created.v, created.n),
				   gt_node_get(status, "inventory"));
	gt_vec_fini(&created);
	if (gt_node_count(added) == 0)
		return GT_OK;
	struct gt_node *inventory = gt_node_need_map(c->a, status, "inventory");
	gt_seq_for_each (added, item)
		gt_node_append(c->a, gt_node_need_seq(c->a, inventory, "entries"), item);
	return ks_patch(c, 0, err) < 0 ? gt_wrap(err, "failed to update status") : GT_OK;
}

/* Writes what differs, in order. */
static int write_stage(struct plan *p, struct gt_arena *a, struct gt_err *err)
{
	struct ks_run *run = p->c->run;

	for (size_t i = 0; i < p->n; i++) {
		struct gt_ssa_entry *e = &p->entries[i];

		if (e->action == GT_SSA_CREATED || e->action == GT_SSA_CONFIGURED) {
			int rc = gt_ssa_write(run->target, p->c->r->ctx, a, p->opts, e, err);

			if (rc < 0)
				return rc;
			run->changed = true;
		}
		gt_vec_push(&run->entries, entry_of(run, e));
	}
	return gt_arena_check(&run->arena, err);
}

static int apply_stage(struct ks_call *c, const struct gt_ssa_opts *opts, size_t first, size_t n,
		       struct gt_err *err)
{
	size_t nlanes = (size_t)ks_flags.concurrent_ssa < n ? (size_t)ks_flags.concurrent_ssa : n;
	gt_autofree struct lane *lanes = gt_xcalloc(nlanes, sizeof *lanes);
	gt_autofree struct gt_ssa_entry *entries = gt_xcalloc(n, sizeof *entries);
	struct plan p = {.c = c, .opts = opts, .first = first, .n = n, .entries = entries};
	size_t before = c->run->entries.n;
	int rc;

	pthread_mutex_init(&p.lock, NULL);
	pthread_cond_init(&p.cond, NULL);
	for (size_t i = 0; i < nlanes; i++) {
		lanes[i].plan = &p;
		gt_arena_init(&lanes[i].arena, c->run->arena.budget);
	}
	run_lanes(&p, lanes, nlanes);
	if (p.failed) {
		rc = p.err.code;
		if (err)
			*err = p.err;
	} else {
		rc = remember_created(c, &p, err);
		if (rc == GT_OK)
			rc = write_stage(&p, &lanes[0].arena, err);
	}
	/* Of a stage that failed nothing is told. */
	if (rc < 0)
		c->run->entries.n = before;
	for (size_t i = 0; i < nlanes; i++)
		gt_arena_fini(&lanes[i].arena);
	pthread_cond_destroy(&p.cond);
	pthread_mutex_destroy(&p.lock);
	return rc;
}

static const char *const *string_list(struct gt_arena *a, const struct gt_flag_list *list)
{
	const char **v = gt_arena_calloc(a, list->n + 1, sizeof *v);

	for (size_t i = 0; v && i < list->n; i++)
		v[i] = list->v[i];
	return v;
}

/* "Kind/ns/name created" lines of what was written. */
static void change_log(const struct ks_run *run, struct gt_arena *a, struct gt_buf *out)
{
	for (size_t i = 0; i < run->entries.n; i++) {
		const struct ks_entry *e = &run->entries.v[i];

		if (e->action == GT_SSA_CREATED || e->action == GT_SSA_CONFIGURED)
			gt_buf_printf(out, "%s%s %s", out->n ? "\n" : "", gt_ref_text(a, &e->ref),
				      gt_ssa_action_name(e->action));
	}
}

static void report(struct ks_call *c)
{
	struct ks_run *run = c->run;
	gt_auto_buf changes = {0}, output = {0};

	change_log(run, c->a, &changes);
	gt_buf_addc(&output, '{');
	for (size_t i = 0; i < run->entries.n; i++)
		gt_buf_printf(&output, "%s\"%s\":\"%s\"", i ? "," : "",
			      gt_ref_text(c->a, &run->entries.v[i].ref),
			      gt_ssa_action_name(run->entries.v[i].action));
	gt_buf_addc(&output, '}');
	if (run->entries.n)
		gt_log_info(c->r->log, "server-side apply completed",
			    gt_kv_raw("output", gt_buf_cstr(&output)),
			    gt_kv_str("revision", run->revision));
	if (changes.n)
		ks_event(c, "Normal", run->revision, run->origin_revision, false,
			 gt_buf_cstr(&changes));
}

static int fail(struct ks_call *c, struct gt_err *err)
{
	gt_auto_buf text = {0};

	change_log(c->run, c->a, &text);
	if (text.n) {
		char first[GT_ERR_TEXT_MAX];

		memcpy(first, err->text, sizeof first);
		return gt_fail(err, err->code, "%s\n%s", first, gt_buf_cstr(&text));
	}
	return err->code;
}

int ks_apply(struct ks_call *c, bool *ret_wait, struct gt_err *err)
{
	struct ks_run *run = c->run;
	const char *const *custom = string_list(c->a, &ks_flags.custom_stage_kinds);
	struct gt_ssa_opts opts = {
		.field_manager = KS_MANAGER,
		.owner_group = KS_GROUP,
		.force = gt_node_truth(gt_node_at(c->obj, "spec", "force"), false),
		.override_managers = string_list(c->a, &ks_flags.override_managers),
		.cleanup_annotations = cleanup_annotations,
		.cleanup_labels = cleanup_labels,
	};
	size_t total = gt_node_count(run->objects);

	while (run->next < total) {
		size_t first = run->next, n = 1;
		enum gt_ssa_stage stage =
			gt_ssa_stage_of(gt_node_item(run->objects, first), custom);

		while (first + n < total &&
		       gt_ssa_stage_of(gt_node_item(run->objects, first + n), custom) == stage)
			n++;
		run->waited_from = run->entries.n;
		if (apply_stage(c, &opts, first, n, err) < 0)
			return fail(c, err);
		run->next = first + n;
		if (stage != GT_SSA_DEFINITIONS && stage != GT_SSA_CLASSES)
			continue;
		*ret_wait = ks_wait_for_stage(c, run->waited_from);
		if (*ret_wait)
			return GT_OK;
	}
	*ret_wait = false;
	report(c);
	return GT_OK;
}
