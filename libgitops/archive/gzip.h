/*
 * Gzip streams.
 *
 * The writer's output depends on its input alone: one member, no time, no name, operating system
 * "unknown", zlib's default level.  The reader accepts several members one after the other, checks
 * every checksum, and reports garbage after the last member as an error.  One owner at a time.
 */
#ifndef GT_ARCHIVE_GZIP_H
#define GT_ARCHIVE_GZIP_H

#include "archive/io.h"

struct gt_gzip_writer;
struct gt_gzip_reader;

/* Never NULL.  Nothing is written before the first byte or the finish. */
struct gt_gzip_writer *gt_gzip_writer_new(struct gt_sink to);
void gt_gzip_writer_free(struct gt_gzip_writer *w);
int gt_gzip_write(struct gt_gzip_writer *w, const void *bytes, size_t n, struct gt_err *err);
/* Flushes and writes the trailer; the writer takes nothing more. */
int gt_gzip_finish(struct gt_gzip_writer *w, struct gt_err *err);
/* The writer as a sink. */
struct gt_sink gt_gzip_sink(struct gt_gzip_writer *w);

struct gt_gzip_reader *gt_gzip_reader_new(struct gt_source from);
void gt_gzip_reader_free(struct gt_gzip_reader *r);
/* *ret_n = 0 at the end.  GT_E_INVALID for what is not gzip, is damaged or cut short. */
int gt_gzip_read(struct gt_gzip_reader *r, void *bytes, size_t cap, size_t *ret_n,
		 struct gt_err *err);
struct gt_source gt_gzip_source(struct gt_gzip_reader *r);

static inline void gt_gzip_writer__freep(struct gt_gzip_writer **w)
{
	gt_gzip_writer_free(*w);
}
static inline void gt_gzip_reader__freep(struct gt_gzip_reader **r)
{
	gt_gzip_reader_free(*r);
}
#define gt_auto_gzip_writer __attribute__((cleanup(gt_gzip_writer__freep))) struct gt_gzip_writer
#define gt_auto_gzip_reader __attribute__((cleanup(gt_gzip_reader__freep))) struct gt_gzip_reader

#endif
