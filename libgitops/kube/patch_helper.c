#include "kube/patch_helper.h"

#include <string.h>

#include "base/rand.h"
#include "base/time.h"
#include "kube/conditions.h"
#include "kube/object.h"
#include "text/patch.h"

#define CONFLICT_TRIES 5

void gt_patcher_init(struct gt_patcher *p, struct gt_kube *kube, const struct gt_resource *res,
		     struct gt_arena *a, const struct gt_node *obj, const char *field_owner,
		     const char *const *owned)
{
	*p = (struct gt_patcher){
		.kube = kube,
		.res = res,
		.arena = a,
		.before = gt_node_dup(a, obj),
		.field_owner = field_owner,
		.owned = owned,
	};
}

/* A document to be patched, reduced to some of its parts. */
static struct gt_node *only(struct gt_arena *a, const struct gt_node *obj, const char *const *keys)
{
	struct gt_node *part = gt_node_map(a);

	for (; *keys; keys++) {
		struct gt_node *v = gt_node_get(obj, *keys);
		if (v)
			gt_node_set(a, part, *keys, v);
	}
	return part;
}

/* metadata without what the server owns. */
static struct gt_node *strip_server_fields(struct gt_arena *a, const struct gt_node *obj)
{
	static const char *const server[] = {
		"resourceVersion",   "managedFields", "generation", "uid",
		"creationTimestamp", "selfLink",      NULL};
	static const char *const keys[] = {"metadata", "spec", "data", "stringData", "type", NULL};
	struct gt_node *part = only(a, obj, keys);
	struct gt_node *meta = gt_node_dup(a, gt_node_get(part, "metadata"));

	for (const char *const *s = server; *s; s++)
		gt_node_unset(meta, *s);
	if (meta)
		gt_node_set(a, part, "metadata", meta);
	return part;
}

static struct gt_node *status_without_conditions(struct gt_arena *a, const struct gt_node *obj)
{
	struct gt_node *status = gt_node_get(obj, "status");
	struct gt_node *part = gt_node_map(a);

	if (!gt_node_is(status, GT_MAP))
		return part;
	struct gt_node *copy = gt_node_map(a);
	gt_map_each(status, pair)
	{
		if (strcmp(pair->key, "conditions") != 0)
			gt_node_setn(a, copy, gt_strn(pair->key, pair->len), pair->value);
	}
	if (gt_node_count(copy) > 0)
		gt_node_set(a, part, "status", copy);
	return part;
}

/* Sends a merge patch and keeps what the server says about the version. */
static int send_patch(struct gt_patcher *p, struct gt_ctx *ctx, struct gt_node *obj,
		      const struct gt_node *body, const char *subresource, struct gt_err *err)
{
	struct gt_write_opts opts = {.field_manager = p->field_owner, .subresource = subresource};
	struct gt_node *answer = NULL;
	int rc = gt_kube_patch(p->kube, ctx, p->arena, p->res, gt_obj_namespace(obj),
			       gt_obj_name(obj), GT_PATCH_JSON_MERGE, body, &opts, &answer, err);

	if (rc == GT_OK && *gt_obj_rv(answer)) {
		struct gt_node *meta = gt_node_need_map(p->arena, obj, "metadata");
		int64_t generation = gt_obj_generation(answer);

		gt_node_set_str(p->arena, meta, "resourceVersion", gt_obj_rv(answer));
		if (generation > 0)
			gt_node_set_int(p->arena, meta, "generation", generation);
	}
	return rc;
}

static int patch_main(struct gt_patcher *p, struct gt_ctx *ctx, struct gt_node *obj,
		      const struct gt_node *before, const struct gt_node *after, struct gt_err *err)
{
	struct gt_node *diff = gt_merge_diff(p->arena, before, after);
	int rc = gt_arena_check(p->arena, err);

	if (rc < 0 || gt_node_count(diff) == 0)
		return rc;
	return send_patch(p, ctx, obj, diff, NULL, err);
}

/* --- conditions ------------------------------------------------------------------------------ */

static const struct gt_node *conditions(const struct gt_node *obj)
{
	return gt_node_at(obj, "status", "conditions");
}

static const char *type_of(const struct gt_node *cond)
{
	return gt_node_cstr_or(gt_node_get(cond, "type"), "");
}

static bool wins(const struct gt_patcher *p, unsigned flags, const char *type)
{
	if (flags & GT_PATCH_FORCE)
		return true;
	for (const char *const *o = p->owned; o && *o; o++) {
		if (strcmp(*o, type) == 0)
			return true;
	}
	return false;
}

static bool same_state(const struct gt_node *x, const struct gt_node *y)
{
	static const char *const fields[] = {"status", "reason", "message", "observedGeneration",
					     NULL};
	for (const char *const *f = fields; *f; f++) {
		if (!gt_node_equal(gt_node_get(x, *f), gt_node_get(y, *f)))
			return false;
	}
	return true;
}

static int merge_conflict(const char *type, const char *what, struct gt_err *err)
{
	return gt_fail(err, GT_E_INVALID,
		       "The condition \"%s\" was modified by a different process and this caused a "
		       "merge/%s conflict",
		       type, what);
}

static void replace(struct gt_patcher *p, struct gt_node *latest, const struct gt_node *cond)
{
	struct gt_node *old = gt_cond_get(latest, type_of(cond));
	struct gt_node *list = gt_node_need_seq(
		p->arena, gt_node_need_map(p->arena, latest, "status"), "conditions");

	if (old)
		gt_node_become(old, cond);
	else
		gt_node_append(p->arena, list, gt_node_dup(p->arena, cond));
}

static int merge_set(struct gt_patcher *p, unsigned flags, struct gt_node *latest,
		     const struct gt_node *cond, struct gt_err *err)
{
	const char *type = type_of(cond);
	const struct gt_node *old = gt_cond_get(p->before, type);
	const struct gt_node *theirs = gt_cond_get(latest, type);

	if (old && gt_node_equal(old, cond))
		return GT_OK;
	if (!wins(p, flags, type)) {
		if (!old && theirs && !same_state(theirs, cond))
			return merge_conflict(type, "AddCondition", err);
		if (old && !theirs)
			return merge_conflict(type, "ChangeCondition", err);
		if (old && !same_state(theirs, old) && !same_state(theirs, cond))
			return merge_conflict(type, "ChangeCondition", err);
		if (theirs && same_state(theirs, cond))
			return GT_OK;
	}
	replace(p, latest, cond);
	return GT_OK;
}

/* Applies what changed from before to after to the latest object. */
static int merge_conditions(struct gt_patcher *p, unsigned flags, const struct gt_node *after,
			    struct gt_node *latest, struct gt_err *err)
{
	int rc = GT_OK;

	gt_seq_for_each (conditions(p->before), cond) {
		const char *type = type_of(cond);
		const struct gt_node *theirs = gt_cond_get(latest, type);

		if (gt_cond_has(after, type) || !theirs)
			continue;
		if (!wins(p, flags, type) && !same_state(theirs, cond))
			return merge_conflict(type, "RemoveCondition", err);
		gt_cond_delete(latest, type);
	}
	gt_seq_for_each (conditions(after), cond) {
		if (rc == GT_OK)
			rc = merge_set(p, flags, latest, cond, err);
	}
	gt_cond_sort(latest);
	return rc;
}

static int try_conditions(struct gt_patcher *p, struct gt_ctx *ctx, struct gt_node *obj,
			  unsigned flags, bool refresh, const struct gt_node *rest, bool *ret_sent,
			  struct gt_err *err)
{
	struct gt_node *latest;
	int rc;

	if (refresh) {
		rc = gt_kube_get(p->kube, ctx, p->arena, p->res, gt_obj_namespace(obj),
				 gt_obj_name(obj), &latest, err);
		if (rc < 0)
			return rc;
	} else {
		latest = gt_node_dup(p->arena, p->before);
	}
	const struct gt_node *was = gt_node_dup(p->arena, conditions(latest));
	rc = merge_conditions(p, flags, obj, latest, err);
	if (rc < 0)
		return rc;
	if (gt_node_equal(was, conditions(latest)))
		return GT_OK;
	struct gt_node *body = gt_node_map(p->arena);
	struct gt_node *meta = gt_node_need_map(p->arena, body, "metadata");
	gt_node_set_str(p->arena, meta, "resourceVersion", gt_obj_rv(latest));
	struct gt_node *status = gt_node_need_map(p->arena, body, "status");
	gt_node_set(p->arena, status, "conditions",
		    gt_node_get(gt_node_get(latest, "status"), "conditions"));
	gt_map_each(gt_node_get(rest, "status"), pair)
		gt_node_setn(p->arena, status, gt_strn(pair->key, pair->len), pair->value);
	rc = gt_arena_check(p->arena, err);
	if (rc == GT_OK)
		rc = send_patch(p, ctx, obj, body, "status", err);
	*ret_sent = rc == GT_OK;
	return rc;
}

/* rest, the patch of the other fields of status, goes along; *ret_sent when it did. */
static int patch_conditions(struct gt_patcher *p, struct gt_ctx *ctx, struct gt_node *obj,
			    unsigned flags, const struct gt_node *rest, bool *ret_sent,
			    struct gt_err *err)
{
	*ret_sent = false;
	if (gt_node_equal(conditions(p->before), conditions(obj)) ||
	    (gt_node_count(conditions(p->before)) == 0 && gt_node_count(conditions(obj)) == 0))
		return GT_OK;
	/* The first try assumes that nobody wrote since we read: the resourceVersion tells. */
	bool refresh = !*gt_obj_rv(p->before);
	for (int i = 0;; i++) {
		int rc = try_conditions(p, ctx, obj, flags, refresh, rest, ret_sent, err);
		if (rc != GT_E_CONFLICT || i == CONFLICT_TRIES)
			return rc;
		if (refresh) {
			int64_t wait = GT_MILLIS(100) + (int64_t)(gt_rand_unit() * 1e8);
			int slept = gt_ctx_sleep(ctx, wait, err);
			if (slept < 0)
				return slept;
		}
		refresh = true;
	}
}

/* --- the whole ------------------------------------------------------------------------------- */

/* Joins a further error to the first. */
static int join(int rc, int more, struct gt_err *err, const struct gt_err *also)
{
	if (more >= 0)
		return rc;
	if (rc >= 0) {
		if (err)
			*err = *also;
		return more;
	}
	if (err) {
		struct gt_err both = *err;
		gt_fail(err, both.code, "[%s, %s]", both.text, also->text);
		err->http_status = both.http_status;
	}
	return rc;
}

int gt_patcher_patch(struct gt_patcher *p, struct gt_ctx *ctx, struct gt_node *obj, unsigned flags,
		     struct gt_err *err)
{
	struct gt_arena *a = p->arena;
	struct gt_err local, also;

	err = err ? err : &local;
	if (flags & GT_PATCH_OBSERVED)
		gt_node_set_int(a, gt_node_need_map(a, obj, "status"), "observedGeneration",
				gt_obj_generation(obj));
	/* What is compared is fixed first: sending changes the resourceVersion in obj. */
	struct gt_node *main_before = strip_server_fields(a, p->before);
	struct gt_node *main_after = strip_server_fields(a, obj);
	struct gt_node *rest = gt_merge_diff(a, status_without_conditions(a, p->before),
					     status_without_conditions(a, obj));
	bool sent;

	int rc = patch_conditions(p, ctx, obj, flags, rest, &sent, err);
	int more = patch_main(p, ctx, obj, main_before, main_after, &also);
	/* With the last finalizer gone the object is, too. */
	if (more == GT_E_NOT_FOUND || rc == GT_E_NOT_FOUND)
		return join(rc, more, err, &also);
	rc = join(rc, more, err, &also);
	if (!sent && gt_node_count(rest) > 0) {
		more = send_patch(p, ctx, obj, rest, "status", &also);
		rc = join(rc, more, err, &also);
	}
	if (rc < 0)
		return rc;
	p->before = gt_node_dup(a, obj);
	return gt_arena_check(a, err);
}
