#include <stdlib.h>
#include <string.h>

#include "ks.h"

static const char *const protections[] = {
	KS_GROUP "/prune", "disabled", KS_GROUP "/reconcile", "disabled", KS_GROUP "/ssa",
	"ignore",          NULL,
};

struct stale {
	struct gt_ref ref;
	struct gt_node *item; /* of the inventory */
};

/* What was applied last goes first. */
static int by_reverse_order(const void *x, const void *y)
{
	const struct stale *a = x, *b = y;

	return gt_ssa_cmp_ref(&b->ref, &a->ref);
}

static size_t parse_stale(struct gt_arena *a, const struct gt_node *stale, struct stale *out)
{
	size_t n = 0;

	gt_seq_for_each (stale, item) {
		const char *id = gt_node_cstr_or(gt_node_get(item, "id"), "");
		const char *version = gt_node_cstr_or(gt_node_get(item, "v"), "");

		if (ks_inventory_parse(a, id, version, &out[n].ref))
			out[n++].item = item;
	}
	qsort(out, n, sizeof *out, by_reverse_order);
	return n;
}

int ks_prune(struct ks_call *c, struct gt_kube *target, const struct gt_node *stale,
	     struct gt_buf *log, struct gt_node **ret_left, struct gt_err *err)
{
	struct gt_ssa_delete_opts opts = {
		.owner_group = KS_GROUP,
		.owner_name = gt_obj_name(c->obj),
		.owner_namespace = gt_obj_namespace(c->obj),
		.exclusions = protections,
	};
	struct stale *list = gt_arena_calloc(c->a, gt_node_count(stale), sizeof *list);
	size_t n = list ? parse_stale(c->a, stale, list) : 0;
	gt_auto_buf errors = {.max = GT_ERR_TEXT_MAX - 128};
	enum gt_code code = GT_OK;

	*ret_left = NULL;
	for (size_t i = 0; i < n; i++) {
		enum gt_ssa_action action;
		struct gt_err cause;
		const char *text = gt_ref_text(c->a, &list[i].ref);

		if (gt_ssa_delete(target, c->r->ctx, c->a, &list[i].ref, &opts, &action, &cause) <
		    0) {
			gt_buf_printf(&errors, "%s delete failed: %s;", text, cause.text);
			code = cause.code;
			if (!*ret_left)
				*ret_left = gt_node_seq(c->a);
			gt_node_append(c->a, *ret_left, list[i].item);
			continue;
		}
		gt_buf_printf(log, "%s%s %s", log->n ? "\n" : "", text, gt_ssa_action_name(action));
	}
	if (code != GT_OK)
		return gt_fail(err, code, "delete failed, errors: %s", gt_buf_cstr(&errors));
	return gt_arena_check(c->a, err);
}
