/* Selectors: what parses is printed, parsed again and printed the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "text/json.h"
#include "text/selector.h"

static struct gt_str same(void *arg, struct gt_str key)
{
	(void)arg;
	return key;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_str text = gt_strn((const char *)data, size);
	gt_auto_arena a = {0};
	gt_auto_buf out = {0}, again = {0};
	struct gt_selector sel;
	struct gt_node *n;

	if (gt_field_selector_parse(&a, text, &sel, NULL) >= 0)
		gt_field_selector_match(&sel, same, NULL);
	if (gt_json_parse(&a, text, 0, &n, NULL) >= 0 &&
	    gt_selector_from_node(&a, n, &sel, NULL) >= 0)
		gt_selector_match(&sel, gt_node_get(n, "matchLabels"));
	if (gt_selector_parse(&a, text, &sel, NULL) < 0)
		return 0;
	gt_selector_match(&sel, NULL);
	gt_selector_write(&out, &sel);
	if (gt_selector_parse(&a, gt_buf_str(&out), &sel, NULL) < 0)
		abort();
	gt_selector_write(&again, &sel);
	if (!gt_str_eq(gt_buf_str(&out), gt_buf_str(&again)))
		abort();
	return 0;
}
