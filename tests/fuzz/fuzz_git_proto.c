/* What a server may answer: the first byte picks an advertisement, refs, or a fetch of either
 * version. */
#include <stddef.h>
#include <stdint.h>

#include "git/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int drop(void *arg, const void *bytes, size_t n, struct gt_err *err)
{
	(void)arg;
	(void)bytes;
	(void)n;
	(void)err;
	return GT_OK;
}

static void feed(struct gt_str s, gt_pkt_fn fn, void *arg)
{
	struct gt_pkt_reader r = {0};
	struct gt_err err;

	gt_pkt_feed(&r, s, fn, arg, &err);
	gt_pkt_reader_fini(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_git_advert advert = {0};
	struct gt_git_refs refs = {0};
	struct gt_git_fetch_answer answer = {.pack = {drop, NULL}, .version = 2};

	if (size == 0)
		return 0;
	struct gt_str s = gt_strn((const char *)data + 1, size - 1);
	switch (data[0] & 3) {
	case 0: feed(s, gt_git_advert_push, &advert); break;
	case 1: feed(s, gt_git_ls_refs_push, &refs); break;
	case 2: feed(s, gt_git_fetch_push, &answer); break;
	default:
		answer.version = 0;
		answer.deepened = data[0] & 4;
		feed(s, gt_git_fetch_push, &answer);
	}
	gt_git_advert_fini(&advert);
	gt_git_refs_fini(&refs);
	gt_git_fetch_answer_fini(&answer);
	return 0;
}
