/* What Go calls a value's type and kind; truth and equality. */
#include "text/template/value.h"

#include <string.h>

#include "base/limits.h"

static const struct {
	const char *type, *kind;
} names[] = {
	[GT_V_INVALID] = {"<nil>", "invalid"},
	[GT_V_NIL] = {"<nil>", "invalid"},
	[GT_V_BOOL] = {"bool", "bool"},
	[GT_V_INT] = {"int", "int"},
	[GT_V_INT64] = {"int64", "int64"},
	[GT_V_INT32] = {"int32", "int32"},
	[GT_V_UINT8] = {"uint8", "uint8"},
	[GT_V_UINT32] = {"uint32", "uint32"},
	[GT_V_UINT64] = {"uint64", "uint64"},
	[GT_V_FLOAT] = {"float64", "float64"},
	[GT_V_COMPLEX] = {"complex128", "complex128"},
	[GT_V_STR] = {"string", "string"},
	[GT_V_BYTES] = {"[]uint8", "slice"},
	[GT_V_LIST] = {"[]interface {}", "slice"},
	[GT_V_STRS] = {"[]string", "slice"},
	[GT_V_INTS] = {"[]int", "slice"},
	[GT_V_LISTS] = {"[][]interface {}", "slice"},
	[GT_V_MAPS] = {"[]map[string]interface {}", "slice"},
	[GT_V_VERSIONS] = {"common.VersionSet", "slice"},
	[GT_V_MAP] = {"map[string]interface {}", "map"},
	[GT_V_VALUES] = {"common.Values", "map"},
	[GT_V_STRMAP] = {"map[string]string", "map"},
	[GT_V_FILES] = {"engine.files", "map"},
};

const char *gt_value_type(struct gt_value v)
{
	return v.kind == GT_V_OBJ ? v.obj->cls->type : names[v.kind].type;
}

const char *gt_value_kind(struct gt_value v)
{
	if (v.kind == GT_V_OBJ)
		return v.obj->cls->pointer ? "ptr" : "struct";
	return names[v.kind].kind;
}

bool gt_value_truth(struct gt_value v)
{
	switch ((enum gt_vkind)v.kind) {
	case GT_V_INVALID:
	case GT_V_NIL: return false;
	case GT_V_BOOL: return v.b;
	case GT_V_FLOAT: return v.f != 0;
	case GT_V_COMPLEX: return v.re != 0 || v.im != 0;
	case GT_V_STR:
	case GT_V_BYTES: return v.s.n > 0;
	case GT_V_OBJ: return true;
	default: break;
	}
	if (gt_value_is_list(v))
		return gt_vlist_n(v) > 0;
	if (gt_value_is_map(v))
		return gt_vmap_n(v) > 0;
	return v.u != 0;
}

static bool equal_at(struct gt_value x, struct gt_value y, unsigned depth);

static bool lists_equal(const struct gt_vlist *x, const struct gt_vlist *y, unsigned depth)
{
	if (x == y)
		return true;
	if (!x || !y || x->n != y->n)
		return false;
	for (uint32_t i = 0; i < x->n; i++) {
		if (!equal_at(x->v[i], y->v[i], depth))
			return false;
	}
	return true;
}

static bool maps_equal(const struct gt_vmap *x, const struct gt_vmap *y, unsigned depth)
{
	if (x == y)
		return true;
	if (!x || !y || x->live != y->live)
		return false;
	for (uint32_t i = 0; i < x->used; i++) {
		const struct gt_ventry *e = &x->e[i];
		const struct gt_value *other;

		if (!e->key)
			continue;
		other = gt_vmap_find(y, gt_strn(e->key, e->len));
		if (!other || !equal_at(e->value, *other, depth))
			return false;
	}
	return true;
}

static bool equal_at(struct gt_value x, struct gt_value y, unsigned depth)
{
	if (gt_value_is_nil(x) || gt_value_is_nil(y))
		return gt_value_is_nil(x) && gt_value_is_nil(y);
	if (x.kind != y.kind || depth > GT_LIMIT_DEPTH)
		return false;
	switch ((enum gt_vkind)x.kind) {
	case GT_V_BOOL: return x.b == y.b;
	case GT_V_FLOAT: return x.f == y.f;
	case GT_V_COMPLEX: return x.re == y.re && x.im == y.im;
	case GT_V_STR:
	case GT_V_BYTES: return gt_str_eq(x.s, y.s);
	case GT_V_OBJ:
		if (x.obj == y.obj)
			return true;
		return x.obj->cls == y.obj->cls && x.obj->cls->equal &&
		       x.obj->cls->equal(x.obj, y.obj);
	default: break;
	}
	if (gt_value_is_list(x))
		return lists_equal(x.list, y.list, depth + 1);
	if (gt_value_is_map(x))
		return maps_equal(x.map, y.map, depth + 1);
	return x.u == y.u;
}

bool gt_value_equal(struct gt_value x, struct gt_value y)
{
	return equal_at(x, y, 0);
}
