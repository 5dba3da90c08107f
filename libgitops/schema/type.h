/*
 * gt_type - what a schema says about one place of a document.
 *
 * A type is a small value that is passed by copy.  It stands either for a row
 * of the built-in fact tables (schema.h) or for a node made at run time from
 * the structural schema of a CustomResourceDefinition (dynamic.h); callers
 * that walk a document (server-side apply, patches, strict decoding) need not
 * know which.  The zeroed value means "no type here" (GT_TYPE_NONE).
 *
 * Struct types are seen as JSON shows them: members of inlined Go structs are
 * fields of the outer one.
 *
 * All functions are pure, allocate nothing and may be called from any thread;
 * strings they return live as long as the type's table or arena.
 */
#ifndef GT_SCHEMA_TYPE_H
#define GT_SCHEMA_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gt_schema;
struct gt_dyn_type;

struct gt_type {
	const struct gt_schema *set;   /* fact table, or NULL */
	const struct gt_dyn_type *dyn; /* run-time node, or NULL */
	uint32_t row;                  /* row of the table */
};

enum gt_type_kind {
	GT_TYPE_NONE,    /* nothing is known, nothing may stand here */
	GT_TYPE_UNTYPED, /* anything may stand here, see gt_type_is_atomic() */
	GT_TYPE_SCALAR,  /* see gt_type_scalar() */
	GT_TYPE_LIST,    /* see gt_type_elem(), gt_type_list() */
	GT_TYPE_MAP,     /* free keys, values of gt_type_elem() */
	GT_TYPE_STRUCT,  /* declared fields, see gt_type_field() */
};

enum gt_type_scalar {
	GT_SCALAR_ANY, /* any scalar */
	GT_SCALAR_STRING,
	GT_SCALAR_INT32,
	GT_SCALAR_INT64,
	GT_SCALAR_DOUBLE,
	GT_SCALAR_BOOL,
	GT_SCALAR_BYTES,    /* base64 in JSON */
	GT_SCALAR_QUANTITY, /* string, or a number on input */
	GT_SCALAR_INT_OR_STRING,
	GT_SCALAR_TIME,       /* RFC 3339, whole seconds */
	GT_SCALAR_MICRO_TIME, /* RFC 3339, six digits */
	GT_SCALAR_DURATION,   /* Go duration text */
};

enum gt_list_type {
	GT_LIST_ATOMIC, /* the list is one value */
	GT_LIST_SET,    /* of distinct scalars */
	GT_LIST_MAP,    /* of items told apart by gt_type_key() */
};

enum gt_patch_strategy { /* bits */
			 GT_PATCH_REPLACE = 0,
			 GT_PATCH_MERGE = 1 << 0,
			 GT_PATCH_RETAIN_KEYS = 1 << 1,
};

enum gt_field_flag {
	GT_FIELD_REQUIRED = 1 << 0,  /* listed as required by OpenAPI */
	GT_FIELD_OMITEMPTY = 1 << 1, /* Go leaves out the empty value */
	GT_FIELD_OMITZERO = 1 << 2,  /* Go leaves out the zero value */
	GT_FIELD_POINTER = 1 << 3,   /* unset is told apart from zero */
	GT_FIELD_REPLACE = 1 << 4,   /* patch strategy replace, explicitly */
	GT_FIELD_NULLABLE = 1 << 5,  /* null may be stored (CRDs only) */
};

struct gt_field {
	const char *name; /* JSON name */
	struct gt_type type;
	const char *merge_key;   /* of a strategic merge patch, or NULL */
	const char *key_default; /* value a missing list-map key stands for,
				    or NULL; text also for numbers */
	uint8_t strategy;        /* enum gt_patch_strategy bits */
	uint8_t flags;           /* enum gt_field_flag bits */
	uint16_t number;         /* protobuf field number, 0 = none */
};

enum gt_type_kind gt_type_kind(struct gt_type t);

/* GT_SCALAR_ANY when t is no scalar. */
enum gt_type_scalar gt_type_scalar(struct gt_type t);

/* Element of a list, value of a map; GT_TYPE_NONE for the others. */
struct gt_type gt_type_elem(struct gt_type t);

/*
 * Whether server-side apply treats the value as one: an atomic list, a map or
 * struct of map type atomic, a scalar, an untyped leaf.
 */
bool gt_type_is_atomic(struct gt_type t);

/* GT_LIST_ATOMIC when t is no list. */
enum gt_list_type gt_type_list(struct gt_type t);

/* The i-th key of a GT_LIST_MAP; NULL beyond the last. */
const char *gt_type_key(struct gt_type t, size_t i);

/*
 * A struct that keeps undeclared fields (x-kubernetes-preserve-unknown-fields)
 * and treats them as untyped.  Never true of built-in types.
 */
bool gt_type_keeps_unknown(struct gt_type t);

/* An object embedded whole, with apiVersion, kind and metadata (CRDs only). */
bool gt_type_is_embedded(struct gt_type t);

/*
 * The field with the JSON name of n bytes.  False when t is no struct or does
 * not declare it; *ret is then untouched.  O(log fields).
 */
bool gt_type_field(struct gt_type t, const char *name, size_t n, struct gt_field *ret);

/* Fields in byte order of their names, for documents and explain. */
size_t gt_type_field_count(struct gt_type t);
void gt_type_field_at(struct gt_type t, size_t i, struct gt_field *ret);

/*
 * What a child of t named name has as type: a struct's field, a map's value,
 * untyped below untyped or kept unknown fields, else GT_TYPE_NONE.
 */
struct gt_type gt_type_child(struct gt_type t, const char *name, size_t n);

/* The i-th allowed value of an enumerated string; NULL beyond the last. */
const char *gt_type_enum(struct gt_type t, size_t i);

/* The same place of the same schema. */
static inline bool gt_type_same(struct gt_type a, struct gt_type b)
{
	return a.set == b.set && a.dyn == b.dyn && a.row == b.row;
}

/* Anything below is untyped and merges by the shape of the data. */
struct gt_type gt_type_deduced(void);

#endif
