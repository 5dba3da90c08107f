/* A compiled JSONPath.  Private to jsonpath.c (parsing) and jsonpath_eval.c. */
#ifndef GT_TEXT_JSONPATH_IMPL_H
#define GT_TEXT_JSONPATH_IMPL_H

#include "text/jsonpath.h"

enum gt_jp_kind {
	GT_JP_LITERAL, /* text, number or bool */
	GT_JP_FIELD,
	GT_JP_SLICE,
	GT_JP_FILTER,
	GT_JP_WILDCARD,
	GT_JP_RECURSIVE,
	GT_JP_UNION,
	GT_JP_RANGE,
	GT_JP_END,
};

enum gt_jp_op { GT_JP_EXISTS, GT_JP_LT, GT_JP_GT, GT_JP_EQ, GT_JP_NE, GT_JP_LE, GT_JP_GE };

struct gt_jp_bound {
	bool known;
	bool derived; /* of [n]: one more than the first */
	int64_t value;
};

struct gt_jp_step;

struct gt_jp_list {
	struct gt_jp_step *first, *last;
	struct gt_jp_list *next; /* of a union */
};

struct gt_jp_step {
	struct gt_jp_step *next;
	enum gt_jp_kind kind;
	enum gt_jp_op op;             /* GT_JP_FILTER */
	struct gt_str name;           /* GT_JP_FIELD */
	struct gt_node *literal;      /* GT_JP_LITERAL */
	struct gt_jp_bound bounds[3]; /* GT_JP_SLICE: from, to, step */
	struct gt_jp_list *lists;     /* GT_JP_UNION; left and right of GT_JP_FILTER */
};

struct gt_jp_part {
	struct gt_jp_list list;
	bool is_text; /* outside of braces */
};

struct gt_jsonpath {
	struct gt_jp_part *parts;
	size_t n;
};

#endif
