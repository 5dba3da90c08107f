/*
 * The frame of a source's reconcile: what comes before the steps and what becomes of their result.
 * Upstream: source-controller, internal/reconcile.
 */
#include <stdio.h>
#include <string.h>

#include "api/source.h"
#include "base/fs.h"
#include "base/rand.h"
#include "base/time.h"
#include "src.h"

#define DEFAULT_INTERVAL GT_SECONDS(60)

void src_call_init(struct src_call *c, const struct src_kind *kind, struct gt_reconcile *r)
{
	*c = (struct src_call){
		.r = r,
		.src = r->arg,
		.kind = kind,
		.a = r->arena,
		.obj = r->obj,
		.before = gt_node_dup(r->arena, r->obj),
		.began = gt_now_mono(),
	};
	gt_patcher_init(&c->patcher, r->kube, kind->res, c->a, c->obj, SRC_MANAGER, kind->owned);
}

/* --- errors, events, patches --------------------------------------------------------------- */

static const char *vtext(struct gt_arena *a, const char *fmt, va_list ap)
{
	gt_auto_buf out = {0};

	gt_buf_vprintf(&out, fmt, ap);
	const char *text = gt_arena_strndup(a, gt_buf_cstr(&out), out.n);
	return text ? text : "";
}

static void set_error(struct src_call *c, enum src_class class, const char *reason,
		      const char *message)
{
	c->error = class;
	c->reason = reason;
	c->message = message;
	if (c->code == GT_OK)
		c->code = GT_E_UNAVAILABLE;
}

enum src_result src_fail(struct src_call *c, enum src_class class, const char *reason,
			 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *message = vtext(c->a, fmt, ap);
	va_end(ap);
	set_error(c, class, reason, message);
	return SRC_EMPTY;
}

enum src_result src_fail_cond(struct src_call *c, const char *cond, enum src_class class,
			      const char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *message = vtext(c->a, fmt, ap);
	va_end(ap);
	set_error(c, class, reason, message);
	gt_cond_mark_true(c->a, c->obj, cond, reason, "%s", message);
	return SRC_EMPTY;
}

void src_event(struct src_call *c, const char *type, const char *reason, const char *fmt, ...)
{
	struct gt_manager *m = c->r->manager;
	va_list ap;

	va_start(ap, fmt);
	const char *message = vtext(c->a, fmt, ap);
	va_end(ap);
	gt_recorder_emit(gt_manager_recorder(m), c->obj, NULL, type, reason, "%s", message);
	if (strcmp(type, "Trace") == 0)
		gt_log_info(c->r->log, message);
}

static int patch(struct src_call *c, unsigned patch_flags, struct gt_err *err)
{
	int rc = gt_arena_check(c->a, err);

	if (rc == GT_OK)
		rc = gt_patcher_patch(&c->patcher, c->r->ctx, c->obj, patch_flags, err);
	return rc;
}

bool src_patch(struct src_call *c)
{
	struct gt_err err;
	int rc = patch(c, 0, &err);

	if (rc == GT_OK)
		return true;
	c->code = rc;
	src_fail(c, SRC_GENERIC, SRC_REASON_PATCH_FAILED, "%s", err.text);
	return false;
}

/* --- the end ------------------------------------------------------------------------------- */

static bool any_condition(const struct gt_node *obj, const char *const *types)
{
	for (; *types; types++)
		if (gt_cond_has(obj, *types))
			return true;
	return false;
}

/* A poll that finds nothing writes nothing, an event neither, unless somebody asked for it or
 * something ended by it.  Upstream writes one each time. */
static void handle_ignored(struct src_call *c)
{
	int64_t observed = gt_node_int_or(gt_node_at(c->before, "status", "observedGeneration"), 0);

	if (gt_api_requested(c->before) || gt_obj_generation(c->before) != observed ||
	    any_condition(c->before, c->kind->failures))
		src_event(c, "Trace", c->reason, "%s", c->message);
	else
		gt_log_info(c->r->log, c->message);
}

/* Tells people about the error. */
static void handle_error(struct src_call *c)
{
	struct gt_err err;

	switch (c->error) {
	case SRC_GENERIC: src_event(c, "Warning", c->reason, "%s", c->message); break;
	case SRC_IGNORED: handle_ignored(c); break;
	case SRC_WAITING:
		gt_recorder_emit(gt_manager_recorder(c->r->manager), c->obj, NULL, "Trace",
				 c->reason, "%s", c->message);
		gt_log_info(c->r->log, "reconciliation waiting", gt_kv_str("reason", c->message),
			    gt_kv_duration("duration", c->wait));
		break;
	case SRC_STALLING:
		src_event(c, "Warning", c->reason, "%s", c->message);
		gt_fail(&err, c->code, "%s", c->message);
		gt_log_error(c->r->log, &err, "reconciliation stalled");
		break;
	case SRC_OK:
	case SRC_UNTYPED: break;
	}
}

static int64_t interval(struct src_call *c)
{
	int64_t ns = gt_api_duration(c->obj, "interval", DEFAULT_INTERVAL);

	return gt_manager_jitter(c->r->manager, ns);
}

/* Conditions by result and error; returns whether the generation counts as observed. */
static bool compute(struct src_call *c, enum src_result result, struct gt_next *next)
{
	bool observed = false;

	*next = (struct gt_next){.kind = GT_NEXT_DONE};
	if (c->error == SRC_OK && result == SRC_SUCCESS)
		gt_cond_delete(c->obj, GT_COND_RECONCILING);
	if (gt_cond_is_true(c->obj, GT_COND_RECONCILING))
		gt_cond_mark_true(c->a, c->obj, GT_COND_RECONCILING, SRC_REASON_PROGRESSING_RETRY,
				  "%s", gt_cond_message(c->obj, GT_COND_RECONCILING));
	if (c->error == SRC_STALLING) {
		gt_cond_mark_stalled(c->a, c->obj, c->reason, "%s", c->message);
		return true;
	}
	gt_cond_delete(c->obj, GT_COND_STALLED);
	switch (c->error) {
	case SRC_WAITING: gt_next_after(next, c->wait ? c->wait : interval(c)); break;
	case SRC_IGNORED:
		gt_cond_delete(c->obj, GT_COND_RECONCILING);
		gt_next_after(next, interval(c));
		observed = true;
		break;
	case SRC_OK:
		observed = result != SRC_REQUEUE;
		if (result == SRC_REQUEUE)
			gt_next_now(next);
		else if (result == SRC_SUCCESS)
			gt_next_after(next, interval(c));
		break;
	default: break;
	}
	return observed;
}

static void summarize(struct src_call *c)
{
	gt_cond_summary(c->a, c->obj, GT_COND_READY, c->kind->summary, c->kind->negative, false);
	if (c->kind->verifies && gt_cond_is_false(c->obj, SRC_COND_SOURCE_VERIFIED))
		gt_cond_mark_false(c->a, c->obj, GT_COND_READY,
				   gt_cond_reason(c->obj, SRC_COND_SOURCE_VERIFIED), "%s",
				   gt_cond_message(c->obj, SRC_COND_SOURCE_VERIFIED));
}

/* Success must show: a Ready that is not true is an error to be tried again. */
static int check_ready(struct src_call *c, enum src_result result, struct gt_err *err)
{
	bool success = c->error == SRC_IGNORED || (c->error == SRC_OK && result == SRC_SUCCESS);

	if (!success || gt_cond_is_true(c->obj, GT_COND_STALLED) ||
	    gt_cond_is_true(c->obj, GT_COND_READY))
		return GT_OK;
	return gt_fail(err, GT_E_UNAVAILABLE, "%s", gt_cond_message(c->obj, GT_COND_READY));
}

static void record_duration(struct src_call *c)
{
	const char *kind = c->kind->res->kind;
	double seconds = (double)(gt_now_mono() - c->began) / 1e9;

	if (gt_obj_deleting(c->obj) && !gt_obj_has_finalizer(c->obj, GT_FINALIZER))
		gt_metric_remove(c->src->duration, kind, c->r->key.name, c->r->key.ns);
	else
		gt_metric_observe(c->src->duration, seconds, kind, c->r->key.name, c->r->key.ns);
}

static int finish(struct src_call *c, enum src_result result, struct gt_next *next,
		  struct gt_err *err)
{
	handle_error(c);
	gt_api_set_handled(c->a, c->obj);
	bool observed = compute(c, result, next);
	summarize(c);
	int rc = check_ready(c, result, err);
	if (c->error == SRC_GENERIC || c->error == SRC_UNTYPED)
		rc = gt_fail(err, c->code, "%s", c->message);
	bool has_conditions = gt_node_count(gt_node_at(c->obj, "status", "conditions")) > 0;

	struct gt_err patch_err;
	int patched = patch(c, observed && has_conditions ? GT_PATCH_OBSERVED : 0, &patch_err);
	if (patched == GT_E_NOT_FOUND && gt_obj_deleting(c->obj))
		patched = GT_OK;
	if (patched < 0 && rc < 0)
		gt_fail(err, c->code, "[%s, %s]", c->message, patch_err.text);
	else if (patched < 0 && err)
		*err = patch_err;
	record_duration(c);
	return rc < 0 ? rc : patched;
}

/* --- the beginning ------------------------------------------------------------------------- */

static enum src_result reconcile_delete(struct src_call *c)
{
	enum src_result result = src_remove_all(c);

	if (c->error == SRC_OK)
		gt_obj_remove_finalizer(c->obj, GT_FINALIZER);
	return result;
}

/* Says that work has begun, in the API when somebody waits for it. */
static bool announce(struct src_call *c)
{
	struct gt_node *status = gt_node_get(c->obj, "status");
	int64_t generation = gt_obj_generation(c->obj);
	int64_t observed = gt_node_int_or(gt_node_get(status, "observedGeneration"), 0);

	gt_cond_progressive(c->a, c->obj, false, SRC_REASON_PROGRESSING,
			    "reconciliation in progress");
	if (generation != observed) {
		gt_cond_progressive(c->a, c->obj, false, SRC_REASON_PROGRESSING,
				    "processing object: new generation %lld -> %lld",
				    (long long)observed, (long long)generation);
		return src_patch(c);
	}
	return gt_api_requested(c->obj) ? src_patch(c) : true;
}

static bool make_workdir(struct src_call *c)
{
	char kind[64];
	struct gt_err err;
	size_t n = 0;

	for (const char *p = c->kind->res->kind; *p && n < sizeof kind - 1; p++)
		kind[n++] = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	kind[n] = '\0';
	gt_autofree char *prefix = gt_xasprintf("%s-%s-%s-", kind, c->r->key.ns, c->r->key.name);
	int rc = gt_fs_mkdtemp(gt_scratch_path(c->src->scratch), prefix, &c->workdir, &err);
	if (rc == GT_OK) {
		gt_cond_delete(c->obj, SRC_COND_STORAGE_FAILED);
		return true;
	}
	c->code = rc;
	src_fail_cond(c, SRC_COND_STORAGE_FAILED, SRC_GENERIC, SRC_REASON_DIR_CREATION_FAILED,
		      "failed to create temporary working directory: %s", err.text);
	return false;
}

/* A new artifact, or the end of a failure, is news. */
static void notify(struct src_call *c, enum src_result result,
		   const char *(*message)(struct src_call *c))
{
	const struct gt_node *artifact = gt_api_artifact(c->obj);
	bool good = (c->error == SRC_OK && result == SRC_SUCCESS) || c->error == SRC_IGNORED;
	const char *reason = NULL;

	if (!good || !artifact)
		return;
	const char *digest = gt_api_artifact_digest(c->obj);
	if (!gt_streq(digest, gt_api_artifact_digest(c->before)))
		reason = "NewArtifact";
	else if (any_condition(c->before, c->kind->failures) &&
		 !any_condition(c->obj, c->kind->failures))
		reason = SRC_REASON_SUCCEEDED;
	if (!reason)
		return;
	struct gt_node *meta = gt_node_map(c->a);
	const char *text = message(c);
	gt_node_set_str(c->a, meta, SRC_GROUP "/revision", gt_api_artifact_revision(c->obj));
	gt_node_set_str(c->a, meta, SRC_GROUP "/digest", digest);
	gt_recorder_emit(gt_manager_recorder(c->r->manager), c->obj, meta, "Normal", reason, "%s",
			 text);
	gt_log_info(c->r->log, text);
}

static enum src_result run_steps(struct src_call *c, const src_step_fn *steps)
{
	enum src_result result = SRC_EMPTY;

	for (; *steps; steps++) {
		enum src_result r = (*steps)(c);

		if (r == SRC_REQUEUE || c->error != SRC_OK)
			return r;
		if (r == SRC_SUCCESS)
			result = r;
	}
	return result;
}

static enum src_result reconcile_object(struct src_call *c, const src_step_fn *steps,
					const char *(*message)(struct src_call *c))
{
	if (!announce(c) || !make_workdir(c))
		return SRC_EMPTY;
	enum src_result result = run_steps(c, steps);
	notify(c, result, message);
	gt_fs_remove_tree(c->workdir);
	free(gt_steal(c->workdir));
	return result;
}

int src_reconcile(struct src_call *c, const src_step_fn *steps,
		  const char *(*message)(struct src_call *c), struct gt_next *next,
		  struct gt_err *err)
{
	enum src_result result = SRC_EMPTY;

	if (gt_obj_deleting(c->obj))
		result = reconcile_delete(c);
	/* Before anything is stored for the object.  Upstream ends the run here, to come back after
	 * the first back-off; nobody sees more of the difference than the time. */
	else if (gt_obj_add_finalizer(c->a, c->obj, GT_FINALIZER) && !src_patch(c))
		result = SRC_EMPTY;
	else if (gt_api_suspended(c->obj))
		gt_log_info(c->r->log, "reconciliation is suspended for this object");
	else
		result = reconcile_object(c, steps, message);
	return finish(c, result, next, err);
}
