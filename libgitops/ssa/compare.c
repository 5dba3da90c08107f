/* The paths in which two documents differ. */
#include "ssa/walk.h"

#include "base/limits.h"

struct comparing {
	struct gt_arena *a;
	struct gt_ssa_diff diff;
	struct gt_ssa_elem path[GT_LIMIT_DEPTH + 1];
	size_t n;
};

static void compare(struct comparing *c, struct gt_type type, const struct gt_node *x,
		    const struct gt_node *y);

static void note(struct comparing *c, struct gt_ssa_set *set)
{
	gt_ssa_set_insert(c->a, set, c->path, c->n);
}

static void compare_leaf(struct comparing *c, const struct gt_node *x, const struct gt_node *y)
{
	if (!x)
		note(c, c->diff.added);
	else if (!y)
		note(c, c->diff.removed);
	else if (!gt_node_equal(x, y))
		note(c, c->diff.modified);
}

static bool enter(struct comparing *c, const struct gt_ssa_elem *e)
{
	if (c->n >= GT_LIMIT_DEPTH)
		return false;
	c->path[c->n++] = *e;
	return true;
}

static void compare_child(struct comparing *c, const struct gt_ssa_elem *e, struct gt_type type,
			  const struct gt_node *x, const struct gt_node *y)
{
	if (!enter(c, e))
		return;
	compare(c, type, x, y);
	c->n--;
}

static void compare_map(struct comparing *c, struct gt_type type, const struct gt_node *x,
			const struct gt_node *y)
{
	gt_map_each(x, p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		struct gt_ssa_elem e = gt_ssa_field(key);
		compare_child(c, &e, gt_type_child(type, p->key, p->len), p->value,
			      gt_node_getn(y, key));
	}
	gt_map_each(y, p)
	{
		struct gt_str key = gt_strn(p->key, p->len);
		struct gt_ssa_elem e = gt_ssa_field(key);
		if (!gt_node_getn(x, key))
			compare_child(c, &e, gt_type_child(type, p->key, p->len), NULL, p->value);
	}
}

/* The i-th of the items of seq that have the element of position first. */
static const struct gt_node *nth(const struct gt_node *seq, const struct ssa_index *ix,
				 uint32_t first, uint32_t i)
{
	uint32_t at = 0;

	while (ix->order[at] != first)
		at++;
	return gt_node_item(seq, ix->order[at + i]);
}

/* The items of one element; some are doubled. */
static void compare_doubled(struct comparing *c, const struct gt_ssa_elem *e, struct gt_type item,
			    const struct gt_node *x, const struct ssa_index *xi, uint32_t nx,
			    uint32_t fx, const struct gt_node *y, const struct ssa_index *yi,
			    uint32_t ny, uint32_t fy)
{
	bool equal = nx == ny;

	if (nx < 2 && ny > 0 && nx > 0)
		compare_child(c, e, item, gt_node_item(x, fx), NULL);
	if (ny < 2 && nx > 0 && ny > 0)
		compare_child(c, e, item, NULL, gt_node_item(y, fy));
	if (!enter(c, e))
		return;
	for (uint32_t i = 0; equal && i < nx; i++)
		equal = gt_node_equal(nth(x, xi, fx, i), nth(y, yi, fy, i));
	if (nx >= 2 && ny >= 2) {
		if (!equal)
			note(c, c->diff.modified);
	} else {
		note(c, nx >= 2 ? c->diff.removed : c->diff.added);
	}
	c->n--;
}

static void compare_list(struct comparing *c, struct gt_type type, const struct gt_node *x,
			 const struct gt_node *y)
{
	struct gt_type item = gt_type_elem(type);
	struct ssa_index xi, yi;

	ssa_index(c->a, type, x, &xi);
	ssa_index(c->a, type, y, &yi);
	for (uint32_t i = 0; i < xi.n + yi.n; i++) {
		const struct gt_ssa_elem *e = i < xi.n ? &xi.elems[i] : &yi.elems[i - xi.n];
		uint32_t fx = 0, fy = 0;
		uint32_t nx = ssa_index_find(&xi, e, &fx), ny = ssa_index_find(&yi, e, &fy);
		/* Each element once: at its first item, x before y. */
		if (i < xi.n ? fx != i : (nx > 0 || fy != i - xi.n))
			continue;
		if (nx <= 1 && ny <= 1)
			compare_child(c, e, item, nx ? gt_node_item(x, fx) : NULL,
				      ny ? gt_node_item(y, fy) : NULL);
		else
			compare_doubled(c, e, item, x, &xi, nx, fx, y, &yi, ny, fy);
	}
}

/* False when the place was a leaf after all. */
static bool compare_as(struct comparing *c, enum ssa_shape shape, struct gt_type type,
		       const struct gt_node *x, const struct gt_node *y)
{
	enum gt_kind kind = shape == SSA_LIST ? GT_SEQ : GT_MAP;
	const struct gt_node *cx = ssa_as(x, kind), *cy = ssa_as(y, kind);

	if (shape == SSA_LEAF || (ssa_blank(cx) && ssa_blank(cy))) {
		compare_leaf(c, x, y);
		return false;
	}
	if (shape == SSA_LIST)
		compare_list(c, type, cx, cy);
	else
		compare_map(c, type, cx, cy);
	return true;
}

static void compare(struct comparing *c, struct gt_type type, const struct gt_node *x,
		    const struct gt_node *y)
{
	enum ssa_shape sx = ssa_shape(type, x), sy = ssa_shape(type, y);

	if (!y)
		sy = sx;
	else if (x && sx != sy)
		compare_as(c, sx, type, x, y);
	if (!compare_as(c, sy, type, x, y))
		return;
	/* Whoever adds a container owns it as well. */
	if (!x)
		note(c, c->diff.added);
	else if (!y)
		note(c, c->diff.removed);
}

struct gt_ssa_diff gt_ssa_compare(struct gt_arena *a, struct gt_type type,
				  const struct gt_node *old_doc, const struct gt_node *new_doc)
{
	struct comparing c = {.a = a};

	c.diff.removed = gt_ssa_set_new(a);
	c.diff.modified = gt_ssa_set_new(a);
	c.diff.added = gt_ssa_set_new(a);
	if (old_doc || new_doc)
		compare(&c, type, old_doc, new_doc);
	return c.diff;
}
