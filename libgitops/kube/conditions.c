#include "kube/conditions.h"

#include <stdio.h>
#include <string.h>

#include "base/time.h"
#include "base/utf8.h"
#include "kube/object.h"

#define MESSAGE_MAX 32768
#define ELLIPSIS "..."

/* --- reading --------------------------------------------------------------------------------- */

static struct gt_node *list_of(const struct gt_node *obj)
{
	return gt_node_at(obj, "status", "conditions");
}

static const char *text(const struct gt_node *cond, const char *field)
{
	return gt_node_cstr_or(gt_node_get(cond, field), "");
}

struct gt_node *gt_cond_get(const struct gt_node *obj, const char *type)
{
	gt_seq_for_each (list_of(obj), cond) {
		if (gt_node_is_text(gt_node_get(cond, "type"), type))
			return cond;
	}
	return NULL;
}

bool gt_cond_has(const struct gt_node *obj, const char *type)
{
	return gt_cond_get(obj, type) != NULL;
}

static enum gt_cond_status status_of(const struct gt_node *cond)
{
	const char *s = text(cond, "status");

	return strcmp(s, "True") == 0    ? GT_COND_TRUE
	       : strcmp(s, "False") == 0 ? GT_COND_FALSE
					 : GT_COND_UNKNOWN;
}

enum gt_cond_status gt_cond_status(const struct gt_node *obj, const char *type)
{
	return status_of(gt_cond_get(obj, type));
}

bool gt_cond_is_true(const struct gt_node *obj, const char *type)
{
	return gt_cond_status(obj, type) == GT_COND_TRUE;
}

bool gt_cond_is_false(const struct gt_node *obj, const char *type)
{
	return gt_cond_status(obj, type) == GT_COND_FALSE;
}

const char *gt_cond_reason(const struct gt_node *obj, const char *type)
{
	return text(gt_cond_get(obj, type), "reason");
}

const char *gt_cond_message(const struct gt_node *obj, const char *type)
{
	return text(gt_cond_get(obj, type), "message");
}

const char *gt_cond_status_name(enum gt_cond_status status)
{
	return status == GT_COND_TRUE ? "True" : status == GT_COND_FALSE ? "False" : "Unknown";
}

bool gt_cond_is_ready(const struct gt_node *obj)
{
	return gt_cond_is_true(obj, GT_COND_READY) && !gt_cond_is_true(obj, GT_COND_STALLED) &&
	       !gt_cond_is_true(obj, GT_COND_RECONCILING);
}

bool gt_cond_is_stalled(const struct gt_node *obj)
{
	return gt_cond_is_true(obj, GT_COND_STALLED) && !gt_cond_is_true(obj, GT_COND_RECONCILING);
}

bool gt_cond_is_reconciling(const struct gt_node *obj)
{
	return gt_cond_is_true(obj, GT_COND_RECONCILING) && !gt_cond_is_true(obj, GT_COND_STALLED);
}

/* --- order ----------------------------------------------------------------------------------- */

static int rank(const char *type)
{
	static const char *const first[] = {GT_COND_STALLED, GT_COND_RECONCILING, GT_COND_READY};

	for (size_t i = 0; i < GT_COUNT(first); i++) {
		if (strcmp(first[i], type) == 0)
			return (int)i;
	}
	return (int)GT_COUNT(first);
}

static int cmp_conditions(const struct gt_node *x, const struct gt_node *y, void *arg)
{
	const char *tx = text(x, "type"), *ty = text(y, "type");
	int64_t gx = gt_node_int_or(gt_node_get(x, "observedGeneration"), 0);
	int64_t gy = gt_node_int_or(gt_node_get(y, "observedGeneration"), 0);

	(void)arg;
	if (rank(tx) != rank(ty))
		return rank(tx) - rank(ty);
	if (gx != gy)
		return gx > gy ? -1 : 1;
	return strcmp(tx, ty);
}

void gt_cond_sort(struct gt_node *obj)
{
	struct gt_node *list = list_of(obj);

	if (gt_node_is(list, GT_SEQ))
		gt_node_sort_items(list, cmp_conditions, NULL);
}

/* --- writing --------------------------------------------------------------------------------- */

/* The message of a condition: at most MESSAGE_MAX bytes, never half a character. */
static const char *cut_message(struct gt_arena *a, const char *s)
{
	size_t n = strlen(s);

	if (n <= MESSAGE_MAX)
		return s;
	n = gt_utf8_cut(gt_strn(s, n), MESSAGE_MAX - strlen(ELLIPSIS));
	return gt_arena_printf(a, "%.*s" ELLIPSIS, (int)n, s);
}

static void set(struct gt_arena *a, struct gt_node *obj, const char *type,
		enum gt_cond_status status, const char *reason, const char *message)
{
	struct gt_node *list =
		gt_node_need_seq(a, gt_node_need_map(a, obj, "status"), "conditions");
	struct gt_node *old = gt_cond_get(obj, type);
	const char *name = gt_cond_status_name(status);
	struct gt_node *cond = gt_node_map(a);
	char now[GT_TIME_TEXT];

	message = cut_message(a, message ? message : "");
	if (!cond || !message)
		return;
	bool same = old && gt_streq(text(old, "status"), name) &&
		    gt_streq(text(old, "reason"), reason) &&
		    gt_streq(text(old, "message"), message) && *text(old, "lastTransitionTime");
	const char *since = same ? text(old, "lastTransitionTime") : gt_rfc3339(gt_now_wall(), now);

	gt_node_set_str(a, cond, "lastTransitionTime", since);
	gt_node_set_str(a, cond, "message", message);
	if (gt_obj_generation(obj) != 0)
		gt_node_set_int(a, cond, "observedGeneration", gt_obj_generation(obj));
	gt_node_set_str(a, cond, "reason", reason);
	gt_node_set_str(a, cond, "status", name);
	gt_node_set_str(a, cond, "type", type);
	if (old)
		gt_node_become(old, cond);
	else
		gt_node_append(a, list, cond);
	gt_cond_sort(obj);
}

__attribute__((format(printf, 2, 0))) static const char *vformat(struct gt_arena *a,
								 const char *fmt, va_list ap)
{
	gt_auto_buf buf = {0};

	gt_buf_vprintf(&buf, fmt, ap);
	return gt_arena_strndup(a, gt_buf_cstr(&buf), buf.n);
}

void gt_cond_set(struct gt_arena *a, struct gt_node *obj, const char *type,
		 enum gt_cond_status status, const char *reason, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *message = vformat(a, fmt, ap);
	va_end(ap);
	set(a, obj, type, status, reason, message);
}

bool gt_cond_delete(struct gt_node *obj, const char *type)
{
	struct gt_node *list = list_of(obj);

	for (size_t i = 0; i < gt_node_count(list); i++) {
		if (!gt_node_is_text(gt_node_get(gt_node_item(list, i), "type"), type))
			continue;
		gt_node_remove(list, i);
		return true;
	}
	return false;
}

void gt_cond_mark_reconciling(struct gt_arena *a, struct gt_node *obj, const char *reason,
			      const char *fmt, ...)
{
	va_list ap;

	gt_cond_delete(obj, GT_COND_STALLED);
	va_start(ap, fmt);
	const char *message = vformat(a, fmt, ap);
	va_end(ap);
	set(a, obj, GT_COND_RECONCILING, GT_COND_TRUE, reason, message);
}

void gt_cond_mark_stalled(struct gt_arena *a, struct gt_node *obj, const char *reason,
			  const char *fmt, ...)
{
	va_list ap;

	gt_cond_delete(obj, GT_COND_RECONCILING);
	va_start(ap, fmt);
	const char *message = vformat(a, fmt, ap);
	va_end(ap);
	set(a, obj, GT_COND_STALLED, GT_COND_TRUE, reason, message);
}

void gt_cond_progressive(struct gt_arena *a, struct gt_node *obj, bool drift, const char *reason,
			 const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const char *message = vformat(a, fmt, ap);
	va_end(ap);
	gt_cond_delete(obj, GT_COND_STALLED);
	set(a, obj, GT_COND_RECONCILING, GT_COND_TRUE, reason, message);
	if (drift || gt_cond_status(obj, GT_COND_READY) == GT_COND_UNKNOWN)
		set(a, obj, GT_COND_READY, GT_COND_UNKNOWN, reason, message);
}

/* --- summary --------------------------------------------------------------------------------- */

static bool contains(const char *const *list, const char *s)
{
	for (; list && *list; list++) {
		if (strcmp(*list, s) == 0)
			return true;
	}
	return false;
}

/* Lower wins. */
static int priority(const struct gt_node *cond, bool negative)
{
	switch (status_of(cond)) {
	case GT_COND_TRUE: return negative ? 0 : 2;
	case GT_COND_FALSE: return negative ? 3 : 1;
	default: return 4;
	}
}

void gt_cond_summary(struct gt_arena *a, struct gt_node *obj, const char *target,
		     const char *const *order, const char *const *negative, bool latest)
{
	const struct gt_node *best = NULL;
	bool best_negative = false;
	int64_t newest = 0;

	for (const char *const *t = order; latest && *t; t++) {
		int64_t g =
			gt_node_int_or(gt_node_get(gt_cond_get(obj, *t), "observedGeneration"), 0);
		newest = g > newest ? g : newest;
	}
	for (const char *const *t = order; *t; t++) {
		const struct gt_node *cond = gt_cond_get(obj, *t);
		bool neg = contains(negative, *t);

		if (!cond ||
		    (latest && gt_node_int_or(gt_node_get(cond, "observedGeneration"), 0) < newest))
			continue;
		if (best && priority(best, best_negative) <= priority(cond, neg))
			continue;
		best = cond;
		best_negative = neg;
	}
	if (!best)
		return;
	enum gt_cond_status status = status_of(best);
	if (best_negative != contains(negative, target) && status != GT_COND_UNKNOWN)
		status = status == GT_COND_TRUE ? GT_COND_FALSE : GT_COND_TRUE;
	const char *reason = gt_arena_strdup(a, text(best, "reason"));
	const char *message = gt_arena_strdup(a, text(best, "message"));
	set(a, obj, target, status, reason, message);
}

/* --- the end of a reconcile ------------------------------------------------------------------ */

/* Ready takes over why the object is stalled. */
static void ready_from_stalled(struct gt_arena *a, struct gt_node *obj)
{
	if (!gt_cond_is_true(obj, GT_COND_STALLED) || gt_cond_is_false(obj, GT_COND_READY))
		return;
	const char *reason = gt_arena_strdup(a, gt_cond_reason(obj, GT_COND_STALLED));
	const char *message = gt_arena_strdup(a, gt_cond_message(obj, GT_COND_STALLED));
	set(a, obj, GT_COND_READY, GT_COND_FALSE, reason, message);
}

int gt_cond_finish(struct gt_arena *a, struct gt_node *obj, const struct gt_finish *f, int rc,
		   struct gt_err *err)
{
	bool success = f->success && rc >= 0;

	if (rc < 0)
		gt_cond_delete(obj, GT_COND_STALLED);
	if (!success || f->no_requeue) {
		if (f->nonzero && !success)
			gt_cond_delete(obj, GT_COND_STALLED);
		ready_from_stalled(a, obj);
	}
	if (success || gt_cond_is_true(obj, GT_COND_STALLED))
		gt_cond_delete(obj, GT_COND_RECONCILING);
	if (rc < 0 && !gt_cond_is_false(obj, GT_COND_READY))
		set(a, obj, GT_COND_READY, GT_COND_FALSE, "Failed", err ? err->text : "");
	if (f->summary)
		gt_cond_summary(a, obj, GT_COND_READY, f->summary, f->negative, true);
	if (success && gt_cond_is_false(obj, GT_COND_READY) &&
	    !gt_cond_is_true(obj, GT_COND_STALLED))
		rc = gt_fail(err, GT_E_UNAVAILABLE, "%s", gt_cond_message(obj, GT_COND_READY));
	if (rc >= 0 && success && gt_cond_status(obj, GT_COND_READY) == GT_COND_UNKNOWN &&
	    !gt_cond_is_true(obj, GT_COND_RECONCILING) && !gt_cond_is_true(obj, GT_COND_STALLED))
		set(a, obj, GT_COND_READY, GT_COND_TRUE, "Succeeded", f->ready_message);
	const char *at = gt_obj_annotation(obj, GT_ANN_REQUESTED_AT);
	if (at)
		gt_node_set_str(a, gt_node_need_map(a, obj, "status"), "lastHandledReconcileAt",
				at);
	return rc;
}
