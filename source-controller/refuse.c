/* Kinds without a reconciler: refused, and let go when they are deleted. */
#include "api/source.h"
#include "runtime/unsupported.h"
#include "src.h"

static const char *const none[] = {NULL};

static const struct gt_resource *resource_of(const struct gt_node *obj)
{
	return gt_toolkit_resource(gt_obj_kind(obj));
}

/* Another version may have stored artifacts for the object and hold it by the finalizer. */
static int let_go(struct src_call *c, struct gt_err *err)
{
	src_remove_all(c);
	if (c->error != SRC_OK)
		return gt_fail(err, c->code, "%s", c->message);
	if (!gt_obj_remove_finalizer(c->obj, GT_FINALIZER))
		return GT_OK;
	return gt_patcher_patch(&c->patcher, c->r->ctx, c->obj, 0, err);
}

int src_refuse_kind(struct gt_reconcile *r, struct gt_next *next, struct gt_err *err)
{
	struct src_kind kind = {
		.res = resource_of(r->obj),
		.owned = none,
		.summary = none,
		.negative = none,
		.failures = none,
	};
	struct src_call c;

	*next = (struct gt_next){.kind = GT_NEXT_DONE};
	if (!kind.res)
		return gt_fail(err, GT_E_INTERNAL, "unknown kind %s", gt_obj_kind(r->obj));
	if (gt_api_suspended(r->obj) && !gt_obj_deleting(r->obj))
		return GT_OK;
	if (!gt_obj_deleting(r->obj))
		return gt_unsupported_refuse(r, kind.res, NULL, next, err);
	src_call_init(&c, &kind, r);
	return let_go(&c, err);
}
