/*
 * gt_sink and gt_source - where bytes go and where they come from.
 *
 * Archives are streams: a writer pushes into a sink, a reader pulls from a source, and neither
 * knows whether a file, a connection or memory is at the other end.  Both are two words, passed by
 * value; what arg points to belongs to the caller and must outlive the use.  One owner at a time.
 */
#ifndef GT_ARCHIVE_IO_H
#define GT_ARCHIVE_IO_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct gt_sink {
	/* Takes all n bytes or fails. */
	int (*write)(void *arg, const void *bytes, size_t n, struct gt_err *err);
	void *arg;
};

struct gt_source {
	/* Gives 1..cap bytes; *ret_n = 0 is the end. */
	int (*read)(void *arg, void *bytes, size_t cap, size_t *ret_n, struct gt_err *err);
	void *arg;
};

static inline int gt_sink_write(struct gt_sink s, const void *bytes, size_t n, struct gt_err *err)
{
	return s.write(s.arg, bytes, n, err);
}

static inline int gt_source_read(struct gt_source s, void *bytes, size_t cap, size_t *ret_n,
				 struct gt_err *err)
{
	return s.read(s.arg, bytes, cap, ret_n, err);
}

struct gt_buf;

/* A file descriptor, which *fd keeps owning. */
struct gt_sink gt_sink_fd(int *fd);
struct gt_source gt_source_fd(int *fd);

/* Memory: appends to the buffer (its maximum applies); consumes the view from the front. */
struct gt_sink gt_sink_buf(struct gt_buf *buf);
struct gt_source gt_source_mem(struct gt_str *bytes);

/* Pulls everything out of the source into the sink; GT_E_BUDGET beyond max bytes. */
int gt_copy(struct gt_source from, struct gt_sink to, uint64_t max, uint64_t *ret_n,
	    struct gt_err *err);

#endif
