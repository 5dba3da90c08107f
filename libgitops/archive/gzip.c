#define ZLIB_CONST /* next_in is const */

#include "archive/gzip.h"

#include <stdbool.h>
#include <zlib.h>

#include "base/alloc.h"

#define CHUNK 16384

struct gt_gzip_writer {
	struct gt_sink to;
	z_stream z;
	gz_header header;
	bool finished;
	unsigned char out[CHUNK];
};

struct gt_gzip_writer *gt_gzip_writer_new(struct gt_sink to)
{
	struct gt_gzip_writer *w = gt_new(struct gt_gzip_writer);

	w->to = to;
	/* 16 asks zlib for the gzip framing; 255 is "unknown system". */
	if (deflateInit2(&w->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	w->header.os = 255;
	deflateSetHeader(&w->z, &w->header);
	return w;
}

void gt_gzip_writer_free(struct gt_gzip_writer *w)
{
	if (!w)
		return;
	deflateEnd(&w->z);
	free(w);
}

static int deflate_some(struct gt_gzip_writer *w, int flush, struct gt_err *err)
{
	int zrc;

	do {
		w->z.next_out = w->out;
		w->z.avail_out = CHUNK;
		zrc = deflate(&w->z, flush);
		if (zrc != Z_OK && zrc != Z_STREAM_END && zrc != Z_BUF_ERROR)
			return gt_fail(err, GT_E_INTERNAL, "gzip: deflate failed (%d)", zrc);
		size_t n = CHUNK - w->z.avail_out;
		if (n) {
			int rc = gt_sink_write(w->to, w->out, n, err);
			if (rc < 0)
				return rc;
		}
	} while (w->z.avail_out == 0 || (flush == Z_FINISH && zrc != Z_STREAM_END));
	return GT_OK;
}

int gt_gzip_write(struct gt_gzip_writer *w, const void *bytes, size_t n, struct gt_err *err)
{
	const unsigned char *p = bytes;

	if (w->finished)
		return gt_fail(err, GT_E_INTERNAL, "gzip: write after the end");
	while (n) {
		uInt part = n > CHUNK * 64 ? CHUNK * 64 : (uInt)n;

		w->z.next_in = p;
		w->z.avail_in = part;
		int rc = deflate_some(w, Z_NO_FLUSH, err);
		if (rc < 0)
			return rc;
		p += part;
		n -= part;
	}
	return GT_OK;
}

int gt_gzip_finish(struct gt_gzip_writer *w, struct gt_err *err)
{
	if (w->finished)
		return GT_OK;
	w->finished = true;
	w->z.next_in = NULL;
	w->z.avail_in = 0;
	return deflate_some(w, Z_FINISH, err);
}

static int sink_write(void *arg, const void *bytes, size_t n, struct gt_err *err)
{
	return gt_gzip_write(arg, bytes, n, err);
}

struct gt_sink gt_gzip_sink(struct gt_gzip_writer *w)
{
	return (struct gt_sink){sink_write, w};
}

struct gt_gzip_reader {
	struct gt_source from;
	z_stream z;
	bool started; /* inside a member */
	bool any;     /* a member was complete */
	bool end;     /* the source is */
	unsigned char in[CHUNK];
};

struct gt_gzip_reader *gt_gzip_reader_new(struct gt_source from)
{
	struct gt_gzip_reader *r = gt_new(struct gt_gzip_reader);

	r->from = from;
	if (inflateInit2(&r->z, MAX_WBITS + 16) != Z_OK)
		abort();
	return r;
}

void gt_gzip_reader_free(struct gt_gzip_reader *r)
{
	if (!r)
		return;
	inflateEnd(&r->z);
	free(r);
}

static int fill(struct gt_gzip_reader *r, struct gt_err *err)
{
	size_t n = 0;

	if (r->z.avail_in || r->end)
		return GT_OK;
	int rc = gt_source_read(r->from, r->in, CHUNK, &n, err);
	if (rc < 0)
		return rc;
	r->z.next_in = r->in;
	r->z.avail_in = (uInt)n;
	r->end = n == 0;
	return GT_OK;
}

/* One step of inflate(); *ret_n may be 0 although there is more. */
static int inflate_some(struct gt_gzip_reader *r, void *bytes, size_t cap, size_t *ret_n,
			struct gt_err *err)
{
	r->started = true;
	r->z.next_out = bytes;
	r->z.avail_out = cap > CHUNK * 64 ? CHUNK * 64 : (uInt)cap;
	uInt room = r->z.avail_out;
	int zrc = inflate(&r->z, Z_NO_FLUSH);
	*ret_n = room - r->z.avail_out;
	if (zrc == Z_STREAM_END) {
		r->started = false;
		r->any = true;
		inflateReset(&r->z);
		return GT_OK;
	}
	if (zrc == Z_OK || (zrc == Z_BUF_ERROR && !r->z.avail_in))
		return GT_OK;
	return gt_fail(err, GT_E_INVALID, "gzip: %s", r->z.msg ? r->z.msg : "damaged stream");
}

int gt_gzip_read(struct gt_gzip_reader *r, void *bytes, size_t cap, size_t *ret_n,
		 struct gt_err *err)
{
	size_t n = 0;

	while (n == 0 && cap) {
		int rc = fill(r, err);
		if (rc < 0)
			return rc;
		if (r->end && !r->z.avail_in) {
			if (r->any && !r->started)
				break;
			return gt_fail(err, GT_E_INVALID, "gzip: unexpected end of the stream");
		}
		rc = inflate_some(r, bytes, cap, &n, err);
		if (rc < 0)
			return rc;
	}
	*ret_n = n;
	return GT_OK;
}

static int source_read(void *arg, void *bytes, size_t cap, size_t *ret_n, struct gt_err *err)
{
	return gt_gzip_read(arg, bytes, cap, ret_n, err);
}

struct gt_source gt_gzip_source(struct gt_gzip_reader *r)
{
	return (struct gt_source){source_read, r};
}
