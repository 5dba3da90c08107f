#include "schema/type.h"

#include <string.h>

#include "base/str.h"
#include "schema/dyn.h"
#include "schema/table.h"

const struct gt_dyn_type gt_dyn__deduced = {.kind = GT_TYPE_UNTYPED};
const struct gt_dyn_type gt_dyn__opaque = {.kind = GT_TYPE_UNTYPED, .atomic = true};

static const struct gt_type none;

static const struct gt_type_row *row_of(struct gt_type t)
{
	return &t.set->types[t.row];
}

struct gt_type gt_type_deduced(void)
{
	return gt_dyn__type(&gt_dyn__deduced);
}

enum gt_type_kind gt_type_kind(struct gt_type t)
{
	if (t.set)
		return row_of(t)->kind;
	return t.dyn ? t.dyn->kind : GT_TYPE_NONE;
}

enum gt_type_scalar gt_type_scalar(struct gt_type t)
{
	if (t.set)
		return row_of(t)->scalar;
	return t.dyn ? t.dyn->scalar : GT_SCALAR_ANY;
}

struct gt_type gt_type_elem(struct gt_type t)
{
	if (t.dyn)
		return t.dyn->elem;
	if (!t.set || row_of(t)->elem == 0)
		return none;
	return (struct gt_type){.set = t.set, .row = row_of(t)->elem};
}

bool gt_type_is_atomic(struct gt_type t)
{
	if (gt_type_kind(t) == GT_TYPE_SCALAR)
		return true;
	if (t.set)
		return row_of(t)->atomic;
	return t.dyn && t.dyn->atomic;
}

enum gt_list_type gt_type_list(struct gt_type t)
{
	if (t.set)
		return row_of(t)->list;
	return t.dyn ? t.dyn->list : GT_LIST_ATOMIC;
}

static const char *array_at(const char *const *v, size_t i)
{
	while (v && i > 0 && *v) {
		v++;
		i--;
	}
	return v ? *v : NULL;
}

const char *gt_type_key(struct gt_type t, size_t i)
{
	if (gt_type_list(t) != GT_LIST_MAP)
		return NULL;
	return t.set ? gt_schema__list_at(t.set, row_of(t)->ref, i) : array_at(t.dyn->keys, i);
}

const char *gt_type_enum(struct gt_type t, size_t i)
{
	if (gt_type_kind(t) != GT_TYPE_SCALAR)
		return NULL;
	return t.set ? gt_schema__list_at(t.set, row_of(t)->ref, i) : array_at(t.dyn->enums, i);
}

bool gt_type_keeps_unknown(struct gt_type t)
{
	return t.dyn && t.dyn->keeps_unknown;
}

bool gt_type_is_embedded(struct gt_type t)
{
	return t.dyn && t.dyn->embedded;
}

static const char *text_or_null(const struct gt_schema *s, uint32_t at)
{
	return at ? s->strings + at : NULL;
}

static void read_field_row(const struct gt_schema *s, const struct gt_field_row *r,
			   struct gt_field *ret)
{
	const struct gt_extra_row *x = &s->extras[r->extra];

	*ret = (struct gt_field){
		.name = s->strings + r->name,
		.type = {.set = s, .row = r->type},
		.merge_key = text_or_null(s, x->merge_key),
		.key_default = text_or_null(s, x->key_default),
		.strategy = r->strategy,
		.flags = r->flags,
		.number = r->number,
	};
}

static void read_dyn_field(const struct gt_dyn_field *f, struct gt_field *ret)
{
	*ret = (struct gt_field){
		.name = f->name, .type = f->type, .key_default = f->key_default, .flags = f->flags};
}

static bool static_field(struct gt_type t, struct gt_str name, struct gt_field *ret)
{
	const struct gt_struct_row *st = gt_schema__struct(t);
	size_t lo = 0, hi = st ? st->fields : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct gt_field_row *r = &t.set->fields[st->field + mid];
		int c = gt_str_cmp(gt_str(t.set->strings + r->name), name);

		if (c == 0) {
			read_field_row(t.set, r, ret);
			return true;
		}
		*(c < 0 ? &lo : &hi) = c < 0 ? mid + 1 : mid;
	}
	return false;
}

static bool dyn_field(const struct gt_dyn_type *d, struct gt_str name, struct gt_field *ret)
{
	size_t lo = 0, hi = d->n_fields;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct gt_dyn_field *f = &d->fields[mid];
		int c = gt_str_cmp(gt_strn(f->name, f->n), name);

		if (c == 0) {
			read_dyn_field(f, ret);
			return true;
		}
		*(c < 0 ? &lo : &hi) = c < 0 ? mid + 1 : mid;
	}
	return false;
}

bool gt_type_field(struct gt_type t, const char *name, size_t n, struct gt_field *ret)
{
	if (t.set)
		return static_field(t, gt_strn(name, n), ret);
	return t.dyn && dyn_field(t.dyn, gt_strn(name, n), ret);
}

size_t gt_type_field_count(struct gt_type t)
{
	if (t.dyn)
		return t.dyn->n_fields;

	const struct gt_struct_row *st = gt_schema__struct(t);
	return st ? st->fields : 0;
}

void gt_type_field_at(struct gt_type t, size_t i, struct gt_field *ret)
{
	if (t.dyn)
		read_dyn_field(&t.dyn->fields[i], ret);
	else
		read_field_row(t.set, &t.set->fields[gt_schema__struct(t)->field + i], ret);
}

struct gt_type gt_type_child(struct gt_type t, const char *name, size_t n)
{
	struct gt_field f;

	switch (gt_type_kind(t)) {
	case GT_TYPE_UNTYPED:
		return gt_type_is_atomic(t) ? gt_dyn__type(&gt_dyn__opaque) : gt_type_deduced();
	case GT_TYPE_MAP: return gt_type_elem(t);
	case GT_TYPE_STRUCT:
		if (gt_type_field(t, name, n, &f))
			return f.type;
		return gt_type_keeps_unknown(t) ? gt_type_deduced() : none;
	default: return none;
	}
}
