/*
 * gt_node - the document tree: what a Kubernetes object, a values file, a patch or a manifest is
 * in memory.
 *
 * A node is 24 bytes in an arena and never freed alone.  Maps keep the order of their keys and
 * have an index once they are large, so look-ups stay constant; keys are unique.  Numbers keep
 * their text: integers never pass through a double, and what was written as 1.50 is written as
 * 1.50 again unless a caller asks for a canonical form.  Strings are length-counted and also
 * NUL-terminated.  Nodes made by the parsers carry the line they came from.
 *
 * Builders take the arena first, accept NULL for any node, and fail sticky: the caller checks
 * gt_arena_check() at the end of a step.  Readers accept NULL and nodes of another kind, and give
 * the neutral answer (NULL, false, 0, empty), so a chain of look-ups needs no checks.
 *
 * Sharing: a subtree may be linked into several trees as long as nobody changes it afterwards;
 * gt_node_dup() makes an independent copy.  One writer, or any number of readers.
 */
#ifndef GT_TEXT_NODE_H
#define GT_TEXT_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum gt_kind {
	GT_NULL,
	GT_BOOL,
	GT_INT,   /* text matches -?(0|[1-9][0-9]*); may exceed int64 */
	GT_FLOAT, /* any other JSON number, kept as text */
	GT_STR,
	GT_SEQ,
	GT_MAP,
};

/* How a YAML scalar was written; a hint for emitters that keep style. */
enum gt_style {
	GT_STYLE_ANY,
	GT_STYLE_PLAIN,
	GT_STYLE_SINGLE,
	GT_STYLE_DOUBLE,
	GT_STYLE_LITERAL,
	GT_STYLE_FOLDED,
	GT_STYLE_FLOW
};

struct gt_node;

struct gt_pair {
	const char *key; /* NUL-terminated */
	uint32_t len;
	uint32_t line;
	struct gt_node *value;
};

struct gt_items { /* of a sequence */
	uint32_t cap;
	struct gt_node *v[];
};

struct gt_pairs; /* of a map; private to node.c: use the accessors */

struct gt_node {
	uint8_t kind;  /* enum gt_kind */
	uint8_t style; /* enum gt_style */
	bool truth;    /* GT_BOOL */
	uint8_t flags;
	uint32_t n; /* bytes of text, items, or pairs */
	union {
		const char *s; /* GT_INT, GT_FLOAT, GT_STR: text */
		struct gt_items *items;
		struct gt_pairs *pairs;
	};
	uint32_t line, col; /* 1-based, 0 when made in memory */
};

/* --- making ------------------------------------------------------------------------------- */
struct gt_node *gt_node_null(struct gt_arena *a);
struct gt_node *gt_node_bool(struct gt_arena *a, bool b);
struct gt_node *gt_node_int(struct gt_arena *a, int64_t i);
/* The shortest text, as Go's JSON: 1.0 becomes the integer 1.  NaN and infinities become null. */
struct gt_node *gt_node_float(struct gt_arena *a, double d);
/* kind is GT_INT or GT_FLOAT; the text is copied and must be a JSON number. */
struct gt_node *gt_node_number(struct gt_arena *a, enum gt_kind kind, struct gt_str text);
struct gt_node *gt_node_str(struct gt_arena *a, const char *s);    /* copies; NULL -> NULL */
struct gt_node *gt_node_strn(struct gt_arena *a, struct gt_str s); /* copies */
struct gt_node *gt_node_str_take(struct gt_arena *a, const char *s, size_t n); /* s lives as long
										  as the arena */
struct gt_node *gt_node_printf(struct gt_arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
struct gt_node *gt_node_seq(struct gt_arena *a);
struct gt_node *gt_node_map(struct gt_arena *a);

/* A deep copy in the arena, which may be another one. */
struct gt_node *gt_node_dup(struct gt_arena *a, const struct gt_node *n);
/* A copy of the node alone: its own list of items or pairs, the same children. */
struct gt_node *gt_node_copy(struct gt_arena *a, const struct gt_node *n);

/* --- reading ------------------------------------------------------------------------------ */
static inline enum gt_kind gt_node_kind(const struct gt_node *n)
{
	return n ? (enum gt_kind)n->kind : GT_NULL;
}
static inline bool gt_node_is(const struct gt_node *n, enum gt_kind kind)
{
	return n && n->kind == kind;
}
/* NULL and the null value alike. */
static inline bool gt_node_is_null(const struct gt_node *n)
{
	return !n || n->kind == GT_NULL;
}
const char *gt_kind_name(enum gt_kind kind); /* "string", "integer", "object", ... */

/* Text of a string (or of a number for gt_node_text). */
struct gt_str gt_node_text(const struct gt_node *n);
const char *gt_node_cstr(const struct gt_node *n); /* of a string, else NULL */
const char *gt_node_cstr_or(const struct gt_node *n, const char *fallback);
bool gt_node_is_text(const struct gt_node *n, const char *s);  /* a string equal to s */
bool gt_node_truth(const struct gt_node *n, bool fallback);    /* of a bool, else the fallback */
bool gt_node_get_int(const struct gt_node *n, int64_t *ret_i); /* a GT_INT that fits */
int64_t gt_node_int_or(const struct gt_node *n, int64_t fallback);
bool gt_node_get_double(const struct gt_node *n, double *ret_d); /* any number */

/* Items of a sequence or pairs of a map; 0 otherwise. */
static inline size_t gt_node_count(const struct gt_node *n)
{
	return n && n->kind >= GT_SEQ ? n->n : 0;
}
struct gt_node *gt_node_item(const struct gt_node *seq, size_t i); /* NULL out of range */
const struct gt_pair *gt_node_pair(const struct gt_node *map, size_t i);

/* The value of a key, or NULL. */
struct gt_node *gt_node_get(const struct gt_node *map, const char *key);
struct gt_node *gt_node_getn(const struct gt_node *map, struct gt_str key);
bool gt_node_has(const struct gt_node *map, const char *key);

/* Descends through maps: gt_node_at(obj, "metadata", "labels", "app"). */
struct gt_node *gt_node__at(const struct gt_node *n, const char *const *keys);
#define gt_node_at(n, ...) gt_node__at((n), (const char *const[]){__VA_ARGS__, NULL})
/* The string there, or NULL. */
#define gt_node_cstr_at(n, ...) gt_node_cstr(gt_node_at((n), __VA_ARGS__))

#define gt_seq_for_each(seq, item)                                                             \
	for (size_t item##__i = 0, item##__n = gt_node_count(seq); item##__i < item##__n;      \
	     item##__i = item##__n + 1)                                                        \
		for (struct gt_node *item = NULL;                                              \
		     item##__i < item##__n && (item = gt_node_item((seq), item##__i)) != NULL; \
		     item##__i++)

#define gt_map_each(map, pair)                                                                 \
	for (size_t pair##__i = 0, pair##__n = gt_node_count(map); pair##__i < pair##__n;      \
	     pair##__i = pair##__n + 1)                                                        \
		for (const struct gt_pair *pair = NULL;                                        \
		     pair##__i < pair##__n && (pair = gt_node_pair((map), pair##__i)) != NULL; \
		     pair##__i++)

/* Deep equality: order of keys does not count, numbers compare by value (1 equals 1.0). */
bool gt_node_equal(const struct gt_node *x, const struct gt_node *y);
/* A hash with the same notion of equality; differs from process to process. */
uint64_t gt_node_hash(const struct gt_node *n);

/* --- changing ----------------------------------------------------------------------------- */
/* Adds at the end or replaces in place.  key is copied. */
void gt_node_set(struct gt_arena *a, struct gt_node *map, const char *key, struct gt_node *value);
void gt_node_setn(struct gt_arena *a, struct gt_node *map, struct gt_str key,
		  struct gt_node *value);
/* s NULL sets nothing. */
void gt_node_set_str(struct gt_arena *a, struct gt_node *map, const char *key, const char *s);
void gt_node_set_int(struct gt_arena *a, struct gt_node *map, const char *key, int64_t i);
void gt_node_set_bool(struct gt_arena *a, struct gt_node *map, const char *key, bool b);
/* The map (or sequence) at the key, made if absent or of another kind. */
struct gt_node *gt_node_need_map(struct gt_arena *a, struct gt_node *map, const char *key);
struct gt_node *gt_node_need_seq(struct gt_arena *a, struct gt_node *map, const char *key);
/* Removes, keeping the order; false if absent. */
bool gt_node_unset(struct gt_node *map, const char *key);
bool gt_node_unsetn(struct gt_node *map, struct gt_str key);
void gt_node_clear(struct gt_node *n); /* empties a map or a sequence */
/* Renames a key in place, keeping its position; false if absent or the new name is taken. */
bool gt_node_rename(struct gt_arena *a, struct gt_node *map, struct gt_str from, struct gt_str to);

void gt_node_append(struct gt_arena *a, struct gt_node *seq, struct gt_node *item);
void gt_node_insert(struct gt_arena *a, struct gt_node *seq, size_t i, struct gt_node *item);
void gt_node_put(struct gt_node *seq, size_t i, struct gt_node *item); /* replaces item i */
void gt_node_remove(struct gt_node *seq, size_t i);
/* Turns the node into what `from` is, sharing its content: every reference sees the change. */
void gt_node_become(struct gt_node *n, const struct gt_node *from);

/* Orders the keys bytewise; deep includes everything below. */
void gt_node_sort_keys(struct gt_node *n, bool deep);
/* Stable order of a sequence by cmp. */
void gt_node_sort_items(struct gt_node *seq,
			int (*cmp)(const struct gt_node *x, const struct gt_node *y, void *arg),
			void *arg);

#endif
