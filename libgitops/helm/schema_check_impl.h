/* What the sources of the schema checker share. */
#ifndef GT_HELM_SCHEMA_CHECK_IMPL_H
#define GT_HELM_SCHEMA_CHECK_IMPL_H

#include "base/arena.h"
#include "base/buf.h"
#include "text/node.h"

/* A fault, with those that explain it. */
struct fault {
	struct fault *next;
	struct gt_str at; /* JSON pointer of the value */
	struct gt_str text;
	struct fault *causes;
	bool is_group; /* several faults of one value */
};

struct faults {
	struct fault *first, **tail;
	unsigned n;
};

/* The members of a value that a schema has looked at, by their index. */
struct marks {
	const struct gt_node *value;
	bool *seen;
	size_t n;
};

struct checker {
	struct gt_arena *a;
	const struct gt_node *root;
	unsigned draft; /* 4, 6, 7, 2019 or 2020 */
	unsigned depth;
	uint64_t work;
	const char *broken;  /* the schema itself is faulty */
	struct marks *marks; /* of the schema being checked, NULL when nobody asks */
};

/* The value being looked at. */
struct spot {
	struct gt_str at;
	const struct gt_node *value;
};

/* NULL when the value satisfies the schema. */
struct fault *schema__check(struct checker *c, const struct gt_node *schema, struct spot s);

void schema__add(struct checker *c, struct faults *to, struct gt_str at, struct fault *causes,
		 const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void schema__take(struct faults *to, struct fault *f); /* NULL is no fault */
struct spot schema__child(struct checker *c, struct spot s, struct gt_str key,
			  const struct gt_node *value);
struct spot schema__item(struct checker *c, struct spot s, size_t i);

/* Text in single quotes, as it stands in messages. */
struct gt_str schema__quote(struct gt_arena *a, struct gt_str s);

/* schema_leaf.c: keywords of scalars, and format. */
void schema__scalars(struct checker *c, const struct gt_node *schema, struct spot s,
		     struct faults *to);
bool schema__type(struct checker *c, const struct gt_node *schema, struct spot s,
		  struct faults *to);
void schema__limit(struct checker *c, const struct gt_node *schema, const char *keyword, size_t got,
		   bool is_max, struct spot s, struct faults *to);

/*
 * schema_marks.c: unevaluatedProperties and unevaluatedItems.  A schema hands its marks to the one
 * around it that looks at the same value, when the value satisfies it.
 */
void schema__marks_begin(struct checker *c, struct marks *m, const struct gt_node *schema,
			 const struct gt_node *value);
void schema__marks_end(struct checker *c, struct marks *m, struct marks *outer, bool satisfied);
void schema__mark(struct checker *c, size_t i);
void schema__unevaluated(struct checker *c, const struct gt_node *schema, struct spot s,
			 struct faults *to);

#endif
