/*
 * Protobuf's wire format: a cursor over the fields of one message.  Private to this folder.
 */
#ifndef GT_SCHEMA_WIRE_H
#define GT_SCHEMA_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum wire_type {
	WIRE_VARINT = 0,
	WIRE_FIXED64 = 1,
	WIRE_BYTES = 2,
	WIRE_FIXED32 = 5,
};

struct wire_field {
	uint32_t number;
	enum wire_type type;
	uint64_t num;        /* of a varint or a fixed number */
	struct gt_str bytes; /* of WIRE_BYTES */
};

/* Cuts one varint off; false if malformed. */
bool wire_varint(struct gt_str *rest, uint64_t *ret);

/* Cuts the next field off; 1 for a field, 0 at the end, -1 if malformed. */
int wire_next(struct gt_str *rest, struct wire_field *ret);

#endif
