/*
 * The HTTP/1.1 wire format, server side, as pure functions: the head of a request and the chunked
 * coding.  Strict where leniency has led to request smuggling.  No I/O; any thread.
 */
#ifndef GT_NET_H1_H
#define GT_NET_H1_H

#include "base/arena.h"
#include "net/server.h"

#define GT_H1_FIELDS_MAX 256

struct gt_h1_head {
	struct gt_str method;
	struct gt_str target;
	int version; /* 10 or 11 */
	struct gt_http_field *fields;
	size_t n_fields;
	struct gt_str host;
	uint64_t content_length; /* 0 when none was given */
	bool chunked;
	bool keep_alive;
	bool expect_continue;
};

/*
 * The length of the head at the start of the bytes, its empty line included; 0 when it is not yet
 * complete.  *scanned remembers how far was looked, start with 0.
 */
size_t gt_h1_head_length(struct gt_str bytes, size_t *scanned);

/*
 * Reads a complete head.  The strings point into copies in the arena, NUL-terminated.  Returns 0,
 * or the status to refuse the request with: 400, 417, 431, 501 or 505.
 */
int gt_h1_parse_head(struct gt_str head, struct gt_arena *a, struct gt_h1_head *ret_head);

/* Splits a request target into path and query; false if it is neither "/...", "*" nor a URL. */
bool gt_h1_split_target(struct gt_str target, struct gt_str *ret_path, struct gt_str *ret_query);

/* A chunked body on its way; a zeroed struct is the start. */
struct gt_h1_chunked {
	enum {
		GT_H1_SIZE,
		GT_H1_EXTENSION,
		GT_H1_SIZE_LF,
		GT_H1_DATA,
		GT_H1_DATA_CR,
		GT_H1_DATA_LF,
		GT_H1_TRAILER,
		GT_H1_TRAILER_LINE,
		GT_H1_DONE, /* but for the last line feed */
	} state;
	uint64_t left;   /* of the chunk's data */
	unsigned digits; /* of the size so far */
	size_t overhead; /* bytes of extensions and trailers */
};

/*
 * Decodes from *bytes, cutting off what it used, appending data to out.  1 when the body is
 * complete, 0 when more is needed, -1 when malformed, -2 when out would pass max bytes.
 */
int gt_h1_chunked_decode(struct gt_h1_chunked *c, struct gt_str *bytes, size_t max,
			 struct gt_buf *out);

#endif
