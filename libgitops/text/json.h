/*
 * JSON in and out of the document tree.  RFC 8259: one value, no trailing bytes, no comments.
 * Invalid UTF-8 and lone surrogates in strings become U+FFFD, as in Go.  Any thread; the tree
 * belongs to the arena's owner.
 */
#ifndef GT_TEXT_JSON_H
#define GT_TEXT_JSON_H

#include "text/node.h"

enum gt_json_flags {
	GT_JSON_DUP_LAST = 0,       /* a repeated key: the last value wins, in the first place */
	GT_JSON_DUP_ERROR = 1 << 0, /* a repeated key is an error that names it */
	/* Strings without escapes point into the input, which must outlive the tree and be
	 * writable: they get their NUL there. */
	GT_JSON_BORROW = 1 << 1,
};

/* Errors say line and column. */
int gt_json_parse(struct gt_arena *a, struct gt_str text, unsigned flags, struct gt_node **ret_node,
		  struct gt_err *err);

enum gt_json_style {
	GT_JSON_COMPACT = 0,
	GT_JSON_INDENT = 1 << 0,     /* two spaces, as kubectl -o json (four there): see indent */
	GT_JSON_SORTED = 1 << 1,     /* keys in byte order */
	GT_JSON_HTML = 1 << 2,       /* escape <, > and & as Go's encoder does by default */
	GT_JSON_GO_NUMBERS = 1 << 3, /* print fractions as Go prints the double: 1.50 as 1.5 */
};

/* indent: spaces a level with GT_JSON_INDENT. */
void gt_json_write(struct gt_buf *out, const struct gt_node *n, unsigned style, unsigned indent);

/* Appends s as a quoted JSON string. */
void gt_json_write_str(struct gt_buf *out, struct gt_str s, bool html);

/*
 * A splitter for streams of JSON values (a watch): feed bytes as they come, get whole values.  No
 * tree is built here.  A value larger than max is GT_E_BUDGET.  A number or a word outside of a map
 * or sequence ends with the white space after it, which is handed over with it.  After an error the
 * splitter is good for nothing but _fini.
 */
struct gt_json_splitter {
	struct gt_buf pending;
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
