/* Expands a gzip stream, at most 1 MiB of it. */
#include <stddef.h>
#include <stdint.h>

#include "archive/gzip.h"
#include "base/buf.h"

static int drop(void *arg, const void *bytes, size_t n, struct gt_err *err)
{
	(void)arg;
	(void)bytes;
	(void)n;
	(void)err;
	return GT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_str view = gt_strn((const char *)data, size);
	gt_auto_gzip_reader *r = gt_gzip_reader_new(gt_source_mem(&view));

	gt_copy(gt_gzip_source(r), (struct gt_sink){drop, NULL}, 1 << 20, NULL, NULL);
	return 0;
}
