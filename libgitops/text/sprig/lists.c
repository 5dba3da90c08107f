/* Lists.  Functions copy; what they take is any kind of list. */
#include <stdlib.h>
#include <string.h>

#include "text/sprig/sprig_impl.h"

/* The error of a function that got no list. */
static int need_list(struct gt_tmpl_call *c, struct gt_value v, const char *what)
{
	if (gt_value_is_list(v))
		return GT_OK;
	if (gt_value_is_nil(v))
		return gt_tmpl_throw(c, SPRIG_NIL_POINTER);
	return gt_tmpl_throw(c, "%s type %s", what, gt_value_kind(v));
}

static struct gt_value copy_range(struct gt_arena *a, struct gt_value v, uint32_t from, uint32_t to)
{
	struct gt_value list = gt_vlist_new(a, GT_V_LIST, to - from);

	for (uint32_t i = from; i < to; i++)
		gt_vlist_add(a, list, v.list->v[i]);
	return list;
}

static int fn_list(struct gt_tmpl_call *c)
{
	c->ret = gt_vlist_new(c->a, GT_V_LIST, c->n);
	for (size_t i = 0; i < c->n; i++)
		gt_vlist_add(c->a, c->ret, c->arg[i]);
	return GT_OK;
}

static int fn_first(struct gt_tmpl_call *c)
{
	int rc = need_list(c, c->arg[0], "Cannot find first on");

	if (rc == GT_OK)
		c->ret = gt_vlist_n(c->arg[0]) ? c->arg[0].list->v[0] : GT_VALUE_NIL;
	return rc;
}

static int fn_last(struct gt_tmpl_call *c)
{
	uint32_t n = gt_vlist_n(c->arg[0]);
	int rc = need_list(c, c->arg[0], "Cannot find last on");

	if (rc == GT_OK)
		c->ret = n ? c->arg[0].list->v[n - 1] : GT_VALUE_NIL;
	return rc;
}

static int fn_rest(struct gt_tmpl_call *c)
{
	uint32_t n = gt_vlist_n(c->arg[0]);
	int rc = need_list(c, c->arg[0], "Cannot find rest on");

	if (rc == GT_OK)
		c->ret = n ? copy_range(c->a, c->arg[0], 1, n)
			   : (struct gt_value){.kind = GT_V_LIST};
	return rc;
}

static int fn_initial(struct gt_tmpl_call *c)
{
	uint32_t n = gt_vlist_n(c->arg[0]);
	int rc = need_list(c, c->arg[0], "Cannot find initial on");

	if (rc == GT_OK)
		c->ret = n ? copy_range(c->a, c->arg[0], 0, n - 1)
			   : (struct gt_value){.kind = GT_V_LIST};
	return rc;
}

static int fn_push(struct gt_tmpl_call *c)
{
	int rc = need_list(c, c->arg[0], "Cannot push on");

	if (rc < 0)
		return rc;
	c->ret = copy_range(c->a, c->arg[0], 0, gt_vlist_n(c->arg[0]));
	gt_vlist_add(c->a, c->ret, c->arg[1]);
	return gt_tmpl_charge(c, gt_vlist_n(c->ret));
}

static int fn_prepend(struct gt_tmpl_call *c)
{
	int rc = need_list(c, c->arg[0], "Cannot prepend on");

	if (rc < 0)
		return rc;
	c->ret = gt_vlist_new(c->a, GT_V_LIST, gt_vlist_n(c->arg[0]) + 1);
	gt_vlist_add(c->a, c->ret, c->arg[1]);
	for (uint32_t i = 0; i < gt_vlist_n(c->arg[0]); i++)
		gt_vlist_add(c->a, c->ret, c->arg[0].list->v[i]);
	return gt_tmpl_charge(c, gt_vlist_n(c->ret));
}

static int fn_concat(struct gt_tmpl_call *c)
{
	c->ret = (struct gt_value){.kind = GT_V_LIST};
	for (size_t i = 0; i < c->n; i++) {
		struct gt_value v = c->arg[i];

		if (gt_value_is_nil(v))
			return gt_tmpl_throw(c, SPRIG_NIL_POINTER);
		if (!gt_value_is_list(v))
			return gt_tmpl_throw(c, "Cannot concat type %s as list", gt_value_kind(v));
		if (!c->ret.list && gt_vlist_n(v))
			c->ret = gt_vlist_new(c->a, GT_V_LIST, gt_vlist_n(v));
		for (uint32_t j = 0; j < gt_vlist_n(v); j++)
			gt_vlist_add(c->a, c->ret, v.list->v[j]);
	}
	return gt_tmpl_charge(c, gt_vlist_n(c->ret));
}

static int fn_reverse(struct gt_tmpl_call *c)
{
	int rc = need_list(c, c->arg[0], "Cannot find reverse on");

	if (rc < 0)
		return rc;
	c->ret = gt_vlist_new(c->a, GT_V_LIST, gt_vlist_n(c->arg[0]));
	for (uint32_t i = gt_vlist_n(c->arg[0]); i-- > 0;)
		gt_vlist_add(c->a, c->ret, c->arg[0].list->v[i]);
	return GT_OK;
}

static int fn_compact(struct gt_tmpl_call *c)
{
	int rc = need_list(c, c->arg[0], "Cannot compact on");

	if (rc < 0)
		return rc;
	c->ret = gt_vlist_new(c->a, GT_V_LIST, 0);
	for (uint32_t i = 0; i < gt_vlist_n(c->arg[0]); i++) {
		if (gt_value_truth(c->arg[0].list->v[i]))
			gt_vlist_add(c->a, c->ret, c->arg[0].list->v[i]);
	}
	return GT_OK;
}

static bool contains(struct gt_value list, struct gt_value v)
{
	for (uint32_t i = 0; i < gt_vlist_n(list); i++) {
		if (gt_value_equal(v, list.list->v[i]))
			return true;
	}
	return false;
}

static int fn_uniq(struct gt_tmpl_call *c)
{
	int rc = need_list(c, c->arg[0], "Cannot find uniq on");

	if (rc < 0)
		return rc;
	c->ret = gt_vlist_new(c->a, GT_V_LIST, 0);
	for (uint32_t i = 0; rc == GT_OK && i < gt_vlist_n(c->arg[0]); i++) {
		rc = gt_tmpl_charge(c, gt_vlist_n(c->ret));
		if (!contains(c->ret, c->arg[0].list->v[i]))
			gt_vlist_add(c->a, c->ret, c->arg[0].list->v[i]);
	}
	return rc;
}

static int fn_without(struct gt_tmpl_call *c)
{
	int rc = need_list(c, c->arg[0], "Cannot find without on");

	if (rc < 0)
		return rc;
	c->ret = gt_vlist_new(c->a, GT_V_LIST, 0);
	for (uint32_t i = 0; i < gt_vlist_n(c->arg[0]); i++) {
		bool drop = false;

		for (size_t j = 1; j < c->n && !drop; j++)
			drop = gt_value_equal(c->arg[0].list->v[i], c->arg[j]);
		if (!drop)
			gt_vlist_add(c->a, c->ret, c->arg[0].list->v[i]);
	}
	return GT_OK;
}

static int fn_has(struct gt_tmpl_call *c)
{
	int rc;

	if (gt_value_is_nil(c->arg[1]))
		return sprig__bool(c, false);
	rc = need_list(c, c->arg[1], "Cannot find has on");
	return rc < 0 ? rc : sprig__bool(c, contains(c->arg[1], c->arg[0]));
}

static int fn_slice(struct gt_tmpl_call *c)
{
	struct gt_value v = c->arg[0];
	int64_t from = 0, to = gt_vlist_n(v);

	if (gt_value_is_nil(v))
		return gt_tmpl_throw(c, SPRIG_NIL_POINTER);
	if (!gt_value_is_list(v))
		return gt_tmpl_throw(c, "list should be type of slice or array but %s",
				     gt_value_kind(v));
	if (to == 0) {
		c->ret = GT_VALUE_NIL;
		return GT_OK;
	}
	if (c->n > 1)
		from = sprig__int64(c->arg[1]);
	if (c->n > 2)
		to = sprig__int64(c->arg[2]);
	if (from < 0 || from > to || to > gt_vlist_n(v))
		return gt_tmpl_throw(c, "reflect.Value.Slice: slice index out of bounds");
	c->ret = copy_range(c->a, v, (uint32_t)from, (uint32_t)to);
	c->ret.kind = v.kind;
	return GT_OK;
}

static int fn_chunk(struct gt_tmpl_call *c)
{
	struct gt_value v = c->arg[1];
	int64_t size = c->arg[0].i, n = gt_vlist_n(v);
	int rc = need_list(c, v, "Cannot chunk");

	if (rc < 0)
		return rc;
	if (size <= 0)
		return gt_tmpl_throw(c, "runtime error: integer divide by zero");
	c->ret = gt_vlist_new(c->a, GT_V_LISTS, 0);
	for (int64_t i = 0; i < n; i += size) {
		int64_t end = size > n - i ? n : i + size;

		gt_vlist_add(c->a, c->ret, copy_range(c->a, v, (uint32_t)i, (uint32_t)end));
	}
	return GT_OK;
}

static int text_order(const void *x, const void *y)
{
	return gt_str_cmp(((const struct gt_value *)x)->s, ((const struct gt_value *)y)->s);
}

/* A []string is sorted where it is, which every alias sees. */
static int fn_sort_alpha(struct gt_tmpl_call *c)
{
	struct gt_value list;

	if (!gt_value_is_list(c->arg[0])) {
		list = gt_vlist_new(c->a, GT_V_STRS, 1);
		gt_vlist_add(c->a, list, gt_vstr(gt_value_str(c->a, c->arg[0])));
	} else {
		list = sprig__strings(c->a, c->arg[0]);
		if (gt_vlist_n(list) > 1)
			qsort(list.list->v, list.list->n, sizeof *list.list->v, text_order);
	}
	c->ret = list;
	return GT_OK;
}

const struct gt_tmpl_func gt_sprig_lists[] = {
	{"append", "aa", fn_push},
	{"chunk", "ia", fn_chunk},
	{"compact", "a", fn_compact},
	{"concat", "a*", fn_concat},
	{"first", "a", fn_first},
	{"has", "aa", fn_has},
	{"initial", "a", fn_initial},
	{"last", "a", fn_last},
	{"list", "a*", fn_list},
	{"mustAppend", "aa", fn_push},
	{"mustChunk", "ia", fn_chunk},
	{"mustCompact", "a", fn_compact},
	{"mustFirst", "a", fn_first},
	{"mustHas", "aa", fn_has},
	{"mustInitial", "a", fn_initial},
	{"mustLast", "a", fn_last},
	{"mustPrepend", "aa", fn_prepend},
	{"mustPush", "aa", fn_push},
	{"mustRest", "a", fn_rest},
	{"mustReverse", "a", fn_reverse},
	{"mustSlice", "aa*", fn_slice},
	{"mustUniq", "a", fn_uniq},
	{"mustWithout", "aa*", fn_without},
	{"prepend", "aa", fn_prepend},
	{"push", "aa", fn_push},
	{"rest", "a", fn_rest},
	{"reverse", "a", fn_reverse},
	{"slice", "aa*", fn_slice},
	{"sortAlpha", "a", fn_sort_alpha},
	{"tuple", "a*", fn_list},
	{"uniq", "a", fn_uniq},
	{"without", "aa*", fn_without},
	{0},
};
