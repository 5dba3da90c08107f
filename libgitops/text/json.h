/*
 * JSON in and out of the document tree.  RFC 8259, strict: one value, UTF-8, no trailing bytes, no
 * lone surrogates accepted (they become U+FFFD, as Go does).  Any thread; the tree belongs to the
 * arena's owner.
 */
#ifndef GT_TEXT_JSON_H
#define GT_TEXT_JSON_H

#include "text/node.h"

enum gt_json_flags {
	GT_JSON_DUP_LAST = 0,       /* a repeated key: the last value wins, in the first place */
	GT_JSON_DUP_ERROR = 1 << 0, /* a repeated key is an error that names it */
	GT_JSON_BORROW = 1 << 1,    /* strings without escapes point into the input, which must then
				     * outlive the tree and be writable (they get their NUL there) */
};

/* Errors say line and column. */
int gt_json_parse(struct gt_arena *a, struct gt_str text, unsigned flags, struct gt_node **ret_node,
		  struct gt_err *err);

enum gt_json_style {
	GT_JSON_COMPACT = 0,
	GT_JSON_INDENT = 1 << 0, /* two spaces, as kubectl -o json (four there): see indent */
	GT_JSON_SORTED = 1 << 1, /* keys in byte order */
	GT_JSON_HTML = 1 << 2,   /* escape <, >, & and U+2028/9 as Go's encoder does by default */
};

/* indent: spaces a level with GT_JSON_INDENT. */
void gt_json_write(struct gt_buf *out, const struct gt_node *n, unsigned style, unsigned indent);

/* Appends s as a quoted JSON string. */
void gt_json_write_str(struct gt_buf *out, struct gt_str s, bool html);

/*
 * A splitter for streams of JSON values (a watch): feed bytes as they come, get whole values.  No
 * tree is built here.  A value larger than max is GT_E_BUDGET.
 */
struct gt_json_splitter {
	struct gt_buf pending;
	size_t scanned;
	unsigned depth;
	bool in_string, escaped, started;
};
void gt_json_splitter_init(struct gt_json_splitter *s, size_t max);
void gt_json_splitter_fini(struct gt_json_splitter *s);
/* Calls fn for every complete value; a negative return of fn stops and is returned. */
int gt_json_splitter_feed(struct gt_json_splitter *s, struct gt_str bytes,
			  int (*fn)(void *arg, struct gt_str value, struct gt_err *err), void *arg,
			  struct gt_err *err);

#endif
