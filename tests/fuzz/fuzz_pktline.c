/* Packet lines in two pieces, cut where the first byte says. */
#include <stddef.h>
#include <stdint.h>

#include "git/pkt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int look(void *arg, const struct gt_pkt *pkt, struct gt_err *err)
{
	volatile size_t *sum = arg;

	(void)err;
	for (size_t i = 0; i < pkt->data.n; i++)
		*sum += (unsigned char)pkt->data.p[i];
	return GT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_pkt_reader r = {0};
	volatile size_t sum = 0;

	if (size == 0)
		return 0;
	struct gt_str s = gt_strn((const char *)data + 1, size - 1);
	size_t cut = data[0] < s.n ? data[0] : s.n;
	if (gt_pkt_feed(&r, gt_strn(s.p, cut), look, (void *)(uintptr_t)&sum, NULL) == GT_OK)
		gt_pkt_feed(&r, gt_str_from(s, cut), look, (void *)(uintptr_t)&sum, NULL);
	gt_pkt_reader_fini(&r);
	return 0;
}
