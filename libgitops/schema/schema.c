#include "schema/schema.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "schema/table.h"

const struct gt_schema *gt_schema_get(enum gt_schema_set set)
{
	return set == GT_SCHEMA_KUSTOMIZE ? &gt_schema__kustomize : &gt_schema__k8s;
}

const char *gt_verb_name(size_t bit)
{
	static const char *const names[] = {"create", "delete", "deletecollection", "get",
					    "list",   "patch",  "update",           "watch"};

	return bit < sizeof names / sizeof *names ? names[bit] : NULL;
}

static void read_kind(const struct gt_schema *s, uint32_t row, struct gt_schema_kind *ret)
{
	const struct gt_kind_row *k = &s->kinds[row];

	*ret = (struct gt_schema_kind){
		.group = s->strings + k->group,
		.version = s->strings + k->version,
		.kind = s->strings + k->kind,
		.resource = s->strings + k->resource,
		.singular = s->strings + k->singular,
		.flags = k->flags,
		.verbs = k->verbs,
		.set = s,
		.row = row,
	};
	if (k->type)
		ret->type = (struct gt_type){.set = s, .row = k->type};
}

struct key {
	const char *group, *version, *name;
	bool by_resource;
};

static int compare(const struct gt_schema *s, const struct gt_kind_row *k, const struct key *key)
{
	int c = strcmp(s->strings + k->group, key->group);

	if (c == 0)
		c = strcmp(s->strings + k->version, key->version);
	if (c == 0)
		c = strcmp(s->strings + (key->by_resource ? k->resource : k->kind), key->name);
	return c;
}

static bool find(const struct gt_schema *s, const struct key *key, struct gt_schema_kind *ret)
{
	uint32_t lo = 0, hi = s->n_kinds;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		uint32_t row = key->by_resource ? mid : s->by_kind[mid];
		int c = compare(s, &s->kinds[row], key);

		if (c == 0) {
			read_kind(s, row, ret);
			return true;
		}
		*(c < 0 ? &lo : &hi) = c < 0 ? mid + 1 : mid;
	}
	return false;
}

static bool is_option_kind(const char *kind)
{
	static const char *const names[] = {"CreateOptions", "DeleteOptions", "GetOptions",
					    "ListOptions",   "PatchOptions",  "UpdateOptions",
					    "WatchEvent"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], kind) == 0)
			return true;
	return false;
}

bool gt_schema_find_kind(const struct gt_schema *s, const char *group, const char *version,
			 const char *kind, struct gt_schema_kind *ret)
{
	if (!group || !version || !kind)
		return false;
	if (is_option_kind(kind))
		return find(s, &(struct key){"meta.k8s.io", "v1", kind, false}, ret);
	return find(s, &(struct key){group, version, kind, false}, ret);
}

bool gt_schema_find_resource(const struct gt_schema *s, const char *group, const char *version,
			     const char *resource, struct gt_schema_kind *ret)
{
	if (!group || !version || !resource || !*resource)
		return false;
	return find(s, &(struct key){group, version, resource, true}, ret);
}

size_t gt_schema_kind_count(const struct gt_schema *s)
{
	return s->n_kinds;
}

void gt_schema_kind_at(const struct gt_schema *s, size_t i, struct gt_schema_kind *ret)
{
	read_kind(s, (uint32_t)i, ret);
}

const char *gt_schema_short_name(const struct gt_schema_kind *k, size_t i)
{
	return gt_schema__list_at(k->set, k->set->kinds[k->row].short_names, i);
}

const char *gt_schema_category(const struct gt_schema_kind *k, size_t i)
{
	return gt_schema__list_at(k->set, k->set->kinds[k->row].categories, i);
}

bool gt_schema_sub_at(const struct gt_schema_kind *k, size_t i, struct gt_schema_sub *ret)
{
	const struct gt_schema *s = k->set;
	const struct gt_kind_row *row = &s->kinds[k->row];

	if (i >= row->subs)
		return false;

	const struct gt_sub_row *r = &s->subs[row->sub + i];
	*ret = (struct gt_schema_sub){
		.name = s->strings + r->name,
		.group = s->strings + r->group,
		.version = s->strings + r->version,
		.kind = s->strings + r->kind,
		.verbs = (uint16_t)r->verbs,
	};
	return true;
}

size_t gt_schema_group_count(const struct gt_schema *s)
{
	return s->n_groups;
}

void gt_schema_group_at(const struct gt_schema *s, size_t i, struct gt_schema_group *ret)
{
	*ret = (struct gt_schema_group){
		.name = s->strings + s->groups[i].name,
		.priority = s->groups[i].priority,
		.set = s,
		.row = (uint32_t)i,
	};
}

const char *gt_schema_group_version(const struct gt_schema_group *g, size_t i)
{
	return gt_schema__list_at(g->set, g->set->groups[g->row].versions, i);
}

bool gt_schema_is_namespaced(const struct gt_schema *s, const char *group, const char *version,
			     const char *kind, bool *ret_known)
{
	struct gt_schema_kind k;

	*ret_known =
		gt_schema_find_kind(s, group, version, kind, &k) && (k.flags & GT_KIND_SCOPED) != 0;
	return *ret_known && (k.flags & GT_KIND_NAMESPACED) != 0;
}

/* --- named types --------------------------------------------------------------------------- */

static bool has_name(const struct gt_schema *s, const struct gt_struct_row *st, struct gt_str name)
{
	struct gt_str pkg = gt_str(s->strings + s->pkgs[st->pkg]);

	return name.n > pkg.n && memcmp(name.p, pkg.p, pkg.n) == 0 && name.p[pkg.n] == '.' &&
	       gt_str_is(gt_str_from(name, pkg.n + 1), s->strings + st->name);
}

struct gt_type gt_schema_find_type(const struct gt_schema *s, const char *name)
{
	for (uint32_t i = 0; i < s->n_structs; i++)
		if (has_name(s, &s->structs[i], gt_str(name)))
			return gt_schema_type_at(s, i);
	return (struct gt_type){0};
}

size_t gt_schema_type_name(struct gt_type t, char *buf, size_t size)
{
	const struct gt_struct_row *st = gt_schema__struct(t);
	int n = 0;

	if (st)
		n = snprintf(buf, size, "%s.%s", t.set->strings + t.set->pkgs[st->pkg],
			     t.set->strings + st->name);
	else if (size > 0)
		*buf = '\0';
	return n > 0 ? (size_t)n : 0;
}

size_t gt_schema_type_count(const struct gt_schema *s)
{
	return s->n_structs;
}

struct gt_type gt_schema_type_at(const struct gt_schema *s, size_t i)
{
	return (struct gt_type){.set = s, .row = s->structs[i].type};
}

/* --- the protobuf view --------------------------------------------------------------------- */

static void read_proto(struct gt_type t, const struct gt_proto_row *p, struct gt_field *ret)
{
	const struct gt_schema *s = t.set;

	if (p->ref & GT_PROTO_INLINE) {
		*ret = (struct gt_field){
			.name = "",
			.type = {.set = s, .row = p->ref & ~GT_PROTO_INLINE},
			.number = p->number,
		};
		return;
	}
	const struct gt_field_row *f = &s->fields[p->ref];
	*ret = (struct gt_field){
		.name = s->strings + f->name,
		.type = {.set = s, .row = f->type},
		.strategy = f->strategy,
		.flags = f->flags,
		.number = p->number,
	};
}

bool gt_schema_proto_field(struct gt_type t, uint32_t number, struct gt_field *ret)
{
	const struct gt_struct_row *st = gt_schema__struct(t);
	size_t lo = 0, hi = st ? st->protos : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct gt_proto_row *p = &t.set->protos[st->proto + mid];

		if (p->number == number) {
			read_proto(t, p, ret);
			return true;
		}
		*(p->number < number ? &lo : &hi) = p->number < number ? mid + 1 : mid;
	}
	return false;
}

enum gt_wire gt_schema_wire(struct gt_type t)
{
	return t.set ? t.set->types[t.row].wire : GT_WIRE_PLAIN;
}
