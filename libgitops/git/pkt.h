/*
 * Git's packet lines: four hexadecimal digits of length, then the bytes.  "0000" is a flush,
 * "0001" a delimiter, "0002" the end of a response.
 *
 * Reading is by pushing: bytes come in pieces of any size, whole packets go to a function, without
 * a copy where a piece holds a whole packet.  One owner at a time.
 */
#ifndef GT_GIT_PKT_H
#define GT_GIT_PKT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define GT_PKT_MAX 65520 /* of a whole packet, length included */

enum gt_pkt_type { GT_PKT_DATA, GT_PKT_FLUSH, GT_PKT_DELIM, GT_PKT_END };

struct gt_pkt {
	enum gt_pkt_type type;
	struct gt_str data; /* of GT_PKT_DATA, as sent */
};

/* GT_OK to go on, a positive number to stop (it is returned), or an error. */
typedef int (*gt_pkt_fn)(void *arg, const struct gt_pkt *pkt, struct gt_err *err);

struct gt_pkt_reader {
	struct gt_buf pending; /* a packet that is not complete yet */
};

void gt_pkt_reader_fini(struct gt_pkt_reader *r);
/* GT_E_INVALID for a malformed length.  After a stop or an error the rest is dropped. */
int gt_pkt_feed(struct gt_pkt_reader *r, struct gt_str bytes, gt_pkt_fn fn, void *arg,
		struct gt_err *err);
/* Whether bytes of an incomplete packet are held. */
static inline bool gt_pkt_partial(const struct gt_pkt_reader *r)
{
	return r->pending.n > 0;
}

/* The line without its final newline. */
struct gt_str gt_pkt_line(const struct gt_pkt *pkt);

/* Writing. */
void gt_pkt_add(struct gt_buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void gt_pkt_add_flush(struct gt_buf *out);
void gt_pkt_add_delim(struct gt_buf *out);

#endif
