#include "runtime/unsupported.h"

#include <string.h>

#include "api/source.h"
#include "kube/conditions.h"
#include "kube/object.h"
#include "kube/patch_helper.h"
#include "runtime/manager.h"

static bool is_set(const struct gt_node *n, const char *value)
{
	if (value)
		return gt_node_is_text(n, value);
	switch (gt_node_kind(n)) {
	case GT_NULL: return false;
	case GT_BOOL: return gt_node_truth(n, false);
	case GT_STR: return gt_node_text(n).n > 0;
	case GT_SEQ:
	case GT_MAP: return gt_node_count(n) > 0;
	case GT_INT:
	case GT_FLOAT: return true;
	}
	return false;
}

static bool sets_field(const struct gt_node *n, struct gt_str path, const char *value)
{
	size_t dot = gt_str_find(path, '.');
	struct gt_str key = gt_str_sub(path, 0, dot);
	struct gt_str rest = dot == SIZE_MAX ? (struct gt_str){0} : gt_str_from(path, dot + 1);
	bool each = gt_str_ends(key, "[]");

	if (each)
		key.n -= 2;
	n = gt_node_getn(n, key);
	if (!each)
		return rest.n ? sets_field(n, rest, value) : is_set(n, value);
	gt_seq_for_each (n, item) {
		if (rest.n ? sets_field(item, rest, value) : is_set(item, value))
			return true;
	}
	return false;
}

const struct gt_unsupported *gt_unsupported_find(const struct gt_unsupported *table,
						 const struct gt_node *obj)
{
	for (; table->field; table++) {
		if (sets_field(obj, gt_str(table->field), table->value))
			return table;
	}
	return NULL;
}

static const char *refusal(struct gt_reconcile *r, const struct gt_resource *res,
			   const struct gt_unsupported *row)
{
	const char *kind = res->kind;

	if (!row)
		return gt_arena_printf(r->arena, "%s is not supported by this version", kind);
	if (row->value)
		return gt_arena_printf(r->arena, "%s: value '%s' is not supported by this version",
				       row->field, row->value);
	return gt_arena_printf(r->arena, "%s is not supported by this version", row->field);
}

int gt_unsupported_refuse(struct gt_reconcile *r, const struct gt_resource *res,
			  const struct gt_unsupported *row, struct gt_next *next,
			  struct gt_err *err)
{
	static const char *const owned[] = {GT_COND_READY, GT_COND_RECONCILING, GT_COND_STALLED,
					    NULL};
	const char *message = refusal(r, res, row);
	const char *manager = gt_arena_printf(r->arena, "gotk-%s", gt_manager_name(r->manager));
	struct gt_patcher patcher;

	int rc = gt_arena_check(r->arena, err);
	if (rc < 0)
		return rc;
	bool known = strcmp(gt_cond_message(r->obj, GT_COND_STALLED), message) == 0;
	gt_patcher_init(&patcher, r->kube, res, r->arena, r->obj, manager, owned);
	gt_cond_mark_false(r->arena, r->obj, GT_COND_READY, GT_REASON_NOT_SUPPORTED, "%s", message);
	gt_cond_mark_stalled(r->arena, r->obj, GT_REASON_NOT_SUPPORTED, "%s", message);
	gt_api_set_handled(r->arena, r->obj);
	*next = (struct gt_next){.kind = GT_NEXT_DONE};
	rc = gt_patcher_patch(&patcher, r->ctx, r->obj, GT_PATCH_OBSERVED, err);
	if (rc < 0 && rc != GT_E_NOT_FOUND)
		return gt_wrap(err, "write status");
	if (!known) {
		gt_recorder_emit(gt_manager_recorder(r->manager), r->obj, NULL, "Warning",
				 GT_REASON_NOT_SUPPORTED, "%s", message);
		gt_log_info(r->log, "object refused", gt_kv_str("reason", GT_REASON_NOT_SUPPORTED),
			    gt_kv_str("message", message));
	}
	return GT_OK;
}
