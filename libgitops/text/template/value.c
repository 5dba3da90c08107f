/* Values: making them, lists, and the way from and to documents. */
#include "text/template/value.h"

#include <math.h>
#include <string.h>

#include "base/enc.h"
#include "base/limits.h"
#include "base/map.h"
#include "text/number.h"

struct gt_value gt_vstr_buf(struct gt_arena *a, const struct gt_buf *buf)
{
	return gt_vstr(gt_arena_str(a, gt_buf_str(buf)));
}

struct gt_value gt_vlist_new(struct gt_arena *a, enum gt_vkind kind, size_t cap)
{
	struct gt_vlist *list = gt_arena_new(a, struct gt_vlist);

	if (list && cap && cap <= UINT32_MAX) {
		list->v = gt_arena_calloc(a, cap, sizeof *list->v);
		list->cap = list->v ? (uint32_t)cap : 0;
	}
	return (struct gt_value){.kind = (uint8_t)kind, .list = list};
}

void gt_vlist_add(struct gt_arena *a, struct gt_value list, struct gt_value item)
{
	struct gt_vlist *l = list.list;

	if (!l)
		return;
	if (l->n == l->cap) {
		uint32_t cap = l->cap ? l->cap * 2 : 4;

		if (cap <= l->cap) /* 2^32 items do not fit any budget */
			return;
		struct gt_value *v = gt_arena_grow(a, l->v, l->n * sizeof *v, cap * sizeof *v);
		if (!v)
			return;
		l->v = v;
		l->cap = cap;
	}
	item.iface = false;
	if (item.kind == GT_V_INVALID)
		item.kind = GT_V_NIL;
	l->v[l->n++] = item;
}

/* Whether the slots of a collection have the type interface {}. */
static bool has_iface_slots(enum gt_vkind kind)
{
	return kind == GT_V_LIST || kind == GT_V_MAP || kind == GT_V_VALUES;
}

struct gt_value gt_vlist_at(struct gt_value v, size_t i)
{
	if (i >= gt_vlist_n(v))
		return GT_VALUE_INVALID;
	struct gt_value item = v.list->v[i];
	item.iface = has_iface_slots((enum gt_vkind)v.kind);
	return item;
}

/* --- from and to documents ---------------------------------------------------------------- */

static struct gt_value number_of_node(const struct gt_node *n, bool ints)
{
	int64_t i;
	double d = 0;

	if (ints && gt_node_get_int(n, &i))
		return gt_vint64(i);
	gt_node_get_double(n, &d);
	return gt_vfloat(d);
}

/* Documents are at most GT_LIMIT_DEPTH deep, so this recursion is bounded. */
struct gt_value gt_value_of_node(struct gt_arena *a, const struct gt_node *n, bool ints)
{
	struct gt_value v;

	switch (gt_node_kind(n)) {
	case GT_NULL: return GT_VALUE_NIL;
	case GT_BOOL: return gt_vbool(n->truth);
	case GT_INT:
	case GT_FLOAT: return number_of_node(n, ints);
	case GT_STR: return gt_vstr(gt_node_text(n));
	case GT_SEQ:
		v = gt_vlist_new(a, GT_V_LIST, gt_node_count(n));
		gt_seq_for_each (n, item)
			gt_vlist_add(a, v, gt_value_of_node(a, item, ints));
		return v;
	case GT_MAP:
		v = gt_vmap_new(a, GT_V_MAP);
		gt_map_each(n, pair)
		{
			gt_vmap_set(a, v.map, gt_strn(pair->key, pair->len),
				    gt_value_of_node(a, pair->value, ints));
		}
		return v;
	}
	return GT_VALUE_NIL;
}

static struct gt_node *bytes_node(struct gt_arena *a, struct gt_str bytes)
{
	gt_auto_buf text = {0};

	gt_base64_encode(&text, bytes);
	return gt_node_strn(a, gt_buf_str(&text));
}

static struct gt_node *float_node(struct gt_arena *a, double f)
{
	char text[GT_DOUBLE_TEXT];
	bool integer = false;

	if (!isfinite(f))
		return NULL;
	gt_double_json(f, text);
	gt_number_valid(gt_str(text), &integer);
	return gt_node_number(a, integer ? GT_INT : GT_FLOAT, gt_str(text));
}

/* Where nodes go, and where maps keep their order. */
struct arenas {
	struct gt_arena *nodes, *values;
};

static struct gt_node *node_of(const struct arenas *a, struct gt_value v, unsigned depth);

static struct gt_node *list_node(const struct arenas *a, struct gt_value v, unsigned depth)
{
	struct gt_node *seq = gt_node_seq(a->nodes);

	for (uint32_t i = 0; i < gt_vlist_n(v); i++) {
		struct gt_node *item = node_of(a, v.list->v[i], depth + 1);

		if (!item)
			return NULL;
		gt_node_append(a->nodes, seq, item);
	}
	return seq;
}

/* The fields of a struct, in the order in which they are declared. */
static struct gt_node *struct_node(const struct arenas *a, struct gt_value v, unsigned depth)
{
	struct gt_node *map = gt_node_map(a->nodes);

	for (uint32_t i = 0; v.map && i < v.map->used; i++) {
		const struct gt_ventry *e = &v.map->e[i];
		struct gt_node *value = e->key ? node_of(a, e->value, depth + 1) : NULL;

		if (!value)
			return NULL;
		gt_node_setn(a->nodes, map, gt_strn(e->key, e->len), value);
	}
	return map;
}

static struct gt_node *map_node(const struct arenas *a, struct gt_value v, unsigned depth)
{
	struct gt_node *map = gt_node_map(a->nodes);
	const struct gt_ventry *e;

	for (uint32_t i = 0; (e = gt_vmap_at(a->values, v.map, i)) != NULL; i++) {
		struct gt_node *value = node_of(a, e->value, depth + 1);

		if (!value)
			return NULL;
		gt_node_setn(a->nodes, map, gt_strn(e->key, e->len), value);
	}
	return map;
}

static struct gt_node *uint_node(struct gt_arena *a, uint64_t u)
{
	char text[24];
	size_t at = sizeof text;

	do
		text[--at] = (char)('0' + u % 10);
	while (u /= 10);
	return gt_node_number(a, GT_INT, gt_strn(text + at, sizeof text - at));
}

static struct gt_node *object_node(const struct arenas *a, const struct gt_vobj *obj,
				   unsigned depth)
{
	struct gt_value plain;

	if (!obj)
		return gt_node_null(a->nodes);
	if (!obj->cls->plain)
		return gt_node_map(a->nodes);
	plain = obj->cls->plain(a->values, obj);
	return plain.kind == GT_V_MAP ? struct_node(a, plain, depth + 1)
				      : node_of(a, plain, depth + 1);
}

static struct gt_node *node_of(const struct arenas *a, struct gt_value v, unsigned depth)
{
	if (depth > GT_LIMIT_DEPTH)
		return NULL;
	switch ((enum gt_vkind)v.kind) {
	case GT_V_INVALID:
	case GT_V_NIL: return gt_node_null(a->nodes);
	case GT_V_BOOL: return gt_node_bool(a->nodes, v.b);
	case GT_V_INT:
	case GT_V_INT64:
	case GT_V_INT32: return gt_node_int(a->nodes, v.i);
	case GT_V_UINT8:
	case GT_V_UINT32:
	case GT_V_UINT64: return uint_node(a->nodes, v.u);
	case GT_V_FLOAT: return float_node(a->nodes, v.f);
	case GT_V_COMPLEX: return NULL;
	case GT_V_STR: return gt_node_str_take(a->nodes, v.s.p ? v.s.p : "", v.s.n);
	case GT_V_BYTES: return v.s.p ? bytes_node(a->nodes, v.s) : gt_node_null(a->nodes);
	case GT_V_OBJ: return object_node(a, v.obj, depth);
	default: break;
	}
	if (gt_value_is_list(v))
		return v.list ? list_node(a, v, depth) : gt_node_null(a->nodes);
	return v.map ? map_node(a, v, depth) : gt_node_null(a->nodes);
}

struct gt_node *gt_value_node(struct gt_arena *nodes, struct gt_arena *values, struct gt_value v)
{
	struct arenas a = {nodes, values};

	return node_of(&a, v, 0);
}

/* --- copies ------------------------------------------------------------------------------- */

static struct gt_value dup_at(struct gt_arena *a, struct gt_value v, unsigned depth)
{
	struct gt_value copy = v;

	if (depth > GT_LIMIT_DEPTH)
		return GT_VALUE_NIL;
	if (gt_value_is_list(v) && v.list) {
		copy = gt_vlist_new(a, (enum gt_vkind)v.kind, v.list->n);
		for (uint32_t i = 0; i < v.list->n; i++)
			gt_vlist_add(a, copy, dup_at(a, v.list->v[i], depth + 1));
	} else if (gt_value_is_map(v) && v.map) {
		copy = gt_vmap_new(a, (enum gt_vkind)v.kind);
		for (uint32_t i = 0; i < v.map->used; i++) {
			const struct gt_ventry *e = &v.map->e[i];

			if (e->key)
				gt_vmap_set(a, copy.map, gt_strn(e->key, e->len),
					    dup_at(a, e->value, depth + 1));
		}
	}
	return copy;
}

struct gt_value gt_value_dup(struct gt_arena *a, struct gt_value v)
{
	return dup_at(a, v, 0);
}
