/* Elements of a watch stream, as the splitter hands them over. */
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "kube/watch.h"
#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int decode(void *arg, struct gt_str value, struct gt_err *err)
{
	gt_auto_arena a = {.budget = GT_MIB(16)};
	enum gt_event_type type;
	struct gt_node *obj;

	(void)arg;
	if (gt_watch_decode(&a, value, &type, &obj, err) == GT_OK && type == GT_EVENT_ERROR)
		gt_status_error(obj, 0, err);
	return GT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gt_json_splitter s;
	struct gt_err err;
	size_t half = size / 2;

	gt_json_splitter_init(&s, GT_MIB(1));
	if (gt_json_splitter_feed(&s, gt_strn((const char *)data, half), decode, NULL, &err) ==
	    GT_OK)
		gt_json_splitter_feed(&s, gt_strn((const char *)data + half, size - half), decode,
				      NULL, &err);
	gt_json_splitter_fini(&s);
	return 0;
}
