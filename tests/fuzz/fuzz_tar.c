/* Reads a tar stream to its end: headers, extensions, bodies. */
#include <stddef.h>
#include <stdint.h>

#include "archive/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_str view = gt_strn((const char *)data, size);
	gt_auto_tar_reader *r = gt_tar_reader_new(gt_source_mem(&view));
	const struct gt_tar_entry *e = NULL;
	char chunk[700];
	size_t n;

	while (gt_tar_next(r, &e, NULL) == GT_OK && e)
		if (e->name.p[e->name.n] != '\0' ||
		    gt_tar_read(r, chunk, sizeof chunk, &n, NULL) < 0)
			break;
	return 0;
}
