/*
 * gt_value - what a template computes with: Go's kinds, told apart as Go tells them apart.
 *
 * A value is 24 bytes and passed by value.  Lists, maps and objects are references into an arena,
 * shared as Go shares them: a change of a map is seen through every alias.  A nil map or list has a
 * NULL reference and still has its kind.  Strings are views whose bytes live as long as the arena.
 *
 * Numbers read from documents are float64, as Helm's values are: gt_value_of_node().
 *
 * One owner at a time.
 */
#ifndef GT_TEXT_TEMPLATE_VALUE_H
#define GT_TEXT_TEMPLATE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "text/node.h"

enum gt_vkind {
	GT_V_INVALID, /* untyped nil: no value at all */
	GT_V_NIL,     /* nil in an interface {} slot */
	GT_V_BOOL,
	GT_V_INT,
	GT_V_INT64,
	GT_V_INT32,
	GT_V_UINT8,
	GT_V_UINT32,
	GT_V_UINT64,
	GT_V_FLOAT,
	GT_V_COMPLEX,
	GT_V_STR,
	GT_V_BYTES,    /* []uint8 */
	GT_V_LIST,     /* []interface {} */
	GT_V_STRS,     /* []string */
	GT_V_INTS,     /* []int */
	GT_V_LISTS,    /* [][]interface {} */
	GT_V_MAPS,     /* []map[string]interface {} */
	GT_V_VERSIONS, /* common.VersionSet, a []string with methods */
	GT_V_MAP,      /* map[string]interface {} */
	GT_V_VALUES,   /* common.Values: the same with methods */
	GT_V_STRMAP,   /* map[string]string */
	GT_V_FILES,    /* engine.files: map[string][]byte with methods */
	GT_V_OBJ,
};

struct gt_vlist;
struct gt_vmap;
struct gt_vobj;

struct gt_value {
	uint8_t kind; /* enum gt_vkind */
	bool iface;   /* it was read from a slot of type interface {} */
	union {
		bool b;
		int64_t i; /* the signed kinds */
		uint64_t u;
		double f;
		struct {
			double re, im;
		};
		struct gt_str s; /* GT_V_STR, GT_V_BYTES */
		struct gt_vlist *list;
		struct gt_vmap *map;
		struct gt_vobj *obj;
	};
};

struct gt_vlist {
	uint32_t n, cap;
	struct gt_value *v;
};

struct gt_ventry {
	const char *key; /* NUL-terminated; NULL once removed */
	uint32_t len, hash;
	struct gt_value value;
};

struct gt_vmap {
	struct gt_ventry *e;
	uint32_t used, live, cap;
	uint32_t *slots; /* index + 1, once there are many */
	uint32_t nslots;
	uint32_t *order; /* of the live entries, by key; NULL when stale */
};

/* An opaque Go value: a struct or a pointer to one.  Classes are static tables. */
struct gt_tmpl_call;
struct gt_tmpl_func;
struct gt_vclass {
	const char *type; /* "time.Time" */
	bool pointer;     /* kind ptr, else struct */
	/* Fields: false when there is none of the name. */
	bool (*field)(struct gt_arena *a, struct gt_vobj *obj, struct gt_str name,
		      struct gt_value *ret);
	/* Methods; the receiver is call->self.  Ends with a NULL name; may be NULL. */
	const struct gt_tmpl_func *methods;
	/* Fmt's %v.  stringer: the type has a String method of its own. */
	void (*print)(struct gt_buf *out, const struct gt_vobj *obj);
	/* How an action prints it, when that is different; NULL means as print. */
	void (*show)(struct gt_buf *out, const struct gt_vobj *obj);
	/* What encoders see; NULL means an empty struct. */
	struct gt_value (*plain)(struct gt_arena *a, const struct gt_vobj *obj);
	int (*equal)(const struct gt_vobj *x, const struct gt_vobj *y); /* NULL: identity */
};
struct gt_vobj {
	const struct gt_vclass *cls;
};

/* --- making ------------------------------------------------------------------------------- */
#define GT_VALUE_INVALID ((struct gt_value){.kind = GT_V_INVALID})
#define GT_VALUE_NIL ((struct gt_value){.kind = GT_V_NIL, .iface = true})
static inline struct gt_value gt_vbool(bool b)
{
	return (struct gt_value){.kind = GT_V_BOOL, .b = b};
}
static inline struct gt_value gt_vint(int64_t i)
{
	return (struct gt_value){.kind = GT_V_INT, .i = i};
}
static inline struct gt_value gt_vint64(int64_t i)
{
	return (struct gt_value){.kind = GT_V_INT64, .i = i};
}
static inline struct gt_value gt_vfloat(double f)
{
	return (struct gt_value){.kind = GT_V_FLOAT, .f = f};
}
static inline struct gt_value gt_vstr(struct gt_str s) /* borrows */
{
	return (struct gt_value){.kind = GT_V_STR, .s = s};
}
static inline struct gt_value gt_vcstr(const char *s)
{
	return gt_vstr(gt_str(s));
}
static inline struct gt_value gt_vobj(struct gt_vobj *obj)
{
	return (struct gt_value){.kind = GT_V_OBJ, .obj = obj};
}
/* Copies what the buffer holds. */
struct gt_value gt_vstr_buf(struct gt_arena *a, const struct gt_buf *buf);
struct gt_value gt_vlist_new(struct gt_arena *a, enum gt_vkind kind, size_t cap);
struct gt_value gt_vmap_new(struct gt_arena *a, enum gt_vkind kind);

/* Documents: numbers become float64 (as_is: integers become int64), or int where told. */
struct gt_value gt_value_of_node(struct gt_arena *a, const struct gt_node *n, bool ints);
/*
 * For encoders; objects by their class' plain form.  Nodes are made in the first arena, what maps
 * remember of their order in the second, which must be the one they live in.  NULL when it is
 * nested too deep, holds a NaN or an infinity, or memory ran out.
 */
struct gt_node *gt_value_node(struct gt_arena *nodes, struct gt_arena *values, struct gt_value v);
struct gt_value gt_value_dup(struct gt_arena *a, struct gt_value v); /* deep */

/* --- kinds -------------------------------------------------------------------------------- */
static inline bool gt_value_is_nil(struct gt_value v)
{
	return v.kind <= GT_V_NIL;
}
static inline bool gt_value_is_list(struct gt_value v)
{
	return v.kind >= GT_V_LIST && v.kind <= GT_V_VERSIONS;
}
static inline bool gt_value_is_map(struct gt_value v)
{
	return v.kind >= GT_V_MAP && v.kind <= GT_V_FILES;
}
static inline bool gt_value_is_int(struct gt_value v)
{
	return v.kind >= GT_V_INT && v.kind <= GT_V_INT32;
}
static inline bool gt_value_is_uint(struct gt_value v)
{
	return v.kind >= GT_V_UINT8 && v.kind <= GT_V_UINT64;
}
const char *gt_value_type(struct gt_value v); /* Go's %T: "map[string]interface {}", "<nil>" */
const char *gt_value_kind(struct gt_value v); /* reflect's Kind: "map", "float64", "invalid" */
bool gt_value_truth(struct gt_value v);
/* reflect.DeepEqual: types must be the same. */
bool gt_value_equal(struct gt_value x, struct gt_value y);

/* --- lists -------------------------------------------------------------------------------- */
static inline uint32_t gt_vlist_n(struct gt_value v)
{
	return gt_value_is_list(v) && v.list ? v.list->n : 0;
}
/* An element as it is read from its slot. */
struct gt_value gt_vlist_at(struct gt_value v, size_t i);
/* Does nothing once the arena has failed. */
void gt_vlist_add(struct gt_arena *a, struct gt_value list, struct gt_value item);

/* --- maps --------------------------------------------------------------------------------- */
static inline uint32_t gt_vmap_n(struct gt_value v)
{
	return gt_value_is_map(v) && v.map ? v.map->live : 0;
}
struct gt_value *gt_vmap_find(const struct gt_vmap *m, struct gt_str key); /* NULL if absent */
/* As read from its slot; the zero value of the element type if absent. */
struct gt_value gt_vmap_get(struct gt_value map, struct gt_str key);
void gt_vmap_set(struct gt_arena *a, struct gt_vmap *m, struct gt_str key, struct gt_value v);
void gt_vmap_put(struct gt_arena *a, struct gt_value map, const char *key, struct gt_value v);
bool gt_vmap_del(struct gt_vmap *m, struct gt_str key);
/* The i-th entry in byte order of the keys; NULL past the end or when memory ran out. */
const struct gt_ventry *gt_vmap_at(struct gt_arena *a, struct gt_vmap *m, uint32_t i);

/* --- text --------------------------------------------------------------------------------- */
/* Fmt's %v.  Stops at GT_LIMIT_DEPTH. */
void gt_value_print(struct gt_buf *out, struct gt_arena *a, struct gt_value v);
/* Sprig's strval: strings, bytes and Stringers by their text, the rest by %v. */
struct gt_str gt_value_str(struct gt_arena *a, struct gt_value v);

#endif
