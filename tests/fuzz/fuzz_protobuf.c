/* Protobuf bodies: whatever comes in, an object or an error; an object survives the round trip. */
#include <stddef.h>
#include <stdint.h>

#include "schema/normalize.h"
#include "schema/protobuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	gt_auto_arena a = {.budget = (size_t)8 << 20};
	struct gt_schema_kind kind;
	struct gt_node *obj = NULL, *typed = NULL;

	if (gt_protobuf_decode(&a, gt_strn((const char *)data, size), NULL, &obj, &kind, NULL) == 0)
		gt_typed_round_trip(&a, kind.type, obj, &typed, NULL);
	return 0;
}
