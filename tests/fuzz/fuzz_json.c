/* JSON: what parses is written, parsed again and equal; pieces of a stream give what a whole does.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "text/json.h"

static int count_bytes(void *arg, struct gt_str value, struct gt_err *err)
{
	(void)err;
	*(size_t *)arg += value.n;
	return GT_OK;
}

static size_t split(struct gt_str text, size_t step)
{
	struct gt_json_splitter s;
	size_t bytes = 0;

	gt_json_splitter_init(&s, 1 << 20);
	for (size_t at = 0; at < text.n; at += step)
		gt_json_splitter_feed(&s, gt_str_sub(text, at, step), count_bytes, &bytes, NULL);
	gt_json_splitter_fini(&s);
	return bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_str text = gt_strn((const char *)data, size);
	gt_auto_arena a = {0};
	gt_auto_buf out = {0};
	struct gt_node *n, *again;
	struct gt_err err;

	gt_arena_init(&a, (size_t)64 << 20);
	if (split(text, 1) != split(text, size ? size : 1))
		abort();
	if (gt_json_parse(&a, text, GT_JSON_DUP_LAST, &n, &err) < 0)
		return 0;
	gt_json_write(&out, n, GT_JSON_INDENT | GT_JSON_SORTED | GT_JSON_HTML, 2);
	if (gt_json_parse(&a, gt_buf_str(&out), GT_JSON_DUP_ERROR, &again, &err) < 0 ||
	    !gt_node_equal(n, again) || gt_node_hash(n) != gt_node_hash(again))
		abort();
	if (gt_json_parse(&a, gt_buf_str(&out), GT_JSON_BORROW, &again, &err) < 0 ||
	    !gt_node_equal(n, again))
		abort();
	return 0;
}
