#include <zlib.h>

#include "base/alloc.h"
#include "net/server_priv.h"

#define GZIP_WINDOW (15 + 16)

/* Level 1, as the Kubernetes API server: three quarters of the gain for a tenth of the time. */
bool gt_gzip__body(struct gt_str body, struct gt_buf *out)
{
	z_stream z = {0};

	if (body.n > UINT32_MAX / 2 ||
	    deflateInit2(&z, 1, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	size_t bound = deflateBound(&z, (uLong)body.n);
	char *room = gt_buf_reserve(out, bound);
	int rc = Z_MEM_ERROR;
	if (room) {
		z.next_in = (Bytef *)(uintptr_t)body.p;
		z.avail_in = (uInt)body.n;
		z.next_out = (Bytef *)room;
		z.avail_out = (uInt)bound;
		rc = deflate(&z, Z_FINISH);
	}
	if (rc == Z_STREAM_END)
		gt_buf_commit(out, z.total_out);
	deflateEnd(&z);
	if (rc == Z_STREAM_END && out->n < body.n)
		return true;
	gt_buf_fini(out);
	return false;
}
