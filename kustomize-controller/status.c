#include <stdarg.h>
#include <string.h>

#include "base/time.h"
#include "ks.h"

#define HISTORY_MAX 5
#define PROGRESS_PAUSE GT_MILLIS(250)

int ks_patch(struct ks_call *c, unsigned flags, struct gt_err *err)
{
	int rc = gt_arena_check(c->a, err);

	return rc < 0 ? rc : gt_patcher_patch(&c->patcher, c->r->ctx, c->obj, flags, err);
}

int ks_progress(struct ks_call *c, struct gt_err *err, const char *fmt, ...)
{
	gt_auto_buf text = {0};
	va_list ap;

	va_start(ap, fmt);
	gt_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	gt_cond_mark_reconciling(c->a, c->obj, KS_REASON_PROGRESSING, "%s", gt_buf_cstr(&text));
	if (gt_now_mono() - c->run->told < PROGRESS_PAUSE)
		return gt_arena_check(c->a, err);
	if (ks_patch(c, 0, err) < 0)
		return gt_wrap(err, "failed to update status");
	c->run->told = gt_now_mono();
	return GT_OK;
}

int ks_not_ready(struct ks_call *c, const char *reason, const struct gt_err *err)
{
	gt_cond_mark_false(c->a, c->obj, GT_COND_READY, reason, "%s", err->text);
	return err->code;
}

/* The snapshot of the same build with the same outcome, taken out of the list. */
static struct gt_node *take_snapshot(struct gt_node *history, const char *digest,
				     const char *status)
{
	for (size_t i = 0; i < gt_node_count(history); i++) {
		struct gt_node *item = gt_node_item(history, i);

		if (gt_node_is_text(gt_node_get(item, "digest"), digest) &&
		    gt_node_is_text(gt_node_get(item, "lastReconciledStatus"), status)) {
			gt_node_remove(history, i);
			return item;
		}
	}
	return NULL;
}

void ks_record_history(struct ks_call *c, const char *status)
{
	const struct ks_run *run = c->run;
	struct gt_node *in_status = gt_node_need_map(c->a, c->obj, "status");
	struct gt_node *history = gt_node_need_seq(c->a, in_status, "history");
	const char *digest = run->checksum ? run->checksum : "";
	struct gt_node *item = take_snapshot(history, digest, status);
	char now[GT_TIME_TEXT];

	gt_rfc3339(gt_now_wall(), now);
	if (!item) {
		item = gt_node_map(c->a);
		gt_node_set_str(c->a, item, "digest", digest);
		gt_node_set_str(c->a, item, "firstReconciled", now);
		gt_node_set_str(c->a, item, "lastReconciledStatus", status);
	}
	int64_t count = gt_node_int_or(gt_node_get(item, "totalReconciliations"), 0);
	gt_node_set_str(c->a, item, "lastReconciled", now);
	gt_node_set_str(c->a, item, "lastReconciledDuration",
			ks_duration_text(c->a, gt_now_mono() - run->began));
	gt_node_set_int(c->a, item, "totalReconciliations", count + 1);
	struct gt_node *metadata = gt_node_map(c->a);
	gt_node_set_str(c->a, metadata, "revision", run->revision);
	if (*run->origin_revision)
		gt_node_set_str(c->a, metadata, "originRevision", run->origin_revision);
	gt_node_set(c->a, item, "metadata", metadata);
	gt_node_insert(c->a, history, 0, item);
	while (gt_node_count(history) > HISTORY_MAX)
		gt_node_remove(history, gt_node_count(history) - 1);
}

void ks_event(struct ks_call *c, const char *type, const char *revision, const char *origin,
	      bool commit_status, const char *message)
{
	const char *reason = gt_cond_reason(c->obj, GT_COND_READY);
	struct gt_node *metadata = gt_node_map(c->a);

	if (!*reason)
		reason = strcmp(type, "Warning") == 0 ? "error" : "info";
	if (revision && *revision)
		gt_node_set_str(c->a, metadata, KS_GROUP "/revision", revision);
	if (origin && *origin)
		gt_node_set_str(c->a, metadata, KS_GROUP "/originRevision", origin);
	if (commit_status)
		gt_node_set_str(c->a, metadata, KS_GROUP "/commit_status", "update");
	gt_recorder_emit(gt_manager_recorder(c->ks->manager), c->obj, metadata, type, reason, "%s",
			 message);
}
