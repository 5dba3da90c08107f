/*
 * The rows of a fact table, as tools/schema/gen.c writes them.  Private to this folder.
 *
 * Rows refer to each other and to the string pool by number, so that a table needs no relocation
 * and its pages stay shared between processes.  String 0 is "".
 */
#ifndef GT_SCHEMA_TABLE_H
#define GT_SCHEMA_TABLE_H

#include <stdint.h>

#include "schema/schema.h"

struct gt_type_row {
	uint8_t kind;   /* enum gt_type_kind */
	uint8_t scalar; /* enum gt_type_scalar */
	uint8_t list;   /* enum gt_list_type */
	uint8_t wire;   /* enum gt_wire */
	uint8_t atomic;
	uint8_t pad;
	uint16_t elem; /* type of elements or values */
	uint16_t ref;  /* struct: its row; list map: keys; scalar: enum values (lists) */
};

struct gt_struct_row {
	uint32_t name;
	uint16_t pkg;  /* index into pkgs */
	uint16_t type; /* its own, plain type row */
	uint16_t field, fields;
	uint16_t proto, protos;
};

struct gt_field_row {
	uint32_t name;
	uint16_t type;
	uint16_t number;
	uint8_t strategy;
	uint8_t flags;
	uint16_t extra; /* 0, or into extras: merge key, key default */
};

struct gt_proto_row {
	uint16_t number;
	uint16_t ref; /* row of a field, or GT_PROTO_INLINE and a type */
};

#define GT_PROTO_INLINE 0x8000u

struct gt_extra_row {
	uint32_t merge_key, key_default;
};

struct gt_kind_row {
	uint32_t group, version, kind, resource, singular;
	uint16_t type;
	uint16_t flags, verbs;
	uint16_t short_names, categories; /* into lists */
	uint16_t sub, subs;
	uint16_t pad;
};

struct gt_sub_row {
	uint32_t name, group, version, kind;
	uint32_t verbs;
};

struct gt_group_row {
	uint32_t name, priority;
	uint32_t versions; /* into lists */
};

struct gt_schema {
	const char *strings;
	const uint32_t *lists;               /* runs of strings, each ended by 0 */
	const uint32_t *pkgs;                /* OpenAPI prefixes */
	const struct gt_type_row *types;     /* row 0 is GT_TYPE_NONE */
	const struct gt_struct_row *structs; /* by name */
	const struct gt_field_row *fields;   /* of a struct: by name */
	const struct gt_proto_row *protos;   /* of a struct: by number */
	const struct gt_extra_row *extras;
	const struct gt_kind_row *kinds; /* by group, version, resource */
	const uint16_t *by_kind;         /* by group, version, kind */
	const struct gt_sub_row *subs;
	const struct gt_group_row *groups;
	uint32_t n_structs, n_kinds, n_groups;
};

/* The i-th string of a run that ends with string 0; NULL beyond the last. */
static inline const char *gt_schema__list_at(const struct gt_schema *s, uint32_t list, size_t i)
{
	for (; i > 0 && s->lists[list] != 0; i--)
		list++;
	return s->lists[list] != 0 ? s->strings + s->lists[list] : NULL;
}

/* The struct that a table's type stands for, or NULL. */
static inline const struct gt_struct_row *gt_schema__struct(struct gt_type t)
{
	const struct gt_type_row *r = t.set ? &t.set->types[t.row] : NULL;

	return r && r->kind == GT_TYPE_STRUCT ? &t.set->structs[r->ref] : NULL;
}

extern const struct gt_schema gt_schema__k8s;
extern const struct gt_schema gt_schema__kustomize;

#endif
