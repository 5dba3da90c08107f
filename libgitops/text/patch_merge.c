/* JSON merge patches: applying one, and finding the one between two documents. */
#include "text/node_impl.h"
#include "text/patch.h"

struct gt_node *gt_merge_patch(struct gt_arena *a, const struct gt_node *doc,
			       const struct gt_node *patch)
{
	if (!gt_node_is(patch, GT_MAP))
		return (struct gt_node *)(uintptr_t)patch;
	struct gt_node *out = gt_node_map(a);
	gt_map_each(doc, pair)
	{
		const struct gt_node *change = gt_node_getn(patch, gt_strn(pair->key, pair->len));
		struct gt_pair kept = *pair;

		if (gt_node_is(change, GT_NULL))
			continue;
		if (change)
			kept.value = gt_merge_patch(a, pair->value, change);
		if (kept.value)
			gt_node__add(a, out, &kept);
	}
	gt_map_each(patch, pair)
	{
		struct gt_pair added = *pair;

		if (gt_node_is_null(pair->value) ||
		    gt_node_getn(doc, gt_strn(pair->key, pair->len)))
			continue;
		added.value = gt_merge_patch(a, NULL, pair->value);
		if (added.value)
			gt_node__add(a, out, &added);
	}
	return out;
}

struct gt_node *gt_merge_diff(struct gt_arena *a, const struct gt_node *from,
			      const struct gt_node *to)
{
	if (!gt_node_is(from, GT_MAP) || !gt_node_is(to, GT_MAP))
		return gt_node_equal(from, to) ? NULL : (struct gt_node *)(uintptr_t)to;
	struct gt_node *out = gt_node_map(a);
	gt_map_each(from, pair)
	{
		struct gt_str key = gt_strn(pair->key, pair->len);
		const struct gt_node *now = gt_node_getn(to, key);

		gt_node_setn(a, out, key,
			     now ? gt_merge_diff(a, pair->value, now) : gt_node_null(a));
	}
	gt_map_each(to, pair)
	{
		if (!gt_node_getn(from, gt_strn(pair->key, pair->len)))
			gt_node__add(a, out, pair);
	}
	return gt_node_count(out) ? out : NULL;
}
